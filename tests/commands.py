"""The command as tests give it: in their own process, or, where kernels run, in one of its own."""

import multiprocessing
import os
import subprocess
from contextlib import chdir
from multiprocessing.reduction import DupFd
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from click.testing import CliRunner

from tallysheet.cli import main

LONGEST_S = 300

# A report's own process need not import what another has imported, which takes 2 s.
_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(["papermill", "nbconvert.exporters", "tallysheet.notify", "tallysheet.week"])


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
    words = ["report", *options]
    inherited = {name: value for name, value in os.environ.items() if name != "TALLYSHEET_NOTIFY"}
    with TemporaryFile() as stdout, TemporaryFile() as stderr:
        streams = [DupFd(stream.fileno()) for stream in (stdout, stderr)]
        process = _forks.Process(target=_become, args=(words, folder, inherited | environment, *streams))
        process.start()
        process.join(LONGEST_S)
        said = [_read(stream) for stream in (stdout, stderr)]
        if process.is_alive():
            process.kill()
            raise subprocess.TimeoutExpired(words, LONGEST_S, *said)
    return subprocess.CompletedProcess(words, process.exitcode, *said)


def _become(words: list[str], folder: Path, environment: dict[str, str], *streams: DupFd) -> None:
    """Be the command, in a process that was forked for it."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for number, stream in enumerate(streams, start=1):
        os.dup2(stream.detach(), number)
    main(words)


def _read(stream: IO[bytes]) -> str:
    stream.seek(0)
    return stream.read().decode()
