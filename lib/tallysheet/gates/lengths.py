"""Lengths: where a median moved and durations as a whole did not, few of them made it jump."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy import special

from tallysheet.evidence import Evidence
from tallysheet.findings import Finding, key_of
from tallysheet.kpi import Kpi
from tallysheet.limits import Numbers
from tallysheet.spells import BASE_WEEKS

_SURE = 1e-5
"""Chance of such ranks, were nothing longer, above which a median's move is put down to a few."""


def moved(evidence: Evidence, one: Kpi, found: Finding) -> bool:
    """Tell whether the durations of a part as a whole moved with their median; other findings stand.

    Parameters
    ----------
    evidence : Evidence
    one : Kpi
    found : Finding
    """
    names = evidence.dimensions(one) if one.is_length and found.code == "REAL" else []
    dimension = next((name for name in names if {key_of(name)} == set(found.scope)), "")
    if not dimension:
        return True
    series = evidence.review.series(one.slug, evidence.review.age(one.slug))
    held = np.isin(series.by(dimension).segments, found.scope[key_of(dimension)])
    calm = set(evidence.calm["week"][evidence.calm["is_usual"]])
    before = [week for week in evidence.weeks if str(week) < found.since and str(week) in calm]
    now = [week for week in evidence.weeks if found.since <= str(week) <= found.until]
    _, counts = series.ended(dimension, now, before[-BASE_WEEKS:])
    z = rank_z(*(rows[held].sum(axis=0) for rows in counts))
    return bool(2 * special.ndtr(-z * math.copysign(1.0, found.effect)) <= _SURE)


def rank_z(now: Numbers, before: Numbers) -> float:
    """Say by how many standard errors durations rank higher than before (Wilcoxon, with ties).

    z = (R - E) / s, R the sum of the mid-ranks of now, E = n (N + 1) / 2,
    s^2 = n m / 12 (N + 1 - sum(t^3 - t) / (N (N - 1))), with t tied at each length.

    Parameters
    ----------
    now, before : array, shape (lengths,)
        How many of n, and of m, lasted so long, in order of length.

    Returns
    -------
    float
        0 where either has none, or all are alike.

    Examples
    --------
    >>> import numpy as np
    >>> print(round(rank_z(np.array([0.0, 5.0, 5.0]), np.array([5.0, 5.0, 0.0])), 2))
    3.08
    """
    tied: NDArray[np.float64] = now + before
    n, m, whole = float(now.sum()), float(before.sum()), float(tied.sum())
    if n * m == 0 or whole <= 1:
        return 0.0
    ranks = np.cumsum(tied) - (tied - 1) / 2
    spread = whole + 1 - float((tied**3 - tied).sum()) / (whole * (whole - 1))
    if spread <= 0:
        return 0.0
    return float((now @ ranks - n * (whole + 1) / 2) / math.sqrt(n * m / 12 * spread))
