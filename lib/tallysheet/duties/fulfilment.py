"""Fulfilment partners: what leaves late, lies at the dock or is picked wrong, and what starts there."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tallysheet.duties.known import rows
from tallysheet.duties.standardised import against_others
from tallysheet.week import Week

STEPS = ("dispatch", "stock", "pick")
"""What partners do: send out by the cut-off, put into stock within a day, pick the right lines."""
SLUGS = ("dispatch_on_time", "dock_to_stock_h", "pick_accuracy")
_JUDGED = dict(zip(SLUGS, STEPS, strict=True))
WEEKS, RECENT = 13, 4
"""So many weeks are compared; so many say what is wrong now."""
_LEAST_A_WEEK = 0.5
_HARDLY = 20
_BEYOND_CHANCE = 2.6


def days(week: Week, *, weeks_before: int = 0) -> pd.DataFrame:
    """Count by partner, step and day of the last 13 weeks, as of the week or of so many before.

    Returns
    -------
    DataFrame
        partner, step, day (date), week (its Monday), weekday (0: Monday), n, wrong_n.
    """
    found = rows(week, "fulfilment_days", weeks_before=weeks_before)
    day = pd.to_datetime(found["day"])
    monday = day - pd.to_timedelta(day.dt.day_of_week, unit="D")
    return found.assign(day=day, week=monday, weekday=day.dt.day_of_week)


def partners(week: Week) -> pd.DataFrame:
    """Compare each partner with the others in each step, on a common mix of weekdays.

    Returns
    -------
    DataFrame
        step, partner, and what `against_others` says of what went right; excess is what went wrong beyond the
        others, a week.
    """
    counted = days(week)
    found = []
    for step in STEPS:
        part = counted[counted["step"] == step]
        if part.empty:
            continue
        sides = part.assign(
            carrier=part["partner"], lane=part["weekday"].astype(str), x=part["n"] - part["wrong_n"]
        )
        found.append(against_others(sides).rename(columns={"carrier": "partner"}).assign(step=step))
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=["step", "partner"])


def recent(week: Week, *, weeks_before: int = 0) -> pd.DataFrame:
    """Say what went wrong in the last 4 weeks, by partner and step, the most first.

    Returns
    -------
    DataFrame
        partner, step, n, wrong_n (of the 4 weeks), weekly (wrong a week), weekday (as `bad_weekday`), own and
        others (shares that went wrong, there and at the other partners; NaN if there are none), stands_out
        (whether more does than at the others, beyond chance, or the week's verdict names it).
    """
    counted = days(week, weeks_before=weeks_before)
    last = pd.Timestamp(week.week.monday) - pd.Timedelta(weeks=weeks_before)
    part = counted[counted["week"] > last - pd.Timedelta(weeks=RECENT)]
    found = part.groupby(["partner", "step"], as_index=False)[["n", "wrong_n"]].sum()
    own = dict(iter(counted.groupby(["partner", "step"])))
    keys = zip(found["partner"], found["step"], strict=True)
    found = found.assign(weekly=found["wrong_n"] / RECENT, weekday=[bad_weekday(own[key]) for key in keys])
    found = _beside_the_others(found)
    named = _named_by_verdicts(week, begun=weeks_before == 0)
    is_named = [pair in named for pair in zip(found["partner"], found["step"], strict=True)]
    found["stands_out"] |= np.array(is_named, dtype=bool) & (found["own"] > found["others"])
    order = ["weekly", "partner", "step"]
    return found.sort_values(order, ascending=[False, True, True]).reset_index(drop=True)


def _beside_the_others(found: pd.DataFrame) -> pd.DataFrame:
    """Add shares, and whether a partner's is beyond that of the others by 2.6 standard errors."""
    sums = found.groupby("step")[["n", "wrong_n"]].transform("sum")
    others_n = sums["n"] - found["n"]
    others = (sums["wrong_n"] - found["wrong_n"]) / others_n.where(others_n > 0)
    own, every = found["wrong_n"] / found["n"], sums["wrong_n"] / sums["n"]
    error = (every * (1 - every) * (1 / found["n"] + 1 / others_n.where(others_n > 0))) ** 0.5
    return found.assign(own=own, others=others, stands_out=own - others > _BEYOND_CHANCE * error)


def _named_by_verdicts(week: Week, begun: bool) -> set[tuple[str, str]]:
    """Give the partners whose doing a KPI's move is, each with its step: the review names them too.

    A single bad week is soon lost among four; beside the partner's own earlier weeks it is plain. What has
    only begun in the week is left out where an earlier week is asked about.
    """
    verdicts = {step: week.verdict(slug) for slug, step in _JUDGED.items() if week.has(slug)}
    return {
        (partner, step)
        for step, verdict in verdicts.items()
        for found in (*(verdict.findings if begun else ()), *verdict.continuing)
        if found.by == "fulfilment"
        for partner in found.scope.get("partner", ())
    }


def first(found: pd.DataFrame) -> pd.Series:
    """Choose of `listed` who is named first: the partner furthest beyond the others, else the first."""
    beyond = ((found["own"] - found["others"]) * found["n"]).where(found["stands_out"])
    return found.iloc[int(np.nanargmax(beyond))] if beyond.notna().any() else found.iloc[0]


def listed(week: Week, *, weeks_before: int = 0) -> pd.DataFrame:
    """Say what to speak about with whom: what goes wrong at least every other week.

    A partner is asked where it stands out, or one of its weekdays does. A step in which none does is one row
    of all partners together: more cases of it at one than at another are a matter of size and chance.

    Returns
    -------
    DataFrame
        As `recent`, partners that stand out first; of all together ``partner`` is empty and ``others`` NaN.
    """
    found = recent(week, weeks_before=weeks_before)
    found["is_asked"] = (found["stands_out"] | (found["weekday"] >= 0)) & (found["weekly"] >= _LEAST_A_WEEK)
    steps = [
        part[part["is_asked"]] if part["is_asked"].any() else _together(part)
        for _, part in found.groupby("step", sort=False)
    ]
    every = pd.concat([found.iloc[:0], *steps])
    every = every[every["weekly"] >= _LEAST_A_WEEK].drop(columns="is_asked")
    order = ["stands_out", "weekly", "partner", "step"]
    return every.sort_values(order, ascending=[False, False, True, True]).reset_index(drop=True)


def _together(part: pd.DataFrame) -> pd.DataFrame:
    """Add up the partners of a step; one that is alone keeps its name."""
    if len(part) == 1:
        return part
    n, wrong_n = int(part["n"].sum()), int(part["wrong_n"].sum())
    own, weekly = wrong_n / n, wrong_n / RECENT
    return part.iloc[:1].assign(
        partner="", n=n, wrong_n=wrong_n, weekly=weekly, weekday=-1, own=own, others=np.nan
    )


def bad_weekday(counted: pd.DataFrame) -> int:
    """Find the weekday on which more goes wrong than on the others, by more than chance; -1: none.

    Parameters
    ----------
    counted : DataFrame
        weekday, n, wrong_n.

    Notes
    -----
    The largest standardised difference of a weekday's share to that of all must be beyond 2.6: with five to
    seven of them, chance alone gets there in 3 % of cases.

    Examples
    --------
    >>> bad_weekday(pd.DataFrame({"weekday": [0, 1], "n": [500, 500], "wrong_n": [50, 10]}))
    0
    >>> bad_weekday(pd.DataFrame({"weekday": [0, 1], "n": [500, 500], "wrong_n": [32, 28]}))
    -1
    """
    by_day = counted.groupby("weekday")[["n", "wrong_n"]].sum()
    n, wrong = by_day["n"].to_numpy(float), by_day["wrong_n"].to_numpy(float)
    share = wrong.sum() / max(n.sum(), 1.0)
    # What is left of the chance once the day itself is in the share of all.
    error = (share * (1 - share) * n * (1 - n / max(n.sum(), 1.0))) ** 0.5
    z = np.divide(wrong - share * n, error, out=np.zeros_like(n), where=error > 0)
    place = int(z.argmax()) if len(z) else 0
    return int(by_day.index.to_numpy()[place]) if len(z) and z[place] > _BEYOND_CHANCE else -1


def came_of(week: Week) -> pd.DataFrame:
    """Say what became of last week's list: `listed` of the week before, with wrong_now of the week itself."""
    before = listed(week, weeks_before=1)
    counted = days(week)
    now = counted[counted["week"] == pd.Timestamp(week.week.monday)]
    every = pd.concat([now, now.assign(partner="")])
    wrong = every.groupby(["partner", "step"])["wrong_n"].sum().to_dict()
    keys = zip(before["partner"], before["step"], strict=True)
    return before.assign(wrong_now=[int(wrong.get(key, 0)) for key in keys])


def by_weekday(week: Week, step: str) -> pd.DataFrame:
    """Give the share that went wrong, by partner (rows) and weekday (columns, 0: Monday) of the 13 weeks.

    A weekday with less than a twentieth of all is left out: such a day is hardly worked.
    """
    counted = days(week)
    part = counted[counted["step"] == step]
    part = part[part.groupby("weekday")["n"].transform("sum") >= part["n"].sum() / _HARDLY]
    wide = [
        part.pivot_table(index="partner", columns="weekday", values=side, aggfunc="sum", fill_value=0)
        for side in ("wrong_n", "n")
    ]
    return wide[0] / wide[1].where(wide[1] > 0)


def starts(week: Week) -> pd.DataFrame:
    """Count where lateness of outbound parcels starts, by partner; empty: sent by sellers themselves.

    Jobs do not name their orders: what was handed over late is told by the first scan, after the day by which
    it had to be handed over.

    Returns
    -------
    DataFrame
        partner, due, late, at_partner (handed over late), share (of the late), rate (of the due).
    """
    parcels = rows(week, "late_legs")
    sent = parcels[parcels["flow"] == "outbound"]
    late = sent[sent["leg"] != "in_time"]
    begun = late[late["leg"].isin(["handover", "both"])]
    found = pd.DataFrame(
        {
            name: part.groupby("partner")["parcels_n"].sum()
            for name, part in (("due", sent), ("late", late), ("at_partner", begun))
        }
    )
    found = found.fillna(0).astype("int64").rename_axis("partner").reset_index()
    return found.assign(
        share=found["at_partner"] / found["late"].where(found["late"] > 0),
        rate=found["at_partner"] / found["due"],
    )
