"""Orders of buyers: who sells what, and when the parcel reaches its carrier."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from marketplace.carriage import utc_minutes
from marketplace.days import Days
from marketplace.demand import orders_by_lane
from marketplace.market import NEVER, Market, Month, Rows, chosen, lognormal, looked_up, moved, places
from marketplace.parcels import business, carried, carriers_on, on_lanes, serials, services
from marketplace.scenario import Mask
from marketplace.world import World


def play_orders(market: Market, month: Month) -> Rows:
    """Play the orders of a month to the end of their parcels.

    Returns
    -------
    dict
        One row a parcel: what `marketplace.parcels.carried` gives, and paid_at, accepted_at,
        released_at, cut_off_at and dispatched_at (of a fulfilment partner, else NEVER), ship_by_day,
        is_eligible, second_line (whether the order has two lines).
    """
    world, draw = market.world, market.draw("orders", month.name)
    day, lane = orders_by_lane(market.scenario, "outbound", market.parcels, month.days, market.seed)
    lanes, size = world.lanes["outbound"], len(day)
    rows = on_lanes(lanes, lane, "outbound") | {"place": lane}
    zones = world.settings["zones"]
    paid_at = utc_minutes(zones, rows["country"], day, draw.integers(7 * 60, 23 * 60, size))
    accepted_at = paid_at + lognormal(draw, 240, 0.8, size).astype(np.int64)
    seller = _sellers(market, rows["origin"], draw)
    rows |= {
        "order": serials(month, "outbound", size),
        "case": np.zeros(size, dtype=np.int64),
        "order_day": day,
        "paid_at": paid_at,
        "accepted_at": accepted_at,
        "label_at": accepted_at + 5,
        "seller": market.sellers.code[seller],
        "partner": market.sellers.partner[seller],
        "is_eligible": market.sellers.is_eligible[seller] & (rows["country"] != "US"),
        "second_line": draw.random(size) < world.settings["handover"]["second_line"],
        "is_used": np.ones(size, dtype=bool),
        **goods(world, draw, size),
    }
    rows["carrier"] = carriers_on(market.scenario, lanes, lane, rows, day, draw.random(size))
    rows["on_time"] = rows["on_time"] + market.sellers.on_time_shift[seller]
    rows["service"] = services(world, rows["carrier"], draw)
    uses = market.sellers.is_active(seller, day) & rows["is_eligible"]
    uses &= draw.random(size) < looked_up(rows["service"], world.settings["adoption"]["wallet"])
    rows["label_source"] = np.where(uses, "backship", "seller_own")
    ship_by = business(rows["origin"], accepted_at // 1_440, 1)
    rows["ship_by_day"] = ship_by
    rows |= _dispatch(market, rows, draw)
    handed, handed_without = _handover(market, rows, seller, draw)
    early = (rows["partner"] == "") & (draw.random(size) < world.settings["handover"]["same_day"])
    late_days = draw.geometric(0.6, size)
    scan_day, without = (
        business(
            rows["origin"],
            np.where(early & prompt, accepted_at // 1_440, ship_by),
            np.where(prompt, 0, late_days),
        )
        for prompt in (rows["is_prompt"] & handed, rows["is_prompt_without"] & handed_without)
    )
    rows["scan_day_without"] = without
    return carried(market, month, "outbound", rows, scan_day, ship_by)


def goods(world: World, draw: np.random.Generator, size: int) -> Rows:
    """Draw devices: category, value and weight."""
    kinds = world.settings["categories"]
    category = chosen(draw, {name: row[0] for name, row in kinds.items()}, size)
    middle, spread, weight = (
        looked_up(category, {name: row[place] for name, row in kinds.items()}) for place in (1, 2, 3)
    )
    value = middle * np.exp(spread * draw.normal(size=size))
    return {
        "category": category,
        "value_cents": np.maximum(1_000, np.round(value / 100) * 100).astype(np.int64),
        "weight_g": np.maximum(60, weight * np.exp(0.15 * draw.normal(size=size))).astype(np.int64),
    }


def _sellers(market: Market, origin: npt.NDArray[np.str_], draw: np.random.Generator) -> Days:
    """Choose sellers of the country that the parcel leaves, by their weight."""
    sellers = market.sellers
    found, chance = np.zeros(len(origin), dtype=np.int64), draw.random(len(origin))
    for country, here in places(origin):
        theirs = np.flatnonzero(sellers.country == country)
        share = np.cumsum(sellers.weight[theirs]) / sellers.weight[theirs].sum()
        found[here] = theirs[np.minimum(np.searchsorted(share, chance[here]), len(theirs) - 1)]
    return found


def _dispatch(market: Market, rows: Rows, draw: np.random.Generator) -> Rows:
    """Let fulfilment partners send out what sellers leave to them, by the cut-off or after it."""
    settings, size = market.world.settings["fulfilment"], len(rows["order"])
    by_partner = rows["partner"] != ""
    ship_by = rows["ship_by_day"]
    usual, chance = np.full(size, settings["dispatch_on_time"]), draw.random(size)
    is_prompt = chance < moved(market.scenario, "dispatch_on_time", rows, ship_by, usual)
    cut_off = utc_minutes(
        market.world.settings["zones"], rows["origin"], ship_by, np.full(size, settings["cut_off_minute"])
    )
    early = np.minimum(lognormal(draw, 240, 0.6, size), 600).astype(np.int64)
    late = lognormal(draw, 300, 0.7, size).astype(np.int64)
    released_at = rows["accepted_at"] + 10
    dispatched_at = np.where(is_prompt, np.maximum(cut_off - early, released_at + 5), cut_off + late)
    return {
        "released_at": np.where(by_partner, released_at, NEVER),
        "cut_off_at": np.where(by_partner, cut_off, NEVER),
        "dispatched_at": np.where(by_partner, dispatched_at, NEVER),
        "is_prompt": is_prompt | ~by_partner,
        "is_prompt_without": (chance < usual) | ~by_partner,
    }


def _handover(market: Market, rows: Rows, seller: Days, draw: np.random.Generator) -> tuple[Mask, Mask]:
    """Say which parcels reach the carrier by the ship-by day, with and without events."""
    settings, size = market.world.settings["handover"], len(seller)
    level = settings["on_time"]
    logit = np.log(level / (1 - level)) + settings["lift"] + market.sellers.handover_logit[seller]
    usual, chance = 1 / (1 + np.exp(-logit)), draw.random(size)
    probability = moved(market.scenario, "handover_on_time", rows, rows["ship_by_day"], usual)
    return chance < probability, chance < usual
