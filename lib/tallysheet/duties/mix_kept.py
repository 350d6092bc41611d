"""What the carrier mix proposed nine weeks ago would have saved since, beside what was promised."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pandas as pd

from tallysheet import carrier_mix
from tallysheet.carrier_mix import Evidence
from tallysheet.cube import Cube
from tallysheet.duties import mix
from tallysheet.duties.mix_evidence import evidence
from tallysheet.week import Week
from tallysheet.weeks import IsoWeek

BACK = 9
"""Weeks from the mix to the opened week: the four after it are old enough for their losses to be known."""
_JUDGED = 4


def kept(week: Week) -> pd.DataFrame:
    """Judge the mix of nine weeks ago, as known then, by the four weeks after it.

    Returns
    -------
    DataFrame
        As `carrier_mix.judged`; empty where the data does not reach back so far, or had no mix then.
    """
    about = [str(week.week), repr(week.settings.mix)]
    return week.cube.remembered("mix-kept", about, lambda: _judged(week))


def judged_weeks(week: Week) -> list[IsoWeek]:
    """Give the weeks that judge."""
    return [week.week.shift(number - BACK) for number in range(1, _JUDGED + 1)]


def _judged(week: Week) -> pd.DataFrame:
    nothing = pd.DataFrame(columns=["mix"])
    first, then = week.week.shift(-BACK), week.cube.as_of - dt.timedelta(weeks=BACK)
    if first not in week.cube.weeks:
        return nothing
    earlier = Week(
        first, week.base, week.language, week.settings, week.ledger, Cube(week.ledger, week.settings, then)
    )
    if mix.is_small(earlier) or not mix.solved(earlier).is_optimal:
        return nothing
    problem = mix.grounded(earlier).problem
    later = _of_weeks(evidence(week), [str(one) for one in judged_weeks(week)])
    if min(len(later.on_time), len(later.losses), len(later.parcels)) == 0:
        return nothing
    found = carrier_mix.mixes(problem)
    return carrier_mix.judged(problem, found, carrier_mix.held(mix.grounded(earlier), later))


def _of_weeks(known: Evidence, weeks: list[str]) -> Evidence:
    """Keep only what was seen in some weeks."""
    return replace(
        known,
        parcels=known.parcels[known.parcels["week"].isin(weeks)],
        on_time=known.on_time[known.on_time["week"].isin(weeks)],
        losses=known.losses[known.losses["week"].isin(weeks)],
    )
