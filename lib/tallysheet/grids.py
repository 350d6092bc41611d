"""Grids: facts added up as finely as they are asked for, so that a fact's rows are read once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import duckdb

from tallysheet.cells import LOOK, Look
from tallysheet.engine import identifier
from tallysheet.facts import columns_of, set_asked, set_days, set_looks
from tallysheet.warehouse import Warehouse

_KEPT = 4
"""Grids of a fact that are kept: those that were asked for last."""
_MEASURES = ("_n", "_cents")
_STRATA = ("_bin", "stratum")
"""Columns that no value adds up over: bins of a histogram, and strata."""


def is_measure(column: str) -> bool:
    """Tell whether a fact's column is added up; others are dimensions or strata."""
    return column.endswith(_MEASURES)


def strata(columns: Sequence[str]) -> list[str]:
    """Give those columns that no value adds up over."""
    return [name for name in columns if name.endswith(_STRATA)]


@dataclass
class _Grid:
    """A table of a fact's measures by look, dimensions and strata, and the looks that are in it."""

    table: str
    by: frozenset[str]
    looks: set[Look] = field(default_factory=set)


class Grids:
    """What was added up of facts over an open ground, by as many dimensions as were asked for at once.

    The rows of a fact are many, its grid is small: totals, parts and cells of several dimensions together
    are added up from it.

    Parameters
    ----------
    ground : connection
        As `open_tables` and `set_references` make it.
    warehouse : Warehouse, optional
        Where facts are added up; None: over the ground.
    """

    def __init__(self, ground: duckdb.DuckDBPyConnection, warehouse: Warehouse | None = None) -> None:
        self._ground, self._warehouse = ground, warehouse
        self._grids: dict[str, list[_Grid]] = {}
        self._made = 0

    def asked(self, fact: str, select: str, looks: Sequence[Look], by: Collection[str]) -> str:
        """Give a SELECT of cells of these looks alone, by some dimensions and perhaps further ones.

        What no grid holds yet is added up: from a finer grid as far as there is one, else from the fact.

        Parameters
        ----------
        fact : str
        select : str
            That of the fact.
        looks : sequence of (str, datetime)
        by : collection of str
            Dimensions.
        """
        wanted, names = set(looks), frozenset(by)
        grids = self._grids.setdefault(fact, [])
        finer = [grid for grid in grids if names <= grid.by]
        grid = next((one for one in finer if wanted <= one.looks), None)
        if grid is None:
            grid = next((one for one in finer if one.by == names), None) or self._begun(fact, names)
            for other in finer:
                held = (wanted & other.looks) - grid.looks
                if held:
                    self._fill(grid, fact, held, self._some(other.table, held))
            lacking = sorted(wanted - grid.looks)
            if lacking:
                set_looks(self._ground, lacking)
                self._fill(grid, fact, lacking, self._found(fact, select, grid.by))
        grids.remove(grid)
        grids.append(grid)
        self._forget(grids)
        return f"SELECT * FROM {grid.table}" if grid.looks == wanted else self._some(grid.table, wanted)

    def _found(self, fact: str, select: str, by: Collection[str] = ()) -> str:
        """Give a SELECT of a fact over the calendar: its rows, or cells that the warehouse added up."""
        if self._warehouse is None:
            return select
        columns = columns_of(fact)
        keys = [*LOOK, *sorted(by), *strata(columns)]
        return self._warehouse.cells(select, keys, [name for name in columns if is_measure(name)])

    def daily(
        self, fact: str, select: str, first_day: dt.date, last_day: dt.date, seen_at: dt.datetime
    ) -> str:
        """Give a SELECT of a fact by day, as known at a moment; ``week`` is the day."""
        set_days(self._ground, first_day, last_day, seen_at)
        return self._found(fact, select)

    def _begun(self, fact: str, by: frozenset[str]) -> _Grid:
        self._made += 1
        self._grids[fact].append(_Grid(f"grid_{self._made}", by))
        return self._grids[fact][-1]

    def _forget(self, grids: list[_Grid]) -> None:
        for old in grids[:-_KEPT]:
            # One that was broken off before it held anything has none.
            self._ground.execute(f"DROP TABLE IF EXISTS {old.table}")
        del grids[:-_KEPT]

    def _fill(self, grid: _Grid, fact: str, looks: Collection[Look], select: str) -> None:
        """Add looks up that are not in a grid."""
        columns = columns_of(fact)
        keys = [*LOOK, *map(identifier, sorted(grid.by)), *strata(columns)]
        # Without a measure in any of its rows a cell has none either; whoever adds it up says that it is 0.
        sums = [f"CAST(sum({name}) AS BIGINT) AS {name}" for name in columns if is_measure(name)]
        how = "INSERT INTO {} {}" if grid.looks else "CREATE TABLE {} AS {}"
        cells = f"SELECT {', '.join(keys + sums)} FROM ({select}) GROUP BY ALL"
        self._ground.execute(how.format(grid.table, cells)).fetchall()
        grid.looks.update(looks)

    def _some(self, table: str, looks: Collection[Look]) -> str:
        """Give a SELECT of some looks of a grid."""
        set_asked(self._ground, sorted(looks))
        return f"SELECT * FROM {table} SEMI JOIN asked USING (week, seen_at)"
