"""Leaves of a KPI lined up by week, beside the rest, for the search of what moved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tallysheet.panel import Panel, panel_of
from tallysheet.spells import RARE, Spell, measure, spell_at
from tallysheet.tracks import Track

_ODD = 5.0
"""Times the usual distance from the weeks around it that makes a week odd."""

LEAST_SHARE = 0.003
"""Of all volume, that a value must have to be looked at."""

Where = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Lineup:
    """What the search for suspects needs: leaves by week, the week, and how its numbers scatter.

    Parameters
    ----------
    panel : Panel
    week : int
        Position of the week.
    kind : str
        As in `Track`.
    usual : array of bool
        Weeks that may serve as base and history.
    level : float
        Chance below which a part is named.
    hints : tuple of dict
        Parts that somebody wrote down: what lies in one of them needs less proof (weighted Bonferroni).
    """

    panel: Panel
    week: int
    kind: str
    usual: np.ndarray
    level: float
    hints: tuple[Where, ...] = ()

    @property
    def is_rare(self) -> bool:
        """Whether what is counted befalls few of all."""
        return self.kind == "share" and bool(self.panel.x.sum() < RARE * self.panel.n.sum())

    def track(self, leaves: np.ndarray, among: np.ndarray | None = None) -> Track:
        """Follow some leaves beside the rest of others (None: all others)."""
        rest = ~leaves if among is None else among & ~leaves
        x, n = self.panel.sums(leaves)
        rest_x, rest_n = self.panel.sums(rest)
        return Track(x, n, rest_x, rest_n, self.kind, self.usual)

    def spell(self, where: Where, without: np.ndarray | None = None) -> Spell | None:
        """Measure the spell of a part, beside what no other suspect holds."""
        leaves = self.panel.held(where)
        among = np.ones_like(leaves) if without is None else ~without
        leaves = leaves & among
        return spell_at(self.track(leaves, among), self.week) if leaves.any() else None

    def spell_of(self, where: Where, first: int, last: int, without: np.ndarray) -> Spell | None:
        """Measure a part in given weeks, beside what no suspect holds."""
        leaves = self.panel.held(where) & ~without
        return measure(self.track(leaves, ~without), first, last) if leaves.any() else None


def lineup_of(
    table: pd.DataFrame, by: Sequence[str], kind: str, level: float, hints: Sequence[Where] = ()
) -> Lineup:
    """Line up the leaves of a weekly table: by, week, x, n, is_usual, is_judged."""
    weeks = table[["week", "is_usual", "is_judged"]].drop_duplicates().sort_values("week")
    leaves = panel_of(table, by, weeks["week"].tolist())
    judged = int(np.flatnonzero(weeks["is_judged"])[0])
    usual = weeks["is_usual"].to_numpy(bool) & ~_odd(leaves, kind, judged)
    return Lineup(leaves, judged, kind, usual, level, tuple(hints))


def _odd(leaves: Panel, kind: str, judged: int) -> np.ndarray:
    """Mark earlier weeks in which the whole stood far off the weeks around it."""
    x, n = leaves.sums(np.ones(len(leaves.x), dtype=bool))
    values = x if kind == "sum" else np.divide(x, n, out=np.full_like(x, np.nan), where=n > 0)
    odd = np.zeros(len(values), dtype=bool)
    earlier = values[:judged]
    if np.isfinite(earlier).sum() < 8:
        return odd
    level = pd.Series(earlier).rolling(9, center=True, min_periods=4).median().to_numpy()
    off = np.abs(earlier - level)
    odd[:judged] = off > _ODD * np.nanmedian(off) / 0.6745
    return odd if not odd[:judged].mean() > 0.3 else np.zeros(len(values), dtype=bool)
