"""The tables of the workbook: what each column means, its type and unit, and what may stand in it."""

from __future__ import annotations

from tallysheet.errors import DataError, nearest
from tallysheet.schema.customer import CARE_CONTACTS, CLAIMS, ORDERS, REVERSE_CASES
from tallysheet.schema.reference import CONTRACT_RATES, CONTRACT_TERMS, EVENT_LOG, SELLERS, TARGETS
from tallysheet.schema.transport import CARRIER_INVOICE_LINES, FULFILMENT_JOBS, SHIPMENTS, TRACKING_EVENTS
from tallysheet.schema.types import YEARS, Column, Range, Rule, SqlType, Table

__all__ = ["SHIPMENTS", "TABLES", "YEARS", "Column", "Range", "Rule", "SqlType", "Table", "table"]

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        *(ORDERS, SHIPMENTS, TRACKING_EVENTS, CARRIER_INVOICE_LINES, CLAIMS, CARE_CONTACTS),
        *(SELLERS, REVERSE_CASES, FULFILMENT_JOBS, CONTRACT_RATES, CONTRACT_TERMS, TARGETS, EVENT_LOG),
    )
}
"""All tables, in the order of data/README.md."""


def table(name: str) -> Table:
    """Give a table by name; a DataError advises on an unknown one.

    Examples
    --------
    >>> table("shipments").key
    ('shipment_id',)
    """
    if name not in TABLES:
        raise DataError("table", "a known table", repr(name), nearest(name, TABLES))
    return TABLES[name]
