"""Targets that count for nothing, which no page would say: for what is not there, or beyond what can be."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pyarrow.parquet as pq

from tallysheet.kpis import KPIS
from tallysheet.note import Note, note_like


def target_notes(folder: Path) -> list[Note]:
    """Tell of the targets of a source whose KPI, or a dimension of it, is not there, and of shares above 1.

    Parameters
    ----------
    folder : Path
        Its clean rows.
    """
    rows = [
        row
        for path in sorted(folder.rglob("*.parquet"))
        for row in pq.read_table(path, columns=["kpi", "segment", "target"]).to_pylist()
    ]
    names = unknown_names((str(row["kpi"]), str(row["segment"] or "")) for row in rows)
    return names + beyond((str(row["kpi"]), float(row["target"])) for row in rows)


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


def beyond(rows: Iterable[tuple[str, float]]) -> list[Note]:
    """Tell of each target that is more than its KPI can be: a share is at most 1.

    Examples
    --------
    >>> [note.named for note in beyond([("otd", 95.0), ("otd", 0.95), ("transit_days", 2.5)])]
    [{'name': 'otd', 'target': 95.0}]
    """
    wrong = (one for one in rows if one[0] in KPIS and one[1] > KPIS[one[0]].bounds[1])
    return [Note("share beyond", {"name": slug, "target": target}) for slug, target in dict.fromkeys(wrong)]
