"""Sums by numbered keys: what comparisons are added up by."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tallysheet.limits import Numbers

Codes = NDArray[np.int64]
"""A number from 0 on for each row."""


def numbered(rows: pd.DataFrame, by: Sequence[str]) -> Codes:
    """Give the combinations of some columns numbers from 0 on, in their order; without columns all are 0.

    Examples
    --------
    >>> numbered(pd.DataFrame({"lane": ["FR", "ES", "FR"]}), ["lane"]).tolist()
    [1, 0, 1]
    """
    if not len(rows) or not by:
        return np.zeros(len(rows), dtype=np.int64)
    return np.asarray(rows.groupby(list(by), sort=True, dropna=False).ngroup(), dtype=np.int64)


def in_group(rows: pd.DataFrame, group: str) -> pd.Series:
    """Tell which rows are of the group.

    Raises
    ------
    ValueError
        The column is of texts or numbers: "False" would count as being in it.

    Examples
    --------
    >>> in_group(pd.DataFrame({"is_backship": [True, False]}), "is_backship").tolist()
    [True, False]
    """
    if rows[group].dtype != bool:
        raise ValueError(f"{group}: expected True and False, found {rows[group].dtype}")
    return rows[group]


def summed(by: Codes, values: Numbers, size: int) -> Numbers:
    """Add values up by number.

    Examples
    --------
    >>> summed(np.array([1, 0, 1]), np.array([1.0, 2.0, 3.0]), 2).tolist()
    [2.0, 4.0]
    """
    return np.asarray(np.bincount(by, values, size), dtype=float)
