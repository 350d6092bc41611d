"""Laws: what must hold for any numbers, tried on many."""

import datetime as dt
import math
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from tallysheet import decompose, process_limits, run_rules
from tallysheet.comparison import Explanation, compare
from tallysheet.kpi import Kpi
from tallysheet.rounding import largest_remainder
from tallysheet.values import series_of
from tallysheet.weeks import IsoWeek, complete_weeks, weeks_between

pytestmark = pytest.mark.slow

COLUMNS = ["segment", "x_base", "n_base", "x_now", "n_now"]
RATIO = {"now": "x_now", "base": "x_base", "now_n": "n_now", "base_n": "n_base"}
SUM = {"now": "x_now", "base": "x_base"}
CLOSE = 1e-9


@st.composite
def counted(draw: st.DrawFn) -> tuple[int, int]:
    """Draw a part of a denominator and the denominator; both 0 where the segment is absent."""
    n = draw(st.one_of(st.just(0), st.integers(1, 10**6)))
    return draw(st.integers(0, n)), n


@st.composite
def segments(draw: st.DrawFn) -> pd.DataFrame:
    """Draw up to eight segments, some of them absent on one side or both, not all of them on either."""
    pairs = draw(st.lists(st.tuples(counted(), counted()), min_size=1, max_size=8))
    rows = [(f"s{place}", *before, *now) for place, (before, now) in enumerate(pairs)]
    frame = pd.DataFrame(rows, columns=COLUMNS)
    assume(frame["n_base"].sum() > 0 and frame["n_now"].sum() > 0)
    return frame


def split(frame: pd.DataFrame, measures: dict[str, str]) -> pd.DataFrame:
    return decompose(frame, by="segment", **measures).set_index("segment")


def scale(frame: pd.DataFrame, measures: dict[str, str]) -> float:
    """Give the size of the numbers that are added up: 1 for ratios, the largest sum for sums."""
    return 1.0 if measures is RATIO else max(1.0, *frame[["x_base", "x_now"]].abs().sum())


def assert_equal(found: pd.DataFrame, expected: pd.DataFrame, size: float = 1.0) -> None:
    """Compare splits segment by segment, whatever the order of rows."""
    assert set(found.index) == set(expected.index)
    for column in ("mix", "rate", "total"):
        differences = (found[column] - expected[column].reindex(found.index)).abs()
        assert differences.max() <= CLOSE * size, column


both = pytest.mark.parametrize("measures", [RATIO, SUM], ids=["ratio", "sum"])


@both
@given(frame=segments())
def test_parts_add_up_to_the_change(measures, frame):
    """The parts' totals are the change, nothing is left over, and mix and rate make up each total."""
    change = frame["x_now"].sum() - frame["x_base"].sum()
    if measures is RATIO:
        change = frame["x_now"].sum() / frame["n_now"].sum() - frame["x_base"].sum() / frame["n_base"].sum()

    parts = split(frame, measures)
    size = scale(frame, measures)

    assert abs(parts["total"].sum() - change) <= CLOSE * size
    assert abs(parts.attrs["residual"]) <= CLOSE * size
    assert (parts["mix"] + parts["rate"] - parts["total"]).abs().max() <= CLOSE * size


@given(st.lists(st.tuples(st.floats(-1e9, 1e9), st.floats(-1e9, 1e9)), min_size=1, max_size=20))
def test_parts_of_a_sum_of_any_sign_add_up(pairs):
    """Refunds and corrections are negative: their parts add up too, to the size of what was added."""
    rows = [(f"s{place}", before, 0, now, 0) for place, (before, now) in enumerate(pairs)]
    frame = pd.DataFrame(rows, columns=COLUMNS)
    change = math.fsum(now for _, now in pairs) - math.fsum(before for before, _ in pairs)

    parts = split(frame, SUM)

    assert abs(parts["total"].sum() - change) <= CLOSE * scale(frame, SUM)


@both
@given(frame=segments(), data=st.data())
def test_row_order_changes_nothing(measures, frame, data):
    """Segments have the same parts whatever the order of their rows."""
    order = data.draw(st.permutations(range(len(frame))))

    assert_equal(split(frame.iloc[order], measures), split(frame, measures), scale(frame, measures))


@both
@given(frame=segments(), data=st.data())
def test_splitting_a_segment_in_two_equal_halves_changes_nothing(measures, frame, data):
    """Two halves of equal rates add up to the segment's own mix and rate, and leave the others alone."""
    place = data.draw(st.integers(0, len(frame) - 1))
    # Doubled first, so that halves of counts are counts.
    frame = frame.assign(**{column: frame[column] * 2 for column in COLUMNS[1:]})
    half = frame.iloc[[place]].assign(**{column: frame[column].iloc[place] // 2 for column in COLUMNS[1:]})
    name = frame["segment"].iloc[place]
    halves = pd.concat([frame.drop(index=place), half.assign(segment="left"), half.assign(segment="right")])

    whole, cut = split(frame, measures), split(halves, measures)
    joined = cut.rename(index={"left": name, "right": name}).groupby(level=0).sum()

    assert_equal(joined, whole, scale(frame, measures))
    assert cut.attrs["now"] == pytest.approx(whole.attrs["now"], rel=1e-12)
    assert cut.attrs["base"] == pytest.approx(whole.attrs["base"], rel=1e-12)


@both
@given(frame=segments())
def test_a_segment_of_nothing_changes_nothing(measures, frame):
    """A segment without shipments on either side contributes 0 and leaves the others alone."""
    nothing = pd.DataFrame([("nothing", 0, 0, 0, 0)], columns=COLUMNS)

    parts = split(pd.concat([frame, nothing]), measures)

    assert parts.loc["nothing", ["mix", "rate", "total"]].abs().max() == 0
    assert_equal(parts.drop(index="nothing"), split(frame, measures), scale(frame, measures))


@given(segments())
def test_an_absent_segment_is_mix_only(frame):
    """What is new or gone has no rate that could have changed."""
    absent = frame.loc[(frame["n_base"] == 0) | (frame["n_now"] == 0), "segment"]

    parts = split(frame, RATIO)

    assert (parts.loc[absent, "rate"] == 0).all()


@both
@given(frame=segments())
def test_swapping_now_and_base_flips_every_sign(measures, frame):
    """The way back is the way there with the other sign: no side is favoured."""
    turned = dict(zip(measures, ["x_base", "x_now", "n_base", "n_now"], strict=False))

    there, back = split(frame, measures), split(frame, turned)

    assert_equal(
        back,
        there.assign(**{name: -there[name] for name in ("mix", "rate", "total")}),
        scale(frame, measures),
    )


values = st.lists(st.integers(-10_000, 10_000), min_size=2, max_size=30)
LINES = ("centre", "lower", "upper", "near_lower", "near_upper")
FLAGS = ("outside", "shift", "trend", "two_of_three")


@given(values, st.integers(-1000, 1000), st.integers(-6, 6).filter(bool), st.booleans())
def test_limits_move_and_stretch_with_the_values(numbers, shift, factor, screen):
    """In other units the chart is the same chart: lines shift and stretch (a negative factor turns it over).

    Whole numbers and powers of two keep the comparisons of doubles exact.
    """
    factor = math.copysign(2.0 ** abs(factor), factor)
    plain = process_limits(numbers, screen=screen)

    moved = process_limits(np.array(numbers) * factor + shift, screen=screen)
    expected = {name: getattr(plain, name) * factor + shift for name in LINES}
    if factor < 0:
        turned = {"centre": "centre", "lower": "upper", "near_lower": "near_upper"}
        turned |= {there: here for here, there in turned.items()}
        expected = {name: expected[turned[name]] for name in LINES}

    for name in LINES:
        np.testing.assert_allclose(getattr(moved, name), expected[name], rtol=1e-9, atol=1e-7, err_msg=name)


@given(st.lists(counted(), min_size=2, max_size=30), st.sampled_from(["p", "p'"]))
def test_limits_of_a_share_are_shares(pairs, chart):
    """Centre and all limits lie between 0 and 1, limits around the centre; nothing is due, no limits."""
    counts, denominators = (np.array(numbers, float) for numbers in zip(*pairs, strict=True))
    assume(denominators.sum() > 0)

    limits = process_limits(counts, denominators, chart)

    for name in LINES:
        line = getattr(limits, name)[denominators > 0]
        assert (np.isnan(line) | ((line >= 0) & (line <= 1))).all(), name
    known = ~np.isnan(limits.lower)
    assert not known[denominators == 0].any()
    assert (limits.lower[known] <= limits.near_lower[known]).all()
    assert (limits.near_lower[known] <= limits.centre[known]).all()
    assert (limits.centre[known] <= limits.near_upper[known]).all()
    assert (limits.near_upper[known] <= limits.upper[known]).all()
    assert limits.sigma_z >= 1


@given(values, st.data())
def test_a_rebased_chart_is_two_charts_side_by_side(numbers, data):
    """No moving range and no run crosses the place where a new part begins."""
    place = data.draw(st.integers(1, len(numbers) - 1))

    whole = process_limits(numbers, rebase_at=[place])
    parts = [process_limits(numbers[:place]), process_limits(numbers[place:])]

    for name in (*LINES, *FLAGS):
        expected = np.concatenate([getattr(part, name) for part in parts])
        np.testing.assert_array_equal(getattr(whole, name), expected, err_msg=name)


@given(st.lists(st.integers(-4, 4), min_size=1, max_size=25))
def test_rules_see_both_sides_and_both_directions_alike(numbers):
    """Turned over or read backwards, the same points break the same rules."""
    flags = run_rules(numbers, 0, -3, 3)
    over = run_rules([-number for number in numbers], 0, -3, 3)
    backwards = run_rules(numbers[::-1], 0, -3, 3)

    for name in FLAGS:
        expected = getattr(flags, name).tolist()
        assert getattr(over, name).tolist() == expected, name
        assert getattr(backwards, name).tolist()[::-1] == expected, name


days = st.dates(dt.date(1990, 1, 1), dt.date(2060, 12, 31))


@given(days)
@example(dt.date(2026, 12, 31))
@example(dt.date(2027, 1, 1))
@example(dt.date(2027, 1, 4))
def test_every_day_is_in_exactly_one_week(day):
    """A day lies in its own week, and in neither neighbour."""
    week = IsoWeek.of(day)

    assert week.monday <= day <= week.sunday
    assert week.shift(-1).sunday < day < week.shift(1).monday
    assert IsoWeek.parse(str(week)) == week
    assert (day - dt.timedelta(days=364) in week_days(week.year_ago)) and week.shift(-52) == week.year_ago


def week_days(week: IsoWeek) -> list[dt.date]:
    return [week.monday + dt.timedelta(days=step) for step in range(7)]


@given(days, st.integers(0, 120))
def test_weeks_between_have_no_gap(day, more):
    """From the first to the last each week begins the day after the one before it ends."""
    first = IsoWeek.of(day)
    last = IsoWeek.of(day + dt.timedelta(weeks=more))

    weeks = weeks_between(first, last)

    assert (weeks[0], weeks[-1], len(weeks)) == (first, last, more + 1)
    assert all(later.monday - before.sunday == dt.timedelta(days=1) for before, later in pairwise(weeks))
    assert weeks == sorted(weeks)


@given(days, st.integers(0, 60))
def test_complete_weeks_lie_inside_the_span(first, more):
    """All their days are in the span, and less than a week is left at either end."""
    last = first + dt.timedelta(days=more)

    weeks = complete_weeks(first, last)

    assert all(first <= week.monday and week.sunday <= last for week in weeks)
    assert 0 <= more + 1 - 7 * len(weeks) <= 12
    assert more < 13 or weeks


parts_to_print = st.lists(st.floats(-1000, 1000), min_size=1, max_size=30)


@given(parts_to_print, st.integers(0, 3))
@example([0.29, 0.29], 2)
@example([-0.5, -0.5, -0.5], 0)
def test_printed_parts_add_up(parts, decimals):
    """What is printed adds up to the printed total, and no part is off by a whole unit of the last place."""
    unit = 10**-decimals
    rounded = largest_remainder(parts, decimals)
    as_printed = [round(part / unit) for part in rounded]

    assert sum(as_printed) == round(math.fsum(parts) / unit)
    assert all(abs(after - before) < unit * (1 + 1e-9) for after, before in zip(rounded, parts, strict=True))


@given(parts_to_print, st.integers(0, 3))
def test_parts_that_are_round_already_stay(parts, decimals):
    """Nothing is moved that needs no rounding."""
    expected = [round(part, decimals) for part in parts]

    assert largest_remainder(expected, decimals) == expected


WEEKS = [IsoWeek(2024, 1).shift(step) for step in range(16)]
DIMENSIONS = {"depot": ["Lyon", "Gent", ""], "flow": ["forward", "return"]}


def kpi(unit: str) -> Kpi:
    return Kpi(
        "file", "f", "x", None if unit == "count" else "n", unit, "up", "day", 0, (*DIMENSIONS,), "law"
    )


@st.composite
def cubes(draw: st.DrawFn) -> pd.DataFrame:
    """Draw 16 weeks of counts by depot and flow; the last two weeks hold something."""
    seed = draw(st.integers(0, 2**32 - 1))
    random = np.random.default_rng(seed)
    depots = draw(st.lists(st.sampled_from(DIMENSIONS["depot"]), min_size=1, unique=True))
    due = draw(st.integers(1, 2000))
    rate = draw(st.sampled_from([0.0, 0.1, 0.9, 1.0]))
    cells = [
        (str(week), depot, flow, random.binomial(n, rate), n)
        for week in WEEKS
        for depot in depots
        for flow in DIMENSIONS["flow"]
        if (n := int(random.poisson(due))) or week in WEEKS[-2:]
    ]
    frame = pd.DataFrame(cells, columns=["week", "depot", "flow", "x", "n"])
    assume((frame.groupby("week")["n"].sum().reindex([str(week) for week in WEEKS[-2:]]) > 0).all())
    return frame


def explained(cells: pd.DataFrame, unit: str, base: str) -> Explanation:
    return compare(series_of(cells, kpi(unit), WEEKS), WEEKS[-1], base=base, by=list(DIMENSIONS))


def last_weeks(depots: list[str], *, now: int) -> pd.DataFrame:
    """Give 16 weeks with ten of a hundred in every cell, but another number in the last one."""
    rows = [
        (str(week), depot, flow, now if week == WEEKS[-1] else 10 + place % 3, 100)
        for place, week in enumerate(WEEKS)
        for depot in depots
        for flow in DIMENSIONS["flow"]
    ]
    return pd.DataFrame(rows, columns=["week", "depot", "flow", "x", "n"])


@pytest.mark.parametrize("unit", ["share", "number", "count"])
@settings(max_examples=25)
@given(cells=cubes(), base=st.sampled_from(["previous", "last-4", "2024-W03"]))
def test_contributions_add_up_in_every_dimension(unit, cells, base):
    """Each dimension's parts add up to the one change of the KPI, and the residual says so."""
    assert_closed(explained(cells, unit, base))


def assert_closed(found: Explanation) -> None:
    size = 1.0 if found.kpi.denominator else max(1.0, abs(found.value_now), abs(found.value_base))

    assert set(found.parts) == set(DIMENSIONS)
    for parts in found.parts.values():
        assert abs(parts["total"].sum() - found.change) <= CLOSE * size
        assert (parts["mix"] + parts["rate"] - parts["total"]).abs().max() <= CLOSE * size
    assert abs(found.residual) <= CLOSE * size


HARDLY_THERE = {
    "one part, which moved": last_weeks(["Lyon"], now=90),
    "no row names its depot": last_weeks([""], now=11),
    "nothing in any week": last_weeks(["Lyon", "Gent"], now=0).assign(x=0),
}


@pytest.mark.parametrize("unit", ["share", "number", "count"])
@pytest.mark.parametrize("cells", HARDLY_THERE.values(), ids=HARDLY_THERE)
def test_contributions_add_up_where_there_is_hardly_anything(cells, unit):
    """One value, a blank one, or zeros only are explained like anything else, without a warning."""
    found = explained(cells, unit, "previous")

    assert_closed(found)


@pytest.mark.parametrize("unit", ["share", "count"])
@settings(max_examples=25)
@given(cells=cubes(), order=st.randoms(use_true_random=False))
def test_row_order_of_the_cube_changes_nothing(unit, cells, order):
    """The same rows in another order, or a cell in two rows, give the same numbers to the last bit."""
    places = list(range(len(cells)))
    order.shuffle(places)
    halved = cells.assign(x=cells["x"] // 2, n=cells["n"] // 2)
    rest = cells.assign(x=cells["x"] - halved["x"], n=cells["n"] - halved["n"])

    expected = explained(cells, unit, "last-4")

    for rows in (cells.iloc[places], pd.concat([halved, rest])):
        found = explained(rows, unit, "last-4")
        assert (found.value_now, found.value_base) == (expected.value_now, expected.value_base)
        assert found.variation == expected.variation
        for dimension, parts in found.parts.items():
            pd.testing.assert_frame_equal(parts, expected.parts[dimension])
