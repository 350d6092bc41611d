"""Tracks: a part of a KPI beside the rest, week by week, and how much of their difference is chance.

What both share does not count: a part is held against all others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tallysheet.limits import Numbers

_HALF = 0.5


@dataclass(frozen=True)
class Track:
    """A part and the rest by week.

    Parameters
    ----------
    x, n : array of float
        The part's numerators and denominators; of a sum, x alone counts.
    rest_x, rest_n : array of float
        Those of the rest; all 0 where the part is all there is.
    kind : {"share", "rate", "amount", "sum"}
        ``share``: events out of units; ``rate``: events for units; ``amount``: any other ratio.
    usual : array of bool
        Weeks that may serve as base and history.
    """

    x: Numbers
    n: Numbers
    rest_x: Numbers
    rest_n: Numbers
    kind: str
    usual: NDArray[np.bool_]

    @classmethod
    def alone(cls, x: Numbers, n: Numbers, kind: str, usual: NDArray[np.bool_]) -> Track:
        """Follow what has no rest to be held against."""
        nothing = np.zeros(len(x))
        return cls(x, n, nothing, nothing, kind, usual)

    def compare(self, weeks: NDArray[np.intp], base: NDArray[np.intp]) -> tuple[float, float]:
        """Give the difference of some weeks from others beyond the rest, and its variance by chance."""
        effect, variance = difference(self.over(weeks[None, :]), self.over(base[None, :]))
        return float(effect[0]), float(variance[0])

    def unchanged(self, weeks: NDArray[np.intp], base: NDArray[np.intp]) -> Numbers:
        """Give what each row's variance by chance lacks to be that of a share that moved as its rest did.

        A share near 0 or 1 hardly scatters: one that came there may owe that to chance, and one that went
        away from there scatters more only since.
        """
        n = self.n[weeks].sum(axis=1)
        if self.kind != "share":
            return np.zeros(len(n))
        with np.errstate(divide="ignore", invalid="ignore"):
            expected = self.as_rest(weeks, base)[1] * n
            more = variance_of(self.kind, expected, n) - variance_of(self.kind, self.x[weeks].sum(axis=1), n)
        return np.where(np.isfinite(more), more, 0.0)

    def as_rest(self, weeks: NDArray[np.intp], base: NDArray[np.intp]) -> tuple[Numbers, Numbers]:
        """Give the part's share in base weeks, and in others had it moved as the rest did, row by row."""
        with np.errstate(divide="ignore", invalid="ignore"):
            before = self.x[base].sum(axis=-1) / self.n[base].sum(axis=-1)
            rest, rest_before = (
                self.rest_x[at].sum(axis=-1) / self.rest_n[at].sum(axis=-1) for at in (weeks, base)
            )
        shift = rest - rest_before
        return before, before + np.where(np.isfinite(shift), shift, 0.0)

    def over(self, at: NDArray[np.intp]) -> Levels:
        """Take the weeks of each row together: the part less the rest, and the variance of that."""
        sides = (self.x, self.n, self.rest_x, self.rest_n)
        return levels(self.kind, [side[at].sum(axis=1) for side in sides], at.shape[1])

    def weekly(self, first: int, until: int) -> Levels:
        """Take each week alone."""
        sides = (self.x, self.n, self.rest_x, self.rest_n)
        return levels(self.kind, [side[first:until] for side in sides])

    def running(self, first: int, until: int) -> Levels:
        """Take each week together with all from the first on."""
        sides = (self.x, self.n, self.rest_x, self.rest_n)
        weeks = np.arange(1, until - first + 1)
        return levels(self.kind, [side[first:until].cumsum() for side in sides], weeks)


Levels = tuple[Numbers, Numbers]
"""Parts less their rest, and the variances of that by chance."""


def levels(kind: str, sides: Sequence[Numbers], weeks: int | NDArray[np.intp] = 1) -> Levels:
    """Set parts beside their rest: x, n, rest_x and rest_n as in `Track`, of so many weeks together."""
    x, n, rest_x, rest_n = sides
    with np.errstate(divide="ignore", invalid="ignore"):
        if kind == "sum":
            beside = rest_x > 0
            value = np.where(beside, np.log((x + _HALF) / (rest_x + _HALF)), np.log(x / weeks + _HALF))
            return value, 1 / (x + _HALF) + np.where(beside, 1 / (rest_x + _HALF), 0.0)
        beside, some = rest_n > 0, n > 0
        value = x / n - np.where(beside, rest_x / rest_n, 0.0)
        variance = variance_of(kind, x, n) + np.where(beside, variance_of(kind, rest_x, rest_n), 0.0)
    return np.where(some, value, np.nan), np.where(some, variance, np.inf)


def variance_of(kind: str, x: Numbers, n: Numbers) -> Numbers:
    """Give the variance by chance of a level: that of events which befall units one by one."""
    # Without what the calendar took, or befell others, there may be more than all, or less than none.
    if kind == "share":
        level = np.clip((x + _HALF) / (n + 1), _HALF / (n + 1), 1 - _HALF / (n + 1))
        return level * (1 - level) / n
    return (np.maximum(x, 0.0) + _HALF) / n**2 if kind == "rate" else 1 / n


def difference(now: Levels, before: Levels) -> Levels:
    """Give what is left of levels without those before."""
    return now[0] - before[0], now[1] + before[1]
