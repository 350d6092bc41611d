"""Cells that were added up before: kept as Parquet, with what they were made from and who asked for them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tallysheet.kept_tables import keep_table, kept_table

LOOK = ["week", "seen_at"]
Look = tuple[str, dt.datetime]
"""A week, and the moment at which it is looked at."""
TOTAL = ""
"""Stands among the dimensions for no dimension."""
_KEPT_MOMENTS = 8
"""Cells are kept that were asked for as of one of so many moments, the newest."""


@dataclass
class _Dimension:
    """Cells of a fact by one of its dimensions, and the looks that were asked for, each with its as-of."""

    rows: pd.DataFrame
    asked: dict[Look, dt.datetime]

    @cached_property
    def places(self) -> dict[Look, NDArray[np.intp]]:
        grouped: dict[Any, Any] = self.rows.groupby(LOOK, sort=False).indices if len(self.rows) else {}
        return grouped

    def at(self, looks: Iterable[Look]) -> pd.DataFrame:
        found = [self.places[look] for look in dict.fromkeys(looks) if look in self.places]
        return self.rows.take(np.concatenate(found) if found else np.array([], np.intp))

    def only(self, looks: Iterable[Look]) -> _Dimension:
        kept = [look for look in looks if look in self.asked]
        return _Dimension(self.at(kept), {look: self.asked[look] for look in kept})

    def before(self, moment: dt.datetime, week: str) -> _Dimension:
        rows = self.rows[(self.rows["seen_at"] < moment) | (self.rows["week"] < week)]
        asked = {look: as_of for look, as_of in self.asked.items() if look[1] < moment or look[0] < week}
        return _Dimension(rows.reset_index(drop=True), asked)


@dataclass
class Cells:
    """What was added up of a fact.

    Parameters
    ----------
    by : dict of str to cells
        Of each dimension (empty: the total) rows with dimension, segment, week, seen_at, bins or strata
        and measures.
    """

    by: dict[str, _Dimension] = field(default_factory=dict)

    def at(self, looks: Iterable[Look], dimension: str) -> pd.DataFrame:
        """Give the rows of looks that were added up, by a dimension."""
        return self.by[dimension].at(looks)

    def lacking(self, looks: Sequence[Look], by: Sequence[str]) -> list[Look]:
        """Give the looks that were not added up by one of the dimensions."""
        wanted = set(looks)
        have = (self.by[name].asked.keys() if name in self.by else set() for name in by)
        return sorted(wanted - wanted.intersection(*have))

    def add(self, rows: pd.DataFrame, looks: Sequence[Look], by: Sequence[str]) -> None:
        """Take in what looks were added up to, in the place of what there is of them."""
        for name in by:
            kept = self.by.get(name, _Dimension(rows.head(0), {}))
            if kept.asked.keys() & set(looks):
                kept = kept.only(kept.asked.keys() - set(looks))
            own = [frame for frame in (kept.rows, rows[rows["dimension"] == name]) if len(frame)]
            joined = pd.concat(own, ignore_index=True) if own else rows.head(0)
            self.by[name] = _Dimension(joined, kept.asked)

    def ask(self, looks: Sequence[Look], by: Sequence[str], as_of: dt.datetime) -> None:
        """Remember when looks were last asked for."""
        for name in by:
            self.by[name].asked.update(dict.fromkeys(looks, as_of))

    def before(self, moment: dt.datetime, week: str) -> Cells:
        """Give the cells of looks before a moment, and of weeks before another."""
        return Cells({name: one.before(moment, week) for name, one in self.by.items()})

    def write(self, path: Path, made_from: dict[str, Any]) -> None:
        """Write the cells that were lately asked for."""
        moments = {as_of for one in self.by.values() for as_of in one.asked.values()}
        late = sorted(moments)[-_KEPT_MOMENTS:]
        kept = self.by
        if len(late) < len(moments):
            kept = {
                name: one.only(look for look, as_of in one.asked.items() if as_of in late)
                for name, one in self.by.items()
            }
        asked = {
            name: [
                (week, seen_at.isoformat(), as_of.isoformat()) for (week, seen_at), as_of in one.asked.items()
            ]
            for name, one in kept.items()
        }
        rows = pd.concat([one.rows for one in kept.values()], ignore_index=True)
        keep_table(path, rows, {**made_from, "asked": asked})


def read_cells(path: Path) -> tuple[Cells, dict[str, Any]]:
    """Read cells and what they were made from; nothing of both if the file is not as it was written."""
    rows, about = kept_table(path)
    moment = dt.datetime.fromisoformat
    found = {
        name: _Dimension(
            rows[rows["dimension"] == name].reset_index(drop=True),
            {(week, moment(seen_at)): moment(as_of) for week, seen_at, as_of in asked},
        )
        for name, asked in about.pop("asked", {}).items()
    }
    return Cells(found), about
