"""Rounding that adds up: parts to their total, rows and columns of a table at once, sentences like tables."""

import math
import re
from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallysheet import page, say
from tallysheet.comparison import Explanation, compare
from tallysheet.errors import DataError
from tallysheet.kpi import Kpi
from tallysheet.language import read_language
from tallysheet.rounding import largest_remainder, printed_parts, summands
from tallysheet.values import series_of
from tallysheet.weeks import IsoWeek, weeks_between

ENGLISH, FRENCH = read_language("en"), read_language("fr")
SHARE = Kpi("otd", "shipments", "on_time_n", "due_n", "share", "up", "day", 0, ("carrier",), "by hand")
WEEKS = weeks_between(IsoWeek(2026, 1), IsoWeek(2026, 8))


def test_printed_parts_of_a_third_each_add_up():
    """The first of equal parts takes the missing unit."""
    assert [33.4, 33.3, 33.3] == largest_remainder([100 / 3] * 3, 1)


def test_binary_noise_moves_no_unit():
    """0.29 is 29 hundredths, though 0.29 * 100 is a little less."""
    assert [0.29, 0.57, 0.14] == largest_remainder([0.29, 0.57, 0.14], 2)


def test_parts_reach_a_given_total():
    """A bridge ends at the printed end, even where that is a unit off the rounded sum."""
    printed = largest_remainder([1.004, 1.004], 2, total=2.03)

    assert 2.03 == pytest.approx(sum(printed))


def test_missing_part_is_refused():
    """Not known cannot be rounded."""
    with pytest.raises(DataError):
        largest_remainder([1.0, math.nan], 1)
    assert [] == largest_remainder([], 1)


@given(st.lists(st.floats(-1e4, 1e4), min_size=1, max_size=12), st.integers(0, 3))
def test_printed_parts_always_add_up(parts, decimals):
    """Printed parts sum to the printed sum, and none is off by a whole unit of its last place."""
    printed = largest_remainder(parts, decimals)

    assert round(math.fsum(parts) * 10**decimals) == round(math.fsum(printed) * 10**decimals)
    assert all(abs(a - b) < 10**-decimals * 1.0001 for a, b in zip(parts, printed, strict=True))


def split_into(mix: list[float], rate: list[float]) -> Explanation:
    """Give a share that rose by the parts told, one carrier each, of points."""
    names = [chr(ord("A") + place) for place in range(len(mix))]
    rows = [(str(week), name, 500, 1_000) for week in WEEKS for name in names]
    frame = pd.DataFrame(rows, columns=["week", "carrier", "on_time_n", "due_n"])
    found = compare(series_of(frame, SHARE, WEEKS), WEEKS[-1], base="last-4", by=["carrier"])
    parts = found.parts["carrier"].assign(segment=names, mix=mix, rate=rate)
    parts = parts.assign(mix=parts["mix"] / 100, rate=parts["rate"] / 100, variation="routine")
    parts = parts.assign(total=parts["mix"] + parts["rate"])
    return replace(found, value_now=0.5 + float(parts["total"].sum()), parts={"carrier": parts})


MIXES = ([0.04, 0.04, -0.03], [0.01, 0.03, 0.9], [0.0, 0.0, 0.0], [-0.26, 0.249, 0.36])
RATES = ([0.11, 0.03, 0.74], [0.04, 0.04, 0.04], [1.42, 0.949, -0.26], [0.04, 0.74, 0.05])


@pytest.mark.parametrize("mix", MIXES)
@pytest.mark.parametrize("rate", RATES)
def test_each_row_of_a_table_of_parts_adds_up_and_so_does_each_column(mix, rate):
    """Mix and rate make the part, parts the total, and nobody who adds up 0.0 and 0.2 reads +0.1."""
    html = page.parts(split_into(mix, rate), "carrier", ENGLISH).html
    table = html[html.index('id="otd-carrier-parts"') :]
    rows = [
        [float(one.replace("−", "-").replace("+", "")) for one in re.findall(r">([+−]?\d+\.\d)\xa0pp<", row)]
        for row in re.findall("<tr.*?</tr>", table)[1:]
    ]

    assert len(rows) == 4 and {len(row) for row in rows} == {3}
    for own, other, part in rows:
        assert own + other == pytest.approx(part)
    for column in zip(*rows, strict=True):
        assert sum(column[:-1]) == pytest.approx(column[-1])


def test_a_sentence_tells_of_a_part_what_its_table_prints():
    """0.949 of 2.109 points is printed as 1.0, so that 1.4, 1.0 and -0.3 make 2.1; its unit is told."""
    found = split_into([0.0, 0.0, 0.0], [1.42, 0.949, -0.26])
    parts = found.parts["carrier"]
    assert (printed_parts(found, "carrier")["total"] * 100).round(6).tolist() == [1.4, 1.0, -0.3]

    outside = replace(found, parts={"carrier": parts.assign(variation=["signal", "routine", "routine"])})
    told = say._followers(outside, "carrier", ENGLISH).replace("\u00a0", " ")
    assert told == "Along with the rise, within the usual range: B with 1.0 points."
    assert "B avec 1,0\u00a0point." in say._followers(outside, "carrier", FRENCH)
    part = say._part_of({"carrier": "B"}, 0.00949, found, ENGLISH).replace("\u00a0", " ")
    assert part == "1.0 of the 2.1 points"


columns = st.lists(st.tuples(st.floats(-100, 100), st.floats(-100, 100)), min_size=1, max_size=20)


@given(columns, st.integers(0, 2))
def test_summands_make_their_sums_and_none_is_off_by_a_unit(pairs, decimals):
    """Whatever the two columns hold."""
    first, second = ([pair[side] for pair in pairs] for side in (0, 1))
    sums = largest_remainder([a + b for a, b in pairs], decimals)
    own, other = summands(first, second, sums, decimals)
    unit = 10**-decimals

    for a, b, whole in zip(own, other, sums, strict=True):
        assert a + b == pytest.approx(whole, abs=1e-9)
    for before, after in zip([*first, *second], [*own, *other], strict=True):
        assert abs(before - after) < unit * (1 + 1e-6)
