"""What stands beside a week's page: its tables for a spreadsheet, and its digest for a mail."""

from __future__ import annotations

from tallysheet.publish.digest import as_html, as_text, digest_of
from tallysheet.publish.pages import title_of
from tallysheet.publish.plan import Edition
from tallysheet.publish.spreadsheets import as_csv, workbook
from tallysheet.publish.week_tables import WeekTables
from tallysheet.week import Week


def files_beside(week: Week, tables: WeekTables, page: str, edition: Edition) -> dict[str, bytes]:
    """Make the files beside a week's page for one edition: path in the week's folder to content.

    Parameters
    ----------
    week : Week
    tables : WeekTables
        Of that edition.
    page : str
        The page that people open.
    edition : Edition

    Raises
    ------
    ReportError
        A table does not fit on a sheet, or a mail program would not show the digest.
    """
    language, html = edition.language, edition.named("digest.html")
    heading = language.text("page.heading", number=week.week.number, year=week.week.year)
    title = language.text("page.title", report=title_of(page, language), week=heading)
    digest = digest_of(week, language, edition.folder + edition.file(page), week.settings.base_url)
    files = {
        edition.named("tables.xlsx"): workbook(tables.everything, title, week.cube.as_of, language),
        edition.named("scorecard.csv"): as_csv(tables.scorecard, language),
        edition.named("parts.csv"): as_csv(tables.parts, language),
        html: as_html(digest, html).encode(),
        edition.named("digest.txt"): as_text(digest).encode(),
    }
    return {edition.folder + name: content for name, content in files.items()}
