"""The checked extracts of a source become one clean table: each row once, each change kept, by week."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from tallysheet.checked import Checked
from tallysheet.engine import connect, first_line, identifier, literal
from tallysheet.errors import DataError
from tallysheet.note import Note
from tallysheet.range_checks import compare_rows
from tallysheet.reasons import reasons_of
from tallysheet.row_checks import REFUSED, ROW_OK
from tallysheet.sources import Source

if TYPE_CHECKING:
    import pandas as pd

_MANY_ROWS = 1_000_000
"""From here on each week has a file of its own; files of few rows take long to write and to open."""


@dataclass(frozen=True)
class Extract:
    """A checked extract of a source, and when it was taken."""

    name: str
    checked: Checked
    loaded_at: dt.datetime


@dataclass(frozen=True)
class Merged:
    """What became of the rows of each extract: duplicates and corrections, in the order of the extracts.

    Parameters
    ----------
    duplicates : list of int
        Rows that stand earlier as they are, or again later in the same extract.
    corrections : list of int
        Rows that change what an earlier extract said of the same key; both are kept.
    cells : list of int
        Cells that were refused in rows that are good.
    good : int
        Rows in the clean table.
    latest : datetime or None
        When the last of them became known.
    reasons : DataFrame
        Column, reason and number of cells.
    notes : list of Note
        Rows that do not go together.
    """

    duplicates: list[int]
    corrections: list[int]
    cells: list[int]
    good: int
    latest: dt.datetime | None
    reasons: pd.DataFrame
    notes: list[Note]


def merge(source: Source, extracts: Sequence[Extract], clean: Path, quarantine: Path) -> Merged:
    """Write the clean table and the quarantine of a source.

    Of rows with the same key the one of the latest extract counts; in one extract, the last line. A
    row that repeats the one before it is a duplicate. A row that changes it is a correction: both stay,
    the earlier with ``replaced_at``, so that the table can be seen as it was known at any time.

    Parameters
    ----------
    source : Source
    extracts : sequence of Extract
        Earliest first.
    clean : Path
        Folder for the rows: one Parquet file, or if they are many, one folder a week of the table's
        ``week_of``.
    quarantine : Path
        Parquet file for what was refused: file, line, column, value, reason, message.

    Raises
    ------
    DataError
        The rows written are not those that came in less those set aside; nothing must be kept then.
    """
    with connect(quarantine.parent) as connection:
        _read(connection, source, extracts)
        _decide(connection, source)
        _write_clean(connection, source, clean, sum(extract.checked.rows for extract in extracts))
        _write_quarantine(connection, source, quarantine)
        merged = _merged(connection, source, clean, len(extracts))
    expected = sum(
        extract.checked.rows - extract.checked.bad_rows - duplicates
        for extract, duplicates in zip(extracts, merged.duplicates, strict=True)
    )
    if merged.good != expected:
        raise DataError(f"source {source.name}", f"{expected} good rows", f"{merged.good}", "Report this.")
    return merged


def _data(connection: duckdb.DuckDBPyConnection, source: Source) -> str:
    """List the columns of ``every_row`` that are the table's, but not when a row became known."""
    found = {row[0] for row in connection.execute("DESCRIBE every_row").fetchall()} - {"known_at"}
    return ", ".join(identifier(column.name) for column in source.table.columns if column.name in found)


def _read(connection: duckdb.DuckDBPyConnection, source: Source, extracts: Sequence[Extract]) -> None:
    """Lay ``every_row`` over the checked extracts: whole rows, with extract, line and place in it."""
    connection.execute(
        "CREATE TABLE extracts "
        "(number BIGINT, file VARCHAR, path VARCHAR, first_line BIGINT, loaded_at TIMESTAMP)"
    )
    connection.executemany(
        "INSERT INTO extracts VALUES (?, ?, ?, ?, ?)",
        [
            (number, one.name, one.checked.path, one.checked.first_line, one.loaded_at)
            for number, one in enumerate(extracts)
        ],
    )
    # The same bytes under two names were checked once.
    paths = ", ".join(dict.fromkeys(literal(one.checked.path) for one in extracts))
    reader = f"read_parquet([{paths}], filename = true, file_row_number = true, union_by_name = true)"
    found = {row[0] for row in connection.execute(f"DESCRIBE SELECT * FROM {reader}").fetchall()}
    absent = [column for column in source.table.columns if column.name not in found]
    empty = "".join(f", CAST(NULL AS {column.type}) AS {column.name}" for column in absent)
    # A part of the key that no extract gives is empty, and still parts rows.
    data = "".join(
        f"rows.{column.name}, "
        for column in source.table.columns
        if column.name != "known_at" and (column.name in found or column.name in source.table.key)
    )
    known = "rows.known_at" if "known_at" in found or not source.known_at else source.known_at
    in_place = "rows.file_row_number + extracts.first_line"
    try:
        connection.execute(
            f"CREATE VIEW checked AS SELECT {data}"
            f"coalesce(CAST({known} AS TIMESTAMP), extracts.loaded_at) AS known_at, "
            "extracts.number, extracts.file, extracts.loaded_at, rows.refused, "
            f"{f'coalesce(rows.line, {in_place})' if 'line' in found else in_place} AS line, "
            "rows.file_row_number AS place "
            f"FROM (SELECT *{empty} FROM {reader}) AS rows JOIN extracts ON extracts.path = rows.filename"
        )
    except duckdb.Error as error:
        where = f"source {source.name} known_at"
        raise DataError(where, "an expression over its columns", first_line(error), "Correct it.") from None
    connection.execute(f"CREATE VIEW every_row AS SELECT * EXCLUDE (refused) FROM checked WHERE {ROW_OK}")


def _decide(connection: duckdb.DuckDBPyConnection, source: Source) -> None:
    """Make ``decisions``: for rows whose key stands more than once, what becomes of each.

    Keys are first compared by their hash alone, which needs no more memory than eight bytes a row.
    """
    key = ", ".join(identifier(name) for name in source.table.key)
    data = _data(connection, source)
    connection.execute(
        f"CREATE TABLE repeated AS SELECT hashed FROM (SELECT hash({key}) AS hashed FROM every_row) "
        "GROUP BY hashed HAVING count(*) > 1"
    )
    order = "ORDER BY loaded_at, number, line, place"
    connection.execute(
        f"""
        CREATE TABLE decisions AS
        WITH versions AS (
            SELECT {key}, number, line, place, loaded_at, known_at, hash({data}) AS content
            FROM every_row WHERE hash({key}) IN (FROM repeated)
        ),
        told_apart AS (
            SELECT
                *, lag(content) OVER (PARTITION BY {key} {order}) IS NOT DISTINCT FROM content AS is_duplicate
            FROM versions
        ),
        followed AS (
            SELECT
                *,
                lead(loaded_at) OVER (PARTITION BY {key}, is_duplicate {order}) AS next_at,
                row_number() OVER (PARTITION BY {key}, is_duplicate {order}) AS version
            FROM told_apart
        )
        SELECT
            number,
            place,
            CASE WHEN is_duplicate THEN 'duplicate' WHEN next_at = loaded_at THEN 'replaced' END AS reason,
            next_at AS replaced_at,
            NOT is_duplicate AND version > 1 AS is_correction,
            -- A correction is known when it is loaded, whatever the row says of its own time.
            CASE WHEN version > 1 THEN greatest(loaded_at, known_at) END AS corrected_at
        FROM followed
        WHERE is_duplicate OR next_at IS NOT NULL OR version > 1
        """
    )


def _write_clean(connection: duckdb.DuckDBPyConnection, source: Source, clean: Path, row_count: int) -> None:
    rows = (
        f"SELECT {_data(connection, source)}, "
        "coalesce(decisions.corrected_at, every_row.known_at) AS known_at, loaded_at, decisions.replaced_at "
        "FROM every_row LEFT JOIN decisions USING (number, place) "
        "WHERE decisions.reason IS NULL"
    )
    week = source.table.week_of
    if not week or row_count < _MANY_ROWS:
        clean.mkdir(parents=True)
        connection.execute(
            f"COPY ({rows} ORDER BY number, line, place) "
            f"TO {literal(str(clean / 'rows.parquet'))} (FORMAT parquet)"
        )
        return
    # Each week's rows leave memory early: held until half a million are there, they go to disk and back.
    connection.execute("SET preserve_insertion_order = false; SET partitioned_write_flush_threshold = 32768")
    connection.execute(
        f"COPY (SELECT *, strftime({week}, '%G-W%V') AS week FROM ({rows})) "
        f"TO {literal(str(clean))} (FORMAT parquet, PARTITION_BY (week))"
    )


def _write_quarantine(connection: duckdb.DuckDBPyConnection, source: Source, quarantine: Path) -> None:
    key = ", ".join(f"coalesce(CAST({identifier(name)} AS VARCHAR), '')" for name in source.table.key)
    cases = " ".join(
        f"WHEN {literal(code)} THEN {literal('expected ' + reason.expected)}"
        for code, reason in reasons_of(source.table).items()
    )
    # As a table of its own: joined in one go, DuckDB 2.0 loses a dictionary from six million rows on.
    connection.execute(
        f"CREATE TABLE refusals AS SELECT number, file, line, place, {ROW_OK} AS row_ok, "
        f"unnest(from_json(refused, {literal(REFUSED)})) AS one FROM checked WHERE refused IS NOT NULL"
    )
    connection.execute(
        f"""
        CREATE TABLE set_aside AS
        SELECT
            number, file, line, place, one."column", one.value, one.reason,
            row_ok AND decisions.reason IS NULL AS row_kept
        FROM refusals LEFT JOIN decisions USING (number, place)
        UNION ALL
        SELECT
            number, file, line, place, {literal(", ".join(source.table.key))}, concat_ws('/', {key}),
            decisions.reason, false
        FROM every_row JOIN decisions USING (number, place) WHERE decisions.reason IS NOT NULL
        """
    )
    connection.execute(
        f'COPY (SELECT file, line, "column", value, reason, CASE reason {cases} END AS message, row_kept '
        'FROM set_aside ORDER BY number, line, place, "column") '
        f"TO {literal(str(quarantine))} (FORMAT parquet)"
    )


def _merged(connection: duckdb.DuckDBPyConnection, source: Source, clean: Path, count: int) -> Merged:
    kept_cells = dict(
        connection.execute("SELECT number, count(*) FROM set_aside WHERE row_kept GROUP BY number").fetchall()
    )
    connection.execute(
        "CREATE VIEW current AS SELECT every_row.* FROM every_row LEFT JOIN decisions USING (number, place) "
        "WHERE decisions.reason IS NULL AND decisions.replaced_at IS NULL"
    )
    counted = dict.fromkeys(range(count), (0, 0))
    for number, duplicates, corrections in connection.execute(
        "SELECT number, count(reason), count(*) FILTER (is_correction AND reason IS NULL) "
        "FROM decisions GROUP BY number"
    ).fetchall():
        counted[number] = (duplicates, corrections)
    written = literal(str(clean / "**" / "*.parquet"))
    good, latest = (
        connection.execute(f"SELECT count(*), max(known_at) FROM read_parquet({written})").fetchall()[0]
        if any(clean.rglob("*.parquet"))
        else (0, None)
    )
    reasons = connection.execute(
        'SELECT "column", reason, row_kept, count(*) AS cells FROM set_aside '
        'GROUP BY ALL ORDER BY cells DESC, "column", reason, row_kept'
    ).df()
    return Merged(
        duplicates=[counted[number][0] for number in range(count)],
        corrections=[counted[number][1] for number in range(count)],
        cells=[kept_cells.get(number, 0) for number in range(count)],
        good=good,
        latest=latest,
        reasons=reasons,
        notes=compare_rows(connection, source.table),
    )
