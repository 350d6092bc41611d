"""One clean table polluted one fault at a time, with the true content, and a score of what is read.

Run ``python tests/pollution.py`` for the mean score of each kind of fault and the worst files.

Where a fault can be seen in two ways, these rules say what is true:

- Cells that lost their delimiter read as the text that is there: ``"a, b"c`` is ``a, bc``, ``"a""b"`` is
  ``a"b``. A bare text before a quoted one (``a"b, c"``) has no single reading, so no file holds it.
- A row keeps the cells that it has; rows are compared without the empty cells at their end, and a row of
  empty cells only counts for nothing, so that padding does not matter.
- Parts of several header lines are joined by a space; an empty part leaves none.
- A table below another is not part of it, also where it has the same columns.
"""

from __future__ import annotations

import codecs
import datetime as dt
import random
import re
import tempfile
import time
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

import tallysheet as ts

HEADER = ["parcel", "shipped", "scanned", "country", "weight_kg", "cost_eur", "service", "consignee", "note"]
COUNTRIES = ["FR", "DE", "ES", "IT", "NA", "PT"]
SERVICES = ["standard", "express", "relay point"]
CONSIGNEES = [
    "Hôtel du Lac",
    "Núñez Hermanos, S.L.",
    "Brûlerie d'Or",
    "Müller GmbH",
    "Peña, Ortiz & Co",
    "O'Neill Ltd",
    "Maison Lefèvre, Lyon",
]
NOTES = [
    "",
    "2nd try, 3rd floor",
    "fragile",
    'left with the "gardien"',
    "damaged; photo taken",
    "call before 18:00",
    'sign reads "dock 4" in red, ring twice',
    "",
    "déjà livré",
    '"Fragile" label missing',
    "rue de l'Été, 12 bis",
]
Rows = list[list[str]]


@dataclass(frozen=True)
class Polluted:
    """A file and its true content."""

    name: str
    kind: str
    data: bytes
    header: list[str] | None
    rows: Rows


@dataclass(frozen=True)
class Style:
    """How cells and lines are written.

    Quoting is "minimal", "all" or "none"; a quote inside quotes is "doubled", behind a "backslash" or "bare".
    """

    delimiter: str = ","
    quote: str = '"'
    escape: str = "doubled"
    quoting: str = "minimal"
    line_end: str = "\n"


def clean_rows(count: int = 84, seed: int = 417) -> Rows:
    """Make the rows of a carrier's extract, always the same for a seed."""
    draw = random.Random(seed)
    return [
        [
            f"{41700 + 37 * number:08d}",
            str(dt.date(2026, 1, 5) + dt.timedelta(days=number // 4)),
            "" if number % 13 == 7 else f"{draw.randrange(6, 20):02d}:{draw.randrange(60):02d}",
            draw.choice(COUNTRIES),
            "" if number % 17 == 7 else f"{draw.randrange(5, 3000) / 100:.2f}",
            f"{draw.randrange(-200, 4000) / 100:.2f}",
            draw.choice(SERVICES),
            CONSIGNEES[number % len(CONSIGNEES)],
            NOTES[number % len(NOTES)],
        ]
        for number in range(count)
    ]


ROWS = clean_rows()
PLAIN = Style()
SEMICOLON = Style(delimiter=";")
TAB = Style(delimiter="\t")
ALL_QUOTED = Style(quoting="all")
STYLES = {"comma": PLAIN, "semicolon": SEMICOLON, "tab": TAB, "quoted": ALL_QUOTED}

LAST = len(ROWS)
RICH = next(line for line, row in enumerate(ROWS, start=1) if "," in row[7] and '"' in row[8])
SPARSE = next(line for line, row in enumerate(ROWS, start=1) if not row[2] and not row[8])
FAULT_LINES = (0, 1, 2, SPARSE, RICH, LAST)
"""Where row faults are put: the header (0), and data rows counted from 1."""
FEW_LINES = (0, LAST)
"""Where they are put in further styles."""


# ---- Writing ----


def write_cell(cell: str, style: Style) -> str:
    """Write a cell, in quotes if the style asks for it."""
    special = (style.delimiter, style.quote, "\n", "\r")
    needed = style.quoting == "minimal" and any(text in cell for text in special)
    if not needed and style.quoting != "all":
        return cell
    inner = {"doubled": style.quote * 2, "backslash": "\\" + style.quote, "bare": style.quote}[style.escape]
    return style.quote + cell.replace(style.quote, inner) + style.quote


def write_line(cells: list[str], style: Style = PLAIN) -> str:
    """Write the cells of a row, without the line end."""
    return style.delimiter.join(write_cell(cell, style) for cell in cells)


def write_lines(style: Style = PLAIN, header: list[str] | None = HEADER, rows: Rows = ROWS) -> list[str]:
    """Write a table as lines without their ends."""
    return [write_line(cells, style) for cells in ([] if header is None else [header]) + rows]


def pack(lines: list[str], style: Style = PLAIN) -> bytes:
    """Put lines together as a file in UTF-8."""
    return "".join(line + style.line_end for line in lines).encode()


def table(style: Style = PLAIN, header: list[str] | None = HEADER, rows: Rows = ROWS) -> bytes:
    """Write a table as a file in UTF-8."""
    return pack(write_lines(style, header, rows), style)


def cells_of(line: int) -> list[str]:
    """Give the clean cells of a line; 0 is the header."""
    return ROWS[line - 1] if line else HEADER


# ---- Kinds ----

Variant = tuple[str, bytes, list[str] | None, Rows]
"""Name, content, true header, true rows."""

KINDS: dict[str, Callable[[], Iterator[Variant]]] = {}


def kind(function: Callable[[], Iterator[Variant]]) -> Callable[[], Iterator[Variant]]:
    """Add a generator to the list of kinds, under its own name."""
    KINDS[function.__name__] = function
    return function


def polluted(name: str) -> list[Polluted]:
    """Make all files of a kind."""
    return [
        Polluted(f"{name}-{variant}", name, data, header, rows)
        for variant, data, header, rows in KINDS[name]()
    ]


def without_accents(text: str) -> str:
    """Give the ASCII letters of a text."""
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()


def changed(line: int, column: int, cell: str) -> Rows:
    """Give the clean rows with another text in one cell."""
    rows = [list(row) for row in ROWS]
    rows[line - 1][column] = cell
    return rows


@kind
def encodings() -> Iterator[Variant]:
    """Write it in encodings of Western Europe, with and without a byte order mark."""
    late = [[without_accents(cell) for cell in row] for row in ROWS[:-1]] + [[*ROWS[-1][:-1], "réexpédié"]]
    plain = [[without_accents(cell) for cell in row] for row in ROWS]
    for place, style in STYLES.items():
        for codec, mark in [
            ("utf-8", b""),
            ("utf-8", codecs.BOM_UTF8),
            ("utf-16-le", b""),
            ("utf-16-be", b""),
            ("utf-16-le", codecs.BOM_UTF16_LE),
            ("utf-16-be", codecs.BOM_UTF16_BE),
            ("latin-1", b""),
        ]:
            contents = (
                {"accents": ROWS, "late": late, "ascii": plain} if style is PLAIN else {"accents": ROWS}
            )
            for content, rows in contents.items():
                text = table(style, rows=rows).decode()
                name = f"{codec}{'-bom' if mark else ''}-{place}-{content}"
                yield name, mark + text.encode(codec), HEADER, rows
        euro = changed(9, 8, "refund 12 €, œuvre d’art – “as is”")
        yield f"cp1252-{place}", table(style, rows=euro).decode().encode("cp1252"), HEADER, euro


PREAMBLE = [
    "Shipments delivered in January 2026",
    "Printed on 3 February 2026",
    "Account 0041700",
    "All weights are in kilograms",
    "For internal use only",
]
PREAMBLE_WITH_COMMAS = [
    "Shipments, returns and losses",
    "Printed on Tuesday, 3 February 2026, Lyon",
    "Account: 0041700, contract: 88",
    "Weights in kg, costs in EUR, VAT excluded",
    "Internal use only, do not forward",
]


def notes_around() -> Iterator[tuple[str, list[str], Style]]:
    """Give lines of text that stand above or below a table, and the style of the table."""
    for count in (1, 2, 5):
        for place, style in (("comma", PLAIN), ("semicolon", SEMICOLON)):
            yield f"plain-{count}-{place}", PREAMBLE[:count], style
            yield f"commas-{count}-{place}", PREAMBLE_WITH_COMMAS[:count], style
        yield f"hash-{count}", [f"# {line}" for line in PREAMBLE_WITH_COMMAS[:count]], PLAIN
        yield f"quoted-{count}", [f'"{line}"' for line in PREAMBLE_WITH_COMMAS[:count]], ALL_QUOTED


def padded_notes() -> Iterator[tuple[str, list[str], Style]]:
    """Give lines of text that a spreadsheet padded with delimiters to the table's width."""
    for place, style in (("comma", PLAIN), ("semicolon", SEMICOLON), ("tab", TAB)):
        for count in (1, 2, 5):
            lines = [line + style.delimiter * (len(HEADER) - 1) for line in PREAMBLE[:count]]
            yield f"padded-{count}-{place}", lines, style


@kind
def preambles() -> Iterator[Variant]:
    """Put lines of text above the header."""
    for name, lines, style in [*notes_around(), *padded_notes()]:
        below = write_lines(style)
        yield f"{name}-blank", pack([*lines, "", *below], style), HEADER, ROWS
        yield f"{name}-close", pack([*lines, *below], style), HEADER, ROWS
    for name, line in (("padding", "," * (len(HEADER) - 1)), ("spaces", "  ")):
        yield f"blank-as-{name}", pack([PREAMBLE[0], line, *write_lines()]), HEADER, ROWS
    yield "after-a-blank", pack(["", *PREAMBLE[:2], "", *write_lines()]), HEADER, ROWS
    yield "in-two-parts", pack([PREAMBLE[0], "", *PREAMBLE[1:3], "", *write_lines()]), HEADER, ROWS
    yield "bom", codecs.BOM_UTF8 + pack([*PREAMBLE[:2], *write_lines()]), HEADER, ROWS


@kind
def footnotes() -> Iterator[Variant]:
    """Put lines of text below the last row."""
    for name, lines, style in notes_around():
        above = write_lines(style)
        yield f"{name}-blank", pack([*above, "", *lines], style), HEADER, ROWS
        yield f"{name}-close", pack([*above, *lines], style), HEADER, ROWS
    for name, lines, style in padded_notes():
        yield f"{name}-blank", pack([*write_lines(style), "", *lines], style), HEADER, ROWS
    yield "no-final-newline", pack([*write_lines(), "", *PREAMBLE[:2]])[:-1], HEADER, ROWS
    yield "count-of-rows", pack([*write_lines(), "84 rows"]), HEADER, ROWS
    around = [PREAMBLE[0], "", *write_lines(), "", *PREAMBLE[1:3]]
    yield "and-a-preamble", pack(around), HEADER, ROWS


@kind
def no_header() -> Iterator[Variant]:
    """Leave the header out."""
    for place, style in STYLES.items():
        for count in (1, 2, 10, LAST):
            rows = ROWS[:count]
            yield f"{place}-{count}", table(style, None, rows), None, rows


@kind
def several_header_lines() -> Iterator[Variant]:
    """Write two or three lines of names, all filled or with gaps."""
    groups = ["Parcel", "Shipping", "Scan", "Address", "Weight", "Cost", "Service", "Address", "Remark"]
    names = ["number", "date", "time", "country", "net", "net", "level", "name", "text"]
    units = ["", "", "", "ISO code", "(kg)", "(EUR)", "", "", ""]
    english = ["as printed", "local", "local", "two letters", "kilograms", "euros", "code", "full", "free"]
    for variant, lines in {
        "two": [groups, names],
        "two-with-gaps": [HEADER, units],
        "three": [groups, names, english],
        "three-with-gaps": [groups, names, units],
    }.items():
        joined = [" ".join(filter(None, parts)) for parts in zip(*lines, strict=True)]
        for place, style in STYLES.items():
            written = [write_line(cells, style) for cells in lines]
            data = pack([*written, *write_lines(style, None)], style)
            yield f"{variant}-{place}", data, joined, ROWS


@kind
def few_rows() -> Iterator[Variant]:
    """Write the header alone, or over one, two or three rows."""
    for place, style in STYLES.items():
        for count in (0, 1, 2, 3):
            data = table(style, rows=ROWS[:count])
            yield f"{place}-{count}", data, HEADER, ROWS[:count]
            yield f"{place}-{count}-no-final-newline", data[:-1], HEADER, ROWS[:count]


DELIMITERS = {
    "comma": ",",
    "semicolon": ";",
    "tab": "\t",
    "pipe": "|",
    "space": " ",
    "colon": ":",
    "comma-space": ", ",
    "two-pipes": "||",
    "two-colons": "::",
    "tilde-pipe-tilde": "~|~",
}


@kind
def delimiters() -> Iterator[Variant]:
    """Put one character or several between cells."""
    for place, mark in DELIMITERS.items():
        for quoting in ("minimal", "all"):
            style = Style(mark, quoting=quoting)
            yield f"{place}-{quoting}", table(style), HEADER, ROWS
        filled = [[cell or "-" for cell in row] for row in ROWS]
        yield f"{place}-no-empty-cell", table(Style(mark), rows=filled), HEADER, filled
        yield f"{place}-ten-rows", table(Style(mark), rows=ROWS[:10]), HEADER, ROWS[:10]


@kind
def quotes() -> Iterator[Variant]:
    """Use double quotes, single quotes or none, around every cell, those in need, or text."""
    for place, mark in (("comma", ","), ("semicolon", ";"), ("tab", "\t"), ("pipe", "|")):
        for name, quote in (("double", '"'), ("single", "'")):
            for quoting in ("minimal", "all"):
                style = Style(mark, quote, quoting=quoting)
                yield f"{name}-{place}-{quoting}", table(style), HEADER, ROWS
            text = [
                mark.join(
                    write_cell(cell, Style(mark, quote, quoting="minimal" if column in (2, 4, 5) else "all"))
                    for column, cell in enumerate(cells)
                )
                for cells in [HEADER, *ROWS]
            ]
            yield f"{name}-{place}-text", pack(text), HEADER, ROWS
        rows = [[cell.replace(mark, " -") for cell in row] for row in ROWS]
        style = Style(mark, quoting="none")
        yield f"none-{place}", table(style, rows=rows), HEADER, rows


@kind
def escapes() -> Iterator[Variant]:
    """Double the quotes inside quoted cells, put a backslash before them, or leave them bare."""
    slash = changed(12, 8, r"shelf 4\7, left")
    tight = changed(12, 8, 'the "blue", tall one')
    for place, mark in (("comma", ","), ("semicolon", ";"), ("tab", "\t")):
        for escape in ("doubled", "backslash", "bare"):
            for quoting in ("minimal", "all"):
                style = Style(mark, escape=escape, quoting=quoting)
                yield f"{escape}-{place}-{quoting}", table(style), HEADER, ROWS
        yield f"backslash-in-text-{place}", table(Style(mark), rows=slash), HEADER, slash
    for quoting in ("minimal", "all"):
        style = Style(escape="bare", quoting=quoting)
        yield f"bare-before-a-comma-{quoting}", table(style, rows=tight), HEADER, tight
    held = [",".join(cell.replace(",", r"\,") for cell in row) for row in [HEADER, *ROWS]]
    yield "backslash-before-commas", pack(held), HEADER, ROWS
    rows = [[cell.replace('"', "'") for cell in row] for row in ROWS]
    style = Style(quote="'", escape="backslash")
    yield "backslash-single-quotes", table(style, rows=rows), HEADER, rows


LINE_ENDS = {"lf": "\n", "crlf": "\r\n", "cr": "\r", "crcrlf": "\r\r\n", "lfcr": "\n\r"}


@kind
def line_ends() -> Iterator[Variant]:
    """End all lines alike, or each as drawn."""
    for place, style in STYLES.items():
        for name, end in LINE_ENDS.items():
            yield f"{name}-{place}", table(replace(style, line_end=end)), HEADER, ROWS
    for name, ends in {
        "lf-crlf": ["\n", "\r\n"],
        "lf-cr": ["\n", "\r"],
        "cr-crlf": ["\r", "\r\n"],
        "lf-crlf-cr": ["\n", "\r\n", "\r"],
    }.items():
        draw = random.Random(name)
        for place, style in STYLES.items():
            text = "".join(line + draw.choice(ends) for line in write_lines(style))
            yield f"mixed-{name}-{place}", text.encode(), HEADER, ROWS
    lines = write_lines()
    for name, first, rest in (("first-line", "\r\n", "\n"), ("all-but-first-line", "\n", "\r\n")):
        text = lines[0] + first + "".join(line + rest for line in lines[1:])
        yield f"crlf-{name}", text.encode(), HEADER, ROWS


@kind
def final_newlines() -> Iterator[Variant]:
    """End the file with no line end, or with two."""
    for place, style in STYLES.items():
        for name in ("lf", "crlf", "cr"):
            end = LINE_ENDS[name].encode()
            data = table(replace(style, line_end=end.decode()))
            yield f"none-{place}-{name}", data.removesuffix(end), HEADER, ROWS
            yield f"two-{place}-{name}", data + end, HEADER, ROWS
        rows = [*ROWS[:-1], [*ROWS[-1][:-1], ""]]
        yield f"none-behind-an-empty-cell-{place}", table(style, rows=rows)[:-1], HEADER, rows


@kind
def blank_lines() -> Iterator[Variant]:
    """Put blank lines between rows, which do not end the table."""
    for place, style in STYLES.items():
        for after in (0, 1, 2, LAST // 2, LAST - 1, LAST):
            lines = write_lines(style)
            yield f"after-{after}-{place}", pack([*lines[: after + 1], "", *lines[after + 1 :]]), HEADER, ROWS
    lines, half = write_lines(), LAST // 2
    padding = "," * (len(HEADER) - 1)
    for name, blank in {
        "three": ["", "", ""],
        "spaces": ["   "],
        "padding": [padding],
        "padding-three": [padding] * 3,
    }.items():
        yield f"{name}", pack([*lines[:half], *blank, *lines[half:]]), HEADER, ROWS
    yield "first", pack(["", *lines]), HEADER, ROWS
    yield "every-other", pack([text for line in lines for text in (line, "")]), HEADER, ROWS
    tenth = [
        text for number, line in enumerate(lines) for text in ([line, ""] if number % 10 == 9 else [line])
    ]
    yield "every-tenth", pack(tenth), HEADER, ROWS
    crlf = Style(line_end="\r\n")
    yield "crlf", pack([*lines[:half], "", *lines[half:]], crlf), HEADER, ROWS


# ---- Faults in one row ----


def faulty(line: int, text: str, cells: list[str], style: Style = PLAIN) -> Variant:
    """Put another text into one line, and other cells into the truth; the name is left open."""
    lines = write_lines(style)
    lines[line] = text
    rows = list(ROWS)
    if line:
        rows[line - 1] = cells
    return "", pack(lines, style), HEADER if line else cells, rows


def named(name: str, variant: Variant) -> Variant:
    """Name a variant."""
    return (name, *variant[1:])


def spots() -> Iterator[tuple[str, Style, int]]:
    """Give where row faults are put: name of a style, style, line."""
    for place, style in STYLES.items():
        for line in FAULT_LINES if style is PLAIN else FEW_LINES:
            yield place, style, line


def joints() -> Iterator[tuple[str, Style, int, int, str, str]]:
    """Give every place where a delimiter can be dropped, with the written cells before and behind it."""
    for place, style, line in spots():
        written = [write_cell(cell, style) for cell in cells_of(line)]
        for column in range(1, len(written)):
            yield f"{place}-{line}-{column}", style, line, column, written[column - 1], written[column]


def stuck_together(line: int, column: int, between: str, style: Style) -> Variant:
    """Drop the delimiter before a column; the two cells become one, with what is given between them."""
    clean = cells_of(line)
    written = [write_cell(cell, style) for cell in clean]
    written[column - 1 : column + 1] = [written[column - 1] + written[column]]
    cells = [*clean[: column - 1], clean[column - 1] + between + clean[column], *clean[column + 1 :], ""]
    return faulty(line, style.delimiter.join(written), cells, style)


@kind
def too_few_cells() -> Iterator[Variant]:
    """Drop the delimiter between two bare cells."""
    for name, style, line, column, left, right in joints():
        if '"' not in left[:1] + right[:1]:
            yield named(name, stuck_together(line, column, "", style))


@kind
def too_few_cells_quoted() -> Iterator[Variant]:
    """Drop the delimiter beside a quoted cell."""
    for name, style, line, column, left, right in joints():
        if left[:1] == '"':
            between = '"' if right[:1] == '"' else ""
            yield named(name, stuck_together(line, column, between, style))


@kind
def too_many_cells() -> Iterator[Variant]:
    """Put an extra cell into a row, empty or filled."""
    for place, style, line in spots():
        for column in range(10) if style is PLAIN else (0, 4, 9):
            cells = [*cells_of(line)[:column], "", *cells_of(line)[column:]]
            yield named(f"{place}-{line}-{column}", faulty(line, write_line(cells, style), cells, style))
    for line in FAULT_LINES[1:]:
        for column in (0, 4, 9):
            cells = [*cells_of(line)[:column], "x7", *cells_of(line)[column:]]
            yield named(f"filled-{line}-{column}", faulty(line, write_line(cells), cells))


def stray_quote(line: int, column: int, at: int, style: Style) -> Variant:
    """Put a quote before character ``at`` of a cell without escaping it."""
    written = [write_cell(each, style) for each in cells_of(line)]
    cells = list(cells_of(line))
    inner = at + 1 if written[column][:1] == '"' else at
    written[column] = written[column][:inner] + '"' + written[column][inner:]
    cells[column] = cells[column][:at] + '"' + cells[column][at:]
    return faulty(line, style.delimiter.join(written), cells, style)


@kind
def quote_before_a_cell() -> Iterator[Variant]:
    """Put a quote that nobody closes before a value."""
    for place, style, line in spots():
        for column in range(len(HEADER)):
            yield named(f"{place}-{line}-{column}", stray_quote(line, column, 0, style))


@kind
def quote_inside_a_cell() -> Iterator[Variant]:
    """Put a quote without escape behind the first character of a value, or behind its last."""
    for place, style, line in spots():
        for column, cell in enumerate(cells_of(line)):
            if len(cell) >= 2 and '"' not in cell:
                at = 1 if (line + column) % 2 else len(cell)
                yield named(f"{place}-{line}-{column}-{at}", stray_quote(line, column, at, style))


@kind
def delimiter_at_the_end() -> Iterator[Variant]:
    """Put a delimiter behind the last cell of one row, of all, or of all but the header."""
    for place, style, line in spots():
        text = write_line(cells_of(line), style) + style.delimiter
        yield named(f"{place}-{line}", faulty(line, text, cells_of(line), style))
    for place, style in STYLES.items():
        ended = [line + style.delimiter for line in write_lines(style)]
        yield f"{place}-all", pack(ended), HEADER, ROWS
        yield f"{place}-all-rows", pack([write_line(HEADER, style), *ended[1:]]), HEADER, ROWS


@kind
def wrong_delimiter() -> Iterator[Variant]:
    """Write one row with another delimiter; what needs quotes under either of the two has them."""
    for base, other in ((",", ";"), (",", "\t"), (",", "|"), (";", ","), ("\t", ","), ("|", ";")):
        for quoting in ("minimal", "all"):
            ours, theirs = Style(base, quoting=quoting), Style(other, quoting=quoting)
            for line in FAULT_LINES if quoting == "minimal" else FEW_LINES:
                cells = cells_of(line)
                text = other.join(max(write_cell(c, ours), write_cell(c, theirs), key=len) for c in cells)
                names = {mark: name for name, mark in DELIMITERS.items()}
                name = f"{names[other]}-in-{names[base]}-{quoting}-{line}"
                yield named(name, faulty(line, text, cells, ours))


# ---- Faults of the header, and other content ----


@kind
def blank_header_cells() -> Iterator[Variant]:
    """Leave columns without a name."""
    for place, style in STYLES.items():
        for columns in ((0,), (1,), (4,), (8,), (2, 5), (0, 8), (3, 4, 5, 6)):
            header = ["" if column in columns else name for column, name in enumerate(HEADER)]
            name = f"{place}-{'-'.join(map(str, columns))}"
            yield name, table(style, header), header, ROWS


@kind
def duplicate_header_names() -> Iterator[Variant]:
    """Give columns the same name."""
    for place, style in STYLES.items():
        for first, second in ((0, 1), (1, 2), (4, 5), (7, 8), (0, 8)):
            header = [HEADER[first] if column == second else name for column, name in enumerate(HEADER)]
            yield f"{place}-{first}-{second}", table(style, header), header, ROWS
        header = ["date", "date", "date", *HEADER[3:]]
        yield f"{place}-three", table(style, header), header, ROWS


@kind
def empty_file() -> Iterator[Variant]:
    """Write nothing to read, which is to be refused."""
    for name, data in {
        "no-byte": b"",
        "utf-8-bom": codecs.BOM_UTF8,
        "utf-16-bom": codecs.BOM_UTF16_LE,
        "newline": b"\n",
        "crlf-twice": b"\r\n\r\n",
        "spaces": b"   \n  \n",
    }.items():
        yield name, data, None, []


@kind
def line_breaks_in_cells() -> Iterator[Variant]:
    """Put line ends into quoted cells, in the first row, the last, the header and in many."""
    texts = {
        "two-lines": "ring twice\nthen wait",
        "with-comma": "ring twice,\nthen wait, please",
        "blank-line": "ring twice\n\nthen wait",
        "crlf": "ring twice\r\nthen wait",
        "with-quotes": 'ring "twice"\nthen "wait"',
        "ends-in-newline": "ring twice\n",
        "like-a-row": "00041700,2026-01-05,06:00\n00041737,2026-01-05,06:10",
    }
    for name, text in texts.items():
        for place, style in (*STYLES.items(), ("crlf-file", Style(line_end="\r\n"))):
            for lines in ([1], [LAST], [3, 4, 5], range(1, LAST + 1, 7))[0 if style is PLAIN else 3 :]:
                rows = [list(row) for row in ROWS]
                for line in lines:
                    rows[line - 1][8 if line % 2 else 7] = text
                yield f"{name}-{place}-{lines[0]}-{len(lines)}", table(style, rows=rows), HEADER, rows
    header = [*HEADER[:4], "weight\n(kg)", "cost\n(EUR)", *HEADER[6:]]
    for place, style in STYLES.items():
        yield f"header-{place}", table(style, header), header, ROWS


DEPOTS = [
    ["LYS", "Lyon", "2019-03-01", "44"],
    ["PAR", "Paris", "2004-11-15", "120"],
    ["BOD", "Bordeaux, Mérignac", "2011-06-20", "31"],
    ["LIL", "Lille", "2016-01-04", "52"],
]
CARRIERS = [[f"C{number:03d}", *row[1:]] for number, row in enumerate(ROWS[50:60])]
CARRIERS_HEADER = ["carrier", "since", "opens", "home", "max_kg", "fee", "level", "partner", "remark"]
BELOW: dict[str, tuple[list[str], Rows]] = {
    "other-columns": (["depot", "city", "opened", "staff"], DEPOTS),
    "other-names": (CARRIERS_HEADER, CARRIERS),
    "same-columns": (HEADER, ROWS[50:]),
}
"""The tables that stand below the first one."""


@kind
def second_table() -> Iterator[Variant]:
    """Put another table below, after a blank line, two, or a title."""
    for name, (header, rows) in BELOW.items():
        for place, style in STYLES.items():
            first, below = write_lines(style, rows=ROWS[:50]), write_lines(style, header, rows)
            for gap, between in {"blank": [""], "two-blanks": ["", ""], "title": ["", "Annex B", ""]}.items():
                yield f"{name}/{place}-{gap}", pack([*first, *between, *below]), HEADER, ROWS[:50]


@kind
def odd_characters() -> Iterator[Variant]:
    """Put in characters that some readers take for a line end, a gap or the end of the text."""
    for name, mark in {
        "line-separator": "\u2028",
        "next-line": "\x85",
        "form-feed": "\f",
        "vertical-tab": "\v",
        "file-separator": "\x1c",
        "no-break-space": "\xa0",
        "zero-width-space": "\u200b",
        "emoji": "\U0001f4e6",
        "end-of-file": "\x1a",
        "nul": "\0",
        "tab": "\t",
    }.items():
        for line in (1, RICH, LAST):
            rows = changed(line, 8, f"behind{mark}door")
            yield f"{name}-{line}", table(rows=rows), HEADER, rows


@kind
def one_column() -> Iterator[Variant]:
    """Write one column, so that there is nothing to cut."""
    for name, column in (("ids", 0), ("dates", 1), ("costs", 5)):
        rows = [[row[column]] for row in ROWS]
        for place, style in (("bare", PLAIN), ("quoted", ALL_QUOTED)):
            yield f"{name}-{place}", table(style, [HEADER[column]], rows), [HEADER[column]], rows


# ---- Scoring ----

PARTS = ("header", "record", "cell")
MEASURES = ("success", *(f"{part}_{name}" for part in PARTS for name in ("precision", "recall", "f1")))


def score(file: Polluted, found: pd.DataFrame | Exception) -> dict[str, float]:
    """Give success and precision, recall and F1 of header, records and cells, and their sum as ``score``.

    Examples
    --------
    >>> file = Polluted("x", "x", b"a,b", ["a", "b"], [["1", "2"], ["3", "4"]])
    >>> score(file, pd.DataFrame([["1", "2"]], columns=["a", "b"]))["cell_recall"]
    0.5
    """
    if isinstance(found, Exception):
        measures = dict.fromkeys(MEASURES, 0.0)
    else:
        true, read = parts(file.header, file.rows), parts(*content(found))
        measures = {"success": 1.0}
        for part in PARTS:
            values = agreement(true[part], read[part])
            measures |= {f"{part}_{name}": value for name, value in values.items()}
    return measures | {"score": sum(measures.values())}


def content(frame: pd.DataFrame) -> tuple[list[str] | None, Rows]:
    """Give header and rows of a table that was read; without header line the first row stands on top."""
    rows = frame.to_numpy(dtype=object).tolist()
    columns = list(frame.columns)
    return (columns, rows) if frame.attrs.get("header", True) else (None, [columns, *rows])


def parts(header: list[str] | None, rows: Rows) -> dict[str, Counter]:
    """Count names, rows and cells, without the empty ones at the end of a row."""
    records = [trimmed(row) for row in rows]
    return {
        "header": Counter(trimmed(header or [])),
        "record": Counter(record for record in records if record),
        "cell": Counter(cell for record in records for cell in record),
    }


def trimmed(cells: list[str]) -> tuple[str, ...]:
    """Leave out the empty cells at the end."""
    filled = [place for place, cell in enumerate(cells) if cell != ""]
    return tuple(cells[: filled[-1] + 1]) if filled else ()


def agreement(true: Counter, read: Counter) -> dict[str, float]:
    """Compare two multisets; two empty ones agree."""
    hits = (true & read).total()
    if not true and not read:
        return {"precision": 1.0, "recall": 1.0, "f1": 1.0}
    return {
        "precision": hits / read.total() if read else 0.0,
        "recall": hits / true.total() if true else 0.0,
        "f1": 2 * hits / (true.total() + read.total()),
    }


def first_difference(file: Polluted, found: pd.DataFrame | Exception) -> str:
    """Say in one line where what was read departs from the truth."""
    if isinstance(found, Exception):
        return f"{type(found).__name__}: {found}"
    header, rows = content(found)
    if trimmed(header or []) != trimmed(file.header or []):
        return f"header: expected {file.header}, found {header}"
    expected = [trimmed(row) for row in file.rows if trimmed(row)]
    read = [trimmed(row) for row in rows if trimmed(row)]
    for number, (right, wrong) in enumerate(zip(expected, read, strict=False), start=1):
        if right != wrong:
            return f"row {number}: expected {list(right)}, found {list(wrong)}"
    return f"expected {len(expected)} rows, found {len(read)}" if len(expected) != len(read) else ""


# ---- Reading ----


def read(file: Polluted, folder: Path) -> pd.DataFrame | Exception:
    """Write a file into a folder and read it; an error is given back."""
    path = folder / "extract.csv"
    path.write_bytes(file.data)
    try:
        return ts.read_text_table(path)
    except Exception as error:
        return error


def lost_text(data: bytes, frame: pd.DataFrame) -> list[str]:
    """List the words and numbers of three characters or more that a file has more often than its table.

    Preamble, footnotes and further tables count as kept. A quote that is taken away may join two words,
    so a word is only lost if it is not found inside of others either.
    """
    text = data.decode(frame.attrs.get("dialect", {}).get("encoding") or "utf-8", errors="replace")
    kept = "\n".join(everything(frame))
    word = re.compile(r"[^\W_]{3,}")
    missing = Counter(word.findall(text)) - Counter(word.findall(kept))
    return sorted(found for found in missing if kept.count(found) < text.count(found))


def everything(frame: pd.DataFrame) -> Iterator[str]:
    """Give every text that a reader kept: names, cells, and what it put beside the table."""
    yield from frame.columns
    yield from frame.to_numpy(dtype=object).ravel()
    yield from frame.attrs.get("preamble", [])
    yield from frame.attrs.get("footnotes", [])
    for table in frame.attrs.get("tables", []):
        yield from table["columns"]
        for row in table["rows"]:
            yield from row


PERFECT = 10 - 1e-9


@dataclass(frozen=True, order=True)
class Reading:
    """How well a file was read, how long it took and what was wrong first."""

    score: float
    name: str
    seconds: float
    difference: str


def readings(name: str, folder: Path) -> list[Reading]:
    """Read all files of a kind."""
    made = []
    for file in polluted(name):
        started = time.perf_counter()
        found = read(file, folder)
        seconds = time.perf_counter() - started
        made.append(Reading(score(file, found)["score"], file.name, seconds, first_difference(file, found)))
    return made


def summary(name: str, found: list[Reading]) -> str:
    """Give number of files, of those without fault, mean score and milliseconds of a file in a line."""
    mean = sum(reading.score for reading in found) / len(found)
    right = sum(reading.score >= PERFECT for reading in found)
    pace = 1000 * sum(reading.seconds for reading in found) / len(found)
    return f"{name:<26}{len(found):>6}{right:>6}{mean:>8.3f}{pace:>6.0f}"


def main() -> None:
    """Print the mean score of each kind, the slowest files, and the worst with their first difference."""
    with tempfile.TemporaryDirectory() as folder:
        kinds = {name: readings(name, Path(folder)) for name in KINDS}
    everyone = [reading for found in kinds.values() for reading in found]
    print(f"{'kind':<26}{'files':>6}{'right':>6}{'score':>8}{'ms':>6}")
    for name, found in sorted(kinds.items(), key=lambda item: sum(r.score for r in item[1]) / len(item[1])):
        print(summary(name, found))
    print(summary("simple", everyone))
    print("\nslowest")
    for reading in sorted(everyone, key=lambda reading: -reading.seconds)[:5]:
        print(f"{reading.seconds:6.2f} s  {reading.name}")
    print("\nworst")
    for reading in sorted(everyone)[:30]:
        if reading.score < PERFECT:
            print(f"{reading.score:6.3f}  {reading.name}\n        {reading.difference[:400]}")


if __name__ == "__main__":
    main()
