"""Publish the clean tables of a data folder in its warehouse: all versions of their rows, in one go."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa

from tallysheet.addresses import take_secrets
from tallysheet.clean import load
from tallysheet.engine import connect
from tallysheet.errors import UsageError
from tallysheet.facts import show_table, tables_of
from tallysheet.ledger import Ledger
from tallysheet.settings import read_settings
from tallysheet.warehouse.connect import opened
from tallysheet.warehouse.session import MARK, PLACE, told_in_one_line

_ROWS = 200_000


def push(data: str | Path = "data") -> dict[str, int]:
    """Lay the clean tables of a data folder out in its warehouse, in the place of what was there.

    Returns
    -------
    dict of str to int
        Rows of each table.

    Raises
    ------
    UsageError
        workbook.toml names no connection.
    DataError
        No connection, or one that does not take tables in; what was there before stays, or is seen to be
        incomplete.
    """
    settings = read_settings(data)
    if settings.connection.is_here:
        advice = 'Write connection = "postgresql+psycopg://…" or a Spark master; the guide shows both.'
        raise UsageError(PLACE, "an engine beside DuckDB", "none", advice)
    secrets = take_secrets(PLACE, settings.connection.url)
    ledger = load(settings.data)
    session = opened(settings, secrets)
    pushed: dict[str, int] = {}
    try:
        with (
            told_in_one_line(secrets, "a schema that takes tables in", "Ask for the right to make tables."),
            connect() as connection,
        ):
            session.take_in(_tables(connection, ledger, pushed))
    finally:
        session.close()
    return pushed


def _tables(
    connection: duckdb.DuckDBPyConnection, ledger: Ledger, pushed: dict[str, int]
) -> Iterator[tuple[str, pa.RecordBatchReader]]:
    """Give the mark, then the clean tables one after the other; count their rows."""
    yield MARK, pa.table({"state": [ledger.state]}).to_reader()
    for table in tables_of(ledger):
        show_table(connection, ledger, table)
        (pushed[table],) = connection.execute(f"SELECT count(*) FROM {table}").fetchall()[0]
        yield table, connection.sql(f"SELECT * FROM {table}").to_arrow_reader(_ROWS)
