"""A KPI over the periods of a weekly business review: six weeks, twelve months, and to date."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from tallysheet.boxes import nine_boxes, period_values
from tallysheet.comparison import Explanation
from tallysheet.kpi import SHARES, Kpi
from tallysheet.kpis import kpi
from tallysheet.review import Review
from tallysheet.targets import target_of
from tallysheet.values import pairs, weekly_values
from tallysheet.weeks import IsoWeek

TO_DATE = ("month_to_date", "quarter_to_date", "year_to_date")
LEAST_FINAL = 0.9
"""A change to date is given once so much of the period's days is final: new days may be far from it."""


def daily_sides(review: Review, slug: str) -> pd.DataFrame:
    """Give a KPI by day, as known now: the days that three calendar years of periods need.

    Returns
    -------
    DataFrame
        ``day``, ``x`` and, of a ratio, ``n``: one row a day from the first with data up to the week's
        Sunday or the last that the data covers; a day without a row is 0. Of a state ``x`` is its value as
        each day ended.
    """
    one, cube = kpi(slug), review.cube
    last = min(review.week.sunday, cube.last_day)
    first = dt.date(review.week.sunday.year - 2, 1, 1)
    found = cube.remembered(
        "daily",
        [slug, str(first), str(last)],
        lambda: (
            pairs({fact: cube.daily(fact, first, last) for fact in one.measures()}, one, ["week"])
            .rename_axis("day")
            .reset_index()
        ),
    ).set_index("day")
    if found.empty:
        return pd.DataFrame({"day": pd.DatetimeIndex([]), "x": [], "n": []})
    days = pd.date_range(found.index.min(), last)
    sides = found.reindex(days.strftime("%Y-%m-%d"), fill_value=0.0)
    if one.method == "snapshot":
        return pd.DataFrame({"day": days, "x": weekly_values(sides, one).to_numpy()})
    kept = ["x", "n"] if one.denominator else ["x"]
    return sides[kept].set_index(days).rename_axis("day").reset_index()


def periods_of(review: Review, slug: str) -> pd.DataFrame:
    """Give a KPI over the periods that `period_values` lists, as known now.

    Returns
    -------
    DataFrame
        ``value``, ``year_ago`` (NaN where the data does not cover a period wholly), ``final``, the share of
        the period's days that are as old as the KPI's maturity, and ``target``, that of its last week, NaN if
        there is none; by kind, first and last day. Without rows for a KPI that does not add up over days.
    """
    one = kpi(slug)
    daily = daily_sides(review, slug) if one.is_additive else pd.DataFrame()
    if daily.empty:
        return pd.DataFrame(columns=["value", "year_ago", "final", "target"])
    values = period_values(
        daily,
        review.week.sunday,
        aggregate="last" if one.method == "snapshot" else "sum",
        least_days_share=1.0,
    )
    # A day is final once it has been over for as long as the KPI takes to ripen.
    until = pd.Timestamp(review.cube.as_of) - pd.Timedelta(days=one.maturity_days)
    spans = values.index.to_frame()
    days = (spans["last_day"] - spans["first_day"]).dt.days + 1
    final_days = (until - spans["first_day"]).dt.days
    targets = [target_of(review.targets, one, IsoWeek.of(day.date())) for day in spans["last_day"]]
    return values.assign(
        final=(final_days / days).clip(0.0, 1.0),
        target=[np.nan if target is None else target.target for target in targets],
    )


def boxes_of(periods: pd.DataFrame, explanation: Explanation, year_ago: float) -> pd.Series:
    """Give the nine boxes of a KPI.

    Parameters
    ----------
    periods : DataFrame
        As `periods_of` gives them.
    explanation : Explanation
        The week and the one before, as old as each other.
    year_ago : float
        The week of 364 days earlier, at that age; NaN where there is none.

    Returns
    -------
    Series
        As `nine_boxes` gives it, changes of ratios in the KPI's own unit, others in percent. The week is
        compared with weeks of its own age. A period to date is as known now, and its change NaN until nine
        in ten of its days are final.
    """
    compared = periods.copy()
    before, now = compared.loc[["week"]].index[-2:]
    if not np.isnan(compared.loc[now, "value"]):
        compared.loc[now, ["value", "year_ago"]] = explanation.value_now, year_ago
        compared.loc[before, "value"] = explanation.value_previous
    is_share = in_points(explanation.kpi)
    boxes = nine_boxes(compared, "basis_points" if is_share else "percent")
    changes = [name for name in boxes.index if name.endswith(("_on_week", "_on_year"))]
    if is_share:
        boxes[changes] /= 10_000
    for kind in TO_DATE:
        if periods.loc[kind].iloc[0]["final"] < LEAST_FINAL:
            boxes[f"{kind}_year_on_year"] = np.nan
    return boxes


def in_points(one: Kpi) -> bool:
    """Tell whether its changes are differences in its own unit, as of shares; others are in percent."""
    return one.unit in (*SHARES, "rate")
