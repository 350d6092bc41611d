"""Cells of sellers, periods and strata, and what they would be if nobody had begun."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tallysheet.fair_comparison.habits import first_periods
from tallysheet.fair_comparison.sums import in_group, numbered
from tallysheet.limits import Numbers

if TYPE_CHECKING:
    from scipy.sparse import csr_array

_RIDGE = 1e-9
"""The sets of dummies overlap; this picks one of the solutions, and all give the same cells."""


@dataclass(frozen=True)
class Cells:
    """Rates by cell, with what explains them but the group itself.

    Parameters
    ----------
    rows : DataFrame
        who (number of the seller), y (rate), n, used (how much n is of the group), age (periods since the
        seller began, negative before; NaN: never), begun.
    design : sparse array
        Dummies of sellers, of strata, and of periods by the first column of ``alike``.
    units_n : int
    left_out : float
        Share of n after the beginning that nothing can be said about: no time before it, or nobody to
        compare it with.
    """

    rows: pd.DataFrame
    design: csr_array
    units_n: int
    left_out: float


def make_cells(
    counts: pd.DataFrame, *, x: str, n: str, alike: Sequence[str], unit: str, period: str, group: str
) -> Cells:
    """Lay counts out as cells, those that can be compared."""
    from scipy.sparse import csr_array

    keys = [unit, period, *alike]
    used = counts[n].where(in_group(counts, group), 0)
    rows = counts[keys].assign(x=counts[x], n=counts[n], used=used).groupby(keys, as_index=False).sum()
    rows = rows[rows["n"] > 0]
    place = {name: number for number, name in enumerate(sorted(counts[period].unique()))}
    start = rows[unit].map(first_periods(counts, n=n, unit=unit, period=period, group=group).map(place))
    rows = rows.assign(y=rows["x"] / rows["n"], age=rows[period].map(place) - start)
    rows["begun"] = rows["age"] >= 0
    sets = [[unit], list(alike), [period, *alike[:1]]]
    kept = _comparable(rows, sets)
    after = rows.loc[rows["begun"], "n"].sum()
    left_out = float(1 - rows.loc[kept & rows["begun"], "n"].sum() / after) if after else 0.0
    rows = rows[kept].reset_index(drop=True)
    codes = [numbered(rows, one) for one in sets]
    ends = np.cumsum([0, *(int(one.max(initial=-1)) + 1 for one in codes)])
    columns = np.concatenate([one + first for one, first in zip(codes, ends, strict=False)])
    lines = np.tile(np.arange(len(rows)), len(codes))
    design = csr_array((np.ones(len(columns)), (lines, columns)), shape=(len(rows), int(ends[-1])))
    rows = rows.assign(who=codes[0])
    return Cells(rows[["who", "y", "n", "used", "age", "begun"]], design, int(ends[1]), left_out)


def _comparable(rows: pd.DataFrame, sets: Sequence[Sequence[str]]) -> pd.Series:
    """Keep cells whose seller, stratum and period all have cells where nobody had begun."""
    waiting = (~rows["begun"]).astype(int)
    kept = pd.Series(True, index=rows.index)
    for one in sets:
        kept &= waiting.groupby(numbered(rows, one)).transform("sum") > 0
    return kept


class Untouched:
    """What cells are without the group: fitted where a seller has not begun, by weighted least squares.

    Parameters
    ----------
    cells : Cells

    Attributes
    ----------
    residual : array
        The rate of each cell less what it would be if its seller had not begun.
    """

    def __init__(self, cells: Cells) -> None:
        from scipy.linalg import cho_factor

        before = ~cells.rows["begun"].to_numpy()
        self._design, self._weight = cells.design, cells.rows["n"].to_numpy(float) * before
        gram = (self._design.T @ self._design.multiply(self._weight[:, None])).toarray()
        self._factor = cho_factor(gram + np.eye(len(gram)) * _RIDGE * max(gram.max(), 1.0))
        y = cells.rows["y"].to_numpy(float)
        self.residual: Numbers = y - self._design @ self._solve(self._design.T @ (self._weight * y))

    def _solve(self, right: Numbers) -> Numbers:
        from scipy.linalg import cho_solve

        return np.asarray(cho_solve(self._factor, right))

    def borne_by(self, weights: Numbers) -> Numbers:
        """Give how much each untouched cell's rate bears on a weighted sum of what others would have been."""
        return self._weight * (self._design @ self._solve(self._design.T @ weights))

    def cleared(self, columns: Numbers) -> Numbers:
        """Take out of columns what the dummies explain of them, among untouched cells."""
        weighted = self._weight[:, None] * columns
        return np.asarray(columns - self._design @ self._solve(self._design.T @ weighted))

    @property
    def weight(self) -> Numbers:
        """The n of untouched cells, 0 for others."""
        return self._weight
