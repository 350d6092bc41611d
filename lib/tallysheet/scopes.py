"""In which words a part that moved is told: as broadly as it holds, and no broader than what stood still."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from tallysheet.lineup import Lineup, Where
from tallysheet.spells import RARE, Spell, measure

_ALIKE = 0.5
"""What moved by less than half as much as a part did not move with it."""

_AKIN = 0.25
"""The same of what lies in one country, or bears other labels: such parcels have more days to make up for."""

_MOVED = 0.02
_LOST = 0.05
_SITES = ("destination",)
"""Dimensions whose values are where something happens; a lane or a seller only has a share in it."""

_BEFALLEN = (*_SITES, "carrier")
"""Dimensions of which one value has nearly all of what is rare where it is that value's own."""

_SOME, _NEARLY_ALL = 5, 0.9
_LITTLE = 0.1
_GOOD_PART = 0.2
"""Share of a part that must have stood still, so that the part is told by the values that did not."""

COARSER = {"destination": "destination_country", "lane": "destination_country"}
"""Dimension to the one that holds its values whole."""

HOMES = {"seller": "country"}
"""Dimension to the one whose value may be told by one of its values."""

WAREHOUSES = {"seller": "partner"}
"""Dimension to the one through which many of its values go whole."""


def narrowest(
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


def narrowed(lineup: Lineup, where: Where, spell: Spell, without: np.ndarray) -> tuple[Where, Spell]:
    """Tell a part that is proven by its one depot, lane or seller that moved, if the others stood still.

    A depot is told by its one carrier, and by the one kind of goods, in the same way. Of what is rare, too
    little happens elsewhere to show that: it is told by the depot where nearly all did, and by the carrier to
    which nearly all did there.
    """
    told, own = _by_one(lineup, where, spell, without, {**COARSER, **HOMES})
    if told.keys().isdisjoint(_SITES):
        return told, own
    for name in ("carrier", "category"):
        told, own = _by_one(lineup, told, own, without, {name: ""})
    return told, own


def _by_one(
    lineup: Lineup, where: Where, spell: Spell, without: np.ndarray, finer_than: Mapping[str, str]
) -> tuple[Where, Spell]:
    """Tell a part by one value of a dimension that holds most of its move, in the place of a coarser one."""
    for fine, coarse in finer_than.items():
        if fine in where or fine not in lineup.panel.named:
            continue
        held = lineup.panel.held(where) & ~without
        wider = {name: values for name, values in where.items() if name != coarse}
        values = [value for value in np.unique(lineup.panel.named[fine][held].astype(str)).tolist() if value]
        finer_ones = [{**wider, fine: (value,)} for value in values]
        measured = ((finer, _as_long(lineup, finer, spell, without)) for finer in finer_ones)
        moved = [
            (finer, own) for finer, own in measured if own and own.is_sided and own.effect * spell.effect > 0
        ]
        if not moved:
            continue
        # Only the one that weighs most is tried, so that its chance need not be shared with the others.
        finer, own = max(moved, key=lambda one: _weight(lineup, one[0], one[1], without))
        if own.p < _MOVED:
            inside = lineup.panel.held(finer) & ~without
            if _stood_still(lineup, held & ~inside, held, own, without):
                return finer, own
            if fine in _BEFALLEN and _befell(lineup, inside, held, spell):
                return finer, lineup.spell_of(finer, spell.first, spell.last, without) or own
    return where, spell


def _as_long(lineup: Lineup, where: Where, spell: Spell, without: np.ndarray) -> Spell | None:
    """Give a finer part's own spell; if it ends before what is proven, what it did in the weeks of that."""
    own = lineup.spell(where, without)
    if own is None or own.last >= spell.last:
        return own
    return lineup.spell_of(where, spell.first, spell.last, without)


def _weight(lineup: Lineup, where: Where, spell: Spell, without: np.ndarray) -> float:
    """Say how much of the week's move a part makes: by how much it moved, times what it holds."""
    held = lineup.panel.held(where) & ~without
    return abs(spell.effect) * float(lineup.panel.n[held, lineup.week].sum())


def _stood_still(
    lineup: Lineup, rest: np.ndarray, held: np.ndarray, spell: Spell, without: np.ndarray
) -> bool:
    """Tell whether a good part of a part surely moved by less than half as much as a value inside it.

    Where that value is small, its rest may have moved by less and weigh more: then it did not stand still.
    """
    weeks = slice(spell.first, spell.last + 1)
    volume = lineup.panel.n[:, weeks].sum(axis=1)
    if volume[rest].sum() < _GOOD_PART * volume[held].sum():
        return False
    found = measure(lineup.track(rest, rest | (~held & ~without)), spell.first, spell.last)
    if found is None or not _moved_less(found, spell, _ALIKE):
        return False
    least = min(found.low / spell.effect, found.high / spell.effect)
    return bool(least * volume[rest].sum() < volume[held & ~rest].sum())


def _is_rare(lineup: Lineup, spell: Spell) -> bool:
    return lineup.kind == "share" and spell.before < RARE


def _befell(lineup: Lineup, inside: np.ndarray, held: np.ndarray, spell: Spell) -> bool:
    """Tell whether nearly all that is rare and befell a part did so at one value inside it."""
    if not _is_rare(lineup, spell):
        return False
    events = lineup.panel.x[:, spell.first : spell.last + 1].sum(axis=1)
    return bool(events[held].sum() >= _SOME and events[inside].sum() >= _NEARLY_ALL * events[held].sum())


def _moved_less(found: Spell, spell: Spell, least: float) -> bool:
    """Tell whether something surely moved by less than a share of what a part did."""
    return max(found.low / spell.effect, found.high / spell.effect) < least


def broadened(lineup: Lineup, where: Where, spell: Spell, without: np.ndarray) -> Where:
    """Drop each condition of which what it leaves out moved alike, and tell values by what holds them.

    Of what is rare the depot stays, even where a lane holds the same parcels: it is the place to look at.
    """
    changed = True
    while changed:
        changed = False
        for name in list(where):
            for option, least in _wider(lineup, where, name, spell):
                if _moved_alike(lineup, option, where, spell, without, least):
                    where, changed = option, True
                    break
            if changed:
                break
    return where


def _wider(lineup: Lineup, where: Where, name: str, spell: Spell) -> list[tuple[Where, float]]:
    """List parts without a condition, or with what holds it, and how alike what they add must have moved."""
    wider = {other: values for other, values in where.items() if other != name}
    is_same = not (lineup.panel.held(wider) & ~lineup.panel.held(where)).any()
    if name in _SITES and is_same and _is_rare(lineup, spell):
        return []
    least = _AKIN if name == "label_source" else _ALIKE
    options: list[tuple[Where, float]] = [(wider, least)] if wider else []
    coarser = COARSER.get(name) or WAREHOUSES.get(name)
    if coarser and coarser not in where and coarser in lineup.panel.named:
        above = _held_by(lineup, {name: where[name]}, coarser)
        if above:
            options.insert(0, ({**wider, coarser: (above,)}, _AKIN if name in COARSER else _ALIKE))
    return options


def _held_by(lineup: Lineup, where: Where, coarser: str) -> str:
    """Name the only value of a dimension that holds a part; rows that were never sent name none."""
    held = lineup.panel.held(where)
    values, volume = lineup.panel.named[coarser][held].astype(str), lineup.panel.n[held].sum(axis=1)
    above = np.unique(values).tolist()
    named = [value for value in above if value]
    is_whole = len(named) == 1 and volume[values == ""].sum() < _LOST * volume.sum()
    return named[0] if is_whole else ""


def _moved_alike(
    lineup: Lineup, wider: Where, where: Where, spell: Spell, without: np.ndarray, least: float
) -> bool:
    """Tell whether what a wider part adds to a part moved at least so much, as a share of what that did.

    Of the little that says nothing by itself it is enough that it does not say otherwise, and of a part that
    somebody wrote down that its interval leaves out zero.
    """
    held = lineup.panel.held(where)
    added = lineup.panel.held(wider) & ~held
    volume = lineup.panel.n[:, spell.first : spell.last + 1].sum(axis=1)
    if not volume[added].sum() > 0:
        return True
    outside = ~lineup.panel.held(wider) & ~without
    if not outside.any():
        return False
    found = measure(lineup.track(added, added | outside), spell.first, spell.last)
    if volume[added].sum() < _LITTLE * volume[held].sum():
        return found is None or not _moved_less(found, spell, least)
    if found is None:
        return False
    has_moved = found.p < _MOVED or (wider in lineup.hints and found.is_sided)
    return found.effect / spell.effect >= least and has_moved
