"""The page about fulfilment partners: what goes wrong at whom and when, and what lateness starts there."""

from __future__ import annotations

import math

import pandas as pd

from tallysheet import say
from tallysheet.causes import Row
from tallysheet.duties import fulfilment
from tallysheet.duties.carriers import is_unplaced
from tallysheet.duties.known import lacking, left_out, unlinked
from tallysheet.duties.proposals import Proposal, proposals_table
from tallysheet.duties.tallies import ends
from tallysheet.language import Language
from tallysheet.tables import Column, Html, headline, paragraph, render_table
from tallysheet.week import Week

_SHARE = 0.05
"""Beyond so much of what is late, a page names where it starts."""


def opening(week: Week) -> Html:
    """Name the partner that stands out, or that none does, and how much lateness starts at partners."""
    if off := _off(week):
        return off
    language, text = week.language, week.language.text
    found = fulfilment.listed(week)
    if found.empty:
        return headline(text("fulfilment.none"), _begun(week), language)
    first = fulfilment.first(found).to_dict()
    fact = text(
        f"fulfilment.headline.{first['step']}",
        partner=_name(first["partner"], language),
        n=int(first["wrong_n"]),
        all=language.value(first["n"], "count"),
    )
    is_one_of_many = first["partner"] == "" or not math.isnan(first["others"])
    alike = text("fulfilment.alike") if is_one_of_many and not first["stands_out"] else ""
    sentences = [alike, fact, _beside(first, language), _above_all(first, language)]
    return headline(" ".join(filter(None, sentences)), _begun(week), language)


def _name(partner: str, language: Language) -> str:
    return language.name("partner", partner) if partner else language.text("fulfilment.all_partners")


def _beside(row: Row, language: Language) -> str:
    """Say what share went wrong at a partner, and at the others; nothing where there are none."""
    if math.isnan(row["others"]):
        return ""
    own, others = (language.value(row[side], "share") for side in ("own", "others"))
    return language.text("fulfilment.beside", own=own, others=others)


def _off(week: Week) -> Html | None:
    if off := left_out(week, "fulfilment_days") or unlinked(week, "fulfilment_jobs.kind"):
        return off
    if fulfilment.days(week).empty:
        return paragraph(week.language.text("fulfilment.nothing"))
    return None


def _begun(week: Week) -> str:
    """Say how much lateness starts at the partner where most of its own does."""
    if lacking(week, "late_legs"):
        return ""
    found = fulfilment.starts(week)
    known = found[(found["partner"] != "") & (found["share"] > _SHARE)].sort_values(["at_partner", "partner"])
    if known.empty:
        return ""
    worst = known.iloc[-1]
    return week.language.text(
        "fulfilment.begun",
        partner=week.language.name("partner", worst["partner"]),
        n=int(worst["late"]),
        begun=int(worst["at_partner"]),
    )


def to_do(week: Week) -> Html:
    """List what to speak about with partners, and how much of it goes wrong a week."""
    if off := _off(week):
        return off
    language, text = week.language, week.language.text
    proposals = [
        Proposal(
            _question(row, language),
            math.nan,
            max(round(row["weekly"]), 1),
        )
        for row in fulfilment.listed(week).to_dict("records")
    ]
    caption = text("fulfilment.to_do")
    table = proposals_table(proposals, language, items=text("fulfilment.items"), caption=caption)
    return Html.join(table, paragraph(text("fulfilment.to_do_note"), note=True))


def _question(row: Row, language: Language) -> str:
    sentences = [
        language.text(f"fulfilment.do.{row['step']}", partner=_name(row["partner"], language)),
        _beside(row, language) if row["stands_out"] else "",
        _above_all(row, language),
    ]
    return " ".join(filter(None, sentences))


def _above_all(row: Row, language: Language) -> str:
    """Name the weekday that stands out; nothing where none does."""
    day = int(row["weekday"])
    return language.text("fulfilment.above_all", day=_weekday(day, language)) if day >= 0 else ""


def _weekday(number: int, language: Language) -> str:
    return str(language.locale.days["stand-alone"]["wide"][number])


def followed_up(week: Week) -> Html:
    """Show what went wrong this week where last week's list asked for something."""
    if off := _off(week):
        return off
    language, text = week.language, week.language.text
    found = fulfilment.came_of(week)
    if found.empty:
        return paragraph(text("fulfilment.nothing_asked"))
    rows = found.assign(
        name=[_name(one, language) for one in found["partner"]],
        what=[text(f"fulfilment.step.{one}") for one in found["step"]],
    )
    columns = [
        Column("name", say.dimension_name("partner", language).capitalize()),
        Column("what", text("fulfilment.what")),
        Column("weekly", text("fulfilment.then"), "count", decimals=1),
        Column("wrong_now", text("fulfilment.now"), "count"),
    ]
    caption = text("fulfilment.followed_up")
    return render_table(rows, columns, caption=caption, language=language, name="followed-up")


def partners(week: Week) -> Html:
    """Show each partner beside the others in each step."""
    if off := _off(week):
        return off
    language, text = week.language, week.language.text
    compared, recent = fulfilment.partners(week), fulfilment.recent(week)
    compared["wrong"] = compared["n"] * (1 - compared["raw"])
    found = _with_all(compared, ["n", "wrong"])
    now = _with_all(recent, ["n", "wrong_n"]).set_index(["partner", "step"])
    rows = found.assign(
        name=[_name(one, language) for one in found["partner"]],
        what=[text(f"fulfilment.step.{one}") for one in found["step"]],
        raw=1 - found["wrong"] / found["n"],
        interval=ends(found["low"], found["high"]),
        recent_n=[_at(now, row, "n") for row in found.to_dict("records")],
        recent=[_at(now, row, "wrong_n") for row in found.to_dict("records")],
        shares=[_shares(now, row, language) for row in found.to_dict("records")],
    )
    columns = [
        Column("name", say.dimension_name("partner", language).capitalize()),
        Column("what", text("fulfilment.what")),
        Column("recent_n", text("fulfilment.recent_n"), "count"),
        Column("recent", text("fulfilment.recent"), "count", small="shares"),
        Column("n", text("fulfilment.counted"), "count"),
        Column("wrong", text("fulfilment.wrong"), "count"),
        Column("raw", text("fulfilment.right"), "share", decimals=2),
        Column("gap", text("carriers.gap_head"), "points", decimals=2),
        Column("interval", text("carriers.interval"), "range", of="gap"),
        Column("excess", text("fulfilment.excess"), "signed_count", decimals=1),
    ]
    first = week.week.shift(1 - fulfilment.WEEKS)
    caption = text("fulfilment.partners", first=language.week_code(first), last=language.week_code(week.week))
    table = render_table(rows, columns, caption=caption, language=language, name="partners")
    return Html.join(table, paragraph(text("fulfilment.partners_note"), note=True))


def _with_all(rows: pd.DataFrame, sums: list[str]) -> pd.DataFrame:
    """Add a row of all partners together to each step that has several, behind them."""
    steps = [
        part
        if len(part) == 1
        else pd.concat([part, part[sums].sum().to_frame().T.assign(partner="", step=step)])
        for step, part in rows.groupby("step", sort=False)
    ]
    return pd.concat([rows.iloc[:0], *steps], ignore_index=True)


def _at(now: pd.DataFrame, row: Row, column: str) -> float:
    key = (row["partner"], row["step"])
    return float(now[column].get(key, math.nan))


def _shares(now: pd.DataFrame, row: Row, language: Language) -> str:
    """Write the share that went wrong in the last weeks, and that at the others."""
    own, others = (_at(now, row, side) for side in ("own", "others"))
    if math.isnan(own) or math.isnan(others):
        return ""
    written = {"own": language.value(own, "share"), "others": language.value(others, "share")}
    return language.text("fulfilment.shares", **written)


def weekdays(week: Week) -> Html:
    """Show on which weekdays things go wrong, a table a step."""
    if off := _off(week):
        return off
    language, text = week.language, week.language.text
    tables = []
    for step in fulfilment.STEPS:
        found = fulfilment.by_weekday(week, step)
        if found.empty:
            continue
        rows = found.rename(columns=str).reset_index()
        rows["name"] = [language.name("partner", one) for one in rows["partner"]]
        columns = [
            Column("name", say.dimension_name("partner", language).capitalize()),
            *(Column(str(day), _weekday(int(day), language), "share") for day in found.columns),
        ]
        caption = text("fulfilment.weekdays", step=text(f"fulfilment.step.{step}"))
        tables.append(
            render_table(rows, columns, caption=caption, language=language, name=f"weekdays-{step}")
        )
    return Html.join(*tables)


def starts(week: Week) -> Html:
    """Show of how many late parcels the lateness starts before the first scan, by partner."""
    language, text = week.language, week.language.text
    if off := left_out(week, "late_legs"):
        return off
    found = fulfilment.starts(week)
    if found.empty:
        return paragraph(text("fulfilment.none_sent"))
    if is_unplaced(week):
        return paragraph(text("carriers.legs_unknown"))
    rows = found.assign(
        name=[
            language.name("partner", one) if one else text("fulfilment.own_sending")
            for one in found["partner"]
        ]
    )
    columns = [
        Column("name", say.dimension_name("partner", language).capitalize()),
        Column("due", text("carriers.due"), "count"),
        Column("late", text("carriers.late"), "count"),
        Column("at_partner", text("fulfilment.handed_late"), "count"),
        Column("share", text("fulfilment.of_late"), "share", decimals=0),
        Column("rate", text("fulfilment.of_due"), "share"),
    ]
    caption = text("fulfilment.starts")
    table = render_table(rows, columns, caption=caption, language=language, name="starts")
    return Html.join(table, paragraph(text("fulfilment.starts_note"), note=True))
