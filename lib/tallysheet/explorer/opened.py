"""The weeks that an explorer has opened: they share what was loaded and added up."""

from __future__ import annotations

import datetime as dt

from tallysheet.bases import check_week
from tallysheet.week import Week
from tallysheet.weeks import IsoWeek, moment


class OpenedWeeks:
    """Weeks of one workbook, each opened once.

    Parameters
    ----------
    first : Week
        An open one.
    """

    def __init__(self, first: Week) -> None:
        self._first = first
        self._cubes = {first.cube.as_of: first.cube}
        self._weeks: dict[tuple[IsoWeek, dt.datetime], Week] = {(first.week, first.cube.as_of): first}

    def at(self, week: str, as_of: str = "") -> Week:
        """Open a week as known at a moment; empty: at the newest extract's time.

        Raises
        ------
        UsageError
            A week or moment of wrong form, or outside the data.
        DataError
            Nothing was known then.
        """
        ledger, settings = self._first.ledger, self._first.settings
        wanted, seen_at = IsoWeek.parse(week), moment(as_of or None)
        known = min(seen_at, ledger.as_of) if seen_at else ledger.as_of
        if known not in self._cubes:
            self._cubes[known] = self._first.cube.at(known)
        cube = self._cubes[known]
        check_week(wanted, cube.touched_weeks)
        if (wanted, known) not in self._weeks:
            self._weeks[wanted, known] = Week(
                wanted, self._first.base, self._first.language, settings, ledger, cube
            )
        return self._weeks[wanted, known]
