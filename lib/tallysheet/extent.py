"""The extent of the data: its days, since when it is known, and the time zones of its countries."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import duckdb
import pandas as pd

from tallysheet import schema
from tallysheet.engine import literal
from tallysheet.errors import DataError
from tallysheet.facts import Zone
from tallysheet.kept_tables import keep_table, kept_table
from tallysheet.ledger import Ledger
from tallysheet.settings import Settings
from tallysheet.warehouse.mapped import ask

_PLACES = ["origin_country", "destination_country", "destination_zone"]
_SUNDAY, _DAYS_OF_A_HABIT, _DAYS_LOOKED_AT = 6, 28, 56
_BILLS, _DAY = "carrier_invoice_lines", dt.timedelta(days=1)
_COUNTED = ["n", "first_day", "last_day", "known_from"]


@dataclass(frozen=True)
class Span:
    """The days that the data covers, and when the first of it became known."""

    first_day: dt.date
    last_day: dt.date
    known_from: dt.datetime


@dataclass(frozen=True)
class Extent:
    """What is known of all rows together.

    Parameters
    ----------
    span : Span
    zones : tuple of (str, str or None)
        Each country that shipments name, and the time zone of it to which most went.
    loads : tuple of (datetime, datetime)
        When rows were loaded, and when the first of them became known; a row that came again, perhaps twice.
    """

    span: Span
    zones: tuple[Zone, ...]
    loads: tuple[tuple[dt.datetime, dt.datetime], ...] = field(compare=False)

    def first_known(self, since: dt.datetime) -> dt.datetime | None:
        """Give when the first of the rows became known that were loaded from a moment on."""
        return min((known_at for loaded_at, known_at in self.loads if loaded_at >= since), default=None)


def table_of(ledger: Ledger) -> str:
    """Name the table whose days the data covers: shipments, if there are any."""
    loaded = sorted(set(ledger.files["table"]))
    tables = [name for name in loaded if schema.table(name).week_of]
    if not tables:
        told = f"{' and '.join(loaded)} alone"
        raise DataError("data", "a table with days", told, "Load extracts of shipments too.")
    return "shipments" if "shipments" in tables else tables[0]


def extent_of(
    ledger: Ledger,
    settings: Settings,
    made_from: dict[str, Any],
    tables: Callable[[], duckdb.DuckDBPyConnection],
) -> Extent:
    """Count the rows of shipments, load by load; those of earlier loads are kept in data/cube/.

    Parameters
    ----------
    ledger : Ledger
    settings : Settings
    made_from : dict
        ``files`` of the table, and of what else its rows are ``made``.
    tables : callable
        Gives a connection with the clean tables, where something is to be counted.
    """
    path = settings.data / "cube" / "extent.parquet"
    rows, before = kept_table(path)
    if before != made_from:
        counted = before.get("files", [])
        is_more = before == {**made_from, "files": counted} and set(counted) < set(made_from["files"])
        new = set(made_from["files"]) - set(counted)
        since = first_loaded_at(ledger, new) if is_more and not ledger.elsewhere else None
        earlier = rows[rows["loaded_at"] < since] if since else rows.head(0)
        rows = pd.concat([one for one in (earlier, _counted(ledger, settings, since, tables)) if len(one)])
        keep_table(path, rows, made_from)
    days = rows[["first_day", "last_day"]].dropna()
    span = Span(min(days["first_day"]), max(days["last_day"]), min(rows["known_from"]).to_pydatetime())
    firsts = rows.groupby("loaded_at", as_index=False)["known_from"].min()
    loads = zip(*(firsts[name].dt.to_pydatetime() for name in ("loaded_at", "known_from")), strict=True)
    return Extent(span, commonest_zones(rows), tuple(loads))


def older_tables(
    ledger: Ledger, as_of: dt.datetime, silent: Callable[[list[str]], pd.DataFrame]
) -> dict[str, dt.datetime]:
    """Give the tables of events that end a day or more before a moment, and until when they tell something.

    Bills never do: they come when they come.

    Parameters
    ----------
    ledger : Ledger
    as_of : datetime
    silent : callable
        Gives, as `silent_since` does, those of some tables that have fallen silent: it is asked about those
        of which no source says when they were taken.
    """
    here = set(ledger.files["table"]) - set(ledger.elsewhere) - {_BILLS}
    tables = sorted(name for name in here if schema.table(name).week_of)
    undated = [name for name in tables if name not in ledger.taken_at]
    dated = {name: ledger.taken_at[name] for name in tables if name not in undated}
    found = {name: moment for name, moment in dated.items() if as_of - moment >= _DAY}
    if undated and len(tables) > 1:
        found |= {str(name): moment.to_pydatetime() for name, moment in silent(undated).to_numpy().tolist()}
    return found


def silent_since(
    as_of: dt.datetime, names: Collection[str], tables: Callable[[], duckdb.DuckDBPyConnection]
) -> pd.DataFrame:
    """List the tables of which nothing became known for longer than ever in the eight weeks before that.

    Parameters
    ----------
    as_of : datetime
    names : collection of str
    tables : callable
        Gives a connection with the clean tables.

    Returns
    -------
    DataFrame
        table and moment, the last at which something became known; nothing of tables with rows on fewer than
        28 days.
    """
    found = []
    until = f"TIMESTAMP {literal(as_of.isoformat(sep=' '))}"
    for name in names:
        select = (
            f"SELECT max(known_at) FROM {name}, "
            f"(SELECT max(known_at) AS last FROM {name} WHERE known_at <= {until}) "
            f"WHERE known_at BETWEEN last - INTERVAL {_DAYS_LOOKED_AT} DAY AND last "
            "GROUP BY CAST(known_at AS DATE)"
        )
        moments = [row[0] for row in tables().execute(select).fetchall()]
        days = sorted(moment.date() for moment in moments)
        if len(days) < _DAYS_OF_A_HABIT:
            continue
        longest = max(after - before for before, after in pairwise(days))
        if as_of.date() - days[-1] > longest + _DAY:
            found.append((name, max(moments)))
    return pd.DataFrame(found, columns=["table", "moment"])


def days_with_rows(
    ledger: Ledger, settings: Settings, last_day: dt.date, tables: Callable[[], duckdb.DuckDBPyConnection]
) -> pd.DataFrame:
    """List each ``day`` of the last eight weeks that has rows in the table whose days the data covers."""
    table = table_of(ledger)
    day, first_day = schema.table(table).week_of, last_day - dt.timedelta(days=_DAYS_LOOKED_AT)
    select = f"SELECT DISTINCT CAST({day} AS DATE) AS day FROM {table} WHERE {day} >= DATE '{first_day}'"
    found = ask(settings, select) if table in ledger.elsewhere else tables().execute(select).fetchall()
    return pd.DataFrame(found, columns=["day"]).dropna()


def over_days_off(last_day: dt.date, days: Collection[dt.date]) -> dt.date:
    """Go on from the last day with rows over weekdays that never have any, at most to the Sunday.

    Parameters
    ----------
    last_day : date
    days : collection of date
        Days with rows; of those of less than four weeks it cannot be said what never is.

    Examples
    --------
    >>> friday = dt.date(2026, 3, 6)
    >>> weekdays = [friday - dt.timedelta(days=back) for back in range(40) if back % 7 not in (5, 6)]
    >>> over_days_off(friday, weekdays)
    datetime.date(2026, 3, 8)
    """
    if (last_day - min(days)).days < _DAYS_OF_A_HABIT:
        return last_day
    worked = {day.weekday() for day in days}
    while last_day.weekday() != _SUNDAY and last_day.weekday() + 1 not in worked:
        last_day += dt.timedelta(days=1)
    return last_day


def first_loaded_at(ledger: Ledger, files: set[str]) -> dt.datetime:
    """Give the moment from which on rows may come from these files."""
    listed = ledger.files
    return dt.datetime.fromisoformat(min(listed[named(ledger).isin(files)]["loaded_at"]))


def named(ledger: Ledger) -> pd.Series:
    """Give fingerprints of a ledger's files."""
    return ledger.files["sha256"] + " " + ledger.files["file"]


def _counted(
    ledger: Ledger,
    settings: Settings,
    since: dt.datetime | None,
    tables: Callable[[], duckdb.DuckDBPyConnection],
) -> pd.DataFrame:
    """Count rows by load and places; only those that were loaded from a moment on."""
    table = table_of(ledger)
    columns = [*_PLACES, *_COUNTED]
    keys = ", ".join(["loaded_at", *_PLACES] if table == "shipments" else ["loaded_at"])
    places = _PLACES if table == "shipments" else [f"CAST(NULL AS VARCHAR) AS {name}" for name in _PLACES]
    day = f"CAST({schema.table(table).week_of} AS DATE)"
    counts = f"COUNT(*) AS n, MIN({day}) AS first_day, MAX({day}) AS last_day, MIN(known_at) AS known_from"
    where = f"WHERE loaded_at >= TIMESTAMP {literal(since.isoformat(sep=' '))} " if since else ""
    select = f"SELECT loaded_at, {', '.join(places)}, {counts} FROM {table} {where}GROUP BY {keys}"
    if table in ledger.elsewhere:
        found = ask(settings, select)
    else:
        found = tables().execute(f"{select} ORDER BY {keys}").fetchall()
    kinds = {"loaded_at": "datetime64[us]", "known_from": "datetime64[us]"}
    return pd.DataFrame(found, columns=["loaded_at", *columns]).astype(kinds)


def commonest_zones(rows: pd.DataFrame) -> tuple[Zone, ...]:
    """Give each country that shipments come from or go to, and the zone of it to which most went.

    Parameters
    ----------
    rows : DataFrame
        origin_country, destination_country, destination_zone, n (shipments).
    """
    named = (rows[name].dropna().unique() for name in ("origin_country", "destination_country"))
    countries = sorted(set().union(*named))
    counted = rows.groupby(["destination_country", "destination_zone"])["n"].sum().reset_index()
    ranked = counted.sort_values(["n", "destination_zone"], ascending=[False, True])
    commonest = ranked.drop_duplicates("destination_country").set_index("destination_country")
    zones = commonest["destination_zone"].to_dict()
    return tuple((country, zones.get(country)) for country in countries)
