"""Find out how a delimited text is written: its encoding, its delimiter, its quotes."""

from __future__ import annotations

import codecs
import itertools
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from tallysheet.errors import DataError
from tallysheet.records import Dialect, read_records

_SAMPLE_LINES = 120
_SAMPLE_LETTERS = 24_000
_SAMPLE_BYTES = 1 << 20
_DELIMITERS = (",", ";", "\t", "|", ":", " ", "^", "~", "\x1f", "\x01", "§", "¦")
_UNSEEN = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
_MOST_UNSEEN = 4
_MOST_UNSEEN_SHARE = 0.02
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?\s*$', re.IGNORECASE)
"""Spreadsheets take their delimiter from such a first line, and write it."""
_QUOTES = ('"', "'")
_SPACE = 0.8
"""Words stand apart by spaces in every text; a space must cut it that much better to be the delimiter."""
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))

# What a cell usually is. A delimiter that leaves other things in the cells is the wrong one.
_NUMBER = re.compile(
    r"[-+(]?[€$£]? ?(\d+|\d{1,3}([ .,'\u00a0\u202f]\d{3})+)([.,]\d+)?([eE][-+]?\d+)?\)? ?[%€$£]?"
)
_TIME = re.compile(
    r"(\d{1,4}([-/.])\d{1,2}\2\d{1,4}|\d{1,2}[- ][A-Za-z]{3,9}[- ,]+\d{2,4}|\d{8})?"
    r"[T ]?(\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)? ?([AaPp][Mm]|Z|UTC|[-+]\d{2}:?\d{2})?)?"
)
_LINK = re.compile(r"(https?://|www\.)\S+|[\w.+-]+@[\w-]+\.[\w.-]+")
_CODE = re.compile(r"[\w#][\w.\-/#+]*")
_TEXT = re.compile(r"[^,;\t|\"\x00-\x1f]*\w[^;\t|\"\x00-\x1f]*")


def find_encoding(sample: bytes, whole: bool = True) -> str:
    """Name the encoding of a text: a byte-order mark's, UTF-16 by its zeros, UTF-8, else cp1252.

    Parameters
    ----------
    sample : bytes
        The beginning of the file.
    whole : bool
        Whether it is the whole file; if not, it may end inside a letter.

    Examples
    --------
    >>> find_encoding("Côte".encode("latin-1")), find_encoding("Côte".encode())
    ('cp1252', 'utf-8')
    """
    for mark, name in _BOMS:
        if sample.startswith(mark):
            return name
    even, odd = (sample[0::2].count(0), sample[1::2].count(0)) if 0 in sample else (0, 0)
    if max(even, odd) > 0.3 * (len(sample) // 2) and min(even, odd) < 0.1 * (len(sample) // 2):
        return "utf-16-be" if even > odd else "utf-16-le"
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        decoder.decode(sample, final=whole)
    except UnicodeDecodeError:
        # A broken byte among many letters that are UTF-8 is a broken byte.
        text = sample.decode("utf-8", errors="replace")
        broken, letters = text.count("\ufffd"), sum(letter > "\x7f" for letter in text)
        return "utf-8" if letters > 10 * broken else "cp1252"
    return "utf-8"


def read_beginning(path: Path) -> tuple[bytes, str]:
    """Read the beginning of a text, and name the encoding of all of it by that."""
    with path.open("rb") as file:
        sample = file.read(_SAMPLE_BYTES)
    return sample, find_encoding(sample, whole=len(sample) < _SAMPLE_BYTES)


def refuse_binary(path: Path, plain: Path) -> None:
    """Refuse what is no text; ``plain`` is what ``path`` holds, unpacked.

    A broken byte may be any character, and one that nobody sees may part the cells; many kinds are neither.

    Raises
    ------
    DataError
        It is such.
    """
    with plain.open("rb") as file:
        sample = file.read(_SAMPLE_LETTERS)
    unseen = _UNSEEN.findall(sample.decode(find_encoding(sample, whole=False), errors="replace"))
    if len(set(unseen)) > _MOST_UNSEEN and len(unseen) > _MOST_UNSEEN_SHARE * len(sample):
        raise DataError(str(path), "a text file", "bytes that are no text", "Export it as CSV.")


def find_dialect(text: str) -> Dialect:
    r"""Name the delimiter and quotes with which a text becomes the most even and most usual table.

    Parameters
    ----------
    text : str
        The beginning of a file.

    Returns
    -------
    Dialect
        With the delimiter ``""`` if nothing cuts the text evenly.

    Notes
    -----
    Every candidate cuts the sample. Its score is the share of records that have the commonest number of
    cells n, times (n - 1) / n, times the square of the share of cells that look like a number, a time, a
    link, a code or plain text; a space counts for less, as words stand apart by it. Evenness and types
    together are the idea of van den Burg, Nazábal and Sutton, "Wrangling messy CSV files by detecting
    row and type patterns", 2019.

    Examples
    --------
    >>> find_dialect("id;price\n1;2,50\n2;3,00\n")
    Dialect(delimiter=';', quote='"', escape='"')
    """
    lines = _sample_lines(text)
    told = _SEPARATOR_LINE.match(lines[0]) if lines else None
    if told and len(lines) > 1:
        lines = lines[1:]
    sample = "".join(lines)
    quotes = [quote for quote in _QUOTES if _opens_cells(sample, quote)] or ['"']
    best, best_score = Dialect("", '"', '"'), 0.03
    candidates = _candidates(lines)
    for delimiter in [told[1]] if told and told[1] in candidates else candidates:
        for quote in quotes:
            dialect = Dialect(delimiter, quote, _escape(sample, delimiter, quote))
            score = _score(lines, dialect)
            if score > best_score:
                best, best_score = dialect, score
    if not best.delimiter:
        return replace(best, quote=quotes[0], escape=_escape(sample, "", quotes[0]))
    return best


def _sample_lines(text: str) -> list[str]:
    lines = [line for line in split_lines(text[:_SAMPLE_LETTERS]) if line.strip()]
    if len(text) > _SAMPLE_LETTERS and len(lines) > 1:
        lines.pop()
    return lines[:_SAMPLE_LINES]


_LINE = re.compile(r"[^\r\n]*(?:\r+\n|\n|\r)|[^\r\n]+")


def split_lines(text: str, most: int | None = None) -> list[str]:
    r"""Split at line ends, LF, CR, CR LF and CR CR LF, also mixed, and keep them; give so many lines at most.

    Examples
    --------
    >>> split_lines("a\r\nb\rc")
    ['a\r\n', 'b\r', 'c']
    """
    return [found[0] for found in itertools.islice(_LINE.finditer(text), most)]


def _candidates(lines: list[str]) -> list[str]:
    """List what may be the delimiter: a usual sign, or a run of signs, on at least a third of the lines."""
    found: Counter[str] = Counter()
    for line in lines:
        runs = re.findall(r"[^\w\s\"'.]{2,3}", line)
        spaced = [sign for sign in (", ", "; ", "| ", " | ") if sign in line]
        found.update({*(sign for sign in _DELIMITERS if sign in line), *runs, *spaced})
    needed = max(1, len(lines) // 3)
    usual = [sign for sign, count in found.items() if count >= needed]
    sample = "".join(lines)
    # A sign that only ever stands in a longer run is no delimiter of its own: || is one.
    whole = [
        sign
        for sign in usual
        if not any(
            sign != run and sign in run and sample.count(sign) == sample.count(run) * run.count(sign)
            for run in usual
            if not run.isspace() and " " not in run
        )
    ]
    return sorted(whole, key=lambda sign: (-len(sign), sign))


def _opens_cells(sample: str, quote: str) -> bool:
    """Say whether a quote stands at the beginning of some cell, and at the end of some."""
    opening = re.search(rf"(?:^|[^\w\s.]) ?{quote}", sample, re.MULTILINE) or re.search(rf"\s{quote}", sample)
    closing = re.search(rf"{quote} ?(?:$|[^\w\s.]|\r)", sample, re.MULTILINE) or re.search(
        rf"{quote}\s", sample
    )
    return bool(opening and closing)


def _escape(sample: str, delimiter: str, quote: str) -> str:
    """Tell a backslash from a doubled quote: by what stands before quotes inside cells."""
    end = rf"(?:$|[\r\n]|{re.escape(delimiter)})" if delimiter else r"(?:$|[\r\n])"
    inside = len(re.findall(rf"\\{quote}(?!{end})", sample))
    doubled = len(re.findall(rf"(?<=[^\s{quote}{re.escape(delimiter)}]){quote}{quote}(?!{quote})", sample))
    return "\\" if inside > doubled else quote


def _score(lines: Iterable[str], dialect: Dialect) -> float:
    records = [record.cells for record in read_records(lines, dialect)]
    widths = Counter(len(cells) for cells in records)
    width = max(widths, key=lambda n: (widths[n] * (n - 1) / n, n))
    # Words and times hold blanks and colons too: as delimiters they cut every line alike.
    if width < 2 or (dialect.delimiter in (" ", ":") and len(widths) > 1):
        return 0.0
    even = [cells for cells in records if len(cells) == width]
    usual = sum(_usual(cell.strip()) for cells in even for cell in cells) / (len(even) * width)
    prior = _SPACE if dialect.delimiter == " " else 1
    return prior * len(even) / len(records) * (width - 1) / width * usual**2


def _usual(cell: str) -> float:
    """Weigh a cell: 1 for a number, time, link or code, less for free text and for what is empty."""
    if not cell:
        return 0.8
    if _NUMBER.fullmatch(cell) or _TIME.fullmatch(cell) or _CODE.fullmatch(cell) or _LINK.fullmatch(cell):
        return 1.0
    # A text may end in a quote, as inches do; one that begins with it was cut or quoted otherwise.
    if cell.startswith(_QUOTES):
        return 0.0
    return 0.9 if _TEXT.fullmatch(cell) else 0.4
