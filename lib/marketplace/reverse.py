"""What comes back: returns of orders and trade-ins, from the request to the money."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np

from marketplace.carriage import utc_minutes
from marketplace.days import Days, black_friday_week, date, number
from marketplace.demand import orders_by_lane
from marketplace.market import NEVER, Market, Month, Rows, chosen, count, lognormal, looked_up, pick
from marketplace.orders import goods
from marketplace.parcels import business, carried, carriers_on, on_lanes, serials, services
from marketplace.world import Floats

_DAY = 1_440


def play_trade_ins(market: Market, month: Month) -> Rows:
    """Play the trade-ins whose offers were accepted in a month.

    Returns
    -------
    dict
        One row a case with its parcel: what `marketplace.parcels.carried` gives, and requested_at,
        dropped_at, dock_in_at, stocked_at, graded_at, counter_at, paid_out_at, closed_at, payout_cents,
        outcome, reason.
    """
    settings, draw = market.world.settings["reverse"]["trade_in"], market.draw("trade_in", month.name)
    # Some labels are never used; the flow's share counts parcels.
    labels = market.parcels / settings["conversion"]
    day, lane = orders_by_lane(market.scenario, "trade_in", labels, month.days, market.seed)
    lanes, size = market.world.lanes["trade_in"], len(day)
    zones = market.world.settings["zones"]
    rows = on_lanes(lanes, lane, "trade_in")
    requested_at = utc_minutes(zones, rows["origin"], day, draw.integers(8 * 60, 22 * 60, size))
    rows |= {
        "order": np.zeros(size, dtype=np.int64),
        "case": serials(month, "trade_in", size),
        "order_day": day,
        "requested_at": requested_at,
        "label_at": requested_at + 10,
        "seller": np.full(size, ""),
        "partner": np.array([one.partner for one in lanes])[lane],
        "label_source": np.full(size, "backship"),
        **goods(market.world, draw, size),
    }
    # A device that is traded in is older than one that is bought.
    rows["value_cents"] = np.maximum(1_000, rows["value_cents"] * 45 // 100)
    rows["carrier"] = carriers_on(market.scenario, lanes, lane, rows, day, draw.random(size))
    rows["service"] = services(market.world, rows["carrier"], draw)
    rows |= _drop_off(market, rows, settings, draw)
    rows = carried(market, month, "trade_in", rows, rows["drop_day"], rows["drop_day"])
    rows |= _docked(market, rows, draw)
    has_counter = draw.random(size) < settings["counter_offer"]
    counter_at = np.where(has_counter, rows["graded_at"] + 120, NEVER)
    agreed_at = np.where(has_counter, counter_at + _days(lognormal(draw, 1.5, 0.6, size)), rows["graded_at"])
    paid_out_at = np.minimum(agreed_at + _days(lognormal(draw, settings["pay_days"], 0.5, size)), NEVER)
    accepted = np.where(has_counter, 70 + draw.integers(0, 25, size), 100)
    return rows | {
        "counter_at": counter_at,
        "paid_out_at": paid_out_at,
        "closed_at": np.where(rows["is_used"], paid_out_at, _expiry(rows, settings, draw)),
        "payout_cents": rows["value_cents"] * accepted // 100,
        "outcome": np.where(rows["is_used"], "paid_out", "expired"),
        "reason": np.where(has_counter, chosen(draw, settings["counter_reasons"], size), ""),
    }


def play_returns(market: Market, month: Month, orders: Rows) -> Rows:
    """Play the returns of the orders of a month; same columns as those of trade-ins."""
    settings, draw = market.world.settings["reverse"]["return"], market.draw("return", month.name)
    rates = looked_up(orders["category"], settings["rates"])
    sent_back = pick(
        orders, (draw.random(count(orders)) < rates) & (orders["delivered_at"] < NEVER) & ~orders["is_lost"]
    )
    size = count(sent_back)
    lag = np.minimum(lognormal(draw, settings["request_days"], 0.7, size), _window(sent_back["order_day"]))
    requested_at = sent_back["delivered_at"] + np.maximum(60, _days(lag))
    day = requested_at // _DAY
    lanes = market.world.lanes["return"]
    rows = on_lanes(lanes, sent_back["place"], "return") | {
        "order": sent_back["order"],
        "case": serials(month, "return", size),
        "order_day": day,
        "requested_at": requested_at,
        "label_at": requested_at + 30,
        "seller": sent_back["seller"],
        "partner": sent_back["partner"],
        "label_source": np.full(size, "backship"),
        **{name: sent_back[name] for name in ("category", "value_cents", "weight_g")},
    }
    rows["carrier"] = carriers_on(market.scenario, lanes, sent_back["place"], rows, day, draw.random(size))
    rows["service"] = services(market.world, rows["carrier"], draw)
    rows |= _drop_off(market, rows, settings, draw)
    rows = carried(market, month, "return", rows, rows["drop_day"], rows["drop_day"])
    rows |= _docked(market, rows, draw)
    paid_out_at = np.minimum(
        rows["graded_at"] + _days(lognormal(draw, settings["pay_days"], 0.5, size)), NEVER
    )
    return rows | {
        "counter_at": np.full(size, NEVER),
        "paid_out_at": paid_out_at,
        "closed_at": np.where(rows["is_used"], paid_out_at, _expiry(rows, settings, draw)),
        "payout_cents": rows["value_cents"],
        "outcome": np.where(rows["is_used"], "refunded", "expired"),
        "reason": chosen(draw, settings["reasons"], size),
    }


def _days(days: Floats) -> Days:
    """Turn days into minutes."""
    return (days * _DAY).astype(np.int64)


def _window(order_day: Days) -> Days:
    """Give the days in which a return may be asked for; what is bought at Christmas until 31 January."""
    usual = np.full(len(order_day), 30, dtype=np.int64)
    for year in {date(int(day)).year for day in order_day}:
        bought = (order_day >= black_friday_week(year) + 4) & (order_day <= number(dt.date(year, 12, 31)))
        usual = np.where(bought, np.maximum(usual, number(dt.date(year + 1, 1, 31)) - order_day), usual)
    return usual


def _drop_off(market: Market, rows: Rows, settings: dict[str, Any], draw: np.random.Generator) -> Rows:
    """Let customers take their parcel to the carrier, or not."""
    size, zones = count(rows), market.world.settings["zones"]
    wait = lognormal(draw, settings["drop_days"], 0.7, size)
    is_used = (draw.random(size) < settings["conversion"]) & (wait <= settings["label_days"])
    drop_day = business(rows["origin"], rows["order_day"] + wait.astype(np.int64), 0)
    dropped_at = utc_minutes(zones, rows["origin"], drop_day, draw.integers(9 * 60, 15 * 60, size))
    return {
        "is_used": is_used,
        "drop_day": drop_day,
        "scan_day_without": drop_day,
        "dropped_at": np.where(is_used, np.maximum(dropped_at, rows["label_at"] + 5), NEVER),
    }


def _docked(market: Market, rows: Rows, draw: np.random.Generator) -> Rows:
    """Take parcels in: at the dock, in stock, examined."""
    settings, size = market.world.settings["fulfilment"], count(rows)
    dock_in_at = rows["delivered_at"] + draw.integers(15, 90, size)
    hours = lognormal(draw, settings["dock_to_stock_hours"], settings["dock_to_stock_spread"], size)
    hours_without = hours
    day = np.minimum(dock_in_at // _DAY, NEVER // _DAY)
    for event, how in market.scenario.with_effect("dock_to_stock"):
        hours = np.where(event.touches(rows, day), hours * how["factor"], hours)
    stocked_at = dock_in_at + (hours * 60).astype(np.int64)
    grading = lognormal(draw, settings["grade_days"], 0.5, size)
    times = {
        "dock_in_at": dock_in_at,
        "stocked_at": stocked_at,
        "graded_at": stocked_at + _days(grading),
    }
    return {name: np.minimum(minutes, NEVER) for name, minutes in times.items()} | {
        "dock_hours": hours,
        "dock_hours_without": hours_without,
    }


def _expiry(rows: Rows, settings: dict[str, Any], draw: np.random.Generator) -> Days:
    """Close what was never sent after its time is up; some cases are never closed."""
    is_closed = draw.random(count(rows)) < settings["expired_closed"]
    return np.where(is_closed, rows["requested_at"] + settings["label_days"] * _DAY, NEVER)
