"""From what is known of parcels, prices and contracts to a problem: costs, service, floors, scenarios."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from tallysheet.carrier_mix.offers import ENDS, Kinds, Offers, Places, kinds, offers, surcharges
from tallysheet.carrier_mix.problem import Carrier, Cell, Flags, Numbers, Problem, Rules
from tallysheet.carrier_mix.uncertainty import Shares, drawn_shares, shrunk_shares
from tallysheet.settings import Mix

_TRIED = 10.0
"""Parcels on a way from which on a carrier is known there."""
_OWN_LATE = 20.0
"""From so many late parcels on, a carrier's own days late weigh as much as those of all."""
_SEED = 1
_SLACK = 1e-9


@dataclass(frozen=True)
class Evidence:
    """What is known at a moment.

    Parameters
    ----------
    parcels, prices, terms : DataFrame
        As sql/lists/mix_parcels.sql, mix_prices.sql and mix_terms.sql give them.
    on_time, losses : DataFrame
        week, carrier, flow, lane, x (on time; lost or damaged), n: of weeks that are final, of all flows.
    recovered : dict of str to float
        By carrier, the share that comes back of what it pays at most for a loss.
    contact_euros : float
        What the contacts cost that a late parcel brings beyond those of one on time.
    """

    parcels: pd.DataFrame
    prices: pd.DataFrame
    terms: pd.DataFrame
    on_time: pd.DataFrame
    losses: pd.DataFrame
    recovered: dict[str, float]
    contact_euros: float


@dataclass(frozen=True)
class Rates:
    """What makes the cost of a parcel, by cell and carrier.

    Parameters
    ----------
    offered : Offers
    exposed : array, cells x carriers
        Euros that a lost or damaged parcel costs, less what comes back.
    late : array, carriers
        Euros that a late parcel costs: days and contacts.
    """

    offered: Offers
    exposed: Numbers
    late: Numbers

    def price(self, factor: Numbers) -> Numbers:
        """Give euros a parcel by the factor of surcharges; (draws x) carriers x services."""
        column = np.arange(self.exposed.shape[1])
        return self.offered.listed * factor[..., column, self.offered.service]

    def risk(self, on_time: Numbers, lost: Numbers) -> Numbers:
        """Give euros a parcel by the shares on time and lost; (draws x) cells x carriers."""
        return lost * self.exposed + (1 - on_time) * self.late


@dataclass(frozen=True)
class Ground:
    """A problem and what it was made of.

    Parameters
    ----------
    problem : Problem
    kinds : Kinds
    rates : Rates
    on_time, losses : Shares
        By cell and carrier: what is known of the carrier on the cell's way.
    beside : dict of str to float
        By carrier, parcels a week that take of its capacity and are not in the problem.
    """

    problem: Problem
    kinds: Kinds
    rates: Rates
    on_time: Shares
    losses: Shares
    beside: dict[str, float]


def ground(evidence: Evidence, policy: Mix) -> Ground:
    """Put a problem together.

    A carrier may have a cell if its contract prices every parcel of it. Its price is the contract's with
    fuel, times the surcharges that are usual with it. The risk of a parcel is

    value x (share lost or damaged) x (1 - what comes back) + share late x (days late x euros + contacts).
    """
    carriers = sorted(set(evidence.terms["carrier"]))
    found = kinds(evidence.parcels, evidence.prices, carriers, policy.least_parcels)
    offered = offers(evidence.prices, found, carriers)
    random = np.random.default_rng(_SEED)
    ways = found.cells["way"].tolist()
    served, served_drawn = shares(evidence.on_time, ways, carriers, policy.draws, random)
    lost, lost_drawn = shares(evidence.losses, ways, carriers, policy.draws, random)
    factor, factor_drawn = surcharges(evidence.parcels, carriers, policy.draws, random)
    back = np.array([evidence.recovered.get(one, 0.0) for one in carriers])
    late = _late_days(evidence.parcels, carriers) * policy.late_day_cents / 100 + evidence.contact_euros
    rates = Rates(offered, offered.value[:, None] * (1 - back * offered.covered), late)
    beside = _beside(evidence.terms, found.left)
    allowed = np.isfinite(offered.listed)
    tried = (served.parcels >= _TRIED) | (found.today > 0)
    on_time = float((found.today * served.share).sum() / found.today.sum())
    problem = Problem(
        cells=_cells(found, served.share, allowed, tried, policy),
        carriers=_contracts(evidence.terms, beside, found.today, policy),
        price=rates.price(factor),
        on_time=served.share,
        risk=rates.risk(served.share, lost.share),
        allowed=allowed,
        today=found.today,
        tried=tried,
        scenarios=rates.price(factor_drawn) + rates.risk(served_drawn, lost_drawn),
        rules=Rules(
            on_time=max(0.0, on_time + policy.on_time_gain - _SLACK),
            least_share=policy.least_share,
            trial_share=policy.trial_share,
            tail_weight=policy.tail_weight,
            tail=policy.tail,
            tie_euros=policy.move_cents / 100,
        ),
    )
    return Ground(problem, found, rates, served, lost, beside)


def shares(
    counts: pd.DataFrame,
    ways: Sequence[str],
    carriers: Sequence[str],
    draws: int,
    random: np.random.Generator,
) -> tuple[Shares, Numbers]:
    """Estimate shares by way and carrier of all flows, and give those of the cells, with their draws."""
    hits, parcels, rows = counted(counts, ways, carriers)
    known = shrunk_shares(hits, parcels)
    return of_rows(known, rows), drawn_shares(hits, parcels, known, draws, random)[:, rows]


def counted(
    counts: pd.DataFrame, ways: Sequence[str], carriers: Sequence[str]
) -> tuple[Numbers, Numbers, Places]:
    """Give hits and parcels, weeks x ways x carriers, and where the ways asked for stand in them."""
    way = counts["flow"] + ENDS + counts["lane"]
    names, weeks = sorted({*way, *ways}), sorted(counts["week"].unique())
    index = pd.MultiIndex.from_product([weeks, names, carriers])
    summed = counts.assign(way=way).groupby(["week", "way", "carrier"])[["x", "n"]].sum()
    summed = summed.reindex(index, fill_value=0)
    shape = (len(weeks), len(names), len(carriers))
    hits, parcels = (summed[name].to_numpy(float).reshape(shape) for name in ("x", "n"))
    return hits, parcels, np.array([names.index(one) for one in ways], dtype=np.intp)


def of_rows(known: Shares, rows: Places) -> Shares:
    """Give the shares of some ways, one row each."""
    return replace(
        known,
        share=known.share[rows],
        parcels=known.parcels[rows],
        weight=known.weight[rows],
        expected=known.expected[rows],
    )


def _late_days(parcels: pd.DataFrame, carriers: Sequence[str]) -> Numbers:
    """Give by carrier how many working days late a late parcel is."""
    summed = parcels.groupby("carrier")[["late_n", "late_days"]].sum().reindex(list(carriers), fill_value=0)
    usual = summed["late_days"].sum() / max(summed["late_n"].sum(), 1)
    return ((summed["late_days"] + _OWN_LATE * usual) / (summed["late_n"] + _OWN_LATE)).to_numpy(float)


def _beside(terms: pd.DataFrame, left: pd.DataFrame) -> dict[str, float]:
    stays = left.groupby("carrier")["parcels"].sum()
    outbound = terms.set_index("carrier")["outbound"]
    return {str(one): float(outbound[one]) + float(stays.get(one, 0.0)) for one in terms["carrier"]}


def _contracts(
    terms: pd.DataFrame, beside: dict[str, float], today: Numbers, policy: Mix
) -> tuple[Carrier, ...]:
    """Give what contracts leave for the problem: capacity and promised volume are of all flows."""
    found = []
    now = today.sum(axis=0) / today.sum()
    for place, one in enumerate(terms.sort_values("carrier").to_dict("records")):
        elsewhere = beside[one["carrier"]]
        capacity = float(one["weekly_capacity"]) if pd.notna(one["weekly_capacity"]) else np.inf
        promised = float(one["min_volume"]) if pd.notna(one["min_volume"]) else 0.0
        fee = float(one["fee_cents"]) / 100 if pd.notna(one["fee_cents"]) else 0.0
        found.append(
            Carrier(
                str(one["carrier"]),
                capacity=max(0.0, capacity - elsewhere),
                min_volume=max(0.0, promised - elsewhere),
                shortfall_fee_euros=fee,
                max_share=max(policy.carrier_share, float(now[place])),
            )
        )
    return tuple(found)


def _cells(found: Kinds, on_time: Numbers, allowed: Flags, tried: Flags, policy: Mix) -> tuple[Cell, ...]:
    """Set the rules of each cell, as far as there are carriers to keep them and they are kept now."""
    cells = []
    for row, name in enumerate(found.cells["name"]):
        parcels = float(found.today[row].sum())
        known = np.flatnonzero(allowed[row] & tried[row])
        trials = float((allowed[row] & ~tried[row]).sum()) * policy.trial_share
        several = 2 if len(known) > 1 and parcels >= policy.large_parcels else 1
        # Where one carrier has more today, it may stay so; and where there is no other, it must.
        most = max(policy.cell_share, float(found.today[row].max()) / parcels)
        most = most if len(known) > 1 else max(most, 1 - trials)
        best = np.sort(on_time[row, known])[::-1]
        reached = float(most * best[0] + (1 - most) * (best[1] if len(best) > 1 else best[0]))
        now = float(found.today[row] @ on_time[row]) / parcels
        # What is far above the floor may not fall to it for a few euros.
        wanted = max(min(policy.floor, now), now - policy.most_drop)
        floor = max(0.0, min(wanted, reached) - _SLACK)
        cells.append(Cell(name, parcels, floor, most, several))
    return tuple(cells)
