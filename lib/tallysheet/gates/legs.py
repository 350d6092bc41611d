"""Legs: what comes late because it set out late is no carrier's doing, and no place's."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tallysheet.evidence import Evidence, Weekly
from tallysheet.findings import Finding, key_of
from tallysheet.kpi import Kpi
from tallysheet.kpis import kpi
from tallysheet.lineup import lineup_of

_WHOLE_WAY, _FROM_THE_SCAN_ON = "otd", "carrier_otd"

_STOOD_STILL = 0.5
"""What surely moved by less than half as much as the whole way did stood still."""


def whose(evidence: Evidence, one: Kpi, found: Finding) -> Finding:
    """Put down to who hands over what moved before any carrier had the parcels: then all was as ever."""
    if one.slug != _WHOLE_WAY or found.code != "REAL" or found.by not in ("carrier", "external"):
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
    if len(where) < len(found.scope) or not table["is_judged"].any():
        return False
    lineup = lineup_of(table, list(where), "share", 1.0)
    weeks, nobody = lineup.panel.weeks, np.zeros(len(lineup.panel.x), dtype=bool)
    if not {found.since, found.until} <= set(weeks):
        return False
    first, last, way = weeks.index(found.since), weeks.index(found.until), np.sign(found.effect)
    places = range(max(first - 1, 0), last + 1)
    seen = [lineup.spell_of(where, place, place, nobody) for place in places]
    reach = [max(one.low * way, one.high * way) if one else np.inf for one in seen]
    return bool(max(reach) < _STOOD_STILL * abs(found.effect))
