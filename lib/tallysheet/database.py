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

from tallysheet.errors import DataError
from tallysheet.settings import Settings
from tallysheet.sources import Database, Source

_BATCH = 50_000


def take_snapshot(settings: Settings, source: Source) -> None:
    """Run the query of a source, and keep its rows as texts in data/raw/<source>.

    The file is named by its content, so that rows that did not change are not loaded again, and what
    was known earlier stays.

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
        os.replace(part, folder / f"{digest}.parquet")
    finally:
        part.unlink(missing_ok=True)


def _written(source: Source, database: Database, data: Path, part: Path) -> str:
    where, digest = f"source {source.name} [database]", hashlib.sha256()
    try:
        connection = _connected(where, _address(where, database.url), data)
        try:
            cursor = connection.cursor()
            cursor.execute(database.query)
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
    except DataError:
        raise
    except Exception as error:  # Each driver has its own; what matters is that nothing is kept.
        told = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise DataError(where, "a query that runs", told, "Correct the query or the address.") from None
    return digest.hexdigest()[:16]


def _batches(cursor: Any) -> Iterator[list[tuple[str | None, ...]]]:
    while rows := cursor.fetchmany(_BATCH):
        yield [tuple(_text(value) for value in row) for row in rows]


def _text(value: Any) -> str | None:
    if value is None:
        return None
    return str(value).lower() if isinstance(value, bool) else str(value)


def _address(where: str, url: str) -> str:
    """Fill ``${NAME}`` from the environment, so that no secret stands in a file."""

    def given(found: re.Match[str]) -> str:
        value = os.environ.get(found[1])
        if value is None:
            raise DataError(where, f"{found[1]} in the environment", "nothing", f"Set {found[1]}.")
        return value

    return re.sub(r"\$\{(\w+)\}", given, url)


def _connected(where: str, address: str, data: Path) -> Any:
    kind, _, rest = address.partition("://")
    if kind == "sqlite":
        return sqlite3.connect(f"file:{_existing(where, data, rest)}?mode=ro", uri=True)
    if kind == "duckdb":
        return duckdb.connect(str(_existing(where, data, rest)), read_only=True)
    if kind in ("postgresql", "postgres"):
        import psycopg

        return psycopg.connect(address)
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
