"""What a table is made of: columns, rules across them, and what several tables share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tallysheet.errors import DataError, nearest

SqlType = Literal["VARCHAR", "BIGINT", "DOUBLE", "DATE", "TIMESTAMP", "BOOLEAN"]
Personal = Literal["", "drop", "hash", "text"]


@dataclass(frozen=True)
class Column:
    """A column: its DuckDB type, what it means (with its unit), whether it must be filled, allowed values.

    Parameters
    ----------
    name : str
        A plain lower-case word, so that SQL needs no quotes; ends in ``_cents``, ``_g``, ``_share``,
        ``_at`` (TIMESTAMP) where it is one.
    type : str
    meaning : str
        One line for a reader of data/README.md.
    required : bool
        Whether a row without it is of no use and set aside.
    allowed : tuple of str
        The values there are; empty: any.
    unit : str
        A key of `tallysheet.source_columns.UNITS`; empty: none.
    least, most : int or None
        Range of a number; a cell outside is refused, and its row kept unless it is required.
    usual : tuple of int or None
        Range of the median of an extract; one outside is told, for it may be in another unit.
    is_planned : bool
        Whether the time may lie ahead of the day on which it is known: a promise, a cut-off.
    since : str
        TIMESTAMP column of the event that the value came with; before it, the value was not known.
    personal : {"", "drop", "hash", "text"}
        ``drop``: never kept. ``hash``: kept as a keyed hash, so that it can be counted. ``text``: kept,
        with mail addresses, phone numbers and long runs of digits masked.
    """

    name: str
    type: SqlType
    meaning: str
    required: bool = False
    allowed: tuple[str, ...] = ()
    unit: str = ""
    personal: Personal = ""
    least: int | None = None
    most: int | None = None
    usual: tuple[int, int] | None = None
    is_planned: bool = False
    since: str = ""

    @property
    def is_country(self) -> bool:
        """Whether it holds countries, by their codes."""
        return self.name.endswith("country")


@dataclass(frozen=True)
class Rule:
    """A rule across columns; a row that breaks it is set aside.

    Parameters
    ----------
    name : str
        The reason that the quarantine gives.
    holds : str
        SQL over the table's columns. A rule is broken where it is false; NULL passes, so that an empty
        cell breaks only a rule that asks for it.
    message : str
        What was expected.
    columns : tuple of str
        Those that are shown. One that a source lacks is empty in all its rows.
    """

    name: str
    holds: str
    message: str
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Range:
    """A range over two columns; in the rows that are alike but for it, one begins where the last ends.

    Parameters
    ----------
    start, end : str
    next_start : str
        SQL: where the next one should begin. A row that has no end is not followed up.
    """

    start: str
    end: str
    next_start: str


@dataclass(frozen=True)
class Table:
    """A table: its grain, the columns that name a row, and all columns.

    Parameters
    ----------
    name, grain : str
    key : tuple of str
        Columns that name a row; of rows with the same key the latest counts.
    columns : tuple of Column
        The last one is ``known_at``.
    rules : tuple of Rule
    week_of : str
        DATE or TIMESTAMP column that decides the week of a row; empty: the table is one file.
    ranges : tuple of Range
        Ranges in which overlaps and gaps are told.
    alike : tuple of (str, str)
        Number, and the column within whose values it should be of one size.

    Examples
    --------
    >>> days = Table("days", "one day", ("day",), (Column("day", "DATE", "the day", required=True),))
    >>> days.column("day").type
    'DATE'
    """

    name: str
    grain: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    rules: tuple[Rule, ...] = ()
    week_of: str = ""
    ranges: tuple[Range, ...] = ()
    alike: tuple[tuple[str, str], ...] = ()

    def column(self, name: str) -> Column:
        """Give a column by name; a DataError advises on an unknown one."""
        for column in self.columns:
            if column.name == name:
                return column
        known = [column.name for column in self.columns]
        raise DataError(f"table {self.name}", "a known column", repr(name), nearest(name, known))


YEARS = (1990, 2100)
"""First year of a DATE or TIMESTAMP, and the first that is none: 0226 is a slip, 9999 stands for no end."""

FLOWS = ("outbound", "return", "trade_in", "return_to_customer")
SERVICES = ("home", "pudo", "express")
CURRENCIES = ("EUR", "GBP", "USD", "PLN", "CZK")

MOST_CENTS = 10**11
"""What lies beyond, either way, is a slip; ninety million rows of it still add up."""


def cents_column(
    name: str,
    meaning: str,
    *,
    required: bool = False,
    usual: tuple[int, int] | None = None,
    since: str = "",
) -> Column:
    """Declare an amount in cents; what is no amount of this world is refused, lest sums overflow.

    Examples
    --------
    >>> fee = cents_column("fee_cents", "partner's fee")
    >>> fee.type, fee.unit, fee.most
    ('BIGINT', 'cents', 100000000000)
    """
    return Column(
        name,
        "BIGINT",
        meaning,
        required=required,
        unit="cents",
        least=-MOST_CENTS,
        most=MOST_CENTS,
        usual=usual,
        since=since,
    )


KNOWN_AT = Column("known_at", "TIMESTAMP", "when this row became known, UTC", required=True)
CURRENCY = Column("currency", "VARCHAR", "currency of the amounts, ISO 4217", allowed=CURRENCIES)
