"""The data dictionary, data/README.md: ``python -m tallysheet.schema.dictionary > data/README.md``."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from tallysheet.schema import TABLES, Column, Table

_HEAD = """\
# Data

Made by `python -m tallysheet.schema.dictionary`; do not edit.

| here | what |
|---|---|
| `workbook.toml` | what is loaded and published |
| `sources/<name>/source.toml` | one source: its files, the table it fills, how its columns are written; a SELECT beside it where columns are computed, and its own names in `words.<language>.toml` |
| `sources/values.toml` | spellings that several sources share, if there are any |
| `targets.csv`, `event_log.csv` | what the team types itself, where it does; the tables targets and event_log |
| `raw/` | extracts as they came; not in git |
| `clean/` | good rows, as Parquet, by week from a million rows a source on; not in git |
| `quarantine/` | what was refused, with file, line, column, value, reason and message; not in git |
| `flights/` | a workbook of its own with the same places: real flights of 2013, loaded and published with `--data data/flights` |

`tallysheet load` reads the extracts and says of each file: rows in = good + quarantined + duplicates.

- A cell that is not of its type, not among the allowed values or out of its range is left empty and listed in `quarantine/`; a row is set aside if a required cell is missing or a rule is broken. An empty cell breaks only a rule that asks for it.
- A day before 1990 or from 2100 on is out of range: a year such as 0226 is a slip, and 9999 stands for no end, which is an empty cell here.
- An amount beyond 1,000,000,000.00 of a currency, either way, is out of range too: a slip.
- Of rows with the same key the latest counts; what it replaces stays, for views of the past.
- Times (TIMESTAMP) are UTC unless the column says otherwise. Money is in cents, with its currency beside it; weights are in grams; shares lie between 0 and 1. Sources may write other units and say so.
- `known_at` is taken from the time of the extract where a source does not give it.
- Personal columns: `drop` is never kept; `hash` is kept as a keyed hash; `text` is kept with mail addresses, phone numbers and long runs of digits masked.
"""  # noqa: E501


def dictionary() -> str:
    """Write the data dictionary as Markdown, from the declarations of the tables."""
    contents = "\n".join(f"- [{table.name}](#{table.name}): {table.grain}" for table in TABLES.values())
    return "\n".join([_HEAD, "## Tables\n", contents, *(_section(table) for table in TABLES.values())])


def _section(table: Table) -> str:
    week = f"by `{table.week_of}`" if table.week_of else "none, the table is one file"
    columns = _grid(
        ("column", "type", "unit", "required", "allowed", "personal", "meaning"), map(_cells, table.columns)
    )
    rules = _grid(
        ("rule", "expects", "holds"),
        ((f"`{rule.name}`", rule.message, f"`{rule.holds}`") for rule in table.rules),
    )
    head = f"\n### {table.name}\n\nOne row: {table.grain}. Key: {_codes(table.key)}. Week: {week}.\n"
    return "\n".join([head, columns, *(["", rules] if table.rules else [])])


def _cells(column: Column) -> tuple[str, ...]:
    required = "yes" if column.required else ""
    name, allowed = f"`{column.name}`", _codes(column.allowed)
    # What all amounts share stands above.
    if column.least is not None and column.unit != "cents":
        allowed = f"{column.least} to {column.most}"
    return (name, column.type, column.unit, required, allowed, column.personal, column.meaning)


def _codes(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _grid(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [header, ("---",) * len(header), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


if __name__ == "__main__":
    sys.stdout.write(dictionary() + "\n")
