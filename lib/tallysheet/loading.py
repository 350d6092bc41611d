"""One source: its extracts checked and merged, told as entries of the ledger."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tallysheet.checked import Checked, Job, NotAsItLooked, check_alike, check_extract
from tallysheet.errors import DataError, nearest
from tallysheet.extract import look
from tallysheet.headers import repeated
from tallysheet.inputs import FileChanged, RawFile, code_parts, fingerprint, source_parts
from tallysheet.merge import Extract, merge
from tallysheet.notes import compare_extracts
from tallysheet.reasons import reasons_of
from tallysheet.settings import Settings, read_toml
from tallysheet.sources import Source
from tallysheet.text_file import Form, TextTable

if TYPE_CHECKING:
    import pandas as pd

_LARGE_BYTES = 16 << 20
_MOST_FILES, _MOST_CELLS = 50, 2_000_000
"""In one query: DuckDB keeps their files open and their rows in memory."""
_MOST_QUERIES = 4
"""At a time, of all sources; each takes some 100 MB."""

Told = Callable[[str, int, int], None]
"""Is told the name of the extract that is read, how many are done and how many there are."""


def _queries() -> ThreadPoolExecutor:
    # A query over several extracts numbers their rows, and one that merges writes them, with one core.
    return ThreadPoolExecutor(min(_MOST_QUERIES, os.cpu_count() or 1))


@dataclass
class Run:
    """What a load is told at its beginning and tells on its way."""

    total: int
    told: Told
    now: dt.datetime
    done: int = 0
    failed: bool = False
    telling: threading.Lock = field(default_factory=threading.Lock)
    queries: ThreadPoolExecutor = field(default_factory=_queries)
    merging: threading.Lock = field(default_factory=threading.Lock)

    def fail(self) -> None:
        """Let the other sources go no further."""
        self.failed = True
        self.queries.shutdown(wait=False, cancel_futures=True)

    def next(self, name: str) -> None:
        """Tell that an extract comes next."""
        if self.failed:
            raise CancelledError
        with self.telling:
            self.told(name, self.done, self.total)
            self.done += 1


def load_source(
    settings: Settings,
    source: Source,
    raw: list[RawFile],
    building: dict[str, Path],
    last: dict[str, Any],
    run: Run,
) -> dict[str, Any] | None:
    """Write the clean table and the quarantine of a source into the folders that are being built.

    Parameters
    ----------
    settings : Settings
    source : Source
    raw : list of RawFile
        Its main files, earliest first.
    building : dict of str to Path
        Folders for ``clean`` and ``quarantine``.
    last : dict
        What the last load wrote.
    run : Run

    Returns
    -------
    dict or None
        Its part of the record of the load; None if its extracts have column names and no row.

    Raises
    ------
    DataError
        Some extracts cannot be read (all of them are named), no row is good, or none is there any more.
    FileChanged
        An extract changed while it was read.
    """
    extracts = extracts_of(settings, source, raw, last, run)
    rows = sum(one.checked.rows for one in extracts)
    if not rows:
        if any(file["source"] == source.name for file in last.get("files", [])):
            found, advice = "column names alone", "Extract it again."
            raise DataError(f"source {source.name}", "rows, as at the last load", found, advice)
        return None
    (building["clean"] / source.table.name).mkdir(exist_ok=True)
    clean = building["clean"] / source.table.name / source.name
    # One at a time: each takes up to 600 MB.
    with run.merging:
        quarantine = building["quarantine"] / f"{source.name}.parquet"
        merged = run.queries.submit(merge, source, extracts, clean, quarantine).result()
    if not merged.good:
        raise _no_good_row(settings, source, rows, merged.reasons, list(extracts[-1].checked.headers))
    stated = [one.taken_at for one in raw if one.taken_at]
    newest = merged.latest if source.known_at else max(one.loaded_at for one in extracts)
    notes = compare_extracts(raw, extracts, last, source)
    return {
        "taken_at": max(stated).isoformat() if stated else "",
        "as_of": (max(stated) if stated else newest or extracts[-1].loaded_at).isoformat(),
        "files": [
            _file_entry(source, *one)
            for one in zip(raw, extracts, merged.duplicates, merged.corrections, merged.cells, strict=True)
        ],
        "reasons": [{"source": source.name, **reason} for reason in merged.reasons.to_dict("records")],
        "notes": [
            {"source": source.name, "file": file, **asdict(note)}
            for file, told in [*zip((one.name for one in extracts), notes, strict=True), ("", merged.notes)]
            for note in told
        ],
        "headers": list(extracts[-1].checked.headers),
        "checked": [Path(one.checked.path).stem for one in extracts],
        "key": max(one.checked.key for one in extracts),
    }


def _no_good_row(
    settings: Settings, source: Source, rows: int, reasons: pd.DataFrame, headers: list[str]
) -> DataError:
    """Say for which reason most rows were refused, and what to do about it."""
    needed = {one.name for one in source.table.columns if one.required}
    # A row that is refused may have other cells that are, and would have kept it alone.
    refused = [one for one in reasons.to_dict("records") if not one["row_kept"]]
    most = max(refused, key=lambda one: (one["cells"], one["column"] in needed))
    column, reason = str(most["column"]), reasons_of(source.table)[str(most["reason"])]
    told = f"{column or 'a row'} is refused in {most['cells']:,} of them"
    found = f"none of {rows:,}: {told} ({most['reason']}; expected {reason.expected})"
    folder = settings.data / "sources" / source.name
    # The file in which a person has written what is read from which column.
    where = folder / str(read_toml(folder / "source.toml").get("select", "source.toml"))
    advice = reason.fix
    if most["reason"] == "missing" and source.select:
        advice = f'Write "its header" AS {column} in {where}. {nearest(column, headers)}'
    for name, header in repeated(headers).items():
        # What lacks may be in the column that is not read, and nothing be wrong with the rows.
        advice = (
            f"The header {header!r} stands twice in the file, and the first is read: if the other one is to "
            f"be read too, it is {name!r} in {where}. Else: {advice}"
        )
    return DataError(f"source {source.name}", "good rows", found, advice)


def extracts_of(
    settings: Settings, source: Source, raw: list[RawFile], last: dict[str, Any], run: Run
) -> list[Extract]:
    """Check each file, or take what an earlier load found in the same bytes.

    Raises
    ------
    DataError
        One or several cannot be read; each is named.
    FileChanged
        One changed while it was read, or a file that the SELECT joins, or the source's settings.
    """
    folder = settings.data / "clean" / "checked"
    folder.mkdir(exist_ok=True)
    parts, copies, jobs = source_parts(settings, source), Counter[str](), []
    depends = [*code_parts(), *parts]
    before = _loaded_before(source, raw, last)
    found: dict[Path, Checked | DataError] = {}
    for one in raw:
        # The same bytes under two names are two extracts, whose rows are told apart by where they lie.
        copies[one.sha256] += 1
        name = fingerprint([*depends, one.sha256, str(copies[one.sha256])])
        jobs.append(Job(one, folder / f"{name}.parquet"))
        known = Checked.read(jobs[-1].target)
        if known:
            run.next(one.path.name)
            found[jobs[-1].target] = known
    found.update(_checked(source, [job for job in jobs if job.target not in found], run))
    extracts, broken = [], []
    for job in jobs:
        checked, name, bytes_ = found[job.target], job.raw.path.name, job.raw.sha256
        if isinstance(checked, DataError):
            broken.append(checked)
            continue
        loaded = before.get((name, bytes_)) or before.get(("", bytes_), run.now)
        extracts.append(Extract(name, checked, job.raw.taken_at or loaded))
    if source_parts(settings, source) != parts:
        advice = "Load again once it is whole."
        raise FileChanged(f"source {source.name}", "files at rest", "one that changes", advice)
    if len(broken) == 1:
        raise broken[0]
    if broken:
        raise _broken(source, broken)
    return extracts


def _broken(source: Source, broken: list[DataError]) -> DataError:
    """Name all extracts that cannot be read; a fault that several share is told once, with its cure."""
    alike: dict[tuple[str, str, str], list[str]] = {}
    for error in broken:
        alike.setdefault((error.expected, error.found, error.do), []).append(error.where)
    told = "; ".join(
        f"{where}{f' and {len(others)} more' if others else ''}: expected {expected}, found {found}"
        for (expected, found, _), (where, *others) in alike.items()
    )
    ((_, _, cure), *more) = alike
    advice = "Extract them again, or move them out of the folder." if more else cure
    return DataError(f"source {source.name}", "extracts that can be read", told, advice)


def _checked(source: Source, jobs: list[Job], run: Run) -> Iterator[tuple[Path, Checked | DataError]]:
    """Check extracts: those that are alike together, several queries at a time, any other by itself."""
    forms: dict[str, Form] = {}
    alone = partial(run.queries.submit, partial(_checked_alone, source))
    running = []
    for batch in _batches(source, jobs, forms, run):
        if len(batch) == 1:
            yield batch[0].target, alone(batch[0], forms).result()
        else:
            running.append((batch, run.queries.submit(check_alike, source, batch)))
    for batch, query in running:
        try:
            yield from zip((job.target for job in batch), query.result(), strict=True)
        except NotAsItLooked:
            for job in batch:
                form = job.text.form if job.text else None
                yield job.target, alone(job, {source.name: form} if form else {}).result()


def _batches(source: Source, jobs: list[Job], forms: dict[str, Form], run: Run) -> Iterator[list[Job]]:
    """Give together those extracts that can be checked in one query."""
    batches, cells = dict[TextTable, list[Job]](), Counter[TextTable]()
    for job in jobs:
        run.next(job.raw.path.name)
        text = None
        if not source.select and job.raw.bytes < _LARGE_BYTES:
            # What is damaged or gone is told where it is checked by itself.
            with contextlib.suppress(DataError, OSError):
                text = look(job.raw.path, "extract", forms.get(source.name))
        if not text:
            yield [job]
            continue
        if text.form:
            forms[source.name] = text.form
        likeness = replace(text, lines=None, preamble=())
        batch = batches.setdefault(likeness, [])
        batch.append(replace(job, text=text))
        cells[likeness] += (text.lines or 0) * len(text.columns)
        if len(batch) == _MOST_FILES or cells[likeness] >= _MOST_CELLS:
            del cells[likeness]
            yield batches.pop(likeness)
    yield from batches.values()


def _checked_alone(source: Source, job: Job, forms: dict[str, Form]) -> Checked | DataError:
    try:
        return check_extract(source, job.raw, job.target, forms)
    except FileChanged:
        raise
    except DataError as error:
        return error


def _loaded_before(
    source: Source, raw: list[RawFile], last: dict[str, Any]
) -> dict[tuple[str, str], dt.datetime]:
    """Tell by name and bytes when a file was first loaded; without name if it is there no more.

    A file that was renamed keeps its time. A further file with the same bytes has its own: a row that was
    changed and changed back is told by three extracts, of which the last is like the first.
    """
    here = {one.path.name for one in raw}
    return {
        (file["file"] if file["file"] in here else "", file["sha256"]): dt.datetime.fromisoformat(
            file["loaded_at"]
        )
        for file in last.get("files", [])
        if file["source"] == source.name
    }


def _file_entry(
    source: Source, raw: RawFile, extract: Extract, duplicates: int, corrections: int, cells: int
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
        "cells": cells,
    }
