"""Which carrier gets which parcels: the mix of least cost that keeps service, contracts and common sense.

Volumes are parcels a week, money is euros a week or a parcel, shares are between 0 and 1.
"""

from tallysheet.carrier_mix.conflicts import Conflict, Excess, conflict
from tallysheet.carrier_mix.problem import Carrier, Cell, Problem, Rules, Tier
from tallysheet.carrier_mix.relax import without
from tallysheet.carrier_mix.solve import Solution, solve, week_euros
from tallysheet.carrier_mix.verify import Breach, breaches

__all__ = [
    "Breach",
    "Carrier",
    "Cell",
    "Conflict",
    "Excess",
    "Problem",
    "Rules",
    "Solution",
    "Tier",
    "breaches",
    "conflict",
    "solve",
    "week_euros",
    "without",
]
