"""A fact's SELECT as another engine understands it: written by sqlglot from DuckDB's dialect.

What engines understand differently is made plain first: days added to a date, times and their offsets,
minutes between two times, and where a half is rounded to.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.pushdown_projections import pushdown_projections
from sqlglot.optimizer.qualify import qualify

from tallysheet import schema
from tallysheet.engine import NEVER
from tallysheet.settings import Rules

DIALECTS = (
    *("postgres", "spark", "databricks", "redshift", "snowflake", "bigquery", "trino"),
    *("mysql", "tsql", "clickhouse"),
)
"""Dialects of sqlglot that facts are written in; PostgreSQL and Spark are run by the tests."""

REFERENCES: dict[str, dict[str, str]] = {
    "calendar": {"day": "DATE", "week": "VARCHAR", "seen_at": "TIMESTAMP"},
    "rules": {
        name: "BOOLEAN" if isinstance(value, bool) else "INTEGER" for name, value in Rules().as_row().items()
    },
    "euro_rates": {"currency": "VARCHAR", "euro_rate": "DOUBLE"},
    "workdays": {
        **{"country": "VARCHAR", "day": "DATE", "number": "INTEGER", "is_workday": "BOOLEAN"},
        "utc_offset": "INTERVAL",
    },
}
"""What is laid out beside the clean tables, with its types; ``utc_offset`` is laid out in minutes."""

_VERSIONS = {"loaded_at": "TIMESTAMP", "replaced_at": "TIMESTAMP"}
_NO_DAYS = ("mysql", "tsql", "trino")
"""Dialects in which a number is not added to a date as so many days."""
_ADDED: dict[str, type[exp.Expr]] = {
    **dict.fromkeys(("mysql", "tsql", "trino", "snowflake", "clickhouse"), exp.TimestampAdd),
    **{"bigquery": exp.DatetimeAdd, "redshift": exp.DateAdd},
}
"""How minutes are added to a time; in the others an interval is a value like any other."""


def clean_columns(table: str) -> dict[str, str]:
    """Give the columns of a clean table with their types, also those of its versions."""
    kept = {one.name: one.type for one in schema.table(table).columns if one.personal != "drop"}
    return {**kept, **_VERSIONS}


def added_up(select: str, keys: Sequence[str], measures: Sequence[str]) -> str:
    """Give the SELECT that adds a fact up by some of its columns, in DuckDB's dialect."""
    sums = [f"CAST(SUM({name}) AS BIGINT) AS {name}" for name in measures]
    return f"SELECT {', '.join([*keys, *sums])} FROM ({select}) AS fact GROUP BY {', '.join(keys)}"


def written(sql: str, dialect: str, tables: Mapping[str, Collection[str]], place: str = "") -> str:
    """Write a SELECT over clean tables and references in another dialect.

    Parameters
    ----------
    sql : str
        In DuckDB's dialect.
    dialect : str
        One of `DIALECTS`.
    tables : mapping of str to collection of str
        The clean tables there, and the columns that each has; others of our schema are empty.
    place : str
        Schema (or catalog and schema) in which the tables lie.
    """
    tree = _understood(sql).copy()
    # What lies inside comes first, and keeps its type for what it lies in.
    for node in reversed(list(tree.walk())):
        plain = _made_plain(node, dialect)
        if plain is not node:
            plain.type = node.type
            node.replace(plain)
    used = {column.name for column in tree.find_all(exp.Column)}
    for found in list(tree.find_all(exp.Table)):
        if found.name in schema.TABLES:
            names = [name for name in clean_columns(found.name) if name in used]
            found.replace(_shown(found, names, tables.get(found.name), place))
    # Snowflake's own names are in capitals, unless they are quoted.
    return tree.sql(dialect=dialect, identify=dialect != "snowflake", comments=False)


@lru_cache(maxsize=64)
def _understood(sql: str) -> exp.Expr:
    """Parse a SELECT, and find out the table and the type of each column."""
    known: dict[str, Any] = {**REFERENCES, **{name: clean_columns(name) for name in schema.TABLES}}
    tree = qualify(
        sqlglot.parse_one(sql, read="duckdb"), schema=known, dialect="duckdb", quote_identifiers=False
    )
    return annotate_types(pushdown_projections(tree), schema=known, dialect="duckdb")


def _shown(table: exp.Table, names: Sequence[str], there: Collection[str] | None, place: str) -> exp.Expr:
    """Give a clean table as its view would: columns that it lacks are empty, and a version ends or never.

    Without any columns (None) it is not there, and has no rows.
    """
    kinds = clean_columns(table.name)
    shown = []
    for name in names:
        column = name if name in (there or ()) else f"CAST(NULL AS {kinds[name]})"
        if name == "replaced_at":
            column = f"coalesce({column}, TIMESTAMP '{NEVER}')"
        shown.append(exp.alias_(sqlglot.parse_one(column, read="duckdb"), name))
    if there is None:
        return exp.select(*shown).from_("rules").where("1 = 0").subquery(table.alias_or_name)
    where = exp.to_table(f"{place}.{table.name}" if place else table.name)
    return exp.select(*shown).from_(where).subquery(table.alias_or_name)


def _made_plain(node: exp.Expr, dialect: str) -> exp.Expr:
    if isinstance(node, exp.Add | exp.Sub):
        return _added(node, dialect)
    if isinstance(node, exp.DateDiff) and node.text("unit").upper() == "MINUTE":
        return _minutes(node, dialect)
    if isinstance(node, exp.Round):
        return _rounded(node.this)
    is_condition = isinstance(node.parent, exp.And | exp.Or | exp.Not | exp.Paren | exp.If)
    if dialect == "tsql" and isinstance(node, exp.Column) and node.is_type("boolean") and is_condition:
        return exp.EQ(this=node.copy(), expression=exp.Literal.number(1))  # it has no boolean values
    return node


def _added(node: exp.Add | exp.Sub, dialect: str) -> exp.Expr:
    sign, this, amount = (-1 if isinstance(node, exp.Sub) else 1), node.this, node.expression
    if this.is_type("date") and amount.is_type(*exp.DataType.INTEGER_TYPES) and dialect in _NO_DAYS:
        days = amount.copy() if sign > 0 else exp.Neg(this=exp.paren(amount.copy()))
        return exp.DateAdd(this=this.copy(), expression=days, unit=exp.var("DAY"))
    if not amount.is_type("interval"):
        return node
    added = _ADDED.get(dialect)
    if isinstance(amount, exp.Interval):
        if not added:
            return node
        number, unit = exp.Literal.number(int(amount.this.name) * sign), amount.text("unit")
        return added(this=this.copy(), expression=number, unit=exp.var(unit.upper()))
    # An offset, in minutes.
    if added:
        return added(this=this.copy(), expression=amount.copy(), unit=exp.var("MINUTE"))
    minute = exp.Interval(this=exp.Literal.string("1"), unit=exp.var("MINUTE"))
    return exp.Add(this=this.copy(), expression=exp.paren(exp.Mul(this=amount.copy(), expression=minute)))


def _minutes(node: exp.DateDiff, dialect: str) -> exp.Expr:
    """Count the minutes that begin between two times, as DuckDB does; others count whole ones or round."""
    if dialect in ("postgres", "trino"):  # sqlglot does it by itself
        return node
    cut = [
        exp.TimestampTrunc(this=one.copy(), unit=exp.var("MINUTE")) for one in (node.this, node.expression)
    ]
    kind = exp.TimestampDiff if dialect == "mysql" else exp.DateDiff
    return kind(this=cut[0], expression=cut[1], unit=exp.var("MINUTE"))


def _rounded(value: exp.Expr) -> exp.Expr:
    """Round a half away from zero: PostgreSQL and MySQL round it to the even number."""
    half = exp.Literal.number("0.5")
    below = exp.LT(this=exp.paren(value.copy()), expression=exp.Literal.number(0))
    down = exp.Ceil(this=exp.Sub(this=exp.paren(value.copy()), expression=half.copy()))
    up = exp.Floor(this=exp.Add(this=exp.paren(value.copy()), expression=half))
    return exp.Case(ifs=[exp.If(this=below, true=down)], default=up)
