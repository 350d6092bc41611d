"""Effects of holidays and of the peak: by hand, laws, and found again where they were put in."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tallysheet.calendar_effects import black_friday, came_true, expected_effects, lost_days, peak_week
from tallysheet.errors import UsageError
from tallysheet.weeks import IsoWeek, weeks_between

FIRST = IsoWeek(2024, 1)
PARCELS = {
    "FR": 36,
    "DE": 20,
    "ES": 12,
    "IT": 10,
    "GB": 5,
    "NL": 4,
    "BE": 4,
    "US": 4,
    "AT": 2,
    "PL": 2,
    "CZ": 1,
}
COLUMNS = ["expected", "adjusted", "deviation"]


def weeks_of(count: int) -> list[IsoWeek]:
    return [FIRST.shift(step) for step in range(count)]


def expect(values, lost, peak=None, **options) -> pd.DataFrame:
    return expected_effects(values, weeks_of(len(values)), lost, peak or [""] * len(values), **options)


def at(count: int, **numbers: float) -> np.ndarray:
    """Give zeros with numbers at some places: ``at(9, w3=0.5)``."""
    array = np.zeros(count)
    for place, number in numbers.items():
        array[int(place[1:])] = number
    return array


@pytest.mark.parametrize(
    ("year", "day"),
    [(2022, "11-25"), (2023, "11-24"), (2024, "11-29"), (2025, "11-28"), (2026, "11-27"), (2027, "11-26")],
)
def test_black_friday_is_the_day_after_thanksgiving(year, day):
    """Not the last Friday of November, and not always in the same ISO week."""
    assert black_friday(year) == dt.date.fromisoformat(f"{year}-{day}")


@pytest.mark.parametrize(
    ("first", "names"),
    [
        ("2023-W46", ["", "black friday", "week after", "advent", "advent", "before christmas", "christmas"]),
        (
            "2024-W47",
            ["", "black friday", "week after", "advent", "before christmas", "christmas", "new year"],
        ),
        (
            "2026-W47",
            ["", "black friday", "week after", "advent", "before christmas", "christmas", "new year"],
        ),
        (
            "2027-W46",
            ["", "black friday", "week after", "advent", "before christmas", "christmas", "new year"],
        ),
        ("2026-W53", ["new year", "", ""]),
        ("2026-W01", ["new year", "", ""]),
    ],
)
def test_weeks_of_the_peak_have_their_names(first, names):
    """Black Friday may be in W47 or W48, Christmas in W51 or W52, New Year in W52, W53 or W01."""
    week = IsoWeek.parse(first)

    assert [peak_week(week.shift(step)) for step in range(len(names))] == names


def test_every_year_has_every_week_of_the_peak_once():
    """Only the weeks between the one after Black Friday and the one before Christmas are one or two."""
    for year in range(2000, 2060):
        names = [peak_week(IsoWeek.of(dt.date(year, 11, 1)).shift(step)) for step in range(12)]
        named = [name for name in names if name]

        assert named == [
            "black friday",
            "week after",
            *["advent"] * named.count("advent"),
            *("before christmas", "christmas", "new year"),
        ]
        assert named.count("advent") in (1, 2)


def test_lost_days_are_a_mean_over_countries():
    """Whit Monday 2026 is a holiday in France and none in Spain; a Saturday costs nobody a day."""
    assert lost_days(IsoWeek(2026, 22), {"FR": 3, "ES": 1}) == 0.75
    assert lost_days(IsoWeek(2025, 52), {"DE": 12}) == 2
    assert lost_days(IsoWeek.of(dt.date(2026, 8, 15)), {"FR": 1}) == 0


@pytest.mark.parametrize("shares", [{}, {"FR": 0}, {"FR": 2, "ES": -1}, {"FR": float("nan")}])
def test_shares_that_are_no_weights_are_refused(shares):
    """Nothing is divided by nothing."""
    with pytest.raises(ValueError, match="shares: expected weights"):
        lost_days(IsoWeek(2026, 1), shares)


def test_a_country_without_known_holidays_is_refused():
    """The error is the one of the calendar."""
    with pytest.raises(UsageError, match="'XX'"):
        lost_days(IsoWeek(2026, 1), {"XX": 1})


def test_a_lost_day_costs_what_earlier_ones_did():
    """Three weeks lost 4 points a day: a fourth with two lost days is expected 8 points lower."""
    lost = at(16, w3=1, w6=1, w9=0.5, w13=2)
    values = 0.9 - 0.04 * lost - at(16, w13=0.01)

    found = expect(values, lost).loc[13]

    assert found[COLUMNS].to_list() == pytest.approx([-0.08, 0.89, -0.09])
    assert found["known"] == "history"


def test_two_weeks_with_a_lost_day_are_no_history():
    """The third is not adjusted, and says so; a week that has no value does not count."""
    lost = at(16, w3=1, w6=1, w9=1, w13=1)
    values = 0.9 - 0.04 * lost
    values[6] = np.nan

    found = expect(values, lost)

    assert found["known"].iloc[[3, 6, 9, 13]].to_list() == ["none"] * 4
    assert found["known"].drop([3, 6, 9, 13]).unique().tolist() == ["ordinary"]
    assert (found["expected"] == 0).all()
    assert found["adjusted"].to_numpy() == pytest.approx(values, nan_ok=True)


def test_one_strange_holiday_does_not_move_the_effect():
    """A strike in one of three holiday weeks: the median keeps to the other two."""
    lost = at(16, w3=1, w6=1, w9=1, w13=1)
    values = 0.9 - 0.04 * lost - at(16, w6=0.5)

    assert expect(values, lost)["expected"][13] == pytest.approx(-0.04)


def test_weeks_that_lost_little_say_little():
    """Noise over a fiftieth of a day is a large quotient: it weighs a fiftieth."""
    lost = at(24, w3=0.02, w6=0.02, w9=0.02, w12=1, w15=1, w18=1, w22=1)
    values = 0.9 + at(24, w3=0.01, w6=0.01, w9=0.01, w12=-0.04, w15=-0.04, w18=-0.04)

    assert expect(values, lost)["expected"][22] == pytest.approx(-0.04)


def test_equal_lost_days_give_the_plain_median():
    """Of 2, 3, 5 and 9 points it lies half way between 3 and 5."""
    lost = at(26, w4=1, w9=1, w14=1, w19=1, w24=1)
    values = 0.9 - at(26, w4=0.02, w9=0.09, w14=0.03, w19=0.05)

    assert expect(values, lost)["expected"][24] == pytest.approx(-0.04)


def test_a_week_is_compared_with_ordinary_neighbours_on_both_sides():
    """On a slope of 1 a week, 4 neighbours on each side meet at the week itself; a holiday is none."""
    lost = at(40, w6=1, w16=1, w26=1, w27=1, w37=1)
    values = np.arange(40) - 7.0 * lost

    found = expect(values, lost)

    # 6 and 16 deviate by -7. 26 has 22..25 and 28..30, and 27 has 23..25 and 28..31: medians 25 and 28.
    assert found["expected"][37] == pytest.approx(np.median([-7, -7, 26 - 7 - 25, 27 - 7 - 28]))
    assert found["deviation"][37] == pytest.approx(30 - np.median(np.arange(29, 37)))


def test_only_neighbours_before_the_judged_week_are_known():
    """Holiday weeks 10 to 12 have no ordinary week after them but 13 and 14, when week 15 is judged."""
    lost = at(20, w10=1, w11=1, w12=1, w15=1)
    values = np.arange(20) - 7.0 * lost

    found = expect(values, lost)

    deviations = [
        10 - 7 - np.median([6, 7, 8, 9, 13, 14]),
        11 - 7 - np.median([7, 8, 9, 13, 14]),
        12 - 7 - np.median([8, 9, 13, 14]),
    ]
    assert found["expected"][15] == pytest.approx(np.median(deviations))


def test_a_peak_is_expected_again_a_year_later():
    """The mean of two earlier years; another week of the peak, and one of the same season, is no history."""
    peak = [""] * 120
    for place in (5, 57, 109):
        peak[place] = "black friday"
    peak[110] = peak[113] = "week after"
    values = 0.9 - at(120, w5=0.04, w57=0.06, w109=0.2, w110=0.1)

    found = expect(values, np.zeros(120), peak)

    assert found["expected"].iloc[[5, 57, 109, 110, 113]].to_list() == pytest.approx([0, -0.04, -0.05, 0, 0])
    assert found["known"].iloc[[5, 57, 109, 110, 113]].to_list() == [
        "none",
        *["history"] * 2,
        *["none"] * 2,
    ]
    assert found["adjusted"][109] == pytest.approx(0.75)


def test_lost_days_of_a_peak_are_counted_once():
    """Christmas cost 10 points in a year of two lost days at 4: with one lost day it costs 6."""
    peak = [""] * 60
    peak[6] = peak[58] = "christmas"
    lost = at(60, w6=2, w20=1, w25=1, w30=1, w58=1)
    values = 0.9 - 0.04 * lost - at(60, w6=0.02)

    found = expect(values, lost, peak).loc[58]

    assert found["expected"] == pytest.approx(-0.06)
    assert found["known"] == "history"


def test_of_a_first_peak_with_holidays_only_the_holidays_are_known():
    """The lost day is taken off, and the row says that something is missing."""
    peak = [""] * 40
    peak[35] = "christmas"
    lost = at(40, w20=1, w25=1, w30=1, w35=1)

    found = expect(0.9 - 0.04 * lost, lost, peak).loc[35]

    assert found["expected"] == pytest.approx(-0.04)
    assert found["known"] == "none"


def test_counts_have_effects_that_are_shares():
    """A fifth of a larger volume is more parcels: 1,600 of 2,000 adjust to 2,000."""
    lost = at(60, w10=1, w20=1, w30=1, w50=1)
    level = np.where(np.arange(60) < 40, 1000.0, 2000.0)

    found = expect(level * (1 - 0.2 * lost), lost, multiplicative=True).loc[50]

    assert found[COLUMNS].to_list() == pytest.approx([-0.2, 2000, -0.2])


def test_shares_that_would_leave_nothing_adjust_to_nothing():
    """Three days at minus half each would be below zero: there is no adjusted value, and no infinity."""
    lost = at(60, w10=1, w20=1, w30=1, w50=3)

    found = expect(100 * (1 - 0.5 * np.minimum(lost, 1)), lost, multiplicative=True).loc[50]

    assert found["expected"] == pytest.approx(-1.5)
    assert np.isnan(found["adjusted"])


def test_a_series_of_nothing_has_no_effects():
    """Missing weeks and zeros give no warning and no infinity."""
    lost = at(30, w5=1, w10=1, w15=1, w20=1)

    missing = expect(np.full(30, np.nan), lost)
    zeros = expect(np.zeros(30), lost, multiplicative=True)

    assert (missing["expected"] == 0).all()
    assert (zeros["expected"] == 0).all()
    assert (zeros["adjusted"] == 0).all()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"values": [1.0, 2.0]}, "expected one length, found 2, 3, 3 and 3"),
        ({"peak": ["", ""]}, "expected one length"),
        ({"weeks": [FIRST, FIRST.shift(2), FIRST.shift(3)]}, "a gap after 2024-W01"),
        ({"weeks": [FIRST, FIRST, FIRST]}, "a gap after 2024-W01"),
        ({"lost_days": [0, -1, 0]}, "0 or more, found -1"),
        ({"lost_days": [0, np.nan, 0]}, "0 or more, found nan"),
        ({"values": [1, np.inf, 1]}, "all finite"),
        ({"values": [1, -1, 1], "multiplicative": True}, "because multiplicative"),
    ],
)
def test_what_does_not_fit_together_is_refused(changed, said):
    """The argument is named."""
    given = {"values": [1.0] * 3, "weeks": weeks_of(3), "lost_days": [0.0] * 3, "peak": [""] * 3}

    with pytest.raises(ValueError, match=said):
        expected_effects(**{**given, **changed})


@st.composite
def series(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Draw weekly values with gaps, lost days and peaks."""
    count = draw(st.integers(1, 70))
    value = st.one_of(st.integers(0, 1000).map(float), st.just(float("nan")))
    values = draw(st.lists(value, min_size=count, max_size=count))
    lost = draw(st.lists(st.sampled_from([0, 0, 0, 0.25, 1, 2]), min_size=count, max_size=count))
    peak = draw(st.lists(st.sampled_from(["", "", "", "", "christmas"]), min_size=count, max_size=count))
    return np.array(values), np.array(lost, dtype=float), peak


@pytest.mark.slow
@settings(max_examples=40)
@given(series(), st.integers(0, 1000))
def test_law_a_constant_moves_only_the_level(drawn, constant):
    """Effects are differences."""
    values, lost, peak = drawn
    before, after = expect(values, lost, peak), expect(values + constant, lost, peak)

    assert after["expected"].to_numpy() == pytest.approx(before["expected"].to_numpy(), abs=1e-6)
    assert after["adjusted"].to_numpy() == pytest.approx(
        before["adjusted"].to_numpy() + constant, abs=1e-6, nan_ok=True
    )
    assert after["known"].equals(before["known"])


@pytest.mark.slow
@settings(max_examples=40)
@given(series(), st.integers(1, 100))
def test_law_a_factor_moves_only_the_level_of_counts(drawn, factor):
    """Shares have no unit."""
    values, lost, peak = drawn
    before, after = (expect(times * values, lost, peak, multiplicative=True) for times in (1, factor))

    assert after["expected"].to_numpy() == pytest.approx(before["expected"].to_numpy(), rel=1e-9, abs=1e-9)


@pytest.mark.slow
@settings(max_examples=40)
@given(series(), st.booleans())
def test_law_without_holidays_nothing_changes(drawn, multiplicative):
    """Ordinary weeks are what they were."""
    values, lost, _ = drawn

    found = expect(values, np.zeros_like(lost), multiplicative=multiplicative)

    np.testing.assert_array_equal(found["adjusted"], values)
    assert (found["known"] == "ordinary").all()


@pytest.mark.slow
@settings(max_examples=40)
@given(series(), st.integers(1, 70), st.booleans())
def test_law_later_weeks_change_nothing(drawn, count, multiplicative):
    """What is expected of a week was expected when it was the last one."""
    values, lost, peak = drawn
    all_weeks = expect(values, lost, peak, multiplicative=multiplicative)
    at_the_time = expect(values[:count], lost[:count], peak[:count], multiplicative=multiplicative)

    pd.testing.assert_frame_equal(at_the_time, all_weeks.head(count))


def test_effects_that_were_put_in_are_found():
    """150 weeks of 11 countries: 4 points a lost day, 5 in the weeks of Black Friday and after, noise of 0.8.

    Over 40 series the estimates are right on average; that of a lost day is within a point of each series.
    """
    weeks = weeks_between(FIRST, IsoWeek(2026, 46))
    lost = np.array([lost_days(week, PARCELS) for week in weeks])
    peak = [peak_week(week) for week in weeks]
    in_peak = np.array([name in ("black friday", "week after") for name in peak])
    last_holiday, black = len(weeks) - 1, weeks.index(IsoWeek(2025, 48))
    assert (len(weeks), peak[black]) == (150, "black friday")
    random = np.random.default_rng(20261122)

    a_day, of_peak, spread, raw = [], [], [], []
    for _ in range(40):
        noise = random.normal(0, 0.008, len(weeks))
        found = expected_effects(0.93 + noise - 0.04 * lost - 0.05 * in_peak, weeks, lost, peak)
        a_day.append(found["expected"][last_holiday] / lost[last_holiday])
        of_peak.append(found["expected"][black] - a_day[-1] * lost[black])
        is_known = (found["known"] == "history").to_numpy()
        spread.append((found["adjusted"] - 0.93 - noise)[is_known].std())
        raw.append((0.04 * lost + 0.05 * in_peak)[is_known].std())

    assert np.mean(a_day) == pytest.approx(-0.04, abs=0.002)
    assert np.abs(np.array(a_day) + 0.04).max() < 0.012
    assert np.mean(of_peak) == pytest.approx(-0.05, abs=0.004)
    assert np.mean(spread) < 0.6 * np.mean(raw)


@pytest.mark.parametrize(
    ("expected", "deviation", "came"),
    [
        (-0.035, -0.012, -0.012),  # the holiday took less than it usually does
        (-0.035, -0.10, -0.035),  # something else took the rest
        (-0.035, 0.01, 0.0),
        (0.02, 0.05, 0.02),
        (0.0, 0.05, 0.0),
        (-0.035, np.nan, -0.035),  # there is nothing to hold it against
    ],
)
def test_no_more_is_put_down_to_a_holiday_than_came(expected, deviation, came):
    assert came_true([expected], [deviation]) == pytest.approx([came])


def test_what_a_holiday_does_is_told_apart_from_the_peak_that_it_falls_into():
    """3 points for a lost day, 5 for the peak: in a week of both, 8 are expected and 3 of them of the day."""
    lost, peak = at(60, w5=1, w9=1, w13=1, w58=1), [""] * 60
    peak[6] = peak[58] = "black friday"
    found = expect(0.9 - 0.03 * lost - 0.05 * np.array([bool(name) for name in peak]), lost, peak)

    assert found.loc[58, ["expected", "holidays"]].tolist() == pytest.approx([-0.08, -0.03])
    assert found["holidays"][found["week"].isin(found["week"][lost == 0])].eq(0).all()
