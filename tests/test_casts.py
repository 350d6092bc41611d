"""Typing cells: short cuts for cells that are written as most are give what the long way gives."""

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tallysheet.casts import cast
from tallysheet.cell_errors import ERROR_TEXTS
from tallysheet.engine import connect
from tallysheet.schema import Column
from tallysheet.source_columns import SourceColumn

FIGURES = st.text("0123456789", min_size=1, max_size=14)
NUMBERS = st.builds("".join, st.tuples(st.sampled_from(["", "-"]), FIGURES, st.sampled_from(["", ",", "."])))
DAYS = st.builds(
    lambda day, month, year, sign: f"{day:02d}{sign}{month:02d}{sign}{year}",
    *(st.integers(0, 32), st.integers(0, 13), st.sampled_from(["24", "2024", "0024", "1989", "2100"])),
    st.sampled_from("/.-:"),
)
TIMES = st.sampled_from(["", " 10:20", " 10:20:30", "T10:20:30", " 24:00", " 10:61:00"])


@pytest.fixture(scope="module")
def typed():
    """Type a cell as a load does."""
    with connect() as connection:

        def value(column, written, text):
            made = cast(column, written, "cell")
            return connection.execute(f"SELECT {made.value} FROM (VALUES (?)) AS t(cell)", [text]).fetchone()[
                0
            ]

        yield value


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(NUMBERS, st.text("0123456789", max_size=4), st.sampled_from(["cents", "euro"]), st.sampled_from(".,"))
def test_a_blank_before_a_number_changes_nothing(typed, figures, decimals, unit, point):
    """With it the cell is not figures alone any more."""
    column, written = (
        Column("x_cents", "BIGINT", "", unit="cents"),
        SourceColumn("x", unit=unit, decimal=point),
    )
    # Without a factor and with a point the text itself is cast, and blanks around it are no figures.
    if (unit, point) != ("cents", "."):
        text = figures + decimals
        assert typed(column, written, text) == typed(column, written, f" {text}")


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(DAYS, TIMES, st.sampled_from(["dmy", "mdy"]))
def test_a_blank_before_a_time_changes_nothing(typed, day, time, order):
    """With it every format is tried, from the first on."""
    written = SourceColumn("x", dates=order)
    for column in (Column("x", "DATE", ""), Column("x_at", "TIMESTAMP", "")):
        text = day + time
        assert typed(column, written, text) == typed(column, written, f" {text}")


@pytest.mark.parametrize("cell", ["BRV", "brv", "Brivane", "BRIVANE", "Eskarión", "ESKARIÓN", "ALT", "x", ""])
@pytest.mark.parametrize("allowed", [(), ("BRV", "ALT"), ("BRV",)])
def test_a_blank_before_a_spelling_changes_nothing(typed, cell, allowed):
    """With it the cell is none of those that are listed, and is looked up."""
    column = Column("carrier", "VARCHAR", "", allowed=allowed)
    written = SourceColumn("x", values={"BRV": ("Brivane",), "ESK": ("Eskarión",), "OTH": ("ALT",)})

    assert typed(column, written, cell) == typed(column, written, f" {cell}")


@pytest.mark.parametrize("cell", ["delivered", "Delivered", "DELIVERED", " Delivered\u00a0"])
@pytest.mark.parametrize("values", [{}, {"lost": ("missing",)}])
def test_capitals_make_no_other_value(typed, cell, values):
    """Whether or not a spelling of any value is listed."""
    column = Column("status", "VARCHAR", "", allowed=("delivered", "lost"))

    assert typed(column, SourceColumn("x", values=values), cell) == "delivered"
    assert typed(column, SourceColumn("x", values=values), "returned") is None


@pytest.mark.parametrize(
    ("text", "point", "number"),
    [
        ("95%", ".", 0.95),
        ("92,5 %", ",", 0.925),
        ("0.5\u202f%", ".", 0.005),
        ("2.5", ".", 2.5),
        ("2,5", ",", 2.5),
        ("%", ".", None),
        ("9%5", ".", None),
    ],
)
def test_what_has_no_unit_may_be_in_percent_cell_by_cell(typed, text, point, number):
    """Targets of shares stand beside those of days."""
    found = typed(Column("target", "DOUBLE", ""), SourceColumn("x", decimal=point), text)

    assert found == (None if number is None else pytest.approx(number, abs=1e-12))


def test_a_number_beyond_any_measure_is_refused(typed):
    """It is one cell that is refused, no error that stops the load."""
    column, written = (
        Column("x_cents", "BIGINT", "", unit="cents"),
        SourceColumn("x", unit="euro", decimal=","),
    )

    assert typed(column, written, "9" * 29) is None
    assert typed(column, written, "9" * 20) is None


@pytest.mark.parametrize(
    ("text", "hour"),
    [
        ("2026-06-01 10:00:00", 8),
        ("2026-06-01T10:00:00Z", 10),
        ("2026-06-01 10:00:00 UTC", 10),
        ("2026-06-01 10:00:00.000000 UTC", 10),
        ("2026-06-01 10:00:00+02", 8),
        ("2026-06-01 10:00 Europe/Paris", 8),
        ("2026-06-01 10:00:00 America/New_York", 14),
    ],
)
def test_a_time_that_names_its_zone_is_not_local_a_second_time(typed, text, hour):
    """Warehouses write a zone's name where others write an offset."""
    written = SourceColumn("x", zone="Europe/Paris")
    assert typed(Column("x_at", "TIMESTAMP", ""), written, text) == dt.datetime(2026, 6, 1, hour)


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("6/1/2026 8:05 AM", (8, 5)),
        ("06/01/2026 12:05:09 AM", (0, 5, 9)),
        ("06/01/2026 12:05 pm", (12, 5)),
        ("6/1/26 11:59 PM", (23, 59)),
        ("Jun 1, 2026 2:30 PM", (14, 30)),
        ("6/1/2026, 2:30:00 PM", (14, 30)),
        ("6/1/2026 2:30\u202fPM", (14, 30)),  # as Java, Node and browsers write it since 2023
        ("6/1/2026 2:30\u00a0PM ", (14, 30)),
        ("6/1/2026 14:30", (14, 30)),
    ],
)
def test_the_half_of_the_day_is_read(typed, text, time):
    """As spreadsheets and systems set to American English write times; 12 is the first hour of a half."""
    written = SourceColumn("x", dates="mdy")
    assert typed(Column("x_at", "TIMESTAMP", ""), written, text) == dt.datetime(2026, 6, 1, *time)


@pytest.mark.parametrize("text", ["6/1/2026 13:05 AM", "6/1/2026 0:05 PM", "6/1/2026 8:05 XM", "6/1/2026 PM"])
def test_an_hour_that_no_half_of_the_day_has_is_refused(typed, text):
    """Nobody knows which is wrong, the hour or the half."""
    assert typed(Column("x_at", "TIMESTAMP", ""), SourceColumn("x", dates="mdy"), text) is None


@pytest.mark.parametrize(
    ("dates", "text"),
    [
        ("ymd", "2026-06-01"),
        ("ymd", "2026-06-01 02:00"),
        ("dmy", "01/06/2026"),
        ("mdy", "06/01/26"),
        ("%Y%m%d", "20260601"),
        ("%Y%m%d %H Uhr", "20260601 02 Uhr"),
        ("%Y%m%d %I %p", "20260601 02 AM"),
    ],
)
def test_a_day_without_a_time_stays_that_day_where_times_are_local(typed, dates, text):
    """Midnight in Paris is the evening before in UTC: each Monday counted for the week before."""
    written = SourceColumn("x", zone="Europe/Paris", dates=dates)
    assert typed(Column("x_at", "TIMESTAMP", ""), written, text) == dt.datetime(2026, 6, 1)


@pytest.mark.parametrize("written", [SourceColumn("x"), SourceColumn("x", zone="Europe/Paris")])
@pytest.mark.parametrize("day", ["200-01-01", "20-06-01", "202-06-03", "20260-06-01", "206-6-01"])
def test_a_slip_in_the_year_of_a_time_is_refused(typed, written, day):
    """As it is in a day."""
    for time in ("10:00:00", "9:00:00"):
        assert typed(Column("x_at", "TIMESTAMP", ""), written, f"{day} {time}") is None


@pytest.mark.parametrize("error", ERROR_TEXTS)
@pytest.mark.parametrize("personal", ["", "hash"])
def test_what_a_spreadsheet_shows_in_place_of_a_value_is_no_text(typed, error, personal):
    """A carrier is not called #N/A, also where a csv has it; no two customers are one for it."""
    column = Column("carrier", "VARCHAR", "", personal=personal)
    for text in (error, f" {error} "):
        assert typed(column, SourceColumn("x"), text) is None
    if not personal:
        assert typed(column, SourceColumn("x"), f"{error} of May") == f"{error} of May"
        assert typed(column, SourceColumn("x"), " # 7 ") == "# 7"
