"""Contacts of customers: why, when, over what channel, how soon answered and how well."""

from __future__ import annotations

import numpy as np

from marketplace.days import Days
from marketplace.market import NEVER, Market, Month, Rows, chosen, count, lognormal, looked_up, pick, stack
from marketplace.world import Floats

_DAY = 1_440
_COLUMNS = ("order", "seller", "country", "label_source", "promised_at", "delivered_at", "is_lost")


def contacts(market: Market, month: Month, parcels: Rows) -> Rows:
    """Give the contacts about parcels: where is it, where is my money, and everything else.

    Returns
    -------
    dict
        One row a contact: shipment, order (0: not known), seller, reason, channel, opened_at, replied_at,
        resolved_at, reopened, touches, csat (0: not answered), by_seller, late_days, relabelled.
    """
    flow = str(parcels["flow"][0]) if count(parcels) else ""
    draw, settings = market.draw("contacts", flow, month.name), market.world.settings["contacts"]
    late = late_days(market, parcels)
    base = {name: parcels[name] for name in _COLUMNS} | {"shipment": parcels["shipment"], "late_days": late}
    parts = [_where_is_it(market, base, parcels, late, draw)]
    if flow == "outbound":
        parts += [_of_order(base, parcels, reason, how, draw) for reason, how in settings["others"].items()]
    elif flow == "return":
        parts.append(_where_is_my_money(base, parcels, "WISMR", settings["refund"], draw))
    else:
        waiting = parcels["paid_out_at"] - parcels["dropped_at"] > settings["payout_days"] * _DAY
        parts.append(_where_is_my_money(base, parcels, "payout", settings["payout"] * waiting, draw))
    rows = stack(parts)
    # Some write again, often over another channel.
    again = draw.random(count(rows)) < settings["twice"]
    second = pick(rows, again)
    second["opened_at"] = second["opened_at"] + draw.integers(30, 5 * _DAY, count(second))
    rows = stack([rows, second])
    return _handled(market, rows, draw)


def late_days(market: Market, parcels: Rows) -> Days:
    """Give how many calendar days after the promise a parcel arrived, or now is; 0: on time."""
    arrived = np.minimum(parcels["attempt_at"], market.now)
    return np.maximum(0, np.ceil((arrived - parcels["promised_at"]) / _DAY)).astype(np.int64)


def _where_is_it(market: Market, base: Rows, parcels: Rows, late: Days, draw: np.random.Generator) -> Rows:
    how = market.world.settings["contacts"]["where_is_it"]
    ladder = np.array(how["late"])
    chance = ladder[np.minimum(late, len(ladder) - 1)]
    chance = np.where(parcels["is_lost"], how["lost"], chance)
    chance = chance + np.where(parcels["attempts"] > 1, how["attempt_failed"], 0)
    gain = market.world.settings["adoption"]["contacts_direct"]
    chance = chance - np.where(
        (parcels["label_source"] == "backship") & (parcels["flow"] == "outbound"), gain, 0
    )
    asks = parcels["is_used"] & (draw.random(count(parcels)) < chance)
    rows = pick(base, asks)
    size = count(rows)
    early = rows["promised_at"] - lognormal(draw, 1.0, 0.6, size) * _DAY
    after = rows["promised_at"] + lognormal(draw, 0.8, 0.6, size) * _DAY
    sent_at = parcels["scan_at"][asks]
    opened_at = np.maximum(np.where(rows["late_days"] > 0, after, early), sent_at + 120).astype(np.int64)
    return rows | {"opened_at": opened_at, "reason": np.full(size, "WISMO", dtype="<U20")}


def _of_order(base: Rows, parcels: Rows, reason: str, how: dict, draw: np.random.Generator) -> Rows:
    asks = (draw.random(count(parcels)) < how["share"]) | (parcels["is_damaged"] & (reason == "damaged"))
    rows = pick(base, asks)
    since = np.where(rows["delivered_at"] < NEVER, rows["delivered_at"], rows["promised_at"])
    if how["before"]:
        since = parcels["paid_at"][asks]
    wait = lognormal(draw, how["days"], 0.8, count(rows)) * _DAY
    return rows | {
        "opened_at": since + wait.astype(np.int64),
        "reason": np.full(count(rows), reason, dtype="<U20"),
    }


def _where_is_my_money(
    base: Rows, parcels: Rows, reason: str, chance: Floats | float, draw: np.random.Generator
) -> Rows:
    asks = parcels["is_used"] & (draw.random(count(parcels)) < chance)
    rows = pick(base, asks)
    waited = lognormal(draw, 9.0, 0.4, count(rows)) * _DAY
    opened_at = parcels["dropped_at"][asks] + waited.astype(np.int64)
    return rows | {"opened_at": opened_at, "reason": np.full(count(rows), reason, dtype="<U20")}


def _handled(market: Market, rows: Rows, draw: np.random.Generator) -> Rows:
    settings, size = market.world.settings["contacts"], count(rows)
    opened_at = rows["opened_at"]
    relabelled = np.full(size, False)
    reason = rows["reason"]
    for event, how in market.scenario.with_effect("contact_reason"):
        hit = event.touches(rows, opened_at // _DAY) & (reason == how["from"])
        hit &= draw.random(size) < how["share"]
        reason, relabelled = np.where(hit, how["to"], reason), relabelled | hit
    channel = chosen(draw, settings["channels"], size)
    hours = looked_up(channel, settings["reply_hours"])
    reply = hours * np.exp(0.9 * draw.normal(size=size))
    replied_at = opened_at + np.maximum(2, reply * 60).astype(np.int64)
    solving = lognormal(draw, settings["resolve_days"], 1.0, size) * _DAY
    satisfied = looked_up(_lateness(rows["late_days"]), settings["satisfied"])
    is_happy = draw.random(size) < satisfied
    csat = np.where(is_happy, 4 + draw.integers(0, 2, size), 1 + draw.integers(0, 3, size))
    return rows | {
        "true_reason": rows["reason"],
        "reason": reason,
        "relabelled": relabelled,
        "channel": channel,
        "replied_at": replied_at,
        "resolved_at": replied_at + solving.astype(np.int64),
        "reopened": draw.random(size) < settings["reopened"],
        "touches": 1 + draw.geometric(0.6, size),
        "csat": np.where(draw.random(size) < settings["answers"], csat, 0),
        "by_seller": draw.random(size) < settings["by_seller"],
        "knows_order": draw.random(size) >= settings["order_missing"],
        "words": draw.integers(0, 4, size),
    }


def _lateness(days: Days) -> np.ndarray:
    return np.where(days == 0, "on_time", np.where(days <= 2, "late", "very_late"))
