"""What a mix would have cost in weeks that it was not made of, beside other mixes, and what was promised."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from tallysheet.carrier_mix.inputs import Evidence, Ground, counted
from tallysheet.carrier_mix.offers import surcharges
from tallysheet.carrier_mix.problem import Numbers, Problem
from tallysheet.carrier_mix.relax import without
from tallysheet.carrier_mix.solve import solve, week_euros
from tallysheet.carrier_mix.uncertainty import Shares, shares_like

BAND = (0.025, 0.975)
_POINT = 0.01


@dataclass(frozen=True)
class Held:
    """Rates of later weeks, arrays cells x carriers.

    Parameters
    ----------
    euros : array
        Price and risk a parcel.
    on_time : array
    """

    euros: Numbers
    on_time: Numbers


def held(fitted: Ground, later: Evidence) -> Held:
    """Estimate rates of later weeks, by these alone, for the cells of an earlier problem."""
    carriers = [one.name for one in fitted.problem.carriers]
    served = _later(later.on_time, fitted, fitted.on_time)
    lost = _later(later.losses, fitted, fitted.losses)
    factor, _ = surcharges(later.parcels, carriers, 1, np.random.default_rng(0))
    rates = fitted.rates
    return Held(rates.price(factor) + rates.risk(served, lost), served)


def _later(counts: pd.DataFrame, fitted: Ground, known: Shares) -> Numbers:
    carriers = [one.name for one in fitted.problem.carriers]
    hits, parcels, rows = counted(counts, fitted.kinds.cells["way"].tolist(), carriers)
    return shares_like(hits, parcels, known).share[rows]


def mixes(problem: Problem) -> dict[str, Numbers]:
    """Give the proposed mix, today's, the cheapest by price alone, and the one with most on time.

    The last two keep shares and contracts, but look at nothing else.
    """
    plain = without(without(problem, "floor"), "on_time")
    rules = replace(plain.rules, tail_weight=0.0, tie_euros=0.0)
    cheapest = replace(plain, risk=None, rules=rules)
    best = replace(plain, risk=None, price=100 * (1 - problem.on_time), rules=rules)
    today = problem.price * 0 if problem.today is None else problem.today
    return {
        "proposed": solve(problem).volumes,
        "today": today,
        "cheapest": solve(cheapest).volumes,
        "best": solve(best).volumes,
    }


def point_euros(problem: Problem) -> float:
    """Say what a hundredth more on time costs a week, by half of one; NaN: it cannot be had."""
    more = replace(problem.rules, on_time=problem.rules.on_time + _POINT / 2)
    first, second = solve(problem), solve(replace(problem, rules=more))
    return 2 * (second.euros - first.euros)


def judged(problem: Problem, found: dict[str, Numbers], later: Held) -> pd.DataFrame:
    """Compare what mixes were promised to cost a week with what they would have cost later.

    Returns
    -------
    DataFrame
        mix, promised (saving against today, mean of the scenarios), low, high (95 % of them), saved,
        expected_on_time, on_time, euros (a week; these by the later rates), equal_euros (the same, and what
        it would have cost to be on time as often as the proposed mix).
    """
    now, point = found["today"], point_euros(problem)
    reached = float((found["proposed"] * later.on_time).sum() / problem.parcels)
    draws = problem.draws
    rows = []
    for name, mix in found.items():
        scenario = [
            week_euros(problem, now, rates=one) - week_euros(problem, mix, rates=one) for one in draws
        ]
        low, high = np.quantile(scenario, BAND)
        euros = week_euros(problem, mix, rates=later.euros)
        on_time = float((mix * later.on_time).sum() / problem.parcels)
        rows.append(
            {
                "mix": name,
                "promised": float(np.mean(scenario)),
                "low": float(low),
                "high": float(high),
                "saved": week_euros(problem, now, rates=later.euros) - euros,
                "expected_on_time": float((mix * problem.on_time).sum() / problem.parcels),
                "on_time": on_time,
                "euros": euros,
                "equal_euros": euros + max(0.0, reached - on_time) / _POINT * point,
            }
        )
    return pd.DataFrame(rows)
