"""Split the change of a quantile over parts, by how much the mix of parts and each part itself moved it."""

from __future__ import annotations

import math

import numpy as np

from tallysheet.decomposition import split
from tallysheet.durations import quantile
from tallysheet.limits import Numbers

_STEPS = 200


def split_quantile(
    now: Numbers, base: Numbers, lengths: Numbers, *, width: float, share: float = 0.5
) -> tuple[Numbers, Numbers, Numbers]:
    """Split the change of a quantile of lengths that are counted in bins.

    Parameters
    ----------
    now, base : array of float, shape (parts, bins + 1)
        How many of each part had each length; last, how many are open after all of them.
    lengths : array of float, shape (bins,)
        Middles of the bins, one width apart.
    width : float
        Of a bin. Within it lengths are taken as evenly spread.
    share : float
        0.5 is the median.

    Returns
    -------
    mix, within, total : array of float, shape (parts,)
        In the unit of ``lengths``; the totals add up to the change of the quantile. Zero where either
        quantile is not reached.

    Notes
    -----
    Between the quantile before, q0, and now, q1, the share G(y) that had ended by y moved from one side of
    ``share`` to the other. At each y that move is split over the parts as that of any ratio (see
    `tallysheet.decomposition.decompose`), and a part has of the change of the quantile what it has of the
    move, on the way from q0 to q1:

        total_k = integral from q0 to q1 of (what part k adds to G1(y) - G0(y)) / (G1(y) - G0(y)) dy

    Mix and within likewise. Where the quantile stays, the two are weighed against each other by the density
    there. For small changes these are the contributions of recentered influence functions.

    References
    ----------
    Firpo, Fortin and Lemieux 2009, Unconditional quantile regressions, Econometrica 77 (3).

    Examples
    --------
    Two days for half of the parcels, four for the others; now three quarters take four.

    >>> base = np.array([[0.0, 10, 0, 0, 0], [0, 0, 0, 10, 0]])
    >>> now = np.array([[0.0, 5, 0, 0, 0], [0, 0, 0, 15, 0]])
    >>> mix, within, total = split_quantile(now, base, np.array([1.0, 2, 3, 4]), width=1)
    >>> mix.round(3), within.round(3) + 0.0, round(float(total.sum()), 3)
    (array([0.833, 0.5  ]), array([0., 0.]), 1.333)
    """
    nothing = np.zeros(len(now))
    q1, q0 = (_quantile(one.sum(axis=0), lengths, share, width) for one in (now, base))
    if math.isnan(q1) or math.isnan(q0):
        return nothing, nothing, nothing
    is_moved = abs(q1 - q0) > 1e-9 * width
    steps = q0 + (q1 - q0) * (np.arange(_STEPS) + 0.5) / _STEPS if is_moved else np.array([q0])
    sizes = now.sum(axis=1), base.sum(axis=1)
    mix, within = np.zeros_like(nothing), np.zeros_like(nothing)
    counted = 0
    for y in steps:
        ended = _ended_by(y, now, lengths, width), _ended_by(y, base, lengths, width)
        moved = ended[0].sum() / sizes[0].sum() - ended[1].sum() / sizes[1].sum()
        by = moved if is_moved else -_density(y, now, base, lengths, width)
        if abs(by) < 1e-12:  # nothing has such a length: any place there is the quantile
            continue
        more, own, _ = split(ended, sizes)
        mix, within, counted = mix + more / by, within + own / by, counted + 1
    scale = (q1 - q0 if is_moved else 1.0) / max(counted, 1)
    return mix * scale, within * scale, (mix + within) * scale


def _quantile(counts: Numbers, lengths: Numbers, share: float, width: float) -> float:
    if not counts.sum() > 0:
        return math.nan
    return float(quantile(1 - counts[:-1].cumsum() / counts.sum(), lengths, share, width))


def _ended_by(y: float, counts: Numbers, lengths: Numbers, width: float) -> Numbers:
    return counts[:, :-1] @ np.clip((y - lengths) / width + 0.5, 0.0, 1.0)


def _density(y: float, now: Numbers, base: Numbers, lengths: Numbers, width: float) -> float:
    """Give the mean share of both sides that ends per unit of length."""
    bins = np.abs(y - lengths) <= width / 2
    shares = (one[:, :-1][:, bins].sum() / bins.sum() / one.sum() for one in (now, base))
    return float(sum(shares)) / 2 / width if bins.any() else 0.0
