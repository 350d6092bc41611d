"""A part's own past: which of its weeks say what is usual, without its events, since its level changed."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from tallysheet.limits import Booleans, Numbers
from tallysheet.scatter import robust_square

_AROUND = 9
"""Weeks whose median a week is held against: an event of four is none of it."""

_ODD = 5.0
"""Standard errors from it by which a week was an event."""

_MOST = 0.25
"""Share of its weeks that may be events: what has more of them is as usual in them."""

_SIDE = 6
"""Weeks of either level that show a break: what is over sooner was an event."""

_PLAIN = 6.0
"""Standard errors by which both levels differ: less may be chance, or usual."""

_TINY = 1e-12

_WITHIN = 2.0
"""Each of these weeks lies on its own side of the middle, or within two standard errors of it."""


def without_events(values: Numbers, variances: Numbers, usual: Booleans, least: float = 1.0) -> Booleans:
    """Leave out the weeks in which something befell a part: others would seem odd, or usual, beside them.

    Parameters
    ----------
    values, variances : array of float, shape (weeks,)
        What a part was beyond the rest, and the variance of that by chance; NaN and infinite where it had
        nothing.
    usual : array of bool, shape (weeks,)
        Weeks that count.
    least : float
        Times the variance by chance that weeks scatter at least; 0 where that is not known.

    Returns
    -------
    array of bool, shape (weeks,)

    Notes
    -----
    An event is a week more than five standard errors from the median of the nine around it, with the scatter
    from one week to the next. Where more than a quarter of the weeks are events, none is.

    Examples
    --------
    >>> values = np.array([0.1, 0.12, 0.09, 0.1, 0.11, 0.4, 0.1, 0.09, 0.12, 0.1, 0.11])
    >>> without_events(values, np.full(11, 1e-4), np.full(11, True)).nonzero()[0].tolist()
    [0, 1, 2, 3, 4, 6, 7, 8, 9, 10]
    """
    weeks, y, v = _known(values, variances, usual, least)
    if weeks.size < _AROUND:
        return usual
    medians = np.median(sliding_window_view(y, _AROUND), axis=1)
    edge = np.arange(weeks.size) - _AROUND // 2
    off = np.abs(y - medians[np.clip(edge, 0, medians.size - 1)])
    odd = off > _ODD * np.sqrt(v)
    if odd.mean() > _MOST:
        return usual
    found = usual.copy()
    found[weeks[odd]] = False
    return found


def levels_since(
    values: Numbers, variances: Numbers, usual: Booleans, least: float = 1.0
) -> NDArray[np.intp]:
    """Say for each week where the level began that a part has then; what was before says nothing of it.

    Parameters
    ----------
    values, variances, usual, least
        As for `without_events`.

    Returns
    -------
    array of int, shape (weeks,)
        Positions; 0 before the first break.

    Notes
    -----
    The means of six weeks on either side of a break differ by more than six standard errors, with the scatter
    from one week to the next (which a break moves once), and each of these weeks is on its own side. Of
    breaks less than six weeks apart the plainest counts.

    Examples
    --------
    >>> values = np.array([0.1, 0.12, 0.09, 0.1, 0.11, 0.1, 0.1, 0.3, 0.32, 0.29, 0.3, 0.31, 0.3])
    >>> levels_since(values, np.full(13, 1e-4), np.full(13, True)).tolist()
    [0, 0, 0, 0, 0, 0, 0, 7, 7, 7, 7, 7, 7]
    """
    since = np.zeros(values.size, dtype=np.intp)
    weeks, y, v = _known(values, variances, usual, least)
    if weeks.size < 2 * _SIDE:
        return since
    around, spread = sliding_window_view(y, 2 * _SIDE), sliding_window_view(v, 2 * _SIDE)
    before, after = around[:, :_SIDE].mean(axis=1), around[:, _SIDE:].mean(axis=1)
    error = np.sqrt(spread.sum(axis=1)) / _SIDE
    side = np.repeat([-1, 1], _SIDE) * np.sign(after - before)[:, None]
    off = (around - around.mean(axis=1, keepdims=True)) * side
    is_break = (np.abs(after - before) > _PLAIN * error) & (off >= -_WITHIN * np.sqrt(spread)).all(axis=1)
    plainest = sorted(np.flatnonzero(is_break), key=lambda at: -abs(after[at] - before[at]) / error[at])
    for at in plainest:
        if not np.isin(weeks[at : at + 2 * _SIDE], since[since > 0]).any():
            week = weeks[at + _SIDE]
            since[week:] = np.maximum(since[week:], week)
    return since


def _known(
    values: Numbers, variances: Numbers, usual: Booleans, least: float
) -> tuple[NDArray[np.intp], Numbers, Numbers]:
    """Give the weeks that count, their values, and how far these scatter from one week to the next."""
    weeks = np.flatnonzero(usual & np.isfinite(values) & (variances < np.inf))
    y, v = values[weeks], variances[weeks]
    if weeks.size < 2:
        return weeks, y, v
    scatter = robust_square(np.diff(y) / np.sqrt(v[1:] + v[:-1]))
    return weeks, y, v * max(scatter, least, _TINY)
