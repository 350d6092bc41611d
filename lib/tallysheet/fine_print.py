"""The pieces of a report page for who wants to check it: calendar, definitions, and what was loaded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

import pandas as pd

from tallysheet import say
from tallysheet.kpi import Kpi
from tallysheet.language import Language
from tallysheet.ledger import Ledger
from tallysheet.note import note_text
from tallysheet.settings import Rules
from tallysheet.tables import Column, Html, definitions, paragraph, render_table
from tallysheet.weeks import IsoWeek, holidays_in, working_days

_MOST_FILES = 20
_MOST_NOTES = 20
_MOST_RESTATED = 12


def calendar_box(
    week: IsoWeek, weeks: Sequence[IsoWeek], countries: Sequence[str], language: Language
) -> Html:
    """Show working days and public holidays of the week, of those it is compared with, and of a year ago."""
    if not countries:
        return paragraph(language.text("calendar.no_country"))
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
        *(Column(str(each), language.week_code(each), "count") for each in shown),
        Column("holidays", language.text("calendar.holidays")),
    ]
    return render_table(
        pd.DataFrame(rows),
        columns,
        caption=language.text("calendar.caption"),
        language=language,
        name="calendar-days",
    )


def _holidays(weeks: Sequence[IsoWeek], country: str, language: Language) -> str:
    """Name the holidays of weeks, each with its year where that is not the last week's."""
    year = weeks[-1].year
    named = [
        language.text(
            "calendar.holiday",
            day=language.day(day, year=day.year != year),
            # Two holidays on one day stand in one name.
            name=language.listed([language.translated("holiday", one, one) for one in holiday.split("; ")]),
        )
        for week in weeks
        for day, holiday in holidays_in(week, country).items()
    ]
    return language.text("calendar.between").join(named) or language.text("calendar.none")


def kpi_definitions(
    kpis: Iterable[Kpi], language: Language, weeks: Mapping[str, str] = MappingProxyType({})
) -> Html:
    """Say what each KPI counts, where its definition comes from and when it is final.

    ``weeks`` adds by slug a sentence on what a week holds.
    """
    pairs = []
    for kpi in kpis:
        meaning = language.text(f"kpi.{kpi.slug}.definition", expression=kpi.source)
        source = language.text(
            "definition.source",
            source=language.translated("source", kpi.slug, kpi.source),
            n=kpi.maturity_days,
            version=kpi.version,
        )
        told = [meaning, weeks.get(kpi.slug, ""), language.text(f"definition.{kpi.direction}"), source]
        pairs.append((say.name(kpi, language), " ".join(filter(None, told))))
    return definitions(pairs)


def rules(chosen: Rules, language: Language) -> Html:
    """Say what the team has decided where a definition leaves a choice."""
    sentences = []
    for name, value in chosen.as_row().items():
        if isinstance(value, bool):
            sentences.append(language.text(f"rule.{name}.{str(value).lower()}"))
        else:
            euros = language.value(value / 100, "euro") if name.endswith("_cents") else ""
            sentences.append(language.text(f"rule.{name}", n=value, euros=euros))
    rates = [
        f"{language.value(rate, 'number')}\u00a0{currency}"
        for currency, rate in chosen.euro_rates.items()
        if currency != "EUR"
    ]
    if rates:
        sentences.append(language.text("rule.euro_rates", rates=language.listed(rates)))
    return paragraph(" ".join(sentences), note=True)


def restatement_table(rows: pd.DataFrame, language: Language) -> Html:
    """Show what was said of the last weeks and reads differently now: of each KPI the largest move.

    What was first said to be not known is left out: nobody acted on it.
    """
    text = language.text
    if len(rows):
        told = [
            {
                "first": language.value(row["first"], row["unit"]),
                "now": language.value(row["now"], row["unit"]),
                "change": language.change(row["change"], row["unit"]),
                "size": abs(row["change"]) / max(abs(row["first"]), abs(row["now"]), 1e-12),
            }
            for _, row in rows.iterrows()
        ]
        shown = rows.assign(**pd.DataFrame(told, index=rows.index))
        was_said = rows["first_variation"].ne("not_known") & rows["change"].notna()
        shown = shown[shown["because"].ne("same") & shown["first"].ne(shown["now"]) & was_said]
    if not len(rows) or shown.empty:
        return paragraph(text("restatement.none"))
    shown = shown.sort_values("size", ascending=False, kind="stable").drop_duplicates("kpi")
    left = len(shown) - _MOST_RESTATED
    shown = shown.head(_MOST_RESTATED)
    columns = [
        Column("name", text("scorecard.kpi"), small="week"),
        Column("first", text("restatement.first")),
        Column("now", text("restatement.now")),
        Column("change", text("restatement.change")),
        Column("because", text("restatement.because")),
        Column("held", text("restatement.held")),
    ]
    table = render_table(
        shown.assign(
            name=[text(f"kpi.{slug}.name") for slug in shown["kpi"]],
            week=shown["week"].map(language.week_code),
            because=[text(f"restatement.{code}") for code in shown["because"]],
            held=[
                text(f"restatement.held_{held if held != 'other' else f'to_{today}'}")
                for held, today in zip(shown["held"], shown["variation"], strict=True)
            ],
        ),
        columns,
        caption=text(
            "restatement.replayed" if rows["source"].eq("replayed").all() else "restatement.caption"
        ),
        language=language,
        name="restatement",
    )
    notes = [text("restatement.note"), *([text("restatement.more", n=left)] if left > 0 else [])]
    return Html.join(table, paragraph(" ".join(notes), note=True))


def ledger_table(ledger: Ledger, language: Language) -> Html:
    """Show that rows in = good + quarantined + duplicates: file by file, or source by source if many."""
    text, files = language.text, ledger.files
    columns = [
        Column("file", text("ledger.file"), small="source"),
        Column("rows", text("ledger.rows"), "count"),
        Column("good", text("ledger.good"), "count"),
        Column("quarantined", text("ledger.quarantined"), "count"),
        Column("duplicates", text("ledger.duplicates"), "count"),
        Column("corrections", text("ledger.corrections"), "count"),
    ]
    counted = ["rows", "good", "quarantined", "duplicates", "corrections"]
    total = {"file": text("card.total"), **{name: int(files[name].sum()) for name in counted}}
    if len(files) > _MOST_FILES:
        summed = files.groupby("source", sort=False)[counted].sum().reset_index()
        counts = files["source"].value_counts()
        named = [text("ledger.files", n=int(counts[source])) for source in summed["source"]]
        files = summed.assign(file=named)
    table = render_table(
        files, columns, caption=text("ledger.caption"), language=language, name="ledger", total=total
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
        Column("row", text("reasons.row")),
        Column("cells", text("reasons.cells"), "count"),
    ]
    most = ledger.reasons.head(10)
    kept = [text("reasons.kept" if kept else "reasons.set_aside") for kept in most["row_kept"]]
    return render_table(
        most.assign(reason=[text(f"reason.{code}") for code in most["reason"]], row=kept),
        columns,
        caption=text("reasons.caption"),
        language=language,
        name="reasons-table",
    )


def notes_table(ledger: Ledger, language: Language) -> Html:
    """Show what no row shows: columns that are new or gone, files that shrank, ranges with gaps."""
    text, shown = language.text, ledger.notes.tail(_MOST_NOTES)
    if shown.empty:
        return paragraph(text("notes.none"))
    columns = [
        Column("what", text("notes.what"), small="place"),
        Column("text", text("notes.which")),
    ]
    rows = [
        {
            "what": text(f"note.{note['kind'].replace(' ', '_')}"),
            "text": note_text(note["kind"], note["named"], note["wording"], language),
            "place": note["file"] or note["source"],
        }
        for note in shown.to_dict("records")
    ]
    table = render_table(
        pd.DataFrame(rows),
        columns,
        caption=text("notes.caption"),
        language=language,
        name="notes-table",
    )
    left = len(ledger.notes) - len(shown)
    return Html.join(table, paragraph(text("notes.more", n=left), note=True)) if left else table
