"""What a label saves, by how well it is known what the other label cost: seen, declared, or modelled."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from tallysheet.fair_comparison.like_with_like import like_with_like
from tallysheet.fair_comparison.sums import in_group

_COLUMNS = ["evidence", "parcels_n", "share", "saving", "low", "high"]
_SPREAD = (0.1, 0.9)


def savings(
    costs: pd.DataFrame, *, alike: Sequence[str], unit: str = "seller", group: str = "is_backship"
) -> pd.DataFrame:
    """Say what the others would save a label, apart by how their own price is known.

    Parameters
    ----------
    costs : DataFrame
        The columns of ``alike``, ``unit``, ``group``, and parcels_n, seen_n and seen_cents (parcels that an
        invoice names, and what it charges), told_n and told_cents (others, by what their sender said).
    alike : sequence of str
    unit, group : str

    Returns
    -------
    DataFrame
        evidence, parcels_n (of the others), share of them, saving, low, high (cents a label); NaN: not known.
        ``seen``: their invoices beside those of the group, with the 95 % interval. ``declared``: their own
        word, which may be a list price and then says too much: from what is seen, or nothing, to what they
        say. ``modelled``: nothing is known of their price, so that they may save as little or as much as
        those do whose price is known: from the tenth to the ninetieth of a hundred of these. ``all``: each
        with its share.

    Examples
    --------
    >>> rows = pd.DataFrame({
    ...     "seller": ["A", "B", "C"], "lane": "FR", "is_backship": [True, False, False],
    ...     "parcels_n": [10, 10, 30], "seen_n": [10, 10, 0], "seen_cents": [5000, 5900, 0],
    ...     "told_n": 0, "told_cents": 0,
    ... })
    >>> savings(rows, alike=["lane"])[["evidence", "share", "saving"]].round(2).values.tolist()
    [['seen', 0.25, 90.0], ['declared', 0.0, nan], ['modelled', 0.75, 90.0], ['all', 1.0, 90.0]]
    """
    others = costs[~in_group(costs, group)]
    every = float(others["parcels_n"].sum())
    seen, told = (_beside(costs, name, alike, unit, group) for name in ("seen", "told"))
    known = seen if math.isfinite(seen[0]) else told
    spread = _spread(costs, "seen" if math.isfinite(seen[0]) else "told", alike, unit, group)
    floor = min(seen[1], told[1]) if math.isfinite(seen[1]) else min(0.0, told[1])
    seen_n, told_n = float(others["seen_n"].sum()), float(others["told_n"].sum())
    rows = [
        ("seen", seen_n, *seen),
        ("declared", told_n, told[0], floor if told_n else math.nan, told[2]),
        ("modelled", every - seen_n - told_n, known[0], *spread),
    ]
    found = pd.DataFrame(rows, columns=["evidence", "parcels_n", "saving", "low", "high"])
    found["share"] = found["parcels_n"] / every if every else 0.0
    counted = found[found["parcels_n"] > 0]
    whole = {name: float((counted["share"] * counted[name]).sum(skipna=False)) for name in _COLUMNS[3:]}
    total = {"evidence": "all", "parcels_n": every, "share": float(counted["share"].sum())} | whole
    return pd.concat([found, pd.DataFrame([total])], ignore_index=True)[_COLUMNS]


def _beside(
    costs: pd.DataFrame, name: str, alike: Sequence[str], unit: str, group: str
) -> tuple[float, float, float]:
    """Compare the others' prices, known in one way, with what invoices charge for the group."""
    found = like_with_like(
        _priced(costs, name, group), alike=alike, x="cents", n="n", unit=unit, group=group
    ).gap.times(-1.0)
    return found.value, found.low, found.high


def _priced(costs: pd.DataFrame, name: str, group: str) -> pd.DataFrame:
    is_in = in_group(costs, group)
    return costs.assign(
        cents=costs["seen_cents"].where(is_in, costs[f"{name}_cents"]),
        n=costs["seen_n"].where(is_in, costs[f"{name}_n"]),
    )


def _spread(
    costs: pd.DataFrame, name: str, alike: Sequence[str], unit: str, group: str
) -> tuple[float, float]:
    """Give between what savings of single sellers most lie, each weighing as its parcels do."""
    rows = _priced(costs, name, group)
    is_in, keys = in_group(rows, group), list(alike)
    price = rows[is_in].groupby(keys)[["cents", "n"]].sum()
    price = price[price["n"] > 0]
    own = rows[~is_in].groupby([unit, *keys], as_index=False)[["cents", "n"]].sum()
    own = own.merge((price["cents"] / price["n"]).rename("price").reset_index(), on=keys)
    own = own[own["n"] > 0].assign(saved=lambda one: one["cents"] - one["n"] * one["price"])
    sellers = own.groupby(unit)[["saved", "n"]].sum()
    if sellers.empty:
        return math.nan, math.nan
    each = (sellers["saved"] / sellers["n"]).sort_values(kind="stable")
    weight = sellers["n"].reindex(each.index).to_numpy(float)
    reached = (np.cumsum(weight) - weight / 2) / weight.sum()
    low, high = (float(np.interp(share, reached, each)) for share in _SPREAD)
    return low, high
