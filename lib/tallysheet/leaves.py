"""Leaves of a comparison: one row a combination of values, with values numbered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tallysheet.contrasts import Contrast, Ratio
from tallysheet.lattice import Codes
from tallysheet.limits import Numbers
from tallysheet.sum_contrast import Sum

_MANY = 10**12


@dataclass(frozen=True)
class Leaves:
    """A comparison with one row a combination of values.

    Parameters
    ----------
    codes : list of array of int, shape (leaves,)
        One array a dimension: the number of each leaf's value.
    numbers : list of array of float, shape (leaves,)
        Numerators now and before; of a ratio also denominators now and before.
    """

    codes: list[Codes]
    numbers: list[Numbers]

    @property
    def numerators(self) -> tuple[Numbers, Numbers]:
        """Numerators now and before, of a sum its values."""
        return self.numbers[0], self.numbers[1]

    @property
    def denominators(self) -> tuple[Numbers, Numbers] | None:
        """Denominators now and before."""
        return (self.numbers[2], self.numbers[3]) if len(self.numbers) == 4 else None

    @property
    def weights(self) -> Numbers:
        """What each leaf weighs: the larger of now and before."""
        return np.maximum(*(self.denominators or self.numerators))

    def contrast(self, is_count: bool | None = None) -> Contrast:
        """Score the leaves."""
        if self.denominators:
            return Ratio(*self.numerators, *self.denominators, self.codes, is_count=is_count)
        return Sum(*self.numerators, self.codes)


def leaves_of(
    frames: Sequence[pd.DataFrame], keys: list[str], measures: list[str]
) -> tuple[list[Leaves], list[list[object]]]:
    """Leave out rows that are all 0, number the values, and add up rows of the same values.

    Parameters
    ----------
    frames : sequence of DataFrame
        Comparisons; equal values get equal numbers in all.
    keys, measures : list of str
        Columns of the dimensions and of the numbers.

    Returns
    -------
    list of Leaves
    list of list
        The values of each dimension, in the order of their numbers.

    Examples
    --------
    >>> frame = pd.DataFrame({"carrier": ["B", "A", "B"], "now": [1, 2, 3], "base": [0, 5, 0]})
    >>> (leaves,), values = leaves_of([frame], ["carrier"], ["now", "base"])
    >>> values, leaves.codes[0].tolist(), leaves.numerators[0].tolist()
    ([['A', 'B']], [0, 1], [2.0, 4.0])
    """
    rows = []
    for frame in frames:
        some = np.logical_or.reduce([frame[one].to_numpy() != 0 for one in measures])
        rows.append(frame if some.all() else frame[some])
    ends = np.cumsum([len(one) for one in rows])[:-1]
    codes: list[list[Codes]] = []
    values: list[list[object]] = []
    for key in keys:
        column = pd.concat([one[key] for one in rows]) if len(rows) > 1 else rows[0][key]
        code, unique = pd.factorize(column, sort=True, use_na_sentinel=False)
        codes.append(np.split(code.astype(np.int64), ends))
        values.append(list(unique))
    sizes = [len(one) for one in values]
    return [
        _added([code[number] for code in codes], sizes, [one[name].to_numpy(float) for name in measures])
        for number, one in enumerate(rows)
    ], values


def _added(codes: list[Codes], sizes: list[int], numbers: list[Numbers]) -> Leaves:
    leaf = np.zeros(numbers[0].size, dtype=np.int64)
    for code, size in zip(codes, sizes, strict=True):
        leaf = leaf * size + code
        if leaf.size and leaf.max() > _MANY:
            leaf = pd.factorize(leaf)[0]
    if pd.Index(leaf).is_unique:
        return Leaves(codes, numbers)
    _, first, index = np.unique(leaf, return_index=True, return_inverse=True)
    return Leaves([code[first] for code in codes], [np.bincount(index, one).astype(float) for one in numbers])
