"""What is usual: process limits, run rules, and the judgement of one week against earlier ones.

A week is judged against limits from *earlier* weeks only, so that it never widens its own.
Sums, money and durations have an XmR chart; ratios of counts have Laney's p' or u' chart, because
with thousands of shipments a week a plain p chart flags almost every week.

References
----------
Wheeler, Understanding Variation (XmR, 2.66); Nelson 1982 (screening of moving ranges);
Laney 2002, Quality Engineering 14(4) (p' and u'); Montgomery, Statistical Quality Control, ch. 7
(p and u, and the counts of 5 that the normal approximation needs);
NHSRplotthedots, R/ptd_spc_standard.R and R/ptd_calculate_point_type.R (rules and their order).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Chart = Literal["xmr", "p", "u", "p'", "u'"]
Numbers = NDArray[np.float64]
Booleans = NDArray[np.bool_]

MIN_EARLIER_WEEKS = 13
"""Fewer points give trial limits only (NHSRplotthedots' short_group_warning)."""

FALSE_FLAG_SHARE = 0.013
"""Share of unchanged series that are flagged all the same, an upper figure.

Simulated: 20,000 normal series each with 13, 15, 26, 52 and 104 earlier weeks and lag-1
autocorrelation 0, .3 and .5; `judge` flagged .4 to 1.3 % of them (13 weeks and .5: the most).
"""

_SCREEN = 3.267  # upper limit of a moving range of two, in mean moving ranges
_D2 = 1.128  # mean moving range of two, in standard deviations
_RUN_OF_JUDGEMENT = 8
_MIN_EXPECTED = 5


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
        Unknown chart, denominators missing or of another length, negative counts.

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
    counts = _checked(values, "values")
    if chart not in ("xmr", "p", "u", "p'", "u'"):
        raise ValueError(f"chart: expected xmr, p, u, p' or u', found {chart!r}")
    if chart == "xmr":
        denominators = np.ones_like(counts)
    elif n is None:
        raise ValueError(f"n: the {chart} chart needs denominators")
    else:
        denominators = _checked(n, "n")
        if denominators.shape != counts.shape:
            raise ValueError(f"n: expected {counts.size} denominators, found {denominators.size}")
        if np.nanmin(counts, initial=0) < 0 or np.nanmin(denominators, initial=0) < 0:
            raise ValueError(f"values: the {chart} chart needs counts of 0 or more")
    bounds = [0, *sorted(rebase_at), counts.size]
    parts = [
        _part(counts[start:stop], denominators[start:stop], chart, screen, fix_after, multiplier)
        for start, stop in zip(bounds[:-1], bounds[1:], strict=True)
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


def _checked(numbers: ArrayLike, name: str) -> Numbers:
    array = np.asarray(numbers, dtype=float)
    if array.ndim != 1 or not array.size:
        raise ValueError(f"{name}: expected a list of one number or more, found shape {array.shape}")
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
        halves = 3 * sigma_z * _standard_error(centre, n, chart)
    lower, upper = centre - halves, centre + halves
    near_lower, near_upper = centre - halves * 2 / 3, centre + halves * 2 / 3
    least, most = (-np.inf, np.inf) if chart == "xmr" else (0, 1 if chart in ("p", "p'") else np.inf)
    lower, upper, near_lower, near_upper = (
        np.clip(limit, least, most) for limit in (lower, upper, near_lower, near_upper)
    )
    centres = np.full_like(values, centre)
    flags = run_rules(values, centres, lower, upper)
    return Limits(centres, lower, upper, near_lower, near_upper, sigma_z, **vars(flags))


def _xmr(values: Numbers, screen: bool, multiplier: float) -> tuple[float, float]:
    moves = np.abs(np.diff(values))
    moves = moves[~np.isnan(moves)]
    kept = moves[moves < _SCREEN * moves.mean()] if screen and moves.any() else moves
    if not kept.any() or kept.size < moves.size / 2:
        return float(np.nanmean(values)), np.nan
    return float(np.nanmean(values)), multiplier * float(kept.mean())


def _standard_error(centre: float, n: Numbers, chart: Chart) -> Numbers:
    variance = centre * (1 - centre) if chart in ("p", "p'") else centre
    return np.sqrt(np.divide(max(variance, 0.0), n, out=np.full_like(n, np.nan), where=n > 0))


def _laney(counts: Numbers, n: Numbers, chart: Chart) -> tuple[float, float]:
    present = ~np.isnan(counts) & (n > 0)
    centre = float(counts[present].sum() / n[present].sum()) if present.any() else np.nan
    if chart in ("p", "u"):
        return centre, 1.0
    z = _standardised(counts, n, chart, centre)
    moves = np.abs(np.diff(z))
    moves = moves[~np.isnan(moves)]
    return centre, max(1.0, float(moves.mean()) / _D2) if moves.size else 1.0


def _standardised(counts: Numbers, n: Numbers, chart: Chart, centre: float) -> Numbers:
    error = _standard_error(centre, n, chart)
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
    y = _checked(values, "values")
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
    y = _checked(values, "values")
    deviation = y - np.nanmean(y) if not np.isnan(y).all() else y
    count = int((~np.isnan(y)).sum())
    total = np.nansum(deviation**2)
    if count < 6 or total == 0:
        return 0.0
    r = np.nansum(deviation[1:] * deviation[:-1]) / total
    return float(np.clip((count * r + 1) / (count - 4), -0.9, 0.9))


@dataclass(frozen=True)
class Judgement:
    """One week against earlier ones.

    Parameters
    ----------
    variation : {"signal", "routine", "not_known"}
    reason : str
        Why, as a key of words: ``above``, ``below``, ``run_above``, ``run_below``, ``inside``,
        ``few_weeks`` (fewer than 13 earlier), ``small`` (an expected count below 5), ``collapsed``,
        ``missing``.
    limits : Limits
        Usual range of every week given, from the earlier ones, widened; NaN where there is none.
    widening, autocorrelation : float
    earlier_weeks : int
    """

    variation: Literal["signal", "routine", "not_known"]
    reason: str
    limits: Limits
    widening: float
    autocorrelation: float
    earlier_weeks: int

    @property
    def centre(self) -> float:
        """Centre of the judged week."""
        return float(self.limits.centre[-1])

    @property
    def lower(self) -> float:
        """Lower limit of the judged week."""
        return float(self.limits.lower[-1])

    @property
    def upper(self) -> float:
        """Upper limit of the judged week."""
        return float(self.limits.upper[-1])


def judge(values: ArrayLike, n: ArrayLike | None = None, chart: Chart = "xmr") -> Judgement:
    """Judge the last point against limits from the points before it.

    Parameters
    ----------
    values, n, chart
        As for `process_limits`; the last point is the judged week.

    Notes
    -----
    Signal: outside the limits, or the eighth in a row on one side of the centre. The moving range
    underestimates sigma by about sqrt(1 - rho) when neighbours are alike, so limits are widened by
    1 / sqrt(1 - rho) where the lag-1 autocorrelation rho is positive; above .2 runs are not used.

    Examples
    --------
    >>> judge([10, 12, 11, 9, 10, 11, 12, 10, 9, 11, 10, 12, 11, 20]).reason
    'above'
    """
    y = _checked(values, "values")
    denominators = np.ones_like(y) if chart == "xmr" or n is None else _checked(n, "n")
    present = ~np.isnan(y) & (denominators > 0)
    earlier = int(present[:-1].sum())
    limits = process_limits(y, n, chart, fix_after=max(y.size - 1, 1))
    rate = np.divide(y, denominators, out=np.full_like(y, np.nan), where=denominators > 0)
    series = rate if chart == "xmr" else _standardised(y, denominators, chart, float(limits.centre[-1]))
    rho = lag1_autocorrelation(series[:-1]) if earlier else 0.0
    widening = 1 / float(np.sqrt(1 - max(rho, 0.0)))
    reason = "missing" if not present[-1] else "few_weeks" if earlier < MIN_EARLIER_WEEKS else ""
    if not reason:
        limits = _widened(limits, widening, denominators, chart)
        reason = _reason(rate, limits, rho, denominators[-1], chart)
    if reason in ("missing", "few_weeks", "small", "collapsed"):
        nothing = np.full_like(y, np.nan)
        limits = replace(limits, lower=nothing, upper=nothing, near_lower=nothing, near_upper=nothing)
        return Judgement("not_known", reason, limits, widening, rho, earlier)
    return Judgement("routine" if reason == "inside" else "signal", reason, limits, widening, rho, earlier)


def _widened(limits: Limits, widening: float, n: Numbers, chart: Chart) -> Limits:
    """Move the limits away from the centre; those of counts are computed anew, as they were clamped."""
    centre = limits.centre
    if chart == "xmr":
        half = widening * (limits.upper - centre)
        return replace(limits, lower=centre - half, upper=centre + half)
    half = widening * 3 * limits.sigma_z * _standard_error(float(centre[-1]), n, chart)
    most = 1.0 if chart in ("p", "p'") else np.inf
    return replace(limits, lower=np.maximum(centre - half, 0.0), upper=np.minimum(centre + half, most))


def _reason(rate: Numbers, limits: Limits, rho: float, n: float, chart: Chart) -> str:
    centre, lower, upper = limits.centre[-1], limits.lower[-1], limits.upper[-1]
    if chart != "xmr":
        rarer = min(centre, 1 - centre) if chart in ("p", "p'") else centre
        if n * rarer < _MIN_EXPECTED:
            return "small"
    if not upper > lower:
        return "collapsed"
    if not lower <= rate[-1] <= upper:
        return "above" if rate[-1] > upper else "below"
    sides = np.nan_to_num(np.sign(rate[-_RUN_OF_JUDGEMENT:] - centre))
    if rho <= 0.2 and abs(sides.sum()) == _RUN_OF_JUDGEMENT:
        return "run_above" if sides[-1] > 0 else "run_below"
    return "inside"
