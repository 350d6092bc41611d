"""ISO weeks: their days, the week 364 days earlier, and how many days of them were worked."""

from __future__ import annotations

import datetime as dt
import re
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from tallysheet.errors import UsageError, check_type

_PATTERN = re.compile(r"(\d{4})-W(\d{2})")


@dataclass(frozen=True, order=True)
class IsoWeek:
    """A week of ISO 8601: Monday to Sunday, numbered 1 to 52 or 53, in the year of its Thursday.

    Parameters
    ----------
    year, number : int
        ISO year and week number; a number that the year does not have is refused.

    Raises
    ------
    UsageError
        The year has no week of that number (2025 has no week 53).

    References
    ----------
    ISO 8601-1:2019, 3.1.1.23; Python's ``date.fromisocalendar``.

    Examples
    --------
    >>> week = IsoWeek.parse("2026-W53")
    >>> week.monday, week.sunday
    (datetime.date(2026, 12, 28), datetime.date(2027, 1, 3))
    >>> str(week.year_ago), week.same_number_last_year
    ('2026-W01', None)
    """

    year: int
    number: int

    def __post_init__(self) -> None:
        try:
            dt.date.fromisocalendar(self.year, self.number, 1)
        except ValueError:
            last = dt.date(self.year, 12, 28).isocalendar().week if 1 <= self.year <= 9999 else 52
            raise UsageError(
                "week",
                f"a week of {self.year} between W01 and W{last}",
                f"W{self.number:02d}",
                "Check the calendar: only some years have a week 53.",
            ) from None

    @classmethod
    def parse(cls, text: str) -> IsoWeek:
        """Read ``2013-W17``; anything else is a UsageError."""
        match = _PATTERN.fullmatch(text) if isinstance(text, str) else None
        if not match:
            advice = f"Write the year, -W and two digits{week_of_day(text)}."
            raise UsageError("week", "a week such as 2013-W17", repr(text), advice)
        return cls(int(match[1]), int(match[2]))

    @classmethod
    def of(cls, day: dt.date) -> IsoWeek:
        """Give the week that holds a day."""
        year, number, _ = day.isocalendar()
        return cls(year, number)

    def __str__(self) -> str:
        return f"{self.year}-W{self.number:02d}"

    @property
    def monday(self) -> dt.date:
        """First day."""
        return dt.date.fromisocalendar(self.year, self.number, 1)

    @property
    def sunday(self) -> dt.date:
        """Last day."""
        return self.monday + dt.timedelta(days=6)

    @property
    def ended_at(self) -> dt.datetime:
        """The moment at which it is over."""
        return dt.datetime.combine(self.sunday + dt.timedelta(days=1), dt.time())

    @property
    def month(self) -> str:
        """The month that a weekly figure is counted in: that of the week's Thursday, as ``2020-12``."""
        return f"{self.monday + dt.timedelta(days=3):%Y-%m}"

    def shift(self, weeks: int) -> IsoWeek:
        """Give the week so many weeks later (earlier when negative)."""
        return IsoWeek.of(self.monday + dt.timedelta(weeks=weeks))

    @property
    def year_ago(self) -> IsoWeek:
        """The week 364 days earlier: the same weekdays, whatever its number."""
        return self.shift(-52)

    @property
    def same_number_last_year(self) -> IsoWeek | None:
        """The week of the same number a year earlier, None where that year has none."""
        try:
            return IsoWeek(self.year - 1, self.number)
        except UsageError:
            return None


def week_of_day(text: object) -> str:
    """Say in which week a day lies that was written in a week's place; of what is no day nothing.

    Examples
    --------
    >>> week_of_day("2026-11-09")
    '; that day lies in 2026-W46'
    """
    try:
        day = dt.datetime.fromisoformat(str(text))
    except ValueError:
        return ""
    return f"; that day lies in {IsoWeek.of(day)}"


def week_folders(folder: Path) -> dict[IsoWeek, Path]:
    """Find the folders in a folder that are named as weeks, the newest first; a copy of one is none.

    Examples
    --------
    >>> week_folders(Path("data/flights/raw"))
    {}
    """
    found = {}
    for path in folder.glob("*-W*"):
        with suppress(UsageError):
            found[IsoWeek.parse(path.name)] = path
    return dict(sorted(found.items(), reverse=True))


def weeks_between(first: IsoWeek, last: IsoWeek) -> list[IsoWeek]:
    """List all weeks from first to last, both included.

    Examples
    --------
    >>> [str(week) for week in weeks_between(IsoWeek(2026, 52), IsoWeek(2027, 1))]
    ['2026-W52', '2026-W53', '2027-W01']
    """
    count = (last.monday - first.monday).days // 7 + 1
    return [first.shift(step) for step in range(count)]


def complete_weeks(first_day: dt.date, last_day: dt.date) -> list[IsoWeek]:
    """List the weeks that lie wholly between two days.

    Parameters
    ----------
    first_day, last_day : datetime.date
        The first and the last day that the data covers.

    Examples
    --------
    >>> weeks = complete_weeks(dt.date(2013, 1, 1), dt.date(2013, 12, 31))
    >>> str(weeks[0]), str(weeks[-1])
    ('2013-W02', '2013-W52')
    """
    first, last = IsoWeek.of(first_day), IsoWeek.of(last_day)
    if first.monday < first_day:
        first = first.shift(1)
    if last.sunday > last_day:
        last = last.shift(-1)
    return weeks_between(first, last)


def moment(as_of: str | dt.date | None) -> dt.datetime | None:
    """Read a moment in UTC; a day means its end, and None stays None.

    Raises
    ------
    UsageError
        A text of another form.

    Examples
    --------
    >>> moment("2013-04-29"), moment("2013-04-29T09:00:00+02:00")
    (datetime.datetime(2013, 4, 29, 23, 59, 59), datetime.datetime(2013, 4, 29, 7, 0))
    """
    if as_of is None:
        return None
    expected = "a day such as 2013-04-29"
    check_type("as of", as_of, (str, dt.date), expected)
    if isinstance(as_of, str):
        try:
            is_day = len(as_of) <= len("2013-04-29")
            as_of = dt.date.fromisoformat(as_of) if is_day else dt.datetime.fromisoformat(as_of)
        except ValueError:
            raise UsageError("as of", expected, repr(as_of), "Write year-month-day.") from None
    if as_of is pd.NaT:
        raise UsageError("as of", expected, "NaT", "Give None for all that is known.")
    if isinstance(as_of, dt.datetime):
        return as_of.astimezone(dt.UTC).replace(tzinfo=None) if as_of.tzinfo else as_of
    return dt.datetime.combine(as_of, dt.time(23, 59, 59))


_CALENDAR_OF = {"GB": "ENG"}
"""Countries without one calendar of their own, to the part that most of their parcels go to."""


@cache
def _known_holidays(country: str, year: int) -> dict[dt.date, str] | None:
    """Give the public holidays of a year; None where a country's are not known."""
    import holidays

    try:
        return dict(holidays.country_holidays(country, _CALENDAR_OF.get(country), year, language="en_US"))
    except NotImplementedError:
        return None


def _holidays(country: str, year: int) -> dict[dt.date, str]:
    found = _known_holidays(country, year)
    if found is None:
        raise UsageError(
            "workbook.toml countries",
            "two-letter country codes of ISO 3166",
            repr(country),
            "Correct the code, for example FR or US.",
        )
    return found


def holidays_in(week: IsoWeek, country: str) -> dict[dt.date, str]:
    """Give the public holidays of a week, weekends included: date to name in English.

    Examples
    --------
    >>> holidays_in(IsoWeek(2026, 22), "FR")
    {datetime.date(2026, 5, 25): 'Pentecost Monday'}
    >>> holidays_in(IsoWeek(2026, 36), "GB")
    {datetime.date(2026, 8, 31): 'Late Summer Bank Holiday'}
    """
    days = (week.monday + dt.timedelta(days=step) for step in range(7))
    return {day: _holidays(country, day.year)[day] for day in days if day in _holidays(country, day.year)}


@cache
def working_days(week: IsoWeek, country: str) -> int:
    """Count Monday to Friday less the national public holidays.

    References
    ----------
    The ``holidays`` package, national holidays only; of Great Britain those of England.

    Examples
    --------
    >>> working_days(IsoWeek(2025, 52), "DE")
    3
    """
    return 5 - sum(day.weekday() < 5 for day in holidays_in(week, country))


def workdays(country: str, first_day: dt.date, last_day: dt.date) -> pd.DataFrame:
    """Count working days up to each day: Monday to Friday less a country's national public holidays.

    A country whose holidays are not known has every Monday to Friday.

    Returns
    -------
    DataFrame
        One row a day: ``day``, ``number`` (working days from the first day up to and with this one),
        ``is_workday``.

    Examples
    --------
    >>> workdays("FR", dt.date(2026, 5, 22), dt.date(2026, 5, 26))["number"].to_list()
    [1, 1, 1, 1, 2]
    """
    days = np.arange(np.datetime64(first_day, "D"), np.datetime64(last_day, "D") + 1)
    years = range(first_day.year, last_day.year + 1)
    free = [day for year in years for day in _known_holidays(country, year) or ()]
    is_workday = np.is_busday(days, holidays=np.array(free, dtype="datetime64[D]"))
    return pd.DataFrame({"day": days.astype(object), "number": is_workday.cumsum(), "is_workday": is_workday})


def utc_offsets(zone: str | None, first_day: dt.date, last_day: dt.date) -> pd.Series:
    """Give what moments of each day, UTC, are to be moved by to fall on the local day.

    That is the zone's offset at the midnight that the day holds, so that it is right up to that midnight
    and after it also on days when clocks are changed. Without a zone local days are those of UTC.

    Returns
    -------
    Series
        One timedelta a day.

    Examples
    --------
    >>> utc_offsets("Europe/Paris", dt.date(2026, 3, 28), dt.date(2026, 3, 29)).astype(str).to_list()
    ['0 days 01:00:00', '0 days 02:00:00']
    """
    days = pd.date_range(first_day, last_day)
    around = pd.date_range(first_day - dt.timedelta(days=1), last_day + dt.timedelta(days=2))
    midnights = around.tz_localize(
        zone or "UTC", ambiguous=np.full(len(around), True), nonexistent="shift_forward"
    )
    midnights = midnights.tz_convert(None)
    offsets = pd.Series(around - midnights, index=midnights.floor("D"))
    # Around Greenwich one day in spring holds two midnights, and one in autumn none.
    return offsets.groupby(level=0).last().reindex(days, method="bfill").reset_index(drop=True)


def calendar(first_day: dt.date, last_day: dt.date) -> pd.DataFrame:
    """Lay out the calendar table that facts join to find the week of a row.

    Returns
    -------
    DataFrame
        One row a day: ``day`` (date), ``week`` (text such as 2013-W17).

    Examples
    --------
    >>> calendar(dt.date(2027, 1, 3), dt.date(2027, 1, 4))["week"].to_list()
    ['2026-W53', '2027-W01']
    """
    days = [first_day + dt.timedelta(days=step) for step in range((last_day - first_day).days + 1)]
    return pd.DataFrame({"day": days, "week": [str(IsoWeek.of(day)) for day in days]})
