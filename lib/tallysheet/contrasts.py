"""What one row says of a change: a score whose sum over any segment has a known mean and variance.

Two kinds: the ratio of two sums (parcels late of parcels due) and a sum (parcels, euros). The search
adds scores up over segments and need not know which kind it has (`tallysheet.sum_contrast`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from tallysheet.lattice import Codes
from tallysheet.limits import Numbers
from tallysheet.scatter import (
    beside_main_effects,
    excess,
    robust_square,
    variance_of_few,
    weighted_median,
)

Mask = NDArray[np.bool_]
Rows = NDArray[np.int64] | Mask

_SWEEPS = 3
_HIGHEST_RATE = 0.95
_SOME = 8
_ENOUGH = 100
_MOST = 0.9
FAR_NOISIER = 1.3
"""Times the noise of quiet rows: from there on rows are noisier than those."""
_NO_COUNT = 250
"""Times what chance gives: so much do no counts scatter."""
_MANY = 1e12
_TINY = 1e-9


@dataclass(frozen=True)
class Scores:
    """Scores of rows: all add up over a segment.

    Parameters
    ----------
    score : array of float
        Mean 0 where nothing changed.
    weight : array of float
        What an effect of 1 in all rows of a segment adds to its score.
    variance : array of float
        Variance of the score by chance.
    shift : array of float
        What a common shift of 1 adds to the score.
    seen, expected : array of float or None
        Events, and how many the rates of the dimensions' values lead one to expect.
    """

    score: Numbers
    weight: Numbers
    variance: Numbers
    shift: Numbers
    seen: Numbers | None = None
    expected: Numbers | None = None


class Effect(NamedTuple):
    """A segment's change beyond the rest's, and its variance by chance."""

    value: float
    variance: float


class Contrast(Protocol):
    """What the search asks of rows, whichever kind they are."""

    def learn(self, quiet: Rows) -> None:
        """Learn from quiet rows how much rows differ between weeks."""

    def scores(self) -> Scores:
        """Score all rows."""

    def scores_inside(self, rows: Rows) -> Scores:
        """Score the rows of a segment that moved, against its own movement."""

    def is_noisier(self, rows: Rows, quiet: Rows) -> bool:
        """Tell whether rows differ far more than the quiet ones among them."""

    def effect(self, own: Rows, rest: Rows) -> Effect:
        """Measure the change of rows beyond the change of the rest."""

    def wobble(self, rows: Rows) -> float:
        """Tell how much the variance of rows exceeds the one that `effect` has."""

    def sizes(self, rows: Rows) -> tuple[float, float]:
        """Add up what rows weigh now and before: denominators, or values of a sum."""


class Ratio:
    """Numerators and denominators now and before, one entry a row.

    Notes
    -----
    With counts x and denominators n (1 now, 0 before), X and N their sums, s the share of all
    denominators that is now, and p the rate expected of a row, a row scores

        u = x1 - s X - p (n1 - s N).

    If the rates did not change its mean is 0 wherever p is right or the volumes are balanced
    (n1 = s N), so that neither a shift of the mix nor a rough p makes a signal. p is the row's own rate
    X / N drawn towards the rates of its dimensions' values (multiplied together) by k parcels:

        p = (X + k m) / (N + k),    k = m (1 - m) / variance of true rates around m  -  1.

    Small rows follow m, large ones themselves (then u is Cochran's stratified score). Where rows
    differ between weeks by more than chance (`excess`), large rows weigh less.

    Whole numbers from 0 to their denominators are taken as counts of single units, unless rows scatter by
    far more than counts do. Of anything else
    (cents, minutes) the variance of a unit is its squared mean, times what rows are seen to have of it.

    References
    ----------
    Cochran 1954, Biometrics 10 (4); Kalton 1968, JRSS A 131 (standardised comparison of rates).
    """

    def __init__(
        self,
        now: Numbers,
        base: Numbers,
        now_n: Numbers,
        base_n: Numbers,
        codes: Sequence[Codes],
        *,
        is_count: bool | None = None,
    ) -> None:
        self._x, self._n = (now, base), (now_n, base_n)
        self._is_count = self._looks_like_counts() if is_count is None else is_count
        self._lay_out(codes)
        # Cents of cents are whole numbers too; that one euro moves a hundred of them at once shows.
        if is_count is None and self._is_count and self._scatter() > _NO_COUNT:
            self._x, self._is_count = (now, base), False
            self._lay_out(codes)

    def _scatter(self) -> float:
        """Tell how many times its variance by chance the middle row has, beside what most rows share."""
        large = (self._raw.variance >= 1) & (self._raw.shift > 0)
        if large.sum() < _SOME:
            return 1.0
        score, shift = self._raw.score[large], self._raw.shift[large]
        beside = score - float(np.median(score / shift)) * shift
        return robust_square(beside / np.sqrt(self._raw.variance[large]))

    def _lay_out(self, codes: Sequence[Codes]) -> None:
        """Score the rows as if they differed by chance alone."""
        (now, base), (now_n, base_n) = self._x, self._n
        seen, n = now + base, now_n + base_n
        self._codes, self._sign = codes, 1.0
        if self._is_count and seen.sum() > n.sum() / 2:
            # Late parcels tell what parcels on time do; the rarer outcome is the one whose rates multiply.
            now, base = now_n - now, base_n - base
            seen, self._x, self._sign = n - seen, (now, base), -1.0
        model = _expected_rates(seen, n, codes)
        scale = 1.0
        if self._is_count:
            model = np.clip(model, 0.0, _HIGHEST_RATE)
            unit = model * (1 - model)
        else:
            times = self._times_squared_mean(model)
            unit = times * np.square(model)
            # So scaled, a variance counts units that tell as much as one event does.
            scale = 1 / max(times * float(np.average(np.abs(model), weights=n)), _TINY)
        share = now_n.sum() / n.sum()
        drawn = _drawn_by(seen, n, model, unit)
        imbalance = now_n - share * n
        rate = (seen + drawn * model) / (n + drawn)
        tilt = imbalance / (n + drawn)
        per_now, per_base = 1 - share - tilt, share + tilt
        score = now - share * seen - rate * imbalance
        weight = now_n * per_now
        variance = unit * (now_n * per_now**2 + base_n * per_base**2)
        shift = unit * weight
        self._model, self._unit = model, unit
        self._raw = Scores(scale * score, scale * weight, scale**2 * variance, scale * shift)
        self._events, self._scale = (seen, n * model), scale
        self._fixed, self._growing = 1.0, 0.0

    def learn(self, quiet: Rows) -> None:
        """Fit how much rows differ by more than chance."""
        self._fixed, self._growing = self._fitted(quiet)

    def _fitted(self, quiet: Rows) -> tuple[float, float]:
        """Fit the excess of rows that are large enough to tell; robustly, unless many were left out."""
        raw = self._raw
        large = np.zeros(raw.score.size, dtype=bool)
        large[quiet] = True
        large &= raw.variance >= 1
        if not large.any():
            return 1.0, 0.0
        by_chance = raw.variance
        if self._is_count:
            seen, expected = self._events
            by_chance = by_chance * np.maximum(seen / np.maximum(expected, _TINY), 1)
        if large.sum() < _ENOUGH:
            return 1.0, self._fitted_to_few(large, by_chance)
        common = raw.score[large].sum() / raw.shift[large].sum()
        squares = np.square(raw.score - common * raw.shift)[large] / by_chance[large]
        robust = bool(large.sum() > _MOST * (raw.variance >= 1).sum())
        return excess(squares, raw.weight[large], robust=robust)

    def _fitted_to_few(self, large: Mask, by_chance: Numbers) -> float:
        """Fit what grows with size in few rows, beside what most of them share and what each value has."""
        large = large & (self._raw.shift > 0)
        score, shift, size = (one[large] for one in (self._raw.score, self._raw.shift, self._raw.weight))
        if not score.size:
            return 0.0
        shifts, weights = score / shift, shift**2 / by_chance[large]
        own, free = shifts - weighted_median(shifts, weights), shifts.size
        if len(self._codes) > 1:
            own, free = beside_main_effects(own, weights, [code[large] for code in self._codes])
        return variance_of_few(np.square(own) * weights / size, size, 1.0, free)[0]

    def scores(self) -> Scores:
        """Score all rows; large ones weigh less where they wobble."""
        return self._tempered(self._raw, *self._events)

    def scores_inside(self, rows: Rows) -> Scores:
        """Score the rows of a segment by what each says alone (Cochran's stratified score).

        The rates expected of its values hold its own effect already, more so where it grew.
        """
        (now, base), (now_n, base_n) = ((a[rows], b[rows]) for a, b in (self._x, self._n))
        seen, n = now + base, np.maximum(now_n + base_n, _TINY)
        weight = now_n * base_n / n
        expected = self._model[rows] * n
        level = seen.sum() / expected.sum() if expected.sum() else 1.0
        unit = self._unit[rows] * level**2
        if self._is_count:
            rate = np.clip(level * self._model[rows], 0.0, _HIGHEST_RATE)
            unit = rate * (1 - rate)
        scale = self._scale
        raw = Scores(
            scale * (now - seen * now_n / n), scale * weight, scale**2 * unit * weight, scale * weight
        )
        return self._tempered(raw, seen, level * expected)

    def _tempered(self, raw: Scores, seen: Numbers, expected: Numbers) -> Scores:
        """Weigh large rows less where rows wobble; of amounts no events are counted."""
        fewer = 1 + self._growing / self._fixed * raw.weight
        events = (seen, expected) if self._is_count else (None, None)
        return Scores(
            raw.score / fewer,
            raw.weight / fewer,
            self._fixed * raw.variance / fewer,
            raw.shift / fewer,
            *events,
        )

    def is_noisier(self, rows: Rows, quiet: Rows) -> bool:
        """Compare how much a row of mean size wobbles, if enough rows moved to matter."""
        if np.size(quiet) > _MOST * np.size(rows):
            return False
        mean, (fixed, growing) = self._raw.weight.mean(), self._fitted(quiet)
        return bool(self._fixed + self._growing * mean > FAR_NOISIER * (fixed + growing * mean))

    def effect(self, own: Rows, rest: Rows) -> Effect:
        """Subtract changes of rates, each net of what its mix alone would have done."""
        (change, variance), (common, rest_variance) = self._change(own), self._change(rest)
        return Effect(self._sign * (change - common), variance + rest_variance)

    def wobble(self, rows: Rows) -> float:
        """Average what rows differ between weeks by more than chance."""
        variance = self._raw.variance[rows]
        wobble = self._fixed + self._growing * self._raw.weight[rows]
        return float((variance * wobble).sum() / variance.sum()) if variance.any() else 1.0

    def _change(self, rows: Rows) -> tuple[float, float]:
        """Give a change of rate net of mix, and its variance."""
        change, variance, sign = 0.0, 0.0, 1
        for x, n in zip(self._x, self._n, strict=True):
            total = n[rows].sum()
            if not total > 0:
                return 0.0, 0.0
            rate = x[rows].sum() / total
            change += sign * (rate - (n * self._model)[rows].sum() / total)
            usual = (n * self._unit)[rows].sum() / total
            unit = rate * (1 - rate) if self._is_count else max(self._spread(rows, x, n, rate), usual)
            variance += unit / total
            sign = -1
        return float(change), float(variance)

    def _looks_like_counts(self) -> bool:
        sides = zip(self._x, self._n, strict=True)
        return all((x >= 0).all() and (x <= of).all() and is_whole(x) and is_whole(of) for x, of in sides)

    def _times_squared_mean(self, model: Numbers) -> float:
        """Estimate the variance of one unit from how rows differ from their week's level, over its square."""
        squares = units = 0.0
        for x, n in zip(self._x, self._n, strict=True):
            expected = n * model
            level = x.sum() / expected.sum() if expected.sum() else 1.0
            squares += float(np.square(x - level * expected).sum())
            units += float((n * np.square(level * model)).sum())
        return max(squares / units, _TINY) if units > 0 else 1.0

    @staticmethod
    def _spread(rows: Rows, x: Numbers, n: Numbers, rate: float) -> float:
        """Estimate the variance of one unit of the denominator from how the rows differ."""
        some = n[rows] > 0
        return float(
            (np.square(x[rows] - rate * n[rows])[some] / n[rows][some]).sum() / max(some.sum() - 1, 1)
        )

    def sizes(self, rows: Rows) -> tuple[float, float]:
        """Add up denominators."""
        return float(self._n[0][rows].sum()), float(self._n[1][rows].sum())


def is_whole(x: Numbers) -> bool:
    """Tell whether all numbers are whole, but for rounding."""
    return bool((np.abs(x - np.rint(x)) < _TINY * np.maximum(x, 1)).all())


def _expected_rates(seen: Numbers, n: Numbers, codes: Sequence[Codes]) -> Numbers:
    """Multiply an overall rate by one factor a value, so that each value's events come out right."""
    rate = np.full(n.size, seen.sum() / n.sum())
    for _ in range(_SWEEPS):
        for code in codes:
            expected, found = np.bincount(code, n * rate), np.bincount(code, seen)
            rate = rate * np.divide(found, expected, out=np.ones_like(found), where=expected != 0)[code]
    return rate


def _drawn_by(seen: Numbers, n: Numbers, model: Numbers, unit: Numbers) -> Numbers:
    """Give by how many units a row's own rate is drawn to the model (a moment estimate)."""
    several = n > 1
    beyond = (np.square(seen - n * model) - n * unit)[several].sum()
    possible = (n * (n - 1) * model**2)[several].sum()
    relative = max(beyond / possible, 0.0) if possible > 0 else 0.0
    if not relative > 0:
        return np.full(n.size, _MANY)
    return np.clip(unit / np.maximum(relative * model**2, 1 / _MANY) - 1, 1, _MANY)
