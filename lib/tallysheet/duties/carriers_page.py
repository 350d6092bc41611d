"""The page about carriers: who is late beyond the others, what to ask of whom, and what bears it out."""

from __future__ import annotations

import math

import pandas as pd

from tallysheet import kpi_page, say
from tallysheet.by_value import funnel
from tallysheet.causes import Row
from tallysheet.duties import carriers, carriers_proof_page
from tallysheet.duties.known import switched_off
from tallysheet.duties.proposals import Proposal, proposals_table, ranked
from tallysheet.duties.tallies import ends
from tallysheet.kpi import Kpi
from tallysheet.language import Language
from tallysheet.page import actions_table
from tallysheet.tables import Column, Html, headline, paragraph, render_table
from tallysheet.week import Week

_LANES = 20


def opening(week: Week) -> Html:
    """Name the carrier that is late most beyond the others on the same lanes, and what its mix hides."""
    if off := _off(week):
        return off
    language, found = week.language, carriers.compared(week)
    later = found[found["high"] < 0].sort_values("excess", ascending=False)
    if later.empty:
        fact = "carriers.none_later" if found["gap"].notna().any() else "carriers.none_compared"
        return headline(language.text(fact), _followed(week), language)
    worst = later.iloc[0]
    fact = language.text(
        "carriers.headline",
        carrier=language.name("carrier", worst["carrier"]),
        excess=language.value(worst["excess"], "count", 1),
        n=round(worst["excess"]),
        noun=language.text("noun.shipments"),
    )
    cause = language.text(
        "carriers.gap",
        gap=language.size(worst["gap"], "share"),
        ends=_ends(worst, language),
        raw=language.value(worst["raw"], "share"),
        raw_others=language.value(worst["raw_others"], "share"),
    )
    return headline(fact, f"{cause} {_followed(week)}".strip(), language)


def _off(week: Week) -> Html | None:
    if not week.has(carriers.measured(week).slug):
        return switched_off(["shipments"], week.language)
    if carriers.counts(week).empty:
        return paragraph(week.language.text("carriers.no_week"))
    return None


def _ends(row: pd.Series, language: Language) -> str:
    return language.interval(row["low"], row["high"], "gap")


def _followed(week: Week) -> str:
    before = carriers.compared(week, weeks_before=1) if _was_known(week) else pd.DataFrame()
    named = list(before[before["high"] < 0]["carrier"]) if len(before) else []
    if not named:
        return ""
    now = carriers.compared(week).set_index("carrier")
    still = sum(bool(now["high"].get(one, math.nan) < 0) for one in named)
    return week.language.text("carriers.followed", n=len(named), still=still)


def _was_known(week: Week) -> bool:
    return not carriers.counts(week, weeks_before=1).empty


def scorecard(week: Week) -> Html:
    """Show each carrier beside the others on the same lanes, step by step from what customers see."""
    if off := _off(week):
        return off
    language, text, one = week.language, week.language.text, carriers.measured(week)
    found, name = carriers.compared(week), say.name(one, week.language)
    weeks = carriers.final_weeks(week, one.slug)
    shown = found.assign(
        name=[language.name("carrier", code) for code in found["carrier"]],
        weekly=found["n"] / len(weeks),
        interval=ends(found["low"], found["high"]),
        told=[_told(row, language) for row in found.to_dict("records")],
    )
    columns = [
        Column("name", say.dimension_name("carrier", language).capitalize()),
        Column("weekly", text("carriers.weekly"), "count"),
        Column("raw", text("carriers.raw"), "share"),
        Column("raw_others", text("carriers.raw_others"), "share"),
        Column("level", text("carriers.level"), "share"),
        Column("others", text("carriers.others"), "share"),
        Column("gap", text("carriers.gap_head"), "points"),
        Column("interval", text("carriers.interval"), "range", of="gap"),
        Column("coverage", text("carriers.coverage"), "share", decimals=0),
        Column("excess", text("carriers.excess"), "signed_count", decimals=1),
        Column("told", text("carriers.told")),
    ]
    notes = [text(f"carriers.note_{one.slug}")]
    if one.slug == "carrier_otd" and week.has("otd"):
        shown = shown.assign(
            kept=shown["carrier"].map(carriers.promise_kept(week)),
            goal=[carriers.goal(week, code) for code in shown["carrier"]],
        )
        columns.insert(2, Column("kept", text("carriers.kept"), "share"))
        if shown["goal"].notna().any():
            columns.insert(3, Column("goal", text("carriers.goal"), "share"))
            notes.append(text("carriers.goal_note"))
    caption = text(
        "carriers.scorecard",
        name=name,
        first=language.week_code(weeks[0]),
        last=language.week_code(weeks[-1]),
    )
    table = render_table(shown, columns, caption=caption, language=language, name="carriers")
    return Html.join(table, paragraph(" ".join(notes), note=True))


def _told(row: Row, language: Language) -> str:
    if math.isnan(row["gap"]):
        return language.text("carriers.verdict.none")
    kind = "later" if row["high"] < 0 else "earlier" if row["low"] > 0 else "same"
    return language.text(f"carriers.verdict.{kind}")


def to_do(week: Week) -> Html:
    """Rank what to ask of carriers: by money where it is known, then by parcels a week."""
    if off := _off(week):
        return off
    language, found = week.language, carriers.compared(week)
    by_lane = carriers.lanes(week)
    proposals = []
    for row in found[found["high"] < 0].to_dict("records"):
        worse = by_lane[(by_lane["carrier"] == row["carrier"]) & (by_lane["high"] < 0)]
        worse = worse.sort_values(["excess", "lane"], ascending=[False, True])
        name = language.name("carrier", row["carrier"])
        lane = carriers_proof_page.lane_name(worse["lane"].iloc[0], language) if len(worse) else ""
        words = "carriers.ask_lane" if lane else "carriers.ask"
        proposals.append(
            Proposal(language.text(words, carrier=name, lane=lane), math.nan, round(row["excess"]))
        )
    proposals += carriers_proof_page.proposals(week, language)
    return proposals_table(ranked(proposals), language, items=language.text("carriers.items"))


def followed_up(week: Week) -> Html:
    """Show how far the carriers of last week's list are now, and the actions that are under way."""
    language, text = week.language, week.language.text
    if off := _off(week):
        return off
    if not _was_known(week):
        return paragraph(text("carriers.nothing_asked"))
    before, now = carriers.compared(week, weeks_before=1), carriers.compared(week).set_index("carrier")
    asked = before[before["high"] < 0]
    actions = [one for one in carriers.under_way(week) if language.hidden.isdisjoint(one.action.where)]
    done = actions_table(actions, language) if actions else paragraph(text("carriers.no_actions"))
    if asked.empty:
        return Html.join(paragraph(text("carriers.nothing_asked")), done)
    rows = pd.DataFrame(
        {
            "name": [language.name("carrier", one) for one in asked["carrier"]],
            "before": asked["excess"],
            "now": asked["carrier"].map(now["excess"]),
            "is_still": [
                text("carriers.still" if bool(now["high"].get(one, math.nan) < 0) else "carriers.no_more")
                for one in asked["carrier"]
            ],
        }
    )
    columns = [
        Column("name", say.dimension_name("carrier", language).capitalize()),
        Column("before", text("carriers.before"), "signed_count", decimals=1),
        Column("now", text("carriers.now"), "signed_count", decimals=1),
        Column("is_still", text("carriers.on_list")),
    ]
    caption = text("carriers.followed_up")
    return Html.join(
        render_table(rows, columns, caption=caption, language=language, name="followed-up"), done
    )


def lanes(week: Week) -> Html:
    """Show the lanes on which a carrier differs from the others, and all lanes as a funnel."""
    if off := _off(week):
        return off
    language, text, one = week.language, week.language.text, carriers.measured(week)
    found = carriers.lanes(week)
    differs = found[(found["high"] < 0) | (found["low"] > 0)]
    order = differs["excess"].abs().sort_values(ascending=False, kind="stable").index
    shown = differs.loc[order].head(_LANES)
    rows = shown.assign(
        name=[carriers_proof_page.lane_name(lane, language) for lane in shown["lane"]],
        who=[language.name("carrier", code) for code in shown["carrier"]],
        interval=ends(shown["low"], shown["high"]),
    )
    columns = [
        Column("name", say.dimension_name("lane", language).capitalize()),
        Column("who", say.dimension_name("carrier", language).capitalize()),
        Column("n", text("carriers.parcels"), "count"),
        Column("level", text("carriers.its"), "share"),
        Column("others", text("carriers.theirs"), "share"),
        Column("gap", text("carriers.gap_head"), "points"),
        Column("interval", text("carriers.interval"), "range", of="gap"),
        Column("excess", text("carriers.excess"), "signed_count", decimals=1),
    ]
    caption = text("carriers.lanes", shown=len(shown), n=len(differs), all=len(found))
    table = render_table(rows, columns, caption=caption, language=language, name="carrier-lanes")
    if shown.empty:
        told = "carriers.no_lane" if len(found) else "carriers.no_lane_compared"
        table = paragraph(text(told, n=len(found), all=len(found)))
    return Html.join(table, _funnel(week, one))


def _funnel(week: Week, one: Kpi) -> Html:
    """Draw all lanes against all together, so that a small one is not taken for a bad one."""
    counted = carriers.counts(week)
    sides = counted.groupby("way")[["x", "n"]].sum().rename_axis("value").reset_index()
    weeks = [str(each) for each in carriers.final_weeks(week, one.slug)]
    found = funnel(sides, one, "lane", weeks)
    # One lane alone is all there is, and lies on the middle.
    plot = None if len(found.points) < 2 else kpi_page.funnel_figure(found, one, week.language, level=3)
    return plot or Html("")
