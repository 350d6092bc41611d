"""BackShip's adoption once more, in plain pandas: it shares nothing with facts and cube."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from tallysheet.settings import Rules

RULES = Rules()
DAY = pd.Timedelta(days=1)
FEW = 20
Tables = dict[str, pd.DataFrame]


def _in_week(times: pd.Series, monday: pd.Timestamp, seen_at: pd.Timestamp) -> pd.Series:
    return (times >= monday) & (times < monday + 7 * DAY) & (times <= seen_at)


def _labels(tables: Tables, seen_at: pd.Timestamp) -> pd.DataFrame:
    """Give the outbound BackShip labels made so far, and their day."""
    parcels = tables["shipments"]
    is_label = (parcels["flow"] == "outbound") & (parcels["label_source"] == "backship")
    labels = parcels[is_label & (parcels["label_created_at"] <= seen_at)]
    return labels.assign(day=labels["label_created_at"].dt.normalize())


def _orders(tables: Tables, monday: pd.Timestamp, seen_at: pd.Timestamp) -> pd.DataFrame:
    """Give the orders of the week: eligible, with a label, of a seller that is active on the day."""
    lines = tables["orders"]
    lines = lines[_in_week(lines["paid_at"], monday, seen_at)]
    orders = lines.sort_values("backship_eligible").drop_duplicates("order_id", keep="last")
    orders = orders.assign(
        eligible=orders["backship_eligible"].fillna(False).astype(bool),
        sent=orders["order_id"].isin(_labels(tables, seen_at)["order_id"]),
        day=orders["paid_at"].dt.normalize().astype("datetime64[us]"),
    )
    steps = tables["sellers"].astype({"valid_from": "datetime64[us]"})
    found = pd.merge_asof(
        orders.sort_values("day"),
        steps[["seller", "valid_from", "backship_status"]].sort_values("valid_from"),
        left_on="day",
        right_on="valid_from",
        by="seller",
    )
    return found.assign(active=found["backship_status"] == "activated")


def eligible_share(tables: Tables, monday: pd.Timestamp, seen_at: pd.Timestamp) -> float:
    """Count orders, not lines."""
    return _orders(tables, monday, seen_at)["eligible"].mean()


def backship_penetration(tables: Tables, monday: pd.Timestamp, seen_at: pd.Timestamp) -> float:
    """Count eligible orders with a label."""
    return _orders(tables, monday, seen_at).query("eligible")["sent"].mean()


def backship_share_of_wallet(tables: Tables, monday: pd.Timestamp, seen_at: pd.Timestamp) -> float:
    """Count the same among active sellers."""
    return _orders(tables, monday, seen_at).query("eligible and active")["sent"].mean()


def _days_of_labels(tables: Tables, seen_at: pd.Timestamp) -> dict[str, set[pd.Timestamp]]:
    return {seller: set(days) for seller, days in _labels(tables, seen_at).groupby("seller")["day"]}


def _has_label(days: set[pd.Timestamp], first: pd.Timestamp, last: pd.Timestamp) -> bool:
    return any(first <= day <= last for day in days)


def backship_activation(tables: Tables, monday: pd.Timestamp, seen_at: pd.Timestamp) -> float:
    """Follow each seller through its history."""
    labels, verdicts = _days_of_labels(tables, seen_at), []
    for seller, steps in tables["sellers"].sort_values("valid_from").groupby("seller"):
        before = ""
        for day, status in zip(steps["valid_from"], steps["backship_status"], strict=True):
            is_new = status == "invited" and before != "invited"
            if is_new and monday <= day < monday + 7 * DAY and day <= seen_at:
                last = day + RULES.activation_days * DAY
                verdicts.append(_has_label(labels.get(seller, set()), day, last))
            before = status
    return float(np.mean(verdicts)) if verdicts else np.nan


def _retention(tables: Tables, monday: pd.Timestamp, seen_at: pd.Timestamp, week: int) -> float:
    labels, verdicts = _days_of_labels(tables, seen_at), []
    active = tables["sellers"].query("backship_status == 'activated'")
    for seller, day in active.groupby("seller")["valid_from"].min().items():
        last = day + (7 * week - 1) * DAY
        if monday <= day < monday + 7 * DAY and last < seen_at.normalize():
            verdicts.append(_has_label(labels.get(seller, set()), last - 6 * DAY, last))
    return float(np.mean(verdicts)) if verdicts else np.nan


def backship_retention(tables: Tables, monday: pd.Timestamp, seen_at: pd.Timestamp) -> float:
    """Look for a label in the fourth week."""
    return _retention(tables, monday, seen_at, 4)


def backship_retention_w12(tables: Tables, monday: pd.Timestamp, seen_at: pd.Timestamp) -> float:
    """Look for a label in the twelfth week."""
    return _retention(tables, monday, seen_at, 12)


def backship_lapse(tables: Tables, monday: pd.Timestamp, seen_at: pd.Timestamp) -> float:
    """Compare the sellers of two spans of four weeks."""
    labels, end = _labels(tables, seen_at), monday + 7 * DAY
    before, now = (
        set(labels[(labels["day"] >= end - (far + 28) * DAY) & (labels["day"] < end - far * DAY)]["seller"])
        for far in (28, 0)
    )
    return len(before - now) / len(before) if before else np.nan


def _standardised(rows: pd.DataFrame, by: list[str], value: str) -> float:
    """Weigh the difference of means by the own labels, where there are enough of both."""
    gap, weight = 0.0, 0
    for _, group in rows.groupby(by):
        ours, theirs = (group[group["label_source"] == one][value] for one in ("backship", "seller_own"))
        if min(len(ours), len(theirs)) >= FEW:
            gap += (ours.mean() - theirs.mean()) * len(theirs)
            weight += len(theirs)
    return gap / weight if weight else np.nan


def label_saving(tables: Tables, monday: pd.Timestamp, seen_at: pd.Timestamp) -> float:
    """Put each line beside its parcel, and add up."""
    lines = tables["carrier_invoice_lines"]
    lines = lines[(lines["ship_date"] >= monday) & (lines["ship_date"] < monday + 7 * DAY)]
    rates = lines["currency"].map(RULES.euro_rates).astype(float)
    euro = lines.assign(cents=(lines["amount_cents"] / rates).round())[rates.notna()]
    parcels = tables["shipments"].query("flow == 'outbound'")
    both = euro.merge(parcels, on=["carrier", "tracking_number"], suffixes=("_line", ""))
    age = both["ship_date"] - both["label_created_at"].dt.normalize()
    both = both[(age >= -DAY) & (age <= 60 * DAY)]
    keys = ["shipment_id", "label_source", "origin_country", "destination_country"]
    costs = both.groupby(keys, as_index=False).agg(
        cents=("cents", "sum"),
        declared=("weight_declared_g", "max"),
        billed=("weight_billed_g_line", "max"),
    )
    weight = costs["declared"].fillna(costs["billed"]).astype(float).fillna(np.inf)
    costs["band"] = np.digitize(weight, [1000, 2000, 5000, 10000], right=True)
    return -_standardised(costs, ["origin_country", "destination_country", "band"], "cents") / 100


def service_gap(tables: Tables, monday: pd.Timestamp, seen_at: pd.Timestamp) -> float:
    """Say of each parcel whether it was on time, and compare like with like."""
    parcels = tables["shipments"].query("flow == 'outbound'")
    week = (parcels["promised_date"] >= monday) & (parcels["promised_date"] < monday + 7 * DAY)
    due = week & (parcels["promised_at"] <= seen_at) & (parcels["first_scan_at"] <= seen_at)
    parcels = parcels[due]
    ended = parcels["first_attempt_at"].fillna(parcels["delivered_at"])
    known = tables["sellers"][tables["sellers"]["valid_from"] <= seen_at].sort_values("valid_from")
    sizes = known.drop_duplicates("seller", keep="last").set_index("seller")["size_band"]
    parcels = parcels.assign(
        on_time=(ended <= parcels["promised_at"]).astype(float), size=parcels["seller"].map(sizes).fillna("")
    )
    return _standardised(parcels, ["origin_country", "destination_country", "service", "size"], "on_time")


def unused_labels(tables: Tables, monday: pd.Timestamp, seen_at: pd.Timestamp) -> float:
    """Compare the days of label and scan."""
    parcels = tables["shipments"].query("flow == 'outbound'")
    day = parcels["label_created_at"].dt.normalize()
    last = day + RULES.unused_label_days * DAY
    due = _in_week(day, monday, seen_at) & (last < seen_at.normalize())
    used = parcels["first_scan_at"].dt.normalize() <= last
    return (~used[due]).mean() if due.any() else np.nan


INDEPENDENT: dict[str, Callable[[Tables, pd.Timestamp, pd.Timestamp], float]] = {
    "eligible_share": eligible_share,
    "backship_activation": backship_activation,
    "backship_penetration": backship_penetration,
    "backship_share_of_wallet": backship_share_of_wallet,
    "backship_retention": backship_retention,
    "backship_retention_w12": backship_retention_w12,
    "backship_lapse": backship_lapse,
    "label_saving": label_saving,
    "service_gap": service_gap,
    "unused_labels": unused_labels,
}
