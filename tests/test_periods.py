"""Six weeks, twelve months, nine boxes and the heat table: of the small workbook, counted by hand."""

from __future__ import annotations

import datetime as dt
import math
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from small_workbook import make_workbook

import tallysheet as ts
from tallysheet import lead_page
from tallysheet.crossed import MOST, cross, crossed
from tallysheet.language import read_language
from tallysheet.periods import boxes_of, daily_sides, periods_of
from tallysheet.review import Review
from tallysheet.weekly_charts import finding, six_twelve_chart
from tallysheet.weeks import IsoWeek

ENGLISH = read_language("en")


def parcels(first: dt.date, last: dt.date, late: dict[int, int], origins: int = 2) -> list[list[str]]:
    """Ten parcels a day of one carrier; so many of them a day late as the year says."""
    lines = []
    for step in range((last - first).days + 1):
        day = first + dt.timedelta(days=step)
        for number in range(10):
            is_late = number < late[day.year]
            lines.append(
                [
                    f"{day}-{number}",
                    "BRV",
                    f"S{number % origins:02d}",
                    str(day),
                    f"{day + dt.timedelta(days=is_late)} 12:00:00",
                ]
            )
    return lines


def workbook(root: Path, lines: list[list[str]], taken: str) -> Path:
    """Write a workbook whose extract was taken on a day, and give its data folder."""
    data = make_workbook(root, lines)
    source = data / "sources" / "parcels" / "source.toml"
    told = source.read_text(encoding="utf-8").replace("2026-06-15T07:00:00", f"{taken}T07:00:00")
    source.write_text(told, encoding="utf-8")
    return data


@pytest.fixture(scope="module")
def two_years(tmp_path_factory):
    """Ten parcels a day from 1 March 2024 to 14 June 2026: in 2026 three late a day, before that one."""
    lines = parcels(dt.date(2024, 3, 1), dt.date(2026, 6, 14), {2024: 1, 2025: 1, 2026: 3})
    return workbook(tmp_path_factory.mktemp("two_years"), lines, "2026-08-10")


def opened(data, week: str = "2026-W24", **options):
    return ts.open_week(week, data=data, base="last-4", **options)


def of_kind(periods: pd.DataFrame, kind: str) -> pd.DataFrame:
    return periods.loc[kind]


def test_days_add_up_to_the_scorecards_week(two_years):
    """Every day counts once: the days of a week are the week of the review."""
    review = opened(two_years).review
    daily = daily_sides(review, "otd").set_index("day")

    for week in ("2024-W20", "2026-W01", "2026-W24"):
        monday = IsoWeek.parse(week).monday
        days = daily.loc[str(monday) : str(monday + dt.timedelta(days=6))]
        assert (days["x"].sum(), days["n"].sum()) == (
            {"2024-W20": 63.0, "2026-W01": 3 * 9.0 + 4 * 7.0, "2026-W24": 49.0}[week],
            70.0,
        )
    assert daily.index[0] == pd.Timestamp("2024-03-01")


def test_months_and_weeks_stand_beside_a_year_before(two_years):
    """Seven in ten are on time in 2026, nine in ten before; what began before the data is n/a, not 0."""
    week = opened(two_years)
    periods = periods_of(week.review, "otd")
    weeks, months = of_kind(periods, "week"), of_kind(periods, "month")

    assert weeks["value"].to_list() == pytest.approx([0.7] * 6)
    assert weeks["year_ago"].to_list() == pytest.approx([0.9] * 6)
    assert months["value"].to_list() == pytest.approx([0.9] * 7 + [0.7] * 5)
    assert months["year_ago"].to_list() == pytest.approx([0.9] * 12)
    assert str(months.index[0][0].date()), str(months.index[-1][1].date()) == ("2025-06-01", "2026-05-31")


def test_the_nine_boxes_by_hand(two_years):
    """Nothing changed in the week; the year to date is 20 points down, as is everything on a year ago."""
    week = opened(two_years)
    found = boxes_of(periods_of(week.review, "otd"), week.explanation("otd"), week.year_ago("otd"))

    assert found.to_list() == pytest.approx([0.7, 0.0, -0.2, 0.7, -0.2, 0.7, -0.2, 0.7, -0.2])


def test_the_week_is_the_scorecards_at_any_age(two_years):
    """A day after its end it is not final: its boxes are those of the scorecard, and none to date is told."""
    week = opened(two_years, as_of="2026-06-15")
    shown = week.explanation("otd")
    periods = periods_of(week.review, "otd")
    found = boxes_of(periods, shown, week.year_ago("otd"))

    assert found["last_week"] == shown.value_now
    assert found["week_on_week"] == pytest.approx(shown.value_now - shown.value_previous)
    assert of_kind(periods, "week")["final"].iloc[-1] < 1
    assert of_kind(periods, "week")["final"].iloc[0] == 1
    assert math.isnan(found["month_to_date_year_on_year"])
    assert found["year_to_date_year_on_year"] == pytest.approx(-0.2)


def test_a_sum_changes_in_percent(two_years):
    """A count of parcels is compared in percent, and to-date values are totals."""
    week = opened(two_years)
    found = boxes_of(
        periods_of(week.review, "shipments"), week.explanation("shipments"), week.year_ago("shipments")
    )

    assert found["last_week"] == 70
    assert (found["week_on_week"], found["year_on_year"]) == (0.0, 0.0)
    assert found["month_to_date"] == 140
    assert found["year_to_date"] == 10 * (31 + 28 + 31 + 30 + 31 + 14)


def test_a_year_without_data_is_not_0(tmp_path):
    """The first weeks of a workbook show what they can: values, and n/a where a year is missing."""
    lines = parcels(dt.date(2026, 1, 5), dt.date(2026, 3, 1), {2026: 2})
    week = opened(make_workbook(tmp_path, lines), "2026-W09")
    periods = periods_of(week.review, "otd")
    found = boxes_of(periods, week.explanation("otd"), week.year_ago("otd"))

    assert found["last_week"] == pytest.approx(0.8)
    assert found[[name for name in found.index if name.endswith("year_on_year")]].isna().all()
    # January began before the data did; so did the quarter and the year.
    assert of_kind(periods, "month")["value"].to_list() == pytest.approx([math.nan] * 11 + [0.8], nan_ok=True)
    assert math.isnan(found["year_to_date"])
    html = week.boxes("otd").html
    for label in ("On 2025-W09", "On March 2025", "On Q1 2025", "On 2025"):
        assert f'<td data-label="{label}">n/a</td>' in html


def test_week_53_stands_beside_the_week_364_days_before(tmp_path):
    """2026 has a week 53; a year before it is week 1 of 2026, which is named."""
    lines = parcels(dt.date(2025, 12, 1), dt.date(2027, 1, 3), {2025: 0, 2026: 1, 2027: 1})
    week = opened(workbook(tmp_path, lines, "2027-02-01"), "2026-W53")
    periods = periods_of(week.review, "otd")
    last = periods.loc["week"].iloc[-1]

    # 29 to 31 December 2025 have none late, 1 to 4 January 2026 one in ten.
    assert last["value"] == pytest.approx(0.9)
    assert last["year_ago"] == pytest.approx((3 * 10 + 4 * 9) / 70)
    assert "On 2026-W01" in week.boxes("otd").html


def test_the_second_opening_adds_nothing_up(two_years, monkeypatch):
    """Days are kept: the same page reads them again."""
    first = daily_sides(opened(two_years).review, "otd")
    monkeypatch.setattr("tallysheet.cube.Cube.daily", None)

    pd.testing.assert_frame_equal(daily_sides(opened(two_years).review, "otd"), first)


def made_periods(value: list[float], year_ago: list[float], final: float = 1.0) -> pd.DataFrame:
    """Six weeks up to 2026-W24 and twelve months up to May; all weeks alike, the last period not final."""
    sundays = pd.date_range(end="2026-06-14", periods=6, freq="7D")
    firsts = pd.date_range("2025-06-01", periods=12, freq="MS")
    weeks = pd.DataFrame({"kind": "week", "first_day": sundays - pd.Timedelta(days=6), "last_day": sundays})
    months = pd.DataFrame({"kind": "month", "first_day": firsts, "last_day": firsts + pd.offsets.MonthEnd(0)})
    rows = pd.concat([weeks, months], ignore_index=True)
    rows = rows.assign(value=[value[-1]] * 6 + value, year_ago=[year_ago[-1]] * 6 + year_ago, target=0.95)
    rows["final"] = [*([1.0] * 5), final, *([1.0] * 11), final]
    return rows.set_index(["kind", "first_day", "last_day"])


def test_the_alt_text_states_the_finding():
    """Values, weeks and months with their names, and how many months are above the year before."""
    periods = made_periods([0.9] * 9 + [0.7] * 3, [0.8] * 12)
    chart = six_twelve_chart(periods, unit="share", language=ENGLISH, name="On time")

    assert chart.alt == (
        "On time, six weeks and twelve months: 70.0% in week 24 of 2026, 80.0% a year before; "
        "70.0% in May 2026, 80.0% a year before. Higher than a year before in 9 of 12 final months."
    )


def test_what_is_not_final_is_said_and_not_counted():
    """The last week and May are so far; May is not among the months that are compared."""
    periods = made_periods([0.9] * 12, [0.8] * 12, final=0.5)
    chart = six_twelve_chart(periods, unit="share", language=ENGLISH, name="On time")

    assert "90.0% so far in week 24 of 2026" in chart.alt
    assert "90.0% so far in May 2026" in chart.alt
    assert "in 11 of 11 final months" in chart.alt


def test_without_a_year_before_the_months_are_told():
    """Lowest and highest month; without a month, that there is none."""
    assert finding(made_periods([0.9] * 11 + [0.7], [math.nan] * 12), "share", ENGLISH) == (
        "Months from 70.0% to 90.0%"
    )
    assert finding(made_periods([math.nan] * 12, [math.nan] * 12), "share", ENGLISH) == (
        "No month is complete yet"
    )


def test_a_month_of_a_sum_is_drawn_as_its_mean_week():
    """Thirty days of 10 a day stand beside weeks of 70."""
    periods = made_periods([300.0] * 11 + [310.0], [math.nan] * 12)
    chart = six_twelve_chart(periods, unit="count", language=ENGLISH, name="Parcels", is_sum=True)

    assert "70 in May 2026" in chart.alt


def test_the_chart_draws_the_same_twice_and_labels_its_lines():
    """Two drawings of one week are alike; target, year before and last values stand beside the lines."""
    periods = made_periods([0.9] * 12, [0.8] * 12)
    first, second = (
        six_twelve_chart(periods, unit="share", language=ENGLISH, name="On time").html.html for _ in range(2)
    )

    assert first == second
    texts = re.findall(r"<text[^>]*>([^<]*)</text>", first)
    for text in ("90.0% W24", "80.0% a year before", "90.0% May", "95.0% target", "80.0% 2025"):
        assert text in texts


@pytest.fixture(scope="module")
def many_sites(tmp_path_factory):
    """Ten sites of one carrier, one parcel each a day, over 20 weeks; in the last two sites are late."""
    first, last = dt.date(2026, 1, 5), dt.date(2026, 5, 24)
    lines = parcels(first, last, {2026: 1}, origins=10)
    return make_workbook(tmp_path_factory.mktemp("many_sites"), lines)


def test_pairs_add_up_to_all_in_rows_and_columns(many_sites):
    """Ten sites are seven and others; volumes add up, and the last corner is the scorecard's value."""
    week = opened(many_sites, "2026-W21")
    explanation = week.explanation("otd")
    found = crossed(week.review, explanation, ("origin", "carrier"))

    assert len(found.rows) == MOST - 1
    assert found.pooled == (3, 0)
    assert found.n.shape == (9, 2)
    assert found.n[:-1].sum(axis=0) == pytest.approx(found.n[-1])
    assert found.n[:, :-1].sum(axis=1) == pytest.approx(found.n[:, -1])
    assert found.n[-1, -1] == 70
    assert found.now[-1, -1] == pytest.approx(explanation.value_now)
    assert found.base[-1, -1] == pytest.approx(explanation.value_base)
    # Seven parcels a week are too few for a share near 1.
    assert set(found.reason[:-2, 0]) <= {"small", "collapsed"}


def heat_of(x_last: float, week) -> object:
    """Two sites of 1,000 parcels a week, 900 of them on time; in the last week site A has so many."""
    explanation = week.explanation("otd")
    weeks = list(explanation.history["week"])
    rng = np.random.default_rng(1)
    rows = [
        {"origin": site, "carrier": "BRV", "week": name, "n": 1000.0, "x": 900.0 + rng.integers(-9, 10)}
        for name in weeks
        for site in ("A", "B")
    ]
    frame = pd.DataFrame(rows).assign(ended=math.nan)
    frame.loc[(frame["week"] == weeks[-1]) & (frame["origin"] == "A"), "x"] = x_last
    base = [str(one) for one in explanation.base_weeks]
    return cross(frame, explanation, ("origin", "carrier"), weeks, weeks, base)


def test_only_what_is_outside_its_own_range_is_marked(many_sites):
    """Site A falls from 90% to 70%: its cell says worse; site B says nothing."""
    week = opened(many_sites, "2026-W21")
    fallen, usual = heat_of(700.0, week), heat_of(900.0, week)

    assert fallen.variation[:2, 0].tolist() == ["signal", "routine"]
    assert usual.variation[:2, 0].tolist() == ["routine", "routine"]
    html = lead_page.heat(fallen, week.explanation("otd"), ENGLISH).html
    assert re.search(r'<td class="worse" data-label="BRV">70\.0%<small>−\S+\spp, worse</small>', html)
    # Site A and its total, and its carrier's total, as many as the note counts; that of both has its card.
    assert len(re.findall('class="worse"', html)) == 3
    assert "3 of 5 cells judged" in html


def test_what_names_no_value_is_not_pooled_with_small_ones(many_sites):
    """Cases without a country made four small countries six times as bad: 17 of 87 instead of 3."""
    explanation = opened(many_sites, "2026-W21").explanation("otd")
    weeks = list(explanation.history["week"])
    counts = {**{f"S{site:02}": (9.0, 10.0 + site) for site in range(12)}, "": (5.0, 0.0)}
    rows = [
        {"origin": site, "carrier": "BRV", "week": name, "x": x, "n": n, "ended": math.nan}
        for name in weeks
        for site, (x, n) in counts.items()
    ]
    base = [str(one) for one in explanation.base_weeks]
    found = cross(pd.DataFrame(rows), explanation, ("origin", "carrier"), weeks, weeks, base)

    assert (found.rows[-1], found.pooled[0], found.now.shape[0]) == ("", 5, 10)
    assert math.isnan(found.now[7, 0])
    assert found.now[8, 0] == pytest.approx(5 * 9 / sum(10 + site for site in range(5)))
    assert found.now[9, 0] == pytest.approx((12 * 9 + 5) / sum(10 + site for site in range(12)))


def test_no_id_comes_twice(many_sites):
    """Sections, tables and captions of both pieces have names of their own, on which a page insists."""
    week = opened(many_sites, "2026-W21")
    ids = re.findall(r' id="([^"]+)"', week.boxes("otd").html + heat(week))

    assert len(ids) > 8
    assert len(set(ids)) == len(ids)


def heat(week) -> str:
    found = crossed(week.review, week.explanation("otd"), ("origin", "carrier"))
    return lead_page.heat(found, week.explanation("otd"), ENGLISH).html


def test_names_in_the_heat_table_are_escaped(tmp_path):
    """A site may be called what it likes."""
    lines = parcels(dt.date(2026, 1, 5), dt.date(2026, 5, 24), {2026: 1})
    lines = [[*line[:2], line[2].replace("S00", "<b>&"), *line[3:]] for line in lines]
    lines += [[f"{line[0]}-2", "DVP", *line[2:]] for line in lines]
    html = opened(make_workbook(tmp_path, lines), "2026-W21").heat("otd").html

    assert "&lt;b&gt;&amp;" in html
    assert "<b>" not in html


def test_a_median_has_neither_boxes_nor_a_heat_table(sample_of_size_s):
    """What does not add up over days is left out, silently."""
    week = ts.open_week("2026-W23", data=sample_of_size_s, base="last-4", as_of="2026-08-10")

    assert week.boxes("transit_days").html == ""
    assert week.heat("transit_days").html == ""


def test_the_pieces_of_a_lead_are_small(sample_of_size_s):
    """Chart, boxes and heat table together weigh less than 20 KB, in every language."""
    for lang in ("en", "fr"):
        week = ts.open_week("2026-W46", data=sample_of_size_s, base="last-4", lang=lang)
        pieces = week.boxes("otd").html + week.heat("otd").html
        assert len(pieces.encode()) < 20_000
        assert "not_known" not in pieces


def test_a_state_is_that_of_the_periods_last_day(sample_of_size_s):
    """Open claims are not added up over days: week, month and year to date end on one day."""
    week = ts.open_week("2026-W23", data=sample_of_size_s, base="last-4", as_of="2026-08-10")
    periods = periods_of(Review(week.cube, week.week), "claim_backlog")
    value = week.explanation("claim_backlog").value_now

    assert [periods.loc[kind].iloc[-1]["value"] for kind in ("week", "month_to_date", "year_to_date")] == [
        value
    ] * 3
