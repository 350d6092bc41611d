"""DuckDB, set up the same way everywhere, and the facts' SELECTs."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import tempfile
from importlib import resources
from pathlib import Path

import duckdb

FACTS = resources.files("tallysheet") / "sql" / "facts"
NEVER = dt.datetime(9999, 12, 31)
"""When, to a fact, a row is replaced that has not been."""
MENTIONED = re.compile(r"\b(?:FROM|JOIN)\s+([a-z_]+)")
"""Each mention of a table in one of our own SELECTs."""
_NAMED = re.compile(r"\b([a-z_]+) AS (?:MATERIALIZED )?\(")


def connect(scratch: Path | None = None) -> duckdb.DuckDBPyConnection:
    """Open an in-memory database; sessions run in UTC, and rows keep their order.

    Parameters
    ----------
    scratch : Path, optional
        A folder: work that is larger than half a gigabyte goes there instead of to memory. Without it only
        what does not fit into memory goes to disk, to the system's folder for temporary files.
    """
    connection = duckdb.connect(
        config={"autoinstall_known_extensions": False, "allow_community_extensions": False}
    )
    # DuckDB's own choice is the folder that a person happens to work in.
    spill = scratch or Path(tempfile.gettempdir(), f"tallysheet-{os.getpid()}")
    connection.execute(f"SET temp_directory = {literal(str(spill))}")
    if scratch:
        connection.execute("SET memory_limit = '500MB'")
    connection.execute(
        "SET TimeZone = 'UTC'; SET preserve_insertion_order = true; SET enable_progress_bar = false"
    )
    # With it DuckDB 2.0 casts inside read_csv, where TRY_CAST stops at the first text that does not cast.
    connection.execute("SET disabled_optimizers = 'type_pushdown'")
    return connection


def fact_sql(name: str) -> str:
    """Give the SELECT of a fact, as it stands in sql/facts."""
    return (FACTS / f"{name}.sql").read_text(encoding="utf-8")


def fact_columns(name: str) -> list[str]:
    """List the columns of a fact as its SELECT names them, without opening the tables that it reads."""
    told = duckdb.execute("SELECT json_serialize_sql(?)", [fact_sql(name)]).fetchall()[0][0]
    columns = json.loads(told)["statements"][0]["node"]["select_list"]
    return [one["alias"] or one["column_names"][-1] for one in columns]


def tables_in(select: str) -> frozenset[str]:
    """List the tables that one of our own SELECTs reads, which name them in small letters and unquoted.

    `duckdb.get_table_names` takes fifty milliseconds for all facts, in each process that opens a week.

    Examples
    --------
    >>> select = "WITH due AS MATERIALIZED (SELECT * FROM orders) SELECT * FROM due JOIN calendar USING (day)"
    >>> sorted(tables_in(select))
    ['calendar', 'orders']
    """
    return frozenset(MENTIONED.findall(select)) - frozenset(_NAMED.findall(select))


def fact_names() -> list[str]:
    """List the facts there are."""
    return sorted(Path(entry.name).stem for entry in FACTS.iterdir() if entry.name.endswith(".sql"))


def identifier(name: str) -> str:
    """Quote a column or table name for SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Quote a text for SQL."""
    return "'" + text.replace("'", "''") + "'"


def strict_cast(expression: str, kind: str) -> str:
    """Cast in SQL without loss: NULL where the text is not wholly of that type.

    DuckDB's own TRY_CAST rounds '1.5' to a BIGINT, drops the time of day from a DATE, drops the offset
    from a TIMESTAMP, and takes 'epoch', 'infinity' and 'nan' for values.

    Examples
    --------
    >>> with connect() as connection:
    ...     connection.execute(f"SELECT {strict_cast(repr('1.5'), 'BIGINT')}").fetchall()
    [(None,)]
    """
    text = f"CAST({expression} AS VARCHAR)"
    # Words begin above the colon.
    figures = f"{text} < ':' AND {text} <> '-infinity'"
    cast = f"TRY_CAST({expression} AS {kind})"
    if kind == "TIMESTAMP":
        # Some programs part the offset from the time.
        joined = f"regexp_replace({text}, '(:[0-9.]+) ([+-])', '\\1\\2')"
        is_parted = f"contains({text}, ' +') OR contains({text}, ' -')"
        whole_text = f"CASE WHEN {is_parted} THEN {joined} ELSE {text} END"
        moment = f"CAST(TRY_CAST({whole_text} AS TIMESTAMPTZ) AS TIMESTAMP)"
        # A full time without offset, as most are, casts four times faster.
        usual = f"strlen({text}) <= 19 AND {text} LIKE '%:__:__'"
        return f"CASE WHEN {usual} THEN {cast} WHEN {figures} THEN {moment} END"
    broken = " OR ".join(f"contains({text}, '{sign}')" for sign in ".eE")
    whole = {
        # Most numbers are written as they are printed, which is faster to see than that none is broken.
        "BIGINT": f"CAST({cast} AS VARCHAR) = {text} OR NOT ({broken})",
        "DATE": f"strlen({text}) <= 10 AND {figures}",
        "DOUBLE": f"isfinite(TRY_CAST({expression} AS DOUBLE))",
    }
    return f"CASE WHEN {whole[kind]} THEN {cast} END" if kind in whole else cast


def close_to_outside(connection: duckdb.DuckDBPyConnection) -> None:
    """Shut a connection off from files, network and settings, for SQL that a person types.

    It guards against accidents; Python beside it stays free.
    """
    for name in ("autoload_known_extensions", "enable_external_access"):
        connection.execute(f"SET {name} = false")
    connection.execute("SET lock_configuration = true")


_TELLING = ("Candidate", "Did you mean", "Invalid", "Expected")


def first_line(error: Exception) -> str:
    """Give an engine's message without its drawing of the place."""
    lines = [line for line in str(error).splitlines() if line.strip()]
    hints = [line.strip() for line in lines[1:] if line.strip().startswith(_TELLING)]
    return " ".join([lines[0].strip(), *hints]) if lines else type(error).__name__
