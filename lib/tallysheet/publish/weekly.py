"""Publish a week, whole or not at all: make what is lacking, swap the pages in, the index last."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tallysheet.files import write_bytes, write_text
from tallysheet.language import Language
from tallysheet.publish.archive import archive, archive_languages
from tallysheet.publish.keys import page_keys
from tallysheet.publish.made import Made, find_made, is_whole
from tallysheet.publish.making import Watch, make_pages
from tallysheet.publish.manifest import manifest, read_manifest, with_earlier_reports
from tallysheet.publish.pages import file_name
from tallysheet.publish.plan import Job, jobs_of
from tallysheet.restatement import keep, published
from tallysheet.settings import Settings
from tallysheet.warm_kernel import Kernels
from tallysheet.week import Week


@dataclass(frozen=True)
class Published:
    """What a run brought.

    Parameters
    ----------
    folder : Path
        The week's, named by it.
    pages : tuple of Path
        In order.
    failed : dict of str to str
        Name of a page to what went wrong.
    closed : str
        Why the week was not reported at all: what its data lacks.
    """

    folder: Path
    pages: tuple[Path, ...]
    failed: dict[str, str]
    closed: str = ""


def publish_week(
    week: Week,
    notebooks: Sequence[str],
    languages: Sequence[Language],
    parameters: dict[str, Any],
    started_at: dt.datetime,
    *,
    workers: int,
    force: bool,
    watch: Watch,
    kernels: Kernels,
) -> Published:
    """Publish a week's notebooks.

    Parameters
    ----------
    week : Week
        Opened with the same parameters as the notebooks.
    notebooks : sequence of str
        Names in notebooks/; the workbook's first is the page people open.
    languages : sequence of Language
        Each notebook is run once for each; pages in the week's own language have the plain names.
    parameters : dict
        What every notebook gets, but for its language, its audience and what repeats it.
    started_at : datetime
        Names the run; UTC.
    workers : int
        Notebooks that run at a time.
    force : bool
        Whether to make also what an earlier run, finished or not, made of the very same things.
    watch : callable
        Told of each page as it is done.
    kernels : Kernels
        Where notebooks get theirs from.

    Returns
    -------
    Published
        Pages whose notebook ran and which passed every check in every language; of a failed one the last
        good pages stay. The week's tables and digest go with the page that people open: made with it, or not.

    Raises
    ------
    UsageError
        A notebook is missing or refuses a parameter: nothing ran and nothing was written.
    """
    jobs = jobs_of(week.settings, notebooks, languages, week.language, parameters)
    by_key = dict(zip(page_keys(week, jobs), jobs, strict=True))
    reports = week.settings.reports
    folder = reports / str(week.week)
    made = {} if force else find_made(folder / "runs", by_key.keys())
    if made.keys() == by_key.keys() and _is_published(folder, made):
        write_index(week.settings, week.language, languages)
        return Published(folder, _pages(folder, by_key, made), {})
    run = folder / "runs" / f"{started_at:%Y%m%dT%H%M%S%fZ}"
    run.mkdir(parents=True)
    lacking = {key: job for key, job in by_key.items() if key not in made}
    editions = list({job.edition.key: job.edition for job in jobs}.values())
    new, errors = make_pages(week, lacking, editions, run, workers, watch, kernels)
    made |= new
    # Of a page that failed in several languages the first error is told.
    failed = {by_key[key].task.page: why for key, why in reversed(errors.items())}
    whole = {key: one for key, one in made.items() if by_key[key].task.page not in failed}
    told = manifest(week, by_key, whole, failed, parameters, run.name, started_at)
    write_text(run / "manifest.json", told)
    for one in whole.values():
        _swap_in(folder, one)
    if whole:
        keep(week.settings.data / "history", published(list(week.explanations.values()), week.cube.as_of))
    write_text(folder / "manifest.json", with_earlier_reports(told, folder / "manifest.json"))
    write_index(week.settings, week.language, languages)
    return Published(folder, _pages(folder, by_key, whole), failed)


def _is_published(folder: Path, made: dict[str, Made]) -> bool:
    """Tell whether pages stand where people open them, and the week's manifest says so."""
    told = read_manifest(folder / "manifest.json") or {"reports": []}
    listed = {report["key"] for report in told["reports"]}
    return made.keys() <= listed and all(is_whole(folder, one) for one in made.values())


def _swap_in(folder: Path, made: Made) -> None:
    """Put a page and its files where people open them, those that are not there yet."""
    if not is_whole(folder, made):
        for file in made.files:
            write_bytes(folder / file, (folder / "runs" / made.run / file).read_bytes())


def _pages(folder: Path, jobs: dict[str, Job], made: dict[str, Made]) -> tuple[Path, ...]:
    return tuple(folder / job.file for key, job in jobs.items() if key in made)


def write_index(settings: Settings, first: Language, languages: Sequence[Language]) -> None:
    """Write the page of all weeks in every language that there is, where it is not as it should be."""
    reports = settings.reports
    shown = archive_languages(reports, [first, *languages], settings)
    for language in shown:
        index = reports / file_name("index", language, first)
        html = archive(reports, settings.notebooks, language, shown)
        if not index.is_file() or index.read_bytes() != html.encode():
            write_text(index, html)
