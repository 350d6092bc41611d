"""A carrier-mix problem: which parcels there are, who may carry them, at what cost, under which rules."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tallysheet.errors import UsageError

Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]

_SAME = 1e-6


@dataclass(frozen=True)
class Tier:
    """A rebate on every parcel of a week in which a carrier gets at least so many.

    Parameters
    ----------
    from_parcels : float
        Parcels a week from which on it holds; above the tier before it.
    rebate_euros : float
        What each parcel of the week costs less.
    """

    from_parcels: float
    rebate_euros: float


@dataclass(frozen=True)
class Carrier:
    """A carrier and its contract; all volumes are parcels a week of the cells of the problem.

    Parameters
    ----------
    name : str
    capacity : float
        What it takes at most (in parcels, or in the unit of `Problem.load`).
    min_volume : float
        Parcels promised to it.
    shortfall_fee_euros : float
        Fee for each parcel below min_volume; infinite: it must not be missed.
    fixed_euros : float
        What a week costs in which it carries anything.
    may_leave : bool
        Whether nothing is owed for min_volume if it gets no parcel; else the contract runs on.
    max_share : float
        Most of all parcels.
    max_shift_parcels : float
        So many parcels more or fewer than today at most.
    tiers : tuple of Tier
        Rising in volume.
    """

    name: str
    capacity: float = math.inf
    min_volume: float = 0.0
    shortfall_fee_euros: float = 0.0
    fixed_euros: float = 0.0
    may_leave: bool = False
    max_share: float = 1.0
    max_shift_parcels: float = math.inf
    tiers: tuple[Tier, ...] = ()


@dataclass(frozen=True)
class Cell:
    """Parcels that are alike: of one flow, lane, weight band and service.

    Parameters
    ----------
    name : str
    parcels : float
        A week.
    floor : float
        Least share that must be on time.
    max_share : float
        Most of the cell for one carrier.
    least_carriers : int
        So many carriers at least.
    """

    name: str
    parcels: float
    floor: float = 0.0
    max_share: float = 1.0
    least_carriers: int = 1


@dataclass(frozen=True)
class Rules:
    """What holds for all cells.

    Parameters
    ----------
    on_time : float
        Least share of all parcels that must be on time.
    least_share : float
        A carrier that gets parcels of a cell gets at least this share of it.
    trial_share : float
        Most of a cell for a carrier that has never carried it.
    shift_share : float
        Most of all parcels that may change carrier.
    tail_weight : float
        Weight of the tail: (1 - tail_weight) x mean cost + tail_weight x mean of the worst scenarios.
    tail : float
        Share of scenarios below the tail.
    tie_euros : float
        What a parcel must bring to change carrier; between mixes of one cost the one nearest to today wins.
    whole_parcels : bool
        Whether volumes are whole numbers; else they are means over weeks.
    """

    on_time: float = 0.0
    least_share: float = 0.0
    trial_share: float = 1.0
    shift_share: float = 1.0
    tail_weight: float = 0.0
    tail: float = 0.9
    tie_euros: float = 0.0
    whole_parcels: bool = False


@dataclass(frozen=True)
class Problem:
    """Cells, carriers, and what is known of each carrier on each cell; arrays are cells x carriers.

    Parameters
    ----------
    cells : tuple of Cell
    carriers : tuple of Carrier
    price : array
        Euros a parcel that the carrier charges, with surcharges.
    on_time : array
        Share on time, between 0 and 1.
    risk : array, optional
        Euros a parcel that are expected beside the price: loss and damage, lateness, contacts. None: none.
    allowed : array of bool, optional
        Whether the carrier may carry the cell. None: everywhere.
    today : array, optional
        Parcels a week as they are now; rows sum to the parcels of the cells. None: not known, and no rule
        that looks at it may be set.
    tried : array of bool, optional
        Whether the carrier has carried the cell before. None: everywhere.
    scenarios : array, optional
        Draws x cells x carriers: price and risk a parcel as they may come; `Rules.tail_weight` asks for it.
    load : array, optional
        What a parcel takes of the carrier's capacity. None: 1.
    rules : Rules

    Raises
    ------
    UsageError
        Something does not fit together; it names what.

    Examples
    --------
    >>> cells = (Cell("FR-FR", 100), Cell("FR-ES", 40))
    >>> carriers = (Carrier("A", capacity=90), Carrier("B"))
    >>> price, on_time = np.array([[5.0, 4.0], [9.0, 8.0]]), np.array([[0.96, 0.91], [0.92, 0.84]])
    >>> Problem(cells, carriers, price, on_time).parcels
    140.0
    >>> Problem(cells, carriers, price, on_time * 100)
    Traceback (most recent call last):
    tallysheet.errors.UsageError: on_time: expected shares from 0 to 1, found 96.0 for FR-FR and A. ...
    """

    cells: tuple[Cell, ...]
    carriers: tuple[Carrier, ...]
    price: Numbers
    on_time: Numbers
    risk: Numbers | None = None
    allowed: Flags | None = None
    today: Numbers | None = None
    tried: Flags | None = None
    scenarios: Numbers | None = None
    load: Numbers | None = None
    rules: Rules = field(default_factory=Rules)

    def __post_init__(self) -> None:
        shape = (len(self.cells), len(self.carriers))
        for name in ("price", "on_time", "risk", "allowed", "today", "tried", "load"):
            found = getattr(self, name)
            if found is not None and np.shape(found) != shape:
                raise _wrong(name, f"{shape[0]} cells x {shape[1]} carriers", f"the shape {np.shape(found)}")
        _check_names("cells", [one.name for one in self.cells])
        _check_names("carriers", [one.name for one in self.carriers])
        self._check_each("price", np.isfinite, "numbers in euros")
        self._check_each("on_time", lambda found: (found >= 0) & (found <= 1), "shares from 0 to 1")
        if self.risk is not None:
            self._check_each("risk", np.isfinite, "numbers in euros")
        self._check_cells()
        self._check_scenarios()
        self._check_today()

    @property
    def parcels(self) -> float:
        """All parcels of a week."""
        return float(sum(one.parcels for one in self.cells))

    @property
    def cost(self) -> Numbers:
        """Euros a parcel: price and risk."""
        return self.price if self.risk is None else self.price + self.risk

    @property
    def draws(self) -> Numbers:
        """Euros a parcel in each scenario; where there are none, the mean stands for one."""
        return self.cost[None] if self.scenarios is None else self.scenarios

    @property
    def pairs(self) -> list[tuple[int, int]]:
        """Places of cells and carriers that may go together."""
        allowed = self.allowed
        return [
            (cell, carrier)
            for cell in range(len(self.cells))
            for carrier in range(len(self.carriers))
            if allowed is None or allowed[cell, carrier]
        ]

    def most(self, cell: int, carrier: int) -> float:
        """Give the most that a carrier may get of a cell, in parcels."""
        share = self.cells[cell].max_share
        if self.is_trial(cell, carrier):
            share = min(share, self.rules.trial_share)
        return share * self.cells[cell].parcels

    def least(self, cell: int, carrier: int) -> float:
        """Give the least that a carrier gets of a cell if it gets any; a trial may be as small as it must."""
        share = self.rules.least_share
        if self.is_trial(cell, carrier):
            share = min(share, self.rules.trial_share)
        return share * self.cells[cell].parcels

    def is_trial(self, cell: int, carrier: int) -> bool:
        """Tell whether a carrier has never carried a cell."""
        return self.tried is not None and not self.tried[cell, carrier]

    def _check_each(self, name: str, holds: Callable[[Numbers], Flags], expected: str) -> None:
        """Look only at what may be used: elsewhere nothing need be known."""
        found = np.asarray(getattr(self, name), dtype=float)
        allowed = np.ones(found.shape, bool) if self.allowed is None else self.allowed
        for cell, carrier in np.argwhere(allowed & ~holds(found)):
            place = f"{self.cells[cell].name} and {self.carriers[carrier].name}"
            raise _wrong(name, expected, f"{found[cell, carrier]} for {place}")

    def _check_cells(self) -> None:
        served = {cell for cell, _ in self.pairs}
        for place, one in enumerate(self.cells):
            if place not in served:
                raise _wrong(f"cell {one.name}", "a carrier that may carry it", "none")
            if not (math.isfinite(one.parcels) and one.parcels > 0):
                raise _wrong(f"cell {one.name}", "parcels above 0", str(one.parcels))
            if one.least_carriers > 1 and self.rules.least_share <= 0:
                raise _wrong(f"cell {one.name}", "a least_share above 0 with several carriers", "0")
        self._check_carriers()

    def _check_carriers(self) -> None:
        for carrier in self.carriers:
            bounds = [tier.from_parcels for tier in carrier.tiers]
            if bounds != sorted(set(bounds)) or any(bound <= 0 for bound in bounds):
                raise _wrong(f"tiers of {carrier.name}", "volumes above 0 that rise", str(bounds))
            if min(carrier.capacity, carrier.min_volume, carrier.shortfall_fee_euros) < 0:
                raise _wrong(f"carrier {carrier.name}", "no number below 0", str(carrier))

    def _check_scenarios(self) -> None:
        if self.rules.tail_weight > 0 and self.scenarios is None:
            raise _wrong("scenarios", "draws, as tail_weight is above 0", "none")
        if self.scenarios is not None and self.scenarios.shape[1:] != self.price.shape:
            raise _wrong("scenarios", "draws x cells x carriers", f"the shape {self.scenarios.shape}")

    def _check_today(self) -> None:
        if self.today is None:
            asks = self.rules.shift_share < 1 or self.rules.tie_euros > 0
            if asks or any(math.isfinite(one.max_shift_parcels) for one in self.carriers):
                raise _wrong("today", "today's parcels, as a rule looks at them", "none")
            return
        for one, found in zip(self.cells, self.today.sum(axis=1), strict=True):
            if abs(found - one.parcels) > _SAME * max(1.0, one.parcels):
                raise _wrong(f"today of {one.name}", f"{one.parcels} parcels", str(found))


def _check_names(what: str, names: list[str]) -> None:
    if not names or len(set(names)) < len(names):
        raise _wrong(what, "one or more, each with a name of its own", str(names))


def _wrong(place: str, expected: str, found: str) -> UsageError:
    return UsageError(place, expected, found, "Correct the problem's data.")
