"""One run at a time: a second one is told who is at it."""

from __future__ import annotations

import datetime as dt
import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from tallysheet.errors import ReportError
from tallysheet.files import write_text


class AnotherRun(ReportError):
    """Another run is at it; it tells itself what becomes of it."""


@contextmanager
def only_run(reports: Path, since: dt.datetime) -> Iterator[None]:
    """Hold the folder of reports while a run publishes.

    The system lets go of it when the process ends, however it ends.

    Parameters
    ----------
    reports : Path
    since : datetime
        When the run began, UTC.

    Raises
    ------
    AnotherRun
        The error says which and since when.
    """
    made = [folder for folder in (reports, *reports.parents) if not folder.exists()]
    reports.mkdir(parents=True, exist_ok=True)
    holder = reports / ".holder"
    try:
        lock = FileLock(reports / ".lock").acquire(timeout=0)
    except Timeout:
        told = holder.read_text(encoding="utf-8").strip() if holder.is_file() else "another run"
        raise AnotherRun(str(reports), "no other run", told, "Wait for it, or end it.") from None
    with lock:
        own = f"process {os.getpid()} on {socket.gethostname()} since {since:%Y-%m-%d %H:%M} UTC"
        write_text(holder, own + "\n")
        try:
            yield
        finally:
            holder.unlink(missing_ok=True)
            _take_back(made, reports / ".lock")


def _take_back(made: Sequence[Path], lock: Path) -> None:
    """Remove the folders that a run made and put nothing into; whoever then gets the lock begins anew."""
    if made and list(lock.parent.iterdir()) == [lock]:
        # Elsewhere than on Unix a file that is open stays.
        with suppress(OSError):
            lock.unlink()
            for folder in made:
                folder.rmdir()
