"""What sellers were like before they began: a rate of theirs, as far as it is more than chance."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from tallysheet.fair_comparison.sums import in_group


def first_periods(
    counts: pd.DataFrame, *, n: str, unit: str = "seller", period: str = "month", group: str = "is_backship"
) -> pd.Series:
    """Give each seller's first period with anything of the group; those without are left out.

    Examples
    --------
    >>> rows = pd.DataFrame({
    ...     "seller": ["A", "A", "B"], "month": ["2026-01", "2026-02", "2026-01"],
    ...     "is_backship": [False, True, False], "n": [5, 5, 5],
    ... })
    >>> first_periods(rows, n="n").to_dict()
    {'A': '2026-02'}
    """
    used = counts[in_group(counts, group) & (counts[n] > 0)]
    return used.groupby(unit)[period].min()


def habits(
    counts: pd.DataFrame,
    *,
    x: str,
    n: str,
    until: object,
    alike: Sequence[str] = (),
    unit: str = "seller",
    period: str = "month",
    group: str = "is_backship",
) -> pd.Series:
    """Say how much a seller's rate was above the usual before it began, and before a period.

    What comes after may be the work of what is to be judged. What is usual in each period and for each kind
    of parcel is taken off, so that sellers that began early are compared with others of their time; and what
    rests on few parcels is drawn towards what is usual among those that ever begin, or never do, as much as
    its chance demands.

    Parameters
    ----------
    counts : DataFrame
        ``unit``, ``period``, ``alike``, ``group`` and the sums ``x`` and ``n``.
    x, n : str
    until : object
        Periods from this one on do not count, nor does one in which the seller had begun.
    alike : sequence of str
        What parcels may differ by.

    Returns
    -------
    Series
        Seller to rate above the usual, as it is to be expected (0 for one without a time before).

    Notes
    -----
    Drawn by n / (n + k), where k = variance within sellers, from period to period, / variance between them
    (method of moments). A rate so drawn is what another time of the seller is best foretold by, so that its
    slope is not weakened by its chance.

    Examples
    --------
    >>> rows = pd.DataFrame({
    ...     "seller": list("AABB"), "month": [1, 2, 1, 2], "is_backship": False,
    ...     "x": [89, 91, 99, 101], "n": 1000,
    ... })
    >>> habits(rows, x="x", n="n", until=3).round(4).to_dict()
    {'A': -0.005, 'B': 0.005}
    """
    place = {name: number for number, name in enumerate(sorted(counts[period].unique()))}
    first = first_periods(counts, n=n, unit=unit, period=period, group=group)
    start = counts[unit].map(first.map(place).astype(float)).fillna(np.inf)
    is_before = (counts[period].map(place) < start) & (counts[period] < until) & (counts[n] > 0)
    before = counts[is_before]
    everybody = pd.Series(0.0, index=sorted(counts[unit].unique()))
    if before.empty:
        return everybody
    above = before[x] - before[n] * _usual(before, x, n, [[period], list(alike)])
    keys = [before[unit], before[period]]
    cells = pd.DataFrame({"above": above, "n": before[n]}).groupby(keys).sum()
    sellers = cells.groupby(level=0).sum()
    trait = sellers["above"] / sellers["n"]
    apart = cells["above"] / cells["n"] - trait.reindex(cells.index.get_level_values(0)).to_numpy()
    spare = len(cells) - len(sellers)
    if not spare:
        return everybody
    within = float((cells["n"] * apart**2).sum()) / spare
    between = (float((sellers["n"] * trait**2).sum()) - len(sellers) * within) / float(sellers["n"].sum())
    if between <= 0:
        return everybody
    sure = sellers["n"] / (sellers["n"] + within / between)
    # Who ever begins differs from who never does: each is drawn towards its own kind.
    ever = sellers.index.isin(first.index)
    kind = (trait * sure).groupby(ever).transform("sum") / sure.groupby(ever).transform("sum")
    return (kind + sure * (trait - kind)).reindex(everybody.index).fillna(0.0)


def _usual(rows: pd.DataFrame, x: str, n: str, sides: list[list[str]]) -> pd.Series:
    """Give the usual rate of each row: that of its period and that of its kind, added up."""
    overall = rows[x].sum() / rows[n].sum()
    found = pd.Series(overall, index=rows.index)
    for side in [one for one in sides if one]:
        summed = rows.groupby(side)[[x, n]].transform("sum")
        found += summed[x] / summed[n] - overall
    return found
