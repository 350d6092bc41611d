"""Check a mix against the rules of its problem, rule by rule; it shares no code with the solver."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from tallysheet.carrier_mix.problem import Numbers, Problem

_SLIP = 1e-4
"""Parcels by which rounding may be off."""


@dataclass(frozen=True)
class Breach:
    """A rule that a mix breaks.

    Parameters
    ----------
    rule : str
    where : str
        Cell, carrier or both; empty: all parcels.
    by : float
        Parcels a week (of floors: parcels too late; of least_carriers: carriers).
    """

    rule: str
    where: str
    by: float


def breaches(problem: Problem, volumes: Numbers) -> list[Breach]:
    """List the rules that a mix breaks, and by how much; none: it keeps all.

    Examples
    --------
    >>> import numpy as np
    >>> from tallysheet.carrier_mix.problem import Carrier, Cell
    >>> cells, carriers = (Cell("FR-FR", 100, floor=0.9),), (Carrier("A", capacity=50), Carrier("B"))
    >>> one = Problem(cells, carriers, np.array([[5.0, 4.0]]), np.array([[0.95, 0.86]]))
    >>> breaches(one, np.array([[60.0, 40.0]]))
    [Breach(rule='capacity', where='A', by=10.0)]
    """
    shares = {
        (cell.name, carrier.name): float(volumes[row, column])
        for row, cell in enumerate(problem.cells)
        for column, carrier in enumerate(problem.carriers)
    }
    found = [
        *_of_cells(problem, shares),
        *_of_pairs(problem, shares),
        *_of_carriers(problem, shares),
        *_of_all(problem, shares),
    ]
    return [one for one in found if one.by > _SLIP]


_Parcels = dict[tuple[str, str], float]


def _of_cells(problem: Problem, parcels: _Parcels) -> Iterator[Breach]:
    for row, cell in enumerate(problem.cells):
        here = [parcels[cell.name, carrier.name] for carrier in problem.carriers]
        yield Breach("demand", cell.name, abs(sum(here) - cell.parcels))
        in_time = sum(one * float(problem.on_time[row, column]) for column, one in enumerate(here) if one > 0)
        yield Breach("floor", cell.name, cell.floor * cell.parcels - in_time)
        several = sum(one > _SLIP for one in here)
        yield Breach("least_carriers", cell.name, float(cell.least_carriers - several))


def _of_pairs(problem: Problem, parcels: _Parcels) -> Iterator[Breach]:
    rules = problem.rules
    for row, cell in enumerate(problem.cells):
        for column, carrier in enumerate(problem.carriers):
            one, where = parcels[cell.name, carrier.name], f"{cell.name} {carrier.name}"
            is_new = problem.tried is not None and not problem.tried[row, column]
            yield Breach("negative", where, -one)
            if problem.allowed is not None and not problem.allowed[row, column]:
                yield Breach("allowed", where, one)
            yield Breach("cell_share", where, one - cell.max_share * cell.parcels)
            if is_new:
                yield Breach("trial_share", where, one - rules.trial_share * cell.parcels)
            least = min(rules.least_share, rules.trial_share) if is_new else rules.least_share
            if one > _SLIP:
                yield Breach("least_share", where, least * cell.parcels - one)
            if rules.whole_parcels:
                yield Breach("whole_parcels", where, abs(one - round(one)))


def _of_carriers(problem: Problem, parcels: _Parcels) -> Iterator[Breach]:
    for column, carrier in enumerate(problem.carriers):
        here = {row: parcels[cell.name, carrier.name] for row, cell in enumerate(problem.cells)}
        total = sum(here.values())
        taken = (
            total
            if problem.load is None
            else sum(one * float(problem.load[row, column]) for row, one in here.items())
        )
        yield Breach("capacity", carrier.name, taken - carrier.capacity)
        yield Breach("carrier_share", carrier.name, total - carrier.max_share * problem.parcels)
        is_owed = not carrier.may_leave or total > _SLIP
        if math.isinf(carrier.shortfall_fee_euros) and is_owed:
            yield Breach("min_volume", carrier.name, carrier.min_volume - total)
        if problem.today is not None:
            now = sum(float(one) for one in problem.today[:, column])
            yield Breach("carrier_shift", carrier.name, abs(total - now) - carrier.max_shift_parcels)


def _of_all(problem: Problem, parcels: _Parcels) -> Iterator[Breach]:
    in_time, moved = 0.0, 0.0
    for row, cell in enumerate(problem.cells):
        for column, carrier in enumerate(problem.carriers):
            one = parcels[cell.name, carrier.name]
            in_time += one * float(problem.on_time[row, column]) if one > 0 else 0.0
            if problem.today is not None:
                moved += abs(one - float(problem.today[row, column])) / 2
    yield Breach("on_time", "", problem.rules.on_time * problem.parcels - in_time)
    if problem.rules.shift_share < 1:
        yield Breach("shift", "", moved - problem.rules.shift_share * problem.parcels)
