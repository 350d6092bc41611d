"""Judge one week against earlier ones: signal, routine, or not known yet.

The limits come from *earlier* weeks only, so that a week never widens its own.

References
----------
Montgomery, Statistical Quality Control, ch. 7 (the normal approximation needs counts of 5);
NHSRplotthedots (13 points, below which limits are trial limits).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from tallysheet.limits import (
    Chart,
    Limits,
    Numbers,
    checked,
    lag1_autocorrelation,
    limits_around,
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
    centre, halves = float(limits.centre[-1]), _halves(limits, denominators, chart) * widening
    wide = limits_around(rate, centre, halves, limits.sigma_z, chart)
    reason = "missing" if not present[-1] else "few_weeks" if earlier < MIN_EARLIER_WEEKS else ""
    reason = reason or _reason(rate, wide, rho, denominators[-1], chart)
    if reason in ("missing", "few_weeks", "small", "collapsed"):
        none = limits_around(rate, centre, np.full_like(y, np.nan), limits.sigma_z, chart)
        return Judgement("not_known", reason, none, widening, rho, earlier)
    return Judgement("routine" if reason == "inside" else "signal", reason, wide, widening, rho, earlier)


def _halves(limits: Limits, n: Numbers, chart: Chart) -> Numbers:
    """Give the distance from the centre to the limits; those of counts anew, as they may be cut off."""
    if chart == "xmr":
        return limits.upper - limits.centre
    return 3 * limits.sigma_z * standard_error(float(limits.centre[-1]), n, chart)


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
