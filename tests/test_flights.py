"""The flights of 2013 against figures counted from the raw file by other means."""

import csv
import datetime as dt
from pathlib import Path

import pandas as pd
import pytest

import tallysheet as ts
from tallysheet.errors import UsageError
from tallysheet.explain import explain_file
from tallysheet.settings import read_settings
from tallysheet.sources import read_source

GOLDEN = Path(__file__).parent / "golden" / "flights.csv"
FLIGHTS = Path(__file__).parents[1] / "data" / "flights"


def golden():
    with GOLDEN.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def opened():
    weeks: dict[str, ts.week.Week] = {}

    def open_once(week: str):
        if week not in weeks:
            weeks[week] = ts.open_week(week, data=FLIGHTS, base="last-4")
        return weeks[week]

    return open_once


@pytest.mark.parametrize(
    "row", golden(), ids=lambda row: "-".join(row[key] for key in ("week", "kpi", "part", "what"))
)
def test_published_figures(row, opened):
    """Each golden figure is on the page's numbers, within its stated tolerance."""
    explanation = opened(row["week"]).kpi(row["kpi"]).explain()
    if row["part"]:
        dimension, segment = row["part"].split("=")
        parts = explanation.parts[dimension].set_index("segment").loc[segment]
        found = {
            "value": parts.value_now,
            "base": parts.value_base,
            "part": parts.total,
            "lower": parts.lower,
        }
    else:
        found = {
            "value": explanation.value_now,
            "base": explanation.value_base,
            "previous": explanation.value_previous,
        }

    assert found[row["what"]] == pytest.approx(float(row["expected"]), abs=float(row["tolerance"]))


def test_week_17_names_laguardia_while_the_total_is_inside(opened):
    """The total is routine, LaGuardia is outside its own range, and so are some airlines."""
    explanation = opened("2013-W17").kpi("otd").explain()
    outside = [segment.where for segment in explanation.outside]

    assert explanation.variation == "routine"
    assert outside[0] == {"origin": "LGA"}
    assert [where for where in outside if "origin" in where] == [{"origin": "LGA"}]
    assert [where for where in outside if "carrier" in where]


def test_week_17_is_not_about_cancellations(opened):
    """Cancellations moved the other way, so the page says that they are not behind the fall."""
    assert "It does not explain the fall." in opened("2013-W17").opening().html


def test_week_6_is_not_known_yet_and_blames_nobody(opened):
    """Four earlier weeks are too few, and the fall is spread over airports and airlines."""
    week = opened("2013-W06")

    assert set(week.kpis["variation"]) == {"not_known"}
    assert week.verdicts.empty
    assert "not known yet" in week.opening().html
    assert (
        "The fall is spread over the airports and airlines: no single one stands out." in week.opening().html
    )


def test_week_26_names_kennedy(opened):
    """Kennedy is the only airport outside its range."""
    airports = [
        s.where["origin"] for s in opened("2013-W26").kpi("otd").explain().outside if "origin" in s.where
    ]

    assert airports == ["JFK"]


def test_week_39_raises_nothing(opened):
    """The quiet week: every KPI is routine, and so is every part of it."""
    week = opened("2013-W39")

    assert set(week.kpis["variation"]) == {"routine"}
    assert set(week.kpis["cause"]) == {"NOISE"}
    assert "Nothing to explain" in week.opening().html


@pytest.mark.slow
def test_the_raw_file_gives_the_same_numbers(opened):
    """`explain` on the raw file and the workbook's KPI agree to the last bit: one truth."""
    flights = read_source(read_settings(FLIGHTS), "flights").files[0].paths()[0]
    raw = explain_file(
        flights,
        week_of="make_date(year, month, day)",
        week="2013-W17",
        base="last-4",
        numerator="coalesce(arr_delay < 15, false)",
        denominator="1",
        by=["origin", "carrier"],
    ).explanation
    kpi = opened("2013-W17").kpi("otd").explain()

    assert (raw.value_now, raw.value_base, raw.judgement.lower) == (
        kpi.value_now,
        kpi.value_base,
        kpi.judgement.lower,
    )
    for dimension in ("origin", "carrier"):
        pd.testing.assert_frame_equal(raw.parts[dimension], kpi.parts[dimension])
    assert abs(raw.residual) <= 1e-9
    again = opened("2013-W17").kpi("otd").explain(by=["origin", "carrier"])
    assert raw.segments[0].where == {"origin": "LGA"}
    assert [one.where for one in raw.segments] == [one.where for one in again.segments]
    assert [one.effect for one in raw.segments] == pytest.approx([one.effect for one in again.segments])


def test_hours_of_arrival_are_rolled_over(opened):
    """A flight lasts between half an hour and half a day, on every lane and through both clock changes."""
    hours = opened("2013-W17").sql(
        "SELECT min(epoch(promised_at - first_scan_at) / 3600) AS shortest, "
        "max(epoch(promised_at - first_scan_at) / 3600) AS longest FROM shipments "
        "WHERE abs(epoch(delivered_at - promised_at)) < 1800 AND destination_zone IS NOT NULL"
    )

    assert hours.loc[0, "shortest"] > 0.2
    assert hours.loc[0, "longest"] < 13


def test_as_of_hides_what_came_later():
    """As of a Wednesday, its week is not complete: it is shown, and the week before is judged at its age."""
    week = ts.open_week("2013-W17", data=FLIGHTS, base="last-4", as_of="2013-04-24")

    assert week.kpis["variation"].to_list() == ["not_known"] * 3
    assert not week.kpis["mature"].any()
    assert week.kpis["judged_week"].to_list() == ["2013-W16"] * 3
    assert week.sql("SELECT max(known_at) <= TIMESTAMP '2013-04-24 23:59:59' AS ok FROM shipments").loc[
        0, "ok"
    ]


@pytest.mark.parametrize(
    "as_of",
    [
        "2013-04-29T09:00:00+02:00",
        "2013-04-29T07:00:00",
        dt.datetime(2013, 4, 29, 9, tzinfo=dt.timezone(dt.timedelta(hours=2))),
        dt.datetime(2013, 4, 29, 7),
    ],
)
def test_a_moment_is_read_in_utc(as_of):
    """Nine o'clock in Paris in summer is seven in UTC, however it is written."""
    week = ts.open_week("2013-W16", data=FLIGHTS, as_of=as_of)

    assert week.cube.as_of == dt.datetime(2013, 4, 29, 7)


def test_the_default_week_is_the_latest_complete_one():
    """The year ends on a Tuesday, so its last week is left out."""
    assert str(ts.open_week(data=FLIGHTS).week) == "2013-W52"


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"week": "2012-W17"}, "expected a week between 2013-W01 and 2014-W01, found 2012-W17"),
        ({"week": "2013-17"}, "expected a week such as 2013-W17"),
        ({"week": "2013-W17", "base": "last-5"}, "expected one of previous, last-4, year-ago or a week"),
        ({"week": "2013-W17", "base": "target"}, r"Give it to explain\(\) of a KPI that has a target"),
        ({"week": "2013-W17", "base": "year-ago"}, "found year-ago"),
        ({"week": "2013-W17", "lang": "xx"}, "expected one of en"),
        ({"week": "2013-W17", "as_of": "2012-01-01"}, "expected a moment with data"),
    ],
)
def test_a_wrong_question_gets_one_clear_line(asked, message):
    """A wrong week, base, language or moment is refused with what was expected and what was found."""
    with pytest.raises((UsageError, ts.errors.DataError), match=message):
        ts.open_week(data=FLIGHTS, **asked)


def test_sql_cannot_reach_files_or_write(opened):
    """SQL that a person types sees the tables and nothing else; a wrong name is answered with near ones."""
    week = opened("2013-W17")

    for query in (
        "SELECT * FROM read_csv('README.md')",
        "COPY shipments TO 'x.csv'",
        "DROP TABLE shipments",
        "ATTACH 'x.db'",
        "SET enable_external_access = true",
        "SELECT 1; SELECT 2",
    ):
        with pytest.raises(ts.errors.DataError):
            week.sql(query)
    with pytest.raises(ts.errors.DataError, match="carrier"):
        week.sql("SELECT carier FROM shipments")


def raw(name: str) -> pd.DataFrame:
    """Read a file of the package as it is, without the workbook."""
    (file,) = [one for one in read_source(read_settings(FLIGHTS), "flights").files if one.name == name]
    return pd.read_csv(file.paths()[0])


@pytest.fixture(scope="module")
def counted():
    """Count flights late of flights scheduled, in a week of 2013 and pooled over the four before it.

    A flight is late unless it is known to have arrived less than a quarter of an hour late.
    """
    flights = raw("flights")
    iso = pd.to_datetime(flights[["year", "month", "day"]]).dt.isocalendar()
    number = iso["week"].where(iso["year"] == 2013, 0)
    flights = flights.assign(late=~(flights["arr_delay"] < 15), due=1)
    lanes = ["origin", "carrier", "dest"]

    def of_week(week: int) -> pd.DataFrame:
        weeks = {"": number == week, "_before": number.between(week - 4, week - 1)}
        counts = [
            flights[is_in].groupby(lanes)[["late", "due"]].sum().add_suffix(suffix)
            for suffix, is_in in weeks.items()
        ]
        return pd.concat(counts, axis=1).fillna(0).reset_index()

    return of_week


def segments(frame: pd.DataFrame) -> list[dict[str, str]]:
    found = ts.find_segments(
        frame,
        by=["origin", "carrier", "dest"],
        now="late",
        base="late_before",
        now_n="due",
        base_n="due_before",
    )
    return [one.where for one in found]


def test_flights_are_counted_as_in_the_golden_figures(counted):
    """The share on time of week 17 and of the four weeks before, added up over all lanes."""
    sums = counted(17)[["late", "due", "late_before", "due_before"]].sum()
    figures = {
        row["what"]: float(row["expected"])
        for row in golden()
        if (row["week"], row["kpi"], row["part"]) == ("2013-W17", "otd", "")
    }

    assert 1 - sums["late"] / sums["due"] == pytest.approx(figures["value"], abs=0.0005)
    assert 1 - sums["late_before"] / sums["due_before"] == pytest.approx(figures["base"], abs=0.0005)


def test_laguardia_is_the_first_segment_of_week_17(counted):
    """The airport as a whole, with all airlines and destinations, contributes most."""
    assert segments(counted(17))[0] == {"origin": "LGA"}


def test_jetblue_at_kennedy_is_a_segment_of_week_26(counted):
    """JetBlue is in what is named at Kennedy, and no other airport is named."""
    found = segments(counted(26))

    assert any(where.get("origin") == "JFK" and where.get("carrier") == "B6" for where in found)
    assert {where["origin"] for where in found if "origin" in where} == {"JFK"}


def test_newark_and_the_west_are_the_segments_of_week_49(counted):
    """Newark, and destinations, of which every one lies west of 100 degrees."""
    airports = raw("airports")
    west = set(airports.loc[airports["lon"] < -100, "faa"])

    found = segments(counted(49))
    destinations = {where["dest"] for where in found if "dest" in where}

    assert any(where.get("origin") == "EWR" for where in found)
    assert destinations
    assert destinations <= west


def test_no_single_airline_is_a_segment_of_week_6(counted):
    """The fall is spread over the airlines: none is named by itself."""
    assert [where for where in segments(counted(6)) if set(where) == {"carrier"}] == []


def test_week_39_has_no_segment(counted):
    """In the quiet week nothing is named."""
    assert segments(counted(39)) == []


def test_a_usual_week_has_no_segments(opened):
    """Where neither the total nor a part is outside its range there is nothing to explain."""
    explanation = opened("2013-W39").kpi("otd").explain()

    assert (explanation.variation, explanation.outside, explanation.segments) == ("routine", (), ())
