"""Cells of a workbook that hold an error: what they show, which its reader gives as empty."""

from __future__ import annotations

import io
import re
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

_CODES = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
    0x2B: "#GETTING_DATA",
}
ERROR_TEXTS = (*_CODES.values(), "#SPILL!", "#CALC!", "#FIELD!", "#BLOCKED!", "#CONNECT!", "#BUSY!")
"""What Excel shows in a cell whose formula has no result; a csv that it writes has them too."""

Cells = dict[tuple[int, int], str]
"""Row and column, counting from 0, to the text of a cell."""

_BLOCK = 1 << 20
_CODE = b"[" + b"".join(re.escape(bytes([code])) for code in _CODES) + b"]"
_XML_SIGN = re.compile(rb"""t=["']e["']|value-type="error\"""")
LONGEST_SIGN = 18
_EXCEL_CELL = re.compile(rb"""(<(?:\w+:)?c\s[^<>]*?\bt=)(["'])e\2""")
_ODS_CELL = re.compile(rb'<table:table-cell\b([^<>]*)\bcalcext:value-type="error"([^<>]*)>')
_ODS_VALUE = re.compile(rb'\boffice:[\w-]*value[\w-]*="[^"]*"')
_XLSB_SIGN = re.compile(rb"\x03\x09..\0\0....%b|\x0b..?..\0\0....%b" % (_CODE, _CODE), re.DOTALL)
_XLSB_ERRORS = (3, 11)
_XLSB_TEXT = 6
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def may_have_errors(member: str, block: bytes) -> bool:
    """Tell whether a part of an archive's member may hold a cell with an error."""
    return _is_xlsb(member) or _XML_SIGN.search(block) is not None


def with_errors_as_texts(path: Path) -> io.BytesIO:
    """Copy a workbook that is an archive, with each error as the text that its cell shows."""
    made = io.BytesIO()
    with zipfile.ZipFile(path) as archive, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, True, 1) as copy:
        for member in archive.infolist():
            with archive.open(member) as file, copy.open(member.filename, "w", force_zip64=True) as written:
                for part in _parts(member.filename, file):
                    written.write(part)
    made.seek(0)
    return made


def _is_xlsb(member: str) -> bool:
    return re.search(r"worksheets/[^/]+\.bin$", member) is not None


def _parts(member: str, file: IO[bytes]) -> Iterator[bytes]:
    if _is_xlsb(member):
        data = file.read()
        yield b"".join(_xlsb_records(data)) if _XLSB_SIGN.search(data) else data
        return
    is_xml, kept = member.endswith(".xml"), b""
    while block := file.read(_BLOCK):
        # A tag is not cut in two.
        text = kept + block
        end = text.rfind(b"<") if is_xml else len(text)
        kept = text[max(end, 0) :]
        yield _as_texts(text[: max(end, 0)]) if is_xml else text
    yield _as_texts(kept)


def _as_texts(xml: bytes) -> bytes:
    if not _XML_SIGN.search(xml):
        return xml
    return _ODS_CELL.sub(_ods_text, _EXCEL_CELL.sub(rb"\1\2str\2", xml))


def _ods_text(cell: re.Match[bytes]) -> bytes:
    # LibreOffice gives an error an empty text as its value, and what it shows in a paragraph.
    kept = _ODS_VALUE.sub(b"", cell[1] + cell[2].rstrip(b"/"))
    closed = b"/>" if cell[2].endswith(b"/") else b">"
    return b"<table:table-cell" + kept + b' office:value-type="string"' + closed


def _xlsb_records(data: bytes) -> Iterator[bytes]:
    place = 0
    while place < len(data):
        kind, start = _varied(data, place, 2)
        length, start = _varied(data, start, 4)
        end = start + length
        if kind & 0x7F in _XLSB_ERRORS and kind < 0x80 and length > 8:
            text = _CODES.get(data[start + 8], ERROR_TEXTS[0])
            cell = data[start : start + 8] + struct.pack("<I", len(text)) + text.encode("utf-16-le")
            yield bytes([_XLSB_TEXT, len(cell)]) + cell
        else:
            yield data[place:end]
        place = end


def _varied(data: bytes, place: int, most: int) -> tuple[int, int]:
    """Read a number of seven bits a byte, the least first; give it and the place behind it."""
    number = 0
    for position in range(most):
        byte = data[place + position]
        number |= (byte & 0x7F) << 7 * position
        if byte < 0x80:
            return number, place + position + 1
    return number, place + most


def xls_errors(path: Path) -> dict[str, Cells]:
    """Find the errors of a workbook in the old format: name of the sheet to its cells."""
    import xlrd

    with path.open("rb") as file:
        if _OLE != file.read(len(_OLE)):
            return {}
    # It says on standard output what it does not understand, though that is no error.
    book = xlrd.open_workbook(path, logfile=io.StringIO())
    return {
        sheet.name: {
            (row, column): _CODES.get(int(sheet.cell_value(row, column)), ERROR_TEXTS[0])
            for row in range(sheet.nrows)
            for column, kind in enumerate(sheet.row_types(row))
            if kind == xlrd.XL_CELL_ERROR
        }
        for sheet in book.sheets()
    }
