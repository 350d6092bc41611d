"""The table of all KPIs of a week: value, usual range, changes, target, 26 weeks, and how final it is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import pandas as pd

from tallysheet import say
from tallysheet.charts import sparkline
from tallysheet.comparison import Explanation
from tallysheet.kpis import kpi
from tallysheet.language import Language
from tallysheet.marks import target_word, verdict_of
from tallysheet.review import Review
from tallysheet.tables import Column, Html, paragraph, render_table
from tallysheet.telling import fullest


def scorecard(
    explanations: Mapping[str, Explanation],
    year_ago: Mapping[str, float],
    final_days: Mapping[str, str],
    language: Language,
) -> Html:
    """Show every KPI in one fixed order.

    Parameters
    ----------
    explanations : mapping of str to Explanation
    year_ago : mapping of str to float
        Value 364 days earlier by slug; NaN where the data does not hold it.
    final_days : mapping of str to str
        By slug, how final the value is, in words.
    language : Language
    """
    first = fullest(explanations.values())
    rows = pd.DataFrame([_scores(item, year_ago[slug], language) for slug, item in explanations.items()])
    rows["final"] = [final_days[slug] for slug in explanations]
    text = language.text
    columns = [
        Column("name", text("scorecard.kpi"), small="of"),
        Column("value", language.week_code(first.week), "value", small="known"),
        Column("range", text("scorecard.range"), "range", of="row"),
        Column("change", text("scorecard.on_base", base=say.base(first, language)), "change", small="before"),
        Column("on_last", text("scorecard.on_last"), "change"),
        Column("on_year", text("scorecard.on_year", week=language.week_code(first.week.year_ago)), "change"),
        Column("variation", text("scorecard.variation"), "verdict"),
        Column("assurance", text("scorecard.target"), "verdict", small="gap"),
        Column("history", text("scorecard.history"), "picture"),
        Column("final", text("scorecard.maturity")),
    ]
    if rows["assurance"].eq("none").all():
        columns = [column for column in columns if column.key != "assurance"]
    if first.base == "previous":
        columns = [column for column in columns if column.key != "on_last"]
    if rows["on_year"].isna().all():
        columns = [column for column in columns if column.key != "on_year"]
        note = text("say.no_year_ago", week=language.week_code(first.week.year_ago))
    else:
        note = text("scorecard.note", week=language.week_code(first.week.year_ago))
    emphasis = rows["variation"].where(rows["variation"].isin(["better", "worse"]))
    table = render_table(
        rows,
        columns,
        caption=text("scorecard.title"),
        language=language,
        name="scorecard",
        emphasise=emphasis,
        caption_hidden=True,
    )
    return Html.join(
        table, paragraph(f"{note} {_other_bases(explanations, first, language)}".strip(), note=True)
    )


def _other_bases(explanations: Mapping[str, Explanation], most: Explanation, language: Language) -> str:
    """Say which KPIs are compared with other weeks than most, as some of these are not judged."""
    named: dict[str, list[str]] = {say.base(most, language): []}
    for item in explanations.values():
        if pd.isna(item.value_base):
            continue
        named.setdefault(say.base(item, language), []).append(say.name(item.kpi, language))
    others = list(named.items())[1:]
    told = (
        language.text("scorecard.base", names=language.listed(names), base=base) for base, names in others
    )
    return " ".join(told)


def _scores(item: Explanation, year_ago: float, language: Language) -> dict[str, object]:
    unit = item.kpi.unit
    title = say.name(item.kpi, language)
    is_known = item.judgement.reason not in ("young", "gap")
    return {
        "name": title,
        "of": language.text(f"kpi.{item.kpi.slug}.of"),
        "unit": unit,
        "value": item.value_now,
        "known": None if is_known or pd.isna(item.value_now) else language.text("scorecard.so_far"),
        "range": (item.judgement.lower, item.judgement.upper),
        "change": item.change,
        "before": None if pd.isna(item.value_base) else language.value(item.value_base, unit),
        "on_last": item.value_now - item.value_previous,
        "on_year": item.value_now - year_ago,
        "variation": verdict_of(item),
        "assurance": target_word(item),
        "gap": _gap(item, language) if is_known and not pd.isna(item.value_now - item.target) else None,
        "rising": item.change > 0,
        "history": sparkline(
            item.history, unit=unit, language=language, name=title, direction=item.direction
        ),
    }


def _gap(item: Explanation, language: Language) -> str:
    gap, target = item.value_now - item.target, item.target
    written = {"gap": language.change(gap, item.kpi.unit), "target": language.value(target, item.kpi.unit)}
    return language.text("scorecard.gap_to", **written)


def how_final(review: Review, slug: str, language: Language) -> str:
    """Say whether a KPI's value of the week is final, or when it will be, or that there was no case."""
    maturity = review.maturity(slug)
    if maturity.reason in ("missing", "gap", "nothing"):
        return language.text(f"scorecard.{maturity.reason}")
    if maturity.is_final:
        counted = review.series(slug, review.age(slug)).total.loc[str(review.week), "n"]
        is_ratio_of_none = kpi(slug).denominator is not None and not counted
        return language.text("scorecard.nothing" if is_ratio_of_none else "scorecard.final")
    day = (review.week.ended_at + dt.timedelta(days=kpi(slug).maturity_days)).date()
    return language.text("scorecard.not_final", day=language.short_day(day))
