"""Names that differ only in how they are written: they make two parts of one, and rows do not meet."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from tallysheet.engine import connect, identifier, literal
from tallysheet.note import Named, Note
from tallysheet.sources import Source

NAMES = ("carrier", "partner", "destination", "contact_reason", "reject_reason")
"""Columns of names that people write; codes of sellers and parcels are not compared."""


class Spelling(NamedTuple):
    """How often a source writes a name so."""

    column: str
    name: str
    source: str
    rows: int


def look_alikes(sources: Sequence[Source], clean: Path) -> list[dict[str, Any]]:
    """Tell of each spelling of a name that another, commoner one looks like, in whichever table it is.

    Parameters
    ----------
    sources : sequence of Source
    clean : Path
        The folder of the clean tables.
    """
    found = [spelling for source in sources for spelling in _written(source, clean) if plain(spelling.name)]
    told = []
    for _, alike in groupby(sorted(found, key=_plainly), key=_plainly):
        totals = _by_name(list(alike))
        commonest, *others = sorted(totals, key=lambda name: (-sum(one.rows for one in totals[name]), name))
        for name in others:
            first = max(totals[name], key=lambda one: one.rows)
            rows = sum(one.rows for one in totals[name])
            named: dict[str, Named] = {"column": first.column, "name": name, "like": commonest, "n": rows}
            told.append({"source": first.source, "file": "", **asdict(Note("look alike", named))})
    return told


def plain(name: str) -> str:
    """Give a name without case, accents and signs; numbers stay apart, as codes of places end in them.

    Examples
    --------
    >>> plain("Eskarión S.L.") == plain("ESKARION SL")
    True
    >>> plain("D1-12") == plain("D11-2")
    False
    """
    bare = "".join(sign for sign in unicodedata.normalize("NFKD", name) if not unicodedata.combining(sign))
    parts = re.findall(r"\d+|[^\W\d_]+", bare.casefold())
    return "".join(f"|{part}|" if part.isdigit() else part for part in parts)


def _plainly(spelling: Spelling) -> tuple[str, str]:
    return spelling.column, plain(spelling.name)


def _by_name(alike: Sequence[Spelling]) -> Mapping[str, list[Spelling]]:
    names: dict[str, list[Spelling]] = {}
    for one in alike:
        names.setdefault(one.name, []).append(one)
    return names


def _written(source: Source, clean: Path) -> list[Spelling]:
    files = sorted((clean / source.table.name / source.name).rglob("*.parquet"))
    named = [column.name for column in source.table.columns if column.name in NAMES]
    if not files or not named:
        return []
    read = f"read_parquet([{', '.join(literal(str(path)) for path in files)}], union_by_name = true)"
    with connect() as connection:
        there = {row[0] for row in connection.execute(f"DESCRIBE SELECT * FROM {read}").fetchall()}
        return [
            Spelling(column, name, source.name, rows)
            for column in named
            if column in there
            for name, rows in connection.execute(
                f"SELECT {identifier(column)}, count(*) FROM {read} "
                f"WHERE {identifier(column)} IS NOT NULL GROUP BY ALL"
            ).fetchall()
        ]
