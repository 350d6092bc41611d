"""Sentences of one comparison: what they say agrees with what they print."""

from dataclasses import replace

import pandas as pd
import pytest

from tallysheet import say
from tallysheet.comparison import compare
from tallysheet.kpi import Kpi
from tallysheet.language import read_language
from tallysheet.values import series_of
from tallysheet.weeks import IsoWeek, weeks_between

ENGLISH = read_language("en")
ON_TIME = Kpi("otd", "shipments", "on_time_n", "due_n", "share", "up", "day", 0, ("carrier",), "by hand")
WEEKS = weeks_between(IsoWeek(2026, 1), IsoWeek(2026, 8))


def explained(last: int):
    """Two carriers of 10,000 shipments a week, 9,000 of them on time, in the last week as told."""
    rows = [
        (str(week), carrier, last if week == WEEKS[-1] else 9_000, 10_000)
        for week in WEEKS
        for carrier in ("A", "B")
    ]
    frame = pd.DataFrame(rows, columns=["week", "carrier", "on_time_n", "due_n"])
    return compare(series_of(frame, ON_TIME, WEEKS), WEEKS[-1], base="last-4", by=["carrier"])


@pytest.mark.parametrize(("last", "moved"), [(9_001, False), (9_000, False), (8_900, True)])
def test_what_is_printed_as_held_is_not_said_to_have_moved(last, moved):
    """One of 10,000 is no fall and no rise to a reader who sees 90.0% twice."""
    explanation = explained(last)

    assert ("held at 90.0%" in say.change(explanation, ENGLISH)) is not moved
    assert ("The fall is spread over the carriers" in say.story(explanation, ENGLISH)) is moved
    assert ("spread over" in say.story(explanation, ENGLISH)) is moved


def test_a_change_that_is_printed_as_none_is_no_rise():
    """From 90.04% to 90.07% the value turns from 90.0% to 90.1%, and the change is 0.0 points."""
    explanation = replace(explained(9_000), value_base=0.9004, value_now=0.9007)

    assert "held at 90.1%" in say.change(explanation, ENGLISH)
