"""What the calendar led us to expect: public holidays and the peak, learnt from the weeks before.

A week with a holiday, or the week of Black Friday, differs from its neighbours every year. What earlier
ones of the kind did is expected again, and taken off, so that a week can be judged by the rest.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from itertools import pairwise
from statistics import median

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from tallysheet.limits import Booleans, Numbers, checked
from tallysheet.weeks import IsoWeek, working_days

_NEIGHBOURS = 4  # weeks before, and after, that show what is ordinary
_LEAST_WEEKS = 3  # earlier weeks with a lost day, before an effect of a lost day is believed
_HALF_A_YEAR = 26  # weeks that part the same week of two peaks
_EVEN = 1e-9  # share of weight within which a median falls between two weeks


def black_friday(year: int) -> dt.date:
    """Give the day after the fourth Thursday of November.

    Examples
    --------
    >>> black_friday(2024), black_friday(2026)
    (datetime.date(2024, 11, 29), datetime.date(2026, 11, 27))
    """
    first = dt.date(year, 11, 1)
    return first + dt.timedelta(days=(3 - first.weekday()) % 7 + 22)


def peak_week(week: IsoWeek) -> str:
    """Name a week of the peak, from Black Friday to New Year; other weeks have no name.

    Returns
    -------
    str
        "black friday", "week after", "advent" (the one or two weeks that follow), "before christmas",
        "christmas", "new year" (the week that holds 1 January) or "".

    Examples
    --------
    >>> [peak_week(IsoWeek(2026, number)) for number in (47, 48, 50, 53)]
    ['', 'black friday', 'advent', 'new year']
    """
    if week.monday <= dt.date(week.sunday.year, 1, 1):
        return "new year"
    friday, christmas = black_friday(week.year), dt.date(week.year, 12, 25)
    if week.sunday < friday:
        return ""
    if week.monday <= friday:
        return "black friday"
    if week.shift(-1).monday <= friday:
        return "week after"
    if week.sunday >= christmas:
        return "christmas"
    return "before christmas" if week.shift(1).sunday >= christmas else "advent"


def lost_days(week: IsoWeek, shares: Mapping[str, float]) -> float:
    """Give how many working days of a week public holidays took, as a mean over countries.

    Parameters
    ----------
    week : IsoWeek
    shares : dict
        Country code to its weight, such as its parcels; they need not add up to 1.

    Returns
    -------
    float
        Days, 0 to 5: sum of weight x (5 - working days) over the sum of weights.

    Raises
    ------
    ValueError
        A weight that is negative or no number, or no weight above 0.
    UsageError
        A country whose holidays are not known.

    Examples
    --------
    >>> lost_days(IsoWeek(2026, 22), {"FR": 3, "ES": 1})
    0.75
    """
    weights = np.array(list(shares.values()), dtype=float)
    if not np.isfinite(weights).all() or (weights < 0).any() or not weights.any():
        raise ValueError(
            f"shares: expected weights of 0 or more, one of them above 0, found {dict(shares)!r}"
        )
    days = np.array([5 - working_days(week, country) for country in shares], dtype=float)
    return float(weights @ days / weights.sum())


def expected_effects(
    values: ArrayLike,
    weeks: Sequence[IsoWeek],
    lost_days: ArrayLike,
    peak: Sequence[str],
    *,
    multiplicative: bool = False,
) -> pd.DataFrame:
    """Expect of each week what earlier holidays and peaks did; only earlier weeks are used.

    Parameters
    ----------
    values : array of float, shape (weeks,)
        A weekly KPI; NaN is a missing week.
    weeks : sequence of IsoWeek
        The weeks, one after the other without a gap.
    lost_days : array of float, shape (weeks,)
        Working days lost to public holidays, as the function `lost_days` gives them.
    peak : sequence of str
        Name of the week of the peak or "", as `peak_week` gives it.
    multiplicative : bool
        For counts and money: effects are shares of the ordinary level (-0.2 is a fifth less).

    Returns
    -------
    DataFrame
        ``week``; ``expected``, the effect in the unit of the values (a share, if multiplicative), 0 where
        nothing is expected or known; ``holidays``, as much of it as is due to lost days; ``adjusted``, the
        value without what is expected; ``deviation``, that of the week from the ordinary ones among the 8
        before it; ``known``: "history" (each of its effects was seen before), "none" (one was not, and counts
        as 0) or "ordinary" (no lost day, no peak).

    Raises
    ------
    ValueError
        Arrays of different lengths, weeks with a gap or out of order, lost days that are negative or
        missing, negative values if multiplicative.

    Notes
    -----
    deviation_s = y_s - m_s, or y_s / m_s - 1, with m_s the median of the ordinary weeks among the 4
    before s and the 4 after it that are earlier than the judged week t.
    Per lost day: the slope b that minimises sum |deviation_s - b lost_s| over earlier weeks with a lost
    day outside the peak, which is the median of deviation_s / lost_s weighted by lost_s; 3 weeks at least.
    Peak: the mean of deviation_s - b lost_s over weeks of the same name, half a year earlier or more.
    expected_t = b lost_t + peak_t; adjusted_t = y_t - expected_t, or y_t / (1 + expected_t), NaN where
    1 + expected_t is not above 0.

    Examples
    --------
    >>> weeks = [IsoWeek(2026, 1).shift(step) for step in range(12)]
    >>> lost = [0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 2]
    >>> values = [0.9, 0.9, 0.86, 0.9, 0.9, 0.86, 0.9, 0.9, 0.86, 0.9, 0.9, 0.82]
    >>> found = expected_effects(values, weeks, lost, [""] * 12)
    >>> found.loc[[3, 8, 11], ["expected", "adjusted", "known"]].round(3)
        expected  adjusted     known
    3       0.00      0.90  ordinary
    8       0.00      0.86      none
    11     -0.08      0.90   history
    """
    y, lost = checked(values, "values"), checked(lost_days, "lost_days")
    names = np.array([str(name) for name in peak], dtype=object)
    _check(y, weeks, lost, names, multiplicative)
    is_ordinary = (lost == 0) & (names == "")
    deviations = _deviations(y, is_ordinary, multiplicative)
    expected, holidays = np.zeros(y.size), np.zeros(y.size)
    known = np.full(y.size, "ordinary", dtype=object)
    for judged in np.flatnonzero(~is_ordinary):
        earlier = np.arange(judged)
        deviation = deviations[earlier, np.minimum(judged - 1 - earlier, _NEIGHBOURS)]
        slope = _slope(deviation, np.where(names[:judged] == "", lost[:judged], 0.0))
        same = (names[:judged] == names[judged]) & (earlier <= judged - _HALF_A_YEAR)
        rest = deviation - np.nan_to_num(slope) * lost[:judged]
        parts = np.array(
            [slope * lost[judged] if lost[judged] else 0.0, _mean(rest[same]) if names[judged] else 0.0]
        )
        expected[judged], holidays[judged] = np.nansum(parts), np.nan_to_num(parts[0])
        known[judged] = "none" if np.isnan(parts).any() else "history"
    adjusted = y - expected
    if multiplicative:
        adjusted = np.divide(y, 1 + expected, out=np.full_like(y, np.nan), where=expected > -1)
    return pd.DataFrame(
        {
            "week": list(weeks),
            "expected": expected,
            "holidays": holidays,
            "adjusted": adjusted,
            "deviation": deviations[:, -1],
            "known": known,
        }
    )


def came_true(expected: ArrayLike, deviation: ArrayLike) -> Numbers:
    """Give as much of what was expected as came: no more is put down to the calendar.

    Else a holiday that took less than it usually does would look like somebody's improvement.

    Parameters
    ----------
    expected, deviation : array of float, shape (weeks,)
        As `expected_effects` gives them; without a deviation all is taken to have come.

    Returns
    -------
    array of float, shape (weeks,)
        Between 0 and what was expected.

    Examples
    --------
    >>> came_true([-0.035, -0.035, -0.035], [-0.012, -0.1, 0.01]).tolist()
    [-0.012, -0.035, 0.0]
    """
    effect, moved = np.asarray(expected, dtype=float), np.asarray(deviation, dtype=float)
    sign = np.sign(effect)
    return sign * np.clip(np.where(np.isnan(moved), effect, moved) * sign, 0.0, np.abs(effect)) + 0.0


def _check(
    y: Numbers, weeks: Sequence[IsoWeek], lost: Numbers, names: NDArray[np.object_], multiplicative: bool
) -> None:
    if not y.size == len(weeks) == lost.size == names.size:
        sizes = f"{y.size}, {len(weeks)}, {lost.size} and {names.size}"
        raise ValueError(f"values, weeks, lost_days, peak: expected one length, found {sizes}")
    gap = next((week for week, after in pairwise(weeks) if week.shift(1) != after), None)
    if gap is not None:
        raise ValueError(
            f"weeks: expected one after the other (a missing one is NaN), found a gap after {gap}"
        )
    if not (lost >= 0).all():
        raise ValueError(f"lost_days: expected numbers of 0 or more, found {lost[~(lost >= 0)][0]}")
    if multiplicative and np.nanmin(y, initial=0) < 0:
        raise ValueError("values: expected 0 or more, because multiplicative, found negative ones")


def _deviations(y: Numbers, is_ordinary: Booleans, multiplicative: bool) -> Numbers:
    """Give the deviation of each week (row) from its ordinary neighbours.

    Columns: four weeks before and 0, 1, 2, 3 or 4 after it; in the last column, eight before and none after.
    """
    windows = [(_NEIGHBOURS, after) for after in range(_NEIGHBOURS + 1)] + [(2 * _NEIGHBOURS, 0)]
    level = np.full((y.size, len(windows)), np.nan)
    usable = is_ordinary & ~np.isnan(y)
    for (place, column), _ in np.ndenumerate(level):
        before, after = windows[column]
        near = slice(max(place - before, 0), place + after + 1)
        ordinary = y[near][usable[near] & (np.arange(y.size)[near] != place)]
        level[place, column] = median(ordinary) if ordinary.size else np.nan
    if not multiplicative:
        return y[:, None] - level
    return np.divide(y[:, None], level, out=np.full_like(level, np.nan), where=level > 0) - 1


def _slope(deviation: Numbers, lost: Numbers) -> float:
    """Give the least absolute deviations slope through the origin: a weighted median of quotients."""
    usable = (lost > 0) & ~np.isnan(deviation)
    if usable.sum() < _LEAST_WEEKS:
        return np.nan
    quotients = deviation[usable] / lost[usable]
    order = np.argsort(quotients)
    below = np.cumsum(lost[usable][order]) / lost[usable].sum()
    middle = np.searchsorted(below, [0.5 - _EVEN, 0.5 + _EVEN])
    return float(quotients[order][middle].mean())


def _mean(numbers: Numbers) -> float:
    numbers = numbers[~np.isnan(numbers)]
    return float(numbers.mean()) if numbers.size else np.nan
