"""One week against earlier ones: when it is a signal, when routine, and when nobody can know."""

import math

import numpy as np
import pytest

from tallysheet.judgement import FALSE_FLAG_SHARE, judge, judge_many

# Thirteen weeks without a trend, whose neighbours are no more alike than by chance.
STEADY = [10, 12, 11, 9, 11, 10, 12, 10, 9, 11, 10, 12, 10]
ALIKE = [10, 10.5, 11, 11.5, 12, 12.5, 12, 11.5, 11, 10.5, 10, 9.5, 9, 9.5, 10]


@pytest.mark.parametrize(("usual", "reason"), [(0, "small"), (1, "small"), (40, "inside")])
def test_a_count_of_which_few_are_expected_is_not_judged(usual, reason):
    """One claim where there usually is none is no news; money and hours have no such bound."""
    values = [usual + week % 2 for week in range(20)] + [usual + 1]

    assert judge(values, is_count=True).reason == reason
    assert judge_many([values], is_count=True).reason.tolist() == [reason]
    assert judge(values).reason == "inside"


def test_a_week_beyond_the_limits_is_a_signal():
    """The moving ranges of the earlier weeks, worked out by hand, decide; the reason names the side.

    Mean 137/13 = 10.538; moving ranges 2 1 2 2 1 2 2 1 2 1 2 2 have mean 20/12; 2.66 x 20/12 = 4.433.
    """
    low, high = judge([*STEADY, 6.1]), judge([*STEADY, 15.0])

    assert low.autocorrelation <= 0
    assert low.widening == 1.0
    assert (low.centre, low.upper) == pytest.approx((137 / 13, 137 / 13 + 2.66 * 20 / 12))
    assert (low.variation, low.reason) == ("signal", "below")
    assert (high.variation, high.reason) == ("signal", "above")


def test_a_week_inside_the_limits_is_routine():
    """Just inside either limit there is nothing to explain."""
    assert [judge([*STEADY, value]).reason for value in (6.2, 14.9)] == ["inside", "inside"]
    assert judge([*STEADY, 14.9]).variation == "routine"


def test_fewer_than_13_earlier_weeks_are_too_few():
    """Twelve earlier weeks say not known yet, thirteen say something; a gap is no earlier week."""
    twelve, thirteen = judge([*STEADY[1:], 99]), judge([*STEADY, 99])
    gap = judge([*STEADY[:5], math.nan, *STEADY[6:], 99])

    assert (twelve.variation, twelve.reason, twelve.earlier_weeks) == ("not_known", "few_weeks", 12)
    assert math.isnan(twelve.lower)
    assert math.isnan(twelve.upper)
    assert (thirteen.variation, thirteen.earlier_weeks) == ("signal", 13)
    assert (gap.reason, gap.earlier_weeks) == ("few_weeks", 12)


def test_a_missing_week_is_not_known():
    """A week without a value is neither low nor routine."""
    found = judge([*STEADY, math.nan])
    no_denominator = judge([*STEADY, 0], [100] * 13 + [0], "p'")

    assert (found.variation, found.reason) == ("not_known", "missing")
    assert (no_denominator.variation, no_denominator.reason) == ("not_known", "missing")


@pytest.mark.parametrize(
    ("count", "due", "reason"),
    [(1, 49, "small"), (1, 51, "inside"), (48, 49, "small"), (46, 51, "inside")],
    ids=["rare", "enough", "rarer is the rest", "enough of the rest"],
)
def test_an_expected_count_below_5_is_too_small(count, due, reason):
    """At a rate of 10 % (or 90 %) 49 shipments hold 4.9 of the rarer outcome, 51 hold 5.1."""
    often = count > due / 2
    earlier = [(90 if often else 10) + step for step in (0, 1, -1, 2, -2, 1, -1, 0, 1, -1, 2, -2, 0)]

    found = judge([*earlier, count], [100] * 13 + [due], "p'")

    assert found.reason == reason
    assert (found.variation == "not_known") == (reason == "small")


def test_a_rate_above_one_is_small_by_its_count_alone():
    """Of u charts only the expected count matters: at 2 a shipment 3 shipments are enough, 2 are not."""
    earlier, due = [200, 205, 195, 202, 198, 201, 199, 203, 197, 200, 204, 196, 200], [100] * 13

    assert judge([*earlier, 6], [*due, 3], "u'").reason == "inside"
    assert judge([*earlier, 4], [*due, 2], "u'").reason == "small"


def test_weeks_that_never_differ_say_nothing():
    """A constant series has no usual range, so even a far value is not judged."""
    found = judge([5] * 20 + [500])

    assert (found.variation, found.reason) == ("not_known", "collapsed")
    assert math.isnan(found.upper)


def test_the_eighth_week_on_one_side_is_a_signal():
    """Seven weeks above the centre are nothing yet, the eighth is a run, and on the other side it is none."""
    below = [9.5, 10.5, 9, 10, 9.2, 10.3, 9.6, 10.4, 9.1, 9.9, 9.4, 10.2]
    above = [12, 11.2, 12.3, 11.1, 12.1, 11.3, 12.2]
    series = [12.5, 9.0] * 6 + below[:1] + above

    eighth = judge([*series, 11.8])
    seventh = judge([*series[:-1], 11.8])
    back = judge([*series, 10.0])

    assert eighth.autocorrelation <= 0.2
    assert (eighth.variation, eighth.reason) == ("signal", "run_above")
    assert seventh.reason == "inside"
    assert back.reason == "inside"


def test_a_run_below_has_its_own_reason():
    """The mirrored series runs below."""
    series = [-12.5, -9.0] * 6 + [-9.5, -12, -11.2, -12.3, -11.1, -12.1, -11.3, -12.2, -11.8]

    assert judge(series).reason == "run_below"


def test_a_run_is_no_signal_where_neighbours_are_alike():
    """Above an autocorrelation of .2 a run of eight is what such a series does, so it is not used."""
    series = [*ALIKE, 11.2, 11.5, 12, 12.5, 12.4, 12, 11.5, 11.2]
    found = judge(series)

    assert all(value > found.centre for value in series[-8:])
    assert found.autocorrelation > 0.2
    assert (found.variation, found.reason) == ("routine", "inside")


def test_limits_are_widened_where_neighbours_are_alike():
    """The half width is the XmR chart's times 1 / sqrt(1 - rho)."""
    found = judge([*ALIKE, 10])
    plain = 2.66 * np.abs(np.diff(ALIKE)).mean()

    assert found.autocorrelation > 0
    assert found.widening == pytest.approx(1 / math.sqrt(1 - found.autocorrelation))
    assert found.upper - found.centre == pytest.approx(plain * found.widening)
    assert found.centre - found.lower == pytest.approx(plain * found.widening)


@pytest.mark.parametrize("chart", ["xmr", "p'", "u'"])
def test_a_week_never_widens_its_own_limits(chart):
    """Whatever the judged week is, centre and limits are those of the weeks before it."""
    due = None if chart == "xmr" else [200] * 14

    usual, far = (judge([*STEADY, value], due, chart) for value in (11, 120))

    assert (far.centre, far.lower, far.upper) == (usual.centre, usual.lower, usual.upper)
    assert far.widening == usual.widening
    assert far.variation == "signal"


def test_a_larger_week_has_narrower_limits():
    """Limits of a share follow the judged week's own denominator, and stay between 0 and 1."""
    earlier = [92, 95, 93, 96, 94, 92, 95, 93, 94, 96, 92, 95, 94]

    small, large = (judge([*earlier, n * 0.94], [100] * 13 + [n], "p'") for n in (100, 10_000))

    assert large.upper - large.lower < (small.upper - small.lower) / 5
    assert 0 <= small.lower < small.upper <= 1


@pytest.mark.parametrize("values", [[*STEADY[:5], 40], [*ALIKE, 10, 20]], ids=["few weeks", "widened"])
def test_flags_and_limits_of_a_judgement_agree(values):
    """What the limits call outside lies outside the limits that are given: widened ones, or none."""
    limits = judge(values).limits
    y = np.array(values, float)

    assert limits.outside.tolist() == ((y < limits.lower) | (y > limits.upper)).tolist()


def test_near_limits_of_a_judgement_stand_at_two_thirds():
    """Near limits are widened with the limits."""
    limits = judge([*ALIKE, 10]).limits

    assert limits.near_upper[-1] - limits.centre[-1] == pytest.approx(
        (limits.upper[-1] - limits.centre[-1]) * 2 / 3
    )


def test_earlier_weeks_without_any_value_are_too_few():
    """A part that is new this week has nothing before it: not known, and no warning."""
    found = judge([math.nan] * 20 + [5])

    assert (found.variation, found.reason, found.earlier_weeks) == ("not_known", "few_weeks", 0)


def binomial_bound(trials: int, share: float, level: float = 0.975) -> int:
    """Give the smallest count that holds the level of a binomial distribution, added up term by term."""
    below, count = 0.0, -1
    while below < level:
        count += 1
        ways = math.lgamma(trials + 1) - math.lgamma(count + 1) - math.lgamma(trials - count + 1)
        below += math.exp(ways + count * math.log(share) + (trials - count) * math.log1p(-share))
    return count


def test_binomial_bound_by_hand():
    """Ten tosses of a coin: up to 8 heads have a chance of 1013/1024, up to 7 of 968/1024 = .945."""
    assert binomial_bound(10, 0.5) == 8


@pytest.mark.slow
@pytest.mark.parametrize("rho", [0.0, 0.3, 0.5])
@pytest.mark.parametrize("earlier", [15, 52])
def test_unchanged_series_are_seldom_flagged(earlier, rho):
    """Of 2,000 series that never changed, no more are signals than the stated share allows by chance.

    Seeded, with a start from the series' own long-run spread. The bound is the 97.5 % point of a
    binomial count with `FALSE_FLAG_SHARE`; the design's promise is 2 %.
    """
    trials = 2000
    shocks = np.random.default_rng([20261122, earlier, int(10 * rho)]).normal(size=(trials, earlier + 1))
    series = shocks.copy()
    series[:, 0] /= math.sqrt(1 - rho**2)
    for place in range(1, earlier + 1):
        series[:, place] += rho * series[:, place - 1]

    flagged = sum(judge(row).variation == "signal" for row in series)

    assert FALSE_FLAG_SHARE <= 0.02
    assert flagged <= binomial_bound(trials, FALSE_FLAG_SHARE)


def test_a_share_of_few_cases_is_not_judged():
    """A ninth of nine sellers left in one week of 26; a second time is no news, and of 9,000 it would be."""
    share = [1 / 9 if week == 10 else 0.0 for week in range(26)] + [1 / 9]

    assert judge(share, one_case=1 / 9_000).reason == "above"
    assert judge(share, one_case=1 / 9).reason == "small"
    assert judge_many([share, share], one_case=[1 / 9_000, 1 / 9]).reason.tolist() == ["above", "small"]
