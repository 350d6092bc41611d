"""Breaks: weeks from which on a part has another level for good; what was before says nothing of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tallysheet.limits import Booleans, Numbers
from tallysheet.scatter import robust_square

_SIDE = 6
"""Weeks of either level that show a break: what is over sooner was an event."""

_PLAIN = 6.0
"""Standard errors by which both levels differ: less may be chance, or usual."""

_WITHIN = 2.0
"""Each of these weeks lies on its own side of the middle, or within two standard errors of it."""


def levels_since(values: Numbers, variances: Numbers, usual: Booleans) -> NDArray[np.intp]:
    """Say for each week where the level began that it has.

    Parameters
    ----------
    values, variances : array of float, shape (weeks,)
        What a part was beyond the rest, and the variance of that by chance; NaN and infinite where it had
        nothing.
    usual : array of bool, shape (weeks,)
        Weeks that count.

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
    weeks = np.flatnonzero(usual & np.isfinite(values) & (variances < np.inf))
    if weeks.size < 2 * _SIDE:
        return since
    y, v = values[weeks], variances[weeks]
    jumps = np.diff(y) / np.sqrt(v[1:] + v[:-1])
    scatter = max(robust_square(jumps), 1.0)
    around, spread = _windows(y), _windows(v) * scatter
    before, after = around[:, :_SIDE].mean(axis=1), around[:, _SIDE:].mean(axis=1)
    plain = np.abs(after - before) / (np.sqrt(spread.sum(axis=1)) / _SIDE)
    side = np.repeat([-1, 1], _SIDE) * np.sign(after - before)[:, None]
    off = (around - around.mean(axis=1, keepdims=True)) * side
    is_even = (off >= -_WITHIN * np.sqrt(spread)).all(axis=1)
    for at in sorted(np.flatnonzero((plain > _PLAIN) & is_even), key=lambda at: -plain[at]):
        week = weeks[at + _SIDE]
        near = weeks[at : at + 2 * _SIDE]
        if not np.isin(near, since[since > 0]).any():
            since[week:] = np.maximum(since[week:], week)
    return since


def _windows(values: Numbers) -> Numbers:
    """Lay out each run of twelve weeks: six before a break, and six after it."""
    return np.lib.stride_tricks.sliding_window_view(values, 2 * _SIDE)
