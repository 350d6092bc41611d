"""A level that changed: by how much, since when, and that an earlier change does not hide it."""

import numpy as np
import pytest

from tallysheet.steps import step_at

_SCATTER = np.array([0.0, 0.001, -0.001, 0.0005, -0.0005, 0.001, 0.0, -0.001] * 3)


def levels(*runs: tuple[float, int]) -> np.ndarray:
    """Lay out levels, each for some weeks, that scatter by a thousandth."""
    steady = np.concatenate([np.full(weeks, level) for level, weeks in runs])
    return steady + _SCATTER[: len(steady)]


def test_a_step_soon_after_another_is_seen_beside_the_level_between_them():
    """Fuel at 8 % of base prices, 9.2 % since four weeks, now 5.9 %."""
    found = step_at(levels((0.080, 8), (0.092, 4), (0.059, 3)), 12)

    assert found is not None
    assert found.before == pytest.approx(0.092, abs=0.001)
    assert found.effect == pytest.approx(-0.033, abs=0.001)
    assert found.p < 1e-4


def test_what_a_step_left_behind_is_no_step_of_the_weeks_after():
    """Nothing happened in the second and the fifth week at the new level."""
    steady = levels((0.080, 12), (0.092, 8))

    assert step_at(steady, 13) is None
    later = step_at(steady, 16)
    assert later is None or later.p > 0.01


def test_of_weeks_that_only_scatter_the_last_eight_count():
    """No four of them are taken for a level of their own."""
    draw = np.random.default_rng(3)
    for _ in range(300):
        weeks = draw.normal(size=14)
        found = step_at(weeks, 12)
        assert found is None or found.before == np.median(weeks[4:12])


@pytest.mark.parametrize("share", [0.5, 0.6, 0.7, 0.73, 0.76, 0.9])
def test_a_step_within_a_week_is_taken_in_one_week_alone(share):
    """Fuel from 10.4 % to 15.9 %: in the week that has most of it, else in the next; never in both."""
    fuel = levels((0.104, 12), (0.104 + share * 0.055, 1), (0.159, 4))

    assert sum(step_at(fuel, week) is not None for week in (12, 13)) == 1


@pytest.mark.parametrize(("share", "told"), [(0.02, 0.0), (0.44, 0.44), (0.7, 0.7), (0.8, 1.0)])
def test_a_week_in_the_middle_of_which_a_step_was_taken_counts_with_its_part(share, told):
    """Fuel that is dearer from Wednesday on: the week's own change is told, but not what only scatters."""
    fuel = levels((0.104, 12), (0.104 + share * 0.055, 1), (0.159, 4))
    found, after = step_at(fuel, 12, in_part=True), step_at(fuel, 13, in_part=True)

    if not told:
        assert found is None or found.p > 0.01
    else:
        assert found is not None
        assert found.p < 1e-4
        assert found.effect == pytest.approx(told * 0.055, abs=0.004)
        assert found.last == (12 if told < 1 else 15)
    assert (after is None) == (share > 0.75)
