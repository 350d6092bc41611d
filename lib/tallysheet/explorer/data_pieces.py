"""What an explorer shows of the data: what was loaded and refused, what tables hold, what is lacking."""

from __future__ import annotations

import pandas as pd

from tallysheet import say, schema
from tallysheet.engine import literal
from tallysheet.explorer.pieces import plain_table
from tallysheet.kpis import KPIS
from tallysheet.tables import Html, paragraph
from tallysheet.week import Week

ALL = ""
BY_TABLE = ("refused", "columns")
"""What can be shown of one table alone."""

_MOST_CELLS = 200


def data_shown(week: Week, what: str, of: str = ALL) -> Html:
    """Show ``loaded``, ``refused``, ``tables``, ``columns`` or ``lacking``, of a table where one is named."""
    if what == "columns":
        return columns(week, of)
    if what == "refused":
        return refused(week, of)
    return {"loaded": loaded, "tables": tables, "lacking": lacking}[what](week)


def loaded(week: Week) -> Html:
    """Show file by file that rows in = good + quarantined + duplicates, and what else is to be known."""
    return Html.join(week.files(), week.notes())


def tables(week: Week) -> Html:
    """List the tables that SQL may ask, and what a row of each is."""
    return Html.join(paragraph(week.language.text("explorer.tables_told")), plain_table(week.queries.tables))


def columns(week: Week, table: str = ALL) -> Html:
    """Say what the columns of a table mean, with type and unit; of all tables if none is named."""
    found = week.queries.columns
    chosen = found if table == ALL else found[found["table_name"] == table].drop(columns="table_name")
    grain = [] if table == ALL else [paragraph(week.language.text("explorer.one_row", grain=_grain(table)))]
    return Html.join(*grain, plain_table(chosen.replace("", None)))


def _grain(table: str) -> str:
    return schema.table(table).grain


def refused(week: Week, table: str = ALL) -> Html:
    """Show why cells were refused, and the first of them as they were written; if none was, say so."""
    cells = week.sql(refused_sql(table))
    if not len(cells):
        return paragraph(week.language.text("explorer.none_refused"))
    is_cut = len(cells) == _MOST_CELLS
    told = week.language.text("explorer.refused_first" if is_cut else "explorer.refused_rows", n=len(cells))
    reasons = week.refused() if table == ALL else Html("")
    return Html.join(reasons, paragraph(told), plain_table(cells))


def refused_sql(table: str = ALL) -> str:
    """Write the SELECT of the cells that were refused."""
    where = f"\nWHERE table_name = {literal(table)}" if table else ""
    return f"SELECT *\nFROM quarantine{where}\nORDER BY source, file, line\nLIMIT {_MOST_CELLS}"


def lacking(week: Week) -> Html:
    """List the KPIs that the data does not allow, with the extracts that would; if all are there, say so."""
    language = week.language
    rows = [
        {language.text("explorer.kpi"): say.name(one, language), language.text("explorer.extracts"): needed}
        for one in KPIS.values()
        if (needed := ", ".join(missing_of(week, one.slug)))
    ]
    if not rows:
        return paragraph(language.text("explorer.none_lacking"))
    return Html.join(paragraph(language.text("explorer.lacking_told")), plain_table(pd.DataFrame(rows)))


def missing_of(week: Week, slug: str) -> list[str]:
    """Name the tables, or else the columns, that a KPI needs and that no extract fills."""
    return week.review.lacking(KPIS[slug])
