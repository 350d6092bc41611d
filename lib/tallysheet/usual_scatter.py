"""How much each cell differed from the rest in earlier comparisons, beyond chance."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tallysheet.contrasts import Contrast
from tallysheet.lattice import Codes, Lattice
from tallysheet.limits import Numbers
from tallysheet.scatter import robust_means
from tallysheet.segment_search import Search, Within

_PRIOR_WEEKS = 8


def usual_scatter(
    lattice: Lattice, earlier: Sequence[tuple[Contrast, list[Codes], Numbers]]
) -> list[Numbers]:
    """Tell for every cell how many times its variance by chance it usually has.

    Parameters
    ----------
    lattice : Lattice
        Of the comparison that is searched.
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
        then = Lattice(codes, lattice.sizes, lattice.most)
        within = Within(None, {}, list(range(len(codes))))
        squared = Search(contrast.scores(), then, weights, 0.0, within=within).squared_z()[0]
        sides = zip(seen, lattice.cuboids, then.cuboids, squared, strict=True)
        for here, cuboid, cuboid_then, values in sides:
            keys, keys_then = cuboid.keys, cuboid_then.keys
            at = np.minimum(np.searchsorted(keys, keys_then), keys.size - 1)
            known = (keys[at] == keys_then) & (values > 0)
            here[number, at[known]] = values[known]
    return [_usual(one) for one in seen]


def _usual(squares: Numbers) -> Numbers:
    """Average each cell over the weeks, drawn to what all cells of the cuboid have together."""
    count = (~np.isnan(squares)).sum(axis=0)
    together = np.sort(squares[~np.isnan(squares)])
    if not together.size:
        return np.ones(count.size)
    prior = robust_means(together, np.array([0]), np.array([together.size]))
    own = np.broadcast_to(prior, count.shape).copy()
    some = np.flatnonzero(count)
    by_cell = np.sort(squares, axis=0).ravel(order="F")  # weeks in which a cell was empty come last
    own[some] = robust_means(by_cell, some * len(squares), count[some])
    return np.maximum((_PRIOR_WEEKS * prior + count * own) / (_PRIOR_WEEKS + count), 1.0)
