"""Suspects: which parts of a KPI moved in a week, from when to when, each in the fewest words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from tallysheet.limits import Numbers
from tallysheet.panel import Panel, panel_of
from tallysheet.segments import find_segments
from tallysheet.spells import Spell, Track, measure, spell_at

_ALIKE = 0.5
"""What moved by less than half as much as a part did not move with it."""

_AKIN = 0.25
"""The same of what lies in one country: parcels from abroad have more days to make up for."""

_MOVED = 0.02
_GOOD_PART = 0.25
"""Share of a part that must have stood still, so that the part is told by the values that did not."""

_LEAST_SHARE = 0.003
_ODD = 5.0
"""Times the usual distance from the weeks around it that makes a week odd."""

_HINTED = 100.0
_MOST_CONDITIONS = 3
_MOST = 8

COARSER = {"destination": "destination_country", "lane": "destination_country"}
"""Dimension to the one that holds its values whole."""

Where = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Suspect:
    """A part that moved.

    Parameters
    ----------
    where : dict of str to tuple of str
        Dimension to its values; several of one dimension moved alike.
    spell : Spell
    p : float
        Chance that any of the parts looked at moves so much while nothing changed.
    perhaps : tuple of str
        Of a part of one dimension: further values that moved alike, but hold too little to be sure.
    """

    where: Where
    spell: Spell
    p: float
    perhaps: tuple[str, ...] = ()


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
        Parts that somebody wrote down: what lies in one of them needs a hundredth of the proof, among
        those that do (weighted Bonferroni).
    """

    panel: Panel
    week: int
    kind: str
    usual: np.ndarray
    level: float
    hints: tuple[Where, ...] = ()

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


def suspects(lineup: Lineup, by: Sequence[str]) -> list[Suspect]:
    """Name the parts that moved in a week.

    The search of segments proposes parts, each part's own history disposes. A part that is proven is then
    told as broadly as it holds: a condition is dropped where what it leaves out moved alike. Parts of one
    dimension that moved alike in the same weeks are one suspect.

    Parameters
    ----------
    lineup : Lineup
    by : sequence of str
        Dimensions that may be named.

    Returns
    -------
    list of Suspect
        The surest first.
    """
    names = [name for name in by if name in lineup.panel.named]
    found: list[Suspect] = []
    without = np.zeros(len(lineup.panel.x), dtype=bool)
    looked_at = _candidates(lineup, names)
    factors = _factors(lineup, looked_at)
    for _ in range(_MOST):
        spells = [lineup.spell(where, without) for where in looked_at]
        chances = [
            spell.p * factor if spell and spell.is_sided else 1.0
            for spell, factor in zip(spells, factors, strict=True)
        ]
        at = int(np.argmin(chances)) if chances else -1
        if not chances or chances[at] > lineup.level:
            break
        at = _narrowest(lineup, at, looked_at, chances, spells, without)
        proven = spells[at]
        if proven is None:
            break
        where = _broadened(lineup, looked_at[at], proven, without)
        spell = lineup.spell(where, without)
        if spell is None or not spell.is_sided:
            where, spell = looked_at[at], proven
        found.append(Suspect(where, spell, min(chances[at], 1.0)))
        without |= lineup.panel.held(where)
    told = [replace(one, perhaps=_perhaps(lineup, one, without)) for one in _merged(lineup, found)]
    return sorted(told, key=lambda one: one.p)


def _factors(lineup: Lineup, looked_at: Sequence[Where]) -> list[float]:
    """Give by how much the chance of each part grows because so many are looked at."""
    hinted = [_is_hinted(lineup, where) for where in looked_at]
    among = max(sum(hinted), 1) / _HINTED
    return [min(among, len(looked_at)) if one else float(len(looked_at)) for one in hinted]


def _is_hinted(lineup: Lineup, where: Where) -> bool:
    """Tell whether a part lies in one that somebody wrote down."""
    held = lineup.panel.held(where)
    for hint in lineup.hints:
        known = {name: values for name, values in hint.items() if name in lineup.panel.named}
        if known and not (held & ~lineup.panel.held(known)).any():
            return True
    return False


def _candidates(lineup: Lineup, by: Sequence[str]) -> list[Where]:
    """List the single values with enough volume, and what the search of segments proposes."""
    found, volume = _single_values(lineup, by), _volume(lineup)
    least = _LEAST_SHARE * volume.sum()
    for span in (1, 3):
        for one in _proposed(lineup, by, span):
            if one not in found and volume[lineup.panel.held(one)].sum() >= least:
                found.append(one)
    return found


def _single_values(lineup: Lineup, by: Sequence[str]) -> list[Where]:
    """List the values with enough volume."""
    volume = _volume(lineup)
    found: list[Where] = []
    for name in by:
        values, places = np.unique(lineup.panel.named[name].astype(str), return_inverse=True)
        shares = np.bincount(places, volume) / max(volume.sum(), 1e-9)
        found += [
            {name: (value,)}
            for value, share in zip(values.tolist(), shares, strict=True)
            if share >= _LEAST_SHARE and value
        ]
    return found


def _volume(lineup: Lineup) -> Numbers:
    """Give what each leaf weighed in the week and the eight before it."""
    return lineup.panel.n[:, max(lineup.week - 8, 0) : lineup.week + 1].sum(axis=1)


def _proposed(lineup: Lineup, by: Sequence[str], span: int) -> Iterator[Where]:
    """Propose what stands out when the weeks from the judged one on are set beside those before."""
    panel, week = lineup.panel, lineup.week
    base = np.flatnonzero(lineup.usual[:week])[-8:]
    inside = np.arange(week, min(week + span, len(panel.weeks)))
    if not base.size or (span > 1 and inside.size < 2):
        return
    is_sum = lineup.kind == "sum"
    over = base.size / inside.size if is_sum else 1.0
    now, before = (
        panel.over([panel.weeks[at] for at in inside], by),
        panel.over([panel.weeks[at] for at in base], by),
    )
    frame = now.merge(before, on=list(by), how="outer", suffixes=("_now", "_base")).fillna(0.0)
    frame["x_base"] /= over
    if is_sum and (frame[["x_now", "x_base"]] < 0).any(axis=None):
        return
    if not is_sum and not (frame["n_now"].sum() > 0 and frame["n_base"].sum() > 0):
        return
    if is_sum and not frame["x_base"].sum() > 0:
        return
    for segment in find_segments(
        frame,
        by=list(by),
        now="x_now",
        base="x_base",
        now_n=None if is_sum else "n_now",
        base_n=None if is_sum else "n_base",
        is_count=None if lineup.kind == "share" else False,
        minimum_size=_LEAST_SHARE * float(frame["x_now" if is_sum else "n_now"].sum()),
        most_conditions=_MOST_CONDITIONS,
    ):
        where = {name: (value,) for name, value in segment.where.items()}
        if all(values[0] for values in where.values()):
            yield where


def _narrowest(
    lineup: Lineup,
    at: int,
    looked_at: Sequence[Where],
    chances: Sequence[float],
    spells: Sequence[Spell | None],
    without: np.ndarray,
) -> int:
    """Choose the surest value inside a part whose rest stood still: not a country for two of its sellers."""
    held = lineup.panel.held(looked_at[at])
    inside: dict[str, list[int]] = {}
    for place, where in enumerate(looked_at):
        is_within = not (lineup.panel.held(where) & ~held).any()
        if len(where) == 1 and place != at and chances[place] <= lineup.level and is_within:
            inside.setdefault(next(iter(where)), []).append(place)
    for name, places in inside.items():
        values = tuple(value for place in places for value in looked_at[place][name])
        surest = min(places, key=lambda place: chances[place])
        spell = spells[surest]
        rest = held & ~lineup.panel.held({name: values}) & ~without
        if spell is not None and _stood_still(lineup, rest, held, spell, without):
            return surest
    return at


def _stood_still(
    lineup: Lineup, rest: np.ndarray, held: np.ndarray, spell: Spell, without: np.ndarray
) -> bool:
    """Tell whether a good part of a part surely moved by less than half as much as a value inside it."""
    weeks = slice(spell.first, spell.last + 1)
    volume = lineup.panel.n[:, weeks].sum(axis=1)
    if volume[rest].sum() < _GOOD_PART * volume[held].sum():
        return False
    found = measure(lineup.track(rest, rest | (~held & ~without)), spell.first, spell.last)
    return found is not None and max(found.low / spell.effect, found.high / spell.effect) < _ALIKE


def _broadened(lineup: Lineup, where: Where, spell: Spell, without: np.ndarray) -> Where:
    """Drop each condition of which what it leaves out moved alike, and tell values by what holds them."""
    changed = True
    while changed:
        changed = False
        for name in list(where):
            wider = {other: values for other, values in where.items() if other != name}
            coarser = COARSER.get(name)
            options = [(wider, _ALIKE)] if wider else []
            if coarser and coarser not in where and coarser in lineup.panel.named:
                held = lineup.panel.held({name: where[name]})
                above = np.unique(lineup.panel.named[coarser][held].astype(str)).tolist()
                if len(above) == 1 and above[0]:
                    options.insert(0, ({**wider, coarser: (above[0],)}, _AKIN))
            for option, least in options:
                if _moved_alike(lineup, option, where, spell, without, least):
                    where, changed = option, True
                    break
            if changed:
                break
    return where


def _moved_alike(
    lineup: Lineup, wider: Where, where: Where, spell: Spell, without: np.ndarray, least: float
) -> bool:
    """Tell whether what a wider part adds to a part moved at least so much, as a share of what that did."""
    held = lineup.panel.held(where)
    added = lineup.panel.held(wider) & ~held
    if not lineup.panel.n[added][:, spell.first : spell.last + 1].sum() > 0:
        return True
    outside = ~lineup.panel.held(wider) & ~without
    if not outside.any():
        return False
    found = measure(lineup.track(added, added | outside), spell.first, spell.last)
    if found is None:
        return False
    return found.effect / spell.effect >= least and found.p < _MOVED


def _perhaps(lineup: Lineup, suspect: Suspect, without: np.ndarray) -> tuple[str, ...]:
    """Give the values that moved alike and of which chance would have shown fewer than one."""
    if len(suspect.where) > 1:
        return ()
    (name, told), spell = next(iter(suspect.where.items())), suspect.spell
    others = [where[name][0] for where in _single_values(lineup, [name]) if where[name][0] not in told]
    return tuple(
        value
        for value in others
        if is_like(lineup.spell_of({name: (value,)}, spell.first, spell.last, without), spell, len(others))
    )


def is_like(found: Spell | None, told: Spell, looked_at: int) -> bool:
    """Tell whether a value moved as one that is proven, and whether so many show less than one by chance."""
    if found is None or found.effect / told.effect < _ALIKE:
        return False
    return found.p / 2 * looked_at < 1


def _merged(lineup: Lineup, found: list[Suspect]) -> list[Suspect]:
    """Join suspects of the same dimensions, weeks and direction that differ in one dimension's values."""
    merged: list[Suspect] = []
    for one in found:
        for at, other in enumerate(merged):
            names = [name for name in one.where if one.where[name] != other.where.get(name)]
            alike = (
                one.where.keys() == other.where.keys()
                and len(names) == 1
                and one.spell.effect * other.spell.effect > 0
                and abs(one.spell.first - other.spell.first) <= 1
                and _ALIKE <= one.spell.effect / other.spell.effect <= 1 / _ALIKE
            )
            if alike:
                values = tuple(sorted({*one.where[names[0]], *other.where[names[0]]}))
                where = {**other.where, names[0]: values}
                spell = lineup.spell(where)
                if spell is not None:
                    merged[at] = Suspect(where, spell, min(one.p, other.p))
                    break
        else:
            merged.append(one)
    return merged
