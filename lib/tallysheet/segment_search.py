"""The search for segments: the best cell, its rows away, again; then what is left without proof goes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from tallysheet.contrasts import Mask, Scores
from tallysheet.lattice import Lattice, Place
from tallysheet.limits import Numbers
from tallysheet.narrowing import LEAST_INFORMATION, split_gain
from tallysheet.scatter import excess, robust_square

ERROR_SHARE = 0.05
"""Chance that anything is named where nothing changed, over all candidates looked at."""

_MOST_SEGMENTS = 20
_FAR = 0.2  # from such a common shift on it is one more thing told
_MOST_SHARE = 0.9  # a cell that is nearly all has no rest to differ from
_TINY = 1e-9
_MANY_CELLS = 30  # so many tell how much cells scatter
_MOST_CELLS = 500  # of more a median takes longer than it is worth
_QUARTER = 0.3186  # a quarter of normal deviations are smaller


@dataclass
class Pick:
    """A cell taken: its rows, those of them that no earlier one holds, and its evidence."""

    place: Place
    rows: Mask
    own: Mask
    z: float = 0.0
    evidence: float = 0.0
    scatter: float = 1.0
    score: float = 0.0
    variance: float = 0.0


def required(cells: dict[int, int]) -> dict[int, float]:
    """Spread the error share evenly over depths, and over the cells of each (Bonferroni): squared z.

    Examples
    --------
    >>> {depth: round(squared**0.5, 2) for depth, squared in required({1: 50, 2: 1000}).items()}
    {1: 3.48, 2: 4.21}
    """
    each = {depth: ERROR_SHARE / len(cells) / max(count, 1) for depth, count in cells.items()}
    return {depth: NormalDist().inv_cdf(alpha / 2) ** 2 for depth, alpha in each.items()}


@dataclass(frozen=True)
class Within:
    """Where a search takes place.

    Parameters
    ----------
    outermost : Search or None
        The search of the whole, if this one is inside a segment that it found.
    place : Place
        The segment's conjunction.
    numbers : list of int
        The dimensions left, by their number in the whole.
    """

    outermost: Search | None
    place: Place
    numbers: list[int]

    def in_whole(self, place: Place) -> Place:
        """Give a conjunction found here in the numbers of the whole."""
        return {**self.place, **{self.numbers[d]: value for d, value in place.items()}}


class Search:
    """One search over the rows of a whole, or of a segment that moved.

    Parameters
    ----------
    scores : Scores
    lattice : Lattice
        Of the same rows.
    sizes : array of float
        What each row weighs; a cell below `minimum_size` is no candidate.
    minimum_size : float
    within : Within
    usual : list of array of float, optional
        How many times its variance by chance each cell usually has; see `usual_scatter`.
    start : float or None
        The common shift to begin with; estimated if None.
    """

    def __init__(
        self,
        scores: Scores,
        lattice: Lattice,
        sizes: Numbers,
        minimum_size: float,
        *,
        within: Within,
        usual: list[Numbers] | None = None,
        start: float | None = None,
    ) -> None:
        self._scores, self.lattice, self.within, self._start = scores, lattice, within, start
        self._usual = usual
        self._surplus = self._surpluses()
        self.variance = self._variances(scores.variance)
        self._is_candidate = [
            (variance > LEAST_INFORMATION) & (size >= minimum_size)
            for variance, size in zip(self.variance, lattice.add_up(sizes), strict=True)
        ]
        self.cells: dict[int, int] = within.outermost.cells if within.outermost else self._count()
        need = required(self.cells)
        self._required = [need[depth + len(within.place)] for depth in lattice.depths.tolist()]
        self._required_of_part = [
            need.get(depth + len(within.place) + 1, math.inf) for depth in lattice.depths.tolist()
        ]
        self.shift = 0.0
        self.free = np.ones(scores.score.size, dtype=bool)
        self.found: list[Pick] = []
        self.scatter: list[Numbers] = []

    def _count(self) -> dict[int, int]:
        counts: dict[int, int] = {}
        for depth, candidate in zip(self.lattice.depths.tolist(), self._is_candidate, strict=True):
            counts[depth] = counts.get(depth, 0) + int(candidate.sum())
        return counts

    def _surpluses(self) -> list[Numbers] | None:
        """Give by how much a cell's events exceed what is expected: then its variance is larger too."""
        if self._scores.seen is None or self._scores.expected is None:
            return None
        seen, expected = (self.lattice.add_up(x) for x in (self._scores.seen, self._scores.expected))
        return [np.maximum(x / np.maximum(e, 1e-9), 1.0) for x, e in zip(seen, expected, strict=True)]

    def _variances(self, rows: Numbers) -> list[Numbers]:
        sums = self.lattice.add_up(rows)
        if self._surplus is None:
            return sums
        return [one * surplus for one, surplus in zip(sums, self._surplus, strict=True)]

    def run(self) -> Search:
        """Find segments until no cell is left with enough evidence; then drop those that lost theirs."""
        squared, overall = self.squared_z()
        while len(self.found) < _MOST_SEGMENTS:
            cuboid, cell = self._best(squared, overall)
            most, required = float(squared[cuboid][cell]), self._required[cuboid]
            if not most > required:
                break
            place = self._shortest(self._narrowed(self.lattice.place(cuboid, cell), overall))
            rows = self.lattice.rows(place)
            self.found.append(Pick(place, rows, rows & self.free))
            self.free &= ~rows
            squared, overall = self.squared_z()
            # What a cause makes others scatter is no reason to doubt it: without it they are quiet.
            if not most > overall * required:
                self.found.pop()
                break
        self._drop_unproven()
        return self

    def _left(self) -> tuple[list[Numbers], list[Numbers]]:
        """Add up the scores of free rows beyond the common shift, and their variances."""
        free, scores = self.free, self._scores
        if free.all():
            variance = self.variance
        else:
            variance = self._variances(scores.variance * free)
        score = self.lattice.add_up(scores.score * free)
        is_same = scores.shift is scores.variance and self._surplus is None
        shift = variance if is_same else self.lattice.add_up(scores.shift * free)
        self.shift = self._common_shift(score, shift, variance)
        self._shares = [one / max(scores.shift[free].sum(), _TINY) for one in shift]
        return [one - self.shift * by for one, by in zip(score, shift, strict=True)], variance

    def _common_shift(self, score: list[Numbers], shift: list[Numbers], variance: list[Numbers]) -> float:
        """Estimate what all cells share from those of two conditions: their median, then the near ones' mean.

        Most cells did not change, but a changed one may be the largest, so the overall mean will not do.
        """
        if self._start is not None and not self.found:
            return self._start
        depth = min(2, int(self.lattice.depths.max()))
        chosen = np.flatnonzero(self.lattice.depths == depth)
        u, b, v = (np.concatenate([one[k] for k in chosen]) for one in (score, shift, variance))
        use = (v > LEAST_INFORMATION) & (b > 0)
        if use.sum() < 5:
            return float(u.sum() / b.sum()) if b.sum() > 0 else 0.0
        u, b, v = u[use], b[use], v[use]
        common = self._start
        if common is None:
            order = np.argsort(u / b)
            half = np.searchsorted(b[order].cumsum(), b.sum() / 2)
            common = float((u / b)[order[min(half, order.size - 1)]])
        for _ in range(10):
            z = np.abs(u - common * b) / np.sqrt(v)
            near = z <= 2 * max(1.0, float(np.quantile(z, 0.25)) / _QUARTER)
            nearer = float(u[near].sum() / b[near].sum())
            if math.isclose(nearer, common, rel_tol=1e-12, abs_tol=1e-15):
                break
            common = nearer
        return common

    def squared_z(self) -> tuple[list[Numbers], float]:
        """Square each cell's score over its standard error; also by how much cells scatter overall.

        A cell has its part in the common shift, so its score beyond that varies less by its share.
        """
        squared, quiet = [], []
        score, variance = self._left()
        if self._usual:
            variance = [one * usual for one, usual in zip(variance, self._usual, strict=True)]
        for u, v, share, candidate in zip(score, variance, self._shares, self._is_candidate, strict=True):
            use = candidate & (v > LEAST_INFORMATION)
            left = v * (1 - np.minimum(share, _MOST_SHARE))
            squared.append(np.divide(u * u, left, out=np.zeros_like(u), where=use))
            if _MANY_CELLS <= use.sum() <= _MOST_CELLS:
                u, v = u[use], v[use]
                quiet.append(robust_square((u - np.median(u / v) * v) / np.sqrt(v)))
        return squared, max(1.0, float(np.quantile(quiet, 0.25))) if quiet else 1.0

    def _best(self, squared: list[Numbers], overall: float) -> tuple[int, int]:
        """Choose the cell with most evidence; of equal ones that with the fewest conditions."""
        best, most = (0, 0), -math.inf
        for cuboid in reversed(range(len(squared))):
            cell = int(squared[cuboid].argmax())
            evidence = float(squared[cuboid][cell]) - overall * self._required[cuboid]
            if evidence > most + _TINY:
                best, most = (cuboid, cell), evidence
        return best

    def _narrowed(self, place: Place, overall: float) -> Place:
        """Go down to the strongest part as long as a few parts explain the cell better than all of it."""
        scores, lattice = self._scores, self.lattice
        while len(place) < lattice.depths.max():
            rows = np.flatnonzero(lattice.rows(place) & self.free)
            cuboid = lattice.cuboid(place)
            score = scores.score[rows] - self.shift * scores.shift[rows]
            sides = score * np.sign(score.sum()), scores.weight[rows], scores.variance[rows]
            needs = self._required[cuboid], self._required_of_part[cuboid]
            others = [d for d in range(len(lattice.sizes)) if d not in place]
            gains = [split_gain(lattice.codes[d][rows], *sides, needs, overall) for d in others]
            dimension, (gain, value) = max(zip(others, gains, strict=True), key=lambda one: one[1][0])
            part = {**place, dimension: value}
            if not gain > 0 or not self._may_be_named(part):
                break
            place = part
        return place

    def _may_be_named(self, place: Place) -> bool:
        cuboid, cell = self.lattice.cell(place)
        return bool(self._is_candidate[cuboid][cell])

    def _shortest(self, place: Place) -> Place:
        """Leave out conditions that the others imply: a lane says its countries."""
        rows = self.lattice.rows(place).sum()
        for dimension in sorted(place):
            shorter = {d: value for d, value in place.items() if d != dimension}
            if shorter and self.lattice.rows(shorter).sum() == rows:
                place = shorter
        return place

    def _drop_unproven(self) -> None:
        """Judge the found ones by how much cells scatter without them; drop the weakest, one by one."""
        while self.found:
            self._claim()
            self.scatter = self._scatters(*self._left())
            count = len(self.found)
            while self.found:
                for one in self.found:
                    self._judge(one)
                weakest = min(self.found, key=lambda one: one.evidence)
                if weakest.evidence > 0:
                    break
                self.found.remove(weakest)
                self._claim()
            if len(self.found) == count:
                return
        self._claim()

    def _claim(self) -> None:
        """Give each segment the rows that no other holds, unless that other holds all of them."""
        self.free = ~self._held_by(self.found)
        for one in self.found:
            items = one.place.items()
            others = [each for each in self.found if not each.place.items() <= items]
            one.own = one.rows & ~self._held_by(others)

    def _held_by(self, some: list[Pick]) -> Mask:
        return np.logical_or.reduce([np.zeros(self.free.size, dtype=bool), *(one.rows for one in some)])

    def _judge(self, one: Pick) -> None:
        cuboid, cell = self.lattice.cell(one.place)
        scores = self._scores
        score = scores.score[one.own].sum() - self.shift * scores.shift[one.own].sum()
        variance = scores.variance[one.own].sum()
        if self._surplus is not None:
            variance *= self._surplus[cuboid][cell]
        one.scatter = self.scatter_of(one.place)
        one.score, one.variance = float(score), float(variance)
        rest = scores.variance[self.free].sum()
        error = math.sqrt(one.variance * one.scatter * (1 + variance / rest)) if rest > 0 else math.inf
        one.z = one.score / error if variance > 0 else 0.0
        one.evidence = one.z**2 - self._required[cuboid]

    def scatter_of(self, place: Place) -> float:
        """Tell how much the variance of a cell exceeds chance, here and in the whole."""
        cuboid, cell = self.lattice.cell(place)
        here = float(self.scatter[cuboid][cell])
        outermost = self.within.outermost
        return max(here, outermost.scatter_of(self.within.in_whole(place))) if outermost else here

    def explained(self) -> float:
        """Tell how much of what differs lies between the segments and the rest, whichever is normal."""
        squares = sum(one.score**2 / one.variance for one in self.found if one.variance > 0)
        total = sum(one.variance for one in self.found) + self._scores.variance[self.free].sum()
        return float(squares - sum(one.score for one in self.found) ** 2 / total)

    def told(self) -> tuple[int, float]:
        """Count what is told: segments, and a common shift of more than a fifth; also give that shift."""
        return len(self.found) + (abs(self.shift) > _FAR), abs(self.shift)

    def share_named(self) -> float:
        """Give the share of the volume that segments hold."""
        whole = float(self._scores.shift.sum())
        return float(self._scores.shift[~self.free].sum()) / whole if whole else 0.0

    def level(self, one: Pick) -> float:
        """Give the shift that the segment's rows have."""
        return float(self._scores.score[one.own].sum() / self._scores.shift[one.own].sum())

    def held_alone(self, one: Pick) -> Mask:
        """Tell which rows only this segment holds."""
        return one.rows & ~self._held_by([other for other in self.found if other is not one])

    def _scatters(self, score: list[Numbers], variance: list[Numbers]) -> list[Numbers]:
        """Estimate every cell's variance over chance, from the finest cuboids to the coarsest.

        A cell scatters at least as much as its parts together, in whichever way it is cut; what the
        cells of a cuboid scatter beyond that comes on top (`excess`).
        """
        total: list[Numbers] = []
        for cuboid, whole in enumerate(self.variance):
            inherited = whole * self._usual[cuboid] if self._usual else whole
            for finer, index in self.lattice.parts(cuboid):
                if total[finer] is not self.variance[finer]:
                    inherited = np.maximum(inherited, np.bincount(index, total[finer], whole.size))
            use = self._is_candidate[cuboid] & (variance[cuboid] > LEAST_INFORMATION)
            is_rows = whole.size == self.free.size  # their own wobble is in their variance already
            if use.sum() >= _MANY_CELLS and not is_rows:
                u, v = score[cuboid][use], variance[cuboid][use]
                own = inherited[use] * v / whole[use]
                fixed, growing = excess(np.square(u - np.median(u / v) * v) / own, v**2 / own)
                if fixed > 1 or growing > 0:
                    inherited = fixed * inherited + growing * whole**2
            total.append(inherited)
        return [
            np.divide(one, by, out=np.ones_like(one), where=by > 0)
            for one, by in zip(total, self.variance, strict=True)
        ]
