"""From raw extracts to checked tables: good rows, refused rows with their reason, and a ledger."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
from filelock import AcquireReturnProxy, FileLock, Timeout

from tallysheet.engine import connect, first_line, identifier, literal, strict_cast
from tallysheet.errors import DataError, nearest
from tallysheet.extract import check_file, scan, sha256
from tallysheet.schema import Column
from tallysheet.settings import Settings, read_settings
from tallysheet.sources import Source, read_sources

_WAIT_SECONDS = 120
_CODE = ("clean.py", "engine.py", "extract.py", "schema.py", "sources.py")


@dataclass(frozen=True)
class Ledger:
    """What was loaded: for each main file, rows in = good + quarantined + duplicates.

    Parameters
    ----------
    files : DataFrame
        One row a main file: source, table, file, sha256, bytes, rows, good, quarantined, duplicates.
    reasons : DataFrame
        Why cells were refused: source, column, reason, cells, most frequent first.
    as_of : datetime
        When the newest extract was taken, UTC.
    state : str
        Fingerprint of all inputs and of the code that reads them.
    folder : Path
        The clean folder of that state.
    """

    files: pd.DataFrame
    reasons: pd.DataFrame
    as_of: dt.datetime
    state: str
    folder: Path


def load(data: str | Path = "data") -> Ledger:
    """Bring the clean tables up to date with the raw extracts.

    Unchanged inputs are not read again. The clean tables of the last good load stay until the new
    ones are whole.

    Parameters
    ----------
    data : str or Path
        The data folder; a relative one is also looked for in the folders above.

    Returns
    -------
    Ledger

    Raises
    ------
    DataError
        A file is missing, empty or unreadable, a column is unknown or no row is good.

    Examples
    --------
    >>> ledger = load("data")
    >>> ledger.files[["file", "rows", "good", "quarantined", "duplicates"]]
                  file    rows    good  quarantined  duplicates
    0  flights.csv.zip  336776  336776            0           0
    """
    settings = read_settings(data)
    sources = read_sources(settings)
    for file in (file for source in sources for file in source.files):
        check_file(file.path)
    state = _state(settings, sources)
    clean = settings.data / "clean"
    clean.mkdir(exist_ok=True)
    with _only_load(clean):
        record = clean / "ledger.json"
        known = json.loads(record.read_text(encoding="utf-8")) if record.is_file() else {}
        if known.get("state") != state or not (clean / state).is_dir():
            known = _load_all(settings, sources, state)
            _replace_text(record, json.dumps(known, indent=1, sort_keys=True))
            _forget_other_states(settings, state)
    return Ledger(
        files=pd.DataFrame(known["files"]),
        reasons=pd.DataFrame(known["reasons"], columns=["source", "column", "reason", "cells"]),
        as_of=dt.datetime.fromisoformat(known["as_of"]),
        state=state,
        folder=clean / state,
    )


def _only_load(clean: Path) -> AcquireReturnProxy:
    """Wait for another load to end, two minutes at most; the lock is given back at the end of a with."""
    try:
        return FileLock(clean / ".lock").acquire(timeout=_WAIT_SECONDS)
    except Timeout:
        raise DataError(
            str(clean), "no other load", f"one that runs for {_WAIT_SECONDS} s", "Wait for it, or end it."
        ) from None


def _state(settings: Settings, sources: list[Source]) -> str:
    parts = [sha256(Path(__file__).parent / name) for name in _CODE]
    for source in sources:
        folder = settings.data / "sources" / source.name
        parts += [source.name, sha256(folder / "source.toml"), source.select or ""]
        parts += [sha256(file.path) for file in source.files]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _load_all(settings: Settings, sources: list[Source], state: str) -> dict[str, Any]:
    building = {kind: settings.data / kind / f"{state}.part" for kind in ("clean", "quarantine")}
    for folder in building.values():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    try:
        entries = [_load_source(source, building["clean"], building["quarantine"]) for source in sources]
        for kind, folder in building.items():
            final = settings.data / kind / state
            shutil.rmtree(final, ignore_errors=True)
            os.replace(folder, final)
    finally:
        for folder in building.values():
            shutil.rmtree(folder, ignore_errors=True)
    return {
        "state": state,
        "as_of": max(entry["as_of"] for entry in entries),
        "files": [entry["file"] for entry in entries],
        "reasons": [reason for entry in entries for reason in entry["reasons"]],
    }


def _load_source(source: Source, clean: Path, quarantine: Path) -> dict[str, Any]:
    with connect() as connection:
        scanned = {}
        for file in source.files:
            table = scan(connection, file.path, f"text_{file.name}")
            scanned[file.name] = table
            marks = ", ".join(literal(mark) for mark in ("", *file.missing))
            quoted = [identifier(column) for column in table.columns]
            cells = ", ".join(
                f"CASE WHEN {name} NOT IN ({marks}) THEN {name} END AS {name}" for name in quoted
            )
            connection.execute(
                f"CREATE VIEW {identifier(file.name)} AS SELECT line, {cells} FROM {identifier(table.name)}"
            )
        main = source.files[0]
        _map(connection, source, scanned[main.name].columns, scanned[main.name].rows)
        _check(connection, source)
        folder = clean / source.table.name
        folder.mkdir(exist_ok=True)
        _copy(
            connection, "SELECT * EXCLUDE (line) FROM good ORDER BY line", folder / f"{source.name}.parquet"
        )
        refused = f'SELECT {literal(main.path.name)} AS file, * FROM refused ORDER BY line, "column"'
        _copy(connection, refused, quarantine / f"{source.name}.parquet")
        return _entry(connection, source, scanned[main.name].rows)


def _map(connection: duckdb.DuckDBPyConnection, source: Source, headers: tuple[str, ...], rows: int) -> None:
    """Make the table ``mapped``: the source's columns under our names, not yet checked."""
    main = source.files[0]
    columns = {column.name: source.columns.get(column.name, column.name) for column in source.table.columns}
    for ours, theirs in source.columns.items():
        if theirs not in headers:
            raise DataError(f"{main.path} {ours}", f"a column {theirs!r}", "none", nearest(theirs, headers))
    renamed = ", ".join(
        f"{identifier(theirs)} AS {ours}" for ours, theirs in columns.items() if theirs in headers
    )
    select = source.select or f"SELECT line, {renamed} FROM {identifier(main.name)}"
    try:
        connection.execute(f"CREATE TABLE mapped AS {select}")
    except duckdb.Error as error:
        raise DataError(
            f"source {source.name}",
            "a SELECT that runs on its files",
            first_line(error),
            "Correct the SELECT.",
        ) from None
    mapped = connection.execute("SELECT count(line), count(DISTINCT line) FROM mapped").fetchall()[0]
    if mapped != (rows, rows):
        raise DataError(
            f"source {source.name}",
            f"one row for each of the {rows} rows of {main.path.name}",
            f"{mapped[0]} rows from {mapped[1]} lines",
            "Check the joins and filters of its SELECT.",
        )


def _check(connection: duckdb.DuckDBPyConnection, source: Source) -> None:
    """Make the tables ``refused`` (one row a bad cell) and ``good`` (typed, each key once)."""
    present = {row[0] for row in connection.execute("DESCRIBE mapped").fetchall()} - {"line"}
    for name in present:
        source.table.column(name)
    cast = [
        f"{strict_cast(column.name, column.type)} AS {column.name}"
        if column.name in present
        else f"CAST(NULL AS {column.type}) AS {column.name}"
        for column in source.table.columns
        if column.name != "known_at" or "known_at" in present
    ]
    typed = f"SELECT line, {', '.join(cast)} FROM mapped"
    if "known_at" not in present:
        typed = f"SELECT *, CAST({_known_at(source)} AS TIMESTAMP) AS known_at FROM ({typed})"
    connection.execute(f"CREATE TABLE typed AS {typed}")
    checks = [check for column in source.table.columns for check in _checks(column, column.name in present)]
    connection.execute(f"CREATE TABLE refused AS {' UNION ALL '.join(checks)}")
    key = ", ".join(source.table.key)
    connection.execute(
        f"CREATE TABLE good AS SELECT * EXCLUDE (nth), FROM ("
        f"SELECT *, row_number() OVER (PARTITION BY {key} ORDER BY line) AS nth FROM typed "
        f"WHERE line NOT IN (SELECT line FROM refused)) WHERE nth = 1"
    )
    connection.execute(
        "INSERT INTO refused SELECT line, ?, concat_ws('/', "
        f"{key}), 'duplicate', 'the same key stands on an earlier line' FROM typed "
        "WHERE line NOT IN (SELECT line FROM refused) AND line NOT IN (SELECT line FROM good)",
        [key],
    )


def _known_at(source: Source) -> str:
    if source.known_at:
        return source.known_at
    if source.as_of:
        return f"TIMESTAMP {literal(source.as_of.isoformat(sep=' '))}"
    raise DataError(
        f"source {source.name}",
        "as_of or known_at",
        "neither",
        "Say in source.toml when the extract was taken.",
    )


def _checks(column: Column, present: bool) -> list[str]:
    name = column.name
    table, raw = ("mapped", f"CAST(mapped.{name} AS VARCHAR)") if present else ("typed", "NULL")

    def refuse(reason: str, expected: str, condition: str) -> str:
        joined = "typed JOIN mapped USING (line)" if table == "mapped" else "typed"
        return (
            f'SELECT typed.line, {literal(name)} AS "column", {raw} AS value, {literal(reason)} AS reason, '
            f"{literal('expected ' + expected)} AS message FROM {joined} WHERE {condition}"
        )

    checks = []
    if present and column.type != "VARCHAR":
        checks.append(
            refuse("type", f"a {column.type}", f"typed.{name} IS NULL AND mapped.{name} IS NOT NULL")
        )
    if column.required:
        empty = f"typed.{name} IS NULL" + (f" AND mapped.{name} IS NULL" if present else "")
        checks.append(refuse("missing", "a value", empty))
    if column.allowed and present:
        allowed = ", ".join(literal(value) for value in column.allowed)
        checks.append(
            refuse("not_allowed", f"one of {', '.join(column.allowed)}", f"typed.{name} NOT IN ({allowed})")
        )
    return checks


def _entry(connection: duckdb.DuckDBPyConnection, source: Source, rows: int) -> dict[str, Any]:
    good, latest = connection.execute("SELECT count(*), max(known_at) FROM good").fetchall()[0]
    duplicates = connection.execute("SELECT count(*) FROM refused WHERE reason = 'duplicate'").fetchall()[0][
        0
    ]
    quarantined = connection.execute(
        "SELECT count(DISTINCT line) FROM refused WHERE reason <> 'duplicate'"
    ).fetchall()[0][0]
    reasons = connection.execute(
        'SELECT "column", reason, count(*) FROM refused GROUP BY ALL ORDER BY 3 DESC, 1, 2'
    ).fetchall()
    main = source.files[0]
    if not good:
        raise DataError(
            f"source {source.name}", "good rows", f"none of {rows}; {reasons[0]}", "Check its source.toml."
        )
    return {
        "as_of": (source.as_of or latest).isoformat(),
        "file": {
            "source": source.name,
            "table": source.table.name,
            "file": main.path.name,
            "sha256": sha256(main.path),
            "bytes": main.path.stat().st_size,
            "rows": rows,
            "good": good,
            "quarantined": quarantined,
            "duplicates": duplicates,
        },
        "reasons": [
            {"source": source.name, "column": column, "reason": reason, "cells": cells}
            for column, reason, cells in reasons
        ],
    }


def _copy(connection: duckdb.DuckDBPyConnection, select: str, path: Path) -> None:
    connection.execute(f"COPY ({select}) TO {literal(str(path))} (FORMAT parquet, COMPRESSION zstd)")


def _replace_text(path: Path, text: str) -> None:
    part = path.with_suffix(".part")
    part.write_text(text, encoding="utf-8")
    os.replace(part, path)


def _forget_other_states(settings: Settings, state: str) -> None:
    for kind in ("clean", "quarantine"):
        for folder in (settings.data / kind).iterdir():
            if folder.is_dir() and folder.name != state:
                shutil.rmtree(folder, ignore_errors=True)
