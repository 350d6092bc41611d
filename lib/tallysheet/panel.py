"""A KPI's finest parts by week: what any conjunction of values was, week by week."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tallysheet.limits import Numbers
from tallysheet.values import groups

Scope = Mapping[str, Sequence[str]]
"""Dimension to the values that are meant; empty: everything."""


@dataclass(frozen=True)
class Panel:
    """Numerators and denominators of leaves by week.

    Parameters
    ----------
    weeks : tuple of str
    named : dict of str to array of str
        Dimension to the value of each leaf.
    x, n : array of float, shape (leaves, weeks)
        Of a sum both are its values.
    """

    weeks: tuple[str, ...]
    named: dict[str, NDArray[np.object_]]
    x: Numbers
    n: Numbers

    def held(self, scope: Scope) -> NDArray[np.bool_]:
        """Mark the leaves of a scope."""
        found = np.ones(len(self.x), dtype=bool)
        for name, wanted in scope.items():
            found &= np.isin(self.named[name], list(wanted))
        return found

    def sums(self, leaves: NDArray[np.bool_]) -> tuple[Numbers, Numbers]:
        """Add leaves up by week: numerators and denominators."""
        return self.x[leaves].sum(axis=0), self.n[leaves].sum(axis=0)

    def over(self, names: Sequence[str], by: Sequence[str]) -> pd.DataFrame:
        """Add weeks up, one row a combination of the values of some dimensions: by, x, n."""
        at = np.isin(self.weeks, list(names))
        sides = {"x": self.x[:, at].sum(axis=1), "n": self.n[:, at].sum(axis=1)}
        frame = pd.DataFrame({name: self.named[name] for name in by} | sides)
        return frame.groupby(list(by), as_index=False, sort=True)[["x", "n"]].sum()


def panel_of(pairs: pd.DataFrame, by: Sequence[str], weeks: Sequence[str]) -> Panel:
    """Lay leaves out by week.

    Parameters
    ----------
    pairs : DataFrame
        The dimensions, week, x and n; one row a leaf and week.
    by : sequence of str
    weeks : sequence of str
        In order; rows of other weeks are left out.
    """
    rows = pairs[pairs["week"].isin(list(weeks))].dropna(subset=list(by))
    leaves, index = groups(rows, list(by))
    shape = len(index), len(weeks)
    places = leaves * shape[1] + pd.Index(weeks).get_indexer(pd.Index(rows["week"]))
    x, n = (
        np.bincount(places, np.nan_to_num(rows[side].to_numpy(float)), shape[0] * shape[1])
        .astype(np.float64)
        .reshape(shape)
        for side in ("x", "n")
    )
    values = {name: index.get_level_values(name).astype(str).to_numpy(dtype=object) for name in by}
    return Panel(tuple(weeks), values, x, n)
