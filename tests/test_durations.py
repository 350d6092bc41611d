"""Durations with open items: published curves, by hand, and against brute force."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from tallysheet.durations import curve_with_interval, incidence, logrank, quantile, survival

GOLDEN = Path(__file__).parent / "golden" / "maturity.csv"


def freireich() -> tuple[list[int], list[int], list[int], dict]:
    """Give the lengths of remission under 6-MP: how many ended and were still open at each."""
    with GOLDEN.open(encoding="utf-8") as file:
        (row,) = (row for row in csv.DictReader(file) if row["kind"] == "kaplan_meier")
    given = json.loads(row["input"])
    lengths = sorted(set(given["time"]))
    pairs = list(zip(given["time"], given["event"], strict=True))
    ended = [sum(1 for time, event in pairs if time == length and event) for length in lengths]
    left = [sum(1 for time, event in pairs if time == length and not event) for length in lengths]
    return lengths, ended, left, json.loads(row["expected"])


def test_the_textbook_curve_is_met():
    """Seven published points, and the median of 23."""
    lengths, ended, left, expected = freireich()
    curve = survival(ended, left)

    found = dict(zip(map(str, lengths), curve.round(4), strict=True))
    assert {length: found[length] for length in expected["S"]} == expected["S"]
    assert quantile(curve, lengths, 0.5) == expected["median"] == 23


def test_a_mean_of_what_has_ended_would_say_half_of_it():
    """The nine that ended took 12.1 on average."""
    lengths, ended, _, expected = freireich()

    assert np.average(lengths, weights=ended) == pytest.approx(expected["mean_of_events_only"], abs=1e-3)


def test_scipy_draws_the_same_curve():
    """The interval comes from scipy, on the same curve."""
    lengths, ended, left, _ = freireich()
    found = curve_with_interval(ended, left, lengths)

    np.testing.assert_allclose(found["survival"], survival(ended, left), atol=1e-12)
    assert (found["low"] <= found["survival"]).all()
    assert (found["survival"] <= found["high"]).all()


def test_without_open_items_incidence_is_a_plain_share():
    """Of ten, three are won on day 1 and two on day 3; five are lost on day 2."""
    assert incidence([3, 0, 2], [0, 5, 0], [0, 0, 0]).round(12).tolist() == [0.3, 0.3, 0.5]


def test_open_items_share_the_fate_of_those_that_lasted_longer():
    """Of four, one is won on day 1, one open on day 2, then one of two is won: 1/4 + 3/4 x 1/2."""
    assert incidence([1, 0, 1], [0, 0, 1], [0, 1, 0])[-1] == pytest.approx(0.25 + 0.75 * 0.5)


def test_shares_of_all_ends_and_of_what_is_open_add_up_to_one():
    """Aalen-Johansen of each way, and Kaplan-Meier of none."""
    draw = np.random.default_rng(7)
    won, lost, left = (draw.integers(0, 20, (50, 30)) for _ in range(3))
    total = incidence(won, lost, left) + incidence(lost, won, left) + survival(won + lost, left)

    np.testing.assert_allclose(total, 1.0, atol=1e-12)


def test_a_median_that_was_not_reached_is_not_known():
    """One of four has ended."""
    assert np.isnan(quantile(survival([1, 0], [0, 3]), [1, 2], 0.5))
    assert np.isnan(survival([0, 0], [0, 0])).all()


def test_a_shift_of_less_than_a_bin_is_seen():
    """Within a day the crossing is read in proportion: 2 of 10 by day 1, then 6 on day 2."""
    assert quantile(survival([2, 6, 2], [0, 0, 0]), [1, 2, 3], 0.5, 1.0) == pytest.approx(1.5 + 3 / 6)


def test_a_logrank_test_is_that_of_scipy():
    """Of two groups with items still open; three equal groups show nothing, one alone is not tested."""
    from scipy.stats import CensoredData
    from scipy.stats import logrank as by_scipy

    draw = np.random.default_rng(0)
    lengths = [draw.integers(1, high, size) for high, size in ((30, 40), (40, 50))]
    still = [draw.random(len(one)) < 0.3 for one in lengths]
    ended = [np.bincount(one[~is_open], minlength=50) for one, is_open in zip(lengths, still, strict=True)]
    open_ = [np.bincount(one[is_open], minlength=50) for one, is_open in zip(lengths, still, strict=True)]
    theirs = by_scipy(
        *(
            CensoredData(uncensored=one[~is_open], right=one[is_open])
            for one, is_open in zip(lengths, still, strict=True)
        )
    )

    assert logrank(ended, open_) == pytest.approx(theirs.pvalue)
    assert logrank([ended[0]] * 3, [open_[0]] * 3) == pytest.approx(1)
    assert np.isnan(logrank(ended[:1], open_[:1]))
