"""What one row says of the change of a sum: its deviation from what most of the volume shares."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tallysheet.contrasts import FAR_NOISIER, Effect, Rows, Scores, is_whole
from tallysheet.lattice import Codes
from tallysheet.limits import Numbers
from tallysheet.scatter import relative_variance, weighted_median

_MOST = 0.9
_MANY = 1e12
_DRAWN = 20_000
"""So many of more cells tell the growth that most share."""
_LEAST_VARIANCE = 1e-12


class Sum:
    """Values now and before, one entry a row.

    Notes
    -----
    Let g be the growth that most of the volume shares (a weighted median). A row deviates by
    d = (now - g before) / m, m the larger of the two, so that a fall to a half and a rise to the double
    weigh alike, and a cell that only grew with all others does not deviate. Its variance is fitted as
    a + b / m (`relative_variance`): a for a relative wobble, b for counting. Values that are all multiples
    of one unit may be counts of it, whose b is at least 1 + g units (Poisson). A row scores d over its
    variance, which is the weighted mean of the deviations when it is added up.
    """

    def __init__(self, now: Numbers, base: Numbers, codes: Sequence[Codes]) -> None:
        self._now, self._base, self._codes = now, base, codes
        self._growth = _common_growth(now, base)
        expected = self._growth * base
        self._size = np.maximum(now, expected)
        self._some = self._size > 0
        self._safe = np.where(self._some, self._size, 1.0)
        self._deviation = (now - expected) / self._safe
        self._least = (1 + self._growth) * _unit(np.concatenate([now, base]))
        self._noise = (0.0, 0.0, self._least)

    def _fitted(self, rows: Rows) -> tuple[float, float, float]:
        some = self._some[rows]
        if not some.any():
            return 0.0, 0.0, self._least
        deviation, size = self._deviation[rows][some], self._size[rows][some]
        centre = float(np.median(deviation))
        codes = [code[rows][some] for code in self._codes]
        return centre, *relative_variance(deviation - centre, size, self._least, codes)

    def learn(self, quiet: Rows) -> None:
        """Fit the variance of the deviations."""
        self._noise = self._fitted(quiet)

    def scores(self) -> Scores:
        """Score all rows."""
        rows = np.arange(self._size.size)
        return self._scores(rows, self._variance(rows, *self._noise[1:]))

    def scores_inside(self, rows: Rows) -> Scores:
        """Score the rows of a segment: here it cannot be assumed that most did not change."""
        centre, fixed, falling = self._fitted(rows)
        variance = self._variance(rows, fixed, falling)
        some = self._some[rows]
        squares = np.square(self._deviation[rows] - centre)[some] / variance[some]
        return self._scores(rows, variance * max(float(squares.mean()) if some.any() else 1.0, 1.0))

    def _variance(self, rows: Rows, fixed: float, falling: float) -> Numbers:
        return np.maximum(fixed + falling / self._safe[rows], _LEAST_VARIANCE)

    def _scores(self, rows: Rows, variance: Numbers) -> Scores:
        information = np.where(self._some[rows], 1 / variance, 0.0)
        return Scores(self._deviation[rows] * information, information, information, information)

    def is_noisier(self, rows: Rows, quiet: Rows) -> bool:
        """Compare the variance of a row of middling size, if enough rows moved to matter."""
        if np.size(quiet) > _MOST * np.size(rows):
            return False
        middle = float(np.median(self._size[self._some]))
        (_, fixed, falling), (_, quiet_fixed, quiet_falling) = self._noise, self._fitted(quiet)
        return fixed + falling / middle > FAR_NOISIER * (quiet_fixed + quiet_falling / middle)

    def effect(self, own: Rows, rest: Rows) -> Effect:
        """Subtract from the sum now what it would be, had it moved like the rest."""
        now, base = self.sizes(own)
        rest_now, rest_base = self.sizes(rest)
        growth = rest_now / rest_base if rest_base > 0 and rest_now > 0 else 1.0
        variance = self._sum_variance(own)
        if rest_base > 0:
            variance += (base / rest_base) ** 2 * self._sum_variance(rest)
        return Effect(now - growth * base, variance)

    def wobble(self, rows: Rows) -> float:
        """Answer 1: the variance is fitted to the rows."""
        return 1.0

    def _sum_variance(self, rows: Rows) -> float:
        _, fixed, falling = self._noise
        now, base = self._now[rows], self._growth * self._base[rows]
        return float((fixed * (now**2 + base**2) / 2 + falling * (now + base) / 2).sum())

    def sizes(self, rows: Rows) -> tuple[float, float]:
        """Add up values."""
        return float(self._now[rows].sum()), float(self._base[rows].sum())


def _common_growth(now: Numbers, base: Numbers) -> float:
    """Give the growth that half of the volume exceeds; where cells begin or end, that of the total."""
    if now.size > _DRAWN:
        rows = np.random.default_rng(0).integers(0, now.size, _DRAWN)
        now, base = now[rows], base[rows]
    some = (now > 0) & (base > 0)
    if some.sum() > some.size / 2:
        return weighted_median(now[some] / base[some], (now + base)[some])
    return float(now.sum() / base.sum()) if now.any() and base.any() else 1.0


def _unit(x: Numbers) -> float:
    """Give the largest unit, down to a hundredth, that all values are multiples of; 0 if there is none."""
    for parts in (1, 10, 100):
        if x.max(initial=0.0) * parts < _MANY and is_whole(x * parts):
            return float(np.gcd.reduce(np.rint(x * parts).astype(np.int64))) / parts
    return 0.0
