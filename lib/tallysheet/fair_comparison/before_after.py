"""Before and after within sellers that begin at different times, against those that have not begun yet."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tallysheet.fair_comparison.cells import Cells, Untouched, make_cells
from tallysheet.fair_comparison.estimates import NOTHING, Estimate, by_cluster
from tallysheet.fair_comparison.sums import Codes, summed
from tallysheet.limits import Numbers

LEADS = 6
"""So many periods before the beginning are looked at for what should not be there."""


@dataclass(frozen=True)
class BeforeAfter:
    """What a staggered comparison found.

    Parameters
    ----------
    effect : Estimate
        Of the group on one parcel of it.
    moved : Estimate
        Of having begun, on all parcels of a seller: what is seen before it is divided by the share that the
        group has of them.
    share : float
        That share.
    by_age : DataFrame
        age (periods since the beginning, negative before it), value, low, high (95 %) on all parcels of a
        seller. Those before it should be zero.
    lead_p : float
        How likely leads of that size are if nothing happens before the beginning; NaN without any.
    begun_n, waiting_n : int
        Sellers that began, with a time before; and those that had not at the end.
    left_out : float
        Share of the parcels since the beginning that could not be compared.
    """

    effect: Estimate
    moved: Estimate
    share: float
    by_age: pd.DataFrame
    lead_p: float
    begun_n: int
    waiting_n: int
    left_out: float


def before_and_after(
    counts: pd.DataFrame,
    *,
    x: str,
    n: str,
    alike: Sequence[str] = (),
    unit: str = "seller",
    period: str = "month",
    group: str = "is_backship",
    ages: int = 12,
) -> BeforeAfter:
    """Estimate what a group does, from sellers that begin at different times.

    What a seller's parcels would have been without it is estimated from cells where nobody had begun: its own
    before, and those of sellers that begin later or never, in the same periods. No seller that has begun is
    ever a base for another, which would mix up effects of different age.

    Parameters
    ----------
    counts : DataFrame
        ``unit``, ``period``, the columns of ``alike``, ``group`` (True or False), and the sums ``x``, ``n``.
    x, n : str
        What is summed (parcels on time, cents) and over how many.
    alike : sequence of str
        What parcels may differ by. Periods are those of the first of them, such as a lane: what happens on it
        happens to all its sellers.
    unit, period, group : str
    ages : int
        So many periods since the beginning are told one by one.

    Notes
    -----
    The imputation estimator: untouched y = seller + stratum + period of the lane, weighted by n; effect = sum
    of n (y - what it would be) over cells since the beginning, divided by their n of the group. That division
    (Wald's) is right if beginning changes other parcels of the seller in nothing. Errors: the influence of
    each seller, squared, divided by the share that the others have (as a jackknife would). Leads are fitted
    on cells before the beginning alone, against all earlier ones.

    References
    ----------
    Borusyak, Jaravel and Spiess 2024, Review of Economic Studies 91 (6); Goodman-Bacon 2021 and de
    Chaisemartin and D'Haultfoeuille 2020 on why sellers that began earlier are no base.

    Examples
    --------
    >>> months, begins = [1, 2, 3], {"A": 2, "B": 9}
    >>> rows = pd.DataFrame([
    ...     {"seller": seller, "month": month, "is_backship": month >= begin, "n": 100,
    ...      "x": 90 + month + 5 * (month >= begin) - 3 * (seller == "A")}
    ...     for seller, begin in begins.items() for month in months
    ... ])
    >>> found = before_and_after(rows, x="x", n="n")
    >>> round(found.effect.value, 4), found.begun_n, found.waiting_n
    (0.05, 1, 1)
    """
    cells = make_cells(counts, x=x, n=n, alike=alike, unit=unit, period=period, group=group)
    rows = cells.rows
    begun = rows["begun"].to_numpy()
    ever = rows.loc[begun, "who"].nunique()
    if not begun.any() or begun.all():
        none = pd.DataFrame(columns=["age", "value", "low", "high"])
        return BeforeAfter(NOTHING, NOTHING, math.nan, none, math.nan, ever, cells.units_n, cells.left_out)
    untouched = Untouched(cells)
    n_of, used = (rows[name].to_numpy(float) for name in ("n", "used"))
    after, p = _leads(cells, untouched)
    by_age = [after] + [
        _told(age, _mean(cells, untouched, (rows["age"] == age).to_numpy(), n_of)) for age in range(ages)
    ]
    return BeforeAfter(
        effect=_mean(cells, untouched, begun, used),
        moved=_mean(cells, untouched, begun, n_of),
        share=float(used[begun].sum() / n_of[begun].sum()),
        by_age=pd.concat([one for one in by_age if len(one)], ignore_index=True),
        lead_p=p,
        begun_n=int(ever),
        waiting_n=cells.units_n - int(ever),
        left_out=cells.left_out,
    )


def _mean(cells: Cells, untouched: Untouched, which: NDArray[np.bool_], over: Numbers) -> Estimate:
    """Give the sum of n times the effect over cells, for each of what is counted ``over``."""
    rows, base = cells.rows, float(over[which].sum())
    if not base:
        return NOTHING
    weight = np.where(which, rows["n"].to_numpy(float), 0.0)
    value = float(weight @ untouched.residual) / base
    own = weight * untouched.residual - value * np.where(which, over, 0.0)
    bearing = untouched.borne_by(weight)
    sides = ((own, np.where(which, over, 0.0)), (-bearing * untouched.residual, np.abs(bearing)))
    parts = [
        summed(_who(cells), part / base, cells.units_n) / _rest(summed(_who(cells), size, cells.units_n))
        for part, size in sides
    ]
    return by_cluster(value, parts[0] + parts[1])


def _rest(sizes: Numbers) -> Numbers:
    """Give what is left without each seller, as a share: a large one fits its own rate, and looks quiet."""
    return 1 - np.minimum(sizes / max(float(sizes.sum()), 1e-12), 0.9)


def _who(cells: Cells) -> Codes:
    return np.asarray(cells.rows["who"], dtype=np.int64)


def _told(age: int, found: Estimate) -> pd.DataFrame:
    if math.isnan(found.value):
        return pd.DataFrame()
    return pd.DataFrame([{"age": age, "value": found.value, "low": found.low, "high": found.high}])


def _leads(cells: Cells, untouched: Untouched) -> tuple[pd.DataFrame, float]:
    """Fit what sellers are in the last periods before they begin, and test all of that together."""
    from scipy.stats import f

    age, weight = cells.rows["age"].to_numpy(float), untouched.weight
    found = [lead for lead in range(-LEADS, 0) if weight[age == lead].sum() > 0]
    if not found or not weight[age < -LEADS].sum():
        return pd.DataFrame(), math.nan
    columns = untouched.cleared(np.column_stack([(age == lead).astype(float) for lead in found]))
    inverse = np.linalg.pinv(columns.T @ (weight[:, None] * columns))
    values = inverse @ (columns.T @ (weight * untouched.residual))
    left = untouched.residual - columns @ values
    scores = np.column_stack([summed(_who(cells), weight * one * left, cells.units_n) for one in columns.T])
    parts = scores @ inverse
    told = [
        _told(lead, by_cluster(value, part)) for lead, value, part in zip(found, values, parts.T, strict=True)
    ]
    many, count = len(found), cells.units_n
    variance = parts.T @ parts * count / max(count - 1, 1)
    freedom = min(by_cluster(value, part).freedom for value, part in zip(values, parts.T, strict=True))
    statistic = float(values @ np.linalg.pinv(variance) @ values) / many
    rest = max(freedom - many + 1, 1.0)
    return pd.concat(told, ignore_index=True), float(f.sf(statistic * rest / max(freedom, 1.0), many, rest))
