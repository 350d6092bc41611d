"""Where no mix keeps all rules: which of them stand in each other's way, and by how much."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from tallysheet.carrier_mix.model import Model, build
from tallysheet.carrier_mix.problem import Carrier, Cell, Problem, Rules
from tallysheet.carrier_mix.relax import RULES, without
from tallysheet.carrier_mix.solve import solve

_NOTHING = 1e-4
_OTHERS = 10.0
"""What a parcel of another conflict weighs beside one of the conflict that is named."""


_ROOM = 1e-3
"""Parcels more than must be, so that no rounding closes the way."""
_CELL_GIVES: dict[str, Callable[[Cell, float], Cell]] = {
    "floor": lambda cell, by: replace(cell, floor=max(0.0, cell.floor - by / cell.parcels)),
    "cell_share": lambda cell, by: replace(cell, max_share=min(1.0, cell.max_share + by / cell.parcels)),
    "least_carriers": lambda cell, _by: replace(cell, least_carriers=1),
}
_CARRIER_GIVES: dict[str, Callable[[Carrier, float, float], Carrier]] = {
    "capacity": lambda one, by, _all: replace(one, capacity=one.capacity + by),
    "min_volume": lambda one, by, _all: replace(one, min_volume=max(0.0, one.min_volume - by)),
    "carrier_share": lambda one, by, all_: replace(one, max_share=min(1.0, one.max_share + by / all_)),
    "carrier_shift": lambda one, by, _all: replace(one, max_shift_parcels=one.max_shift_parcels + by),
}
_RULE_GIVES: dict[str, Callable[[Rules, float], Rules]] = {
    "on_time": lambda rules, share: replace(rules, on_time=max(0.0, rules.on_time - share)),
    "least_share": lambda rules, share: replace(rules, least_share=rules.least_share - share),
    "trial_share": lambda rules, share: replace(rules, trial_share=min(1.0, rules.trial_share + share)),
    "shift": lambda rules, share: replace(rules, shift_share=min(1.0, rules.shift_share + share)),
}


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


def loosened(problem: Problem, excesses: Iterable[Excess]) -> Problem:
    """Let rules give by as much as is said, so that there is a mix.

    Examples
    --------
    >>> import numpy as np
    >>> from tallysheet.carrier_mix.problem import Carrier, Cell
    >>> carriers = (Carrier("A", capacity=50),)
    >>> one = Problem((Cell("FR-FR", 60),), carriers, np.array([[5.0]]), np.array([[0.95]]))
    >>> found = conflict(one)
    >>> round(loosened(one, found.excesses).carriers[0].capacity, 3)
    60.001
    """
    for one in excesses:
        by = one.by + _ROOM
        cells, carriers, rules = problem.cells, problem.carriers, problem.rules
        if one.rule in _CELL_GIVES:
            cells = tuple(
                _CELL_GIVES[one.rule](cell, by) if cell.name == one.where else cell for cell in cells
            )
        elif one.rule in _CARRIER_GIVES:
            give = _CARRIER_GIVES[one.rule]
            carriers = tuple(
                give(carrier, by, problem.parcels) if carrier.name == one.where else carrier
                for carrier in carriers
            )
        else:
            least = min((cell.parcels for cell in cells if cell.name == one.where), default=problem.parcels)
            if one.rule == "least_share" and by / least >= rules.least_share:
                # Without a least share two carriers mean nothing.
                problem = without(problem, one.rule)
                continue
            rules = _RULE_GIVES[one.rule](rules, by / least)
        problem = replace(problem, cells=cells, carriers=carriers, rules=rules)
    return problem


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
