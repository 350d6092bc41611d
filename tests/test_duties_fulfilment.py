"""Fulfilment partners: each step is counted on its day, and what is said of them adds up."""

from types import SimpleNamespace

import pandas as pd
import pytest
from small_ground import ground

import tallysheet as ts
from tallysheet.duties import fulfilment, fulfilment_page
from tallysheet.duties.known import list_sql
from tallysheet.findings import Finding
from tallysheet.publish.numbers import PAGE, check_numbers, known_of_page
from tallysheet.verdict import Verdict
from tallysheet.weeks import IsoWeek

LOOK = (
    "CREATE TABLE look AS SELECT TIMESTAMP '2026-06-15 07:00' AS seen_at, DATE '2026-06-15' AS seen_on, "
    "DATE '2026-06-08' AS first_day, DATE '2026-06-14' AS last_day"
)


def job(number: int, **what: object) -> dict[str, object]:
    return {"job_id": f"J{number}", "partner": "FP", "released_at": "2026-06-09 08:00"} | what


def steps(*jobs: dict[str, object]) -> list[tuple[object, ...]]:
    connection = ground(fulfilment_jobs=list(jobs))
    connection.execute(LOOK)
    found = connection.execute(list_sql("fulfilment_days")).df()
    found["day"] = pd.to_datetime(found["day"]).dt.strftime("%d")
    return list(found[["step", "day", "n", "wrong_n"]].itertuples(index=False, name=None))


def test_an_order_counts_on_the_day_of_its_cut_off():
    """Sent out by then or not; what came in after its cut-off, or has it still to come, is not counted."""
    cut_off = {"kind": "outbound", "cut_off_at": "2026-06-10 15:00"}
    jobs = [
        job(1, **cut_off, dispatched_at="2026-06-10 15:00"),
        job(2, **cut_off, dispatched_at="2026-06-10 15:01"),
        job(3, **cut_off),
        job(4, **cut_off | {"released_at": "2026-06-10 16:00"}, dispatched_at="2026-06-11 09:00"),
        job(5, kind="outbound", cut_off_at="2026-06-15 15:00"),
    ]

    assert steps(*jobs) == [("dispatch", "10", 3, 2)]


def test_a_delivery_is_to_be_in_stock_a_day_later():
    """To the minute; one that came less than a day ago cannot be told yet."""
    dock = {"kind": "inbound", "dock_in_at": "2026-06-12 10:00"}
    jobs = [
        job(1, **dock, stocked_at="2026-06-13 10:00"),
        job(2, **dock, stocked_at="2026-06-13 10:01"),
        job(3, **dock),
        job(4, kind="inbound", dock_in_at="2026-06-14 08:00"),
    ]

    assert steps(*jobs) == [("stock", "12", 3, 2)]


def test_lines_are_counted_on_the_day_of_dispatch():
    """All lines of an order; one of which it is not known how many are wrong is not counted."""
    sent = {"kind": "outbound", "dispatched_at": "2026-06-11 12:00"}
    jobs = [job(1, **sent, lines=5, lines_wrong=2), job(2, **sent, lines=4)]

    assert steps(*jobs) == [("pick", "11", 5, 2)]


def test_a_weekday_is_named_only_beyond_chance():
    """Thrice the share on one of five days of 400 orders; not a tenth more."""
    usual = [8, 8, 8, 8, 8]
    counted = pd.DataFrame({"weekday": range(5), "n": 80, "wrong_n": usual})

    assert fulfilment.bad_weekday(counted) == -1
    assert fulfilment.bad_weekday(counted.assign(wrong_n=[8, 8, 9, 8, 8])) == -1
    assert fulfilment.bad_weekday(counted.assign(wrong_n=[8, 8, 24, 8, 8])) == 2
    assert fulfilment.bad_weekday(counted.assign(wrong_n=0)) == -1


@pytest.mark.parametrize(
    ("wrong", "asked", "told"),
    [
        (
            {"A": 130, "B": 60, "C": 20},
            "",
            "No partner stands out. All partners together: 210 of 1,700 deliveries lay at the dock",
        ),
        ({"A": 130, "B": 160, "C": 20}, "B", "That is 32.0%; at the other partners it is 12.5%."),
    ],
)
def test_a_partner_is_asked_that_stands_out_and_none_for_its_size(monkeypatch, wrong, asked, told):
    """A has half of all deliveries; 13 % wait at each, until one does worse than the others."""
    all_ = {"A": 1000, "B": 500, "C": 200}
    rows = [
        {
            "partner": name,
            "step": "stock",
            "day": day,
            "week": day,
            "weekday": 0,
            "n": n,
            "wrong_n": wrong[name],
        }
        for name, n in all_.items()
        for day in [pd.Timestamp("2013-04-22")]
    ]
    monkeypatch.setattr(fulfilment, "days", lambda week, weeks_before=0: pd.DataFrame(rows))
    monkeypatch.setattr(fulfilment_page, "left_out", lambda *_: None)
    monkeypatch.setattr(fulfilment_page, "lacking", lambda *_: ["x"])
    week = ts.open_week("2013-W17", data="data/flights")
    page = fulfilment_page.opening(week).html

    assert fulfilment.listed(week)["partner"].to_list() == [asked]
    assert told in page
    listed = fulfilment_page.to_do(week).html
    assert "A: why" not in listed
    assert ("B: why" in listed, "All partners together: why" in listed) == (asked == "B", asked == "")
    assert (told in listed) == (asked == "B")
    check_numbers(
        "p.html",
        page + fulfilment_page.partners(week).html,
        {PAGE: known_of_page(fulfilment_page.partners(week).html)},
        PAGE,
    )


def test_what_was_asked_of_all_is_followed_up_at_all(monkeypatch):
    """Last week nobody stood out: what goes wrong this week at each partner is added up."""
    weeks = [pd.Timestamp("2013-04-15"), pd.Timestamp("2013-04-22")]
    rows = [
        {"partner": name, "step": "stock", "day": day, "week": day, "weekday": 0, "n": 100, "wrong_n": wrong}
        for day, both in zip(weeks, ((12, 13), (3, 4)), strict=True)
        for name, wrong in zip("AB", both, strict=True)
    ]
    monkeypatch.setattr(
        fulfilment, "days", lambda week, weeks_before=0: pd.DataFrame(rows[: 2 if weeks_before else 4])
    )
    found = fulfilment.came_of(SimpleNamespace(week=IsoWeek(2013, 17), has=lambda slug: False))

    assert found[["partner", "step", "weekly", "wrong_now"]].to_dict("records") == [
        {"partner": "", "step": "stock", "weekly": 6.25, "wrong_now": 7}
    ]


@pytest.mark.parametrize(("effect", "stands_out"), [(-0.1, [True, False]), (None, [False, False])])
def test_the_partner_that_the_week_s_verdict_names_stands_out(monkeypatch, effect, stands_out):
    """One bad week among four is no more than chance beside the others, and plain beside its own weeks."""
    counted = pd.DataFrame({"partner": ["A", "B"], "step": "dispatch", "n": [271, 143], "wrong_n": [12, 0]})
    day = pd.Timestamp("2013-04-22")
    counted = counted.assign(day=day, week=day, weekday=0)
    monkeypatch.setattr(fulfilment, "days", lambda week, weeks_before=0: counted)
    found = () if effect is None else (Finding("REAL", {"partner": ("A",)}, "fulfilment", effect),)
    verdict = Verdict("dispatch_on_time", found, (), ())
    week = SimpleNamespace(
        week=IsoWeek(2013, 17), has=lambda slug: slug == "dispatch_on_time", verdict=lambda slug: verdict
    )

    assert fulfilment.recent(week)["stands_out"].tolist() == stands_out


@pytest.fixture(scope="module")
def week(sample_of_size_s):
    """FP-Main changes its warehouse system from 28 September on, as the event log says."""
    return ts.open_week("2026-W42", data=sample_of_size_s, base="last-4")


@pytest.mark.slow
def test_steps_add_up_to_the_kpis(week):
    """Dispatches and picks of the 13 weeks are those of the KPIs' own facts."""
    weeks = [one for one in week.cube.weeks if one <= week.week][-fulfilment.WEEKS :]
    looks = [(str(one), week.cube.as_of) for one in weeks]
    summed = fulfilment.days(week).groupby("step")[["n", "wrong_n"]].sum()
    dispatches, picks = (
        week.cube.total(fact, looks).sum(numeric_only=True) for fact in ("dispatches", "picks")
    )

    assert summed.loc["dispatch"].to_list() == [
        dispatches["due_n"],
        dispatches["due_n"] - dispatches["in_time_n"],
    ]
    assert summed.loc["pick"].to_list() == [picks["lines_n"], picks["lines_n"] - picks["right_n"]]


@pytest.mark.slow
def test_the_partner_that_changes_its_system_leads_the_list(week):
    """It is first, it was on last week's list, and most of its lateness starts there."""
    assert fulfilment.listed(week)["partner"].iloc[0] == "FP-Main"
    assert fulfilment.came_of(week)["partner"].iloc[0] == "FP-Main"
    begun = fulfilment.starts(week).set_index("partner")
    assert begun["rate"].idxmax() == "FP-Main"
    assert fulfilment_page.opening(week).html.count("FP-Main") == 2


@pytest.mark.slow
def test_lateness_that_starts_there_is_handed_over_late(week):
    """Another way, from the parcels: scanned after the ship-by day, of late outbound ones of the partner."""
    found = fulfilment.starts(week).set_index("partner")
    due = week.sql(
        "SELECT count(*) AS n FROM shipments WHERE partner = 'FP-Main' AND flow = 'outbound' "
        "AND promised_date BETWEEN DATE '2026-09-21' AND DATE '2026-10-18' "
        "AND (handover_declared_at IS NOT NULL OR first_scan_at IS NOT NULL)"
    )["n"].iloc[0]

    assert found.loc["FP-Main", "due"] == due
    assert (found["at_partner"] <= found["late"]).all()


def test_flights_have_no_partners():
    """The page says which extract would switch it on."""
    week = ts.open_week("2013-W17", data="data/flights")
    for piece in (fulfilment_page.opening, fulfilment_page.to_do, fulfilment_page.weekdays):
        assert "Left out: this needs extracts" in piece(week).html
