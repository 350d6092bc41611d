"""What holds for every fact: its SQL, and that it never looks ahead."""

import datetime as dt
import re
from importlib import resources

import duckdb
import pandas as pd
import pytest
import sqlglot
from sqlglot import exp

import tallysheet as ts
from tallysheet import schema
from tallysheet.engine import fact_columns, fact_names, fact_sql
from tallysheet.facts import open_tables, set_looks, set_references
from tallysheet.kpis import KPIS
from tallysheet.settings import read_settings

ALLOWED = (
    *(exp.Select, exp.From, exp.Join, exp.Where, exp.Group, exp.Having, exp.Subquery, exp.Paren, exp.Order),
    *(exp.Table, exp.TableAlias, exp.Column, exp.Identifier, exp.Alias, exp.Literal, exp.Boolean, exp.Null),
    *(exp.Case, exp.If, exp.Coalesce, exp.Cast, exp.DataType, exp.Nullif, exp.Tuple, exp.Distinct, exp.Star),
    *(exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Neg, exp.Mod, exp.DPipe, exp.Interval, exp.Var, exp.DateDiff),
    *(exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Is, exp.In, exp.Between, exp.Like),
    *(exp.And, exp.Or, exp.Not, exp.Exists),
    *(exp.Sum, exp.Count, exp.Min, exp.Max, exp.Floor, exp.Ceil, exp.Round, exp.Least, exp.Greatest, exp.Abs),
    *(exp.With, exp.CTE),
    *(exp.Window, exp.WindowSpec, exp.Ordered, exp.RowNumber, exp.Lead, exp.Lag),
)
"""What DESIGN.md allows: SUM, COUNT, CASE, joins and windows, and plain arithmetic, dates and texts."""

FOR_VERDICTS = {
    # Whether promises became longer or shorter: then on time means something else than before.
    "promises",
    # Whether a carrier decided many claims at once: then days to a decision tell of that day alone.
    "claim_closings",
    # Whether bills are in the contract's currency and at its price of the day, own labels beside ours.
    "audits",
}
"""Facts that no KPI counts: tables that the gates of a verdict look at."""

SEEN = dt.datetime(2026, 7, 6, 7)
WEEKS = ["2026-W27", "2026-W25", "2026-W20"]


def _parsed(fact: str) -> exp.Expression:
    return sqlglot.parse_one(fact_sql(fact), read="duckdb")


@pytest.mark.parametrize("fact", fact_names())
def test_a_fact_is_one_plain_select(fact):
    """It parses, uses nothing else, and begins with the week and the moment it is looked at."""
    (tree,) = sqlglot.parse(fact_sql(fact), read="duckdb")

    assert {type(node).__name__ for node in tree.walk() if not isinstance(node, ALLOWED)} == set()
    assert fact_columns(fact) == tree.named_selects
    assert tree.named_selects[:2] == ["week", "seen_at"]
    assert not any(node.args.get("recursive") for node in tree.find_all(exp.With))


def test_every_fact_serves_a_kpi_or_a_verdict():
    """No dead fact: a KPI counts it, or else it is listed above and a gate looks at it."""
    counted = {fact for one in KPIS.values() for fact in one.measures()}
    gates = (resources.files("tallysheet") / "gates").iterdir()
    code = "".join(one.read_text(encoding="utf-8") for one in gates if one.name.endswith(".py"))
    looked_at = set(re.findall(r'evidence\.fact\(\s*"(\w+)"', code))

    assert counted == set(fact_names()) - FOR_VERDICTS
    assert looked_at - counted == FOR_VERDICTS


def test_every_kpi_has_its_columns():
    """No measure or dimension that its fact does not give."""
    columns = {name: set(_parsed(name).named_selects) for name in fact_names()}

    for slug, one in KPIS.items():
        for fact, measures in one.measures().items():
            assert set(measures) | set(one.dimensions) <= columns[fact], slug
        if one.histogram:
            assert one.histogram.column in columns[one.fact], slug


@pytest.fixture(scope="module")
def opened(sample_of_size_s):
    """Give the ground of the S sample, and beside it the same tables cut at the moment."""
    ledger, rules = ts.load(sample_of_size_s), read_settings(sample_of_size_s).rules
    first, last = dt.date(2024, 1, 1), dt.date(2026, 11, 15)
    zones = ts.open_week(data=sample_of_size_s).cube.extent.zones
    whole, cut = (open_tables(ledger) for _ in range(2))
    for connection in (whole, cut):
        set_references(connection, rules, first, last, zones)
    yield whole, _cut(cut, SEEN)
    whole.close()


def _cut(connection: duckdb.DuckDBPyConnection, moment: dt.datetime) -> duckdb.DuckDBPyConnection:
    """Take away what was not known at a moment: rows, and times that lie ahead with what came with them."""
    said = f"TIMESTAMP '{moment}'"
    for name, table in schema.TABLES.items():
        changes = [
            f"CASE WHEN {column.since or column.name} <= {said} THEN {column.name} END AS {column.name}"
            for column in table.columns
            if (column.since or column.type == "TIMESTAMP")
            and not column.is_planned
            and column.name != "known_at"
        ]
        hidden = f" REPLACE ({', '.join(changes)})" if changes else ""
        connection.execute(
            f"CREATE TABLE cut AS SELECT *{hidden} FROM {name} "
            f"WHERE known_at <= {said} AND replaced_at > {said}"
        )
        connection.execute(f"DROP VIEW {name}; ALTER TABLE cut RENAME TO {name}")
    return connection


@pytest.mark.slow
@pytest.mark.parametrize("fact", fact_names())
def test_a_fact_never_looks_ahead(opened, fact):
    """Whole tables seen at a moment give what tables give that end at that moment."""
    whole, cut = opened
    looks = [(week, SEEN) for week in WEEKS]
    columns = _parsed(fact).named_selects
    found = []
    for connection in (whole, cut):
        set_looks(connection, looks)
        found.append(connection.execute(f"SELECT * FROM ({fact_sql(fact)}) ORDER BY ALL").df()[columns])

    pd.testing.assert_frame_equal(*found)
