"""A source.toml for a file that nobody has described: which table, which columns, how they are written."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path

from tallysheet import schema
from tallysheet.charges import charges_of
from tallysheet.derive import DERIVED, derive, parts_of, segment, select, stand_ins, with_clocks
from tallysheet.errors import UsageError
from tallysheet.extract import read_text_table
from tallysheet.files import write_text
from tallysheet.guess import FITS, Guess, Texts
from tallysheet.headers import own_names
from tallysheet.schema import Table
from tallysheet.settings import Settings
from tallysheet.source_columns import SourceColumn
from tallysheet.source_text import toml_of
from tallysheet.sources import FOLDER_NAME, is_folder_name, read_source
from tallysheet.vocabulary import NEAR, nearness, value_of

_UNDER_BAND = 0.95
"""How sure a name is without a word of the header above it, of what it is with that."""

_FEWEST = 2
_MOST_COUNTRIES = 8


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
    charges = charges_of(best, matched, texts)
    matched = with_clocks(best, charges.beside(matched) if charges else matched, texts)
    parts = parts_of(best, matched, texts)
    derived = derive(best, matched, texts) | segment(parts)
    if charges:
        matched, derived = charges.laid_out(matched), derived | charges.derived()
    empty = _not_filled_yet(best, matched, texts)
    matched |= {ours: guess for ours, guess in empty.items() if ours not in derived}
    is_selected = bool(derived) or any(guess.clock for guess in matched.values())
    sql = select(name, matched, derived, charges) if is_selected else ""
    lacking = tuple(
        one.name for one in best.columns if one.required and one.name not in {*matched, *derived, "known_at"}
    )
    used = {header for guess in matched.values() for header in (guess.written.header, guess.clock)}
    used |= {*charges.kinds} if charges else set()
    used |= {written.header for written in parts.values()}
    return Suggestion(
        name=name,
        table=best.name,
        toml=toml_of(
            file,
            name,
            best,
            matched,
            texts,
            tuple(derived),
            lacking,
            is_selected=is_selected,
            is_spread=charges is not None,
        ),
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


def _not_filled_yet(table: Table, matched: dict[str, Guess], texts: Texts) -> dict[str, Guess]:
    """Pair columns that have our names and not a cell yet, as decisions of claims at first.

    An amount or weight is taken for one of the unit that the file's others have.
    """
    taken = {header for guess in matched.values() for header in (guess.written.header, guess.clock)}
    units = {table.column(ours).unit: guess.written.unit for ours, guess in matched.items()}
    empty = [header for header in texts.headers if header not in taken and texts.is_empty(header)]
    found: dict[str, Guess] = {}
    for column in table.columns[:-1]:
        if column.name in matched or (column.unit and column.unit not in units):
            continue
        if named := [header for header in empty if nearness(header, column) == 1]:
            empty.remove(named[0])
            found[column.name] = Guess(SourceColumn(named[0], unit=units.get(column.unit, "")), 0.0)
    return found


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
