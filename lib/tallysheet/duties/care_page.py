"""The page about Customer Care: what lateness costs, what could be spared, whether reasons were renamed."""

from __future__ import annotations

from decimal import Decimal

import pandas as pd

from tallysheet import say
from tallysheet.causes import Row
from tallysheet.duties import care
from tallysheet.duties.care import Estimate
from tallysheet.duties.known import left_out, unlinked
from tallysheet.duties.proposals import Proposal, proposals_table, ranked
from tallysheet.duties.tallies import ends
from tallysheet.facts import tables_of
from tallysheet.language import Language
from tallysheet.tables import Column, Html, headline, paragraph, render_table
from tallysheet.week import Week

_WEEKS_A_YEAR = 52


def _off(week: Week) -> Html | None:
    return left_out(week, "contacts_by_lateness")


def _not_by_parcel(week: Week) -> Html | None:
    """Say that contacts cannot be held against parcels, and why; None where they can."""
    off = _off(week) or unlinked(week, "shipments.order_id", "shipments.first_scan_at")
    return off or unlinked(week, "care_contacts.order_id = shipments.order_id")


def _has_claims(week: Week) -> bool:
    return "claims" in tables_of(week.ledger)


def opening(week: Week) -> Html:
    """Say what a late parcel brings, and what one point of on-time would spare."""
    if off := _not_by_parcel(week):
        return off
    language, text = week.language, week.language.text
    found, point = care.by_lateness(week).set_index("lateness"), care.value_of_a_point(week)
    late = found.drop(index="on_time")[["parcels_n", "contacts_n"]].sum()
    if not late["parcels_n"]:
        return headline(text("care.none_late"), "", language)
    fact = text(
        "care.headline",
        late=language.decimal(100 * float(late["contacts_n"] / late["parcels_n"]), 1),
        on_time=language.decimal(100 * float(found["contacts"]["on_time"]), 1),
    )
    cause = text(
        "care.point_told",
        n=round(Decimal(str(point.contacts.value)), 1),
        number=language.value(point.contacts.value, "tenths"),
        euros=language.value(point.cents.value / 100, "whole_euro"),
        range=_euros(point.cents, language),
    )
    return headline(fact, cause, language)


def _euros(cents: Estimate, language: Language) -> str:
    ends = (language.value(end / 100, "whole_euro") for end in (cents.low, cents.high))
    return language.text("number.range", **dict(zip(("lower", "upper"), ends, strict=True)))


def to_do(week: Week) -> Html:
    """Rank what would spare Care work, by what it costs in a year."""
    if off := _not_by_parcel(week):
        return off
    language, text = week.language, week.language.text
    proposals = [
        Proposal(
            _asked(row, language),
            row["cents"] / 100 * _WEEKS_A_YEAR,
            round(row["contacts_n"] * _WEEKS_A_YEAR),
        )
        for row in care.listed(week).to_dict("records")
    ]
    return Html.join(
        proposals_table(ranked(proposals), language, items=text("care.contacts")),
        paragraph(text("care.to_do_note", cost=_cost(week)), note=True),
    )


def _asked(row: Row, language: Language) -> str:
    return language.text(f"care.do_{row['kind']}", carrier=language.name("carrier", row["carrier"]))


def followed_up(week: Week) -> Html:
    """Show how many such contacts the newest week brought where last week's list asked for something."""
    if off := _not_by_parcel(week):
        return off
    language, text = week.language, week.language.text
    found = care.came_of(week)
    if found.empty:
        return paragraph(text("care.nothing_asked"))
    rows = found.assign(what=[_asked(row, language) for row in found.to_dict("records")])
    columns = [
        Column("what", text("duty.what")),
        Column("contacts_n", text("care.then"), "number", decimals=1),
        Column("now_n", text("care.now"), "number", decimals=1),
    ]
    table = render_table(
        rows, columns, caption=text("care.followed_up"), language=language, name="followed-up"
    )
    return Html.join(table, paragraph(text("care.followed_up_note"), note=True))


def _cost(week: Week) -> str:
    return week.language.value(week.settings.rules.contact_cost_cents / 100, "euro")


def lateness(week: Week) -> Html:
    """Show contacts and claims by how late a parcel was, and what a parcel costs Care beyond one on time."""
    if off := _not_by_parcel(week):
        return off
    language, text = week.language, week.language.text
    found = care.by_lateness(week)
    totals = found[care.COUNTS].sum()
    late = found[found["lateness"] != "on_time"][care.COUNTS].sum()
    rows = found.assign(
        name=[text(f"care.late.{one}") for one in found["lateness"]],
        interval=ends(found["low"] * 100, found["high"] * 100),
        euros=found["extra_cents"] / 100,
    )
    rows = pd.concat([rows, pd.DataFrame([_pooled(late, text("care.late.any"))])], ignore_index=True)
    columns = [
        Column("name", text("care.late_head")),
        Column("parcels_n", text("claims.parcels"), "count"),
        Column("contacts", text("care.contacts"), "rate"),
        Column("where", text("care.where"), "rate"),
        *([Column("claims", text("care.claims"), "rate")] if _has_claims(week) else []),
        Column("interval", text("care.extra"), "range", of="number"),
        Column("euros", text("care.euros"), "euro"),
    ]
    return Html.join(
        render_table(
            rows,
            columns,
            caption=text("care.lateness"),
            language=language,
            name="lateness",
            total=_pooled(totals, text("heat.all")),
        ),
        paragraph(text("care.lateness_note", cost=_cost(week)), note=True),
    )


def _pooled(sums: pd.Series, name: str) -> dict[str, object]:
    rates = {kind[:-2]: sums[kind] / sums["parcels_n"] for kind in care.COUNTS[1:] if sums["parcels_n"]}
    return {"name": name, "parcels_n": sums["parcels_n"], **rates}


def point(week: Week) -> Html:
    """Show what one point of on-time is worth, for Care and for claims, with intervals."""
    if off := _not_by_parcel(week):
        return off
    language, text = week.language, week.language.text
    found = care.value_of_a_point(week)
    lines = [("contacts", found.contacts, 1.0), ("cents", found.cents, 0.01)]
    if _has_claims(week):
        lines.insert(1, ("claims", found.claims, 1.0))
    rows = [
        {
            "name": text(f"care.point_line.{name}"),
            "value": one.value * scale,
            "interval": (one.low * scale, one.high * scale),
            "year": one.value * scale * _WEEKS_A_YEAR,
            "unit": "whole_euro" if name == "cents" else "tenths",
        }
        for name, one, scale in lines
    ]
    columns = [
        Column("name", text("care.point_head")),
        Column("value", text("care.a_week"), "value"),
        Column("interval", text("care.between"), "range", of="row"),
        Column("year", text("care.a_year"), "value", decimals=0),
    ]
    return Html.join(
        render_table(
            pd.DataFrame(rows), columns, caption=text("care.point"), language=language, name="one-point"
        ),
        paragraph(text("care.point_note"), note=True),
    )


def carriers(week: Week) -> Html:
    """Show where the contacts come from that late parcels bring: the gain that logistics and Care share."""
    if off := _not_by_parcel(week):
        return off
    language, text = week.language, week.language.text
    found = care.by_carrier(week)
    rows = found.assign(
        name=[language.name("carrier", one) for one in found["carrier"]], euros=found["extra_cents"] / 100
    )
    columns = [
        Column("name", say.dimension_name("carrier", language).capitalize()),
        Column("parcels_n", text("care.parcels_a_week"), "count"),
        Column("late_share", text("care.late_share"), "share"),
        Column("extra_n", text("care.extra_contacts"), "number", decimals=1),
        Column("euros", text("care.euros_a_week"), "euro", decimals=0),
    ]
    sums = found[["parcels_n", "late_n", "extra_n", "extra_cents"]].sum()
    total = {
        "name": text("heat.all"),
        "parcels_n": sums["parcels_n"],
        "late_share": sums["late_n"] / sums["parcels_n"] if sums["parcels_n"] else float("nan"),
        "extra_n": sums["extra_n"],
        "euros": sums["extra_cents"] / 100,
    }
    return render_table(
        rows, columns, caption=text("care.carriers"), language=language, name="late-by-carrier", total=total
    )


def spared(week: Week) -> Html:
    """Show the contacts that tracking could have answered, and those that two handled."""
    if off := _off(week):
        return off
    language, text = week.language, week.language.text
    found = care.spared(week)
    if found.empty:
        return paragraph(text("care.not_known"))
    rows = found.assign(
        name=[text(f"care.spared.{one}") for one in found["kind"]],
        share=found["contacts_n"] / found["of_n"].where(found["of_n"] > 0),
        euros=found["cents"] / 100,
    )
    columns = [
        Column("name", text("care.spared_head")),
        Column("contacts_n", text("care.a_week"), "count"),
        Column("share", text("care.of"), "share"),
        Column("euros", text("care.euros_a_week"), "euro", decimals=0),
    ]
    return render_table(
        rows, columns, caption=text("care.spared_caption"), language=language, name="spared-contacts"
    )


def reasons(week: Week) -> Html:
    """Show which reasons moved; what is renamed moves between reasons while all contacts stay as they are."""
    if off := _off(week):
        return off
    language, text = week.language, week.language.text
    found = care.reasons(week)
    rows = found.assign(name=[language.name("reason", one) for one in found["reason"]])
    columns = [
        Column("name", say.dimension_name("reason", language).capitalize()),
        Column("now_n", language.week_code(care.newest_week(week)), "count"),
        Column("usual_n", text("care.usual"), "number", decimals=1),
        Column("change_n", text("sheet.change"), "signed_count", decimals=1),
    ]
    total = found[["now_n", "usual_n", "change_n"]].sum()
    return Html.join(
        paragraph(_renamed(week, rows)),
        render_table(
            rows,
            columns,
            caption=text("care.reasons"),
            language=language,
            name="reasons",
            total={"name": text("heat.all")} | {str(name): value for name, value in total.items()},
        ),
    )


def _renamed(week: Week, reasons: pd.DataFrame) -> str:
    """Tell what shows that reasons were renamed; a name that is new may be one before that is proven."""
    language = week.language
    if "CLASSIFICATION" in set(week.verdicts_of("wismo_rate")["code"]):
        return language.text("care.renamed")
    new = [
        language.text("care.in_use_since", reason=name, week=language.week_code(since))
        for name, since in zip(reasons["name"], reasons["since"], strict=True)
        if since
    ]
    key = "care.new_reason" if new else "care.not_renamed"
    return language.text(key, reasons=language.listed(new))
