"""Headers as other systems write them are known for what they are to us."""

import csv
import tomllib
from pathlib import Path

import pandas as pd
import pytest

from tallysheet import schema
from tallysheet.suggest import suggest

FILES = tomllib.loads((Path(__file__).parent / "golden/headers.toml").read_text(encoding="utf-8"))["file"]
ROWS = 60


def cells(column: schema.Column | None, header: str) -> list[str]:
    """Write cells that such a column may have; a column that is nothing to us says the same in each row."""
    if column is None:
        return ["open"] * ROWS
    days = pd.date_range("2026-02-02 09:20", periods=ROWS, freq="31h")
    if column.allowed:
        return [column.allowed[row % min(2, len(column.allowed))] for row in range(ROWS)]
    if column.is_country:
        return [("France", "Spain")[row % 2] for row in range(ROWS)]
    if column.type in ("DATE", "TIMESTAMP"):
        return [f"{day:%Y-%m-%d %H:%M}" if column.type == "TIMESTAMP" else f"{day:%Y-%m-%d}" for day in days]
    if column.name == "currency":
        return ["EUR"] * ROWS
    if column.type == "VARCHAR":
        return [f"{header[:1]}{row}" for row in range(ROWS)]
    if column.unit:
        return [str(500 + row) if "(g)" in header else f"{1 + row / 7:.2f}" for row in range(ROWS)]
    return [str(row % 2 + (column.least or 0)) for row in range(ROWS)]


@pytest.mark.parametrize("number", range(len(FILES)), ids=[next(iter(one["columns"])) for one in FILES])
def test_a_file_of_another_system_is_described(tmp_path: Path, number: int) -> None:
    named = FILES[number]["columns"]
    table = schema.table(FILES[number]["table"])
    with (tmp_path / "export.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(named)
        columns = [cells(table.column(ours) if ours else None, header) for header, ours in named.items()]
        writer.writerows(zip(*columns, strict=True))
    found = suggest(tmp_path / "export.csv")
    assert found.table == table.name
    assert found.matched == {ours: header for header, ours in named.items() if ours}
    assert found.lacking == ()
