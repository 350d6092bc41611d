"""Direct standardisation: two groups compared among parcels that are alike, on one common mix."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tallysheet.fair_comparison.estimates import NOTHING, Estimate, by_cluster
from tallysheet.fair_comparison.sums import Codes, in_group, numbered, summed
from tallysheet.limits import Numbers


@dataclass(frozen=True)
class LikeWithLike:
    """What a standardised comparison found.

    Parameters
    ----------
    gap : Estimate
        The group's rate less that of the others, both on the common mix.
    level, others : float
        The two rates.
    dropped : float
        Share of the common mix that could not be compared, as one of the groups has nothing like it.
    strata_n, dropped_n : int
        Strata compared, and left out.
    units_n : int
        Sellers that the comparison rests on.
    """

    gap: Estimate
    level: float
    others: float
    dropped: float
    strata_n: int
    dropped_n: int
    units_n: int


def like_with_like(
    counts: pd.DataFrame,
    *,
    alike: Sequence[str],
    x: str,
    n: str,
    unit: str = "seller",
    group: str = "is_backship",
    before: pd.Series | None = None,
    least: int = 1,
) -> LikeWithLike:
    """Compare a group with the others stratum by stratum, weighted by the mix of the others.

    So it is an estimate for those who are not in the group yet: what would change for them.

    Parameters
    ----------
    counts : DataFrame
        The columns of ``alike``, ``unit`` and ``group`` (True or False), and the sums ``x`` and ``n``.
    alike : sequence of str
        Columns that make a stratum; none: the raw gap.
    x, n : str
        What is summed (parcels on time, cents) and over how many.
    unit : str
        Clusters: parcels of one seller share its ways.
    group : str
    before : Series, optional
        How much each seller's rate was above the usual before it began (as `habits` gives it). What the two
        sides differ in it, times what it makes out among the others, is taken off the gap.
    least : int
        So much ``n`` must both sides have in a stratum; else it is dropped.

    Notes
    -----
    gap = sum of w (r - R) over strata with the group's rate r, that of the others R and the stratum's share
    w of the others' n. Its error is the jackknife's: how far the gap moves when a seller is left out, rates,
    weights and strata anew. It is on the safe side where sellers are of very different size. With ``before``
    the gap is gap(x) - b gap(before), b being the slope of the others' rates on it within strata: what is
    left of the difference between the sides of a stratum is taken off by regression, as in bias-corrected
    matching.

    Examples
    --------
    >>> rows = pd.DataFrame({
    ...     "seller": ["A", "B", "A", "B"], "lane": ["FR", "FR", "ES", "ES"],
    ...     "is_backship": [True, False, True, False], "on_time": [90, 160, 8, 18], "n": [100, 200, 10, 20],
    ... })
    >>> found = like_with_like(rows, alike=["lane"], x="on_time", n="n")
    >>> round(found.level, 4), round(found.others, 4), round(found.gap.value, 4)
    (0.8909, 0.8091, 0.0818)

    References
    ----------
    Rothman, Greenland and Lash 2008, Modern Epidemiology, ch. 15; Abadie and Imbens 2011, Journal of Business
    and Economic Statistics 29 (1); MacKinnon and Webb 2018, The Econometrics Journal 21 (2), on clusters of
    different size.
    """
    pairs = _pairs(counts, list(alike), x, n, unit, group)
    stratum, who = numbered(pairs, ["stratum"]), numbered(pairs, ["who"])
    sides = tuple(pairs[name].to_numpy(float) for name in ("x1", "n1", "x0", "n0"))
    _, all_n, others_x, others_n = (summed(stratum, side, len(set(stratum))) for side in sides)
    kept = _is_kept(all_n, others_n, least)
    total, weight = float(others_n.sum()), float(others_n[kept].sum())
    if not weight:
        none = 1.0 if total else math.nan
        return LikeWithLike(NOTHING, math.nan, math.nan, none, 0, len(all_n), 0)
    gap, without = _gaps(sides, stratum, who, least)
    if before is not None:
        trait = pairs["seller"].map(before).fillna(0.0).to_numpy(float)
        _, n1, x0, n0 = sides
        apart, apart_without = _gaps((n1 * trait, n1, n0 * trait, n0), stratum, who, least)
        slope, slope_without = _slopes(x0, n0, trait, stratum, who)
        gap, without = gap - slope * apart, without - slope_without * apart_without
    others = float(others_x[kept].sum()) / weight
    return LikeWithLike(
        by_cluster(gap, without - gap),
        others + gap,
        others,
        1 - weight / total,
        int(kept.sum()),
        int(((all_n + others_n > 0) & ~kept).sum()),
        len(np.unique(who[kept[stratum]])),
    )


def _pairs(counts: pd.DataFrame, alike: list[str], x: str, n: str, unit: str, group: str) -> pd.DataFrame:
    """Lay counts out as one row a stratum and seller, with both sides beside each other."""
    is_in = in_group(counts, group).to_numpy()
    columns = {
        "x1": np.where(is_in, counts[x], 0),
        "n1": np.where(is_in, counts[n], 0),
        "x0": np.where(is_in, 0, counts[x]),
        "n0": np.where(is_in, 0, counts[n]),
    }
    keys = {"stratum": numbered(counts, alike), "who": numbered(counts, [unit])}
    rows = pd.DataFrame(keys | columns).groupby(["stratum", "who"], as_index=False).sum()
    return rows.assign(seller=np.array(sorted(counts[unit].unique()), dtype=object)[rows["who"]])


def _is_kept(n: Numbers, others_n: Numbers, least: int) -> NDArray[np.bool_]:
    return np.asarray((n >= max(least, 1)) & (others_n >= max(least, 1)))


def _gaps(sides: tuple[Numbers, ...], stratum: Codes, who: Codes, least: int) -> tuple[float, Numbers]:
    """Give the weighted gap, and the gap without each seller: only its own strata change."""
    units = int(who.max()) + 1
    whole = [summed(stratum, side, int(stratum.max()) + 1) for side in sides]
    before = _added(whole, least)
    after = _added([all_of[stratum] - own for all_of, own in zip(whole, sides, strict=True)], least)
    gap, weight = (
        now.sum() + summed(who, then - now[stratum], units) for now, then in zip(before, after, strict=True)
    )
    without = np.divide(gap, weight, out=np.full(units, np.nan), where=weight > 0)
    return float(before[0].sum() / before[1].sum()), without


def _added(whole: list[Numbers], least: int) -> tuple[Numbers, Numbers]:
    """Give what each stratum adds to the weighted gap, and to the weights."""
    x, n, others_x, others_n = whole
    kept = _is_kept(n, others_n, least)
    rate, others = (one / np.where(kept, of, 1.0) for one, of in ((x, n), (others_x, others_n)))
    return np.where(kept, others_n * (rate - others), 0.0), np.where(kept, others_n, 0.0)


def _slopes(x: Numbers, n: Numbers, trait: Numbers, stratum: Codes, who: Codes) -> tuple[float, Numbers]:
    """Give the slope of rates on a trait within strata, and the slope without each seller."""
    size, units = int(stratum.max()) + 1, int(who.max()) + 1
    whole = np.maximum(summed(stratum, n, size), 1e-12)
    apart = trait - (summed(stratum, n * trait, size) / whole)[stratum]
    above = x - n * (summed(stratum, x, size) / whole)[stratum]
    with_x, with_itself = summed(who, apart * above, units), summed(who, n * apart**2, units)
    left = with_itself.sum() - with_itself
    without = np.divide(with_x.sum() - with_x, left, out=np.zeros_like(left), where=left > 0)
    spread = float(with_itself.sum())
    return (float(with_x.sum()) / spread if spread else 0.0), without
