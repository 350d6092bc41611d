"""Suspects: which parts of a KPI moved in a week, from when to when, each in the fewest words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from tallysheet.candidates import candidates, factors_of, single_values
from tallysheet.lineup import Lineup, Where
from tallysheet.quiet_past import moved_back
from tallysheet.scopes import broadened, narrowed, narrowest
from tallysheet.spells import BASE_WEEKS, Spell

_ALIKE = 0.5
"""What moved by less than half as much as a part did not move with it."""

_OWN = 0.25
"""What moved by less than a quarter of that by itself only seems to have moved, as its rest did."""

_SURER = 1e-3
"""By how much what began later must be surer than a part that it cuts across."""

_MOST = 8


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
    looked_at = candidates(lineup, names)
    factors = factors_of(lineup, looked_at)
    for _ in range(_MOST if looked_at else 0):
        lineup, spells, chances = _without_later(lineup, looked_at, factors, without)
        at = int(np.argmin(chances))
        if not chances[at] <= lineup.level:
            break
        at = narrowest(lineup, at, looked_at, chances, spells, without)
        proven = spells[at]
        if proven is None:
            break
        where, spell = narrowed(lineup, looked_at[at], proven, without)
        broad = broadened(lineup, where, spell, without)
        measured = lineup.spell(broad, without) if broad != where else None
        if measured is not None and measured.is_sided and measured.effect * spell.effect > 0:
            where, spell = broad, measured
        found.append(Suspect(where, spell, min(chances[at], 1.0)))
        without |= lineup.panel.held(where)
    told = [
        replace(one, perhaps=_perhaps(lineup, one, without)) if one.where.keys() <= set(names) else one
        for one in _merged(lineup, found)
    ]
    return sorted(told, key=lambda one: one.p)


def _without_later(
    lineup: Lineup, looked_at: Sequence[Where], factors: Sequence[float], without: np.ndarray
) -> tuple[Lineup, list[Spell | None], list[float]]:
    """Measure each part's spell, and its chance among all, without what began in the weeks after.

    A carrier that breaks a few parcels on a Friday, and many in the weeks after, is no lane that it serves.

    Returns
    -------
    Lineup
        Without what began later and cuts across the part that seems surest.
    list of Spell or None
    list of float
    """
    spells, chances = _measured(lineup, looked_at, factors, without)
    for _ in range(_MOST):
        at = int(np.argmin(chances))
        later = _later(lineup, looked_at, factors, at, spells[at], chances[at])
        if later is None:
            break
        where, spell = later
        weeks = np.arange(spell.first, spell.last + 1)
        base = np.flatnonzero(lineup.usual[: lineup.week])[-BASE_WEEKS:]
        panel = moved_back(lineup.panel, lineup.kind, lineup.panel.held(where), weeks, weeks, base)
        lineup = replace(lineup, panel=panel)
        spells, chances = _measured(lineup, looked_at, factors, without)
    return lineup, spells, chances


def _measured(
    lineup: Lineup, looked_at: Sequence[Where], factors: Sequence[float], without: np.ndarray
) -> tuple[list[Spell | None], list[float]]:
    spells = [lineup.spell(where, without) for where in looked_at]
    chances = [
        spell.p * factor if spell and spell.is_sided and _moved_itself(lineup, where, spell, without) else 1.0
        for where, spell, factor in zip(looked_at, spells, factors, strict=True)
    ]
    return spells, chances


def _later(
    lineup: Lineup,
    looked_at: Sequence[Where],
    factors: Sequence[float],
    at: int,
    seeming: Spell | None,
    chance: float,
) -> tuple[Where, Spell] | None:
    """Find the surest part that cuts across one that seems to have moved, and began after the judged week."""
    if seeming is None or chance > lineup.level:
        return None
    held = lineup.panel.held(looked_at[at])
    found: list[tuple[float, Where, Spell]] = []
    for where, factor in zip(looked_at, factors, strict=True):
        if not _cuts_across(lineup.panel.held(where), held):
            continue
        for week in range(lineup.week + 1, seeming.last + 1):
            spell = replace(lineup, week=week).spell(where)
            if spell is not None and spell.first == week and spell.p * factor < _SURER * chance:
                found.append((spell.p * factor, where, spell))
    return min(found, key=lambda one: one[0])[1:] if found else None


def _cuts_across(one: np.ndarray, other: np.ndarray) -> bool:
    """Tell whether two parts share leaves, and each has some of its own."""
    return bool((one & other).any() and (one & ~other).any() and (other & ~one).any())


def _moved_itself(lineup: Lineup, where: Where, spell: Spell, without: np.ndarray) -> bool:
    """Tell whether a part moved, and not only the rest that it is held against; sums share their seasons.

    What one carrier of a lane lost another gained: without the one the lane has grown, as a whole it has
    not; and beside who gained, a third one only seems to have lost.
    """
    if lineup.kind != "sum":
        return (spell.now - spell.before) / spell.effect >= _OWN
    is_apart = not (lineup.panel.held(where) & without).any()
    if is_apart and (spell.now - spell.before) / spell.effect >= _OWN * spell.before:
        return True
    whole = lineup.spell_of(where, spell.first, spell.last, np.zeros_like(without))
    return whole is not None and whole.effect / spell.effect >= _OWN


def _perhaps(lineup: Lineup, suspect: Suspect, without: np.ndarray) -> tuple[str, ...]:
    """Give the values that moved alike and of which chance would have shown fewer than one."""
    if len(suspect.where) > 1:
        return ()
    (name, told), spell = next(iter(suspect.where.items())), suspect.spell
    others = [where[name][0] for where in single_values(lineup, [name]) if where[name][0] not in told]
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
