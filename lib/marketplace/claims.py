"""Claims for what went wrong: who files them, when they are decided, and what is paid."""

from __future__ import annotations

import numpy as np

from marketplace.market import NEVER, Market, Month, Rows, chosen, count, lognormal, looked_up, pick
from marketplace.world import Floats

_DAY = 1_440


def claims(market: Market, month: Month, parcels: Rows) -> Rows:
    """Give the claims about parcels, and what of all that could be claimed was not.

    Returns
    -------
    dict
        One row an event that could be claimed: shipment, carrier, type, is_filed, happened_at, opened_at,
        docs_at, submitted_at, decided_at, paid_at, value_cents, limit_cents, claimed_cents,
        accepted_cents, paid_cents, decision, reject_reason, fault, closed_by (number of the event that
        decided it at once, -1: none).
    """
    flow = str(parcels["flow"][0]) if count(parcels) else ""
    settings, draw = market.world.settings["claims"], market.draw("claims", flow, month.name)
    kind = _kind(parcels, settings, draw)
    rows = pick(
        {name: parcels[name] for name in ("shipment", "carrier", "seller", "label_source", "value_cents")}
        | {"promised_at": parcels["promised_at"], "delivered_at": parcels["delivered_at"], "type": kind},
        kind != "",
    )
    size = count(rows)
    speed = looked_up(rows["carrier"], {code: one.claim_speed for code, one in market.world.carriers.items()})
    limit = looked_up(
        rows["carrier"], {code: one.liability_cents for code, one in market.world.carriers.items()}
    )
    is_lost = np.isin(rows["type"], ("lost", "not_received"))
    happened_at = np.where(rows["type"] == "lost", rows["promised_at"], rows["delivered_at"])
    wait = np.where(is_lost, lognormal(draw, 9, 0.5, size), lognormal(draw, 1.5, 0.6, size))
    opened_at = happened_at + _minutes(wait)
    docs_at = opened_at + _minutes(lognormal(draw, 1.5, 0.9, size))
    is_complete = draw.random(size) < settings["complete"]
    submitted_at = np.where(is_complete, docs_at, opened_at + 240)
    decided_at = submitted_at + _minutes(lognormal(draw, settings["decision_days"], 0.75, size) * speed)
    closed_by = np.full(size, -1)
    for number, event in enumerate(market.scenario.events):
        how = event.effects.get("claims_decided")
        if how:
            at = event.first_day * _DAY + 10 * 60
            is_open = (opened_at < at) & (decided_at > at)
            hit = event.touches(rows, np.full(size, event.first_day)) & is_open
            hit &= draw.random(size) < how["share"]
            decided_at, closed_by = np.where(hit, at, decided_at), np.where(hit, number, closed_by)
    chance = looked_up(rows["type"], settings["acceptance"]) + np.where(is_complete, settings["evidence"], 0)
    is_accepted = draw.random(size) < chance - settings["evidence"] * settings["complete"]
    is_partial = is_accepted & (rows["value_cents"] > limit)
    is_withdrawn = ~is_accepted & (draw.random(size) < settings["withdrawn"])
    decision = np.where(is_accepted, np.where(is_partial, "partial", "accepted"), "rejected")
    decision = np.where(is_withdrawn, "withdrawn", decision)
    accepted = np.where(is_accepted, np.minimum(rows["value_cents"], limit), 0)
    # Payments come in bulk, on Fridays.
    paid_day = (decided_at + 10 * _DAY) // _DAY
    paid_at = (paid_day + (4 - paid_day) % 7) * _DAY + 12 * 60
    filing = np.where(rows["label_source"] == "backship", settings["filing_backship"], settings["filing_own"])
    return rows | {
        "is_filed": draw.random(size) < filing,
        "happened_at": happened_at,
        "opened_at": opened_at,
        "docs_at": np.where(is_complete, docs_at, NEVER),
        "submitted_at": submitted_at,
        "decided_at": decided_at,
        "paid_at": np.where(is_accepted, paid_at, NEVER),
        "limit_cents": limit,
        "claimed_cents": rows["value_cents"],
        "accepted_cents": accepted,
        "decision": decision,
        "reject_reason": np.where(decision == "rejected", chosen(draw, settings["reject_reasons"], size), ""),
        "fault": chosen(draw, settings["fault"], size),
        "agent": chosen(draw, {f"agent.{name}@care.example": 1.0 for name in "abcdefgh"}, size),
        "closed_by": closed_by,
    }


def _kind(parcels: Rows, settings: dict, draw: np.random.Generator) -> np.ndarray:
    """Say what could be claimed for each parcel; empty: nothing."""
    chance = draw.random(count(parcels))
    arrived = parcels["delivered_at"] < NEVER
    late = arrived & (parcels["delivered_at"] > parcels["promised_at"] + settings["late_days"] * _DAY)
    kind = np.where(arrived & (chance < settings["not_received"]), "not_received", "")
    kind = np.where(arrived & (chance > 1 - settings["missing_item"]), "missing_item", kind)
    kind = np.where(late & (draw.random(count(parcels)) < settings["late_claimed"]), "late", kind)
    kind = np.where(parcels["is_damaged"] & arrived, "damaged", kind)
    return np.where(parcels["is_lost"], "lost", kind)


def _minutes(days: Floats) -> np.ndarray:
    return np.maximum(30, days * _DAY).astype(np.int64)
