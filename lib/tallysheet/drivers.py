"""The segments behind a KPI's change: its cells of two sides, given to the search."""

from __future__ import annotations

from collections.abc import Sequence

from tallysheet.segments import Segment, find_segments
from tallysheet.values import Series
from tallysheet.weeks import IsoWeek

MOST_VALUES = 200
"""A dimension with more is cut by hand."""

_LEAST_SHARE = 0.005  # of the volume: a smaller segment is no news of a whole KPI


def segments_behind(
    series: Series, week: IsoWeek, base: Sequence[IsoWeek], among: Sequence[str]
) -> tuple[Segment, ...] | None:
    """Search for the segments behind a change.

    Parameters
    ----------
    series : Series
    week : IsoWeek
    base : sequence of IsoWeek
    among : sequence of str
        Dimensions; those with one value or more than 200 are left out.

    Returns
    -------
    tuple of Segment or None
        None where nothing can be searched: what does not add up, a sum or a denominator that goes below
        0, no dimension with several values.
    """
    kpi = series.kpi
    if not kpi.is_additive or not among:
        return None
    frame = series.compared(week, base, among)
    names = [name for name in among if 2 <= frame[name].nunique() <= MOST_VALUES]
    is_sum = kpi.denominator is None
    sizes = ["now", "base"] if is_sum else ["now_n", "base_n"]
    if not names or (frame[sizes] < 0).any(axis=None):
        return None
    now_n, base_n = (None, None) if is_sum else ("now_n", "base_n")
    return tuple(
        find_segments(
            frame,
            by=names,
            now="now",
            base="base",
            now_n=now_n,
            base_n=base_n,
            is_count=False if kpi.is_money else None,
            minimum_size=_LEAST_SHARE * float(frame[now_n or "now"].sum()),
        )
    )
