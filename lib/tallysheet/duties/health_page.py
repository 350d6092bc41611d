"""The page about the data: which tables are fresh and whole, and until when each KPI can be trusted."""

from __future__ import annotations

import pandas as pd

from tallysheet import say
from tallysheet.duties import health, known
from tallysheet.kpis import KPIS
from tallysheet.language import Language
from tallysheet.tables import Column, Html, paragraph, render_table
from tallysheet.week import Week

_THIN = 0.8
"""A table with less of its usual rows is named."""


def freshness(week: Week) -> Html:
    """Show how new and how whole each table is; name those with far fewer rows than usual."""
    language, text = week.language, week.language.text
    found = health.freshness(week)
    if found.empty:
        return paragraph(text("health.no_day"))
    found = found.assign(name=[_table(one, language) for one in found["table"]])
    thin = found[found["share"] < _THIN]
    listed = [
        text("health.thin_table", table=name, share=language.value(share, "share", 0))
        for name, share in zip(thin["name"], thin["share"], strict=True)
    ]
    told = [paragraph(text("health.thin", tables=language.listed(listed)))] if listed else []
    # Where an extract has not come for long, none of its rows is usual: the head of the page says so.
    if not listed and not any(moment < week.week.ended_at for moment in week.cube.older.values()):
        told = [paragraph(text("health.whole"))]
    columns = [
        Column("name", text("health.table")),
        Column("rows_n", text("health.rows"), "count"),
        Column("share", text("health.share"), "share", decimals=0),
        Column("age_days", text("health.age"), "days"),
        Column("latency_hours", text("health.latency"), "hours"),
    ]
    caption = text("health.freshness", week=language.week_code(week.week))
    return Html.join(
        *told, render_table(found, columns, caption=caption, language=language, name="freshness")
    )


def _table(name: str, language: Language) -> str:
    return language.translated("gate.table", name, name)


def trust(week: Week) -> Html:
    """Show until which week each KPI is judged and final, and which extracts the others lack."""
    language, text = week.language, week.language.text
    found = health.trust(week)
    rows = pd.DataFrame(
        {
            "name": [say.name(KPIS[slug], language) for slug in found["kpi"]],
            "judged": [language.week_code(one) if one else None for one in found["judged"]],
            "final": [language.week_code(one) if one else None for one in found["final"]],
            "completeness": found["completeness"],
            "lacking": [
                text("health.lacking", tables=known.listed(names.split(", "), language)) if names else ""
                for names in found["lacking"]
            ],
        }
    )
    columns = [
        Column("name", text("scorecard.kpi"), small="lacking"),
        Column("judged", text("health.judged")),
        Column("final", text("health.final")),
        Column(
            "completeness",
            text("health.completeness", week=language.week_code(week.week)),
            "share",
            decimals=0,
        ),
    ]
    judged = int((found["judged"] == str(week.week)).sum())
    key = "health.trusted" if judged else "health.none_trusted"
    told = text(key, n=judged, all=len(found), week=language.week_code(week.week))
    table = render_table(rows, columns, caption=text("health.trust"), language=language, name="trust")
    return Html.join(paragraph(told, note=True), table)
