"""Peers in environments of their own: made on the first run beside the project's, and used again."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
TIMEOUT_S = 900


def peer_python(name: str, *pins: str | Path) -> Path:
    """Give the Python of a peer's environment; pins are what is installed there, as pip takes it."""
    folder = ROOT / f".venv-{name}"
    uv, python = Path(sys.executable).with_name("uv"), folder / "bin" / "python"
    if not python.exists():
        run([uv, "venv", "--clear", "--python", sys.executable, folder])
    run([uv, "pip", "install", "--python", python, *pins])
    return python


def run(command: Sequence[str | Path]) -> str:
    """Run a command that may fail or not end; what it said last then stands in the error."""
    try:
        done = subprocess.run(
            [str(part) for part in command],
            capture_output=True,
            text=True,
            check=False,
            timeout=TIMEOUT_S,
        )
    except subprocess.TimeoutExpired as error:
        raise OSError(f"{Path(command[0]).name} {command[1]}: not done after {TIMEOUT_S} s") from error
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip() or f"exit code {done.returncode}").splitlines()
        raise OSError(f"{Path(command[0]).name} {command[1]}: {' '.join(map(str.strip, said[-3:]))}")
    return done.stdout
