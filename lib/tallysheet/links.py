"""What rows of one table name those of another by; where nothing meets, KPIs would count none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import duckdb

from tallysheet.engine import connect, literal
from tallysheet.kpis import NEEDED_COLUMNS
from tallysheet.look_alikes import plain
from tallysheet.note import Named, Note
from tallysheet.sources import Source

_FEW = 1_000
_OF_PARCELS = ("tracking_events", "carrier_invoice_lines")
"""Tables whose rows find their parcels by carrier and number."""


def both(columns: str) -> tuple[str, str]:
    """Part a pair of columns as `Kpi.needs` has them; the second is empty where there is one alone.

    Examples
    --------
    >>> both("claims.shipment_id = shipments.shipment_id"), both("claims.paid_at")
    (('claims.shipment_id', 'shipments.shipment_id'), ('claims.paid_at', ''))
    """
    column, _, other = columns.partition(" = ")
    return column, other


def either(columns: str) -> list[str]:
    """Part columns of which one is enough.

    Examples
    --------
    >>> either("claims.docs_complete_at or claims.decision"), either("claims.paid_at")
    (['claims.docs_complete_at', 'claims.decision'], ['claims.paid_at'])
    """
    return columns.split(" or ")


def tables_named(columns: str) -> set[str]:
    """Name the tables of a column, a pair, or columns of which one is enough."""
    return {_table(column) for side in both(columns) if side for column in either(side)}


def share_numbers(connection: duckdb.DuckDBPyConnection, column: str, other: str) -> bool:
    """Tell whether a number of a column is in another one, each written ``table.column``.

    If the first names none at all there is nothing to find, and nothing is lost.
    """
    named = f"SELECT {column} FROM {_table(column)} WHERE {column} IS NOT NULL"
    among = f"SELECT 1 FROM {_table(other)} WHERE {other} IN"
    # Nearly always one of a few is there, and the table need not be looked through.
    tries = (f"{among} ({named} {few}) LIMIT 1" for few in (f"LIMIT {_FEW}", ""))
    is_named = connection.execute(f"{named} LIMIT 1").fetchall()
    return not is_named or any(connection.execute(select).fetchall() for select in tries)


def link_notes(sources: Sequence[Source], clean: Path) -> list[dict[str, Any]]:
    """Tell of numbers by which KPIs find rows of another table, and of which that has none; so of carriers.

    Parameters
    ----------
    sources : sequence of Source
    clean : Path
        The folder of the clean tables.
    """
    by_table = {source.table.name: source.name for source in reversed(sources)}
    told = []
    with connect() as connection:
        there = {column for table in by_table for column in _shown(connection, clean / table)}
        for column, other in map(both, NEEDED_COLUMNS):
            if {column, other} <= there and not share_numbers(connection, column, other):
                named: dict[str, Named] = {"column": column, "other": other}
                named |= {"name": _example(connection, column), "like": _example(connection, other)}
                source = by_table[_table(column)]
                told.append({"source": source, "file": "", **asdict(Note("no match", named))})
        for table in _OF_PARCELS:
            if {f"{table}.carrier", "shipments.carrier"} <= there:
                notes = (Note("no parcel", named) for named in _of_no_parcel(connection, table))
                told += [{"source": by_table[table], "file": "", **asdict(note)} for note in notes]
    return told


def _of_no_parcel(connection: duckdb.DuckDBPyConnection, table: str) -> Iterator[dict[str, Named]]:
    """Name the carriers that no parcel has; of one that only looks otherwise `look_alikes` tells."""
    count = "SELECT carrier, count(*) FROM {} WHERE carrier IS NOT NULL GROUP BY carrier ORDER BY carrier"
    of_parcels = {plain(name) for name, _ in connection.execute(count.format("shipments")).fetchall()}
    for name, rows in connection.execute(count.format(table)).fetchall():
        if plain(name) not in of_parcels:
            yield {"table": table, "column": "carrier", "name": name, "n": rows}


def _shown(connection: duckdb.DuckDBPyConnection, folder: Path) -> list[str]:
    """Make a view of a table, and list its columns as ``table.column``."""
    files = ", ".join(literal(str(path)) for path in sorted(folder.rglob("*.parquet")))
    if not files:
        return []
    read = f"read_parquet([{files}], union_by_name = true, hive_partitioning = false)"
    connection.execute(f"CREATE VIEW {folder.name} AS SELECT * FROM {read}")
    return [f"{folder.name}.{row[0]}" for row in connection.execute(f"DESCRIBE {folder.name}").fetchall()]


def _example(connection: duckdb.DuckDBPyConnection, column: str) -> str:
    found = connection.execute(f"SELECT min({column}) FROM {_table(column)}").fetchall()
    return str(found[0][0])


def _table(column: str) -> str:
    return column.partition(".")[0]
