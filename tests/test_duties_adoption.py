"""BackShip: lists counted a second time, what is said holds, what is not known is not said."""

import dataclasses
import datetime as dt
import re
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import tallysheet as ts
from tallysheet.cube import Cube
from tallysheet.duties import (
    adoption,
    adoption_page,
    adoption_sellers,
    adoption_sellers_page,
    adoption_steps,
    adoption_steps_page,
    adoption_worth,
    cards,
)
from tallysheet.language import read_language
from tallysheet.publish.work_lists import backship
from tallysheet.scorecard import how_final
from tallysheet.week import Week

pytestmark = pytest.mark.slow
WEEK = "2026-W46"
PIECES = (
    *(adoption_page.opening, adoption_page.comparison, adoption_page.checks, adoption_page.money),
    *(adoption_steps_page.funnel, adoption_steps_page.retention, adoption_steps_page.times),
    *(adoption_sellers_page.to_do, adoption_sellers_page.became, adoption_sellers_page.sellers),
)
"""All that the notebook shows beside KPIs."""


@pytest.fixture(scope="module")
def week(sample_of_size_s):
    return ts.open_week(WEEK, data=sample_of_size_s, base="last-4", audience="internal")


@pytest.fixture(scope="module")
def without_invoices(week):
    """Give the week as if there had never been an extract of invoices."""
    files = week.ledger.files[week.ledger.files["table"] != "carrier_invoice_lines"]
    ledger = dataclasses.replace(week.ledger, files=files, state=f"{week.ledger.state}-no-invoices")
    cube = Cube(ledger, week.settings, week.cube.as_of)
    return Week(week.week, week.base, week.language, week.settings, ledger, cube)


@pytest.fixture(scope="module")
def eligible(week) -> pd.DataFrame:
    """Give the scanned parcels of eligible orders, by pandas alone."""
    parcels = week.sql(
        "SELECT shipment_id, order_id, seller, label_source, promised_date, promised_at, first_scan_at, "
        "first_attempt_at, delivered_at "
        "FROM shipments WHERE flow = 'outbound' AND first_scan_at IS NOT NULL"
    )
    orders = week.sql("SELECT order_id, paid_at, accepted_at FROM orders WHERE backship_eligible")
    first = orders.groupby("order_id")[["paid_at", "accepted_at"]].min()
    found = parcels[parcels["order_id"].isin(first.index)].join(first, on="order_id")
    day = found["first_scan_at"].dt.normalize()
    return found[day >= pd.Timestamp(week.week.sunday) - pd.Timedelta(days=852)]


def by_kind(frame: pd.DataFrame, *names: str) -> list[list[float]]:
    return frame.groupby("is_backship")[list(names)].sum().astype(float).to_numpy().tolist()


def test_parcels_on_time_lost_and_accepted_are_counted_a_second_time(week, eligible):
    """By label source: due, on time, whole, lost, and minutes from payment to acceptance."""
    today = pd.Timestamp(week.cube.as_of.date())
    promised = pd.to_datetime(eligible["promised_date"])
    arrived = eligible["first_attempt_at"].fillna(eligible["delivered_at"])
    is_due, is_whole = promised < today - pd.Timedelta(days=5), promised + pd.Timedelta(days=15) < today
    is_lost = ~(arrived.dt.normalize() < promised + pd.Timedelta(days=15))
    minutes = (
        eligible["accepted_at"].dt.floor("min") - eligible["paid_at"].dt.floor("min")
    ).dt.total_seconds() / 60
    counted = pd.DataFrame(
        {
            "is_backship": eligible["label_source"] == "backship",
            "due_n": is_due,
            "on_time_n": is_due & (arrived <= eligible["promised_at"]),
            "whole_n": is_whole,
            "lost_n": is_whole & is_lost,
            "accept_minutes": minutes.fillna(0),
        }
    )
    names = ("due_n", "on_time_n", "whole_n", "lost_n", "accept_minutes")

    assert by_kind(adoption.rows(week, "backship_parcels"), *names) == by_kind(counted, *names)


def test_contacts_and_faults_are_counted_a_second_time(week, eligible):
    """Contacts that ask where a parcel is; returns for a fault of the item within thirty days."""
    today = pd.Timestamp(week.cube.as_of.date())
    asked = week.sql("SELECT order_id, contact_reason, subject FROM care_contacts WHERE order_id IS NOT NULL")
    where = asked["subject"].fillna("").str.contains("arcel|racking|colis")
    asked = asked[(asked["contact_reason"] == "WISMO") | where]
    first = eligible.sort_values(["first_scan_at", "shipment_id"]).drop_duplicates("order_id")
    first = first[first["first_scan_at"].dt.normalize() <= today - pd.Timedelta(days=21)]
    contacts = first["order_id"].map(asked["order_id"].value_counts()).fillna(0)
    counted = pd.DataFrame({"is_backship": first["label_source"] == "backship", "contacts_n": contacts})
    cases = week.sql(
        "SELECT order_id, requested_at FROM reverse_cases WHERE case_type = 'return' "
        "AND case_reason IN ('defect', 'battery', 'screen', 'not_as_described')"
    )
    delivered = eligible[eligible["delivered_at"].dt.normalize() <= today - pd.Timedelta(days=30)]
    told = delivered["order_id"].map(cases.groupby("order_id")["requested_at"].min())
    days = (told.dt.normalize() - delivered["delivered_at"].dt.normalize()).dt.days
    faulty = (told >= delivered["delivered_at"]) & (days <= 30)
    faults = pd.DataFrame({"is_backship": delivered["label_source"] == "backship", "faulty_n": faulty})

    assert by_kind(adoption.rows(week, "backship_contacts"), "contacts_n") == by_kind(counted, "contacts_n")
    assert by_kind(adoption.rows(week, "backship_returns"), "faulty_n") == by_kind(faults, "faulty_n")


def test_seen_costs_add_up_to_invoices(week, eligible):
    """What invoices charge for these parcels, found by number within a week of the scan."""
    rates = week.settings.rules.euro_rates | {"EUR": 1.0}
    lines = week.sql(
        "SELECT carrier, tracking_number, ship_date, amount_cents, currency "
        "FROM carrier_invoice_lines WHERE tracking_number IS NOT NULL"
    )
    lines["cents"] = (lines["amount_cents"] / lines["currency"].map(rates)).round()
    parcels = week.sql("SELECT shipment_id, carrier, tracking_number FROM shipments")
    last = pd.Timestamp(week.cube.as_of.date()) - pd.Timedelta(days=45)
    mine = eligible[eligible["first_scan_at"].dt.normalize() <= last].merge(parcels, on="shipment_id")
    found = mine.merge(lines, on=["carrier", "tracking_number"])
    apart = (pd.to_datetime(found["ship_date"]) - found["first_scan_at"].dt.normalize()).dt.days.abs()
    found = found[apart <= 7].assign(is_backship=lambda one: one["label_source"] == "backship")
    listed = adoption.rows(week, "backship_costs")

    assert by_kind(listed, "seen_cents") == by_kind(found.assign(seen_cents=found["cents"]), "seen_cents")
    assert listed["parcels_n"].sum() == len(mine)


def test_the_sample_is_compared_fairly(week, sample_of_size_s):
    """Its truth lies inside the intervals also at size S, where contacts cannot be known."""
    found = adoption.compared(week)
    truth = {"on_time": 0.012, "price": -0.85, "contacts": -0.003}
    for way in ("alike", "within"):
        lines = adoption.of_way(found, way)
        for slug, true in truth.items():
            assert lines.loc[slug, "low"] <= true <= lines.loc[slug, "high"], (way, slug)
    standing = adoption.standing(week)["known"]

    assert adoption.of_way(found, "naive").loc["on_time", "value"] < 0
    assert standing[["price", "cost"]].eq("known").all()
    assert standing["contacts"] == "unknown"
    assert (adoption.checks(week)["adjusted"] > 0.05).all()


def test_a_gap_that_is_not_known_is_not_said(week, monkeypatch):
    """Where no comparison is clear, the headline says that nothing is known, and no raw gap."""
    found = adoption.compared(week)
    wide = found.assign(low=-9.0, high=9.0)
    monkeypatch.setattr(adoption, "compared", lambda week: wide)
    shown = adoption_page.opening(week).html

    assert "is not known yet" in shown
    assert "At first sight" not in shown


def on_time_found(found: pd.DataFrame, **ways: tuple[float, float, float]) -> pd.DataFrame:
    """Put value, low and high of on time in place of what was found in some ways."""
    found = found.copy()
    for way, ends in ways.items():
        found.loc[(found["outcome"] == "on_time") & (found["way"] == way), ["value", "low", "high"]] = ends
    return found


@pytest.mark.parametrize(
    ("alike", "within", "said", "is_argument"),
    [
        ((0.005, -0.023, 0.031), (0.015, 0.001, 0.029), "On time no difference is proven", False),
        ((0.015, 0.004, 0.026), (0.005, -0.023, 0.031), "the share on time gains 1.5 points", True),
        ((-0.015, -0.026, -0.004), (-0.01, -0.02, -0.001), "the share on time loses 1.5 points", False),
    ],
)
def test_a_gap_whose_interval_holds_zero_is_not_proven(week, monkeypatch, alike, within, said, is_argument):
    """The headline says so, and nobody is to be called with it; nor with what makes parcels late."""
    found = on_time_found(adoption.compared(week), alike=alike, within=within)
    monkeypatch.setattr(adoption, "compared", lambda week: found)
    shown = adoption_page.opening(week).html.replace("\xa0", " ")

    assert said in shown
    assert ("share on time" in shown) == ("share on time" in said)
    assert ("On time no difference" in shown) == ("On time no difference" in said)
    assert ("At first sight" in shown) <= ("share on time" in said)
    assert (adoption_sellers.listed(week)["argument"] == "on_time").any() == is_argument
    assert "saving" in set(adoption_sellers.listed(week)["argument"])


def test_the_table_says_what_its_words_of_certainty_mean(week):
    """Known, likely and not known are in its last column."""
    shown = adoption_page.comparison(week).html

    assert all(f"{word}: " in shown for word in ("Known", "Likely", "Not known"))


def test_a_check_that_shows_something_is_said_at_once(week, monkeypatch):
    """In the headline, not only in its table."""
    found = adoption.compared(week)
    hit = (found["outcome"] == "accepting") & (found["way"] == "alike")
    monkeypatch.setattr(adoption, "compared", lambda week: found.assign(p=found["p"].mask(hit, 1e-6)))

    assert "Be careful: of 5 checks of what no label can change 1 show something" in (
        adoption_page.opening(week).html
    )


def test_holm_takes_all_checks_together(week, monkeypatch):
    """Five probabilities by hand: 0.01 x 5, then never less than the one before."""
    found = adoption.compared(week)
    looked = adoption.checks(week)[["outcome", "way"]].apply(tuple, axis=1).to_list()
    p = dict(zip(looked, [0.01, 0.04, 0.03, 0.5, 0.02], strict=True))
    given = [p.get((one, way), old) for one, way, old in found[["outcome", "way", "p"]].to_numpy()]
    monkeypatch.setattr(adoption, "compared", lambda week: found.assign(p=given))

    assert adoption.checks(week)["adjusted"].to_list() == pytest.approx([0.05, 0.09, 0.09, 0.5, 0.08])


def test_steps_are_those_of_the_tables(week):
    """Labels, first and tenth, by pandas; nobody is in time for a step that it never took."""
    labels = week.sql(
        "SELECT seller, label_created_at, first_scan_at, shipment_id FROM shipments "
        "WHERE flow = 'outbound' AND label_source = 'backship'"
    ).sort_values(["label_created_at", "shipment_id"])
    tenth = labels.groupby("seller")["label_created_at"].nth(9).dt.normalize()
    sellers = adoption_steps.progress(week).set_index("seller")
    funnel = adoption_steps.funnel(week).set_index("step")

    first = labels.groupby("seller")["label_created_at"].min().dt.normalize()
    assert sellers["first_label_on"].dropna().to_dict() == first.to_dict()
    assert funnel.loc["tenth_label", "reached_n"] == len(tenth)
    assert sellers["tenth_label_on"].dropna().sort_values().to_list() == tenth.sort_values().to_list()
    steps = funnel.drop(index=["eligible", "invited", "lapsed"])
    assert (steps["in_time_n"] <= steps["due_n"]).all()
    assert (steps["in_time_n"] + steps["open_n"] <= steps["due_n"] + steps["open_n"]).all()


@pytest.mark.parametrize(
    ("name", "as_of", "labels"), [("2024-W19", "2024-05-20", False), ("2025-W03", "2025-01-20", True)]
)
def test_a_week_in_which_nobody_has_the_habit_has_its_page(sample_of_size_s, name, as_of, labels):
    """In May 2024 nobody was invited; in January 2025 two sellers have labels, for less than four weeks."""
    early = ts.open_week(name, data=sample_of_size_s, base="last-4", as_of=as_of, audience="internal")
    reached = adoption_steps.funnel(early).set_index("step")["reached_n"]

    assert (reached["first_label"] > 0, reached["habitual"]) == (labels, 0)
    assert backship(early, early.language).rows
    for piece in PIECES:
        shown = piece(early).html
        assert shown, piece
        assert not re.search(r"\b(nan|NaT)\b", shown), piece


def test_where_nobody_has_a_label_nothing_is_compared(sample_of_size_s):
    """A sentence, and no table without a value."""
    early = ts.open_week("2024-W19", data=sample_of_size_s, base="last-4", as_of="2024-05-20")
    compared = (adoption_page.comparison, adoption_page.checks, adoption_page.money)

    assert "is not known yet" in adoption_page.opening(early).html
    for piece in (*compared, adoption_steps_page.retention, adoption_steps_page.times):
        assert "<table" not in piece(early).html, piece
    assert all("there is nothing to compare" in piece(early).html for piece in compared)
    assert "No invitation is known" in adoption_steps_page.times(early).html


@pytest.mark.parametrize(("call", "letter", "differ"), [(10, 100, True), (100, 300, False)])
def test_campaigns_differ_by_how_soon_they_lead_to_a_label(monkeypatch, call, letter, differ):
    """In the days that the table is about; in the end half of both has one, which hid the beginning."""
    invited_on, today = pd.Timestamp("2025-01-06"), dt.datetime(2026, 6, 1, 7)
    sellers = pd.DataFrame(
        {
            "invited_by": [name for name in ("call", "letter") for _ in range(60)],
            "invited_on": invited_on,
            "first_label_on": [
                invited_on + pd.Timedelta(days=days) if number < 30 else pd.NaT
                for days in (call, letter)
                for number in range(60)
            ],
        }
    )
    monkeypatch.setattr(adoption_steps, "progress", lambda _: sellers)
    monkeypatch.setattr(adoption_steps, "newest", lambda week: week)

    found = adoption_steps.times(SimpleNamespace(cube=SimpleNamespace(as_of=today)))

    assert (found.p < 0.05) is differ
    assert found.groups["started_n"].tolist() == [60, 30, 30]


def test_nobody_who_still_may_is_counted_as_not(week):
    """Invited yesterday, or in a period that is not over: in no denominator."""
    today = pd.Timestamp(week.cube.as_of.date())
    sellers = adoption_steps.progress(week)
    fresh = sellers["invited_on"] + pd.Timedelta(days=182) >= today
    cohorts = adoption_steps.cohorts(week)
    triangle = adoption_steps.retention(week)

    assert cohorts["habitual_open"].sum() == fresh.sum() > 0
    assert (triangle["due_n"] <= triangle["users_n"]).all()
    assert triangle.groupby("cohort")["due_n"].is_monotonic_decreasing.all()
    began = sellers["first_label_on"].dropna()
    monday = began - pd.to_timedelta(began.dt.day_of_week, unit="D")
    over = monday + pd.Timedelta(days=28) <= pd.Timestamp(week.week.sunday) + pd.Timedelta(days=1)
    assert triangle.loc[triangle["age"] == 1, "due_n"].sum() == over.sum()


@pytest.mark.parametrize(("code", "told"), [("en", "4 weeks"), ("fr", "4 semaines")])
def test_who_stays_is_headed_by_weeks(week, code, told):
    """A bare 4 above shares seemed to be four per cent."""
    read = Week(week.week, week.base, read_language(code), week.settings, week.ledger, week.cube)
    html = adoption_steps_page.retention(read).html

    assert f'class="number">{told} <small>' in html.partition("</thead>")[0]
    assert f'data-label="{told}"' in html


@pytest.mark.parametrize(("name", "as_of"), [("2026-W20", "2026-06-15"), ("2026-W01", "2026-02-02")])
def test_first_labels_are_those_of_the_week_however_late_one_looks(sample_of_size_s, name, as_of):
    """Seen four weeks later, by pandas; more have begun since."""
    later = ts.open_week(name, data=sample_of_size_s, base="last-4", as_of=as_of)
    labels = later.sql(
        "SELECT seller, label_created_at FROM shipments WHERE flow = 'outbound' AND label_source = 'backship'"
    )
    day = labels.groupby("seller")["label_created_at"].min().dt.date
    in_week = ((day >= later.week.monday) & (day <= later.week.sunday)).sum()

    assert (day > later.week.sunday).any()
    assert adoption_sellers.since_last_week(later)[0] == in_week


def test_one_and_several_that_came_back_agree_with_their_verb(sample_of_size_s, monkeypatch):
    """In French too, of which one has a form of its own."""
    french = ts.open_week(WEEK, data=sample_of_size_s, base="last-4", lang="fr")
    told = []
    for counted in ((1, 1), (0, 2)):
        monkeypatch.setattr(adoption_sellers, "since_last_week", lambda week, counted=counted: counted)
        told.append(adoption_sellers_page.became(french).html)

    assert "1 vendeur a fait sa première étiquette, et 1 est revenu après" in told[0]
    assert "aucun vendeur n’a fait sa première étiquette, et 2 sont revenus après" in told[1]


def test_whom_to_call_is_of_today_whatever_week_the_page_is_of(week, sample_of_size_s):
    """Sellers that send with BackShip today stood on the list to win back of an earlier week's page."""
    earlier = ts.open_week("2026-W38", data=sample_of_size_s, base="last-4", audience="internal")
    called, given_up = adoption_sellers.listed(earlier), adoption_sellers.listed(week)["group"] == "rescue"

    pd.testing.assert_frame_equal(called, adoption_sellers.listed(week))
    assert given_up.any()
    pd.testing.assert_frame_equal(adoption_steps.funnel(earlier), adoption_steps.funnel(week))
    pd.testing.assert_frame_equal(adoption_steps.retention(earlier), adoption_steps.retention(week))


def test_who_has_given_up_had_orders_and_sent_none_by_backship(week):
    """Those counted by pandas, as the note below the funnel says."""
    orders = week.sql("SELECT order_id, seller, paid_at FROM orders WHERE backship_eligible")
    labels = week.sql(
        "SELECT order_id, seller FROM shipments WHERE flow = 'outbound' AND label_source = 'backship'"
    )
    paid = pd.to_datetime(orders.groupby("order_id")["paid_at"].min()).dt.normalize()
    orders = orders.drop_duplicates("order_id").set_index("order_id").assign(paid=paid)
    recent = orders[orders["paid"].between("2026-10-19", "2026-11-15")]
    sent = recent.index.isin(labels["order_id"].dropna())
    given_up = set(recent["seller"]) - set(recent.loc[sent, "seller"])
    count = len(given_up & set(labels["seller"]))
    shown = adoption_steps_page.funnel(week).html

    assert adoption_steps.funnel(week).set_index("step").loc["lapsed", "reached_n"] == count > 0
    assert "Given up: with eligible orders in the last four weeks, and none of them sent by BackShip" in shown


def test_shares_are_those_of_eight_weeks_in_every_group(week):
    """By pandas; one that is paused has sent some in them, and its reason says since when it is."""
    orders = week.sql("SELECT order_id, seller, paid_at FROM orders WHERE backship_eligible")
    labels = week.sql("SELECT order_id FROM shipments WHERE flow = 'outbound' AND label_source = 'backship'")
    day = orders.groupby("order_id")["paid_at"].transform("min").dt.normalize()
    recent = orders[day.between("2026-09-21", "2026-11-15")].drop_duplicates("order_id")
    share = recent["order_id"].isin(labels["order_id"].dropna()).groupby(recent["seller"]).mean()
    listed = adoption_sellers.listed(week)
    back = listed[listed["group"] == "rescue"]
    is_paused = back["reason"] == "paused"
    paused, french = (
        adoption_sellers_page.told(back[is_paused], one) for one in (week.language, read_language("fr"))
    )

    assert listed["share"].to_list() == pytest.approx(share[listed["seller"]].to_list())
    assert (back["share"] > 0).any()
    assert len(paused) > 0
    assert paused["why"].str.startswith("Paused since ").all()
    assert not french["why"].str.endswith("..").any()  # an abbreviated month has a point of its own


def test_each_seller_stands_in_one_group_with_its_worth(week):
    """Worth by hand from what stands on its line; nobody is to be called who is not to be pushed."""
    listed = adoption_sellers.listed(week)
    label = adoption_worth.worth(week)["counted"].sum()
    called = listed[listed["group"] != "leave"]
    effort = called["group"].map(adoption_sellers.EFFORT_EUROS)
    now = called["share"].where(called["group"] != "rescue", 0)  # who has stopped sends none now
    gain = called["orders_week"] * (called["usual"] - now) * label * called["chance"] * 52

    assert listed["seller"].is_unique
    assert called["euros"].to_list() == pytest.approx((gain - effort).to_list())
    assert (called["euros"] > 0).all()
    assert (called.loc[called["group"] == "convert", "labels_n"] == 0).all()
    assert listed.loc[listed["group"] == "leave", "next_on"].isna().all()
    assert called["chance"].between(0, 1).all()


def test_without_a_worth_those_that_bring_most_orders_are_called_first(without_invoices):
    """Orders by hand from what stands on a line; who hardly follows is left alone, all others have a day."""
    listed = adoption_sellers.listed(without_invoices)
    called = listed[listed["group"] != "leave"]
    now = called["share"].where(called["group"] != "rescue", 0)
    more = called["orders_week"] * (called["usual"] - now) * called["chance"]
    left = listed[listed["reason"] == "unlikely"]

    assert listed["euros"].isna().all()
    assert (called["chance"] >= 0.05).all()
    assert len(left) > 0
    assert (left["chance"] < 0.05).all()
    assert called["next_on"].notna().all()
    for group, part in more.groupby(called["group"]):
        assert part.is_monotonic_decreasing, group
    assert called.loc[more.idxmax(), "next_on"] == called["next_on"].min()
    assert set(called["argument"]) <= {"on_time", "pick_ups", "unproven"}


def test_a_page_without_a_worth_says_so_and_explains_no_column_that_is_not_there(week, without_invoices):
    """No euro in the groups, the lists and what is to be done; the last day stays."""
    pieces = (adoption_sellers_page.to_do, adoption_sellers_page.sellers)
    shown, told = ("".join(piece(one).html for piece in pieces) for one in (week, without_invoices))

    assert "Worth in a year" in shown
    assert "Worth: a year" in shown
    assert "Worth" not in told
    assert "€" not in told
    assert "is not known" in told
    assert "Last day: when the first call is due." in told


def test_a_saving_that_is_not_known_gives_no_worth(week, monkeypatch):
    """Nobody has too few orders for a gain of which nothing is known."""
    found = adoption.compared(week)
    cost = found["outcome"] == "cost"
    wide = found.assign(low=found["low"].mask(cost, -9.0), high=found["high"].mask(cost, 9.0))
    monkeypatch.setattr(adoption, "compared", lambda week: wide)
    listed = adoption_sellers.listed(week)

    assert listed["euros"].isna().all()
    assert set(listed.loc[listed["group"] == "leave", "reason"]) <= {"own_better", "unlikely"}


def test_a_chance_is_known_once_an_invitation_is_26_weeks_old(sample_of_size_s):
    """The first invitations are those of 2 December 2024: 182 days later it is 2 June 2025."""
    chances = {}
    for name, as_of in (("2024-W19", "2024-05-20"), ("2025-W21", "2025-05-26"), ("2025-W23", "2025-06-09")):
        early = ts.open_week(name, data=sample_of_size_s, base="last-4", as_of=as_of, audience="internal")
        listed = adoption_sellers.listed(early)
        chances[name] = listed.loc[listed["labels_n"] == 0, "chance"]

    assert chances["2024-W19"].isna().all()
    assert chances["2025-W21"].isna().all()
    assert chances["2025-W23"].notna().all()


def test_calls_keep_to_working_days_and_quiet_times(week):
    """At most four a day, the most worth first, never in the weeks of Black Friday."""
    called = adoption_sellers.listed(week).query("group != 'leave'").sort_values("euros", ascending=False)
    days = called["next_on"].to_list()

    assert all(day.weekday() < 5 and day > week.cube.as_of.date() for day in days)
    assert not any(dt.date(2026, 11, 23) <= day <= dt.date(2026, 12, 6) for day in days)
    assert pd.Series(days).value_counts().max() <= 8  # holidays of one country put two days together
    assert days[0] == min(days)


def test_a_label_counts_for_no_more_than_is_known(week):
    """What is not known counts nothing; what is, its careful value."""
    worth = adoption_worth.worth(week).set_index("part")

    assert worth.loc["service", "counted"] == 0
    assert 0.75 < worth.loc["saving", "counted"] == worth.loc["saving", "careful"]
    assert worth.loc["saving", "careful"] < worth.loc["saving", "value"]


def test_own_prices_that_no_invoice_shows_are_modelled_with_a_range(week, monkeypatch):
    """Without the invoices of two in three sellers the page says so, and gives a range."""
    found = adoption.counted(week, "backship_costs")
    hidden = ~found["is_backship"] & (found["seller"].str[-1].isin(list("1245780")))
    counts = adoption.counted
    blind = found.assign(
        seen_n=found["seen_n"].mask(hidden, 0), seen_cents=found["seen_cents"].mask(hidden, 0)
    )
    monkeypatch.setattr(
        adoption, "counted", lambda week, listed: blind if "costs" in listed else counts(week, listed)
    )
    saved = adoption.saved(week).set_index("evidence")

    assert saved.loc["modelled", "share"] > 0.4
    assert saved.loc["modelled", "low"] < saved.loc["modelled", "saving"] < saved.loc["modelled", "high"]
    assert saved.loc["all", "high"] - saved.loc["all", "low"] > 0.05
    assert "modelled" in adoption_page.money(week).html


def test_names_stand_on_internal_pages_alone(week, sample_of_size_s):
    """Others see how many sellers there are, and what they are worth; the sheet is internal too."""
    shown = adoption_sellers_page.sellers(week).html
    others = ts.open_week(WEEK, data=sample_of_size_s, base="last-4", audience="stakeholders")
    hidden = adoption_sellers_page.sellers(others).html
    names = adoption_sellers.listed(week)["seller"]

    assert any(name in shown for name in names)
    assert not any(name in hidden for name in names)
    assert "internal page" in hidden
    table = backship(week, week.language)
    assert [row[0] for row in table.rows] == names.to_list()


def test_where_nobody_was_there_to_count_the_week_is_not_called_incomplete(week):
    """Nobody was invited in week 46; nor was anybody activated in week 42, the latest that is due."""
    steps = week.sql("SELECT seller, backship_status, valid_from FROM sellers")
    first = pd.to_datetime(steps.groupby(["backship_status", "seller"])["valid_from"].min())
    invited, activated = (cards.cards(week, f"backship_{name}").html for name in ("activation", "retention"))
    told = "there was nothing to count in the week"

    assert not first["activated"].between("2026-10-12", "2026-10-18").any()
    assert not first["invited"].between("2026-11-09", "2026-11-15").any()
    assert "too little of the week is known" not in invited
    assert "is not complete in the data" not in activated
    assert told in invited
    assert told in activated
    assert how_final(week.review, "backship_activation", week.language) == "Nothing to count"


def test_a_second_count_gives_the_same(week, monkeypatch):
    """Without what was kept: the same numbers to the last digit that is shown."""
    kept, remembered = adoption.compared(week), Cube.remembered

    def anew(cube, name, about, make, tables=None):
        return make() if name.startswith("backship-") else remembered(cube, name, about, make, tables)

    monkeypatch.setattr(Cube, "remembered", anew)
    again = adoption.compared(week)

    pd.testing.assert_frame_equal(
        again[["outcome", "way"]].reset_index(drop=True), kept[["outcome", "way"]].reset_index(drop=True)
    )
    assert np.allclose(again["value"].astype(float), kept["value"].astype(float), rtol=1e-9, equal_nan=True)
