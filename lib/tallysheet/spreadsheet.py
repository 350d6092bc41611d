"""The sheets of a spreadsheet (xlsx, xlsm, xlsb, xls, ods) as rows of texts."""

from __future__ import annotations

import datetime as dt
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from tallysheet.cell_errors import LONGEST_SIGN, Cells, may_have_errors, with_errors_as_texts, xls_errors
from tallysheet.errors import DataError
from tallysheet.unpack import DAMAGED, told

_MAX_UNPACKED_BYTES = 2 << 30
_MAX_RATIO = 1000
_SMALL_BYTES = 10 << 20
_BLOCK = 1 << 20
_MOST_CELLS = 100_000_000
_XLS_COLUMNS = 256
_COLUMN = re.compile(rb' r="([A-Z]{1,3})\d')
_ROW = re.compile(rb' r="(\d{1,7})"')
_LONGEST_MATCH = max(16, LONGEST_SIGN)
_TRIAL = """
import sys
import python_calamine
book = python_calamine.load_workbook(sys.argv[1])
for name in book.sheet_names:
    book.get_sheet_by_name(name).to_python()
"""
_ENDED_BY_ITSELF = (0, 1)


@dataclass(frozen=True)
class Sheet:
    """A sheet.

    Parameters
    ----------
    name : str
    rows : list of list of str
        Every row of the used range, all of the same width, ``""`` where a cell is empty, and the text that
        it shows, such as ``#DIV/0!``, where it holds an error. The value of merged cells stands in each of
        them, in an ods only in the first.
    first_row : int
        Number of the row that ``rows[0]`` is, counting from 1 as the person sees it.
    is_visible : bool
        Whether a person sees it.
    """

    name: str
    rows: list[list[str]]
    first_row: int
    is_visible: bool


def read_sheets(path: Path) -> list[Sheet]:
    """Read the filled sheets of a spreadsheet, in its order.

    Raises
    ------
    DataError
        It is cut, corrupt, protected by a password, empty, or unpacks to more than anybody means.

    Examples
    --------
    >>> import tempfile
    >>> import xlsxwriter
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "rates.xlsx"
    ...     with xlsxwriter.Workbook(path) as book:
    ...         _ = book.add_worksheet("rates").write_row("A3", ["BRV", 5.1])
    ...     read_sheets(path)
    [Sheet(name='rates', rows=[['BRV', '5.1']], first_row=3, is_visible=True)]
    """
    import python_calamine

    has_errors = _check_archive(path)
    if path.suffix.lower() == ".xls":
        _try_to_read(path)
    visible = python_calamine.SheetVisibleEnum.Visible
    try:
        # The reader gives a cell that holds an error as an empty one.
        book = python_calamine.load_workbook(with_errors_as_texts(path) if has_errors else path)
        loaded = [(one, book.get_sheet_by_name(one.name)) for one in book.sheets_metadata]
        if path.suffix.lower() == ".xls":
            _refuse_wide([sheet for _, sheet in loaded])
        errors = xls_errors(path)
        sheets = [_sheet(sheet, one.visible == visible, errors.get(one.name, {})) for one, sheet in loaded]
    except python_calamine.PasswordError:
        raise DataError(
            str(path), "a workbook without password", "a protected one", "Save it without a password."
        ) from None
    # The reader's parsers have errors of many kinds, and one of them a panic that is no Exception.
    except BaseException as error:
        panic = type(error).__name__ == "PanicException"
        if isinstance(error, MemoryError) or not (panic or isinstance(error, Exception)):
            raise
        raise DataError(str(path), "a whole workbook", told(error), "Save or extract it again.") from None
    filled = [sheet for sheet in sheets if sheet.rows]
    if not filled:
        raise DataError(str(path), "a filled sheet", "none", "Extract it again.")
    return filled


def _check_archive(path: Path) -> bool:
    """Refuse an archive that is damaged, a bomb, or has a cell so far away that memory does not suffice.

    The reader itself does not look at every checksum, and ends the process where it lacks memory. Tells
    whether a cell may hold an error.
    """
    if not zipfile.is_zipfile(path):
        return False
    has_errors = False
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            _refuse_bomb(path, members)
            for member in members:
                cells, may_have = _read_to_end(archive, member)
                has_errors |= may_have
                if cells > _MOST_CELLS:
                    most, found = f"{_MOST_CELLS:,} cells in a sheet at most", f"a span of {cells:,}"
                    raise DataError(str(path), most, found, "Delete what stands far from the table.")
    except (*DAMAGED, OSError) as error:
        raise DataError(str(path), "a whole workbook", told(error), "Save or extract it again.") from None
    return has_errors


def _try_to_read(path: Path) -> None:
    """Refuse an old workbook that would end whoever reads it, by reading it in another process first.

    It has no checksums, and where a damaged length asks for more memory than there is the reader does not
    raise: it aborts.
    """
    tried = subprocess.run([sys.executable, "-c", _TRIAL, path], capture_output=True, check=False)
    if tried.returncode not in _ENDED_BY_ITSELF:
        raise DataError(
            str(path), "a whole workbook", "a length that no memory can hold", "Save or extract it again."
        )


def _refuse_bomb(path: Path, members: list[zipfile.ZipInfo]) -> None:
    unpacked = sum(member.file_size for member in members)
    dense = any(member.file_size > max(_SMALL_BYTES, _MAX_RATIO * member.compress_size) for member in members)
    if unpacked > _MAX_UNPACKED_BYTES or dense:
        raise DataError(
            str(path), "2 GiB unpacked at most, and 1,000 times its size", f"{unpacked} bytes", "Split it."
        )


def _read_to_end(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> tuple[int, bool]:
    """Read a member to its end, where its checksum is compared.

    Gives the number of cells it spans, and whether one of them may hold an error.
    """
    width = height = 0
    has_errors, kept = False, b""
    with archive.open(member) as file:
        while block := file.read(_BLOCK):
            text = kept + block
            width = max([width, *(_column_number(name) for name in set(_COLUMN.findall(text)))])
            height = max([height, *map(int, _ROW.findall(text))])
            has_errors = has_errors or may_have_errors(member.filename, text)
            kept = block[-_LONGEST_MATCH:]
    return width * height, has_errors


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = 26 * number + letter - 64
    return number


def _refuse_wide(sheets: Iterable[Any]) -> None:
    """Refuse a column that the old format has not: an xls has no checksums, and a bit may have flipped."""
    for sheet in sheets:
        if sheet.width > _XLS_COLUMNS:
            raise ValueError(f"a cell in column {sheet.width} of {_XLS_COLUMNS}")


def _sheet(sheet: Any, is_visible: bool, errors: Cells) -> Sheet:
    values = sheet.to_python(skip_empty_area=True)
    if not values or sheet.start is None:
        return Sheet(sheet.name, [], 1, is_visible)
    top, left = sheet.start
    rows = [[_text(value) for value in row] for row in values]
    for (row, column), text in errors.items():
        rows[row - top][column - left] = text
    for (first_row, first_column), (last_row, last_column) in sheet.merged_cell_ranges or ():
        value = _at(rows, first_row - top, first_column - left)
        for row in range(max(first_row, top), min(last_row + 1, top + len(rows))):
            for column in range(max(first_column, left), min(last_column + 1, left + len(rows[0]))):
                rows[row - top][column - left] = value
    return Sheet(sheet.name, rows if any(any(row) for row in rows) else [], top + 1, is_visible)


def _at(rows: list[list[str]], row: int, column: int) -> str:
    return rows[row][column] if 0 <= row < len(rows) and 0 <= column < len(rows[0]) else ""


def _text(value: Any) -> str:
    """Write a value as a careful person would: no exponent, no noise, dates from the year down."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, (int, float)):
        return _number(value)
    if isinstance(value, dt.datetime):
        return _whole_second(value).isoformat(sep=" ")
    if isinstance(value, dt.timedelta):
        seconds = round(value.total_seconds())
        sign, seconds = "-" if seconds < 0 else "", abs(seconds)
        return f"{sign}{seconds // 3600:02}:{seconds % 3600 // 60:02}:{seconds % 60:02}"
    return value.isoformat()


def _number(value: float) -> str:
    # Excel keeps fifteen digits; what a float has beyond them is noise.
    text = format(value, ".15g") if isinstance(value, float) else str(value)
    return format(Decimal(text), "f") if "e" in text else text


def _whole_second(moment: dt.datetime) -> dt.datetime:
    """Leave out a fraction of a second that is rounding of the day number, under a millisecond."""
    rounded = (moment + dt.timedelta(milliseconds=500)).replace(microsecond=0)
    return rounded if abs(rounded - moment) < dt.timedelta(milliseconds=1) else moment
