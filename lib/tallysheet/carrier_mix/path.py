"""From today's mix to the proposed one week by week, as only so much may move in a week."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from tallysheet.carrier_mix.problem import Numbers, Problem
from tallysheet.carrier_mix.program import Program
from tallysheet.errors import UsageError

LONGEST_WEEKS = 26
"""Weeks that a way may take."""
_NOTHING = 1e-6


def path(problem: Problem, end: Numbers, *, shift_share: float, carrier_parcels: Sequence[float]) -> Numbers:
    """Go from today's mix to another in as few weeks as the limits allow, what saves most first.

    Each cell goes its own way from today's mix to the end, and never back: between two mixes that keep a
    floor every step keeps it. Of all parcels no fewer are on time than at the worse of both ends.

    Parameters
    ----------
    problem : Problem
        With ``today``.
    end : array, cells x carriers
        As `solve` gives it.
    shift_share : float
        Most of all parcels that change carrier in a week.
    carrier_parcels : sequence of float
        So many parcels more or fewer may a carrier have from one week to the next.

    Returns
    -------
    array, weeks x cells
        How far each cell has come by each week, from 0 to 1; empty if nothing moves.

    Examples
    --------
    >>> from tallysheet.carrier_mix.problem import Carrier, Cell
    >>> cells, carriers = (Cell("FR-FR", 60), Cell("ES-ES", 40)), (Carrier("A"), Carrier("B"))
    >>> price, today = np.array([[5.0, 4.0], [5.0, 3.0]]), np.array([[30.0, 30.0], [20.0, 20.0]])
    >>> one = Problem(cells, carriers, price, np.full((2, 2), 0.9), today=today)
    >>> path(one, np.array([[0.0, 60.0], [0.0, 40.0]]), shift_share=0.2, carrier_parcels=[30, 30]).round(2)
    array([[0.  , 1.  ],
           [0.67, 1.  ],
           [1.  , 1.  ]])
    """
    if problem.today is None:
        raise UsageError("path", "today's parcels", "none", "Give the problem its mix of today.")
    change = end - problem.today
    moved = float(np.maximum(change, 0.0).sum())
    if moved < _NOTHING:
        return np.zeros((0, len(problem.cells)))
    if shift_share <= 0:
        raise UsageError("shift_share", "a share above 0", str(shift_share), "Let something move.")
    first = max(1, math.ceil(moved / (shift_share * problem.parcels) - _NOTHING))
    for weeks in range(first, LONGEST_WEEKS + 1):
        found = _in_weeks(problem, change, weeks, shift_share, carrier_parcels)
        if found is not None:
            return found
    raise UsageError(
        "path",
        f"a mix that can be reached in {LONGEST_WEEKS} weeks",
        "limits that are too tight",
        "Raise them.",
    )


def _in_weeks(
    problem: Problem, change: Numbers, weeks: int, shift_share: float, carrier_parcels: Sequence[float]
) -> Numbers | None:
    """Reach the end in so many weeks, or say that it cannot be done."""
    program = Program()
    euros = np.where(change != 0, change * np.where(np.isfinite(problem.cost), problem.cost, 0.0), 0.0).sum(
        axis=1
    )
    moves = np.maximum(change, 0.0).sum(axis=1)
    cells = np.flatnonzero(moves > _NOTHING)
    come = {
        (week, cell): program.variable(float(euros[cell]), low=1.0 if week == weeks - 1 else 0.0, high=1.0)
        for week in range(weeks)
        for cell in cells.tolist()
    }
    for week in range(weeks):
        _one_week(problem, program, come, change, week, shift_share, carrier_parcels)
    found = program.minimised()
    if found.status != "optimal":
        return None
    progress = np.ones((weeks, len(problem.cells)))
    for (week, cell), place in come.items():
        progress[week, cell] = round(float(found.values[place]), 6) + 0.0
    return progress


def _one_week(
    problem: Problem,
    program: Program,
    come: dict[tuple[int, int], int],
    change: Numbers,
    week: int,
    shift_share: float,
    carrier_parcels: Sequence[float],
) -> None:
    """Write the limits of a week: what moves in all and of each carrier, service, contracts."""
    cells = sorted({cell for _, cell in come})
    steps: dict[int, dict[int, float]] = {cell: {come[week, cell]: 1.0} for cell in cells}
    if week:
        for cell in cells:
            steps[cell][come[week - 1, cell]] = -1.0
            program.at_least("", "", steps[cell], 0.0)
    parcels = np.maximum(change, 0.0).sum(axis=1)
    shifted = {place: sign * float(parcels[cell]) for cell in cells for place, sign in steps[cell].items()}
    program.at_most("shift", "", shifted, shift_share * problem.parcels)
    for column, limit in enumerate(carrier_parcels):
        net = {
            place: sign * float(change[cell, column]) for cell in cells for place, sign in steps[cell].items()
        }
        if math.isfinite(limit):
            program.at_most("carrier_shift", "", net, limit)
            program.at_least("carrier_shift", "", net, -limit)
        _contract(problem, program, {come[week, cell]: float(change[cell, column]) for cell in cells}, column)
    better = (change * np.where(change != 0, problem.on_time, 0.0)).sum(axis=1)
    in_time = {come[week, cell]: float(better[cell]) for cell in cells}
    # Of the cells that move: what hardly moves anywhere would add up to more than what may be missed.
    program.at_least("on_time", "", in_time, min(0.0, sum(in_time.values())) - _NOTHING)


def _contract(problem: Problem, program: Program, change: dict[int, float], column: int) -> None:
    """Keep a carrier within its capacity, or what it has at either end; what it lacks is paid for."""
    carrier = problem.carriers[column]
    now = 0.0 if problem.today is None else float(problem.today[:, column].sum())
    end = now + sum(change.values())
    if math.isfinite(carrier.capacity):
        program.at_most("capacity", carrier.name, change, max(carrier.capacity, now, end) - now + _NOTHING)
    if carrier.min_volume > 0 and math.isfinite(carrier.shortfall_fee_euros):
        short = program.variable(carrier.shortfall_fee_euros)
        program.at_least("min_volume", carrier.name, {**change, short: 1.0}, carrier.min_volume - now)
