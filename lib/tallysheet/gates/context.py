"""Was it to be expected, or only counted otherwise? Calendar, promises, reasons, days of decision."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from scipy import special

from tallysheet.calendar_effects import peak_week
from tallysheet.evidence import Evidence, Weekly
from tallysheet.findings import Finding, scope_of
from tallysheet.intervals import NORMAL_95, wilson
from tallysheet.kpi import Kpi
from tallysheet.limits import Numbers
from tallysheet.lineup import lineup_of
from tallysheet.seasons import calendar_adjusted
from tallysheet.spells import LONGEST, measure, spell_at
from tallysheet.steps import Step, step_at
from tallysheet.tracks import Track

SURE, SURE_STEP = 1e-4, 1e-3
"""Chances that an unchanged week shows other reasons, or another promise."""

_NOTICEABLE, _NOTICEABLE_GROWTH = 0.01, 0.1
"""An effect of the calendar that is worth a word: on a share, and of a peak on how much there is."""

_LOST = 0.5
_SEEN = 0.25
_AT_ONCE = 0.15
"""Share of the open claims decided in one minute from which on nobody looked at them one by one."""

_GOES_ON = 3
"""For so many weeks after it began a change of reasons is still told."""

_REASONS = {"wismo": "WISMO", "wismo_openings": "WISMO"}
"""Fact to the reason of Customer Care that it counts."""


def expectations(evidence: Evidence, one: Kpi) -> Weekly | None:
    """Lay out the KPI beside what holidays and peaks usually do to it: peaks in all, holidays by country."""
    if not one.follows_calendar and not one.follows_peaks:
        return None
    whole = calendar_adjusted(evidence.review, one.slug, until=evidence.weeks[-1]).assign(country="")
    table, limit = whole, _NOTICEABLE_GROWTH
    if one.follows_calendar:
        table, limit = pd.concat([whole, evidence.holidays(one.slug)], ignore_index=True), _NOTICEABLE
    peaks = [peak_week(each) for each in table["week"]]
    table = table.assign(peak=peaks, week=table["week"].astype(str), limit=limit)
    return table.assign(is_usual=table["known"] == "ordinary", is_judged=table["week"] == evidence.week)


def calendar(table: Weekly) -> list[Finding]:
    """Find what earlier holidays and peaks led to expect of the week, where it came to pass.

    A peak that lasts is told by its full weeks: those with three quarters of what its worst one was to bring;
    in the second it goes on since the first.
    """
    found = []
    for country, rows in table.groupby("country", sort=True):
        at = _first_of_peak(rows, int(np.flatnonzero(rows["is_judged"])[0]))
        if rows["known"].iloc[at] != "history":
            continue
        run = [at]
        while run[-1] + 1 < len(rows) and rows["peak"].iloc[at] and rows["peak"].iloc[run[-1] + 1]:
            run.append(run[-1] + 1)
        expected = rows["expected"].iloc[run[:_LASTING]]
        worst = float(expected.iloc[int(expected.abs().to_numpy().argmax())])
        full = expected[expected / worst >= _MOSTLY].index if worst else expected.index
        size, came = float(expected[full].mean()), float(rows["deviation"][full].mean())
        if abs(size) < float(rows["limit"].iloc[0]) or came / size < _SEEN:
            continue
        usual = rows["deviation"][rows["is_usual"]].iloc[-26:]
        spread = 1.4826 * float((usual - usual.median()).abs().median())
        effect = size
        if not country and _SEEN_AGAIN <= came / size <= 1 / _SEEN_AGAIN:
            # No two peaks are alike: this one and the earlier ones are two looks at what a peak does.
            effect, spread = (size + came) / 2, max(spread, abs(came - size) / 2)
        half = min(NORMAL_95 * spread, abs(effect) / 2)
        found.append(
            Finding(
                "CALENDAR",
                {"country": (str(country),)} if country else {},
                "",
                effect,
                effect - half,
                effect + half,
                rows["week"].iloc[at],
                rows["week"][full].iloc[-1],
                math.nan,
                rows[["week", "value", "expected", "adjusted"]].iloc[max(at - 6, 0) : at + _LASTING],
                (("left_over", came - effect),),
            )
        )
    is_peak = bool(table["peak"][table["is_judged"]].iloc[0])
    return [one for one in found if is_peak != bool(one.scope)]


_LASTING = 2
_MOSTLY = 0.75
_SEEN_AGAIN = 0.5
"""A peak that came to half of what was expected, up to twice as much, was a peak like others."""


def _first_of_peak(rows: pd.DataFrame, at: int) -> int:
    """Go back to the week in which a peak began; any other week stands for itself."""
    while at and rows["peak"].iloc[at] and rows["peak"].iloc[at - 1]:
        at -= 1
    return at


def promises(evidence: Evidence, one: Kpi) -> Weekly | None:
    """Lay out how long promises were and how much of them was left, by lane and flow."""
    if one.fact not in ("shipments", "perfect_orders", "transits") or not evidence.has("promises"):
        return None
    if one.numerator not in ("on_time_n", "perfect_n", "in_time_n"):
        return None
    table = evidence.fact("promises", ("lane", "flow")).copy(deep=False)
    if "flow" not in evidence.dimensions(one):  # orders go one way
        table = table[table["flow"] == "outbound"]
    table.attrs = {"is_by_scan": one.fact == "transits"}
    return table


def definition(table: Weekly) -> list[Finding]:
    """Find lanes whose promise became longer or shorter, and what on time would be by the old one.

    It is still told as long as a spell may reach back to weeks without it: nobody became better or worse in
    those either. Parcels by their first scan show it a week before those by their promised day, where some of
    these have it then.
    """
    weeks = sorted(table["week"].unique())
    at = weeks.index(table["week"][table["is_judged"]].iloc[0])
    is_by_scan = bool(table.attrs.get("is_by_scan"))
    table = table.assign(days=table["granted_days_bin"] * table["due_n"])
    moved: dict[tuple[int, int], list[tuple[str, str, Step]]] = {}
    for (lane, flow), rows in table.groupby(["lane", "flow"]):
        sums = rows.groupby("week")[["days", "due_n"]].sum().reindex(weeks, fill_value=0)
        granted = (sums["days"] / sums["due_n"].where(sums["due_n"] >= _LEAST_PARCELS)).to_numpy(float)
        if found := _changed(granted, at, is_by_scan=is_by_scan):
            began, step = found
            days = int(np.sign(step.effect) * max(round(abs(step.effect)), 1))
            moved.setdefault((began, days), []).append((str(lane), str(flow), step))
    return [_restated(table, days, parts, weeks, began) for (began, days), parts in moved.items()]


def _changed(granted: Numbers, at: int, *, is_by_scan: bool) -> tuple[int, Step] | None:
    """Find the last change of a promise that still holds in a week, and the week in which it began."""
    for place in range(min(at + is_by_scan, len(granted) - 1), max(at - LONGEST, 0) - 1, -1):
        step = step_at(granted, place)
        if step is None or abs(step.effect) < _LOST or step.p > SURE_STEP:
            continue
        if place <= at and (granted[at] - step.before) / step.effect < _MOSTLY:
            return None  # it no longer holds
        is_under_way = (granted[place - 1] - step.before) / step.effect >= _UNDER_WAY
        began = place - 1 if is_by_scan and is_under_way else place
        if began <= at:
            return began, step
    return None


_LEAST_PARCELS = 40
_UNDER_WAY = 0.15
"""A week that has so much of a step, before the one that has most of it."""


def _restated(
    table: Weekly, days: int, parts: list[tuple[str, str, Step]], weeks: list[str], began: int
) -> Finding:
    """Say what on time would have been, had the promise not changed."""
    since = weeks[began]
    last = min(step.last for *_, step in parts)
    until = max(weeks[last], table["week"][table["is_judged"]].iloc[0])
    held = pd.Series(list(zip(table["lane"], table["flow"], strict=True)), index=table.index).isin(
        [(lane, flow) for lane, flow, _ in parts]
    )
    rows, old = table[held], float(np.mean([step.before for *_, step in parts]))
    by_week = rows.groupby("week")["due_n"].sum()
    now = rows[rows["spare_days_bin"] >= 0].groupby("week")["due_n"].sum() / by_week
    # What was still promised by the old rule is on time by it.
    is_new = (
        (rows["granted_days_bin"] - old >= days / 2)
        if days > 0
        else (rows["granted_days_bin"] - old <= days / 2)
    )
    restated = rows[rows["spare_days_bin"] >= days * is_new].groupby("week")["due_n"].sum() / by_week
    proof = pd.DataFrame({"on_time": now, "by_old_promise": restated.where(restated.index >= since, now)})
    lasting = by_week.loc[since:until]
    effect = float(np.average((now - restated)[lasting.index], weights=lasting))
    half = NORMAL_95 * float(np.sqrt(abs(effect) / lasting.sum()))
    where = {"lane": tuple(sorted({lane for lane, *_ in parts}))}
    flows = tuple(sorted({flow for _, flow, _ in parts}))
    if len(flows) < table["flow"].nunique():
        where["flow"] = flows
    return Finding(
        "DEFINITION",
        scope_of(where),
        "",
        effect,
        effect - half,
        effect + half,
        since,
        until,
        max(step.p for *_, step in parts),
        proof.iloc[max(began - 4, 0) : began + 3].reset_index(),
        (("by_old_promise", float(restated[since])), ("days", float(days))),
    )


def reasons(evidence: Evidence, one: Kpi) -> Weekly | None:
    """Lay out contacts by the reason that was chosen, in the week in which they were opened."""
    if one.fact not in _REASONS or one.numerator == "asks_where_n" or not evidence.has("contact_openings"):
        return None
    found = evidence.fact("contact_openings", ("reason",))
    sums = found.groupby(["reason", "week", "is_usual", "is_judged"], as_index=False)["opened_n"].sum()
    whole = sums.groupby("week")["opened_n"].transform("sum").astype(float)
    table = sums.assign(x=sums["opened_n"].astype(float), n=whole)
    return table.assign(counted=_REASONS[one.fact])


def classification(table: Weekly) -> list[Finding]:
    """Find a reason that lost to another what the sum of reasons did not lose."""
    lineup = lineup_of(table, ["reason"], "share", SURE)
    leaves, at, counted = lineup.panel, lineup.week, table["counted"].iloc[0]
    names = leaves.named["reason"].tolist()
    if counted not in names:
        return []
    whole = table.groupby("week")["n"].first().reindex(leaves.weeks).to_numpy(float)
    tracks = {
        name: Track.alone(x, whole, "share", lineup.usual) for name, x in zip(names, leaves.x, strict=True)
    }
    own = spell_at(tracks[counted], at)
    if own is None or own.p * len(names) > SURE or own.first < at - _GOES_ON:
        return []
    other = [(name, measure(track, own.first, own.last)) for name, track in tracks.items() if name != counted]
    opposite = [
        (name, one)
        for name, one in other
        if one is not None and one.p * len(names) < SURE and one.effect * own.effect < 0
    ]
    if not opposite:
        return []
    name, one = max(opposite, key=lambda pair: abs(pair[1].effect))
    if abs(one.effect + own.effect) > 0.35 * abs(own.effect):
        return []
    effect, low, high = (side / own.before for side in (own.effect, own.low, own.high))
    return [
        Finding(
            "CLASSIFICATION",
            {},
            "",
            effect,
            low,
            high,
            leaves.weeks[own.first],
            leaves.weeks[own.last],
            own.p * len(names),
            pd.DataFrame({"week": leaves.weeks, counted: tracks[counted].x, name: tracks[name].x}).iloc[
                max(at - 4, 0) : at + 4
            ],
            (("other_reason_gained", one.effect), ("reason_lost", own.effect)),
        )
    ]


def closings(evidence: Evidence, one: Kpi) -> Weekly | None:
    """Lay out the claims that carriers decided all at once, and those that waited then."""
    if one.slug not in ("claim_resolution_days", "claim_decision_days", "claim_backlog"):
        return None
    return evidence.fact("claim_closings", ("carrier",)) if evidence.has("claim_closings") else None


def artefact(table: Weekly) -> list[Finding]:
    """Find carriers that decided many claims in a minute: by the day of decision all seem slow, or fast."""
    counts = ["waiting_n", "at_once_n"]
    rows = table[table["is_judged"]].groupby(["carrier", "week"], as_index=False)[counts].sum()
    earlier = table[table["is_usual"] & ~table["is_judged"]].groupby(["carrier", "week"])[counts].sum()
    # Two that fall into a minute by chance are no habit.
    chance = [_together_by_chance(*row) for row in earlier.itertuples(index=False)]
    usual = earlier[np.array(chance) <= SURE_STEP].groupby("carrier").sum()
    found = []
    for carrier, week, waiting, at_once in rows.itertuples(index=False):
        share = float(at_once / waiting)
        # One whose claims have days of decision only, or are decided once a week, does so in every week.
        habit = float(usual["at_once_n"].get(carrier, 0) / usual["waiting_n"].get(carrier, 1))
        p = max(_together_by_chance(waiting, at_once), float(special.bdtrc(at_once - 1, waiting, habit)))
        if share < _AT_ONCE or p > SURE_STEP:
            continue
        low, high = wilson(share, float(waiting))
        found.append(
            Finding("ARTEFACT", {"carrier": (carrier,)}, "", share, low, min(high, 1.0), week, week, p, rows)
        )
    return found


def _together_by_chance(waiting: int, at_once: int) -> float:
    """Give at most the chance that so many of those decided in a week fall into one minute of its hours."""
    return math.comb(int(waiting), int(at_once)) / _WORKED_MINUTES ** (int(at_once) - 1)


_WORKED_MINUTES = 5 * 8 * 60
"""In which claims are decided in a week."""
