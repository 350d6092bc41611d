"""Solve a carrier-mix problem, the worst scenarios weighed in; status, gap and time are always given."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from tallysheet.carrier_mix.model import Model, build
from tallysheet.carrier_mix.problem import Carrier, Numbers, Problem
from tallysheet.carrier_mix.program import Outcome

GAP = 1e-4
"""A mix within 0.01 % of the best possible is good enough: what is not known is a hundred times as much."""
_ENOUGH = 1e-6
"""A share of the objective that is nothing."""
_SLIP = 1e-4
"""Parcels that are nothing: volumes are rounded one by one, and a tier begins at their sum."""
_DIGITS = 6


@dataclass(frozen=True)
class Solution:
    """A mix and what it costs a week.

    Parameters
    ----------
    status : str
        ``optimal``; ``infeasible``: then volumes and euros are NaN; of a mix that was not sought ``given``.
    volumes : array
        Parcels a week, cells x carriers.
    euros : float
        Mean cost a week: price, risk, fees, fixed cost, less rebates.
    tail_euros : float
        Mean cost of the worst scenarios, or of the mean where there are none.
    on_time : float
        Share of all parcels.
    objective : float
        What was minimised: the two costs, weighed.
    gap : float
        Relative gap that is left between it and its bound.
    seconds : float
        Time that HiGHS took.
    rounds : int
        How often it was asked.
    """

    status: str
    volumes: Numbers
    euros: float
    tail_euros: float
    on_time: float
    objective: float
    gap: float
    seconds: float
    rounds: int

    @property
    def is_optimal(self) -> bool:
        """Whether there is a mix that keeps all rules."""
        return self.status == "optimal"


def solve(problem: Problem, *, gap: float = GAP) -> Solution:
    """Find the mix of least cost that keeps the rules.

    With `Rules.tail_weight` the objective is (1 - weight) x mean + weight x CVaR, the mean of the scenarios
    beyond `Rules.tail` (Rockafellar and Uryasev 2000). The tail is approached from below by cuts, each the
    mean of the scenarios that are worst for the mix at hand (Kuenzi-Bay and Mayer 2006): a few rounds of a
    small program instead of one with a row a scenario.

    Parameters
    ----------
    problem : Problem
    gap : float
        How far above the best possible the objective may be, as a share of it; with a tail twice as far.

    Examples
    --------
    >>> from tallysheet.carrier_mix.problem import Cell, Rules
    >>> cells = (Cell("FR-FR", 100, floor=0.95), Cell("FR-ES", 40))
    >>> price, on_time = np.array([[5.0, 4.0], [9.0, 8.0]]), np.array([[0.96, 0.92], [0.92, 0.84]])
    >>> found = solve(Problem(cells, (Carrier("A"), Carrier("B")), price, on_time))
    >>> found.status, round(found.euros, 2), found.volumes.tolist()
    ('optimal', 795.0, [[75.0, 25.0], [0.0, 40.0]])
    """
    model = build(problem)
    if problem.rules.tail_weight <= 0:
        return _solution(problem, model, [model.program.minimised(gap=gap)])
    return _solution(problem, model, _with_tail(problem, model, gap))


def reckoned(problem: Problem, volumes: Numbers) -> Solution:
    """Reckon what a mix costs and does, whatever rules it keeps; its status is ``given``."""
    euros = week_euros(problem, volumes)
    beside = euros - float(np.where(volumes > 0, volumes * problem.cost, 0.0).sum())
    tail_euros = tail_mean(_carried(problem, volumes), problem.rules.tail)[0] + beside
    weight = problem.rules.tail_weight
    on_time = float(np.where(volumes > 0, volumes * problem.on_time, 0.0).sum()) / problem.parcels
    objective = (1 - weight) * euros + weight * tail_euros
    return Solution("given", volumes, euros, tail_euros, on_time, objective, np.nan, 0.0, 0)


def week_euros(problem: Problem, volumes: Numbers, *, rates: Numbers | None = None) -> float:
    """Add up what a mix costs a week: price and risk, or other euros a parcel, and what contracts add.

    Examples
    --------
    >>> from tallysheet.carrier_mix.problem import Cell, Tier
    >>> carrier = Carrier("A", min_volume=60, shortfall_fee_euros=1.5)
    >>> one = Problem((Cell("FR-FR", 50),), (carrier,), np.array([[4.0]]), np.array([[0.9]]))
    >>> week_euros(one, np.array([[50.0]]))
    215.0
    """
    # What is not allowed has no known cost, and no parcels.
    euros = float(np.where(volumes > 0, volumes * (problem.cost if rates is None else rates), 0.0).sum())
    totals = volumes.sum(axis=0)
    return euros + sum(
        _contract_euros(one, float(total)) for one, total in zip(problem.carriers, totals, strict=True)
    )


def tail_mean(costs: Numbers, tail: float) -> tuple[float, Numbers]:
    """Give the mean of the worst scenarios, and the weight of each in it.

    Examples
    --------
    >>> worst, weights = tail_mean(np.arange(10.0), 0.75)
    >>> round(worst, 3), weights.round(2).tolist()[-3:]
    (8.2, [0.2, 0.4, 0.4])
    """
    count = (1 - tail) * len(costs)
    # Of scenarios of equal cost the first counts, so that a tie is always broken alike.
    order = np.argsort(-costs, kind="stable")
    weights = np.zeros(len(costs))
    weights[order] = np.clip(count - np.arange(len(costs)), 0.0, 1.0) / count
    return float(weights @ costs), weights


def _contract_euros(carrier: Carrier, parcels: float) -> float:
    """Give fee, fixed cost and rebate of a carrier's week."""
    is_active = parcels > _SLIP
    euros = carrier.fixed_euros if is_active else 0.0
    short = carrier.min_volume - parcels
    if (
        short > _ENOUGH
        and math.isfinite(carrier.shortfall_fee_euros)
        and (is_active or not carrier.may_leave)
    ):
        euros += carrier.shortfall_fee_euros * short
    reached = [tier.rebate_euros for tier in carrier.tiers if parcels >= tier.from_parcels - _SLIP]
    # All tiers are open to a carrier's volume; one that lies above counts alone.
    return euros - (reached[-1] * parcels if reached else 0.0)


def _with_tail(problem: Problem, model: Model, gap: float) -> list[Outcome]:
    """Minimise mean and tail by cuts: of the program with broken variables first, then of the whole one."""
    weight, program = problem.rules.tail_weight, model.program
    volumes = set(model.volume.values())
    # Fees and rebates are the same in every scenario, so only the cost of carrying is split.
    program.costs = [
        cost * (1 - weight) if place in volumes else cost for place, cost in enumerate(program.costs)
    ]
    tail = program.variable(weight, low=-math.inf)
    count = len(problem.draws)
    _add_cut(problem, model, tail, np.full(count, 1 / count))
    outcomes: list[Outcome] = []
    cuts: set[bytes] = set()
    for is_relaxed in (True, False):
        # The bound of a whole program with few cuts is good enough once the true tail is near it.
        enough = _ENOUGH if is_relaxed else max(gap, _ENOUGH)
        while True:
            outcomes.append(program.minimised(gap=gap, is_relaxed=is_relaxed))
            found = outcomes[-1]
            if found.status != "optimal":
                return outcomes
            worst, weights = tail_mean(_carried(problem, _volumes(problem, model, found)), problem.rules.tail)
            missing = weight * (worst - found.values[tail])
            # A cut that is there already can be missed by a rounding only.
            if missing <= enough * max(1.0, abs(found.objective)) or weights.tobytes() in cuts:
                break
            cuts.add(weights.tobytes())
            _add_cut(problem, model, tail, weights)
    return outcomes


def _add_cut(problem: Problem, model: Model, tail: int, weights: Numbers) -> None:
    """Bound the tail from below: it is no less than any mean of scenarios that weighs them as a tail may."""
    picked = np.flatnonzero(weights)
    mean = np.tensordot(weights[picked], problem.draws[picked], axes=1)
    terms = {tail: 1.0} | {one: -float(mean[pair]) for pair, one in model.volume.items()}
    model.program.at_least("", "", terms, 0.0)


def _carried(problem: Problem, volumes: Numbers) -> Numbers:
    """Give the cost of carrying in each scenario."""
    return np.where(volumes > 0, problem.draws * volumes, 0.0).sum(axis=(1, 2))


def _volumes(problem: Problem, model: Model, outcome: Outcome) -> Numbers:
    volumes = np.zeros(problem.price.shape)
    for pair, place in model.volume.items():
        volumes[pair] = max(outcome.values[place], 0.0)
    return volumes


def _rounded(problem: Problem, volumes: Numbers) -> Numbers:
    digits = 0 if problem.rules.whole_parcels else _DIGITS
    # Adding 0 turns -0 into 0.
    return np.round(volumes, digits) + 0.0


def _solution(problem: Problem, model: Model, outcomes: list[Outcome]) -> Solution:
    last, seconds = outcomes[-1], sum(one.seconds for one in outcomes)
    if last.status != "optimal":
        nothing = np.full(problem.price.shape, np.nan)
        lost = (np.nan,) * 5
        return Solution(last.status, nothing, *lost, seconds, len(outcomes))
    found = reckoned(problem, _rounded(problem, _volumes(problem, model, last)))
    # The bound holds with what a tie costs; that of the mix is put to its objective, too.
    above = found.objective + _tie_euros(problem, found.volumes) - last.bound
    gap = max(0.0, above) / max(abs(found.objective), _ENOUGH)
    return replace(found, status="optimal", gap=gap, seconds=seconds, rounds=len(outcomes))


def _tie_euros(problem: Problem, volumes: Numbers) -> float:
    """Give what `Rules.tie_euros` adds for the parcels that change carrier."""
    if problem.today is None:
        return 0.0
    return problem.rules.tie_euros * float(np.maximum(volumes - problem.today, 0.0).sum())
