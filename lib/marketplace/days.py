"""Days as numbers since 2024-01-01, business days of countries, and how busy each day is."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cache

import holidays
import numpy as np
import numpy.typing as npt

FIRST_DAY = dt.date(2024, 1, 1)
"""Day 0, a Monday."""

_DAYS_BEFORE, _DAYS = 60, 1_400

Days = npt.NDArray[np.int64]


def number(day: dt.date) -> int:
    """Give the number of a day.

    Examples
    --------
    >>> number(dt.date(2024, 1, 8))
    7
    """
    return (day - FIRST_DAY).days


def date(day: int) -> dt.date:
    """Give the date of a numbered day."""
    return FIRST_DAY + dt.timedelta(days=int(day))


def monday(week: str) -> int:
    """Give the number of the Monday of an ISO week.

    Examples
    --------
    >>> monday("2025-W01")
    364
    """
    year, _, part = week.partition("-W")
    return number(dt.date.fromisocalendar(int(year), int(part), 1))


@dataclass(frozen=True)
class BusinessDays:
    """The business days of a country: Monday to Friday without public holidays.

    Parameters
    ----------
    before : array
        For each day from ``-60`` on, the number of business days before it.
    days : array
        The business days, in order.
    """

    before: Days
    days: Days

    def add(self, day: Days, count: Days) -> Days:
        """Go forward by as many business days; 0 stays, or goes to the next one.

        Examples
        --------
        >>> friday = np.array([number(dt.date(2026, 4, 2))])  # Good Friday and Easter Monday follow
        >>> date(business_days("FR").add(friday, np.array([1]))[0])
        datetime.date(2026, 4, 3)
        >>> date(business_days("DE").add(friday, np.array([1]))[0])
        datetime.date(2026, 4, 7)
        """
        return self.days[self.before[day + _DAYS_BEFORE] + count]

    def between(self, first: Days, last: Days) -> Days:
        """Count the business days after ``first``, up to and with ``last``."""
        return self.before[last + 1 + _DAYS_BEFORE] - self.before[first + 1 + _DAYS_BEFORE]


@cache
def business_days(country: str) -> BusinessDays:
    """Give the business days of a country, ISO 3166, from the holidays package; of GB those of England."""
    part = {"GB": "ENG"}.get(country)
    public = holidays.country_holidays(country, subdiv=part, years=range(2023, 2029))
    all_days = range(-_DAYS_BEFORE, _DAYS)
    is_open = np.array([date(day).weekday() < 5 and date(day) not in public for day in all_days])
    before = np.concatenate([[0], np.cumsum(is_open)[:-1]])
    return BusinessDays(before.astype(np.int64), np.flatnonzero(is_open) - _DAYS_BEFORE)


def black_friday_week(year: int) -> int:
    """Give the Monday of the week of Black Friday, which follows the fourth Thursday of November."""
    first = dt.date(year, 11, 1)
    thursday = first + dt.timedelta(days=(3 - first.weekday()) % 7 + 21)
    return number(thursday) - 3


def month_of(day: Days) -> Days:
    """Give the month, 0 to 11, of numbered days."""
    return month_number(day) % 12


def month_number(day: Days) -> Days:
    """Give the number of the month of days, January 2024 being 0.

    Examples
    --------
    >>> month_number(np.array([0, 31, 366])).tolist()
    [0, 1, 12]
    """
    start = np.datetime64(FIRST_DAY, "D")
    return (start + day).astype("datetime64[M]").astype(np.int64) - (FIRST_DAY.year - 1970) * 12


def month_name(month: int) -> str:
    """Name a numbered month, such as 2026-07."""
    return f"{FIRST_DAY.year + month // 12}-{month % 12 + 1:02}"
