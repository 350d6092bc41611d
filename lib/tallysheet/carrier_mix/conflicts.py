"""Where no mix keeps all rules: which of them stand in each other's way, and by how much."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tallysheet.carrier_mix.model import Model, build
from tallysheet.carrier_mix.problem import Problem
from tallysheet.carrier_mix.relax import RULES, without
from tallysheet.carrier_mix.solve import solve

_NOTHING = 1e-4
_OTHERS = 10.0
"""What a parcel of another conflict weighs beside one of the conflict that is named."""


@dataclass(frozen=True)
class Excess:
    """By how much a rule must give.

    Parameters
    ----------
    rule : str
    where : str
        Cell or carrier; empty: all parcels.
    by : float
        Parcels a week (of floors: parcels too late; of least_carriers: carriers).
    """

    rule: str
    where: str
    by: float


@dataclass(frozen=True)
class Conflict:
    """Why there is no mix.

    Parameters
    ----------
    rules : tuple of str
        Rules that cannot all be kept, whereas without any one of them the others can.
    excesses : tuple of Excess
        One way out: where these rules give so much, all others are kept.
    """

    rules: tuple[str, ...]
    excesses: tuple[Excess, ...]


def conflict(problem: Problem) -> Conflict | None:
    """Say which rules conflict; None: a mix keeps them all.

    Examples
    --------
    >>> import numpy as np
    >>> from tallysheet.carrier_mix.problem import Carrier, Cell
    >>> cells, carriers = (Cell("FR-FR", 100, floor=0.92),), (Carrier("A", capacity=50), Carrier("B"))
    >>> one = Problem(cells, carriers, np.array([[5.0, 4.0]]), np.array([[0.95, 0.86]]))
    >>> found = conflict(one)
    >>> found.rules, [(one.rule, one.where, round(one.by, 2)) for one in found.excesses]
    (('floor', 'capacity'), [('floor', 'FR-FR', 1.5)])
    """
    if _is_feasible(problem):
        return None
    left, kept = problem, []
    for rule in RULES:
        fewer = without(left, rule)
        if _is_feasible(fewer):
            kept.append(rule)
        else:
            left = fewer
    return Conflict(tuple(kept), _least_excess(problem, kept))


def _is_feasible(problem: Problem) -> bool:
    """Tell whether any mix will do, at whatever cost."""
    free = replace(problem, rules=replace(problem.rules, tail_weight=0.0), price=problem.price * 0, risk=None)
    return solve(free, gap=1.0).is_optimal


def _least_excess(problem: Problem, rules: list[str]) -> tuple[Excess, ...]:
    """Let every rule give, those that conflict before others, and ask for as little as there must be."""
    model = build(problem, is_loose=True)
    program = model.program
    _add_shares(problem, model)
    program.costs = [0.0] * len(program.costs)
    slacks = {}
    for place, row in enumerate(program.rows):
        if row.rule not in RULES:
            continue
        weight = _weight(problem, row.rule, row.where) * (1.0 if row.rule in rules else _OTHERS)
        terms = list(row.terms)
        for end, sign in ((row.low, 1.0), (row.high, -1.0)):
            if abs(end) < float("inf"):
                slack = program.variable(weight)
                terms.append((slack, sign))
                slacks[slack] = (row.rule, row.where)
        program.rows[place] = replace(row, terms=tuple(terms))
    values = program.minimised().values
    found: dict[tuple[str, str], float] = {}
    for slack, key in slacks.items():
        found[key] = found.get(key, 0.0) + float(values[slack])
    return tuple(Excess(*key, by) for key, by in found.items() if by > _NOTHING)


def _add_shares(problem: Problem, model: Model) -> None:
    """Put the most that carriers may get into rows of their own, as the program was built without it."""
    for (cell, carrier), one in model.volume.items():
        here = problem.cells[cell]
        if here.max_share < 1:
            model.program.at_most("cell_share", here.name, {one: 1.0}, here.max_share * here.parcels)
        if problem.rules.trial_share < 1 and problem.is_trial(cell, carrier):
            model.program.at_most(
                "trial_share", here.name, {one: 1.0}, problem.rules.trial_share * here.parcels
            )


def _weight(problem: Problem, rule: str, where: str) -> float:
    """Weigh a missing carrier as the parcels that it would get."""
    if rule != "least_carriers":
        return 1.0
    return max(one.parcels * problem.rules.least_share for one in problem.cells if one.name == where)
