"""Rows that several sources of one table give: of each key the latest extract counts, whoever has it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb

from tallysheet.engine import connect, identifier, literal
from tallysheet.files import write_whole
from tallysheet.schema import Table


def settle(table: Table, folders: Mapping[str, Path]) -> dict[str, tuple[int, str]]:
    """Let each row end when the extract of another source that has its key too was taken.

    Each source was merged by itself, which ends its rows with its own later extracts alone. No row is taken
    away: before the other extract was taken a row counts as it did, and the other's counts from then on.

    Parameters
    ----------
    table : Table
    folders : mapping of str to Path
        Source to the folder of its clean Parquet files, in the order of the sources. Of extracts of the
        same time that of the later source counts.

    Returns
    -------
    dict of str to (int, str)
        Source to how many of its rows ended so, and the sources that have them too.
    """
    with connect(next(iter(folders.values())).parent) as connection:
        _lay_out(connection, folders)
        _decide(connection, table)
        for (path,) in connection.execute("SELECT DISTINCT filename FROM decisions").fetchall():
            _write_anew(connection, Path(path))
        names = list(folders)
        return {
            names[number]: (rows, ", ".join(names[other] for other in sorted(others)))
            for number, rows, others in connection.execute(
                "SELECT number, count(*), list(DISTINCT ended_by) FROM decisions "
                "WHERE ended_by IS NOT NULL GROUP BY number ORDER BY number"
            ).fetchall()
        }


def _lay_out(connection: duckdb.DuckDBPyConnection, folders: Mapping[str, Path]) -> None:
    """Make ``told``: the rows of all sources, with the number of their source, their file and place in it."""
    selects = []
    for number, folder in enumerate(folders.values()):
        files = literal(str(folder / "**" / "*.parquet"))
        reader = f"read_parquet({files}, filename = true, file_row_number = true, hive_partitioning = false)"
        if any(folder.rglob("*.parquet")):
            selects.append(f"SELECT {number} AS number, * FROM {reader}")
    connection.execute(f"CREATE VIEW told AS {' UNION ALL BY NAME '.join(selects)}")


def _decide(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    """Make ``decisions``: of keys of several sources each row, when it was known and when it ended."""
    columns = {row[0] for row in connection.execute("DESCRIBE told").fetchall()}
    key = ", ".join(identifier(name) for name in table.key if name in columns)
    # By the hash of keys alone at first, which needs no more memory than eight bytes a row.
    hashed = f"SELECT DISTINCT hash({key}) AS hashed, number FROM told"
    connection.execute(
        f"CREATE TABLE shared AS SELECT hashed FROM ({hashed}) GROUP BY hashed HAVING count(*) > 1"
    )
    connection.execute(
        f"""
        CREATE TABLE decisions AS
        WITH followed AS (
            SELECT
                number, filename, file_row_number, known_at, loaded_at, replaced_at,
                lead(loaded_at) OVER versions AS next_at,
                lead(number) OVER versions AS next_number,
                row_number() OVER versions > 1 AS is_later,
                min(number) OVER keys <> max(number) OVER keys AS is_shared
            FROM told WHERE hash({key}) IN (FROM shared)
            WINDOW
                keys AS (PARTITION BY {key}),
                versions AS (PARTITION BY {key} ORDER BY loaded_at, number, replaced_at NULLS LAST)
        )
        SELECT
            number, filename, file_row_number,
            -- What changes a row is known when it is loaded, whatever it says of its own time.
            CASE WHEN is_later THEN greatest(known_at, loaded_at) ELSE known_at END AS known_at,
            least(replaced_at, next_at) AS replaced_at,
            CASE
                WHEN next_number <> number AND (replaced_at IS NULL OR next_at < replaced_at) THEN next_number
            END AS ended_by
        FROM followed WHERE is_shared
        """
    )


def _write_anew(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    file = literal(str(path))
    rows = f"""
        SELECT rows.* EXCLUDE (file_row_number) REPLACE (
            coalesce(decisions.known_at, rows.known_at) AS known_at,
            coalesce(decisions.replaced_at, rows.replaced_at) AS replaced_at
        )
        FROM read_parquet({file}, file_row_number = true, hive_partitioning = false) AS rows
        LEFT JOIN (FROM decisions WHERE filename = {file}) AS decisions USING (file_row_number)
        ORDER BY file_row_number
    """
    write_whole(
        path,
        lambda part: connection.execute(f"COPY ({rows}) TO {literal(str(part))} (FORMAT parquet)"),
        lasts=False,
    )
