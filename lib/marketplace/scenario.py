"""What is injected into the world: events with their scope, effect, log entry and expected verdict."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from marketplace.days import Days, monday, number
from marketplace.world import ScenarioError, World, read_world

SCOPES = (
    *("carrier", "depot", "country", "origin", "lane", "flow", "service", "seller", "partner", "category"),
    "label_source",
)
"""Keys of a scope; country is where a parcel goes."""

EFFECTS: dict[str, tuple[str, ...]] = {
    "orders": ("factor",),
    "carrier_share": ("to",),
    "handover_on_time": ("to", "shift"),
    "transit_days": ("shift", "share"),
    "carrier_on_time": ("to", "shift"),
    "promise_days": ("shift",),
    "loss": ("to", "factor"),
    "damage": ("to", "factor"),
    "scans_lost": ("share", "until"),
    "rate": ("factor", "early_days", "early_share"),
    "fuel": ("months",),
    "surcharge": ("type", "share"),
    "invoice_delay_days": ("shift", "share"),
    "loaded_twice": ("day",),
    "currency_tag": ("to",),
    "contact_reason": ("from", "to", "share"),
    "dock_to_stock": ("factor",),
    "dispatch_on_time": ("to", "shift"),
    "claims_decided": ("share",),
}
"""What an event can move: ``shift`` adds, ``factor`` multiplies, ``to`` sets, ``share`` picks rows."""

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Event:
    """An event: when, where, what it does, how it is logged and what should be said of it.

    Parameters
    ----------
    id, kind : str
    first_day, last_day : int
        Numbered days, both included.
    where : dict of str to tuple of str
        Scope key to the values it touches; empty: everything.
    effects : dict of str to dict
        Keys of `EFFECTS`.
    log : dict or None
        Its row in the event log; None: nobody wrote it down.
    judge_as_of : tuple of date
        When the verdict is to be given.
    expect : tuple of dict
        Code, scope and size of each verdict that is expected.
    """

    id: str
    kind: str
    first_day: int
    last_day: int
    where: dict[str, tuple[str, ...]] = field(default_factory=dict)
    effects: dict[str, dict[str, Any]] = field(default_factory=dict)
    log: dict[str, Any] | None = None
    judge_as_of: tuple[dt.date, ...] = ()
    expect: tuple[dict[str, Any], ...] = ()

    def touches(self, rows: Mapping[str, npt.NDArray[Any]], day: Days) -> Mask:
        """Mark the rows in its scope whose day is one of its own.

        Parameters
        ----------
        rows : mapping of str to array of str
            Scope key to values; a scope key that the rows do not have is an error.
        day : array
            Numbered day of each row that decides.
        """
        found = (day >= self.first_day) & (day <= self.last_day)
        if not found.any():
            return found
        for key, values in self.where.items():
            if key not in rows:
                raise ScenarioError(f"event {self.id}: rows here have no {key}; they have {sorted(rows)}")
            found &= np.isin(rows[key], values)
        return found


@dataclass(frozen=True)
class Scenario:
    """A world, what happens in it, and the weeks in which nothing does.

    Parameters
    ----------
    world : World
    events : tuple of Event
    log_only : tuple of dict
        Rows of the event log without any effect.
    controls : tuple of str
        ISO weeks in which nothing is injected.
    """

    world: World
    events: tuple[Event, ...]
    log_only: tuple[dict[str, Any], ...]
    controls: tuple[str, ...]

    def with_effect(self, name: str) -> list[tuple[Event, dict[str, Any]]]:
        """Give the events that move something, each with how, in their order."""
        return [(event, event.effects[name]) for event in self.events if name in event.effects]


def read_scenario(path: Path) -> Scenario:
    """Read a scenario.

    Raises
    ------
    ScenarioError
        An unknown key, effect, scope or code, two events of one id, or dates that cannot be.
    """
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ScenarioError(f"{path}: expected TOML in UTF-8, found {error}") from None
    _refuse_unknown(str(path), found, {"world", "event", "log_only", "control"})
    world = read_world(found.get("world"))
    events = tuple(_event(world, entry) for entry in found.get("event", []))
    ids = [event.id for event in events]
    if len(ids) != len(set(ids)):
        raise ScenarioError(f"{path}: two events have one id")
    controls = tuple(entry["week"] for entry in found.get("control", []))
    for week in controls:
        monday(week)
    return Scenario(world, events, tuple(found.get("log_only", [])), controls)


_EVENT_KEYS = {"id", "kind", "start", "end", "where", "effect", "logged", "log", "judge_as_of", "expect"}


def _event(world: World, entry: Mapping[str, Any]) -> Event:
    where = f"event {entry.get('id', '?')}"
    _refuse_unknown(where, entry, _EVENT_KEYS)
    scope = {key: _texts(values) for key, values in entry.get("where", {}).items()}
    _refuse_unknown(f"{where} where", scope, {*SCOPES})
    for code in scope.get("carrier", ()):
        if code not in world.carriers:
            raise ScenarioError(f"{where}: the carrier {code} is not among {sorted(world.carriers)}")
    effects = dict(entry.get("effect", {}))
    _refuse_unknown(f"{where} effect", effects, {*EFFECTS})
    for name, how in effects.items():
        _refuse_unknown(f"{where} effect {name}", how, {*EFFECTS[name]})
    try:
        first, last = number(entry["start"]), number(entry.get("end", entry["start"]))
    except (KeyError, TypeError) as error:
        raise ScenarioError(f"{where}: start and end must be dates, {error}") from None
    if last < first:
        raise ScenarioError(f"{where}: it ends before it starts")
    moments = entry.get("judge_as_of", [])
    return Event(
        entry["id"],
        entry["kind"],
        first,
        last,
        scope,
        effects,
        entry.get("log", {}) if entry.get("logged", False) else None,
        tuple(moments if isinstance(moments, list) else [moments]),
        tuple(entry.get("expect", [])),
    )


def _texts(values: object) -> tuple[str, ...]:
    return tuple(map(str, values)) if isinstance(values, list) else (str(values),)


def _refuse_unknown(where: str, found: Mapping[str, Any], known: set[str]) -> None:
    unknown = sorted(found.keys() - known)
    if unknown:
        raise ScenarioError(f"{where}: {unknown} are not among {sorted(known)}")
