"""What stands beside a week's page: its tables for a spreadsheet, and its digest for a mail."""

from __future__ import annotations

from pathlib import PurePath

from tallysheet.language import Language
from tallysheet.publish.digest import as_html, as_text, digest_of
from tallysheet.publish.pages import file_name, title_of
from tallysheet.publish.spreadsheets import as_csv, workbook
from tallysheet.publish.week_tables import WeekTables
from tallysheet.week import Week


def files_beside(week: Week, tables: WeekTables, page: str, language: Language) -> dict[str, bytes]:
    """Make the files beside a week's page in one language: name to content.

    Those of the week's own language have the plain names.

    Parameters
    ----------
    week : Week
    tables : WeekTables
        In that language.
    page : str
        The page that people open, by the name of its notebook.
    language : Language

    Raises
    ------
    ReportError
        A table does not fit on a sheet, or a mail program would not show the digest.
    """
    heading = language.text("page.heading", number=week.week.number, year=week.week.year)
    first = week.language
    title = language.text("page.title", report=title_of(page, language), week=heading)
    digest = digest_of(week, language, file_name(page, language, first), week.settings.base_url)
    html = _named("digest.html", language, first)
    return {
        _named("tables.xlsx", language, first): workbook(tables.everything, title, week.cube.as_of, language),
        _named("scorecard.csv", language, first): as_csv(tables.scorecard, language),
        _named("parts.csv", language, first): as_csv(tables.parts, language),
        html: as_html(digest, html).encode(),
        _named("digest.txt", language, first): as_text(digest).encode(),
    }


def _named(file: str, language: Language, first: Language) -> str:
    """Put the language into a file's name as into a page's: ``tables.fr.xlsx``."""
    path = PurePath(file)
    return PurePath(file_name(path.stem, language, first)).with_suffix(path.suffix).name
