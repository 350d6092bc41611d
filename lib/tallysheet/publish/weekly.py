"""Publish a week, whole or not at all: run, export, check, keep the run, swap pages in, the index last."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tallysheet
from tallysheet import say
from tallysheet.errors import ReportError, UsageError
from tallysheet.execute import check_parameters, execute
from tallysheet.language import Language
from tallysheet.publish.checks import check_page
from tallysheet.publish.pages import archive_page, export_page
from tallysheet.publish.promote import write_whole
from tallysheet.week import Week
from tallysheet.weeks import IsoWeek


@dataclass(frozen=True)
class Published:
    """What a run brought: paths of its pages, in order, and what failed and why."""

    pages: tuple[Path, ...]
    failed: dict[str, str]
    index: Path


def page_name(notebook: str) -> str:
    """Name a notebook's page: its own name without the number in front.

    Examples
    --------
    >>> page_name("10_weekly_review")
    'weekly_review'
    """
    return notebook.lstrip("0123456789").lstrip("_")


def publish_week(
    week: Week, notebooks: Sequence[str], parameters: dict[str, Any], started_at: dt.datetime
) -> Published:
    """Publish a week's notebooks.

    Parameters
    ----------
    week : Week
        Opened with the same parameters as the notebooks.
    notebooks : sequence of str
        Names in notebooks/; the first is the page people open.
    parameters : dict
        What every notebook gets.
    started_at : datetime
        Names the run; UTC.

    Returns
    -------
    Published
        Pages whose notebook ran and which passed every check; of a failed one the last good page stays.

    Raises
    ------
    UsageError
        A notebook is missing or refuses a parameter: nothing ran and nothing was written.
    """
    root = week.settings.root
    for name in notebooks:
        check_parameters(root / "notebooks" / f"{name}.ipynb", parameters)
    folder = root / "reports" / str(week.week)
    run = folder / "runs" / _run_id(week, notebooks, parameters, started_at)
    run.mkdir(parents=True)
    made: dict[str, str] = {}
    failed: dict[str, str] = {}
    for name in notebooks:
        page = page_name(name)
        try:
            executed = execute(root / "notebooks" / f"{name}.ipynb", run / f"{name}.ipynb", parameters)
            html = export_page(executed, _surroundings(week, page, [page_name(other) for other in notebooks]))
            check_page(f"{page}.html", html)
        except ReportError as error:
            failed[page] = str(error)
            continue
        write_whole(run / f"{page}.html", html)
        made[page] = html
    manifest = _manifest(week, notebooks, parameters, run, made, failed, started_at)
    write_whole(run / "manifest.json", manifest)
    for page, html in made.items():
        write_whole(folder / f"{page}.html", html)
    write_whole(folder / "manifest.json", manifest)
    index = root / "reports" / "index.html"
    write_whole(index, _archive(root / "reports", week.language))
    return Published(tuple(folder / f"{page}.html" for page in made), failed, index)


def _run_id(week: Week, notebooks: Sequence[str], parameters: dict[str, Any], started_at: dt.datetime) -> str:
    key = json.dumps([week.ledger.state, list(notebooks), parameters], sort_keys=True)
    return f"{started_at:%Y%m%dT%H%M%S%fZ}-{hashlib.sha256(key.encode()).hexdigest()[:8]}"


def title_of(page: str, language: Language) -> str:
    """Name a report; one without words of its own is named by its notebook."""
    key = f"report.{page}"
    return language.text(key) if language.has(key) else page.replace("_", " ").capitalize()


def _surroundings(week: Week, page: str, pages: Sequence[str]) -> dict[str, Any]:
    language, text = week.language, week.language.text
    files = week.ledger.files
    final = sum(bool(mature) for mature in week.kpis["mature"])
    as_of = week.cube.as_of
    h1 = text("page.heading", number=week.week.number, year=week.week.year)
    known = text("page.as_of", day=language.day(as_of.date(), year=True), time=f"{as_of:%H:%M}")
    return {
        "lang": language.code,
        "title": text("page.title", report=title_of(page, language), week=h1),
        "product": "tallysheet",
        "report": title_of(page, language),
        "h1": h1,
        "subtitle": f"{language.week(week.week)}. {known}",
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
        "links": [("../index.html", text("page.weeks"))]
        + [(f"{other}.html", title_of(other, language)) for other in pages if other != page],
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
    parameters: dict[str, Any],
    run: Path,
    made: dict[str, str],
    failed: dict[str, str],
    started_at: dt.datetime,
) -> str:
    fact, _ = say.headline(list(week.explanations.values()), week.lead, week.language)
    reports = [
        {
            "notebook": name,
            "page": page_name(name),
            "sha256": hashlib.sha256(made[page_name(name)].encode()).hexdigest()
            if page_name(name) in made
            else None,
            "error": failed.get(page_name(name)),
        }
        for name in notebooks
    ]
    manifest = {
        "week": str(week.week),
        "run": run.name,
        "started_at": started_at.isoformat(),
        "tallysheet": tallysheet.__version__,
        "parameters": {name: value for name, value in parameters.items() if name != "data"},
        "as_of": week.cube.as_of.isoformat(),
        "state": week.ledger.state,
        "inputs": week.ledger.files.to_dict("records"),
        "headline": fact,
        "count": say.count(list(week.explanations.values()), week.language),
        "reports": reports,
    }
    return json.dumps(manifest, indent=1, ensure_ascii=False) + "\n"


def _archive(reports: Path, language: Language) -> str:
    weeks = []
    for path in sorted(reports.glob("[0-9]*-W*/manifest.json"), reverse=True):
        manifest = json.loads(path.read_text(encoding="utf-8"))
        iso = IsoWeek.parse(manifest["week"])
        hrefs = [
            (
                title_of(report["page"], language),
                f"{iso}/{report['page']}.html" if not report["error"] else None,
            )
            for report in manifest["reports"]
        ]
        weeks.append(
            {
                "week": str(iso),
                "dates": language.week(iso),
                "headline": manifest["headline"],
                "href": hrefs[0][1],
                "reports": hrefs,
                "note": manifest["count"],
            }
        )
    text = language.text
    latest = weeks[0] | {"week": text("page.latest", week=weeks[0]["dates"])} if weeks else None
    page = {
        "lang": language.code,
        "title": text("page.archive"),
        "product": "tallysheet",
        "report": text("page.archive"),
        "h1": text("page.weeks"),
        "subtitle": "",
        "badges": [],
        "links": [],
        "footer": [text("page.made_by", version=tallysheet.__version__)],
        "words": language.words["page"],
    }
    html = archive_page(page, latest, weeks)
    check_page("index.html", html)
    return html


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
