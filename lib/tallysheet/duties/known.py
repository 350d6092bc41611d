"""Rows as they were known at a moment, by the SELECTs in sql/lists: what work lists are made of."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from functools import cache
from importlib import resources

import pandas as pd

from tallysheet.cells import Look
from tallysheet.engine import connect, tables_in
from tallysheet.facts import fact_tables, set_references, show_calendar, show_known, tables_of
from tallysheet.language import Language
from tallysheet.links import both, either
from tallysheet.tables import Html, paragraph
from tallysheet.week import Week
from tallysheet.weeks import IsoWeek

_GROUND = {"rules", "euro_rates", "workdays", "calendar", "look"}
SPARED = {
    "contacts_by_lateness": frozenset({"claims"}),
    "claims_on_hand": frozenset({"contract_terms"}),
    "claimable": frozenset({"care_contacts", "reverse_cases"}),
}
"""Tables without which a list still tells something: pages leave out what they would have told."""
_WEEK = dt.timedelta(days=7)
_LONG_AFTER_WEEKS = 2


@cache
def list_sql(name: str) -> str:
    """Give a list's SELECT, as it stands in sql/lists."""
    return (resources.files("tallysheet") / "sql" / "lists" / f"{name}.sql").read_text(encoding="utf-8")


@cache
def tables_read(name: str) -> tuple[str, ...]:
    """Name the tables that a list is made of; its SELECT is looked through once.

    Examples
    --------
    >>> tables_read("claimable")
    ('care_contacts', 'claims', 'contract_terms', 'orders', 'reverse_cases', 'shipments')
    """
    return tuple(sorted(tables_in(list_sql(name)) - _GROUND))


def lacking(week: Week, *names: str) -> list[str]:
    """Name the tables that lists need and of which there is no extract."""
    there = set(tables_of(week.ledger))
    needed = (set(tables_read(name)) - SPARED.get(name, frozenset()) for name in names)
    return sorted(set().union(*needed) - there)


def switched_off(missing: list[str], language: Language) -> Html:
    """Say that a part of the page is left out, and which extracts would switch it on.

    Examples
    --------
    >>> from tallysheet.language import read_language
    >>> switched_off(["claims"], read_language("en")).html
    '<p class="note">Left out: this needs extracts of claims. Load them to see it.</p>'
    """
    return paragraph(language.text("duty.switched_off", tables=listed(missing, language)), note=True)


def listed(missing: list[str], language: Language) -> str:
    """Write what is lacking as a sentence does: tables, columns, and pairs of them that share no number.

    Examples
    --------
    >>> from tallysheet.language import read_language
    >>> listed(["orders", "claims.shipment_id = shipments.shipment_id"], read_language("en"))
    'orders and numbers that claims.shipment_id and shipments.shipment_id share'
    """
    return language.listed([_named(name, language) for name in missing])


def _named(name: str, language: Language) -> str:
    one, other = both(name)
    if other:
        return language.text("duty.shared_numbers", one=one, other=other)
    if len(columns := either(name)) > 1:
        return language.text("duty.either", one=", ".join(columns[:-1]), other=columns[-1])
    return language.translated("gate.table", name, name)


def left_out(week: Week, *lists: str) -> Html | None:
    """Say that a part is left out, and why, where lists lack extracts; None where they have all."""
    missing = lacking(week, *lists)
    return switched_off(missing, week.language) if missing else None


def unlinked(week: Week, *needed: str) -> Html | None:
    """Say that a part is left out where columns have no value, or pairs of them share no number; else None.

    Written as `Kpi.needs` are. A list of rows that found nothing would tell that there is nothing to do.
    """
    missing = week.cube.empty(needed)
    return switched_off(missing, week.language) if missing else None


def newest(week: Week) -> Week:
    """Give the newest whole week of the same moment: work lists are of it, whatever week is opened."""
    last = max([week.week, *week.cube.weeks])
    if last == week.week:
        return week
    return Week(last, week.base, week.language, week.settings, week.ledger, week.cube)


def of_other_day(week: Week) -> list[Html]:
    """Say of what day the lists are, where that is long after the page's week: it was published again."""
    weeks = (week.cube.as_of - week.week.ended_at) // _WEEK
    if weeks < _LONG_AFTER_WEEKS:
        return []
    day = week.language.day(week.cube.as_of.date(), year=True)
    return [paragraph(week.language.text("duty.other_day", n=weeks, day=day), note=True)]


def rows(week: Week, name: str, *, weeks_before: int = 0) -> pd.DataFrame:
    """Give the rows of a list as they were known at the week's as-of, or so many weeks before it.

    Parameters
    ----------
    week : Week
    name : str
        Of a SELECT in sql/lists. It reads the clean tables, what facts read beside them, and ``look``: one
        row with seen_at and seen_on, the moment and its day, and first_day and last_day of the week, which
        is as many weeks earlier.
    weeks_before : int

    Returns
    -------
    DataFrame
        In the order of the SELECT; made once for the same data, moment and code.
    """
    seen_at, of = week.cube.as_of - weeks_before * _WEEK, week.week.shift(-weeks_before)
    return week.cube.remembered(
        f"list-{name}",
        [str(of), str(seen_at)],
        lambda: _selected(week, name, seen_at, of),
        # Countries come from shipments.
        {*tables_read(name), "shipments"},
    )


def added_up(week: Week, fact: str, looks: Sequence[Look], by: Sequence[str]) -> pd.DataFrame:
    """Add a fact up by several dimensions together, as `Cube.joint` does; made once for the same looks."""
    about = [fact, *by, *(f"{name} {seen_at}" for name, seen_at in looks)]
    tables = {*fact_tables(fact), "shipments"}
    return week.cube.remembered("added-up", about, lambda: week.cube.joint(fact, looks, by), tables)


def _selected(week: Week, name: str, seen_at: dt.datetime, of: IsoWeek) -> pd.DataFrame:
    with connect() as connection:
        show_known(connection, week.ledger, seen_at, tables_read(name))
        show_calendar(connection, seen_at)
        span, zones = week.cube.span, week.cube.extent.zones
        last_day = max(span.last_day, seen_at.date())
        set_references(connection, week.settings.rules, span.first_day, last_day, zones)
        connection.execute(
            "CREATE TABLE look AS SELECT CAST(? AS TIMESTAMP) AS seen_at, CAST(? AS DATE) AS seen_on, "
            "CAST(? AS DATE) AS first_day, CAST(? AS DATE) AS last_day",
            [seen_at, seen_at.date(), of.monday, of.sunday],
        )
        return connection.execute(list_sql(name)).df()
