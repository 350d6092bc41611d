"""A machine that lacks something, for tests: room for files, or the right to write."""

import contextlib
import os
import resource
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

WITHOUT_RIGHTS = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search,-fowner"]
"""Root without the right to pass by permissions: then it is the owner as any other."""


def with_small_files(words: Sequence[str | Path], limit: int, **options) -> subprocess.CompletedProcess[str]:
    """Run a command whose files cannot grow beyond a limit; half a file is left, as on a full disk."""

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    return _run(words, preexec_fn=limited, **options)


def as_owner(words: Sequence[str | Path], **options) -> subprocess.CompletedProcess[str]:
    """Run a command that permissions bind, whoever runs the test."""
    if os.getuid() == 0:
        works = [*WITHOUT_RIGHTS, "true"]
        if not shutil.which("setpriv") or subprocess.run(works, capture_output=True, check=False).returncode:
            pytest.skip("root passes by permissions, and setpriv cannot take that right away here")
        words = [*WITHOUT_RIGHTS, *words]
    return _run(words, **options)


@contextlib.contextmanager
def read_only(*folders: Path) -> Iterator[None]:
    """Take the right to write into folders away for a while."""
    for folder in folders:
        folder.chmod(0o555)
    try:
        yield
    finally:
        for folder in folders:
            folder.chmod(0o755)


def _run(words: Sequence[str | Path], **options) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, capture_output=True, text=True, timeout=120, check=False, **options)
