"""Whom to call about BackShip: what a label is worth, carefully, and which sellers in what order."""

from __future__ import annotations

import datetime as dt
import math
from functools import cache

import numpy as np
import pandas as pd

from tallysheet.calendar_effects import peak_week
from tallysheet.duties import adoption, adoption_steps
from tallysheet.duties.adoption_worth import (
    NEAR,
    RECENT_WEEKS,
    chances,
    own_is_better,
    own_on_time,
    worth,
)
from tallysheet.duties.known import newest
from tallysheet.limits import Numbers
from tallysheet.week import Week
from tallysheet.weeks import IsoWeek, workdays

LISTS = ("backship_parcels", "backship_steps", "backship_weeks")
"""What the list of sellers is made of; without invoices it knows no money."""
GROUPS = ("convert", "deepen", "rescue", "leave")
EFFORT_EUROS = {"convert": 40.0, "deepen": 10.0, "rescue": 20.0, "leave": 0.0}
"""What the team spends on a seller: an assumption, to be replaced by its own hours."""
WEEKS = 52
"""What a seller brings is counted for so long."""
_PEAK, _A_DAY, _INVITED_DAYS = ("black friday", "week after"), 4, 14
_UNLIKELY = 0.05


def listed(week: Week) -> pd.DataFrame:
    """List sellers by group, the most worth first.

    Worth of a seller: eligible orders a week x (what users usually send by BackShip - its own share) x what a
    label is worth, carefully, x the chance that it follows within 26 weeks, over 52 weeks, less the effort.
    Where that is not known, the orders that it may bring decide, after those whose worth is known.

    Returns
    -------
    DataFrame
        seller, country, group, reason (key of words), argument (key), owner (key), orders_week and share (of
        the last eight weeks), usual, chance (NaN: not known), more (orders a week that it may bring), euros
        (NaN: not known), parcels_n (eligible parcels behind it), weeks (since the invitation or the last
        label), late (share of its last labels handed over late), own_on_time, next_on, quiet_from, quiet_to.
        Sellers that send as much as usual are left out. It is of the newest week: who has stopped is known
        today, whatever week the page is of.
    """
    week = newest(week)
    sellers = _recent(week)
    usual = _usual(sellers)
    sellers["group"] = _groups(sellers, usual)
    sellers = sellers[sellers["group"] != ""]
    sellers = sellers.assign(usual=usual, chance=chances(week, sellers, usual), **_traits(week, sellers))
    sellers = sellers.assign(**_gain(week, sellers, usual))
    better = sellers["own_is_better"] & (sellers["group"] != "rescue")
    small = sellers["euros"] <= 0
    unlikely = (small | sellers["euros"].isna()) & (sellers["chance"] < _UNLIKELY)
    is_new, is_low = (sellers["group"] == name for name in ("convert", "deepen"))
    paused = sellers["backship_status"] == "paused"
    sellers["reason"] = np.select(
        [better, unlikely, small, is_new, is_low, sellers["late_first"], paused],
        ["own_better", "unlikely", "too_small", _invited(sellers), "deepen", "rescue_late", "paused"],
        "rescue",
    )
    sellers.loc[better | unlikely | small, "group"] = "leave"
    sellers["argument"] = _arguments(week, sellers)
    sellers["owner"] = np.select(
        [sellers["group"] == "leave", sellers["reason"] == "rescue_late"], ["nobody", "logistics"], "account"
    )
    order = sellers["group"].map({name: place for place, name in enumerate(GROUPS)})
    found = _most_first(sellers.assign(order=order), "order")
    return _dated(week, found).drop(columns=["order", "own_is_better", "late_first"]).reset_index(drop=True)


def _gain(week: Week, sellers: pd.DataFrame, usual: float) -> dict[str, pd.Series]:
    """Give the orders a week that each seller may bring, and what it is worth in a year, less the effort."""
    # Most of a label's worth is what it saves: where that is not known, the rest alone would say too little.
    saves = adoption.standing(week)["known"].get("cost", "unknown") != "unknown"
    label = float(worth(week)["counted"].sum()) if saves else math.nan
    is_known = sellers["chance"].notna() & (not math.isnan(usual))
    # A factor that is not known is left out: it is the same for all, or nearly so.
    up_to, chance = 1.0 if math.isnan(usual) else usual, sellers["chance"].fillna(1.0)
    # Who is paused or has given up sends nothing now, whatever it did in the last eight weeks.
    now = sellers["share"].where(sellers["group"] != "rescue", 0.0)
    more = sellers["orders_week"] * (up_to - now).clip(lower=0) * chance
    euros = more.where(is_known) * label * WEEKS - sellers["group"].map(EFFORT_EUROS)
    return {"more": more, "euros": euros}


def _most_first(sellers: pd.DataFrame, *before: str) -> pd.DataFrame:
    """Sort by what sellers may bring; those whose worth is not known follow, by their orders."""
    keys = [*before, "euros", "more", "orders_week", "seller"]
    return sellers.sort_values(keys, ascending=[name in (*before, "seller") for name in keys])


def since_last_week(week: Week) -> tuple[int, int]:
    """Count sellers that sent their first label in the week, and those that came back after four without."""
    sellers, weekly = adoption_steps.progress(week), adoption_steps.activity(week)
    first_day, last_day = pd.Timestamp(week.week.monday), pd.Timestamp(week.week.sunday)
    began = sellers["first_label_on"].between(first_day, last_day)
    used = weekly[weekly["backship_n"] > 0]
    now = set(used.loc[used["monday"] == first_day, "seller"])
    before = used[used["monday"] < first_day]
    recent = before[before["monday"] >= first_day - pd.Timedelta(weeks=4)]
    back = (now & set(before["seller"])) - set(recent["seller"])
    return int(began.sum()), len(back)


def _recent(week: Week) -> pd.DataFrame:
    """Give each seller on its way with its orders and share of the last weeks."""
    sellers, weekly = adoption_steps.progress(week), adoption_steps.activity(week)
    today, last = pd.Timestamp(week.cube.as_of.date()), pd.Timestamp(week.week.monday)
    recent = weekly[weekly["monday"] > last - pd.Timedelta(weeks=RECENT_WEEKS)]
    sums = recent.groupby("seller")[["eligible_n", "backship_n"]].sum().reindex(sellers["seller"]).fillna(0)
    orders, sent = (sums[name].to_numpy(float) for name in ("eligible_n", "backship_n"))
    half_year = weekly[weekly["monday"] > last - pd.Timedelta(weeks=26)]
    behind = half_year.groupby("seller")["eligible_n"].sum().reindex(sellers["seller"]).fillna(0)
    since = sellers["last_label_on"].fillna(sellers["invited_on"])
    found = sellers.assign(
        orders_week=orders / RECENT_WEEKS,
        share=np.divide(sent, orders, out=np.zeros_like(orders), where=orders > 0),
        parcels_n=behind.to_numpy(int),
        weeks=((today - since).dt.days // 7).to_numpy(float),
    )
    return found[found["orders_week"] > 0].reset_index(drop=True)


def _usual(sellers: pd.DataFrame) -> float:
    """Give what users send by BackShip: the middle of those who have the habit and still use it."""
    users = sellers[sellers["habitual_on"].notna() & (sellers["share"] > 0)]
    return float(users["share"].median()) if len(users) else math.nan


def _groups(sellers: pd.DataFrame, usual: float) -> Numbers:
    used = sellers["labels_n"] > 0
    gone = used & (sellers["lapsed"] | (sellers["backship_status"] == "paused"))
    low = used & ~gone & (sellers["share"] < usual - NEAR)
    return np.select([gone, low, ~used], ["rescue", "deepen", "convert"], "")


def _invited(sellers: pd.DataFrame) -> Numbers:
    return np.where(sellers["invited_on"].notna(), "invited", "never_invited")


def _traits(week: Week, sellers: pd.DataFrame) -> dict[str, Numbers]:
    """Give what speaks for and against: own share on time, late last labels, an own label that is better."""
    weekly, last = adoption_steps.activity(week), pd.Timestamp(week.week.monday)
    used = weekly[(weekly["backship_n"] > 0) & (weekly["monday"] > last - pd.Timedelta(weeks=52))]
    usual_late = float(used["late_n"].sum()) / max(float(used["backship_n"].sum()), 1.0)
    tail = used.sort_values("monday").groupby("seller").tail(RECENT_WEEKS).groupby("seller")
    late = tail[["late_n", "backship_n"]].sum()
    late_share = (late["late_n"] / late["backship_n"]).reindex(sellers["seller"]).to_numpy(float)
    return {
        "late": late_share,
        "late_first": (late_share > 2 * usual_late) & (sellers["labels_n"].to_numpy() >= 10),
        "own_on_time": own_on_time(week).reindex(sellers["seller"]).to_numpy(float),
        "own_is_better": sellers["seller"].map(own_is_better(week)).fillna(False).to_numpy(bool),
    }


def _arguments(week: Week, sellers: pd.DataFrame) -> Numbers:
    """Choose what speaks most for it: what a seller lacks, among what is proven to help."""
    shows = adoption.standing(week)["shows"]
    helps = {name: shows.get(name) == "good" for name in ("on_time", "cost")}
    slow = (sellers["own_on_time"] < sellers["own_on_time"].median()) & helps["on_time"]
    return np.select(
        [
            sellers["group"] == "leave",
            sellers["reason"] == "rescue_late",
            slow,
            pd.Series(helps["cost"], sellers.index),
        ],
        ["none", "pick_ups", "on_time", "saving"],
        "on_time" if helps["on_time"] else "unproven",
    )


def _dated(week: Week, found: pd.DataFrame) -> pd.DataFrame:
    """Give each seller a day for its call: four a day, on its country's working days, not in a quiet time.

    Quiet are the weeks of Black Friday and, for one just invited, fourteen days.
    """
    today = week.cube.as_of.date()
    peak = _next_peak(IsoWeek.of(today))
    invited = pd.to_datetime(found["invited_on"]).fillna(pd.Timestamp(0)).dt.date
    ends = [since + dt.timedelta(days=_INVITED_DAYS) for since in invited]
    is_fresh = [group == "convert" and end > today for group, end in zip(found["group"], ends, strict=True)]
    quiet = [(today, end) if fresh else peak for end, fresh in zip(ends, is_fresh, strict=True)]
    # The most worth is called first, whatever its group.
    called = _most_first(found[found["group"] != "leave"])["seller"]
    number = {seller: place // _A_DAY + 1 for place, seller in enumerate(called)}
    days = [
        _working_day(str(country), today, number[seller], (own, peak)) if seller in number else None
        for country, seller, own in zip(found["country"], found["seller"], quiet, strict=True)
    ]
    first, last = ([one[end] for one in quiet] for end in (0, 1))
    return found.assign(next_on=pd.Series(days, found.index, dtype=object), quiet_from=first, quiet_to=last)


def _next_peak(week: IsoWeek) -> tuple[dt.date, dt.date]:
    """Give the first and last day of the Black Friday weeks that are on, or come next."""
    ahead = [week.shift(step) for step in range(60)]
    first = next(one for one in ahead if peak_week(one) in _PEAK)
    last = first.shift(1) if peak_week(first.shift(1)) in _PEAK else first
    return first.monday, last.sunday


@cache
def _days(country: str, first: dt.date) -> list[dt.date]:
    days = workdays(country, first, first + dt.timedelta(days=250))
    return [one for one, is_workday in zip(days["day"], days["is_workday"], strict=True) if is_workday]


def _working_day(
    country: str, today: dt.date, number: int, quiet: tuple[tuple[dt.date, dt.date], ...]
) -> dt.date:
    """Give the so-manieth working day from tomorrow on that lies in no quiet time."""
    free = [
        day
        for day in _days(country, today + dt.timedelta(days=1))
        if not any(first <= day <= last for first, last in quiet)
    ]
    return free[min(number, len(free)) - 1]
