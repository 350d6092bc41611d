"""What carriers tell of a parcel: its scans, and when the word of each came."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from marketplace.days import number as day_number
from marketplace.market import NEVER, Market, Month, Rows, count, lognormal, pick, stack
from marketplace.scenario import Mask

CODES = ("scanned", "hub", "attempt_fail", "available", "delivered")
"""What a scan may say; each carrier has codes of its own for them."""


def scans(market: Market, month: Month, parcels: Rows) -> Rows:
    """Give the scans of parcels.

    Returns
    -------
    dict
        One row a scan, in no order: shipment, carrier, depot, country, place (in `CODES`), event_at,
        received_at, lost_by (the number of the event that lost it for a time, -1: none).
    """
    flow = str(parcels["flow"][0]) if count(parcels) else ""
    draw, settings = market.draw("scans", flow, month.name), market.world.settings["scans"]
    parts = []
    for place, (event_at, is_there) in enumerate(_moments(parcels, draw, settings)):
        happened = is_there & (event_at < market.now)
        found = pick({name: parcels[name] for name in ("shipment", "carrier", "depot", "country")}, happened)
        parts.append(found | {"place": np.full(count(found), place), "event_at": event_at[happened]})
    rows = stack(parts)
    latency = lognormal(draw, settings["latency_minutes"], settings["latency_spread"], count(rows))
    received_at = rows["event_at"] + 1 + latency.astype(np.int64)
    lost_by = np.full(count(rows), -1)
    for number, event in enumerate(market.scenario.events):
        how = event.effects.get("scans_lost")
        if how:
            hit = event.touches(rows, rows["event_at"] // 1_440) & (draw.random(count(rows)) < how["share"])
            received_at, lost_by = (
                np.where(hit, day_number(how["until"]) * 1_440 + 6 * 60, received_at),
                np.where(hit, number, lost_by),
            )
    return rows | {"received_at": received_at, "lost_by": lost_by}


def _moments(
    parcels: Rows, draw: np.random.Generator, settings: dict[str, float]
) -> Iterator[tuple[npt.NDArray[np.int64], Mask]]:
    """Give for each code when it happens, and to which parcels."""
    size = count(parcels)
    scan_at, attempt_at, delivered_at = (parcels[name] for name in ("scan_at", "attempt_at", "delivered_at"))
    arrives = attempt_at < NEVER
    between = scan_at + ((np.where(arrives, attempt_at, scan_at + 2_880) - scan_at) * 0.6).astype(np.int64)
    is_pudo = parcels["service"] == "pudo"
    yield scan_at, parcels["is_used"]
    yield between, parcels["is_used"] & (draw.random(size) >= settings["hub_missed"])
    yield attempt_at, arrives & ~is_pudo & (parcels["attempts"] > 1)
    yield attempt_at, arrives & is_pudo
    yield delivered_at, delivered_at < NEVER
