"""A part beside its rest: how often chance alone shows a spell, also in weeks in which all are late."""

import numpy as np
import pytest
from scipy.stats import binom

from tallysheet.spells import measure, spell_at
from tallysheet.tracks import Track

WEEKS, JUDGED = 31, 30
DRAWS = 400


def drawn(seed: int, shift: float, own: float) -> Track:
    """Draw a carrier beside six at 94 %: each week moves the odds of each, the last one the shares of all."""
    rng = np.random.default_rng(seed)
    level = np.full((7, WEEKS), 0.94)
    level[0] = own
    level[:, JUDGED] += shift
    odds = np.log(level / (1 - level))
    parcels = rng.poisson(1300, (7, WEEKS)).astype(float)
    on_time = rng.binomial(parcels.astype(int), 1 / (1 + np.exp(-odds - rng.normal(0, 0.25, (7, WEEKS)))))
    rest = on_time[1:].sum(axis=0).astype(float), parcels[1:].sum(axis=0)
    return Track(on_time[0].astype(float), parcels[0], *rest, "share", np.arange(WEEKS) < JUDGED)


@pytest.mark.parametrize("own", [0.94, 0.987])
@pytest.mark.parametrize("shift", [0.0, -0.05, -0.1])
def test_a_part_is_as_seldom_unlike_its_rest_by_chance_where_all_are_late_as_where_none_is(shift, own):
    """At a peak, five points below, one chance in a hundred came seven times as often; now 1.5 times."""
    spells = [measure(drawn(seed, shift, own), JUDGED, JUDGED) for seed in range(DRAWS)]

    for level in (0.05, 0.01):
        wrong = sum(spell is not None and spell.p < level for spell in spells)
        assert wrong <= binom.ppf(0.999, DRAWS, 1.5 * level)


def test_a_part_that_stayed_as_it_was_is_not_unlike_its_rest_because_another_part_breaks_more():
    """Another carrier broke three times as many: sellers' own labels, as ever, were said to break fewer."""
    usual = np.arange(WEEKS) < JUDGED
    parcels, rest_parcels = np.full(WEEKS, 8_800.0), np.full(WEEKS, 7_000.0)

    def damaged(seed: int) -> Track:
        rng = np.random.default_rng(seed)
        own = rng.poisson(0.0018 * parcels).astype(float)
        rest = rng.poisson(0.0018 * rest_parcels * np.where(usual, 1, 2)).astype(float)
        return Track(own, parcels, rest, rest_parcels, "share", usual)

    spells = [measure(damaged(seed), JUDGED, JUDGED) for seed in range(DRAWS)]

    wrong = sum(spell is not None and spell.p < 0.01 for spell in spells)
    assert wrong <= binom.ppf(0.999, DRAWS, 1.5 * 0.01)


def test_a_small_rise_is_not_proven_by_how_many_events_there_were_before_all_had_fewer():
    """Since a list of reasons changed all have fewer contacts: two weeks later that was taken for a rise."""
    usual = np.arange(WEEKS) < JUDGED
    level = np.where(np.arange(WEEKS) < JUDGED - 8, 0.035, 0.018)
    own, rest = np.round(2_500 * level), np.round(13_000 * level)
    own[JUDGED] = 49.0
    track = Track(own, np.full(WEEKS, 2_500.0), rest, np.full(WEEKS, 13_000.0), "rate", usual)

    spell = measure(track, JUDGED, JUDGED)

    assert spell is not None and spell.effect > 0
    assert spell.p > 0.05


def test_at_a_peak_a_part_asks_no_more_often_than_its_rest_because_all_ask_more():
    """All have half as many contacts again: own labels were said to be behind those of their parcels."""
    usual = np.arange(WEEKS) < JUDGED
    more = np.where(usual, 1, 1.5)
    parcels, rest_parcels = np.full(WEEKS, 7_000.0), np.full(WEEKS, 8_800.0)

    def asked(seed: int) -> Track:
        rng = np.random.default_rng(seed)
        own = rng.poisson(0.018 * parcels * more).astype(float)
        rest = rng.poisson(0.020 * rest_parcels * more).astype(float)
        return Track(own, parcels, rest, rest_parcels, "rate", usual)

    spells = [measure(asked(seed), JUDGED, JUDGED) for seed in range(DRAWS)]

    wrong = sum(spell is not None and spell.p < 0.01 for spell in spells)
    assert wrong <= binom.ppf(0.999, DRAWS, 1.5 * 0.01)


def test_events_that_grow_by_and_by_are_held_against_the_last_weeks_as_the_interval_is():
    """Contacts about a label that more and more sellers use: beside half a year every month is news."""
    weeks = np.arange(WEEKS + 3)
    parcels, rest_parcels = np.full(weeks.size, 5_500.0), np.full(weeks.size, 11_000.0)

    def grown(seed: int) -> Track:
        rng = np.random.default_rng(seed)
        own = rng.poisson(parcels * np.linspace(0.008, 0.019, weeks.size)).astype(float)
        rest = rng.poisson(rest_parcels * 0.05).astype(float)
        return Track(own, parcels, rest, rest_parcels, "rate", weeks < JUDGED)

    spells = [measure(grown(seed), JUDGED, JUDGED + 3) for seed in range(100)]

    assert sum(spell is not None and spell.p < 0.001 for spell in spells) < 5


@pytest.mark.parametrize("later", [0, 1, 2])
def test_a_level_that_falls_a_little_further_the_week_after_began_to_fall_the_week_before(later):
    """Of 1,000 contacts 470 ask where a parcel is, then 304, 290, 265, 296 and 273: it began with the 304."""
    usual = 470 + 10 * np.array([0, 1, -1, 2, -2, 1, 0, -1] * 4, dtype=float)
    began, x = len(usual), np.append(usual, [304.0, 290.0, 265.0, 296.0, 273.0, 280.0, 276.0])
    track = Track.alone(x, np.full(len(x), 1000.0), "share", np.arange(len(x)) < began)

    found = spell_at(track, began + later)

    assert found is not None
    assert found.first == began
