"""The parameters of the world: carriers, lanes, seasons; world.toml, and what a scenario replaces."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


class ScenarioError(ValueError):
    """A scenario that the world cannot play: an unknown name, or a table of another form."""


@dataclass(frozen=True)
class Carrier:
    """A carrier: what it offers, what it costs and how well it does.

    Parameters
    ----------
    code, name : str
    spellings : tuple of str
        How extracts spell it beside its name and code.
    services : dict of str to float
        Service to its share of the parcels.
    countries : tuple of str
        Where it delivers.
    price : float
        Factor to the base price of a lane.
    on_time, loss, damage : float
        Shares of parcels, where nothing special happens.
    liability_cents : int
        Most that it pays for a parcel.
    capacity, min_volume : int
        Parcels a week at size M; zero: none promised.
    claim_speed : float
        Factor to the usual time in which it decides a claim.
    """

    code: str
    name: str
    spellings: tuple[str, ...]
    services: dict[str, float]
    countries: tuple[str, ...]
    price: float
    on_time: float
    loss: float
    damage: float
    liability_cents: int
    capacity: int
    min_volume: int
    claim_speed: float


@dataclass(frozen=True)
class Lane:
    """A lane: where parcels go from and to, how long that takes, and who carries them.

    Parameters
    ----------
    origin, destination : str
        Countries.
    share : float
        Of the parcels of its flow.
    transit : tuple of float
        Median and 90th percentile, in business days of the destination.
    price_cents : int
        Base price up to 1 kg.
    carriers : dict of str to float
        Code to share; they sum to 1.
    on_time : dict of str to float
        Code to share of parcels on time, where it is not the carrier's own.
    partner : str
        Fulfilment partner at its end; empty: none.
    """

    origin: str
    destination: str
    share: float
    transit: tuple[float, float]
    price_cents: int
    carriers: dict[str, float]
    on_time: dict[str, float]
    partner: str = ""

    @property
    def name(self) -> str:
        """Give its name, such as FR-ES."""
        return f"{self.origin}-{self.destination}"


@dataclass(frozen=True)
class World:
    """All parameters.

    Parameters
    ----------
    carriers : dict of str to Carrier
    lanes : dict of str to tuple of Lane
        Flow to its lanes; shares of a flow sum to 1.
    flows, sizes : dict
        Flow to its share of the parcels; size to parcels a week.
    settings : dict
        The tables of world.toml as they stand.
    """

    carriers: dict[str, Carrier]
    lanes: dict[str, tuple[Lane, ...]]
    flows: dict[str, float]
    sizes: dict[str, int]
    settings: dict[str, Any]

    def currency(self, country: str) -> str:
        """Give the currency of a country."""
        return str(self.settings["currencies"].get(country, "EUR"))


def read_world(changes: Mapping[str, Any] | None = None) -> World:
    """Read world.toml, with the changes of a scenario.

    Raises
    ------
    ScenarioError
        A key that is not known, or a lane that names an unknown carrier.

    Examples
    --------
    >>> world = read_world({"carriers": {"BRV": {"on_time": 0.9}}})
    >>> world.carriers["BRV"].on_time, world.lanes["trade_in"][0].name
    (0.9, 'FR-FR')
    """
    text = (resources.files("marketplace") / "world.toml").read_text(encoding="utf-8")
    settings = _merged(tomllib.loads(text), changes or {})
    carriers = {code: _carrier(code, entry) for code, entry in settings["carriers"].items()}
    outbound = [_lane(name, entry) for name, entry in settings["lanes"].items()]
    by_name = {lane.name: lane for lane in outbound}
    trade_in = [_trade_in_lane(country, entry, by_name) for country, entry in settings["trade_in"].items()]
    lanes = {
        "outbound": outbound,
        "trade_in": trade_in,
        "return": [_reversed(lane, by_name) for lane in outbound],
    }
    for lane in (*outbound, *trade_in):
        unknown = {*lane.carriers, *lane.on_time} - carriers.keys()
        if unknown:
            raise ScenarioError(f"lane {lane.name}: carriers {sorted(unknown)} are not among the carriers")
    return World(
        carriers=carriers,
        lanes={flow: _to_one(found) for flow, found in lanes.items()},
        flows=settings["flows"],
        sizes=settings["sizes"],
        settings=settings,
    )


def _merged(table: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Replace what the changes name, table by table; an entry with ``only = true`` replaces its table."""
    if changes.get("only"):
        return {key: value for key, value in changes.items() if key != "only"}
    merged = dict(table)
    for key, value in changes.items():
        is_table = isinstance(value, Mapping) and isinstance(table.get(key), Mapping)
        merged[key] = _merged(table[key], value) if is_table else value
    return merged


def _carrier(code: str, entry: Mapping[str, Any]) -> Carrier:
    try:
        return Carrier(
            code,
            **{
                **entry,
                "spellings": tuple(entry["spellings"]),
                "countries": tuple(entry["countries"]),
            },
        )
    except (TypeError, KeyError) as error:
        raise ScenarioError(f"carrier {code}: {error}") from None


def _lane(name: str, entry: Mapping[str, Any]) -> Lane:
    origin, _, destination = name.partition("-")
    try:
        return Lane(
            origin,
            destination,
            entry["share"],
            (entry["transit"][0], entry["transit"][1]),
            entry["price_cents"],
            _shares(entry["carriers"]),
            entry.get("on_time", {}),
        )
    except KeyError as error:
        raise ScenarioError(f"lane {name}: {error} is missing") from None


def _trade_in_lane(country: str, entry: Mapping[str, Any], lanes: Mapping[str, Lane]) -> Lane:
    """Trade-ins stay in their country; price and transit are those of its outbound parcels."""
    domestic = lanes.get(f"{country}-{country}")
    if domestic is None:
        raise ScenarioError(f"trade_in {country}: no lane {country}-{country}")
    return Lane(
        country,
        country,
        entry["share"],
        domestic.transit,
        domestic.price_cents,
        _shares(entry["carriers"]),
        entry.get("on_time", {}),
        entry["partner"],
    )


def _reversed(lane: Lane, lanes: Mapping[str, Lane]) -> Lane:
    """Send returns back; where parcels go that way too, the contract has one price for both."""
    same_way = lanes.get(f"{lane.destination}-{lane.origin}", lane)
    return Lane(
        lane.destination,
        lane.origin,
        lane.share,
        lane.transit,
        same_way.price_cents,
        lane.carriers,
        lane.on_time,
    )


def _shares(entry: Mapping[str, float]) -> dict[str, float]:
    total = sum(entry.values())
    return {key: value / total for key, value in entry.items()}


def _to_one(lanes: list[Lane]) -> tuple[Lane, ...]:
    total = sum(lane.share for lane in lanes)
    return tuple(Lane(**{**vars(lane), "share": lane.share / total}) for lane in lanes if lane.share > 0)
