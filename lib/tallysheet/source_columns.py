"""How a source writes the columns of a table: headers, units, dates, zones, spellings."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

from tallysheet.errors import DataError, nearest
from tallysheet.schema import Table
from tallysheet.settings import Settings, read_toml
from tallysheet.source_keys import check_keys, check_kind

UNITS: dict[str, dict[str, tuple[int, int]]] = {
    "cents": {"cents": (1, 1), "euro": (100, 1), "currency": (100, 1)},
    "g": {"g": (1, 1), "kg": (1000, 1)},
    "min": {"min": (1, 1), "h": (60, 1), "s": (1, 60), "days": (1440, 1)},
    "share": {"share": (1, 1), "%": (1, 100)},
}
"""For each unit of the schema, what a source may write instead, and the factor to ours as a fraction."""

DATE_ORDERS = ("ymd", "dmy", "mdy")
_COLUMN_KEYS = dict.fromkeys(("header", "unit", "decimal", "dates", "zone"), "a text")
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
        ``ymd``, ``dmy`` or ``mdy``, or a strptime format such as ``%d-%b-%y``.
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
    values = _values(shared, read_toml(shared)) if shared.is_file() else {}
    values |= (own := _values(path, found.get("values", {})))
    usual = {key: found[key] for key in ("decimal", "dates", "zone") if key in found}
    made = {}
    for column in target.columns:
        entry = given.get(column.name, column.name)
        written = {"header": column.name} | (entry if isinstance(entry, dict) else {"header": entry})
        where = f"{path} {column.name}"
        check_keys(where, written, _COLUMN_KEYS)
        # Columns of a kind share their values: country is for origin_country too.
        spellings = values.get(column.name, values.get(column.name.rpartition("_")[2], {}))
        for ours in own.get(column.name, {}):
            if column.allowed and ours not in column.allowed:
                advice = nearest(ours, column.allowed)
                raise DataError(f"{path} values.{column.name}", "our value", repr(ours), advice)
        made[column.name] = _checked(
            where,
            SourceColumn(**{**usual, **written}, values=spellings),
            column.unit,
        )
    return made


def _values(path: Path, found: dict[str, Any]) -> dict[str, dict[str, tuple[str, ...]]]:
    """Check the spellings of each column: our value, and the texts that stand for it."""
    for column, spellings in found.items():
        check_kind(f"{path} {column}", spellings, "a table")
        for ours, also in spellings.items():
            check_kind(f"{path} {column} {ours}", also, "a list of texts")
    return {
        column: {ours: tuple(also) for ours, also in spellings.items()} for column, spellings in found.items()
    }


def _checked(where: str, written: SourceColumn, unit: str) -> SourceColumn:
    if written.unit and written.unit not in UNITS.get(unit, {}):
        known = list(UNITS.get(unit, {}))
        raise DataError(
            where, "a unit that can be turned into ours", repr(written.unit), nearest(written.unit, known)
        )
    if written.zone and written.zone not in _zones():
        advice = nearest(written.zone, _zones())
        raise DataError(where, "a time zone such as Europe/Paris", repr(written.zone), advice)
    if written.decimal not in (".", ","):
        raise DataError(where, "decimal '.' or ','", repr(written.decimal), "Write one of the two.")
    if written.dates not in DATE_ORDERS and "%" not in written.dates:
        expected = "dates as ymd, dmy, mdy or a format such as %d-%b-%y"
        raise DataError(where, expected, repr(written.dates), "Write one of them.")
    return written
