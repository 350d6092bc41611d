"""How much of a KPI's change its causes bear: which comes first, which goes against it, what is left open."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import pandas as pd

from tallysheet.causes import Cause, Row, effect_unit
from tallysheet.comparison import Explanation
from tallysheet.findings import key_of
from tallysheet.telling import volume_shares

_COMPARED = ("REAL", "MIX", "PRICE", "CALENDAR")


def largest_first(verdicts: pd.DataFrame, explanations: Mapping[str, Explanation]) -> pd.DataFrame:
    """Order what is behind each KPI by how much of its total it moves, where the sizes can be compared.

    A KPI's causes change places among themselves; what makes the rest worthless, such as a fault of the
    data, stays where it is.
    """
    rows = verdicts.to_dict("records")
    order = list(range(len(rows)))
    for slug in dict.fromkeys(row["kpi"] for row in rows if row["kpi"] in explanations):
        item = explanations[slug]
        own = [place for place, row in enumerate(rows) if row["kpi"] == slug and row["code"] in _COMPARED]
        if len({effect_unit(rows[place], item.kpi) for place in own}) == 1:
            moved = {place: _moved(rows[place], item) for place in own}
            for place, other in zip(own, sorted(own, key=moved.__getitem__, reverse=True), strict=True):
                order[place] = other
    return verdicts.iloc[order].reset_index(drop=True)


def _moved(row: Row, item: Explanation) -> float:
    """Say by how much a cause moves a KPI's total: its size is that of its scope, but for a mix of lanes."""
    shares = [1.0]
    for name, values in row["scope"].items():
        for dimension, parts in item.parts.items():
            if name == key_of(dimension) and (row["code"] != "MIX" or "carrier" in row["scope"]):
                held = parts["segment"].isin(list(values))
                shares.append(float(volume_shares(item, dimension)[held].sum()))
    size = abs(float(row["effect"])) * min(shares)
    return 0.0 if math.isnan(size) else size


def nearest_first(found: Sequence[Cause], explanations: Mapping[str, Explanation]) -> list[Cause]:
    """Order causes: last those against which the total of the KPI that tells them went."""
    return sorted(found, key=lambda one: one.slug in explanations and is_against(one, explanations[one.slug]))


def is_against(one: Cause, item: Explanation) -> bool:
    """Tell whether a KPI's total went the other way than a cause moved it, which a mix may always do."""
    code, effect = one.row["code"], float(one.row["effect"])
    if code == "ARTEFACT" and item.kpi.method == "snapshot":
        return effect * item.change > 0  # what was decided is open no more
    # The size is that of the cause's own KPI: days rise where a share falls.
    is_own = item.kpi.slug == one.slug
    return is_own and code in ("REAL", "PRICE", "CALENDAR") and effect * item.change < 0


def nearby(item: Explanation, found: Sequence[Cause]) -> Cause | None:
    """Find a cause of another KPI where most of a change comes from that has none of its own."""
    if not item.outside:
        return None
    ((dimension, value),) = item.outside[0].where.items()
    key = key_of(dimension)
    there = (one for one in found if one.row["code"] == "REAL" and value in one.row["scope"].get(key, ()))
    return next((one for one in there if one.slug != item.kpi.slug), None)


def is_partial(rows: Sequence[Row], item: Explanation) -> bool:
    """Tell whether causes leave most of an unusual change open, as far as their sizes can be compared."""
    own = (item.kpi.unit, True)
    if not rows or item.variation != "signal" or any(effect_unit(row, item.kpi) != own for row in rows):
        return False
    moved = sum(math.copysign(_moved(row, item), row["effect"]) for row in rows)
    return moved * math.copysign(1, item.change) < abs(item.change) / 2
