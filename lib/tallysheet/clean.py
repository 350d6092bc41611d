"""From raw extracts to checked tables: good rows, refused rows with their reason, and a ledger."""

from __future__ import annotations

import datetime as dt
import os
import shutil
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
from filelock import AcquireReturnProxy, FileLock, Timeout

from tallysheet.database import take_snapshot
from tallysheet.digests import Digests
from tallysheet.engine import first_line
from tallysheet.errors import DataError
from tallysheet.held import held_states
from tallysheet.inputs import (
    FileChanged,
    RawFile,
    code_parts,
    fingerprint,
    raw_files,
    source_parts,
    unclaimed,
)
from tallysheet.ledger import Ledger, as_ledger, newest_event, read_record, write_record
from tallysheet.links import link_notes
from tallysheet.loading import Run, Told, load_source
from tallysheet.look_alikes import look_alikes
from tallysheet.note import Named, Note
from tallysheet.personal import key_fingerprint
from tallysheet.refusals import refusal
from tallysheet.settings import Settings, read_settings
from tallysheet.shared_rows import settle
from tallysheet.sources import Source, read_sources
from tallysheet.target_notes import target_notes
from tallysheet.warehouse.mapped import mapped_record

_WAIT_SECONDS = 120
_SOURCES = 3
"""At a time: one is merged, one may wait for it, the next is looked at and checked."""
_NAMED = 3
"""So many files that no source takes are named."""


def load(data: str | Path = "data", told: Told | None = None, *, reads_again: bool = True) -> Ledger:
    """Bring the clean tables up to date with the raw extracts.

    Unchanged extracts are not read again. The clean tables of the last good load stay until the new
    ones are whole; a load that is killed leaves them, and the next goes on where it stopped.

    Parameters
    ----------
    data : str or Path
        The data folder; a relative one is also looked for in the folders above.
    told : callable, optional
        Told of the run.
    reads_again : bool
        Whether to look for changes in the bytes of all files; else only in those that the system has seen
        change.

    Returns
    -------
    Ledger

    Raises
    ------
    DataError
        A file is empty or unreadable, keeps changing while it is read, lacks a column that every row needs,
        or no row of a source is good; a source that was loaded has no file any more, or none has one; or a
        file may not be read, or the data folder not be written to. A source that never had a file is a
        note of the ledger.

    Examples
    --------
    >>> ledger = load("data/flights")
    >>> ledger.files[["file", "rows", "good", "quarantined", "duplicates"]]
                  file    rows    good  quarantined  duplicates
    0  flights.csv.zip  336776  336776            0           0
    """
    settings = read_settings(data)
    if settings.connection.mapped:
        clean = settings.data / "clean"
        clean.mkdir(exist_ok=True)
        with only_load(clean):
            return as_ledger(mapped_record(settings), clean)
    sources = read_sources(settings)
    tell = told or (lambda *_: None)
    try:
        (settings.data / "clean").mkdir(exist_ok=True)
        with only_load(settings.data / "clean"):
            for source in sources:
                take_snapshot(settings, source)
            digests = Digests(settings.data / "clean" / "digests.json", reads_again=reads_again)
            try:
                record = _bring_up_to_date(settings, sources, digests, tell)
            except FileChanged:
                # Somebody was just writing it; whoever still writes is told to wait.
                record = _bring_up_to_date(settings, sources, digests, tell)
            digests.remember()
    except OSError as error:
        raise refusal(error, settings.data) from None
    except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
        raise DataError(
            str(settings.data), "a folder with room that can be written to", first_line(error), "Make room."
        ) from None
    return as_ledger(record, settings.data / "clean")


def only_load(clean: Path) -> AcquireReturnProxy:
    """Wait for another load to end, two minutes at most; the lock is given back at the end of a with."""
    try:
        return FileLock(clean / ".lock").acquire(timeout=_WAIT_SECONDS)
    except Timeout:
        raise DataError(
            str(clean), "no other load", f"one that runs for {_WAIT_SECONDS} s", "Wait for it, or end it."
        ) from None


def _bring_up_to_date(
    settings: Settings, sources: list[Source], digests: Digests, told: Told
) -> dict[str, Any]:
    """Load if anything changed since the last load, or what it wrote is not whole."""
    clean = settings.data / "clean"
    record = read_record(clean / "ledger.json")
    waiting, strays = awaited(sources, record), _stray_notes(settings, sources)
    sources = [source for source in sources if source not in waiting]
    raw = {source.name: raw_files(source, digests) for source in sources}
    depends = [*code_parts(), *(part for source in sources for part in source_parts(settings, source))]
    found = [f"{one.path.name} {one.sha256}" for source in sources for one in raw[source.name]]
    state = fingerprint([*depends, *found, *(source.name for source in waiting)])
    is_new = record.get("state") != state or not _is_whole(settings, record, digests)
    if is_new:
        record = _load_all(settings, sources, raw, record, digests, state=state, told=told)
        record["notes"] += [_awaited_note(source) for source in waiting]
    notes = [note for note in record["notes"] if note["kind"] != "no source"] + strays
    if is_new or notes != record["notes"]:
        record["notes"] = notes
        write_record(clean / "ledger.json", record)
    # Also where nothing changed: the last load may have been killed just before.
    _forget_other_states(settings, record)
    return record


def awaited(sources: list[Source], last: dict[str, Any]) -> list[Source]:
    """List the sources that never had an extract, unless none has: what needs them is left out until then."""
    loaded = {file["source"] for file in last.get("files", [])}
    found = [source for source in sources if source.name not in loaded and not source.has_extract()]
    return found if len(found) < len(sources) else []


def _awaited_note(source: Source) -> dict[str, Any]:
    note = Note("no extract", {"name": source.files[0].pattern.name})
    return {"source": source.name, "file": "", **asdict(note)}


def _stray_notes(settings: Settings, sources: list[Source]) -> list[dict[str, Any]]:
    names = [path.name for path in unclaimed(settings, sources)]
    note = Note("no source", {"n": len(names), "names": ", ".join(names[:_NAMED])})
    return [{"source": "", "file": "", **asdict(note)}] if names else []


def _empty_note(source: Source) -> dict[str, Any]:
    note = Note("no extract", wording="no_extract_rows")
    return {"source": source.name, "file": source.files[0].paths()[-1].name, **asdict(note)}


def _is_whole(settings: Settings, record: dict[str, Any], digests: Digests) -> bool:
    """Say whether each file of the last load is as it was written, and with the key that is there now."""
    if record["key"] and record["key"] != key_fingerprint():
        return False
    return _fingerprints(settings, record["state"], digests) == record["written"]


def _fingerprints(settings: Settings, state: str, digests: Digests) -> dict[str, str]:
    """Fingerprint what was written; Parquet does not notice a flipped bit by itself."""
    folders = (settings.data / kind / state for kind in ("clean", "quarantine"))
    paths = (path for folder in folders for path in folder.rglob("*.parquet"))
    return {path.relative_to(settings.data).as_posix(): digests.of(path) for path in sorted(paths)}


def _load_all(
    settings: Settings,
    sources: list[Source],
    raw: dict[str, list[RawFile]],
    last: dict[str, Any],
    digests: Digests,
    *,
    state: str,
    told: Told,
) -> dict[str, Any]:
    building = {kind: settings.data / kind / f"{state}.part" for kind in ("clean", "quarantine")}
    try:
        for folder in building.values():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
        # The only look at the clock: for extracts of which nobody says when they were taken.
        now = dt.datetime.now(dt.UTC).replace(tzinfo=None, microsecond=0)
        run = Run(sum(len(found) for found in raw.values()), told, now)
        load_one = partial(load_source, settings, building=building, last=last, run=run)
        with run.queries, ThreadPoolExecutor(_SOURCES) as pool:
            try:
                found = list(pool.map(load_one, sources, [raw[source.name] for source in sources]))
            except BaseException:
                run.fail()
                raise
        parts = {source.name: entry for source, entry in zip(sources, found, strict=True) if entry}
        if not parts:
            raise DataError(f"source {sources[0].name}", "good rows", "none of 0", "Extract it again.")
        notes = [_empty_note(source) for source in sources if source.name not in parts]
        here = [source for source in sources if source.name in parts]
        notes += _shared_rows(here, building["clean"]) + _wrong_targets(here, building["clean"])
        notes += look_alikes(here, building["clean"]) + link_notes(here, building["clean"])
        for kind, folder in building.items():
            final = settings.data / kind / state
            shutil.rmtree(final, ignore_errors=True)
            os.replace(folder, final)
    finally:
        for folder in building.values():
            shutil.rmtree(folder, ignore_errors=True)
    entries = parts.values()
    as_of = newest_event(
        (source.table.name, parts[source.name]["as_of"]) for source in sources if source.name in parts
    )
    notes += [
        _ahead_note(name, entry["as_of"], as_of) for name, entry in parts.items() if entry["as_of"] > as_of
    ]
    return {
        "state": state,
        "as_of": as_of,
        "taken_at": _taken_at(here, parts),
        "files": [one for entry in entries for one in entry["files"]],
        "notes": [*(one for entry in entries for one in entry["notes"]), *notes],
        "reasons": sorted(
            (one for entry in entries for one in entry["reasons"]), key=lambda one: -int(one["cells"])
        ),
        "headers": {name: entry["headers"] for name, entry in parts.items()},
        "checked": [name for entry in entries for name in entry["checked"]],
        "key": max(entry["key"] for entry in entries),
        "written": _fingerprints(settings, state, digests),
    }


def _taken_at(sources: list[Source], parts: Mapping[str, dict[str, Any]]) -> dict[str, str]:
    """Give when the newest extract of each table was taken; of those alone of which every source says it."""
    said: dict[str, list[str]] = {}
    for source in sources:
        said.setdefault(source.table.name, []).append(parts[source.name]["taken_at"])
    return {table: max(moments) for table, moments in said.items() if all(moments)}


def _wrong_targets(sources: list[Source], clean: Path) -> list[dict[str, Any]]:
    """Tell of targets whose KPI or part is not there."""
    return [
        {"source": source.name, "file": "", **asdict(note)}
        for source in sources
        if source.table.name == "targets"
        for note in target_notes(clean / source.table.name / source.name)
    ]


def _ahead_note(source: str, last: str, as_of: str) -> dict[str, Any]:
    named: dict[str, Named] = {"last": last[:10], "as_of": as_of[:10]}
    return {"source": source, "file": "", **asdict(Note("ahead", named))}


def _shared_rows(sources: list[Source], clean: Path) -> list[dict[str, Any]]:
    """Let a row that several sources of a table give count once; tell of it."""
    told = []
    for table in {source.table.name: source.table for source in sources}.values():
        folders = {one.name: clean / table.name / one.name for one in sources if one.table.name == table.name}
        if len(folders) > 1:
            for name, (rows, others) in settle(table, folders).items():
                note = Note("shared rows", {"n": rows, "name": others})
                told.append({"source": name, "file": "", **asdict(note)})
    return told


def _forget_other_states(settings: Settings, record: dict[str, Any]) -> None:
    """Remove what earlier loads left, also those that were killed, and neither this one nor a run uses."""
    used = {record["state"], "checked"} | held_states(settings.data / "clean")
    for kind in ("clean", "quarantine"):
        for folder in (settings.data / kind).glob("*"):
            if folder.is_dir() and folder.name not in used:
                shutil.rmtree(folder, ignore_errors=True)
    for path in (settings.data / "clean").glob(".*.part"):
        path.unlink()
    for path in (settings.data / "clean" / "checked").glob("*"):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        elif path.stem not in record["checked"] or path.suffix not in (".parquet", ".json"):
            path.unlink()
