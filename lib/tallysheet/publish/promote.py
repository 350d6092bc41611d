"""Write files so that a reader sees the old one or the new one, never none and never half."""

from __future__ import annotations

import os
import time
from pathlib import Path

_TRIES = 20


def write_whole(path: Path, text: str) -> None:
    """Write a file beside its place, bring it to the disk, then swap it in.

    Windows refuses the swap while somebody reads the page, so it is tried for two seconds.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        _replace(part, path)
    finally:
        part.unlink(missing_ok=True)
    _sync_folder(path.parent)


def _replace(part: Path, path: Path) -> None:
    for attempt in range(_TRIES):
        try:
            os.replace(part, path)
            return
        except PermissionError:
            if attempt == _TRIES - 1:
                raise
            time.sleep(0.1)


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # folders cannot be opened there
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
