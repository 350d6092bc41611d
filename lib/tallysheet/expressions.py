"""An expression that a person types over the rows of a file: refused where it would read cells as nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from tallysheet.engine import first_line, identifier, literal
from tallysheet.errors import UsageError

_ROWS = 10_000
_MOST, _HARDLY = 0.9, 0.5
_ORDERED = {
    *("COMPARE_LESSTHAN", "COMPARE_GREATERTHAN", "COMPARE_LESSTHANOREQUALTO", "COMPARE_GREATERTHANOREQUALTO"),
    "COMPARE_BETWEEN",
}
_TIMES = ("", " %H:%M", " %H:%M:%S")

Way = tuple[str, str]
"""SQL that holds where a cell is written so, and SQL that reads it; ``@`` is the column."""


def _number(pattern: str, figures: str) -> Way:
    return f"regexp_full_match(trim(@), {literal(pattern)})", f"cast({figures} AS DOUBLE)"


def _dates(order: str) -> list[Way]:
    # DuckDB's %Y takes 26 for the year 26, and %y takes no 2026.
    days = [order.replace("-", sign).replace("Y", year) for sign in "/.-" for year in "yY"]
    formats = [literal(day + time) for day in days for time in _TIMES]
    return [(f"try_strptime(@, {one}) IS NOT NULL", f"strptime(@, {one})") for one in formats]


_WAYS = (
    [
        _number(r"[-+]?\d+(,\d+)?", "replace(@, ',', '.')"),
        _number(
            r"[-+]?\d{1,3}([.\s\x{a0}\x{202f}]?\d{3})*(,\d+)?",
            "replace(regexp_replace(@, '[^0-9,-]', '', 'g'), ',', '.')",
        ),
    ],
    [_number(r"[-+]?([1-9]\d{0,2}(,\d{3})+|\d+)(\.\d+)?", "replace(@, ',', '')")],
    _dates("%d-%m-%Y"),
    _dates("%m-%d-%Y"),
    [("lower(@) IN ('true', 'false')", "cast(cast(@ AS BOOLEAN) AS INTEGER)")],
)
"""For each way of writing a number or a date that DuckDB does not cast, its forms, the simplest first."""


@dataclass(frozen=True)
class Expression:
    """An expression as a person typed it.

    Parameters
    ----------
    option : str
        Where it was typed.
    typed : str
    kind : str
        The type that it is to give.
    """

    option: str
    typed: str
    kind: str

    @property
    def sql(self) -> str:
        """The expression as it is asked."""
        return f"CAST(({self.typed}) AS {self.kind})"


def check(connection: duckdb.DuckDBPyConnection, expression: Expression) -> None:
    """Refuse an expression over the table ``rows`` that DuckDB refuses, or that finds no value in cells.

    Raises
    ------
    UsageError
        DuckDB refuses it; it orders numbers or dates as the texts that they are in the file; or a try_cast,
        TRY or try_strptime of it gives nothing in most rows in which its columns hold something.
    """
    try:
        connection.execute(f"SELECT count(made) FROM (SELECT {expression.sql} AS made FROM rows)")
    except duckdb.Error as error:
        expected, known = "a DuckDB expression that holds for every row", _names_in(connection, expression)
        advice = (
            _advice(connection, known)
            or _quoting(connection, expression.typed)
            or "Correct it; for rows that it is not for write CASE or try_cast."
        )
        raise UsageError(expression.option, expected, first_line(error), advice) from None
    _refuse_ordered_texts(connection, expression)
    _refuse_loss(connection, expression)


def _refuse_ordered_texts(connection: duckdb.DuckDBPyConnection, expression: Expression) -> None:
    for node in _nodes(_tree(connection, expression)):
        if node["type"] in _ORDERED:
            sides = [node[side] for side in ("left", "right", "input", "lower", "upper") if side in node]
            names = [side["column_names"][-1] for side in sides if side["class"] == "COLUMN_REF"]
            advice = _advice(connection, names)
            if advice:
                found = f"the texts of {', '.join(map(identifier, names))}"
                raise UsageError(expression.option, "dates or numbers to compare", found, advice)


def _refuse_loss(connection: duckdb.DuckDBPyConnection, expression: Expression) -> None:
    tree = _tree(connection, expression)
    for node in _attempts(tree):
        columns = [one for one in _nodes(node) if one["class"] == "COLUMN_REF"]
        names = [one["column_names"][-1] for one in columns]
        # A name of its own, as that of a lambda, is no column.
        if not columns or {name.casefold() for name in names} - set(_types(connection)):
            continue
        try:
            rows, made = _made(connection, tree, node, columns)
        except duckdb.Error:
            # The whole holds for every row; a part alone may not, as where a lambda names it as a column.
            continue
        if made < _HARDLY * rows:
            raise UsageError(
                expression.option,
                "a value in most rows",
                f"one in {made:,} of the {rows:,} in which {', '.join(map(identifier, names))} is filled",
                _advice(connection, names) or "Write CASE for the rows that are meant, or correct it.",
            )


def _made(
    connection: duckdb.DuckDBPyConnection, tree: dict[str, Any], node: dict[str, Any], columns: list[Any]
) -> tuple[int, int]:
    """Count the rows in which columns are filled, and those in which a part makes a value of them."""
    parts = [{**one, "alias": f"filled_{number}"} for number, one in enumerate(columns)]
    select = {**tree["statements"][0]["node"], "select_list": [{**node, "alias": "made"}, *parts]}
    part = {**tree, "statements": [{**tree["statements"][0], "node": select}]}
    sql = connection.execute("SELECT json_deserialize_sql(?)", [json.dumps(part)]).fetchall()[0][0]
    filled = " AND ".join(f"{one['alias']} IS NOT NULL" for one in parts)
    rows, made = connection.execute(f"SELECT count(*), count(made) FROM ({sql}) WHERE {filled}").fetchall()[0]
    return rows, made


def _attempts(tree: Any) -> Iterator[dict[str, Any]]:
    """Give the parts that may make nothing of a cell; what is made in one of several ways as one part."""
    node = tree if isinstance(tree, dict) else {}
    # Whoever writes CASE or if has said for which rows a part is meant.
    if node.get("class") in ("SUBQUERY", "CASE") or node.get("function_name") == "if":
        return
    if _tries(node):
        yield node
    elif node.get("type") == "OPERATOR_COALESCE":
        ways = [one for one in node["children"] if one["class"] != "CONSTANT"]
        if any(True for _ in _attempts(ways)):
            yield {**node, "children": ways}
    else:
        for one in _within(tree):
            yield from _attempts(one)


def _within(tree: Any) -> list[Any]:
    if isinstance(tree, dict):
        return list(tree.values())
    return tree if isinstance(tree, list) else []


def _tries(node: dict[str, Any]) -> bool:
    """Tell whether a part of an expression gives nothing where another would stop with an error."""
    is_function = node.get("function_name") == "try_strptime"
    return is_function or node.get("type") == "OPERATOR_TRY" or bool(node.get("try_cast"))


def _tree(connection: duckdb.DuckDBPyConnection, expression: Expression) -> dict[str, Any]:
    select = f"SELECT {expression.sql} FROM rows"
    text = connection.execute("SELECT json_serialize_sql(?)", [select]).fetchall()[0][0]
    tree: dict[str, Any] = json.loads(text)
    return tree


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    """Give the parts of an expression; a SELECT within it has rows of its own."""
    node = tree if isinstance(tree, dict) else {}
    if node.get("class") == "SUBQUERY":
        return
    if "class" in node and "type" in node:
        yield node
    for one in _within(tree):
        yield from _nodes(one)


def _quoting(connection: duckdb.DuckDBPyConnection, typed: str) -> str:
    """Say which columns are to be quoted: SQL takes some names for more than one word, or for its own."""
    bare = re.sub(r"""('[^']*'|"[^"]*")""", " ", typed)
    columns = [row[0] for row in connection.execute("DESCRIBE rows").fetchall()]
    meant = [
        name
        for name in columns
        if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", bare, re.IGNORECASE)
        and _names_in(connection, Expression("", name, "VARCHAR")) != [name]
    ]
    return f"Write {', '.join(map(identifier, meant))}, with double quotes around it." if meant else ""


def _names_in(connection: duckdb.DuckDBPyConnection, expression: Expression) -> list[str]:
    nodes = _nodes(_tree(connection, expression))
    return [node["column_names"][-1] for node in nodes if node["class"] == "COLUMN_REF"]


def _types(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    described = connection.execute("DESCRIBE rows").fetchall()
    return {row[0].casefold(): row[1] for row in described}


def _advice(connection: duckdb.DuckDBPyConnection, names: Sequence[str]) -> str:
    """Say how texts are read that are written numbers or dates; empty if none of the columns is such."""
    types = _types(connection)
    texts = [name for name in dict.fromkeys(names) if types.get(name.casefold()) == "VARCHAR"]
    told = [" or ".join(ways) for ways in (_reading(connection, name) for name in texts) if ways]
    return f"Write {', '.join(told)}." if told else ""


def _reading(connection: duckdb.DuckDBPyConnection, name: str) -> list[str]:
    """List what reads the cells of a column: all of them, or but for a few."""
    column = identifier(name)
    tests = [test.replace("@", column) for kind in _WAYS for test, _ in kind]
    counts = ", ".join(f"count(*) FILTER ({test})" for test in tests)
    cells = f"SELECT {column} FROM rows WHERE {column} IS NOT NULL LIMIT {_ROWS}"
    rows, *fits = connection.execute(f"SELECT count(*), {counts} FROM ({cells})").fetchall()[0]
    fit, found = iter(fits), []
    for kind in _WAYS:
        ways = [(next(fit), read) for _, read in kind]
        best = max(count for count, _ in ways)
        if rows and best >= _MOST * rows:
            read = next(read for count, read in ways if count == best)
            found.append((best, ("try_" if best < rows else "") + read.replace("@", column)))
    return [read for count, read in found if count == max(count for count, _ in found)]
