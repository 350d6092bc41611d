"""Funnel plots: limits by hand, who is named, and what they say to those who do not see them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tallysheet.by_value import Funnel, funnel, funnel_limits, overdispersion
from tallysheet.funnel import farthest, finding, funnel_plot
from tallysheet.kpis import kpi
from tallysheet.language import may_see, read_language

ENGLISH = read_language("en")
WEEKS = ("2026-W30", "2026-W42")


def made(x: list[float], n: list[float], slug: str = "otd") -> Funnel:
    values = [f"V{number:02d}" for number in range(len(x))]
    return funnel(pd.DataFrame({"value": values, "x": x, "n": n}), kpi(slug), "lane", WEEKS)


def test_limits_by_hand():
    """A tenth of 100: a standard error of 0.03, 1.96 and 3.09 of them, twice as wide at a factor of 4."""
    n = np.array([100.0, 900.0])

    inner = funnel_limits(n, 0.1, 1.0, "p", 0.95)
    outer = funnel_limits(n, 0.1, 1.0, "p", 0.998)
    wide = funnel_limits(n, 0.1, 4.0, "p", 0.998)
    np.testing.assert_allclose(inner[1], [0.1 + 1.959964 * 0.03, 0.1 + 1.959964 * 0.01], atol=1e-6)
    np.testing.assert_allclose(outer[0], [0.1 - 3.090232 * 0.03, 0.1 - 3.090232 * 0.01], atol=1e-6)
    np.testing.assert_allclose(wide[1] - 0.1, 2 * (outer[1] - 0.1))
    assert wide[0][0] == 0.0


def test_limits_of_rates_are_poissons():
    """Four for a hundred: the square root of 0.04 / 100 is 0.02."""
    _, upper = funnel_limits(np.array([100.0]), 0.04, 1.0, "u", 0.95)

    assert upper[0] == pytest.approx(0.04 + 1.959964 * 0.02, abs=1e-6)


def test_the_factor_is_the_winsorised_mean_square():
    """Ten z-scores: the outer tenths are pulled in to the 10 % and 90 % points, here -1.8 and 1.8."""
    z = np.array([-9.0, -1.0, -1.0, -1.0, -1.0, 1.0, 1.0, 1.0, 1.0, 9.0])

    assert overdispersion(z) == pytest.approx((2 * 1.8**2 + 8) / 10)
    assert overdispersion(z / 100) == 1.0


def test_one_that_differs_is_named_and_the_others_are_not():
    """Twenty lanes of 1,000 at 90 %, one of them at 80 %: that is 10 standard errors."""
    found = made([900.0] * 19 + [800.0], [1000.0] * 20)

    assert farthest(found)["value"].tolist() == ["V19"]
    assert finding(found, ENGLISH) == "1 of 20 is outside its limits: V19 (below)"
    assert found.factor < 2


def test_volume_decides_how_far_off_is_far():
    """At 70 % one of 40 is no news, one of 4,000 is."""
    found = made([900.0] * 18 + [28.0, 2800.0], [1000.0] * 18 + [40.0, 4000.0])

    sides = dict(zip(found.points["value"], found.points["side"], strict=True))
    assert (sides.get("V18", 0), sides["V19"]) == (0, -1)


def test_small_values_are_counted_and_not_judged():
    """With 10 % the rarer outcome of 49 is expected 4.9 times, of 51 a little above 5."""
    found = made([900.0] * 5 + [44.1, 45.9], [1000.0] * 5 + [49.0, 51.0])

    assert found.too_few == 1
    assert "V05" not in set(found.points["value"])


def test_the_plot_says_its_finding_and_its_numbers():
    """Name, level of all, who is outside and where."""
    chart = funnel_plot(
        made([900.0] * 19 + [800.0], [1000.0] * 20), kpi("otd"), language=ENGLISH, name="On time"
    )

    assert chart.alt == (
        "On time, all together 89.5%: 1 of 20 is outside its limits: V19 (below). V19 80.0%."
    )
    html = chart.html.html
    assert ">V19</text>" in html
    assert ">V00</text>" not in html
    assert "var(--orange)" in html


def test_sellers_are_counted_for_readers_who_are_not_shown_their_names():
    """Neither title, nor alt text, nor drawing names one."""
    x = pd.DataFrame(
        {"value": [f"S{n:02d}" for n in range(20)], "x": [900.0] * 18 + [800, 800], "n": [1000.0] * 20}
    )
    found = funnel(x, kpi("otd"), "seller", WEEKS)
    chart = funnel_plot(found, kpi("otd"), language=may_see(ENGLISH, "stakeholders"), name="On time")

    assert chart.alt.endswith("2 of 20 are outside their limits: 2 sellers (below).")
    assert "S19" not in chart.html.html
    assert "S19 (below)" in finding(found, may_see(ENGLISH, "internal"))


def test_hundreds_of_dots_stay_small():
    """Dots that overlap are drawn once."""
    random = np.random.default_rng(5)
    n = random.integers(60, 5000, 400).astype(float)
    chart = funnel_plot(
        made((n * random.uniform(0.88, 0.92, 400)).tolist(), n.tolist()),
        kpi("otd"),
        language=ENGLISH,
        name="On time",
    )

    assert len(chart.html.html.encode()) < 8_000
