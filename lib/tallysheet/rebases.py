"""Rebases: from which week on a KPI's usual range is learnt anew, as a person has decided, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tallysheet.errors import DataError, UsageError, nearest
from tallysheet.kpis import KPIS
from tallysheet.weeks import IsoWeek
from tallysheet.written import written_rows

COLUMNS = ("kpi", "week", "reason", "author")


@dataclass(frozen=True)
class Rebase:
    """A row of data/rebases.csv.

    Parameters
    ----------
    kpi : str
        Slug.
    week : IsoWeek
        The first week of the new range.
    reason, author : str
        What changed for good, and who says so.
    """

    kpi: str
    week: IsoWeek
    reason: str
    author: str


def read_rebases(path: Path) -> list[Rebase]:
    """Read data/rebases.csv; none where there is no such file.

    Raises
    ------
    DataError
        A column is missing, a KPI or week is none, or nobody says why: the row below the header is named.
    """
    return [_rebase(place, dict(cells)) for place, cells in written_rows(path, COLUMNS)]


def _rebase(place: str, cells: dict[object, str]) -> Rebase:
    slug = cells["kpi"]
    if slug not in KPIS:
        raise DataError(f"{place}, kpi", "a known KPI", repr(slug), nearest(slug, KPIS))
    for name in ("reason", "author"):
        if not cells[name]:
            raise DataError(
                f"{place}, {name}", "a few words", "nothing", "Say what changed, and who says so."
            )
    try:
        week = IsoWeek.parse(cells["week"])
    except UsageError as error:
        raise DataError(f"{place}, week", "a week such as 2026-W46", error.found, "Correct it.") from None
    return Rebase(slug, week, cells["reason"], cells["author"])


def rebase_of(rebases: Sequence[Rebase], slug: str, week: IsoWeek) -> Rebase | None:
    """Give the latest rebase of a KPI that a week is behind; None if there is none.

    Examples
    --------
    >>> rebases = [Rebase("otd", IsoWeek.parse(week), "", "") for week in ("2026-W10", "2026-W40")]
    >>> str(rebase_of(rebases, "otd", IsoWeek.parse("2026-W30")).week)
    '2026-W10'
    >>> rebase_of(rebases, "otd", IsoWeek.parse("2026-W09")) is None
    True
    """
    found = [one for one in rebases if one.kpi == slug and one.week <= week]
    return max(found, key=lambda one: one.week, default=None)
