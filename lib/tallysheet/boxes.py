"""The figures of a weekly business review: six weeks, twelve months and nine boxes, beside a year ago.

The week of a year ago is 364 days earlier, so that weekdays meet; months, quarters and years are a
calendar year earlier.

References
----------
Bryar and Carr, Working Backwards (2021); working-backwards/wbr-app (published test cases).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
import pandas as pd

from tallysheet.errors import DataError, UsageError

Months = Literal["trailing", "fiscal_year"]
Aggregate = Literal["sum", "mean", "min", "max", "first", "last"]
Change = Literal["percent", "basis_points"]

_TO_DATE = ["month_to_date", "quarter_to_date", "year_to_date"]
_YEAR = pd.DateOffset(years=1)
_MONTH_END = pd.offsets.MonthEnd()
_ENDS = {"first": 0, "last": -1}


def period_values(
    daily: pd.DataFrame,
    week_end: dt.date,
    fiscal_year_end_month: int = 12,
    *,
    aggregate: Aggregate = "sum",
    months: Months = "trailing",
    least_days_share: float = 0.0,
) -> pd.DataFrame:
    """Add up daily figures over the periods of a weekly business review.

    Parameters
    ----------
    daily : DataFrame
        ``day``, ``x`` and, for a ratio, its denominator ``n``; any number of rows a day. A row without
        ``x`` or ``n`` is no data, and is not 0.
    week_end : datetime.date
        Last day of the week, which may be any weekday.
    fiscal_year_end_month : int
        Last month of the fiscal year, 1 to 12; quarters and the year to date begin after it.
    aggregate : {"sum", "mean", "min", "max", "first", "last"}
        How rows become one figure ("last" for a stock). A ratio is always sum(x) / sum(n).
    months : {"trailing", "fiscal_year"}
        The last twelve complete months, or those of the fiscal year that holds ``week_end``; a month
        that ends after ``week_end`` has no value yet.
    least_days_share : float
        A period is NaN where a smaller share of its days has data, from 0 (any day will do) to 1. With
        0, nine days are compared with five if last year's data begin on the fifth.

    Returns
    -------
    DataFrame
        ``value`` and ``year_ago`` in the unit of ``x`` (of ``x / n``), NaN where there is no data. The index
        is ``kind`` (6 times "week", 12 times "month", then "month_to_date", "quarter_to_date" and
        "year_to_date"), ``first_day``, ``last_day``. Frames of several metrics can be added, subtracted,
        multiplied and divided as they are, which gives derived metrics.

    Raises
    ------
    UsageError
        A wrong date, month, aggregate, choice of months or share; a ratio that is not summed.
    DataError
        A column is missing, holds something else than days or finite numbers, or ``n`` is negative.

    Examples
    --------
    >>> days = pd.date_range("2026-01-05", periods=14)
    >>> values = period_values(pd.DataFrame({"day": days, "x": 9, "n": 10}), dt.date(2026, 1, 18))
    >>> values.loc["week", "value"].to_list()
    [nan, nan, nan, nan, 0.9, 0.9]
    """
    _one_of("aggregate", aggregate, ("sum",) if "n" in daily else get_args(Aggregate))
    if not 0 <= least_days_share <= 1:
        raise UsageError("least_days_share", "0 to 1", repr(least_days_share), "Give a share.")
    periods = _review_periods(week_end, fiscal_year_end_month, months)
    facts = _facts(daily)

    def figure(first: pd.Timestamp, last: pd.Timestamp) -> float:
        inside = facts.loc[first:last]
        if inside.index.nunique() < max(1, least_days_share * ((last - first).days + 1)):
            return np.nan
        if "n" in inside:
            return inside["x"].sum() / inside["n"].sum() if inside["n"].any() else np.nan
        x = inside["x"].to_numpy()
        return float(x[_ENDS[aggregate]] if aggregate in _ENDS else getattr(x, aggregate)())

    value = list(map(figure, periods["first_day"], periods["last_day"]))
    ago = list(map(figure, periods["year_ago_first_day"], periods["year_ago_last_day"]))
    values = periods[["kind", "first_day", "last_day"]].assign(value=value, year_ago=ago)
    values["value"] = values["value"].where(values["last_day"] <= pd.Timestamp(week_end))
    return values.set_index(["kind", "first_day", "last_day"]).sort_index()


def nine_boxes(values: pd.DataFrame, change: Change = "percent") -> pd.Series:
    """Give the row of nine figures that a weekly business review prints.

    Parameters
    ----------
    values : DataFrame
        What `period_values` gives, or arithmetic on several of them.
    change : {"percent", "basis_points"}
        Changes are 100 (now / base - 1), or 10,000 (now - base) for ratios.

    Returns
    -------
    Series
        ``last_week``, ``week_on_week``, ``year_on_year``, then ``month_to_date`` and
        ``month_to_date_year_on_year``, the same for quarter and year. A change is NaN ("n/a", never 0)
        where one side has no data, and in percent where the base is 0 or negative.

    Raises
    ------
    UsageError
        Another unit of change.

    Examples
    --------
    >>> days = pd.date_range("2025-01-06", "2026-01-18")
    >>> daily = pd.DataFrame({"day": days, "x": [4] * 371 + [5] * 7})
    >>> nine_boxes(period_values(daily, dt.date(2026, 1, 18))).iloc[:4].to_list()
    [35.0, 25.0, 25.0, 79.0]
    """
    _one_of("change", change, get_args(Change))
    values = values.replace([np.inf, -np.inf], np.nan)
    weeks = values.loc["week"]
    now, ago = weeks.iloc[-1][["value", "year_ago"]]
    boxes = {"last_week": now, "week_on_week": _changed(now, weeks["value"].iloc[-2], change)}
    boxes["year_on_year"] = _changed(now, ago, change)
    for kind in _TO_DATE:
        now, ago = values.loc[kind].iloc[0][["value", "year_ago"]]
        boxes |= {kind: now, f"{kind}_year_on_year": _changed(now, ago, change)}
    return pd.Series(boxes, dtype=float, name=change)


def _changed(now: float, base: float, change: Change) -> float:
    if change == "basis_points":
        return (now - base) * 10_000
    return (now / base - 1) * 100 if base > 0 else np.nan


def _one_of(name: str, found: object, known: Sequence[object]) -> None:
    if found not in known:
        raise UsageError(name, f"one of {', '.join(map(str, known))}", repr(found), "Choose one of them.")


def _review_periods(week_end: dt.date, fiscal_year_end_month: int, months: Months) -> pd.DataFrame:
    if not isinstance(week_end, dt.date) or pd.isna(week_end):
        raise UsageError("week_end", "a date", repr(week_end), "Give the last day of the week.")
    _one_of("fiscal_year_end_month", fiscal_year_end_month, range(1, 13))
    _one_of("months", months, get_args(Months))
    end = pd.Timestamp(week_end).normalize()
    this_month = end.replace(day=1)
    months_gone = (end.month - fiscal_year_end_month - 1) % 12
    year = this_month - pd.DateOffset(months=months_gone)
    quarter = this_month - pd.DateOffset(months=months_gone % 3)
    trailing = (end + pd.Timedelta(days=1)).replace(day=1) - _YEAR
    firsts = pd.date_range(year if months == "fiscal_year" else trailing, periods=12, freq="MS")
    ends = pd.date_range(end=end, periods=6, freq="7D")
    week = _periods("week", ends - pd.DateOffset(days=6), ends, pd.DateOffset(days=364))
    month = _periods("month", firsts, firsts + _MONTH_END, _YEAR)
    month["year_ago_last_day"] = month["year_ago_first_day"] + _MONTH_END
    to_date = _periods(_TO_DATE, pd.DatetimeIndex([this_month, quarter, year]), end, _YEAR)
    return pd.concat([week, month, to_date], ignore_index=True)


def _periods(
    kind: str | list[str], first: pd.DatetimeIndex, last: pd.DatetimeIndex | pd.Timestamp, year: pd.DateOffset
) -> pd.DataFrame:
    days = pd.DataFrame({"kind": kind, "first_day": first, "last_day": last})
    return days.assign(year_ago_first_day=first - year, year_ago_last_day=last - year)


def _facts(daily: pd.DataFrame) -> pd.DataFrame:
    if not {"day", "x"} <= set(daily):
        raise DataError("daily", "columns day and x", ", ".join(map(str, daily)), "Rename the columns.")
    given = daily[[name for name in ("x", "n") if name in daily]]
    numbers = given.apply(pd.to_numeric, errors="coerce").astype(float)
    wrong = np.isinf(numbers) | (numbers.isna() & given.notna()) | (numbers < 0).assign(x=False)
    days = pd.to_datetime(daily["day"].astype(str), format="ISO8601", errors="coerce")
    rows = daily[wrong.any(axis=1) | days.isna()].to_dict("records")
    if rows:
        raise DataError("daily", "a day, finite x, n of 0 or more", str(rows[0]), "Correct or drop the row.")
    numbers.index = pd.DatetimeIndex(days).tz_localize(None).normalize()
    return numbers.dropna().sort_index(kind="stable")
