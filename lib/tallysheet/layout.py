"""Find the table among records: preamble, header, body, footnotes and further tables."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise, takewhile

from tallysheet.records import Record

_MOST_HEADER_LINES = 5
_NUMBER = re.compile(
    r"[-+(]?[€$£]? ?(\d+|\d{1,3}([ .,'\u00a0\u202f]\d{3})+)([.,]\d+)?([eE][-+]?\d+)?\)? ?[%€$£]?"
)
_DATE = re.compile(
    r"(\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}|\d{1,2}[- ][A-Za-z]{3}[- ]\d{2,4})([T ]\d{1,2}:\d{2}.*)?"
    r"|\d{1,2}:\d{2}(:\d{2})?"
)
_UNIT = re.compile(
    r"\(.+\)|\[.+\]|[%€$£]|k?g|t|[ckm]?m|k?m2|m3|l|s|min|h|d|days?|pcs|EUR|USD|GBP", re.IGNORECASE
)
_NO_NAMES = {"na", "n/a", "#n/a", "nan", "null", "none", "nil", "nd", "n.d.", "-", "--", "–", "—", "?", "."}
"""Marks for a missing value, in small letters."""


@dataclass(frozen=True)
class Layout:
    """Where the parts of a file stand.

    Parameters
    ----------
    preamble, footnotes : list of Record
        What stands above and below the table.
    header : list of Record
        Lines that name the columns; empty if there are none.
    body : list of Record
    tables : list of list of Record
        Further tables below the first.
    width : int
        Number of columns: that of the longest record of the table.
    """

    preamble: list[Record]
    header: list[Record]
    body: list[Record]
    width: int
    footnotes: list[Record] = field(default_factory=list)
    tables: list[list[Record]] = field(default_factory=list)

    @property
    def columns(self) -> list[str]:
        """Name the columns: header lines joined by a space, blank where there is no name."""
        if len(self.header) == 1:
            return _padded(self.header[0].cells, self.width)
        lines = [_padded(record.cells, self.width) for record in self.header]
        return [
            " ".join(filter(None, (cell.strip() for cell in cells))) for cells in zip(*lines, strict=True)
        ]


def usual_width(records: Sequence[Record]) -> int:
    """Give the number of cells that most of the records have; of two, the larger table."""
    widths = Counter(len(record.cells) for record in records)
    return max(widths, key=lambda n: (widths[n] * (n - 1 + 1e-9), n)) if widths else 0


def find_layout(records: Sequence[Record], ends_open: bool = False) -> Layout:
    """Split records into preamble, header, body, footnotes and further tables.

    Parameters
    ----------
    records : sequence of Record
        All records of a file, or those of its beginning.
    ends_open : bool
        Whether the last line lacks its line end, so that it may be cut rather than a footnote.

    Examples
    --------
    >>> rows = [["Weekly report"], ["id", "n"], ["a", "1"], ["b", "2"]]
    >>> found = find_layout([Record(line, cells) for line, cells in enumerate(rows, start=1)])
    >>> len(found.preamble), found.columns, [record.cells for record in found.body]
    (1, ['id', 'n'], [['a', '1'], ['b', '2']])
    """
    width = usual_width(records)
    start = _first_of_table(records, width)
    end, tables = _further_tables(records, start, width)
    last = _end_of_body(records, start, end, width, ends_open and end == len(records))
    table = list(records[start:last])
    head = _header_lines(table, width)
    widest = max((len(record.cells) for record in table), default=0)
    return Layout(
        preamble=list(records[:start]),
        header=table[:head],
        body=table[head:],
        width=widest,
        footnotes=list(records[last:end]),
        tables=tables,
    )


def _filled(record: Record) -> int:
    """Count the filled cells; a text that a merged cell repeats counts once."""
    filled = [cell for cell in record.cells if cell.strip()]
    return 1 if filled and set(filled) == {filled[0]} and not _kind(filled[0]) else len(filled)


def _padded(cells: list[str], width: int) -> list[str]:
    return cells + [""] * (width - len(cells))


def _first_of_table(records: Sequence[Record], width: int) -> int:
    """Skip what stands above the table: short lines, and lines with a single filled cell."""
    for position, record in enumerate(records):
        following = records[position + 1] if position + 1 < len(records) else None
        if position == 0 and following and _names_separator(record):
            continue
        if not _is_note(record, width) and not _is_title(record, following, width):
            return position
    return 0


def _names_separator(record: Record) -> bool:
    """Say whether it is the line by which a spreadsheet is told the delimiter, such as sep=; of a CSV."""
    first, *others = (cell.strip() for cell in record.cells)
    return first.casefold().startswith("sep=") and len(first) <= len("sep=;") and not any(others)


def _is_note(record: Record, width: int) -> bool:
    if width < 2:
        return False
    return len(record.cells) <= max(1, width // 2) or (width > 2 and _filled(record) <= 1)


def _is_title(record: Record, following: Record | None, width: int) -> bool:
    """Say whether it is a sentence alone over the two names of a table of two columns."""
    if width != 2 or following is None or _filled(record) != 1 or not _is_sentence(record):
        return False
    return _filled(following) == 2 and not any(_kind(cell) for cell in following.cells)


def _further_tables(records: Sequence[Record], start: int, width: int) -> tuple[int, list[list[Record]]]:
    """Find where the first table ends because another begins: after a blank line, or by its width."""
    starts = [
        position
        for position in range(start + 2, len(records))
        if (records[position].after_blank and _begins_table(records, start, position, width))
        or _begins_other_width(records, position, width)
    ]
    starts = [position for position in starts if not any(0 < position - other < 3 for other in starts)]
    tables = [list(records[begin:end]) for begin, end in pairwise([*starts, len(records)])]
    return (starts[0] if starts else len(records)), tables


def _begins_table(records: Sequence[Record], start: int, position: int, width: int) -> bool:
    """Say whether the block behind a blank line has a header and columns of its own."""
    following = _block(records, position)
    here = len(records[position].cells)
    if here < 2 or len(following) < 2:
        return False
    if here != width and usual_width(following) == here and usual_width(following[1:]) == here:
        return True
    if here != width:
        return False
    if records[position].cells == records[start].cells:
        return True
    above = _typed_columns(records[start + 1 : position], range(width))
    return _is_header(records[position], above) and not any(
        _is_header(record, above) for record in following[1:3]
    )


def _block(records: Sequence[Record], position: int) -> Sequence[Record]:
    end = position + 1
    while end < len(records) and not records[end].after_blank:
        end += 1
    return records[position:end]


def _begins_other_width(records: Sequence[Record], position: int, width: int) -> bool:
    """Say whether all records from here on have another number of cells, headed by a line of names."""
    here = len(records[position].cells)
    if here < 2 or here == width or len(records[position - 1].cells) == here:
        return False
    rest = records[position:]
    names = not any(_kind(cell) for cell in records[position].cells)
    return len(rest) >= 3 and names and all(len(record.cells) == here for record in rest)


def _end_of_body(records: Sequence[Record], start: int, end: int, width: int, ends_open: bool) -> int:
    """Leave out footnotes: lines of one cell at the end, of words or after a blank line."""
    last = end
    while last > start + 1 and _is_footnote(records[last - 1], width):
        if ends_open and last == len(records) and not _is_sentence(records[last - 1]):
            break
        last -= 1
    # A blank line parts the table from its footnotes; without words or blank line it is a short row.
    while last < end and not (records[last].after_blank or _is_sentence(records[last])):
        last += 1
    return last


def _is_footnote(record: Record, width: int) -> bool:
    if width < 2:
        return record.after_blank and _is_sentence(record)
    if len(record.cells) <= max(1, width // 3):
        return True
    return width > 2 and _filled(record) == 1 and (record.after_blank or _is_sentence(record))


def _is_sentence(record: Record) -> bool:
    text = " ".join(record.cells).strip()
    words = len(text.split()) >= 2 and not any(_kind(cell) for cell in record.cells)
    return words or text.startswith(("*", "#"))


def _kind(cell: str) -> str:
    """Name what a cell holds: a number, a date, or nothing of the kind."""
    cell = cell.strip()
    if _NUMBER.fullmatch(cell):
        return "number"
    return "date" if _DATE.fullmatch(cell) else ""


def _typed_columns(records: Sequence[Record], columns: Iterable[int]) -> dict[int, str]:
    """Give those of the columns whose filled cells are nearly all numbers or dates."""
    typed = {}
    for column in columns:
        cells = [record.cells[column] for record in records if len(record.cells) > column]
        kinds = Counter(_kind(cell) for cell in cells if cell.strip())
        if kinds:
            kind, count = kinds.most_common(1)[0]
            if kind and count >= 0.8 * kinds.total():
                typed[column] = kind
    return typed


def _header_lines(table: Sequence[Record], width: int) -> int:
    """Count the lines that name columns: words where the column below holds numbers or dates."""
    if len(table) < 2:
        return len(table) if table and not any(_kind(cell) for cell in table[0].cells) else 0
    below = table[min(_MOST_HEADER_LINES, max(1, len(table) // 2)) :][:500]
    if not any(_kind(cell) for cell in table[0].cells):
        # Nothing but words is a header. A value where a column has values ends it; the first is found soon.
        values = [column for column, cell in enumerate(table[1].cells) if _kind(cell)]
        if any(_typed_columns(below, [column]) for column in values):
            return 1
    typed = _typed_columns(below, range(width))
    if not typed:
        return 1
    if not _is_header(table[0], typed):
        return 0
    following = table[1:_MOST_HEADER_LINES]
    return 1 + sum(1 for _ in takewhile(lambda one: _goes_on(one, table[0], typed, width), following))


def _is_header(record: Record, typed: dict[int, str]) -> bool:
    """Say whether no typed column has its kind here, but names."""
    cells = [record.cells[column].strip() for column in typed if column < len(record.cells)]
    values = sum(_is_value(cell) for cell in cells)
    names = sum(bool(cell) and not _is_value(cell) for cell in cells)
    return names > values or (not names and not values)


def _goes_on(record: Record, first: Record, typed: dict[int, str], width: int) -> bool:
    """Say whether a line names the columns further: two names, and a first line that leaves room for them.

    A row of words alone, such as closed or not yet known, is no header.
    """
    cells = [record.cells[column].strip() for column in typed if column < len(record.cells)]
    if any(map(_is_value, cells)) or len({cell for cell in cells if cell}) < 2:
        return False
    heads = [cell.strip() for cell in _padded(first.cells, width)]
    is_merged = "" in heads or len(set(heads)) < len(heads)
    return is_merged or not record.cells[0].strip() or all(_UNIT.fullmatch(cell) for cell in cells if cell)


def _is_value(cell: str) -> bool:
    """Say whether it is a number, a date or a mark for a missing one."""
    return bool(_kind(cell)) or cell.casefold() in _NO_NAMES
