"""A quiet past: what befell single parts in earlier weeks, taken out of them, so that it hides no later move.

A strike in spring is no wobble of its country, nor of all others that are held against a rest with it. Nor is
the promise that moved a lane for good.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from tallysheet.limits import Booleans, Numbers
from tallysheet.lineup import LEAST_SHARE, Lineup
from tallysheet.panel import Panel
from tallysheet.scatter import robust_square
from tallysheet.spells import BASE_WEEKS, LONGEST, run_around
from tallysheet.tracks import levels

_AROUND = 9
"""Weeks whose median a week is held against: an event of four is none of it."""

_ODD = 5.0
"""Standard errors from it by which a week was an event."""

_STILL = 2.5
"""The same of the weeks next to it, that they belong to the event."""

_OFTEN = 0.25
"""Share of its weeks that may be events: what has more of them is as usual in them."""

_SIDE = 6
"""Weeks of either level that show a break: what is over sooner was an event."""

_PLAIN = 6.0
"""Standard errors by which both levels differ."""

_WITHIN = 2.0
"""Each of these weeks lies on its own side of the middle, or within two standard errors of it."""

_TOLD_BY = 50.0
"""Units of a leaf by which half of its move is its own, and half that of all that moved."""

_MOST = 12
"""Events and breaks that are taken out."""

_TINY = 1e-12


@dataclass(frozen=True)
class _Past:
    """Something that befell a part: in some weeks, or all weeks before another level began."""

    part: int
    weeks: NDArray[np.intp]
    size: float
    is_break: bool


def quiet_past(lineup: Lineup) -> Panel:
    """Give the panel without what befell single values and was over by the judged week.

    Parameters
    ----------
    lineup : Lineup

    Returns
    -------
    Panel
        As it was in the judged week and after it, and in weeks before that what goes on may have begun in.

    Notes
    -----
    Each value of a dimension that has half of all at most is held against its rest, week by week, with its
    scatter from one week to the next. An event is over and was more than five standard errors from the median
    of the nine weeks around it; in its weeks each leaf gets its own level of the usual weeks around, moved as
    the rest moved. What ended in the last week before the judged one is over too: beside a strike nothing is
    better than usual. A break parts twelve weeks into two levels, six standard errors apart, each week on its
    own side; all weeks before are moved to the later level. The plainest comes first, as it makes others seem
    to have moved.
    """
    panel = lineup.panel
    parts = _parts(panel)
    if not len(parts) or not lineup.usual[: lineup.week].any():
        return panel
    for _ in range(_MOST):
        found = max(_befell(panel, parts, lineup), key=lambda one: one.size, default=None)
        if found is None:
            break
        panel = _taken_out(panel, parts[found.part], found, lineup)
    return panel


def _parts(panel: Panel) -> Booleans:
    """Mark the leaves of each value that has enough volume, but does not hold all."""
    volume = panel.n.sum(axis=1)
    masks = [
        held
        for values in panel.named.values()
        for value in np.unique(values.astype(str))
        if volume[held := values == value].sum() >= LEAST_SHARE * volume.sum() and not held.all()
    ]
    return np.array(masks, dtype=bool)


def _befell(panel: Panel, parts: Booleans, lineup: Lineup) -> Iterator[_Past]:
    """Find the plainest event and the plainest break, each in multiples of what makes it plain."""
    usual = np.flatnonzero(lineup.usual[: lineup.week])
    at = np.append(usual, lineup.week)
    x, n = parts @ panel.x[:, at], parts @ panel.n[:, at]
    rest = panel.x[:, at].sum(axis=0) - x, panel.n[:, at].sum(axis=0) - n
    y, v = levels(lineup.kind, (x, n, *rest))
    is_less = n <= panel.n[:, at].sum(axis=0) / 2  # beside a larger one it is the rest that moved
    known = np.flatnonzero((np.isfinite(y) & (v < np.inf) & is_less)[:, :-1].all(axis=1))
    if usual.size < 2 * _SIDE or not known.size:
        return
    y, v = y[known], v[known]
    jumps = (np.diff(y, axis=1) / np.sqrt(v[:, 1:] + v[:, :-1]))[:, :-1]
    least = 0.0 if lineup.kind == "amount" else 1.0
    scatter = np.maximum(np.apply_along_axis(robust_square, 1, jumps), least)
    error = np.sqrt(v * scatter[:, None]) + _TINY
    yield from _event(y, error, at, known)
    yield from _break(y[:, :-1], error[:, :-1], usual, known)


def _event(y: Numbers, error: Numbers, at: NDArray[np.intp], known: NDArray[np.intp]) -> Iterator[_Past]:
    """Find the plainest event that is over by the last week, the judged one."""
    medians = np.median(sliding_window_view(y, _AROUND, axis=1), axis=2)
    places = np.clip(np.arange(at.size) - _AROUND // 2, 0, medians.shape[1] - 1)
    off = (y - medians[:, places]) / error
    is_odd = np.abs(off) > _ODD
    is_odd[:, -1] = False
    is_odd &= is_odd[:, :-1].mean(axis=1, keepdims=True) <= _OFTEN
    for row, place in np.argwhere(is_odd)[np.argsort(-np.abs(off[is_odd]))]:
        along = off[row] * np.sign(off[row, place]) > _STILL
        first, last = run_around(along, place)
        if last < at.size - 1 and last - first < LONGEST:
            yield _Past(int(known[row]), at[first : last + 1], abs(off[row, place]) / _ODD, is_break=False)
            return


def _break(y: Numbers, error: Numbers, at: NDArray[np.intp], known: NDArray[np.intp]) -> Iterator[_Past]:
    """Find the plainest week with which another level began."""
    around, spread = (sliding_window_view(one, 2 * _SIDE, axis=1) for one in (y, error))
    gap = around[..., _SIDE:].mean(axis=2) - around[..., :_SIDE].mean(axis=2)
    side = np.repeat([-1, 1], _SIDE) * np.sign(gap)[..., None]
    is_even = ((around - around.mean(axis=2, keepdims=True)) * side >= -_WITHIN * spread).all(axis=2)
    plain = np.abs(gap) / (np.sqrt((spread**2).sum(axis=2)) / _SIDE) * is_even
    row, place = np.unravel_index(int(plain.argmax()), plain.shape)
    if plain[row, place] > _PLAIN:
        weeks = np.arange(at[place + _SIDE])
        yield _Past(int(known[row]), weeks, plain[row, place] / _PLAIN, is_break=True)


def _taken_out(panel: Panel, held: Booleans, past: _Past, lineup: Lineup) -> Panel:
    usual = np.flatnonzero(lineup.usual[: lineup.week])
    if past.is_break:
        began = past.weeks.size
        base, inside = usual[usual >= began][:_SIDE], usual[usual < began][-_SIDE:]
    else:
        first, last = past.weeks[0], past.weeks[-1]
        base = np.append(usual[usual < first][-BASE_WEEKS // 2 :], usual[usual > last][: BASE_WEEKS // 2])
        inside = past.weeks
    return moved_back(panel, lineup.kind, held, past.weeks, inside, base)


def moved_back(
    panel: Panel,
    kind: str,
    held: Booleans,
    weeks: NDArray[np.intp],
    inside: NDArray[np.intp],
    base: NDArray[np.intp],
) -> Panel:
    """Move leaves in some weeks by what they lack inside others to their own level in the base.

    Each leaf goes as the rest went, so that only what befell them alone is taken out. The less there is of a
    leaf, the more it is moved as all of them together; of a sum all go together. What was too often becomes
    so many times less often: a week that had none has none left.

    Parameters
    ----------
    panel : Panel
    kind : str
        As in `Track`.
    held : array of bool, shape (leaves,)
    weeks, inside, base : array of int
        Positions.
    """
    x = panel.x.copy()
    if kind == "sum":
        x[np.ix_(held, weeks)] *= _times(panel, held, base, inside)
        return replace(panel, x=x)
    rest = _rate(panel, ~held, base) - _rate(panel, ~held, inside)
    sides = [[side[held][:, at].sum(axis=1) for side in (panel.x, panel.n)] for at in (base, inside)]
    few = np.minimum(sides[0][1], sides[1][1])
    level, level_then = (_by_leaf(own, n, few) for own, n in sides)
    lacking = (level - level_then - rest)[:, None]
    fewer = np.minimum(lacking, 0.0) / np.maximum(level_then, _TINY)[:, None]
    moved = x[np.ix_(held, weeks)] * np.maximum(1.0 + fewer, 0.0)
    x[np.ix_(held, weeks)] = moved + np.maximum(lacking, 0.0) * panel.n[held][:, weeks]
    return replace(panel, x=x)


def _by_leaf(x: Numbers, n: Numbers, few: Numbers) -> Numbers:
    """Give each leaf's rate; the fewer units it has, the more that of all together."""
    together = float(x.sum() / n.sum()) if n.sum() > 0 else 0.0
    alone = np.divide(x, n, out=np.full(len(x), together), where=few > 0)
    return together + few / (few + _TOLD_BY) * (alone - together)


def _rate(panel: Panel, leaves: Booleans, weeks: NDArray[np.intp]) -> float:
    n = panel.n[leaves][:, weeks].sum()
    return float(panel.x[leaves][:, weeks].sum() / n) if n > 0 else 0.0


def _times(panel: Panel, held: Booleans, base: NDArray[np.intp], inside: NDArray[np.intp]) -> float:
    """Say how many times larger a part would have been as a share of the rest."""
    own, rest = (
        float(panel.x[leaves][:, base].mean() / max(panel.x[leaves][:, inside].mean(), _TINY))
        for leaves in (held, ~held)
    )
    return own / rest if rest > 0 else 1.0
