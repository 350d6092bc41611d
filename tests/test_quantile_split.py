"""The change of a median, split over parts: by hand where it can be, and laws that hold for any lengths."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tallysheet.quantile_split import split_quantile

DAYS = np.array([1.0, 2.0, 3.0, 4.0, 5.0])


def parts(*rows: list[int]) -> np.ndarray:
    """Give parts whose items have all ended, from their counts by day."""
    return np.array([[*row, 0] for row in rows], dtype=float)


def median(counts: np.ndarray) -> float:
    """Read the median off the items one by one, each day's spread evenly over the day; NaN if not reached."""
    half, before = counts.sum() / 2, 0.0
    for day, n in zip(DAYS, counts[:, :-1].sum(axis=0), strict=True):
        if n and before + n >= half - 1e-9:
            return float(day - 0.5 + (half - before) / n)
        before += n
    return float("nan")


def test_one_part_is_the_change():
    """From the middle of day 2 to the middle of day 4."""
    mix, within, total = split_quantile(parts([0, 0, 0, 8, 0]), parts([0, 8, 0, 0, 0]), DAYS, width=1)

    assert (mix.tolist(), within.tolist(), total.tolist()) == ([0.0], [2.0], [2.0])


def test_a_part_that_is_as_it_was_moved_nothing_by_itself():
    """Of two carriers with as many parcels as before, one took a day longer: all of the change is its own."""
    base = parts([4, 4, 4, 0, 0], [4, 4, 4, 0, 0])
    now = parts([0, 4, 4, 4, 0], [4, 4, 4, 0, 0])
    mix, within, total = split_quantile(now, base, DAYS, width=1)

    assert mix == pytest.approx([0.0, 0.0])
    assert within == pytest.approx([median(now) - median(base), 0.0])
    assert total == pytest.approx(within)


def test_a_shift_to_the_slower_is_all_mix():
    """Both are as fast as they were; the slow one has more of the parcels."""
    base, now = parts([6, 6, 0, 0, 0], [0, 0, 2, 2, 0]), parts([3, 3, 0, 0, 0], [0, 0, 5, 5, 0])
    mix, within, _ = split_quantile(now, base, DAYS, width=1)

    assert within == pytest.approx([0.0, 0.0])
    assert mix.sum() == pytest.approx(median(now) - median(base))
    assert (mix > 0).all()


def test_what_cancels_out_is_told():
    """One got faster, the other slower, the median stayed: each has its share, and they sum to nothing.

    A third of an item added to day 1 moves the median by a hundredth, and the shares hardly.
    """
    base, now = parts([2, 6, 2, 0, 0], [2, 6, 2, 0, 0]), parts([4, 5, 1, 0, 0], [0, 7, 3, 0, 0])
    _, within, total = split_quantile(now, base, DAYS, width=1)
    nearly = now + parts([1, 0, 0, 0, 0], [0, 0, 0, 0, 0]) / 3
    _, close, _ = split_quantile(nearly, base, DAYS, width=1)

    assert total.sum() == pytest.approx(0.0, abs=1e-12)
    assert within[0] < -0.1 < 0.1 < within[1]
    assert within == pytest.approx(close, abs=0.06)


def test_a_median_that_is_not_reached_has_no_split():
    """More than half are open after all lengths, or there is nothing."""
    half_open = np.array([[1.0, 1, 0, 0, 0, 5]])
    for now, base in ((half_open, parts([1, 1, 1, 0, 0])), (parts([1, 1, 1, 0, 0]), np.zeros((1, 6)))):
        assert all(not side.any() for side in split_quantile(now, base, DAYS, width=1))


counts = arrays(np.float64, (3, 6), elements=st.integers(0, 30).map(float))


@pytest.mark.slow
@given(now=counts, base=counts)
def test_parts_add_up_to_the_change_of_the_median(now, base):
    """Nothing is left over; the other way round all has the other sign."""
    change = median(now) - median(base)
    mix, within, total = split_quantile(now, base, DAYS, width=1)
    back = split_quantile(base, now, DAYS, width=1)

    assert np.isfinite(total).all()
    if np.isfinite(change):
        assert total.sum() == pytest.approx(change, abs=1e-9)
    assert mix + within == pytest.approx(total, abs=1e-9)
    for there, here in zip((mix, within, total), back, strict=True):
        assert there == pytest.approx(-here, abs=1e-9)
