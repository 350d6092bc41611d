"""The tables of the workbook: what each column means, its type and unit, and what may stand in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tallysheet.errors import DataError, nearest

SqlType = Literal["VARCHAR", "BIGINT", "DOUBLE", "DATE", "TIMESTAMP", "BOOLEAN"]


@dataclass(frozen=True)
class Column:
    """A column: its DuckDB type, what it means (with its unit), whether it must be filled, allowed values."""

    name: str
    type: SqlType
    meaning: str
    required: bool = False
    allowed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """A table: its grain, the columns that name a row, and all columns.

    Examples
    --------
    >>> TABLES["shipments"].key
    ('shipment_id',)
    """

    name: str
    grain: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    def column(self, name: str) -> Column:
        """Give a column by name; a DataError advises on an unknown one."""
        for column in self.columns:
            if column.name == name:
                return column
        known = [column.name for column in self.columns]
        raise DataError(f"table {self.name}", "a known column", repr(name), nearest(name, known))


SHIPMENTS = Table(
    name="shipments",
    grain="one parcel handed to a carrier, or one flight",
    key=("shipment_id",),
    columns=(
        Column("shipment_id", "VARCHAR", "name of the shipment", required=True),
        Column("order_id", "VARCHAR", "order or case that it serves"),
        Column(
            "flow", "VARCHAR", "direction", True, ("outbound", "return", "trade_in", "return_to_customer")
        ),
        Column("carrier", "VARCHAR", "carrier's code", required=True),
        Column("service", "VARCHAR", "service bought", allowed=("home", "pudo", "express")),
        Column("label_source", "VARCHAR", "who bought the label", allowed=("backship", "seller_own")),
        Column("seller", "VARCHAR", "seller's code"),
        Column("partner", "VARCHAR", "fulfilment partner's code"),
        Column("origin_country", "VARCHAR", "country it leaves, ISO 3166"),
        Column("destination_country", "VARCHAR", "country it goes to, ISO 3166"),
        Column("origin", "VARCHAR", "place it leaves: depot, postcode area or airport"),
        Column("destination", "VARCHAR", "place it goes to: postcode area or airport"),
        Column(
            "destination_zone", "VARCHAR", "IANA time zone of the destination; empty: its times are local"
        ),
        Column("label_created_at", "TIMESTAMP", "label made, UTC"),
        Column("handover_declared_at", "TIMESTAMP", "sender says handed over, UTC"),
        Column("first_scan_at", "TIMESTAMP", "first scan by the carrier, UTC"),
        Column("first_attempt_at", "TIMESTAMP", "first delivery attempt, UTC (local without a zone)"),
        Column("delivered_at", "TIMESTAMP", "delivered, UTC (local without a zone); empty: not delivered"),
        Column("promised_date", "DATE", "local day by which weeks count the shipment as due", required=True),
        Column(
            "promised_at",
            "TIMESTAMP",
            "last moment that is on time, UTC (local without a zone)",
            required=True,
        ),
        Column(
            "status",
            "VARCHAR",
            "state when the row was known; cancelled, diverted and lost will never be delivered",
            True,
            ("in_transit", "delivered", "cancelled", "diverted", "lost"),
        ),
        Column(
            "known_at", "TIMESTAMP", "when this row became known, UTC (local without a zone)", required=True
        ),
    ),
)

TABLES = {table.name: table for table in (SHIPMENTS,)}


def table(name: str) -> Table:
    """Give a table by name; a DataError advises on an unknown one."""
    if name not in TABLES:
        raise DataError("table", "a known table", repr(name), nearest(name, TABLES))
    return TABLES[name]
