"""Carriers beside the others on the same lanes: a common mix of lanes, with intervals that know of weeks."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from tallysheet.intervals import NORMAL_95, wilson
from tallysheet.limits import Numbers

LEAST = 30
"""So many parcels must both the carrier and the others have on a lane; else it is not compared."""
_LANE_COLUMNS = ["carrier", "lane", "n", "level", "others", "gap", "low", "high", "excess"]


def against_others(counts: pd.DataFrame) -> pd.DataFrame:
    """Compare each carrier with all others on the same lanes, weighted by the common mix of lanes.

    Parameters
    ----------
    counts : DataFrame
        carrier, lane, week, x (good) and n.

    Returns
    -------
    DataFrame
        A row a carrier: carrier, n, raw (x / n), raw_others, level and others (both on the common mix of the
        lanes that are compared), gap, low, high (95 %), coverage (share of the common mix that is compared),
        excess (how many fewer are good, a week, than others would have had with its own parcels).

    Notes
    -----
    Direct standardisation: gap = sum of w (r - R) over lanes with the carrier's rate r, that of the others R
    and the share w of the lane in all parcels. Parcels of a week share their fate, so weeks are the
    clusters: variance = W / (W - 1) times the sum of squares of what each week adds to the gap, at least
    what chance alone gives; the interval is Student's with W - 1 degrees of freedom.

    Examples
    --------
    >>> days = pd.DataFrame({"week": ["W1", "W2"] * 2, "carrier": ["A", "A", "B", "B"], "lane": "FR-FR"})
    >>> found = against_others(days.assign(x=[90, 92, 80, 82], n=100))
    >>> found[["level", "others", "gap", "excess"]].iloc[0].astype(float).round(2).to_list()
    [0.91, 0.81, 0.1, -10.0]
    """
    names, _, x, n = _cubes(counts)
    all_n = n.sum(axis=(0, 2))
    rows = []
    for place, name in enumerate(names):
        own, rest = _sides(x, n, place)
        is_compared = (own[1].sum(axis=1) >= LEAST) & (rest[1].sum(axis=1) >= LEAST)
        row: dict[str, object] = {"carrier": name, "n": float(own[1].sum())}
        row |= {"raw": _rate(*own), "raw_others": _rate(*rest)}
        weight = np.where(is_compared, all_n, 0.0)
        row["coverage"] = float(weight.sum() / all_n.sum()) if all_n.sum() else 0.0
        if is_compared.any():
            row |= _gap(*own, *rest, weight / weight.sum(), is_compared)
        rows.append(row)
    columns = ["carrier", "n", "raw", "raw_others", "level", "others", "gap", "low", "high", "coverage"]
    return pd.DataFrame(rows, columns=[*columns, "excess"])


def lane_by_lane(counts: pd.DataFrame) -> pd.DataFrame:
    """Compare each carrier with all others lane by lane.

    Returns
    -------
    DataFrame
        A row a carrier and lane that can be compared: carrier, lane, n, level, others, gap, low, high, excess
        (a week).

    Notes
    -----
    Newcombe's interval of a difference (hybrid scores, 1998, Statistics in Medicine 17), which holds also
    where hardly any are late, with each side's n divided by how much more than by chance its weeks differ.
    """
    names, lanes, x, n = _cubes(counts)
    weeks, found = x.shape[2], []
    for place, name in enumerate(names):
        own, rest = _sides(x, n, place)
        is_compared = (own[1].sum(axis=1) >= LEAST) & (rest[1].sum(axis=1) >= LEAST)
        own_n, rest_n = own[1].sum(axis=1)[is_compared], rest[1].sum(axis=1)[is_compared]
        level, others = own[0].sum(axis=1)[is_compared] / own_n, rest[0].sum(axis=1)[is_compared] / rest_n
        ends = [_score(one[0][is_compared], one[1][is_compared]) for one in (own, rest)]
        (low, high), (others_low, others_high) = ends
        gap = level - others
        found.append(
            pd.DataFrame(
                {
                    "carrier": name,
                    "lane": lanes[is_compared],
                    "n": own_n,
                    "level": level,
                    "others": others,
                    "gap": gap,
                    "low": gap - np.hypot(level - low, others_high - others),
                    "high": gap + np.hypot(high - level, others - others_low),
                    "excess": -gap * own_n / weeks,
                }
            )
        )
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=_LANE_COLUMNS)


def _cubes(counts: pd.DataFrame) -> tuple[list[str], NDArray[np.object_], Numbers, Numbers]:
    """Lay counts out as carriers x lanes x weeks."""
    keys = ["carrier", "lane", "week"]
    summed = counts.groupby(keys)[["x", "n"]].sum()
    names, lanes, weeks = (sorted(set(summed.index.get_level_values(key))) for key in keys)
    every = pd.MultiIndex.from_product([names, lanes, weeks], names=keys)
    whole = summed.reindex(every, fill_value=0)
    shape = len(names), len(lanes), len(weeks)
    x, n = (whole[side].to_numpy(float).reshape(shape) for side in ("x", "n"))
    return names, np.array(lanes, dtype=object), x, n


def _sides(x: Numbers, n: Numbers, place: int) -> tuple[tuple[Numbers, Numbers], tuple[Numbers, Numbers]]:
    return (x[place], n[place]), (x.sum(axis=0) - x[place], n.sum(axis=0) - n[place])


def _gap(
    x: Numbers,
    n: Numbers,
    others_x: Numbers,
    others_n: Numbers,
    weight: Numbers,
    is_compared: NDArray[np.bool_],
) -> dict[str, object]:
    weight = weight[is_compared]
    sides = [(one[is_compared], of[is_compared]) for one, of in ((x, n), (others_x, others_n))]
    rates = [one.sum(axis=1) / of.sum(axis=1) for one, of in sides]
    level, others = (float(weight @ rate) for rate in rates)
    by_week = [
        weight @ ((one - rate[:, None] * of) / of.sum(axis=1)[:, None])
        for rate, (one, of) in zip(rates, sides, strict=True)
    ]
    chance = sum(float(weight**2 @ _chance(one.sum(axis=1), of.sum(axis=1))) for one, of in sides)
    weeks = x.shape[1]
    spread = weeks / max(weeks - 1, 1) * float(np.sum((by_week[0] - by_week[1]) ** 2))
    half = _student(weeks) * max(spread, chance) ** 0.5
    excess = float(sides[0][1].sum(axis=1) @ (rates[1] - rates[0])) / weeks
    gap = level - others
    return {
        "level": level,
        "others": others,
        "gap": gap,
        "low": gap - half,
        "high": gap + half,
        "excess": excess,
    }


def _chance(x: Numbers, n: Numbers) -> Numbers:
    """Give the variance of a rate by chance; one more of each kind, so that none late is not certain."""
    rate = (x + 1) / (n + 2)
    return rate * (1 - rate) / n


def _score(x: Numbers, n: Numbers) -> tuple[Numbers, Numbers]:
    """Give Wilson's interval of rates, lane by lane; x and n are lanes x weeks."""
    all_x, all_n, weeks = x.sum(axis=1), n.sum(axis=1), x.shape[1]
    rate = all_x / all_n
    spread = weeks / max(weeks - 1, 1) * (((x - rate[:, None] * n) / all_n[:, None]) ** 2).sum(axis=1)
    by_chance = np.where((rate > 0) & (rate < 1), rate * (1 - rate) / all_n, np.inf)
    size = all_n / np.maximum(spread / by_chance, 1.0)
    return wilson(rate, size, _student(weeks))


def _student(weeks: int) -> float:
    """Give Student's 97.5 % quantile; of a single week the normal one, as nothing is known of its spread."""
    if weeks < 2:
        return NORMAL_95
    return float(special.stdtrit(weeks - 1, 0.975))


def _rate(x: Numbers, n: Numbers) -> float:
    return float(x.sum() / n.sum()) if n.sum() else float("nan")
