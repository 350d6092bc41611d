"""How many orders there are: by day, and by lane."""

from __future__ import annotations

import numpy as np

from marketplace.days import Days, black_friday_week, date, month_of
from marketplace.randomness import stream
from marketplace.scenario import Scenario
from marketplace.world import Floats

_BLEND_DAYS = 7
_DAY_SPREAD = 0.03


def season(scenario: Scenario, flow: str, days: Days) -> Floats:
    """Give the index of orders of a flow on some days; 1 is an ordinary one.

    Months pass into one another over two weeks, but Black Friday and Christmas are sharp.

    Examples
    --------
    >>> from pathlib import Path
    >>> from marketplace.days import monday
    >>> from marketplace.world import read_world
    >>> world = Scenario(read_world(), (), (), ())
    >>> season(world, "outbound", np.array([monday("2025-W48"), monday("2026-W10")])).tolist()
    [2.0, 1.0]
    """
    settings = scenario.world.settings["season"]
    months = np.array(settings["trade_in_months" if flow == "trade_in" else "months"])
    around = np.arange(-_BLEND_DAYS, _BLEND_DAYS + 1)
    index = months[month_of(days[:, None] + around)].mean(axis=1)
    if flow == "trade_in":
        return index
    for year in {date(int(day)).year for day in days}:
        peak = black_friday_week(year)
        index[(days >= peak) & (days < peak + 7)] = settings["black_friday_week"]
        index[(days >= peak + 7) & (days < peak + 14)] = settings["week_after"]
    is_christmas = np.array([date(int(day)).month == 12 and date(int(day)).day >= 25 for day in days])
    index[is_christmas] = settings["christmas_week"]
    return index


def orders_by_lane(scenario: Scenario, flow: str, parcels: float, days: Days, seed: int) -> tuple[Days, Days]:
    """Draw how many orders each lane has on each of some days.

    Parameters
    ----------
    scenario : Scenario
    flow : str
        ``outbound`` or ``trade_in``.
    parcels : float
        Of all flows, in a week of index 1.
    days : array
        Numbered days.
    seed : int

    Returns
    -------
    day, lane : arrays
        One entry an order, in the order of the days; lane is the place in the world's lanes of the flow.
    """
    world, draw = scenario.world, stream(seed, "orders", flow, days[0])
    lanes = world.lanes[flow]
    weekdays = np.array(world.settings["season"]["weekdays"])
    by_day = (
        parcels * world.flows[flow] * (weekdays / weekdays.sum())[days % 7] * season(scenario, flow, days)
    )
    by_day = by_day * np.exp(draw.normal(0, _DAY_SPREAD, len(days)))
    mean = by_day[:, None] * np.array([lane.share for lane in lanes])
    cell_day, cell_lane = (part.ravel() for part in np.indices(mean.shape))
    cells = {
        "flow": np.full(cell_day.shape, flow),
        "lane": np.array([lane.name for lane in lanes])[cell_lane],
        "origin": np.array([lane.origin for lane in lanes])[cell_lane],
        "country": np.array([lane.destination for lane in lanes])[cell_lane],
    }
    factor = np.ones(cell_day.shape)
    for event, how in scenario.with_effect("orders"):
        factor[event.touches(cells, days[cell_day])] *= how["factor"]
    count = draw.poisson(mean.ravel() * factor)
    return np.repeat(days[cell_day], count), np.repeat(cell_lane, count)
