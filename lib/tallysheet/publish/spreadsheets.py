"""Tables as files for a spreadsheet program: one workbook of all, and CSV as Excel reads it."""

from __future__ import annotations

import csv
import datetime as dt
import io
import math
import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import count
from typing import Any

from babel.numbers import get_decimal_symbol

from tallysheet.errors import ReportError
from tallysheet.language import FORMS, Language
from tallysheet.publish.sheets import Cell, Figure, Table

MAX_TEXT = 32_767
"""Characters that a cell of Excel holds."""

FORMULA = re.compile(r"\s*[=+\-@＝＋－＠\t\r\n\0]")
"""Text that Excel would take for a formula, or for the end of a cell."""
_FORBIDDEN_IN_NAMES = re.compile(r"[\[\]:*?/\\]")
_NAME_LENGTH = 31
_WIDTHS = (9, 60)
_LINE_HEIGHT, _MOST_LINES = 15, 27  # points; a row is 409 of them at most
_HEADER = {"bold": True, "bottom": 1, "bg_color": "#EFF1F3"}
_TEXT = {"align": "left", "indent": 1}
_A4 = 9
_DAY = "yyyy-mm-dd"
"""Excel's code for a day as pages and file names write it."""


def workbook(tables: Sequence[Table], title: str, as_of: dt.datetime, language: Language) -> bytes:
    """Write tables into one Excel workbook, one sheet each, the same bytes every time.

    Numbers are numbers in the format of their unit; what is not known is an empty cell. Text stays text: it
    is never a formula, also when somebody edits its cell and leaves it again. A text that is too long for a
    cell is cut and says so.

    Parameters
    ----------
    tables : sequence of Table
    title : str
        Of the document.
    as_of : datetime
        When the data was taken; stands in the document as its time.
    language : Language

    Raises
    ------
    ReportError
        A table has more rows or columns than a sheet.
    """
    import xlsxwriter

    content = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(content, options) as book:
        book.set_properties({"title": title, "created": as_of})
        formats = _Formats(book, language)
        taken: list[str] = []
        for table in tables:
            taken.append(sheet_name(table.name, taken))
            _write_sheet(book.add_worksheet(taken[-1]), table, formats, language)
    return content.getvalue()


class _Formats:
    """The cell formats of a workbook, each made once."""

    def __init__(self, book: Any, language: Language) -> None:
        self._book, self._language = book, language
        self._made: dict[tuple[str, ...], Any] = {}

    def header(self, text: str, *, of_numbers: bool) -> Any:
        look = _HEADER | ({"align": "right"} if of_numbers else _TEXT)
        return self._text("header" + "s" * of_numbers, text, look)

    def text(self, text: str) -> Any:
        return self._text("text", text, _TEXT)

    def number(self, figure: Figure) -> Any:
        code = number_format(figure.unit, figure.signed, self._language)
        return self._of(("number", code), {"num_format": code})

    def day(self) -> Any:
        return self._of(("day",), {"num_format": _DAY} | _TEXT)

    def _text(self, kind: str, text: str, look: dict[str, Any]) -> Any:
        if not FORMULA.match(text):
            return self._of((kind,), look | {"text_wrap": True})
        # The quote prefix is Excel's own apostrophe: the text is as it was, also when it is edited.
        return self._of((kind, "guarded"), look | {"text_wrap": True, "quote_prefix": True})

    def _of(self, key: tuple[str, ...], look: dict[str, Any]) -> Any:
        if key not in self._made:
            self._made[key] = self._book.add_format(look | {"valign": "top"})
        return self._made[key]


def _write_sheet(sheet: Any, table: Table, formats: _Formats, language: Language) -> None:
    widths = _widths(table, language)
    for column, width in enumerate(widths):
        sheet.set_column(column, column, width)
    for column, header in enumerate(table.headers):
        of_numbers = any(isinstance(row[column], Figure) for row in table.rows)
        sheet.write_string(0, column, header, formats.header(header, of_numbers=of_numbers))
    for row, cells in enumerate(table.rows, start=1):
        for column, cell in enumerate(cells):
            _write_cell(sheet, row, column, cell, formats, language)
    # LibreOffice folds no row by itself.
    for row, cells in enumerate([table.headers, *table.rows]):
        lines = max(_lines(cell, width) for cell, width in zip(cells, widths, strict=True))
        sheet.set_row(row, _LINE_HEIGHT * lines)
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, len(table.rows), len(table.headers) - 1)
    sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)


def _write_cell(sheet: Any, row: int, column: int, cell: Cell, formats: _Formats, language: Language) -> None:
    if cell is None:
        return
    if isinstance(cell, Figure):
        refused = sheet.write_number(row, column, in_unit(cell, language), formats.number(cell))
    elif isinstance(cell, dt.date):
        refused = sheet.write_datetime(row, column, cell, formats.day())
    else:
        text = short_enough(cell, language)
        refused = sheet.write_string(row, column, text, formats.text(text))
    if refused:
        raise ReportError(
            f"sheet {sheet.name}",
            "a table that a sheet can hold",
            f"a cell in row {row + 1:,}, column {column + 1:,}",
            "Load fewer files, or leave out what nobody reads in a spreadsheet.",
        )


def short_enough(text: str, language: Language) -> str:
    """Cut a text that is too long for a cell; it says so."""
    if len(text) <= MAX_TEXT:
        return text
    mark = language.text("sheet.cut", n=len(text))
    return text[: MAX_TEXT - len(mark)] + mark


def _widths(table: Table, language: Language) -> list[float]:
    """Give each column the room of its longest text up to a most, and half of its header's."""
    least, most = _WIDTHS
    widths = []
    for place, header in enumerate(table.headers):
        texts = [len(_as_shown(row[place], language)) for row in table.rows]
        word = max(map(len, header.split()), default=0)
        longest = max([word + 2, len(header) / 2 + 2, *texts]) + 2
        widths.append(min(max(longest, least), most))
    return widths


def _lines(cell: Cell, width: float) -> int:
    return min(math.ceil((len(cell) + 2) / width), _MOST_LINES) if isinstance(cell, str) else 1


def _as_shown(cell: Cell, language: Language) -> str:
    if isinstance(cell, Figure):
        write = language.change if cell.signed else language.value
        return write(cell.number, cell.unit)
    return str(cell or "")


def in_unit(figure: Figure, language: Language) -> float:
    """Give the number of a cell: a share as 0 to 1, as Excel writes percents; else as it is read."""
    if "%" in number_format(figure.unit, figure.signed, language):
        return figure.number
    return figure.number * FORMS[figure.unit].scale


def number_format(unit: str, signed: bool, language: Language) -> str:
    """Give Excel's code for a unit, out of the same words that the page writes it with.

    Examples
    --------
    >>> from tallysheet.language import read_language
    >>> english = read_language("en")
    >>> number_format("share", False, english), number_format("euro", False, english)
    ('#,##0.0%', '"€"#,##0.00')
    >>> number_format("share", True, english).replace("\u00a0", " ")
    '+#,##0.0" pp";-#,##0.0" pp";#,##0.0" pp"'
    """
    form = FORMS[unit]
    key = form.change_key if signed else form.key
    digits = "#,##0" + ("." + "0" * form.decimals if form.decimals else "")
    before, after = language.text(key, number="\0", n=2).split("\0") if key else ("", "")
    code = f"{_quoted(before)}{digits}{_quoted(after)}"
    return f"+{code};-{code};{code}" if signed else code


def _quoted(words: str) -> str:
    """Quote a unit; a percent sign stays bare, for it is what makes Excel write a share in percent."""
    return "".join(piece if piece == "%" else f'"{piece}"' for piece in re.split("(%)", words) if piece)


def sheet_name(title: str, taken: Iterable[str]) -> str:
    """Make a name that Excel allows: 31 characters, no forbidden sign, not History, none twice.

    Examples
    --------
    >>> sheet_name("Data: quality?", []), sheet_name("History", []), sheet_name("parts", ["Parts"])
    ('Data quality', 'History 2', 'parts 2')
    """
    plain = " ".join(_FORBIDDEN_IN_NAMES.sub(" ", title).split()).strip("'")
    used = {name.casefold() for name in taken} | {"history", ""}
    names = (f"{plain[: _NAME_LENGTH - len(end)].rstrip()}{end}" for end in _ends())
    return next(name.strip() for name in names if name.strip().casefold() not in used)


def _ends() -> Iterable[str]:
    yield ""
    yield from (f" {number}" for number in count(2))


def as_csv(table: Table, language: Language) -> bytes:
    """Write a table as CSV that Excel opens with a double click in the reader's language.

    Where the decimal sign is a comma, fields end with a semicolon. Numbers are in the unit that the page
    shows, with all their digits. A text that could be taken for a formula begins with an apostrophe.
    """
    point = get_decimal_symbol(language.locale)
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";" if point == "," else ",", lineterminator="\r\n")
    writer.writerow(guarded(header) for header in table.headers)
    writer.writerows([_as_field(cell, point) for cell in row] for row in table.rows)
    return text.getvalue().encode("utf-8-sig")


def _as_field(cell: Cell, point: str) -> str:
    if not isinstance(cell, Figure):
        return guarded(str(cell or ""))
    # Fifteen digits are what Excel keeps; they hide the noise of binary fractions.
    number = Decimal(f"{cell.number * FORMS[cell.unit].scale + 0.0:.15g}")
    return f"{number:f}".replace(".", point)


def guarded(text: str) -> str:
    """Put an apostrophe before a text that a spreadsheet program would take for a formula.

    Examples
    --------
    >>> guarded("=1+1"), guarded("Brivane")
    ("'=1+1", 'Brivane')
    """
    return f"'{text}" if FORMULA.match(text) else text
