"""The work of fulfilment partners: what they send out for sellers, and what they take in."""

from __future__ import annotations

import numpy as np

from marketplace.market import NEVER, Market, Month, Rows, count, pick


def jobs(market: Market, month: Month, orders: Rows, trade_ins: Rows) -> list[Rows]:
    """Give a job for each order that a partner sends out, and each trade-in that it takes in."""
    sent = pick(orders, orders["partner"] != "")
    taken = pick(trade_ins, trade_ins["is_used"])
    outbound = {
        "released_at": sent["released_at"],
        "cut_off_at": sent["cut_off_at"],
        "dispatched_at": sent["dispatched_at"],
        "dock_in_at": np.full(count(sent), NEVER),
        "stocked_at": np.full(count(sent), NEVER),
        "lines": 1 + sent["second_line"].astype(np.int64),
    }
    inbound = {
        # Announced when the carrier has it.
        "released_at": taken["scan_at"],
        "cut_off_at": np.full(count(taken), NEVER),
        "dispatched_at": np.full(count(taken), NEVER),
        "dock_in_at": taken["dock_in_at"],
        "stocked_at": taken["stocked_at"],
        "lines": np.ones(count(taken), dtype=np.int64),
    }
    parts = (("outbound", sent, outbound), ("inbound", taken, inbound))
    return [_part(market, month, kind, rows, times) for kind, rows, times in parts]


def _part(market: Market, month: Month, kind: str, rows: Rows, times: Rows) -> Rows:
    settings, size = market.world.settings["fulfilment"], count(rows)
    wrong = market.draw("jobs", kind, month.name).random(size) < settings["lines_wrong"] * times["lines"]
    return times | {
        "shipment": rows["shipment"],
        "partner": rows["partner"],
        "kind": np.full(size, kind),
        "lines_wrong": wrong.astype(np.int64),
        "fee_cents": np.full(size, settings["fee_cents"][kind]),
    }
