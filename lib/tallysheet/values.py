"""From cells to values: a KPI's numerator and denominator by week and part, whatever its method."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from tallysheet.durations import incidence, quantile, survival
from tallysheet.kpi import Histogram, Kpi
from tallysheet.weeks import IsoWeek

Cells = Mapping[str, pd.DataFrame]
"""Fact to its cells: keys, bins or strata, measures."""

_FEW = 20
"""A stratum with fewer on either side says nothing of their difference."""


def pairs(cells: Cells, kpi: Kpi, keys: Sequence[str], share: float = 0.5) -> pd.DataFrame:
    """Add cells up to a KPI's two sides.

    Parameters
    ----------
    cells : mapping of str to DataFrame
    kpi : Kpi
    keys : sequence of str
        Columns of the cells.
    share : float
        Of a duration: the quantile, 0.5 for the median.

    Returns
    -------
    DataFrame
        Index: the keys. ``x``: numerator in the KPI's unit; ``n``: denominator (of a sum, x again);
        ``ended``: its evidence, NaN if it has none. The value is x / n, of a sum x; where a value does
        not add up, x is value times n.

    Notes
    -----
    Quantiles are read from histograms, so they are off by a bin's width at most; within the bin that
    crosses, durations are taken as evenly spread.
    """
    if kpi.histogram:
        return _of_durations(cells[kpi.fact], kpi, kpi.histogram, list(keys), share)
    if kpi.method == "standardised":
        return _standardised(cells[kpi.fact], kpi, list(keys))
    joined = _added(cells, kpi, list(keys))
    x = joined["numerator"] * kpi.scale
    return pd.DataFrame(
        {
            "x": x,
            "n": joined["denominator"] if kpi.denominator else x,
            "ended": joined["evidence"] if kpi.evidence else np.nan,
        }
    )


def _added(cells: Cells, kpi: Kpi, keys: list[str]) -> pd.DataFrame:
    """Add the terms of each side up; what one fact has and another lacks is 0 there."""
    sums = {
        fact: cells[fact].groupby(keys)[list(columns)].sum().astype(float)
        for fact, columns in kpi.measures().items()
    }
    index = None
    for one in sums.values():
        index = one.index if index is None else index.union(one.index)
    sides = {"numerator": kpi.numerator, "denominator": kpi.denominator, "evidence": kpi.evidence}
    return pd.DataFrame(
        {
            side: sum(sums[fact][column].reindex(index, fill_value=0.0) for fact, column in kpi.terms(names))
            for side, names in sides.items()
            if names
        },
        index=index,
    )


def _matrix(cells: pd.DataFrame, keys: list[str], bins: str, column: str, numbers: range) -> pd.DataFrame:
    sums = cells.pivot_table(index=keys, columns=bins, values=column, aggfunc="sum", fill_value=0)
    return sums.reindex(columns=numbers, fill_value=0).astype(float)


def _of_durations(
    cells: pd.DataFrame, kpi: Kpi, how: Histogram, keys: list[str], share: float
) -> pd.DataFrame:
    counted = cells.dropna(subset=[how.column])
    if counted.empty:
        return pd.DataFrame(
            columns=["x", "n", "ended"], index=counted.groupby(keys).size().index, dtype=float
        )
    numbers = range(int(counted[how.column].min()), int(counted[how.column].max()) + 1)
    sides = {
        side: _matrix(counted, keys, how.column, name, numbers)
        for side, name in (
            ("x", kpi.numerator),
            ("n", str(kpi.denominator)),
            ("ended", kpi.evidence or kpi.numerator),
        )
    }
    gone, seen, ended = (side.to_numpy() for side in sides.values())
    lengths = np.array([how.middle(number) for number in numbers])
    n = seen.sum(axis=1)
    if kpi.method == "aalen_johansen":
        curve = incidence(gone, ended - gone, seen - ended)
        until = lengths <= kpi.horizon_days
        value = curve[:, until][:, -1] if until.any() else np.full(len(curve), np.nan)
    elif kpi.method == "kaplan_meier":
        value = quantile(survival(gone, seen - gone), lengths, share, how.width)
    else:
        value = quantile(survival(gone, np.zeros_like(gone)), lengths, share, how.width)
        n = gone.sum(axis=1)
    return pd.DataFrame(
        {"x": value * kpi.scale * n, "n": n, "ended": ended.sum(axis=1)}, index=sides["x"].index
    )


def _standardised(cells: pd.DataFrame, kpi: Kpi, keys: list[str]) -> pd.DataFrame:
    """Take the difference of two rates within strata, weighted by the other side's denominators.

    Strata in which either side has fewer than 20 are left out; ``n`` is what is left of the KPI's own.
    """
    columns = [kpi.numerator, str(kpi.denominator), *kpi.against]
    sums = cells.groupby([*keys, "stratum"])[columns].sum().astype(float)
    x, n, other_x, other_n = (sums[name] for name in columns)
    both = (n >= _FEW) & (other_n >= _FEW)
    gap = ((x / n - other_x / other_n) * other_n).where(both, 0.0)
    weights = pd.DataFrame({"gap": gap, "weight": other_n.where(both, 0.0), "n": n.where(both, 0.0)})
    total = weights.groupby(level=keys).sum()
    value = kpi.scale * total["gap"] / total["weight"].where(total["weight"] > 0)
    return pd.DataFrame({"x": value * total["n"], "n": total["n"], "ended": np.nan})


class Series:
    """A KPI by week, in all and part by part.

    Parameters
    ----------
    kpi : Kpi
    weeks : sequence of IsoWeek
        All weeks with data, in order; those without a row are 0.
    total : mapping of str to DataFrame
        Cells of each of the KPI's facts, by ``week``.
    parts : callable
        Gives the cells of each fact by ``dimension``, ``segment`` and ``week``; called when asked for.
    """

    def __init__(self, kpi: Kpi, weeks: Sequence[IsoWeek], total: Cells, parts: Callable[[], Cells]) -> None:
        self.kpi, self.weeks, self._total, self._parts = kpi, list(weeks), total, parts
        self.total = self._weekly(pairs(total, kpi, ["week"]))
        self._by: dict[str, dict[str, pd.DataFrame]] = {}

    def _weekly(self, found: pd.DataFrame) -> pd.DataFrame:
        return found.reindex([str(week) for week in self.weeks], fill_value=0.0)

    def by(self, dimension: str) -> dict[str, pd.DataFrame]:
        """Give each part of a dimension by week; rows without a value are a part of their own, ``""``."""
        if dimension not in self._by:
            cells = {fact: frame[frame["dimension"] == dimension] for fact, frame in self._parts().items()}
            found = pairs(cells, self.kpi, ["segment", "week"])
            self._by[dimension] = {
                str(segment): self._weekly(rows.droplevel("segment"))
                for segment, rows in found.groupby(level="segment")
            }
        return self._by[dimension]

    def pooled(self, weeks: Sequence[IsoWeek], dimension: str = "", share: float = 0.5) -> pd.DataFrame:
        """Pool weeks: x, n and ended, of a sum those of a mean week.

        Parameters
        ----------
        weeks : sequence of IsoWeek
        dimension : str
            Empty: the total, in one row; else one row a segment.
        share : float
            As for `pairs`.
        """
        names = [str(week) for week in weeks]
        cells = self._parts() if dimension else self._total
        chosen = {
            fact: frame[frame["week"].isin(names) & (frame["dimension"] == dimension if dimension else True)]
            for fact, frame in cells.items()
        }
        key = "segment" if dimension else "all"
        found = pairs({fact: frame.assign(all="") for fact, frame in chosen.items()}, self.kpi, [key], share)
        if not dimension:
            found = found.reindex([""], fill_value=0.0)
        if any(week not in self.weeks for week in weeks):
            return found * np.nan
        return found / len(names) if self.kpi.denominator is None else found


def series_of(cells: pd.DataFrame, kpi: Kpi, weeks: Sequence[IsoWeek]) -> Series:
    """Make a series of one frame: ``week``, a column a dimension, the KPI's columns."""

    def parts() -> Cells:
        each = [
            cells.assign(dimension=name, segment=cells[name].astype("string").fillna(""))
            for name in kpi.dimensions
        ]
        return {kpi.fact: pd.concat(each, ignore_index=True)}

    return Series(kpi, weeks, {kpi.fact: cells}, parts)
