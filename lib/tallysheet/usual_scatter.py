"""How much each cell differed from the rest in earlier comparisons, beyond chance."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tallysheet.contrasts import Contrast
from tallysheet.lattice import Codes, Lattice
from tallysheet.limits import Numbers
from tallysheet.scatter import QUANTILES
from tallysheet.segment_search import Search, Within

_PRIOR_WEEKS = 8


def usual_scatter(
    lattice: Lattice, most: int, earlier: Sequence[tuple[Contrast, list[Codes], Numbers]]
) -> list[Numbers]:
    """Tell for every cell how many times its variance by chance it usually has.

    Parameters
    ----------
    lattice : Lattice
        Of the comparison that is searched.
    most : int
        As for `Lattice`.
    earlier : sequence of (Contrast, codes, weights)
        Earlier comparisons of the same kind; values bear the same numbers in all.

    Returns
    -------
    list of array of float
        One array a cuboid, at least 1.

    Notes
    -----
    Of the squared z that a cell had, net of what all shared, the larger of two robust estimates of the
    mean counts (median and 80 % quantile), so that a cause in one of the weeks does not make a cell
    usually wild. A cell that was seen n times gets n / (n + 8) of its own and the rest of what the
    cells of its cuboid have together.
    """
    seen = [np.full((len(earlier), len(one.keys)), np.nan) for one in lattice.cuboids]
    for number, (contrast, codes, weights) in enumerate(earlier):
        contrast.learn(np.arange(weights.size))
        then = Lattice(codes, lattice.sizes, most)
        within = Within(None, {}, list(range(len(codes))))
        squared = Search(contrast.scores(), then, weights, 0.0, within=within).squared_z()[0]
        for here, cuboid, values in zip(seen, range(len(seen)), squared, strict=True):
            keys, keys_then = lattice.cuboids[cuboid].keys, then.cuboids[cuboid].keys
            at = np.minimum(np.searchsorted(keys, keys_then), keys.size - 1)
            known = (keys[at] == keys_then) & (values > 0)
            here[number, at[known]] = values[known]
    return [_usual(one) for one in seen]


def _usual(squares: Numbers) -> Numbers:
    count = (~np.isnan(squares)).sum(axis=0)
    together = squares[~np.isnan(squares)]
    if not together.size:
        return np.ones(squares.shape[1])
    prior = max(float(np.quantile(together, share)) / quantile for share, quantile in QUANTILES)
    ordered = np.sort(squares, axis=0)  # empty ones come last
    own = np.full(squares.shape[1], prior)
    some = np.flatnonzero(count)
    own[some] = np.maximum(
        *(
            ordered[np.round(share * (count[some] - 1)).astype(np.int64), some] / quantile
            for share, quantile in QUANTILES
        )
    )
    return np.maximum((_PRIOR_WEEKS * prior + count * own) / (_PRIOR_WEEKS + count), 1.0)
