"""The page of an explanation of any table, made with the same pieces and checks as a report."""

from __future__ import annotations

import tallysheet
from tallysheet import opening, page, say
from tallysheet.comparison import Explanation
from tallysheet.language import Language
from tallysheet.publish.checks import check_page
from tallysheet.publish.pages import export_page, notebook_of
from tallysheet.verdict import as_frame


def explanation_page(explanation: Explanation, file_name: str, language: Language) -> str:
    """Make one self-contained page of an explanation.

    Raises
    ------
    ReportError
        The page does not pass the checks.
    """
    text = language.text
    only = {explanation.kpi.slug: explanation}
    # A table alone has no log, no promise and no tariff to lead it through the gates.
    told = opening.Told(only, explanation, as_frame(()), as_frame(()))
    pieces = [opening.opening(told, language), page.card(explanation, told, language, is_said=True)]
    pieces += page.split(explanation, language)
    h1 = text("page.heading", number=explanation.week.number, year=explanation.week.year)
    surroundings = {
        "lang": language.code,
        "title": text("page.title", report=text("report.explanation"), week=h1),
        "product": "tallysheet",
        "report": text("report.explanation"),
        "h1": h1,
        "subtitle": text("page.of_file", week=language.week(explanation.week), file=file_name),
        "badges": [],
        "links": [],
        "languages": [],
        "footer": [
            text(
                "page.made_from",
                version=tallysheet.__version__,
                file=file_name,
                base=say.base(explanation, language),
            )
        ],
        "words": language.words["page"],
    }
    html = export_page(notebook_of(*(piece.html for piece in pieces)), surroundings)
    check_page("explanation", html)
    return html
