"""Which carrier gets which parcels: the mix of least cost that keeps service, contracts and common sense.

Volumes are parcels a week, money is euros a week or a parcel, shares are between 0 and 1.
"""

from tallysheet.carrier_mix.backtest import Held, held, judged, mixes
from tallysheet.carrier_mix.conflicts import Conflict, Excess, conflict, loosened
from tallysheet.carrier_mix.frontier import frontier, most_on_time
from tallysheet.carrier_mix.inputs import Evidence, Ground, ground
from tallysheet.carrier_mix.moves import moves, stability
from tallysheet.carrier_mix.path import LONGEST_WEEKS, path
from tallysheet.carrier_mix.prices import rule_prices
from tallysheet.carrier_mix.problem import Carrier, Cell, Problem, Rules, Tier
from tallysheet.carrier_mix.relax import without
from tallysheet.carrier_mix.solve import Solution, reckoned, solve, week_euros
from tallysheet.carrier_mix.uncertainty import Shares, drawn_shares, shrunk_shares
from tallysheet.carrier_mix.verify import Breach, breaches
from tallysheet.carrier_mix.what_if import Answer, carrier_out, dearer, peak, smaller, unpromised

__all__ = [
    "LONGEST_WEEKS",
    "Answer",
    "Breach",
    "Carrier",
    "Cell",
    "Conflict",
    "Evidence",
    "Excess",
    "Ground",
    "Held",
    "Problem",
    "Rules",
    "Shares",
    "Solution",
    "Tier",
    "breaches",
    "carrier_out",
    "conflict",
    "dearer",
    "drawn_shares",
    "frontier",
    "ground",
    "held",
    "judged",
    "loosened",
    "mixes",
    "most_on_time",
    "moves",
    "path",
    "peak",
    "reckoned",
    "rule_prices",
    "shrunk_shares",
    "smaller",
    "solve",
    "stability",
    "unpromised",
    "week_euros",
    "without",
]
