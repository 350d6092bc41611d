"""The carrier-mix model: a problem written as a program of rows."""

from __future__ import annotations

import math
from dataclasses import dataclass

from tallysheet.carrier_mix.problem import Carrier, Problem
from tallysheet.carrier_mix.program import Program


@dataclass(frozen=True)
class Model:
    """A program and where its volumes stand.

    Parameters
    ----------
    program : Program
    volume : dict
        Variable of each pair of cell and carrier: parcels a week.
    """

    program: Program
    volume: dict[tuple[int, int], int]


def build(problem: Problem, *, is_loose: bool = False) -> Model:
    """Write a problem as a program.

    Parameters
    ----------
    problem : Problem
    is_loose : bool
        Whether to leave out the most that a carrier may get of a cell, for whoever writes it as rows.

    Returns
    -------
    Model
        Its objective is the mean cost, plus `Rules.tie_euros` for each parcel that changes carrier.
    """
    program, cost = Program(), problem.cost
    volume = {
        pair: program.variable(
            float(cost[pair]),
            high=problem.cells[pair[0]].parcels if is_loose else problem.most(*pair),
            is_whole=problem.rules.whole_parcels,
        )
        for pair in problem.pairs
    }
    model = Model(program, volume)
    for cell in range(len(problem.cells)):
        _cell_rules(problem, model, cell)
    for place in range(len(problem.carriers)):
        _carrier_rules(problem, model, place)
    if problem.rules.on_time > 0:
        terms = {one: float(problem.on_time[pair]) for pair, one in volume.items()}
        program.at_least("on_time", "", terms, problem.rules.on_time * problem.parcels)
    _shifts(problem, model)
    return model


def _cell_rules(problem: Problem, model: Model, place: int) -> None:
    """Write demand, floor, shares and number of carriers of a cell."""
    cell, program = problem.cells[place], model.program
    among = {carrier: one for (where, carrier), one in model.volume.items() if where == place}
    program.equal("demand", cell.name, dict.fromkeys(among.values(), 1.0), cell.parcels)
    if cell.floor > 0:
        terms = {one: float(problem.on_time[place, carrier]) for carrier, one in among.items()}
        program.at_least("floor", cell.name, terms, cell.floor * cell.parcels)
    if problem.rules.least_share <= 0:
        return
    used = {}
    for carrier, one in among.items():
        used[program.variable(high=1.0, is_whole=True)] = 1.0
        is_used = max(used)
        program.at_most("", cell.name, {one: 1.0, is_used: -program.highs[one]}, 0.0)
        program.at_least("least_share", cell.name, {one: 1.0, is_used: -problem.least(place, carrier)}, 0.0)
    if cell.least_carriers > 1:
        program.at_least("least_carriers", cell.name, used, float(cell.least_carriers))


def _carrier_rules(problem: Problem, model: Model, place: int) -> None:
    """Write capacity, promised volume, fixed cost, share, shift and rebates of a carrier."""
    carrier, program = problem.carriers[place], model.program
    among = {cell: one for (cell, where), one in model.volume.items() if where == place}
    volume = dict.fromkeys(among.values(), 1.0)
    active = _active(problem, model, place)
    if math.isfinite(carrier.capacity):
        load = {one: _load(problem, cell, place) for cell, one in among.items()}
        if active is None:
            program.at_most("capacity", carrier.name, load, carrier.capacity)
        else:
            program.at_most("capacity", carrier.name, {**load, active: -carrier.capacity}, 0.0)
    if carrier.min_volume > 0:
        is_hard = math.isinf(carrier.shortfall_fee_euros)
        short = program.variable(
            0.0 if is_hard else carrier.shortfall_fee_euros, high=0.0 if is_hard else math.inf
        )
        terms, owed = {**volume, short: 1.0}, carrier.min_volume
        if active is not None and carrier.may_leave:
            terms, owed = {**terms, active: -owed}, 0.0
        program.at_least("min_volume", carrier.name, terms, owed)
    if carrier.max_share < 1:
        program.at_most("carrier_share", carrier.name, volume, carrier.max_share * problem.parcels)
    if math.isfinite(carrier.max_shift_parcels) and problem.today is not None:
        now = float(problem.today[:, place].sum())
        program.at_most("carrier_shift", carrier.name, volume, now + carrier.max_shift_parcels)
        program.at_least("carrier_shift", carrier.name, volume, now - carrier.max_shift_parcels)
    _rebates(problem, program, carrier, volume)


def _load(problem: Problem, cell: int, carrier: int) -> float:
    return 1.0 if problem.load is None else float(problem.load[cell, carrier])


def _active(problem: Problem, model: Model, place: int) -> int | None:
    """Add whether a carrier carries anything, where that matters."""
    carrier, program = problem.carriers[place], model.program
    if carrier.fixed_euros <= 0 and not (carrier.may_leave and carrier.min_volume > 0):
        return None
    active = program.variable(carrier.fixed_euros, high=1.0, is_whole=True)
    for (_, where), one in model.volume.items():
        # Cell by cell, which is tighter than the sum of all.
        if where == place:
            program.at_most("", carrier.name, {one: 1.0, active: -program.highs[one]}, 0.0)
    return active


def _rebates(problem: Problem, program: Program, carrier: Carrier, volume: dict[int, float]) -> None:
    """Split a carrier's volume over its tiers, of which one holds: the rebate is on every parcel."""
    if not carrier.tiers:
        return
    starts = [0.0, *(tier.from_parcels for tier in carrier.tiers)]
    rebates = [0.0, *(tier.rebate_euros for tier in carrier.tiers)]
    inside, holds = {}, {}
    for low, high, rebate in zip(starts, [*starts[1:], math.inf], rebates, strict=True):
        parcels = program.variable(-rebate)
        band = program.variable(high=1.0, is_whole=True)
        program.at_least("", carrier.name, {parcels: 1.0, band: -low}, 0.0)
        program.at_most("", carrier.name, {parcels: 1.0, band: -min(high, max(low, problem.parcels))}, 0.0)
        inside[parcels], holds[band] = -1.0, 1.0
    program.equal("", carrier.name, {**volume, **inside}, 0.0)
    program.equal("", carrier.name, holds, 1.0)


def _shifts(problem: Problem, model: Model) -> None:
    """Count the parcels that change carrier, where a rule looks at them: each comes to one that gains."""
    rules, program = problem.rules, model.program
    if problem.today is None or (rules.shift_share >= 1 and rules.tie_euros <= 0):
        return
    gained = {}
    for pair, one in model.volume.items():
        gain = program.variable(rules.tie_euros)
        program.at_most("", problem.cells[pair[0]].name, {one: 1.0, gain: -1.0}, float(problem.today[pair]))
        gained[gain] = 1.0
    if rules.shift_share < 1:
        program.at_most("shift", "", gained, rules.shift_share * problem.parcels)
