"""Delimited text as a view of texts: by DuckDB where the text is even, else record by record."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import duckdb

from tallysheet.dialect import find_dialect, read_beginning, split_lines
from tallysheet.engine import identifier, literal
from tallysheet.headers import different
from tallysheet.layout import Layout, find_layout, usual_width
from tallysheet.records import Dialect, Record, read_records
from tallysheet.unpack import count_lines, ends_open, in_utf8, lines_of

if TYPE_CHECKING:
    import pyarrow as pa

Stream = Literal["checked", "trusted", "never"]

STREAM_BYTES = 1 << 16
"""From this size on, DuckDB reads a text that is even, without its passing through Python."""

FILE = " file"
"""In a view over several files the number of each row's file; columns of files have no blanks around."""

_HEAD = 600
_MOST_ABOVE = 90
"""Lines above the rows at most: of the rows `find_layout` looks at the first 505."""
_TAIL_BYTES, _LAST = 1 << 16, 20
_WINDOW, _TAIL = 100_000, 1_000
_BATCH = 50_000
_MOST_COLUMNS = 16_384
"""As a worksheet has; a line with more cells is damaged."""


@dataclass(frozen=True)
class Form:
    """How an extract is written: found once, and tried first on the next file of a source.

    Parameters
    ----------
    encoding : str
    dialect : Dialect
    """

    encoding: str = "utf-8"
    dialect: Dialect = field(default_factory=Dialect)


@dataclass(frozen=True)
class TextTable:
    """A view in a connection whose columns are all text, empty as NULL, and ``line``.

    Parameters
    ----------
    name : str
        Of the view.
    columns : tuple of str
        Names of its columns: the file's, made different from one another; ``column_3`` where it has none.
    names : tuple of str
        The file's names as they stand.
    header : bool
        Whether the file names its columns.
    form : Form or None
        How a text is written.
    types : tuple of str
        Of the columns, where a file has types.
    lines : int or None
        Lines from the first row on, where each row must be one line; None if rows are counted otherwise.
    first_line : int
        Line of the first row, where rows are lines; else 0, and the view has the column ``line``.
    preamble, footnotes : tuple of str
        What stands above and below the table.
    tables : tuple of tuple of Record
        Further tables of the file.
    ragged : tuple of (int, int)
        Line and number of cells of rows that have too few or too many.
    cut : bool
        Whether the last line has no end and fewer cells than the others.
    repaired : tuple of int
        Lines of which a broken quote or delimiter was mended.
    zones : tuple of (str, str)
        Columns of moments, where a file has types, and the time zone whose clock they are told by.
    """

    name: str
    columns: tuple[str, ...]
    names: tuple[str, ...]
    header: bool = True
    form: Form | None = None
    types: tuple[str, ...] = ()
    lines: int | None = None
    first_line: int = 0
    preamble: tuple[str, ...] = ()
    footnotes: tuple[str, ...] = ()
    tables: tuple[tuple[Record, ...], ...] = ()
    ragged: tuple[tuple[int, int], ...] = ()
    cut: bool = False
    repaired: tuple[int, ...] = ()
    zones: tuple[tuple[str, str], ...] = ()


def scan_text(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    name: str,
    folder: Path,
    form: Form | None,
    stream: Stream,
) -> TextTable:
    """Lay a view over a delimited text; ``folder`` takes what is written on the way.

    Raises
    ------
    DataError
        Nothing but blank lines.
    """
    form = _fitting(path, form)
    if path.stat().st_size >= STREAM_BYTES and stream != "never":
        plain = in_utf8(path, form.encoding, folder)
        even = _even(plain, name, form)
        if even:
            cells = ", ".join(map(identifier, even.columns))
            connection.execute(
                f"CREATE OR REPLACE TEMP VIEW {identifier(name)} AS SELECT {cells}, "
                f"row_number() OVER () + {even.first_line - 1} AS line FROM {_reader([plain], even)}"
            )
            if stream == "trusted" or _has_rows(connection, even):
                return even
    return _uneven(connection, path, name, folder, form)


def even_text(path: Path, name: str, form: Form | None) -> TextTable | None:
    """Say how a text in UTF-8 is written, if DuckDB can read it as far as its beginning and end show."""
    form = _fitting(path, form)
    return _even(path, name, form) if form.encoding in ("utf-8", "utf-8-sig") else None


def lay_even(connection: duckdb.DuckDBPyConnection, texts: Sequence[tuple[Path, TextTable]]) -> None:
    """Lay one view over texts of one form, columns and first line, with ``line`` and `FILE`.

    Lines are right if each text has as many rows as `TextTable.lines` says.
    """
    one, before, files = texts[0][1], 0, []
    for number, (path, text) in enumerate(texts):
        files.append(f"({literal(str(path))}, {number}, {text.first_line - 1 - before})")
        before += text.lines or 0
    cells = ", ".join(map(identifier, one.columns))
    rows = f'SELECT *, row_number() OVER () AS " place" FROM {_reader([path for path, _ in texts], one)}'
    connection.execute(
        f"CREATE OR REPLACE TEMP VIEW {identifier(one.name)} AS "
        f'SELECT {cells}, " place" + ahead AS line, number AS {identifier(FILE)} FROM ({rows}) '
        f'JOIN (VALUES {", ".join(files)}) AS files(path, number, ahead) ON files.path = " path"'
    )


def _fitting(path: Path, known: Form | None) -> Form:
    """Find how a text is written; what is known of its source is kept if it cuts this text as evenly."""
    sample, encoding = read_beginning(path)
    text = sample.decode(encoding, errors="tallysheet.windows")
    if known and known.encoding == encoding and _cuts_evenly(text, known.dialect):
        return known
    return Form(encoding, find_dialect(text))


def _cuts_evenly(text: str, dialect: Dialect) -> bool:
    widths = {len(record.cells) for record in read_records(split_lines(text, 50), dialect)}
    return len(widths) == 1 and widths.pop() > 1


def _head(path: Path, form: Form, lines: int) -> list[Record]:
    """Read the first records, cut with the number of cells that most of them have."""
    first = list(itertools.islice(lines_of(path, form.encoding), lines))
    records = list(read_records(first, form.dialect))
    width = usual_width(records)
    if len(records) == len(first) and _are_whole(records, width):
        return records
    return list(read_records(first, form.dialect, width))


def _tail(path: Path, dialect: Dialect) -> list[Record]:
    """Read the last records of a text in UTF-8."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _TAIL_BYTES))
        text = file.read().decode("utf-8", errors="replace")
    # Of the first line perhaps only the end is there.
    return list(read_records(split_lines(text)[1:][-_LAST:], dialect))


def _are_whole(records: Iterable[Record], width: int) -> bool:
    return all(len(record.cells) == width and not record.repaired for record in records)


def _even(path: Path, name: str, form: Form) -> TextTable | None:
    """Say how DuckDB can read a text in which, as far as its beginning and end show, each line is a row."""
    head = _head(path, Form("utf-8-sig", form.dialect), _HEAD)
    layout = find_layout(head + (_tail(path, form.dialect) if len(head) == _HEAD else []))
    first = layout.body[0].line if layout.body else 0
    above = len(layout.preamble) + len(layout.header)
    if not first or first != above + 1 or above > _MOST_ABOVE:
        return None
    if len(layout.header) > 1 or layout.tables or layout.footnotes:
        return None
    # DuckDB may take the name of a file for a pattern.
    if not _are_whole(layout.body, layout.width) or any(sign in str(path) for sign in "*?["):
        return None
    lines = count_lines(path)
    if lines is None:
        return None
    names = layout.columns if layout.header else [""] * layout.width
    return TextTable(
        name,
        different(names),
        tuple(names),
        header=bool(layout.header),
        form=form,
        lines=lines - above,
        first_line=first,
        preamble=_texts(layout.preamble, form.dialect.delimiter),
    )


def _reader(paths: Sequence[Path], text: TextTable) -> str:
    """Write the call by which DuckDB reads texts as far as they are even, and stops where one is not."""
    dialect = text.form.dialect if text.form else Dialect()
    types = ", ".join(f"{literal(column)}: 'VARCHAR'" for column in text.columns)
    return (
        f"read_csv([{', '.join(literal(str(path)) for path in paths)}], "
        f"auto_detect = false, columns = {{{types}}}, header = false, skip = {text.first_line - 1}, "
        f"delim = {literal(dialect.delimiter)}, quote = {literal(dialect.quote)}, "
        f"escape = {literal(dialect.escape or dialect.quote)}, nullstr = '', strict_mode = true, "
        f"comment = '', hive_partitioning = false, filename = ' path')"
    )


def _has_rows(connection: duckdb.DuckDBPyConnection, text: TextTable) -> bool:
    """Say whether DuckDB can read each cell of a view, and finds as many rows as there are lines."""
    counts = ", ".join(f"count({identifier(column)})" for column in text.columns)
    try:
        found = connection.execute(f"SELECT count(*), {counts} FROM {identifier(text.name)}").fetchall()[0]
    except duckdb.Error:
        return False
    return bool(found[0] == text.lines)


def _texts(records: Iterable[Record], delimiter: str) -> tuple[str, ...]:
    """Write lines that stand around a table as one text each; of a merged cell's repeats one is left."""
    texts = (list(dict.fromkeys(record.cells)) if not delimiter else record.cells for record in records)
    return tuple((delimiter or " ").join(cells).strip(f" {delimiter}") for cells in texts)


def _uneven(
    connection: duckdb.DuckDBPyConnection, path: Path, name: str, folder: Path, form: Form
) -> TextTable:
    """Cut a text record by record; of a very long one only the beginning and the end are held."""
    width = usual_width(_head(path, form, 2_000))
    records = read_records(lines_of(path, form.encoding), form.dialect, width)
    window = list(itertools.islice(records, _WINDOW))
    open_end = ends_open(path)
    if len(window) < _WINDOW:
        return lay_out(connection, find_layout(window, open_end), name, folder, form, open_end)
    above = find_layout(window)
    start = len(above.preamble) + len(above.header)
    tail: deque[Record] = deque(maxlen=_TAIL)
    body = _kept(itertools.chain(window[start:], records), tail)
    below = replace(above, body=[], footnotes=[], tables=[])
    return lay_out(connection, below, name, folder, form, open_end, _Long(body, tail))


@dataclass(frozen=True)
class _Long:
    """The rows of a text that is too long to hold, and its last records once they have passed."""

    body: Iterator[Record]
    tail: deque[Record]


def _kept(records: Iterable[Record], tail: deque[Record]) -> Iterator[Record]:
    for record in records:
        tail.append(record)
        yield record


def lay_out(
    connection: duckdb.DuckDBPyConnection,
    layout: Layout,
    name: str,
    folder: Path,
    form: Form | None = None,
    open_end: bool = False,
    long: _Long | None = None,
) -> TextTable:
    """Write the rows of a table as texts into ``folder``, and lay a view over them."""
    delimiter = form.dialect.delimiter if form else ""
    most = min(layout.width, _MOST_COLUMNS)
    names = _folded(layout.columns, most, delimiter) if layout.header else [""] * most
    rows = _Rows(usual_width(layout.header + layout.body) or layout.width, delimiter)
    written = folder / "rows.parquet"
    # Of a long text the width of later rows is not known: what is too much goes to a last column.
    columns = different([*names, ""] if long else names)
    rows.write(written, columns, long.body if long else layout.body)
    stop = ""
    if long:
        end = find_layout(list(long.tail), open_end)
        layout = replace(layout, footnotes=end.footnotes, tables=end.tables)
        beyond = [record.line for records in (end.footnotes, *end.tables) for record in records]
        stop = f" WHERE line < {min(beyond)}" if beyond else ""
        names, columns = (names, columns[:-1]) if rows.widest < len(columns) else ([*names, ""], columns)
    shown = ", ".join(identifier(column) for column in columns)
    connection.execute(
        f"CREATE OR REPLACE TEMP VIEW {identifier(name)} AS "
        f"SELECT {shown}{', ' if columns else ''}line FROM read_parquet({literal(str(written))}){stop}"
    )
    return TextTable(
        name,
        columns,
        tuple(names),
        header=bool(layout.header),
        form=form,
        preamble=_texts(layout.preamble, delimiter),
        footnotes=_texts(layout.footnotes, delimiter),
        tables=tuple(tuple(records) for records in layout.tables),
        ragged=tuple(rows.ragged),
        cut=open_end and bool(rows.ragged) and rows.ragged[-1][0] == rows.last_line,
        repaired=tuple(rows.repaired),
    )


def _folded(cells: list[str], width: int, delimiter: str) -> list[str]:
    """Give as many cells: what is too much stays together in the last one."""
    if len(cells) <= width:
        return cells + [""] * (width - len(cells))
    return [*cells[: width - 1], (delimiter or " ").join(cells[width - 1 :])]


@dataclass
class _Rows:
    """Writes records as rows of texts, and notes those that have too few or too many cells."""

    width: int
    delimiter: str
    widest: int = 0
    last_line: int = 0
    ragged: list[tuple[int, int]] = field(default_factory=list)
    repaired: list[int] = field(default_factory=list)

    def write(self, path: Path, columns: tuple[str, ...], records: Iterable[Record]) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        schema = pa.schema([*((column, pa.string()) for column in columns), ("line", pa.int64())])
        with pq.ParquetWriter(path, schema, compression="lz4") as writer:
            numbered = iter(records)
            while batch := list(itertools.islice(numbered, _BATCH)):
                writer.write_table(self._table(batch, len(columns), schema))

    def _table(self, batch: list[Record], width: int, schema: pa.Schema) -> pa.Table:
        rows = []
        for record in batch:
            count = len(record.cells)
            self.widest, self.last_line = max(self.widest, count), record.line
            if count < self.width or any(record.cells[self.width :]):
                self.ragged.append((record.line, count))
            if record.repaired:
                self.repaired.append(record.line)
            rows.append(_folded(record.cells, width, self.delimiter))
        import pyarrow as pa

        by_column = zip(*rows, strict=True) if width else ()
        texts = [pa.array([cell or None for cell in cells], pa.string()) for cells in by_column]
        lines = pa.array([record.line for record in batch], pa.int64())
        return pa.Table.from_arrays([*texts, lines], schema=schema)
