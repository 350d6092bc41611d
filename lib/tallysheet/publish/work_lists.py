"""The work lists of the duties as tables of plain values: whole, for who works them off in a spreadsheet."""

from __future__ import annotations

import pandas as pd

from tallysheet import say
from tallysheet.duties import adoption_sellers, adoption_sellers_page, claims, costs
from tallysheet.duties.known import lacking
from tallysheet.language import Language
from tallysheet.publish.sheets import Cell, Table, figure
from tallysheet.week import Week


def work_lists(week: Week, language: Language) -> tuple[Table, ...]:
    """Give the lists that the data allows; prices by contract are for internal readers.

    Parameters
    ----------
    week : Week
    language : Language
        With what is hidden from its readers.
    """
    found = []
    if not lacking(week, "claimable", "claims_on_hand"):
        found.append(unclaimed(week, language))
    if not language.hidden and not lacking(week, "overcharged"):
        found.append(disputes(week, language))
    if not language.hidden and not lacking(week, *adoption_sellers.LISTS):
        found.append(backship(week, language))
    return tuple(found)


def unclaimed(week: Week, language: Language) -> Table:
    """Give the parcels that can still be claimed, the most promising first."""
    text, is_hidden = language.text, "seller" in language.hidden
    # Of a parcel without an order no worth is known, nor a chance where no claim was ever decided.
    unknown = dict.fromkeys(("value_cents", "most_cents", "expected_cents", "chance"), float)
    listed = claims.unclaimed(week).astype(unknown)
    headers = (
        *(text("claims.parcel"), text("claims.event"), say.dimension_name("carrier", language).capitalize()),
        say.dimension_name("lane", language).capitalize(),
        *([] if is_hidden else [say.dimension_name("seller", language).capitalize()]),
        *(text(f"claims.{name}") for name in ("value", "most", "chance", "expected")),
        *(text("duty.until"), text("claims.left")),
    )
    rows = tuple(
        (
            *(str(row["shipment_id"]), language.name("event", row["event"])),
            *(language.name("carrier", row["carrier"]), str(row["lane"])),
            *([] if is_hidden else [_seller(row["seller"], language)]),
            *(figure(row[f"{name}_cents"] / 100, "euro") for name in ("value", "most")),
            *(figure(row["chance"], "share"), figure(row["expected_cents"] / 100, "euro")),
            *(pd.Timestamp(row["last_day"]).date(), figure(row["days_left"], "count")),
        )
        for row in listed.to_dict("records")
    )
    return Table(text("sheet.unclaimed"), headers, rows)


def _seller(code: str | None, language: Language) -> Cell:
    return None if pd.isna(code) else language.name("seller", code)


def disputes(week: Week, language: Language) -> Table:
    """Give the charges to dispute, the most money first."""
    text = language.text
    amounts = [f"{name}_cents" for name in ("billed", "due", "credited", "left")]
    listed = costs.disputes(week).astype(dict.fromkeys(amounts, float))
    headers = (
        *(
            text("costs.invoice"),
            text("costs.parcel"),
            say.dimension_name("carrier", language).capitalize(),
            text("costs.shipped"),
        ),
        *(text("costs.reason"), text("costs.billed"), text("costs.due"), text("costs.credited")),
        *(text("costs.left"), text("costs.since")),
    )
    rows = tuple(
        (
            *(str(row["invoice_id"]), str(row["tracking_number"]), language.name("carrier", row["carrier"])),
            pd.Timestamp(row["ship_date"]).date(),
            text(f"costs.reason_is.{row['reason']}"),
            *(figure(row[name] / 100, "euro") for name in amounts),
            text(f"costs.age_is.{'new' if row['is_new'] else 'known'}"),
        )
        for row in listed.to_dict("records")
    )
    return Table(text("sheet.disputes"), headers, rows)


def backship(week: Week, language: Language) -> Table:
    """Give the sellers to be called about BackShip, and those not to be, by group."""
    text = language.text
    listed = adoption_sellers_page.told(adoption_sellers.listed(week), language)
    headers = (
        *(say.dimension_name("seller", language).capitalize(), text("adoption.group_head")),
        *(text(f"adoption.{name}") for name in ("why", "orders", "share", "chance", "euros", "evidence_n")),
        *(text(f"adoption.{name}") for name in ("argument_head", "owner_head", "next", "quiet_head")),
    )
    rows = tuple(
        (
            *(str(row["name"]), text(f"adoption.group_is.{row['group']}"), str(row["why"])),
            *(figure(row["orders_week"], "number"), figure(row["share"], "share")),
            *(figure(row["chance"], "share"), figure(row["euros"], "euro")),
            *(figure(row["parcels_n"], "count"), str(row["best"]), str(row["who"])),
            *(row["next_on"], str(row["quiet"])),
        )
        for row in listed.to_dict("records")
    )
    return Table(text("sheet.backship"), headers, rows)
