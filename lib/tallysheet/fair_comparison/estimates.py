"""An estimate and how sure it is, from what each seller adds to it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from tallysheet.limits import Numbers

_TAIL = 0.975


@dataclass(frozen=True)
class Estimate:
    """A number with its standard error, which takes sellers as the clusters.

    Parameters
    ----------
    value : float
    error : float
        Standard error; NaN where there is nothing to tell it from.
    freedom : float
        Degrees of freedom of the error: few where a few large sellers decide.

    Examples
    --------
    >>> found = Estimate(1.2, 0.4, 20.0)
    >>> round(found.low, 2), round(found.high, 2), round(found.bound(0.2), 2)
    (0.37, 2.03, 0.86)
    """

    value: float
    error: float
    freedom: float

    @property
    def low(self) -> float:
        """Lower end of the 95 % interval."""
        return self.bound(1 - _TAIL)

    @property
    def high(self) -> float:
        """Upper end of the 95 % interval."""
        return self.bound(_TAIL)

    def bound(self, share: float) -> float:
        """Give the value below which the truth lies with a probability, by Student's distribution."""
        if not math.isfinite(self.error):
            return math.nan
        return self.value + self.error * float(special.stdtrit(self.freedom, share))

    @property
    def p(self) -> float:
        """Probability of an estimate so far from zero if the truth is zero."""
        if not math.isfinite(self.error):
            return math.nan
        return 2 * float(special.stdtr(self.freedom, -abs(self.value) / self.error))

    def times(self, factor: float) -> Estimate:
        """Give the estimate in another unit, or with its sign turned."""
        return Estimate(self.value * factor, self.error * abs(factor), self.freedom)


NOTHING = Estimate(math.nan, math.nan, 1.0)
"""Where nothing can be compared."""


def by_cluster(value: float, parts: Numbers) -> Estimate:
    """Give an estimate its error from what each cluster adds to it.

    Parameters
    ----------
    value : float
    parts : array
        One number a cluster, such as its influence, or how far the estimate moves without it.

    Notes
    -----
    Variance: C / (C - 1) times the sum of squares. Degrees of freedom by Satterthwaite with the parts' own
    fourth powers: 3 (sum of squares)^2 / sum of fourth powers, between 1 and C - 1. With equal clusters that
    is C - 1; with two that decide it is few, and the interval wide, as it should be.

    Examples
    --------
    >>> by_cluster(0.5, np.array([0.1, -0.1, 0.1, -0.1]))
    Estimate(value=0.5, error=0.23094010767585033, freedom=3.0)
    """
    parts = parts[np.isfinite(parts)]
    squares, fourths = float(np.sum(parts**2)), float(np.sum(parts**4))
    if not math.isfinite(value):
        return NOTHING
    if len(parts) < 2 or squares == 0:
        return Estimate(value, math.nan, 1.0)
    freedom = min(max(3 * squares**2 / fourths, 1.0), len(parts) - 1.0)
    return Estimate(value, math.sqrt(squares * len(parts) / (len(parts) - 1)), freedom)
