"""Laws of judging: many series at once are judged as each would be by itself."""

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tallysheet.judgement import judge, judge_many

pytestmark = pytest.mark.slow

WEEKS = st.integers(2, 40)
"""A single week has nothing before it."""

FEW = st.integers(1, 4)
LEVEL = st.floats(-1000, 1000).map(lambda value: round(value, 3))


def same(values: np.ndarray, n: np.ndarray | None, chart: str) -> None:
    """Compare reason, variation, centre and limits, series by series; nothing equals nothing."""
    many = judge_many(values, n, chart)
    for row in range(len(values)):
        one = judge(values[row], None if n is None else n[row], chart)
        assert many.reason[row] == one.reason
        assert many.variation[row] == one.variation
        np.testing.assert_allclose(
            [many.centre[row], many.lower[row], many.upper[row]],
            [one.centre, one.lower, one.upper],
            rtol=1e-9,
            atol=1e-9,
        )


@st.composite
def measured(draw) -> np.ndarray:
    """Give series of values on a coarse grid, so that ties and runs are common, with gaps."""
    shape = draw(FEW), draw(WEEKS)
    steps = draw(arrays(float, shape, elements=st.integers(-20, 20).map(float)))
    gaps = draw(arrays(bool, shape, elements=st.sampled_from([False, False, False, False, True])))
    return np.where(gaps, math.nan, draw(LEVEL) + steps * draw(st.sampled_from([0.0, 0.25, 1.0, 30.0])))


@st.composite
def counted(draw, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Give counts and their denominators: no week, small ones and large ones, and gaps in the counts."""
    shape = draw(FEW), draw(WEEKS)
    n = draw(arrays(float, shape, elements=st.sampled_from([0.0, 1.0, 7.0, 100.0, 120.0, 3000.0])))
    rate = draw(st.sampled_from([0.0, 0.02, 0.5, 0.94, 1.0]))
    noise = draw(arrays(float, shape, elements=st.integers(-8, 8).map(lambda step: step / 100)))
    x = np.clip(np.floor(n * (rate + noise)), 0, n * most)
    gaps = draw(arrays(bool, shape, elements=st.sampled_from([False, False, False, False, True])))
    return np.where(gaps, math.nan, x), n


@given(values=measured())
@example(values=np.full((2, 20), 3.0))
@example(values=np.full((1, 20), math.nan))
@example(values=np.array([[1.0, 2.0] * 10, [math.nan] * 19 + [5.0]]))
def test_values_are_judged_alike(values):
    """XmR: with gaps, without variation, too short, and one that is all gaps."""
    same(values, None, "xmr")


@given(values=measured(), data=st.data())
def test_values_are_judged_alike_beside_others(values, data):
    """A series comes out the same whatever stands beside it."""
    row = data.draw(st.integers(0, len(values) - 1))
    alone, beside = judge_many(values[[row]]), judge_many(values)

    assert beside.reason[row] == alone.reason[0]
    np.testing.assert_array_equal(
        [beside.centre[row], beside.lower[row], beside.upper[row]],
        [alone.centre[0], alone.lower[0], alone.upper[0]],
    )


@given(counts=counted(most=1))
@example(counts=(np.full((1, 20), 94.0), np.full((1, 20), 100.0)))
@example(counts=(np.zeros((1, 20)), np.zeros((1, 20))))
def test_shares_are_judged_alike(counts):
    """p': with gaps, weeks without anything, shares of none and of all."""
    same(*counts, "p'")


@given(counts=counted(most=3))
@example(counts=(np.full((1, 20), 30.0), np.full((1, 20), 1000.0)))
@example(counts=(np.zeros((1, 20)), np.full((1, 20), 1000.0)))
def test_rates_are_judged_alike(counts):
    """u': the same, and more than one of each."""
    same(*counts, "u'")
