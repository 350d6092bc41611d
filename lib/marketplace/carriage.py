"""A parcel on its way: how long it takes, whether it arrives, and what befalls it."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from marketplace.days import Days, black_friday_week, business_days, date, month_of
from marketplace.market import looked_up, places
from marketplace.randomness import stream
from marketplace.scenario import Mask, Scenario
from marketplace.world import Floats

_Z = np.linspace(-6, 6, 6_001)
_PHI = np.array([(1 + math.erf(z / math.sqrt(2))) / 2 for z in _Z])
_P90 = 1.2816
_LAST_DAY = 1_200

Rows = Mapping[str, npt.NDArray[Any]]
Minutes = npt.NDArray[np.int64]
"""Minutes since day 0, UTC."""


@dataclass(frozen=True)
class Carried:
    """What became of parcels; arrays with one entry a parcel.

    Parameters
    ----------
    transit_days : array
        Business days of the destination from the first scan to the first attempt.
    usual_days : array
        What it would have taken without any event.
    sla_days : array
        What the carrier promises for the lane.
    attempt_day, delivered_day : array
        Numbered local days; a parcel that is lost has both, and they never came.
    attempts : array
        How often the carrier came; at a pick-up point once.
    is_lost, is_lost_without, is_damaged : array of bool
        Without: what would have been lost without any event.
    depot : array of str
    """

    transit_days: Days
    usual_days: Days
    sla_days: Days
    attempt_day: Days
    delivered_day: Days
    attempts: Days
    is_lost: Mask
    is_lost_without: Mask
    is_damaged: Mask
    depot: npt.NDArray[np.str_]


def carry(scenario: Scenario, seed: int, names: tuple[object, ...], rows: Rows, scan_day: Days) -> Carried:
    """Carry parcels from their first scan to their end.

    A parcel is on time with the probability of its carrier on its lane, moved on the logit by its
    carrier's week and its depot's day, which parcels share: so weekly shares vary more than chance
    allows. Given that, its transit is lognormal, cut at the days that the carrier promises.

    Parameters
    ----------
    scenario : Scenario
    seed : int
    names : tuple
        What the parcels are, for their random numbers.
    rows : mapping
        Scope keys flow, lane, origin, country, carrier, service, label_source, category, and the numbers
        ``on_time``, ``median`` and ``p90``.
    scan_day : array
        Numbered local day of the first scan.
    """
    draw, world = stream(seed, "carriage", *names), scenario.world
    count = len(scan_day)
    depot = _depots(scenario, rows, draw.random(count))
    rows = {**rows, "depot": depot}
    probability = _on_time(scenario, seed, rows, depot, scan_day)
    sla, chance = np.ceil(rows["p90"]).astype(np.int64), draw.random(count)
    transit, usual = (_transit(rows, sla, one, chance) for one in probability)
    # What would arrive while an event lasts is held up.
    arrives = _later(rows["country"], scan_day, transit)
    for event, how in scenario.with_effect("transit_days"):
        low, high = how["shift"]
        is_held = draw.random(count) < how.get("share", 1.0)
        added = draw.integers(low, high + 1, count) * is_held
        transit = transit + np.where(event.touches(rows, arrives), added, 0)
    attempt_day = _later(rows["country"], scan_day, transit)
    carrying = world.settings["carrying"]
    is_pudo = rows["service"] == "pudo"
    attempts = np.where(is_pudo, 1, draw.geometric(1 - carrying["attempt_fails"], count))
    waits = draw.choice(len(carrying["pickup_days"]), count, p=carrying["pickup_days"])
    delivered_day = _later(rows["country"], attempt_day, np.where(is_pudo, waits, attempts - 1))
    chance = draw.random(count)
    is_lost, lost_without = (chance < risk for risk in _risk(scenario, "loss", rows, scan_day))
    is_damaged = ~is_lost & (draw.random(count) < _risk(scenario, "damage", rows, scan_day)[0])
    return Carried(
        transit, usual, sla, attempt_day, delivered_day, attempts, is_lost, lost_without, is_damaged, depot
    )


def utc_minutes(
    world_zones: Mapping[str, str], country: npt.NDArray[Any], day: Days, minute: Days
) -> Minutes:
    """Turn a local day and minute of the day into UTC minutes."""
    found = np.zeros(len(day), dtype=np.int64)
    for name, here in places(country):
        found[here] = day[here] * 1_440 + minute[here] - _offsets(world_zones[name])[day[here]]
    return found


@cache
def _offsets(zone: str) -> Days:
    """Give for each day how many minutes a zone is before UTC, at noon."""
    local = (dt.datetime.combine(date(day), dt.time(12), ZoneInfo(zone)) for day in range(_LAST_DAY))
    return np.array([(moment.utcoffset() or dt.timedelta()) // dt.timedelta(minutes=1) for moment in local])


def _depots(scenario: Scenario, rows: Rows, chance: Floats) -> npt.NDArray[np.str_]:
    """Send half of the parcels over the first depot of their country; trade-ins end there.

    Parcels from abroad all enter by it.
    """
    depots = scenario.world.settings["depots"]
    only_first = (rows["flow"] == "trade_in") | (rows["origin"] != rows["country"])
    chance = np.where(only_first, chance / 2, chance)
    found = np.empty(len(chance), dtype="<U16")
    for country, here in places(rows["country"]):
        names = np.array(depots[country])
        others = np.clip(
            ((chance[here] - 0.5) * 2 * (len(names) - 1)).astype(np.int64) + 1, 0, len(names) - 1
        )
        found[here] = names[np.where(chance[here] < 0.5, 0, others)]
    return found


def _on_time(
    scenario: Scenario, seed: int, rows: Rows, depot: npt.NDArray[np.str_], scan_day: Days
) -> tuple[Floats, Floats]:
    """Give the chance of each parcel to be on time, with and without events."""
    settings, adoption = scenario.world.settings["carrying"], scenario.world.settings["adoption"]
    spreads = settings["carrier_week_spread"], settings["depot_day_spread"]
    cost = settings["handover_cost"]
    probability = np.clip((rows["on_time"] - cost) / (1 - 2 * cost), 0.01, 0.995)
    gain = np.where(
        rows["flow"] == "outbound", adoption["on_time_carried"], adoption["on_time_gain"] / (1 - 2 * cost)
    )
    probability = probability + np.where(rows["label_source"] == "backship", gain, 0)
    # Networks are slow in the week in which a parcel is to arrive, whenever it was sent.
    due_day = _later(rows["country"], scan_day, np.ceil(rows["p90"]).astype(np.int64))
    shift = scenario.world.settings["season"]["peak_on_time_shift"]
    probability = probability + np.where(_is_peak(due_day), shift, 0)
    shift = scenario.world.settings["season"]["holiday_on_time_shift"]
    probability = probability + np.where(_in_holiday_week(rows["country"], due_day), shift, 0)
    usual = probability
    for event, how in scenario.with_effect("carrier_on_time"):
        touched = event.touches(rows, scan_day)
        probability = np.where(touched, how.get("to", probability + how.get("shift", 0)), probability)
    # What is spread around the logit pulls the share to the middle; this takes it back.
    lift = math.sqrt(1 + 0.346 * sum(one**2 for one in spreads))
    shared = spreads[0] * _shared(seed, "carrier", (rows["carrier"],), scan_day // 7)
    shared += spreads[1] * _shared(seed, "depot", (rows["carrier"], depot), scan_day)
    found = []
    for one in (probability, usual):
        share = np.clip(one, 0.005, 0.998)
        found.append(1 / (1 + np.exp(-(np.log(share / (1 - share)) * lift + shared))))
    return found[0], found[1]


def _in_holiday_week(country: npt.NDArray[Any], day: Days) -> Mask:
    """Mark days of a week in which a public holiday of the country falls on Monday to Friday."""
    found, monday = np.zeros(len(day), dtype=bool), day - day % 7
    for name, here in places(country):
        found[here] = business_days(name).between(monday[here] - 1, monday[here] + 6) < 5
    return found


def _is_peak(day: Days) -> Mask:
    """Mark the week of Black Friday and the one after."""
    found = np.zeros(len(day), dtype=bool)
    for year in range(date(int(day.min())).year, date(int(day.max())).year + 1) if len(day) else ():
        first = black_friday_week(year)
        found |= (day >= first) & (day < first + 14)
    return found


def _shared(seed: int, name: str, who: tuple[npt.NDArray[Any], ...], when: Days, key: str = "") -> Floats:
    """Draw one standard normal number for each pair of who and when, the same for all parcels of it."""
    if not who:
        return _series(seed, name, key)[when]
    found = np.zeros(len(when))
    for one, here in places(who[0]):
        found[here] = _shared(seed, name, tuple(part[here] for part in who[1:]), when[here], key + one)
    return found


@cache
def _series(seed: int, name: str, who: str) -> Floats:
    return stream(seed, "shared", name, who).normal(size=_LAST_DAY)


def _transit(rows: Rows, sla: Days, probability: Floats, chance: Floats) -> Days:
    """Cut a lognormal at the promised days so that the share below is the probability."""
    middle = np.log(rows["median"])
    spread = np.log(rows["p90"] / rows["median"]) / _P90
    below = np.interp((np.log(sla) - middle) / spread, _Z, _PHI)
    early = chance / probability * below
    late = below + (chance - probability) / (1 - probability) * (1 - below)
    rank = np.where(chance < probability, early, late)
    days = np.exp(middle + spread * np.interp(rank, _PHI, _Z))
    # A rounding at the cut must not make an early parcel late.
    return np.where(
        chance < probability, np.minimum(np.ceil(days), sla), np.maximum(np.ceil(days), sla + 1)
    ).astype(np.int64)


def _later(country: npt.NDArray[Any], day: Days, count: Days) -> Days:
    found = np.zeros(len(day), dtype=np.int64)
    for name, here in places(country):
        found[here] = business_days(name).add(day[here], count[here])
    return found


def _risk(scenario: Scenario, name: str, rows: Rows, day: Days) -> tuple[Floats, Floats]:
    """Give the risk of each parcel, with and without events."""
    carriers = scenario.world.carriers
    risk = looked_up(rows["carrier"], {code: getattr(carrier, name) for code, carrier in carriers.items()})
    if name == "loss":
        risk = risk * np.array(scenario.world.settings["season"]["loss_months"])[month_of(day)]
    without = risk
    for event, how in scenario.with_effect(name):
        touched = event.touches(rows, day)
        risk = np.where(touched, how.get("to", risk * how.get("factor", 1)), risk)
    return risk, without
