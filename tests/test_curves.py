"""Curves by age: completeness against maturity, lengths against durations, and what they say."""

from __future__ import annotations

import datetime as dt
import math
import re

import numpy as np
import pandas as pd
import pytest

import tallysheet as ts
from tallysheet.by_age import Completeness, Lasting, Spread, completeness_of, lasting_of, spread_of
from tallysheet.curves import (
    completeness_curve,
    completeness_finding,
    open_items,
    spread_chart,
    spread_finding,
    survival_curve,
    survival_finding,
)
from tallysheet.durations import incidence, incidence_interval, quantile, survival
from tallysheet.kpi import Histogram, Kpi
from tallysheet.kpis import kpi
from tallysheet.language import read_language
from tallysheet.svg import Chart
from tallysheet.values import pairs, series_of, weekly_values
from tallysheet.weeks import IsoWeek

ENGLISH = read_language("en")


def plain(text: str) -> str:
    """Read a space that does not break as a space."""
    return text.replace("\u00a0", " ")


@pytest.fixture(scope="module")
def review(sample_of_size_s):
    return ts.open_week(data=sample_of_size_s, base="last-4").review


def completeness(share: list[float], own: float = math.nan, age: float = 1.0) -> Completeness:
    ages = np.arange(len(share), dtype=float)
    return Completeness(ages, np.array(share), 0.95, age, own, 13)


@pytest.mark.parametrize("slug", ["return_rate", "carrier_otd", "contact_rate", "cost_per_parcel"])
def test_completeness_at_the_weeks_age_is_that_of_its_maturity(review, slug):
    """Two roads to the same share: final weeks at every age, and the triangle of the week."""
    found = completeness_of(review, slug)
    at = np.flatnonzero(np.isclose(found.age_days, found.week_age_days))
    maturity = review.maturity(slug)

    assert len(at) == 1
    assert found.share[at[0]] == pytest.approx(maturity.completeness, abs=0.05)


def test_completeness_grows_to_all(review):
    """At the KPI's days of maturity everything is known, and no age knows more than a later one."""
    found = completeness_of(review, "return_rate")

    assert found.age_days[-1] == kpi("return_rate").maturity_days
    assert found.share[-1] == 1.0
    assert (np.diff(found.share) >= 0).all()


@pytest.mark.parametrize(
    ("share", "enough", "said"),
    [
        ([0.2, 0.5, 0.96, 1.0], 2.0, "Enough is known 2 days after the week"),
        ([0.97, 1.0], 0.0, "Enough is known within a day of the week's end"),
        ([0.2, 0.3], math.nan, "Enough is known only at the end"),
    ],
)
def test_a_week_is_judged_once_it_reaches_the_floor(share, enough, said):
    """The first age with 95 %."""
    found = completeness(share)

    np.testing.assert_equal(found.enough_days, enough)
    assert plain(completeness_finding(found, ENGLISH)) == said


def test_the_completeness_curve_says_its_numbers():
    """The share at first, what is needed, and the week's own."""
    chart = completeness_curve(
        completeness([0.2, 0.5, 0.96, 1.0], own=0.31), language=ENGLISH, name="Returns"
    )

    assert plain(chart.alt) == (
        "Returns: 20% of the final value is usually known 0.0 days after the week, all of it after 3 days; "
        "95% are needed. Enough is known 2 days after the week. This week is 1.0 days old and has 31%."
    )
    assert ">31% now</text>" in chart.html.html
    assert ">95% needed</text>" in chart.html.html


def _spans(chart: Chart) -> list[tuple[float, float, float]]:
    """Give where the texts inside a chart begin, end and stand: in days, days and share."""
    axes = chart.wide.axes[0]
    boxes = [text.get_window_extent().transformed(axes.transData.inverted()) for text in axes.texts]
    return [(box.x0, box.x1, (box.y0 + box.y1) / 2) for box in boxes]


@pytest.mark.parametrize(
    ("share", "own", "age"),
    [
        ([0.0, 0.1, 0.4, 0.7, 0.9, 1.0], math.nan, 0.0),  # rises from the dot on
        ([0.5, 0.5, 0.45, 0.6, 0.93, 1.0], 0.57, 0.0),  # the dot lies over what is usual
        ([0.0, 0.0, 0.0, 0.0, 0.0, 1.0], math.nan, 0.0),  # jumps at the end
        ([0.99, 1.0, 1.0, 1.0, 1.0, 1.0], math.nan, 0.0),  # along what is needed
        ([0.2, 0.4, 0.6, 0.8, 0.9, 1.0], math.nan, 4.0),  # the dot is on the right
    ],
)
def test_no_line_runs_through_the_texts_of_a_completeness_curve(share, own, age):
    """Neither the curve nor the dashes, and neither text through the other."""
    found = completeness(share, own, age)
    texts = _spans(completeness_curve(found, language=ENGLISH, name="Returns"))

    for start, end, height in texts:
        across = np.linspace(start, end, 200)
        curve = np.interp(across, found.age_days, found.share)
        assert np.abs(curve - height).min() > 0.03
        assert abs(found.floor - height) > 0.03
    (one_start, one_end, one_height), (other_start, other_end, other_height) = texts
    is_beside = one_end < other_start or other_end < one_start
    assert is_beside or abs(one_height - other_height) > 0.06


def test_a_final_week_has_no_dot():
    """Its age is over."""
    chart = completeness_curve(completeness([0.2, 1.0], age=30.0), language=ENGLISH, name="Returns")

    assert " now</text>" not in chart.html.html


TRANSIT = Kpi(
    slug="return_cycle_days",
    fact="return_cycle",
    numerator="gone_n",
    denominator="seen_n",
    unit="days",
    direction="down",
    cohort="requested_at",
    maturity_days=21,
    dimensions=(),
    source="by hand",
    method="kaplan_meier",
    histogram=Histogram("days_bin"),
)


def test_items_are_counted_by_length():
    """By hand: of ten, three ended in the first day, two in the third, the others were last seen open."""
    cells = pd.DataFrame(
        {"week": "2026-W10", "days_bin": [0, 2, 5], "gone_n": [3, 2, 0], "seen_n": [3, 4, 3]}
    )
    series = series_of(cells, TRANSIT, [IsoWeek.parse("2026-W10")])

    found = series.lengths([IsoWeek.parse("2026-W10")])
    assert found["length"].tolist() == [0.5, 1.5, 2.5, 3.5, 4.5, 5.5]
    assert found["gone"].tolist() == [3, 0, 2, 0, 0, 0]
    assert found["open"].tolist() == [0, 0, 2, 0, 0, 3]


def test_a_survival_curve_is_that_of_durations(review):
    """Its points, its median and p90, and how many are still open."""
    one = kpi("return_cycle_days")
    found = lasting_of(review, one.slug)
    counts = review.series(one.slug).lengths([IsoWeek.parse(week) for week in found.weeks])
    curve = survival(counts["gone"], counts["open"])

    at = counts["length"] + one.histogram.width / 2
    drawn = found.curve.set_index("length")["share"]
    np.testing.assert_allclose(drawn, pd.Series(curve, index=at)[drawn.index], atol=1e-12)
    for share, said in ((0.5, found.median), (0.9, found.p90)):
        assert said == pytest.approx(float(quantile(curve, counts["length"], share, one.histogram.width)))
    assert (found.n, found.open_n) == (counts[["gone", "open"]].to_numpy().sum(), counts["open"].sum())
    assert found.open_n > 0
    inside = found.curve.dropna()
    assert ((inside["low"] <= inside["share"]) & (inside["share"] <= inside["high"])).all()


def test_the_curve_passes_the_median_at_a_half(review):
    """What is said and what is drawn agree."""
    found = lasting_of(review, "return_cycle_days")
    lengths, shares = np.append(0.0, found.curve["length"]), np.append(1.0, found.curve["share"])

    assert np.interp(-0.5, -shares, lengths) == pytest.approx(found.median, abs=0.51)


def lasting(median: float, p90: float, **other) -> Lasting:
    curve = pd.DataFrame(
        {
            "length": [1.0, 2.0, 3.0],
            "share": [0.8, 0.4, 0.1],
            "low": [0.7, 0.3, 0.05],
            "high": [0.9, 0.5, 0.2],
        }
    )
    given = {"n": 100, "open_n": 7, "horizon": 0.0} | other
    return Lasting(("2026-W30", "2026-W42"), curve, median, p90, **given)


def test_the_survival_curve_says_its_numbers():
    """Median, p90 and how many are still open."""
    chart = survival_curve(
        lasting(1.75, 3.0), kpi("return_cycle_days"), language=ENGLISH, name="Days to refund"
    )

    assert plain(chart.alt) == (
        "Days to refund, 2026-W30 to 2026-W42: Half within 1.8 days, nine of ten within 3.0 days. "
        "7 of 100 are still open."
    )
    html = plain(chart.html.html)
    assert ">half: 1.8 days</text>" in html
    assert ">nine of ten: 3.0 days</text>" in html
    assert "var(--band)" in html


@pytest.mark.parametrize("median", [5.8, 6.4, 7.0])
def test_the_texts_of_median_and_p90_do_not_stand_over_each_other(median):
    """That of p90 ends at the end of the axis, and begins where half have ended."""
    share = pd.Series([0.9, 0.6, 0.5, 0.1])
    curve = pd.DataFrame(
        {"length": [2.0, median - 0.6, median, 9.9], "share": share, "low": share, "high": share}
    )
    found = Lasting(("2026-W30", "2026-W42"), curve, median, 9.9, n=100, open_n=7, horizon=0.0)

    html = survival_curve(found, kpi("return_cycle_days"), language=ENGLISH, name="Days").html.html
    heights = [float(y) for y in re.findall(r'y="([\d.]+)"[^>]*>(?:half|nine of ten):', html)]
    assert len(heights) == 2
    assert abs(heights[0] - heights[1]) >= 14


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (lasting(math.nan, math.nan), "Not half of them have ended yet"),
        (lasting(1.75, math.nan), "Half within 1.8 days; nine of ten have not ended yet"),
    ],
)
def test_what_has_not_ended_is_not_guessed(found, said):
    """A quantile that was not reached is not said."""
    assert plain(survival_finding(found, kpi("return_cycle_days"), ENGLISH)) == said


def test_what_counts_ended_items_alone_says_so():
    """Transit leaves out what is still under way: no number of open items would be true."""
    assert open_items(lasting(1.0, 2.0, open_n=0), kpi("transit_days"), ENGLISH) == (
        "Counted are the 100 that have ended; what is still under way is not."
    )


def test_a_share_within_a_horizon_is_read_at_it(review):
    """Claims accepted within 60 days, other ends competing."""
    one, found = kpi("claim_acceptance"), lasting_of(review, "claim_acceptance")
    counts = review.series(one.slug).lengths([IsoWeek.parse(week) for week in found.weeks])
    share = incidence(counts["gone"], counts["other"], counts["open"])[counts["length"] <= 60][-1]

    assert plain(survival_finding(found, one, ENGLISH)) == f"{share:.1%} within 60 days"


def test_the_interval_of_an_incidence_is_binomial_without_censoring():
    """Of 50, 10 have ended in the way, 15 in others, and the rest later: F (1 - F) / n at every length."""
    ended, other = np.array([4.0, 6.0, 5.0]), np.array([10.0, 5.0, 20.0])
    share = np.cumsum(ended) / 50
    error = np.sqrt(share * (1 - share) / 50) * 1.959964 / (share * np.abs(np.log(share)))

    low, high = incidence_interval(ended, other, np.zeros(3))
    np.testing.assert_allclose(low, share ** np.exp(error), rtol=1e-6)
    np.testing.assert_allclose(high, share ** np.exp(-error), rtol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("slug", ["backship_retention", "backship_retention_w12"])
def test_a_week_whose_sellers_are_not_due_is_not_judged(review, slug):
    """None is counted before its 4th (12th) week is over, and of late hardly any seller was activated."""
    last, found = review.judged_week(slug), completeness_of(review, slug)

    assert review.known_until(slug) - last.ended_at >= dt.timedelta(days=kpi(slug).maturity_days)
    assert found is None or not found.is_known_at_once


@pytest.mark.slow
def test_a_week_is_not_said_to_be_young_where_all_is_known_at_once(review):
    """No lane has 20 parcels of either label: nothing will come that could be waited for."""
    young = [slug for slug in review.kpis() if review.maturity(slug).reason == "young"]
    curves = {slug: completeness_of(review, slug) for slug in young}

    assert not [slug for slug, found in curves.items() if found and found.is_known_at_once]
    assert review.maturity("service_gap").reason == "nothing"


@pytest.mark.slow
def test_a_week_that_is_final_is_judged(review):
    """The last age at which a KPI is looked at may lie beyond its maturity."""
    for slug, one in review.kpis().items():
        if one.has_evidence:
            continue
        full = dt.timedelta(days=one.maturity_days)
        final = [each for each in review.whole_weeks if review.cube.as_of - each.ended_at >= full]

        assert review.judged_week(slug) >= final[-1], slug


@pytest.mark.slow
def test_what_is_final_hardly_moves_any_more(review):
    """Else each week that is called final lies apart from the earlier ones, which are compared as known now.

    After 7 days scan compliance still rose by as much as weeks usually differ, at 16,000 parcels a week by
    three times as much; contacts by half of it after 30.
    """
    cube, moved = review.cube, {}
    for slug, one in review.kpis().items():
        full = dt.timedelta(days=one.maturity_days)
        settled = [week for week in cube.weeks if cube.as_of - week.ended_at >= full + dt.timedelta(days=20)]
        if one.method == "snapshot" or len(settled) < 24:
            continue
        sides = {}
        for name, age in (("then", full + dt.timedelta(hours=7)), ("now", None)):
            looks = [
                (str(week), min(cube.as_of, week.ended_at + age) if age else cube.as_of)
                for week in settled[-24:]
            ]
            cells = {fact: cube.total(fact, looks) for fact in one.measures()}
            sides[name] = weekly_values(pairs(cells, one, ["week"]), one)
        step = sides["now"].diff().abs().median()
        if step > 0:
            moved[slug] = abs((sides["then"] - sides["now"]).median()) / step

    assert len(moved) > 40
    assert {slug: round(by, 2) for slug, by in moved.items() if by > 0.3} == {}


@pytest.mark.parametrize("slug", ["transit_days", "first_reply_hours", "return_cycle_days"])
@pytest.mark.parametrize("is_part", [False, True])
def test_the_lengths_of_a_week_are_those_of_its_median(sample_of_size_s, slug, is_part):
    """Half has ended by the value that is said of the week and of its base, in all and in a part."""
    week = ts.open_week("2026-W40", data=sample_of_size_s, base="last-4")
    review = week.review
    name = kpi(slug).dimensions[0]
    counts = review.series(slug).by(name)
    where = ((name, counts.segments[int(counts.n.sum(axis=1).argmax())]),) if is_part else ()
    found = review.explanation(slug, "last-4", (), where)
    spread = spread_of(review, found, where)
    assert week.kpi(slug, dict(where)).spread().median == pytest.approx(spread.median, nan_ok=True)

    for side, value in (("now", found.value_now), ("base", found.value_base)):
        rows = spread.shares[side]
        assert spread.median[side] == pytest.approx(value, nan_ok=True)
        assert (rows["share"] >= 0).all()
        assert rows["share"].sum() <= 1 + 1e-9
        if not math.isnan(value):
            ended = np.append(0.0, rows["share"].cumsum())
            ends = np.append(0.0, rows["length"]) + spread.width / 2
            assert np.interp(value, ends, ended) == pytest.approx(0.5, abs=1e-6)


def test_what_is_no_duration_has_no_lengths(review):
    """A share has none, nor has a share within days, whatever it is compared with."""
    for slug in ("otd", "claim_acceptance"):
        assert spread_of(review, review.explanation(slug, "last-4", ())) is None
    assert spread_of(review, review.explanation("claim_resolution_days", "target", ())) is None


def spread(p90: float = 12.2, last: int = 40) -> Spread:
    """Of a hundred each, most within a day; in the week a tail of up to so many quarters of a day."""
    lengths = 0.125 + 0.25 * np.arange(last)
    rows = [pd.DataFrame({"length": lengths, "share": share}) for share in _tails(last)]
    shares = dict(zip(("now", "base"), rows, strict=True))
    return Spread(shares, {"now": 1.3, "base": 1.1}, {"now": p90, "base": 9.2}, n=140, width=0.25)


def _tails(last: int) -> list[np.ndarray]:
    now, base = np.full(last, 0.3 / last), np.zeros(last)
    now[:4] += 0.7 / 4
    base[:8] = 1 / 8
    return [now, base]


def test_the_chart_of_lengths_says_its_numbers():
    """The week and its base are named, half and nine of ten said of both."""
    names = {"week": "2026-W44", "base": "the week before", "name": "Days to a solution"}
    chart = spread_chart(spread(), kpi("resolution_days"), language=ENGLISH, **names)

    assert plain(chart.alt) == (
        "Days to a solution, 2026-W44 over the week before: Half within 1.3 days (1.1 days before), "
        "nine of ten within 12.2 days (9.2 days before)."
    )
    html = plain(chart.html.html)
    assert ">2026-W44</text>" in html
    assert ">the week before</text>" in html
    assert "var(--band)" in html


@pytest.mark.parametrize("last", [4, 40, 400])
def test_lengths_are_drawn_by_whole_days_and_in_few_bars(last):
    """Parcels come by day, so quarters of a day would go up and down; a long tail makes broad bars."""
    chart = spread_chart(
        spread(last=last), kpi("resolution_days"), week="W", base="B", language=ENGLISH, name="Days"
    )

    (drawn,) = [line for line in chart.wide.axes[0].lines if line.get_linewidth() > 1.5]
    edges = np.unique(drawn.get_xdata())
    assert len(edges) <= 25
    np.testing.assert_allclose(np.diff(edges) % 1, 0, atol=1e-9)


def test_nine_of_ten_that_have_not_ended_are_not_said():
    """Only what is known of the week and of its base."""
    found = spread_finding(spread(p90=math.nan), kpi("resolution_days"), ENGLISH)
    assert plain(found) == "Half within 1.3 days (1.1 days before)"
