"""The way to BackShip: how far sellers come, how soon, and who stays; what is still open is not over."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tallysheet.durations import curve_with_interval, logrank, quantile, survival
from tallysheet.duties.known import newest, rows
from tallysheet.limits import Numbers
from tallysheet.week import Week
from tallysheet.weeks import IsoWeek

STEPS = ("eligible", "invited", "accepted", "first_label", "first_scan", "tenth_label", "habitual")
"""From the first to the last; terms accepted is what the sellers' table calls activated."""
_WINDOW = {"invited": 0, "first_label": 14, "first_scan": 14, "tenth_label": 56, "habitual": 84}
"""Days that a step may take from the one before; those to the terms are the team's rule."""
HABIT_SHARE, HABIT_WEEKS, _HABIT_ORDERS = 0.5, 4, 4
"""Habitual: so much of the eligible orders of so many weeks running, and at least so many orders."""
_COHORT = {"first_label": 28, "tenth_label": 84, "habitual": 182}
"""Days from the invitation by which cohorts are compared."""
_SOON_DAYS = 84
"""Days in which campaigns are compared: in the end as many may begin, however long it took them."""
AGES = 12
"""Periods of four weeks since the first label that the triangle has."""


def progress(week: Week) -> pd.DataFrame:
    """Give each seller that BackShip is or was open to, with the day of each step.

    Returns
    -------
    DataFrame
        seller, country, size_band, backship_status, invited_by, labels_n, last_label_on, paused_on, the days
        ``<step>_on`` of `STEPS` (NaT: not taken), and lapsed: it has used BackShip, has had eligible orders
        in the last four weeks, and sent none of them with it.
    """
    found = rows(week, "backship_steps")
    found = found[found["eligible_on"].notna() | (found["labels_n"] > 0)]
    weekly = activity(week)
    found = found.assign(habitual_on=_habitual(weekly).reindex(found["seller"]).to_numpy())
    for name in found.columns[found.columns.str.endswith("_on")]:
        found[name] = pd.to_datetime(found[name])
    last = weekly[weekly["monday"] > pd.Timestamp(week.week.monday) - pd.Timedelta(weeks=HABIT_WEEKS)]
    recent = last.groupby("seller")[["eligible_n", "backship_n"]].sum().reindex(found["seller"]).fillna(0)
    idle = (recent["eligible_n"] > 0) & (recent["backship_n"] == 0)
    return found.assign(lapsed=(idle.to_numpy() & (found["labels_n"] > 0)).tolist()).reset_index(drop=True)


def activity(week: Week) -> pd.DataFrame:
    """Give each seller's weeks: seller, monday, eligible_n, backship_n, late_n."""
    found = rows(week, "backship_weeks")
    mondays = {one: pd.Timestamp(IsoWeek.parse(one).monday) for one in found["week"].unique()}
    return found.assign(monday=found["week"].map(mondays))


def _habitual(weekly: pd.DataFrame) -> pd.Series:
    """Give the Sunday that ended the first weeks in which a seller had the habit."""
    if weekly.empty:
        return pd.Series(dtype="datetime64[ns]")
    table = weekly.pivot_table(
        index="monday", columns="seller", values=["eligible_n", "backship_n"], aggfunc="sum", fill_value=0
    )
    table = table.reindex(
        pd.date_range(weekly["monday"].min(), weekly["monday"].max(), freq="7D"), fill_value=0
    )
    sums = table.rolling(HABIT_WEEKS).sum()
    orders, sent = (sums[[name]].droplevel(0, axis=1) for name in ("eligible_n", "backship_n"))
    has = (orders >= _HABIT_ORDERS) & (sent >= HABIT_SHARE * orders)
    return pd.to_datetime(has.idxmax()[has.any()]) + pd.Timedelta(days=6)


def funnel(week: Week) -> pd.DataFrame:
    """Say how many take each step, and what share does so in time of those whose time is over.

    Returns
    -------
    DataFrame
        step, reached_n, days (the time for it; 0: none is set), due_n (took the step before so long ago),
        in_time_n, open_n (their time is still running). The last row, ``lapsed``: of those with a label,
        those who use it no more.
    """
    sellers, today = progress(newest(week)), pd.Timestamp(week.cube.as_of.date())
    windows = _WINDOW | {"accepted": week.settings.rules.activation_days}
    made = []
    for before, step in zip((None, *STEPS), STEPS, strict=False):
        day = sellers[f"{step}_on"]
        if before is None or not windows[step]:
            made.append((step, int(day.notna().sum()), 0, math.nan, math.nan, 0))
            continue
        start = sellers[f"{before}_on"]
        due = start + pd.Timedelta(days=windows[step]) < today
        in_time = day.notna() & start.notna() & (day - start <= pd.Timedelta(days=windows[step]))
        running = start.notna() & ~due & ~in_time
        made.append(
            (
                step,
                int(day.notna().sum()),
                windows[step],
                int(due.sum()),
                int((due & in_time).sum()),
                int(running.sum()),
            )
        )
    users = int((sellers["labels_n"] > 0).sum())
    made.append(("lapsed", int(sellers["lapsed"].sum()), 0, users, int(sellers["lapsed"].sum()), 0))
    return pd.DataFrame(made, columns=["step", "reached_n", "days", "due_n", "in_time_n", "open_n"])


def cohorts(week: Week) -> pd.DataFrame:
    """Say how far sellers had come so long after their invitation, by its quarter.

    Returns
    -------
    DataFrame
        cohort, invited_n, and for first_label (28 days), tenth_label (84) and habitual (182): the share of
        those invited so long ago (NaN: none yet), and ``<step>_open``: how many are still within that time.
    """
    sellers, today = progress(newest(week)), pd.Timestamp(week.cube.as_of.date())
    invited = sellers[sellers["invited_on"].notna()]
    quarter = invited["invited_on"].dt.to_period("Q").astype(str)
    made = []
    for name, part in invited.groupby(quarter):
        line: dict[str, object] = {"cohort": name, "invited_n": len(part)}
        for step, days in _COHORT.items():
            due = part["invited_on"] + pd.Timedelta(days=days) < today
            done = part[f"{step}_on"] - part["invited_on"] <= pd.Timedelta(days=days)
            line |= {
                step: float(done[due].mean()) if due.any() else math.nan,
                f"{step}_open": int((~due).sum()),
            }
        made.append(line)
    return pd.DataFrame(made, columns=["cohort", "invited_n", *_names(_COHORT)])


def _names(steps: dict[str, int]) -> list[str]:
    return [name for step in steps for name in (step, f"{step}_open")]


def retention(week: Week) -> pd.DataFrame:
    """Say which share of sellers still sends with BackShip, by the quarter and the age of their first label.

    Returns
    -------
    DataFrame
        cohort, users_n, age (period of four weeks since the first label, from 1), due_n (sellers whose
        period is over), active_n (of them, with an order sent by BackShip in it). A cell is whole if due_n is
        users_n.
    """
    week = newest(week)
    sellers, weekly = progress(week), activity(week)
    began = sellers.set_index("seller")["first_label_on"].dropna()
    monday = began - pd.to_timedelta(began.dt.day_of_week, unit="D")
    used = weekly[weekly["backship_n"] > 0].join(monday.rename("began"), on="seller", how="inner")
    age = (used["monday"] - used["began"]).dt.days // 28 + 1
    active = set(zip(used["seller"], age, strict=True))
    quarter = began.dt.to_period("Q").astype(str)
    made = []
    for name in sorted(quarter.unique()):
        theirs = quarter.index[quarter == name]
        for number in range(1, AGES + 1):
            over = monday[theirs] + pd.Timedelta(days=28 * number) <= pd.Timestamp(
                week.week.sunday
            ) + pd.Timedelta(days=1)
            due = list(theirs[over])
            made.append((name, len(theirs), number, len(due), sum((one, number) in active for one in due)))
    return pd.DataFrame(made, columns=["cohort", "users_n", "age", "due_n", "active_n"])


@dataclass(frozen=True)
class Times:
    """How long it takes from the invitation to the first label, those who still wait counted.

    Parameters
    ----------
    groups : DataFrame
        campaign (empty: all), invited_n, started_n, median (days; NaN: not half of them), by_28, by_84 (share
        that has started) with low_84 and high_84 (95 %).
    p : float
        Probability of such differences between campaigns in the first 84 days if there is none (log-rank).
    curve : DataFrame
        length, survival, low, high: of all.
    """

    groups: pd.DataFrame
    p: float
    curve: pd.DataFrame


def times(week: Week) -> Times:
    """Estimate by Kaplan and Meier how soon an invitation leads to a first label, by campaign."""
    sellers, today = progress(newest(week)), pd.Timestamp(week.cube.as_of.date())
    invited = sellers[sellers["invited_on"].notna()]
    has = invited["first_label_on"].notna()
    days = (invited["first_label_on"].where(has, today) - invited["invited_on"]).dt.days.clip(lower=0)
    size = int(days.max()) + 1 if len(days) else 1
    names = sorted(invited["invited_by"].fillna("").unique())
    parts = {name: (invited["invited_by"].fillna("") == name).to_numpy() for name in names}
    every = {"": np.ones(len(invited), dtype=bool)} | parts
    ended = {name: _by_day(days[mask & has.to_numpy()], size) for name, mask in every.items()}
    open_ = {name: _by_day(days[mask & ~has.to_numpy()], size) for name, mask in every.items()}
    named = [name for name in names if name]
    begun = [_soon(ended[name], open_[name]) for name in named]
    p = logrank([sides[0] for sides in begun], [sides[1] for sides in begun]) if named else math.nan
    groups = pd.DataFrame([_time(name, ended[name], open_[name]) for name in ("", *named)])
    curve = curve_with_interval(ended[""], open_[""], np.arange(size, dtype=float))
    return Times(groups, p, curve)


def _by_day(days: pd.Series, size: int) -> Numbers:
    return np.bincount(days.to_numpy(int), minlength=size).astype(float)


def _soon(ended: Numbers, open_: Numbers) -> tuple[Numbers, Numbers]:
    """Look at the first days alone: who begins after them still waits at their end."""
    first, waiting = ended[: _SOON_DAYS + 1], open_[: _SOON_DAYS + 1].copy()
    waiting[-1] += (ended + open_)[_SOON_DAYS + 1 :].sum()
    return first, waiting


def _time(name: str, ended: Numbers, open_: Numbers) -> dict[str, object]:
    size = len(ended)
    curve, lengths = survival(ended, open_), np.arange(size, dtype=float)
    known = curve_with_interval(ended, open_, lengths) if ended.sum() else None
    by_84 = known[known["length"] <= _SOON_DAYS] if known is not None else pd.DataFrame()
    last = by_84.iloc[-1] if len(by_84) else {"low": math.nan, "high": math.nan}
    return {
        "campaign": name,
        "invited_n": int(ended.sum() + open_.sum()),
        "started_n": int(ended.sum()),
        "median": float(quantile(curve, lengths, 0.5)),
        "by_28": float(1 - curve[min(28, size - 1)]),
        "by_84": float(1 - curve[min(_SOON_DAYS, size - 1)]),
        "low_84": 1 - float(last["high"]),
        "high_84": 1 - float(last["low"]),
    }
