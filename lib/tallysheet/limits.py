"""What is usual: process limits, run rules, assurance against a target.

Sums, money and durations have an XmR chart; ratios of counts have Laney's p' or u' chart, because
with thousands of shipments a week a plain p chart flags almost every week.

References
----------
Wheeler, Understanding Variation (XmR, 2.66); Nelson 1982 (screening of moving ranges);
Laney 2002, Quality Engineering 14(4) (p' and u'); Montgomery, Statistical Quality Control, ch. 7
(p and u);
NHSRplotthedots, R/ptd_spc_standard.R and R/ptd_calculate_point_type.R (rules and their order).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Chart = Literal["xmr", "p", "u", "p'", "u'"]
Numbers = NDArray[np.float64]
Booleans = NDArray[np.bool_]

_ROUNDING = 1e-12
_SCREEN = 3.267  # upper limit of a moving range of two, in mean moving ranges
_D2 = 1.128  # mean moving range of two, in standard deviations


@dataclass(frozen=True)
class Flags:
    """Which points break which rule; all members of a run are flagged."""

    outside: Booleans
    shift: Booleans
    trend: Booleans
    two_of_three: Booleans


@dataclass(frozen=True)
class Limits:
    """Centre and limits of each point, in the values' unit (of the rate, for counts).

    Limits are NaN where they would collapse: no verdict is better than one that flags everything.
    """

    centre: Numbers
    lower: Numbers
    upper: Numbers
    near_lower: Numbers
    near_upper: Numbers
    sigma_z: float
    outside: Booleans
    shift: Booleans
    trend: Booleans
    two_of_three: Booleans


def process_limits(
    values: ArrayLike,
    n: ArrayLike | None = None,
    chart: Chart = "xmr",
    *,
    screen: bool = False,
    fix_after: int | None = None,
    multiplier: float = 2.66,
    rebase_at: Sequence[int] = (),
) -> Limits:
    """Compute process limits from all points given.

    Parameters
    ----------
    values : array of float, shape (weeks,)
        Values for ``xmr``; counts for the other charts. NaN is a missing week.
    n : array of float, shape (weeks,), optional
        Denominators, for all charts but ``xmr``.
    chart : {"xmr", "p", "u", "p'", "u'"}
    screen : bool
        Drop moving ranges of 3.267 mean moving ranges or more, once (``xmr`` only).
    fix_after : int, optional
        Take centre and spread from the first so many points of each part.
    multiplier : float
        Mean moving ranges from centre to limit (``xmr`` only).
    rebase_at : sequence of int
        Positions where a new part begins; no moving range and no run crosses them.

    Returns
    -------
    Limits

    Raises
    ------
    ValueError
        Unknown chart, denominators missing or of another length, negative or infinite counts, shares
        above 1, a position outside the series.

    Notes
    -----
    xmr: centre = mean(y), limits = centre +/- multiplier * mean|y_i - y_(i-1)|.
    p: pbar = sum x / sum n, s_i = sqrt(pbar (1 - pbar) / n_i), limits pbar +/- 3 s_i within [0, 1].
    u: s_i = sqrt(ubar / n_i), limits not below 0.
    p', u': s_i times sigma_z = mean|z_i - z_(i-1)| / 1.128, z_i = (x_i / n_i - pbar) / s_i, floored at 1.
    Near limits stand at two thirds of the way.

    Examples
    --------
    >>> limits = process_limits([3, 1, 4, 1, 5, 9, 2])
    >>> limits.lower[:2].round(3), limits.upper[:2].round(3)
    (array([-6.625, -6.625]), array([13.768, 13.768]))
    """
    counts = checked(values, "values")
    if chart not in ("xmr", "p", "u", "p'", "u'"):
        raise ValueError(f"chart: expected xmr, p, u, p' or u', found {chart!r}")
    if n is not None and chart == "xmr":
        raise ValueError("n: expected none for xmr, which charts values; p, u, p' and u' divide counts by it")
    denominators = np.ones_like(counts) if chart == "xmr" else _denominators(n, counts, chart)
    if fix_after is not None and fix_after < 1:
        raise ValueError(f"fix_after: expected 1 or more, found {fix_after}")
    if any(not 0 < start < counts.size for start in rebase_at):
        raise ValueError(
            f"rebase_at: expected positions from 1 to {counts.size - 1}, found {list(rebase_at)}"
        )
    bounds = [0, *sorted(rebase_at), counts.size]
    parts = [
        _part(counts[start:stop], denominators[start:stop], chart, screen, fix_after, multiplier)
        for start, stop in pairwise(bounds)
        if stop > start
    ]
    columns = (
        "centre",
        "lower",
        "upper",
        "near_lower",
        "near_upper",
        "outside",
        "shift",
        "trend",
        "two_of_three",
    )
    joined = {name: np.concatenate([getattr(part, name) for part in parts]) for name in columns}
    return Limits(sigma_z=parts[-1].sigma_z, **joined)


def _denominators(n: ArrayLike | None, counts: Numbers, chart: Chart) -> Numbers:
    if n is None:
        raise ValueError(f"n: the {chart} chart needs denominators")
    denominators = checked(n, "n")
    if denominators.shape != counts.shape:
        raise ValueError(f"n: expected {counts.size} denominators, found {denominators.size}")
    if np.nanmin(counts, initial=0) < 0 or np.nanmin(denominators, initial=0) < 0:
        raise ValueError(f"values: the {chart} chart needs counts of 0 or more")
    if chart in ("p", "p'") and (counts > denominators).any():
        raise ValueError(f"values: the {chart} chart needs counts that do not exceed n")
    return denominators


def checked(numbers: ArrayLike, name: str) -> Numbers:
    """Give numbers as an array of one dimension; a ValueError names the argument that is none."""
    array = np.asarray(numbers, dtype=float)
    if array.ndim != 1 or not array.size or np.isinf(array).any():
        raise ValueError(f"{name}: expected a list of one number or more, all finite, found {numbers!r}")
    return array


def _part(
    counts: Numbers, n: Numbers, chart: Chart, screen: bool, fix_after: int | None, multiplier: float
) -> Limits:
    values = np.divide(counts, n, out=np.full_like(counts, np.nan), where=n > 0)
    sigma_z = 1.0
    if chart == "xmr":
        centre, half = _xmr(values[:fix_after], screen, multiplier)
        halves = np.full_like(values, half)
    else:
        centre, sigma_z = _laney(counts[:fix_after], n[:fix_after], chart)
        halves = 3 * sigma_z * standard_error(centre, n, chart)
    return limits_around(values, centre, halves, sigma_z, chart)


def limits_around(values: Numbers, centre: float, halves: Numbers, sigma_z: float, chart: Chart) -> Limits:
    """Lay limits at a distance from the centre, within what the unit can be, and apply the rules.

    Where the distance is 0 the limits would collapse: they are NaN, and nothing is flagged.
    """
    centres = np.full_like(values, centre)
    distance = np.where(halves > 0, halves, np.nan)
    least, most = (-np.inf, np.inf) if chart == "xmr" else (0.0, 1.0 if chart in ("p", "p'") else np.inf)
    lines = (centre - distance, centre + distance, centre - distance * 2 / 3, centre + distance * 2 / 3)
    lower, upper, near_lower, near_upper = (np.clip(line, least, most) for line in lines)
    # The rules see the lines before they are cut off, so that "near" means the same on both sides.
    rounding = _ROUNDING * np.maximum(np.abs(values), abs(centre))
    flags = run_rules(
        np.where(np.abs(values - centre) <= rounding, centre, values), centres, lines[0], lines[1]
    )
    told = {name: flag & ~np.isnan(distance) for name, flag in vars(flags).items()}
    return Limits(centres, lower, upper, near_lower, near_upper, sigma_z, **told)


def _xmr(values: Numbers, screen: bool, multiplier: float) -> tuple[float, float]:
    if np.isnan(values).all():
        return np.nan, np.nan
    moves = np.abs(np.diff(values))
    moves = np.where(moves <= _ROUNDING * np.nanmax(np.abs(values)), 0.0, moves)[~np.isnan(moves)]
    kept = moves[moves < _SCREEN * moves.mean()] if screen and moves.any() else moves
    if not kept.any() or kept.size < moves.size / 2:
        return float(np.nanmean(values)), np.nan
    return float(np.nanmean(values)), multiplier * float(kept.mean())


def standard_error(centre: float, n: Numbers, chart: Chart) -> Numbers:
    """Give the binomial (p, p') or Poisson (u, u') standard error of a rate; NaN where n is 0."""
    variance = centre * (1 - centre) if chart in ("p", "p'") else centre
    return np.sqrt(np.divide(max(variance, 0.0), n, out=np.full_like(n, np.nan), where=n > 0))


def _laney(counts: Numbers, n: Numbers, chart: Chart) -> tuple[float, float]:
    present = ~np.isnan(counts) & (n > 0)
    centre = float(counts[present].sum() / n[present].sum()) if present.any() else np.nan
    if chart in ("p", "u"):
        return centre, 1.0
    z = standardised(counts, n, chart, centre)
    moves = np.abs(np.diff(z))
    moves = moves[~np.isnan(moves)]
    return centre, max(1.0, float(moves.mean()) / _D2) if moves.size else 1.0


def standardised(counts: Numbers, n: Numbers, chart: Chart, centre: float) -> Numbers:
    """Give rates as distances from the centre in standard errors: Laney's z."""
    error = standard_error(centre, n, chart)
    rate = np.divide(counts, n, out=np.full_like(counts, np.nan), where=n > 0)
    return np.divide(rate - centre, error, out=np.full_like(error, np.nan), where=error > 0)


def run_rules(
    values: ArrayLike, centre: ArrayLike, lower: ArrayLike, upper: ArrayLike, *, count_outside: bool = False
) -> Flags:
    """Flag the points that break a rule.

    Parameters
    ----------
    values, centre, lower, upper : array of float, shape (weeks,), or one number
    count_outside : bool
        Let points beyond the limits count in two of three (NHS Making Data Count since 2023).

    Returns
    -------
    Flags
        ``outside``: beyond a limit (strictly). ``shift``: in a run of 7 on one side of the centre;
        a point on it breaks the run. ``trend``: in a run of 7 that moves one way; a tie breaks it.
        ``two_of_three``: beyond two thirds of the way to a limit, as 2 of 3 neighbours on one side.

    Examples
    --------
    >>> run_rules([1.0, 1, 3.5, 2.5, 1], 0, -3, 3, count_outside=True).two_of_three.astype(int)
    array([0, 0, 1, 1, 0])
    """
    y = checked(values, "values")
    middle, low, high = (
        np.broadcast_to(np.asarray(line, dtype=float), y.shape) for line in (centre, lower, upper)
    )
    outside = (y < low) | (y > high)
    side = np.nan_to_num(np.sign(y - middle))
    steps = np.nan_to_num(np.sign(np.diff(y)))
    rising = _runs(steps, 6)
    trend = np.zeros(y.size, bool)
    trend[:-1] |= rising
    trend[1:] |= rising
    beyond = np.abs(y - middle) > np.where(side > 0, high - middle, middle - low) * 2 / 3
    near = beyond & (count_outside | ~outside)
    two_of_three = np.zeros(y.size, bool)
    for start in range(y.size - 2):
        trio = slice(start, start + 3)
        if abs(side[trio].sum()) == 3 and near[trio].sum() >= 2:
            two_of_three[trio] |= near[trio]
    return Flags(outside, _runs(side, 7), trend, two_of_three)


def _runs(signs: Numbers, length: int) -> Booleans:
    member = np.zeros(signs.size, bool)
    for start in range(signs.size - length + 1):
        if abs(signs[start : start + length].sum()) == length:
            member[start : start + length] = True
    return member


def assurance(
    lower: float, upper: float, target: float | None, direction: str
) -> Literal["pass", "fail", "hit_or_miss", "none"]:
    """Tell whether the usual range meets a target always, never or by chance.

    Parameters
    ----------
    lower, upper : float
        Process limits.
    target : float or None
    direction : {"up", "down", "neutral"}
        Which way is good (``increase`` and ``decrease`` are understood too).

    Returns
    -------
    {"pass", "fail", "hit_or_miss", "none"}
        ``none`` without a target, a direction or limits.

    Raises
    ------
    ValueError
        An unknown direction.

    Examples
    --------
    >>> assurance(0.91, 0.95, 0.90, "up"), assurance(0.91, 0.95, 0.94, "up")
    ('pass', 'hit_or_miss')
    """
    known = {"up": 1, "increase": 1, "down": -1, "decrease": -1, "neutral": 0}
    if direction not in known:
        raise ValueError(f"direction: expected up, down or neutral, found {direction!r}")
    if target is None or known[direction] == 0 or np.isnan([lower, upper, target]).any():
        return "none"
    if lower <= target <= upper:
        return "hit_or_miss"
    above = lower > target
    return "pass" if above == (known[direction] == 1) else "fail"


def lag1_autocorrelation(values: ArrayLike) -> float:
    """Estimate the lag-1 autocorrelation, corrected for the bias of short series.

    Returns
    -------
    float
        Between -.9 and .9; 0 for a series without variation or of fewer than 6 points.

    Notes
    -----
    r = sum (y_i - m)(y_(i-1) - m) / sum (y_i - m)^2 is too low by about (1 + 4 r) / n
    (Marriott and Pope 1954, Biometrika 41), so (n r + 1) / (n - 4) is returned.
    """
    return float(lag1_autocorrelations(checked(values, "values")[None, :])[0])


def lag1_autocorrelations(rows: Numbers) -> Numbers:
    """Estimate `lag1_autocorrelation` of each row, shape (series, weeks)."""
    count = (~np.isnan(rows)).sum(axis=1)
    mean = np.nansum(rows, axis=1) / np.where(count > 0, count, 1)
    deviation = rows - mean[:, None]
    total = np.nansum(deviation**2, axis=1)
    r = np.nansum(deviation[:, 1:] * deviation[:, :-1], axis=1) / np.where(total > 0, total, np.nan)
    found = np.clip((count * r + 1) / np.where(count > 4, count - 4, np.nan), -0.9, 0.9)
    return np.where((count < 6) | ~(total > 0), 0.0, found)
