"""Targets: what a KPI should be, for whom and until when, and how far a period is on its way there."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import pandas as pd

from tallysheet.cube import Cube
from tallysheet.engine import connect
from tallysheet.errors import DataError
from tallysheet.facts import show_known, tables_of
from tallysheet.kpi import Kpi
from tallysheet.values import Series
from tallysheet.weeks import IsoWeek, weeks_between


@dataclass(frozen=True)
class Target:
    """A target of a KPI.

    Parameters
    ----------
    kpi : str
    where : dict of str to str
        Dimension to value; empty: the total.
    valid_from : datetime.date
    valid_to : datetime.date or None
        None: until further notice.
    target, floor : float
        In the KPI's unit; the floor must not be missed; NaN if there is none.
    owner : str
    """

    kpi: str
    where: dict[str, str]
    valid_from: dt.date
    valid_to: dt.date | None
    target: float
    floor: float
    owner: str

    def holds_in(self, week: IsoWeek) -> bool:
        """Tell whether it holds on the Thursday of a week, by which weeks belong to months and quarters."""
        thursday = week.monday + dt.timedelta(days=3)
        return self.valid_from <= thursday and (self.valid_to is None or thursday <= self.valid_to)


def parse_segment(segment: str | None) -> dict[str, str]:
    """Read a segment such as ``carrier=BRV;flow=return``; empty is the total.

    Raises
    ------
    DataError
        A condition without ``=``.

    Examples
    --------
    >>> parse_segment("carrier=BRV; flow=return")
    {'carrier': 'BRV', 'flow': 'return'}
    """
    where = conditions_of(segment or "")
    if where is None or "" in where.values():
        raise DataError("targets segment", "carrier=BRV;flow=return", repr(segment), "Correct it.")
    return where


def conditions_of(text: str) -> dict[str, str] | None:
    """Split ``carrier=BRV;flow=return``; a value may be empty.

    None: a condition has no name or no ``=``, or two have one name.
    """
    named = [one.partition("=") for one in text.split(";") if one.strip()]
    found = {name.strip(): value.strip() for name, _, value in named}
    is_right = all(name.strip() and sign for name, sign, _ in named) and len(found) == len(named)
    return found if is_right else None


def read_targets(cube: Cube) -> list[Target]:
    """Read all targets that were known at a cube's moment."""
    if "targets" not in tables_of(cube.ledger):
        return []
    select = "SELECT kpi, segment, valid_from, valid_to, target, floor, owner FROM targets ORDER BY ALL"
    with connect() as connection:
        show_known(connection, cube.ledger, cube.as_of, ["targets"])
        rows = connection.execute(select).fetchall()
    return [
        Target(
            kpi=slug,
            where=parse_segment(segment),
            valid_from=first,
            valid_to=last,
            target=target,
            floor=math.nan if floor is None else floor,
            owner=owner or "",
        )
        for slug, segment, first, last, target, floor, owner in rows
    ]


def target_of(
    targets: Sequence[Target], one: Kpi, week: IsoWeek, where: dict[str, str] | None = None
) -> Target | None:
    """Give the target of a KPI and segment in a week: of several, the one that began last.

    A share cannot be more than 1: a target of 93 among others of 0.93 counts as none. The ledger's notes
    name it.
    """
    found = [
        target
        for target in targets
        if target.kpi == one.slug
        and target.where == (where or {})
        and target.holds_in(week)
        and target.target <= one.bounds[1]
    ]
    return max(found, key=lambda target: target.valid_from, default=None)


@dataclass(frozen=True)
class Pace:
    """How far a period is on its way to its target.

    Parameters
    ----------
    first, last : IsoWeek
        The weeks of the period: those of the calendar quarter in which the target holds.
    weeks_done, weeks_left : int
        Of a week whose value still grows nothing is said yet: it is left.
    to_date : float
        Value of the weeks done, pooled.
    needed : float
        What the weeks left must be on average for the whole period to meet the target, if they are as
        large as those done; NaN when none is left. A share of more than 1 is out of reach.
    """

    first: IsoWeek
    last: IsoWeek
    weeks_done: int
    weeks_left: int
    to_date: float
    needed: float


def pace(series: Series, target: Target, week: IsoWeek, known: Collection[IsoWeek] | None = None) -> Pace:
    """Tell how far the quarter of a week is on its way to its target.

    Parameters
    ----------
    series : Series
        Of a ratio or a sum; a sum's target is that of a mean week.
    target : Target
    week : IsoWeek
        The last week done, in which the target holds.
    known : collection of IsoWeek, optional
        Weeks whose values are final; None: all are.

    Notes
    -----
    With x and n of the weeks done and as much volume a week in those left: needed = (T (n + n') - x) / n',
    n' = n / done x left. Weeks belong to the quarter of their Thursday.
    """
    period = [one for one in weeks_between(*_quarter(week)) if target.holds_in(one)]
    past = [one for one in period if one <= week and one in series.weeks]
    done = [one for one in past if known is None or one in known]
    left = len(period) - sum(one <= week for one in period) + len(past) - len(done)
    totals = series.total.loc[[str(one) for one in done]].sum()
    is_sum = series.kpi.denominator is None
    n = float(len(done)) if is_sum else float(totals["n"])
    to_date = float(totals["x"]) / n if n else math.nan
    ahead = n / len(done) * left if done else 0.0
    needed = (target.target * (n + ahead) - float(totals["x"])) / ahead if ahead else math.nan
    return Pace(period[0], period[-1], len(done), left, to_date, needed)


def _quarter(week: IsoWeek) -> tuple[IsoWeek, IsoWeek]:
    """Give the first and last week whose Thursday lies in the quarter of the week's Thursday."""
    thursday = week.monday + dt.timedelta(days=3)
    start = dt.date(thursday.year, (thursday.month - 1) // 3 * 3 + 1, 1)
    following = dt.date(start.year + start.month // 10, (start.month + 2) % 12 + 1, 1)
    first = IsoWeek.of(start) if start.isoweekday() <= 4 else IsoWeek.of(start).shift(1)
    end = following - dt.timedelta(days=1)
    last = IsoWeek.of(end) if end.isoweekday() >= 4 else IsoWeek.of(end).shift(-1)
    return first, last


def as_frame(rows: Sequence[tuple[Target, float, str]]) -> pd.DataFrame:
    """Lay targets out: kpi, segment, target, floor, owner, value, gap, assurance."""
    return pd.DataFrame(
        [
            {
                "kpi": target.kpi,
                "segment": ";".join(f"{name}={value}" for name, value in target.where.items()),
                "target": target.target,
                "floor": target.floor,
                "owner": target.owner,
                "value": value,
                "gap": value - target.target,
                "assurance": assurance,
            }
            for target, value, assurance in rows
        ],
        columns=["kpi", "segment", "target", "floor", "owner", "value", "gap", "assurance"],
    )
