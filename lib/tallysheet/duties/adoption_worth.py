"""What a BackShip label is worth: its parts, how likely sellers follow, where own labels are better."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from tallysheet.duties import adoption, adoption_steps
from tallysheet.duties.known import lacking
from tallysheet.fair_comparison import like_with_like
from tallysheet.limits import Numbers
from tallysheet.week import Week

RECENT_WEEKS = 8
"""A seller's orders and its share are those of so many weeks."""
FOLLOW_WEEKS = 26
"""A seller that is called has so long to follow."""
NEAR = 0.05
"""A share so near to the usual one is usual."""
_LEAST = 30


def worth(week: Week) -> pd.DataFrame:
    """Say what a label is worth to a seller and to Customer Care, in euros.

    Returns
    -------
    DataFrame
        part (``saving``, ``service``, ``claims``), value (the mean of the two fair estimates), careful, and
        counted: the careful value where the effect is known or likely and good, else 0. Saving: cost of a
        label. Service: contacts at rules.contact_cost_cents. Claims: what is paid for a lost or damaged
        parcel, by how many there are of them.
    """
    found = adoption.standing(week)
    events = _events_per_parcel(week)
    sizes = {
        "saving": ("cost", -1.0),
        "service": ("contacts", -week.settings.rules.contact_cost_cents / 100),
        "claims": ("paid", events),
    }
    made = []
    for part, (slug, factor) in sizes.items():
        if slug not in found.index:
            made.append((part, math.nan, math.nan, 0.0))
            continue
        line = found.loc[[slug]].iloc[0]
        value = (float(line["alike"]) + float(line["within"])) / 2 * factor
        careful = float(line["careful"]) * factor
        sure = line["known"] != "unknown" and careful > 0
        made.append((part, value, careful, careful if sure else 0.0))
    return pd.DataFrame(made, columns=["part", "value", "careful", "counted"])


def _events_per_parcel(week: Week) -> float:
    if lacking(week, "backship_claims", "backship_parcels"):
        return math.nan
    events, parcels = (adoption.counted(week, f"backship_{name}") for name in ("claims", "parcels"))
    first = adoption.since(week)
    of = float(parcels.loc[parcels["month"] >= first, "whole_n"].sum())
    return float(events.loc[events["month"] >= first, "events_n"].sum()) / of if of else math.nan


def chances(week: Week, sellers: pd.DataFrame, usual: float) -> pd.Series:
    """Give how likely each seller follows within 26 weeks, from what others like it did.

    Of those without a label that is not known (NaN) before the first invitation is as old.
    """
    deepened, came_back = _followed(week, usual)
    found = pd.Series(np.where(sellers["group"] == "deepen", deepened, came_back), index=sellers.index)
    today, invited = pd.Timestamp(week.cube.as_of.date()), sellers["invited_on"]
    curve = _waiting(week)
    age = (today - invited).dt.days.fillna(0).clip(lower=0, upper=len(curve) - 1).astype(int)
    later = np.minimum(age + FOLLOW_WEEKS * 7, len(curve) - 1)
    oldest = today - adoption_steps.progress(week)["invited_on"].min()
    is_known = oldest >= pd.Timedelta(weeks=FOLLOW_WEEKS)
    starts = np.where(is_known, 1 - curve[later] / np.maximum(curve[age], 1e-12), math.nan)
    return found.where(sellers["group"] != "convert", pd.Series(starts, index=sellers.index))


def _waiting(week: Week) -> Numbers:
    """Give the share of invited sellers that have not started by each day (Kaplan and Meier)."""
    found = adoption_steps.times(week).curve
    if found.empty:
        return np.ones(1)
    days = np.arange(int(found["length"].max()) + 1)
    place = np.searchsorted(found["length"], days, side="right") - 1
    return np.where(place >= 0, found["survival"].to_numpy(float)[place], 1.0)


def _followed(week: Week, usual: float) -> tuple[float, float]:
    """Say how many of those 26 weeks ago below the usual share, or without a label, are not so any more.

    One more of each kind is added, so that few never make certain.
    """
    weekly, last = adoption_steps.activity(week), pd.Timestamp(week.week.monday)
    ago = last - pd.Timedelta(weeks=FOLLOW_WEEKS)
    then, now = (_shares(weekly, end, RECENT_WEEKS)["share"] for end in (ago, last))
    low = now.reindex(then.index[(then > 0) & (then < usual - NEAR)]).dropna()
    began = weekly[(weekly["backship_n"] > 0) & (weekly["monday"] <= ago)]["seller"].unique()
    idle = _shares(weekly, ago, 4)
    gone = [one for one in idle.index[idle["backship_n"] == 0] if one in set(began)]
    since = weekly[weekly["monday"] > ago].groupby("seller")["backship_n"].sum().reindex(gone).fillna(0)
    return (
        (int((low >= usual - NEAR).sum()) + 1) / (len(low) + 2),
        (int((since > 0).sum()) + 1) / (len(since) + 2),
    )


def _shares(weekly: pd.DataFrame, end: pd.Timestamp, weeks: int) -> pd.DataFrame:
    """Give each seller's eligible orders of some weeks, and the share that it sent by BackShip."""
    part = weekly[(weekly["monday"] <= end) & (weekly["monday"] > end - pd.Timedelta(weeks=weeks))]
    sums = part.groupby("seller")[["eligible_n", "backship_n"]].sum()
    sums = sums[sums["eligible_n"] > 0]
    return sums.assign(share=sums["backship_n"] / sums["eligible_n"])


def own_on_time(week: Week) -> pd.Series:
    """Give the share on time of each seller's own labels; NaN with fewer than thirty."""
    counts = adoption.counted(week, "backship_parcels")
    own = counts[~counts["is_backship"] & (counts["month"] >= adoption.since(week))]
    sums = own.groupby("seller")[["on_time_n", "due_n"]].sum()
    return (sums["on_time_n"] / sums["due_n"]).where(sums["due_n"] >= _LEAST)


def own_is_better(week: Week) -> dict[str, bool]:
    """Say of which sellers half of the parcels go where own labels come on time more, or cost them less."""
    parcels, first = adoption.counted(week, "backship_parcels"), adoption.since(week)
    latest = parcels[parcels["month"] >= first]
    worse = {lane for lane, part in latest.groupby("lane") if _is_worse(part)}
    own = latest[~latest["is_backship"]]
    sums = own.assign(worse_n=own["parcels_n"].where(own["lane"].isin(worse), 0)).groupby("seller")
    share = sums["worse_n"].sum() / sums["parcels_n"].sum()
    found = share > 0.5
    if lacking(week, "backship_costs"):
        return {str(name): bool(one) for name, one in found.items()}
    costs = adoption.counted(week, "backship_costs")
    cheaper = _saved_by_seller(costs[costs["month"] >= first]) <= 0
    return {str(name): bool(one or cheaper.get(name, False)) for name, one in found.items()}


def _is_worse(parcels: pd.DataFrame) -> bool:
    gap = like_with_like(
        parcels, alike=["weight_band", "service", "season", "size_band"], x="on_time_n", n="due_n"
    ).gap
    return bool(gap.high < 0)


def _saved_by_seller(costs: pd.DataFrame) -> pd.Series:
    """Give what each seller's own labels cost more than those of BackShip alike, in cents a label."""
    keys = [*adoption.KIND, "season"]
    label = costs[costs["is_backship"]].groupby(keys)[["seen_cents", "seen_n"]].sum()
    price = (label["seen_cents"] / label["seen_n"]).rename("price").reset_index()
    own = costs[~costs["is_backship"]].merge(price, on=keys)
    own["saved"] = own["seen_cents"] - own["seen_n"] * own["price"]
    sums = own.groupby("seller")[["saved", "seen_n"]].sum()
    sums = sums[sums["seen_n"] >= _LEAST]
    return sums["saved"] / sums["seen_n"]
