"""What targets are set for that is not there: such a target counts for nothing, and no page would say so."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pyarrow.parquet as pq

from tallysheet.kpis import KPIS
from tallysheet.note import Note, note_like


def target_notes(folder: Path) -> list[Note]:
    """Tell of the targets of a source whose KPI, or a dimension of it, is not there.

    Parameters
    ----------
    folder : Path
        Its clean rows.
    """
    rows = [
        (str(row["kpi"]), str(row["segment"] or ""))
        for path in sorted(folder.rglob("*.parquet"))
        for row in pq.read_table(path, columns=["kpi", "segment"]).to_pylist()
    ]
    return unknown_names(rows)


def unknown_names(rows: Iterable[tuple[str, str]]) -> list[Note]:
    """Tell of each KPI and dimension once.

    Examples
    --------
    >>> [note.named for note in unknown_names([("otdd", ""), ("otd", "carier=BRV;flow=return")])]
    [{'name': 'otdd', 'like': 'otd'}, {'name': 'carier', 'kpi': 'otd', 'like': 'carrier'}]
    """
    told = []
    for slug, segment in dict.fromkeys(rows):
        if slug not in KPIS:
            told.append(note_like("unknown kpi", slug, KPIS))
            continue
        names = [one.partition("=")[0].strip() for one in segment.split(";") if one.strip()]
        dimensions = KPIS[slug].dimensions
        told += [
            note_like("unknown dimension", name, dimensions, kpi=slug)
            for name in names
            if name not in dimensions
        ]
    return told
