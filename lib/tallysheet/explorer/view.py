"""What is looked at: a KPI, its week and base, a part of it, and the rows behind."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from tallysheet.engine import identifier, literal
from tallysheet.kpi import Kpi
from tallysheet.kpis import kpi
from tallysheet.schema import TABLES, Table
from tallysheet.weeks import IsoWeek

MOST_ROWS = 100
LANE = ("origin_country", "destination_country")


TARGET = "target"
"""Few KPIs have one, so no week is opened against it."""


@dataclass(frozen=True)
class View:
    """What is looked at.

    Parameters
    ----------
    kpi : str
        Slug.
    week, base : str
        As for `tallysheet.open_week`.
    by : str
        Dimension over which the change is split; empty: none.
    where : tuple of (str, str)
        The part that is looked at: dimensions and their values, from the outside in.
    as_of : str
        Only what was known then; empty: the newest extract's time.
    data : str
        The data folder.

    Examples
    --------
    >>> view = View("otd", "2013-W17", by="origin", data="data/flights")
    >>> view.inside("LGA").where
    (('origin', 'LGA'),)
    >>> view.inside("LGA").outside(0) == view
    True
    >>> view.inside("LGA").measured_by("undelivered").where, view.inside("LGA").measured_by("csat").where
    ((('origin', 'LGA'),), ())
    """

    kpi: str
    week: str
    base: str = "last-4"
    by: str = ""
    where: tuple[tuple[str, str], ...] = ()
    as_of: str = ""
    data: str = "data"

    @property
    def definition(self) -> Kpi:
        """The KPI."""
        return kpi(self.kpi)

    @property
    def segment(self) -> str:
        """The part, as targets and actions name it: ``carrier=BRV;flow=return``."""
        return ";".join(f"{name}={value}" for name, value in self.where)

    def inside(self, value: str) -> View:
        """Look inside a part of the dimension that is shown, not split yet."""
        return replace(self, where=(*self.where, (self.by, value)), by="")

    def outside(self, depth: int) -> View:
        """Go back to where so many parts had been entered, split over the dimension of the next."""
        return replace(self, where=self.where[:depth], by=self.where[depth][0])

    def measured_by(self, slug: str) -> View:
        """Look at the part by another KPI, as far as that KPI is cut by its dimensions."""
        names = kpi(slug).dimensions
        where = tuple(step for step in self.where if step[0] in names)
        return replace(self, kpi=slug, where=where, by=self.by if self.by in names else "")

    @property
    def opened(self) -> str:
        """The call that opens its week."""
        given = [quoted(self.week)]
        given += [f"data={quoted(self.data)}"] if self.data != "data" else []
        given += [f"base={quoted(self.base)}"] if self.base != TARGET else []
        given += [f"as_of={quoted(self.as_of)}"] if self.as_of else []
        return f"ts.open_week({', '.join(given)})"

    @property
    def against(self) -> str:
        """The base of a comparison, where it is none that a week is opened against."""
        return self.base if self.base == TARGET else ""

    @property
    def where_code(self) -> str:
        """The part as a second argument of ``week.kpi``."""
        return f", {json.dumps(dict(self.where), ensure_ascii=False)}" if self.where else ""

    def sql(self, table: Table, day: str) -> str:
        """Write the SELECT of the rows behind: those of the week, of the part.

        Parameters
        ----------
        table : Table
        day : str
            Its column by which weeks count.
        """
        monday, sunday = IsoWeek.parse(self.week).monday, IsoWeek.parse(self.week).sunday
        tests = [f"CAST({day} AS DATE) BETWEEN DATE '{monday}' AND DATE '{sunday}'"]
        names = {column.name for column in table.columns}
        for name, value in self.where:
            if name == "lane" and set(LANE) <= names:
                ends = zip(LANE, value.split("-"), strict=False)
                tests += [f"{column} = {literal(end)}" for column, end in ends]
            elif name in names:
                wanted = f"= {literal(value)}" if value else "IS NULL"
                tests.append(f"{identifier(name) if not name.isidentifier() else name} {wanted}")
        joined = "\n    AND ".join(tests)
        return f"SELECT *\nFROM {table.name}\nWHERE {joined}\nORDER BY {day}\nLIMIT {MOST_ROWS}"

    def unfiltered(self, table: Table) -> tuple[str, ...]:
        """Name the dimensions of the part that no column of a table holds, so that its rows are of more."""
        names = {column.name for column in table.columns}
        held = names | ({"lane"} if set(LANE) <= names else set())
        return tuple(name for name, _ in self.where if name not in held)


def quoted(text: str) -> str:
    r"""Write a text as a literal of Python.

    Examples
    --------
    >>> print(quoted('a "fast" one'))
    "a \"fast\" one"
    """
    return json.dumps(text, ensure_ascii=False)


def table_behind(one: Kpi, tables: list[str]) -> tuple[Table, str] | None:
    """Find the table whose rows a KPI counts, and the column by which it puts them into weeks.

    Parameters
    ----------
    one : Kpi
    tables : list of str
        Those that its fact reads.

    Examples
    --------
    >>> table, day = table_behind(kpi("otd"), ["orders", "shipments"])
    >>> table.name, day
    ('shipments', 'promised_date')
    """
    known = [TABLES[name] for name in tables if name in TABLES]
    for table in known:
        if any(column.name == one.cohort for column in table.columns):
            return table, one.cohort
    return next(((table, table.week_of) for table in known if table.week_of), None)
