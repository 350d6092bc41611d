"""Customer Care: what a late parcel costs, which contacts could be spared, and what logistics gains it."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tallysheet.duties.known import added_up, rows
from tallysheet.intervals import NORMAL_95
from tallysheet.kpis import kpi
from tallysheet.week import Week
from tallysheet.weeks import IsoWeek

LATENESS = ("on_time", "one", "two", "three", "five", "never")
"""Working days late: none, 1, 2, 3 or 4, 5 and more, not arrived at all."""
COUNTS = ["parcels_n", "contacts_n", "where_n", "claims_n"]
_WEEKS = 4
_LISTED = 3
"""So many carriers make a line of what to do."""
_REASON_WEEKS = 8
_HALF_A_YEAR = 26
_BY_CHANCE = 0.001


@dataclass(frozen=True)
class Estimate:
    """A figure with its 95 % interval, weeks taken as they fall together (jackknife by week).

    Parameters
    ----------
    value, low, high : float
        NaN where fewer than two weeks are known.
    """

    value: float
    low: float
    high: float


def by_lateness(week: Week) -> pd.DataFrame:
    """Count contacts and claims by how late the parcel was, of 13 weeks that have had time to bring them.

    Returns
    -------
    DataFrame
        lateness (in order), parcels_n, contacts_n, where_n, claims_n, contacts, where, claims (each for a
        parcel), extra (contacts of a parcel beyond those of one on time; NaN for that one), low, high (its
        95 % interval), extra_cents (extra x rules.contact_cost_cents).
    """
    listed = rows(week, "contacts_by_lateness")
    sums = listed.groupby("lateness")[COUNTS].sum().reindex(LATENESS, fill_value=0)
    rates = {name[:-2]: sums[name] / sums["parcels_n"].where(sums["parcels_n"] > 0) for name in COUNTS[1:]}
    found = sums.assign(**rates).reset_index()
    extra = [_extra(listed, kind) for kind in LATENESS]
    return found.assign(
        extra=[one.value for one in extra],
        low=[one.low for one in extra],
        high=[one.high for one in extra],
        extra_cents=[one.value * week.settings.rules.contact_cost_cents for one in extra],
    )


def _extra(listed: pd.DataFrame, kind: str) -> Estimate:
    if kind == "on_time":
        return Estimate(math.nan, math.nan, math.nan)
    return _estimate(listed, lambda part: _rate(part, kind) - _rate(part, "on_time"))


def _rate(listed: pd.DataFrame, kind: str, count: str = "contacts_n") -> float:
    part = listed[listed["lateness"] == kind] if kind != "late" else listed[listed["lateness"] != "on_time"]
    parcels = part["parcels_n"].sum()
    return float(part[count].sum() / parcels) if parcels else math.nan


def _estimate(listed: pd.DataFrame, figure: Callable[[pd.DataFrame], float]) -> Estimate:
    """Leave each week out once; how much the figure moves by that is its error."""
    value, weeks = figure(listed), sorted(set(listed["week"]))
    without = np.array([figure(listed[listed["week"] != one]) for one in weeks])
    n = len(weeks)
    if n < 2 or not np.isfinite(without).all():
        return Estimate(value, math.nan, math.nan)
    error = math.sqrt((n - 1) / n * float(((without - without.mean()) ** 2).sum()))
    return Estimate(value, value - NORMAL_95 * error, value + NORMAL_95 * error)


@dataclass(frozen=True)
class Point:
    """What one point of on-time is worth in a week: one parcel in a hundred on time instead of late.

    Parameters
    ----------
    parcels : float
        Parcels a week that this would be.
    contacts, claims, cents : Estimate
        Fewer contacts and claims, and what Care saves by the contacts, each a week.
    """

    parcels: float
    contacts: Estimate
    claims: Estimate
    cents: Estimate


def value_of_a_point(week: Week) -> Point:
    """Estimate what one point of on-time saves, with late parcels as late as they are now."""
    listed = rows(week, "contacts_by_lateness")
    parcels = float(listed["parcels_n"].sum() / max(listed["week"].nunique(), 1) / 100)

    def saved(count: str, worth: float = 1.0) -> Estimate:
        return _estimate(
            listed,
            lambda part: parcels * worth * (_rate(part, "late", count) - _rate(part, "on_time", count)),
        )

    cost = float(week.settings.rules.contact_cost_cents)
    return Point(parcels, saved("contacts_n"), saved("claims_n"), saved("contacts_n", cost))


def by_carrier(week: Week, *, weeks_before: int = 0) -> pd.DataFrame:
    """Say what the late parcels of each carrier cost Care.

    Returns
    -------
    DataFrame
        carrier, parcels_n, late_n (not on time), late_share, extra_n (contacts beyond those of as many
        parcels on time), extra_cents, each in a week on average; the dearest first.
    """
    listed = rows(week, "contacts_by_lateness", weeks_before=weeks_before)
    return _by_carrier(listed, week.settings.rules.contact_cost_cents)


def _by_carrier(listed: pd.DataFrame, contact_cost_cents: float) -> pd.DataFrame:
    weeks, usual = max(listed["week"].nunique(), 1), _rate(listed, "on_time")
    late = listed[listed["lateness"] != "on_time"]
    sums = late.groupby("carrier")[["parcels_n", "contacts_n"]].sum()
    all_n = listed.groupby("carrier")["parcels_n"].sum()
    found = pd.DataFrame(
        {
            "parcels_n": all_n / weeks,
            "late_n": sums["parcels_n"].reindex(all_n.index, fill_value=0) / weeks,
            "extra_n": (sums["contacts_n"] - usual * sums["parcels_n"]).reindex(all_n.index, fill_value=0)
            / weeks,
        }
    )
    found["late_share"] = found["late_n"] / found["parcels_n"]
    found["extra_cents"] = found["extra_n"] * contact_cost_cents
    return found.sort_values("extra_cents", ascending=False, kind="stable").reset_index()


def spared(week: Week, *, weeks_before: int = 0, weeks: int = _WEEKS) -> pd.DataFrame:
    """Count the contacts of the last four weeks that are known well enough and could have been spared.

    Parameters
    ----------
    week : Week
    weeks_before : int
        As it was known so many weeks before.
    weeks : int
        So many of the last weeks that are known well enough.

    Returns
    -------
    DataFrame
        kind (``avoidable``: tracking could have answered; ``double``: the seller and Care both handled it),
        contacts_n, of_n (of so many), cents, weeks (the last, joined), each in a week on average.
    """
    seen_at = week.cube.as_of - dt.timedelta(weeks=weeks_before)
    found = []
    for kind, slug, fact, count, of in (
        ("avoidable", "avoidable_contact_share", "wismo_openings", "avoidable_n", "wismo_n"),
        ("double", "double_handling", "contacted_orders", "double_n", "contacted_n"),
    ):
        last = None if week.review.lacking(kpi(slug)) else week.review.judged_week(slug)
        if last is None:
            continue
        counted = [one for one in week.cube.weeks if one <= last.shift(-weeks_before)][-weeks:]
        if not counted:
            continue
        sums = added_up(week, fact, [(str(one), seen_at) for one in counted], [])[[count, of]].sum()
        found.append(
            {
                "kind": kind,
                "contacts_n": sums[count] / len(counted),
                "of_n": sums[of] / len(counted),
                "cents": sums[count] / len(counted) * week.settings.rules.contact_cost_cents,
                "weeks": ", ".join(map(str, counted)),
            }
        )
    return pd.DataFrame(found, columns=["kind", "contacts_n", "of_n", "cents", "weeks"])


def listed(week: Week, *, weeks_before: int = 0) -> pd.DataFrame:
    """List what would spare Care work, the most contacts first: the dearest carriers, and what is `spared`.

    Returns
    -------
    DataFrame
        kind (``carrier``, ``avoidable`` or ``double``), carrier (empty but for the first), contacts_n, cents,
        each in a week on average.
    """
    carriers = by_carrier(week, weeks_before=weeks_before).head(_LISTED)
    named = pd.DataFrame(
        {
            "kind": "carrier",
            "carrier": carriers["carrier"],
            "contacts_n": carriers["extra_n"],
            "cents": carriers["extra_cents"],
        }
    )
    others = spared(week, weeks_before=weeks_before).assign(carrier="")[named.columns]
    found = pd.concat([named, others], ignore_index=True)
    found = found[found["contacts_n"] > 0]
    return found.sort_values("contacts_n", ascending=False, kind="stable").reset_index(drop=True)


def came_of(week: Week) -> pd.DataFrame:
    """Say what became of last week's list: `listed` as it was then, and the newest week that can be counted.

    Returns
    -------
    DataFrame
        As `listed`, with now_n: such contacts in the week that could not be counted yet a week ago.
    """
    before, counted = listed(week, weeks_before=1), rows(week, "contacts_by_lateness")
    newest = counted[counted["week"] == counted["week"].max()]
    cost = week.settings.rules.contact_cost_cents
    now = _by_carrier(newest, cost).set_index("carrier")["extra_n"].to_dict()
    now |= spared(week, weeks=1).set_index("kind")["contacts_n"].to_dict()
    names = before["carrier"].where(before["carrier"] != "", before["kind"])
    return before.assign(now_n=[float(now.get(name, 0.0)) for name in names])


def newest_week(week: Week) -> IsoWeek:
    """Give the latest week up to the opened one that the extracts of contacts cover; else the opened one."""
    until = week.review.known_until("csat_answers")
    return max(
        (one for one in week.cube.weeks if one <= week.week and one.ended_at <= until), default=week.week
    )


def reasons(week: Week) -> pd.DataFrame:
    """Count contacts by Care's reason: the newest week, and the eight weeks before on average.

    Returns
    -------
    DataFrame
        reason (empty: none given), now_n, usual_n, change_n, since (the first week of a reason that has come
        into use in the last half year; empty: it has not, or its few contacts may have come so by chance);
        the largest move first. The sum of the changes is that of all contacts: reasons that are renamed move
        against each other.
    """
    newest = newest_week(week)
    weeks = [one for one in week.cube.weeks if one <= newest][-_HALF_A_YEAR:]
    looks = [(str(one), week.cube.as_of) for one in weeks]
    counts = added_up(week, "contact_openings", looks, ["reason"])
    table = counts.pivot_table(
        index="reason", columns="week", values="opened_n", aggfunc="sum", fill_value=0
    ).reindex(columns=[str(one) for one in weeks], fill_value=0)
    usual = table.iloc[:, -_REASON_WEEKS - 1 : -1].mean(axis=1)
    found = pd.DataFrame({"now_n": table.iloc[:, -1], "usual_n": usual, "since": _since(table)})
    found["change_n"] = found["now_n"] - found["usual_n"]
    order = found["change_n"].abs().sort_values(ascending=False, kind="stable").index
    return found.loc[order].reset_index()


def _since(table: pd.DataFrame) -> list[str]:
    """Name the first week of each reason that nobody had in the eight weeks before it, however few it is.

    Were a reason as frequent before as after, the chance that all of its n contacts fall in the last k of
    the weeks is (k / weeks)^n.
    """
    found = []
    for counts in table.to_numpy():
        first = int((counts > 0).argmax())
        chance = ((counts.size - first) / counts.size) ** counts.sum()
        is_new = first >= _REASON_WEEKS and chance < _BY_CHANCE
        found.append(str(table.columns[first]) if is_new else "")
    return found
