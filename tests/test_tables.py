"""Tables, chips and sections: what the reader sees, and that nothing foreign becomes markup."""

from __future__ import annotations

import math
import re

import pandas as pd
import pytest

from tallysheet import tables
from tallysheet.errors import DataError
from tallysheet.language import read_language
from tallysheet.tables import Column, Html, chip, render_table

ENGLISH = read_language("en")
HOSTILE = '<script>alert(1)</script>" onmouseover="alert(2)'


def table(frame: pd.DataFrame, columns: list[Column], **options) -> str:
    return render_table(frame, columns, caption="Caption", language=ENGLISH, name="t", **options).html


def cells(html: str) -> list[str]:
    """Texts of all body cells, without markup."""
    body = html.split("<tbody>")[1]
    found = re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", body)
    return [re.sub(r"<[^>]+>", "", cell) for cell in found]


def test_numbers_are_written_in_their_units():
    """Each unit has its own way to be written, and numbers stay numbers until then."""
    row = {"name": "A", "n": 6560, "rate": 0.5856, "moved": -0.1625, "more": 12, "usual": (0.5, 0.9)}
    columns = [
        Column("name", "Name"),
        Column("n", "Count", "count"),
        Column("rate", "Rate", "share"),
        Column("moved", "Moved", "points"),
        Column("more", "More", "signed_count"),
        Column("usual", "Usual", "range"),
        Column("rate", "Exact", "share", decimals=2),
    ]

    html = table(pd.DataFrame([row]), columns)

    assert cells(html) == ["A", "6,560", "58.6%", "−16.2\xa0pp", "+12", "50.0% to 90.0%", "58.56%"]


def test_rows_of_a_scorecard_have_units_of_their_own():
    """A value, a change and a range follow the row's own unit."""
    frame = pd.DataFrame(
        {
            "kpi": ["On time", "Flights"],
            "unit": ["share", "count"],
            "value": [0.5856, 6560.0],
            "change": [-0.05, -120.0],
            "usual": [(0.5, 0.9), (6000.0, 7000.0)],
        }
    )
    columns = [
        Column("kpi", "KPI"),
        Column("value", "Value", "value"),
        Column("change", "Change", "change"),
        Column("usual", "Usual", "range", of="row"),
    ]

    html = table(frame, columns)

    assert cells(html)[:4] == ["On time", "58.6%", "−5.0\xa0pp", "50.0% to 90.0%"]
    assert cells(html)[4:] == ["Flights", "6,560", "−120", "6,000 to 7,000"]


@pytest.mark.parametrize("missing", [math.nan, None, pd.NA, pd.NaT], ids=["nan", "none", "na", "nat"])
@pytest.mark.parametrize("unit", ["count", "share", "points", "text", "verdict", "picture", "range"])
def test_missing_is_a_dash_that_is_spoken(missing, unit):
    """What is not known is never shown as 0, and is read aloud."""
    frame = pd.DataFrame({"name": ["A"], "x": pd.Series([missing], dtype=object)})

    html = table(frame, [Column("name", "Name"), Column("x", "X", unit)])

    assert cells(html) == ["A", "–no value"]


def test_range_with_an_unknown_end_is_not_known():
    """Half a range is no range."""
    frame = pd.DataFrame({"name": ["A"], "x": [(0.1, math.nan)]})

    assert cells(table(frame, [Column("name", "Name"), Column("x", "X", "range")])) == ["A", "–no value"]


def test_table_is_semantic():
    """A screen reader finds caption, headers with scope, units, and a phone its labels."""
    frame = pd.DataFrame({"name": ["A"], "rate": [0.5]})

    html = table(frame, [Column("name", "Name"), Column("rate", "Rate", "share")], total={"name": "All"})

    assert '<caption id="t-caption">Caption</caption>' in html
    assert '<th scope="col">Name</th>' in html
    assert '<th scope="col" class="number">Rate <small>%</small></th>' in html
    assert '<th scope="row">A</th><td class="number" data-label="Rate">50.0%</td>' in html
    assert (
        '<tfoot><tr><th scope="row">All</th><td class="number" data-label="Rate"></td></tr></tfoot>' in html
    )
    assert 'tabindex="0" aria-labelledby="t-caption"' in html


def test_emphasis_colours_value_and_first_change_only():
    """The signal colour is for the value and the change on the week, not for the whole row."""
    frame = pd.DataFrame(
        {"k": ["A", "B"], "unit": "count", "v": [1.0, 2.0], "c": [1.0, 2.0], "d": [3.0, 4.0]}
    )
    columns = [
        Column("k", "K"),
        Column("v", "V", "value"),
        Column("c", "C", "change"),
        Column("d", "D", "change"),
    ]

    html = table(frame, columns, emphasise=pd.Series(["worse", None]))

    assert html.count("signal") == 2
    assert html.count('<tr class="worse">') == 1


def test_emphasis_marks_a_row():
    """True marks a row whose columns have no signal colour."""
    frame = pd.DataFrame({"k": ["A", "B"]})

    html = table(frame, [Column("k", "K")], emphasise=pd.Series([False, True]))

    assert '<tr><th scope="row">A' in html
    assert '<tr class="marked"><th scope="row">B' in html


def test_foreign_text_is_harmless_everywhere():
    """Cells, small texts, headers, captions, ids, headings and lists escape what they are given."""
    frame = pd.DataFrame({"x": [HOSTILE], "y": [HOSTILE]})
    item = {
        "anchor": HOSTILE,
        "name": HOSTILE,
        "value": HOSTILE,
        "change": HOSTILE,
        "verdicts": ["routine"],
        "sentence": HOSTILE,
        "scope": HOSTILE,
    }
    columns = [Column("x", HOSTILE, small="y"), Column("y", HOSTILE)]

    pieces = [
        render_table(frame, columns, caption=HOSTILE, language=ENGLISH, name=HOSTILE),
        tables.exceptions_list([item], ENGLISH),
        tables.headline(HOSTILE, HOSTILE, ENGLISH),
        tables.section(HOSTILE, name=HOSTILE, note=HOSTILE),
        tables.details(HOSTILE, tables.paragraph(HOSTILE)),
        tables.definitions([(HOSTILE, HOSTILE)]),
    ]

    for piece in pieces:
        assert "<script" not in piece.html
        assert '" onmouseover' not in piece.html
        assert "&lt;script&gt;" in piece.html


@pytest.mark.parametrize(
    ("verdict", "word"),
    [
        ("better", "Better than usual"),
        ("worse", "Worse than usual"),
        ("changed", "Unlike usual"),
        ("routine", "Routine"),
        ("not_known", "Not known yet"),
        ("too_few", "Too few to judge"),
        ("pass", "Meets target"),
        ("fail", "Misses target"),
        ("hit_or_miss", "Hit or miss"),
        ("none", "No target"),
    ],
)
def test_chip_says_its_verdict_in_words_and_icon(verdict, word):
    """Colour alone says nothing to many readers."""
    html = chip(verdict, ENGLISH).html

    assert html.startswith(f'<span class="chip {verdict}"><svg ')
    assert html.endswith(f"</svg>{word}</span>")
    assert 'aria-hidden="true"' in html


def test_triangle_shows_where_the_number_went():
    """Worse may be up or down; routine has no triangle."""
    assert chip("worse", ENGLISH, rising=True).html != chip("worse", ENGLISH, rising=False).html
    assert chip("routine", ENGLISH, rising=True).html == chip("routine", ENGLISH).html


def test_unknown_verdict_unit_and_column_are_refused():
    """A typo must not become a wrong number or an empty cell."""
    with pytest.raises(DataError, match="Did you mean 'worse'"):
        chip("worst", ENGLISH)
    with pytest.raises(DataError, match="Did you mean 'share'"):
        Column("x", "X", "shares")
    with pytest.raises(DataError, match="Did you mean 'rate'"):
        table(pd.DataFrame({"rate": [1]}), [Column("rat", "Rate")])


def test_headline_without_cause_has_no_second_sentence():
    """Nothing is said where nothing is known."""
    assert "<span>" not in tables.headline("Fact.", "", ENGLISH).html
    assert "<b>Fact.</b> <span>Cause.</span>" in tables.headline("Fact.", "Cause.", ENGLISH).html


def test_exception_links_to_its_section():
    """The first screen leads to the explanation."""
    item = {
        "anchor": "otd",
        "name": "On time",
        "value": "58.6%",
        "change": "−16.2 pp",
        "verdicts": ["worse", "fail"],
        "sentence": "Storms.",
        "scope": None,
    }

    html = tables.exceptions_list([item], ENGLISH).html

    assert '<a href="#otd">On time</a>' in html
    assert html.count('class="chip ') == 2
    assert "scope" not in html


def test_pieces_are_scoped_for_jupyterlab():
    """In a notebook a piece stands in our own class, which the lab style is bound to."""
    assert Html("<p>x</p>")._repr_html_() == '<div class="tallysheet"><p>x</p></div>'

    style = tables.lab_style().html

    assert style.startswith("<style>.tallysheet.tallysheet{")
    assert ":root" not in style
    assert style.count("{") == style.count("}")
