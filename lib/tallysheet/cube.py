"""The cube: facts added up by week and part, each week as it stood at a moment; kept as Parquet."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Sequence
from functools import cache, cached_property, partial
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from tallysheet.arrivals import Arrivals
from tallysheet.cells import LOOK, TOTAL, Cells, Look, read_cells
from tallysheet.engine import fact_sql, identifier, literal
from tallysheet.errors import DataError
from tallysheet.extent import (
    Extent,
    Span,
    days_with_rows,
    extent_of,
    named,
    older_tables,
    over_days_off,
    silent_since,
    table_of,
)
from tallysheet.facts import (
    REFERENCES,
    columns_of,
    fact_tables,
    missing_for_all,
    open_tables,
    set_references,
)
from tallysheet.grids import Grids, is_measure, strata
from tallysheet.inputs import fingerprint, source_parts
from tallysheet.kept_tables import kept_frame
from tallysheet.ledger import Ledger
from tallysheet.links import both, either, share_numbers, tables_named
from tallysheet.settings import Settings
from tallysheet.sources import read_sources
from tallysheet.warehouse import Warehouse
from tallysheet.weeks import IsoWeek, complete_weeks, weeks_between

Where = tuple[tuple[str, str], ...]


class Cube:
    """Facts added up, as known at a moment.

    A look is a week and the moment at which it is looked at: nothing counts that became known later. What
    was added up once is kept in data/cube/ and read again; after a load only the looks that the new rows
    can have changed are added up anew.

    Parameters
    ----------
    ledger : Ledger
    settings : Settings
    as_of : datetime
        UTC.
    extent : Extent, optional
        Of the same ledger, where it was counted before.

    Raises
    ------
    DataError
        Nothing was known then.
    """

    def __init__(
        self, ledger: Ledger, settings: Settings, as_of: dt.datetime, extent: Extent | None = None
    ) -> None:
        self.ledger, self.settings, self.as_of = ledger, settings, as_of
        self._cells: dict[str, Cells] = {}
        self._made: dict[tuple[str, ...], dict[str, Any]] = {}
        self._frames: dict[Path, pd.DataFrame] = {}
        if extent is not None:
            self.extent = extent
        if as_of < self.span.known_from:
            raise DataError("as of", "a moment with data", as_of.isoformat(sep=" "), "Choose a later moment.")

    @cached_property
    def extent(self) -> Extent:
        """What is known of all rows together; of shipments if there are any."""
        table = table_of(self.ledger)
        made_from = self._about(table, {table})
        return extent_of(self.ledger, self.settings, made_from, lambda: self._ground)

    @property
    def span(self) -> Span:
        """Days that the data covers."""
        return self.extent.span

    @property
    def first_day(self) -> dt.date:
        """First day that the data covers."""
        return self.span.first_day

    @cached_property
    def last_day(self) -> dt.date:
        """Last day that the data covers wholly, as known at ``as_of``."""
        last_day, known_until = self.span.last_day, self.as_of.date() - dt.timedelta(days=1)
        if last_day >= known_until or last_day == IsoWeek.of(last_day).sunday:  # no day is left to be off
            return min(last_day, known_until)
        days = self.remembered(
            "days_with_rows",
            [],
            lambda: days_with_rows(self.ledger, self.settings, last_day, lambda: self._ground),
            {table_of(self.ledger)},
        )
        return min(known_until, over_days_off(last_day, days["day"]))

    @cached_property
    def weeks(self) -> list[IsoWeek]:
        """Weeks that the data covers wholly."""
        return complete_weeks(self.first_day, self.last_day)

    @cached_property
    def touched_weeks(self) -> list[IsoWeek]:
        """Weeks that the data covers at least in part."""
        return weeks_between(IsoWeek.of(self.first_day), IsoWeek.of(max(self.first_day, self.last_day)))

    @cached_property
    def missing(self) -> dict[str, list[str]]:
        """The tables that each fact lacks and without which it tells nothing."""
        return missing_for_all(self.ledger)

    @cached_property
    def older(self) -> dict[str, dt.datetime]:
        """Tables whose extracts end a day or more before ``as_of``, and until when they tell something."""
        return older_tables(self.ledger, self.as_of, self._silent)

    def _silent(self, names: Sequence[str]) -> pd.DataFrame:
        make = partial(silent_since, self.as_of, names, lambda: self._ground)
        return self.remembered("silent", names, make, set(names))

    def empty(self, columns: Sequence[str]) -> list[str]:
        """List the columns, each as ``table.column``, of which no loaded row has a value.

        Of a pair joined by `` = `` it is told whether the first has values and none is among the second's.
        """
        here = set(self.ledger.files["table"]) - set(self.ledger.elsewhere)  # others lie in a warehouse
        asked = [name for name in columns if tables_named(name) <= here]
        tables = {table for name in asked for table in tables_named(name)}
        found = self.remembered("empty_columns", asked, lambda: self._without_value(asked), tables)
        return found["name"].tolist()

    def _without_value(self, columns: Sequence[str]) -> pd.DataFrame:
        return pd.DataFrame({"name": [name for name in columns if not self._has_value(name)]}, dtype=object)

    def _has_value(self, columns: str) -> bool:
        column, other = both(columns)
        if other:
            return share_numbers(self._ground, column, other)
        select = "SELECT 1 FROM {} WHERE {} IS NOT NULL LIMIT 1"
        selects = (select.format(one.partition(".")[0], one) for one in either(column))
        return any(self._ground.execute(one).fetchall() for one in selects)

    def looks(self, age: dt.timedelta | None = None) -> list[Look]:
        """Give a look at each week: at ``as_of``, or at an age after its end where that was earlier."""
        return [
            (str(week), self.as_of if age is None else min(self.as_of, week.ended_at + age))
            for week in self.touched_weeks
        ]

    def total(self, fact: str, looks: Sequence[Look], where: Where = ()) -> pd.DataFrame:
        """Add a fact up by week.

        Parameters
        ----------
        fact : str
        looks : sequence of (str, datetime)
            As `looks` gives them.
        where : tuple of (str, str)
            Dimensions and their values: only these rows. It is added up anew each time.

        Returns
        -------
        DataFrame
            dimension and segment (both empty), week, seen_at, bins or strata, and measures; no row where
            there is nothing.
        """
        return self.parts(fact, looks, TOTAL, where)

    def parts(self, fact: str, looks: Sequence[Look], by: str, where: Where = ()) -> pd.DataFrame:
        """Add a fact up by week and a dimension, in the form of `total`."""
        if where:
            return self._added(fact, looks, (by,), where)
        return self.add_up(fact, looks, (by,)).at(looks, by)

    def add_up(
        self, fact: str, looks: Sequence[Look], by: Sequence[str], beside: Sequence[str] = ()
    ) -> Cells:
        """Add a fact up by several dimensions in one go, as far as that was not done before.

        Dimensions ``beside`` are those that `joint` will be asked for: its rows are not read again then.
        """
        if fact not in self._cells:
            self._cells[fact] = self._kept(fact)
        cells = self._cells[fact]
        lacking = cells.lacking(looks, by)
        if lacking:
            self._over(fact).asked(fact, fact_sql(fact), lacking, {*by, *beside} - {TOTAL})
            cells.add(self._added(fact, lacking, by), lacking, by)
        cells.ask(looks, by, self.as_of)
        if lacking:
            cells.write(self._path(fact), self._about(fact, fact_tables(fact)))
        return cells

    def at(self, as_of: dt.datetime) -> Cube:
        """Give the facts as known at another moment, over what was laid out and added up for this one."""
        other = Cube(self.ledger, self.settings, as_of, self.extent)
        # A look says when it is looked at, so what was added up of it serves any moment.
        other._ground, other._laid_out, other._grids = self._ground, self._laid_out, self._grids
        other._cells = self._cells
        other._made = self._made
        return other

    def lay_out(self, fact: str, looks: Sequence[Look], by: Sequence[str]) -> None:
        """Add a fact up by dimensions together, so that whatever is asked of them reads no rows again."""
        self._finest(fact, looks, by, ())

    def break_off(self) -> None:
        """Stop what another thread is adding up: it raises `duckdb.InterruptException`, and is as before."""
        self._ground.interrupt()

    def joint(self, fact: str, looks: Sequence[Look], by: Sequence[str], where: Where = ()) -> pd.DataFrame:
        """Add a fact up by week and several dimensions together; it is added up anew each time.

        Returns
        -------
        DataFrame
            week, seen_at, the dimensions (without a value: ``""``), bins or strata, and measures.
        """
        return self._grouped(fact, self._finest(fact, looks, by, where), by)

    def daily(self, fact: str, first_day: dt.date, last_day: dt.date) -> pd.DataFrame:
        """Add a fact up by day, each as known now, in the form of `joint`; ``week`` is the day, as text."""
        rows = self._over(fact).daily(fact, fact_sql(fact), first_day, last_day, self.as_of)
        return self._grouped(fact, rows)

    def _finest(self, fact: str, looks: Sequence[Look], by: Sequence[str], where: Where) -> str:
        """Give a SELECT of cells by these dimensions, or finer ones, of these looks, narrowed to values."""
        names = {*by, *(name for name, _ in where)} - {TOTAL}
        return _only(self._over(fact).asked(fact, fact_sql(fact), looks, names), where)

    def _grouped(self, fact: str, rows: str, by: Sequence[str] = ()) -> pd.DataFrame:
        columns = columns_of(fact)
        named = [f"coalesce(CAST({identifier(name)} AS VARCHAR), '') AS {identifier(name)}" for name in by]
        keys = LOOK + named + strata(columns)
        sums = [f"CAST(coalesce(sum({name}), 0) AS BIGINT) AS {name}" for name in columns if is_measure(name)]
        return self._ground.execute(
            f"SELECT {', '.join(keys + sums)} FROM ({rows}) GROUP BY ALL ORDER BY ALL"
        ).df()

    def remembered(
        self,
        name: str,
        about: Sequence[str],
        make: Callable[[], pd.DataFrame],
        tables: Collection[str] | None = None,
    ) -> pd.DataFrame:
        """Read a frame that was made before of the same data, moment, rules and code, or make and keep it.

        Tables are those that it is made of; None: perhaps of all.
        """
        data = [self.ledger.state] if tables is None else [str(self.span), *self._made_of(tables)]
        rules, engine = repr(self.settings.rules), repr(self.settings.connection)
        known = [*data, self.as_of.isoformat(), rules, engine, *about, _code()]
        path = self._folder / f"{name}-{fingerprint(known)}.parquet"
        if path not in self._frames:
            self._frames[path] = kept_frame(path, make)
        return self._frames[path].copy(deep=False)

    @property
    def _folder(self) -> Path:
        return self.settings.data / "cube"

    @cached_property
    def _ground(self) -> duckdb.DuckDBPyConnection:
        return open_tables(self.ledger)

    @cached_property
    def _arrivals(self) -> Arrivals:
        return Arrivals(self.ledger, lambda: self.extent, lambda: self._ground)

    @cached_property
    def _laid_out(self) -> set[str]:
        """Names of what lies beside the clean tables: working days of a dozen countries take a while."""
        return set()

    @cached_property
    def _grids(self) -> Grids:
        if self.settings.connection.is_here:
            return Grids(self._ground)
        self._lay_out_beside(REFERENCES)  # all are copied
        tables = sorted(set(self.ledger.files["table"]))
        return Grids(self._ground, Warehouse(self.settings, self._ground, self.ledger.state, tables))

    def _over(self, fact: str) -> Grids:
        """Give the grids, once what the fact reads beside the clean tables is laid out."""
        self._lay_out_beside(REFERENCES & fact_tables(fact))
        return self._grids

    def _lay_out_beside(self, wanted: Collection[str]) -> None:
        lacking = set(wanted) - self._laid_out
        # Whether days are over is asked of the moment that is looked at, however long after the last row.
        last_day = max(self.span.last_day, self.ledger.as_of.date())
        rules, zones = self.settings.rules, self.extent.zones
        set_references(self._ground, rules, self.span.first_day, last_day, zones, lacking)
        self._laid_out.update(lacking)

    def _added(self, fact: str, looks: Sequence[Look], by: Sequence[str], where: Where = ()) -> pd.DataFrame:
        """Add up: the total and each dimension, as often as there are dimensions over few cells."""
        cells, columns = self._finest(fact, looks, by, where), columns_of(fact)
        keys = ", ".join(LOOK + strata(columns))
        measures = [name for name in columns if is_measure(name)]
        names = {name: identifier(name) for name in by if name != TOTAL}
        # Without a measure in any of its rows a part counts 0, as it does in the total.
        counts = ", ".join(f"CAST(coalesce(sum({name}), 0) AS BIGINT) AS {name}" for name in measures)
        sets = [f"({keys}, {name})" for name in names.values()] + [f"({keys})"] * (TOTAL in by)
        which = "".join(f"WHEN grouping({name}) = 0 THEN {literal(key)} " for key, name in names.items())
        return self._ground.execute(
            f"SELECT {f'CASE {which} ELSE {literal(TOTAL)} END' if which else literal(TOTAL)} AS dimension, "
            f"coalesce({', '.join([*names.values(), literal(TOTAL)])}) AS segment, {keys}, {counts} "
            f"FROM ({cells}) GROUP BY GROUPING SETS ({', '.join(sets)}) ORDER BY ALL"
        ).df()

    def _path(self, fact: str) -> Path:
        return self._folder / f"{fact}.parquet"

    @cached_property
    def _sources(self) -> dict[str, list[str]]:
        """Fingerprints of what the rows of each table are read by."""
        found: dict[str, list[str]] = {}
        loaded = set(self.ledger.files["source"])
        for source in (one for one in read_sources(self.settings) if one.name in loaded):
            found.setdefault(source.table.name, []).extend(source_parts(self.settings, source))
        return found

    def _files(self, tables: Collection[str]) -> list[str]:
        return sorted(named(self.ledger)[self.ledger.files["table"].isin(tables)])

    def _read_by(self, tables: Collection[str]) -> list[str]:
        return [part for table in sorted(self._sources.keys() & tables) for part in self._sources[table]]

    def _made_of(self, tables: Collection[str]) -> list[str]:
        """Fingerprint all that the rows of tables depend on."""
        return [*self._files(tables), *self._read_by(tables)]

    def _about(self, name: str, tables: Collection[str]) -> dict[str, Any]:
        """List what is made from tables depends on."""
        key = (name, *sorted(tables))
        if key not in self._made:
            engine = repr(self.settings.connection)
            made = [name, repr(self.settings.rules), engine, _code(), *self._read_by(tables)]
            self._made[key] = {"made": fingerprint(made), "files": self._files(tables)}
        return self._made[key]

    def _kept(self, fact: str) -> Cells:
        """Read what still holds of what was added up before."""
        cells, about = read_cells(self._path(fact))
        now = self._about(fact, fact_tables(fact))
        if about.get("made") != now["made"] or not set(about["files"]) <= set(now["files"]):
            return Cells()
        new = set(now["files"]) - set(about["files"])
        return cells.before(*self._arrivals.changed_from(fact, new)) if new else cells


@cache
def _code() -> str:
    """Fingerprint all that reads, adds up and judges."""
    here = Path(__file__).parent
    modules = sorted([*here.rglob("*.py"), *here.rglob("*.sql")])
    return fingerprint(path.read_bytes().decode() for path in modules)


def _only(select: str, where: Where) -> str:
    """Narrow a SELECT down to some values."""
    if not where:
        return select
    tests = (f"coalesce({identifier(name)}, '') = {literal(value)}" for name, value in where)
    return f"SELECT * FROM ({select}) WHERE {' AND '.join(tests)}"
