"""The page of all weeks: what happened in each, and where its reports are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import tallysheet
from tallysheet.language import AUDIENCES, Language, languages
from tallysheet.publish.checks import check_page
from tallysheet.publish.folders import manifests_of, published_weeks
from tallysheet.publish.pages import archive_page, other_languages, page_name, title_of
from tallysheet.settings import Settings
from tallysheet.sources import workbook_language
from tallysheet.weeks import IsoWeek


def archive_languages(reports: Path, given: Sequence[Language], settings: Settings) -> list[Language]:
    """List the languages of the page of all weeks: those given, then others that weeks were published in.

    Parameters
    ----------
    reports : Path
        The folder of all weeks.
    given : sequence of Language
        The workbook's first, and those of the run.
    settings : Settings
        The run's workbook.
    """
    codes = {
        report["language"] for manifest in manifests_of(reports).values() for report in manifest["reports"]
    }
    own = {language.code: language for language in given}
    others = sorted(codes & set(languages()) - set(own))
    return [*own.values(), *(workbook_language(settings, code) for code in others)]


def archive(
    reports: Path, notebooks: Sequence[str], language: Language, all_languages: Sequence[Language]
) -> str:
    """Make the page of all weeks from the manifests of the weeks.

    Parameters
    ----------
    reports : Path
        The folder of all weeks.
    notebooks : sequence of str
        The workbook's notebooks, in the order in which their pages are listed.
    language : Language
        A week that was not published in it shows what there is.
    all_languages : sequence of Language
        Those in which this page is made; the first has the plain name.
    """
    weeks = [_week(manifest, reports, notebooks, language) for manifest in manifests_of(reports).values()]
    text = language.text
    latest = _latest(weeks[0], language) if weeks else None
    page = {
        "lang": language.code,
        "title": text("page.archive"),
        "product": "tallysheet",
        "report": text("page.archive"),
        "h1": text("page.weeks"),
        "subtitle": "",
        "badges": [],
        "links": [],
        "languages": other_languages("index", language, all_languages, all_languages[0]),
        "footer": [text("page.made_by", version=tallysheet.__version__)],
        "words": language.words["page"],
    }
    html = archive_page(page, latest, weeks)
    check_page("index.html", html)
    return html


def _latest(week: dict[str, Any], language: Language) -> dict[str, Any]:
    """Say of a week that it is the latest, and what its link opens."""
    read = language.text("page.read", report=week["reports"][0]["name"])
    return week | {"week": language.text("page.latest", week=week["dates"]), "read": read}


def neighbours(
    reports: Path, week: IsoWeek, first: IsoWeek, page: str, language: Language
) -> list[tuple[str, str]]:
    """Link to the same page of the latest week before, if it is there as the page is made.

    A page never changes once it is made, and no later week is there yet: to those the page of all weeks
    leads, where each week has a row with its code as its id.

    Parameters
    ----------
    reports : Path
        The folder of all weeks.
    week : IsoWeek
    first : IsoWeek
        Of the page's data; a week before it is another workbook's, which earlier versions published here too.
    page : str
        Path of the page in the folder of its week.
    language : Language
    """
    earlier = (folder for folder in published_weeks(reports) if str(first) <= folder.name < str(week))
    latest = next((folder.name for folder in earlier if (folder / page).is_file()), None)
    if latest is None:
        return []
    up = "../" * (1 + page.count("/"))
    return [(f"{up}{latest}/{page}", language.text("page.before", week=language.week_code(latest)))]


def _week(
    manifest: dict[str, Any], reports: Path, notebooks: Sequence[str], language: Language
) -> dict[str, Any]:
    week = IsoWeek.parse(manifest["week"])
    ranks = {notebook: rank for rank, notebook in enumerate(notebooks)}
    pages: dict[str, list[dict[str, Any]]] = {}
    for report in manifest["reports"]:
        if report["audience"] == AUDIENCES[0]:
            pages.setdefault(report["notebook"], []).append(report)
    shown = [
        _report(own, reports / str(week), language)
        for _, own in sorted(pages.items(), key=lambda item: ranks.get(item[0], len(ranks)))
    ]
    told = language.code if language.code in manifest["headline"] else next(iter(manifest["headline"]))
    return {
        "id": str(week),
        "week": language.week_code(week),
        "dates": language.week(week),
        "headline": manifest["headline"][told],
        "note": manifest["count"][told],
        "lang": told,
        "href": shown[0]["href"],
        "hreflang": shown[0]["hreflang"],
        "reports": shown,
        **_state(manifest, shown, language),
    }


def _report(pages: Sequence[dict[str, Any]], folder: Path, language: Language) -> dict[str, Any]:
    """Show a notebook: its first page, in the language if it is there; failed if one of its pages failed."""
    first = next((one for one in pages if one["language"] == language.code), pages[0])
    # A failed report keeps the last good page, if there was one.
    is_there = (folder / first["page"]).is_file()
    return {
        "name": title_of(page_name(first["notebook"]), language),
        "href": f"{folder.name}/{first['page']}" if is_there else None,
        "hreflang": first["language"],
        "failed": any(one["error"] is not None for one in pages),
    }


def _state(manifest: dict[str, Any], reports: Sequence[dict[str, Any]], language: Language) -> dict[str, str]:
    """Say whether a week's reports were published, and whether its values may still move."""
    failed = [report["failed"] for report in reports]
    final, kpis = manifest["final"], manifest["kpis"]
    is_final = final == kpis and not manifest["gaps"]
    detail = language.text("page.final", final=final, kpis=kpis)
    if any(failed):
        icon, status = "cross", language.text("page.all_failed" if all(failed) else "page.partly_failed")
    else:
        icon = "tick" if is_final else "half"
        status = language.text("page.published" if is_final else "page.provisional")
    return {"icon": icon, "status": status, "detail": "" if is_final else detail}
