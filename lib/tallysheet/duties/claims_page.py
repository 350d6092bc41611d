"""The page about claims: what to file this week, what became of last week's list, how the rest goes."""

from __future__ import annotations

import pandas as pd

from tallysheet import say
from tallysheet.duties import claims
from tallysheet.duties.known import left_out, of_other_day, unlinked
from tallysheet.duties.proposals import Proposal, proposals_table, ranked
from tallysheet.duties.tallies import ends, euros, tally, told_euros
from tallysheet.language import Language, isolated
from tallysheet.tables import Column, Html, headline, paragraph, render_table, side_by_side
from tallysheet.week import Week

_SHOWN = 25
_SOON_DAYS = 7
_A_DAY = 1.0
_BANDS = ("soon", "month", "later")
_BECAME = ("claimed", "open", "over", "gone")


def opening(week: Week) -> Html:
    """Say how much can still be claimed, how much of it runs out soon, and what last week's list brought."""
    if off := _off(week):
        return off
    listed, language = claims.unclaimed(week), week.language
    if listed.empty:
        nothing = headline(language.text("claims.none"), _followed(week), language)
        return Html.join(nothing, *of_other_day(week))
    soon = listed[listed["days_left"] <= _SOON_DAYS]
    fact = language.text(
        "claims.headline", n=len(listed), expected=told_euros(listed["expected_cents"], language)
    )
    cause = language.text("claims.soon", n=len(soon), expected=told_euros(soon["expected_cents"], language))
    told = headline(fact, f"{cause} {_followed(week)}".strip(), language)
    return Html.join(told, *of_other_day(week))


def _off(week: Week) -> Html | None:
    needed = "claims.shipment_id = shipments.shipment_id"  # a parcel would seem unclaimed
    return left_out(week, "claimable", "claims_on_hand") or unlinked(week, needed)


def _followed(week: Week) -> str:
    came = claims.came_of(week)
    if came.empty:
        return ""
    n = came["became"].value_counts()
    over = came[came["became"] == "over"]
    return week.language.text(
        "claims.followed",
        n=len(came),
        claimed=week.language.decimal(int(n.get("claimed", 0))),
        over=week.language.decimal(int(n.get("over", 0))),
        lost=told_euros(over["expected_cents"], week.language),
    )


def to_do(week: Week) -> Html:
    """Rank what to do about claims by the money that it is expected to bring."""
    if off := _off(week):
        return off
    language, listed, waiting = week.language, claims.unclaimed(week), claims.waiting(week)
    proposals = [_file(part, str(carrier), language) for carrier, part in listed.groupby("carrier")]
    if len(waiting.incomplete):
        told = language.text(
            "claims.complete",
            n=waiting.evidence.complete_n,
            complete=language.value(waiting.evidence.complete, "share"),
            others=waiting.evidence.lacking_n,
            lacking=language.value(waiting.evidence.lacking, "share"),
        )
        worth = euros(waiting.incomplete["expected_cents"])
        proposals.append(Proposal(told, worth, len(waiting.incomplete)))
    proposals += [
        Proposal(
            language.text("claims.ask", carrier=language.name("carrier", carrier)),
            euros(part["expected_cents"]),
            len(part),
        )
        for carrier, part in waiting.old.groupby("carrier")
    ]
    first = ranked(proposals)
    table = proposals_table(first, language, items=language.text("claims.items"))
    return Html.join(table, paragraph(language.text("claims.to_do_note"), note=True)) if first else table


def _file(listed: pd.DataFrame, carrier: str, language: Language) -> Proposal:
    until = pd.to_datetime(listed["last_day"]).min().date()
    return Proposal(
        language.text("claims.file", carrier=language.name("carrier", carrier)),
        euros(listed["expected_cents"]),
        len(listed),
        until,
    )


def deadlines(week: Week) -> Html:
    """Show how much runs out when, and beside it what became of last week's list."""
    if off := _off(week):
        return off
    language, text = week.language, week.language.text
    listed, came = claims.unclaimed(week), claims.came_of(week)
    bands = pd.cut(listed["days_left"], [-1, _SOON_DAYS, 30, 10_000], labels=_BANDS)
    shared = {"items": text("claims.parcels"), "money": text("claims.expected")}
    return side_by_side(
        tally(listed["expected_cents"], bands, _BANDS, language, words="claims.deadlines", **shared),
        tally(
            came["expected_cents"], came["became"], _BECAME, language, words="claims.followed_up", **shared
        ),
    )


def work_list(week: Week) -> Html:
    """Show the parcels to claim, the most promising first; the whole list is in tables.xlsx."""
    if off := _off(week):
        return off
    language, text = week.language, week.language.text
    listed = claims.unclaimed(week)
    if listed.empty:
        return paragraph(text("claims.none"))
    shown = listed.head(_SHOWN)
    rows = pd.DataFrame(
        {
            "parcel": shown["shipment_id"].map(isolated),
            "event": [language.name("event", one) for one in shown["event"]],
            "carrier": [language.name("carrier", one) for one in shown["carrier"]],
            "lane": shown["lane"],
            "value": shown["value_cents"] / 100,
            "most": shown["most_cents"] / 100,
            "chance": shown["chance"],
            "expected": shown["expected_cents"] / 100,
            "until": [language.day(one.date()) for one in pd.to_datetime(shown["last_day"])],
            "left": shown["days_left"],
            "last_day": pd.to_datetime(shown["last_day"]).dt.date,
        }
    )
    columns = [
        Column("parcel", text("claims.parcel")),
        Column("event", text("claims.event")),
        Column("carrier", say.dimension_name("carrier", language).capitalize()),
        Column("lane", say.dimension_name("lane", language).capitalize()),
        Column("value", text("claims.value"), "euro", decimals=0),
        Column("most", text("claims.most"), "euro", decimals=0),
        Column("chance", text("claims.chance"), "share", decimals=0),
        Column("expected", text("claims.expected"), "euro", decimals=0),
        Column("until", text("duty.until"), order="last_day"),
        Column("left", text("claims.left"), "count"),
    ]
    caption = text("claims.list", shown=len(shown), n=len(listed))
    note = paragraph(text("claims.list_note", own=claims.OWN_CLAIMS), note=True)
    return Html.join(render_table(rows, columns, caption=caption, language=language, name="unclaimed"), note)


def speed(week: Week) -> Html:
    """Show how long claims take by carrier, those still open counted, beside what the decided alone say."""
    if off := left_out(week, "claims_on_hand") or unlinked(week, "claims.decided_at"):
        return off
    language, text = week.language, week.language.text
    found = claims.speed(week)
    found = found.assign(between=ends(found["low_days"], found["high_days"]))
    *parts, total = found[found["opened_n"] > 0].to_dict("records")
    rows = pd.DataFrame([one | {"name": language.name("carrier", one["carrier"])} for one in parts])
    columns = [
        Column("name", say.dimension_name("carrier", language).capitalize()),
        Column("opened_n", text("claims.opened"), "count"),
        Column("open_n", text("claims.open"), "count"),
        Column("median_days", text("claims.median"), "days"),
        Column("between", text("claims.between"), "range", of="days"),
        Column("decided_only_days", text("claims.decided_only"), "days"),
        Column("by_30", text("claims.by_30"), "share", decimals=0),
    ]
    if not week.cube.empty(["claims.decision"]):
        columns.append(Column("won", text("claims.won"), "share", decimals=0))
    table = render_table(
        rows,
        columns,
        caption=text("claims.speed"),
        language=language,
        name="claims-by-carrier",
        total={column.key: total.get(column.key) for column in columns} | {"name": text("heat.all")},
    )
    told = ""
    if total["median_days"] - total["decided_only_days"] >= _A_DAY:
        told = text(
            "claims.bias",
            all=language.value(total["median_days"], "days"),
            decided=language.value(total["decided_only_days"], "days"),
            n=total["open_n"],
        )
    return Html.join(*([paragraph(told)] if told else []), table)


def refusals(week: Week) -> Html:
    """Show why claims were refused, and what they asked for."""
    if off := left_out(week, "claims_on_hand") or unlinked(week, "claims.decision"):
        return off
    language, text = week.language, week.language.text
    found = claims.refusals(week)
    if found.empty:
        return paragraph(text("claims.no_refusal"))
    first, has_unknown = found.iloc[0], bool(found["unknown_n"].sum())
    rows = found.assign(
        name=[language.translated("value.reject_reason", one, one) for one in found["reason"].fillna("")],
        claimed=found["claimed_cents"] / 100,
    )
    columns = [
        Column("name", text("claims.reason")),
        Column("refused_n", text("claims.refused"), "count"),
        Column("share", text("claims.of_all"), "share", decimals=0),
        Column("claimed", text("claims.asked"), "euro", decimals=0),
        *([Column("unknown_n", text("claims.unknown_n"), "count")] if has_unknown else []),
    ]
    told = text(
        "claims.commonest", reason=rows["name"].iloc[0], share=language.value(first["share"], "share", 0)
    )
    caption = text("claims.refusals")
    table = render_table(rows, columns, caption=caption, language=language, name="refusals")
    note = [paragraph(text("claims.asked_unknown"), note=True)] if has_unknown else []
    return Html.join(paragraph(told), table, *note)
