"""Candidates: which parts of a KPI are looked at, and what looking at so many takes from each one's proof."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from tallysheet.limits import Numbers
from tallysheet.lineup import LEAST_SHARE, Lineup, Where
from tallysheet.scopes import COARSER
from tallysheet.segments import find_segments

_HINTED, _HINTED_OF_RARE = 10.0, 30.0
"""By how many times a chance may be larger where somebody wrote down where to look; few cases say little."""

_WHO = ("carrier", "seller", "partner")
"""Dimensions that name somebody."""

_MOST_CONDITIONS = 3


def candidates(lineup: Lineup, by: Sequence[str]) -> list[Where]:
    """List the single values with enough volume, what the search proposes, and what somebody wrote down.

    What holds the same parcels in other words is left out: each part more asks for more proof. So is what
    holds all: it has no rest, and what all share is nobody's.
    """
    found, volume = single_values(lineup, by), _volume(lineup)
    least = LEAST_SHARE * volume.sum()
    proposed = [one for span in (1, 3) for one in _proposed(lineup, by, span)]
    proposed += [one for where in proposed for one in _with_somebody(lineup, by, where)]
    large = (one for one in proposed if volume[lineup.panel.held(one)].sum() >= least)
    known = {lineup.panel.held(one).tobytes() for one in found}
    for one in (*large, *_written_down(lineup, by)):
        held = lineup.panel.held(one).tobytes()
        if held not in known:
            known.add(held)
            found.append(one)
    return [one for one in found if not lineup.panel.held(one).all()]


def factors_of(lineup: Lineup, looked_at: Sequence[Where]) -> list[float]:
    """Give by how much the chance of each part grows because so many are looked at; the same parcels once."""
    hinted = [_is_hinted(lineup, where) for where in looked_at]
    parcels = [lineup.panel.held(where).tobytes() for where in looked_at]
    every = float(len(set(parcels)))
    weight = _HINTED_OF_RARE if lineup.is_rare else _HINTED
    among = len({one for one, is_hinted in zip(parcels, hinted, strict=True) if is_hinted}) / weight
    return [min(among, every) if is_hinted else every for is_hinted in hinted]


def single_values(lineup: Lineup, by: Sequence[str]) -> list[Where]:
    """List the values with enough volume."""
    volume = _volume(lineup)
    found: list[Where] = []
    for name in by:
        values, places = np.unique(lineup.panel.named[name].astype(str), return_inverse=True)
        shares = np.bincount(places, volume) / max(volume.sum(), 1e-9)
        found += [
            {name: (value,)}
            for value, share in zip(values.tolist(), shares, strict=True)
            if share >= LEAST_SHARE and value
        ]
    return found


def _is_hinted(lineup: Lineup, where: Where) -> bool:
    """Tell whether a part lies in one that somebody wrote down, and names nobody whom that does not name."""
    held = lineup.panel.held(where)
    for hint in lineup.hints:
        known = {name: values for name, values in hint.items() if name in lineup.panel.named}
        if any(name in where and name not in known for name in _WHO):
            continue
        if known and not (held & ~lineup.panel.held(known)).any():
            return True
    return False


def _with_somebody(lineup: Lineup, by: Sequence[str], where: Where) -> Iterator[Where]:
    """List the parts of a combination that names nobody: each with somebody who holds some of it.

    Where few cases tell combinations apart, the one that stands out most may be the next to the true one.
    """
    if len(where) < 2 or where.keys() & set(_WHO):
        return
    held = lineup.panel.held(where)
    for name in [one for one in _WHO if one in by]:
        values = np.unique(lineup.panel.named[name][held].astype(str)).tolist()
        yield from ({**where, name: (value,)} for value in values if value)


def _written_down(lineup: Lineup, by: Sequence[str]) -> Iterator[Where]:
    """List what somebody wrote down, and the single places in it."""
    for hint in lineup.hints:
        where = {name: hint[name] for name in by if name in hint}
        if not where:
            continue
        yield where
        held = lineup.panel.held(where)
        for name in [one for one in COARSER if one in by and one not in where]:
            places = np.unique(lineup.panel.named[name][held].astype(str)).tolist()
            yield from ({**where, name: (place,)} for place in places if place)


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
        minimum_size=LEAST_SHARE * float(frame["x_now" if is_sum else "n_now"].sum()),
        most_conditions=_MOST_CONDITIONS,
    ):
        where = {name: (value,) for name, value in segment.where.items()}
        if all(values[0] for values in where.values()):
            yield where
