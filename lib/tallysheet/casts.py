"""From a source's texts to typed values, in SQL: numbers, dates, zones, units, spellings."""

from __future__ import annotations

from dataclasses import dataclass

from tallysheet.engine import literal, strict_cast
from tallysheet.personal import masked_sql
from tallysheet.schema import YEARS, Column
from tallysheet.sources import UNITS, SourceColumn

_DAY_FORMATS = {
    "dmy": (
        *("%d/%m/%y", "%d/%m/%Y", "%d-%m-%y", "%d-%m-%Y", "%d.%m.%y", "%d.%m.%Y"),
        *("%d-%b-%y", "%d-%b-%Y", "%d %b %Y", "%d %B %Y"),
    ),
    "mdy": ("%m/%d/%y", "%m/%d/%Y", "%m-%d-%y", "%m-%d-%Y", "%b %d, %Y", "%B %d, %Y"),
}
SIGNS = {"EUR": "€|EUR", "GBP": "£|GBP", "USD": r"\$|USD"}
"""Currency to what may stand beside an amount, as a regular expression."""

_BLANKS = " \t\r\n\u00a0\u202f\u200b\ufeff"
_USUAL = {"DATE": "{0} LIKE '20__-__-__'", "TIMESTAMP": "strlen({0}) <= 19 AND {0} LIKE '20%:__:__'"}
_TIME_FORMATS = (" %H:%M:%S", " %H:%M", "T%H:%M:%S", "")


@dataclass(frozen=True)
class Cast:
    """A typed value in SQL, and the reason in SQL why it is NULL where the text is not (empty: never)."""

    value: str
    reason: str = ""


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
        return Cast(f"sha256(getvariable('personal_key') || lower(trim({text})))")
    if column.personal == "text":
        return Cast(f"nullif(trim({masked_sql(text)}), '')")
    if column.type == "VARCHAR":
        return _spelled(column, written, text)
    if column.type == "TIMESTAMP" and written.zone:
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
    stripped, reason = f"nullif(trim({text}, {literal(_BLANKS)}), '')", ""
    # Few cells have blanks around them; to look for one is three times faster than to strip.
    may_have = f"{text} < '!' OR suffix({text}, ' ') OR strlen({text}) <> length({text})"
    value = f"CASE WHEN {may_have} THEN {stripped} ELSE {text} END"
    if written.values:
        # Spellings for one of the allowed values leave the others allowed.
        pairs = {ours.lower(): ours for ours in column.allowed} | {
            spelling.strip().lower(): ours
            for ours, also in written.values.items()
            for spelling in (ours, *also)
        }
        spelt = ", ".join(literal(spelling) for spelling in pairs)
        ours = ", ".join(literal(code) for code in pairs.values())
        value, reason = f"map([{spelt}], [{ours}])[lower({stripped})]", "'unknown_value'"
    if column.allowed:
        allowed = ", ".join(literal(code) for code in column.allowed)
        found = value if written.values else text
        value = f"CASE WHEN {found} IN ({allowed}) THEN {found} WHEN {value} IN ({allowed}) THEN {value} END"
        reason = "'not_allowed'"
    return Cast(value, reason)


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
    number = f"TRY_CAST({plain} AS DECIMAL(38, 9)) * {above} / {below}"
    if column.type == "DOUBLE":
        return f"CASE WHEN regexp_matches({text}, '{shape}') THEN CAST({number} AS DOUBLE) END"
    whole = f"regexp_matches({text}, '{shape}') AND {number} = round({number})"
    return f"CASE WHEN {whole} THEN TRY_CAST(round({number}) AS BIGINT) END"


def _day(column: Column, written: SourceColumn, text: str) -> str:
    if written.dates == "ymd":
        return strict_cast(text, "DATE")
    formats = ", ".join(literal(form) for form in _DAY_FORMATS.get(written.dates, (written.dates,)))
    return f"CAST(try_strptime(trim({text}), [{formats}]) AS DATE)"


def _moment(column: Column, written: SourceColumn, text: str) -> str:
    if written.dates == "ymd":
        return strict_cast(text, "TIMESTAMP")
    days = _DAY_FORMATS.get(written.dates)
    formats = [day + time for day in days for time in _TIME_FORMATS] if days else [written.dates]
    return f"try_strptime(trim({text}), [{', '.join(literal(form) for form in formats)}])"


def _truth(column: Column, written: SourceColumn, text: str) -> str:
    word = f"lower(trim({text}))"
    return (
        f"CASE WHEN {word} IN ('true', 't', 'yes', 'y', '1', 'oui', 'o', 'vrai', 'x') THEN true "
        f"WHEN {word} IN ('false', 'f', 'no', 'n', '0', 'non', 'faux') THEN false END"
    )


def _zoned(written: SourceColumn, text: str) -> Cast:
    """Turn local times into UTC; an hour that the clock skips or shows twice is refused, never guessed."""
    zone = literal(written.zone)
    local = _moment(Column("", "TIMESTAMP", ""), written, text)
    has_offset = f"regexp_matches({text}, ':[0-9]{{2}}(\\.[0-9]+)? ?([+-][0-9]{{2}}|Z)')"
    there = f"timezone({zone}, {local})"
    skipped = f"timezone({zone}, {there}) <> {local}"
    twice = f"timezone({zone}, {there} - INTERVAL 1 HOUR) = {local}"
    twice = f"({twice} OR timezone({zone}, {there} + INTERVAL 1 HOUR) = {local})"
    value = (
        f"CASE WHEN {has_offset} THEN {local} WHEN {skipped} OR {twice} THEN NULL "
        f"ELSE timezone('UTC', {there}) END"
    )
    reason = (
        f"CASE WHEN {local} IS NULL THEN 'type' WHEN {skipped} THEN 'missing_hour' ELSE 'ambiguous_hour' END"
    )
    return Cast(value, reason)
