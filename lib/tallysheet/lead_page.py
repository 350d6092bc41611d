"""The pieces of a page about the KPI that leads it: six weeks, twelve months, nine boxes, a heat table."""

from __future__ import annotations

import datetime as dt
from html import escape

import numpy as np
import pandas as pd

from tallysheet import say
from tallysheet.charts import figure
from tallysheet.comparison import Explanation
from tallysheet.crossed import Crossed
from tallysheet.kpi import Kpi
from tallysheet.language import Language
from tallysheet.marks import verdict_word
from tallysheet.periods import TO_DATE, boxes_of, in_points
from tallysheet.tables import Column, Html, paragraph, render_table, section
from tallysheet.weekly_charts import finding, six_twelve_chart
from tallysheet.weeks import IsoWeek

_MARKS = {"few_weeks": "few", "small": "few", "gap": "gap"}


def boxes(periods: pd.DataFrame, explanation: Explanation, year_ago: float, language: Language) -> Html:
    """Show six weeks and twelve months of a KPI, and its nine boxes; nothing of one that has no periods.

    Parameters
    ----------
    periods : DataFrame
        As `tallysheet.periods.periods_of` gives them.
    explanation : Explanation
    year_ago : float
        Value of the week 364 days earlier, of the same age; NaN where the data does not hold it.
    language : Language
    """
    if periods.empty:
        return Html("")
    kpi, name = explanation.kpi, say.name(explanation.kpi, language)
    is_sum = kpi.denominator is None and kpi.method != "snapshot"
    chart = six_twelve_chart(periods, unit=kpi.unit, language=language, name=name, is_sum=is_sum)
    drawing = figure(
        chart,
        finding(periods, kpi.unit, language, is_sum=is_sum),
        language.text("boxes.subtitle_sum" if is_sum else "boxes.subtitle"),
        "",
        _periods_table(periods, kpi, name, language),
        language=language,
        level=4,
    )
    return section(
        language.text("boxes.title", name=name),
        drawing,
        _boxes_table(periods, explanation, year_ago, name, language),
        paragraph(language.text("boxes.note"), note=True),
        name=f"{kpi.slug}-boxes",
        level=3,
    )


def _periods_table(periods: pd.DataFrame, kpi: Kpi, name: str, language: Language) -> Html:
    rows = periods.loc[["week", "month"]].reset_index()
    named = [
        language.week_code(IsoWeek.of(day.date())) if kind == "week" else language.month(day, year=True)
        for kind, day in zip(rows["kind"], rows["first_day"], strict=True)
    ]
    return render_table(
        rows.assign(name=named),
        [
            Column("name", language.text("boxes.period"), order="first_day"),
            Column("value", name, kpi.unit),
            Column("year_ago", language.text("boxes.year_before"), kpi.unit),
        ],
        caption=language.text("boxes.data", name=name),
        language=language,
        name=f"{kpi.slug}-periods",
    )


def _boxes_table(
    periods: pd.DataFrame, explanation: Explanation, year_ago: float, name: str, language: Language
) -> Html:
    """Put nine boxes in one line, which a phone breaks into three times three."""
    week, unit, text = explanation.week, explanation.kpi.unit, language.text
    found = boxes_of(periods, explanation, year_ago)
    on = "boxes.on"
    headers = {
        "last_week": language.week_code(week),
        "week_on_week": text(on, base=language.week_code(week.shift(-1))),
        "year_on_year": text(on, base=language.week_code(week.year_ago)),
    }
    bases = {"week_on_week": explanation.value_previous, "year_on_year": year_ago}
    is_final = {"last_week": periods.loc["week"].iloc[-1]["final"] == 1}
    for kind, (period, before) in zip(TO_DATE, _names(week.sunday, language), strict=True):
        headers[kind] = text("boxes.to_date", period=period)
        headers[f"{kind}_year_on_year"] = text(on, base=before)
        row = periods.loc[kind].iloc[0]
        bases[f"{kind}_year_on_year"], is_final[kind] = row["year_ago"], row["final"] == 1
    shown: dict[str, str] = {"name": name}
    for box, number in found.items():
        key = str(box)
        if key in bases:
            under = "" if np.isnan(bases[key]) else language.value(bases[key], unit)
            written = _change(number, unit, language, points=in_points(explanation.kpi))
            # Known on both sides, and withheld: see `boxes_of`.
            if np.isnan(number) and bases[key] > 0 and np.isfinite(found["last_week"]):
                written = text("boxes.not_yet")
        else:
            written = language.value(number, unit)
            under = "" if is_final[key] or np.isnan(number) else text("boxes.so_far")
        shown |= {key: written, f"{key}_small": under}
    columns = [Column(key, header, small=f"{key}_small") for key, header in headers.items()]
    return render_table(
        pd.DataFrame([shown]),
        [Column("name", text("scorecard.kpi")), *columns],
        caption=text("boxes.table", name=name),
        language=language,
        name=f"{explanation.kpi.slug}-nine-boxes",
        caption_hidden=True,
    )


def _change(number: float, unit: str, language: Language, *, points: bool) -> str:
    return language.change(number, unit) if points else language.relative(number / 100)


def _names(day: dt.date, language: Language) -> list[tuple[str, str]]:
    """Name the month, quarter and year of a day, and those of a year before."""
    month, quarter = language.month(day), language.text("boxes.quarter", number=(day.month + 2) // 3)
    return [
        *((f"{name[:1].upper()}{name[1:]}", f"{name} {day.year - 1}") for name in (month, quarter)),
        (str(day.year), str(day.year - 1)),
    ]


def heat(found: Crossed, explanation: Explanation, language: Language) -> Html:
    """Show a KPI by two dimensions, tinted where a pair is outside its own usual range."""
    kpi, text = explanation.kpi, language.text
    named = [say.dimension_name(one, language) for one in found.by]
    name = f"{kpi.slug}-crossed"
    rows, columns = (
        [
            *(language.name(dimension, value) for value in values),
            *([text("chart.pooled", n=rest)] if rest else []),
            text("heat.all"),
        ]
        for dimension, values, rest in zip(found.by, (found.rows, found.columns), found.pooled, strict=True)
    )
    head = f'<th scope="col">{escape(named[0].capitalize())}</th>'
    head += "".join(f'<th scope="col" class="number">{escape(one)}</th>' for one in columns)
    lines = []
    for row, title in enumerate(rows):
        line = [
            _cell(found, (row, place), explanation, column, language) for place, column in enumerate(columns)
        ]
        lines.append(f'<tr><th scope="row">{escape(title)}</th>{"".join(line)}</tr>')
    *body, total = lines
    caption = text(
        "heat.caption", week=language.week_code(explanation.week), base=say.base(explanation, language)
    )
    table = Html(
        f'<div class="scroll" role="group" tabindex="0" aria-labelledby="{name}-caption">'
        f'<table id="{name}" class="heat"><caption id="{name}-caption">{escape(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody><tfoot>{total}</tfoot></table></div>"
    )
    cells = found.variation.ravel()[:-1]
    judged, outside = int((cells != "not_known").sum()), int((cells == "signal").sum())
    expected = say.expected_flags(judged, language)
    told = text("heat.note", n=outside, judged=judged, expected=expected) if judged else text("heat.unjudged")
    if judged and any(_MARKS.get(reason) == "few" for reason in found.reason.ravel()):
        told = f"{told} {text('heat.too_few')}"
    title = text("heat.title", name=say.name(kpi, language), rows=named[0], columns=named[1])
    return section(title, table, paragraph(told, note=True), name=f"{kpi.slug}-heat", level=3)


def _corner(found: Crossed) -> tuple[int, int]:
    """Give the place of the total, which is judged by its card."""
    return found.now.shape[0] - 1, found.now.shape[1] - 1


def _cell(
    found: Crossed, at: tuple[int, int], explanation: Explanation, column: str, language: Language
) -> str:
    """Give a cell: value, change, and a word where it is outside or too small to tell."""
    unit = explanation.kpi.unit
    now, base = float(found.now[at]), float(found.base[at])
    label = f' data-label="{escape(column)}"'
    if np.isnan(now):
        return f"<td{label}>–</td>"
    change = "" if np.isnan(base) else language.change(now - base, unit)
    kind = ""
    if found.variation[at] == "signal" and at != _corner(found):
        kind = verdict_word("signal", found.reason[at], explanation.direction)
    elif (found.variation != "not_known").any():
        kind = _MARKS.get(found.reason[at], "")
    told = ", ".join(filter(None, [change, language.text(f"heat.{kind}") if kind else ""]))
    small = f"<small>{escape(told)}</small>" if told else ""
    look = f' class="{kind}"' if kind else ""
    return f"<td{look}{label}>{escape(language.value(now, unit))}{small}</td>"
