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


def due_cents(market: Market, rows: Rows, day: Days, listed: Days) -> Floats:
    """Give what prices of the rate card are on a day, by all changes of tariff."""
    due = listed.astype(float)
    for event, how in market.scenario.with_effect("rate"):
        due = np.where(event.touches(rows, day), due * how["factor"], due)
    return due


def fuel_share(
    market: Market, carrier: npt.NDArray[np.str_], day: Days, *, with_events: bool = True
) -> Floats:
    """Give the fuel surcharge of carriers as a share of the base: by month, none for what goes by air."""
    table, month = market.world.settings["fuel"], month_number(day)
    shares = np.array(table["months"])[np.clip(month, 0, len(table["months"]) - 1)]
    for event, how in market.scenario.with_effect("fuel") if with_events else ():
        place = np.clip(month - month_number(np.array(event.first_day)), 0, len(how["months"]) - 1)
        # By carrier alone: a contract has one share for all that a carrier takes.
        shares = np.where(event.touches({"carrier": carrier}, day), np.array(how["months"])[place], shares)
    return np.where(np.isin(carrier, table["by_air"]), 0.0, shares)


def lane_currency(
    world: World, origin: npt.NDArray[np.str_], country: npt.NDArray[np.str_]
) -> npt.NDArray[np.str_]:
    """Give the currency of lanes: that of Britain and the US inside them, else euro."""
    currency = np.full(len(origin), "EUR", dtype="<U3")
    for name in ("GB", "US"):
        currency = np.where((origin == name) & (country == name), world.currency(name), currency)
    return currency


def charges(market: Market, month: Month, parcels: Rows) -> Rows:
    """Give the lines that carriers charge for parcels that were scanned.

    Returns
    -------
    dict
        One row a line: shipment, carrier, country, lane, ship_day, invoice_day, charge (a charge type),
        amount_cents (in the currency of the lane), weight_billed_g, euro_cents, over_cents (of them, what
        the contract does not say), euro_cents_without (without events that move this charge), tagged (a
        currency that is not the true one; empty: none), is_early (billed by a tariff that did not hold
        yet).
    """
    world, settings = market.world, market.world.settings["billing"]
    flow = str(parcels["flow"][0]) if count(parcels) else ""
    draw = market.draw("charges", flow, month.name)
    rows = pick(parcels, parcels["is_used"])
    size, ship_day = count(rows), rows["scan_day"]
    listed = price_cents(world, rows["carrier"], rows["price_cents"], rows["weight_g"])
    due, billed = _tariffs(market, rows, ship_day, listed, draw)
    is_heavy = draw.random(size) < settings["wrong_weight"]
    # A weight one band too high.
    weight_g = np.where(is_heavy, rows["weight_g"] + 1_500, rows["weight_g"])
    heavy = price_cents(world, rows["carrier"], rows["price_cents"], weight_g) - listed
    own = np.where(rows["label_source"] == "seller_own", world.settings["adoption"]["saving_cents"], 0)
    base, over, base_without = billed + own + heavy, billed - due + heavy, listed + own + heavy
    fuel = fuel_share(market, rows["carrier"], ship_day)
    fuel_without = fuel_share(market, rows["carrier"], ship_day, with_events=False)
    keys = ("shipment", "flow", "carrier", "country", "origin", "lane")
    parcel = {name: rows[name] for name in keys} | {
        "is_early": billed > due,
        "ship_day": ship_day,
        "invoice_day": _invoice_day(market, rows, ship_day, draw),
        "weight_billed_g": weight_g,
    }
    every = np.ones(size, dtype=bool)
    lines = [
        _line(parcel, every, "base", base, over, base_without),
        _line(parcel, fuel > 0, "fuel", base * fuel, over * fuel, base * fuel_without),
    ]
    for kind, (is_charged, cents, without) in _surcharges(market, rows, ship_day, draw).items():
        lines.append(_line(parcel, is_charged, kind, cents, np.zeros(size), without))
    is_twice = draw.random(size) < settings["charged_twice"]
    lines.append(
        _line(parcel, is_twice, "base", base, base, base_without) | _rebilled(parcel, is_twice, draw)
    )
    is_credited = draw.random(size) < settings["credited"]
    lines.append(_line(parcel, is_credited, "credit_note", -base, np.zeros(size), -base_without))
    return _in_currency(market, stack(lines))


def _line(parcel: Rows, mask: Mask, charge: str, cents: Floats, over: Floats, without: Floats) -> Rows:
    kept = pick(parcel, mask)
    amounts = {"euro_cents": cents, "over_cents": over, "euro_cents_without": without}
    return (
        kept
        | {"charge": np.full(count(kept), charge, dtype="<U20")}
        | {name: np.round(values[mask]).astype(np.int64) for name, values in amounts.items()}
    )


def _rebilled(rows: Rows, mask: Mask, draw: np.random.Generator) -> Rows:
    """Put what is charged twice on a later invoice."""
    return {"invoice_day": rows["invoice_day"][mask] + draw.integers(5, 20, int(mask.sum()))}


def _tariffs(
    market: Market, rows: Rows, ship_day: Days, listed: Days, draw: np.random.Generator
) -> tuple[Floats, Floats]:
    """Give what is due by the tariff of the day, and what is billed: some parcels too early by a new one."""
    due = due_cents(market, rows, ship_day, listed)
    billed = due
    for event, how in market.scenario.with_effect("rate"):
        soon = event.touches(rows, ship_day + how.get("early_days", 0)) & ~event.touches(rows, ship_day)
        early = soon & (draw.random(count(rows)) < how.get("early_share", 0.0))
        billed = np.where(early, billed * how["factor"], billed)
    return due, billed


def _surcharges(
    market: Market, rows: Rows, ship_day: Days, draw: np.random.Generator
) -> dict[str, tuple[Mask, Floats, Floats]]:
    """Give for each surcharge who pays it, how much, and how much it would be without events."""
    found: dict[str, tuple[Mask, Floats, Floats]] = {}
    size = count(rows)
    for kind, how in market.world.settings["surcharges"].items():
        usual, chance = np.full(size, float(how["share"])), draw.random(size)
        if "service" in how:
            usual = np.where(rows["service"] == how["service"], usual, 0.0)
        share = usual
        for event, change in market.scenario.with_effect("surcharge"):
            if change["type"] == kind:
                share = np.where(event.touches(rows, ship_day), share + change["share"], share)
        cents = np.full(size, float(how["cents"]))
        found[kind] = (chance < share, cents, np.where(chance < usual, cents, 0.0))
    peak = np.full(size, float(market.world.settings["season"]["peak_fee_cents"]))
    found["peak"] = (_in_peak(ship_day), peak, peak)
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
    drawn = lognormal(draw, settings["lag_days"], settings["lag_spread"], count(rows))
    lag = np.minimum(drawn, 42).astype(np.int64) + 1
    for event, how in market.scenario.with_effect("invoice_delay_days"):
        late = event.touches(rows, ship_day) & (draw.random(count(rows)) < how["share"])
        lag = np.where(late, lag + how["shift"], lag)
    day = ship_day + lag
    # Saturdays and Sundays wait for a day of the next week, so that the daily files are of one size.
    return day + np.where(day % 7 >= 5, 7 - day % 7 + rows["shipment"] % 5, 0)


def _in_currency(market: Market, lines: Rows) -> Rows:
    """Turn euro cents into the currency of the lane; some lines are tagged with another one."""
    world = market.world
    currency = lane_currency(world, lines["origin"], lines["country"])
    rate = looked_up(currency, world.settings["euro_rates"])
    tagged = np.full(count(lines), "", dtype="<U3")
    for event, how in market.scenario.with_effect("currency_tag"):
        tagged = np.where(
            event.touches(lines, lines["ship_day"]) & (currency != how["to"]), how["to"], tagged
        )
    return lines | {
        "amount_cents": np.round(lines["euro_cents"] * rate).astype(np.int64),
        "currency": currency,
        "tagged": tagged,
    }
