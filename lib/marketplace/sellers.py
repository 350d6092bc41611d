"""The sellers: how much they sell, how fast they hand over, and when they take to BackShip."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from marketplace.days import Days, monday
from marketplace.randomness import stream
from marketplace.world import Floats, World

_NEVER = 10_000
"""A day after all others."""


@dataclass(frozen=True)
class Sellers:
    """All sellers, largest first; each array has one entry a seller.

    Parameters
    ----------
    code : array of str
        ``S001`` is the largest.
    country : array of str
        Where they send from.
    band : array of str
        ``large``, ``medium`` or ``small``.
    weight : array
        Share of the orders.
    handover_logit : array
        What is added to the logit of a handover on time.
    on_time_shift : array
        What is added to the share on time of what carriers then do, 0 on average over all orders: slow
        sellers hand over late in the day, when the first lorry has left.
    is_eligible : array of bool
    partner : array of str
        Fulfilment partner that sends out for the seller; empty: the seller itself.
    campaign : array of str
        What invited the seller to BackShip; empty: nothing.
    invited_day, active_day, lapsed_day, back_day : array
        Numbered days; 10,000 where it does not happen.
    """

    code: npt.NDArray[np.str_]
    country: npt.NDArray[np.str_]
    band: npt.NDArray[np.str_]
    weight: Floats
    handover_logit: Floats
    on_time_shift: Floats
    is_eligible: npt.NDArray[np.bool_]
    partner: npt.NDArray[np.str_]
    campaign: npt.NDArray[np.str_]
    invited_day: Days
    active_day: Days
    lapsed_day: Days
    back_day: Days

    def is_active(self, seller: npt.NDArray[np.int64], day: Days) -> npt.NDArray[np.bool_]:
        """Say whether a seller, by its place in the arrays, uses BackShip on a day."""
        active, lapsed, back = self.active_day[seller], self.lapsed_day[seller], self.back_day[seller]
        return (day >= active) & ((day < lapsed) | (day >= back))


def make_sellers(world: World, seed: int) -> Sellers:
    """Draw the sellers.

    Adoption follows Bass (1969): of those who will ever adopt, the share F(t) = (1 - e^-(p+q)t) /
    (1 + q/p e^-(p+q)t) has done so t weeks after the launch. Who comes first is no accident: small and
    slow sellers do, so that users and others differ before BackShip does anything.

    Examples
    --------
    >>> from marketplace.world import read_world
    >>> sellers = make_sellers(read_world(), 1)
    >>> bool(abs(sellers.weight[:42].sum() - 0.6) < 0.02)
    True
    """
    draw, settings = stream(seed, "sellers"), world.settings["sellers"]
    count = int(settings["count"])
    rank = (np.arange(count) + 0.5) / count
    weight = rank ** (-1 / settings["pareto"])
    # The largest few would be half of the market; the tail keeps what they lose.
    weight = np.minimum(weight, weight.sum() * 0.04)
    bands = settings["bands"]
    band = np.where(rank < bands["large"], "large", np.where(rank < bands["medium"], "medium", "small"))
    country = _countries(world, weight, draw)
    handover, is_small = world.settings["handover"], band == "small"
    handover_logit = draw.normal(0, handover["seller_spread"], count)
    handover_logit += np.where(is_small, handover["small_seller_logit"], 0)
    # Spread over large and small alike, or the few largest would decide the share of the orders.
    is_eligible = (np.arange(count) * 0.6180339887 + draw.random()) % 1 < settings["eligible"]
    slowness = _slowness(world, handover_logit)
    active = _adoption_days(world, is_eligible, is_small, slowness, draw)
    lapsed, back = _lapses(world, active, draw)
    partner = _partners(world, country, draw)
    campaign, invited = _invitations(world, is_eligible, active, draw)
    return Sellers(
        code=np.array([f"S{number:03}" for number in range(1, count + 1)]),
        country=country,
        band=band,
        weight=weight / weight.sum(),
        handover_logit=handover_logit,
        on_time_shift=-handover["slow_on_time"] * (slowness - np.average(slowness, weights=weight)),
        is_eligible=is_eligible,
        partner=partner,
        campaign=campaign,
        invited_day=invited,
        active_day=active,
        lapsed_day=lapsed,
        back_day=back,
    )


def _countries(world: World, weight: Floats, draw: np.random.Generator) -> npt.NDArray[np.str_]:
    """Give each seller a country so that their orders leave the countries as the lanes say."""
    shares: dict[str, float] = {}
    for lane in world.lanes["outbound"]:
        shares[lane.origin] = shares.get(lane.origin, 0) + lane.share
    names = np.array(list(shares))
    wanted = np.array(list(shares.values())) * weight.sum()
    chosen = []
    for one in weight:
        # A few large sellers fill a small country: each goes where most is missing, with some chance.
        room = np.clip(wanted, 1e-9, None) ** 2
        pick = int(draw.choice(len(names), p=room / room.sum()))
        wanted[pick] -= one
        chosen.append(names[pick])
    # A country without any seller could not send a parcel.
    for place, name in enumerate(names):
        if name not in chosen:
            chosen[-1 - place] = name
    return np.array(chosen)


def _partners(world: World, country: npt.NDArray[np.str_], draw: np.random.Generator) -> npt.NDArray[np.str_]:
    """Let a partner of their country send out for some sellers, but not for the largest three."""
    settings = world.settings["fulfilment"]
    uses = draw.random(len(country)) < settings["sellers_share"]
    uses[:3] = False
    found = np.full(len(country), "", dtype="<U16")
    for name, partner in settings["partners"].items():
        found[uses & (country == partner["country"])] = name
    return found


def _adoption_days(
    world: World,
    is_eligible: npt.NDArray[np.bool_],
    is_small: npt.NDArray[np.bool_],
    slowness: Floats,
    draw: np.random.Generator,
) -> Days:
    settings = world.settings["adoption"]
    p, q = settings["innovation"], settings["imitation"]
    keenness = settings["early_small"] * is_small + settings["early_slow"] * slowness
    keenness = keenness + draw.gumbel(size=len(is_small))
    order = np.argsort(-np.where(is_eligible, keenness, -np.inf))
    adopters = order[: round(settings["ceiling"] * is_eligible.sum())]
    share = (np.arange(len(adopters)) + 0.5) / len(adopters)
    weeks = np.log((1 + q / p * share) / (1 - share)) / (p + q)
    days = np.full(len(is_small), _NEVER)
    days[adopters] = monday(settings["launch"]) + np.round(weeks * 7).astype(np.int64)
    return np.minimum(days, _NEVER)


def _invitations(
    world: World, is_eligible: npt.NDArray[np.bool_], active: Days, draw: np.random.Generator
) -> tuple[npt.NDArray[np.str_], Days]:
    """Invite those who will adopt some time before, and most of the others on the same days."""
    settings, count = world.settings["adoption"], len(active)
    kinds = settings["campaigns"]
    shares, days = np.array(list(kinds.values())).T
    place = draw.choice(len(kinds), count, p=shares)
    waits = days[place] * np.exp(settings["campaign_spread"] * draw.normal(size=count))
    first = monday(settings["launch"]) - 28
    adopts = active < _NEVER
    before = np.maximum(active - np.maximum(waits, 1).astype(np.int64), first)
    others = draw.choice(before[adopts], count)
    is_invited = adopts | (is_eligible & (draw.random(count) >= settings["never_invited"]))
    return (
        np.where(is_invited, np.array(list(kinds))[place], ""),
        np.where(is_invited, np.where(adopts, np.minimum(before, active), others), _NEVER),
    )


def _slowness(world: World, handover_logit: Floats) -> Floats:
    """Give how much slower sellers are than the usual one, in standard deviations."""
    return -handover_logit / float(world.settings["handover"]["seller_spread"])


def _lapses(world: World, active: Days, draw: np.random.Generator) -> tuple[Days, Days]:
    """Let some stop after a geometric time, and come back some weeks later."""
    settings = world.settings["adoption"]
    weeks = draw.geometric(settings["lapse_weekly"], len(active))
    lapsed = np.where(active < _NEVER, active + 7 * weeks, _NEVER)
    return np.minimum(lapsed, _NEVER), np.minimum(lapsed + 7 * settings["lapse_weeks"], _NEVER)
