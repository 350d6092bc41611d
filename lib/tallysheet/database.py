"""Take the rows of a query as an extract: DuckDB, SQLite or PostgreSQL."""

from __future__ import annotations

import hashlib
import os
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from tallysheet.addresses import filled, hidden, take_secrets
from tallysheet.errors import DataError
from tallysheet.settings import Settings
from tallysheet.sources import Database, Source

_BATCH = 50_000
_TAKEN = re.compile(r"\d{6}-[0-9a-f]{16}\.parquet")


def take_snapshot(settings: Settings, source: Source) -> None:
    """Run the query of a source, and keep its rows as texts in data/raw/<source>.

    A result that is not that of the last time makes a further file, so that what was known earlier stays,
    also where a row becomes again what it once was; the files are numbered in the order of their times.

    Raises
    ------
    DataError
        The address is unknown, its secret is not in the environment, or the query fails.
    """
    if not source.database:
        return
    folder = settings.data / "raw" / source.name
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / "rows.part"
    try:
        digest = _written(source, source.database, settings.data, part)
        taken = sorted(path.stem for path in folder.iterdir() if _TAKEN.fullmatch(path.name))
        if not taken or not taken[-1].endswith(digest):
            number = int(taken[-1].partition("-")[0]) + 1 if taken else 1
            os.replace(part, folder / f"{number:06d}-{digest}.parquet")
    finally:
        part.unlink(missing_ok=True)


def _written(source: Source, database: Database, data: Path, part: Path) -> str:
    where, digest = f"source {source.name} [database]", hashlib.sha256()
    secrets = take_secrets(where, database.url)
    try:
        connection = _connected(where, filled(database.url, secrets), data)
        try:
            cursor = connection.cursor()
            cursor.execute(database.query)
            if not cursor.description:
                raise DataError(where, "a query that gives rows", "one that gives none", "Write a SELECT.")
            names = [column[0] for column in cursor.description]
            digest.update(repr(names).encode())
            schema = pa.schema([(name, pa.string()) for name in names])
            with pq.ParquetWriter(part, schema, write_page_checksum=True) as writer:
                for rows in _batches(cursor):
                    digest.update(repr(rows).encode())
                    columns = zip(*rows, strict=True)
                    arrays = [pa.array(cells, pa.string()) for cells in columns]
                    writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
        finally:
            connection.close()
    except DataError as error:
        raise DataError(where, error.expected, hidden(error.found, secrets), error.do) from None
    except Exception as error:  # Each driver has its own; what matters is that nothing is kept.
        told = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        told = hidden(told, secrets)
        raise DataError(where, "a query that runs", told, "Correct the query or the address.") from None
    return digest.hexdigest()[:16]


def _batches(cursor: Any) -> Iterator[list[tuple[str | None, ...]]]:
    while rows := cursor.fetchmany(_BATCH):
        yield [tuple(_text(value) for value in row) for row in rows]


def _text(value: Any) -> str | None:
    if value is None:
        return None
    return str(value).lower() if isinstance(value, bool) else str(value)


def _connected(where: str, address: str, data: Path) -> Any:
    kind, _, rest = address.partition("://")
    if kind == "sqlite":
        return sqlite3.connect(f"file:{_existing(where, data, rest)}?mode=ro", uri=True)
    if kind == "duckdb":
        return duckdb.connect(str(_existing(where, data, rest)), read_only=True)
    if kind in ("postgresql", "postgres"):
        import psycopg

        connection = psycopg.connect(address)
        connection.read_only = True
        return connection
    raise DataError(
        where,
        "an address that begins with duckdb://, sqlite:// or postgresql://",
        repr(kind),
        "Correct the url.",
    )


def _existing(where: str, data: Path, name: str) -> Path:
    path = data / name
    if not path.is_file():
        raise DataError(where, "a database file", f"none at {path}", "Correct the url.")
    return path
