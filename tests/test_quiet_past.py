"""What befell single parts is taken out of the past, and nothing else."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tallysheet.lineup import Lineup, lineup_of
from tallysheet.quiet_past import quiet_past
from tallysheet.weeks import IsoWeek, weeks_between

WEEKS = [str(week) for week in weeks_between(IsoWeek(2026, 1), IsoWeek(2026, 34))]
JUDGED = 30
PARCELS = {"ALT": 900, "BRV": 1500, "CDR": 1200, "DVP": 600, "ESK": 300}


def lineup(shares: dict[str, dict[int, float]], parcels: dict[str, int] = PARCELS, seed: int = 1) -> Lineup:
    """Line up carriers of which 93 in 100 are on time, but for the shares of some weeks."""
    draw = np.random.default_rng(seed)
    rows = [
        (carrier, week, draw.binomial(n, shares.get(carrier, {}).get(place, 0.93)), n, True, place == JUDGED)
        for carrier, n in parcels.items()
        for place, week in enumerate(WEEKS)
    ]
    columns = ["carrier", "week", "x", "n", "is_usual", "is_judged"]
    return lineup_of(pd.DataFrame(rows, columns=columns), ["carrier"], "share", 1e-4)


def on_time(panel, carrier: str) -> np.ndarray:
    x, n = panel.sums(panel.held({"carrier": (carrier,)}))
    return x / n


def test_an_event_is_taken_out_of_its_weeks_alone():
    """Two weeks of 75 in 100 are as the weeks around them; all others, and all other carriers, stay."""
    seen = lineup({"ESK": {12: 0.75, 13: 0.75}})
    quiet = quiet_past(seen)

    assert on_time(quiet, "ESK")[12:14] == pytest.approx([0.93, 0.93], abs=0.04)
    rest = np.delete(np.arange(len(WEEKS)), [12, 13])
    assert (on_time(quiet, "ESK")[rest] == on_time(seen.panel, "ESK")[rest]).all()
    for carrier in PARCELS.keys() - {"ESK"}:
        assert (on_time(quiet, carrier) == on_time(seen.panel, carrier)).all()


@pytest.mark.parametrize("last", [JUDGED - 2, JUDGED - 1])
def test_an_event_that_ended_the_week_before_is_over(last):
    """The week after a strike is as usual: beside it, it was said to be three points better."""
    seen = lineup({"ESK": {last: 0.75}}, seed=2)
    quiet = quiet_past(seen)

    assert on_time(quiet, "ESK")[last] == pytest.approx(0.93, abs=0.04)
    assert (on_time(quiet, "ESK")[last + 1 :] == on_time(seen.panel, "ESK")[last + 1 :]).all()


def test_before_another_level_began_a_part_is_moved_to_it():
    """From week 15 on 97 in 100: the weeks before are told as if that had been so all along."""
    seen = lineup({"CDR": dict.fromkeys(range(15, 34), 0.97)})
    quiet = quiet_past(seen)

    assert on_time(quiet, "CDR")[:15].mean() == pytest.approx(0.97, abs=0.01)
    assert (on_time(quiet, "CDR")[15:] == on_time(seen.panel, "CDR")[15:]).all()


def test_no_week_is_left_with_fewer_than_none():
    """A seller came and left: a week in which there were few is not moved by what it had in the others."""
    came_and_left = dict.fromkeys(range(6), 0.002) | dict.fromkeys(range(6, 15), 0.06)
    seen = lineup(
        {name: dict.fromkeys(range(34), 0.01) for name in PARCELS}
        | {"CDR": came_and_left | dict.fromkeys(range(15, 34), 0.01)}
    )
    quiet = quiet_past(seen)

    assert (quiet.x >= 0).all()
    assert on_time(quiet, "CDR")[:15].mean() == pytest.approx(0.01, abs=0.005)


@pytest.mark.parametrize("began", [JUDGED - 3, JUDGED - 1, JUDGED])
def test_what_may_still_go_on_stays(began):
    """What began up to three weeks before the judged one is for the verdict to tell."""
    seen = lineup({"CDR": dict.fromkeys(range(began, 34), 0.80)})

    assert (quiet_past(seen).x == seen.panel.x).all()


def test_the_larger_of_two_stays_where_the_smaller_moved():
    """Beside a newcomer that settles, all others together seem to fall: they are not moved."""
    parcels = {"own": 2000, "backship": 150}
    seen = lineup({"backship": dict.fromkeys(range(14), 0.70)}, parcels)
    quiet = quiet_past(seen)

    assert (on_time(quiet, "own") == on_time(seen.panel, "own")).all()
    assert on_time(quiet, "backship")[:14].mean() == pytest.approx(0.93, abs=0.03)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000))
def test_mere_chance_is_hardly_ever_taken_out(seed):
    """Of five carriers that stand still, one week of 150 at most seems to be an event."""
    seen = lineup({}, seed=seed)

    assert ((quiet_past(seen).x != seen.panel.x).sum()) <= 1
