"""Parcels of all flows: their lane, carrier and service, and all their times once they are carried."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from marketplace.carriage import carry, utc_minutes
from marketplace.days import Days, business_days
from marketplace.market import NEVER, Market, Month, Rows, count, looked_up, pick, places
from marketplace.scenario import Scenario
from marketplace.world import Floats, Lane, World

_FLOW_NUMBER = {"outbound": 0, "trade_in": 400_000, "return": 700_000, "replaced": 900_000}
_PER_MONTH = 1_000_000
"""Room for the numbers of a month, of all flows; at size L a month has 500,000 parcels."""


def serials(month: Month, flow: str, size: int) -> Days:
    """Give the parcels or orders of a month numbers that no other month or flow has."""
    year, _, part = month.name.partition("-")
    first = ((int(year) - 2024) * 12 + int(part)) * _PER_MONTH + _FLOW_NUMBER[flow]
    return first + np.arange(size)


def on_lanes(lanes: tuple[Lane, ...], lane: Days, flow: str) -> Rows:
    """Give the scope keys of parcels by the place of their lane."""
    columns = {
        "lane": [one.name for one in lanes],
        "origin": [one.origin for one in lanes],
        "country": [one.destination for one in lanes],
        "median": [one.transit[0] for one in lanes],
        "p90": [one.transit[1] for one in lanes],
        "price_cents": [one.price_cents for one in lanes],
    }
    rows: Rows = {name: np.array(values)[lane] for name, values in columns.items()}
    return rows | {"flow": np.full(len(lane), flow)}


def carriers_on(
    scenario: Scenario, lanes: tuple[Lane, ...], lane: Days, rows: Rows, day: Days, chance: Floats
) -> npt.NDArray[np.str_]:
    """Choose carriers as their lanes share them; also fills ``on_time`` of the rows."""
    codes = list(scenario.world.carriers)
    shares = np.array([[one.carriers.get(code, 0.0) for code in codes] for one in lanes])
    place = np.minimum((chance[:, None] >= np.cumsum(shares, axis=1)[lane]).sum(axis=1), len(codes) - 1)
    carrier = np.array(codes)[place]
    again = chance * 7_919 % 1
    for event, how in scenario.with_effect("carrier_share"):
        wanted = how["to"]
        among = event.touches(rows | {"carrier": carrier}, day) & np.isin(carrier, list(wanted))
        share = np.cumsum(list(wanted.values())) / sum(wanted.values())
        carrier = np.where(
            among, np.array(list(wanted))[np.searchsorted(share, again, side="right")], carrier
        )
    own = {code: one.on_time for code, one in scenario.world.carriers.items()}
    levels = np.array([[one.on_time.get(code, own[code]) for code in codes] for one in lanes])
    rows["on_time"] = levels[lane, looked_up(carrier, {code: place for place, code in enumerate(codes)})]
    return carrier


def services(world: World, carrier: npt.NDArray[np.str_], draw: np.random.Generator) -> npt.NDArray[np.str_]:
    """Choose the service of each parcel among those of its carrier."""
    chance, found = draw.random(len(carrier)), np.full(len(carrier), "home", dtype="<U8")
    for code, here in places(carrier):
        shares = world.carriers[code].services
        ends = np.cumsum(list(shares.values()))
        place = np.minimum(np.searchsorted(ends, chance[here], side="right"), len(ends) - 1)
        found[here] = np.array(list(shares))[place]
    return found


def business(country: npt.NDArray[np.str_], day: Days, after: Days | int) -> Days:
    """Go forward by business days of each row's country."""
    found, after = np.zeros(len(day), dtype=np.int64), np.broadcast_to(after, day.shape)
    for name, here in places(country):
        found[here] = business_days(name).add(day[here], after[here])
    return found


def carried(market: Market, month: Month, flow: str, rows: Rows, scan_day: Days, from_day: Days) -> Rows:
    """Carry parcels, promise a day counted from ``from_day``, and give all times in UTC.

    Returns
    -------
    dict
        The rows with shipment, promised_day, promised_at, promise_rule, scan_day, scan_at, declared_at,
        attempt_at and delivered_at (NEVER if lost, or if the label was not used), and what
        `marketplace.carriage.Carried` holds.
    """
    draw, size = market.draw("carried", flow, month.name), len(scan_day)
    zones = market.world.settings["zones"]
    found = carry(market.scenario, market.seed, (flow, month.name), rows, scan_day)
    shift = np.zeros(size, dtype=np.int64)
    for event, how in market.scenario.with_effect("promise_days"):
        shift += np.where(event.touches(rows, rows["order_day"]), how["shift"], 0)
    promised = business(rows["country"], from_day, found.sla_days + shift)
    promised_without = business(rows["country"], from_day, found.sla_days)
    attempt_without = business(rows["country"], rows["scan_day_without"], found.usual_days)
    is_used, arrives = rows["is_used"], rows["is_used"] & ~found.is_lost
    scan_at = utc_minutes(zones, rows["origin"], scan_day, draw.integers(15 * 60, 20 * 60, size))
    # What was accepted in the evening is scanned in the evening.
    scan_at = np.maximum(scan_at, rows["label_at"] + 15)
    attempt_at = utc_minutes(zones, rows["country"], found.attempt_day, draw.integers(9 * 60, 18 * 60, size))
    attempt_at = np.maximum(attempt_at, scan_at + 90)
    later = utc_minutes(zones, rows["country"], found.delivered_day, draw.integers(9 * 60, 18 * 60, size))
    collected = np.where(rows["service"] == "pudo", draw.integers(30, 300, size), 0)
    same_day = found.delivered_day == found.attempt_day
    delivered_at = np.where(same_day, attempt_at + collected, np.maximum(later, attempt_at + 60))
    return rows | {
        "shipment": serials(month, flow, size),
        "scan_day": scan_day,
        "scan_at": np.where(is_used, scan_at, NEVER),
        "declared_at": np.where(is_used, scan_at - draw.integers(5, 15, size), NEVER),
        "attempt_at": np.where(arrives, attempt_at, NEVER),
        "delivered_at": np.where(arrives, delivered_at, NEVER),
        "promised_day": promised,
        "promised_at": utc_minutes(zones, rows["country"], promised, np.full(size, 1_439)),
        "promise_rule": np.where(shift > 0, "v2", "v1"),
        "is_lost": found.is_lost & is_used,
        "is_damaged": found.is_damaged & is_used,
        "attempts": found.attempts,
        "depot": found.depot,
        "is_on_time": arrives & (found.attempt_day <= promised),
        "is_on_time_without": is_used & ~found.is_lost_without & (attempt_without <= promised_without),
        "is_lost_without": found.is_lost_without & is_used,
        "transit_days": found.transit_days,
        "usual_days": found.usual_days,
        "sla_days": found.sla_days,
    }


def replaced_labels(market: Market, month: Month, orders: Rows) -> Rows:
    """Give the labels that were made for some orders before the one that was used; they never moved."""
    draw = market.draw("replaced", month.name)
    share = market.world.settings["carrying"]["label_unused"]
    rows = pick(orders, draw.random(count(orders)) < share)
    size = count(rows)
    never = np.full(size, NEVER)
    return rows | {
        "shipment": serials(month, "replaced", size),
        "label_at": rows["label_at"] - 2,
        "is_used": np.zeros(size, dtype=bool),
        "is_lost": np.zeros(size, dtype=bool),
        **{name: never for name in ("declared_at", "scan_at", "attempt_at", "delivered_at")},
    }
