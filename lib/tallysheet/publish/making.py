"""Make a run's pages: notebooks side by side, each exported and checked as soon as it has run."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tallysheet.errors import ReportError
from tallysheet.execute import TIMEOUT_SECONDS, WAREHOUSE_TIMEOUT_SECONDS, execute
from tallysheet.publish.beside import files_beside
from tallysheet.publish.checks import check_page
from tallysheet.publish.made import Made, keep_made
from tallysheet.publish.numbers import PAGE, PART, Known, check_numbers, known_of, known_of_page
from tallysheet.publish.pages import export_page, page_name, translated
from tallysheet.publish.plan import Edition, Job
from tallysheet.publish.surroundings import surroundings
from tallysheet.publish.week_tables import WeekTables, week_tables
from tallysheet.warm_kernel import Kernels
from tallysheet.week import Week


@dataclass(frozen=True)
class Step:
    """A page that is done, or failed: for those who watch."""

    job: Job
    seconds: float
    error: str | None
    done: int
    total: int


Watch = Callable[[Step], None]


def make_pages(
    week: Week,
    jobs: Mapping[str, Job],
    editions: Sequence[Edition],
    run: Path,
    workers: int,
    watch: Watch,
    kernels: Kernels,
) -> tuple[dict[str, Made], dict[str, str]]:
    """Make pages, and with the page that people open what stands beside it.

    Parameters
    ----------
    week : Week
    jobs : mapping of str to Job
        By key.
    editions : sequence of Edition
        All of the run.
    run : Path
        The run's folder, where all is kept.
    workers : int
        Notebooks that run at a time.
    watch : callable
        Told of each page as it is done.
    kernels : Kernels
        Where notebooks get theirs from.

    Returns
    -------
    dict of str to Made
        By key.
    dict of str to str
        By key: why a page could not be made. Its executed copy, with its error, stays in the run's folder.
    """
    kernels.warm_up()
    witnesses = {slug: one.kpi.witnesses for slug, one in week.explanations.items()}
    tables: dict[str, tuple[WeekTables, dict[str, Known]]] = {}
    for job in jobs.values():
        (run / job.copy).parent.mkdir(parents=True, exist_ok=True)
        edition = job.edition
        if edition.key not in tables:
            found = week_tables(week, edition.language)
            tables[edition.key] = found, known_of(found, witnesses, edition.language)
    made: dict[str, Made] = {}
    failed: dict[str, str] = {}
    pool = ThreadPoolExecutor(workers)
    # papermill goes to the notebook's folder for the whole process: all threads stand there already.
    with contextlib.chdir(week.settings.root / "notebooks"):
        is_here = week.settings.connection.is_here
        limit = TIMEOUT_SECONDS if is_here else WAREHOUSE_TIMEOUT_SECONDS
        # Edition after edition: what the first has worked out is kept, and no other does it beside it.
        queue = sorted(jobs.items(), key=lambda item: editions.index(item[1].edition))
        running = {pool.submit(_executed, job, run, kernels, limit): key for key, job in queue}
        try:
            for future in as_completed(running):
                key = running[future]
                job, seconds, error = jobs[key], 0.0, None
                try:
                    notebook, seconds = future.result()
                    files = _files(week, job, editions, notebook, *tables[job.edition.key])
                    made[key] = keep_made(run, key, files, seconds)
                except ReportError as reason:
                    failed[key] = error = str(reason)
                watch(Step(job, seconds, error, len(made) + len(failed), len(jobs)))
        finally:
            # After an error or an interrupt nobody waits for notebooks that still run.
            pool.shutdown(wait=False, cancel_futures=True)
    return made, failed


def _executed(job: Job, run: Path, kernels: Kernels, limit: int) -> tuple[Any, float]:
    began = time.monotonic()
    return execute(job.source, run / job.copy, job.parameters, kernels, limit), time.monotonic() - began


def _files(
    week: Week,
    job: Job,
    editions: Sequence[Edition],
    notebook: Any,
    tables: WeekTables,
    known: dict[str, Known],
) -> dict[str, bytes]:
    """Make a page of an executed notebook, check it, and add what stands beside it."""
    task, edition = job.task, job.edition
    around = surroundings(week, task, edition, editions, job.against)
    html = export_page(translated(notebook, page_name(task.notebook), edition.language), around)
    check_page(job.file, html)
    lead = week.lead.kpi.slug
    is_first = task.notebook == week.settings.notebooks[0]
    if is_first:
        check_numbers(job.file, html, known, lead)
    else:
        # Other pages may open with the week's lead, or with a finding of their own; what they tell of a part
        # of a KPI stands in their own tables.
        own = known_of_page(html)
        check_numbers(job.file, html, known | {PAGE: own.and_of(known[lead]), PART: own}, PAGE)
    files = {job.file: html.encode()}
    if is_first:
        files |= files_beside(week, tables, task.page, edition)
    return files
