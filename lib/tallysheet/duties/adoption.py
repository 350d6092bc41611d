"""BackShip: what its labels do, compared fairly with sellers' own; what they save, and how that is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from tallysheet.duties.known import lacking, rows, tables_read
from tallysheet.fair_comparison import Estimate, before_and_after, habits, like_with_like, savings
from tallysheet.week import Week

KIND = ("lane", "weight_band", "service")
"""What parcels may differ by; what happens on a lane in a month happens to all on it."""
_STRATA = (*KIND, "season", "size_band")
_MONTHS = 12
CAREFUL = 0.2
"""The truth is on the worse side of a careful value with this probability."""


@dataclass(frozen=True)
class Outcome:
    """Something that a label may change, or must not.

    Parameters
    ----------
    slug : str
    listed : str
        The list in sql/lists that counts it.
    x, n : str
        Columns of it: what is summed, and over how many.
    unit : str
        Of the rate once it is multiplied by ``scale``.
    better : {"up", "down", ""}
        Empty: no label can change it, so that a difference says that the comparison is not fair.
    scale : float
    """

    slug: str
    listed: str
    x: str
    n: str
    unit: str
    better: Literal["up", "down", ""]
    scale: float = 1.0


OUTCOMES = (
    Outcome("on_time", "backship_parcels", "on_time_n", "due_n", "gap", "up"),
    Outcome("price", "backship_costs", "base_cents", "seen_n", "euro", "down", 0.01),
    Outcome("cost", "backship_costs", "seen_cents", "seen_n", "euro", "down", 0.01),
    Outcome("contacts", "backship_contacts", "contacts_n", "parcels_n", "rate", "down"),
    Outcome("lost", "backship_parcels", "lost_n", "whole_n", "gap", "down"),
    Outcome("claimed", "backship_claims", "claimed_n", "events_n", "gap", "up"),
    Outcome("won", "backship_claims", "won_n", "old_n", "gap", "up"),
    Outcome("paid", "backship_claims", "paid_cents", "old_n", "euro", "up", 0.01),
    Outcome("accepting", "backship_parcels", "accept_minutes", "accepted_n", "hours", "", 1 / 60),
    Outcome("faults", "backship_returns", "faulty_n", "delivered_n", "rate", ""),
)


def outcomes(week: Week) -> tuple[Outcome, ...]:
    """Give the outcomes that the data allows; none without orders and shipments."""
    return tuple(one for one in OUTCOMES if not lacking(week, "backship_parcels", one.listed))


def counted(week: Week, listed: str) -> pd.DataFrame:
    """Give a list's counts with the season and, where sellers are known, their size band."""
    found = rows(week, listed)
    seasons = {month: f"{month[:4]}-{(int(month[5:]) + 2) // 3}" for month in found["month"].unique()}
    found = found.assign(season=found["month"].map(seasons), size_band="")
    if not lacking(week, "backship_steps"):
        bands = rows(week, "backship_steps").set_index("seller")["size_band"]
        found["size_band"] = found["seller"].map(bands).fillna("")
    return found


def since(week: Week) -> str:
    """Give the first of the twelve months that parcels are compared in."""
    last = pd.Period(str(week.week.sunday)[:7], "M")
    return str(last - (_MONTHS - 1))


def compared(week: Week) -> pd.DataFrame:
    """Compare BackShip with sellers' own labels, on eligible orders, in three ways.

    Returns
    -------
    DataFrame
        outcome, way, age, value, low, high (95 %), careful (as `CAREFUL` says), p, and where they apply:
        left_out (share that cannot be compared), sellers_n, waiting_n, share, strata_n. Ways:

        ``naive``: the raw gap of the last twelve months. ``before``: of it, what sellers differed in before
        they began (value alone). ``alike``: among parcels of the same lane, weight,
        service, quarter and size of seller, on the mix of eligible orders not on BackShip, less what sellers
        differed in before (`tallysheet.fair_comparison.habits`). ``within``: before and after the first
        label, against sellers that have not begun. ``moved``: the same on all eligible parcels of a seller,
        and ``age``: that by months since the first label; ``leads``: p alone, of all months before it
        together.
    """
    found = [_remembered(week, one) for one in outcomes(week)]
    columns = ["outcome", "way", "age", "value", "low", "high", "careful", "p", "left_out"]
    columns += ["sellers_n", "waiting_n", "share", "strata_n"]
    return (pd.concat(found, ignore_index=True) if found else pd.DataFrame()).reindex(columns=columns)


def _remembered(week: Week, one: Outcome) -> pd.DataFrame:
    """Compare one outcome, once for the same rows of its own list."""
    tables = {*tables_read(one.listed), *tables_read("backship_steps")}
    about = [str(week.week), repr(one)]
    return week.cube.remembered(
        f"backship-{one.slug}", about, lambda: pd.DataFrame(_lines(week, one)), tables
    )


def _lines(week: Week, one: Outcome) -> list[dict[str, Any]]:
    counts, first = counted(week, one.listed), since(week)
    latest = counts[counts["month"] >= first]
    before = habits(counts, x=one.x, n=one.n, until=first, alike=KIND)
    naive = like_with_like(latest, alike=[], x=one.x, n=one.n)
    alike = like_with_like(latest, alike=_STRATA, x=one.x, n=one.n, before=before)
    within = before_and_after(counts, x=one.x, n=one.n, alike=KIND)
    ages = within.by_age.assign(outcome=one.slug, way="age")
    ages[["value", "low", "high"]] *= one.scale
    return [
        _line(one, "naive", naive.gap) | {"sellers_n": naive.units_n},
        {"outcome": one.slug, "way": "before", "value": _apart(latest, before, one)},
        _line(one, "alike", alike.gap)
        | {"left_out": alike.dropped, "sellers_n": alike.units_n, "strata_n": alike.strata_n},
        _line(one, "within", within.effect)
        | {"left_out": within.left_out, "sellers_n": within.begun_n, "waiting_n": within.waiting_n}
        | {"share": within.share},
        _line(one, "moved", within.moved),
        {"outcome": one.slug, "way": "leads", "p": within.lead_p},
        *({str(key): value for key, value in line.items()} for line in ages.to_dict("records")),
    ]


def _apart(latest: pd.DataFrame, before: pd.Series, one: Outcome) -> float:
    """Give how much better or worse users were before they began, each weighing as its parcels do now."""
    traits = latest.assign(trait=latest["seller"].map(before).fillna(0.0) * latest[one.n])
    return like_with_like(traits, alike=[], x="trait", n=one.n).gap.value * one.scale


def _line(one: Outcome, way: str, found: Estimate) -> dict[str, Any]:
    scaled = found.times(one.scale)
    careful = scaled.bound(CAREFUL if one.better == "up" else 1 - CAREFUL)
    ends = {"value": scaled.value, "low": scaled.low, "high": scaled.high}
    return {"outcome": one.slug, "way": way, **ends, "careful": careful, "p": scaled.p}


def of_way(found: pd.DataFrame, way: str) -> pd.DataFrame:
    """Give what one way of `compared` found, by outcome."""
    return found[found["way"] == way].set_index("outcome")


def standing(week: Week) -> pd.DataFrame:
    """Say how sure each effect is.

    Returns
    -------
    DataFrame
        By outcome: naive, before, alike, within (values), low and high (95 %, of alike), careful (the worse
        of the careful values of the two fair ways), known: ``known`` (both intervals leave out zero, on the
        same side), ``likely`` (one of them, and the other is on that side), ``unknown``; shows: ``good`` or
        ``bad`` where it is known or likely and the interval of alike leaves out zero, else empty: no
        difference is proven. Outcomes that no label changes are left out.
    """
    found = compared(week)
    naive, before, alike, within = (of_way(found, way) for way in ("naive", "before", "alike", "within"))
    up = {one.slug: one.better == "up" for one in OUTCOMES if one.better}
    kept = [slug for slug in alike.index if slug in up]
    made = []
    for slug in kept:
        fair = [alike.loc[slug], within.loc[slug]]
        clear = sum(bool(one["low"] > 0 or one["high"] < 0) for one in fair)
        same = fair[0]["value"] * fair[1]["value"] > 0
        worse = pd.Series([one["careful"] for one in fair], dtype=float).agg("min" if up[slug] else "max")
        known = {2: "known", 1: "likely"}.get(clear, "unknown") if same else "unknown"
        first = [naive.loc[slug, "value"], before.loc[slug, "value"]]
        value, low, high = fair[0][["value", "low", "high"]]
        side = "good" if (value > 0) == up[slug] else "bad"
        shows = side if known != "unknown" and (low > 0 or high < 0) else ""
        made.append((*first, value, fair[1]["value"], low, high, worse, known, shows))
    columns = ["naive", "before", "alike", "within", "low", "high", "careful", "known", "shows"]
    return pd.DataFrame(made, columns=columns, index=pd.Index(kept))


def checks(week: Week) -> pd.DataFrame:
    """Look at what no label can change: it should show nothing.

    Returns
    -------
    DataFrame
        outcome, way, value, low, high, p, adjusted: p after Holm for all that is looked at here, so that one
        of all checks is false in 5 of 100 weeks. ``leads`` (of what sellers' on-time share was before the
        first label) is among them.
    """
    found = compared(week)
    idle = [one.slug for one in OUTCOMES if not one.better]
    looked = found[found["outcome"].isin(idle) & found["way"].isin(["alike", "within"])]
    leads = found[(found["outcome"] == "on_time") & (found["way"] == "leads")]
    looked = pd.concat([looked, leads])[["outcome", "way", "value", "low", "high", "p"]]
    looked = looked[looked["p"].notna()].sort_values("p", kind="stable")
    steps = looked["p"] * np.arange(len(looked), 0, -1)
    return looked.assign(adjusted=steps.cummax().clip(upper=1.0)).sort_index().reset_index(drop=True)


def saved(week: Week) -> pd.DataFrame:
    """Say what those would save that are not on BackShip, apart by how their own price is known.

    Returns
    -------
    DataFrame
        As `tallysheet.fair_comparison.savings`, in euros a label, with surcharges.
    """
    costs = counted(week, "backship_costs")
    found = savings(costs[costs["month"] >= since(week)], alike=_STRATA)
    return found.assign(**{name: found[name] / 100 for name in ("saving", "low", "high")})
