"""The moves between today's mix and another: what each brings, and whether it would stay with other draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from tallysheet.carrier_mix.problem import Numbers, Problem
from tallysheet.carrier_mix.relax import without
from tallysheet.carrier_mix.solve import solve

_NOTHING = 1e-3
_HALF = 0.5


def moves(problem: Problem, end: Numbers, progress: Numbers, ways: Sequence[str]) -> pd.DataFrame:
    """List what moves from one carrier to another, by way, the greatest saving first.

    Within a cell the dearest carrier that loses parcels gives them to the cheapest that gains.

    Parameters
    ----------
    problem : Problem
        With ``today``.
    end : array, cells x carriers
    progress : array, weeks x cells
        As `path` gives it.
    ways : sequence of str
        The way of each cell: moves of its cells are told together.

    Returns
    -------
    DataFrame
        way, from_carrier, to_carrier, parcels (a week), euros (saved a week, fees aside), in_time (parcels on
        time more), first_week (0: the next one), trial (whether one of its cells is new to the carrier).
    """
    rows = []
    for cell, way in enumerate(ways):
        begun = np.flatnonzero(progress[:, cell] > _NOTHING) if len(progress) else np.zeros(0, dtype=int)
        for giver, taker, parcels in _pairs(problem, end, cell):
            rows.append(
                {
                    "way": way,
                    "from_carrier": problem.carriers[giver].name,
                    "to_carrier": problem.carriers[taker].name,
                    "parcels": parcels,
                    "euros": parcels * float(problem.cost[cell, giver] - problem.cost[cell, taker]),
                    "in_time": parcels * float(problem.on_time[cell, taker] - problem.on_time[cell, giver]),
                    "first_week": int(begun[0]) if len(begun) else 0,
                    "trial": problem.is_trial(cell, taker),
                }
            )
    columns = ["way", "from_carrier", "to_carrier", "parcels", "euros", "in_time", "first_week", "trial"]
    found = pd.DataFrame(rows, columns=columns).groupby(columns[:3], as_index=False)
    summed = found.agg(
        parcels=("parcels", "sum"),
        euros=("euros", "sum"),
        in_time=("in_time", "sum"),
        first_week=("first_week", "min"),
        trial=("trial", "any"),
    )
    order = ["euros", *columns[:3]]
    return summed.sort_values(order, ascending=[False, True, True, True], kind="stable").reset_index(
        drop=True
    )


def stability(problem: Problem, listed: pd.DataFrame, ways: Sequence[str], draws: int) -> pd.Series:
    """Say in what share of draws each move stays: both carriers change by at least half as much, alike.

    Each draw is solved as if it were the truth, by the mean alone and with shares of any size.
    """
    free = without(replace(problem, rules=replace(problem.rules, tail_weight=0.0)), "least_share")
    changes = []
    for costs in problem.draws[:draws]:
        found = solve(replace(free, price=costs, risk=None, scenarios=None))
        changes.append(found.volumes - (problem.price * 0 if problem.today is None else problem.today))
    names = [one.name for one in problem.carriers]
    kept = []
    for one in listed.to_dict("records"):
        rows = [cell for cell, way in enumerate(ways) if way == one["way"]]
        giver, taker = names.index(one["from_carrier"]), names.index(one["to_carrier"])
        least = _HALF * one["parcels"]
        stays = [
            -change[rows, giver].sum() >= least and change[rows, taker].sum() >= least for change in changes
        ]
        kept.append(float(np.mean(stays)) if stays else np.nan)
    return pd.Series(kept, index=listed.index, dtype=float)


def _pairs(problem: Problem, end: Numbers, cell: int) -> list[tuple[int, int, float]]:
    """Pair who loses parcels of a cell with who gains them."""
    change = end[cell] - (0.0 if problem.today is None else problem.today[cell])
    cost = problem.cost[cell]
    givers = sorted(np.flatnonzero(change < -_NOTHING).tolist(), key=lambda one: (-cost[one], one))
    takers = sorted(np.flatnonzero(change > _NOTHING).tolist(), key=lambda one: (cost[one], one))
    left = {one: abs(float(change[one])) for one in [*givers, *takers]}
    found = []
    while givers and takers:
        giver, taker = givers[0], takers[0]
        parcels = min(left[giver], left[taker])
        found.append((giver, taker, parcels))
        for one, among in ((giver, givers), (taker, takers)):
            left[one] -= parcels
            if left[one] <= _NOTHING:
                among.pop(0)
    return found
