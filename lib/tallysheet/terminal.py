"""What a terminal shows: the ledger with how to mend what was refused, pages as they are done, the status."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pandas as pd
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from tallysheet import schema
from tallysheet.ledger import Ledger
from tallysheet.loading import Told
from tallysheet.notify import VARIABLE
from tallysheet.publish.folders import WRITE_ANEW
from tallysheet.publish.making import Step, Watch
from tallysheet.reasons import reasons_of
from tallysheet.status import Run, Status

_MOST_FILES = 40
_MOST_REASONS = 10
_MOST_NOTES = 20
_COUNTS = ["rows", "good", "quarantined", "duplicates", "corrections"]


@contextmanager
def progress() -> Iterator[Told]:
    """Show on the error output, if it is a terminal, which extract is read and how many are left."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as shown:
        task = shown.add_task("Reading")

        def told(name: str, done: int, total: int) -> None:
            shown.update(task, description=name, completed=done, total=total)

        yield told


@contextmanager
def steps() -> Iterator[Watch]:
    """Show on the error output each page as it is done: a line each, and on a terminal how many are left."""
    console = Console(stderr=True, markup=False, highlight=False)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as shown:
        task = shown.add_task("Pages", total=None)

        def watch(step: Step) -> None:
            outcome = "failed" if step.error else f"{step.seconds:.1f} s"
            shown.update(task, completed=step.done, total=step.total)
            console.print(f"{step.job.file}: {outcome}", soft_wrap=True)

        yield watch


def print_ledger(ledger: Ledger, console: Console, all_files: bool = False) -> None:
    """Print what a load did: files with their counts, the commonest reasons with their fix, and notes.

    Parameters
    ----------
    ledger : Ledger
    console : Console
    all_files : bool
        Whether to list every file also if there are many; else a line a source, and the files with the
        most refused rows.
    """
    console.print(_files_table(ledger.files, all_files))
    if not ledger.reasons.empty:
        console.print(_reasons_table(ledger))
    if not ledger.notes.empty:
        console.print(_notes_table(ledger.notes))


def _files_table(files: pd.DataFrame, all_files: bool) -> Table:
    title = "Rows in = good + quarantined + duplicates"
    table = Table(title=title, title_justify="left", caption_justify="left")
    for name in ("source", "file"):
        table.add_column(name, overflow="fold")
    for name in _COUNTS:
        table.add_column(name, justify="right")
    shown = files
    if len(files) > _MOST_FILES and not all_files:
        for source, group in files.groupby("source", sort=False):
            _add_counts(table, str(source), _files(group), group[_COUNTS].sum())
        table.add_section()
        worst = files.sort_values(["quarantined", "duplicates"], ascending=False, kind="stable")
        shown = worst[(worst["quarantined"] > 0) | (worst["duplicates"] > 0)].head(_MOST_FILES)
        table.caption = f"and {len(files) - len(shown)} more files: tallysheet load --files"
    for row in shown.to_dict("records"):
        _add_counts(table, row["source"], row["file"], pd.Series(row))
    table.add_section()
    _add_counts(table, "all", _files(files), files[_COUNTS].sum())
    return table


def _files(files: pd.DataFrame) -> str:
    return f"{len(files)} {'file' if len(files) == 1 else 'files'}"


def _add_counts(table: Table, source: str, file: str, counts: pd.Series) -> None:
    table.add_row(source, file, *(f"{counts[name]:,}" for name in _COUNTS))


def _reasons_table(ledger: Ledger) -> Table:
    tables = dict(zip(ledger.files["source"], ledger.files["table"], strict=True))
    shown = Table(title="Why: the commonest reasons", title_justify="left")
    for name in ("source", "column", "reason", "cells", "row", "expected", "what to do"):
        shown.add_column(name, justify="right" if name == "cells" else "left", overflow="fold")
    for row in ledger.reasons.head(_MOST_REASONS).to_dict("records"):
        reason = reasons_of(schema.table(tables[row["source"]]))[row["reason"]]
        kept = "kept" if row["row_kept"] else "set aside"
        shown.add_row(
            row["source"],
            row["column"],
            row["reason"],
            f"{row['cells']:,}",
            kept,
            reason.expected,
            reason.fix,
        )
    return shown


def _notes_table(notes: pd.DataFrame) -> Table:
    left = len(notes) - _MOST_NOTES
    caption = f"and {left} more, in the data folder's clean/ledger.json" if left > 0 else None
    shown = Table(title="To know", title_justify="left", caption=caption, caption_justify="left")
    for name in ("source", "file", "what", "which"):
        shown.add_column(name, overflow="fold")
    for row in notes.tail(_MOST_NOTES).to_dict("records"):
        shown.add_row(row["source"], row["file"], row["kind"], row["text"])
    return shown


def print_status(status: Status, console: Console) -> None:
    """Print where the reports stand: the last runs, then a line each of what is to do."""
    table = Table(title="Last runs", title_justify="left")
    for name in ("week", "began (UTC)", "pages made", "failed", "page seconds", "as of"):
        right = name in ("pages made", "page seconds")
        table.add_column(name, justify="right" if right else "left", overflow="fold")
    for run in status.runs:
        table.add_row(*_run_cells(run, status.at_work))
    console.print(table)
    for name, run_told in {"at work": status.at_work, "stopped": status.stopped}.items():
        if run_told:
            console.print(f"{name}: {run_told}", soft_wrap=True)
    failed = [f"{week} {page}" for week, pages in status.failed.items() for page in pages]
    told = "set" if status.told else f"{VARIABLE} is not set"
    lines = {"due": status.due, "failed": failed, "stale": status.stale, "alerts": [told]}
    for name, found in lines.items():
        console.print(f"{name + ':':8}{', '.join(found) or 'nothing'}", soft_wrap=True)
    for week, path in status.damaged.items():
        console.print(f"damaged: {path}. {WRITE_ANEW.format(week=week)}", soft_wrap=True)


def _run_cells(run: Run, at_work: str) -> tuple[str, ...]:
    # Earlier versions put more behind the time.
    began = re.sub(r"^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d).*", r"\1-\2-\3 \4:\5", run.run)
    if not run.finished:
        is_at_work = f"since {began} UTC" in at_work
        return (
            run.week,
            began,
            "",
            "at work" if is_at_work else "did not finish, or an earlier version's",
            "",
            "",
        )
    failed = "; ".join(f"{page}: {' '.join(why.split())}" for page, why in run.failed.items())
    return run.week, began, str(run.made), failed, f"{run.seconds:.1f}", run.as_of.replace("T", " ")[:16]
