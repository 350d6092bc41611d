"""Delivery once more, in plain pandas: it shares nothing with facts and cube."""

from collections.abc import Callable, Iterator
from functools import cache

import holidays
import numpy as np
import pandas as pd

from tallysheet.settings import Rules

RULES = Rules()
Tables = dict[str, pd.DataFrame]

ZONES = {"GB": "Europe/London", "US": "America/New_York"}
"""Time zones of countries; all others of the sample have that of Paris."""


def in_week(times: pd.Series, monday: pd.Timestamp, seen_at: pd.Timestamp) -> pd.Series:
    """Tell what happened in the week, and before anybody looked."""
    return (times >= monday) & (times < monday + pd.Timedelta(days=7)) & (times <= seen_at)


def local_day(times: pd.Series, countries: pd.Series) -> pd.Series:
    """Give the day that the clock in each country showed."""
    shown = pd.Series(pd.NaT, times.index, dtype=times.dtype)
    for country in countries.dropna().unique():
        there = countries == country
        zone = ZONES.get(country, "Europe/Paris")
        shown[there] = times[there].dt.tz_localize("UTC").dt.tz_convert(zone).dt.tz_localize(None)
    return shown.dt.normalize()


@cache
def local_today(seen_at: pd.Timestamp, country: str) -> pd.Timestamp:
    """Give the day that the clock of a country shows at a moment."""
    return local_day(pd.Series([seen_at]), pd.Series([country])).iloc[0]


@cache
def is_open(country: str, day: pd.Timestamp) -> bool:
    """Tell whether a day is a working day of a country."""
    return day.weekday() < 5 and day.date() not in _free(country)


def _free(country: str) -> dict:
    if country not in _FREE:
        _FREE[country] = holidays.country_holidays(country, years=range(2023, 2029))
    return _FREE[country]


_FREE: dict[str, dict] = {}


@cache
def ship_by_day(country: str, accepted: pd.Timestamp) -> pd.Timestamp:
    """Walk from the day of acceptance, or the next working day, by the days that a seller has."""
    day, left = accepted.normalize(), RULES.ship_by_workdays
    while not is_open(country, day):
        day += pd.Timedelta(days=1)
    while left:
        day += pd.Timedelta(days=1)
        left -= is_open(country, day)
    return day


@cache
def days_worked(country: str, after: pd.Timestamp, until: pd.Timestamp) -> int:
    """Count the working days after one day, up to and with another; backwards they are negative."""
    sign, first, last = (1, after, until) if after <= until else (-1, until, after)
    days = (first + pd.Timedelta(days=step) for step in range(1, (last - first).days + 1))
    return sign * sum(is_open(country, day) for day in days)


def _scanned(tables: Tables, monday: pd.Timestamp, seen_at: pd.Timestamp) -> pd.DataFrame:
    """Give the parcels first scanned in the week, with what had become of them."""
    parcels = tables["shipments"]
    parcels = parcels[in_week(parcels["first_scan_at"], monday, seen_at)].copy()
    reached = parcels["first_attempt_at"].fillna(parcels["delivered_at"])
    parcels["reached_at"] = reached.where(reached <= seen_at)
    parcels["scan_day"] = local_day(parcels["first_scan_at"], parcels["origin_country"])
    parcels["reached_day"] = local_day(parcels["reached_at"], parcels["destination_country"])
    return parcels


def carried(
    tables: Tables, monday: pd.Timestamp, seen_at: pd.Timestamp
) -> Iterator[tuple[str, str, str, bool]]:
    """Parcel by parcel: carrier, flow, lane, and whether it took no more days than the promise grants."""
    orders = tables["orders"].sort_values("orderline_id").drop_duplicates("order_id").set_index("order_id")
    for parcel in _scanned(tables, monday, seen_at).itertuples():
        start = parcel.scan_day
        if parcel.flow == "outbound":
            accepted = orders["accepted_at"].get(parcel.order_id, pd.NaT)
            if pd.isna(accepted):
                continue
            start = ship_by_day(parcel.origin_country, accepted)
        there = parcel.destination_country
        granted = days_worked(there, start, parcel.promised_date)
        end = parcel.reached_day if pd.notna(parcel.reached_at) else local_today(seen_at, there)
        taken = days_worked(there, parcel.scan_day, end)
        if pd.notna(parcel.reached_at) or taken > granted:
            lane = f"{parcel.origin_country}-{there}"
            yield parcel.carrier, parcel.flow, lane, pd.notna(parcel.reached_at) and taken <= granted


def carrier_otd(tables: Tables, monday: pd.Timestamp, seen_at: pd.Timestamp) -> float:
    """Count those of `carried` that were in time."""
    return float(np.mean([in_time for *_, in_time in carried(tables, monday, seen_at)]))


def transit_days(tables: Tables, monday: pd.Timestamp, seen_at: pd.Timestamp) -> float:
    """Take the median over what has been attempted."""
    parcels = _scanned(tables, monday, seen_at).dropna(subset=["reached_at"])
    rows = zip(parcels["destination_country"], parcels["scan_day"], parcels["reached_day"], strict=True)
    return float(np.median([days_worked(*row) for row in rows]))


def click_to_door_days(tables: Tables, monday: pd.Timestamp, seen_at: pd.Timestamp) -> float:
    """Take the median over the parcels of the week's orders that have been delivered."""
    orders = tables["orders"].sort_values("orderline_id").drop_duplicates("order_id")
    orders = orders[in_week(orders["paid_at"], monday, seen_at)]
    parcels = tables["shipments"].query("flow == 'outbound'")
    parcels = parcels[parcels["delivered_at"] <= seen_at]
    both = orders[["order_id", "paid_at"]].merge(parcels[["order_id", "delivered_at"]], on="order_id")
    return float(((both["delivered_at"] - both["paid_at"]) / pd.Timedelta(days=1)).median())


def first_attempt_success(tables: Tables, monday: pd.Timestamp, seen_at: pd.Timestamp) -> float:
    """Of the first attempts at a door that are half a day old, those that ended in a delivery."""
    parcels = tables["shipments"]
    half_a_day = pd.Timedelta(hours=12)
    parcels = parcels[in_week(parcels["first_attempt_at"], monday, seen_at - half_a_day)]
    parcels = parcels[parcels["service"].isin(["home", "express"])]
    return float((parcels["delivered_at"] - parcels["first_attempt_at"] <= half_a_day).mean())


def loss_rate(tables: Tables, monday: pd.Timestamp, seen_at: pd.Timestamp) -> float:
    """Count what has not come so many days after its promise."""
    parcels = _scanned(tables, monday, seen_at)
    overdue = (seen_at.normalize() - parcels["promised_date"]).dt.days >= RULES.lost_after_days
    return float((parcels["reached_at"].isna() & overdue).mean())


def _opened(tables: Tables, seen_at: pd.Timestamp, *kinds: str) -> pd.DataFrame:
    claims = tables["claims"]
    claims = claims[claims["opened_at"] <= seen_at]
    return claims[claims["claim_type"].isin(kinds)] if kinds else claims


def damage_rate(tables: Tables, monday: pd.Timestamp, seen_at: pd.Timestamp) -> float:
    """Of the parcels delivered, those with a claim for damage that is granted or proven."""
    parcels = tables["shipments"]
    parcels = parcels[in_week(parcels["delivered_at"], monday, seen_at)]
    claims = _opened(tables, seen_at, "damaged")
    granted = claims["decision"].isin(["accepted", "partial"]) & (claims["decided_at"] <= seen_at)
    proven = claims["docs_complete_at"] <= seen_at
    return float(parcels["shipment_id"].isin(claims.loc[granted | proven, "shipment_id"]).mean())


def claim_rate(tables: Tables, monday: pd.Timestamp, seen_at: pd.Timestamp) -> float:
    """Count claims about the week's parcels, and divide by the parcels."""
    parcels = _scanned(tables, monday, seen_at)
    claims = _opened(tables, seen_at)
    return float(claims["shipment_id"].isin(parcels["shipment_id"]).sum() / len(parcels))


def perfect_order(tables: Tables, monday: pd.Timestamp, seen_at: pd.Timestamp) -> float:
    """Take away from the parcels due what was late, harmed or not what was ordered."""
    parcels = tables["shipments"].query("flow == 'outbound'")
    days = (parcels["promised_date"] - monday).dt.days
    signs = ["handover_declared_at", "first_scan_at", "first_attempt_at", "delivered_at"]
    started = parcels[signs].min(axis=1)
    due = parcels[days.between(0, 6) & (parcels["promised_at"] <= seen_at) & (started <= seen_at)]
    late = ~(due["first_attempt_at"].fillna(due["delivered_at"]) <= due["promised_at"])
    harmed = due["shipment_id"].isin(_opened(tables, seen_at, "damaged", "missing_item")["shipment_id"])
    cases = tables["reverse_cases"].query("case_type == 'return'")
    wrong = cases["case_reason"].isin(["wrong_item", "not_as_described"]) & (cases["requested_at"] <= seen_at)
    unwanted = due["order_id"].isin(cases.loc[wrong, "order_id"])
    return float((~late & ~harmed & ~unwanted).mean())


INDEPENDENT: dict[str, Callable[[Tables, pd.Timestamp, pd.Timestamp], float]] = {
    "carrier_otd": carrier_otd,
    "transit_days": transit_days,
    "click_to_door_days": click_to_door_days,
    "first_attempt_success": first_attempt_success,
    "loss_rate": loss_rate,
    "damage_rate": damage_rate,
    "claim_rate": claim_rate,
    "perfect_order": perfect_order,
}
