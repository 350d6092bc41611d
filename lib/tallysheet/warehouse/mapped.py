"""Tables that a team has mapped in its warehouse: what there is of them, and the few that are read here."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tallysheet.addresses import take_secrets
from tallysheet.errors import DataError
from tallysheet.held import held_states
from tallysheet.inputs import fingerprint
from tallysheet.ledger import newest_event
from tallysheet.schema import TABLES
from tallysheet.settings import Settings
from tallysheet.warehouse.connect import opened
from tallysheet.warehouse.session import PLACE, Session, told_in_one_line

SOURCE = "warehouse"
"""Stands for the source of mapped tables."""
_COPIED = ("sellers", "contract_rates", "contract_terms", "targets", "event_log")
"""Tables of people and contracts: so small that they are read here too."""
_TYPES = {
    **{"VARCHAR": pa.string(), "BIGINT": pa.int64(), "DOUBLE": pa.float64(), "BOOLEAN": pa.bool_()},
    **{"DATE": pa.date32(), "TIMESTAMP": pa.timestamp("us")},
}


def mapped_record(settings: Settings) -> dict[str, Any]:
    """Say what lies in the warehouse, as the record of a load does of extracts, and copy what is small.

    To be asked while no load runs.

    Raises
    ------
    DataError
        No connection, or no table of ours there.
    """
    with _session(settings) as (session, tables):
        counted = "SELECT '{0}' AS name, COUNT(*) AS rows_n, MAX({1}) AS newest FROM {0}"
        selects = [
            counted.format(name, "loaded_at" if "loaded_at" in columns else "known_at")
            for name, columns in tables.items()
        ]
        found = _rows(session, tables, " UNION ALL ".join(selects))
        newest = {name: moment for name, rows, moment in found if rows}
        if not newest:
            advice = "Name the schema in which the tables lie; the README shows how they are mapped."
            raise DataError(PLACE, "tables with rows", f"none in {session.schema or 'it'}", advice)
        states = {
            name: fingerprint([repr(settings.connection), name, str(rows), str(moment), *tables[name]])
            for name, rows, moment in found
        }
        state = fingerprint(sorted(states.values()))
        _copy(session, tables, settings.data / "clean" / state)
    files = [
        {
            **{"source": SOURCE, "table": name, "file": name, "sha256": states[name], "bytes": 0},
            **{"loaded_at": str(newest.get(name, "")), "rows": rows, "good": rows, "quarantined": 0},
            **{"duplicates": 0, "corrections": 0, "cells": 0},
        }
        for name, rows, _ in sorted(found)
        if rows
    ]
    return {
        **{"files": files, "state": state, "as_of": newest_event(newest.items()).isoformat()},
        "elsewhere": [name for name in sorted(newest) if name not in _COPIED],
        **{"reasons": [], "notes": [], "checked": [], "headers": {}, "written": {}, "key": ""},
    }


def ask(settings: Settings, select: str) -> list[tuple]:
    """Run a plain SELECT over mapped tables, in DuckDB's dialect; give its rows."""
    with _session(settings) as (session, tables):
        return _rows(session, tables, select)


def tables_there(settings: Settings) -> list[str]:
    """List those of our tables that lie in the warehouse."""
    with _session(settings) as (_, tables):
        return sorted(tables)


@contextmanager
def _session(settings: Settings) -> Iterator[tuple[Session, dict[str, list[str]]]]:
    secrets = take_secrets(PLACE, settings.connection.url)
    session = opened(settings, secrets)
    try:
        with told_in_one_line(secrets, "tables that can be read", "Ask for the right to read them."):
            found = session.tables()
            yield session, {name: found[name] for name in TABLES if name in found}
    finally:
        session.close()


def _rows(session: Session, tables: Mapping[str, Sequence[str]], select: str) -> list[tuple]:
    from tallysheet.warehouse.statements import written

    return list(zip(*session.rows(written(select, session.dialect, tables, session.schema)), strict=True))


def _copy(session: Session, tables: Mapping[str, Sequence[str]], folder: Path) -> None:
    """Copy small tables as they are, once for each state of the warehouse."""
    from tallysheet.warehouse.statements import clean_columns

    if folder.is_dir():
        return
    building = folder.with_name(f"{folder.name}.part-{os.getpid()}")
    try:
        for name in _COPIED:
            kinds = clean_columns(name)
            rows = _rows(session, tables, f"SELECT {', '.join(kinds)} FROM {name}") if name in tables else []
            if rows:
                columns = zip(*rows, strict=True)
                arrays = [
                    pa.array(one, _TYPES[kind]) for one, kind in zip(columns, kinds.values(), strict=True)
                ]
                (building / name).mkdir(parents=True)
                pq.write_table(pa.table(arrays, list(kinds)), building / name / "rows.parquet")
        building.mkdir(exist_ok=True, parents=True)
        used = {building.name, *held_states(folder.parent)}
        for other in folder.parent.glob("*"):
            if other.is_dir() and other.name not in used:
                shutil.rmtree(other, ignore_errors=True)
        building.rename(folder)
    finally:
        shutil.rmtree(building, ignore_errors=True)
