"""Customer Care's KPIs once more, in plain pandas: it shares nothing with facts and cube."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from tallysheet.settings import Rules

REPEAT = pd.Timedelta(days=Rules().repeat_days)
Tables = dict[str, pd.DataFrame]


def _in_week(times: pd.Series, monday: pd.Timestamp, seen_at: pd.Timestamp) -> pd.Series:
    return (times >= monday) & (times < monday + pd.Timedelta(days=7)) & (times <= seen_at)


def _contacts(tables: Tables, seen_at: pd.Timestamp) -> pd.DataFrame:
    contacts = tables["care_contacts"]
    return contacts[contacts["opened_at"] <= seen_at].copy()


def contact_rate(tables: Tables, monday: pd.Timestamp, seen_at: pd.Timestamp) -> float:
    """Look up when the order of each contact was paid."""
    orders, contacts = tables["orders"], _contacts(tables, seen_at)
    paid = orders.drop_duplicates("order_id").set_index("order_id")["paid_at"]
    counted = contacts["order_id"].map(paid).where(contacts["order_id"].notna(), contacts["opened_at"])
    sold = orders[_in_week(orders["paid_at"], monday, seen_at)]["order_id"].nunique()
    return _in_week(counted, monday, seen_at).sum() / sold


def _last_parcels(tables: Tables, contacts: pd.DataFrame) -> pd.DataFrame:
    """Put beside each contact that names an order the parcel scanned last before it, if there is one."""
    scanned = tables["shipments"].dropna(subset=["order_id", "first_scan_at"]).sort_values("first_scan_at")
    asking = contacts.dropna(subset=["order_id"]).sort_values("opened_at")
    return pd.merge_asof(
        asking,
        scanned[["order_id", "first_scan_at", "promised_at"]],
        left_on="opened_at",
        right_on="first_scan_at",
        by="order_id",
    )


def _per_parcel(tables: Tables, asking: pd.DataFrame, monday: pd.Timestamp, seen_at: pd.Timestamp) -> float:
    about = _last_parcels(tables, asking)["first_scan_at"]
    others = asking[asking["order_id"].isna()]["opened_at"]
    asked = _in_week(about, monday, seen_at).sum() + _in_week(others, monday, seen_at).sum()
    return asked / _in_week(tables["shipments"]["first_scan_at"], monday, seen_at).sum()


def wismo_rate(tables: Tables, monday: pd.Timestamp, seen_at: pd.Timestamp) -> float:
    """Count by the parcel before the contact."""
    contacts = _contacts(tables, seen_at)
    return _per_parcel(tables, contacts[contacts["contact_reason"] == "WISMO"], monday, seen_at)


def wismo_by_words(tables: Tables, monday: pd.Timestamp, seen_at: pd.Timestamp) -> float:
    """Count the same way who uses one of three words."""
    contacts = _contacts(tables, seen_at)
    says_so = contacts["subject"].str.contains("arcel|racking|colis", na=False)
    return _per_parcel(tables, contacts[says_so], monday, seen_at)


def first_reply_hours(tables: Tables, monday: pd.Timestamp, seen_at: pd.Timestamp) -> float:
    """Take the time within which half had a reply."""
    contacts = _contacts(tables, seen_at)
    contacts = contacts[_in_week(contacts["opened_at"], monday, seen_at)]
    replied = contacts[contacts["first_reply_at"] <= seen_at]
    hours = (replied["first_reply_at"] - replied["opened_at"]) / pd.Timedelta(hours=1)
    return hours.quantile(interpolation="lower")


def _solved(tables: Tables, monday: pd.Timestamp, seen_at: pd.Timestamp) -> pd.DataFrame:
    contacts = tables["care_contacts"]
    return contacts[_in_week(contacts["resolved_at"], monday, seen_at)]


def first_contact_resolution(tables: Tables, monday: pd.Timestamp, seen_at: pd.Timestamp) -> float:
    """Ask of each contact, one by one, whether its order has another one after it."""
    by_order = dict(list(_contacts(tables, seen_at).groupby("order_id")))
    solved = _solved(tables, monday, seen_at).dropna(subset=["order_id"])
    solved = solved.assign(reopened=solved["reopened"].fillna(False).astype(bool))
    verdicts = []
    for one in solved.itertuples():
        last_day = one.resolved_at.normalize() + REPEAT
        if last_day >= seen_at.normalize():
            continue
        others = by_order[one.order_id]
        same_minute = (others["opened_at"] == one.opened_at) & (others["contact_id"] > one.contact_id)
        after = others[(others["opened_at"] > one.opened_at) | same_minute]
        again = (after["opened_at"].dt.normalize() <= last_day).any()
        verdicts.append(not again and not one.reopened)
    return float(np.mean(verdicts)) if verdicts else np.nan


def csat(tables: Tables, monday: pd.Timestamp, seen_at: pd.Timestamp) -> float:
    """Leave out who did not answer."""
    answers = _solved(tables, monday, seen_at)["csat"].dropna()
    return answers.isin([4, 5]).mean()


def csat_answers(tables: Tables, monday: pd.Timestamp, seen_at: pd.Timestamp) -> float:
    """Count who answered."""
    return _solved(tables, monday, seen_at)["csat"].notna().mean()


def resolution_days(tables: Tables, monday: pd.Timestamp, seen_at: pd.Timestamp) -> float:
    """Walk along the times in order, and let the share that is open shrink at each end."""
    contacts = _contacts(tables, seen_at)
    contacts = contacts[_in_week(contacts["opened_at"], monday, seen_at)]
    over = contacts["resolved_at"] <= seen_at
    days = (contacts["resolved_at"].where(over, seen_at) - contacts["opened_at"]) / pd.Timedelta(days=1)
    left, waiting = 1.0, len(days)
    for day, still_open in sorted(zip(days, ~over, strict=True)):
        left *= 1 if still_open else 1 - 1 / waiting
        waiting -= 1
        if left <= 0.5:
            return float(day)
    return np.nan


def avoidable_contact_share(tables: Tables, monday: pd.Timestamp, seen_at: pd.Timestamp) -> float:
    """Compare each contact with the promise of its parcel."""
    contacts = _contacts(tables, seen_at)
    contacts = contacts[_in_week(contacts["opened_at"], monday, seen_at)]
    about = _last_parcels(tables, contacts[contacts["contact_reason"] == "WISMO"])
    return (about["opened_at"] <= about["promised_at"]).mean()


def double_handling(tables: Tables, monday: pd.Timestamp, seen_at: pd.Timestamp) -> float:
    """Go order by order from its first contact on."""
    contacts = _contacts(tables, seen_at).dropna(subset=["order_id"])
    contacts["first_day"] = contacts.groupby("order_id")["opened_at"].transform("min").dt.normalize()
    counts = _in_week(contacts["first_day"], monday, seen_at)
    contacts = contacts[counts & (contacts["first_day"] + REPEAT < seen_at.normalize())]
    soon = contacts[contacts["opened_at"].dt.normalize() <= contacts["first_day"] + REPEAT]
    return (soon.groupby("order_id")["handled_by"].nunique() == 2).mean()


INDEPENDENT: dict[str, Callable[[Tables, pd.Timestamp, pd.Timestamp], float]] = {
    "contact_rate": contact_rate,
    "wismo_rate": wismo_rate,
    "wismo_by_words": wismo_by_words,
    "first_reply_hours": first_reply_hours,
    "first_contact_resolution": first_contact_resolution,
    "csat": csat,
    "csat_answers": csat_answers,
    "resolution_days": resolution_days,
    "avoidable_contact_share": avoidable_contact_share,
    "double_handling": double_handling,
}
