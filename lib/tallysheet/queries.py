"""SQL that a person types: the tables there are to ask, laid out as they are named, and what is refused.

``shipments`` and the other clean tables hold what was loaded, ``facts.shipments`` and the like the rows that
KPIs count, ``cube.shipments`` these added up by week and part. ``SELECT * FROM tables`` lists all,
``SELECT * FROM columns`` says what the columns of clean tables mean, ``DESCRIBE facts.costs`` lists any's.
``quarantine`` and ``ledger`` tell of the load. What was replaced later stands in ``versions.shipments``.

It guards against accidents: the Python beside it is free.
"""

from __future__ import annotations

import datetime as dt
import re
import warnings
from collections.abc import Sequence
from functools import cached_property
from itertools import takewhile

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from tallysheet import schema
from tallysheet.engine import close_to_outside, connect, fact_sql, first_line, identifier
from tallysheet.errors import DataError, check_type, closest, nearest
from tallysheet.facts import (
    Zone,
    columns_of,
    known_rows,
    missing_tables,
    set_references,
    show_table,
    tables_of,
)
from tallysheet.ledger import Ledger
from tallysheet.settings import Rules
from tallysheet.weeks import IsoWeek, calendar

MOST_ROWS = 1_048_575
"""Rows that a result has at most unless more are asked for: as a sheet of Excel holds below its header."""

_LAID = re.compile(r'"?\b(facts|cube)"?\s*\.\s*"?(\w+)', re.IGNORECASE)
_MEMORY = "2GB"
_NAMED = {"table": "table_name", "column": "column_name"}
"""Names that SQL would want in quotes."""
_GROUND = {
    "calendar": "one day, and the ISO week that it belongs to",
    "tables": "one table of this list",
    "columns": "one column of a table",
    "ledger": "one file that was loaded: rows in = good + quarantined + duplicates",
    "quarantine": "one cell that was refused, and why; it may have cost its row",
}


class ResultCut(UserWarning):
    """A result has more rows than were asked for; those beyond are not in it."""


class Queries:
    """What a person may ask of a workbook as known at a moment, over a connection that is shut to all else.

    Nothing is copied: a table is read where it lies when a SELECT names it, its columns and rows alone.

    Parameters
    ----------
    ledger : Ledger
    rules : Rules
    weeks : sequence of IsoWeek
        Those of facts and cube.
    as_of : datetime
        UTC.
    zones : sequence of (str, str or None)
        Countries and their time zones.
    """

    def __init__(
        self,
        ledger: Ledger,
        rules: Rules,
        weeks: Sequence[IsoWeek],
        as_of: dt.datetime,
        zones: Sequence[Zone],
    ) -> None:
        self._ledger, self._rules, self._weeks, self._as_of = ledger, rules, weeks, as_of
        self._zones = zones
        self._lacking = missing_tables(ledger)
        self._laid: set[tuple[str, str]] = set()

    def ask(self, sql: str, most: int | None = MOST_ROWS) -> pd.DataFrame:
        """Run one SELECT; a result with more rows than ``most`` is cut with a warning, and says so in attrs.

        Raises
        ------
        DataError
            Not one SELECT, or one that cannot be run: it names the nearest table or column.
        """
        check_type("sql", sql, str, "one SELECT")
        check_type("sql most", most, (int, type(None)), "a number of rows, or None")
        if most is not None and most < 1:
            raise DataError("sql most", "1 row or more, or None", str(most), "None cuts nothing.")
        connection = self._connection
        try:
            statement = _one_select(connection, sql)
            for kind, fact in _LAID.findall(sql):
                self._lay_out(kind.lower(), fact.lower())
            return _rows(connection.execute(statement), most)
        except duckdb.Error as error:
            raise self._told(error, sql) from None

    @cached_property
    def tables(self) -> pd.DataFrame:
        """All there is to ask.

        Returns
        -------
        DataFrame
            name, kind (``clean``, ``fact``, ``cube`` or ``other``) and one_row: what a row is.
        """
        clean = [(name, "clean", schema.table(name).grain) for name in tables_of(self._ledger)]
        facts = [(fact, _grain(fact)) for fact, lacking in self._lacking.items() if not lacking]
        rows = [
            *clean,
            *((f"facts.{fact}", "fact", grain) for fact, grain in facts),
            *((f"cube.{fact}", "cube", f"facts.{fact} added up by week and dimensions") for fact, _ in facts),
            *((name, "other", grain) for name, grain in _GROUND.items()),
        ]
        return pd.DataFrame(rows, columns=["name", "kind", "one_row"])

    @cached_property
    def columns(self) -> pd.DataFrame:
        """The columns of the clean tables.

        Returns
        -------
        DataFrame
            table_name, column_name, type, unit and meaning.
        """
        rows = [
            (name, one.name, one.type, one.unit, one.meaning)
            for name in tables_of(self._ledger)
            for one in schema.table(name).columns
            if one.personal != "drop"
        ]
        return pd.DataFrame(rows, columns=["table_name", "column_name", "type", "unit", "meaning"])

    @cached_property
    def _connection(self) -> duckdb.DuckDBPyConnection:
        connection = connect()
        connection.execute(f"SET memory_limit = '{_MEMORY}'; CREATE SCHEMA versions")
        connection.execute("CREATE SCHEMA facts; CREATE SCHEMA cube")
        for name in tables_of(self._ledger):
            # Arrow reads the files: DuckDB itself is not to open any.
            connection.register(f"files_of_{name}", _files(self._ledger, name))
            show_table(connection, self._ledger, name, f"versions.{name}", reader=f"files_of_{name}")
            known = known_rows(schema.table(name), f"versions.{name}", self._as_of, self._ledger.as_of)
            connection.execute(f"CREATE VIEW {name} AS {known}")
        days = calendar(*self._days(520, 52)).astype({"day": "datetime64[us]"})
        _keep(connection, "main.calendar", days, "CAST(day AS DATE) AS day, week")
        _keep(connection, "tables", self.tables)
        _keep(connection, "columns", self.columns)
        _keep(connection, "ledger", self._ledger.files.rename(columns=_NAMED))
        _keep(connection, "quarantine", quarantined(self._ledger))
        close_to_outside(connection)
        return connection

    def _days(self, before: int, after: int) -> tuple[dt.date, dt.date]:
        known = IsoWeek.of(self._as_of.date())
        return known.shift(-before).monday, known.shift(after).sunday

    def _lay_references(self) -> None:
        """Lay out what facts read beside the clean tables."""
        first, last = self._weeks[0].monday, self._weeks[-1].sunday
        known = max(last, self._as_of.date())
        set_references(self._connection, self._rules, first, known, self._zones)
        days = calendar(first, last).astype({"day": "datetime64[us]"}).assign(seen_at=self._as_of)
        kinds = "CAST(day AS DATE) AS day, week, CAST(seen_at AS TIMESTAMP) AS seen_at"
        _keep(self._connection, "versions.calendar", days, kinds)

    def _lay_out(self, kind: str, fact: str) -> None:
        """Make the view of a fact, or of its cube; of one that cannot be made say why."""
        if (kind, fact) in self._laid:
            return
        if fact not in self._lacking:
            known = [f"{kind}.{name}" for name, lacking in self._lacking.items() if not lacking]
            advice = nearest(f"{kind}.{fact}", known)
            raise DataError("sql", f"a table of {kind}", f"{kind}.{fact}", advice)
        if lacking := self._lacking[fact]:
            raise DataError(
                f"sql, {kind}.{fact}", f"extracts of {', '.join(lacking)}", "none", "Load them first."
            )
        if kind == "cube":
            self._lay_out("facts", fact)
            select = _added_up(fact)
        else:
            if not self._laid:
                self._lay_references()
            # Names in a view are looked for beside it first: a fact reads all versions of a table.
            self._connection.execute(f"CREATE VIEW versions.fact_{fact} AS {fact_sql(fact)}")
            select = f"SELECT * EXCLUDE (seen_at) FROM versions.fact_{fact}"
        self._connection.execute(f"CREATE VIEW {kind}.{fact} AS {select}")
        self._laid.add((kind, fact))

    def _told(self, error: duckdb.Error, sql: str) -> DataError:
        """Say what DuckDB says as the other errors do: what was expected, what was found, what to do."""
        text = first_line(error)
        if named := re.search(r'Cannot access (?:file|directory) "([^"]*)"', text):
            return _outside(named[1])
        if table := re.search(r'(?:Table|View) with name "?([^"]*?)"? does not exist', text):
            if re.search(r"[./\\]", table[1]):
                return _outside(table[1])
            return DataError("sql", "a table of this workbook", table[1], self._near_table(table[1]))
        if column := re.search(r'column "([^"]+)" not found|column named "([^"]+)"', text):
            name = column[1] or column[2]
            advice = _near_column(name, text, [*self._columns_of_facts(sql), *self.columns["column_name"]])
            return DataError("sql", "a column of the tables that it names", name, advice)
        return DataError("sql", "a SELECT that DuckDB can run", text, "Correct the SELECT.")

    def _columns_of_facts(self, sql: str) -> list[str]:
        facts = dict.fromkeys(fact.lower() for _, fact in _LAID.findall(sql))
        return [column for fact in facts if fact in self._lacking for column in columns_of(fact)]

    def _near_table(self, name: str) -> str:
        names = [str(one) for one in self.tables["name"]]
        if f"facts.{name}" in names:
            return f"Did you mean 'facts.{name}'?"
        if name in schema.TABLES:
            return "No extract of it was loaded: see tallysheet doctor."
        clean = [one for one in names if "." not in one]
        return nearest(name, clean) + " SELECT * FROM tables lists all."


def _near_column(name: str, text: str, others: Sequence[str]) -> str:
    """Advise on an unknown column: the one that is spelled most like it, else where to look."""
    candidates = re.findall(r'"([^"]+)"', text.partition("Candidate bindings:")[2])
    bare = [candidate.rpartition(".")[2] for candidate in candidates]
    like = closest(name, [*bare, *others])
    if like:
        return f"Did you mean {like!r}?"
    there = f"There are {', '.join(bare)} and others. " if bare else ""
    return f"{there}DESCRIBE with the name of a table lists its columns."


def _grain(fact: str) -> str:
    """Read what a row of a fact is off the first sentence of its SELECT's comment."""
    comment = " ".join(line.strip("- ") for line in takewhile(_is_comment, fact_sql(fact).splitlines()))
    return re.split(r"(?<=[.?]) ", comment.removeprefix("One row "))[0].removesuffix(".")


def _is_comment(line: str) -> bool:
    return line.startswith("--")


def _added_up(fact: str) -> str:
    """Add a fact up by week, all its dimensions and bins."""
    keys = ["week"]
    sums = []
    for name in columns_of(fact):
        if name.endswith(("_n", "_cents")):
            sums.append(f"CAST(sum({identifier(name)}) AS BIGINT) AS {identifier(name)}")
        elif name not in ("week", "seen_at"):
            keys.append(identifier(name))
    return f"SELECT {', '.join(keys + sums)} FROM facts.{fact} GROUP BY ALL"


def _one_select(connection: duckdb.DuckDBPyConnection, sql: str) -> duckdb.Statement:
    statements = connection.extract_statements(sql)
    kinds = [str(one.type).rpartition(".")[2] for one in statements]
    if kinds == ["SELECT"]:
        return statements[0]
    found = " and ".join(kinds) if len(kinds) == 1 else f"{len(kinds)} statements"
    advice = "Nothing is written, set, attached or installed by SQL here: write one SELECT."
    raise DataError("sql", "one SELECT", found, advice)


def _outside(name: str) -> DataError:
    advice = (
        "SQL here reads the workbook's tables alone. Load a file of yours with tallysheet sources --suggest "
        "FILE --write, or read it in Python with ts.read_text_table."
    )
    return DataError("sql", "a table of this workbook", f"what lies outside it, {name}", advice)


def _rows(found: duckdb.DuckDBPyConnection, most: int | None) -> pd.DataFrame:
    """Take rows up to a limit; of more than that tell."""
    if most is None:
        return found.df()
    chunks, taken = [], 0
    while taken <= most and len(chunk := found.fetch_df_chunk(50)):
        chunks.append(chunk)
        taken += len(chunk)
    rows = pd.concat(chunks, ignore_index=True) if chunks else found.df()
    if taken <= most:
        return rows
    first = rows.head(most)
    first.attrs["notice"] = (
        f"Cut: these are the first {most:,} rows, and there are more. most=None gives all."
    )
    warnings.warn(first.attrs["notice"], ResultCut, stacklevel=4)
    return first


def _files(ledger: Ledger, name: str) -> ds.Dataset:
    paths = [str(path) for path in sorted((ledger.folder / name).rglob("*.parquet"))]
    columns = pa.unify_schemas([pq.read_schema(path) for path in paths])
    return ds.dataset(paths, schema=columns, format="parquet")


def quarantined(ledger: Ledger) -> pd.DataFrame:
    """Give the cells that were refused.

    Returns
    -------
    DataFrame
        table_name, source, file, line, column_name, value (as it was written), reason, message (what was
        expected) and row_kept (whether its row counts all the same).
    """
    folder = ledger.folder.parents[1] / "quarantine" / ledger.state
    tables = dict(zip(ledger.files["source"], ledger.files["table"], strict=True))
    found = [
        pd.read_parquet(path).assign(source=path.stem, table_name=tables[path.stem])
        for path in sorted(folder.glob("*.parquet"))
        if path.stem in tables
    ]
    names = ["table_name", "source", "file", "line", "column_name", "value", "reason", "message", "row_kept"]
    if not found:
        return pd.DataFrame(columns=names)
    return pd.concat(found, ignore_index=True).rename(columns=_NAMED)[names]


def _keep(connection: duckdb.DuckDBPyConnection, name: str, rows: pd.DataFrame, select: str = "*") -> None:
    connection.register("arriving", rows)
    connection.execute(f"CREATE TABLE {name} AS SELECT {select} FROM arriving")
    connection.unregister("arriving")
