"""The SHA-256 of files, remembered for as long as the system has not seen them change."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

from tallysheet.files import write_text
from tallysheet.unpack import sha256

_CAN_TELL = os.name == "posix"
"""Elsewhere the time of a change is the time at which the file was made."""
_SETTLED_NS = 2_000_000_000
"""A file that changed less than so long before it was read may change again within one tick of the clock."""


class Digests:
    """Fingerprints of files' bytes.

    Remembered are the file's number, size, own time and the time at which the system last changed it, which
    no copy and no program sets. While they are the same the file is not read again (git trusts its index
    for the same reason). Bits that rot on a disk change no time, so whoever must be sure reads again.

    Parameters
    ----------
    path : Path
        Where they are remembered.
    reads_again : bool
        Whether every file is read, whatever is remembered; what is remembered is then put right.
    """

    def __init__(self, path: Path, *, reads_again: bool) -> None:
        self._path, self._reads_again = path, reads_again
        self._before = _remembered(path)
        self._now: dict[str, list[object]] = {}

    def of(self, path: Path) -> str:
        """Give the SHA-256 of a file."""
        status = path.stat()
        looks = [status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns]
        *known, digest = self._before.get(str(path), [None])
        if known == looks and _CAN_TELL and not self._reads_again:
            found = str(digest)
        else:
            started_ns = time.time_ns()
            found = sha256(path)
            if started_ns - status.st_ctime_ns < _SETTLED_NS:
                return found
        self._now[str(path)] = [*looks, found]
        return found

    def remember(self) -> None:
        """Write down what was found, and forget the files that were not asked for."""
        if self._reads_again or self._now != self._before:
            write_text(self._path, json.dumps(self._now, sort_keys=True))


def _remembered(path: Path) -> dict[str, list[object]]:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        return {}
