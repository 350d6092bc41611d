"""From raw extracts to checked tables: good rows, refused rows with their reason, and a ledger."""

from __future__ import annotations

import datetime as dt
import os
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from filelock import AcquireReturnProxy, FileLock, Timeout

from tallysheet.checked import Checked, check_extract
from tallysheet.database import take_snapshot
from tallysheet.errors import DataError
from tallysheet.inputs import RawFile, code_parts, fingerprint, raw_files, source_parts
from tallysheet.ledger import Ledger, as_ledger, read_record, write_record
from tallysheet.merge import Extract, merge
from tallysheet.notes import compare_extracts
from tallysheet.settings import Settings, read_settings
from tallysheet.sources import Source, read_sources
from tallysheet.text_file import Form

Told = Callable[[str, int, int], None]
"""Is told the name of the extract that is read, how many are done and how many there are."""

_WAIT_SECONDS = 120


def load(data: str | Path = "data", told: Told | None = None) -> Ledger:
    """Bring the clean tables up to date with the raw extracts.

    Unchanged extracts are not read again. The clean tables of the last good load stay until the new
    ones are whole; a load that is killed leaves them, and the next goes on where it stopped.

    Parameters
    ----------
    data : str or Path
        The data folder; a relative one is also looked for in the folders above.
    told : callable, optional
        Told of the run.

    Returns
    -------
    Ledger

    Raises
    ------
    DataError
        A file is missing, empty or unreadable, changes while it is read, lacks a column that every row
        needs, or no row of a source is good.

    Examples
    --------
    >>> ledger = load("data")
    >>> ledger.files[["file", "rows", "good", "quarantined", "duplicates"]]
                  file    rows    good  quarantined  duplicates
    0  flights.csv.zip  336776  336776            0           0
    """
    settings = read_settings(data)
    sources = read_sources(settings)
    clean = settings.data / "clean"
    clean.mkdir(exist_ok=True)
    with _only_load(clean):
        for source in sources:
            take_snapshot(settings, source)
        raw = {source.name: raw_files(source) for source in sources}
        depends = [*code_parts(), *(part for source in sources for part in source_parts(settings, source))]
        found = [f"{one.path.name} {one.sha256}" for source in sources for one in raw[source.name]]
        state = fingerprint([*depends, *found])
        record = read_record(clean / "ledger.json")
        if record.get("state") != state or not (clean / state).is_dir():
            record = _load_all(settings, sources, raw, state, record, told or (lambda *_: None))
            write_record(clean / "ledger.json", record)
            _forget_other_states(settings, record)
    return as_ledger(record, clean)


def _only_load(clean: Path) -> AcquireReturnProxy:
    """Wait for another load to end, two minutes at most; the lock is given back at the end of a with."""
    try:
        return FileLock(clean / ".lock").acquire(timeout=_WAIT_SECONDS)
    except Timeout:
        raise DataError(
            str(clean), "no other load", f"one that runs for {_WAIT_SECONDS} s", "Wait for it, or end it."
        ) from None


def _load_all(
    settings: Settings,
    sources: list[Source],
    raw: dict[str, list[RawFile]],
    state: str,
    last: dict[str, Any],
    told: Told,
) -> dict[str, Any]:
    building = {kind: settings.data / kind / f"{state}.part" for kind in ("clean", "quarantine")}
    for folder in building.values():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    try:
        # The only look at the clock: for extracts of which nobody says when they were taken.
        now = dt.datetime.now(dt.UTC).replace(tzinfo=None, microsecond=0)
        run = _Run(sum(len(found) for found in raw.values()), told, now)
        entries = [
            _load_source(settings, source, raw[source.name], building, last, run) for source in sources
        ]
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
        **{kind: [one for entry in entries for one in entry[kind]] for kind in ("files", "reasons", "notes")},
        "headers": {source.name: entry["headers"] for source, entry in zip(sources, entries, strict=True)},
        "checked": [name for entry in entries for name in entry["checked"]],
    }


@dataclass
class _Run:
    """What a load is told at its beginning and tells on its way."""

    total: int
    told: Told
    now: dt.datetime
    done: int = 0

    def next(self, name: str) -> None:
        self.told(name, self.done, self.total)
        self.done += 1


def _load_source(
    settings: Settings,
    source: Source,
    raw: list[RawFile],
    building: dict[str, Path],
    last: dict[str, Any],
    run: _Run,
) -> dict[str, Any]:
    extracts = _extracts(settings, source, raw, last, run)
    (building["clean"] / source.table.name).mkdir(exist_ok=True)
    merged = merge(
        source,
        extracts,
        building["clean"] / source.table.name / source.name,
        building["quarantine"] / f"{source.name}.parquet",
    )
    rows = sum(one.checked.rows for one in extracts)
    if not merged.good:
        most = merged.reasons.iloc[0].to_dict() if len(merged.reasons) else "no row"
        raise DataError(f"source {source.name}", "good rows", f"none of {rows}; {most}", "Check source.toml.")
    stated = [one.taken_at for one in raw if one.taken_at]
    newest = merged.latest if source.known_at else max(one.loaded_at for one in extracts)
    notes = compare_extracts(raw, extracts, last, source.name)
    return {
        "as_of": (max(stated) if stated else newest or extracts[-1].loaded_at).isoformat(),
        "files": [
            _file_entry(source, *one)
            for one in zip(raw, extracts, merged.duplicates, merged.corrections, strict=True)
        ],
        "reasons": [{"source": source.name, **reason} for reason in merged.reasons.to_dict("records")],
        "notes": [
            {"source": source.name, "file": one.name, **asdict(note)}
            for one, told in zip(extracts, notes, strict=True)
            for note in told
        ],
        "headers": list(extracts[-1].checked.headers),
        "checked": [Path(one.checked.path).stem for one in extracts],
    }


def _extracts(
    settings: Settings, source: Source, raw: list[RawFile], last: dict[str, Any], run: _Run
) -> list[Extract]:
    """Check each file, or take what an earlier load found in the same bytes."""
    folder = settings.data / "clean" / "checked"
    folder.mkdir(exist_ok=True)
    depends, forms = [*code_parts(), *source_parts(settings, source)], dict[str, Form]()
    before = {file["sha256"]: dt.datetime.fromisoformat(file["loaded_at"]) for file in last.get("files", [])}
    extracts = []
    for one in raw:
        run.next(one.path.name)
        target = folder / f"{fingerprint([*depends, one.sha256])}.parquet"
        checked = Checked.read(target) or check_extract(source, one.path, one.sha256, target, forms)
        extracts.append(Extract(one.path.name, checked, one.taken_at or before.get(one.sha256, run.now)))
    return extracts


def _file_entry(
    source: Source, raw: RawFile, extract: Extract, duplicates: int, corrections: int
) -> dict[str, Any]:
    checked = extract.checked
    return {
        "source": source.name,
        "table": source.table.name,
        "file": raw.path.name,
        "sha256": raw.sha256,
        "bytes": raw.bytes,
        "loaded_at": extract.loaded_at.isoformat(),
        "rows": checked.rows,
        "good": checked.rows - checked.bad_rows - duplicates,
        "quarantined": checked.bad_rows,
        "duplicates": duplicates,
        "corrections": corrections,
        "cells": checked.bad_cells,
    }


def _forget_other_states(settings: Settings, record: dict[str, Any]) -> None:
    """Remove what earlier loads left and this one does not use."""
    for kind in ("clean", "quarantine"):
        for folder in (settings.data / kind).iterdir():
            if folder.is_dir() and folder.name not in (record["state"], "checked"):
                shutil.rmtree(folder, ignore_errors=True)
    for path in (settings.data / "clean" / "checked").iterdir():
        if path.stem not in record["checked"]:
            path.unlink()
