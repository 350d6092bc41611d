"""What if a carrier is out, dearer or smaller, a promised volume falls, or a peak comes: the mix anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tallysheet.carrier_mix.conflicts import Conflict, conflict, loosened
from tallysheet.carrier_mix.problem import Problem
from tallysheet.carrier_mix.relax import without
from tallysheet.carrier_mix.solve import Solution, solve
from tallysheet.errors import UsageError, nearest


@dataclass(frozen=True)
class Answer:
    """What comes of a change.

    Parameters
    ----------
    solution : Solution
        Where rules conflict, with these given up as far as the conflict says.
    stranded : float
        Parcels a week that nobody else may carry; they are not in the solution.
    conflict : Conflict or None
        Why there is no mix that keeps all rules.
    """

    solution: Solution
    stranded: float
    conflict: Conflict | None


def answer(problem: Problem, stranded: float = 0.0) -> Answer:
    """Solve a changed problem; where no mix keeps all rules, say which conflict, and let them give."""
    found = solve(problem)
    if found.is_optimal:
        return Answer(found, stranded, None)
    why = conflict(problem)
    return Answer(found if why is None else solve(loosened(problem, why.excesses)), stranded, why)


def carrier_out(problem: Problem, name: str) -> Answer:
    """Take a carrier away, and what it is promised."""
    column = _column(problem, name)
    allowed = np.ones(problem.price.shape, bool) if problem.allowed is None else problem.allowed.copy()
    allowed[:, column] = False
    kept = np.flatnonzero(allowed.any(axis=1))
    stranded = problem.parcels - sum(problem.cells[row].parcels for row in kept)
    if not len(kept):
        raise UsageError("carrier_out", "a carrier beside which there is another", name, "Name another one.")
    carriers = tuple(replace(one, min_volume=0.0) if one.name == name else one for one in problem.carriers)
    changed = replace(_only(problem, kept), allowed=allowed[kept], carriers=carriers)
    return answer(changed, stranded)


def dearer(problem: Problem, name: str, share: float) -> Answer:
    """Let a carrier's prices rise by a share; empty name: all carriers."""
    factor = np.zeros(len(problem.carriers))
    factor[slice(None) if not name else _column(problem, name)] = share
    more = problem.price * factor
    return answer(replace(problem, price=problem.price + more, scenarios=problem.draws + more))


def smaller(problem: Problem, name: str, share: float, beside: Mapping[str, float]) -> Answer:
    """Take a share of a carrier's whole capacity away; empty name: of all carriers."""
    if name:
        _column(problem, name)
    carriers = tuple(
        replace(one, capacity=max(0.0, (one.capacity + beside[one.name]) * (1 - share) - beside[one.name]))
        if name in ("", one.name)
        else one
        for one in problem.carriers
    )
    return answer(replace(problem, carriers=carriers))


def unpromised(problem: Problem, name: str = "") -> Answer:
    """Drop the promised volume of a carrier; empty name: of all carriers."""
    return answer(without(problem, "min_volume", name))


def peak(problem: Problem, factor: float, beside: Mapping[str, float]) -> Answer:
    """Let all parcels grow by a factor, those beside the problem too; capacities stay."""
    cells = tuple(replace(one, parcels=one.parcels * factor) for one in problem.cells)
    carriers = tuple(
        replace(
            one,
            capacity=max(0.0, one.capacity - (factor - 1) * beside[one.name]),
            min_volume=max(0.0, one.min_volume - (factor - 1) * beside[one.name]),
        )
        for one in problem.carriers
    )
    today = None if problem.today is None else problem.today * factor
    return answer(replace(problem, cells=cells, carriers=carriers, today=today))


def _column(problem: Problem, name: str) -> int:
    names = [one.name for one in problem.carriers]
    if name not in names:
        raise UsageError("carrier", "a carrier of the mix", repr(name), nearest(name, names))
    return names.index(name)


def _only(problem: Problem, rows: np.ndarray) -> Problem:
    """Keep some of the cells."""
    arrays = ("price", "on_time", "risk", "allowed", "today", "tried", "load")
    found = {name: getattr(problem, name) for name in arrays}
    kept: dict[str, Any] = {name: None if one is None else one[rows] for name, one in found.items()}
    scenarios = None if problem.scenarios is None else problem.scenarios[:, rows]
    return replace(problem, cells=tuple(problem.cells[row] for row in rows), scenarios=scenarios, **kept)
