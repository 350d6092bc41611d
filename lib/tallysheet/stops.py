"""How a command ends that cannot go on: one line for whoever typed it, word to those who wait for a run."""

from __future__ import annotations

import contextlib
import datetime as dt
import errno
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tallysheet.errors import TallysheetError, UsageError
from tallysheet.refusals import refusal

if TYPE_CHECKING:
    from tallysheet.language import Language


@contextlib.contextmanager
def one_line_errors() -> Iterator[None]:
    """Print an error of ours, or of the system's, as one line and leave with its exit code."""
    try:
        yield
    except (TallysheetError, OSError) as error:
        ours = _ours(error)
        if not ours:
            raise
        click.echo(" ".join(str(ours).split()), err=True)
        sys.exit(ours.exit_code)


def _ours(error: Exception) -> TallysheetError | None:
    """Give an error as one of ours; None if it is a fault of the program."""
    if isinstance(error, TallysheetError):
        return error
    # Without a number the system refuses nothing; where a reader of our output has gone click is silent.
    if isinstance(error, OSError) and error.errno not in (None, errno.EPIPE):
        return refusal(error, "tallysheet")
    return None


@contextlib.contextmanager
def telling_of_a_stop(
    reports: Path, since: dt.datetime, addresses: Sequence[str], language: Language
) -> Iterator[None]:
    """Tell people when a run ends in an error before its weeks are done; another run tells of itself."""
    from tallysheet.notify import tell_stopped
    from tallysheet.publish.alone import AnotherRun, keep_stop

    try:
        yield
    except AnotherRun:
        raise
    except KeyboardInterrupt:
        # Python would wait for the threads of notebooks that still run; their kernels end with the process.
        click.echo("Aborted!", err=True)
        sys.stdout.flush()
        os._exit(1)
    except Exception as error:  # whatever it is, those who wait for the week are to know
        why = str(_ours(error) or f"{type(error).__name__}: {error}")
        if not isinstance(error, UsageError):  # whoever typed it knows, and it changes nothing
            with contextlib.suppress(OSError):  # what is to be told is the first error
                keep_stop(reports, since, why)
        print_unsent(tell_stopped(why, reports, addresses, language))
        raise
    keep_stop(reports, since, "")
    print_unsent(tell_stopped("", reports, addresses, language))


def print_unsent(lines: Sequence[str]) -> None:
    """Print what could not be told, a line each."""
    for line in lines:
        click.echo(line, err=True)
