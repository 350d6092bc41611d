"""What a carrier can say for itself, as far as the figures bear it out."""

from __future__ import annotations

import math
from dataclasses import dataclass

from tallysheet.duties import carriers
from tallysheet.duties.known import lacking
from tallysheet.week import Week

_LEG_WEEKS = 4
_LEAST_WEEKLY = 0.5
"""An argument about fewer parcels a week is none."""


@dataclass(frozen=True)
class Argument:
    """What a carrier can say for itself.

    Parameters
    ----------
    kind : str
        ``earlier`` (it is better than the others), ``mix`` (its lanes are harder), ``handover`` (senders
        were late), ``events`` (strikes, weather, closures) or ``lane`` (it is better somewhere).
    parcels : float
        So many parcels a week it is about.
    lane : str
    """

    kind: str
    parcels: float
    lane: str = ""


def best_argument(arguments: list[Argument]) -> Argument | None:
    """Choose the argument that is about most parcels; None where none is about half a parcel a week.

    Examples
    --------
    >>> best_argument([Argument("mix", 3.0), Argument("handover", 8.5)]).kind
    'handover'
    >>> best_argument([Argument("mix", -3.0)]) is None
    True
    """
    first = max(arguments, key=lambda one: one.parcels, default=None)
    return first if first and first.parcels >= _LEAST_WEEKLY else None


def arguments(week: Week) -> dict[str, list[Argument]]:
    """Gather for each carrier what it could say for itself."""
    one = carriers.measured(week)
    found, by_lane, without = carriers.compared(week), carriers.lanes(week), carriers.spared(week)
    weeks = len(carriers.final_weeks(week, one.slug))
    late = {} if lacking(week, "late_legs") else carriers.legs(week).set_index("carrier").to_dict("index")
    gathered: dict[str, list[Argument]] = {}
    for row in found.to_dict("records"):
        name, weekly = str(row["carrier"]), row["n"] / weeks
        own = gathered.setdefault(name, [])
        if name in late:
            legs = late[name]
            own.append(Argument("handover", (legs["handover"] + legs["both"]) / _LEG_WEEKS))
        if math.isnan(row["gap"]):
            continue
        own.append(Argument("mix", (row["gap"] - row["raw"] + row["raw_others"]) * weekly))
        if row["low"] > 0:
            own.append(Argument("earlier", -row["excess"]))
        if without is not None:
            spared = without.set_index("carrier")["gap"].get(name, math.nan) - row["gap"]
            own.append(Argument("events", 0.0 if math.isnan(spared) else spared * weekly))
        better = by_lane[(by_lane["carrier"] == name) & (by_lane["low"] > 0)].sort_values("excess")
        if len(better) and row["low"] <= 0:
            own.append(Argument("lane", -better["excess"].iloc[0], better["lane"].iloc[0]))
    return gathered
