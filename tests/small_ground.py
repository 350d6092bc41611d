"""A ground for facts from a few rows by hand: what is not said is empty."""

import datetime as dt

import duckdb

from tallysheet import schema
from tallysheet.engine import fact_sql
from tallysheet.extent import commonest_zones
from tallysheet.facts import set_looks, set_references
from tallysheet.settings import Rules
from tallysheet.weeks import IsoWeek

EVER = dt.datetime(2000, 1, 1)


def ground(rules: Rules | None = None, **tables: list[dict]) -> duckdb.DuckDBPyConnection:
    """Lay out tables by hand, one dict a row; also workdays of their countries, rules and rates.

    A row is known from ``known_at`` (else for ever) until ``replaced_at`` (else for good).
    """
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    for table in schema.TABLES.values():
        columns = [(one.name, one.type) for one in table.columns] + [("replaced_at", "TIMESTAMP")]
        connection.execute(f"CREATE TABLE {table.name} ({', '.join(f'{n} {k}' for n, k in columns)})")
        for row in tables.get(table.name, []):
            full = {"known_at": EVER, "replaced_at": dt.datetime(9999, 12, 31)} | row
            unknown = full.keys() - {name for name, _ in columns}
            assert not unknown, f"{table.name} has no {unknown}"
            connection.execute(
                f"INSERT INTO {table.name} ({', '.join(full)}) VALUES ({', '.join('?' * len(full))})",
                list(full.values()),
            )
    set_references(
        connection, rules or Rules(), dt.date(2025, 1, 1), dt.date(2026, 12, 31), zones_in(connection)
    )
    return connection


def zones_in(connection: duckdb.DuckDBPyConnection) -> tuple:
    """Give the countries of a ground's shipments, and their zones."""
    places = "origin_country, destination_country, destination_zone, 1 AS n"
    return commonest_zones(connection.execute(f"SELECT {places} FROM shipments").df())


def add_up(connection, fact: str, week: str, seen_at: dt.datetime, *, by: str | list[str] = "") -> dict:
    """Add a fact up for a week as seen at a moment: its measures, or those of each value of dimensions."""
    set_looks(connection, [(week, seen_at)])
    rows = connection.execute(fact_sql(fact)).df()
    measures = [name for name in rows.columns if name.endswith(("_n", "_cents"))]
    assert rows[measures].notna().all(axis=None), f"{fact} has an empty measure, which no total shows"
    if by:
        return rows.groupby(by)[measures].sum().to_dict("index")
    return rows[measures].sum().to_dict()


def after(week: str, days: float = 0.0) -> dt.datetime:
    """Give the moment so many days after the end of a week."""
    monday = IsoWeek.parse(week).monday + dt.timedelta(days=7)
    return dt.datetime.combine(monday, dt.time()) + dt.timedelta(days=days)
