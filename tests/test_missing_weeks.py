"""A week whose rows are missing is no week of 0: bases, last week's value and limits leave it out."""

import datetime as dt
import math
from types import SimpleNamespace

import pandas as pd
import pytest
from small_workbook import FIRST_MONDAY, make_workbook, rows

import tallysheet as ts
from tallysheet import say
from tallysheet.coverage import rowless, rowless_weeks
from tallysheet.weeks import IsoWeek

WEEKS = 23
LOST = IsoWeek(2026, 21)


def weekly_rows(lost=()):
    """Give 23 weeks of parcels, of which every third week lacks some, without the weeks that are lost."""
    days = {str(week.monday + dt.timedelta(days=day)) for week in lost for day in range(7)}
    return [
        line
        for number, line in enumerate(rows(WEEKS))
        if line[3] not in days
        and (number % 10 or (dt.date.fromisoformat(line[3]) - FIRST_MONDAY).days // 7 % 3)
    ]


def workbook(root, lines):
    data = make_workbook(root, lines)
    source = data / "sources" / "parcels" / "source.toml"
    text = source.read_text(encoding="utf-8")
    source.write_text(text.replace("2026-06-15", "2026-07-06"), encoding="utf-8")
    return data


def shipped(data, week, base="last-4"):
    return ts.open_week(str(week), data=data, base=base).kpi("shipments").explain()


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return workbook(tmp_path_factory.mktemp("missing_week"), weekly_rows([LOST]))


def test_the_base_and_last_week_leave_out_a_week_without_rows(data):
    """126 or 140 a week in turn: W18, W19 and W20 are the base of W22, and of W21 nothing is known."""
    found = shipped(data, LOST.shift(1))

    assert [str(week) for week in found.base_weeks] == ["2026-W18", "2026-W19", "2026-W20"]
    assert found.value_base == pytest.approx((126 + 140 + 140) / 3)
    assert math.isnan(found.value_previous)
    assert "Last week" not in say.beside(found, ts.open_week("2026-W22", data=data).language)


def test_limits_do_not_learn_from_a_week_without_rows(data):
    """They are those of a chart that never had the week, not wide enough to hold 0 and more."""
    found = shipped(data, LOST.shift(1))

    assert str(LOST) not in set(found.history["week"])
    assert found.judgement.earlier_weeks == 19
    assert found.judgement.lower > 110


def test_a_week_without_rows_has_no_value_itself_and_is_not_judged(data):
    """Nor is it a base: against it there is nothing to compare with."""
    found, next_week = shipped(data, LOST), shipped(data, LOST.shift(1), base="previous")

    assert math.isnan(found.value_now)
    assert (found.variation, found.judgement.reason) == ("not_known", "missing")
    assert math.isnan(next_week.value_base)
    review = ts.open_week(str(LOST), data=data).review
    assert review.judged_week("shipments") == LOST.shift(-1)


def test_rows_that_are_there_are_judged_as_before(tmp_path):
    """Of a workbook without a lost week no week is missing."""
    whole = workbook(tmp_path, weekly_rows())

    assert ts.open_week("2026-W22", data=whole).review.unjudged("shipments") == {}


@pytest.mark.parametrize(
    ("counts", "places"),
    [
        ([140, 126, 0, 140, 140], [2]),
        ([140, 126, 0, 0, 140, 140, 126, 140, 140], [2, 3]),
        ([90, 0, 90, 0, 90, 0, 90, 0], []),
        ([90, 0, 0, 0, 80, 0, 0, 0, 85], []),
        ([3, 2, 4, 0, 3, 1, 2, 4], []),
        ([140, 126, 1, 140], []),
        ([0, 0, 0], []),
        ([], []),
    ],
)
def test_only_a_table_that_usually_has_rows_lacks_a_week(counts, places):
    """Every other week, every fourth, or few in any: a week without rows may well be one of 0."""
    weeks = [str(IsoWeek(2026, 1).shift(place)) for place in range(len(counts))]

    assert rowless(dict(zip(weeks, counts, strict=True))) == [weeks[place] for place in places]


def test_a_week_of_a_fact_with_bins_has_the_rows_of_all_of_them():
    """Its cells are several a week; two weeks of one row each, and one without, beside ten of forty."""
    weeks = [f"2026-W{number:02d}" for number in range(1, 14)]
    rows = [(week, bin_, 20) for week in weeks[:10] for bin_ in (0, 3)] + [
        (week, 3, 1) for week in weeks[10:12]
    ]
    cells = pd.DataFrame(rows, columns=["week", "decided_days_bin", "opened_n"])
    cube = SimpleNamespace(total=lambda fact, looks: cells)

    assert (
        rowless_weeks(cube, "claim_outcomes", [(week, dt.datetime(2026, 6, 1)) for week in weeks])
        == weeks[12:]
    )
