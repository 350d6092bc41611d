"""The page about transport costs, of their level: invoiced, accrued, against other weeks and the target."""

from __future__ import annotations

import pandas as pd

from tallysheet import say
from tallysheet.charts import bridge_chart, figure
from tallysheet.duties import cost_levels
from tallysheet.duties.cost_levels import PARTS
from tallysheet.duties.known import lacking, switched_off
from tallysheet.kpis import kpi
from tallysheet.tables import Column, Html, paragraph, render_table
from tallysheet.week import Week

_DRAWN = "last-4"
_SUMS = ["parcels_n", "invoiced_n", "accrued_n", "invoiced_cents", "accrued_cents"]


def accruals(week: Week) -> Html:
    """Show what is invoiced and what is accrued by carrier; without invoices what shipments say they cost."""
    if missing := lacking(week, "accruals"):
        return Html.join(*_stated(week), switched_off(missing, week.language))
    language, text = week.language, week.language.text
    found = cost_levels.accruals(week)
    rows = _levels(found).assign(name=[language.name("carrier", one) for one in found["carrier"]])
    sums = _levels(found[_SUMS].sum().to_frame().T).iloc[0]
    total = {"name": text("heat.all")} | {str(key): float(number) for key, number in sums.items()}
    columns = [
        Column("name", say.dimension_name("carrier", language).capitalize()),
        Column("parcels_n", text("costs.parcels"), "count"),
        Column("invoiced_share", text("costs.invoiced_share"), "share", decimals=0),
        Column("invoiced", text("costs.invoiced"), "euro", decimals=0),
        Column("accrued", text("costs.accrued"), "euro", decimals=0),
        Column("accrued_share", text("costs.accrued_share"), "share", decimals=0),
        Column("invoiced_each", text("costs.invoiced_each"), "euro"),
        Column("each", text("costs.each"), "euro"),
    ]
    told = text(
        "costs.accrued_told",
        accrued=language.value(float(sums["accrued"]), "euro", 0),
        share=language.value(float(sums["accrued_share"]), "share", 0),
        weeks=cost_levels.WEEKS,
    )
    table = render_table(
        rows,
        columns,
        caption=text("costs.accruals", weeks=cost_levels.WEEKS),
        language=language,
        name="accruals",
        total=total,
    )
    note = paragraph(text("costs.accruals_note", own=cost_levels.OWN_PARCELS), note=True)
    return Html.join(paragraph(told), table, note)


def _stated(week: Week) -> list[Html]:
    found = pd.DataFrame() if lacking(week, "stated_costs") else cost_levels.stated(week)
    if found.empty:
        return []
    language, text = week.language, week.language.text
    sums = found[["now_n", "now_cents", "before_n", "before_cents"]].sum().to_frame().T
    shown, total = (_each(one) for one in (found, sums))
    columns = [
        Column("name", say.dimension_name("carrier", language).capitalize()),
        Column("now_n", text("costs.parcels"), "count"),
        Column("now", text("costs.stated_each"), "euro"),
        Column("before", text("costs.stated_before"), "euro"),
    ]
    table = render_table(
        shown.assign(name=[language.name("carrier", one) for one in found["carrier"]]),
        columns,
        caption=text("costs.stated", week=language.week_code(week.week)),
        language=language,
        name="stated-costs",
        total={"name": text("heat.all")}
        | {name: float(total[name].iloc[0]) for name in ("now_n", "now", "before")},
    )
    return [table]


def _each(found: pd.DataFrame) -> pd.DataFrame:
    """Give euros a parcel; NaN where there was none."""
    now, before = (found[f"{name}_n"].where(found[f"{name}_n"] > 0) for name in ("now", "before"))
    return found.assign(now=found["now_cents"] / now / 100, before=found["before_cents"] / before / 100)


def _levels(found: pd.DataFrame) -> pd.DataFrame:
    numbers = found[_SUMS].astype(float)
    invoiced, accrued = numbers["invoiced_cents"] / 100, numbers["accrued_cents"] / 100
    return numbers.assign(
        invoiced=invoiced,
        accrued=accrued,
        invoiced_share=numbers["invoiced_n"] / numbers["parcels_n"],
        accrued_share=accrued / (invoiced + accrued),
        invoiced_each=invoiced / numbers["invoiced_n"].where(numbers["invoiced_n"] > 0),
        each=(invoiced + accrued) / numbers["parcels_n"],
    )


def bridges(week: Week) -> Html:
    """Show what the cost per parcel differs by from other weeks and from the target, if these are there."""
    definition = kpi("cost_per_parcel")
    if missing := week.review.lacking(definition):
        return switched_off(list(missing), week.language)
    language, text = week.language, week.language.text
    if pd.isna(week.explanation(definition.slug, None, ()).value_now):
        return paragraph(text("card.nothing_to_split", name=say.name(definition, language)))
    found = cost_levels.bridges(week)
    lacks = [_base(week, base) for base in cost_levels.BASES if base not in set(found["base"])]
    has_target = week.review.target(definition.slug) is not None
    if not has_target:
        lacks.append(text("base.target"))
    drawn = found[found["base"] == _DRAWN]
    pieces = [
        *([_chart(drawn.iloc[0], week)] if len(drawn) else []),
        *([_table(found, week)] if len(found) else []),
        *([_against_target(week)] if has_target else []),
        *([paragraph(text("costs.no_base", bases=language.listed(lacks)), note=True)] if lacks else []),
    ]
    return Html.join(*pieces, paragraph(text("costs.bridge_note"), note=True))


def _against_target(week: Week) -> Html:
    """Show what each carrier adds to the difference from the target, with the weight that it has now."""
    language, text = week.language, week.language.text
    found = week.explanation("cost_per_parcel", "target", ("carrier",))
    parts = found.parts["carrier"]
    rows = parts.assign(name=[language.name("carrier", one) for one in parts["segment"]], unit="euro")
    columns = [
        Column("name", say.dimension_name("carrier", language).capitalize()),
        Column("n_now", text("costs.parcels"), "count"),
        Column("value_base", text("costs.target"), "euro"),
        Column("value_now", language.week_code(week.week), "euro"),
        Column("total", text("costs.adds"), "change"),
    ]
    total = {
        "name": text("heat.all"),
        "unit": "euro",
        "n_now": found.n_now,
        "value_base": found.value_base,
        "value_now": found.value_now,
        "total": found.change,
    }
    return render_table(
        rows,
        columns,
        caption=text("costs.on_target"),
        language=language,
        name="cost-on-target",
        total=total,
    )


def _base(week: Week, base: str) -> str:
    if base == "year-ago":
        return week.language.text("base.year-ago")
    if week.week.shift(-1) not in week.cube.touched_weeks:
        return week.language.text(f"base.{base}")
    return say.base(week.explanation("cost_per_parcel", base, ()), week.language)


def _table(found: pd.DataFrame, week: Week) -> Html:
    text = week.language.text
    rows = found.assign(
        name=[_base(week, base) for base in found["base"]], unit="euro", all=found["end"] - found["start"]
    )
    columns = [
        Column("name", text("costs.against")),
        Column("start", text("costs.then"), "euro"),
        *(Column(part, text(f"costs.part.{part}"), "change") for part in PARTS),
        Column("all", text("costs.change"), "change"),
        Column("end", week.language.week_code(week.week), "euro"),
    ]
    return render_table(
        pd.DataFrame(rows),
        columns,
        caption=text("costs.bridges"),
        language=week.language,
        name="cost-bridges",
    )


def _chart(drawn: pd.Series, week: Week) -> Html:
    language, text = week.language, week.language.text
    definition = kpi("cost_per_parcel")
    name, base = say.name(definition, language), _base(week, _DRAWN)
    chart = bridge_chart(
        pd.DataFrame(
            {
                "label": [text(f"costs.part.{part}") for part in PARTS],
                "change": [float(drawn[part]) for part in PARTS],
                "emphasis": False,
            }
        ),
        start=float(drawn["start"]),
        end=float(drawn["end"]),
        start_label=text("card.base_level", base=base),
        end_label=language.week_code(week.week),
        unit="euro",
        language=language,
        name=name,
        direction=definition.direction,
    )
    title = text("costs.bridge", base=base)
    return figure(chart, title, text("card.bridge_euro"), "", language=language)
