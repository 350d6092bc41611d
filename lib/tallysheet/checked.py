"""Extracts, every row of them: typed, with what was refused beside it, each as a Parquet file."""

from __future__ import annotations

import datetime as dt
import json
import os
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from tallysheet.engine import connect, first_line, identifier, literal
from tallysheet.errors import DataError, nearest
from tallysheet.extract import scan, scan_alike
from tallysheet.inputs import RawFile
from tallysheet.note import Note, note_like
from tallysheet.personal import key_fingerprint, masked, personal_key
from tallysheet.row_checks import ROW_OK, checked_rows
from tallysheet.sources import Source
from tallysheet.text_file import FILE, Form, Stream, TextTable
from tallysheet.unpack import sha256

_FIRST_ROWS = 100_000
_KEY = threading.Lock()  # Two threads must not make the first key, each its own.


@dataclass(frozen=True)
class Checked:
    """A checked extract.

    Parameters
    ----------
    path : str
        The Parquet file: the table's columns, ``line`` (NULL where it follows from the row's place and
        ``first_line``) and ``refused``: NULL, or what is refused of the row as JSON,
        see `tallysheet.row_checks.REFUSED`.
    rows, bad_rows : int
        Rows of the extract; those set aside.
    first_line : int
    headers : tuple of str
        The file's columns.
    notes : tuple of Note
    sizes : dict of str to list of float
        Column to median and upper quartile of its first rows, for numbers that have a unit.
    last_event_at : str
        The latest moment at which something happened that a good row tells of, ISO, UTC; empty if none does.
    sha256 : str
        Fingerprint of the Parquet file.
    key : str
        Fingerprint of the key with which personal columns are hashed; empty if there are none.
    """

    path: str
    sha256: str
    rows: int
    bad_rows: int
    first_line: int
    headers: tuple[str, ...] = ()
    notes: tuple[Note, ...] = field(default_factory=tuple)
    sizes: dict[str, list[float]] = field(default_factory=dict)
    last_event_at: str = ""
    key: str = ""

    @classmethod
    def read(cls, path: Path) -> Checked | None:
        """Read what an earlier load wrote; None if it is not whole, or had another key."""
        record = path.with_suffix(".json")
        if not record.is_file() or not path.is_file():
            return None
        try:
            found = json.loads(record.read_text(encoding="utf-8"))
            notes = tuple(Note(**note) for note in found["notes"])
            headers = tuple(found["headers"])
            known = cls(**{**found, "path": str(path), "headers": headers, "notes": notes})
        except (ValueError, TypeError, KeyError):
            # Written without waiting for the disk: a power cut may leave it empty or half. It is made anew.
            return None
        if known.sha256 != sha256(path) or (known.key and known.key != key_fingerprint()):
            return None
        return known


@dataclass(frozen=True)
class Job:
    """An extract to be checked, and the Parquet file to which every row of it goes.

    ``text`` says how it is written, if that shows. Beside the Parquet file a record with ``.json`` is
    written last.
    """

    raw: RawFile
    target: Path
    text: TextTable | None = None

    def keep(self, part: Path, found: dict[str, Any]) -> Checked:
        """Give a file that was written whole its name, and record what was found."""
        checked = Checked(path=str(self.target), sha256=sha256(part), **found)
        os.replace(part, self.target)
        part.write_text(json.dumps(asdict(checked)), encoding="utf-8")
        os.replace(part, self.target.with_suffix(".json"))
        return checked


def check_alike(source: Source, batch: Sequence[Job]) -> list[Checked]:
    """Check extracts that `look` found alike, in one query, which writes each to a file of its own.

    Raises
    ------
    NotAsItLooked
        At least one cannot be checked so; each must be checked by itself.
    FileChanged
        One is not the file that was found, or changes while it is read.
    """
    texts = [(job.raw.path, job.text) for job in batch if job.text]
    one = texts[0][1]
    with (
        tempfile.TemporaryDirectory(suffix=".part", dir=batch[0].target.parent) as made,
        connect(Path(made)) as connection,
    ):
        parts = Path(made) / "rows"
        try:
            scan_alike(connection, texts)
            notes = _prepare(connection, source, texts[0][0], one, FILE)
            given, key = _given(connection, source)
            rows = checked_rows(source, given, ("line", FILE))
            connection.execute(
                f"COPY ({rows}) TO {literal(str(parts))} (FORMAT parquet, PARTITION_BY {identifier(FILE)})"
            )
            counted = _counted(connection, source, given, parts / "*" / "*", f"line - {one.first_line}")
        except (duckdb.Error, DataError):
            raise NotAsItLooked from None
        finally:
            for job in batch:
                job.raw.refuse_change()
        # DuckDB makes a folder for each number.
        of = {int(part.parent.name.rpartition("=")[2]): (part, found) for part, found in counted.items()}
        # Where each text has its lines, from the first to the last, each row also has its own.
        lines = {number: (text.lines, 0, (text.lines or 0) - 1) for number, (_, text) in enumerate(texts)}
        if lines != {number: (found.rows, found.first, found.last) for number, (_, found) in of.items()}:
            raise NotAsItLooked
        return [
            job.keep(of[number][0], of[number][1].found(texts[number][1], notes, key))
            for number, job in enumerate(batch)
        ]


def check_extract(source: Source, raw: RawFile, target: Path, forms: dict[str, Form]) -> Checked:
    """Check an extract by itself and write every row of it to ``target``.

    Parameters
    ----------
    source : Source
    raw : RawFile
        One of the main files of the source.
    target : Path
    forms : dict
        How files of this source were written so far; the next is tried so first.

    Raises
    ------
    DataError
        It cannot be read, lacks a column that a row needs, or a SELECT does not give one row for each
        of its rows.
    FileChanged
        It is not the file that was found, or changes while it is read.
    """
    part = target.with_suffix(".part")
    try:
        try:
            found = _written(source, raw.path, part, forms, "trusted")
        except NotAsItLooked:
            found = _written(source, raw.path, part, forms, "never")
        finally:
            raw.refuse_change()
        return Job(raw, target).keep(part, found)
    finally:
        part.unlink(missing_ok=True)


class NotAsItLooked(Exception):
    """A file is otherwise than its beginning and end show."""


def _written(
    source: Source, path: Path, part: Path, forms: dict[str, Form], stream: Stream
) -> dict[str, Any]:
    main = source.files[0]
    with (
        connect(part.parent) as connection,
        scan(
            connection,
            path,
            "extract",
            sheet=main.sheet,
            form=forms.get(source.name),
            stream=stream,
            scratch=part.parent,
        ) as text,
    ):
        if text.form:
            forms[source.name] = text.form
        try:
            notes = _prepare(connection, source, path, text)
            _list_ragged(connection, text)
            given, key = _given(connection, source)
            in_place = text.lines is not None and not source.select
            beside = () if in_place else ("line",)
            rows = checked_rows(source, given, beside, ragged=bool(text.ragged))
            connection.execute(f"COPY ({rows}) TO {literal(str(part))} (FORMAT parquet)")
        except duckdb.Error as error:
            if text.lines is not None and "CSV Error" in str(error):
                raise NotAsItLooked from None
            where = f"source {source.name}, {path.name}"
            raise DataError(where, "a table that can be checked", first_line(error), "Correct it.") from None
        counted = _counted(connection, source, given, part, "file_row_number").get(part, _Counted())
    if text.lines is not None and not source.spread and counted.rows != text.lines:
        raise NotAsItLooked
    return counted.found(text, notes, key)


def _given(connection: duckdb.DuckDBPyConnection, source: Source) -> tuple[set[str], str]:
    """Tell which columns ``mapped`` has; where one is hashed set the key, and give its fingerprint."""
    columns = {column.name: column for column in source.table.columns}
    given = {row[0] for row in connection.execute("DESCRIBE mapped").fetchall()} & {*columns}
    if not any(columns[name].personal == "hash" for name in given):
        return given, ""
    with _KEY:
        connection.execute("SET VARIABLE personal_key = ?", [personal_key()])
        return given, key_fingerprint()


@dataclass(frozen=True)
class _Counted:
    """Rows of a checked file, their first and last place, its last event, sizes of numbers with a unit."""

    rows: int = 0
    bad_rows: int = 0
    first: int = 0
    last: int = 0
    last_event_at: dt.datetime | None = None
    sizes: dict[str, list[float]] = field(default_factory=dict)

    def found(self, text: TextTable, notes: list[Note], key: str) -> dict[str, Any]:
        """Give what `Checked` says of the extract."""
        return {
            "rows": self.rows,
            "bad_rows": self.bad_rows,
            "first_line": text.first_line,
            "headers": text.names,
            "notes": tuple([*_told(text), *notes]),
            "sizes": self.sizes,
            "last_event_at": self.last_event_at.isoformat() if self.last_event_at else "",
            "key": key,
        }


def _counted(
    connection: duckdb.DuckDBPyConnection, source: Source, given: set[str], parts: Path, place: str
) -> dict[Path, _Counted]:
    """Count the rows of checked files; find their last event, and sizes that show another unit."""
    names = [column.name for column in source.table.columns if column.unit and column.name in given]
    size = f"quantile_cont(abs({{}}), [0.5, 0.75]) FILTER (place < {_FIRST_ROWS})"
    sizes = "".join(f", {size.format(name)}" for name in names)
    moments = [
        column.name
        for column in source.table.columns
        if column.type == "TIMESTAMP" and not column.is_planned and column.name in given
    ]
    latest = f"max(greatest({', '.join(moments)})) FILTER ({ROW_OK})" if moments else "NULL"
    counted = connection.execute(
        f"SELECT filename, count(*), count(*) FILTER (NOT ({ROW_OK})), min(place), max(place), {latest}"
        f"{sizes} FROM (SELECT *, {place} AS place FROM read_parquet({literal(str(parts))}, filename = true, "
        "file_row_number = true, hive_partitioning = false)) GROUP BY filename"
    ).fetchall()
    return {
        Path(path): _Counted(
            *(rows, bad_rows, first, last, last_event_at),
            sizes={name: size for name, size in zip(names, sizes, strict=True) if size is not None},
        )
        for path, rows, bad_rows, first, last, last_event_at, *sizes in counted
    }


def _told(text: TextTable) -> list[Note]:
    """Tell what stands around the table, and what was mended or looks cut."""
    above = [line for line in text.preamble if not line.casefold().startswith("sep=")]  # written by Excel
    notes = [Note("preamble", {"line": masked(line)}) for line in above[:5]]
    notes += [Note("footnote", {"line": masked(line)}) for line in text.footnotes[:5]]
    notes += [Note("further table", {"n": len(rows), "line": str(rows[0].line)}) for rows in text.tables]
    if text.repaired:
        lines = ", ".join(str(line) for line in text.repaired[:5])
        notes.append(Note("mended", {"n": len(text.repaired), "lines": lines}))
    if text.cut:
        notes.append(Note("cut"))
    if not text.header:
        notes.append(Note("no header"))
    return notes


def _prepare(
    connection: duckdb.DuckDBPyConnection, source: Source, path: Path, text: TextTable, *beside: str
) -> list[Note]:
    """Lay ``mapped``: the source's cells under our names, not yet typed, and columns beside them."""
    # A long IN would become a join, behind which rows are out of order; their lines rest on it.
    connection.execute("SET disabled_optimizers = 'type_pushdown,in_clause'")
    main, *others = source.files
    _view(connection, main.name, "VIEW", "extract", text, main.missing, *beside)
    if not source.select:
        notes, mapped = _matched(source, path, text)
        shown = ", ".join([*mapped, "line", *map(identifier, beside)])
        connection.execute(f"CREATE TEMP VIEW mapped AS SELECT {shown} FROM {identifier(main.name)}")
        return notes
    for file in others:
        for lookup in file.paths():
            with scan(connection, lookup, "lookup", sheet=file.sheet) as found:
                _view(connection, file.name, "TABLE", "lookup", found, file.missing)
    connection.execute(f"CREATE TEMP TABLE mapped AS {source.select}")
    _refuse_lost_lines(connection, source, path, text.lines)
    for name, kind, *_ in connection.execute("DESCRIBE mapped").fetchall():
        if name != "line":
            source.table.column(name)
            if kind != "VARCHAR":
                # A SELECT may give numbers and days; what is checked are texts, as a file has them.
                connection.execute(f"ALTER TABLE mapped ALTER {identifier(name)} TYPE VARCHAR")
    return []


def _refuse_lost_lines(
    connection: duckdb.DuckDBPyConnection, source: Source, path: Path, looked: int | None
) -> None:
    """Refuse a SELECT that loses lines, or makes several rows of one where its source does not say so."""
    main = identifier(source.files[0].name)
    read = connection.execute(f"SELECT count(*) FROM {main}").fetchall()[0][0]
    if looked is not None and read != looked:
        raise NotAsItLooked
    made = "SELECT count(*), count(line), count(DISTINCT line) FROM mapped"
    rows, lined, lines = connection.execute(made).fetchall()[0]
    if rows == lined and lines == read and (source.spread or rows == read):
        return
    advice = "Check the joins and filters of its SELECT."
    if rows == lined > lines == read:
        advice += " If a line is to make several rows, write spread = true in source.toml."
    raise DataError(
        f"source {source.name}",
        f"{'at least ' * source.spread}one row for each of the {read} rows of {path.name}",
        f"{rows} rows from {lines} lines",
        advice,
    )


def _list_ragged(connection: duckdb.DuckDBPyConnection, text: TextTable) -> None:
    """Make the table ``ragged``: lines whose rows have too few or too many cells."""
    connection.execute("CREATE TEMP TABLE ragged (line BIGINT, cells BIGINT)")
    if text.ragged:
        connection.executemany("INSERT INTO ragged VALUES (?, ?)", text.ragged)


def _view(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    kind: str,
    scanned: str,
    text: TextTable,
    missing: tuple[str, ...],
    *beside: str,
) -> None:
    """Name a scanned file as the source does, with its marks for a missing value as NULL."""
    marks = ", ".join(literal(mark) for mark in missing)
    quoted = [identifier(column) for column in text.columns]
    if marks:
        quoted = [f"CASE WHEN {cell} NOT IN ({marks}) THEN {cell} END AS {cell}" for cell in quoted]
    shown = ", ".join([*quoted, "line", *map(identifier, beside)])
    connection.execute(f"CREATE TEMP {kind} {identifier(name)} AS SELECT {shown} FROM {scanned}")


def _matched(source: Source, path: Path, text: TextTable) -> tuple[list[Note], list[str]]:
    """Match the table's columns with the file's, and tell which of either are left over."""
    table, spelled = source.table, {name.strip().lower(): name for name in reversed(text.columns)}
    mapped, notes, used = [], [], set()
    for column in table.columns:
        header = source.columns[column.name].header
        found = spelled.get(header.strip().lower())
        if found:
            used.add(found)
            mapped.append(f"{identifier(found)} AS {identifier(column.name)}")
        elif column.required and column.name != "known_at":
            advice = nearest(header, text.columns)
            raise DataError(f"{path} {column.name}", f"a column {header!r}", "none", advice)
        elif column.name in source.renamed:
            notes.append(note_like("missing column", header, text.columns, column=column.name))
    for name in text.columns:
        if name not in used:
            notes.append(note_like("column not loaded", name, [column.name for column in table.columns]))
    return notes, mapped
