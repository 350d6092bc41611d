"""The SELECT that types the rows of an extract and says what is refused of them, made from the schema."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tallysheet.casts import SIGNS, Cast, cast
from tallysheet.engine import identifier, literal
from tallysheet.personal import masked_mail_sql
from tallysheet.schema import Column, Rule
from tallysheet.sources import Source

REFUSED = '[{"column": "VARCHAR", "value": "VARCHAR", "reason": "VARCHAR", "costs_row": "BOOLEAN"}]'
"""What is refused of a row, in JSON: for a good row a NULL, which costs an eighth of a NULL list."""

ROW_OK = """refused IS NULL OR NOT contains(refused, '"costs_row":true')"""
"""Whether a row is good, in SQL; in a value that is refused the quotes would be escaped."""


@dataclass(frozen=True)
class _Check:
    """In SQL: whether something is wrong, and what is told then."""

    fails: str
    refusal: str


def checked_rows(source: Source, given: set[str], beside: Sequence[str] = (), *, ragged: bool = False) -> str:
    """Write the SELECT over ``mapped``: texts under our names.

    Parameters
    ----------
    source : Source
    given : set of str
        Columns that ``mapped`` has; the others of the table are left out.
    beside : sequence of str
        Columns of ``mapped`` that are no texts and are kept as they are.
    ragged : bool
        Whether the table ``ragged`` names lines (``line`` in ``mapped``) that have too few or too many cells.

    Returns
    -------
    str
        A SELECT of the table's columns but those that are personal and dropped; those beside; and
        ``refused``, NULL or a list as `REFUSED` describes it, in JSON. A row is set aside if a cell that
        is needed is missing or refused, a rule across columns is broken or it has too few or too many
        cells.
    """
    table = source.table
    columns = [column for column in table.columns if column.name in given and column.personal != "drop"]
    names = [identifier(column.name) for column in columns]
    checks = [
        *(check for column in columns for check in _cell_checks(source, column)),
        *(_absent(column) for column in table.columns if column.name not in given and _is_needed(column)),
        *map(_rule_check, table.rules),
        *(_currency_check(source, column, given) for column in columns if _may_name_currency(source, column)),
        *([_exclusion(source)] if source.exclude else []),
    ]
    kept = "".join(f"{identifier(name)}, " for name in beside)
    if ragged:
        # The cells of a row with too few or too many stand in the wrong columns, perhaps a name among them.
        raws = ", ".join(
            f"CASE WHEN ragged.cells IS NULL THEN mapped.{identifier(name)} END AS {_raw(name)}"
            for name in sorted(given)
        )
        refusal = _refusal("", 'CAST("ragged cells" AS VARCHAR)', "'cells'", costs_row=True)
        first = f'WHEN "ragged cells" IS NOT NULL THEN {_as_json(f"[{refusal}]")} '
        rows = (
            f'SELECT {kept}ragged.cells AS "ragged cells", {raws} FROM mapped LEFT JOIN ragged USING (line)'
        )
    else:
        first = ""
        raws = ", ".join(f"{identifier(name)} AS {_raw(name)}" for name in sorted(given))
        rows = f"SELECT {kept}{raws} FROM mapped"
    wrong = " OR ".join(f"({check.fails})" for check in checks) or "false"
    told = ", ".join(f"CASE WHEN {check.fails} THEN {check.refusal} END" for check in checks)
    listed = _as_json(f"list_filter([{told}], lambda one: one IS NOT NULL)")
    typed = ", ".join(
        f"{_cast(source, column).value if column.name in given else f'CAST(NULL AS {column.type})'} "
        f"AS {identifier(column.name)}"
        for column in table.columns
    )
    return (
        # Few rows have something wrong, and only of these more is asked.
        f"SELECT {', '.join(names)}, {kept}"
        f"CASE {first}WHEN {wrong} THEN {listed} END AS refused "
        f"FROM (SELECT *, {typed} FROM ({rows}))"
    )


def _as_json(refusals: str) -> str:
    return f"CAST(to_json({refusals}) AS VARCHAR)"


def _raw(name: str) -> str:
    return identifier(f"raw {name}")


def _cast(source: Source, column: Column) -> Cast:
    return cast(column, source.columns[column.name], _raw(column.name))


def _is_needed(column: Column) -> bool:
    # When a row became known may also be the time of its extract.
    return column.required and column.name != "known_at"


def _refusal(column: str, value: str, reason: str, *, costs_row: bool) -> str:
    shown = f"'column': {literal(column)}, 'value': {value}, 'reason': {reason}"
    return f"{{{shown}, 'costs_row': {str(costs_row).lower()}}}"


def _absent(column: Column) -> _Check:
    return _Check("true", _refusal(column.name, "NULL::VARCHAR", "'missing'", costs_row=True))


def _cell_checks(source: Source, column: Column) -> list[_Check]:
    """Check that a cell could be typed, and that it is there if it is needed."""
    name, raw, made = identifier(column.name), _raw(column.name), _cast(source, column)
    reason, wrong = made.reason, made.wrong or f"{raw} IS NOT NULL"
    shown = "'(hidden)'" if column.personal else masked_mail_sql(f"CAST({raw} AS VARCHAR)")
    if _is_needed(column):
        # A text of nothing but spaces is missing too.
        reason = f"CASE WHEN {wrong} THEN {reason} ELSE 'missing' END" if reason else "'missing'"
        return [_Check(f"{name} IS NULL", _refusal(column.name, shown, reason, costs_row=True))]
    if reason:
        told = _refusal(column.name, shown, reason, costs_row=False)
        return [_Check(f"{name} IS NULL AND {wrong}", told)]
    return []


def _exclusion(source: Source) -> _Check:
    name = source.table.key[0]
    told = _refusal(name, f"CAST({identifier(name)} AS VARCHAR)", "'excluded'", costs_row=True)
    return _Check(f"coalesce({source.exclude}, false)", told)


def _may_name_currency(source: Source, column: Column) -> bool:
    written = source.columns[column.name]
    return column.unit == "cents" and (written.unit in ("euro", "currency") or written.decimal == ",")


def _currency_check(source: Source, column: Column, given: set[str]) -> _Check:
    """Check that an amount such as 12.50 £ stands in a row of its currency; without one, of the unit."""
    own = column.name.replace("_cents", "_currency")
    name = own if own in {one.name for one in source.table.columns} else "currency"
    raw = f"CAST({_raw(column.name)} AS VARCHAR)"
    cases = " ".join(
        f"WHEN {' OR '.join(f'contains({raw}, {literal(sign)})' for sign in signs)} THEN '{code}'"
        for code, signs in SIGNS.items()
    )
    usual = "'EUR'" if source.columns[column.name].unit == "euro" else "NULL"
    row = f"coalesce({name}, {usual})" if name in given else usual
    told = _refusal(column.name, raw, "'other_currency'", costs_row=True)
    return _Check(f"CASE {cases} END <> {row}", told)


def _rule_check(rule: Rule) -> _Check:
    parts = ", ".join(
        f"{literal(name + ' ')} || CAST({identifier(name)} AS VARCHAR)" for name in rule.columns
    )
    told = _refusal(rule.columns[0], f"concat_ws(', ', {parts})", literal(rule.name), costs_row=True)
    return _Check(f"NOT ({rule.holds})", told)
