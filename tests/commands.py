"""The command as tests give it: in their own process, or, where kernels run, in one of its own."""

import os
import subprocess
import sys
from contextlib import chdir
from pathlib import Path

from click.testing import CliRunner

from tallysheet.cli import main


def command(folder: Path, *words: str, **environment: str | None) -> subprocess.CompletedProcess[str]:
    """Run the command in a folder, without a process of its own, which costs a second.

    What a process would end in a traceback for is raised.
    """
    with chdir(folder):
        done = CliRunner().invoke(main, words, env=environment)
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return subprocess.CompletedProcess(words, done.exit_code, done.stdout, done.stderr)


def report(folder: Path, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Make a report as a schedule does; nobody is told of it but at an address that is given."""
    inherited = {name: value for name, value in os.environ.items() if name != "TALLYSHEET_NOTIFY"}
    return subprocess.run(
        [sys.executable, "-c", "from tallysheet.cli import main; main()", "report", *options],
        cwd=folder,
        env=inherited | environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
