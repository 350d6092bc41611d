"""Small multiples: of the small workbook, counted by hand, and of lines made up."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace

import numpy as np
import pytest
from small_workbook import FIRST_MONDAY, HEADER, WEEKS, make_workbook, rows, write_csv

import tallysheet as ts
from tallysheet.by_value import MOST_LINES, Lines, latest_judged, lines_of
from tallysheet.language import read_language
from tallysheet.small_multiples import finding, small_multiples
from tallysheet.weeks import IsoWeek

ENGLISH, FRENCH = read_language("en"), read_language("fr")


@pytest.fixture(scope="module")
def review(tmp_path_factory):
    """Twenty weeks of two carriers; in the last, 2026-W21, BRV is late half of the time."""
    data = make_workbook(tmp_path_factory.mktemp("lines"))
    return ts.open_week("2026-W21", data=data).review


def made(levels: list[list[float]], variation: list[str]) -> Lines:
    level = np.array(levels, dtype=float)
    each = np.ones(len(levels))
    return Lines(
        dimension="carrier",
        weeks=tuple(f"2026-W{10 + week}" for week in range(level.shape[1])),
        values=tuple("ABCDEFGHIJKLMNOP"[: len(levels)]),
        level=level,
        lower=each * 0.8,
        upper=each * 0.9,
        centre=each * 0.85,
        variation=np.array(variation),
        left_out=0,
    )


def drawn(lines: Lines, direction: str = "up") -> str:
    chart = small_multiples(lines, unit="share", direction=direction, language=ENGLISH, name="On time")
    return chart.html.html


def test_lines_are_the_shares_of_each_value(review):
    """By hand: of ten a day up to two are late, and in the last week four more of BRV's."""
    lines = lines_of(review, "otd", "carrier")

    assert lines is not None
    days = [FIRST_MONDAY + dt.timedelta(weeks=WEEKS - 1, days=step) for step in range(7)]
    wobble = sum(day.toordinal() % 3 for day in days)
    last = dict(zip(lines.values, lines.level[:, -1], strict=True))
    assert last == pytest.approx({"BRV": 1 - (wobble + 28) / 70, "DVP": 1 - wobble / 70})


def test_what_is_outside_has_a_line_however_rare(tmp_path):
    """Else the chart says that all that can be judged are inside, beside a sentence that one is not."""
    data = make_workbook(tmp_path)
    without = [FIRST_MONDAY + dt.timedelta(weeks=week) for week in range(6)]
    kept = [
        row
        for row in rows()
        if row[1] != "BRV" or not any(day.isoformat() <= row[3] < _after(day) for day in without)
    ]
    write_csv(data / "raw" / "parcels.csv", kept, HEADER)
    lines = lines_of(ts.open_week("2026-W21", data=data).review, "otd", "carrier")

    assert lines is not None
    assert dict(zip(lines.values, lines.variation, strict=True)) == {"DVP": "routine", "BRV": "signal"}
    assert np.isnan(lines.level[lines.values.index("BRV")]).mean() > 0.25


def _after(monday: dt.date) -> str:
    return (monday + dt.timedelta(weeks=1)).isoformat()


def test_the_alt_text_says_who_is_outside_and_all_values(review):
    """A reader who sees nothing knows the finding, the week and every last value."""
    lines = lines_of(review, "otd", "carrier")
    chart = small_multiples(lines, unit="share", direction="up", language=ENGLISH, name="On time")

    assert "1 of 2 judged is outside its usual range: BRV (below)" in chart.alt
    assert f"{len(lines.weeks)} weeks up to 2026-W21" in chart.alt
    for value, level in zip(lines.values, lines.level[:, -1], strict=True):
        assert f"{value} {level:.1%}" in chart.alt


def test_what_is_outside_has_another_shape_and_the_colour_of_its_side():
    """A triangle, never colour alone; blue where it is good."""
    outside = made([[0.85] * 9 + [0.5], [0.85] * 10], ["signal", "routine"])

    assert "var(--orange)" not in drawn(made([[0.85] * 10] * 2, ["routine"] * 2))
    assert 'transform="translate' in drawn(outside)
    assert "var(--orange)" in drawn(outside)
    assert "var(--blue)" in drawn(outside, direction="down")


def test_twelve_lines_are_small():
    """A page holds two dozen of them."""
    random = np.random.default_rng(3)
    lines = made(random.uniform(0.8, 0.9, (MOST_LINES, 26)).tolist(), ["routine"] * MOST_LINES)

    assert len(drawn(lines).encode()) < 6_000


@pytest.mark.parametrize(
    ("variation", "said"),
    [
        (["routine", "routine"], "all 2 that can be judged are inside their usual ranges"),
        (["not_known", "not_known"], "numbers too small to judge"),
        (["signal", "not_known"], "1 of 1 judged is outside its usual range: A (above)"),
    ],
)
def test_the_finding_counts_what_can_be_judged(variation, said):
    """What is not known is neither inside nor outside."""
    assert finding(made([[0.85] * 9 + [0.95]] * 2, variation), ENGLISH) == said


def test_values_without_a_level_have_no_mark():
    """A gap stays a gap, and the week's value is said to be missing."""
    html = drawn(made([[0.85] * 9 + [float("nan")]] * 2, ["not_known"] * 2))

    assert html.count(">n/a<") == 2


def test_a_week_that_is_left_out_is_a_gap():
    """Its neighbours are not drawn next to each other: the lines of two values are four pieces."""
    whole = made([[0.85, 0.86] * 5] * 2, ["routine"] * 2)
    later = [str(IsoWeek.parse(week).shift(1)) for week in whole.weeks[5:]]
    broken = replace(whole, weeks=(*whole.weeks[:5], *later))

    pieces = re.compile(r'stroke-width:1.25;stroke-linecap:round"><path d="([^"]+)"')
    found = [pieces.findall(drawn(lines))[0].count("M") for lines in (whole, broken)]
    assert found == [2, 4]


def test_french_says_it_in_french():
    """The same finding in the other language."""
    said = finding(made([[0.85] * 9 + [0.95]] * 2, ["signal", "routine"]), FRENCH)

    assert said == "1 sur 2 jugées sort de sa plage habituelle\u202f: A (au-dessus)"


def test_a_judged_week_tells_of_itself(review):
    """Only of a week that is not judged another one is shown."""
    explanation = review.explanation("otd", "previous", ())

    assert latest_judged(review, "otd", explanation) is explanation
