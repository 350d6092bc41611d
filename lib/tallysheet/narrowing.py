"""Whether a cell moved as a whole or only a few of its parts did."""

from __future__ import annotations

import numpy as np

from tallysheet.lattice import Codes
from tallysheet.limits import Numbers

LEAST_INFORMATION = 2.0
"""Least variance of a score by chance that a cell needs: with less, no change could show."""


def split_gain(
    code: Codes,
    score: Numbers,
    weight: Numbers,
    variance: Numbers,
    required: tuple[float, float],
    overall: float,
) -> tuple[float, int]:
    """Split a cell by one dimension into parts that moved and parts that did not: what is gained.

    Parameters
    ----------
    code : array of int, shape (rows,)
        Each row's part.
    score, weight, variance : array of float, shape (rows,)
        As in `Scores`; the score beyond the common shift, positive in the direction of the cell.
    required : tuple of (float, float)
        Squared z required of the cell, and of a part.
    overall : float
        How much cells scatter beyond chance.

    Returns
    -------
    gain : float
        By how much the squared z of the parts that moved, taken as one, exceeds that of the whole, less
        what more segments require; 0 or less: the cell is meant as a whole.
    part : int
        The part with most evidence.

    Notes
    -----
    The parts that moved are taken to share one effect. How unevenly they have it (the parts, and the
    rows within them) is the yardstick, so that a cell whose parts all moved, unevenly, stays whole.

    Examples
    --------
    >>> code, even = np.repeat([0, 1, 2], 4), np.full(12, 10.0)
    >>> only_first = np.where(code == 0, 20.0, 0.0)
    >>> gain, part = split_gain(code, only_first, even, even, (8.0, 10.0), 1.0)
    >>> round(gain, 1), part
    (104.7, 0)
    >>> split_gain(code, even, even, even, (8.0, 10.0), 1.0)
    (0.0, 0)
    """
    by_score, by_weight, by_variance = (np.bincount(code, x) for x in (score, weight, variance))
    known = np.flatnonzero((by_variance > LEAST_INFORMATION) & (by_weight > 0))
    if known.size < 2:
        return 0.0, 0
    order = known[np.argsort(-by_score[known] / by_weight[known], kind="stable")]
    squared = by_score[order].cumsum() ** 2 / by_variance[order].cumsum()
    count = int((squared - required[1] * np.arange(1, order.size + 1)).argmax()) + 1
    if count == order.size:
        return 0.0, 0
    moved = order[:count]
    effect = by_score[moved].sum() / by_weight[moved].sum()
    inside = np.isin(code, moved) & (variance > 0)
    of_parts = np.square(by_score[moved] - effect * by_weight[moved]) / by_variance[moved]
    of_rows = np.square(score[inside] - effect * weight[inside]).sum() / variance[inside].sum()
    yardstick = max(
        overall,
        _per_freedom(of_parts.mean(), moved.size),
        _per_freedom(of_rows, int(inside.sum())),
    )
    whole = score.sum() ** 2 / variance.sum()
    gain = (squared[count - 1] - whole) / yardstick - (count * required[1] - required[0])
    strongest = moved[(by_score[moved] / np.sqrt(by_variance[moved])).argmax()]
    return float(gain), int(strongest)


def _per_freedom(mean_square: float, count: int) -> float:
    return float(mean_square) * count / (count - 1) if count > 1 else 1.0
