"""What an engine must do for us: lay rows out for the session, run a SELECT, and take clean tables in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol

import pyarrow as pa

from tallysheet.addresses import hidden
from tallysheet.errors import DataError, TallysheetError

PLACE = "workbook.toml connection"
MARK = "tallysheet_pushed"
"""A table of one row, ``state``: which clean tables `tallysheet push` laid there."""


class Session(Protocol):
    """A connection to an engine."""

    dialect: str
    """Its name in sqlglot."""
    schema: str
    """Where its tables lie, as a prefix of their names; empty: no prefix."""

    def tables(self) -> dict[str, list[str]]:
        """Give the tables and views there, and the columns of each."""

    def lay_out(self, name: str, rows: pa.Table) -> None:
        """Lay rows out as a table that ends with the session, in the place of the last of its name."""

    def rows(self, sql: str) -> list[list[object]]:
        """Run a SELECT in the engine's dialect; give its columns, each a list of values."""

    def take_in(self, tables: Iterable[tuple[str, pa.RecordBatchReader]]) -> None:
        """Replace tables; the first is the mark, which nobody finds before all are there."""

    def close(self) -> None:
        """End the connection."""


@contextmanager
def told_in_one_line(secrets: Mapping[str, str], expected: str, do: str) -> Iterator[None]:
    """Tell what a driver raises in one line, without secrets and without what it was raised from."""
    try:
        yield
    except TallysheetError:
        raise
    except Exception as error:  # Each driver has its own.
        raise DataError(PLACE, expected, hidden(_first_line(error), dict(secrets)), do) from None


def _first_line(error: Exception) -> str:
    cause = getattr(error, "orig", None) or error
    lines = [line.strip() for line in str(cause).splitlines() if line.strip()]
    # Java's own message is the second.
    told = lines[1:] if len(lines) > 1 and lines[0].startswith("An error occurred while calling") else lines
    return told[0].lstrip(": ").rstrip(".") if told else type(cause).__name__
