"""What the simulated BackShip does is what its world says, and who uses it was worse before."""

from copy import deepcopy
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from marketplace.contacts import contacts
from marketplace.market import Market
from marketplace.orders import play_orders
from marketplace.scenario import Scenario, read_scenario
from marketplace.sellers import make_sellers

pytestmark = pytest.mark.slow

SCENARIO = read_scenario(Path(__file__).parents[1] / "data" / "sample" / "events.toml")
ADOPTION = SCENARIO.world.settings["adoption"]
MONTHS = ("2025-11", "2026-02", "2026-06", "2026-10")
SEEDS = range(1, 7)


def without_backship(scenario: Scenario) -> Scenario:
    """Give the same world, in which a BackShip label changes nothing."""
    settings = deepcopy(dict(scenario.world.settings))
    settings["adoption"] |= {"on_time_carried": 0.0, "contacts_direct": 0.0}
    return replace(scenario, world=replace(scenario.world, settings=settings))


@cache
def played(seed: int, is_with: bool) -> dict[str, np.ndarray]:
    """Play four months: the same random numbers with BackShip and without."""
    scenario = SCENARIO if is_with else without_backship(SCENARIO)
    market = Market(scenario, make_sellers(scenario.world, seed), seed, 16_000, "2024-W01", "2026-W46")
    parts = []
    for month in (one for one in market.months() if one.name in MONTHS):
        orders = play_orders(market, month)
        asked = contacts(market, month, orders)
        asked = asked["shipment"][asked["reason"] == "WISMO"]
        n = np.isin(orders["shipment"], asked) * 1.0
        places, counts = np.unique(asked, return_counts=True)
        n[np.searchsorted(orders["shipment"], places)] = counts
        kept = ("label_source", "is_on_time", "is_eligible", "seller", "order_day")
        parts.append({name: orders[name] for name in kept} | {"asks": n})
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def effect(seed: int, name: str) -> float:
    users = played(seed, True)["label_source"] == "backship"
    return float((played(seed, True)[name][users] * 1.0 - played(seed, False)[name][users]).mean())


def test_a_label_does_in_the_end_what_the_world_says():
    """On time and contacts, over six worlds: parcels handed over late or early gain less at first."""
    on_time, asks = ([effect(seed, name) for seed in SEEDS] for name in ("is_on_time", "asks"))

    assert np.mean(on_time) == pytest.approx(ADOPTION["on_time_gain"], abs=0.0008)
    assert np.mean(asks) == pytest.approx(-ADOPTION["contacts_gain"], abs=0.0006)


def test_users_look_worse_although_the_label_helps():
    """Slow sellers come first: beside other eligible orders the labels look worse, in every world."""
    gaps = []
    for seed in SEEDS:
        rows = played(seed, True)
        users, others = rows["label_source"] == "backship", rows["label_source"] != "backship"
        on_time = rows["is_on_time"]
        gaps.append(on_time[users].mean() - on_time[others & rows["is_eligible"]].mean())

    assert max(gaps) < 0
    assert np.mean(gaps) == pytest.approx(-0.005, abs=0.003)


def test_invitations_lead_to_labels_sooner_or_later_or_never():
    """About a quarter within 28 days of the invitation, sooner after a call than after a letter."""
    sellers = make_sellers(SCENARIO.world, 1)
    invited, adopts = sellers.invited_day < 10_000, sellers.active_day < 10_000
    waits = sellers.active_day - sellers.invited_day
    middle = {name: np.median(waits[adopts & (sellers.campaign == name)]) for name in ("call", "letter")}

    assert not (invited & ~sellers.is_eligible).any()
    assert (sellers.campaign != "").tolist() == invited.tolist()
    assert (waits[adopts] >= 0).all()
    assert 0.2 < (waits[adopts] <= 28).sum() / invited.sum() < 0.35
    assert middle["call"] < middle["letter"]
