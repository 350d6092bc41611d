"""Actions: who does what about a KPI until when, and once the week is over what came of it."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from tallysheet.errors import DataError, UsageError, nearest
from tallysheet.kpis import KPIS
from tallysheet.review import Review
from tallysheet.targets import parse_segment
from tallysheet.weeks import IsoWeek
from tallysheet.written import written_rows

Status = Literal["open", "done", "dropped"]
COLUMNS = (
    "kpi",
    "segment",
    "owner",
    "action",
    "status",
    "expected_effect",
    "due_week",
    "entered_on",
    "author",
)
_SHOWN_WEEKS = 8
"""Weeks after it was due in which the outcome of an action is still shown."""


@dataclass(frozen=True)
class Action:
    """A row of data/actions.csv.

    Parameters
    ----------
    kpi : str
        Slug.
    where : dict of str to str
        Dimensions and values of the part that it is about; empty: the total.
    owner, action, author : str
        Who does what; who wrote it down.
    status : {"open", "done", "dropped"}
    expected_effect : float
        Change that it is to bring, in the KPI's unit (a share: 0.02 is two points); NaN: none is given.
    due_week : IsoWeek
        Week in which it is to show.
    entered_on : date
        Known from then on; the change is counted from that day's week.
    """

    kpi: str
    owner: str
    action: str
    status: Status
    expected_effect: float
    due_week: IsoWeek
    entered_on: dt.date
    author: str
    where: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class FollowUp:
    """An action, and how much the KPI changed since it was entered; NaN while it is not due."""

    action: Action
    change: float = math.nan


def read_actions(path: Path) -> list[Action]:
    """Read data/actions.csv, however it is delimited and encoded; none where there is no such file.

    Raises
    ------
    DataError
        A column is missing, or a cell is not what it should be: the row below the header is named.
    """
    return [_action(place, cells) for place, cells in written_rows(path, COLUMNS)]


def _action(place: str, cells: Mapping[Hashable, str]) -> Action:
    if cells["kpi"] not in KPIS:
        raise DataError(f"{place}, kpi", "a known KPI", repr(cells["kpi"]), nearest(cells["kpi"], KPIS))
    where = parse_segment(cells["segment"])
    for name in where:
        known = KPIS[cells["kpi"]].dimensions
        if name not in known:
            raise DataError(f"{place}, segment", f"a dimension of {cells['kpi']}", name, nearest(name, known))
    statuses = {one: one for one in get_args(Status)}
    if cells["status"] not in statuses:
        raise DataError(f"{place}, status", " or ".join(statuses), repr(cells["status"]), "Correct it.")
    try:
        return Action(
            kpi=cells["kpi"],
            where=where,
            owner=cells["owner"],
            action=cells["action"],
            status=statuses[cells["status"]],
            expected_effect=_effect(cells["expected_effect"]),
            due_week=IsoWeek.parse(cells["due_week"]),
            entered_on=dt.date.fromisoformat(cells["entered_on"]),
            author=cells["author"],
        )
    except (ValueError, UsageError) as error:
        wanted = "a number, a week such as 2026-W46 and a day such as 2026-11-09"
        raise DataError(place, wanted, str(error), "Correct the row.") from None


def _effect(cell: str) -> float:
    """Read a number with a point or a comma; NaN where none is given."""
    effect = float(cell.replace(",", ".")) if cell else math.nan
    if cell and not math.isfinite(effect):
        raise ValueError(repr(cell))
    return effect


def follow_up(actions: Sequence[Action], review: Review, available: Sequence[str]) -> Iterator[FollowUp]:
    """Give what is under way in a week, and what came of what was due.

    What was entered later is not known yet. What was due more than eight weeks ago is left out, and so is
    what was dropped. The change is that of the part which the action names, since the week of its entry.
    """
    for action in actions:
        known = action.entered_on <= review.cube.as_of.date() and action.kpi in available
        is_late = action.due_week.shift(_SHOWN_WEEKS) < review.week
        if not known or is_late or action.status == "dropped":
            continue
        began = IsoWeek.of(action.entered_on)
        if action.due_week > review.week or began >= review.week or began not in review.cube.touched_weeks:
            yield FollowUp(action)
            continue
        where = tuple(sorted(action.where.items()))
        yield FollowUp(action, review.explanation(action.kpi, str(began), (), where).change)
