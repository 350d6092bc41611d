"""The command without a process of its own: for tests that neither start a kernel nor end a process."""

import subprocess
from contextlib import chdir
from pathlib import Path

from click.testing import CliRunner

from tallysheet.cli import main


def command(folder: Path, *arguments: str, **environment: str | None) -> subprocess.CompletedProcess[str]:
    """Run the command in a folder; a fault of the program, which a person would see as one, is raised."""
    with chdir(folder):
        done = CliRunner().invoke(main, arguments, env=environment)
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return subprocess.CompletedProcess(arguments, done.exit_code, done.stdout, done.stderr)
