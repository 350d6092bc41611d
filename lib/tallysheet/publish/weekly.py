"""Publish a week, whole or not at all: run, export, check, keep the run, swap pages in, the index last."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tallysheet.errors import ReportError
from tallysheet.execute import execute
from tallysheet.files import write_bytes, write_text
from tallysheet.language import AUDIENCES, Language
from tallysheet.publish.archive import archive, archive_languages
from tallysheet.publish.beside import files_beside
from tallysheet.publish.checks import check_page
from tallysheet.publish.manifest import manifest, with_earlier_reports
from tallysheet.publish.numbers import check_numbers, known_of
from tallysheet.publish.pages import export_page, file_name, page_name, translated
from tallysheet.publish.plan import Edition, Task, editions_of, is_for, parameters_of, tasks_of
from tallysheet.publish.surroundings import surroundings
from tallysheet.publish.week_tables import WeekTables, week_tables
from tallysheet.restatement import keep, published
from tallysheet.week import Week


@dataclass(frozen=True)
class Published:
    """What a run brought: paths of its pages, in order, and what failed and why."""

    pages: tuple[Path, ...]
    failed: dict[str, str]
    index: Path


def publish_week(
    week: Week,
    notebooks: Sequence[str],
    languages: Sequence[Language],
    parameters: dict[str, Any],
    started_at: dt.datetime,
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
    settings, tasks = week.settings, tasks_of(week.settings, notebooks)
    editions = [one for audience in AUDIENCES for one in editions_of(languages, week.language, audience)]
    plan = [
        (task, one) for task in tasks for one in editions if is_for(one.audience, task.notebook, settings)
    ]
    # All are put together before the first runs, so that a wrong one stops everything.
    given = [parameters_of(_source(week, task), task, one, parameters) for task, one in plan]
    folder = settings.root / "reports" / str(week.week)
    run = folder / "runs" / _run_id(week, notebooks, languages, parameters, started_at)
    used = {one.key: one for _, one in plan}
    for one in used.values():
        (run / one.folder).mkdir(parents=True, exist_ok=True)
    tables = {key: week_tables(week, one.language) for key, one in used.items()}
    pages: dict[str, dict[str, bytes]] = {task.page: {} for task in tasks}
    beside: dict[str, bytes] = {}
    failed: dict[str, str] = {}
    for (task, edition), values in zip(plan, given, strict=True):
        try:
            notebook = execute(
                _source(week, task), run / edition.folder / edition.named(f"{task.name}.ipynb"), values
            )
            around = surroundings(week, task, edition, editions)
            html = export_page(translated(notebook, page_name(task.notebook), edition.language), around)
            _check(week, edition, tables[edition.key], task.page, html)
            pages[task.page][edition.folder + edition.file(task.page)] = html.encode()
            if task.notebook == settings.notebooks[0]:
                beside |= files_beside(week, tables[edition.key], task.page, edition)
        except ReportError as error:
            failed.setdefault(task.page, str(error))
    made = {file: html for page, own in pages.items() if page not in failed for file, html in own.items()}
    if failed.keys() & {task.page for task in tasks if task.notebook == settings.notebooks[0]}:
        beside = {}
    _write(run, made | beside)
    told = manifest(week, plan, parameters, run.name, started_at, made, beside, failed)
    write_text(run / "manifest.json", told)
    _write(folder, made | beside)
    write_text(folder / "manifest.json", with_earlier_reports(told, folder / "manifest.json"))
    if made:
        keep(settings.data / "history", published(list(week.explanations.values()), week.cube.as_of))
    shown = archive_languages(settings.root / "reports", [week.language, *languages], settings)
    for language in shown:
        index = settings.root / "reports" / file_name("index", language, week.language)
        write_text(index, archive(settings.root / "reports", settings.notebooks, language, shown))
    return Published(tuple(folder / file for file in made), failed, settings.root / "reports" / "index.html")


def _source(week: Week, task: Task) -> Path:
    return week.settings.root / "notebooks" / f"{task.notebook}.ipynb"


def _check(week: Week, edition: Edition, tables: WeekTables, page: str, html: str) -> None:
    file, witnesses = edition.file(page), {slug: one.kpi.witnesses for slug, one in week.explanations.items()}
    check_page(file, html)
    check_numbers(file, html, known_of(tables, witnesses, edition.language), week.lead.kpi.slug)


def _write(folder: Path, files: dict[str, bytes]) -> None:
    for file, content in files.items():
        write_bytes(folder / file, content)


def _run_id(
    week: Week,
    notebooks: Sequence[str],
    languages: Sequence[Language],
    parameters: dict[str, Any],
    started_at: dt.datetime,
) -> str:
    codes = [language.code for language in languages]
    key = json.dumps([week.ledger.state, list(notebooks), codes, parameters], sort_keys=True)
    return f"{started_at:%Y%m%dT%H%M%S%fZ}-{hashlib.sha256(key.encode()).hexdigest()[:8]}"
