"""From cells to values: a KPI's numerator and denominator by week and part, whatever its method."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tallysheet.cells import LOOK
from tallysheet.durations import incidence, quantile, survival
from tallysheet.kpi import Histogram, Kpi
from tallysheet.limits import Numbers
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


def groups(cells: pd.DataFrame, keys: list[str]) -> tuple[NDArray[np.intp], pd.Index]:
    """Give each row the number of its group, in the order of the keys; several times as fast as groupby."""
    found = [pd.factorize(cells[key], sort=True) for key in keys]
    sizes = [len(values) for _, values in found]
    numbers = np.ravel_multi_index([codes for codes, _ in found], sizes) if len(cells) else np.array([], int)
    present, codes = np.unique(numbers, return_inverse=True)
    places = np.unravel_index(present, sizes) if len(cells) else [np.array([], int)] * len(keys)
    levels = [pd.Index(values)[np.asarray(place)] for (_, values), place in zip(found, places, strict=True)]
    index = (
        pd.MultiIndex.from_arrays(levels, names=keys) if len(keys) > 1 else pd.Index(levels[0], name=keys[0])
    )
    return codes, index


def _sums(cells: pd.DataFrame, keys: list[str], columns: Sequence[str]) -> pd.DataFrame:
    """Add columns up over the keys. Whole numbers below 2 to the 53 stay exact."""
    codes, index = groups(cells, keys)
    return pd.DataFrame(
        {
            name: np.bincount(codes, weights=cells[name].to_numpy(float), minlength=len(index))
            for name in columns
        },
        index=index,
    )


def _added(cells: Cells, kpi: Kpi, keys: list[str]) -> pd.DataFrame:
    """Add the terms of each side up; what one fact has and another lacks is 0 there."""
    sums = {fact: _sums(cells[fact], keys, columns) for fact, columns in kpi.measures().items()}
    index = None
    for one in sums.values():
        index = one.index if index is None else index.union(one.index)
    sides = {"numerator": kpi.numerator, "denominator": kpi.denominator, "evidence": kpi.evidence}
    sides |= dict(zip(("known", "all"), kpi.known, strict=False))
    added = pd.DataFrame(
        {
            side: sum(
                (sums[fact][column] if len(sums) == 1 else sums[fact][column].reindex(index, fill_value=0.0))
                for fact, column in kpi.terms(names)
            )
            for side, names in sides.items()
            if names
        },
        index=index,
    )
    if kpi.known:
        # By look, not by part: so parts still add up to their week.
        looks = [added.index.get_level_values(name) for name in keys if name in LOOK]
        whole = added[["known", "all"]].groupby(looks or np.zeros(len(added))).transform("sum")
        is_told = 10 * whole["known"] >= 9 * whole["all"]
        added[["numerator", "denominator"]] = added[["numerator", "denominator"]].where(is_told, 0.0, axis=0)
    return added


class _Lengths(NamedTuple):
    """Items by group and length: how many ended in the numerator's way, were seen, and ended in any way."""

    groups: pd.Index
    middles: Numbers
    gone: Numbers
    seen: Numbers
    ended: Numbers


def _by_length(cells: pd.DataFrame, kpi: Kpi, how: Histogram, keys: list[str]) -> _Lengths:
    counted = cells[cells[how.column].notna()]
    codes, index = groups(counted, keys)
    if not len(index):
        none = np.zeros((0, 0))
        return _Lengths(index, np.zeros(0), none, none, none)
    bins = counted[how.column].to_numpy(np.int64)
    numbers = range(int(bins.min()), int(bins.max()) + 1)
    places = codes * len(numbers) + bins - numbers.start
    sides = (
        np.bincount(places, weights=counted[name].to_numpy(float), minlength=len(index) * len(numbers))
        .astype(np.float64)
        .reshape(len(index), -1)
        for name in (kpi.numerator, str(kpi.denominator), kpi.evidence or kpi.numerator)
    )
    return _Lengths(index, np.array([how.middle(number) for number in numbers]), *sides)


def _of_durations(
    cells: pd.DataFrame, kpi: Kpi, how: Histogram, keys: list[str], share: float
) -> pd.DataFrame:
    index, lengths, gone, seen, ended = _by_length(cells, kpi, how, keys)
    if not len(index):
        return pd.DataFrame(columns=["x", "n", "ended"], index=index, dtype=float)
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
    return pd.DataFrame({"x": value * kpi.scale * n, "n": n, "ended": ended.sum(axis=1)}, index=index)


def _standardised(cells: pd.DataFrame, kpi: Kpi, keys: list[str]) -> pd.DataFrame:
    """Take the difference of two rates within strata, weighted by the other side's denominators.

    Strata in which either side has fewer than 20 are left out, and what has no stratum; ``n`` is what is left
    of the KPI's own.
    """
    columns = [kpi.numerator, str(kpi.denominator), *kpi.against]
    sums = _sums(cells[cells["stratum"].notna()], [*keys, "stratum"], columns)
    x, n, other_x, other_n = (sums[name] for name in columns)
    both = (n >= _FEW) & (other_n >= _FEW)
    gap = ((x / n - other_x / other_n) * other_n).where(both, 0.0)
    weights = pd.DataFrame({"gap": gap, "weight": other_n.where(both, 0.0), "n": n.where(both, 0.0)})
    total = weights.groupby(level=keys).sum()
    value = kpi.scale * total["gap"] / total["weight"].where(total["weight"] > 0)
    return pd.DataFrame({"x": (value * total["n"]).fillna(0.0), "n": total["n"], "ended": np.nan})


def value_of(pair: pd.Series, kpi: Kpi) -> float:
    """Give the value of one pair of x and n; NaN where there is nothing to divide by."""
    if kpi.denominator is None:
        return float(pair["x"])
    return float(pair["x"] / pair["n"]) if pair["n"] else float("nan")


def weekly_values(rows: pd.DataFrame, kpi: Kpi) -> pd.Series:
    """Give the values of rows of x and n; NaN where there is nothing to divide by."""
    return rows["x"] if kpi.denominator is None else rows["x"] / rows["n"].where(rows["n"] > 0)


@dataclass(frozen=True)
class Parts:
    """A dimension's parts by week: arrays with a row a segment and a column a week; see `pairs`.

    A segment is a value of the dimension; rows without a value are a part of their own, ``""``.
    """

    segments: list[str]
    weeks: list[str]
    x: Numbers
    n: Numbers
    ended: Numbers

    def at(self, weeks: Sequence[str]) -> Parts:
        """Give some of the weeks."""
        places = [self.weeks.index(week) for week in weeks]
        sides = (side[:, places] for side in (self.x, self.n, self.ended))
        return Parts(self.segments, list(weeks), *sides)

    def weekly(self, segment: str) -> pd.DataFrame:
        """Give one part by week: x and n."""
        row = self.segments.index(segment)
        return pd.DataFrame({"x": self.x[row], "n": self.n[row]}, index=self.weeks)

    def over(self, weeks: Sequence[str]) -> pd.DataFrame:
        """Add weeks up: x and n, a row a segment."""
        chosen = self.at(weeks)
        sums = {"x": chosen.x.sum(axis=1), "n": chosen.n.sum(axis=1), "ended": np.nan}
        return pd.DataFrame(sums, index=self.segments)


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
        Gives the cells of each fact by ``segment`` of a dimension and ``week``; called when asked for.
    joint : callable
        Gives the cells of each fact by several dimensions together, and ``week``, of some weeks.
    age : timedelta, optional
        After their end, at which the weeks are seen; None: as known now.
    lost : sequence of str
        Weeks of which nothing is known, whatever rows of them there are.
    """

    def __init__(
        self,
        kpi: Kpi,
        weeks: Sequence[IsoWeek],
        total: Cells,
        parts: Callable[[str], Cells],
        joint: Callable[[Sequence[str], Sequence[str]], Cells],
        age: dt.timedelta | None = None,
        lost: Sequence[str] = (),
    ) -> None:
        def known(cells: Cells) -> Cells:
            return {fact: frame[~frame["week"].isin(lost)] for fact, frame in cells.items()}

        self.age, self.kpi, self.weeks, self._total = age, kpi, list(weeks), known(total)
        self._parts = cache(lambda by: known(parts(by)))
        self._joint = lambda by, weeks: known(joint(by, weeks))
        self._names = [str(week) for week in weeks]
        self.total = pairs(self._total, kpi, ["week"]).reindex(self._names, fill_value=0.0)
        self.total.loc[list(lost), "x"] = np.nan
        self._by: dict[str, Parts] = {}

    @property
    def ended_share(self) -> pd.Series:
        """Share of each week's denominator of which the evidence is there."""
        return self.total["ended"] / self.total["n"].where(self.total["n"] > 0)

    def size(self, dimension: str) -> int:
        """Count the values of a dimension."""
        return len({one for frame in self._parts(dimension).values() for one in frame["segment"].unique()})

    def by(self, dimension: str) -> Parts:
        """Give the parts of a dimension by week."""
        if dimension not in self._by:
            found = pairs(self._parts(dimension), self.kpi, ["segment", "week"])
            segments = found.index.unique("segment")
            grid = found.reindex(pd.MultiIndex.from_product([segments, self._names]), fill_value=0.0)
            shape = len(segments), len(self._names)
            sides = (grid[side].to_numpy().reshape(shape) for side in ("x", "n", "ended"))
            self._by[dimension] = Parts([str(one) for one in segments], self._names, *sides)
        return self._by[dimension]

    def cells(self, by: Sequence[str], weeks: Sequence[str]) -> Cells:
        """Give the cells of some weeks by several dimensions together."""
        return self._joint(by, weeks)

    def compared(self, week: IsoWeek, base: Sequence[IsoWeek], by: Sequence[str]) -> pd.DataFrame:
        """Set a week beside its base, one row a combination of values.

        Returns
        -------
        DataFrame
            The dimensions, now, base (of a sum: of a mean week), now_n, base_n.
        """
        names, weeks = list(by), [str(one) for one in base]
        found = pairs(self.cells(names, [str(week), *weeks]), self.kpi, [*names, "week"]).reset_index()
        is_now = found["week"] == str(week)
        # A sum is compared with a mean week; a ratio pools its weeks.
        over = len(weeks) if self.kpi.denominator is None else 1
        sides = {
            "now": found["x"].where(is_now, 0.0),
            "base": found["x"].mask(is_now, 0.0) / over,
            "now_n": found["n"].where(is_now, 0.0),
            "base_n": found["n"].mask(is_now, 0.0) / over,
        }
        return _sums(found[names].assign(**sides), names, list(sides)).reset_index()

    def lengths(self, weeks: Sequence[IsoWeek]) -> pd.DataFrame:
        """Count the items of some weeks by how long they lasted; without rows of what is no duration.

        Returns
        -------
        DataFrame
            ``length``, the middle of a bin; ``gone``, how many ended there in the numerator's way;
            ``other``, in another way; ``open``, how many were last seen there, not ended.
        """
        names, how = [str(week) for week in weeks], self.kpi.histogram
        if how is None:
            return pd.DataFrame(columns=["length", "gone", "other", "open"], dtype=float)
        cells = self._total[self.kpi.fact]
        chosen = cells[cells["week"].isin(names)].assign(all="")
        found = _by_length(chosen, self.kpi, how, ["all"])
        gone, seen, ended = (side.sum(axis=0) for side in found[2:])
        rows = {"length": found.middles, "gone": gone, "other": ended - gone, "open": seen - ended}
        return pd.DataFrame(rows)

    def ended(self, dimension: str, *sides: Sequence[IsoWeek]) -> tuple[Numbers, list[Numbers]]:
        """Count what ended by part and length, once for each of several groups of weeks.

        Where items may still be open, Kaplan-Meier says how many of a part end at each length.

        Returns
        -------
        lengths : array, shape (bins,)
            Middles of the bins, one width apart; none of what is no duration.
        counts : list of array, shape (parts, bins + 1)
            Parts in the order of ``by(dimension).segments``; last, what is open after all lengths.
        """
        segments, how = self.by(dimension).segments, self.kpi.histogram
        if how is None:
            return np.zeros(0), [np.zeros((len(segments), 1)) for _ in sides]
        found = _by_length(self._parts(dimension)[self.kpi.fact], self.kpi, how, ["segment", "week"])
        weeks = found.groups.get_level_values("week")
        places = pd.Index(segments).get_indexer(found.groups.get_level_values("segment").astype(str))
        counts = []
        for side in sides:
            rows = weeks.isin([str(week) for week in side])
            gone, seen = (np.zeros((len(segments), len(found.middles))) for _ in range(2))
            np.add.at(gone, places[rows], found.gone[rows])
            np.add.at(seen, places[rows], found.seen[rows])
            open_ = seen - gone if self.kpi.method == "kaplan_meier" else np.zeros_like(gone)
            left = np.pad(survival(gone, open_), ((0, 0), (1, 0)), constant_values=1.0)
            sizes = (gone + open_).sum(axis=1, keepdims=True)
            ends = np.concatenate([-np.diff(left, axis=1), left[:, -1:]], axis=1)
            counts.append(np.where(sizes > 0, sizes * ends, 0.0))
        return found.middles, counts

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
        # Differences like for like are each week's own: weeks together have strata that none has alone.
        if self.kpi.is_additive or self.kpi.method == "standardised":
            total = self.total.loc[names].sum(min_count=1).to_frame("").T
            found = self.by(dimension).over(names) if dimension else total
            return found / len(names) if self.kpi.denominator is None else found
        cells, key = (self._parts(dimension), "segment") if dimension else (self._total, "all")
        chosen = {
            fact: frame[frame["week"].isin(names)].assign(**({} if dimension else {"all": ""}))
            for fact, frame in cells.items()
        }
        found = pairs(chosen, self.kpi, [key], share)
        return found if dimension else found.reindex([""], fill_value=0.0)


def series_of(cells: pd.DataFrame, kpi: Kpi, weeks: Sequence[IsoWeek]) -> Series:
    """Make a series of one frame: ``week``, a column a dimension, the KPI's columns."""

    def parts(dimension: str) -> Cells:
        return {kpi.fact: cells.assign(segment=cells[dimension].astype("string").fillna(""))}

    def joint(by: Sequence[str], names: Sequence[str]) -> Cells:
        chosen = cells[cells["week"].isin(names)]
        return {kpi.fact: chosen.assign(**{one: chosen[one].astype("string").fillna("") for one in by})}

    return Series(kpi, weeks, {kpi.fact: cells}, parts, joint)
