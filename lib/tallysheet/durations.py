"""Durations with items still open: Kaplan-Meier and Aalen-Johansen, from counts by length.

A mean of what has ended leaves out what takes long (Freireich 1963: 12.1 of the ended against a median of
23). What is still open counts until the moment it was looked at.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from tallysheet.intervals import NORMAL_95
from tallysheet.limits import Numbers

if TYPE_CHECKING:
    import pandas as pd


def survival(ended: ArrayLike, open_: ArrayLike) -> Numbers:
    """Estimate the share still open after each length.

    Parameters
    ----------
    ended, open_ : array of float, shape (..., lengths)
        How many ended, and were last seen open, at each length, shortest first.

    Returns
    -------
    array, shape (..., lengths)
        S(t) = prod over j up to t of (1 - d_j / n_j), n_j being those that lasted at least so long; NaN
        where nothing was seen at all.

    References
    ----------
    Kaplan and Meier 1958, JASA 53 (282).

    Examples
    --------
    >>> survival([1, 0, 1], [0, 1, 0]).round(3)
    array([0.667, 0.667, 0.   ])
    """
    gone, left = np.asarray(ended, dtype=float), np.asarray(open_, dtype=float)
    at_risk = _at_risk(gone + left)
    kept = 1 - np.divide(gone, at_risk, out=np.zeros_like(gone), where=at_risk > 0)
    curve = np.cumprod(kept, axis=-1)
    return np.where(at_risk[..., :1] > 0, curve, np.nan)


def _at_risk(seen: Numbers) -> Numbers:
    return np.cumsum(seen[..., ::-1], axis=-1)[..., ::-1]


def incidence(ended: ArrayLike, other: ArrayLike, open_: ArrayLike) -> Numbers:
    """Estimate the share that has ended in one way by each length, other ways competing.

    Parameters
    ----------
    ended, other, open_ : array of float, shape (..., lengths)
        How many ended in that way, in another way, and were last seen open.

    Returns
    -------
    array, shape (..., lengths)
        F(t) = sum over j up to t of S(t_j -) d_j / n_j.

    References
    ----------
    Aalen and Johansen 1978, Scandinavian Journal of Statistics 5 (3).

    Examples
    --------
    >>> incidence([1, 0, 1], [0, 1, 0], [0, 0, 1]).round(3)
    array([0.25, 0.25, 0.5 ])
    """
    gone, rest = np.asarray(ended, dtype=float), np.asarray(other, dtype=float)
    left = np.asarray(open_, dtype=float)
    at_risk = _at_risk(gone + rest + left)
    after = survival(gone + rest, left)
    before = np.concatenate([np.ones_like(after[..., :1]), after[..., :-1]], axis=-1)
    steps = before * np.divide(gone, at_risk, out=np.zeros_like(gone), where=at_risk > 0)
    return np.where(at_risk[..., :1] > 0, np.cumsum(steps, axis=-1), np.nan)


def incidence_interval(ended: ArrayLike, other: ArrayLike, open_: ArrayLike) -> tuple[Numbers, Numbers]:
    """Give the 95 % interval of `incidence`, of one series.

    Returns
    -------
    low, high : array, shape (lengths,)
        Aalen's variance on the log-log scale; NaN where none or all have ended.

    References
    ----------
    Marubini and Valsecchi 1995, Analysing Survival Data from Clinical Trials, ch. 10.

    Examples
    --------
    >>> low, high = incidence_interval([4, 4], [0, 0], [0, 8])
    >>> low.round(3), high.round(3)
    (array([0.078, 0.245]), array([0.472, 0.71 ]))
    """
    gone, rest = np.asarray(ended, dtype=float), np.asarray(other, dtype=float)
    left = np.asarray(open_, dtype=float)
    at_risk = _at_risk(gone + rest + left)
    share, after = incidence(gone, rest, left), survival(gone + rest, left)
    before = np.concatenate([[1.0], after[:-1]])
    with np.errstate(invalid="ignore", divide="ignore"):
        out = gone + rest
        ahead = np.tril(share[:, None] - share[None, :])
        first = ahead**2 @ np.nan_to_num(out / (at_risk * (at_risk - out)), posinf=0.0)
        second = np.cumsum(np.nan_to_num(before**2 * (at_risk - gone) * gone / at_risk**3))
        third = ahead @ np.nan_to_num(before * gone / at_risk**2)
        error = np.sqrt(np.maximum(first + second - 2 * third, 0.0))
        # On the log-log scale the interval stays between 0 and 1.
        spread = NORMAL_95 * error / (share * np.abs(np.log(share)))
        low, high = share ** np.exp(spread), share ** np.exp(-spread)
    known = (share > 0) & (share < 1)
    return np.where(known, low, np.nan), np.where(known, high, np.nan)


def quantile(curve: ArrayLike, lengths: ArrayLike, share: float, width: float = 0.0) -> Numbers:
    """Read the length by which a share has ended.

    Parameters
    ----------
    curve : array of float, shape (..., lengths)
        Share still open after each length.
    lengths : array of float, shape (lengths,)
        Middles of the bins.
    share : float
        0.5 is the median.
    width : float
        Of a bin: within the bin that crosses, ends are taken as evenly spread, so that a shift of less
        than a bin is seen. 0: the length itself, as textbooks do.

    Returns
    -------
    array, shape (...)
        NaN where fewer have ended.

    Examples
    --------
    >>> float(quantile([0.9, 0.6, 0.3], [1, 2, 3], 0.5))
    3.0
    >>> round(float(quantile([0.9, 0.6, 0.3], [1, 2, 3], 0.5, 1)), 3)
    2.833
    """
    left, at = np.asarray(curve, dtype=float), np.asarray(lengths, dtype=float)
    crossed = left <= 1 - share + 1e-12
    place = crossed.argmax(axis=-1)
    after = np.take_along_axis(left, place[..., None], axis=-1)[..., 0]
    before = np.where(
        place > 0, np.take_along_axis(left, np.maximum(place - 1, 0)[..., None], axis=-1)[..., 0], 1.0
    )
    drop = before - after
    inside = np.divide(before - (1 - share), drop, out=np.ones_like(drop), where=drop > 0)
    found = at[place] + (inside - 0.5) * width if width else at[place]
    return np.where(crossed.any(axis=-1), found, np.nan)


def logrank(ended: ArrayLike, open_: ArrayLike) -> float:
    """Test whether groups last equally long, what is still open counted.

    Parameters
    ----------
    ended, open_ : array of float, shape (groups, lengths)
        How many ended, and were last seen open, at each length, shortest first.

    Returns
    -------
    float
        Probability of such differences if there is none; NaN with fewer than two groups.

    References
    ----------
    Mantel 1966; Peto and Peto 1972, Journal of the Royal Statistical Society A 135 (2).

    Examples
    --------
    >>> round(logrank([[3, 0, 1], [0, 1, 3]], [[0, 0, 0], [0, 0, 0]]), 3)
    0.119
    """
    from scipy.special import chdtrc

    gone = np.atleast_2d(np.asarray(ended, dtype=float))
    at_risk = _at_risk(gone + np.atleast_2d(np.asarray(open_, dtype=float)))
    there = at_risk[:, 0] > 0
    gone, at_risk = gone[there], at_risk[there]
    groups = len(gone)
    if groups < 2:
        return float("nan")
    deaths, risk = gone.sum(axis=0), at_risk.sum(axis=0)
    share = np.divide(at_risk, risk, out=np.zeros_like(at_risk), where=risk > 0)
    excess = (gone - share * deaths).sum(axis=1)
    spread = np.divide(deaths * (risk - deaths), risk - 1, out=np.zeros_like(risk), where=risk > 1)
    variance = np.diag((share * spread).sum(axis=1)) - (share * spread) @ share.T
    statistic = float(excess[:-1] @ np.linalg.pinv(variance[:-1, :-1]) @ excess[:-1])
    return float(chdtrc(groups - 1, statistic))


def curve_with_interval(ended: ArrayLike, open_: ArrayLike, lengths: ArrayLike) -> pd.DataFrame:
    """Give a survival curve with its 95 % interval.

    Parameters
    ----------
    ended, open_ : array of int, shape (lengths,)
    lengths : array of float, shape (lengths,)

    Returns
    -------
    DataFrame
        length, survival, low, high: Greenwood's variance on the log-log scale, by scipy.

    Examples
    --------
    >>> curve_with_interval([1, 0, 1], [0, 1, 0], [1, 2, 3]).round(3)
       length  survival    low    high
    0     1.0     0.667  0.054   0.945
    1     2.0     0.667  0.054   0.945
    2     3.0     0.000    NaN     NaN
    """
    import pandas as pd

    # It takes a while to import.
    from scipy.stats import CensoredData, ecdf

    at = np.asarray(lengths, dtype=float)
    gone, left = (np.repeat(at, np.asarray(counts, dtype=int)) for counts in (ended, open_))
    curve = ecdf(CensoredData(uncensored=gone, right=left)).sf
    with warnings.catch_warnings():
        # Where all have ended the interval is not defined; it is NaN then.
        warnings.simplefilter("ignore", RuntimeWarning)
        low, high = (side.probabilities for side in curve.confidence_interval(method="log-log"))
    return pd.DataFrame(
        {"length": curve.quantiles, "survival": curve.probabilities, "low": low, "high": high}
    )
