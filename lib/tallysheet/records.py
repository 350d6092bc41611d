"""Cut delimited text into records, also where quotes, delimiters or line ends are broken."""

from __future__ import annotations

import itertools
import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import NamedTuple

_LONGEST_CELL_LINES = 200
_OTHER_DELIMITERS = (";", ",", "\t", "|", ":")


@dataclass(frozen=True)
class Dialect:
    """How a text is written.

    Parameters
    ----------
    delimiter : str
        Stands between cells; ``""`` in a table of one column.
    quote : str
        Stands around a cell that holds a delimiter or a line end; ``""`` if there is none.
    escape : str
        Stands before a quote inside a quoted cell: the quote itself (doubled), a backslash, or ``""``.
    """

    delimiter: str = ","
    quote: str = '"'
    escape: str = '"'


class Record(NamedTuple):
    """Cells, the line that they start on, and how they were found.

    Parameters
    ----------
    line : int
        Number of the line in the file, counting from 1.
    cells : list of str
    after_blank : bool
        Whether a blank line stands before it.
    repaired : bool
        Whether a broken quote or a wrong delimiter was mended to get the expected number of cells.
    """

    line: int
    cells: list[str]
    after_blank: bool = False
    repaired: bool = False


@dataclass
class _Cut:
    """Cells; where those open that are not well formed or not closed; whether the last one stays open."""

    cells: list[str] = field(default_factory=list)
    doubtful: list[int] = field(default_factory=list)
    is_open: bool = False
    is_well_formed: bool = True


def read_records(lines: Iterable[str], dialect: Dialect, width: int = 0) -> Iterator[Record]:
    r"""Cut lines into records.

    A quote is only taken for one where it opens a cell, or closes it before a delimiter or the end of
    the line; any other is part of the text. A record that does not have the expected number of cells
    is cut in other ways, and the first that gives this number is taken; if none does, it stays as it is.

    Parameters
    ----------
    lines : iterable of str
        With their line ends, as they may stand inside a quoted cell.
    dialect : Dialect
    width : int
        Number of cells that a record should have; 0 if it is not known.

    Yields
    ------
    Record
        Blank lines are left out, and told by ``after_blank``.

    Examples
    --------
    >>> [record.cells for record in read_records(['a,"b\n', 'c"\n', '"d,e\n'], Dialect(), 2)]
    [['a', 'b\nc'], ['"d', 'e']]
    """
    waiting: deque[tuple[int, str]] = deque()
    numbered = iter(enumerate(lines, start=1))
    after_blank = False
    while found := waiting.popleft() if waiting else next(numbered, None):
        number, line = found
        body = line.rstrip("\r\n")
        if not body.strip():
            after_blank = True
            continue
        if dialect.quote and dialect.quote in body:
            record = _quoted(number, line, dialect, width, waiting, numbered)
        else:
            record = _plain(number, body, dialect, width)
        yield record._replace(after_blank=True) if after_blank else record
        after_blank = False


def _fill(waiting: deque[tuple[int, str]], numbered: Iterator[tuple[int, str]], count: int) -> bool:
    while len(waiting) < count:
        found = next(numbered, None)
        if found is None:
            return False
        waiting.append(found)
    return True


def _plain(number: int, body: str, dialect: Dialect, width: int) -> Record:
    cells = body.split(dialect.delimiter) if dialect.delimiter else [body]
    if width > 1 and len(cells) != width:
        for other in _mended_delimiters(body, dialect, len(cells), width):
            if len(other) == width:
                return Record(number, other, repaired=True)
    return Record(number, cells)


def _mended_delimiters(body: str, dialect: Dialect, found: int, width: int) -> Iterator[list[str]]:
    """Cut a line by a backslash before a delimiter, or by another delimiter if ours is not what cuts it."""
    if found > width and "\\" in body and dialect.delimiter:
        held = f"(?<!\\\\){re.escape(dialect.delimiter)}"
        yield [cell.replace("\\" + dialect.delimiter, dialect.delimiter) for cell in re.split(held, body)]
    if found < width:
        for delimiter in (dialect.delimiter.strip(), *_OTHER_DELIMITERS):
            if delimiter and delimiter != dialect.delimiter:
                yield _cut(body, replace(dialect, delimiter=delimiter)).cells


def _quoted(
    number: int,
    line: str,
    dialect: Dialect,
    width: int,
    waiting: deque[tuple[int, str]],
    numbered: Iterator[tuple[int, str]],
) -> Record:
    body = line.rstrip("\r\n")
    cells = _well_quoted(body, dialect)
    cut = _cut(body, dialect) if cells is None else _Cut(cells)
    if not cut.is_open:
        if width > 1 and len(cut.cells) != width:
            return _mended(number, body, dialect, width, cut)
        return Record(number, cut.cells)
    alone = _mended(number, body, dialect, width, cut)
    follows_whole = _fill(waiting, numbered, 1) and _is_whole(waiting[0][1], dialect, width)
    used = _over_lines(line, cut, dialect, width, waiting, numbered)
    fits = len(cut.cells) == width and cut.is_well_formed
    stands_alone = len(alone.cells) == width and (not waiting or follows_whole)
    if not used or (stands_alone and not fits):
        return alone
    for _ in range(used):
        waiting.popleft()
    return Record(number, cut.cells)


def _well_quoted(body: str, dialect: Dialect) -> list[str] | None:
    """Cut a line whose quotes all stand beside delimiters, as most do, and fast; None if one does not."""
    delimiter, quote = dialect.delimiter, dialect.quote
    parts = body.split(quote)
    if len(delimiter) != 1 or len(parts) % 2 == 0 or dialect.escape not in (quote, "\\"):
        return None
    if dialect.escape != quote and dialect.escape in body:
        return None
    cells: list[str] = []
    outside = [delimiter + parts[0], *parts[2::2]]
    outside[-1] += delimiter
    for plain, quoted in itertools.zip_longest(outside, parts[1::2]):
        if plain != delimiter:
            if len(plain) < 2 or plain[0] != delimiter or plain[-1] != delimiter:
                return None
            cells += plain[1:-1].split(delimiter)
        if quoted is not None:
            cells.append(quoted)
    return cells


def _over_lines(
    line: str,
    cut: _Cut,
    dialect: Dialect,
    width: int,
    waiting: deque[tuple[int, str]],
    numbered: Iterator[tuple[int, str]],
) -> int:
    """Go on with a cut until its open cell closes; give the number of further lines, 0 if it does not.

    A line that is a whole record ends the search, unless what it closes is a perfect record.
    """
    for used in range(_LONGEST_CELL_LINES):
        if not _fill(waiting, numbered, used + 1):
            return 0
        following = waiting[used][1]
        is_whole = _is_whole(following, dialect, width)
        line_end = line[len(line.rstrip("\r\n")) :]
        _cut(line_end + following.rstrip("\r\n"), dialect, cut=cut)
        if not cut.is_open:
            fits = len(cut.cells) == width and cut.is_well_formed
            return used + 1 if fits or not is_whole else 0
        if is_whole:
            return 0
        line = following
    return 0


def _is_whole(line: str, dialect: Dialect, width: int) -> bool:
    if width < 2:
        return False
    cut = _cut(line.rstrip("\r\n"), dialect)
    return not cut.is_open and len(cut.cells) == width


def _mended(number: int, body: str, dialect: Dialect, width: int, first: _Cut) -> Record:
    """Take the first way of cutting a line with broken quotes that gives the expected number of cells."""
    doubtful = first.doubtful
    every_bare = replace(dialect, escape="")
    tries = (
        # Doubled quotes before a delimiter are a quote as text and a closing one.
        *(_cut(body, dialect, bare=position) for position in doubtful),
        _cut(body, every_bare),
        # One of the opening quotes is text.
        *(_cut(body, dialect, literal=position) for position in doubtful),
        *(_cut(body, every_bare, literal=position) for position in doubtful),
    )
    for cut in tries if doubtful else ():
        if not cut.is_open and len(cut.cells) == width:
            return Record(number, cut.cells, repaired=True)
    for cells in _mended_delimiters(body, dialect, len(first.cells), width):
        if len(cells) == width:
            return Record(number, cells, repaired=True)
    if first.is_open:
        return Record(number, _cut(body, dialect, literal=doubtful[-1]).cells, repaired=True)
    return Record(number, first.cells)


def _cut(text: str, dialect: Dialect, *, cut: _Cut | None = None, literal: int = -1, bare: int = -1) -> _Cut:
    """Cut a text, or go on with a cut whose last cell is open.

    At ``literal`` a quote does not open a cell; in the cell that opens at ``bare`` no quote is doubled.
    """
    cut, at = cut or _Cut(), 0
    if cut.is_open:
        cell, end, is_well_formed = _quoted_cell(text, 0, dialect, dialect.escape)
        cut.is_well_formed &= is_well_formed
        cut.cells[-1] += cell
        cut.is_open = end < 0
        at = _next_cell(text, end, dialect)
    while at >= 0:
        start = at if dialect.delimiter.startswith(" ") else _behind_spaces(text, at)
        if dialect.quote and text.startswith(dialect.quote, start) and start != literal:
            escape = "" if start == bare else dialect.escape
            cell, end, is_well_formed = _quoted_cell(text, start + len(dialect.quote), dialect, escape)
            cut.is_open = end < 0
            cut.is_well_formed &= is_well_formed
            if cut.is_open or not is_well_formed:
                cut.doubtful.append(start)
        else:
            end = text.find(dialect.delimiter, at) if dialect.delimiter else len(text)
            end = len(text) if end < 0 else end
            cell = text[at:end]
        cut.cells.append(cell)
        at = _next_cell(text, end, dialect)
    return cut


def _next_cell(text: str, end: int, dialect: Dialect) -> int:
    """Say where the cell behind one that ends here begins; -1 if that was the last."""
    return end + len(dialect.delimiter) if 0 <= end < len(text) else -1


def _behind_spaces(text: str, at: int) -> int:
    while text.startswith(" ", at):
        at += 1
    return at


def _quoted_cell(text: str, at: int, dialect: Dialect, escape: str) -> tuple[str, int, bool]:
    """Read a cell from behind its opening quote: text, end (-1 if open), whether it is well formed."""
    quote, parts, is_well_formed = dialect.quote, list[str](), True
    while True:
        position = text.find(quote, at)
        if position < 0:
            return "".join([*parts, text[at:]]), -1, is_well_formed
        if escape and escape != quote and _is_escaped(text, at, position, escape):
            parts.append(text[at : position - 1] + quote)
            at = position + 1
            continue
        behind = position + 1
        if escape == quote and text.startswith(quote, behind):
            parts.append(text[at:position] + quote)
            at = behind + 1
            continue
        end = _end_of_cell(text, behind, dialect.delimiter)
        # Among bare quotes a delimiter before a space is punctuation.
        if end >= 0 and (escape or not text.startswith(" ", end + len(dialect.delimiter))):
            return "".join([*parts, text[at:position]]), end, is_well_formed
        is_well_formed = False
        parts.append(text[at:behind])
        at = behind


def _is_escaped(text: str, start: int, position: int, escape: str) -> bool:
    count = 0
    while position - count - 1 >= start and text[position - count - 1] == escape:
        count += 1
    return count % 2 == 1


def _end_of_cell(text: str, behind: int, delimiter: str) -> int:
    """Say where the delimiter behind a closing quote stands, spaces aside; -1 if none does."""
    if not delimiter.startswith(" "):
        behind = _behind_spaces(text, behind)
    if behind >= len(text) or (delimiter and text.startswith(delimiter, behind)):
        return behind
    return -1
