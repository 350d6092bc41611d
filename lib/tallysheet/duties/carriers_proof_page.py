"""What bears the comparison of carriers out: legs of lateness, losses, and what carriers do not tell."""

from __future__ import annotations

import math

import pandas as pd

from tallysheet import say
from tallysheet.duties import carriers
from tallysheet.duties.known import left_out, switched_off
from tallysheet.duties.proposals import Proposal
from tallysheet.duties.tallies import ends
from tallysheet.kpis import kpi
from tallysheet.language import Language, isolated
from tallysheet.tables import Column, Html, paragraph, render_table, side_by_side
from tallysheet.week import Week

LEGS = ("handover", "both", "transit", "last_mile", "unknown")


def lane_name(lane: str, language: Language) -> str:
    """Name a lane, before it the flow where there are several.

    Examples
    --------
    >>> from tallysheet.language import read_language
    >>> lane_name("return|FR-DE", read_language("en"))
    'FR-DE, returns'
    """
    flow, _, way = lane.rpartition(carriers.FLOW_ENDS)
    if not flow:
        return isolated(way)
    return language.text("carriers.lane_of_flow", lane=isolated(way), flow=language.name("flow", flow))


def proposals(week: Week, language: Language) -> list[Proposal]:
    """Propose to speak about losses and about missing scans, of carriers with more than others have."""
    found = []
    if carriers.has_losses(week):
        lost = carriers.losses(week)
        weeks = len(carriers.final_weeks(week, "loss_rate"))
        for row in lost[lost["high"] < 0].to_dict("records"):
            text = language.text("carriers.ask_losses", carrier=language.name("carrier", row["carrier"]))
            found.append(Proposal(text, row["net_loss_cents"] / 100 / weeks, round(row["losses_n"] / weeks)))
    if carriers.has_scans(week):
        told = carriers.scans(week)
        for row in told[told["high"] < 0].to_dict("records"):
            text = language.text("carriers.ask_scans", carrier=language.name("carrier", row["carrier"]))
            found.append(Proposal(text, math.nan, round(row["excess"])))
    return found


def legs(week: Week) -> Html:
    """Show which leg made parcels late: before the first scan, on the way, or at the door."""
    language, text = week.language, week.language.text
    if off := left_out(week, "late_legs"):
        return off
    found = carriers.legs(week)
    whole = found[["due", "late", *LEGS]].sum()
    if not whole["late"]:
        return paragraph(text("carriers.none_late"))
    if carriers.is_unplaced(week):
        return paragraph(text("carriers.legs_unknown"))
    rows = found.assign(name=[language.name("carrier", one) for one in found["carrier"]])
    columns = [
        Column("name", say.dimension_name("carrier", language).capitalize()),
        Column("due", text("carriers.due"), "count"),
        Column("late", text("carriers.late"), "count"),
        *(Column(leg, text(f"carriers.leg.{leg}"), "count") for leg in LEGS),
    ]
    total = {"name": text("heat.all"), **{str(key): int(value) for key, value in whole.items()}}
    before = int(whole["handover"] + whole["both"])
    told = text(
        "carriers.legs_told",
        n=int(whole["handover"]),
        late=int(whole["late"]),
        both=int(whole["both"]),
        transit=int(whole["transit"]),
        before=before,
    )
    table = render_table(
        rows, columns, caption=text("carriers.legs"), language=language, name="legs", total=total
    )
    note = paragraph(text("carriers.legs_note"), note=True)
    return Html.join(paragraph(told), table, note)


def losses(week: Week) -> Html:
    """Show what was lost or damaged by carrier, what it was worth, and where most of the worth was."""
    language, text = week.language, week.language.text
    if missing := carriers.lacks(week, *carriers.LOSSES) or week.cube.empty(["shipments.first_scan_at"]):
        return switched_off(missing, language)
    if not carriers.has_losses(week):
        return paragraph(text("carriers.no_week"))
    found, weeks = carriers.losses(week), carriers.final_weeks(week, "loss_rate")
    rows = found.assign(
        name=[language.name("carrier", one) for one in found["carrier"]],
        rate=1 - found["raw"],
        behind=-found["gap"],
        interval=ends(-found["high"], -found["low"]),
        value=found["value_cents"] / 100,
        net=found["net_loss_cents"] / 100,
        unvalued_n=found["losses_n"] - found["valued_n"],
        lane=_parts("lane", found, language),
        category=_parts("category", found, language),
    )
    has_unvalued = bool(rows["unvalued_n"].sum())
    columns = [
        Column("name", say.dimension_name("carrier", language).capitalize()),
        Column("n", text("carriers.parcels"), "count"),
        Column("rate", text("carriers.lost_share"), "share", decimals=2),
        Column("behind", text("carriers.lost_gap"), "points", decimals=2),
        Column("interval", text("carriers.interval"), "range", of="gap"),
        Column("losses_n", text("carriers.losses_n"), "count"),
        *([Column("unvalued_n", text("carriers.unvalued_n"), "count")] if has_unvalued else []),
        Column("value", text("carriers.worth"), "euro", decimals=0),
        Column("net", text("carriers.net"), "euro", decimals=0),
        Column("lane", text("carriers.most_lane")),
        Column("category", text("carriers.most_category")),
    ]
    total = {
        "name": text("heat.all"),
        **{key: float(rows[key].sum(min_count=1)) for key in ("n", "losses_n", "unvalued_n", "value", "net")},
    }
    caption = text("carriers.losses", first=language.week_code(weeks[0]), last=language.week_code(weeks[-1]))
    table = render_table(rows, columns, caption=caption, language=language, name="losses", total=total)
    notes = [text("carriers.losses_note", n=week.settings.rules.lost_after_days)]
    if has_unvalued:
        notes.append(text("carriers.unvalued"))
    return Html.join(table, paragraph(" ".join(notes), note=True))


def _parts(by: str, found: pd.DataFrame, language: Language) -> pd.Series:
    """Name the part that holds most of the worth, with its share of it; nothing where nothing was lost."""
    told = [
        language.text(
            "carriers.share_of",
            part=language.name(by, row[by]),
            share=language.value(row[f"{by}_share"], "share", 0),
        )
        if row[f"{by}_share"] > 0
        else None
        for row in found.to_dict("records")
    ]
    return pd.Series(told, index=found.index, dtype=object)


def scans(week: Week) -> Html:
    """Show of how many parcels each carrier told all that it must, and how late."""
    language, text = week.language, week.language.text
    if missing := carriers.lacks(week, *carriers.SCANS) or week.review.lacking(kpi("scan_compliance")):
        return switched_off(missing, language)
    if not carriers.has_scans(week):
        return paragraph(text("carriers.no_week"))
    found, weeks = carriers.scans(week), carriers.final_weeks(week, "scan_compliance")
    rows = pd.DataFrame(
        {
            "name": [language.name("carrier", one) for one in found["carrier"]],
            "n": found["n"],
            "raw": found["raw"],
            "gap": found["gap"],
            "interval": ends(found["low"], found["high"]),
            "excess": found["excess"],
            "median_hours": found["median_hours"],
        }
    )
    columns = [
        Column("name", say.dimension_name("carrier", language).capitalize()),
        Column("n", text("carriers.parcels"), "count"),
        Column("raw", text("carriers.complete"), "share"),
        Column("gap", text("carriers.gap_head"), "points"),
        Column("interval", text("carriers.interval"), "range", of="gap"),
        Column("excess", text("carriers.missing"), "signed_count", decimals=1),
        Column("median_hours", text("carriers.latency"), "hours", decimals=1),
    ]
    caption = text("carriers.scans", first=language.week_code(weeks[0]), last=language.week_code(weeks[-1]))
    return render_table(rows, columns, caption=caption, language=language, name="scans")


def events(week: Week) -> Html:
    """Show the gaps with and without the weeks of strikes, weather and closures."""
    language, text = week.language, week.language.text
    if off := left_out(week, "outside_events"):
        return off
    found, without = carriers.events(week), carriers.spared(week)
    if without is None:
        return paragraph(text("carriers.no_event"))
    listed = pd.DataFrame(
        {
            "kind": [text(f"carriers.kind.{one}") for one in found["kind"]],
            "country": [language.name("country", one) if one else "" for one in found["country"]],
            "first": [language.day(one.date(), year=True) for one in pd.to_datetime(found["starts_on"])],
            "last": [language.day(one.date(), year=True) for one in pd.to_datetime(found["ends_on"])],
        }
    )
    both = carriers.compared(week).merge(without, on="carrier", suffixes=("", "_without"))
    both["name"] = [language.name("carrier", one) for one in both["carrier"]]
    tables = [
        render_table(rows, columns, caption=text(f"carriers.{name}"), language=language, name=name)
        for name, rows, columns in (
            (
                "events",
                listed,
                [Column(key, text(f"carriers.event_{key}")) for key in ("kind", "country", "first", "last")],
            ),
            (
                "spared",
                both,
                [
                    Column("name", say.dimension_name("carrier", language).capitalize()),
                    Column("gap", text("carriers.with"), "points"),
                    Column("gap_without", text("carriers.without"), "points"),
                ],
            ),
        )
    ]
    return Html.join(side_by_side(*tables), paragraph(text("carriers.spared_note"), note=True))
