"""Laws of naming segments: what must hold for any small cube of parcels."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tallysheet import find_segments

SIZES = {"carrier": 6, "country": 7, "service": 4}
BY = list(SIZES)
RATIO = {"now": "late", "base": "late_before", "now_n": "due", "base_n": "due_before"}
SUM = {"now": "due", "base": "due_before"}
COLUMNS = list(RATIO.values())
CLOSE = 1e-9

few = settings(max_examples=15)
seeds = st.integers(0, 2**32 - 1)
both = pytest.mark.parametrize("measures", [RATIO, SUM], ids=["ratio", "sum"])


def cube(seed: int, conditions: int | None = None, noise: bool = True) -> pd.DataFrame:
    """Draw parcels of two weeks; of those that meet so many conditions more are due and more are late.

    Without noise, counts are what is expected, rounded.
    """
    rng = np.random.default_rng(seed)
    codes = np.array(list(itertools.product(*(range(size) for size in SIZES.values()))))
    frame = pd.DataFrame({name: [f"{name}{i}" for i in codes[:, d]] for d, name in enumerate(BY)})
    volume = 400 * rng.gamma(4, 1 / 4, len(frame))
    rate = 0.08 * np.ones(len(frame))
    for d, size in enumerate(SIZES.values()):
        volume *= rng.uniform(0.6, 1.4, size)[codes[:, d]]
        rate *= np.exp(rng.normal(0, 0.25, size))[codes[:, d]]
    conditions = int(rng.integers(0, 4)) if conditions is None else conditions
    held = rng.choice(len(BY), conditions, replace=False)
    mine = (codes[:, held] == codes[rng.integers(len(codes)), held]).all(axis=1) & (conditions > 0)
    draw = rng.binomial if noise else lambda n, p: np.round(n * p)
    volumes = [volume * np.where(mine, 1.5, 1.0), volume]
    due, due_before = (rng.poisson(one) if noise else np.round(one) for one in volumes)
    late, late_before = draw(due, rate + 0.25 * mine), draw(due_before, rate)
    frame = frame.assign(late=late, due=due, late_before=late_before, due_before=due_before)
    frame.attrs["where"] = frozenset((BY[d], frame[BY[d]][mine].iloc[0]) for d in held)
    return frame


def find(frame: pd.DataFrame, measures: dict[str, str] = RATIO, by=BY) -> dict[frozenset, object]:
    """Find segments; give each by its conditions."""
    return {frozenset(one.where.items()): one for one in find_segments(frame, by=by, **measures)}


def assert_same(found: dict, expected: dict, factor: float = 1.0) -> None:
    """Compare segments and their numbers up to rounding; a factor is one of the KPI's unit."""
    assert set(found) == set(expected)
    for where, one in found.items():
        other = expected[where]
        for name in ("effect", "low", "high", "contribution"):
            assert getattr(one, name) == pytest.approx(factor * getattr(other, name), rel=CLOSE, abs=CLOSE)
        assert one.p == pytest.approx(other.p, rel=1e-6, abs=CLOSE)


@pytest.mark.slow
@few
@given(seed=seeds, conditions=st.integers(1, 2))
def test_a_large_planted_cause_is_named(seed, conditions):
    """The laws are not about empty answers: a rise by 25 points is named, with about its size."""
    frame = cube(seed, conditions)

    found = find(frame)

    assert frame.attrs["where"] in found
    assert found[frame.attrs["where"]].effect == pytest.approx(0.25, abs=0.05)


@both
@few
@given(seed=seeds)
def test_the_order_of_rows_changes_nothing(measures, seed):
    """Rows may come in any order."""
    frame = cube(seed)

    assert_same(find(frame.sample(frac=1, random_state=seed), measures), find(frame, measures))


@both
@few
@given(seed=seeds, by=st.permutations(BY))
def test_the_order_of_dimensions_changes_nothing(measures, seed, by):
    """Dimensions may be named in any order."""
    frame = cube(seed)

    assert_same(find(frame, measures, by), find(frame, measures))


@both
@few
@given(seed=seeds, is_ordered=st.booleans())
def test_the_names_of_values_change_nothing(measures, seed, is_ordered):
    """Values renamed one to one, whether or not they then sort as before."""
    frame = cube(seed)
    rng = np.random.default_rng(seed)
    names = {
        name: {
            f"{name}{i}": f"{place:03d} of {name}"
            for i, place in enumerate(range(size) if is_ordered else rng.permutation(size))
        }
        for name, size in SIZES.items()
    }
    renamed = frame.assign(**{name: frame[name].map(names[name]) for name in BY})

    expected = {
        frozenset((name, names[name][value]) for name, value in where): one
        for where, one in find(frame, measures).items()
    }

    assert_same(find(renamed, measures), expected)


@both
@few
@given(seed=seeds, count=st.integers(1, 50))
def test_rows_of_nothing_change_nothing(measures, seed, count):
    """Rows whose counts are all 0, of known values and of new ones, leave every digit as it was."""
    frame = cube(seed)
    nothing = frame.sample(count, random_state=seed).assign(**dict.fromkeys(COLUMNS, 0))
    new = nothing.assign(carrier=[f"new{i}" for i in range(count)])

    assert find(pd.concat([nothing, frame, new]), measures) == find(frame, measures)


@both
@few
@given(seed=seeds)
def test_finer_rows_change_nothing(measures, seed):
    """Every row cut in two, at random."""
    frame = cube(seed)
    rng = np.random.default_rng(seed)
    part = frame.assign(**{name: rng.integers(0, frame[name] + 1) for name in COLUMNS})
    other = frame.assign(**{name: frame[name] - part[name] for name in COLUMNS})

    assert_same(find(pd.concat([part, other]), measures), find(frame, measures))


def doubled(frame: pd.DataFrame, how: str) -> pd.DataFrame:
    return pd.concat([frame, frame]) if how == "rows" else frame.assign(**(2 * frame[COLUMNS]))


@pytest.mark.parametrize("how", ["rows", "counts"])
@few
@given(seed=seeds, conditions=st.integers(1, 3))
def test_twice_the_parcels_leave_effects_as_they_were(how, seed, conditions):
    """Rates stay, so effects stay, where no other segment is named that was part of the rest before."""
    frame = cube(seed, conditions)
    before, after = find(frame), find(doubled(frame, how))
    assume(set(before) == set(after))

    for where, one in before.items():
        assert after[where].effect == pytest.approx(one.effect, abs=CLOSE)
        assert (after[where].n_now, after[where].n_base) == (2 * one.n_now, 2 * one.n_base)


@pytest.mark.parametrize("how", ["rows", "counts"])
@few
@given(seed=seeds, conditions=st.integers(1, 3))
def test_twice_the_parcels_tell_more(how, seed, conditions):
    """Where cells do not scatter beyond chance, every interval is narrower with twice the parcels.

    Where they do, doubling counts doubles what they scatter beyond chance as well, and says no more.
    """
    frame = cube(seed, conditions, noise=False)
    before, after = find(frame), find(doubled(frame, how))

    assert before.keys() <= after.keys()
    for where, one in before.items():
        assert after[where].high - after[where].low < one.high - one.low


@few
@given(seed=seeds, conditions=st.integers(0, 3))
def test_the_other_way_round_effects_are_the_opposite(seed, conditions):
    """With now and before swapped, what rose fell."""
    frame = cube(seed, conditions)
    swapped = {"now": "late_before", "base": "late", "now_n": "due_before", "base_n": "due"}
    forth, back = find(frame), find(frame, swapped)

    assert set(forth) == set(back)
    for where, one in forth.items():
        assert back[where].effect == pytest.approx(-one.effect, rel=1e-6)
        assert back[where].contribution == pytest.approx(-one.contribution, rel=1e-6)
        assert (back[where].n_now, back[where].n_base) == (one.n_base, one.n_now)


@few
@given(seed=seeds)
def test_euros_or_cents_are_the_same(seed):
    """A sum in a hundredth of the unit names the same segments, with a hundred times the effect."""
    frame = cube(seed)
    cents = frame.assign(**(100 * frame[COLUMNS]))

    assert_same(find(cents, SUM), find(frame, SUM), factor=100)


@few
@given(seed=seeds)
def test_parcels_on_time_tell_what_late_ones_do(seed):
    """Counted the other way round, the same segments move by as much the other way."""
    frame = cube(seed)
    on_time = frame.assign(
        late=frame["due"] - frame["late"], late_before=frame["due_before"] - frame["late_before"]
    )
    found, other = find(frame), find(on_time)

    assert set(found) == set(other)
    for where, one in found.items():
        assert other[where].effect == pytest.approx(-one.effect, abs=1e-9)
        assert other[where].contribution == pytest.approx(-one.contribution, abs=1e-9)
