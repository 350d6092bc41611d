"""Kinds of parcels, and what each carrier would charge: the contract's price and usual surcharges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tallysheet.carrier_mix.problem import Numbers
from tallysheet.carrier_mix.uncertainty import DRAWN_WEEKS

WEEKS = 12
"""Parcels and prices are of so many weeks."""
KEY = ["flow", "lane", "weight_band", "needed"]
"""What makes parcels alike."""
ENDS = "|"
"""Between the parts of a cell's name."""
SERVICES = ("pudo", "home", "express")
"""Who has paid for the door is not sent to a pick-up point; the other way round is an upgrade."""
_MOST_CELLS = 80
_OWN_CHARGES = 30.0
"""From so many parcels on, a carrier's own surcharges weigh as much as those of all for the service."""
_BILLED = 0.8
"""Share of a week's parcels that invoices hold, from which on the week speaks of surcharges."""

Places = NDArray[np.intp]


@dataclass(frozen=True)
class Kinds:
    """Kinds of parcels as they are carried today.

    Parameters
    ----------
    cells : DataFrame
        `KEY`, name, way (flow and lane).
    today : array, cells x carriers
        Parcels a week.
    left : DataFrame
        `KEY`, carrier and parcels (a week) of kinds that stay as they are: too few, or without a price.
    """

    cells: pd.DataFrame
    today: Numbers
    left: pd.DataFrame


@dataclass(frozen=True)
class Offers:
    """What carriers would charge, arrays cells x carriers; NaN where the contract has no price.

    Parameters
    ----------
    listed : array
        Euros a parcel by the contract that holds now, with fuel.
    service : array of int
        Place in `SERVICES` of the service it would use: the needed one, or the next better.
    value : array, cells
        Euros that a parcel is worth on average.
    covered : array
        Share of the value that the carrier pays at most.
    """

    listed: Numbers
    service: Places
    value: Numbers
    covered: Numbers


def kinds(parcels: pd.DataFrame, prices: pd.DataFrame, carriers: Sequence[str], least_parcels: int) -> Kinds:
    """Sort the parcels of the last 12 weeks into kinds; the largest are cells, what is too small is left.

    Parameters
    ----------
    parcels, prices : DataFrame
        As sql/lists/mix_parcels.sql and mix_prices.sql give them.
    carriers : sequence of str
    least_parcels : int
        In 12 weeks.
    """
    recent = parcels[parcels["week"].isin(sorted(parcels["week"].unique())[-WEEKS:])]
    counted = (
        recent.rename(columns={"service": "needed"})
        .groupby([*KEY, "carrier"], as_index=False)["parcels_n"]
        .sum()
    )
    wide = counted.pivot_table(index=KEY, columns="carrier", values="parcels_n", aggfunc="sum", fill_value=0)
    wide = wide.reindex(columns=list(carriers), fill_value=0)
    priced = _priced(prices, wide).set_index([*KEY, "carrier"]).index
    is_priced = pd.DataFrame(
        [[(*key, one) in priced for one in carriers] for key in wide.index],
        index=wide.index,
        columns=wide.columns,
    )
    # Of a kind with parcels for which today's carrier has no price nobody knows what a change brings.
    known = wide[((wide == 0) | is_priced).all(axis=1)]
    large = known[known.sum(axis=1) >= least_parcels]
    order = large.sum(axis=1).sort_values(ascending=False, kind="stable").index[:_MOST_CELLS]
    cells = pd.DataFrame([*order], columns=KEY)
    cells["name"] = [ENDS.join(one) for one in order]
    cells["way"] = cells["flow"] + ENDS + cells["lane"]
    left = wide.drop(index=order).reset_index().melt(KEY, var_name="carrier", value_name="parcels")
    left = left[left["parcels"] > 0].sort_values([*KEY, "carrier"])
    left = left.assign(parcels=left["parcels"] / WEEKS)
    return Kinds(cells, wide.loc[order].to_numpy(float) / WEEKS, left.reset_index(drop=True))


def offers(prices: pd.DataFrame, found: Kinds, carriers: Sequence[str]) -> Offers:
    """Take for each cell and carrier the price of the service that is needed, or of the next better one."""
    shape = (len(found.cells), len(carriers))
    listed, service = np.full(shape, np.nan), np.zeros(shape, dtype=np.intp)
    covered, value = np.zeros(shape), np.zeros(shape[0])
    cells = {tuple(one): row for row, one in enumerate(found.cells[KEY].to_numpy())}
    places = {one: column for column, one in enumerate(carriers)}
    wide = pd.DataFrame(
        found.today * WEEKS, index=pd.MultiIndex.from_frame(found.cells[KEY]), columns=list(carriers)
    )
    for one in _priced(prices, wide).to_dict("records"):
        row, column = cells[tuple(one[name] for name in KEY)], places[one["carrier"]]
        listed[row, column] = one["price_cents"] / one["parcels_n"] / 100
        service[row, column] = SERVICES.index(one["service"])
        if one["valued_n"] > 0:
            value[row] = one["value_cents"] / one["valued_n"] / 100
            covered[row, column] = one["covered_cents"] / max(one["value_cents"], 1)
    return Offers(listed, service, value, covered)


def surcharges(
    parcels: pd.DataFrame, carriers: Sequence[str], draws: int, random: np.random.Generator
) -> tuple[Numbers, Numbers]:
    """Say by what factor carriers charge more than the contract's price with fuel, by service.

    Of parcels with an invoice, of those of the last 16 weeks that are nearly all invoiced; few parcels are
    drawn towards all carriers' factor.

    Returns
    -------
    array, carriers x services
    array, draws x carriers x services
        The same of three weeks drawn.
    """
    # A week whose invoices are still to come says little, and would make all that may come look alike.
    whole = parcels.groupby("week")[["charged_n", "parcels_n"]].sum()
    billed = whole.index[whole["charged_n"] >= _BILLED * whole["parcels_n"]]
    parcels = parcels[parcels["week"].isin(billed)] if len(billed) >= DRAWN_WEEKS else parcels
    listed = _by_week(parcels, "listed_cents", carriers)
    charged = _by_week(parcels, "charged_cents", carriers)
    counted = _by_week(parcels, "charged_n", carriers)
    summed = listed.sum(axis=(0, 1))
    usual = np.divide(charged.sum(axis=(0, 1)), summed, out=np.ones(len(SERVICES)), where=summed > 0)
    mean = listed.sum() / max(counted.sum(), 1.0)
    weight = max(_OWN_CHARGES * mean, 1e-9)
    weeks = random.integers(0, len(listed), (draws, DRAWN_WEEKS))

    short = weight * DRAWN_WEEKS / len(listed)
    drawn = (charged[weeks].sum(axis=1) + short * usual) / (listed[weeks].sum(axis=1) + short)
    return (charged.sum(axis=0) + weight * usual) / (listed.sum(axis=0) + weight), drawn


def _priced(prices: pd.DataFrame, wide: pd.DataFrame) -> pd.DataFrame:
    """Keep what prices all parcels of a kind, by the least service that will do."""
    rank = {name: place for place, name in enumerate(SERVICES)}
    total = wide.sum(axis=1).rename("total").reset_index()
    found = prices.merge(total, on=KEY)
    found = found[found["carrier"].isin(list(wide.columns)) & found["service"].isin(SERVICES)]
    found = found.assign(rank=found["service"].map(rank), needs=found["needed"].map(rank))
    # Sums of parcels of twelve weeks are whole, whatever dividing by 12 did to them.
    found = found[(found["parcels_n"] == found["total"].round()) & (found["rank"] >= found["needs"])]
    return found.sort_values([*KEY, "carrier", "rank"]).drop_duplicates([*KEY, "carrier"])


def _by_week(parcels: pd.DataFrame, name: str, carriers: Sequence[str]) -> Numbers:
    """Give weeks x carriers x services."""
    weeks = sorted(parcels["week"].unique())
    index = pd.MultiIndex.from_product([weeks, carriers, SERVICES])
    summed = parcels.groupby(["week", "carrier", "service"])[name].sum().reindex(index, fill_value=0)
    return summed.to_numpy(float).reshape(len(weeks), len(carriers), len(SERVICES))
