"""Whom to call about BackShip, on the page: four groups, each line with its reason and its evidence."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from tallysheet import say
from tallysheet.duties import adoption_sellers
from tallysheet.duties.known import left_out
from tallysheet.duties.proposals import Proposal, proposals_table, ranked
from tallysheet.language import Language
from tallysheet.tables import Column, Html, paragraph, render_table, section
from tallysheet.week import Week

_SHOWN = 12


def to_do(week: Week) -> Html:
    """Rank what to do about sellers by what it is worth in a year."""
    if off := left_out(week, *adoption_sellers.LISTS):
        return off
    language, listed = week.language, adoption_sellers.listed(week)
    proposals = [
        Proposal(
            language.text(f"adoption.do.{name}", n=len(part)),
            float(part["euros"].sum(skipna=False)),
            len(part),
            min((day for day in part["next_on"] if day is not None), default=None),
        )
        for name in adoption_sellers.GROUPS[:-1]
        for part in [listed[listed["group"] == name]]
    ]
    sellers = say.dimension_name("seller", language, 2).capitalize()
    table = proposals_table(ranked(proposals), language, items=sellers)
    return Html.join(table, _to_do_note(listed, language)) if ranked(proposals) else table


def _to_do_note(listed: pd.DataFrame, language: Language) -> Html:
    """Say what the worth is made of, or why there is none, and what the last day is."""
    effort = adoption_sellers.EFFORT_EUROS
    assumed = {name: language.value(effort[name], "euro", 0) for name in adoption_sellers.GROUPS[:-1]}
    worth = (
        language.text("adoption.to_do_worth", **assumed)
        if _has_worth(listed)
        else language.text("adoption.to_do_unknown")
    )
    return paragraph(f"{worth} {language.text('adoption.to_do_day')}", note=True)


def _has_worth(listed: pd.DataFrame) -> bool:
    return bool(listed["euros"].notna().any())


def became(week: Week) -> Html:
    """Say who began or came back since last week."""
    if off := left_out(week, *adoption_sellers.LISTS):
        return off
    began, back = adoption_sellers.since_last_week(week)
    text = week.language.text
    return paragraph(text("adoption.became", n=began, back=text("adoption.came_back", n=back)))


def sellers(week: Week) -> Html:
    """Show the sellers by group, the most worth first; without their names where these are internal."""
    if off := left_out(week, *adoption_sellers.LISTS):
        return off
    language, text = week.language, week.language.text
    listed = adoption_sellers.listed(week)
    if listed.empty:
        return paragraph(text("adoption.nobody"))
    if language.hidden:
        return Html.join(_groups(listed, language), paragraph(text("adoption.names_internal"), note=True))
    parts = [
        section(
            text(f"adoption.group.{name}", n=len(part)),
            paragraph(text(f"adoption.group_told.{name}"), note=True),
            _table(name, part.head(_SHOWN), len(part), language),
            name=f"backship-{name}",
            level=3,
        )
        for name in adoption_sellers.GROUPS
        for part in [listed[listed["group"] == name]]
        if len(part)
    ]
    notes = ["adoption.sellers_note", *(["adoption.no_chance"] if listed["chance"].isna().any() else [])]
    note = paragraph(" ".join(text(one) for one in notes), note=True)
    return Html.join(_groups(listed, language), *parts, note)


def _groups(listed: pd.DataFrame, language: Language) -> Html:
    text = language.text
    rows = [
        {
            "name": text(f"adoption.group_is.{name}"),
            "n": len(part),
            "orders": float(part["orders_week"].sum()),
            "euros": float(part["euros"].clip(lower=0).sum(skipna=False)),
        }
        for name in adoption_sellers.GROUPS
        for part in [listed[listed["group"] == name]]
    ]
    columns = [
        Column("name", text("adoption.group_head")),
        Column("n", say.dimension_name("seller", language, 2).capitalize(), "count"),
        Column("orders", text("adoption.orders"), "count"),
        *([_worth(language)] if _has_worth(listed) else []),
    ]
    return render_table(
        pd.DataFrame(rows),
        columns,
        caption=text("adoption.groups"),
        language=language,
        name="backship-groups",
    )


def _worth(language: Language) -> Column:
    return Column("euros", language.text("adoption.euros"), "euro", decimals=0)


def told(listed: pd.DataFrame, language: Language) -> pd.DataFrame:
    """Put each line's reason, argument, owner and days into the reader's words."""
    text = language.text
    return listed.assign(
        name=[language.name("seller", one) for one in listed["seller"]],
        why=[_reason(line, language) for line in listed.to_dict("records")],
        best=[text(f"adoption.argument.{one}") for one in listed["argument"]],
        who=[text(f"adoption.owner.{one}") for one in listed["owner"]],
        on=[language.short_day(day) if day else "" for day in listed["next_on"]],
        quiet=[
            text("adoption.quiet", first=language.short_day(first), last=language.short_day(last))
            for first, last in zip(listed["quiet_from"], listed["quiet_to"], strict=True)
        ],
        day=[day or dt.date.max for day in listed["next_on"]],
    )


def _reason(line: Mapping[Hashable, Any], language: Language) -> str:
    weeks = float(line["weeks"])
    return language.text(
        f"adoption.reason.{line['reason']}",
        n=0 if math.isnan(weeks) else int(weeks),
        share=language.value(float(line["share"]), "share", 0),
        usual=language.value(float(line["usual"]), "share", 0),
        late=language.value(float(line["late"]), "share", 0),
        chance=language.value(float(line["chance"]), "share", 0),
        since="" if pd.isna(line["paused_on"]) else language.day(line["paused_on"]),
    )


def _table(name: str, shown: pd.DataFrame, n: int, language: Language) -> Html:
    text = language.text
    columns = [
        Column("name", say.dimension_name("seller", language).capitalize(), small="country"),
        Column("why", text("adoption.why")),
        Column("orders_week", text("adoption.orders"), "number", decimals=1),
        Column("share", text("adoption.share"), "share", decimals=0),
        Column("chance", text("adoption.chance"), "share", decimals=0),
        *([_worth(language)] if _has_worth(shown) else []),
        Column("parcels_n", text("adoption.evidence_n"), "count"),
    ]
    if name != "leave":
        columns += [
            Column("best", text("adoption.argument_head"), small="who"),
            Column("on", text("adoption.next"), order="day", small="quiet"),
        ]
    caption = text("adoption.list", shown=len(shown), n=n)
    return render_table(
        told(shown, language), columns, caption=caption, language=language, name=f"backship-list-{name}"
    )
