"""The lattice of dimension combinations: add rows up for every conjunction that has any."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tallysheet.errors import UsageError
from tallysheet.limits import Numbers

Codes = NDArray[np.int64]
Place = dict[int, int]
"""A conjunction: dimension to value, both by their number."""

_MOST_CELLS = 2**62
_DENSE = 4


@dataclass(frozen=True)
class Cuboid:
    """All cells of one combination of dimensions that hold rows.

    Parameters
    ----------
    dimensions : tuple of int
        In rising order.
    keys : array of int, shape (cells,)
        The cells in rising order; a key is the values' numbers in mixed radix.
    finer : int or None
        The cuboid from which this one is added up; the rows themselves if None.
    index : array of int
        For each cell of the finer one (each row) its cell here.
    """

    dimensions: tuple[int, ...]
    keys: Codes
    finer: int | None
    index: Codes


class Lattice:
    """Every combination of up to `most` dimensions, finest first.

    Parameters
    ----------
    codes : list of array of int, shape (rows,)
        One array a dimension: the number of each row's value.
    sizes : list of int
        How many values each dimension has.
    most : int
        How many dimensions a combination has at most.

    Raises
    ------
    UsageError
        So many values that the cells cannot be numbered.

    Notes
    -----
    Each cuboid is added up from the smallest one that has one dimension more, so that only the finest
    read all rows; cells without rows are never made.

    Examples
    --------
    >>> lattice = Lattice([np.array([0, 0, 1]), np.array([0, 1, 1])], [2, 2], most=2)
    >>> [c.dimensions for c in lattice.cuboids]
    [(0, 1), (0,), (1,)]
    >>> [sums.tolist() for sums in lattice.add_up(np.array([5.0, 1.0, 2.0]))]
    [[5.0, 1.0, 2.0], [6.0, 2.0], [5.0, 3.0]]
    """

    def __init__(self, codes: list[Codes], sizes: list[int], most: int) -> None:
        self.codes, self.sizes, self.most = codes, sizes, most
        self.cuboids: list[Cuboid] = []
        self._at: dict[tuple[int, ...], int] = {}
        for depth in range(min(most, len(sizes)), 0, -1):
            for dimensions in itertools.combinations(range(len(sizes)), depth):
                self._at[dimensions] = len(self.cuboids)
                self.cuboids.append(self._cuboid(dimensions))
        self.depths = np.array([len(one.dimensions) for one in self.cuboids])

    def _cuboid(self, dimensions: tuple[int, ...]) -> Cuboid:
        finer = [self._at[one] for one in self._with_one_more(dimensions) if one in self._at]
        space = math.prod(self.sizes[one] for one in dimensions)
        if space > _MOST_CELLS:
            raise UsageError(
                "find_segments",
                "dimensions with fewer than 4e18 combinations of values",
                f"{space:.0e}",
                "Leave out columns that name single rows.",
            )
        if finer:
            source = min(finer, key=lambda one: len(self.cuboids[one].keys))
            key = self._coarser(self.cuboids[source], dimensions)
        else:
            source = None
            key = np.zeros(len(self.codes[0]), dtype=np.int64)
            for one in dimensions:
                key = key * self.sizes[one] + self.codes[one]
        if space > _DENSE * len(key):
            keys, index = np.unique(key, return_inverse=True)
            return Cuboid(dimensions, keys, source, index)
        present = np.zeros(space, dtype=bool)
        present[key] = True
        keys = np.flatnonzero(present)
        return Cuboid(dimensions, keys, source, key if keys.size == space else (present.cumsum() - 1)[key])

    def _with_one_more(self, dimensions: tuple[int, ...]) -> list[tuple[int, ...]]:
        others = (one for one in range(len(self.sizes)) if one not in dimensions)
        return [tuple(sorted((*dimensions, one))) for one in others]

    def _coarser(self, cuboid: Cuboid, dimensions: tuple[int, ...]) -> Codes:
        """Drop the one dimension of a cuboid's keys that is not among those given."""
        dropped = next(one for one in cuboid.dimensions if one not in dimensions)
        below = math.prod(self.sizes[one] for one in cuboid.dimensions if one > dropped)
        return cuboid.keys // (below * self.sizes[dropped]) * below + cuboid.keys % below

    def add_up(self, values: Numbers) -> list[Numbers]:
        """Add rows up in every cell: one array a cuboid."""
        sums: list[Numbers] = []
        for one in self.cuboids:
            finer = values if one.finer is None else sums[one.finer]
            sums.append(np.bincount(one.index, finer, len(one.keys)).astype(float, copy=False))
        return sums

    def parts(self, cuboid: int) -> list[tuple[int, Codes]]:
        """List the cuboids with one dimension more; of each, the cell here of every cell there."""
        here = self.cuboids[cuboid]
        found = [self._at[one] for one in self._with_one_more(here.dimensions) if one in self._at]
        return [
            (
                one,
                here.index
                if one == here.finer
                else np.searchsorted(here.keys, self._coarser(self.cuboids[one], here.dimensions)),
            )
            for one in found
        ]

    def place(self, cuboid: int, cell: int) -> Place:
        """Give a cell's conjunction."""
        key, found = int(self.cuboids[cuboid].keys[cell]), {}
        for one in reversed(self.cuboids[cuboid].dimensions):
            key, found[one] = divmod(key, self.sizes[one])
        return found

    def cuboid(self, place: Place) -> int:
        """Give the cuboid of a conjunction."""
        return self._at[tuple(sorted(place))]

    def cell(self, place: Place) -> tuple[int, int]:
        """Give the cuboid and the cell of a conjunction that holds rows."""
        cuboid, key = self.cuboid(place), 0
        for one in sorted(place):
            key = key * self.sizes[one] + place[one]
        return cuboid, int(np.searchsorted(self.cuboids[cuboid].keys, key))

    def rows(self, place: Place) -> NDArray[np.bool_]:
        """Tell which rows a conjunction holds."""
        return np.logical_and.reduce([self.codes[one] == value for one, value in place.items()])
