"""Write extracts in processes of their own, while the market is played on."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from marketplace.columns import narrow
from marketplace.extracts import Dirt, Extract, Writer, Written
from marketplace.market import Market, Rows, count

_TOGETHER = 60_000
"""Rows that are worth a query; smaller files of an extract wait for one another until they are as many.

A larger one stands alone, or what came before it would decide where Parquet parts its rows.
"""

_UNWRITTEN = 1_500_000
"""Rows that may be given and not yet written; more would fill the memory.

At size M three months, so that writers have work while the next is played; at size L less than one.
"""

_writer: Writer


@dataclass
class _Batch:
    """Files that are written together, each with its place among all files that were given."""

    extract: Extract
    taken: int | None
    dirt: Sequence[Dirt]
    files: dict[str, Rows] = field(default_factory=dict)
    places: list[int] = field(default_factory=list)

    def rows(self) -> int:
        return sum(map(count, self.files.values()))


class Writers:
    """Writers side by side; leaving the context waits for them.

    Attributes
    ----------
    written : list of Written
        In the order in which the files were given.
    """

    def __init__(self, market: Market, folder: Path) -> None:
        self.written: list[Written] = []
        self._given = 0
        self._waiting: dict[tuple[object, ...], _Batch] = {}
        self._begun: list[tuple[list[int], int, Future[list[Written]]]] = []
        self._pool = ProcessPoolExecutor(os.cpu_count(), initializer=_begin, initargs=(market, folder))

    def __enter__(self) -> Writers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for key in list(self._waiting) if error is None else ():
            self._submit(key)
        self._pool.shutdown(cancel_futures=error is not None)
        if error is None:
            found = {
                place: one
                for places, _, batch in self._begun
                for place, one in zip(places, batch.result(), strict=True)
            }
            self.written = [found[place] for place in range(self._given)]

    def write(
        self,
        extract: Extract,
        file: str,
        rows: Rows,
        *,
        taken: int | None = None,
        dirt: Sequence[Dirt] | None = None,
    ) -> None:
        """Write a file when a writer is free, and when there are enough rows for one."""
        dirt = extract.dirt_of(file) if dirt is None else dirt
        stands_alone = not extract.together or count(rows) >= _TOGETHER
        key = extract.name, taken, file if stands_alone else "", *(one.kind for one in dirt)
        batch = self._waiting.setdefault(key, _Batch(extract, taken, dirt))
        batch.files[file] = {name: narrow(values) for name, values in rows.items()}
        batch.places.append(self._given)
        self._given += 1
        if stands_alone or batch.rows() >= _TOGETHER:
            self._submit(key)

    def _submit(self, key: tuple[object, ...]) -> None:
        batch = self._waiting.pop(key)
        rows = batch.rows()
        while unfinished := {one: size for _, size, one in self._begun if not one.done()}:
            if sum(unfinished.values()) + rows <= _UNWRITTEN:
                break
            wait(unfinished, return_when="FIRST_COMPLETED")
        future = self._pool.submit(_write, batch.extract, batch.files, batch.taken, batch.dirt)
        self._begun.append((batch.places, rows, future))


def _begin(market: Market, folder: Path) -> None:
    global _writer
    _writer = Writer(market, folder)


def _write(
    extract: Extract, files: dict[str, Rows], taken: int | None, dirt: Sequence[Dirt]
) -> list[Written]:
    return _writer.write(extract, files, taken=taken, dirt=dirt)
