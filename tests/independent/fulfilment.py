"""Fulfilment once more, in plain pandas: it shares nothing with facts and cube."""

from collections.abc import Callable

import pandas as pd

from independent.delivery import Tables, in_week, local_day, local_today, ship_by_day

WEEK = pd.Timedelta(days=7)


def handover_on_time(tables: Tables, monday: pd.Timestamp, seen_at: pd.Timestamp) -> float:
    """Line by line: the seller's ship-by day, and the first scan of the order's parcels."""
    parcels = tables["shipments"].query("flow == 'outbound'")
    parcels = parcels[parcels["first_scan_at"] <= seen_at].copy()
    parcels["scan_day"] = local_day(parcels["first_scan_at"], parcels["origin_country"])
    scanned = parcels.groupby("order_id")["scan_day"].min()
    countries = tables["sellers"].groupby("seller")["country"].first()
    lines = tables["orders"]
    # A seller has some working days after acceptance; no country rests for three weeks.
    near = lines["accepted_at"].between(monday - 3 * WEEK, monday + WEEK) & (lines["accepted_at"] <= seen_at)
    good, due = 0, 0
    for line in lines[near & lines["seller"].isin(countries.index)].itertuples():
        country = countries[line.seller]
        day = ship_by_day(country, line.accepted_at)
        if monday <= day < min(monday + WEEK, local_today(seen_at, country)):
            due += 1
            good += scanned.get(line.order_id, pd.Timestamp.max) <= day
    return good / due


def scan_compliance(tables: Tables, monday: pd.Timestamp, seen_at: pd.Timestamp) -> float:
    """Look up the messages of each parcel by its number, in the 90 days after its label.

    Carriers count from the day of their first message on.
    """
    parcels = tables["shipments"]
    first = tables["tracking_events"].groupby("carrier")["event_at"].min().dt.normalize()
    parcels = parcels[parcels["handover_declared_at"] >= parcels["carrier"].map(first)]
    parcels = parcels[in_week(parcels["handover_declared_at"], monday, seen_at)]
    arrived = parcels["delivered_at"] <= seen_at
    arrived |= (parcels["service"] == "pudo") & (parcels["first_attempt_at"] <= seen_at)
    overdue = (parcels["promised_at"] <= seen_at) & (parcels["handover_declared_at"] <= seen_at - WEEK)
    due = parcels[arrived | overdue]
    keys = ["carrier", "tracking_number"]
    told = due[["shipment_id", "label_created_at", *keys]].merge(tables["tracking_events"], on=keys)
    age = told["event_at"] - told["label_created_at"]
    told = told[(age >= pd.Timedelta(0)) & (age < pd.Timedelta(days=90)) & (told["event_at"] <= seen_at)]
    moving = told.query("norm_status == 'in_transit'").groupby("shipment_id").size()
    ends = told[told["norm_status"].isin(["delivered", "available_for_pickup"])]
    complete = set(moving[moving >= 2].index) & set(ends["shipment_id"])
    return len(complete) / len(due)


def scan_latency_hours(tables: Tables, monday: pd.Timestamp, seen_at: pd.Timestamp) -> float:
    """Take the median from the event to the word of it."""
    events = tables["tracking_events"]
    events = events[in_week(events["event_at"], monday, seen_at) & (events["received_at"] <= seen_at)]
    return float(((events["received_at"] - events["event_at"]) / pd.Timedelta(hours=1)).median())


def _jobs(tables: Tables, kind: str) -> pd.DataFrame:
    jobs = tables["fulfilment_jobs"]
    return jobs[jobs["kind"] == kind]


def dispatch_on_time(tables: Tables, monday: pd.Timestamp, seen_at: pd.Timestamp) -> float:
    """Of the orders that came before their cut-off, those that left before it."""
    jobs = _jobs(tables, "outbound")
    jobs = jobs[in_week(jobs["cut_off_at"], monday, seen_at) & (jobs["released_at"] <= jobs["cut_off_at"])]
    return float((jobs["dispatched_at"] <= jobs["cut_off_at"]).mean())


def dock_to_stock_h(tables: Tables, monday: pd.Timestamp, seen_at: pd.Timestamp) -> float:
    """Take the time within which half was in stock, of what is."""
    jobs = _jobs(tables, "inbound")
    jobs = jobs[in_week(jobs["dock_in_at"], monday, seen_at) & (jobs["stocked_at"] <= seen_at)]
    hours = (jobs["stocked_at"] - jobs["dock_in_at"]) / pd.Timedelta(hours=1)
    return float(hours.quantile(interpolation="lower"))


def pick_accuracy(tables: Tables, monday: pd.Timestamp, seen_at: pd.Timestamp) -> float:
    """Of the lines sent out, those that were right."""
    jobs = _jobs(tables, "outbound").dropna(subset=["lines_wrong"])
    jobs = jobs[in_week(jobs["dispatched_at"], monday, seen_at)]
    return float(1 - jobs["lines_wrong"].sum() / jobs["lines"].sum())


INDEPENDENT: dict[str, Callable[[Tables, pd.Timestamp, pd.Timestamp], float]] = {
    "handover_on_time": handover_on_time,
    "scan_compliance": scan_compliance,
    "scan_latency_hours": scan_latency_hours,
    "dispatch_on_time": dispatch_on_time,
    "dock_to_stock_h": dock_to_stock_h,
    "pick_accuracy": pick_accuracy,
}
