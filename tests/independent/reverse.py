"""Returns and trade-ins once more, in plain pandas: it shares nothing with facts and cube."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from tallysheet.settings import Rules

RULES = Rules()
Tables = dict[str, pd.DataFrame]


def _in_week(times: pd.Series, monday: pd.Timestamp, seen_at: pd.Timestamp) -> pd.Series:
    return (times >= monday) & (times < monday + pd.Timedelta(days=7)) & (times <= seen_at)


def _cases(tables: Tables, kind: str) -> pd.DataFrame:
    cases = tables["reverse_cases"]
    return cases[cases["case_type"] == kind].set_index("case_id")


def _within(later: pd.Series, earlier: pd.Series, days: int) -> pd.Series:
    return (later.dt.normalize() - earlier.dt.normalize()) <= pd.Timedelta(days=days)


def return_rate(tables: Tables, monday: pd.Timestamp, seen_at: pd.Timestamp) -> float:
    """For each order delivered, look for its first return after it."""
    sent = tables["shipments"].query("flow == 'outbound'").dropna(subset=["order_id"])
    delivered = sent.loc[_in_week(sent["delivered_at"], monday, seen_at), ["order_id", "delivered_at"]]
    asked = _cases(tables, "return")[["order_id", "requested_at"]]
    asked = asked[asked["requested_at"] <= seen_at]
    both = delivered.reset_index(names="parcel").merge(asked, on="order_id")
    both = both[both["requested_at"] >= both["delivered_at"]]
    back = both[_within(both["requested_at"], both["delivered_at"], RULES.return_days)]
    return back["parcel"].nunique() / len(delivered)


def _median(days: pd.Series, ended: pd.Series) -> float:
    """Walk along the days in order, and let the share that is left shrink at each end."""
    left, waiting = 1.0, len(days)
    for day, over in sorted(zip(days, ~ended, strict=True)):
        if not over:
            left *= 1 - 1 / waiting
            if left <= 0.5:
                return float(day)
        waiting -= 1
    return np.nan


def return_cycle_days(tables: Tables, monday: pd.Timestamp, seen_at: pd.Timestamp) -> float:
    """Kaplan and Meier's median, case by case, without those whose label lapsed or that were closed."""
    cases = _cases(tables, "return")
    cases = cases[_in_week(cases["requested_at"], monday, seen_at)]
    paid = cases["paid_out_at"] <= seen_at
    moving = (cases["dropped_off_at"] <= seen_at) | (cases["received_at"] <= seen_at)
    last_day = cases["label_issued_at"].dt.normalize() + pd.Timedelta(days=RULES.return_drop_days)
    hopeful = ~(last_day < seen_at.normalize())
    kept = paid | ((moving | hopeful) & ~(cases["closed_at"] <= seen_at))
    end = cases["paid_out_at"].where(paid, seen_at)
    days = (end - cases["requested_at"]) / pd.Timedelta(days=1)
    return _median(days[kept], paid[kept])


def _dropped(cases: pd.DataFrame, start: str, days: int, seen_at: pd.Timestamp) -> float:
    dropped = cases["dropped_off_at"].where(cases["dropped_off_at"] <= seen_at)
    return float(_within(dropped, cases[start], days).mean())


def return_drop_off(tables: Tables, monday: pd.Timestamp, seen_at: pd.Timestamp) -> float:
    """Of the labels of the week, those dropped off in time."""
    cases = _cases(tables, "return")
    cases = cases[_in_week(cases["label_issued_at"], monday, seen_at)]
    return _dropped(cases, "label_issued_at", RULES.return_drop_days, seen_at)


def trade_in_drop_off(tables: Tables, monday: pd.Timestamp, seen_at: pd.Timestamp) -> float:
    """Of the offers of the week, those whose device was dropped off in time."""
    cases = _cases(tables, "trade_in")
    cases = cases[_in_week(cases["requested_at"], monday, seen_at)]
    return _dropped(cases, "requested_at", RULES.trade_in_drop_days, seen_at)


def trade_in_cycle_days(tables: Tables, monday: pd.Timestamp, seen_at: pd.Timestamp) -> float:
    """Kaplan and Meier's median, case by case."""
    cases = _cases(tables, "trade_in")
    cases = cases[_in_week(cases["dropped_off_at"], monday, seen_at)]
    paid = cases["paid_out_at"] <= seen_at
    kept = paid | ~(cases["closed_at"] <= seen_at)
    end = cases["paid_out_at"].where(paid, seen_at)
    days = (end - cases["dropped_off_at"]) / pd.Timedelta(days=1)
    return _median(days[kept], paid[kept])


def counter_offer_rate(tables: Tables, monday: pd.Timestamp, seen_at: pd.Timestamp) -> float:
    """Of the devices examined, those that a lower offer was made for."""
    cases = _cases(tables, "trade_in")
    cases = cases[_in_week(cases["graded_at"], monday, seen_at)]
    return float((cases["counter_offer_at"] <= seen_at).mean())


INDEPENDENT: dict[str, Callable[[Tables, pd.Timestamp, pd.Timestamp], float]] = {
    "return_rate": return_rate,
    "return_cycle_days": return_cycle_days,
    "return_drop_off": return_drop_off,
    "trade_in_drop_off": trade_in_drop_off,
    "trade_in_cycle_days": trade_in_cycle_days,
    "counter_offer_rate": counter_offer_rate,
}
