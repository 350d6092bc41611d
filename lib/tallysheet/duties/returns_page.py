"""The page about returns and trade-ins: legs, drop-off, lower offers and cost."""

from __future__ import annotations

from tallysheet import say
from tallysheet.duties import returns
from tallysheet.duties.known import left_out, switched_off
from tallysheet.kpis import kpi
from tallysheet.tables import Column, Html, paragraph, render_table
from tallysheet.week import Week


def legs(week: Week) -> Html:
    """Show how long each leg of a case takes."""
    language, text = week.language, week.language.text
    if off := left_out(week, "reverse_legs"):
        return off
    found = returns.legs(week)
    if found.empty:
        return paragraph(text("returns.no_case"))
    rows = found.assign(
        name=[text(f"returns.case_is.{one}") for one in found["case_type"]],
        step=[text(f"returns.leg_is.{one}") for one in found["leg"]],
    )
    columns = [
        Column("step", text("returns.leg")),
        Column("name", text("returns.case")),
        Column("cases_n", text("returns.cases"), "count"),
        Column("median_days", text("returns.median"), "days"),
        Column("p90_days", text("returns.p90"), "days"),
        Column("before_days", text("returns.before"), "days"),
    ]
    longest = rows.sort_values("median_days", ascending=False, kind="stable").to_dict("records")[0]
    told = text(
        "returns.longest",
        case=longest["name"],
        leg=longest["step"],
        days=language.value(float(longest["median_days"]), "days"),
    )
    table = render_table(rows, columns, caption=text("returns.legs"), language=language, name="reverse-legs")
    return Html.join(paragraph(told), table, paragraph(text("returns.legs_note"), note=True))


def sent(week: Week) -> Html:
    """Show what reaches the carrier, how often less is offered for it, and what it costs."""
    return Html.join(drop_off(week), counter_offers(week), costs(week))


def drop_off(week: Week) -> Html:
    """Show what reaches the carrier of what was asked for, by service."""
    language, text = week.language, week.language.text
    missing = sorted({one for fact in returns.FACTS for one in week.cube.missing[fact]})
    if missing:
        return switched_off(missing, language)
    found = returns.drop_off(week)
    if found.empty:
        return paragraph(text("returns.no_case"))
    rows = found.assign(
        name=[language.name("service", one) for one in found["service"]],
        case=[text(f"returns.case_is.{one}") for one in found["flow"]],
    )
    columns = [
        Column("name", say.dimension_name("service", language).capitalize()),
        Column("case", text("returns.case")),
        Column("asked_n", text("returns.asked"), "count"),
        Column("dropped_n", text("returns.dropped"), "count"),
        Column("share", text("returns.share"), "share"),
    ]
    return render_table(rows, columns, caption=text("returns.drop_off"), language=language, name="drop-off")


def counter_offers(week: Week) -> Html:
    """Show how often less is offered than was, by partner."""
    language, text = week.language, week.language.text
    if missing := week.cube.missing["graded_trade_ins"]:
        return switched_off(missing, language)
    found = returns.counter_offers(week)
    if found.empty:
        return paragraph(text("returns.no_case"))
    rows = found.assign(name=[language.name("partner", one) for one in found["partner"]])
    columns = [
        Column("name", say.dimension_name("partner", language).capitalize()),
        Column("graded_n", text("returns.graded"), "count"),
        Column("counter_offer_n", text("returns.lower"), "count"),
        Column("share", text("returns.share"), "share"),
    ]
    sums = found[["graded_n", "counter_offer_n"]].sum()
    total = {
        "name": text("heat.all"),
        "graded_n": int(sums["graded_n"]),
        "counter_offer_n": int(sums["counter_offer_n"]),
        "share": float(sums["counter_offer_n"] / sums["graded_n"]),
    }
    caption = text("returns.counter_offers")
    return render_table(rows, columns, caption=caption, language=language, name="counter-offers", total=total)


def costs(week: Week) -> Html:
    """Show what a parcel costs that comes back, by flow and carrier."""
    language, text = week.language, week.language.text
    if missing := week.review.lacking(kpi("transport_cost")):
        return switched_off(missing, language)
    found = returns.costs(week)
    if found.empty:
        return paragraph(text("returns.no_case"))
    rows = found.assign(
        name=[language.name("carrier", one) for one in found["carrier"]],
        case=[text(f"returns.case_is.{one}") for one in found["flow"]],
        euros=found["cost_cents"] / 100,
    )
    columns = [
        Column("name", say.dimension_name("carrier", language).capitalize()),
        Column("case", text("returns.case")),
        Column("parcels_n", text("mix.parcels_in_weeks"), "count"),
        Column("euros", text("returns.cost"), "euro", decimals=0),
        Column("each", text("returns.each"), "euro", decimals=2),
    ]
    sums = found[["parcels_n", "costed_n", "cost_cents"]].sum()
    total = {
        "name": text("heat.all"),
        "parcels_n": int(sums["parcels_n"]),
        "euros": float(sums["cost_cents"] / 100),
        "each": float(sums["cost_cents"] / sums["costed_n"] / 100),
    }
    table = render_table(
        rows, columns, caption=text("returns.costs"), language=language, name="reverse-costs", total=total
    )
    return Html.join(table, paragraph(text("returns.costs_note"), note=True))
