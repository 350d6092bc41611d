"""Coverage: which weeks are whole in the tables that a report or a sum cannot do without."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tallysheet import schema
from tallysheet.cells import Look
from tallysheet.cube import Cube
from tallysheet.engine import connect, literal
from tallysheet.errors import UsageError, nearest
from tallysheet.facts import fact_tables, show_table
from tallysheet.kpi import Kpi
from tallysheet.language import Language
from tallysheet.warehouse.mapped import ask
from tallysheet.weeks import IsoWeek, holidays_in

_EARLIER_WEEKS = 8
_LEAST_A_DAY = 20
"""A day on which fewer rows are usual may well have none."""

_FEW = 0.2
"""A day with less of its usual rows is missing: an extract ended in the middle of it, or before."""

_LEAST_A_WEEK = 5
"""Where three weeks in four have so many rows or more, a week without any has lost them."""


@dataclass(frozen=True)
class Gap:
    """What a table lacks of a week.

    Parameters
    ----------
    table : str
    share : float
        Rows of the week, as a share of what the eight weeks before had in the middle.
    days : tuple of date
        Days without the rows that such a day usually has; public holidays are left out.
    """

    table: str
    share: float
    days: tuple[dt.date, ...]


def gaps(cube: Cube, week: IsoWeek, tables: Sequence[str], floor: float) -> list[Gap]:
    """List the tables that do not cover a week, as known at the cube's moment.

    Parameters
    ----------
    cube : Cube
    week : IsoWeek
    tables : sequence of str
        Each with a day in its rows.
    floor : float
        Share of the usual number of rows below which a table is not whole.

    Raises
    ------
    UsageError
        There is no such table, or its rows have no day.
    """
    known = [one.name for one in schema.TABLES.values() if one.week_of]
    found = []
    for table in tables:
        if table not in known:
            raise UsageError(
                "workbook.toml gate required", "a dated table", repr(table), nearest(table, known)
            )
        counts = _by_day(cube, week, table)
        now, earlier = counts[counts.index >= week.monday], counts[counts.index < week.monday]
        weekly = earlier.groupby([str(IsoWeek.of(day)) for day in earlier.index]).sum()
        usual = float(weekly.median()) if len(weekly) else 0.0
        share = float(now.sum() / usual) if usual else float(now.sum() > 0)
        days = tuple(_missing_days(now, earlier, _days_off(cube, week)))
        if share < floor or days:
            found.append(Gap(table, share, days))
    return found


def known_until(cube: Cube, one: Kpi) -> dt.datetime:
    """Give the moment until which all extracts that a KPI is made of tell what happened."""
    read = {table for fact in one.measures() for table in fact_tables(fact)}
    return min([cube.as_of, *(moment for table, moment in cube.older.items() if table in read)])


def lost_weeks(cube: Cube, one: Kpi, weeks: Sequence[IsoWeek], looks: Sequence[Look]) -> set[IsoWeek]:
    """Give the weeks that end after a KPI's extracts do, and those of which a sum lacks all rows.

    Parameters
    ----------
    cube : Cube
    one : Kpi
        Of a state there are older rows: it lacks none.
    weeks : sequence of IsoWeek
    looks : sequence of (str, datetime)
        The weeks in whose rows a sum is looked for, as `Cube.looks` gives them.
    """
    is_sum = one.denominator is None and one.method != "snapshot"
    rowless = rowless_weeks(cube, one.fact, looks) if is_sum else []
    until = known_until(cube, one)
    return {week for week in weeks if str(week) in rowless or week.ended_at > until}


def rowless_weeks(cube: Cube, fact: str, looks: Sequence[Look]) -> list[str]:
    """List the weeks in which a fact has no row, if it usually has some; see `rowless`.

    Parameters
    ----------
    cube : Cube
    fact : str
        One that counts each of its rows in a column.
    looks : sequence of (str, datetime)
        As `Cube.looks` gives them.
    """
    cells = cube.total(fact, looks)
    # What all rows have is counted most; a fact with bins has several cells a week.
    rows = cells.filter(regex="_n$").groupby(cells["week"]).sum().max(axis=1)
    return rowless({week: float(rows.get(week, 0)) for week, _ in looks})


def rowless(counts: Mapping[str, float]) -> list[str]:
    """List the weeks without a row, if a week usually has some: what is missing there is no 0.

    Of rare things, and of invoices that come every other week, a week without any is a week of 0.

    Parameters
    ----------
    counts : mapping of str to float
        Rows of each week.

    Examples
    --------
    >>> rowless({"2026-W01": 70, "2026-W02": 0, "2026-W03": 74, "2026-W04": 69, "2026-W05": 71})
    ['2026-W02']
    >>> rowless({"2026-W01": 70, "2026-W02": 0, "2026-W03": 74, "2026-W04": 0, "2026-W05": 71})
    []
    """
    is_usual = bool(counts) and float(np.quantile(list(counts.values()), 0.25)) >= _LEAST_A_WEEK
    return [week for week, count in counts.items() if is_usual and not count]


def sentence(gap: Gap, language: Language) -> str:
    """Say what a table lacks: which days, else how much of its usual rows it has."""
    values = {"table": language.text(f"gate.table.{gap.table}")}
    if gap.days:
        days = language.listed([language.day(day) for day in gap.days])
        return language.text("gate.days", days=days, **values)
    if not gap.share:
        return language.text("gate.none", **values)
    return language.text("gate.few", share=language.value(gap.share, "share"), **values)


def older_sentences(cube: Cube, week: IsoWeek, language: Language) -> list[str]:
    """Say of which tables nothing is known after a day before the week's end, and what that means."""
    tables: dict[dt.date, list[str]] = {}
    for table, moment in sorted(cube.older.items()):
        if moment < week.ended_at:
            tables.setdefault(moment.date(), []).append(language.text(f"gate.table.{table}"))
    told = [
        language.text("gate.older", tables=language.listed(names), day=language.day(day))
        for day, names in sorted(tables.items())
    ]
    return [*told, language.text("gate.older_so", n=len(told))] if told else []


def _by_day(cube: Cube, week: IsoWeek, table: str) -> pd.Series:
    """Count a table's rows by day: the week and the eight before."""
    days = [
        week.shift(-_EARLIER_WEEKS).monday + dt.timedelta(days=n) for n in range(7 * (_EARLIER_WEEKS + 1))
    ]
    counts = pd.Series(0, index=days)
    if table not in set(cube.ledger.files["table"]):
        return counts
    moment = f"TIMESTAMP {literal(cube.as_of.isoformat(sep=' '))}"
    day = f"CAST({schema.table(table).week_of} AS DATE)"
    select = (
        f"SELECT {day} AS day, count(*) AS n FROM {table} "
        f"WHERE known_at <= {moment} AND replaced_at > {moment} "
        f"AND {day} BETWEEN DATE {literal(str(days[0]))} AND DATE {literal(str(days[-1]))} GROUP BY {day}"
    )
    if table in cube.ledger.elsewhere:
        return counts.add(pd.Series(dict(ask(cube.settings, select)), dtype=float), fill_value=0)
    with connect() as connection:
        show_table(connection, cube.ledger, table)
        rows = connection.execute(select).fetchall()
    return counts.add(pd.Series(dict(rows), dtype=float), fill_value=0)


def _missing_days(now: pd.Series, earlier: pd.Series, days_off: set[dt.date]) -> list[dt.date]:
    weekday = pd.Index([day.weekday() for day in earlier.index])
    usual = earlier.groupby(weekday).median()
    return [
        day
        for day, count in now.items()
        if isinstance(day, dt.date)
        and day not in days_off
        and usual.get(day.weekday(), 0) >= _LEAST_A_DAY
        and count < _FEW * usual[day.weekday()]
    ]


def _days_off(cube: Cube, week: IsoWeek) -> set[dt.date]:
    """List the public holidays of any country that the team works with."""
    return {day for country in cube.settings.countries for day in holidays_in(week, country)}
