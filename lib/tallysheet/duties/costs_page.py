"""The page about transport costs, of invoices: what to dispute, what came of it, what was charged twice."""

from __future__ import annotations

import math

import pandas as pd

from tallysheet import say
from tallysheet.duties import costs
from tallysheet.duties.known import left_out, of_other_day, unlinked
from tallysheet.duties.proposals import Proposal, proposals_table, ranked
from tallysheet.duties.tallies import euros, tally, told_euros
from tallysheet.language import Language, isolated
from tallysheet.tables import Column, Html, headline, paragraph, render_table, side_by_side
from tallysheet.week import Week

_SHOWN = 25
_REASONS = ("repeated", "weight", "early", "price")
_BECAME = ("credited", "corrected", "open", "over")


def _off(week: Week) -> Html | None:
    needed = "carrier_invoice_lines.tracking_number = shipments.tracking_number"
    return left_out(week, "overcharged") or unlinked(week, needed)


def opening(week: Week) -> Html:
    """Say how much is to be disputed, how much of it is new, and what came of last week's list."""
    if off := _off(week):
        return off
    language, text, listed = week.language, week.language.text, costs.disputes(week)
    if listed.empty:
        nothing = headline(text("costs.none"), _followed(week), language)
        return Html.join(nothing, *of_other_day(week))
    new = listed[listed["is_new"]]
    fact = text("costs.headline", n=len(listed), euros=told_euros(listed["left_cents"], language))
    cause = text("costs.new", n=len(new), euros=told_euros(new["left_cents"], language))
    told = headline(fact, f"{cause} {_followed(week)}".strip(), language)
    return Html.join(told, *of_other_day(week))


def _followed(week: Week) -> str:
    came = costs.came_of(week)
    if came.empty:
        return ""
    n, language = came["became"].value_counts(), week.language
    return language.text(
        "costs.followed",
        n=len(came),
        credited=language.decimal(int(n.get("credited", 0))),
        open=language.decimal(int(n.get("open", 0))),
        euros=told_euros(came.loc[came["became"] == "open", "left_cents"], language),
    )


def to_do(week: Week) -> Html:
    """Rank the carriers by what is to be disputed with them; currencies to be corrected come after."""
    if off := _off(week):
        return off
    language, text, listed = week.language, week.language.text, costs.disputes(week)
    proposals = [_dispute(part, str(carrier), language) for carrier, part in listed.groupby("carrier")]
    for carrier, part in costs.slips(week).groupby("carrier"):
        told = text(
            "costs.ask_currency",
            carrier=language.name("carrier", carrier),
            tagged=isolated(str(part["currency"].iloc[0])),
            meant=isolated(str(part["contract_currency"].iloc[0])),
        )
        proposals.append(Proposal(told, math.nan, int(part["parcels_n"].sum())))
    return proposals_table(ranked(proposals), language, items=text("costs.items"))


def _dispute(listed: pd.DataFrame, carrier: str, language: Language) -> Proposal:
    reasons = [
        language.text(f"costs.why.{reason}", n=len(part), euros=told_euros(part["left_cents"], language))
        for reason in _REASONS
        if not (part := listed[listed["reason"] == reason]).empty
    ]
    told = language.text(
        "costs.dispute", carrier=language.name("carrier", carrier), reasons=language.listed(reasons)
    )
    return Proposal(told, euros(listed["left_cents"]), len(listed))


def standing(week: Week) -> Html:
    """Show what of the list is new, and beside it what became of last week's."""
    if off := _off(week):
        return off
    language, text = week.language, week.language.text
    listed, came = costs.disputes(week), costs.came_of(week)
    age = listed["is_new"].map({True: "new", False: "known"})
    heads = {"items": text("costs.items"), "money": text("costs.over")}
    tables = [
        tally(listed["left_cents"], age, ("new", "known"), language, words="costs.age", **heads),
        tally(came["left_cents"], came["became"], _BECAME, language, words="costs.became", **heads),
    ]
    return Html.join(side_by_side(*tables), paragraph(text("costs.standing_note"), note=True))


def work_list(week: Week) -> Html:
    """Show the charges to dispute, the most money first; the whole list is in tables.xlsx."""
    if off := _off(week):
        return off
    language, text, listed = week.language, week.language.text, costs.disputes(week)
    if listed.empty:
        return paragraph(text("costs.none"))
    shown = listed.head(_SHOWN)
    rows = pd.DataFrame(
        {
            "invoice": shown["invoice_id"].map(isolated),
            "parcel": shown["tracking_number"].map(isolated),
            "carrier": [language.name("carrier", one) for one in shown["carrier"]],
            "shipped": [language.short_day(one.date()) for one in pd.to_datetime(shown["ship_date"])],
            "reason": [
                _reason(why, billed, declared, language)
                for why, billed, declared in zip(
                    shown["reason"], shown["billed_g"], shown["declared_g"], strict=True
                )
            ],
            "billed": shown["billed_cents"] / 100,
            "due": shown["due_cents"] / 100,
            "left": shown["left_cents"] / 100,
            "day": pd.to_datetime(shown["ship_date"]).dt.date,
            "since": [text(f"costs.age_is.{'new' if one else 'known'}") for one in shown["is_new"]],
        }
    )
    # What a contract says of a price is for internal readers.
    amounts = ("left",) if language.hidden else ("billed", "due", "left")
    columns = [
        *(Column(name, text(f"costs.{name}")) for name in ("invoice", "parcel")),
        Column("carrier", say.dimension_name("carrier", language).capitalize()),
        Column("shipped", text("costs.shipped"), order="day"),
        Column("reason", text("costs.reason")),
        *(Column(name, text(f"costs.{name}"), "euro", decimals=2) for name in amounts),
        Column("since", text("costs.since")),
    ]
    caption = text("costs.list", shown=len(shown), n=len(listed))
    table = render_table(rows, columns, caption=caption, language=language, name="disputes")
    return Html.join(table, paragraph(text("costs.list_note"), note=True))


def _reason(reason: str, billed_g: float, declared_g: float, language: Language) -> str:
    told = language.text(f"costs.reason_is.{reason}")
    if reason != "weight":
        return told
    billed, declared = (language.decimal(grams / 1000, 2) for grams in (billed_g, declared_g))
    return language.text("costs.weights", reason=told, billed=billed, declared=declared)


def totals(week: Week) -> Html:
    """Add the list up by carrier and reason."""
    if off := _off(week):
        return off
    language, text, found = week.language, week.language.text, costs.by_reason(week)
    if found.empty:
        return paragraph(text("costs.none"))
    reasons = [one for one in _REASONS if one in set(found["reason"])]
    wide = found.pivot_table(index="carrier", columns="reason", values="left_cents", aggfunc="sum") / 100
    wide["all"] = wide.sum(axis=1)
    wide["n"] = found.groupby("carrier")["charges_n"].sum()
    wide = wide.sort_values(["all"], ascending=False, kind="stable").reset_index()
    rows = wide.assign(name=[language.name("carrier", one) for one in wide["carrier"]])
    keys = ["n", *reasons, "all"]
    columns = [
        Column("name", say.dimension_name("carrier", language).capitalize()),
        Column("n", text("costs.items"), "count"),
        *(Column(one, text(f"costs.reason_is.{one}"), "euro", decimals=0) for one in reasons),
        Column("all", text("costs.over"), "euro", decimals=0),
    ]
    return render_table(
        rows,
        columns,
        caption=text("costs.totals"),
        language=language,
        name="disputes-by-carrier",
        total={"name": text("heat.all")} | {key: float(rows[key].sum()) for key in keys},
    )


def twice(week: Week) -> Html:
    """Say what came twice, what was charged twice, and which amounts stand under a wrong currency."""
    if off := _off(week):
        return off
    language, text = week.language, week.language.text
    found = costs.twice(week)
    kinds = {"removed": found.removed, "kept": found.kept, "disputed": found.disputed}
    rows = [{"name": text(f"costs.twice_is.{kind}"), "n": n} for kind, n in kinds.items()]
    columns = [Column("name", text("costs.twice_head")), Column("n", text("costs.number"), "count")]
    table = render_table(
        pd.DataFrame(rows), columns, caption=text("costs.twice"), language=language, name="charged-twice"
    )
    return Html.join(_slips(week), table)


def _slips(week: Week) -> Html:
    language, text, found = week.language, week.language.text, costs.slips(week)
    if found.empty:
        return paragraph(text("costs.no_slip"))
    days = [
        text("costs.between", first=language.short_day(first.date()), last=language.short_day(last.date()))
        for first, last in zip(found["first_day"], found["last_day"], strict=True)
    ]
    rows = found.assign(
        name=[language.name("carrier", one) for one in found["carrier"]],
        shipped=days,
        short=found["short_cents"] / 100,
    )
    columns = [
        Column("name", say.dimension_name("carrier", language).capitalize()),
        Column("lane", say.dimension_name("lane", language).capitalize()),
        Column("currency", text("costs.tagged")),
        Column("contract_currency", text("costs.meant")),
        Column("parcels_n", text("costs.parcels"), "count"),
        Column("shipped", text("costs.shipped")),
        Column("ratio", text("costs.ratio"), "number"),
        Column("rate", text("costs.rate"), "number"),
        Column("short", text("costs.short"), "euro", decimals=0),
    ]
    n, short = int(found["parcels_n"].sum()), float(rows["short"].sum())
    total = {"name": text("heat.all"), "parcels_n": n, "short": short}
    told = text("costs.slip", n=n, euros=language.value(short, "euro", 0))
    caption = text("costs.slips")
    table = render_table(
        rows, columns, caption=caption, language=language, name="currency-slips", total=total
    )
    return Html.join(paragraph(told), table)
