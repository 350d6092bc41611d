"""Coverage: whether the week is whole in the tables that a report cannot do without."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from tallysheet import schema
from tallysheet.cube import Cube
from tallysheet.engine import connect, literal
from tallysheet.errors import UsageError, nearest
from tallysheet.facts import show_table
from tallysheet.language import Language
from tallysheet.warehouse.mapped import ask
from tallysheet.weeks import IsoWeek, holidays_in

_EARLIER_WEEKS = 8
_LEAST_A_DAY = 20
"""A day on which fewer rows are usual may well have none."""

_FEW = 0.2
"""A day with less of its usual rows is missing: an extract ended in the middle of it, or before."""


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


def sentence(gap: Gap, language: Language) -> str:
    """Say what a table lacks: which days, else how much of its usual rows it has."""
    values = {"table": language.text(f"gate.table.{gap.table}")}
    if gap.days:
        days = language.listed([language.day(day) for day in gap.days])
        return language.text("gate.days", days=days, **values)
    return language.text("gate.few", share=language.value(gap.share, "share"), **values)


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
