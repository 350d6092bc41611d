"""How much more than by chance cells differ: robust estimates, as most cells did not change."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tallysheet.lattice import Codes
from tallysheet.limits import Numbers

_QUANTILES = ((0.5, 0.4549), (0.8, 1.6424))  # shares, and the quantiles of a chi-square there
_A_BIN = 40
_MOST_BINS = 24
_FEW = 20
_FEWEST = 4
_HALVINGS = 30
_EVIDENCE = 4.0
_ERROR, _ROBUST_ERROR = 2**0.5, 2.34
_REFITS = 4
_DUST = 1e-20  # squares of rounding errors


def robust_square(deviations: Numbers) -> float:
    """Estimate the variance of deviations from 0 by their median; few large ones do not move it.

    Examples
    --------
    >>> round(robust_square(np.array([-1.0, -0.5, 0.2, 0.6, 1.0, 50.0])), 1)
    1.5
    """
    return float(np.median(np.square(deviations))) / _QUANTILES[0][1]


def excess(squares: Numbers, sizes: Numbers, *, robust: bool = False) -> tuple[float, float]:
    """Fit how the squares of standardised deviations grow with the size of a cell.

    Parameters
    ----------
    squares : array of float, shape (cells,)
        Squared deviations over their variance by chance: 1 on average where nothing else acts.
    sizes : array of float, shape (cells,)
        Information of the cells.
    robust : bool
        Whether some of the cells may have changed.

    Returns
    -------
    fixed, growing : float
        Their mean is ``fixed + growing * size``: `fixed` is an overdispersion that all cells have (at
        least 1), `growing` the variance of effects that every cell has of its own each week.
        (1, 0) where the cells give no evidence of either.

    Notes
    -----
    Cells are binned by size (equal ones together); in each bin the mean counts, or the larger of two
    robust estimates of it, from the median and from the 80 % quantile (of a chi-square with one degree
    of freedom). The line is fitted by least squares, without negative terms; the weights come
    from the line itself, as those of what was seen would draw it down.

    Examples
    --------
    >>> quiet = np.random.default_rng(1).normal(size=4000) ** 2
    >>> excess(quiet, np.ones(4000))
    (1.0, 0.0)
    >>> fixed, _ = excess(3 * quiet, np.ones(4000))
    >>> round(fixed, 1)
    3.0
    """
    if squares.size < _FEW:
        return 1.0, 0.0
    bins = _bins(sizes)
    counts = np.bincount(bins)
    if robust:
        rising = np.argsort(squares)
        ordered = squares[rising[np.argsort(bins[rising], kind="stable")]]
        y = robust_means(ordered, counts.cumsum() - counts, counts)
    else:
        y = np.bincount(bins, squares) / counts
    x = np.bincount(bins, sizes) / counts
    error = (_ROBUST_ERROR if robust else _ERROR) / np.sqrt(counts)
    if counts.size == 1:
        return max(1.0, float(y[0] * (1 - error[0]))), 0.0
    fitted = np.full_like(y, max(float(np.average(y, weights=counts)), 1.0))
    for _ in range(_REFITS):
        fixed, growing = _line(x, y, 1 / (error * fitted))
        if fixed < 1:
            weight = x / (error * fitted) ** 2
            fixed, growing = 1.0, max(float((weight * (y - 1)).sum() / (weight * x).sum()), 0.0)
        fitted = fixed + growing * x
    gained = (np.square((y - 1) / error) - np.square((y - fitted) / (error * fitted))).sum()
    return (fixed, growing) if gained > _EVIDENCE else (1.0, 0.0)


def beside_main_effects(deviations: Numbers, weights: Numbers, codes: Sequence[Codes]) -> tuple[Numbers, int]:
    """Give what is left of deviations once each value of each dimension has a mean of its own.

    A carrier that moved leaves no trace in it, whatever part of all cells is its own.

    Returns
    -------
    array of float, shape (cells,)
        As large as they would be without the means fitted.
    int
        How many of them are free.
    """
    rows = np.arange(deviations.size)
    columns = [np.equal.outer(code, np.unique(code)) for code in codes]
    root = np.sqrt(weights)
    design = np.hstack(columns).astype(float) * root[:, np.newaxis]
    found, _, rank, _ = np.linalg.lstsq(design, deviations * root, rcond=None)
    free = rows.size - int(rank)
    return (deviations * root - design @ found) / root * (rows.size / max(free, 1)) ** 0.5, free


def weighted_median(values: Numbers, weights: Numbers) -> float:
    """Give the value that half of the weight does not exceed.

    Examples
    --------
    >>> weighted_median(np.array([1.0, 2.0, 9.0]), np.array([1.0, 1.0, 3.0]))
    9.0
    """
    order = np.argsort(values)
    total = weights[order].cumsum()
    return float(values[order][np.searchsorted(total, total[-1] / 2)])


def _middle(squares: Numbers) -> float:
    """Give the lower median: where half of the cells moved, it is that of the others."""
    return float(np.sort(squares)[(squares.size - 1) // 2])


def relative_variance(
    deviations: Numbers, sizes: Numbers, least: float = 0.0, codes: Sequence[Codes] = ()
) -> tuple[float, float]:
    """Fit the variance of relative deviations as ``fixed + falling / size``.

    ``falling`` is what counts have (Poisson: the variance grows with the mean), ``fixed`` a relative
    wobble that every cell has whatever its size.

    Parameters
    ----------
    deviations, sizes : array of float, shape (cells,)
    least : float
        What ``falling`` is at least: of counts what chance gives, of amounts nothing.
    codes : sequence of array of int, shape (cells,)
        Values of the dimensions.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> sizes = rng.uniform(1, 1000, 20_000)
    >>> fixed, falling = relative_variance(rng.normal(0, 0.2, 20_000), sizes)
    >>> round(float(fixed), 3), round(float(falling), 1)
    (0.038, 0.0)
    """
    squares = np.square(deviations)
    if squares.size < 2 * _A_BIN:
        free = squares.size
        if len(codes) > 1:
            deviations, free = beside_main_effects(deviations, sizes, codes)
        return variance_of_few(np.square(deviations), sizes, least, free)
    bins = _bins(sizes)
    groups = np.split(np.argsort(bins, kind="stable"), np.bincount(bins).cumsum()[:-1])
    y = np.array([np.median(squares[one]) for one in groups]) / _QUANTILES[0][1]
    x = np.array([(1 / sizes[one]).mean() for one in groups])
    seen = y > _DUST
    if not seen.any():
        return 0.0, least
    fixed, falling = _line(x[seen], y[seen], 1 / y[seen])
    if falling >= least:
        return fixed, falling
    weight = np.square(1 / y[seen])
    return max(float(np.average(y[seen] - least * x[seen], weights=weight)), 0.0), least


def variance_of_few(squares: Numbers, sizes: Numbers, least: float, free: int) -> tuple[float, float]:
    """Fit a wobble that all cells share beside counting, where they are too few to tell both by their size.

    Parameters
    ----------
    squares, sizes : array of float, shape (cells,)
        Squared deviations, and sizes.
    least : float
        What counting has, as in `relative_variance`; 0: nothing.
    free : int
        How many of the cells are left where means were fitted; three or fewer tell nothing.

    Returns
    -------
    fixed, falling : float
        ``falling`` is ``least``.

    Examples
    --------
    >>> few = np.random.default_rng(3).normal(0, 0.1, size=12)
    >>> sizes = np.full(12, 100.0)
    >>> fixed, _ = variance_of_few(few**2, sizes, 0.1, 12)
    >>> round(fixed, 4), variance_of_few(few**2, sizes, 2.0, 12)
    (0.0024, (0.0, 2.0))
    """
    if free < _FEWEST:
        # Of amounts nothing can be said then: they may differ by as much as they are.
        return (0.0, least) if least else (1.0, 0.0)
    # Beside counting it must be more than half of quiet tables show, as it hides what moved in large cells.
    # Alone it is rough: raised until 5 % of quiet tables name something.
    doubt = 1 + _ROBUST_ERROR / 2 / free**0.5 if least else 1 / (1 + 5 / free + 60 / free**2)
    middle = _QUANTILES[0][1] * doubt
    low, high = 0.0, _middle(squares) / middle
    if high <= _DUST or (least and _middle(squares * sizes) / least < middle):
        return 0.0, least
    for _ in range(_HALVINGS if least else 0):
        fixed = (low + high) / 2
        low, high = (fixed, high) if _middle(squares / (fixed + least / sizes)) > middle else (low, fixed)
    return high, least


def _bins(sizes: Numbers) -> NDArray[np.uint8]:
    """Sort cells into bins by size; cells of one size share a bin, and no bin is empty."""
    count = min(_MOST_BINS, max(1, sizes.size // _A_BIN))
    edges = np.unique(np.quantile(sizes, np.linspace(0, 1, count + 1)[1:-1], method="lower"))
    at = np.searchsorted(edges, sizes, side="right")
    filled = np.bincount(at) > 0
    return (filled.cumsum() - 1).astype(np.uint8)[at]


def robust_means(ordered: Numbers, first: NDArray[np.int64], counts: NDArray[np.int64]) -> Numbers:
    """Estimate the mean square of groups of which some members may have changed.

    Parameters
    ----------
    ordered : array of float
        Squares, rising within each group.
    first, counts : array of int, shape (groups,)
        Where each group begins, and how many it has, at least one.

    Returns
    -------
    array of float, shape (groups,)
        The larger of two estimates, from the median and from the 80 % quantile of a chi-square with one
        degree of freedom.

    Examples
    --------
    >>> robust_means(np.array([0.1, 0.4549, 50.0]), np.array([0]), np.array([3])).round(1).tolist()
    [30.4]
    """
    estimates = [
        ordered[first + (share * (counts - 1)).round().astype(np.int64)] / quantile
        for share, quantile in _QUANTILES
    ]
    return np.maximum(*estimates)


def _line(x: Numbers, y: Numbers, weight: Numbers) -> tuple[float, float]:
    """Fit y = a + b x by weighted least squares with neither below 0."""
    w = weight**2
    mean_x, mean_y = (w * x).sum() / w.sum(), (w * y).sum() / w.sum()
    spread = (w * (x - mean_x) ** 2).sum()
    slope = (w * (x - mean_x) * (y - mean_y)).sum() / spread if spread > 0 else 0.0
    if slope < 0:
        return float(mean_y), 0.0
    if mean_y < slope * mean_x:
        return 0.0, float((w * x * y).sum() / (w * x * x).sum())
    return float(mean_y - slope * mean_x), float(slope)
