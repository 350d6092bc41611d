"""The state of the clean tables that a run works with: its kernels read it, and no load removes it."""

from __future__ import annotations

import contextlib
import os
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from tallysheet.errors import DataError
from tallysheet.ledger import Ledger, as_ledger, read_record, write_record

VARIABLE = "TALLYSHEET_LEDGER"
"""Leads kernels to the record of what their run holds."""


@contextlib.contextmanager
def held(clean: Path, record: Mapping[str, Any]) -> Iterator[None]:
    """Hold a state: weeks that are opened meanwhile, here or in a kernel, are of it.

    To be entered while no load runs. The system lets go of it when the process ends, however it ends.

    Parameters
    ----------
    clean : Path
        The folder of clean tables.
    record : mapping
        That of the load, as it stands in the folder's ledger.json.

    Raises
    ------
    DataError
        Nothing is loaded.
    """
    state = record.get("state")
    if state is None:
        raise DataError(str(clean), "clean tables", "none: they were just forgotten", "Try again.")
    path = clean / state / "ledger.json"
    write_record(path, dict(record))
    holder = clean / f"{state}.{uuid.uuid4().hex}.held"
    try:
        with FileLock(holder):
            os.environ[VARIABLE] = str(path)
            yield
    finally:
        os.environ.pop(VARIABLE, None)
        holder.unlink(missing_ok=True)


def held_ledger(clean: Path) -> Ledger | None:
    """Give the ledger of what the run holds; None outside a run, or of another workbook than the run's.

    Raises
    ------
    DataError
        It was forgotten.
    """
    path = Path(os.environ.get(VARIABLE, ""))
    if path.parent.parent != clean:
        return None
    record = read_record(path)
    if not record:
        advice = "Report again: it was forgotten meanwhile."
        raise DataError(str(path), "what the run began with", "none", advice)
    return as_ledger(record, clean)


def held_states(clean: Path) -> set[str]:
    """List the states that runs hold; what a killed one has left is removed. Only a load may ask."""
    found = set()
    for holder in clean.glob("*.held"):
        try:
            with FileLock(holder, timeout=0):
                pass
            holder.unlink(missing_ok=True)
        except Timeout:
            found.add(holder.name.partition(".")[0])
    return found
