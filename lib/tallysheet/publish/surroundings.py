"""What stands round a page: title, badges, links to the week's other pages, and how it was made."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import tallysheet
from tallysheet import say
from tallysheet.coverage import older_sentences, sentence
from tallysheet.language import Language
from tallysheet.publish.archive import neighbours
from tallysheet.publish.pages import other_languages, page_name, title_of
from tallysheet.publish.plan import Edition, Task, is_for, tasks_of
from tallysheet.week import Week


def surroundings(
    week: Week, task: Task, edition: Edition, editions: Sequence[Edition], against: str = ""
) -> dict[str, Any]:
    """Give what `export_page` puts round a page.

    Parameters
    ----------
    week : Week
    task : Task
        The page.
    edition : Edition
        Its language and audience.
    editions : sequence of Edition
        All, of which those of this audience are the page in other languages.
    against : str
        What a page compares with that has a base of its own; empty: that of the run.
    """
    language, text = edition.language, edition.language.text
    h1 = text("page.heading", number=week.week.number, year=week.week.year)
    title = title_of(task.page, language)
    as_of = week.cube.as_of
    languages = [other.language for other in editions if other.audience == edition.audience]
    return {
        "lang": language.code,
        "title": text("page.title", report=title, week=h1),
        "product": "tallysheet",
        "report": title,
        "h1": h1,
        "subtitle": text(
            "page.as_of",
            week=language.week(week.week),
            day=language.day(as_of.date(), year=True),
            time=f"{as_of:%H:%M}",
        ),
        "badges": _badges(week, edition),
        "notice": _notice(week, edition),
        "folder": str(week.week),
        "links": links(week, task, edition),
        "siblings": _siblings(week, task, edition),
        "languages": other_languages(task.page, language, languages, edition.first),
        "footer": [
            text(
                "page.made",
                version=tallysheet.__version__,
                base=_base(week, against, language),
                state=week.ledger.state,
            )
        ],
        "words": language.words["page"],
    }


def _base(week: Week, against: str, language: Language) -> str:
    if against == "target":
        return language.text("base.target")
    fullest = week.told.fullest
    return say.base(week.explanation(fullest.kpi.slug, against, ()) if against else fullest, language)


def _badges(week: Week, edition: Edition) -> list[tuple[str, str]]:
    language, text, files = edition.language, edition.language.text, week.ledger.files
    final = sum(bool(mature) for mature in week.kpis["mature"])
    good, rows = files["good"].sum(), files["rows"].sum()
    # Rounded down, so that what is not whole is never printed as all.
    share = math.floor(1000 * good / rows) / 1000 if rows else 1.0
    found = [
        (
            "tick" if good == rows else "half",
            text("page.rows", share=language.value(share, "share")),
        ),
        ("tick" if final == len(week.kpis) else "half", text("page.final", final=final, kpis=len(week.kpis))),
    ]
    return [*found, ("half", text("page.internal"))] if edition.folder else found


def _notice(week: Week, edition: Edition) -> str:
    """Say that the week is not whole, what it lacks and which extracts are older; nothing of one that is."""
    language = edition.language
    told = [sentence(gap, language) for gap in week.gaps]
    first = [language.text("gate.provisional")] if told else []
    return " ".join([*first, *told, *older_sentences(week.cube, week.week, language)])


def links(week: Week, task: Task, edition: Edition) -> list[tuple[str, str]]:
    """Link to this week among all, to the one before, and to each other notebook's page, the first of it."""
    language, here = edition.language, edition.folder + edition.file(task.page)
    up = "../" * (1 + edition.folder.count("/"))
    found = [(f"{up}{edition.file('index')}#{week.week}", language.text("page.weeks"))]
    found += neighbours(week.settings.reports, week.week, week.cube.touched_weeks[0], here, language)
    for notebook in week.settings.notebooks:
        if notebook == task.notebook:
            continue
        folder = "" if is_for(edition.audience, notebook, week.settings) else "../"
        page = tasks_of(week.settings, [notebook])[0].page
        found.append((folder + edition.file(page), title_of(page_name(notebook), language)))
    return found


def _siblings(week: Week, task: Task, edition: Edition) -> list[tuple[str, str]]:
    """Link to the pages of the same notebook; this one has no address."""
    pages = [one.page for one in tasks_of(week.settings, [task.notebook])]
    if len(pages) == 1:
        return []
    return [
        ("" if page == task.page else edition.file(page), title_of(page, edition.language)) for page in pages
    ]
