"""A source.toml for a file that nobody has described: which table, which columns, how they are written."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path

from tallysheet import schema
from tallysheet.charges import charges_of
from tallysheet.derive import (
    DERIVED,
    dates_of,
    derive,
    is_carriers_number,
    not_filled_yet,
    select,
    stand_ins,
    with_clocks,
)
from tallysheet.errors import UsageError
from tallysheet.extract import read_text_table
from tallysheet.files import write_text
from tallysheet.guess import FITS, Guess, Texts
from tallysheet.headers import own_names
from tallysheet.schema import Column, Table
from tallysheet.settings import Settings
from tallysheet.sources import FOLDER_NAME, is_folder_name, read_source
from tallysheet.spreadsheet import read_sheets
from tallysheet.unpack import SPREADSHEETS, unpacked
from tallysheet.vocabulary import NEAR, nearness, value_of

_WHOLE = 0.98
_UNDER_BAND = 0.95
"""How sure a name is without a word of the header above it, of what it is with that."""

_FEWEST = 2
_MOST_COUNTRIES = 8
_CHECK = "  # check"
_ASKED = {"WISMO": "which of these asks where a parcel is?"}

_KNOWN_FROM = (
    *("label_created_at", "first_scan_at", "opened_at", "paid_at", "requested_at", "released_at", "event_at"),
    *("invoice_date", "handover_declared_at", "delivered_at", "promised_date", "valid_from", "starts_on"),
)


@dataclass(frozen=True)
class Suggestion:
    """What a source could look like.

    Parameters
    ----------
    name : str
        Of its folder in data/sources.
    table : str
    toml : str
        The text of source.toml; what is to be checked says so.
    sql : str
        The text of its SELECT, where a column has to be made of others; else empty.
    matched : dict of str to str
        Our column to the file's header.
    left : tuple of str
        Headers that mean nothing to us, or that an earlier column has.
    unnamed_n : int
        Columns that are left too, and have no header.
    lacking : tuple of str
        Columns that every row needs, and that the file does not have.
    countries : tuple of str
        Codes of those that it names.
    currencies : tuple of str
        Beside the euro, of what all its rows cost.
    """

    name: str
    table: str
    toml: str
    sql: str
    matched: dict[str, str]
    left: tuple[str, ...]
    unnamed_n: int
    lacking: tuple[str, ...]
    countries: tuple[str, ...]
    currencies: tuple[str, ...]

    def _repr_html_(self) -> str:
        """Show source.toml and its SELECT in a notebook."""
        return "".join(f"<pre>{escape(text)}</pre>" for text in (self.toml, self.sql) if text)


def suggest(file: str | Path, table: str = "", name: str = "") -> Suggestion:
    """Describe a file as a source, from its headers and its cells.

    Parameters
    ----------
    file : str or Path
        Anything that `read_text_table` reads.
    table : str
        The table that it fills; empty: the one that fits best.
    name : str
        Of the source; empty: the file's own.

    Raises
    ------
    DataError
        The file cannot be read, or there is no such table.
    UsageError
        It has no name, the source's is no folder's, or it fits no table.
    """
    if not str(file):
        advice = "Write it into the first cell of the notebook, or behind --suggest."
        raise UsageError("file", "the name of your file", "none", advice)
    if name and not is_folder_name(name):
        raise UsageError("--name", FOLDER_NAME, repr(name), "Write the name alone.")
    file = Path(file)
    texts = Texts(read_text_table(file))
    candidates = [schema.table(table)] if table else list(schema.TABLES.values())
    scored = [(*_matched(texts, one), one) for one in candidates]
    _, matched, best = max(scored, key=lambda found: found[0])
    if len(matched) < _FEWEST:
        raise UsageError(
            str(file),
            "columns of one of our tables",
            ", ".join(texts.headers[:8]),
            "Name the table with --table, or write source.toml by hand: README, how to add a source.",
        )
    name = name or re.sub(r"\W+", "_", re.sub(r"[\d_.-]+$", "", file.name.split(".")[0])).strip("_").lower()
    matched, charges = with_clocks(best, matched, texts), charges_of(best, matched, texts)
    derived = derive(best, matched | ({"amount_cents": charges.guess} if charges else {}), texts)
    if charges:
        matched, derived = charges.laid_out(matched), derived | charges.derived()
    empty = not_filled_yet(best, matched, texts)
    matched |= {ours: guess for ours, guess in empty.items() if ours not in derived}
    is_selected = bool(derived) or any(guess.clock for guess in matched.values())
    sql = select(name, matched, derived, charges) if is_selected else ""
    lacking = tuple(
        one.name for one in best.columns if one.required and one.name not in {*matched, *derived, "known_at"}
    )
    used = {header for guess in matched.values() for header in (guess.written.header, guess.clock)}
    used |= {*charges.kinds} if charges else set()
    return Suggestion(
        name=name,
        table=best.name,
        toml=_toml(file, name, best, matched, texts, tuple(derived), lacking, sql),
        sql=sql,
        matched={ours: guess.written.header for ours, guess in matched.items()},
        left=tuple(header for header in texts.headers if header not in {*used, *texts.unnamed}),
        unnamed_n=len(texts.unnamed),
        lacking=lacking,
        countries=_countries(best, matched, texts),
        currencies=tuple(
            re.findall(r"'([A-Z]{3})'", derived.get("currency", ("", ""))[0].replace("EUR", ""))
        ),
    )


def _countries(table: Table, matched: dict[str, Guess], texts: Texts) -> tuple[str, ...]:
    columns = [(guess.written.header, table.column(ours)) for ours, guess in matched.items()]
    named = [
        value_of(column, text)
        for header, column in columns
        if column.is_country
        for text in texts.commonest(header, _MOST_COUNTRIES)
    ]
    return tuple(dict.fromkeys(filter(None, named)))[:_MOST_COUNTRIES]


def _matched(texts: Texts, table: Table) -> tuple[float, dict[str, Guess]]:
    """Pair the file's columns with a table's, the surest first; more is better, what lacks counts against."""
    pairs, names = [], own_names(texts.headers)
    for place, column in enumerate(table.columns[:-1]):
        # Which of two columns of one name is meant nobody but a person knows.
        for header in (one for one in texts.headers if one not in {*texts.repeated, *texts.unnamed}):
            near = max(_UNDER_BAND**cut * nearness(one, column) for cut, one in enumerate(names[header]))
            if near < NEAR:
                continue
            guess = texts.guess(header, column)
            if (column.name,) == table.key and not texts.is_a_key(header):
                near /= 2
            if guess.share >= FITS:
                pairs.append((near * guess.share, -place, column.name, header, guess))
    matched: dict[str, Guess] = {}
    score, taken = 0.0, set()
    for sure, _, ours, header, guess in sorted(pairs, key=lambda pair: pair[:2], reverse=True):
        if ours in matched or header in taken or sure < NEAR:
            continue
        matched[ours] = guess
        taken.add(header)
        score += sure * (1 + table.column(ours).required)
    matched |= stand_ins(table, matched, texts)
    wanted = [one.name for one in table.columns[:-1] if one.required]
    score -= 1.5 * sum(one not in {*matched, *DERIVED.get(table.name, {})} for one in wanted)
    ordered = {one.name: matched[one.name] for one in table.columns if one.name in matched}
    return score, ordered


def _toml(
    file: Path,
    name: str,
    table: Table,
    matched: dict[str, Guess],
    texts: Texts,
    derived: tuple[str, ...],
    lacking: tuple[str, ...],
    sql: str,
) -> str:
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
    known = next((ours for ours in _KNOWN_FROM if ours in matched), "")
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
        f"add 'FR' AS destination_country to {name}.sql.": sql
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
        f"select = {_quoted(f'{name}.sql')}": sql,
        "spread = true  # a line makes several rows": "FROM charges" in sql,
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
    columns = list(_columns(table, given, dates, decimal, is_selected=bool(sql)))
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


def write_source(settings: Settings, suggested: Suggestion, file: Path) -> Path:
    """Write a suggestion into data/sources, and copy its file into data/raw.

    Returns
    -------
    Path
        The folder of the source.

    Raises
    ------
    UsageError
        A source takes the file already, there is one of that name, or another file of that name in data/raw;
        nothing was written.
    """
    _refuse_taken(settings, suggested, file)
    folder, raw = settings.data / "sources" / suggested.name, settings.data / "raw" / file.name
    for there in [folder] + [raw] * (raw.exists() and not raw.samefile(file)):
        if there.exists():
            raise UsageError(str(there), "a new name", "one that is there", "Choose another with --name.")
    folder.mkdir(parents=True)
    if suggested.sql:
        write_text(folder / f"{suggested.name}.sql", suggested.sql)
    write_text(folder / "source.toml", suggested.toml)
    if not raw.exists():
        raw.parent.mkdir(exist_ok=True)
        shutil.copyfile(file, raw)
    return folder


def _refuse_taken(settings: Settings, suggested: Suggestion, file: Path) -> None:
    """Say which source takes a file already, as next week's is; one of another table may take it as well."""
    for name in dict.fromkeys([*settings.sources, suggested.name]):
        if not (settings.data / "sources" / name / "source.toml").is_file():
            continue
        source = read_source(settings, name)
        main = source.files[0]
        beside = replace(main, pattern=file.absolute().parent / main.pattern.name).paths()
        if source.database or source.table.name != suggested.table or file.absolute() not in beside:
            continue
        there = main.pattern.parent / file.name
        is_there = there.exists() and there.samefile(file)
        put = "It is there" if is_there else f"Copy it into {there.parent}"
        advice = f"{put}: tallysheet load takes it. What another source is to take has another name."
        found = f"one that the source {name} takes ({main.pattern.name})"
        raise UsageError(str(file), "a file that no source takes", found, advice)
