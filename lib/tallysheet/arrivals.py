"""Arrivals: what rows that were loaded last can have changed of what was added up before."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable

import duckdb

from tallysheet.engine import MENTIONED, NEVER, fact_sql, literal
from tallysheet.extent import Extent, first_loaded_at, named, table_of
from tallysheet.facts import REFERENCES
from tallysheet.ledger import Ledger
from tallysheet.weeks import IsoWeek

_DAY = re.compile(r"\bcalendar\.day = ((?:CAST\()?\w+\.\w+(?: AS DATE\))?)$", re.MULTILINE)
_OF_OTHER_ROWS = re.compile(r"\b(?:GROUP BY|DISTINCT|OVER|UNION|EXISTS)\b")


def own_day(fact: str) -> tuple[str, str] | None:
    """Give the one table of a fact, and the day of its own that alone puts a row into its week.

    None where rows of other tables, or others of the same, decide: they may come long after that day.

    Examples
    --------
    >>> own_day("labels")
    ('shipments', 'CAST(shipments.label_created_at AS DATE)')
    >>> own_day("costs") is None  # an invoice comes weeks after its parcel
    True
    """
    select = fact_sql(fact)
    tables = [name for name in MENTIONED.findall(select) if name not in {"calendar", *REFERENCES}]
    days = _DAY.findall(select)
    if len(tables) != 1 or len(days) != 1 or _OF_OTHER_ROWS.search(select):
        return None
    return tables[0], days[0]


class Arrivals:
    """The rows that were loaded last: from when on what was added up before may say something else.

    Parameters
    ----------
    ledger : Ledger
    extent : callable
        Gives the data's extent.
    tables : callable
        Gives a connection with the clean tables, with all versions of their rows.
    """

    def __init__(
        self, ledger: Ledger, extent: Callable[[], Extent], tables: Callable[[], duckdb.DuckDBPyConnection]
    ) -> None:
        self._ledger, self._extent, self._tables = ledger, extent, tables
        self._firsts: dict[tuple[str, dt.datetime], dt.datetime | None] = {}

    def changed_from(self, fact: str, files: set[str]) -> tuple[dt.datetime, str]:
        """Give the moment and the week from which on files may change what a fact says; empty: any week.

        Parameters
        ----------
        fact : str
        files : set of str
            Fingerprints, as `extent.named` gives them, of files of its tables.
        """
        arrived = self._ledger.files[named(self._ledger).isin(files)]
        if set(arrived["table"]) & set(self._ledger.elsewhere):
            return dt.datetime.min, ""
        since = first_loaded_at(self._ledger, files)
        firsts = [self._first_known(table, since) for table in sorted(set(arrived["table"]))]
        moment = min((first for first in firsts if first), default=dt.datetime.max)
        return moment, self._first_week(fact, since, moment)

    def _first_known(self, table: str, since: dt.datetime) -> dt.datetime | None:
        """Give when the first of the rows became known that were loaded from a moment on; every fact asks."""
        if table == table_of(self._ledger):
            return self._extent().first_known(since)
        if (table, since) not in self._firsts:
            first = f"SELECT min(known_at) FROM {table} WHERE loaded_at >= {_moment(since)}"
            self._firsts[table, since] = self._tables().execute(first).fetchall()[0][0]
        return self._firsts[table, since]

    def _first_week(self, fact: str, since: dt.datetime, known_from: dt.datetime) -> str:
        """Give the first week of the rows that came, and of those that gave way to them."""
        own = own_day(fact)
        if own is None:
            return ""
        table, day = own
        # One SELECT each: DuckDB leaves files out by one condition, by either of two it does not.
        came = f"loaded_at >= {_moment(since)}"
        gave_way = f"replaced_at >= {_moment(known_from)} AND replaced_at < {_moment(NEVER)}"
        asked = (f"SELECT min({day}) FROM {table} WHERE {which}" for which in (came, gave_way))
        days = [self._tables().execute(select).fetchall()[0][0] for select in asked]
        return min((str(IsoWeek.of(first)) for first in days if first), default="")


def _moment(moment: dt.datetime) -> str:
    return f"TIMESTAMP {literal(moment.isoformat(sep=' '))}"
