"""Targets by hand: what they hold for, what counts against them, and how far a quarter is on its way."""

import datetime as dt
import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from small_workbook import make_workbook

import tallysheet as ts
from tallysheet import say
from tallysheet.comparison import compare
from tallysheet.errors import DataError, UsageError
from tallysheet.explorer import pieces
from tallysheet.kpi import Kpi
from tallysheet.language import read_language
from tallysheet.pace_table import course, usual_average
from tallysheet.targets import Pace, Target, pace, parse_segment, target_of
from tallysheet.values import series_of
from tallysheet.weeks import IsoWeek, weeks_between

SHARE = Kpi("otd", "f", "on_time_n", "due_n", "share", "up", "day", 0, ("carrier",), "by hand")
SUM = Kpi("shipments", "f", "due_n", None, "count", "neutral", "day", 0, ("carrier",), "by hand")
EURO = Kpi("cost", "f", "on_time_n", "due_n", "euro", "down", "day", 0, ("carrier",), "by hand")


def target(
    value: float = 0.95,
    where: dict[str, str] | None = None,
    first: str = "2026-01-01",
    last: str | None = None,
    kpi: str = "otd",
) -> Target:
    """Give a target of the total until further notice, unless it is said otherwise."""
    ends = dt.date.fromisoformat(last) if last else None
    return Target(kpi, where or {}, dt.date.fromisoformat(first), ends, value, math.nan, "ops")


def week(text: str) -> IsoWeek:
    return IsoWeek.parse(text)


@pytest.mark.parametrize(
    ("segment", "expected"),
    [
        (None, {}),
        ("", {}),
        (" ; ", {}),
        ("carrier=BRV", {"carrier": "BRV"}),
        (" carrier = BRV ; flow=return;", {"carrier": "BRV", "flow": "return"}),
        ("seller=A=B", {"seller": "A=B"}),
    ],
)
def test_segments(segment, expected):
    """Conditions joined by semicolons, blanks around them aside; nothing is the total."""
    assert parse_segment(segment) == expected


@pytest.mark.parametrize("segment", ["BRV", "carrier=", "=BRV", "carrier=BRV;return"])
def test_a_segment_that_says_nothing_is_refused(segment):
    """The error shows the segment and what it should look like."""
    with pytest.raises(DataError, match="carrier=BRV;flow=return") as told:
        parse_segment(segment)

    assert repr(segment) in str(told.value)


@pytest.mark.parametrize(
    ("name", "holds"),
    [("2026-W09", False), ("2026-W10", True), ("2026-W12", True), ("2026-W13", False)],
)
def test_a_target_holds_from_its_first_to_its_last_thursday(name, holds):
    """4 March 2026 is a Wednesday of W10, whose Thursday it covers; 25 March one of W13: it does not."""
    one = target(first="2026-03-04", last="2026-03-25")

    assert (target_of([one], SHARE, week(name)) is one) == holds


def test_a_target_of_a_year_holds_in_the_weeks_of_its_quarters():
    """W53 of 2026 is of its last quarter, though it ends on 3 January: no other target holds there."""
    old, new = target(0.93, first="2026-01-01", last="2026-12-31"), target(0.95, first="2027-01-01")

    assert target_of([old, new], SHARE, week("2026-W53")) is old
    assert target_of([old, new], SHARE, week("2027-W01")) is new
    assert pace(series(SHARE, "2026-W20", "2027-W02"), old, week("2026-W53")).weeks_left == 0


def test_of_two_targets_the_later_one_counts():
    """A target is raised in the middle of a year; the old one was never ended."""
    old, new = target(0.93), target(0.95, first="2026-06-01")

    assert target_of([new, old], SHARE, week("2026-W22")) is old
    assert target_of([new, old], SHARE, week("2026-W23")) is new


def test_a_share_of_more_than_one_is_no_target():
    """93 among others of .93 was a percentage; of what is no share it may be meant."""
    slip, cost = target(93.0, first="2026-06-01"), target(93.0, kpi="cost")
    before = target(0.93)

    assert target_of([slip], SHARE, week("2026-W30")) is None
    assert target_of([before, slip], SHARE, week("2026-W30")) is before
    assert target_of([cost], EURO, week("2026-W30")) is cost
    assert target_of([target(1.0)], SHARE, week("2026-W30")) is not None


def test_a_target_of_a_segment_is_for_that_segment_alone():
    """The total has none from its parts, and a part none from the total; conditions have no order."""
    part = target(0.9, {"carrier": "BRV", "flow": "return"})

    assert target_of([part], SHARE, week("2026-W30")) is None
    assert target_of([part], SHARE, week("2026-W30"), {"carrier": "BRV"}) is None
    assert target_of([part], SHARE, week("2026-W30"), {"flow": "return", "carrier": "BRV"}) is part
    assert target_of([target()], SHARE, week("2026-W30"), {"carrier": "BRV"}) is None


def test_a_target_of_another_kpi_is_none():
    """Slugs are compared as they are."""
    assert target_of([target(kpi="otd2")], SHARE, week("2026-W30")) is None


def cells(weeks: list[IsoWeek], x: float = 90, n: float = 100) -> pd.DataFrame:
    """Give two carriers of the same size in every week: A as told, B with ten less on time."""
    rows = [(str(one), carrier, x - less, n) for one in weeks for carrier, less in (("A", 0), ("B", 10))]
    return pd.DataFrame(rows, columns=["week", "carrier", "on_time_n", "due_n"])


def series(kpi: Kpi, first: str, last: str):
    weeks = weeks_between(week(first), week(last))
    return series_of(cells(weeks), kpi, weeks)


def test_pace_of_a_quarter():
    """W27 to W39 are the third quarter of 2026; after four weeks at .85, .88 in the other nine make .8708."""
    whole = 0.87
    found = pace(series(SHARE, "2026-W20", "2026-W35"), target(whole), week("2026-W30"))

    assert (str(found.first), str(found.last)) == ("2026-W27", "2026-W39")
    assert (found.weeks_done, found.weeks_left) == (4, 9)
    assert found.to_date == pytest.approx(0.85)
    assert found.needed == pytest.approx((13 * whole - 4 * 0.85) / 9)


def test_pace_of_a_sum_is_that_of_a_mean_week():
    """Four weeks of 200 against 230 a week in thirteen: the nine left need 243 and a third."""
    found = pace(series(SUM, "2026-W20", "2026-W35"), target(230.0, kpi="shipments"), week("2026-W30"))

    assert found.to_date == 200
    assert found.needed == pytest.approx((13 * 230 - 4 * 200) / 9)


def test_nothing_is_needed_where_no_week_is_left():
    """In the quarter's last week the value is what it is."""
    found = pace(series(SHARE, "2026-W20", "2026-W39"), target(), week("2026-W39"))

    assert (found.weeks_done, found.weeks_left) == (13, 0)
    assert math.isnan(found.needed)


def test_a_quarter_of_fourteen_weeks():
    """Thursdays from 1 October to 31 December 2026 are those of W40 to W53."""
    found = pace(series(SHARE, "2026-W20", "2026-W53"), target(), week("2026-W50"))

    assert (str(found.first), str(found.last)) == ("2026-W40", "2026-W53")
    assert (found.weeks_done, found.weeks_left) == (11, 3)


@pytest.mark.parametrize(
    ("done", "first", "last"),
    [
        ("2026-W53", "2026-W40", "2026-W53"),
        ("2027-W01", "2027-W01", "2027-W12"),
        ("2026-W01", "2026-W01", "2026-W13"),
        ("2025-W01", "2025-W01", "2025-W13"),
        ("2024-W52", "2024-W40", "2024-W52"),
    ],
)
def test_quarters_at_the_turn_of_a_year(done, first, last):
    """W53 of 2026 ends on 3 January 2027, W01 of 2025 begins on 30 December; 1 April 2027 is a Thursday."""
    found = pace(series(SHARE, "2024-W30", "2027-W02"), target(first="2024-01-01"), week(done))

    assert (str(found.first), str(found.last)) == (first, last)
    assert found.weeks_done == len(weeks_between(week(first), week(done)))
    assert found.weeks_done + found.weeks_left == len(weeks_between(week(first), week(last)))


def test_a_target_that_begins_or_ends_in_a_quarter_counts_its_own_weeks():
    """From Monday of W29 to Sunday of W36: after two of eight weeks."""
    one = target(first="2026-07-13", last="2026-09-06")
    found = pace(series(SHARE, "2026-W20", "2026-W40"), one, week("2026-W30"))

    assert (str(found.first), str(found.last)) == ("2026-W29", "2026-W36")
    assert (found.weeks_done, found.weeks_left) == (2, 6)


def test_a_week_of_which_too_little_is_known_is_still_to_come():
    """Of four weeks begun two are known: the pace is that of these, and eleven are left."""
    known = {week("2026-W27"), week("2026-W29")}
    found = pace(series(SHARE, "2026-W20", "2026-W35"), target(0.87), week("2026-W30"), known)

    assert (found.weeks_done, found.weeks_left) == (2, 11)
    assert found.needed == pytest.approx((13 * 0.87 - 2 * 0.85) / 11)


def test_parts_of_a_gap_to_a_target_add_up_to_it():
    """A at .90 and B at .80 against .95, half of the volume each: -.025 and -.075."""
    found = compare(
        series(SHARE, "2026-W01", "2026-W20"), week("2026-W20"), base="target", by=["carrier"], target=0.95
    )
    parts = found.parts["carrier"].set_index("segment")

    assert (found.value_base, found.target) == (0.95, 0.95)
    assert found.change == pytest.approx(-0.1)
    assert parts["total"].to_dict() == pytest.approx({"A": -0.025, "B": -0.075})
    assert parts["mix"].abs().max() < 1e-12
    assert abs(found.residual) < 1e-12


def test_a_part_outside_is_measured_against_the_target():
    """Carrier B falls from 87, 88 or 89 of 100 to 60 in the last week: 0.35 below a target of 0.95."""
    weeks = weeks_between(IsoWeek(2026, 1), IsoWeek(2026, 20))
    rows = [(str(one), "A", 90 + place % 2 * 2, 100) for place, one in enumerate(weeks)]
    rows += [
        (str(one), "B", 60 if one == weeks[-1] else 87 + place % 3, 100) for place, one in enumerate(weeks)
    ]
    frame = pd.DataFrame(rows, columns=["week", "carrier", "on_time_n", "due_n"])

    found = compare(series_of(frame, SHARE, weeks), weeks[-1], base="target", by=["carrier"], target=0.95)

    # Against a target nothing is searched, so nothing is said of a search.
    assert (found.is_searched, found.segments, say.moved(found, read_language("en"))) == (False, (), "")
    (segment,) = found.outside
    assert segment.where == {"carrier": "B"}
    assert segment.effect == pytest.approx(-0.35)
    assert segment.contribution == pytest.approx(-0.35 / 2)


def test_parts_of_a_sums_gap_add_up_to_it():
    """200 against 230: each of two equal parts lacks 15."""
    found = compare(
        series(SUM, "2026-W01", "2026-W20"), week("2026-W20"), base="target", by=["carrier"], target=230.0
    )

    assert (found.value_now, found.value_base, found.change) == (200, 230, -30)
    assert found.parts["carrier"].set_index("segment")["total"].to_dict() == {"A": -15, "B": -15}


def test_without_a_target_there_is_none_to_compare_with():
    """The error names the KPI."""
    with pytest.raises(UsageError, match="a target of otd"):
        compare(series(SHARE, "2026-W01", "2026-W20"), week("2026-W20"), base="target", by=())


TARGETS_SOURCE = """
table = "targets"
as_of = 2026-06-15T07:00:00
known_at = "CAST(valid_from AS TIMESTAMP)"

[[file]]
name = "targets"
path = "raw/targets.csv"
"""

HEADER = "kpi,segment,valid_from,valid_to,target,floor,owner"


@pytest.fixture
def with_targets(tmp_path):
    """Give a function that adds targets to the small workbook and opens its last week."""
    data = make_workbook(tmp_path)
    config = data / "workbook.toml"
    config.write_text(config.read_text().replace('["parcels"]', '["parcels", "targets"]'))
    (data / "sources" / "targets").mkdir()
    (data / "sources" / "targets" / "source.toml").write_text(TARGETS_SOURCE, encoding="utf-8")

    def opened(*lines: str, base: str = "previous"):
        (data / "raw" / "targets.csv").write_text("\n".join([HEADER, *lines, ""]), encoding="utf-8")
        return ts.open_week("2026-W21", data=data, base=base)

    return opened


@pytest.mark.parametrize(
    ("value", "expected"), [("0.60", "pass"), ("0.90", "hit_or_miss"), ("0.999", "fail"), ("93", "none")]
)
def test_assurance_stands_beside_each_kpi(with_targets, value, expected):
    """Nine of ten parcels are usually on time, within a few hundredths."""
    opened = with_targets(f"otd,,2026-01-01,,{value},,ops")
    found = opened.kpis.set_index("kpi")["assurance"]

    assert found["otd"] == expected
    assert found["shipments"] == "none"


def test_a_chart_shows_the_target(with_targets):
    """Of the KPI that has one, at the level that the axis has there, and in words for who cannot see it."""
    opened = with_targets("otd,,2026-01-01,,0.95,,ops")
    with_target, without = (opened.card(slug).html for slug in ("otd", "shipments"))

    assert "95.0% target" in with_target and "Its target is 95.0%." in with_target
    assert "target" not in without


def test_the_table_of_all_kpis_shows_the_gap_to_the_target(with_targets):
    """Under the word, in points and beside the target; a KPI without a target has none."""
    opened = with_targets("otd,,2026-01-01,,0.95,,ops")
    gap = opened.language.change(opened.kpi("otd").explain(by=()).value_now - 0.95, "share")

    html = opened.scorecard().html
    assert f"<small>{gap} from 95.0%</small>" in html
    assert html.count(" from 95.0%") == 1


def test_targets_of_a_week_are_listed_with_their_gap(with_targets):
    """Of the total and of a part; what no longer holds and what is known later are not there."""
    opened = with_targets(
        "otd,,2026-01-01,,0.95,0.90,ops",
        "otd,carrier=BRV,2026-01-01,,0.90,,ops",
        "otd,carrier=DVP,2026-01-01,2026-03-31,0.90,,ops",
        "undelivered,,2026-06-14,,0.01,,ops",
    )
    found = opened.targets.set_index(["kpi", "segment"])

    assert sorted(found.index) == [("otd", ""), ("otd", "carrier=BRV")]
    whole = opened.kpi("otd").explain(by=())
    part = opened.kpi("otd", {"carrier": "BRV"}).explain(by=())
    assert found.loc[("otd", ""), "value"] == whole.value_now
    assert found.loc[("otd", ""), "gap"] == pytest.approx(whole.value_now - 0.95)
    assert found.loc[("otd", "carrier=BRV"), "gap"] == pytest.approx(part.value_now - 0.90)
    assert part.value_now < whole.value_now


def test_a_week_can_be_opened_against_its_targets(with_targets):
    """Where there is one, parts add up to the gap and the quarter has a pace."""
    opened = with_targets("otd,,2026-01-01,,0.95,,ops")
    found = opened.kpi("otd").explain(base="target", by="carrier")
    quarter = opened.kpi("otd").pace()

    assert found.value_base == 0.95
    assert found.parts["carrier"]["total"].sum() == pytest.approx(found.value_now - 0.95, abs=1e-12)
    assert (str(quarter.first), str(quarter.last), quarter.weeks_left) == ("2026-W14", "2026-W26", 5)
    assert np.isfinite(quarter.needed)
    assert opened.kpi("undelivered").pace() is None


def test_an_explorer_sets_actual_and_target_beside_each_other(with_targets):
    """The gap in words, whether the usual range meets it, and the parts of the gap."""
    opened = with_targets("otd,,2026-01-01,,0.95,,ops")
    shown = pieces.with_target(opened, "otd", "carrier").html
    found = opened.kpi("otd").explain(base="target", by="carrier")
    value = opened.language.value(found.value_now, "share")
    gap = opened.language.change(found.value_now - 0.95, "share")

    assert f"On-time delivery is {value}, its target 95.0%: {gap}. Part of its usual range meets" in shown
    assert "BRV" in shown
    assert "Nobody has set a target for Never delivered" in pieces.with_target(opened, "undelivered", "").html


def test_a_target_of_next_year_moves_no_report(tmp_path, with_targets):
    """Nothing has happened until then: the newest week stays, and the ledger says when the row counts."""
    with_targets("otd,,2026-01-01,,0.90,,ops")
    source = tmp_path / "data" / "sources" / "targets" / "source.toml"
    source.write_text(TARGETS_SOURCE.replace("as_of = 2026-06-15T07:00:00\n", ""), encoding="utf-8")
    before = with_targets("otd,,2026-01-01,,0.90,,ops")
    after = with_targets("otd,,2026-01-01,,0.90,,ops", "otd,,2027-01-01,,0.95,,ops")

    assert after.ledger.as_of == before.ledger.as_of
    assert after.kpi("otd").explain().target == 0.90
    (told,) = after.ledger.notes.query("kind == 'ahead'")["text"]
    assert told == (
        "some rows are of a later day than the newest extract of 2026-06-15, the last of 2027-01-01; "
        "they count from their day on"
    )


def test_a_target_for_what_is_not_there_is_told_and_stops_nothing(with_targets):
    """A slip in a KPI's or a dimension's name: the load says so, the other targets hold."""
    opened = with_targets(
        "otd,,2026-01-01,,0.90,,ops", "otdd,,2026-01-01,,0.90,,ops", "otd,carier=A,2026-01-01,,0.90,,ops"
    )
    told = opened.ledger.notes.set_index("kind")["text"]

    assert told["unknown kpi"].endswith(
        "set for 'otdd', which is no KPI; it counts for nothing. Did you mean 'otd'?"
    )
    assert "a target of otd is set by 'carier', by which that KPI is not cut" in told["unknown dimension"]
    assert opened.targets["segment"].to_list() == [""]


def test_a_target_is_whole_whatever_weeks_are_not():
    """Its sentence does not say that the data lacks a part of the target."""
    first, last = week("2026-W01"), week("2026-W20")
    lacking = {last.shift(-1): "missing"}
    found = compare(
        series(SHARE, str(first), str(last)), last, base="target", by=(), target=0.9, unjudged=lacking
    )

    assert found.base_is_complete


@pytest.mark.parametrize(
    ("direction", "needed", "usual", "told"),
    [
        ("up", 0.92, (0.91, 0.97), "enough"),
        ("up", 0.94, (0.91, 0.97), "open"),
        ("up", 0.96, (0.91, 0.97), "beyond"),
        ("down", 7.1, (6.0, 7.5), "enough"),
        ("down", 6.8, (6.0, 7.5), "open"),
        ("down", 6.4, (6.0, 7.5), "beyond"),
        ("up", 0.94, (math.nan, math.nan), "unknown"),
    ],
)
def test_the_course_of_a_quarter_is_told_by_usual_weeks(direction, needed, usual, told):
    """By what nine weeks are together: a third of a week's range, or all where each resembles the last."""
    first, last = week("2026-W27"), week("2026-W39")
    found = Pace(first, last, 4, 9, to_date=0.93, needed=needed)
    lower, upper = usual
    judgement = SimpleNamespace(lower=lower, upper=upper, centre=(lower + upper) / 2, autocorrelation=-0.2)
    item = SimpleNamespace(kpi=SimpleNamespace(direction=direction), judgement=judgement, target=0.94)

    assert course(found, item) == told
    assert course(replace(found, weeks_done=0, to_date=math.nan), item) == "unknown"
    if not math.isnan(lower):
        assert usual_average(judgement, 9) == pytest.approx(
            (lower + (upper - lower) / 3, upper - (upper - lower) / 3)
        )
        judgement.autocorrelation = 0.9
        assert usual_average(judgement, 9) == pytest.approx(usual)
    over = replace(found, weeks_left=0, needed=math.nan)
    assert course(over, item) == ("missed" if direction == "up" else "met")
    assert course(replace(over, to_date=0.94), item) == "met"


def test_a_page_shows_how_far_the_quarter_is(with_targets):
    """Of each KPI with a target: what `pace` says, beside the usual range; without a target nothing."""
    opened = with_targets("otd,,2026-01-01,,0.95,,ops")
    found, shown = opened.kpi("otd").pace(), opened.paces().html

    assert shown.count("<tr>") + shown.count("<tr ") == 2
    value = opened.language.value
    for told in (
        value(found.to_date, "share"),
        value(found.needed, "share"),
        "95.0%",
        f"{found.weeks_done} of 13",
    ):
        assert told in shown
    assert with_targets("shipmentz,,2026-01-01,,0.95,,ops").paces().html == ""
