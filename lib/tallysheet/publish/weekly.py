"""Publish a week, whole or not at all: run, export, check, keep the run, swap pages in, the index last."""

from __future__ import annotations

import datetime as dt
import hashlib
import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tallysheet
from tallysheet import opening, say
from tallysheet.errors import ReportError, UsageError
from tallysheet.execute import check_parameters, execute
from tallysheet.files import write_bytes, write_text
from tallysheet.language import Language
from tallysheet.publish.archive import FORMAT, archive, archive_languages, with_earlier_reports
from tallysheet.publish.beside import files_beside
from tallysheet.publish.checks import check_page
from tallysheet.publish.numbers import Known, check_numbers, known_of
from tallysheet.publish.pages import (
    export_page,
    file_name,
    other_languages,
    page_name,
    title_of,
    translated,
)
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
        Names in notebooks/; the first is the page people open.
    languages : sequence of Language
        Each notebook is run once for each; pages in the week's own language have the plain names.
    parameters : dict
        What every notebook gets, but for its language.
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
    root = week.settings.root
    for name in notebooks:
        check_parameters(root / "notebooks" / f"{name}.ipynb", parameters | {"lang": languages[0].code})
    folder = root / "reports" / str(week.week)
    run = folder / "runs" / _run_id(week, notebooks, languages, parameters, started_at)
    run.mkdir(parents=True)
    tables = {language.code: week_tables(week, language) for language in languages}
    witnesses = {slug: one.kpi.witnesses for slug, one in week.explanations.items()}
    known = {one.code: known_of(tables[one.code], witnesses, one) for one in languages}
    made: dict[str, bytes] = {}
    beside: dict[str, bytes] = {}
    failed: dict[str, str] = {}
    for name in notebooks:
        try:
            pages = _pages(week, name, languages, parameters, run, known)
            if name == week.settings.notebooks[0]:
                beside = _beside(week, page_name(name), languages, tables)
        except ReportError as error:
            failed[page_name(name)] = str(error)
            continue
        made |= pages
    _write(run, made | beside)
    manifest = _manifest(week, notebooks, languages, parameters, run, made, beside, failed, started_at)
    write_text(run / "manifest.json", manifest)
    _write(folder, made | beside)
    write_text(folder / "manifest.json", with_earlier_reports(manifest, folder / "manifest.json"))
    if made:
        keep(week.settings.data / "history", published(list(week.explanations.values()), week.cube.as_of))
    shown = archive_languages(root / "reports", [week.language, *languages], week.settings)
    for language in shown:
        index = root / "reports" / file_name("index", language, week.language)
        write_text(index, archive(root / "reports", week.settings.notebooks, language, shown))
    return Published(tuple(folder / file for file in made), failed, root / "reports" / "index.html")


def _write(folder: Path, files: dict[str, bytes]) -> None:
    for file, content in files.items():
        write_bytes(folder / file, content)


def _pages(
    week: Week,
    name: str,
    languages: Sequence[Language],
    parameters: dict[str, Any],
    run: Path,
    known: dict[str, dict[str, Known]],
) -> dict[str, bytes]:
    """Make a notebook's page in every language: file to HTML."""
    source, page = week.settings.root / "notebooks" / f"{name}.ipynb", page_name(name)
    pages = {}
    for language in languages:
        file = file_name(page, language, week.language)
        output = run / file_name(name, language, week.language).replace(".html", ".ipynb")
        executed = execute(source, output, parameters | {"lang": language.code})
        html = export_page(
            translated(executed, page, language), _surroundings(week, page, language, languages)
        )
        check_page(file, html)
        check_numbers(file, html, known[language.code], week.lead.kpi.slug)
        pages[file] = html.encode()
    return pages


def _beside(
    week: Week, page: str, languages: Sequence[Language], tables: dict[str, WeekTables]
) -> dict[str, bytes]:
    """Make what stands beside the page that people open, in every language."""
    files: dict[str, bytes] = {}
    for language in languages:
        files |= files_beside(week, tables[language.code], page, language)
    return files


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


def _surroundings(week: Week, page: str, language: Language, languages: Sequence[Language]) -> dict[str, Any]:
    text = language.text
    files = week.ledger.files
    final = sum(bool(mature) for mature in week.kpis["mature"])
    as_of = week.cube.as_of
    h1 = text("page.heading", number=week.week.number, year=week.week.year)
    return {
        "lang": language.code,
        "title": text("page.title", report=title_of(page, language), week=h1),
        "product": "tallysheet",
        "report": title_of(page, language),
        "h1": h1,
        "subtitle": text(
            "page.as_of",
            week=language.week(week.week),
            day=language.day(as_of.date(), year=True),
            time=f"{as_of:%H:%M}",
        ),
        "badges": [
            (
                "tick" if files["good"].sum() == files["rows"].sum() else "half",
                text(
                    "page.rows",
                    good=language.decimal(files["good"].sum()),
                    rows=language.decimal(files["rows"].sum()),
                ),
            ),
            (
                "tick" if final == len(week.kpis) else "half",
                text("page.final", final=final, kpis=len(week.kpis)),
            ),
        ],
        "links": [("../" + file_name("index", language, week.language), text("page.weeks"))]
        + [
            (file_name(other, language, week.language), title_of(other, language))
            for other in map(page_name, week.settings.notebooks)
            if other != page
        ],
        "languages": other_languages(page, language, languages, week.language),
        "footer": [
            text(
                "page.made",
                version=tallysheet.__version__,
                base=say.base(week.lead, language),
                state=week.ledger.state,
            )
        ],
        "words": language.words["page"],
    }


def _manifest(
    week: Week,
    notebooks: Sequence[str],
    languages: Sequence[Language],
    parameters: dict[str, Any],
    run: Path,
    made: dict[str, bytes],
    beside: dict[str, bytes],
    failed: dict[str, str],
    started_at: dt.datetime,
) -> str:
    reports = []
    for name, language in itertools.product(notebooks, languages):
        file = file_name(page_name(name), language, week.language)
        html = made.get(file)
        reports.append(
            {
                "notebook": name,
                "language": language.code,
                "page": file,
                "sha256": hashlib.sha256(html).hexdigest() if html else None,
                "error": failed.get(page_name(name)),
            }
        )
    manifest = {
        "format": FORMAT,
        "week": str(week.week),
        "run": run.name,
        "started_at": started_at.isoformat(),
        "tallysheet": tallysheet.__version__,
        "parameters": {name: value for name, value in parameters.items() if name != "data"},
        "as_of": week.cube.as_of.isoformat(),
        "state": week.ledger.state,
        "inputs": week.ledger.files.to_dict("records"),
        "headline": {one.code: opening.first_sentences(week.told, one)[0] for one in languages},
        "count": {one.code: opening.count_line(week.told, one) for one in languages},
        "reports": reports,
        "files": {file: hashlib.sha256(content).hexdigest() for file, content in beside.items()},
    }
    return json.dumps(manifest, indent=1, ensure_ascii=False) + "\n"


def check_notebook_names(root: Path, names: Sequence[str], known: Sequence[str]) -> list[str]:
    """Turn names that a person typed (with or without number) into notebooks' names.

    Raises
    ------
    UsageError
        No such notebook.
    """
    notebooks = sorted(path.stem for path in (root / "notebooks").glob("*.ipynb"))
    by_name = {page_name(name): name for name in notebooks} | {name: name for name in notebooks}
    for name in names:
        if name not in by_name:
            raise UsageError(
                "--only", f"a notebook, such as {', '.join(known)}", repr(name), "Choose one of them."
            )
    return [by_name[name] for name in names]
