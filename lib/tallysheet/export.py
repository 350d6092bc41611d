"""Rows that a person asked for, as a file for Excel."""

from __future__ import annotations

import datetime as dt
import math
import numbers
from pathlib import Path
from typing import Any

import pandas as pd

from tallysheet.errors import DataError, UsageError, check_type
from tallysheet.files import write_whole
from tallysheet.language import Language, read_language
from tallysheet.publish.spreadsheets import FORMULA, short_enough

_EXACT = 2**53
"""From here on Excel's numbers skip some, so a larger one is written as text."""
_WIDTHS = (8, 50)
_LOOKED_AT = 200


def to_excel(rows: pd.DataFrame, path: str | Path) -> Path:
    """Write rows into an Excel workbook, as they are.

    Numbers, days and times are such in Excel, and text stays text: none is ever a formula, also when somebody
    edits its cell. If the rows are the first of more, a second sheet says so.

    Parameters
    ----------
    rows : DataFrame
        Such as `Week.sql` gives; its index is left out.
    path : str or Path
        Ends in ``.xlsx``; a file that is there is replaced.

    Returns
    -------
    Path

    Raises
    ------
    UsageError
        Not a DataFrame, or the name ends otherwise.
    DataError
        There are more rows or columns than a sheet holds.

    Examples
    --------
    >>> from tempfile import gettempdir
    >>> to_excel(pd.DataFrame({"carrier": ["=1+1"], "parcels": [3]}), gettempdir() + "/parcels.xlsx").name
    'parcels.xlsx'
    """
    import xlsxwriter

    check_type("rows", rows, pd.DataFrame, "a table such as week.kpis or week.sql gives")
    path = Path(path)
    if path.suffix.lower() != ".xlsx":
        raise UsageError(
            "path", "a name that ends in .xlsx", path.name, "Excel opens no other as it is written."
        )
    # Excel knows no time zones: times are UTC, as everywhere here.
    options = {"strings_to_formulas": False, "strings_to_urls": False, "remove_timezone": True}

    def write(part: Path) -> None:
        with xlsxwriter.Workbook(part, options) as book:
            _write(book, rows)

    write_whole(path, write, lasts=False)
    return path


def _write(book: Any, rows: pd.DataFrame) -> None:
    """Write the sheet, and the notice beside it if there is one."""
    looks = {
        "head": book.add_format({"bold": True, "bottom": 1}),
        "day": book.add_format({"num_format": "yyyy-mm-dd"}),
        "time": book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
        "text": None,
        "guarded": book.add_format({"quote_prefix": True}),
    }
    language, sheet = read_language("en"), book.add_worksheet("Rows")
    for place, name in enumerate(rows.columns):
        _put(sheet, 0, place, str(name), looks | {"text": looks["head"]}, language)
        texts = rows.iloc[:_LOOKED_AT, place].astype(str).str.len()
        longest = max([len(str(name)), *texts]) + 2
        sheet.set_column(place, place, min(max(longest, _WIDTHS[0]), _WIDTHS[1]))
        for row, cell in enumerate(rows.iloc[:, place].astype(object), start=1):
            _put(sheet, row, place, cell, looks, language)
    sheet.freeze_panes(1, 0)
    if len(rows):
        sheet.autofilter(0, 0, len(rows), len(rows.columns) - 1)
    if "notice" in rows.attrs:
        _put(book.add_worksheet("Notice"), 0, 0, str(rows.attrs["notice"]), looks, language)


def _put(sheet: Any, row: int, column: int, cell: Any, looks: dict[str, Any], language: Language) -> None:
    """Write a cell as what it is."""
    if isinstance(cell, float) and math.isinf(cell):
        cell = str(cell)
    if pd.api.types.is_scalar(cell) and pd.isna(cell):
        return
    if isinstance(cell, bool):
        refused = sheet.write_boolean(row, column, cell)
    elif isinstance(cell, numbers.Real) and abs(float(cell)) < _EXACT:
        refused = sheet.write_number(row, column, float(cell))
    elif isinstance(cell, dt.date):
        # From 1900 on, as Excel counts days.
        is_day = not isinstance(cell, dt.datetime) or cell.time() == dt.time()
        refused = sheet.write_datetime(row, column, cell, looks["day" if is_day else "time"])
    else:
        text = short_enough(str(cell), language)
        look = looks["guarded" if FORMULA.match(text) else "text"]
        refused = sheet.write_string(row, column, text, look)
    if refused:
        raise DataError(
            "to_excel",
            "rows that a sheet can hold",
            f"a cell in row {row + 1:,}, column {column + 1:,}",
            "Ask for fewer, or add them up.",
        )
