"""A problem without one of its rules: what the rule costs, and whether it stands in the way."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from tallysheet.carrier_mix.problem import Problem
from tallysheet.errors import UsageError, nearest

_CELLS: dict[str, dict[str, Any]] = {
    "floor": {"floor": 0.0},
    "cell_share": {"max_share": 1.0},
    "least_carriers": {"least_carriers": 1},
}
_CARRIERS: dict[str, dict[str, Any]] = {
    "capacity": {"capacity": math.inf},
    "min_volume": {"min_volume": 0.0},
    "carrier_share": {"max_share": 1.0},
    "carrier_shift": {"max_shift_parcels": math.inf},
}
_ALL: dict[str, dict[str, Any]] = {
    "on_time": {"on_time": 0.0},
    "least_share": {"least_share": 0.0},
    "trial_share": {"trial_share": 1.0},
    "shift": {"shift_share": 1.0},
}
RULES = (*_CELLS, *_CARRIERS, *_ALL)
"""Rules that a manager could give up; demand is none: every parcel is carried."""


def without(problem: Problem, rule: str, where: str = "") -> Problem:
    """Leave a rule out.

    Parameters
    ----------
    problem : Problem
    rule : str
        One of `RULES`.
    where : str
        The cell or carrier for which it is left out; empty: for all.

    Examples
    --------
    >>> import numpy as np
    >>> from tallysheet.carrier_mix.problem import Carrier, Cell
    >>> carriers = (Carrier("A", capacity=9), Carrier("B", capacity=9))
    >>> one = Problem((Cell("FR-FR", 10),), carriers, np.array([[4.0, 5.0]]), np.array([[0.9, 0.9]]))
    >>> [carrier.capacity for carrier in without(one, "capacity", "B").carriers]
    [9, inf]
    """
    if rule in _CELLS:
        cells = tuple(
            replace(one, **_CELLS[rule]) if where in ("", one.name) else one for one in problem.cells
        )
        return replace(problem, cells=cells)
    if rule in _CARRIERS:
        carriers = tuple(
            replace(one, **_CARRIERS[rule]) if where in ("", one.name) else one for one in problem.carriers
        )
        return replace(problem, carriers=carriers)
    if rule not in _ALL:
        raise UsageError("rule", "a rule that can be left out", repr(rule), nearest(rule, RULES))
    if rule == "least_share":
        # Two carriers mean nothing where one parcel makes a carrier.
        problem = without(problem, "least_carriers")
    return replace(problem, rules=replace(problem.rules, **_ALL[rule]))
