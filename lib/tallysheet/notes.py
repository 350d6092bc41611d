"""What a person should know of extracts and no row shows: new columns, other units, files that shrank."""

from __future__ import annotations

import datetime as dt
import statistics
from collections.abc import Sequence
from typing import Any

from tallysheet.inputs import RawFile
from tallysheet.merge import Extract
from tallysheet.note import Named, Note, note_like
from tallysheet.schema import Table
from tallysheet.sources import Source

_FEWER = 0.5
_OTHER_UNIT = 20
"""Euros for cents make 100, kg for g 1000; nothing real moves a median so far."""
_OTHER_LEVEL, _SAME_LEVEL = 0.15, 0.03
"""VAT makes 0.19 to 0.27, which shows where the extracts around lie close together."""
_CLOCKS_DIFFER = dt.timedelta(days=1)
"""A moment may be written by a local clock."""
_AROUND = 3
"""Extracts before and behind that a level is compared with: over years prices drift."""


def compare_extracts(
    raw: Sequence[RawFile], extracts: Sequence[Extract], last: dict[str, Any], source: Source
) -> list[list[Note]]:
    """Tell of each extract what it says of itself, and how it differs from those before it.

    Parameters
    ----------
    raw, extracts : sequences of the same length
        Earliest first.
    last : dict
        What the last load wrote.
    source : Source

    Returns
    -------
    list of list of Note
    """
    headers = last.get("headers", {}).get(source.name)
    sizes = {file["file"]: file["bytes"] for file in last.get("files", []) if file["source"] == source.name}
    usual = statistics.median(extract.checked.rows for extract in extracts)
    # One with far fewer rows may be of one carrier or day, which has another level than all.
    whole = [extract for extract in extracts if extract.checked.rows >= _FEWER * usual]
    told = []
    for file, extract in zip(raw, extracts, strict=True):
        notes = list(extract.checked.notes)
        if headers and file.sha256 not in {known["sha256"] for known in last.get("files", [])}:
            notes += _changed_columns(headers, extract.checked.headers)
        headers = list(extract.checked.headers)
        before = sizes.get(file.path.name, 0)
        if file.bytes < before:
            notes.append(Note("shrank", {"bytes": file.bytes, "before": before}))
        elif len(extracts) >= 4 and extract.checked.rows < _FEWER * usual:
            notes.append(Note("few rows", {"rows": extract.checked.rows, "usual": round(usual)}))
        notes += _other_unit(extract, extracts, _around(extract, whole), source.table)
        told.append(notes)
    told[-1] += _after_taken(raw[-1], extracts[-1])
    gone = sizes.keys() - {file.path.name for file in raw}
    told[-1] += [Note("file gone", {"name": name}) for name in sorted(gone)]
    return told


def _after_taken(file: RawFile, extract: Extract) -> list[Note]:
    """Notice that the newest extract knows what happened after it was taken, as its name or source says.

    All reports end with that moment.
    """
    last_event_at = extract.checked.last_event_at
    if not (file.taken_at and last_event_at):
        return []
    if dt.datetime.fromisoformat(last_event_at) <= file.taken_at + _CLOCKS_DIFFER:
        return []
    named: dict[str, Named] = {"last": last_event_at[:10], "taken": file.taken_at.date().isoformat()}
    return [Note("after taken", named)]


def _around(extract: Extract, whole: Sequence[Extract]) -> list[Extract]:
    """Give the extracts just before and behind one; none if it is not whole itself."""
    place = next((place for place, one in enumerate(whole) if one is extract), None)
    if place is None:
        return []
    return [*whole[max(0, place - _AROUND) : place], *whole[place + 1 : place + 1 + _AROUND]]


def _other_unit(
    extract: Extract, extracts: Sequence[Extract], around: Sequence[Extract], table: Table
) -> list[Note]:
    """Notice a column whose numbers are of another size than in most extracts, or than is usual."""
    notes = []
    for column, (median, high) in extract.checked.sizes.items():
        known = [one.checked.sizes[column][0] for one in extracts if column in one.checked.sizes]
        middle, usual = statistics.median(known), table.column(column).usual
        ratio, level = median / middle if middle else 1, _level(column, high, around)
        if len(known) >= 3 and not 1 / _OTHER_UNIT <= ratio <= _OTHER_UNIT:
            notes.append(Note("other unit", {"column": column, "median": median, "middle": middle}))
        elif usual and not usual[0] <= median <= usual[1]:
            named: dict[str, Named] = {"column": column, "median": median}
            named |= {"least": usual[0], "most": usual[1]}
            notes.append(Note("other unit", named, "other_unit_usual"))
        elif abs(level - 1) >= _OTHER_LEVEL:
            notes.append(Note("other level", {"column": column, "ratio": round(level, 2)}))
    return notes


def _level(column: str, high: float, around: Sequence[Extract]) -> float:
    """Compare an upper quartile with those of the extracts around; 1 where two thirds do not agree.

    Not the median: in charges that may lie between base prices and surcharges, and jump.
    """
    known = [one.checked.sizes[column][1] for one in around if column in one.checked.sizes]
    middle = statistics.median(known) if len(known) >= 3 else 0
    agree = sum(abs(one / middle - 1) <= _SAME_LEVEL for one in known) if middle else 0
    return high / middle if agree >= max(3, len(known) - len(known) // 3) else 1


def _changed_columns(before: Sequence[str], now: Sequence[str]) -> list[Note]:
    """Name new and missing columns, each with the one of the other side that it may be."""
    new = [name for name in now if name not in before]
    gone = [name for name in before if name not in now]
    return [
        *(note_like("new column", name, gone) for name in new),
        *(note_like("column gone", name, new) for name in gone),
    ]
