"""Several searches make one answer: noise learned again, the shorter telling, then inside each segment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from tallysheet.contrasts import Contrast, Scores
from tallysheet.lattice import Lattice, Place
from tallysheet.limits import Numbers
from tallysheet.segment_search import Search, Within

_AMBIGUOUS = 1 / 3  # of the volume named: more, and it may be the normal
_ABOUT = 0.5  # of what the best telling explains
_LEAST_ROWS_INSIDE = 20
_FEW_ROWS = 50
_MOST_PASSES = 3


@dataclass(frozen=True)
class Found:
    """A segment found.

    Parameters
    ----------
    place : Place
        Its conjunction.
    z : float
        Its score over its standard error.
    scatter : float
        How much the variance of its cell exceeds chance.
    candidates : int
        How many it was chosen from, as the correction counts them.
    """

    place: Place
    z: float
    scatter: float
    candidates: int


@dataclass(frozen=True)
class Passes:
    """Searches over one comparison.

    Parameters
    ----------
    contrast : Contrast
    lattice : Lattice
        Of the rows.
    weights : array of float
        What rows weigh.
    minimum_size : float
        Cells that weigh less are not looked at.
    dispersion : float
        By how much variances exceed chance at least.
    usual : list of array of float or None
        By how much each cell's variance usually does.
    """

    contrast: Contrast
    lattice: Lattice
    weights: Numbers
    minimum_size: float
    dispersion: float
    usual: list[Numbers] | None

    def run(self) -> list[Found]:
        """Search all rows, until what was named no longer makes the rest look noisy; then inside."""
        rows = np.arange(self.weights.size)
        whole = Within(None, {}, list(range(len(self.lattice.sizes))))
        quiet = rows
        for _ in range(_MOST_PASSES):
            self.contrast.learn(quiet)
            again = partial(self._look, self.contrast.scores(), self.lattice, rows, whole)
            done = _shorter(again(), again)
            quiet = rows[done.free]
            if quiet.size < _FEW_ROWS or not self.contrast.is_noisier(rows, quiet):
                break
        return self._inside(done, rows, done)

    def _look(
        self,
        scores: Scores,
        cells: Lattice,
        rows: NDArray[np.int64],
        within: Within,
        start: float | None = None,
    ) -> Search:
        if self.dispersion != 1:
            scores = replace(scores, variance=scores.variance * self.dispersion)
        usual = None if within.outermost else self.usual
        return Search(
            scores, cells, self.weights[rows], self.minimum_size, within=within, usual=usual, start=start
        ).run()

    def _inside(self, done: Search, rows: NDArray[np.int64], outermost: Search) -> list[Found]:
        """List what a search found, each followed by what is found inside it, against its own movement."""
        found = []
        for one in done.found:
            place = done.within.in_whole(one.place)
            candidates = len(outermost.cells) * outermost.cells[len(place)]
            found.append(Found(place, one.z, one.scatter, candidates))
            numbers = [d for d in range(len(self.lattice.sizes)) if d not in place]
            alone = rows[done.held_alone(one)]
            if numbers and len(place) < self.lattice.most and alone.size >= _LEAST_ROWS_INSIDE:
                cells = Lattice(
                    [self.lattice.codes[d][alone] for d in numbers],
                    [self.lattice.sizes[d] for d in numbers],
                    self.lattice.most - len(place),
                )
                within = Within(outermost, place, numbers)
                deeper = self._look(self.contrast.scores_inside(alone), cells, alone, within)
                found += self._inside(deeper, alone, outermost)
        return found


def _shorter(done: Search, again: Callable[[float | None], Search]) -> Search:
    """Where much of the volume was named, try whether what was named is the normal, and the rest moved.

    Three of four services that fell against the fourth are better told as the fourth that rose. Of the
    tellings that explain about as much as the best, the one counts that tells less.
    """
    if not done.share_named() > _AMBIGUOUS:
        return done
    levels = [done.level(one) for one in done.found]
    above = [level for level in levels if level > done.shift]
    below = [level for level in levels if level <= done.shift]
    tries = [done, *(again(some[0]) for some in (above, below) if some)]
    enough = _ABOUT * max(one.explained() for one in tries)
    return min((one for one in tries if one.explained() >= enough), key=lambda one: one.told())
