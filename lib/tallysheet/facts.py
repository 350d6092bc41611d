"""The ground of the facts: clean tables with all their versions, the calendar with its looks, the rules."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Sequence
from functools import cache, lru_cache

import duckdb
import pandas as pd

from tallysheet import schema
from tallysheet.engine import NEVER, connect, fact_columns, fact_names, fact_sql, literal, tables_in
from tallysheet.ledger import Ledger
from tallysheet.settings import Rules
from tallysheet.weeks import IsoWeek, calendar, utc_offsets, workdays

_MARGIN = dt.timedelta(days=120)
"""Working days are known so long before and after the weeks in the data."""
_NO_ROWS = "(SELECT CAST(NULL AS TIMESTAMP) AS loaded_at, loaded_at AS replaced_at WHERE false)"
Zone = tuple[str, str | None]
"""A country, and a time zone of it."""

REFERENCES = frozenset({"rules", "euro_rates", "workdays"})
"""What facts read beside the clean tables and the calendar."""

_OF_CASES_AND_CLAIMS = (
    *("return_cycle", "return_labels", "trade_in_cycle", "trade_in_offers", "graded_trade_ins"),
    *("claim_outcomes", "claim_decisions", "claim_submissions", "open_claims"),
)
SPARED: dict[str, frozenset[str]] = {
    "transits": frozenset({"orders"}),
    "first_scans": frozenset({"claims"}),
    "deliveries": frozenset({"orders"}),
    "delivered_orders": frozenset({"orders"}),
    "costs": frozenset({"contract_rates", "contract_terms"}),
    **dict.fromkeys(_OF_CASES_AND_CLAIMS, frozenset({"shipments"})),
}
"""Tables without which a fact still tells something: the KPIs that do need them say so (`Kpi.needs`)."""


def tables_of(ledger: Ledger) -> list[str]:
    """List the tables that were loaded; those that lie in a warehouse alone are not among them."""
    return sorted(set(ledger.files["table"]) - set(ledger.elsewhere))


@cache
def fact_tables(fact: str) -> frozenset[str]:
    """List the tables that a fact reads; its SELECT is looked through once."""
    return tables_in(fact_sql(fact))


@cache
def columns_of(fact: str) -> tuple[str, ...]:
    """List the columns of a fact; its SELECT is parsed once."""
    return tuple(fact_columns(fact))


def missing_tables(ledger: Ledger) -> dict[str, list[str]]:
    """Give the tables that each fact lacks."""
    grounds = {"calendar", *REFERENCES, *ledger.files["table"]}
    return {name: sorted(fact_tables(name) - grounds) for name in fact_names()}


def missing_for_all(ledger: Ledger) -> dict[str, list[str]]:
    """Give the tables that each fact lacks and without which it tells nothing: it is switched off."""
    return {
        name: sorted(set(lacking) - SPARED.get(name, set()))
        for name, lacking in missing_tables(ledger).items()
    }


def show_table(
    connection: duckdb.DuckDBPyConnection, ledger: Ledger, table: str, view: str = "", *, reader: str = ""
) -> None:
    """Make a view of a clean table: its columns, also those that no extract has, and its versions.

    One of which there is no extract at all is empty.

    Of a row with several versions each counts from ``known_at`` until before ``replaced_at``. It is read
    from ``reader``, by default from its Parquet files.
    """
    # Named one by one, as a pattern is looked for anew by each SELECT; by name also where all have the same
    # columns: so DuckDB reads how many rows each has, without which it joins in a ruinous order.
    files = ", ".join(literal(str(path)) for path in sorted((ledger.folder / table).rglob("*.parquet")))
    read = f"read_parquet([{files}], union_by_name = true, hive_partitioning = false)" if files else _NO_ROWS
    reader = reader or read
    found = {row[0] for row in connection.execute(f"DESCRIBE SELECT * FROM {reader}").fetchall()}
    shown = [
        column.name if column.name in found else f"CAST(NULL AS {column.type}) AS {column.name}"
        for column in schema.table(table).columns
        if column.personal != "drop"
    ]
    ends = f"coalesce(replaced_at, TIMESTAMP '{NEVER}') AS replaced_at"
    connection.execute(
        f"CREATE VIEW {view or table} AS SELECT {', '.join(shown)}, loaded_at, {ends} FROM {reader}"
    )


def show_known(
    connection: duckdb.DuckDBPyConnection, ledger: Ledger, as_of: dt.datetime, tables: Sequence[str]
) -> None:
    """Show clean tables as they were known at a moment in a connection."""
    for name in tables:
        show_table(connection, ledger, name, view=f"all_{name}")
        known = known_rows(schema.table(name), f"all_{name}", as_of, ledger.as_of)
        connection.execute(f"CREATE VIEW {name} AS {known}")


def show_calendar(connection: duckdb.DuckDBPyConnection, as_of: dt.datetime) -> None:
    """Lay out the days of the ten years before a moment and of the one after it."""
    days = _days(*_span([str(IsoWeek.of(as_of.date()).shift(weeks)) for weeks in (-520, 52)]))
    _create(connection, "calendar", days)


def known_rows(table: schema.Table, versions: str, as_of: dt.datetime, newest: dt.datetime) -> str:
    """Write the SELECT of a table's rows as they were known at a moment.

    Times after the moment are empty, but for planned ones; so is what came with such a time.

    Parameters
    ----------
    table : Table
    versions : str
        The view of all its versions.
    as_of, newest : datetime
        The moment, and that of the newest extract, UTC.
    """
    moment = f"TIMESTAMP {literal(as_of.isoformat(sep=' '))}"
    late = ", ".join(
        f"CASE WHEN {column.since or column.name} <= {moment} THEN {column.name} END AS {column.name}"
        for column in table.columns
        if column.since or (column.type == "TIMESTAMP" and not column.is_planned)
    )
    # Nothing is later than the newest extract but what was planned.
    hidden = f" REPLACE ({late})" if late and as_of < newest else ""
    return (
        f"SELECT * EXCLUDE (replaced_at){hidden} FROM {versions} "
        f"WHERE known_at <= {moment} AND replaced_at > {moment}"
    )


def open_tables(ledger: Ledger) -> duckdb.DuckDBPyConnection:
    """Open a connection with the clean tables, with all versions of their rows: the ground of the facts.

    `set_references` lays out what facts read beside them, `set_looks` the calendar.
    """
    connection = connect()
    # A fact reads hundreds of files, of which most are the next one's too; clean files never change.
    connection.execute("SET preserve_insertion_order = false; SET parquet_metadata_cache = true")
    # What is in memory needs no checkpoint, and one cannot be broken off: whoever asks would wait for it.
    connection.execute("SET checkpoint_threshold = '1TB'")
    spared = {table for tables in SPARED.values() for table in tables}
    for table in sorted(spared.union(tables_of(ledger)) - set(ledger.elsewhere)):
        show_table(connection, ledger, table)
    return connection


def set_references(
    connection: duckdb.DuckDBPyConnection,
    rules: Rules,
    first_day: dt.date,
    last_day: dt.date,
    zones: Sequence[Zone],
    wanted: Collection[str] = REFERENCES,
) -> None:
    """Lay out what facts read beside the clean tables, or the wanted ones of it.

    ``rules``: one row. ``euro_rates``: currency, euro_rate (units for one euro). ``workdays``: country,
    day, number (of working days up to and with it), is_workday, utc_offset (what a moment of that day,
    UTC, is to be moved by to fall on the local day).
    """
    made: dict[str, Callable[[], pd.DataFrame]] = {
        "rules": lambda: pd.DataFrame([rules.as_row()]),
        "euro_rates": lambda: pd.DataFrame(rules.euro_rates.items(), columns=["currency", "euro_rate"]),
        "workdays": lambda: _workdays(tuple(zones), first_day - _MARGIN, last_day + _MARGIN),
    }
    for name in sorted(wanted):
        _create(connection, name, made[name]())


def set_looks(connection: duckdb.DuckDBPyConnection, looks: Sequence[tuple[str, dt.datetime]]) -> None:
    """Lay out ``calendar``: day, week and seen_at, one row a day of each look's week.

    Parameters
    ----------
    looks : sequence of (str, datetime)
        Weeks and the moments at which they are looked at; what became known later does not count. A week
        may be looked at several times.
    """
    days = _days(*_span([week for week, _ in looks]))
    _create(connection, "calendar", days.merge(pd.DataFrame(looks, columns=["week", "seen_at"]), on="week"))


def set_asked(connection: duckdb.DuckDBPyConnection, looks: Sequence[tuple[str, dt.datetime]]) -> None:
    """Lay out ``asked``: week and seen_at of looks."""
    weeks, moments = [week for week, _ in looks], [seen_at for _, seen_at in looks]
    connection.execute(
        "CREATE OR REPLACE TABLE asked AS SELECT unnest(?) AS week, unnest(?) AS seen_at", [weeks, moments]
    )


def set_days(
    connection: duckdb.DuckDBPyConnection, first_day: dt.date, last_day: dt.date, seen_at: dt.datetime
) -> None:
    """Lay out ``calendar`` for facts by day: each day's name, such as 2026-06-01, stands for its week."""
    days = calendar(first_day, last_day)
    _create(connection, "calendar", days.assign(week=days["day"].astype(str), seen_at=seen_at))


@lru_cache(maxsize=8)
def _days(first_day: dt.date, last_day: dt.date) -> pd.DataFrame:
    """Lay out days once: facts are asked for of the same weeks one after the other."""
    return calendar(first_day, last_day)


def _span(weeks: Sequence[str]) -> tuple[dt.date, dt.date]:
    return IsoWeek.parse(min(weeks)).monday, IsoWeek.parse(max(weeks)).sunday


def _create(connection: duckdb.DuckDBPyConnection, name: str, rows: pd.DataFrame) -> None:
    # So that days can be added to dates; of what has no rows pandas knows no types.
    kinds = {"int64": "INTEGER", "day": "DATE", "seen_at": "TIMESTAMP", "utc_offset": "INTERVAL"}
    kinds |= {"number": "INTEGER", "is_workday": "BOOLEAN", "country": "VARCHAR"}
    casts = {name: kinds.get(str(name)) or kinds.get(str(rows.dtypes[name])) for name in rows.columns}
    columns = ", ".join(
        f"CAST({name} AS {kind}) AS {name}" if kind else str(name) for name, kind in casts.items()
    )
    connection.register("arriving", rows)
    connection.execute(f"CREATE OR REPLACE TABLE {name} AS SELECT {columns} FROM arriving")
    connection.unregister("arriving")


@lru_cache(maxsize=2)
def _workdays(zones: tuple[Zone, ...], first: dt.date, last: dt.date) -> pd.DataFrame:
    """Lay out working days once: each list of a page asks for the same."""
    rows = [
        workdays(country, first, last).assign(country=country, utc_offset=utc_offsets(zone, first, last))
        for country, zone in zones
    ]
    columns = ["country", "day", "number", "is_workday", "utc_offset"]
    return pd.concat(rows)[columns] if rows else pd.DataFrame(columns=columns)
