"""The carriers' contract: what each charges by lane, service and weight, and on what terms, over time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from marketplace.billing import BANDS_G, due_cents, fuel_share, lane_currency, price_cents
from marketplace.days import Days, date, monday
from marketplace.market import Market, Rows, count, looked_up
from marketplace.world import Floats, World


@dataclass(frozen=True)
class Rate:
    """A price of a carrier for a lane, a service and a weight, over some days; None: no end."""

    carrier: str
    service: str
    origin: str
    destination: str
    above_g: int
    up_to_g: int | None
    price_cents: int
    currency: str
    valid_from: dt.date
    valid_to: dt.date | None


@dataclass(frozen=True)
class Terms:
    """What a carrier promises and asks for over some days; None: no end."""

    carrier: str
    valid_from: dt.date
    valid_to: dt.date | None
    weekly_capacity: int
    min_volume: int
    shortfall_fee_cents: int
    liability_cents: int
    claim_deadline_days: int
    fuel_share: float
    max_weekly_shift: float


def rates(market: Market) -> list[Rate]:
    """Give the rate card: each carrier, service and lane that it carries in any flow, and each weight.

    A change of tariff ends a price and begins another.
    """
    cards = _cards(market.world)
    first, last = _horizon(market)
    changes = {
        day
        for event, _ in market.scenario.with_effect("rate")
        for day in (event.first_day, event.last_day + 1)
    }
    days = np.array(sorted({first, *(day for day in changes if first < day <= last)}))
    listed = price_cents(market.world, cards["carrier"], cards["price_cents"], cards["above_g"] + 1)
    due = np.array([due_cents(market, cards, np.full(count(cards), day), listed) for day in days])
    currency = lane_currency(market.world, cards["origin"], cards["country"])
    prices = np.round(np.round(due) * looked_up(currency, market.world.settings["euro_rates"]))
    ends = dict(zip(BANDS_G, (*BANDS_G[1:], None), strict=True))
    columns = (cards[name].tolist() for name in ("carrier", "service", "origin", "country", "above_g"))
    return [
        Rate(carrier, service, origin, country, above, ends[above], int(price), str(money), start, end)
        for place, (carrier, service, origin, country, above, money) in enumerate(
            zip(*columns, currency, strict=True)
        )
        for start, end, price in _spells(days, prices[:, place])
    ]


def terms(market: Market) -> list[Terms]:
    """Give the terms of each carrier: anew for each change of the fuel surcharge."""
    settings, world = market.world.settings["contract"], market.world
    first, last = _horizon(market)
    days = np.arange(first, last + 1)
    deadlines, scale = settings["claim_deadline_days"], market.parcels / world.sizes["M"]
    return [
        Terms(
            code,
            start,
            end,
            round(carrier.capacity * scale),
            round(carrier.min_volume * scale),
            settings["shortfall_fee_cents"] if carrier.min_volume else 0,
            carrier.liability_cents,
            deadlines.get(code, deadlines["others"]),
            share,
            settings["max_weekly_shift"],
        )
        for code, carrier in world.carriers.items()
        for start, end, share in _spells(days, fuel_share(market, np.full(len(days), code), days))
    ]


def _horizon(market: Market) -> tuple[int, int]:
    return monday(market.first_week), monday(market.last_week) + 6


def _cards(world: World) -> Rows:
    """List carriers, services, lanes and weights; the flows that go one way have one price."""
    found = {
        (code, service, lane.origin, lane.destination): lane.price_cents
        for lanes in world.lanes.values()
        for lane in lanes
        for code in lane.carriers
        for service in world.carriers[code].services
    }
    keys = [(*key, found[key], above) for key in sorted(found) for above in BANDS_G]
    names = ("carrier", "service", "origin", "country", "price_cents", "above_g")
    cards: Rows = {
        name: np.array(values) for name, values in zip(names, zip(*keys, strict=True), strict=True)
    }
    return cards | {"lane": np.array([f"{origin}-{country}" for _, _, origin, country, *_ in keys])}


def _spells(
    days: Days, values: Floats | npt.NDArray[np.int64]
) -> Iterator[tuple[dt.date, dt.date | None, float]]:
    """Give from when to when a value holds; the last one until further notice.

    Examples
    --------
    >>> days, values = np.array([0, 1, 2]), np.array([0.1, 0.1, 0.2])
    >>> [(f"{start} {end}", share) for start, end, share in _spells(days, values)]
    [('2024-01-01 2024-01-02', 0.1), ('2024-01-03 None', 0.2)]
    """
    starts = [0, *(np.flatnonzero(values[1:] != values[:-1]) + 1)]
    for start, following in zip(starts, [*starts[1:], None], strict=True):
        end = None if following is None else date(days[following] - 1)
        yield date(days[start]), end, float(values[start])
