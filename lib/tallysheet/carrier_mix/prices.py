"""Which rules bind, and what each costs a week: the cost with it less the cost without."""

from __future__ import annotations

import pandas as pd

from tallysheet.carrier_mix.problem import Problem
from tallysheet.carrier_mix.relax import RULES, without
from tallysheet.carrier_mix.solve import GAP, Solution, solve

_BY_CARRIER = ("capacity", "min_volume", "carrier_share")


def rule_prices(problem: Problem, found: Solution) -> pd.DataFrame:
    """Give the rules that cost something, the dearest first; contracts by carrier.

    Each is left out alone and the problem solved anew, which for rules of the kind yes or no says more than
    the dual prices of a linear program.

    Returns
    -------
    DataFrame
        rule, where (a carrier, or empty), euros (a week).
    """
    # Both mixes may be a little off; a price within that is none.
    least = 2 * GAP * abs(found.objective)
    rows = []
    for rule in RULES:
        price = _price(problem, found, rule)
        if price <= least:
            continue
        if rule not in _BY_CARRIER:
            rows.append((rule, "", price))
            continue
        parts = [(rule, one.name, _price(problem, found, rule, one.name)) for one in problem.carriers]
        rows += [one for one in parts if one[2] > least]
    listed = pd.DataFrame(rows, columns=["rule", "where", "euros"])
    return listed.sort_values(["euros", "rule", "where"], ascending=[False, True, True]).reset_index(
        drop=True
    )


def _price(problem: Problem, found: Solution, rule: str, where: str = "") -> float:
    fewer = without(problem, rule, where)
    same = (fewer.cells, fewer.carriers, fewer.rules) == (problem.cells, problem.carriers, problem.rules)
    return 0.0 if same else found.objective - solve(fewer).objective
