"""Carriers: who is late beyond the others on the same lanes, in which leg, what is lost and what not told."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from tallysheet.actions import FollowUp, follow_up, read_actions
from tallysheet.durations import quantile
from tallysheet.duties.known import added_up, lacking, rows
from tallysheet.duties.standardised import against_others, lane_by_lane
from tallysheet.facts import columns_of
from tallysheet.kpi import Kpi
from tallysheet.kpis import kpi
from tallysheet.week import Week
from tallysheet.weeks import IsoWeek

WEEKS = 13
"""So many weeks that are final are compared."""
_A_WEEK = dt.timedelta(weeks=1)
_ON_ITS_WAY = pd.Timedelta(days=3)
"""What was scanned so long before an event was on its way when it began."""
LOSSES = ("loss_values", "first_scans")
SCANS = ("handed_over", "scan_messages")
"""Facts that tell of losses, and of scans."""
FLOW_ENDS = "|"
"""Between the flow and the way in the name of a lane."""
SLUGS = ("otd", "carrier_otd", "loss_rate", "damage_rate", "scan_compliance", "scan_latency_hours")


def measured(week: Week) -> Kpi:
    """Give the KPI by which carriers are compared: their own days from the first scan, else the promise."""
    return kpi("carrier_otd" if week.has("carrier_otd") else "otd")


def final_weeks(week: Week, slug: str, *, weeks_before: int = 0) -> list[IsoWeek]:
    """Give the last 13 weeks of which a KPI was final, for this week's page or that of so many before."""
    last = week.week.shift(-weeks_before)
    then, full = week.cube.as_of - weeks_before * _A_WEEK, dt.timedelta(days=kpi(slug).maturity_days)
    seen_at = min(then, week.review.known_until(slug))
    known = [one for one in week.cube.weeks if one <= last and seen_at - one.ended_at >= full]
    return known[-WEEKS:]


def counts(week: Week, *, weeks_before: int = 0) -> pd.DataFrame:
    """Count what carriers carried and what of it was in time, by week and lane.

    Returns
    -------
    DataFrame
        carrier, lane (with its flow, if it is not the only one), way (the lane alone), week, x, n.
    """
    one, columns = measured(week), ["carrier", "lane", "way", "week", "x", "n"]
    seen_at = week.cube.as_of - weeks_before * _A_WEEK
    looks = [(str(each), seen_at) for each in final_weeks(week, one.slug, weeks_before=weeks_before)]
    if not looks or not week.has(one.slug):
        return pd.DataFrame(columns=columns)
    found = _added(week, one.fact, looks)
    return _by_lane(found.assign(x=found[one.numerator], n=found[str(one.denominator)]))[columns]


def _added(week: Week, fact: str, looks: list[tuple[str, dt.datetime]]) -> pd.DataFrame:
    """Add a fact up by carrier, flow and lane; where no lane is known, from place to place, or by country."""
    found = added_up(week, fact, looks, ["carrier", "flow", "lane"])
    for ends in (["origin", "destination"], ["destination_country"]):
        if (found["lane"] == "").all() and {*ends} <= {*columns_of(fact)}:
            other = added_up(week, fact, looks, ["carrier", "flow", *ends])
            if (other[ends] != "").any().all():
                found = other.assign(lane=other[ends].agg("-".join, axis=1))
    return found


def _by_lane(found: pd.DataFrame) -> pd.DataFrame:
    """Name the lanes with their flow, as a return is another thing than its way out; not if there is one."""
    is_one_flow = found["flow"].nunique() < 2
    lane = found["lane"] if is_one_flow else found["flow"] + FLOW_ENDS + found["lane"]
    return found.assign(way=found["lane"], lane=lane)


def compared(week: Week, *, weeks_before: int = 0) -> pd.DataFrame:
    """Compare carriers with the others on the same lanes, as `against_others` does."""
    return against_others(counts(week, weeks_before=weeks_before))


def lanes(week: Week) -> pd.DataFrame:
    """Compare carriers with the others lane by lane, as `lane_by_lane` does."""
    return lane_by_lane(counts(week))


def events(week: Week) -> pd.DataFrame:
    """List strikes, weather and closures of the event log that no carrier has to itself.

    Returns
    -------
    DataFrame
        kind, starts_on, ends_on, country (empty: all), of which some day lies in the weeks compared.
    """
    weeks = final_weeks(week, measured(week).slug)
    if lacking(week, "outside_events") or not weeks:
        return pd.DataFrame(columns=["kind", "starts_on", "ends_on", "country"])
    found = rows(week, "outside_events")
    ends = pd.to_datetime(found["ends_on"]) >= pd.Timestamp(weeks[0].monday)
    return found[ends & (pd.to_datetime(found["starts_on"]) <= pd.Timestamp(weeks[-1].sunday))]


def spared(week: Week) -> pd.DataFrame | None:
    """Compare carriers as `compared` does, without the weeks and countries of `events`; None without any."""
    found = events(week)
    if found.empty:
        return None
    counted = counts(week)
    mondays = {name: pd.Timestamp(IsoWeek.parse(name).monday) for name in counted["week"].unique()}
    monday = counted["week"].map(mondays)
    ends = counted["way"].str.split("-")
    is_touched = pd.Series(False, index=counted.index)
    for event in found.to_dict("records"):
        is_then = monday <= pd.Timestamp(event["ends_on"])
        is_then &= monday + pd.Timedelta(days=6) >= pd.Timestamp(event["starts_on"]) - _ON_ITS_WAY
        is_there = ends.map(lambda places, country=event["country"]: country in ("", *places))
        is_touched |= is_then & is_there
    return against_others(counted[~is_touched])


def legs(week: Week) -> pd.DataFrame:
    """Count the late parcels of the last 4 weeks by carrier and the leg that made them late.

    Returns
    -------
    DataFrame
        By carrier: due, late, and of the late handover, both, transit, last_mile, unknown.
    """
    listed = rows(week, "late_legs")
    kinds = ["in_time", "handover", "both", "transit", "last_mile", "unknown"]
    wide = listed.pivot_table(
        index="carrier", columns="leg", values="parcels_n", aggfunc="sum", fill_value=0
    ).reindex(columns=kinds, fill_value=0)
    due = wide.sum(axis=1)
    return wide.assign(due=due, late=due - wide["in_time"]).drop(columns="in_time").reset_index()


def is_unplaced(week: Week) -> bool:
    """Tell whether it is known of none of the late parcels of the last 4 weeks which leg made it late."""
    found = legs(week)
    return bool(found["late"].sum() == found["unknown"].sum() > 0)


def lacks(week: Week, *facts: str) -> list[str]:
    """Name the tables that facts lack."""
    return sorted({table for fact in facts for table in week.cube.missing[fact]})


def has_losses(week: Week) -> bool:
    """Tell whether there is anything to say about losses."""
    is_told = not (lacks(week, *LOSSES) or week.review.lacking(kpi("loss_rate")))
    return is_told and bool(final_weeks(week, "loss_rate"))


def has_scans(week: Week) -> bool:
    """Tell whether there is anything to say about scans."""
    is_told = not (lacks(week, *SCANS) or week.review.lacking(kpi("scan_compliance")))
    return is_told and bool(final_weeks(week, "scan_compliance"))


def losses(week: Week) -> pd.DataFrame:
    """Say what was lost, beside the others on the same lanes, what it was worth and where the worth gathers.

    Returns
    -------
    DataFrame
        As `compared` of parcels that were not lost, with losses_n (lost or damaged in the weeks), valued_n
        (of how many the money is known), value_cents, paid_cents and net_loss_cents (of the valued; NaN where
        of some none is), and lane and category (of most of the value) with their shares of it.
    """
    weeks = final_weeks(week, "loss_rate")
    found = _of_weeks(week, "loss_values", weeks, ["carrier", "lane", "category"])
    scanned = _added(week, "first_scans", _looks(week, weeks))
    scanned = scanned.assign(x=scanned["scanned_n"] - scanned["lost_n"], n=scanned["scanned_n"])
    table = against_others(_by_lane(scanned)).set_index("carrier")
    money = ["value_cents", "paid_cents", "net_loss_cents"]
    measures = ["losses_n", "valued_n", *money]
    table = table.join(found.groupby("carrier")[measures].sum())
    table[measures] = table[measures].fillna(0)
    table.loc[(table["losses_n"] > 0) & (table["valued_n"] == 0), money] = float("nan")
    for name in ("lane", "category"):
        parts = found.groupby(["carrier", name])["value_cents"].sum()
        whole = parts.groupby("carrier").sum()
        table[name] = parts[parts > 0].groupby("carrier").idxmax().map(lambda key: key[1])
        table[f"{name}_share"] = parts.groupby("carrier").max() / whole.where(whole > 0)
    return table.reset_index()


def scans(week: Week) -> pd.DataFrame:
    """Say of how many parcels carriers told all that they must, and how late they told it.

    Returns
    -------
    DataFrame
        As `compared` of parcels with all their messages, with median_hours (of the last 4 of the weeks).
    """
    weeks = final_weeks(week, "scan_compliance")
    found = _added(week, "handed_over", _looks(week, weeks))
    table = against_others(_by_lane(found.assign(x=found["complete_n"], n=found["due_n"])))
    messages = _of_weeks(week, "scan_messages", weeks[-4:], ["carrier"])
    median = {
        str(name): _median(part.groupby("latency_bin")["received_n"].sum())
        for name, part in messages.groupby("carrier")
    }
    return table.assign(median_hours=table["carrier"].map(median))


def promise_kept(week: Week) -> pd.Series:
    """Give by carrier the share that came by the promise in the weeks compared, as customers see it."""
    found = _of_weeks(week, "shipments", final_weeks(week, measured(week).slug), ["carrier"])
    summed = found.groupby("carrier")[["on_time_n", "due_n"]].sum()
    return summed["on_time_n"] / summed["due_n"].where(summed["due_n"] > 0)


def goal(week: Week, carrier: str) -> float:
    """Give the target of what of a carrier comes by the promise: its own, else that of all.

    NaN without one, and where it has one for some of its parcels only, such as outbound ones: for them that
    of all does not hold, and it does not hold for all of them.
    """
    if own := week.review.target("otd", (("carrier", carrier),)):
        return own.target
    ours = [one for one in week.review.targets if one.kpi == "otd" and one.holds_in(week.week)]
    of_all = week.review.target("otd")
    if of_all is None or any(one.where.get("carrier") == carrier for one in ours):
        return float("nan")
    return of_all.target


def _of_weeks(week: Week, fact: str, weeks: list[IsoWeek], by: list[str]) -> pd.DataFrame:
    """Add a fact up by several dimensions, of weeks as known now."""
    return added_up(week, fact, _looks(week, weeks), by)


def _looks(week: Week, weeks: list[IsoWeek]) -> list[tuple[str, dt.datetime]]:
    return [(str(one), week.cube.as_of) for one in weeks or [week.week]]


def _median(by_bin: pd.Series) -> float:
    """Give the median of a histogram of quarters of an hour."""
    shape = kpi("scan_latency_hours").histogram
    if shape is None or by_bin.sum() == 0:
        return float("nan")
    whole = by_bin.reindex(range(int(by_bin.index.max()) + 1), fill_value=0)
    left = 1 - whole.cumsum().to_numpy() / whole.sum()
    middles = [shape.middle(number) for number in whole.index]
    return float(quantile(left, middles, 0.5, shape.width))


def under_way(week: Week) -> list[FollowUp]:
    """List the actions of data/actions.csv that are about carriers, with what came of those that are due."""
    listed = read_actions(week.settings.data / "actions.csv")
    about = [one for one in listed if "carrier" in one.where or (one.kpi in SLUGS and not one.where)]
    there = [slug for slug in {one.kpi for one in about} if week.has(slug)]
    return list(follow_up(about, week.review, there))
