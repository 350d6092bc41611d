"""Judge one week against earlier ones: signal, routine, or not known yet.

The limits come from *earlier* weeks only, so that a week never widens its own.

References
----------
Montgomery, Statistical Quality Control, ch. 7 (the normal approximation needs counts of 5);
NHSRplotthedots (13 points, below which limits are trial limits).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from tallysheet.limits import (
    Chart,
    Limits,
    Numbers,
    checked,
    lag1_autocorrelation,
    process_limits,
    standard_error,
    standardised,
)

MIN_EARLIER_WEEKS = 13
"""Fewer points give trial limits only (NHSRplotthedots' short_group_warning)."""

FALSE_FLAG_SHARE = 0.013
"""Share of unchanged series that are flagged all the same, an upper figure.

Simulated: 20,000 normal series each with 13, 15, 26, 52 and 104 earlier weeks and lag-1
autocorrelation 0, .3 and .5; `judge` flagged .4 to 1.3 % of them (13 weeks and .5: the most).
"""

_RUN_OF_JUDGEMENT = 8
_MIN_EXPECTED = 5


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
    y = checked(values, "values")
    denominators = np.ones_like(y) if chart == "xmr" or n is None else checked(n, "n")
    present = ~np.isnan(y) & (denominators > 0)
    earlier = int(present[:-1].sum())
    limits = process_limits(y, n, chart, fix_after=max(y.size - 1, 1))
    rate = np.divide(y, denominators, out=np.full_like(y, np.nan), where=denominators > 0)
    series = rate if chart == "xmr" else standardised(y, denominators, chart, float(limits.centre[-1]))
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
    half = widening * 3 * limits.sigma_z * standard_error(float(centre[-1]), n, chart)
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
