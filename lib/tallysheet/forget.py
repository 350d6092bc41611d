"""Forget old rows: in the raw extracts, and so in everything that is made from them."""

from __future__ import annotations

import datetime as dt
import gzip
import os
import shutil
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tallysheet.checked import Checked
from tallysheet.clean import awaited, only_load
from tallysheet.dialect import read_beginning
from tallysheet.digests import Digests
from tallysheet.engine import connect, literal
from tallysheet.errors import DataError
from tallysheet.inputs import RawFile, raw_files
from tallysheet.ledger import read_record, write_record
from tallysheet.loading import Run, extracts_of
from tallysheet.settings import Settings, read_settings
from tallysheet.sources import Source, read_sources
from tallysheet.unpack import DELIMITED, SPREADSHEETS, lines_of, sha256, unpacked
from tallysheet.weeks import week_folders


@dataclass(frozen=True)
class _Rows:
    """Lines on which the rows of an extract begin, in order, and whether each row is old."""

    lines: npt.NDArray[np.int64]
    is_old: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class _Plan:
    """What becomes of a raw extract of a source, and when it was first loaded if nothing else says it."""

    one: Forgotten
    rows: _Rows
    source: str
    loaded_at: dt.datetime | None


@dataclass(frozen=True)
class Forgotten:
    """What becomes of a raw extract.

    Parameters
    ----------
    path : Path
    rows, old_rows : int
        Rows that it has, and those from before the date.
    what : str
        ``kept``, ``deleted``, ``cut``, or ``left`` where old rows stay because it cannot be cut.
    why : str
        Why it is kept or left.
    """

    path: Path
    rows: int
    old_rows: int
    what: str
    why: str = ""


def forget(before: dt.date, data: str | Path = "data", dry_run: bool = False) -> list[Forgotten]:
    """Take the rows from before a date out of the raw extracts, and remove what was made of them.

    A row's date is that by which its table counts weeks; a row without one has that of its extract.
    Extracts of which every row is older are deleted, others are cut; clean tables, quarantine and
    cubes are removed, and the next load makes them anew from what is left, each extract known since when
    it was. What was published of weeks that end before the date is removed.

    Parameters
    ----------
    before : date
    data : str or Path
    dry_run : bool
        Whether only to say what would be done.

    Returns
    -------
    list of Forgotten
        One for each raw extract.

    Raises
    ------
    DataError
        An extract cannot be read; nothing was removed.
    """
    settings = read_settings(data)
    clean = settings.data / "clean"
    clean.mkdir(exist_ok=True)
    with only_load(clean):
        sources, last = read_sources(settings), read_record(clean / "ledger.json")
        waiting = awaited(sources, last)
        plans = [
            plan
            for source in sources
            if source not in waiting
            for plan in _planned(settings, source, before, last)
        ]
        if not dry_run:
            for plan in plans:
                _carry_out(plan.one, plan.rows)
            for kind in ("clean", "quarantine", "cube"):
                _empty(settings.data / kind)
            _keep_times(clean, plans)
            for week, folder in week_folders(settings.data / "history").items():
                if week.sunday < before:
                    shutil.rmtree(folder)
    return [plan.one for plan in plans]


def _planned(settings: Settings, source: Source, before: dt.date, last: dict[str, Any]) -> Iterator[_Plan]:
    """Decide for each extract of a source."""
    raw = raw_files(source, Digests(settings.data / "clean" / "digests.json", reads_again=True))
    run = Run(len(raw), lambda *_: None, dt.datetime.min)
    for one, extract in zip(raw, extracts_of(settings, source, raw, last, run), strict=True):
        rows = _rows(source, one, extract.checked, before)
        decided = _decided(settings, source, one.path, len(rows.lines), int(rows.is_old.sum()))
        is_known = one.taken_at is None and extract.loaded_at != dt.datetime.min
        yield _Plan(decided, rows, source.name, extract.loaded_at if is_known else None)


def _keep_times(clean: Path, plans: Sequence[_Plan]) -> None:
    """Leave a record of nothing but when the extracts that stay were first loaded: no name says it."""
    files = [
        {
            "source": plan.source,
            "file": plan.one.path.name,
            "sha256": sha256(plan.one.path),
            "bytes": plan.one.path.stat().st_size,
            "loaded_at": plan.loaded_at.isoformat(),
        }
        for plan in plans
        if plan.loaded_at and plan.one.what != "deleted"
    ]
    if files:
        write_record(clean / "ledger.json", {"state": "", "files": files})


def _rows(source: Source, raw: RawFile, checked: Checked, before: dt.date) -> _Rows:
    taken = f"TIMESTAMP {literal(raw.taken_at.isoformat())}" if raw.taken_at else "NULL"
    dated = f"CAST({source.table.week_of} AS TIMESTAMP)" if source.table.week_of else "NULL"
    is_old = f"coalesce(coalesce({dated}, {taken}) < TIMESTAMP {literal(before.isoformat())}, false)"
    with connect() as connection:
        reader = f"read_parquet({literal(checked.path)}, file_row_number = true)"
        columns = {row[0] for row in connection.execute(f"DESCRIBE SELECT * FROM {reader}").fetchall()}
        line = "line" if "line" in columns else f"file_row_number + {checked.first_line}"
        found = connection.execute(f"SELECT {line} AS line, {is_old} AS is_old FROM {reader} ORDER BY 1")
        rows = found.fetchnumpy()
    return _Rows(np.asarray(rows["line"]), np.asarray(rows["is_old"], dtype=bool))


def _decided(settings: Settings, source: Source, path: Path, rows: int, old: int) -> Forgotten:
    if not source.table.week_of:
        return Forgotten(path, rows, old, "kept", f"{source.table.name} has no date to go by")
    if not old:
        return Forgotten(path, rows, old, "kept", "no row is as old")
    if not path.resolve().is_relative_to(settings.data):
        return Forgotten(path, rows, old, "left", "it lies outside the data folder")
    if old == rows:
        return Forgotten(path, rows, old, "deleted")
    if path.suffix.lower() in SPREADSHEETS:
        return Forgotten(path, rows, old, "left", "a workbook cannot be cut: export it anew, or delete it")
    return Forgotten(path, rows, old, "cut")


def _carry_out(one: Forgotten, rows: _Rows) -> None:
    if one.what == "deleted":
        one.path.unlink()
    elif one.what == "cut":
        part = one.path.with_name(f"{one.path.name}.part")
        folder = one.path.with_name(f"{one.path.name}.unpacked")
        folder.mkdir()
        try:
            _write_without(one.path, part, folder, rows)
            os.replace(part, one.path)
        finally:
            part.unlink(missing_ok=True)
            shutil.rmtree(folder)


def _write_without(path: Path, part: Path, folder: Path, rows: _Rows) -> None:
    """Write an extract again without its old rows, packed as it was."""
    plain = unpacked(path, folder)
    cut = folder / "cut"
    if plain.suffix.lower() == ".parquet":
        _cut_parquet(plain, cut, rows)
    elif plain.suffix.lower() in DELIMITED:
        _cut_text(plain, cut, rows)
    else:
        raise DataError(str(path), "a text or Parquet file", plain.suffix, "Delete it, or export it anew.")
    if path.suffix.lower() == ".gz":
        with cut.open("rb") as file, gzip.open(part, "wb") as packed:
            shutil.copyfileobj(file, packed)
    elif path.suffix.lower() == ".zip":
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(cut, f"{path.stem}{'' if Path(path.stem).suffix else plain.suffix}")
    else:
        os.replace(cut, part)


def _cut_text(plain: Path, cut: Path, rows: _Rows) -> None:
    """Leave out the lines from where an old row begins to where the next row does."""
    _, encoding = read_beginning(plain)
    begun = 0
    with cut.open("w", encoding=encoding, errors="tallysheet.windows", newline="") as file:
        for number, line in enumerate(lines_of(plain, encoding), start=1):
            while begun < len(rows.lines) and rows.lines[begun] <= number:
                begun += 1
            if not begun or not rows.is_old[begun - 1]:
                file.write(line)


def _cut_parquet(plain: Path, cut: Path, rows: _Rows) -> None:
    # Row 0 of the file is line 2: its header counts as line 1.
    old = rows.lines[rows.is_old] - 2
    with connect() as connection:
        connection.execute(
            "COPY (SELECT * EXCLUDE (file_row_number) FROM "
            f"read_parquet({literal(str(plain))}, file_row_number = true) "
            f"WHERE file_row_number NOT IN (SELECT unnest($old))) TO {literal(str(cut))} (FORMAT parquet)",
            {"old": old.tolist()},
        )


def _empty(folder: Path) -> None:
    """Remove what is in a folder, but the lock that is held."""
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != ".lock":
            path.unlink()
