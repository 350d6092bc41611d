"""95 % intervals: how many standard errors they reach, and that of a share."""

from __future__ import annotations

from statistics import NormalDist
from typing import TypeVar

from tallysheet.limits import Numbers

NORMAL_95 = NormalDist().inv_cdf(0.975)
"""Of what errs by the normal law 95 % lies within so many standard errors."""

_Share = TypeVar("_Share", float, Numbers)


def wilson(share: _Share, n: _Share, reach: float = NORMAL_95) -> tuple[_Share, _Share]:
    """Give Wilson's interval of a share of n.

    Examples
    --------
    >>> [round(end, 2) for end in wilson(0.5, 96.04)]
    [0.4, 0.6]
    """
    square = reach**2 / n
    middle, half = share + square / 2, (square * (share * (1 - share) + square / 4)) ** 0.5
    return (middle - half) / (1 + square), (middle + half) / (1 + square)
