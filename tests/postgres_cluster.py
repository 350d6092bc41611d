"""A PostgreSQL of our own, on loopback, with a password."""

import os
import shutil
import socket
import subprocess
import tempfile
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

SECRET = "s3cr3t-canary/@:%&"
ESCAPED = urllib.parse.quote(SECRET, safe="")


def postgres_programs() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    named = shutil.which("initdb")
    return found[-1].parent if found else Path(named).parent if named else None


@contextmanager
def postgres_cluster() -> Iterator[int]:
    """Start a cluster with a password, as another user if this is root; give its port."""
    programs = postgres_programs()
    if not programs:
        pytest.skip("PostgreSQL is not installed (Debian package postgresql)")
    become: list[str] = []
    if os.getuid() == 0:
        if not shutil.which("setpriv"):
            pytest.skip("PostgreSQL does not run as root, and setpriv is not there")
        become = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # Another user cannot reach the folders of pytest.
    with tempfile.TemporaryDirectory(prefix="tallysheet-postgres-") as folder:
        root = Path(folder)
        (root / "password").write_text(SECRET, encoding="utf-8")
        (root / "password").chmod(0o644)
        if become:
            os.chown(root, 65534, 65534)

        def run(*words: str) -> None:
            # Its own output goes to a file: the server would hold a pipe open.
            with (root.parent / f"{root.name}.log").open("w") as log:
                done = subprocess.run(
                    [*become, *words], cwd=root, stdout=log, stderr=log, timeout=120, check=False
                )
            log_path = root.parent / f"{root.name}.log"
            told = log_path.read_text(encoding="utf-8")
            log_path.unlink()
            assert done.returncode == 0, told

        base, options = str(root / "base"), f"-p {port} -c listen_addresses=127.0.0.1 -c fsync=off -k {root}"
        run(
            *(str(programs / "initdb"), "-D", base, "-U", "reader", "-A", "scram-sha-256"),
            *("--pwfile", str(root / "password"), "-E", "UTF8", "--locale", "C", "--no-sync"),
        )
        run(str(programs / "pg_ctl"), "-D", base, "-o", options, "-l", str(root / "log"), "-w", "start")
        try:
            yield port
        finally:
            run(str(programs / "pg_ctl"), "-D", base, "-m", "immediate", "-w", "stop")
