"""What more service costs: the mix of least cost for each share on time that can be had."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from tallysheet.carrier_mix.problem import Problem
from tallysheet.carrier_mix.relax import without
from tallysheet.carrier_mix.solve import Solution, solve

_POINT = 0.01


def frontier(problem: Problem, *, points: int = 10) -> pd.DataFrame:
    """Solve a problem for shares on time from that of the cheapest mix to the most that its rules allow.

    Parameters
    ----------
    problem : Problem
    points : int

    Returns
    -------
    DataFrame
        on_time, euros (a week), tail_euros, euros_a_point (what the last hundredth before this costs a week;
        NaN for the first).

    Examples
    --------
    >>> from tallysheet.carrier_mix.problem import Carrier, Cell
    >>> price, on_time = np.array([[5.0, 4.0]]), np.array([[0.95, 0.85]])
    >>> one = Problem((Cell("FR-FR", 100),), (Carrier("A"), Carrier("B")), price, on_time)
    >>> frontier(one, points=3).round(2)
       on_time  euros  tail_euros  euros_a_point
    0     0.85  400.0       400.0            NaN
    1     0.90  450.0       450.0           10.0
    2     0.95  500.0       500.0           10.0
    """
    free = without(problem, "on_time")
    first, most = solve(free), most_on_time(problem)
    if not (first.is_optimal and most.is_optimal):
        return pd.DataFrame(columns=["on_time", "euros", "tail_euros", "euros_a_point"])
    found = [first]
    for share in np.linspace(first.on_time, most.on_time, points)[1:]:
        # The last is as much as there is: a rounding must not make it more.
        asked = replace(free.rules, on_time=float(share) - 1e-7)
        found.append(solve(replace(free, rules=asked)))
    rows = pd.DataFrame(
        [(one.on_time, one.euros, one.tail_euros) for one in found if one.is_optimal],
        columns=["on_time", "euros", "tail_euros"],
    )
    steps = rows.diff()
    return rows.assign(
        euros_a_point=steps["euros"] / (steps["on_time"] / _POINT).where(steps["on_time"] > 1e-6)
    )


def most_on_time(problem: Problem) -> Solution:
    """Find the mix with most on time that keeps all other rules."""
    rules = replace(problem.rules, on_time=0.0, tail_weight=0.0, tie_euros=0.0)
    late = 100 * (1 - np.where(np.isfinite(problem.on_time), problem.on_time, 0.0))
    return solve(replace(problem, price=late, risk=None, rules=rules))
