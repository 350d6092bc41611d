"""The page of all weeks: what happened in each, and where its reports are."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import tallysheet
from tallysheet.language import Language
from tallysheet.publish.checks import check_page
from tallysheet.publish.pages import archive_page, page_name, title_of
from tallysheet.weeks import IsoWeek


def with_earlier_reports(manifest: str, path: Path) -> str:
    """Keep what an earlier run said of pages that this one did not make, so that the index keeps them.

    Parameters
    ----------
    manifest : str
        The new run's manifest, JSON.
    path : Path
        The week's manifest so far, if there is one.
    """
    if not path.is_file():
        return manifest
    new, old = json.loads(manifest), json.loads(path.read_text(encoding="utf-8"))
    made = {report["page"] for report in new["reports"]}
    new["reports"] += [report for report in old["reports"] if report["page"] not in made]
    return json.dumps(new, indent=1, ensure_ascii=False) + "\n"


def archive(reports: Path, notebooks: Sequence[str], language: Language) -> str:
    """Make the page of all weeks from the manifests of the weeks.

    Parameters
    ----------
    reports : Path
        The folder of all weeks.
    notebooks : sequence of str
        The workbook's notebooks, in the order in which their pages are listed.
    language : Language
    """
    order = [page_name(name) for name in notebooks]
    manifests = sorted(reports.glob("[0-9]*-W*/manifest.json"), reverse=True)
    weeks = [_week(path, order, language) for path in manifests]
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


def _week(path: Path, order: Sequence[str], language: Language) -> dict[str, Any]:
    manifest = json.loads(path.read_text(encoding="utf-8"))
    week = IsoWeek.parse(manifest["week"])
    ranks = {page: rank for rank, page in enumerate(order)}
    reports = [
        {
            "name": title_of(report["page"], language),
            # A failed report keeps the last good page, if there was one.
            "href": f"{week}/{report['page']}.html"
            if (path.parent / f"{report['page']}.html").is_file()
            else None,
            "failed": report["error"] is not None,
        }
        for report in sorted(manifest["reports"], key=lambda report: ranks.get(report["page"], len(ranks)))
    ]
    return {
        "week": str(week),
        "dates": language.week(week),
        "headline": manifest["headline"],
        "href": reports[0]["href"],
        "reports": reports,
        "note": manifest["count"],
    }
