"""The text of a source.toml for a file that nobody has described; what is a guess says so."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tallysheet.derive import dates_of, is_carriers_number
from tallysheet.guess import Guess, Texts
from tallysheet.schema import Column, Table
from tallysheet.spreadsheet import read_sheets
from tallysheet.unpack import SPREADSHEETS, unpacked

_WHOLE = 0.98
_CHECK = "  # check"
_ASKED = {"WISMO": "which of these asks where a parcel is?"}

_KNOWN_FROM = (
    *("label_created_at", "first_scan_at", "opened_at", "paid_at", "requested_at", "released_at", "event_at"),
    *("invoice_date", "handover_declared_at", "delivered_at", "promised_date", "valid_from", "starts_on"),
)


def toml_of(
    file: Path,
    name: str,
    table: Table,
    matched: dict[str, Guess],
    texts: Texts,
    derived: tuple[str, ...],
    lacking: tuple[str, ...],
    *,
    is_selected: bool,
    is_spread: bool,
) -> str:
    """Write a source.toml.

    Parameters
    ----------
    file : Path
    name : str
        Of the source.
    table : Table
    matched : dict of str to Guess
        Our columns to how the file writes them; one whose share is 0 has no cell yet.
    texts : Texts
        Its cells.
    derived : tuple of str
        Columns that the SELECT makes of others.
    lacking : tuple of str
        Columns that every row needs and the file does not have.
    is_selected, is_spread : bool
        Whether there is a SELECT, and whether it makes several rows of a line.
    """
    given = matched
    matched = {ours: guess for ours, guess in given.items() if guess.share}
    days = [guess for ours, guess in matched.items() if _is_day(table.column(ours))]
    dates = _common([guess.written.dates for guess in days])
    decimal = _common(
        [guess.written.decimal for ours, guess in matched.items() if _is_number(table.column(ours))]
    )
    sure = [guess for guess in days if guess.written.dates == dates and guess.share >= _WHOLE]
    is_settled = any(not guess.also for guess in sure)
    also = "" if is_settled else next((guess.also for guess in days if guess.also), "")
    # What has no day of its own holds at all times, and is known at all times.
    held = {*matched, *({"valid_from"} & {*derived})}
    known = next((ours for ours in _KNOWN_FROM if ours in held), "")
    is_timed = any(
        table.column(ours).type == "TIMESTAMP"
        and (guess.clock or texts.has_local_times(guess.written.header))
        for ours, guess in matched.items()
    )
    head = {
        f"# Suggested from {file.name}; what says check is a guess.": True,
        f"# Days and numbers: tried in {texts.tried:,} at most of {texts.rows:,} rows, spread over all.": (
            texts.tried < texts.rows
        ),
        "# It names no country of destination, which working days and lanes need: if all parcels go to one, "
        f"add 'FR' AS destination_country to {name}.sql.": is_selected
        and table.name == "shipments"
        and "destination_country" not in given,
        f"table = {_quoted(table.name)}": True,
        f"# Lacking, and every row needs it: {', '.join(lacking)}.": lacking,
        f"known_at = {_quoted(known)}{_CHECK}: a row counts from then on": known,
        "# as_of = 2026-11-16T07:00:00  # when it was taken, UTC; else when its last row became known": "%"
        not in _pattern(file.name),
        'decimal = ","': decimal == ",",
        f"dates = {_quoted(dates)}" + (f"{_CHECK}: {also} fits as well" if also else ""): dates
        not in ("", "ymd"),
        '# zone = "Europe/Paris"  # if its times are local there; else they are read as UTC': is_timed,
        f"select = {_quoted(f'{name}.sql')}": is_selected,
        "spread = true  # a line makes several rows": is_spread,
    }
    lines = [line for line, is_said in head.items() if is_said]
    lines += ["", "[[file]]", f"name = {_quoted(name)}", f"path = {_quoted(f'raw/{_pattern(file.name)}')}"]
    lines += _sheets(file, texts)
    lines += [f"missing = [{', '.join(map(_quoted, texts.missing))}]"] if texts.missing else []
    lines += [
        f"# {_quoted(header)} stands more than once: the first is read, another by {_quoted(name)}{_CHECK}"
        for name, header in texts.repeated.items()
    ]
    lines += _in_part(matched)
    if empty := [_quoted(guess.written.header) for guess in given.values() if not guess.share]:
        lines += [f"# Not a cell yet{_CHECK.replace('  #', ',')}: {', '.join(empty)}"]
    if is_carriers_number(matched, table):
        told = _quoted(matched["shipment_id"].written.header)
        lines += [f"# {told} is taken for shipment_id: the carrier's number names the parcel{_CHECK}"]
    columns = list(_columns(table, given, dates, decimal, is_selected=is_selected))
    made = ((ours, dates_of(ours, matched)) for ours in derived)
    usual = ("", dates or "ymd")
    columns += [f"{ours} = {{ dates = {_quoted(own)} }}" for ours, own in made if own not in usual]
    lines += ["", "[columns]", *columns] if columns else []
    for ours, guess in matched.items():
        if guess.written.values or guess.unknown or guess.lacks:
            lines += ["", f"[values.{ours}]", *_values(guess)]
    return "\n".join([*lines, ""])


def _sheets(file: Path, texts: Texts) -> Iterator[str]:
    """Name the sheets of a workbook that are not loaded, and how one of them is chosen."""
    with tempfile.TemporaryDirectory(prefix="tallysheet-") as made:
        plain = unpacked(file, Path(made))
        sheets = read_sheets(plain) if plain.suffix.lower() in SPREADSHEETS else []
    if len(sheets) > 1:
        ours = [sheet.name for sheet in sheets if texts.stand_in(sheet.rows)]
        # Of two that begin and end alike it is not known which one was read.
        loaded = _quoted(ours[0]) if len(ours) == 1 else "the one with the largest table"
        others = [_quoted(sheet.name) for sheet in sheets if [sheet.name] != ours]
        yield f"# Of its sheets {loaded} alone is loaded; one of the others is by a line such as"
        yield from (f"# sheet = {name}" for name in others)


def _in_part(matched: dict[str, Guess]) -> Iterator[str]:
    """Say of which columns some cells will be refused."""
    for ours, guess in matched.items():
        if guess.share < _WHOLE and not guess.unknown:
            share, header = f"{guess.share:.0%}", _quoted(guess.written.header)
            yield f"# {share} of the cells of {header} fit {ours}; the others are refused."


def _columns(
    table: Table, matched: dict[str, Guess], dates: str, decimal: str, *, is_selected: bool
) -> Iterator[str]:
    """Write what a column has of its own; a SELECT has named it already."""
    for ours, guess in matched.items():
        written, column = guess.written, table.column(ours)
        own = {} if is_selected else {"header": written.header}
        own |= {"unit": written.unit} if written.unit else {}
        if guess.share and _is_day(column) and written.dates != (dates or "ymd"):
            own["dates"] = written.dates
        if guess.share and _is_number(column) and written.decimal != (decimal or "."):
            own["decimal"] = written.decimal
        if set(own) == {"header"}:
            if written.header != ours:
                yield f"{ours} = {_quoted(written.header)}"
        elif own:
            yield f"{ours} = {{ {', '.join(f'{key} = {_quoted(text)}' for key, text in own.items())} }}"


def _values(guess: Guess) -> Iterator[str]:
    if guess.lacks:
        yield f'# check: {_ASKED[guess.lacks]} Write {guess.lacks} = ["…"] with it, else KPIs count none.'
    if guess.lacks or () in guess.written.values.values():
        yield "# Once one is listed, a text that is not is left empty by a load, and told of."
    for value, spellings in guess.written.values.items():
        key = value if re.fullmatch("[A-Za-z0-9_-]+", value) else _quoted(value)
        yield f"{key} = [{', '.join(map(_quoted, spellings))}]"
    for text, rows in list(guess.unknown.items())[:20]:
        yield f"# Not known, {rows} rows{_CHECK.replace('  #', ',')}: {_quoted(text)}"


def _is_day(column: Column) -> bool:
    return column.type in ("DATE", "TIMESTAMP")


def _is_number(column: Column) -> bool:
    return column.type in ("BIGINT", "DOUBLE")


def _common(written: list[str]) -> str:
    return max(sorted(set(written)), key=written.count, default="")


def _quoted(text: str) -> str:
    # JSON's strings are TOML's.
    return json.dumps(text, ensure_ascii=False)


def _pattern(name: str) -> str:
    """Put the time's signs in the place of a day in a file's name.

    Examples
    --------
    >>> _pattern("parcels_20261116.csv"), _pattern("colis 2026-11-16.csv"), _pattern("parcels.csv")
    ('parcels_%Y%m%d.csv', 'colis %Y-%m-%d.csv', 'parcels.csv')
    """
    return re.sub(r"(?<!\d)20\d\d([-_.]?)[01]\d\1[0-3]\d(?!\d)", r"%Y\1%m\1%d", name)
