"""From a source's texts to typed values, in SQL: numbers, dates, zones, units, spellings."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

from tallysheet.cell_errors import ERROR_TEXTS
from tallysheet.engine import literal, strict_cast
from tallysheet.personal import masked_sql
from tallysheet.schema import YEARS, Column
from tallysheet.source_columns import EPOCH, UNITS, SourceColumn

_DAY_FORMATS = {
    "dmy": (
        *("%d/%m/%y", "%d/%m/%Y", "%d-%m-%y", "%d-%m-%Y", "%d.%m.%y", "%d.%m.%Y"),
        *("%d-%b-%y", "%d-%b-%Y", "%d %b %Y", "%d %B %Y"),
    ),
    "mdy": ("%m/%d/%y", "%m/%d/%Y", "%m-%d-%y", "%m-%d-%Y", "%b %d %Y", "%B %d %Y"),
}
SIGNS = {"EUR": ("€", "EUR"), "GBP": ("£", "GBP"), "USD": ("$", "USD")}
"""Currency to what may stand beside an amount."""

_BLANKS = " \t\r\n\u00a0\u202f\u200b\ufeff"
_USUAL = {"DATE": "{0} LIKE '20__-__-__'", "TIMESTAMP": "strlen({0}) <= 19 AND {0} LIKE '20__-__-%:__:__'"}
_ERROR = f"^(?:{'|'.join(map(re.escape, ERROR_TEXTS))})$"
_PADDED = f"^[{_BLANKS}]*(?:{'|'.join(map(re.escape, ERROR_TEXTS))})[{_BLANKS}]*$"
_TIME_FORMATS = (" %H:%M:%S", " %H:%M", "T%H:%M:%S", "", " %I:%M:%S %p", " %I:%M %p")
_FULL = re.compile("%[dm]([/.-])%[dm]\\1%Y( %H:%M(:%S)?| %I:%M(:%S)? %p)?")


@dataclass(frozen=True)
class Cast:
    """A typed value in SQL, and the reason in SQL why it is NULL where the text is not (empty: never).

    ``wrong`` tells in SQL in which texts there is something wrong; empty: in each that gives no value.
    """

    value: str
    reason: str = ""
    wrong: str = ""


def cast(column: Column, written: SourceColumn, text: str) -> Cast:
    """Type a cell.

    Parameters
    ----------
    column : Column
        What it must become.
    written : SourceColumn
        How the source writes it.
    text : str
        SQL of the cell; NULL where it is missing.

    Returns
    -------
    Cast
        Reasons are those of `tallysheet.reasons`.

    Examples
    --------
    >>> from tallysheet.engine import connect
    >>> weight = Column("weight_g", "BIGINT", "weight", unit="g")
    >>> made = cast(weight, SourceColumn("Weight", unit="kg", decimal=","), "'0,4'")
    >>> with connect() as connection:
    ...     connection.execute(f"SELECT {made.value}").fetchall()
    [(400,)]
    """
    if column.personal == "hash":
        # All whose number a spreadsheet could not find would be one customer.
        wrong = _is_error(text)
        hashed = f"sha256(getvariable('personal_key') || lower(trim({text})))"
        return Cast(f"CASE WHEN {text} < '$' AND {wrong} THEN NULL ELSE {hashed} END", "'type'", wrong)
    if column.personal == "text":
        return Cast(f"nullif(trim({masked_sql(text)}), '')")
    if column.type == "VARCHAR":
        return _spelled(column, written, text)
    if column.type == "TIMESTAMP" and written.zone and written.dates != EPOCH:
        return _ranged(column, _zoned(written, text))
    make = {"BIGINT": _number, "DOUBLE": _number, "DATE": _day, "TIMESTAMP": _moment, "BOOLEAN": _truth}
    typed = _ranged(column, Cast(make[column.type](column, written, text), "'type'"))
    if column.type in _USUAL and written.dates == "ymd":
        # As most days and times are written: of this century, whole, without an offset. Nothing more to ask.
        usual = _USUAL[column.type].format(f"CAST({text} AS VARCHAR)")
        return Cast(
            f"CASE WHEN {usual} THEN TRY_CAST({text} AS {column.type}) ELSE {typed.value} END", typed.reason
        )
    return typed


def _spelled(column: Column, written: SourceColumn, text: str) -> Cast:
    stripped = f"nullif(trim({text}, {literal(_BLANKS)}), '')"
    if written.values or column.allowed:
        reason = "'not_allowed'" if column.allowed else "'unknown_value'"
        return Cast(_translated(column, written, text, stripped), reason)
    # Few cells have blanks around them; to look for one is three times faster than to strip. Errors begin
    # with #, which is before $. To compare what is stripped, DuckDB would strip every cell.
    may_have = f"{text} < '$' OR suffix({text}, ' ') OR strlen({text}) <> length({text})"
    kept = f"nullif(regexp_replace(trim({text}, {literal(_BLANKS)}), {literal(_ERROR)}, ''), '')"
    return Cast(f"CASE WHEN {may_have} THEN {kept} ELSE {text} END", "'type'", _is_error(text))


def _is_error(text: str) -> str:
    """Tell in SQL whether a text is what a spreadsheet shows in place of a value; it is no carrier's name."""
    # Not by trim: what two expressions share DuckDB makes for every cell.
    return f"regexp_matches({text}, {literal(_PADDED)})"


def _translated(column: Column, written: SourceColumn, text: str, stripped: str) -> str:
    """Turn spellings into our values."""
    # Spellings for one of the allowed values leave the others allowed.
    given = [(code, code) for code in column.allowed]
    given += [(spelling.strip(), ours) for ours, also in written.values.items() for spelling in (ours, *also)]
    pairs = {spelling.lower(): ours for spelling, ours in given}
    if column.allowed:
        pairs = {spelling: ours for spelling, ours in pairs.items() if ours in column.allowed}
    spelt, meant = (", ".join(map(literal, side)) for side in (pairs.keys(), pairs.values()))
    found = f"map([{spelt}], [{meant}])[lower({stripped})]"
    # Most cells are spelled as they are listed, which is five times faster to see than to look them up.
    exact: dict[str, set[str]] = {}
    for spelling, _ in given:
        # DuckDB and Python need not agree on the small letters of others.
        if spelling.isascii() and spelling.lower() in pairs:
            ours = pairs[spelling.lower()]
            exact.setdefault(text if spelling == ours else literal(ours), set()).add(literal(spelling))
    listed = " ".join(
        f"WHEN {text} IN ({', '.join(sorted(spellings))}) THEN {value}" for value, spellings in exact.items()
    )
    if column.is_country:
        # A country's code is ours, also of one of which no other spelling is listed.
        listed += f" WHEN {text} IN ({', '.join(map(literal, country_codes()))}) THEN {text}"
    return f"CASE {listed} ELSE {found} END" if listed else found


@cache
def country_codes() -> tuple[str, ...]:
    """List the codes by which Unicode names countries and groups of them; UK is none."""
    from babel import Locale

    territories = map(str, Locale("en").territories)
    return tuple(sorted(code for code in territories if re.fullmatch("[A-Z]{2}", code)))


def _ranged(column: Column, typed: Cast) -> Cast:
    if column.type in ("DATE", "TIMESTAMP"):
        first, last = (f"{column.type} '{year}-01-01'" for year in YEARS)
        tests = [f"{typed.value} >= {first}", f"{typed.value} < {last}"]
    else:
        ends = [(">=", column.least), ("<=", column.most)]
        tests = [f"{typed.value} {sign} {end}" for sign, end in ends if end is not None]
    if not tests:
        return typed
    reason = f"CASE WHEN {typed.value} IS NULL THEN {typed.reason} ELSE 'out_of_range' END"
    return Cast(f"CASE WHEN {' AND '.join(tests)} THEN {typed.value} END", reason)


def _number(column: Column, written: SourceColumn, text: str) -> str:
    if column.unit or column.type != "DOUBLE":
        return _figures(column, written, text)
    # What has no unit of its own may be in percent cell by cell, as targets of several KPIs are.
    percent = _figures(replace(column, unit="share"), replace(written, unit="%"), text)
    return f"CASE WHEN contains({text}, '%') THEN {percent} ELSE {_figures(column, written, text)} END"


def _figures(column: Column, written: SourceColumn, text: str) -> str:
    above, below = UNITS.get(column.unit, {}).get(written.unit, (1, 1))
    if written.decimal == "." and above == below:
        return strict_cast(text, column.type)
    # Without the unit a sign of percent would make 93 of 93 %.
    signs = "€$£%" if written.unit == "%" else "€$£"
    space = "\\s\\x{a0}\\x{202f}"
    point, comma = (",", ".") if written.decimal == "," else (".", ",")
    around = f"(?:[{space}{signs}]|EUR|GBP|USD)*"
    # What stands between figures parts thousands: 0.510 and 5 10 are no numbers with a decimal comma.
    grouped = f"[1-9][0-9]{{0,2}}(?:[\\{comma}{space}''][0-9]{{3}})+"
    shape = f"^{around}[+-]?{around}(?:[0-9]+|{grouped})(?:\\{point}[0-9]+)?{around}$"
    bare = f"regexp_replace({text}, '[{space}''{signs}]|EUR|GBP|USD', '', 'g')"
    plain = f"replace(replace({bare}, '{comma}', ''), '{point}', '.')"
    # Eight figures are left for the product, which would overflow.
    number = f"TRY_CAST({plain} AS DECIMAL(30, 9)) * {above} / {below}"
    if column.type == "DOUBLE":
        return f"CASE WHEN regexp_matches({text}, '{shape}') THEN CAST({number} AS DOUBLE) END"
    whole = f"regexp_matches({text}, '{shape}') AND {number} = round({number})"
    value = f"WHEN {whole} THEN TRY_CAST(round({number}) AS BIGINT) END"
    if below > 1:
        return f"CASE {value}"
    # Most are figures with no more decimals than our unit has, and nothing around or between them.
    decimals = {100: f"(?:\\{point}[0-9]{{1,2}})?", 1000: f"(?:\\{point}[0-9]{{1,3}})?"}.get(above, "")
    figures = f"regexp_matches({text}, '^-?[0-9]{{1,12}}{decimals}$')"
    plain = f"TRY_CAST(replace({text}, '{point}', '.') AS DOUBLE) * {above}"
    return f"CASE WHEN {figures} THEN CAST(round({plain}) AS BIGINT) {value}"


def _day(column: Column, written: SourceColumn, text: str) -> str:
    if written.dates == "ymd":
        return strict_cast(text, "DATE")
    if written.dates == EPOCH:
        return f"CAST({_counted(text)} AS DATE)"
    return f"CAST({_parsed(text, _DAY_FORMATS.get(written.dates, (written.dates,)))} AS DATE)"


def _moment(column: Column, written: SourceColumn, text: str) -> str:
    if written.dates == "ymd":
        return strict_cast(text, "TIMESTAMP")
    if written.dates == EPOCH:
        return _counted(text)
    days = _DAY_FORMATS.get(written.dates)
    return _parsed(text, [day + time for day in days for time in _TIME_FORMATS] if days else [written.dates])


def _counted(text: str) -> str:
    """Read seconds or milliseconds since 1970, as programs count time: ten figures or thirteen."""
    return (
        f"CASE WHEN regexp_matches({text}, '^[0-9]{{10}}$') THEN make_timestamp({text}::BIGINT * 1000000) "
        f"WHEN regexp_matches({text}, '^[0-9]{{13}}$') THEN make_timestamp({text}::BIGINT * 1000) END"
    )


def _parsed(text: str, formats: Sequence[str]) -> str:
    if len(formats) == 1:
        return f"try_strptime(trim({text}), {literal(formats[0])})"
    usual = ""
    # A format that does not fit costs ten times more than one that does; with a full year a single one does.
    for form in filter(_FULL.fullmatch, formats):
        shape = re.sub("%[dmHIMS]", "[0-9]{1,2}", form.replace(".", "[.]"))
        shape = shape.replace("%Y", "[0-9]{4}").replace("%p", "[AaPp][Mm]")
        usual += f"WHEN regexp_matches({text}, '^{shape}$') THEN try_strptime({text}, {literal(form)}) "
    # Before the time JavaScript writes a comma, before AM and PM Java and browsers write a narrow blank.
    plain = f"trim(translate({text}, ',\u00a0\u202f', '   '))"
    halves, others = (
        ", ".join(literal(form) for form in formats if ("%p" in form) is is_half) for is_half in (True, False)
    )
    if halves:
        usual += f"WHEN regexp_matches({text}, '[AaPp][Mm]') THEN try_strptime({plain}, [{halves}]) "
    return f"CASE {usual}ELSE try_strptime({plain}, [{others}]) END"


def _truth(column: Column, written: SourceColumn, text: str) -> str:
    word = f"lower(trim({text}))"
    return (
        f"CASE WHEN {word} IN ('true', 't', 'yes', 'y', '1', 'oui', 'o', 'vrai', 'x') THEN true "
        f"WHEN {word} IN ('false', 'f', 'no', 'n', '0', 'non', 'faux') THEN false END"
    )


def _is_day(written: SourceColumn, text: str) -> str:
    """Tell in SQL whether a text is a day without a time."""
    if written.dates in ("ymd", *_DAY_FORMATS):
        return f"NOT contains({text}, ':')"
    return "false" if re.search("%-?[HIcTXs]", written.dates) else "true"


def _zoned(written: SourceColumn, text: str) -> Cast:
    """Turn local times into UTC; an hour that the clock skips or shows twice is refused, never guessed.

    A day without a time stays that day.
    """
    zone = literal(written.zone)
    local = _moment(Column("", "TIMESTAMP", ""), written, text)
    # In a format of the team's own a letter may stand for the half of the day.
    ends = "[+-][0-9]{2}|[A-Za-z]" if written.dates == "ymd" else "[+-][0-9]{2}|Z"
    has_offset = f"regexp_matches({text}, ':[0-9]{{2}}(\\.[0-9]+)? ?({ends})')"
    is_told = f"{has_offset} OR {_is_day(written, text)}"
    there = f"timezone({zone}, {local})"
    skipped = f"timezone({zone}, {there}) <> {local}"
    twice = f"timezone({zone}, {there} - INTERVAL 1 HOUR) = {local}"
    twice = f"({twice} OR timezone({zone}, {there} + INTERVAL 1 HOUR) = {local})"
    value = (
        f"CASE WHEN {is_told} THEN {local} WHEN {skipped} OR {twice} THEN NULL "
        f"ELSE timezone('UTC', {there}) END"
    )
    reason = (
        f"CASE WHEN {local} IS NULL THEN 'type' WHEN {skipped} THEN 'missing_hour' ELSE 'ambiguous_hour' END"
    )
    return Cast(value, reason)
