"""A market at work: a scenario, a seed and a size, and the months that it is played through."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from marketplace.columns import narrow
from marketplace.days import Days, date, monday, number
from marketplace.randomness import stream
from marketplace.scenario import Scenario
from marketplace.sellers import Sellers
from marketplace.world import Floats, World

Rows = dict[str, npt.NDArray[Any]]
"""Column to values, one a row. Times are minutes since day 0, UTC; days are numbers; money is euro cents."""

NEVER = 10**9
"""A minute after all others: what never happens is always still to come."""

_EXTRACT_HOUR = 7


@dataclass(frozen=True)
class Month:
    """A calendar month of the horizon: its name and its days, the first and the last of them cut."""

    name: str
    days: Days


@dataclass(frozen=True)
class Market:
    """All that a month needs to be played.

    Parameters
    ----------
    scenario : Scenario
    sellers : Sellers
    seed : int
    parcels : int
        Of all flows, in a week of index 1.
    first_week, last_week : str
        ISO weeks.
    """

    scenario: Scenario
    sellers: Sellers
    seed: int
    parcels: int
    first_week: str
    last_week: str

    @property
    def world(self) -> World:
        """Give the world of the scenario."""
        return self.scenario.world

    @property
    def now(self) -> int:
        """Give the minute at which extracts are taken: on the Monday after the last week, at seven, UTC."""
        return (monday(self.last_week) + 7) * 1_440 + _EXTRACT_HOUR * 60

    def draw(self, *names: object) -> np.random.Generator:
        """Give the random numbers of a purpose."""
        return stream(self.seed, *names)

    def months(self) -> Iterator[Month]:
        """Give the months from the first week to the last."""
        first, last = monday(self.first_week), monday(self.last_week) + 7
        while first < last:
            start = date(first)
            after = min(number((start.replace(day=28) + dt.timedelta(days=4)).replace(day=1)), last)
            yield Month(f"{start:%Y-%m}", np.arange(first, after))
            first = after


def pick(rows: Rows, mask: npt.NDArray[Any]) -> Rows:
    """Keep the rows of a mask, or those at the places of an index."""
    place = np.flatnonzero(mask) if mask.dtype == bool else mask
    return {name: values.take(place) for name, values in rows.items()}


def stack(parts: list[Rows]) -> Rows:
    """Put rows of the same columns under one another."""
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]} if parts else {}


def count(rows: Mapping[str, npt.NDArray[Any]]) -> int:
    """Count rows."""
    return len(next(iter(rows.values()))) if rows else 0


def places(keys: npt.NDArray[np.str_]) -> Iterator[tuple[str, npt.NDArray[np.int64]]]:
    """Give each key that there is, and where it stands; for a few keys among many rows.

    Examples
    --------
    >>> {key: here.tolist() for key, here in places(np.array(["b", "a", "b"]))}
    {'b': [0, 2], 'a': [1]}
    """
    letters = narrow(keys)
    # Eight letters are a number, and numbers are compared ten times faster than texts.
    compared = letters.astype("S8").view(np.int64) if letters.itemsize <= 8 else keys
    left = np.ones(len(keys), dtype=bool)
    while left.any():
        first = left.argmax()
        is_here = compared == compared[first]
        left &= ~is_here
        yield str(keys[first]), np.flatnonzero(is_here)


def looked_up(keys: npt.NDArray[np.str_], table: Mapping[str, Any]) -> npt.NDArray[Any]:
    """Give each key's value.

    Examples
    --------
    >>> looked_up(np.array(["b", "a", "b"]), {"a": 1, "b": 2}).tolist()
    [2, 1, 2]
    """
    values, position = np.array(list(table.values())), {key: place for place, key in enumerate(table)}
    place = np.zeros(len(keys), dtype=np.int64)
    for key, here in places(keys):
        place[here] = position.get(key, 0)
    return values[place]


def moved(scenario: Scenario, effect: str, rows: Rows, day: Days, probability: Floats) -> Floats:
    """Move probabilities by all events that have an effect: set where it says ``to``, else shifted."""
    for event, how in scenario.with_effect(effect):
        touched = event.touches(rows, day)
        if touched.any():
            probability = np.where(touched, how.get("to", probability + how.get("shift", 0.0)), probability)
    return np.clip(probability, 0.0, 1.0)


def lognormal(draw: np.random.Generator, median: float, spread: float, size: int) -> Floats:
    """Draw lognormal numbers by their median and the spread of their logarithm."""
    return median * np.exp(spread * draw.normal(size=size))


def chosen(draw: np.random.Generator, shares: Mapping[str, float], size: int) -> npt.NDArray[np.str_]:
    """Draw names by their shares."""
    weights = np.array(list(shares.values()), dtype=float)
    place = np.searchsorted(np.cumsum(weights / weights.sum()), draw.random(size), side="right")
    return np.array(list(shares))[np.minimum(place, len(weights) - 1)]
