"""How a source writes the columns of a table: headers, units, dates, zones, spellings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

from tallysheet.errors import DataError, nearest
from tallysheet.schema import TABLES, Column, Table
from tallysheet.settings import Settings, read_toml
from tallysheet.source_keys import check_keys, check_kind

UNITS: dict[str, dict[str, tuple[int, int]]] = {
    "cents": {"cents": (1, 1), "euro": (100, 1), "currency": (100, 1)},
    "g": {"g": (1, 1), "kg": (1000, 1)},
    "min": {"min": (1, 1), "h": (60, 1), "s": (1, 60), "days": (1440, 1)},
    "share": {"share": (1, 1), "%": (1, 100)},
}
"""For each unit of the schema, what a source may write instead, and the factor to ours as a fraction."""

EPOCH = "epoch"
DATE_ORDERS = ("ymd", "dmy", "mdy", EPOCH)
_WAYS = ("decimal", "dates", "zone")
_COLUMN_KEYS = dict.fromkeys(("header", "unit", *_WAYS), "a text")
_zones = cache(available_timezones)


@dataclass(frozen=True)
class SourceColumn:
    """How a source writes a column.

    Parameters
    ----------
    header : str
        The file's name of it.
    unit : str
        A key of `UNITS` for the column's own unit; empty: written in that unit.
    decimal : str
        ``.`` or ``,``.
    dates : str
        ``ymd``, ``dmy`` or ``mdy``, ``epoch`` (seconds or milliseconds since 1970), or a strptime format such
        as ``%d-%b-%y``.
    zone : str
        IANA zone of its local times; empty: UTC.
    values : dict of str to tuple of str
        Our value to the spellings that stand for it; empty: any value.
    """

    header: str
    unit: str = ""
    decimal: str = "."
    dates: str = "ymd"
    zone: str = ""
    values: dict[str, tuple[str, ...]] = field(default_factory=dict)


def read_columns(
    path: Path, settings: Settings, target: Table, found: dict[str, Any]
) -> dict[str, SourceColumn]:
    """Join what the source says of all its columns with what it says of each."""
    given = found.get("columns", {})
    names = [column.name for column in target.columns]
    for ours, entry in given.items():
        if ours not in names:
            raise DataError(f"{path} columns", f"one of {target.name}", repr(ours), nearest(ours, names))
        check_kind(f"{path} {ours}", entry, "a header or a table")
    shared = settings.data / "sources" / "values.toml"
    every = [column for one in TABLES.values() for column in one.columns]
    values = _values(str(shared), read_toml(shared), every, "any table") if shared.is_file() else {}
    own = _values(f"{path} values", found.get("values", {}), target.columns, target.name)
    values |= own
    usual = {key: found[key] for key in _WAYS if key in found}
    _check_ways(str(path), usual)
    made = {}
    for column in target.columns:
        entry = given.get(column.name, column.name)
        written = {"header": column.name} | (entry if isinstance(entry, dict) else {"header": entry})
        where = f"{path} {column.name}"
        check_keys(where, written, _COLUMN_KEYS)
        # Columns of a kind share their values.
        spellings = values.get(column.name, values.get(_last_word(column.name), {}))
        for ours in own.get(column.name, {}):
            if column.allowed and ours not in column.allowed:
                advice = nearest(ours, column.allowed)
                raise DataError(f"{path} values.{column.name}", "our value", repr(ours), advice)
        _check_ways(where, written)
        made[column.name] = SourceColumn(**{**usual, **written}, values=spellings)
        _check_unit(f"{where} unit", made[column.name], column.unit)
    return made


def _values(
    where: str, found: dict[str, Any], columns: Sequence[Column], table: str
) -> dict[str, dict[str, tuple[str, ...]]]:
    """Check the spellings of each column: our value, and the texts that stand for it."""
    # Of other columns a spelling would say nothing.
    names = [column.name for column in columns if column.type == "VARCHAR"]
    known = dict.fromkeys([*names, *map(_last_word, names)])
    for column, spellings in found.items():
        if column not in known:
            raise DataError(where, f"a column of texts of {table}", repr(column), nearest(column, known))
        check_kind(f"{where} {column}", spellings, "a table")
        for ours, also in spellings.items():
            check_kind(f"{where} {column} {ours}", also, "a list of texts")
    return {
        column: {ours: tuple(also) for ours, also in spellings.items()} for column, spellings in found.items()
    }


def _last_word(name: str) -> str:
    """Name the kind of a column: country for origin_country too."""
    return name.rpartition("_")[2]


def _check_unit(where: str, written: SourceColumn, unit: str) -> None:
    known = list(UNITS.get(unit, {}))
    if written.unit and not known:
        advice = "Leave unit out; text around a number is to be cut off in a SELECT."
        raise DataError(where, "no unit, as the column has none", repr(written.unit), advice)
    if written.unit and written.unit not in known:
        expected = "a unit that can be turned into ours"
        raise DataError(where, expected, repr(written.unit), nearest(written.unit, known))


def _check_ways(where: str, found: dict[str, Any]) -> None:
    """Check how numbers, days and times are written, whether all of the source or those of one column."""
    zone, decimal, dates = found.get("zone", ""), found.get("decimal", "."), found.get("dates", "ymd")
    if zone and zone not in _zones():
        advice = nearest(zone, _zones())
        raise DataError(f"{where} zone", "a time zone such as Europe/Paris", repr(zone), advice)
    if decimal not in (".", ","):
        raise DataError(f"{where} decimal", "'.' or ','", repr(decimal), "Write one of the two.")
    if dates not in DATE_ORDERS and "%" not in dates:
        expected = "ymd, dmy, mdy, epoch or a format such as %d-%b-%y"
        raise DataError(f"{where} dates", expected, repr(dates), "Write one of them.")
