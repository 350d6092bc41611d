"""Legs: what comes late because it set out late, or by its site, is no carrier's doing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tallysheet.evidence import Evidence, Weekly
from tallysheet.findings import Finding, key_of
from tallysheet.gates.movement import finding_of
from tallysheet.kpi import Kpi
from tallysheet.kpis import kpi
from tallysheet.lineup import lineup_of
from tallysheet.panel import Panel
from tallysheet.spells import Spell, measure
from tallysheet.suspects import Suspect

_WHOLE_WAY, _FROM_THE_SCAN_ON = "otd", "carrier_otd"

_AT_SITES = ("carrier", "partner")

_STOOD_STILL = 0.5
"""What surely moved by less than half as much as the whole way, or as a carrier, did stood still."""


def whose(evidence: Evidence, one: Kpi, found: Finding) -> Finding:
    """Put down to who hands over what set out late, and to a site what all carriers show that serve it."""
    if found.code != "REAL" or found.by not in ("carrier", "external"):
        return found
    if found.by == "carrier" and one.is_length and set(_AT_SITES) <= set(evidence.dimensions(one)):
        return at_its_site(evidence.leaves(one.slug, _AT_SITES), found)
    if one.slug != _WHOLE_WAY:
        return found
    carried = kpi(_FROM_THE_SCAN_ON)
    if not evidence.has(carried.fact):
        return found
    table = evidence.calm_leaves(carried.slug, tuple(evidence.dimensions(carried)))
    return replace(found, by="seller") if stood_still(table, found) else found


def stood_still(table: Weekly, found: Finding) -> bool:
    """Tell whether a part, from the first scan on, was as quick as ever beside its rest.

    Parcels are first scanned in the weeks in which they are due, or in the one before.
    """
    names = [name for name in map(str, table.columns) if key_of(name) in found.scope]
    where = {name: tuple(found.scope[key_of(name)]) for name in names}
    at = _when(table, found)
    if len(where) < len(found.scope) or at is None:
        return False
    lineup = lineup_of(table, list(where), "share", 1.0)
    nobody, way = np.zeros(len(lineup.panel.x), dtype=bool), np.sign(found.effect)
    places = range(max(at[0] - 1, 0), at[1] + 1)
    seen = [lineup.spell_of(where, place, place, nobody) for place in places]
    reach = [max(one.low * way, one.high * way) if one else np.inf for one in seen]
    return bool(max(reach) < _STOOD_STILL * abs(found.effect))


def at_its_site(table: Weekly, found: Finding) -> Finding:
    """Put a duration down to the partner through which a carrier's parcels go, if others' moved alike there.

    What the carrier brings elsewhere must have stood still, and what it brings there not have moved more.

    Parameters
    ----------
    table : DataFrame
        carrier, partner, week, x, n, is_usual, is_judged.
    found : Finding
        Of a carrier.
    """
    table = table[table["partner"] != ""]
    at = _when(table, found)
    if set(found.scope) != {"carrier"} or at is None:
        return found
    lineup = lineup_of(table, list(_AT_SITES), "amount", 1.0)
    panel = lineup.panel
    own = panel.held(found.scope)
    where = {"partner": (_site_of(panel, own, slice(at[0], at[1] + 1)),)}
    here = panel.held(where)
    others, elsewhere, beside = (
        measure(lineup.track(part, among), *at)
        for part, among in ((here & ~own, ~own), (own & ~here, ~here), (own & here, here))
    )
    spell = lineup.spell(where)
    its_own = any(_may_have_moved(part, found) for part in (elsewhere, beside))
    if spell is None or its_own or not _moved_alike(others, found):
        return found
    return finding_of(lineup, Suspect(where, spell, found.p), panel)


def _when(table: Weekly, found: Finding) -> tuple[int, int] | None:
    """Find a finding's first and last week among those of a table; None where it lacks one, or the judged."""
    weeks = sorted(table["week"].unique())
    if not table["is_judged"].any() or not {found.since, found.until} <= set(weeks):
        return None
    return weeks.index(found.since), weeks.index(found.until)


def _site_of(panel: Panel, own: np.ndarray, at: slice) -> str:
    """Name the partner through which most of a part goes."""
    sites = panel.named["partner"].astype(str)
    volume = {name: panel.n[own & (sites == name), at].sum() for name in np.unique(sites).tolist()}
    return max(volume, key=lambda name: volume[name], default="")


def _moved_alike(others: Spell | None, found: Finding) -> bool:
    return others is not None and others.is_sided and others.effect / found.effect >= _STOOD_STILL


def _may_have_moved(part: Spell | None, found: Finding) -> bool:
    if part is None:  # too few to say
        return False
    return max(part.low / found.effect, part.high / found.effect) >= _STOOD_STILL
