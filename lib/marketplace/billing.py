"""What carriers charge: lines of a parcel on one or several invoices, and what is charged too much."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from marketplace.days import Days, black_friday_week, month_number
from marketplace.market import Market, Month, Rows, count, lognormal, looked_up, pick, stack
from marketplace.scenario import Mask
from marketplace.world import Floats, World

BANDS_G = (0, 1_000, 2_000, 5_000, 10_000)
"""Weights above which a band of the rate card begins."""


def price_cents(
    world: World, carrier: npt.NDArray[np.str_], lane_price: Days, weight_g: Days
) -> npt.NDArray[np.int64]:
    """Give the price of the rate card, before any change of tariff."""
    settings = world.settings["billing"]
    factors = settings["discount"] * np.array(settings["band_factors"])
    band = np.searchsorted(BANDS_G, weight_g, side="left") - 1
    price = looked_up(carrier, {code: one.price for code, one in world.carriers.items()})
    return np.round(lane_price * price * factors[np.clip(band, 0, len(factors) - 1)]).astype(np.int64)


def charges(market: Market, month: Month, parcels: Rows) -> Rows:
    """Give the lines that carriers charge for parcels that were scanned.

    Returns
    -------
    dict
        One row a line: shipment, carrier, country, lane, ship_day, invoice_day, charge (a charge type),
        amount_cents (in the currency of the lane), weight_billed_g, over_cents (of it, what the contract
        does not say), tagged (a currency that is not the true one; empty: none).
    """
    world, settings = market.world, market.world.settings["billing"]
    flow = str(parcels["flow"][0]) if count(parcels) else ""
    draw = market.draw("charges", flow, month.name)
    rows = pick(parcels, parcels["is_used"])
    size, ship_day = count(rows), rows["scan_day"]
    listed = price_cents(world, rows["carrier"], rows["price_cents"], rows["weight_g"])
    due, billed = _tariffs(market, rows, ship_day, listed, draw)
    own = np.where(rows["label_source"] == "seller_own", world.settings["adoption"]["saving_cents"], 0)
    is_heavy = draw.random(size) < settings["wrong_weight"]
    # A weight one band too high.
    weight_g = np.where(is_heavy, rows["weight_g"] + 1_500, rows["weight_g"])
    heavy = price_cents(world, rows["carrier"], rows["price_cents"], weight_g) - listed
    base = np.round(billed).astype(np.int64) + own + heavy
    over = base - np.round(due).astype(np.int64) - own
    fuel = _fuel(market, rows, ship_day)
    base_rows = {name: rows[name] for name in ("shipment", "carrier", "country", "lane", "origin")} | {
        "ship_day": ship_day,
        "invoice_day": _invoice_day(market, rows, ship_day, draw),
        "weight_billed_g": weight_g,
    }
    every = np.ones(size, dtype=bool)
    lines = [
        _line(base_rows, every, "base", base, over),
        _line(base_rows, fuel > 0, "fuel", np.round(base * fuel).astype(np.int64), np.round(over * fuel)),
    ]
    for kind, (is_charged, cents) in _surcharges(market, rows, ship_day, draw).items():
        lines.append(_line(base_rows, is_charged, kind, cents, np.zeros(size)))
    is_twice = draw.random(size) < settings["charged_twice"]
    lines.append(_line(base_rows, is_twice, "base", base, base) | _rebilled(base_rows, is_twice, draw))
    is_credited = draw.random(size) < settings["credited"]
    lines.append(_line(base_rows, is_credited, "credit_note", -base, np.zeros(size)))
    found = stack(lines)
    return _in_currency(market, found)


def _line(rows: Rows, mask: Mask, charge: str, cents: Floats, over: Floats) -> Rows:
    kept = pick(rows, mask)
    return kept | {
        "charge": np.full(count(kept), charge, dtype="<U20"),
        "amount_cents": np.broadcast_to(cents, mask.shape)[mask].astype(np.int64),
        "over_cents": np.broadcast_to(over, mask.shape)[mask].astype(np.int64),
    }


def _rebilled(rows: Rows, mask: Mask, draw: np.random.Generator) -> Rows:
    """Put what is charged twice on a later invoice."""
    return {"invoice_day": rows["invoice_day"][mask] + draw.integers(5, 20, int(mask.sum()))}


def _tariffs(
    market: Market, rows: Rows, ship_day: Days, listed: Days, draw: np.random.Generator
) -> tuple[Floats, Floats]:
    """Give what is due by the tariff of the day, and what is billed: some parcels too early by a new one."""
    due = listed.astype(float)
    billed = due.copy()
    for event, how in market.scenario.with_effect("rate"):
        holds = event.touches(rows, ship_day)
        before = event.touches(rows, ship_day + how.get("early_days", 0)) & ~holds
        early = before & (draw.random(count(rows)) < how.get("early_share", 0.0))
        due = np.where(holds, due * how["factor"], due)
        billed = np.where(holds | early, billed * how["factor"], billed)
    return due, billed


def _fuel(market: Market, rows: Rows, ship_day: Days) -> Floats:
    """Give the fuel surcharge as a share of the base: by month, for what goes by road."""
    table = market.world.settings["fuel"]
    month = month_number(ship_day)
    shares = np.array(table["months"])[np.clip(month, 0, len(table["months"]) - 1)]
    for event, how in market.scenario.with_effect("fuel"):
        place = np.clip((month - month_number(np.array(event.first_day))), 0, len(how["months"]) - 1)
        shares = np.where(event.touches(rows, ship_day), np.array(how["months"])[place], shares)
    return np.where(np.isin(rows["carrier"], table["by_air"]), 0.0, shares)


def _surcharges(
    market: Market, rows: Rows, ship_day: Days, draw: np.random.Generator
) -> dict[str, tuple[Mask, Days]]:
    found: dict[str, tuple[Mask, Days]] = {}
    size = count(rows)
    for kind, how in market.world.settings["surcharges"].items():
        share = np.full(size, how["share"])
        if "service" in how:
            share = np.where(rows["service"] == how["service"], share, 0.0)
        for event, change in market.scenario.with_effect("surcharge"):
            if change["type"] == kind:
                share = np.where(event.touches(rows, ship_day), share + change["share"], share)
        found[kind] = (draw.random(size) < share, np.full(size, how["cents"]))
    found["peak"] = (_in_peak(ship_day), np.full(size, market.world.settings["season"]["peak_fee_cents"]))
    return found


def _in_peak(day: Days) -> Mask:
    """Mark the time of peak surcharges: the week of Black Friday and the one after."""
    found = np.zeros(len(day), dtype=bool)
    for year in range(2023, 2028):
        first = black_friday_week(year)
        found |= (day >= first) & (day < first + 14)
    return found


def _invoice_day(market: Market, rows: Rows, ship_day: Days, draw: np.random.Generator) -> Days:
    """Put each parcel on an invoice of its carrier, who writes one every weekday, some weeks late."""
    settings = market.world.settings["billing"]
    lag = lognormal(draw, settings["lag_days"], settings["lag_spread"], count(rows))
    lag = np.minimum(lag, 42).astype(np.int64) + 1
    for event, how in market.scenario.with_effect("invoice_delay_days"):
        late = event.touches(rows, ship_day) & (draw.random(count(rows)) < how["share"])
        lag = np.where(late, lag + how["shift"], lag)
    day = ship_day + lag
    # Saturdays and Sundays wait for Monday.
    return day + np.where(day % 7 >= 5, 7 - day % 7, 0)


def _in_currency(market: Market, lines: Rows) -> Rows:
    """Turn euro cents into the currency of the lane; some lines are tagged with another one."""
    world = market.world
    domestic = lines["origin"] == lines["country"]
    codes = {name: world.currency(name) for name in ("GB", "US")}
    currency = np.full(count(lines), "EUR", dtype="<U3")
    for country, code in codes.items():
        currency = np.where(domestic & (lines["country"] == country), code, currency)
    rate = looked_up(currency, world.settings["euro_rates"])
    tagged = np.full(count(lines), "", dtype="<U3")
    for event, how in market.scenario.with_effect("currency_tag"):
        tagged = np.where(
            event.touches(lines, lines["ship_day"]) & (currency != how["to"]), how["to"], tagged
        )
    return lines | {
        "amount_cents": np.round(lines["amount_cents"] * rate).astype(np.int64),
        "currency": currency,
        "tagged": tagged,
    }
