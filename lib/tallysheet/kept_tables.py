"""Tables that can be made again: kept as Parquet, with what they were made from."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from tallysheet.files import read_sealed, write_sealed

_MADE_FROM = b"tallysheet"
_KEPT_FRAMES = 120
"""Frames of a name that are kept; the oldest go first."""


def keep_table(path: Path, rows: pd.DataFrame, made_from: dict[str, Any]) -> None:
    """Write rows, and beside them what they were made from."""
    told = json.dumps(made_from).encode()
    table = pa.Table.from_pandas(rows, preserve_index=False).replace_schema_metadata({_MADE_FROM: told})
    write_sealed(path, lambda part: pq.write_table(table, part, compression="zstd"))


def kept_table(path: Path) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Read rows and what they were made from; nothing of both if the file is not as it was written."""
    content = read_sealed(path)
    if content is None:
        return pd.DataFrame(), {}
    table = _table(content)
    return table.to_pandas(), json.loads((table.schema.metadata or {}).get(_MADE_FROM, b"{}"))


def kept_frame(path: Path, make: Callable[[], pd.DataFrame]) -> pd.DataFrame:
    """Read a frame, or make and keep it as ``NAME-FINGERPRINT.parquet``; the oldest of its name go."""
    content = read_sealed(path)
    if content is not None:
        return _table(content).to_pandas()
    found = make()
    write_sealed(path, lambda part: found.to_parquet(part, index=False))
    kept = sorted(path.parent.glob(f"{path.name.rpartition('-')[0]}-*"), key=_written_at)
    for other in kept[:-_KEPT_FRAMES]:
        other.unlink(missing_ok=True)
    return found


def _table(content: bytes) -> pa.Table:
    # pq.read_table and pd.read_parquet import pyarrow.dataset, which takes longer than to read.
    return pq.ParquetFile(pa.BufferReader(content)).read()


def _written_at(path: Path) -> float:
    """Give when a file was written; one that another page's process has removed meanwhile is the oldest."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0
