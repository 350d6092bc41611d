"""What an explorer shows of a KPI, a function each; a notebook that keeps a view calls the same ones."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

import pandas as pd

from tallysheet import kpi_page, page, say
from tallysheet.by_age import spread_of
from tallysheet.comparison import Explanation
from tallysheet.errors import UsageError
from tallysheet.explorer.view import MOST_ROWS, View, table_behind
from tallysheet.facts import fact_tables
from tallysheet.kpis import kpi
from tallysheet.language import Language
from tallysheet.marks import target_word
from tallysheet.schema import Table
from tallysheet.tables import Html, chips, paragraph, side_by_side
from tallysheet.week import Week
from tallysheet.week_kpi import read_part


def explained(
    week: Week, slug: str, where: Mapping[str, str], by: str = "", base: str | None = None
) -> Explanation:
    """Compare a KPI, in all or of a part, and split its change over a dimension."""
    return week.kpi(slug, where).explain(base=base, by=(by,) if by else ())


def usual(week: Week, slug: str, by: str = "", part: str = "", base: str = "") -> Html:
    """Show whether a KPI is usual, in all or of a part such as ``carrier=BRV;flow=return``.

    With a dimension it names the values of it that moved; of a duration it draws all lengths, not only the
    median. Without a base it is the week's own.

    Examples
    --------
    >>> from tallysheet import open_week
    >>> week = open_week("2013-W17", data="data/flights")
    >>> "LGA" in parts(week, "otd", "origin").html, "<svg" in usual(week, "otd", part="origin=LGA").html
    (True, True)
    """
    where = read_part(part)
    return in_part(week, explained(week, slug, where, by, base or None), where)


def parts(week: Week, slug: str, by: str, part: str = "", base: str = "") -> Html:
    """Show which parts a change comes from: sentence, bridge and table; without parts say so."""
    found = explained(week, slug, read_part(part), by, base or None)
    return split(found, week.language, prefix="part-" if part else "")


def over_time(week: Week, slug: str, by: str, part: str = "") -> Html:
    """Show the last 26 weeks of each value of a dimension, in its usual range; without any say so."""
    drawn = by and kpi_page.lines_figure(week.kpi(slug, read_part(part)).lines(by), kpi(slug), week.language)
    if isinstance(drawn, Html):
        return drawn
    return paragraph(drawn or week.language.text("explorer.no_parts"))


def behind(week: Week, slug: str, by: str, part: str = "", base: str = "") -> Html:
    """Name the few segments behind a change, or say that nothing was searched for."""
    return segments(explained(week, slug, read_part(part), by, base or None), week.language)


def two_parts(week: Week, slug: str, by: str, values: tuple[str, str], part: str = "") -> Html:
    """Set two values of a dimension beside each other, each in its own usual range."""
    language, shown = week.language, []
    for value in values:
        found = explained(week, slug, {**read_part(part), by: value})
        name = say.name(found.kpi, language)
        title = language.text("explorer.part", name=name, value=language.name(by, value) or "-")
        said = paragraph(kpi_page.sentence(found, language))
        drawn = kpi_page.weeks_drawn(found, language, half=True)
        shown.append(Html(f"<div><h3>{escape(title)}</h3>{said.html}{drawn.html}</div>"))
    return side_by_side(*shown)


def two_weeks(week: Week, slug: str, other: str, by: str, part: str = "") -> Html:
    """Set the week beside another one, and split what differs over a dimension."""
    found = explained(week, slug, read_part(part), by, other)
    said = paragraph(say.change(found, week.language))
    return Html.join(said, split(found, week.language, prefix="part-" if part else ""))


def with_target(week: Week, slug: str, by: str, part: str = "") -> Html:
    """Set the week beside its target, and split the gap over a dimension; without a target say so."""
    language = week.language
    try:
        found = explained(week, slug, read_part(part), by, "target")
    except UsageError as error:
        if error.where != "base":
            raise
        return paragraph(no_target(slug, language))
    unit = found.kpi.unit
    said = language.text(
        "explorer.with_target",
        name=say.name(found.kpi, language),
        value=language.value(found.value_now, unit),
        target=language.value(found.target, unit),
        gap=language.change(found.change, unit),
    )
    word = target_word(found)
    meets = language.text(f"explorer.assurance.{word}")
    parted = split(found, language, prefix="part-" if part else "")
    return Html.join(paragraph(f"{said} {meets}"), chips([word], language), parted)


def in_part(week: Week, found: Explanation, where: Mapping[str, str]) -> Html:
    """Show whether a KPI, or a part of it, is usual."""
    language = week.language
    said, drawn = paragraph(kpi_page.sentence(found, language)), kpi_page.weeks_drawn(found, language)
    spread = spread_of(week.review, found, tuple(sorted(where.items())))
    lengths = kpi_page.spread_figure(spread, found, language)
    return Html.join(said, drawn, *([lengths] if lengths else []))


def no_target(slug: str, language: Language) -> str:
    """Say that a KPI has no target in the week."""
    return language.text("explorer.no_target", name=say.name(kpi(slug), language))


def split(found: Explanation, language: Language, *, prefix: str = "") -> Html:
    """Show the parts of an explanation; without any say so."""
    if not found.parts:
        return paragraph(language.text("explorer.no_parts"))
    return Html.join(*page.split(found, language, prefix=prefix))


def segments(found: Explanation, language: Language) -> Html:
    """Name the few segments behind a change, or say why nothing was searched for."""
    if not found.is_searched:
        return paragraph(_not_searched(found, language))
    if not found.segments:
        return paragraph(language.text("explorer.no_segments"))
    return page.moved(found, language)


def _not_searched(found: Explanation, language: Language) -> str:
    if found.variation == "signal" or found.outside:
        return language.text("explorer.not_searchable", name=say.name(found.kpi, language))
    is_judged = found.variation != "not_known"
    return language.text("explorer.is_usual_week" if is_judged else "explorer.is_not_judged")


def rows_sql(view: View) -> str:
    """Write the SELECT of the rows behind a view; empty: no table holds them."""
    behind = _behind(view)
    return view.sql(*behind) if behind else ""


def _behind(view: View) -> tuple[Table, str] | None:
    return table_behind(view.definition, sorted(fact_tables(view.definition.fact)))


def rows(week: Week, view: View) -> Html:
    """Show the rows behind, the first hundred; of which there are none, say so."""
    language, text = week.language, week.language.text
    behind = _behind(view)
    if behind is None:
        return paragraph(text("explorer.no_rows_of_it"))
    found = week.sql(view.sql(*behind))
    is_cut = len(found) == MOST_ROWS
    told = [text("explorer.rows_first" if is_cut else "explorer.rows", n=len(found), table=behind[0].name)]
    if left := view.unfiltered(behind[0]):
        names = language.listed([say.dimension_name(name, language) for name in left])
        told.append(text("explorer.not_in_rows", names=names))
    return Html.join(paragraph(" ".join(told)), plain_table(found) if len(found) else Html(""))


def plain_table(frame: pd.DataFrame) -> Html:
    """Show rows as they are; columns that are empty throughout are left out."""
    shown = frame.dropna(axis="columns", how="all")
    head = "".join(f'<th scope="col">{escape(str(name))}</th>' for name in shown.columns)
    body = "".join(
        f"<tr>{''.join(f'<td>{escape(_text(cell))}</td>' for cell in row)}</tr>"
        for row in shown.itertuples(index=False)
    )
    return Html(
        f'<div class="scroll rows"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
    )


def _text(cell: Any) -> str:
    return "" if pd.isna(cell) else str(cell)
