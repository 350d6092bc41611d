"""Write files so that a reader sees the old one or the new one, never none and never half."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from pathlib import Path

_TRIES = 20


def write_text(path: Path, text: str) -> None:
    """Write a text, whole or not at all."""
    write_bytes(path, text.encode())


def write_bytes(path: Path, content: bytes) -> None:
    """Write bytes, whole or not at all."""
    write_whole(path, lambda part: part.write_bytes(content))


def write_whole(path: Path, write: Callable[[Path], object], *, lasts: bool = True) -> None:
    """Write a file beside its place, bring it to the disk, then swap it in.

    Windows refuses the swap while somebody reads the file, so it is tried for two seconds.

    Parameters
    ----------
    path : Path
        Its folder is made if need be.
    write : callable
        Writes to the path that it is given.
    lasts : bool
        Whether it must outlast a power cut; bringing a file to the disk can take longer than making it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        write(part)
        if lasts:
            _sync(part)
        _replace(part, path)
    finally:
        part.unlink(missing_ok=True)
    if lasts and os.name != "nt":  # folders cannot be opened there
        _sync(path.parent)


def write_sealed(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file that can be made again, and its SHA-256 in a file beside it.

    What a power cut leaves of it is not as it was written, and is made again.
    """
    write_whole(path, write, lasts=False)
    seal = hashlib.sha256(path.read_bytes()).hexdigest()
    write_whole(_seal(path), lambda part: part.write_text(seal, encoding="utf-8"), lasts=False)


def read_sealed(path: Path) -> bytes | None:
    """Read a file that `write_sealed` wrote; None if it is not there, or not as it was written."""
    try:
        content, seal = path.read_bytes(), _seal(path).read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return None
    return content if hashlib.sha256(content).hexdigest() == seal else None


def _seal(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")


def _replace(part: Path, path: Path) -> None:
    for attempt in range(_TRIES):
        try:
            os.replace(part, path)
            return
        except PermissionError:
            if attempt == _TRIES - 1:
                raise
            time.sleep(0.1)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
