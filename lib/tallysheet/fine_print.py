"""The pieces of a report page for who wants to check it: calendar, definitions, and what was loaded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd

from tallysheet import say
from tallysheet.kpi import Kpi
from tallysheet.language import Language
from tallysheet.ledger import Ledger
from tallysheet.tables import Column, Html, definitions, paragraph, render_table
from tallysheet.weeks import IsoWeek, holidays_in, working_days


def calendar_box(
    week: IsoWeek, weeks: Sequence[IsoWeek], countries: Iterable[str], language: Language
) -> Html:
    """Show working days and public holidays of the week, of those it is compared with, and of a year ago."""
    shown = [week.year_ago, *weeks, week]
    rows = [
        {
            "country": language.name("country", country),
            **{str(each): working_days(each, country) for each in shown},
            "holidays": _holidays(shown, country, language),
        }
        for country in countries
    ]
    columns = [
        Column("country", language.text("calendar.country")),
        *(Column(str(each), str(each), "count") for each in shown),
        Column("holidays", language.text("calendar.holidays")),
    ]
    return render_table(
        pd.DataFrame(rows),
        columns,
        caption=language.text("calendar.caption"),
        language=language,
        name="calendar-days",
    )


def _holidays(weeks: Iterable[IsoWeek], country: str, language: Language) -> str:
    named = [
        language.text("calendar.holiday", day=language.day(day), name=holiday)
        for week in weeks
        for day, holiday in holidays_in(week, country).items()
    ]
    return "; ".join(named) or language.text("calendar.none")


def kpi_definitions(kpis: Iterable[Kpi], language: Language) -> Html:
    """Say what each KPI counts, where its definition comes from and when it is final."""
    pairs = []
    for kpi in kpis:
        meaning = language.text(f"kpi.{kpi.slug}.definition", expression=kpi.source)
        source = language.text(
            "definition.source", source=kpi.source, days=kpi.maturity_days, version=kpi.version
        )
        pairs.append(
            (say.name(kpi, language), f"{meaning} {language.text(f'definition.{kpi.direction}')} {source}")
        )
    return definitions(pairs)


def ledger_table(ledger: Ledger, language: Language) -> Html:
    """Show, file by file, that rows in = good + quarantined + duplicates."""
    text = language.text
    columns = [
        Column("file", text("ledger.file"), small="source"),
        Column("rows", text("ledger.rows"), "count"),
        Column("good", text("ledger.good"), "count"),
        Column("quarantined", text("ledger.quarantined"), "count"),
        Column("duplicates", text("ledger.duplicates"), "count"),
    ]
    counted = ["rows", "good", "quarantined", "duplicates"]
    total = {"file": text("card.total"), **{name: int(ledger.files[name].sum()) for name in counted}}
    table = render_table(
        ledger.files, columns, caption=text("ledger.caption"), language=language, name="ledger", total=total
    )
    return Html.join(table, paragraph(text("ledger.note"), note=True))


def reasons_table(ledger: Ledger, language: Language) -> Html:
    """Show why cells were refused, or say that none was."""
    text = language.text
    if ledger.reasons.empty:
        return paragraph(text("reasons.none"))
    columns = [
        Column("column", text("reasons.column"), small="source"),
        Column("reason", text("reasons.reason")),
        Column("cells", text("reasons.cells"), "count"),
    ]
    most = ledger.reasons.head(10)
    return render_table(
        most.assign(reason=[text(f"reason.{code}") for code in most["reason"]]),
        columns,
        caption=text("reasons.caption"),
        language=language,
        name="reasons-table",
    )
