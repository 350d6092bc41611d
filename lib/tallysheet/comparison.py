"""Compare a week with a base: the values, the exact split over segments, and what is usual.

One path serves `tallysheet explain` on any file and every KPI of the workbook, so that the same
rows always give the same numbers.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from types import MappingProxyType

import numpy as np
import pandas as pd

from tallysheet.bases import base_weeks, check_week
from tallysheet.beyond_the_rest import beyond_the_rest
from tallysheet.decomposition import split
from tallysheet.drivers import segments_behind
from tallysheet.errors import UsageError
from tallysheet.judged_rows import judge_parts, judge_rows
from tallysheet.judgement import Judgement
from tallysheet.kpi import Direction, Kpi
from tallysheet.limits import assurance, process_limits
from tallysheet.quantile_split import split_quantile
from tallysheet.rebases import Rebase
from tallysheet.segments import Segment
from tallysheet.values import Series, value_of, weekly_values
from tallysheet.weeks import IsoWeek

LEARNT_WEEKS = 60
"""So far back what is usual is learnt: a year and some, so that a network of long ago does not widen it."""


@dataclass(frozen=True, repr=False)
class Explanation:
    """A KPI's week against its base.

    Parameters
    ----------
    kpi : Kpi
    week : IsoWeek
    base : str
        As asked for: ``last-4``, a week …
    base_weeks : tuple of IsoWeek
    value_now, value_base, value_previous : float
        Values of the week, of the base (ratios pooled, sums per week) and of the week before.
    n_now, n_base : float
        Denominators; values for a sum.
    judgement : Judgement
        The total against earlier weeks.
    history : DataFrame
        One row a week up to this one: week, value, n, centre, lower, upper, outside, judged, base.
    parts : dict of str to DataFrame
        One frame a dimension, one row a segment: segment, n_now, n_base, value_now, value_base, mix,
        rate, total (adding up to the change), variation, reason, lower, upper; largest part first.
    close_ups : dict of str to (str, DataFrame)
        For each dimension its part that is outside with the largest contribution, else its largest
        part, and that part's history in the form of ``history``.
    outside : tuple of Segment
        Single values that are outside their own usual range. A run on one side of the centre is no
        news against the weeks just before it, so it counts for the total only.
    residual : float
        What the worst split leaves over.
    base_is_complete : bool
        Whether the data covers the base wholly.
    target : float
        What the KPI should be in that week; NaN if nobody has said.
    rebase : Rebase or None
        What began the usual range anew, if anything did.
    is_recounted : bool
        Whether a fault of the data or another way of counting is behind the week.
    age : timedelta or None
        After their end, at which all weeks are seen; None: as known now.
    search : callable
        Finds ``segments``; None where there is nothing to search.
    """

    kpi: Kpi
    week: IsoWeek
    base: str
    base_weeks: tuple[IsoWeek, ...]
    value_now: float
    value_base: float
    value_previous: float
    n_now: float
    n_base: float
    judgement: Judgement
    history: pd.DataFrame
    parts: dict[str, pd.DataFrame]
    close_ups: dict[str, tuple[str, pd.DataFrame]]
    outside: tuple[Segment, ...]
    residual: float
    base_is_complete: bool
    target: float = math.nan
    rebase: Rebase | None = None
    is_recounted: bool = False
    age: dt.timedelta | None = None
    search: Callable[[], tuple[Segment, ...] | None] = field(default=lambda: None, compare=False)

    def __repr__(self) -> str:
        values = f"{self.value_now:.4g} from {self.value_base:.4g}"
        return f"<{self.kpi.slug} {self.week} against {self.base}: {values}, {self.variation}>"

    @cached_property
    def found(self) -> tuple[Segment, ...] | None:
        """What the search finds, when first asked; None where there was nothing to search."""
        return self.search()

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The few segments behind the change, none of a usual week; searched for when first asked."""
        return self.found or ()

    @property
    def usual_weeks(self) -> list[str]:
        """The weeks that say what is usual, and the judged one: those since a rebase."""
        weeks = [str(week) for week in self.history["week"]]
        return weeks[_since(weeks, self.rebase) :]

    @property
    def is_searched(self) -> bool:
        """Whether segments were searched for: the week is unusual, and its change adds up."""
        return self.found is not None

    @property
    def change(self) -> float:
        """Value now less value of the base."""
        return self.value_now - self.value_base

    @property
    def direction(self) -> Direction:
        """Which side is good; neither where nobody became better or worse, as it was counted otherwise."""
        return "neutral" if self.is_recounted else self.kpi.direction

    @property
    def assurance(self) -> str:
        """Whether the usual range meets the target: ``pass``, ``fail``, ``hit_or_miss`` or ``none``."""
        return assurance(self.judgement.lower, self.judgement.upper, self.target, self.kpi.direction)

    @property
    def variation(self) -> str:
        """Variation of the total: ``signal``, ``routine`` or ``not_known``."""
        return self.judgement.variation


def compare(
    series: Series,
    week: IsoWeek,
    *,
    base: str,
    by: Sequence[str],
    among: Sequence[str] | None = None,
    unjudged: Mapping[IsoWeek, str] = MappingProxyType({}),
    target: float | None = None,
    rebase: Rebase | None = None,
) -> Explanation:
    """Compare a week with a base.

    Parameters
    ----------
    series : Series
        The KPI by week and part, each week as old as the one that is compared.
    week : IsoWeek
    base : str
        As for `base_weeks`.
    by : sequence of str
        Dimensions to split over, one by one.
    among : sequence of str, optional
        Dimensions among whose combinations to search for segments; None: those of ``by``.
    unjudged : mapping of IsoWeek to str
        Weeks that are neither judged nor part of limits or bases, and why: ``missing`` (the data covers
        them in part), ``gap`` (part of the data is missing) or ``young`` (too much is still to come).
    target : float, optional
        Of the KPI in that week.
    rebase : Rebase, optional
        What is usual is learnt from its week on; the weeks before are drawn in their own range.

    Raises
    ------
    UsageError
        The week or the base is outside the data, or the base is a target and there is none.

    Notes
    -----
    Against a target each part has the weight that it has now: part_k = w_k (r_k - T).
    """
    kpi, weeks = series.kpi, series.weeks
    check_week(week, weeks)
    compared = base_weeks(base, week, weeks, unjudged)
    recent = [one for one in weeks if week.shift(-LEARNT_WEEKS) <= one <= week]  # a base may lie before them
    judged = [str(one) for one in recent if one == week or one not in unjudged]
    why = unjudged.get(week)
    totals = series.total
    usual = judged[_since(judged, rebase) :]
    judgement = judge_rows(totals.loc[usual], kpi, why)
    # What the data covers in part would look like a small week.
    last_week = week.shift(-1)
    is_missing = unjudged.get(last_week) == "missing" or last_week not in weeks
    now = series.pooled([week]).iloc[0]
    before = series.pooled(compared).iloc[0] if base != "target" else _at_target(now, now, kpi, target)
    value_now, value_base = value_of(now, kpi), value_of(before, kpi)
    parts, close_ups, outside = {}, {}, []
    wanted = target if base == "target" else None
    for dimension in by if kpi.denominator or not math.isnan(value_now - value_base) else ():
        found = _split(series, dimension, week, usual, compared, why, wanted)
        if found is None:
            continue
        parts[dimension] = found
        closest = _closest(parts[dimension])
        rows = series.by(dimension).weekly(closest).loc[judged]
        is_gap = found.loc[found["segment"] == closest, "reason"].eq("gap").any()
        own = judge_rows(rows.loc[usual], kpi, why or ("gap" if is_gap else None))
        close_ups[dimension] = closest, _history(rows, kpi, own, compared)
        outside += [
            beyond_the_rest(
                series.by(dimension).weekly(str(row["segment"])),
                totals[["x", "n"]],
                usual,
                kpi,
                () if wanted is not None else compared,
                dimension,
                row,
            )
            for _, row in parts[dimension].iterrows()
            if row["variation"] == "signal"
        ]
    left = (value_now - value_base - frame["total"].sum() for frame in parts.values())
    return Explanation(
        kpi=kpi,
        week=week,
        base=base,
        base_weeks=compared,
        value_now=value_now,
        value_base=value_base,
        value_previous=np.nan if is_missing else value_of(series.pooled([last_week]).iloc[0], kpi),
        n_now=float(now["n"]),
        n_base=float(before["n"]),
        judgement=judgement,
        history=_history(totals.loc[judged], kpi, judgement, compared),
        parts=parts,
        close_ups=close_ups,
        outside=tuple(sorted(outside, key=lambda segment: -abs(segment.contribution))),
        residual=float(max(left, key=abs, default=0.0)),
        base_is_complete=base == "target"
        or all(unjudged.get(candidate) != "missing" for candidate in compared),
        target=math.nan if target is None else target,
        rebase=rebase,
        age=series.age,
        search=partial(segments_behind, series, week, compared, tuple(by if among is None else among))
        if wanted is None and (outside or judgement.variation == "signal")
        else lambda: None,
    )


def _since(weeks: Sequence[str], rebase: Rebase | None) -> int:
    """Find the place of the first week of the newest range."""
    return sum(IsoWeek.parse(week) < rebase.week for week in weeks) if rebase else 0


def _at_target(own: pd.Series, total: pd.Series, kpi: Kpi, target: float | None) -> pd.Series:
    """Give what a part would be at the target's rate; of a sum, its share of the target."""
    if target is None:
        raise UsageError("base", f"a target of {kpi.slug} that holds in the week", "none", "Choose another.")
    x = target * (own["n"] if kpi.denominator else own["x"] / total["x"])
    return pd.Series({"x": x, "n": own["n"] if kpi.denominator else x, "ended": np.nan})


def _history(rows: pd.DataFrame, kpi: Kpi, judgement: Judgement, compared: Sequence[IsoWeek]) -> pd.DataFrame:
    """Lay the weeks out in their ranges: those that the judgement learnt from, and those before a rebase."""
    values, limits = weekly_values(rows, kpi).to_numpy(), judgement.limits
    start = len(rows) - len(limits.lower)
    levels = {"centre": limits.centre, "lower": limits.lower, "upper": limits.upper}
    if judgement.variation == "not_known":
        levels["centre"] = np.full_like(limits.centre, np.nan)
    if start:
        counts, before = kpi.chart != "xmr", rows.iloc[:start]
        sides = before["x"].to_numpy() if counts else values[:start]
        own = process_limits(sides, before["n"].to_numpy() if counts else None, kpi.chart)
        levels = {
            name: np.concatenate([np.clip(getattr(own, name), *kpi.bounds), level])
            for name, level in levels.items()
        }
    is_last = np.arange(len(rows)) == len(rows) - 1
    return pd.DataFrame(
        {
            "week": rows.index,
            "value": values,
            "n": rows["n"].to_numpy(),
            **levels,
            "outside": (values < levels["lower"]) | (values > levels["upper"]),
            "is_final": ~(is_last & (judgement.reason == "young")),
            "judged": is_last,
            "base": rows.index.isin([str(candidate) for candidate in compared]),
            "rebased": np.arange(len(rows)) == (start or -1),
        }
    )


def _split(
    series: Series,
    dimension: str,
    week: IsoWeek,
    judged: list[str],
    compared: Sequence[IsoWeek],
    why: str | None,
    target: float | None,
) -> pd.DataFrame | None:
    """Split the change over a dimension; None without parts, or where a side has nothing to divide by."""
    kpi, parts = series.kpi, series.by(dimension)
    if not parts.segments:
        return None
    now, before = (
        series.pooled(weeks, dimension).reindex(parts.segments, fill_value=0.0)
        for weeks in ([week], compared)
    )
    if target is not None:
        before = now.apply(lambda own: _at_target(own, now.sum(), kpi, target), axis=1)
    sides = np.array([now["x"], before["x"], now["n"], before["n"]], dtype=float)
    # A part whose duration is not known yet, now or before, has none to give to the split; its cases count.
    cases, unknown = sides[2:].copy(), np.isnan(sides[:2]).any(axis=0)
    sides[:, unknown] = 0.0
    present = (sides != 0).any(axis=0)
    keep = present | unknown | (not present.any())
    x_now, x_base, n_now, n_base = sides[:, keep]
    if kpi.denominator and not min(n_now.sum(), n_base.sum()) > 0:
        return None
    if kpi.is_length and kpi.histogram and target is None:
        lengths, (ended, before_ended) = series.ended(dimension, [week], compared)
        moved = split_quantile(ended, before_ended, lengths, width=kpi.histogram.width)
        mix, rate, total = (side[keep] * kpi.scale for side in moved)
    else:
        mix, rate, total = split((x_now, x_base), (n_now, n_base) if kpi.denominator else None)
    verdicts = judge_parts(parts, judged, kpi, why)
    variation = verdicts.variation_of_parts
    frame = pd.DataFrame(
        {
            "segment": np.array(parts.segments, dtype=object)[keep],
            "n_now": cases[0, keep],
            "n_base": cases[1, keep],
            "value_now": weekly_values(now, kpi).to_numpy()[keep],
            "value_base": weekly_values(before, kpi).to_numpy()[keep],
            "variation": variation[keep],
            "reason": verdicts.reason[keep],
            "lower": verdicts.lower[keep],
            "upper": verdicts.upper[keep],
            "mix": mix,
            "rate": rate,
            "total": total,
        }
    )
    return frame.sort_values("total", key=abs, ascending=False, kind="stable", ignore_index=True)


def _closest(parts: pd.DataFrame) -> str:
    outside, counted = parts[parts["variation"] == "signal"], parts[parts["value_now"].notna()]
    return str(next(one for one in (outside, counted, parts) if len(one))["segment"].iloc[0])
