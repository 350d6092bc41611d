"""Spells: from which week until which a part differed from the rest, by how much, and whether by chance.

A part is held against the rest of the KPI, so that what both share does not count, and against what the
same comparison gave in earlier weeks, so that its own usual wobble does not count either.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special  # scipy.stats takes most of a second to import

from tallysheet.intervals import NORMAL_95, wilson
from tallysheet.limits import Booleans, Numbers
from tallysheet.scatter import robust_means
from tallysheet.tracks import Track, difference, variance_of

BASE_WEEKS = 8
"""A spell is compared with so many usual weeks before it."""

LONGEST = 4
"""Weeks that a spell has at most: what lasts longer is the new level."""

_LEAST_HISTORY = 10
_FEWEST_CASES = 8  # durations have long tails: of fewer, one may make the mean
_FEW = 12  # events expected below which counts follow Poisson's law, not the normal one
_HALF_A_YEAR = 26
RARE = 0.02
"""Events rarer than that befall parcels one by one; what is more frequent has days and networks in common."""

_HALF = 0.5
_MOSTLY = 0.75
"""A spell that the week before it has so much of began then."""

_PART = 0.6
_WITHIN = 2.0
"""Each week of a spell differs by three fifths of what all do, or by less within two standard errors."""


@dataclass(frozen=True)
class Spell:
    """A run of weeks in which a part differed from the rest.

    Parameters
    ----------
    first, last : int
        Positions of its first and last week.
    effect, low, high : float
        How much it differed beyond what it did before, with a 95 % interval: of a ratio in its unit, of
        a sum as a share of what was to be expected.
    p : float
        Chance of such a difference, or a larger one, in a week like the earlier ones.
    now, before : float
        The part's own value (of a sum: a week's mean) in the spell and before it.
    """

    first: int
    last: int
    effect: float
    low: float
    high: float
    p: float
    now: float
    before: float

    @property
    def is_sided(self) -> bool:
        """Whether the whole interval is on one side of nothing."""
        return self.low > 0 or self.high < 0


def spell_at(track: Track, week: int) -> Spell | None:
    """Measure the spell to which a week belongs; None where there is none, or too little history.

    Parameters
    ----------
    track : Track
    week : int
        Position of the week.

    Notes
    -----
    Of all spells of up to four weeks that hold the week, the one that stands out most from chance counts.
    Each of its weeks differs about as all do, the two before it by less than half of that, and the last of
    these by less than three quarters.
    D = (part - rest) in the spell - (part - rest) in the eight usual weeks before it; the variance by
    chance of D times phi, a robust mean of D^2 / variance over the same comparison in earlier weeks (1 at
    least; see `_stretch`), gives t with as many degrees of freedom as there were comparisons. Where fewer
    than 12 of rare events are expected in the spell, they follow a negative binomial law, given those of
    half a year.
    """
    best, chosen = 0.0, None
    for first in range(max(week - LONGEST + 1, 0), week + 1):
        base = _base(track, first)
        if base.size < BASE_WEEKS // 2:
            continue
        until = min(first + LONGEST, len(track.x))
        before = track.over(base[None, :])
        weekly = np.column_stack(difference(track.weekly(first, until), before))
        effects, variances = difference(track.running(first, until), before)
        for last in range(week, until):
            length = last - first + 1
            effect, variance = float(effects[length - 1]), float(variances[length - 1])
            if not (np.isfinite(effect) and 0 < variance < np.inf):
                continue
            score = abs(effect) / float(np.sqrt(variance))
            if score > best and _is_even(weekly[:length], effect) and not _began(track, first, base, effect):
                best, chosen = score, (first, last)
    return measure(track, chosen[0], _until(track, week, *chosen)) if chosen else None


def run_around(those: Booleans, place: int) -> tuple[int, int]:
    """Give the first and the last of the weeks on end, round one of them, of which something holds.

    Examples
    --------
    >>> run_around(np.array([True, False, True, True, False]), 3)
    (2, 3)
    """
    others = np.flatnonzero(~those)
    first = int(others[others < place].max(initial=-1)) + 1
    return first, int(others[others > place].min(initial=len(those))) - 1


def _until(track: Track, week: int, first: int, last: int) -> int:
    """Leave out weeks in which what began has trailed off: the size would be that of no week."""
    base = _base(track, first)
    history = _history(track, first, 1)
    is_few = _few(track, np.arange(first, last + 1), base)
    if last == week or is_few or len(history) < _LEAST_HISTORY:
        return last
    scatter = max(_robust(history), 1.0 if track.kind != "amount" else 0.0)
    effect, variance = track.compare(np.array([week]), base)
    for after in range(week + 1, last + 1):
        left, left_variance = track.compare(np.array([after]), base)
        less = (effect - left) * np.sign(effect)
        error = float(np.sqrt((variance + left_variance) * scatter))
        if less > (1 - _PART) * abs(effect) and less > _WITHIN * error:
            return after - 1
    return last


def _is_even(weekly: Numbers, effect: float) -> bool:
    """Tell whether each week differs as all do, or by less only as far as chance goes."""
    along, error = weekly[:, 0] * np.sign(effect), np.sqrt(weekly[:, 1])
    least = np.minimum(_PART * abs(effect), abs(effect) - _WITHIN * error)
    return bool(((along >= least) & (along > 0)).all())


def _began(track: Track, first: int, base: NDArray[np.intp], effect: float) -> bool:
    """Tell whether the two weeks before a spell differed by half as much, or the last one by most of it."""
    for weeks, part in ((2, _HALF), (1, _MOSTLY)):
        before = np.arange(max(first - weeks, 0), first)
        already, _ = track.compare(before, base) if before.size else (0.0, 0.0)
        if already * np.sign(effect) > part * abs(effect):
            return True
    return False


def _base(track: Track, first: int) -> NDArray[np.intp]:
    return np.flatnonzero(track.usual[:first])[-BASE_WEEKS:]


def measure(track: Track, first: int, last: int) -> Spell | None:
    """Measure a spell of given weeks."""
    base, inside = _base(track, first), np.arange(first, last + 1)
    history = _history(track, first, len(inside))
    if base.size < BASE_WEEKS // 2 or len(history) < _LEAST_HISTORY:
        return None
    if track.kind == "amount" and track.n[inside].sum() < _FEWEST_CASES:
        return None
    effect, variance = track.compare(inside, base)
    if not np.isfinite(effect):
        return None
    variance += float(track.unchanged(inside[None, :], base[None, :])[0])
    single = _history(track, first, 1)
    scatter = max(_robust(history), _robust(single), 1.0 if track.kind != "amount" else 0.0)
    scatter += max(scatter - 1.0, 0.0) * (_stretch(track, inside, base) - 1.0)
    if not scatter * variance > 0:
        return None
    is_few = _few(track, inside, base)
    if is_few:
        scatter = 1.0  # so few events say nothing of how they scatter
    error = float(np.sqrt(variance * scatter))
    p = (
        _by_counts(track, inside, _half_a_year(track, first) if is_few else base, scatter, effect > 0)
        if is_few or _is_rare(track, base)
        else 2 * float(special.stdtr(len(single), -abs(effect) / error))
    )
    half = NORMAL_95 * error
    now, before = (_value(track, at) for at in (inside, base))
    if track.kind == "sum":
        low, high, effect = (float(np.expm1(one)) for one in (effect - half, effect + half, effect))
        return Spell(first, last, effect, low, high, p, now, before)
    if track.kind == "share":
        below, above = _reach(track, inside, base, scatter)
        return Spell(first, last, effect, effect - below, effect + above, p, now, before)
    return Spell(first, last, effect, effect - half, effect + half, p, now, before)


def _stretch(track: Track, inside: NDArray[np.intp], base: NDArray[np.intp]) -> float:
    """Say by how much more than usual a share scatters beyond chance: days and networks move its odds.

    At a peak, when all are late more often, that shows more.
    """
    if track.kind != "share":
        return 1.0
    units = track.n[base].sum()
    before, now = (variance_of("share", share * units, units) for share in track.as_rest(inside, base))
    return max(float(now / before), 1.0)


def _reach(
    track: Track, inside: NDArray[np.intp], base: NDArray[np.intp], scatter: float
) -> tuple[float, float]:
    """Give how far the interval of a difference of shares reaches down and up.

    Newcombe's square-and-add of Wilson's intervals: near 0 and 1 a share has more room on one side. Units
    count for as many as they would without the scatter between weeks.
    """
    below = above = 0.0
    sides = ((track.x, track.n, 1), (track.rest_x, track.rest_n, -1))
    for at, way in ((inside, 1), (base, -1)):
        for x, n, sign in sides:
            units = float(n[at].sum())
            if not units > 0:
                continue
            share = min(max(float(x[at].sum()) / units, 0.0), 1.0)
            low, high = wilson(share, units / scatter)
            if way * sign < 0:
                low, high = 2 * share - high, 2 * share - low
            below, above = below + (share - low) ** 2, above + (high - share) ** 2
    return float(np.sqrt(below)), float(np.sqrt(above))


def _few(track: Track, inside: NDArray[np.intp], base: NDArray[np.intp]) -> bool:
    """Tell whether so few events are expected that the normal law has too thin a tail."""
    if track.kind == "amount":
        return False
    if not _events(track, base)[1] > 0:
        return True
    _, now = _events(track, inside)
    return _rarer(track, base) * now < _FEW and (_is_rare(track, base) or track.kind == "sum")


def _is_rare(track: Track, base: NDArray[np.intp]) -> bool:
    """Tell whether events befall their units one by one."""
    return track.kind in ("share", "rate") and _rarer(track, base) < RARE


def _rarer(track: Track, base: NDArray[np.intp]) -> float:
    """Give how often what is rarer of a share and its opposite befell a unit; NaN where there was none."""
    x, n = _events(track, base)
    often = x / n if n > 0 else float("nan")
    return min(often, 1 - often) if track.kind == "share" else often


def _events(track: Track, at: NDArray[np.intp]) -> tuple[float, float]:
    """Give events, and what they are events of; of a sum, what the rest had."""
    units = track.rest_x if track.kind == "sum" and track.rest_x.any() else track.n
    if track.kind == "sum" and not track.rest_x.any():
        return float(track.x[at].sum()), float(len(at))
    return float(track.x[at].sum()), float(units[at].sum())


def _half_a_year(track: Track, first: int) -> NDArray[np.intp]:
    return np.flatnonzero(track.usual[:first])[-_HALF_A_YEAR:]


def _by_counts(
    track: Track, inside: NDArray[np.intp], base: NDArray[np.intp], scatter: float, is_more: bool
) -> float:
    """Give the chance of so many events, or so few, given those of some weeks before.

    Events that scatter between weeks beyond chance come some at a time: they count for fewer.
    """
    x, n = _events(track, inside)
    before_x, before_n = _events(track, base)
    if track.kind == "share" and before_x > before_n / 2:
        # Without what the calendar took, more than all may have been in time.
        x, before_x, is_more = max(n - x, 0.0), max(before_n - before_x, 0.0), not is_more
    if not (n > 0 and before_n > 0):
        return 1.0
    # Many are more than the rest's rise explains; few are fewer than the part's own past, as that rise may
    # be the doing of another part alone.
    n *= _as_many_more(track, inside, base) if is_more else 1.0
    # Given the events before, those now follow a negative binomial law.
    law = before_x / scatter + _HALF, before_n / (before_n + n)
    one_sided = _above(x / scatter - 1, *law) if is_more else _up_to(x / scatter, *law)
    return min(2 * one_sided, 1.0)


def _as_many_more(track: Track, inside: NDArray[np.intp], base: NDArray[np.intp]) -> float:
    """Say how many times as often its events would have befallen a part that moved as its rest did."""
    if track.kind not in ("share", "rate"):
        return 1.0
    before, now = map(float, track.as_rest(inside, base))
    if track.kind == "share" and before > _HALF:
        before, now = 1 - before, 1 - now
    return max(now / before, 1.0) if before > 0 else 1.0


def _up_to(x: float, failures: float, p: float) -> float:
    """Give the chance of x at most under a negative binomial law, by the incomplete beta function."""
    return float(special.betainc(failures, math.floor(x) + 1, p)) if x >= 0 else 0.0


def _above(x: float, failures: float, p: float) -> float:
    """Give the chance of more than x; not as one less the other, which loses what is rare."""
    return float(special.betaincc(failures, math.floor(x) + 1, p)) if x >= 0 else 1.0


def _value(track: Track, at: NDArray[np.intp]) -> float:
    x, n = float(track.x[at].sum()), float(track.n[at].sum())
    if track.kind == "sum":
        return x / len(at)
    return x / n if n > 0 else float("nan")


def _history(track: Track, first: int, length: int) -> Numbers:
    """Give the squares of the same comparison in earlier weeks, in units of their variance by chance."""
    starts = np.arange(first - length, BASE_WEEKS - 1, -1)
    inside = starts[:, None] + np.arange(length)
    counts = np.append(0, np.cumsum(track.usual))
    sizes = np.minimum(counts[starts], BASE_WEEKS)
    fit = track.usual[inside].all(axis=1) & (sizes >= BASE_WEEKS // 2)
    usual = np.flatnonzero(track.usual)
    effect, variance = np.full(starts.size, np.nan), np.full(starts.size, np.nan)
    for size in np.unique(sizes[fit]):
        rows = fit & (sizes == size)
        base = usual[counts[starts[rows]][:, None] + np.arange(-size, 0)]
        effect[rows], variance[rows] = difference(track.over(inside[rows]), track.over(base))
        variance[rows] += track.unchanged(inside[rows], base)
    known = np.isfinite(effect) & (variance > 0) & (variance < np.inf)
    return effect[known] ** 2 / variance[known]


def _robust(squares: Numbers) -> float:
    ordered = np.sort(squares)
    return float(robust_means(ordered, np.array([0]), np.array([ordered.size]))[0])
