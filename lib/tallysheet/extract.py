"""Read an extract as it was written: every cell a text, nothing guessed, nothing lost."""

from __future__ import annotations

import contextlib
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import duckdb

from tallysheet.dialect import refuse_binary
from tallysheet.engine import connect, first_line, identifier, literal, strict_cast
from tallysheet.errors import DataError, check_type, nearest
from tallysheet.headers import different
from tallysheet.layout import find_layout
from tallysheet.records import Record
from tallysheet.spreadsheet import Sheet, read_sheets
from tallysheet.text_file import (
    FILE,
    Form,
    Stream,
    TextTable,
    even_text,
    lay_even,
    lay_out,
    scan_text,
)
from tallysheet.unpack import DELIMITED, SPREADSHEETS, check_file, refuse_utf_32, unpacked

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow.parquet as pq

MISSING_MARKS = ("NA", "N/A", "NaN", "nan", "NULL", "null", "None")
"""What other tools write for a missing value; only `typed_table` reads them so."""


def read_text_table(path: str | Path, sheet: str | None = None) -> pd.DataFrame:
    r"""Read a file as text, told nothing about how it is written.

    Parameters
    ----------
    path : str or Path
        A csv, tsv or txt (also gz, or alone in a zip), xlsx, xlsm, xlsb, xls, ods or parquet file.
    sheet : str, optional
        Sheet of a workbook; else the one with the largest table.

    Returns
    -------
    DataFrame
        Every cell as written after unquoting, as str; a missing cell is ``""``. The header gives the
        columns: without one they are the first row, several lines are joined by a space, blank and
        repeated names are kept. ``attrs`` tells what stands around the table: ``header`` (bool),
        ``preamble`` and ``footnotes`` (texts), ``tables`` (further ones, as columns and rows),
        ``dialect``, ``ragged`` (line and number of cells of rows with too few or too many) and
        ``repaired`` (lines whose broken quotes or delimiters were mended). An empty file gives a
        frame without rows and columns.

    Raises
    ------
    DataError
        The file is missing, not a regular file, of an unknown kind, or cannot be read.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "parcels.csv"
    ...     _ = path.write_text("Parcels of May;\nparcel;weight\n007;\n008;1,5\n")
    ...     frame = read_text_table(path)
    >>> frame.to_dict("list"), frame.attrs["preamble"]
    ({'parcel': ['007', '008'], 'weight': ['', '1,5']}, ['Parcels of May'])
    """
    import pandas as pd

    check_type("read_text_table", path, (str, Path), "the path of a file")
    path = Path(path)
    check_file(path)
    if path.stat().st_size == 0:
        return pd.DataFrame()
    with connect() as connection, scan(connection, path, "extract", sheet=sheet, may_be_blank=True) as table:
        frame = pd.DataFrame()
        if table.columns:
            # Arrow takes tables of thousands of columns in its stride.
            rows = connection.sql("SELECT * EXCLUDE (line) FROM extract").to_arrow_table()
            frame = rows.to_pandas().astype("str").fillna("")
    names = list(table.names)
    if table.columns and not table.header:
        names = list(frame.iloc[0])
        frame = frame.iloc[1:].reset_index(drop=True)
    frame.columns = pd.Index(names, dtype="str")
    frame.attrs.update(_attributes(table))
    return frame


def _attributes(table: TextTable) -> dict[str, Any]:
    found: dict[str, Any] = {
        "header": table.header,
        "preamble": list(table.preamble),
        "footnotes": list(table.footnotes),
        "tables": [
            {"columns": records[0].cells, "rows": [record.cells for record in records[1:]]}
            for records in table.tables
        ],
        "ragged": [{"line": line, "cells": cells} for line, cells in table.ragged],
        "repaired": list(table.repaired),
    }
    if table.form:
        dialect = table.form.dialect
        found["dialect"] = {
            "encoding": table.form.encoding,
            "delimiter": dialect.delimiter,
            "quote": dialect.quote,
            "escape": dialect.escape,
        }
    return found


@contextlib.contextmanager
def scan(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    name: str,
    *,
    sheet: str | None = None,
    form: Form | None = None,
    stream: Stream = "checked",
    scratch: Path | None = None,
    may_be_blank: bool = False,
) -> Iterator[TextTable]:
    """Lay a view of texts over a file, for as long as the context lasts.

    The view has the file's columns in order, empty cells as NULL, and ``line``: the number of the
    line on which the row begins, counting from 1 (in a Parquet file, of the row, its header being 1).

    Parameters
    ----------
    connection : DuckDBPyConnection
    path : Path
    name : str
        Of the view.
    sheet : str, optional
        Sheet of a workbook.
    form : Form, optional
        How the last file of the same source was written; it is taken where it fits.
    stream : {"checked", "trusted", "never"}
        Whether DuckDB may read a large even text itself. If trusted, a DuckDB error or another number
        of rows than ``lines`` says that the text is not even, and it must be scanned with ``"never"``.
    scratch : Path, optional
        Folder for what is unpacked on the way; by default the system's.
    may_be_blank : bool
        Whether a file of blanks, which has no columns, is a table too.

    Yields
    ------
    TextTable

    Raises
    ------
    DataError
        As for `read_text_table`; also for an empty file, and for one of blanks that may not be.
    """
    check_file(path)
    expected, advice = "a header line and rows", "Extract it again."
    if path.stat().st_size == 0:
        raise DataError(str(path), expected, "an empty file", advice)
    with tempfile.TemporaryDirectory(prefix="tallysheet-", dir=scratch) as made:
        folder = Path(made)
        plain = unpacked(path, folder)
        suffix = plain.suffix.lower()
        if suffix == ".parquet":
            table = _parquet(connection, path, plain, name, stream)
        elif suffix in SPREADSHEETS:
            table = _workbook(connection, path, plain, name, folder, sheet)
        else:
            _refuse_no_text(path, plain)
            table = scan_text(connection, plain, name, folder, form, stream)
        if not table.columns and not may_be_blank:
            raise DataError(str(path), expected, "no filled cell", advice)
        yield table


def look(path: Path, name: str, form: Form | None) -> TextTable | None:
    """Say how a file is written that DuckDB can read together with others like it; None if it cannot be so.

    Raises
    ------
    DataError
        It is not a regular file of a kind that can be read, or damaged.
    """
    check_file(path)
    suffix = path.suffix.lower()
    if suffix == ".parquet":
        return _plain_parquet(path, name)
    if suffix not in DELIMITED:
        return None
    _refuse_no_text(path, path)
    return even_text(path, name, form)


def is_cut_off(path: Path) -> bool:
    """Tell by its end whether a Parquet file, or one that is packed as a zip is, lacks some of it."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    with path.open("rb") as file:
        is_zip = file.read(2) == b"PK"
    try:
        if path.suffix.lower() == ".parquet":
            pq.ParquetFile(path).close()
        return is_zip and not zipfile.is_zipfile(path)
    except (pa.ArrowException, OSError, ValueError):
        return True


def _refuse_no_text(path: Path, plain: Path) -> None:
    refuse_utf_32(path, plain)
    refuse_binary(path, plain)


def scan_alike(connection: duckdb.DuckDBPyConnection, files: Sequence[tuple[Path, TextTable]]) -> None:
    """Lay one view of texts over files that `look` found to be alike.

    It has their columns, ``line``, and `FILE`: the number of each row's file, counting from 0. If a file
    is not as it looked, DuckDB finds an error, or another number of rows than `TextTable.lines` says.
    """
    if files[0][1].form:
        lay_even(connection, files)
        return
    one = files[0][1]
    paths = ", ".join(literal(str(path)) for path, _ in files)
    numbers = ", ".join(f"({literal(str(path))}, {number})" for number, (path, _) in enumerate(files))
    reader = f"read_parquet([{paths}], file_row_number = true, filename = ' path', hive_partitioning = false)"
    connection.execute(
        f"CREATE OR REPLACE TEMP VIEW {identifier(one.name)} AS "
        f"SELECT {_texts(one.columns, one.columns)}, file_row_number + 2 AS line, "
        f"number AS {identifier(FILE)} FROM {reader} "
        f'JOIN (VALUES {numbers}) AS files(path, number) ON files.path = " path"'
    )


def _plain_parquet(path: Path, name: str) -> TextTable | None:
    """Say what is in a Parquet file whose columns need no other names, and hold single values."""
    import pyarrow as pa

    try:
        file = _whole_parquet(path)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise _unreadable(path, path, error) from None
    names, columns = file.schema_arrow.names, tuple(file.schema.column(at) for at in range(len(file.schema)))
    plain = different([*names, "file_row_number"])[:-1] == tuple(names) and len(columns) == len(names)
    if not plain or any(sign in str(path) for sign in "*?["):
        return None
    types = tuple(map(repr, columns))
    return TextTable(
        name, tuple(names), tuple(names), types=types, lines=file.metadata.num_rows, first_line=2
    )


def _whole_parquet(path: Path) -> pq.ParquetFile:
    """Read a Parquet file through once; DuckDB 2.0 does not compare the checksums that a page may have."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(path, page_checksum_verification=True) as file:
        for _ in file.iter_batches():
            pass
        return file


def _unreadable(path: Path, plain: Path, error: Exception) -> DataError:
    told = first_line(error).replace(str(plain), path.name)
    return DataError(str(path), "a readable table", told, "Extract it again.")


def _texts(names: Sequence[str], columns: Sequence[str]) -> str:
    return ", ".join(
        f"nullif(CAST({identifier(ours)} AS VARCHAR), '') AS {identifier(column)}"
        for ours, column in zip(names, columns, strict=True)
    )


def _parquet(
    connection: duckdb.DuckDBPyConnection, path: Path, plain: Path, name: str, stream: Stream
) -> TextTable:
    import pyarrow as pa

    reader = f"read_parquet({literal(str(plain))}, file_row_number = true, hive_partitioning = false)"
    try:
        schema = _whole_parquet(plain).schema_arrow
        described = connection.execute(f"DESCRIBE SELECT * FROM {reader}").fetchall()
        names = [row[0] for row in described if row[0] != "file_row_number"]
        columns = different(names)
        connection.execute(
            f"CREATE OR REPLACE TEMP VIEW {identifier(name)} AS "
            f"SELECT {_texts(names, columns)}, file_row_number + 2 AS line FROM {reader}"
        )
        if stream == "checked":
            connection.execute(f"SELECT count(COLUMNS(*)) FROM {identifier(name)}").fetchall()
    except (duckdb.Error, pa.ArrowException, OSError, ValueError) as error:
        raise _unreadable(path, plain, error) from None
    zones = tuple(
        (column, one.type.tz)
        for column, one in zip(columns, (one for one in schema if one.name in names), strict=False)
        if pa.types.is_timestamp(one.type) and one.type.tz
    )
    return TextTable(name, columns, tuple(names), zones=zones)


def _workbook(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    plain: Path,
    name: str,
    folder: Path,
    wanted: str | None,
) -> TextTable:
    """Take the sheet that is wanted, or of those that are seen the one with the largest table.

    The others are further tables.
    """
    try:
        sheets = read_sheets(plain)
    except DataError as error:
        raise DataError(str(path), error.expected, error.found, error.do) from None
    layouts = {sheet.name: find_layout(_records(sheet)) for sheet in sheets}
    if wanted is not None and wanted not in layouts:
        raise DataError(str(path), f"a sheet {wanted!r}", "none", nearest(wanted, layouts))
    seen = [sheet.name for sheet in sheets if sheet.is_visible] or list(layouts)
    chosen = wanted or max(seen, key=lambda sheet: len(layouts[sheet].body) * layouts[sheet].width)
    layout = layouts.pop(chosen)
    others = [[*other.header, *other.body] for other in layouts.values() if wanted is None]
    layout = replace(layout, tables=[*layout.tables, *(records for records in others if records)])
    return lay_out(connection, layout, name, folder)


def _records(sheet: Sheet) -> list[Record]:
    blanks = [not any(cell.strip() for cell in row) for row in sheet.rows]
    return [
        Record(sheet.first_row + position, row, after_blank=position > 0 and blanks[position - 1])
        for position, row in enumerate(sheet.rows)
        if not blanks[position]
    ]


def typed_table(
    connection: duckdb.DuckDBPyConnection,
    table: TextTable,
    name: str,
    as_written: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Copy a view of texts into a table with types, for expressions that a person types.

    A column becomes BIGINT, else DOUBLE, DATE or TIMESTAMP, if each of its filled cells casts; an
    empty cell is NULL, and so is a usual mark for missing (`MISSING_MARKS`) in a column that casts
    without it. Moments are told by the clock of their column's zone, as a text with an offset is by its
    own, so that the local day counts. Every other column stays text. ``as_written`` is the name of a
    further column to the one whose texts it holds.
    """
    types = ("BIGINT", "DOUBLE", "DATE", "TIMESTAMP")
    marks = ", ".join(literal(mark) for mark in MISSING_MARKS)
    tests = [
        f"bool_and({strict_cast(identifier(column), kind)} IS NOT NULL) "
        f"FILTER (WHERE {identifier(column)} NOT IN ({marks}))"
        for column in table.columns
        for kind in types
    ]
    casts = connection.execute(f"SELECT {', '.join(tests)} FROM {identifier(table.name)}").fetchall()[0]
    cells, zones = [], dict(table.zones)
    for position, column in enumerate(table.columns):
        fits = casts[position * len(types) : (position + 1) * len(types)]
        kind = next((kind for kind, fit in zip(types, fits, strict=True) if fit), None)
        quoted = identifier(column)
        if kind == "TIMESTAMP" and column in zones:
            cells.append(f"{_local(quoted, zones[column])} AS {quoted}")
        else:
            cells.append(f"TRY_CAST({quoted} AS {kind}) AS {quoted}" if kind else quoted)
    cells += [f"{identifier(column)} AS {identifier(text)}" for text, column in as_written.items()]
    select = f"SELECT {', '.join(cells)} FROM {identifier(table.name)}"
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {identifier(name)} AS {select}")


def _local(moment: str, zone: str) -> str:
    """Tell a moment by the clock of a zone, in SQL: ``Europe/Paris``, or an offset such as ``+02:00``."""
    known = f"GMT{zone}" if zone[0] in "+-" else zone
    return f"timezone({literal(known)}, CAST({moment} AS TIMESTAMPTZ))"
