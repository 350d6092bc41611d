"""Write extracts in processes of their own, while the market is played on."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from pathlib import Path
from types import TracebackType

from marketplace.extracts import Dirt, Extract, Writer, Written
from marketplace.market import Market, Rows

_WAITING = 4
"""Files that may be given and not yet written; more would fill the memory."""

_writer: Writer


class Writers:
    """Writers side by side; leaving the context waits for them.

    Attributes
    ----------
    written : list of Written
        In the order in which the files were given.
    """

    def __init__(self, market: Market, folder: Path) -> None:
        self.written: list[Written] = []
        self._files: list[Future[Written]] = []
        self._pool = ProcessPoolExecutor(os.cpu_count(), initializer=_begin, initargs=(market, folder))

    def __enter__(self) -> Writers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(cancel_futures=error is not None)
        if error is None:
            self.written = [file.result() for file in self._files]

    def write(
        self,
        extract: Extract,
        file: str,
        rows: Rows,
        *,
        taken: int | None = None,
        dirt: Sequence[Dirt] | None = None,
    ) -> None:
        """Write a file when a writer is free."""
        open_files = [one for one in self._files if not one.done()]
        if len(open_files) >= _WAITING:
            wait(open_files, return_when="FIRST_COMPLETED")
        self._files.append(self._pool.submit(_write, extract, file, rows, taken, dirt))


def _begin(market: Market, folder: Path) -> None:
    global _writer
    _writer = Writer(market, folder)


def _write(
    extract: Extract, file: str, rows: Rows, taken: int | None, dirt: Sequence[Dirt] | None
) -> Written:
    return _writer.write(extract, file, rows, taken=taken, dirt=dirt)
