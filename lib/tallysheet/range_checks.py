"""Rows that are each in order but do not go together: ranges that overlap or leave a gap, odd sizes."""

from __future__ import annotations

import duckdb

from tallysheet.note import Note, NoteKind
from tallysheet.schema import Range, Table

_OTHER_SIZE = 20
_FAULTS: tuple[tuple[NoteKind, str], ...] = (("overlap", "<"), ("gap", ">"))


def compare_rows(connection: duckdb.DuckDBPyConnection, table: Table) -> list[Note]:
    """Tell of ranges that overlap or leave a gap, and of values of another size than their like.

    Parameters
    ----------
    connection : DuckDBPyConnection
        With the view ``current``: the clean rows of a source that hold now, and their file and line.
    table : Table

    Returns
    -------
    list of Note
        One for each kind of fault and range, with the first place and how many there are.
    """
    found = {row[0] for row in connection.execute("DESCRIBE current").fetchall()}
    notes = []
    for one in table.ranges:
        if {one.start, one.end} <= found:
            notes += _range_notes(connection, table, one, found)
    for value, group in table.alike:
        if {value, group} <= found:
            notes += _size_notes(connection, value, group)
    return notes


def _range_notes(
    connection: duckdb.DuckDBPyConnection, table: Table, one: Range, found: set[str]
) -> list[Note]:
    group = ", ".join(name for name in table.key if name != one.start and name in found)
    followed = (
        f"SELECT file, line, {one.start} AS start, {one.next_start} AS expected, "
        f"lead({one.start}) OVER (PARTITION BY {group} ORDER BY {one.start}) AS next_start FROM current"
    )
    notes = []
    for kind, sign in _FAULTS:
        count, file, line, next_start, expected = connection.execute(
            f"SELECT count(*), min_by(file, start), min_by(line, start), min_by(next_start, start), "
            f"min_by(expected, start) FROM ({followed}) WHERE next_start {sign} expected"
        ).fetchall()[0]
        if count:
            # Days and lines are no amounts, so they stay as they are written.
            places = {"line": line, "file": file, "next_start": next_start, "expected": expected}
            named = {name: str(value) for name, value in places.items()}
            notes.append(Note(kind, {**named, "start": one.start, "count": count}))
    return notes


def _size_notes(connection: duckdb.DuckDBPyConnection, value: str, group: str) -> list[Note]:
    odd = connection.execute(
        f"SELECT {group}, min({value}), max({value}) FROM current WHERE {value} > 0 "
        f"GROUP BY ALL HAVING max({value}) > {_OTHER_SIZE} * min({value}) ORDER BY ALL"
    ).fetchall()
    return [
        Note("other unit", {"column": value, "name": name, "low": low, "high": high}, "other_unit_alike")
        for name, low, high in odd
    ]
