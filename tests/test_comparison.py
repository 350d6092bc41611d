"""Comparing a week with a base, on frames small enough to count by hand."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tallysheet.bases import base_weeks
from tallysheet.comparison import compare
from tallysheet.errors import UsageError
from tallysheet.kpi import Histogram, Kpi
from tallysheet.telling import Cause, causes, spread
from tallysheet.values import series_of
from tallysheet.weeks import IsoWeek, weeks_between

SHARE = Kpi("otd", "f", "on_time_n", "due_n", "share", "up", "day", 0, ("carrier",), "by hand")
SUM = Kpi("shipments", "f", "due_n", None, "count", "neutral", "day", 0, ("carrier",), "by hand")
WEEKS = weeks_between(IsoWeek(2026, 1), IsoWeek(2026, 20))
LAST = WEEKS[-1]


def cells(last_of_b: int = 90, weeks=WEEKS) -> pd.DataFrame:
    """Two carriers of 100 a week: A is on time 90 or 92 times in turn, B 87 to 89, at last as told."""
    rows = []
    for place, week in enumerate(weeks):
        rows.append((str(week), "A", 90 + place % 2 * 2, 100))
        rows.append((str(week), "B", last_of_b if week == weeks[-1] else 87 + place % 3, 100))
    return pd.DataFrame(rows, columns=["week", "carrier", "on_time_n", "due_n"])


def explain(kpi=SHARE, base="last-4", last_of_b=90, by=("carrier",), **options):
    return compare(series_of(cells(last_of_b), kpi, WEEKS), LAST, base=base, by=by, **options)


def test_values_are_ratios_of_sums():
    """The base pools its four weeks: 715 of 800."""
    explanation = explain()

    assert explanation.value_now == (92 + 90) / 200
    assert explanation.value_base == (92 + 90 + 92 + 90 + 87 + 88 + 89 + 87) / 800
    assert explanation.value_previous == (90 + 87) / 200
    assert (explanation.n_now, explanation.n_base) == (200, 800)


def test_a_sum_is_compared_with_the_mean_week_of_its_base():
    """Four weeks of 200 are 200 a week, not 800."""
    explanation = explain(SUM)

    assert (explanation.value_now, explanation.value_base, explanation.change) == (200, 200, 0)


def test_a_usual_range_ends_where_values_end():
    """Money that swings between 1 and 9 is never less than nothing; what may be a loss is."""
    rows = [(str(week), 1 + 8 * (place % 2)) for place, week in enumerate(WEEKS)]
    frame = pd.DataFrame(rows, columns=["week", "cost_cents"])
    money = Kpi("cost", "f", "cost_cents", None, "euro", "down", "day", 0, (), "by hand", "sum")
    lowers = [
        compare(series_of(frame, one, WEEKS), LAST, base="last-4", by=()).judgement.lower
        for one in (money, replace(money, lowest=-math.inf))
    ]

    assert lowers[0] == 0
    assert lowers[1] == pytest.approx(91 / 19 - 2.66 * 8, abs=0.01)


def test_cases_of_a_part_whose_duration_was_open_before_are_counted():
    """Of A ten a week take three days; of B one is paid now, and one of the base was open when looked at."""
    rows = [(str(week), "A", 3, 10, 10) for week in WEEKS]
    rows += [(str(WEEKS[-2]), "B", 2, 0, 1), (str(LAST), "B", 3, 1, 1)]
    frame = pd.DataFrame(rows, columns=["week", "carrier", "days_bin", "paid_n", "dropped_n"])
    days = Histogram("days_bin", start=-0.5)
    kpi = Kpi(
        "payout",
        "f",
        "paid_n",
        "dropped_n",
        "days",
        "down",
        "day",
        0,
        ("carrier",),
        "by hand",
        method="kaplan_meier",
        histogram=days,
    )
    found = compare(series_of(frame, kpi, WEEKS), LAST, base="last-4", by=["carrier"])
    parts = found.parts["carrier"].set_index("segment")

    assert parts["n_now"].to_dict() == {"A": 10, "B": 1}
    assert (parts["n_now"].sum(), parts["n_base"].sum()) == (found.n_now, found.n_base) == (11, 41)
    assert parts.loc["B", "value_now"] == 3 and math.isnan(parts.loc["B", "value_base"])


def test_a_small_part_of_a_count_is_not_judged():
    """Two carriers send a hundred a week; a third, which never sent one, sends one."""
    late = pd.DataFrame({"week": [str(LAST)], "carrier": ["C"], "on_time_n": [1], "due_n": [1]})
    frame = pd.concat([cells(), late])
    found = compare(series_of(frame, SUM, WEEKS), LAST, base="last-4", by=["carrier"])
    parts = found.parts["carrier"].set_index("segment")

    assert (parts.loc["C", "variation"], parts.loc["C", "reason"]) == ("not_known", "small")
    assert found.outside == ()


@pytest.mark.parametrize("chart", ["xmr", "p"])
def test_a_week_in_which_there_was_nothing_to_count_is_not_called_incomplete(chart):
    """The data covers it, and no parcel was due; of a week that it covers in part that is not known."""
    frame = cells()
    frame.loc[frame["week"] == str(LAST), ["on_time_n", "due_n"]] = 0
    kpi = replace(SHARE, unit="euro") if chart == "xmr" else SHARE
    series = series_of(frame, kpi, WEEKS)
    found = compare(series, LAST, base="last-4", by=["carrier"])
    partial = compare(series, LAST, base="last-4", by=["carrier"], unjudged={LAST: "missing"})

    assert (found.variation, found.judgement.reason) == ("not_known", "nothing")
    assert partial.judgement.reason == "missing"


@pytest.mark.parametrize("kpi", [SHARE, SUM], ids=["share", "sum"])
def test_nothing_has_no_parts(kpi):
    """Of a KPI of which nothing is known there is no value and no part, and no error."""
    found = compare(series_of(cells().head(0), kpi, WEEKS), LAST, base="last-4", by=["carrier"])

    assert found.parts == {}
    assert found.outside == ()
    assert found.variation == "not_known"


def test_a_fallen_part_is_named_with_its_own_limits():
    """B falls to 60: outside its own range, and all of the change."""
    explanation = explain(last_of_b=60)
    parts = explanation.parts["carrier"].set_index("segment")

    assert [segment.where for segment in explanation.outside] == [{"carrier": "B"}]
    assert causes(explanation)[0] == Cause("REAL", {"carrier": "B"})
    assert parts.loc["B", "variation"] == "signal"
    assert parts.loc["A", "variation"] == "routine"
    assert parts["total"].sum() == pytest.approx(explanation.change, abs=1e-12)
    segment = explanation.outside[0]
    assert segment.low < segment.effect < segment.high < 0
    assert segment.p < 0.01


@pytest.mark.parametrize(("cases", "reason"), [(0, "nothing"), (1, "small"), (4, "small"), (5, "above")])
def test_a_middle_of_few_cases_is_not_judged(cases, reason):
    """One claim that took long, of a kind of which there are two a week, is no news."""
    length = Kpi(
        *("claim_days", "f", "n", "n", "days", "down", "day", 0, ("kind",), "by hand"),
        method="quantile",
        histogram=Histogram("days_bin", start=-0.5),
    )
    usual = [
        (str(week), kind, days, n)
        for place, week in enumerate(WEEKS[:-1])
        for kind, n in (("loss", 20), ("late", 2))
        for days in [10 + place % 3]
    ]
    rows = [*usual, (str(LAST), "loss", 11, 20), *([(str(LAST), "late", 40, cases)] if cases else [])]
    frame = pd.DataFrame(rows, columns=["week", "kind", "days_bin", "n"])
    found = compare(series_of(frame, length, WEEKS), LAST, base="last-4", by=["kind"])
    late = found.parts["kind"].set_index("segment").loc["late"]

    assert (late["reason"], late["variation"]) == (reason, "signal" if reason == "above" else "not_known")
    assert len(found.outside) == (reason == "above")


def test_nothing_moved_is_noise():
    """An ordinary week has no cause and no scope."""
    assert causes(explain()) == (Cause("NOISE", {}),)


def test_too_few_weeks_are_not_known():
    """With twelve earlier weeks nothing is judged, and there is no cause."""
    weeks = WEEKS[-13:]

    explanation = compare(series_of(cells(60, weeks), SHARE, weeks), LAST, base="last-4", by=["carrier"])

    assert (explanation.variation, explanation.judgement.reason) == ("not_known", "few_weeks")
    assert causes(explanation) == ()
    assert not explanation.outside


def test_an_incomplete_week_is_not_judged_and_not_part_of_limits():
    """The week in question says why; an earlier incomplete one leaves base and history."""
    partial = explain(unjudged={LAST: "missing"})
    holed = explain(unjudged={WEEKS[-2]: "missing"})

    assert (partial.variation, partial.judgement.reason) == ("not_known", "missing")
    assert WEEKS[-2] not in holed.base_weeks
    assert str(WEEKS[-2]) not in set(holed.history["week"])


def test_a_part_of_which_less_is_known_is_drawn_without_a_range():
    """Of B's hundred ten are known, where it mostly has all: its own chart calls them no fall either."""
    known = replace(SHARE, evidence="seen_n", floor=0.9)
    frame = cells(last_of_b=8).assign(seen_n=100)
    frame.loc[frame.index[-1], "seen_n"] = 10
    found = compare(series_of(frame, known, WEEKS), LAST, base="last-4", by=("carrier",))
    segment, history = found.close_ups["carrier"]

    assert segment == "B"
    assert found.parts["carrier"].set_index("segment").loc["B", "reason"] == "gap"
    assert history[["lower", "upper"]].iloc[-1].isna().all()
    assert not history["outside"].iloc[-1]


def test_a_part_without_a_name_and_one_that_is_new():
    """Rows without a value are a part of their own; a new part contributes through mix only."""
    frame = cells()
    late = pd.DataFrame([(str(LAST), None, 5, 10)], columns=frame.columns)

    explanation = compare(
        series_of(pd.concat([frame, late]), SHARE, WEEKS), LAST, base="last-4", by=["carrier"]
    )
    new = explanation.parts["carrier"].set_index("segment").loc[""]

    assert new["rate"] == 0
    assert new["mix"] == new["total"]
    assert np.isnan(new["value_base"])
    assert abs(explanation.residual) < 1e-12


def test_a_change_in_one_part_is_not_even():
    """B holds all of the change with half of the volume; a change of both alike is even."""
    alone, both = explain(last_of_b=60), explain(base="previous")

    assert (spread(alone, "carrier").segment, spread(alone, "carrier").even) == ("B", False)
    assert spread(both, "carrier").even


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        ("previous", ["2026-W19"]),
        ("last-4", ["2026-W16", "2026-W17", "2026-W18", "2026-W19"]),
        ("2026-W03", ["2026-W03"]),
    ],
)
def test_bases(base, expected):
    """Each base is a list of weeks, oldest first."""
    assert [str(week) for week in base_weeks(base, LAST, WEEKS)] == expected


def test_year_ago_is_364_days_also_over_week_53():
    """2027-W02 is compared with 2026-W03: the same weekdays, though the year had 53 weeks."""
    weeks = weeks_between(IsoWeek(2026, 1), IsoWeek(2027, 2))

    assert [str(week) for week in base_weeks("year-ago", IsoWeek(2027, 2), weeks)] == ["2026-W03"]


@pytest.mark.parametrize("base", ["year-ago", "2025-W01", "2026-W20", "last-3", "2026-W99", ""])
def test_a_base_that_is_not_there_is_refused(base):
    """Outside the data, the week itself, or of no known form: a usage error."""
    with pytest.raises(UsageError):
        base_weeks(base, LAST, WEEKS)


def test_a_day_in_the_place_of_a_base_is_told_its_week():
    """Whoever types the Monday reads which week to write."""
    with pytest.raises(UsageError, match=r"Choose one of them; that day lies in 2026-W46\."):
        base_weeks("2026-11-09", LAST, WEEKS)


def test_what_is_usual_is_learnt_from_the_same_weeks_whatever_the_base():
    """A base of long ago is read, and teaches nothing: the range is that of the 60 weeks before."""
    weeks = weeks_between(IsoWeek(2024, 1), IsoWeek(2026, 20))
    old = {str(week) for week in weeks[:40]}
    frame = cells(weeks=weeks)
    frame["on_time_n"] = frame["on_time_n"].where(~frame["week"].isin(old), 40)
    series = series_of(frame, SHARE, weeks)
    near, far = (compare(series, LAST, base=base, by=["carrier"]) for base in ("last-4", "2024-W10"))

    assert far.value_base == 0.4
    assert (far.judgement.lower, far.judgement.upper) == (near.judgement.lower, near.judgement.upper)
    assert far.judgement.earlier_weeks == near.judgement.earlier_weeks == 60
    lowers = [one.parts["carrier"].set_index("segment")["lower"].to_dict() for one in (near, far)]
    assert lowers[0] == lowers[1]


def test_a_like_for_like_difference_is_held_against_weeks_that_are_as_alike():
    """On lane B labels gain 30 points, and no week alone has 20 of them there: four together have no say."""
    gap = Kpi(
        *("service_gap", "f", "on_time_n", "due_n", "gap", "up", "day", 0, ("carrier",), "by hand"),
        method="standardised",
        against=("own_on_time_n", "own_due_n"),
    )
    lanes = [("A", 50, 40, 100, 90), ("B", 10, 10, 100, 70)]
    rows = [(str(week), "X", lane, *counts) for week in WEEKS for lane, *counts in lanes]
    columns = ["week", "carrier", "stratum", "due_n", "on_time_n", "own_due_n", "own_on_time_n"]
    found = compare(
        series_of(pd.DataFrame(rows, columns=columns), gap, WEEKS), LAST, base="last-4", by=["carrier"]
    )

    assert found.value_now == pytest.approx(-0.10)
    assert found.value_base == pytest.approx(-0.10)
    assert found.parts["carrier"]["value_base"].tolist() == pytest.approx([-0.10])


@pytest.mark.parametrize("lane", [None, "A"])
def test_what_has_no_stratum_is_held_against_nothing(lane):
    """No extract says where parcels come from: there are no lanes, or some parcels have none."""
    gap = Kpi(
        *("service_gap", "f", "on_time_n", "due_n", "gap", "up", "day", 0, ("carrier",), "by hand"),
        method="standardised",
        against=("own_on_time_n", "own_due_n"),
    )
    rows = [(str(week), "X", one, 50, 40, 100, 90) for week in WEEKS for one in (None, lane)]
    columns = ["week", "carrier", "stratum", "due_n", "on_time_n", "own_due_n", "own_on_time_n"]
    frame = pd.DataFrame(rows, columns=columns).astype({"stratum": object})
    found = compare(series_of(frame, gap, WEEKS), LAST, base="last-4", by=["carrier"])

    assert found.n_now == (50 if lane else 0)
    assert math.isnan(found.value_now) if lane is None else found.value_now == pytest.approx(-0.10)


@pytest.mark.parametrize("lost", [LAST, LAST.shift(-1)])
def test_a_week_that_is_lost_has_no_parts(lost):
    """Of a change that is not known nothing is a part."""
    series = series_of(cells(), SUM, WEEKS)
    series.total.loc[str(lost), "x"] = math.nan
    found = compare(series, LAST, base="previous", by=["carrier"], unjudged={lost: "missing"})

    assert math.isnan(found.change)
    assert (found.parts, found.close_ups, found.outside) == ({}, {}, ())


def test_last_week_is_left_out_where_the_data_covers_it_in_part():
    """Four days of a week would look like a fall."""
    assert np.isnan(explain(unjudged={WEEKS[-2]: "missing"}).value_previous)
