"""The cube: facts added up by week and dimension, as they were known at a moment."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import duckdb
import pandas as pd

from tallysheet import schema
from tallysheet.engine import connect, fact_names, fact_sql, literal
from tallysheet.errors import DataError
from tallysheet.ledger import Ledger
from tallysheet.weeks import IsoWeek, calendar, complete_weeks, weeks_between


@dataclass(frozen=True)
class Cube:
    """Facts added up.

    Parameters
    ----------
    cells : dict of str to DataFrame
        One frame a fact: ``week``, dimensions, integer measures (names end in ``_n``).
    first_day, last_day : datetime.date
        Days that the data covers wholly, as known at ``as_of``.
    as_of : datetime
    """

    cells: dict[str, pd.DataFrame]
    first_day: dt.date
    last_day: dt.date
    as_of: dt.datetime

    @property
    def weeks(self) -> list[IsoWeek]:
        """Weeks that the data covers wholly."""
        return complete_weeks(self.first_day, self.last_day)

    @property
    def touched_weeks(self) -> list[IsoWeek]:
        """Weeks that the data covers at least in part."""
        return weeks_between(IsoWeek.of(self.first_day), IsoWeek.of(self.last_day))


def open_tables(ledger: Ledger, as_of: dt.datetime) -> duckdb.DuckDBPyConnection:
    """Open a connection whose views show the clean tables as known at a moment, and the calendar.

    Raises
    ------
    DataError
        Nothing was known then.
    """
    connection = connect()
    for table in sorted(set(ledger.files["table"])):
        files = literal(str(ledger.folder / table / "**" / "*.parquet"))
        moment = f"TIMESTAMP {literal(as_of.isoformat(sep=' '))}"
        reader = f"read_parquet({files}, union_by_name = true, hive_partitioning = false)"
        found = {row[0] for row in connection.execute(f"DESCRIBE SELECT * FROM {reader}").fetchall()}
        # A column that no extract has is there all the same, empty.
        shown = ", ".join(
            column.name if column.name in found else f"CAST(NULL AS {column.type}) AS {column.name}"
            for column in schema.table(table).columns
            if column.personal != "drop"
        )
        connection.execute(
            f"CREATE VIEW {table} AS SELECT {shown}, loaded_at FROM {reader} "
            f"WHERE known_at <= {moment} AND (replaced_at IS NULL OR replaced_at > {moment})"
        )
    connection.register("calendar_days", calendar(*_days(connection, as_of)))
    connection.execute("CREATE TABLE calendar AS SELECT CAST(day AS DATE) AS day, week FROM calendar_days")
    connection.unregister("calendar_days")
    return connection


def _days(connection: duckdb.DuckDBPyConnection, as_of: dt.datetime) -> tuple[dt.date, dt.date]:
    first, last = connection.execute(
        "SELECT min(promised_date), max(promised_date) FROM shipments"
    ).fetchall()[0]
    if first is None:
        raise DataError("as of", "a moment with data", as_of.isoformat(sep=" "), "Choose a later moment.")
    return first, last


def build_cube(connection: duckdb.DuckDBPyConnection, as_of: dt.datetime) -> Cube:
    """Add the facts up: one GROUP BY over each fact's SELECT, measures are the columns ending in _n."""
    cells = {}
    for fact in fact_names():
        select = fact_sql(fact)
        columns = [row[0] for row in connection.execute(f"DESCRIBE {select}").fetchall()]
        measures = [f"CAST(sum({name}) AS BIGINT) AS {name}" for name in columns if name.endswith("_n")]
        dimensions = [name for name in columns if not name.endswith("_n")]
        cells[fact] = connection.execute(
            f"SELECT {', '.join(dimensions + measures)} FROM ({select}) GROUP BY ALL ORDER BY ALL"
        ).df()
    first, last = _days(connection, as_of)
    yesterday = as_of.date() - dt.timedelta(days=1)
    return Cube(cells, first, min(last, yesterday), as_of)
