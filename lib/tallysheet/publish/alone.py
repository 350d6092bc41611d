"""One run at a time: others are told who is at it, or why the last one stopped."""

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
    holder = _holder(reports)
    try:
        lock = FileLock(reports / ".lock").acquire(timeout=0)
    except Timeout:
        raise AnotherRun(str(reports), "no other run", _named(holder), "Wait for it, or end it.") from None
    with lock:
        own = f"process {os.getpid()} on {socket.gethostname()} since {since:%Y-%m-%d %H:%M} UTC"
        write_text(holder, own + "\n")
        try:
            yield
        finally:
            holder.unlink(missing_ok=True)
            _take_back(made, reports / ".lock")


def at_work(reports: Path) -> str:
    """Name the run that holds the folder of reports, and since when; empty: none does."""
    holder = _holder(reports)
    # Who looks holds the lock for a moment, so only where a run left its name: one at work, or killed.
    if not holder.is_file():
        return ""
    try:
        with FileLock(reports / ".lock").acquire(timeout=0):
            return ""
    except Timeout:
        return _named(holder)


def keep_stop(reports: Path, since: dt.datetime, why: str) -> None:
    """Keep why a run stopped, for who asks later; there is nothing to ask about where no week is.

    Parameters
    ----------
    reports : Path
    since : datetime
        When the run began, UTC.
    why : str
        Empty: it ended well, and what is known of an earlier one is over.
    """
    kept = _stop(reports)
    if not why:
        kept.unlink(missing_ok=True)
    elif reports.is_dir():
        write_text(kept, f"{since:%Y-%m-%d %H:%M} UTC: {' '.join(why.split())}\n")


def last_stop(reports: Path) -> str:
    """Say when the last run began and why it stopped; empty: it did not."""
    kept = _stop(reports)
    return kept.read_text(encoding="utf-8", errors="replace").strip() if kept.is_file() else ""


def _holder(reports: Path) -> Path:
    return reports / ".holder"


def _stop(reports: Path) -> Path:
    return reports / ".stopped"


def _named(holder: Path) -> str:
    return holder.read_text(encoding="utf-8").strip() if holder.is_file() else "another run"


def _take_back(made: Sequence[Path], lock: Path) -> None:
    """Remove the folders that a run made and put nothing into; whoever then gets the lock begins anew."""
    if made and list(lock.parent.iterdir()) == [lock]:
        # Elsewhere than on Unix a file that is open stays.
        with suppress(OSError):
            lock.unlink()
            for folder in made:
                folder.rmdir()
