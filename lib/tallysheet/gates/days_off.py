"""Days off behind a level: what took longer by public holidays, and what only seems quick or slow by them.

What the calendar does to a median cannot be taken off beforehand: it does not add up.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from tallysheet.evidence import Weekly, day_of
from tallysheet.findings import Finding, key_of, places_of
from tallysheet.seasons import COUNTRIES
from tallysheet.spells import BASE_WEEKS
from tallysheet.weeks import workdays

_MOSTLY = 0.75
"""What moved by so much of what a partner did moved mostly as far."""

_MOST_HAVE_COME = 0.75
"""Where a smaller share of the usual number has arrived, what is slow is still on its way."""


def apart(found: Sequence[Finding], table: Weekly) -> list[Finding]:
    """Put down to the calendar what only took longer where there were public holidays.

    What only seems to have moved by them is left out.
    """
    seeming = (_is_left_behind, _is_of_days_off, _is_cut_short)
    return [
        replace(one, code="CALENDAR", by="workdays") if _is_slow_by_them(one, table) else one
        for one in found
        if not any(seems(one, table) for seems in seeming)
    ]


def _is_slow_by_them(finding: Finding, table: Weekly) -> bool:
    """Tell whether places took longer that all had public holidays."""
    places = _places_alone(finding)
    if finding.effect < 0 or not places:
        return False
    return all(_had_some(place, table.attrs["week"]) for place in places)


def _is_left_behind(finding: Finding, table: Weekly) -> bool:
    """Tell whether a part without public holidays only seems quicker because most others had some."""
    places, week = _places_alone(finding), table.attrs["week"]
    if finding.effect > 0 or not places or any(_had_some(place, week) for place in places):
        return False
    volume = table[table["week"] == week].groupby(_dimension(finding, table))["n"].sum()
    ends = {part: part.rpartition("-")[2] for part in volume.index.astype(str)}
    others = {part: n for part, n in volume.items() if part and ends[str(part)] not in places}
    held = sum(n for part, n in others.items() if _had_some(ends[str(part)], week))
    return bool(held > sum(others.values()) / 2)


def _is_cut_short(finding: Finding, table: Weekly) -> bool:
    """Tell whether a place only seems quicker because its days off kept from arriving what is slow.

    It had one in the week itself, and far fewer have arrived than in the weeks before.
    """
    places, week = _places_alone(finding), table.attrs["week"]
    monday = day_of(week)
    sunday = monday + dt.timedelta(days=6)
    if finding.effect > 0 or not places or not all(_has_some(place, monday, sunday) for place in places):
        return False
    name = _dimension(finding, table)
    here = table[table[name].isin([*finding.scope[key_of(name)]])]
    n = here.groupby("week")["n"].sum()
    return bool(n.get(week, 0.0) < _MOST_HAVE_COME * n[n.index < week].tail(BASE_WEEKS).mean())


def _is_of_days_off(finding: Finding, table: Weekly) -> bool:
    """Tell whether somebody only seems slow, or quick, as a place does that has public holidays, or had some.

    There it may mostly deliver: the place has at least half as much volume, and moved as far, as far as
    one can tell. A partner sends to all places: so have those together that moved mostly as far.
    """
    names = [name for name in table.attrs["by"] if key_of(name) in finding.scope]
    if places_of(finding.scope) or len(names) != 1:
        return False
    is_partner, week, named = names[0] == "partner", table.attrs["week"], finding.scope[key_of(names[0])]
    own, n = _slower(table[table[names[0]].isin(list(named))], week)
    way = np.sign(finding.effect)
    far = own * way * _MOSTLY if is_partner else own * way - (finding.high - finding.low) / 2
    for place in [one for one in ("lane", *COUNTRIES) if one in table]:
        volumes = [0.0]
        for value, rows in table[table[place].notna()].groupby(place):
            slower, volume = _slower(rows, week)
            country = str(value).rpartition("-")[2]
            if slower * way >= far and _moves_with_them(finding.effect, country, table):
                volumes.append(volume)
        if (sum(volumes) if is_partner else max(volumes)) >= n / 2:
            return True
    return False


def _moves_with_them(effect: float, country: str, table: Weekly) -> bool:
    """Tell whether a country has public holidays and so is slow, or had some before and so is quick again."""
    week = table.attrs["week"]
    has_some = _had_some(country, week)
    if effect > 0:
        return has_some
    before = sorted(one for one in table["week"].unique() if one < week)[-BASE_WEEKS:]
    return not has_some and any(_had_some(country, one) for one in before)


def _slower(rows: pd.DataFrame, week: str) -> tuple[float, float]:
    """Say by how much a part took longer than in the weeks before, and how many were counted of it."""
    sums = rows.groupby("week")[["x", "n"]].sum()
    before = sums[sums.index < week].tail(BASE_WEEKS).sum()
    now = sums.reindex([week], fill_value=0.0).iloc[0]
    if not (now["n"] > 0 and before["n"] > 0):
        return 0.0, 0.0
    return float(now["x"] / now["n"] - before["x"] / before["n"]), float(now["n"])


def _places_alone(finding: Finding) -> tuple[str, ...]:
    """Give the countries of a finding that blames nobody in them."""
    return tuple(places_of(finding.scope)) if finding.by == "external" else ()


def _dimension(finding: Finding, table: Weekly) -> str:
    """Give the dimension of a table by which a finding names places."""
    return next(one for one in ("lane", *COUNTRIES) if one in table and key_of(one) in finding.scope)


def _had_some(country: str, week: str) -> bool:
    """Tell whether a country had a public holiday while parcels of a week were on their way."""
    first = day_of(week) - dt.timedelta(days=7)
    return _has_some(country, first, first + dt.timedelta(days=20))


def _has_some(country: str, first: dt.date, last: dt.date) -> bool:
    weekdays = int(np.busday_count(first, last + dt.timedelta(days=1)))
    return bool(workdays(str(country), first, last)["is_workday"].sum() < weekdays)
