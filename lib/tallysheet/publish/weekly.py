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
from tallysheet.files import write_text
from tallysheet.publish.archive import archive, with_earlier_reports
from tallysheet.publish.checks import check_page
from tallysheet.publish.pages import export_page, page_name, title_of
from tallysheet.restatement import keep, published
from tallysheet.week import Week


@dataclass(frozen=True)
class Published:
    """What a run brought: paths of its pages, in order, and what failed and why."""

    pages: tuple[Path, ...]
    failed: dict[str, str]
    index: Path


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
            html = export_page(executed, _surroundings(week, page))
            check_page(f"{page}.html", html)
        except ReportError as error:
            failed[page] = str(error)
            continue
        write_text(run / f"{page}.html", html)
        made[page] = html
    manifest = _manifest(week, notebooks, parameters, run, made, failed, started_at)
    write_text(run / "manifest.json", manifest)
    for page, html in made.items():
        write_text(folder / f"{page}.html", html)
    write_text(folder / "manifest.json", with_earlier_reports(manifest, folder / "manifest.json"))
    if made:
        keep(week.settings.data / "history", published(list(week.explanations.values()), week.cube.as_of))
    index = root / "reports" / "index.html"
    write_text(index, archive(root / "reports", week.settings.notebooks, week.language))
    return Published(tuple(folder / f"{page}.html" for page in made), failed, index)


def _run_id(week: Week, notebooks: Sequence[str], parameters: dict[str, Any], started_at: dt.datetime) -> str:
    key = json.dumps([week.ledger.state, list(notebooks), parameters], sort_keys=True)
    return f"{started_at:%Y%m%dT%H%M%S%fZ}-{hashlib.sha256(key.encode()).hexdigest()[:8]}"


def _surroundings(week: Week, page: str) -> dict[str, Any]:
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
        + [
            (f"{other}.html", title_of(other, language))
            for other in map(page_name, week.settings.notebooks)
            if other != page
        ],
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
