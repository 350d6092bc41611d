"""A brief a carrier for the meeting with it: the figures, what it can say for itself, and what to ask."""

from __future__ import annotations

import math

import pandas as pd

from tallysheet.causes import Row
from tallysheet.duties import carriers, carriers_proof_page
from tallysheet.duties.carriers_arguments import Argument, arguments, best_argument
from tallysheet.duties.known import lacking
from tallysheet.language import Language
from tallysheet.tables import Column, Html, details, paragraph, render_table
from tallysheet.week import Week


def briefs(week: Week) -> Html:
    """Show a brief a carrier, folded; each is one page on paper."""
    language, text = week.language, week.language.text
    if carriers.counts(week).empty:
        return paragraph(text("carriers.no_week"))
    found, gathered = carriers.compared(week), arguments(week)
    lanes, facts = carriers.lanes(week), _facts(week)
    pieces = []
    for row in found.sort_values(["excess", "carrier"], ascending=[False, True]).to_dict("records"):
        own = lanes[lanes["carrier"] == row["carrier"]]
        lines = [
            *_standing(row, own, language),
            *(one[row["carrier"]] for one in facts if row["carrier"] in one),
            ("argument", _said(best_argument(gathered[row["carrier"]]), language)),
            ("ask", _ask(row, own, language)),
        ]
        name = language.name("carrier", row["carrier"])
        pieces.append(details(name, _table(name, f"brief-{row['carrier']}", lines, language)))
    return Html.join(*pieces)


def _table(name: str, key: str, lines: list[tuple[str, str]], language: Language) -> Html:
    text = language.text
    rows = pd.DataFrame([{"what": text(f"carriers.brief.{what}"), "says": says} for what, says in lines])
    columns = [Column("what", text("carriers.brief.what")), Column("says", text("carriers.brief.says"))]
    caption = text("carriers.brief.caption", carrier=name)
    return render_table(rows, columns, caption=caption, language=language, name=key, caption_hidden=True)


def _standing(row: Row, own: pd.DataFrame, language: Language) -> list[tuple[str, str]]:
    text = language.text
    if math.isnan(row["gap"]):
        return [("gap", text("carriers.brief_alone"))]
    gap = text(
        "carriers.brief_gap",
        level=language.value(row["level"], "share"),
        others=language.value(row["others"], "share"),
        gap=language.change(row["gap"], "share"),
        ends=language.interval(row["low"], row["high"], "gap"),
        excess=language.change(row["excess"], "count", 1),
    )
    raw = text(
        "carriers.brief_raw",
        raw=language.value(row["raw"], "share"),
        others=language.value(row["raw_others"], "share"),
        gap=language.change(row["raw"] - row["raw_others"], "share"),
    )
    ordered = own.sort_values(["excess", "lane"])
    ends = [("best", ordered[ordered["low"] > 0].head(1)), ("worst", ordered[ordered["high"] < 0].tail(1))]
    lanes = [(kind, _lane(part.iloc[0], language)) for kind, part in ends if len(part)]
    return [("gap", gap), ("raw", raw), *lanes]


def _lane(row: pd.Series, language: Language) -> str:
    return language.text(
        "carriers.brief_lane",
        lane=carriers_proof_page.lane_name(row["lane"], language),
        gap=language.change(row["gap"], "share"),
        ends=language.interval(row["low"], row["high"], "gap"),
        excess=language.change(row["excess"], "count", 1),
    )


def _facts(week: Week) -> list[dict[str, tuple[str, str]]]:
    """Say by carrier what is known of its late parcels, its losses and its messages."""
    language, text, facts = week.language, week.language.text, []
    if not lacking(week, "late_legs") and not carriers.is_unplaced(week):
        legs = carriers.legs(week).to_dict("records")
        facts.append(
            {
                row["carrier"]: (
                    "legs",
                    text(
                        "carriers.brief_legs",
                        n=row["late"],
                        **{leg: row[leg] for leg in carriers_proof_page.LEGS},
                    ),
                )
                for row in legs
            }
        )
    if carriers.has_losses(week):
        facts.append(
            {
                row["carrier"]: (
                    "losses",
                    text(
                        "carriers.brief_losses",
                        n=int(row["losses_n"]),
                        value=language.value(row["value_cents"] / 100, "euro", 0),
                        net=language.value(row["net_loss_cents"] / 100, "euro", 0),
                    ),
                )
                for row in carriers.losses(week).to_dict("records")
            }
        )
    if carriers.has_scans(week):
        facts.append(
            {
                row["carrier"]: (
                    "scans",
                    text(
                        "carriers.brief_scans",
                        share=language.value(row["raw"], "share"),
                        others=language.value(row["raw_others"], "share"),
                    ),
                )
                for row in carriers.scans(week).to_dict("records")
            }
        )
    return facts


def _said(argument: Argument | None, language: Language) -> str:
    if argument is None:
        return language.text("carriers.argument.none")
    return language.text(
        f"carriers.argument.{argument.kind}",
        n=round(argument.parcels),
        parcels=language.value(argument.parcels, "count", 1),
        lane=carriers_proof_page.lane_name(argument.lane, language),
    )


def _ask(row: Row, own: pd.DataFrame, language: Language) -> str:
    """Say what to ask: a plan for the lane with most of the lateness, or to go on; of one alone nothing."""
    if math.isnan(row["gap"]):
        return language.text("carriers.brief_ask.alone")
    worse = own[own["high"] < 0].sort_values(["excess", "lane"], ascending=[False, True])
    if row["high"] < 0 and len(worse):
        lane = carriers_proof_page.lane_name(worse["lane"].iloc[0], language)
        return language.text("carriers.brief_ask.lane", lane=lane)
    kind = "plan" if row["high"] < 0 else "more" if row["low"] > 0 else "go_on"
    return language.text(f"carriers.brief_ask.{kind}")
