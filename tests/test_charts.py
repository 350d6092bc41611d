"""Charts: what they say to those who do not see them, and that their SVG is fit for our page."""

from __future__ import annotations

import math
import os
import re
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from tallysheet.charts import Chart, bridge_chart, control_chart, figure, sparkline
from tallysheet.errors import DataError
from tallysheet.language import read_language
from tallysheet.tables import Html
from tallysheet.weeks import IsoWeek

ENGLISH = read_language("en")


def history(values: list[float], limits: tuple[float, float] | None = (0.7, 0.9)) -> pd.DataFrame:
    """Weeks from 2012-W50 on, the last one judged, the four before it the base."""
    n = len(values)
    lower, upper = limits or (math.nan, math.nan)
    value = pd.Series(values, dtype=float)
    return pd.DataFrame(
        {
            "week": [str(IsoWeek(2012, 50).shift(step)) for step in range(n)],
            "value": value,
            "centre": (lower + upper) / 2,
            "lower": lower,
            "upper": upper,
            "outside": (value < lower) | (value > upper),
            "is_final": True,
            "judged": np.arange(n) == n - 1,
            "base": (np.arange(n) >= n - 5) & (np.arange(n) < n - 1),
            "rebased": False,
        }
    )


def control(frame: pd.DataFrame, **options) -> Chart:
    return control_chart(frame, unit="share", language=ENGLISH, name="On time", **options)


def bridge(changes: list[float], unit: str = "share", start: float = 0.7, **options) -> Chart:
    parts = pd.DataFrame({"label": [f"Part {n}" for n in range(len(changes))], "change": changes})
    parts["emphasis"] = parts.index == 0
    return bridge_chart(
        parts,
        start=start,
        end=start + sum(changes),
        start_label="Before",
        end_label="After",
        unit=unit,
        language=ENGLISH,
        name="On time",
        **options,
    )


def lines(svg: str) -> list[int]:
    """Count the pieces of the line of weeks, on a screen and on a phone."""
    found = re.findall(r'stroke-width:1.5;stroke-linecap:round"><path d="([^"]+)"', svg)
    return [one.count("M") for one in found]


def texts(svg: str) -> list[str]:
    return re.findall(r"<text[^>]*>(.*?)</text>", svg)


@pytest.mark.parametrize(
    ("last", "where"), [(0.60, "below"), (0.95, "above"), (0.80, "inside")], ids=["below", "above", "inside"]
)
def test_alt_text_states_the_finding(last, where):
    """Value, week, range and how often earlier weeks lay outside."""
    chart = control(history([0.8] * 13 + [0.5, last]))

    said = f"{last:.1%} in week 12 of 2013, {where} the usual range of 70.0% to 90.0%."
    assert f"On time: {said} 1 of the 14 earlier weeks shown lay outside its own." == chart.alt


def test_alt_text_says_not_known_yet():
    """Without limits the number of earlier weeks says why; without a value that is said."""
    assert "not known yet: there are only 4 earlier weeks" in control(history([0.8] * 5, limits=None)).alt
    assert "no value in week 2 of 2013" in control(history([0.8] * 4 + [math.nan])).alt


def test_chart_without_alt_text_is_refused():
    """Every figure can be read by everybody."""
    with pytest.raises(DataError, match="alt text"):
        Chart(" ", Figure())


def test_history_needs_one_judged_week():
    """The page judges one week."""
    frame = history([0.8] * 5)
    with pytest.raises(DataError, match="one judged week"):
        control(frame.assign(judged=False))
    with pytest.raises(DataError, match="one judged week"):
        control(frame.assign(judged=True))


def test_svg_is_fit_for_the_page():
    """Two sizes, named, without ids, scripts, fonts, fixed colours or links: nothing can clash or leak."""
    html = control(history([0.8] * 20 + [0.5]), target=0.85).html.html

    assert 2 == html.count('role="img" aria-label="On time: 50.0%')
    assert 1 == html.count('class="chart wide"') == html.count('class="chart narrow"')
    assert not re.search(r" id=|<style|font-family|#[0-9a-f]{6}|http|url\(|<metadata|<script", html)


def test_coordinates_are_short_and_words_are_whole():
    """Numbers are rounded in coordinates only: a label keeps its digits."""
    html = control(history([0.8] * 20 + [0.51234])).html.html

    assert not re.search(r'(?:d|x|y|cx|cy|r)="[^"]*\.\d\d', html)
    assert "51.2% W18" in texts(html)


def test_levels_at_the_line_are_kept_apart():
    """Labels of limits, centre, target and value never overlap, however near they are."""
    chart = control(history([0.8] * 20 + [0.801], limits=(0.799, 0.803)), target=0.802)

    svg = chart.html.html.split("</svg>")[0]
    heights = [float(y) for x, y in re.findall(r'<text x="([\d.]+)" y="([\d.]+)"', svg) if float(x) > 1090]
    apart = np.diff(sorted(heights))
    assert 5 == len(heights)
    assert apart.min() > 14


def test_week_outside_is_blue_only_on_the_good_side():
    """Orange unless the direction of the KPI makes it good."""
    frame = history([0.8] * 20 + [0.95])

    assert "var(--orange)" in control(frame).html.html
    assert "var(--orange)" in control(frame, direction="down").html.html
    assert "var(--orange)" not in control(frame, direction="up").html.html
    assert "var(--blue)" in control(frame, direction="up").html.html


def test_routine_week_has_no_colour():
    """Routine is ink and grey."""
    assert not re.search("orange|blue", control(history([0.8] * 20 + [0.81])).html.html)


def test_one_peak_does_not_flatten_the_rest():
    """A far week stands at the edge of the axis, with its value."""
    chart = control_chart(
        history([800, 810, 30000] + [790, 805] * 8, limits=(700, 900)),
        unit="count",
        language=ENGLISH,
        name="Flights",
    )

    labels = texts(chart.html.html.split("</svg>")[0])
    assert "30,000" in labels
    assert "20,000" not in labels


def test_values_of_neighbours_beyond_the_axis_stand_above_each_other():
    """Three young weeks in a row were written over each other."""
    values = [800.0, 810.0, *[790.0, 805.0] * 15, -3_000.0, -2_000.0, -1_000.0, 800.0]
    drawn = control_chart(history(values, limits=(700, 900)), unit="count", language=ENGLISH, name="Flights")

    wide = drawn.html.html.split("</svg>")[0]
    heights = {text: float(y) for y, text in re.findall(r'<text [^>]*y="([\d.]+)">(−\d,000)<', wide)}
    assert sorted(heights) == ["−1,000", "−2,000", "−3,000"]
    assert heights["−3,000"] - heights["−2,000"] >= 12
    assert heights["−2,000"] - heights["−1,000"] >= 12


@pytest.mark.parametrize("values", [[0.8], [0.8, math.nan], [math.nan], [0.8, 0.7, 0.75, 0.8, 0.9]])
def test_few_weeks_without_limits_can_be_drawn(values):
    """A young workbook has charts too."""
    frame = history(values, limits=None)

    assert "<svg" in control(frame).html.html
    assert "<svg" in sparkline(frame, unit="share", language=ENGLISH, name="On time").html.html


def test_gap_in_the_weeks_stays_a_gap():
    """The line does not run across a week that is not known."""
    whole = control(history([0.8, 0.81] * 10 + [0.8])).html.html
    broken = control(history([0.8, 0.81] * 5 + [math.nan] + [0.8, 0.81] * 5)).html.html

    assert lines(whole) == [1, 1]
    assert lines(broken) == [2, 2]


def test_a_week_that_is_left_out_is_a_gap_too():
    """Its neighbours are no neighbours: the line is broken, and earlier weeks are counted without it."""
    drawn = control(history([0.8, 0.81] * 10 + [0.8]).drop(index=10))

    assert lines(drawn.html.html) == [2, 2]
    assert "All 19 earlier weeks" in drawn.alt


def test_at_most_53_weeks_are_drawn():
    """Older weeks are left out; the alt text counts those shown."""
    assert "All 52 earlier weeks" in control(history([0.8] * 80)).alt


def test_sparkline_has_one_small_size():
    """It fits in a table row."""
    chart = sparkline(history([0.8] * 30 + [0.5]), unit="share", language=ENGLISH, name="On time")

    assert chart.narrow is None
    assert 'width="150" height="40"' in chart.html.html
    assert "On time, last 26 weeks: lowest 50.0%, highest 80.0%, 50.0% in week 28 of 2013." == chart.alt


def test_printed_parts_of_a_bridge_add_up():
    """Start, parts and end as printed close to nothing."""
    svg = bridge([-0.01234, 0.00456, -0.00789, 0.00111], start=0.70055).html.html.split("</svg>")[0]

    numbers = [float(t.replace("−", "-")) for t in texts(svg) if re.fullmatch(r"[+−]?\d+\.\d\d", t)]
    assert 6 == len(numbers)
    assert numbers[-1] == pytest.approx(sum(numbers[:-1]))


def test_bridge_says_its_parts():
    """The alt text names both levels and all parts."""
    chart = bridge([-30.0, 10.0], unit="count", start=100.0)

    parts = "Parts: Part 0 −30 and Part 1 +10. The parts add up to the change."
    assert f"On time: from 100 (Before) to 80 (After). {parts}" == chart.alt


def test_small_parts_are_pooled():
    """Nine bars at most; the emphasised part is never pooled, and nothing is lost."""
    chart = bridge([0.001, *[0.01 + n / 1000 for n in range(13)]])

    assert "6 others" in chart.alt
    assert "Part 0 +0.10" in chart.alt
    assert 9 == len(re.findall(r"[+−]\d", chart.alt))


@pytest.mark.parametrize(("direction", "colour"), [("up", "blue"), ("down", "orange"), ("neutral", "orange")])
def test_bridge_colours_the_emphasised_part_only(direction, colour):
    """Grey is for the rest."""
    html = bridge([0.05, -0.02], direction=direction).html.html

    assert {colour} == set(re.findall("blue|orange", html))


def test_hostile_names_are_harmless():
    """Labels and names come from extracts."""
    parts = pd.DataFrame({"label": ["<script>alert(1)</script>"], "change": [0.1], "emphasis": [True]})

    html = bridge_chart(
        parts,
        start=0.1,
        end=0.2,
        start_label='"><b>',
        end_label="<i>",
        unit="share",
        language=ENGLISH,
        name='" onload="alert(1)',
    ).html.html

    assert not re.search(r'<script|<b>|<i>|" onload', html)


def test_figure_has_heading_caption_and_data():
    """The finding stands above, the data can be unfolded below."""
    chart = control(history([0.8] * 5))

    html = figure(chart, "A & B", "What", "How", Html("<table></table>"), language=ENGLISH).html

    assert "<h3>A &amp; B</h3>" in html
    assert "<figcaption>How</figcaption>" in html
    assert "<summary>Data behind this chart</summary><div><table></table></div>" in html


def test_own_style_of_a_notebook_changes_nothing():
    """A theme that a notebook sets for its own plots does not reach ours."""
    import matplotlib

    frame = history([0.8] * 20 + [0.5])
    before = control(frame).html.html
    with matplotlib.rc_context(
        {"font.size": 30, "svg.fonttype": "path", "figure.dpi": 200, "lines.linewidth": 9}
    ):
        assert before == control(frame).html.html


def test_own_shapes_of_a_notebook_survive():
    """Turned text, square marks and foreign colours of somebody's own figure are kept."""
    drawing = Figure(figsize=(3, 2), dpi=72)
    axes = drawing.add_axes((0.2, 0.2, 0.7, 0.7))
    axes.plot([1, 2, 3], [1, 3, 2], "s", color="#123456")
    axes.set_ylabel("Turned")

    html = Chart("Squares", drawing).html.html

    assert re.search(r'<text transform="rotate\(-90 [^"]+"[^>]*>Turned', html)
    assert "fill:#123456" in html
    assert 3 <= html.count('transform="translate(')


_AGAIN = """
import sys; sys.path.insert(0, "tests")
from test_charts import bridge, control, history
print(control(history([0.8, 0.82] * 10 + [0.5]), target=0.9).html.html + bridge([0.1, -0.02]).html.html)
"""


@pytest.mark.slow
def test_svg_is_the_same_in_every_process_and_locale():
    """Two runs of a week are byte for byte the same."""
    runs = {
        subprocess.run(
            [sys.executable, "-c", _AGAIN],
            env={
                **os.environ,
                "LC_ALL": locale,
                "LANG": locale,
                "PYTHONHASHSEED": seed,
                "PYTHONIOENCODING": "utf-8",
            },
            capture_output=True,
            check=True,
        ).stdout
        for locale, seed in (("C.UTF-8", "1"), ("fr_FR.UTF-8", "2"))
    }

    assert 1 == len(runs)
    assert len(runs.pop()) > 5000
