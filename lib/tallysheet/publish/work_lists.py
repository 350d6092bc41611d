"""The work lists of the duties as tables of plain values: whole, for who works them off in a spreadsheet."""

from __future__ import annotations

import pandas as pd

from tallysheet.duties import claims
from tallysheet.duties.known import lacking
from tallysheet.language import Language
from tallysheet.publish.cells import Cell, Table, figure
from tallysheet.week import Week


def work_lists(week: Week, language: Language) -> tuple[Table, ...]:
    """Give the lists that the data allows.

    Parameters
    ----------
    week : Week
    language : Language
        With what is hidden from its readers.
    """
    return () if lacking(week, "claimable", "claims_on_hand") else (unclaimed(week, language),)


def unclaimed(week: Week, language: Language) -> Table:
    """Give the parcels that can still be claimed, the most promising first."""
    text = language.text
    listed = claims.unclaimed(week).astype({"value_cents": float, "most_cents": float})
    headers = (
        *(text("claims.parcel"), text("claims.event"), text("dimension.carrier.one")),
        *(text("dimension.lane.one"), text("dimension.seller.one")),
        *(text(f"claims.{name}") for name in ("value", "most", "chance", "expected")),
        *(text("duty.until"), text("claims.left")),
    )
    rows = tuple(
        (
            *(str(row["shipment_id"]), language.name("event", row["event"])),
            *(language.name("carrier", row["carrier"]), str(row["lane"]), _seller(row["seller"], language)),
            *(figure(row[f"{name}_cents"] / 100, "euro") for name in ("value", "most")),
            *(figure(row["chance"], "share"), figure(row["expected_cents"] / 100, "euro")),
            *(f"{pd.Timestamp(row['last_day']):%Y-%m-%d}", figure(row["days_left"], "count")),
        )
        for row in listed.to_dict("records")
    )
    return Table(text("sheet.unclaimed"), headers, rows)


def _seller(code: str | None, language: Language) -> Cell:
    return None if pd.isna(code) else language.name("seller", code)
