"""Lengths: a median that jumped on few durations names nobody."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import mannwhitneyu, norm

from tallysheet.findings import Finding
from tallysheet.gates import lengths
from tallysheet.kpis import kpi
from tallysheet.values import series_of
from tallysheet.weeks import IsoWeek

WEEKS = [IsoWeek.parse(f"2026-W{number:02}") for number in range(1, 12)]
JUDGED = WEEKS[9]


def evidence(days_of_dvp: list[int]) -> SimpleNamespace:
    """Lay out claims: each week DVP decides some in 10 days and as many in 40, but for the judged week."""
    rows = [
        {"week": str(week), "carrier": carrier, "days_bin": days, "submitted_n": 1, "decided_n": 1}
        for week in WEEKS
        for carrier, decided in {
            "BRV": [15] * 20,
            "DVP": days_of_dvp if week == JUDGED else [10] * 11 + [40] * 10,
        }.items()
        for days in decided
    ]
    calm = pd.DataFrame({"week": [str(week) for week in WEEKS], "is_usual": True})
    series = series_of(pd.DataFrame(rows), kpi("claim_decision_days"), WEEKS)
    review = SimpleNamespace(series=lambda *_: series, age=lambda _: None)
    return SimpleNamespace(review=review, weeks=WEEKS, calm=calm, dimensions=lambda _: ["carrier"])


def of(scope: dict[str, tuple[str, ...]], effect: float = 29.0) -> Finding:
    week = str(JUDGED)
    return Finding("REAL", scope, "carrier", effect, effect - 4, effect + 4, week, week, 1e-7)


@pytest.mark.parametrize(
    ("days", "effect", "is_longer"),
    [
        ([10] * 9 + [40] * 12, 29.0, False),  # two more of the slow ones, and the median is one of them
        ([40] * 21, 29.0, True),
        ([40] * 21, -29.0, False),  # the other way round
        ([2] * 21, -8.0, True),
    ],
)
def test_a_median_that_few_durations_moved_is_chance(days, effect, is_longer):
    """Where some claims take 10 days and as many 40, the median leaps from the ones to the others."""
    found = of({"carrier": ("DVP",)}, effect)

    assert lengths.moved(evidence(days), kpi("claim_decision_days"), found) is is_longer


def test_what_is_no_duration_or_not_of_one_dimension_is_left():
    """There are no lengths to look at; a share that ends within its horizon is none either."""
    looked_at, days = evidence([10] * 21), kpi("claim_decision_days")

    assert lengths.moved(looked_at, kpi("otd"), of({"carrier": ("DVP",)}))
    assert lengths.moved(looked_at, kpi("claim_acceptance"), of({"carrier": ("DVP",)}))
    assert lengths.moved(looked_at, days, of({"carrier": ("DVP",), "flow": ("return",)}))
    assert lengths.moved(looked_at, days, Finding("CALENDAR", {"carrier": ("DVP",)}))


@pytest.mark.parametrize("seed", range(8))
def test_ranks_are_what_scipy_makes_of_them(seed):
    """It takes one duration after the other, and no fractions."""
    rng = np.random.default_rng(seed)
    now, before = rng.integers(0, 9, (2, 6))
    both = (np.repeat(np.arange(6), counts) for counts in (now, before))

    chance = mannwhitneyu(*both, use_continuity=False, method="asymptotic").pvalue

    assert 2 * norm.sf(abs(lengths.rank_z(now, before))) == pytest.approx(chance)


def test_ranks_without_two_sides_or_two_lengths_say_nothing():
    """Nothing to compare with, or all took as long."""
    assert lengths.rank_z(np.zeros(3), np.ones(3)) == 0
    assert lengths.rank_z(np.array([0.0, 5.0]), np.array([0.0, 7.0])) == 0
