"""Clean tables of random rows, with all that engines may understand differently.

Seconds in times, halves and negative amounts of money, empty cells, several versions of a row, capitals and
accents in texts that are compared.
"""

import datetime as dt
import random

import duckdb
import pyarrow as pa
from small_ground import zones_in

from tallysheet import schema
from tallysheet.facts import set_looks, set_references
from tallysheet.settings import Rules

NEVER = dt.datetime(9999, 12, 31)
FIRST, DAYS = dt.datetime(2026, 5, 11), 42
LOOKS = [
    (week, seen_at)
    for week in ("2026-W21", "2026-W23", "2026-W25")
    for seen_at in (dt.datetime(2026, 6, 30, 7, 0, 30), dt.datetime(2026, 10, 1))
]
TABLES = (
    *("orders", "shipments", "tracking_events", "carrier_invoice_lines", "claims", "care_contacts"),
    *("sellers", "reverse_cases", "fulfilment_jobs", "contract_rates", "contract_terms"),
)
RULES = Rules(euro_rates={"EUR": 1.0, "GBP": 0.8, "PLN": 4.3})
"""Of 2 pence a rate of 0.8 makes 2.5 cents."""

_POOLS = {
    "carrier": ["BRV", "dvp", "ÉSK"],
    "currency": ["EUR", "GBP", "PLN", None],
    "seller": ["s1", "S2", "s3", "Z4"],
    "partner": ["p1", "P2", None],
    "subject": ["Where is my parcel", "Parcel?", "Où est mon colis", "", "100 % of it", None],
    "contact_reason": ["WISMO", "damaged", "other"],
    "charge_type": ["base", "fuel", "remote area", "credit_note"],
    "backship_status": ["invited", "activated", "none"],
    "destination_zone": ["Europe/Paris", "Europe/London", "Asia/Tokyo", None],
}
_TYPES = {
    "VARCHAR": pa.string(),
    "BIGINT": pa.int64(),
    "DOUBLE": pa.float64(),
    "BOOLEAN": pa.bool_(),
    "DATE": pa.date32(),
    "TIMESTAMP": pa.timestamp("us"),
}
_ALWAYS = 0.9
"""Share of cells that are filled, of those that may be empty."""
_NAMES = 200
"""Things that rows name: orders, parcels, cases."""


def random_ground(seed: int = 1, rows: int = 500) -> duckdb.DuckDBPyConnection:
    """Lay out random clean tables, what facts read beside them, and the calendar of `LOOKS`."""
    draw = random.Random(seed)
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    for name in TABLES:
        table = random_rows(draw, name, rows)
        connection.register("rows_of_it", table)
        connection.execute(f"CREATE TABLE {name} AS SELECT * FROM rows_of_it")
        connection.unregister("rows_of_it")
    set_references(connection, RULES, dt.date(2026, 3, 1), dt.date(2026, 12, 31), zones_in(connection))
    set_looks(connection, LOOKS)
    return connection


def random_rows(draw: random.Random, name: str, rows: int) -> pa.Table:
    """Draw the rows of a table; one in five is a later version of an earlier one."""
    table = schema.table(name)
    columns = [one for one in table.columns if one.personal != "drop"]
    drawn: list[dict] = []
    last: dict[tuple, dict] = {}
    for number in range(rows):
        begun = FIRST + dt.timedelta(seconds=draw.randrange(DAYS * 86_400))
        row = {one.name: _cell(draw, one, begun) for one in columns}
        if len(table.key) == 1:
            row[table.key[0]] = _name(number if draw.random() > 0.2 else draw.randrange(number + 1))
        if name == "orders":
            row["order_id"] = _name(number // 2)
        key = tuple(row[column] for column in table.key)
        known_at = begun + dt.timedelta(seconds=draw.randrange(10 * 86_400))
        if key in last:
            known_at = last[key]["known_at"] + dt.timedelta(days=draw.randrange(1, 20))
            last[key]["replaced_at"] = known_at
        last[key] = row | {"known_at": known_at, "loaded_at": known_at, "replaced_at": NEVER}
        drawn.append(last[key])
    kinds = {one.name: _TYPES[one.type] for one in columns}
    kinds |= dict.fromkeys(("loaded_at", "replaced_at"), _TYPES["TIMESTAMP"])
    return pa.Table.from_pylist(drawn, pa.schema(kinds.items()))


def _cell(draw: random.Random, column: schema.Column, begun: dt.datetime) -> object:
    if not column.required and draw.random() > _ALWAYS:
        return None
    if column.allowed or column.name in _POOLS:
        return draw.choice(column.allowed or _POOLS[column.name])
    if column.name.endswith("country"):
        return draw.choice(["FR", "DE", "ES"])
    if column.type in ("TIMESTAMP", "DATE"):
        return _moment(draw, column, begun)
    if column.type == "VARCHAR":
        return _name(draw.randrange(_NAMES if column.name != "tracking_number" else _NAMES // 8))
    if column.unit == "cents":
        return draw.randrange(-50, 500)
    drawn = {"BOOLEAN": draw.random() < 0.5, "DOUBLE": draw.choice([0.05, 0.125, 0.5])}
    return drawn.get(column.type, draw.randrange(1, 40))


def _moment(draw: random.Random, column: schema.Column, begun: dt.datetime) -> dt.date:
    if column.name == "decided_at":  # several in a minute
        return (begun + dt.timedelta(days=draw.randrange(14))).replace(hour=9, minute=0)
    if column.type == "TIMESTAMP":
        return begun + dt.timedelta(seconds=draw.randrange(-86_400, 14 * 86_400))
    days = draw.randrange(20, 60) if column.name == "valid_to" else draw.randrange(-5, 20)
    return (begun + dt.timedelta(days=days)).date()


def _name(number: int) -> str:
    """Name a thing; capitals come before small letters and accents after both, byte by byte."""
    return f"{'aBé'[number % 3]}{number:03d}"
