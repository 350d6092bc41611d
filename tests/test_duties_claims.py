"""Claims: the list of what can still be asked for is right, and what is said of the rest holds."""

import datetime as dt
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import tallysheet as ts
from tallysheet.duties import claims, claims_page
from tallysheet.publish import work_lists
from tallysheet.settings import read_settings

pytestmark = pytest.mark.slow

WEEKS = ("2026-W12", "2026-W30", "2026-W46")
"""One with a hub that was shut before, one in summer, the newest."""
LOST_AFTER = pd.Timedelta(days=15)
RATES = {"EUR": 1.0, "GBP": 0.87, "USD": 1.09, "PLN": 4.30, "CZK": 24.8}


def opened(data: Path, week: str):
    """Open a week as it is known on its Monday."""
    monday = dt.date.fromisocalendar(int(week[:4]), int(week[-2:]), 7) + dt.timedelta(days=1)
    return ts.open_week(week, data=data, as_of=f"{monday}T07:00")


@pytest.fixture(scope="module", params=WEEKS)
def week(request, sample_of_size_s):
    return opened(sample_of_size_s, request.param)


@pytest.fixture(scope="module")
def newest(sample_of_size_s):
    return opened(sample_of_size_s, WEEKS[-1])


def by_hand(week) -> dict[str, tuple[str, int]]:
    """List unclaimed parcels another way, in pandas: parcel to last day and most that is paid, in cents."""
    today = pd.Timestamp(week.cube.as_of.date())
    parcels = week.sql("SELECT * FROM shipments")
    due = pd.to_datetime(parcels["promised_date"])
    # What came before its promise may be damaged already.
    parcels = parcels[due >= today - pd.Timedelta(days=200)]
    due = pd.to_datetime(parcels["promised_date"])
    arrived = parcels["first_attempt_at"].fillna(parcels["delivered_at"]).dt.normalize()
    lost = parcels["first_scan_at"].dt.normalize() < due + LOST_AFTER
    lost &= np.where(arrived.isna(), due + LOST_AFTER <= today, arrived >= due + LOST_AFTER)
    told = week.sql("SELECT order_id, opened_at FROM care_contacts WHERE contact_reason = 'damaged'")
    last_told = told.groupby("order_id")["opened_at"].max()
    filed = week.sql("SELECT shipment_id, claim_type FROM claims")
    damaged = (parcels["order_id"].map(last_told) >= parcels["delivered_at"]) | parcels["shipment_id"].isin(
        filed.loc[filed["claim_type"] == "damaged", "shipment_id"]
    )
    damaged &= (parcels["flow"] == "outbound") & parcels["delivered_at"].notna() & ~lost
    events = parcels[lost | damaged].assign(lost=lost)
    events = events[~events["shipment_id"].isin(filed["shipment_id"])]
    terms = week.sql("SELECT * FROM contract_terms")
    lines = week.sql("SELECT order_id, item_value_cents, currency FROM orders")
    worth = (
        (lines["item_value_cents"] / lines["currency"].map(RATES)).round().groupby(lines["order_id"]).sum()
    )
    cases = week.sql("SELECT case_id, offer_value_cents, currency FROM reverse_cases").set_index("case_id")
    found = {}
    for one in events.itertuples():
        day = pd.Timestamp(one.promised_date) if one.lost else one.delivered_at.normalize()
        mine = terms[(terms["carrier"] == one.carrier) & (pd.to_datetime(terms["valid_from"]) <= day)]
        mine = mine[pd.to_datetime(mine["valid_to"]).fillna(today) >= day].iloc[0]
        last = day + pd.Timedelta(days=int(mine["claim_deadline_days"]))
        if last < today:
            continue
        limit = round(mine["liability_limit_cents"] / RATES[mine["currency"]])
        value = worth.get(one.order_id)
        if value is None and one.case_id in cases.index:
            case = cases.loc[one.case_id]
            value = round(case["offer_value_cents"] / RATES[case["currency"]])
        found[one.shipment_id] = str(last.date()), limit if value is None else min(int(value), limit)
    return found


def test_the_list_is_what_another_way_gives(week):
    """Which parcels, until when, and how much at most; the most promising first."""
    listed = claims.unclaimed(week)
    last = pd.to_datetime(listed["last_day"]).dt.date.astype(str)

    assert dict(zip(listed["shipment_id"], zip(last, listed["most_cents"], strict=True), strict=True)) == (
        by_hand(week)
    )
    assert listed["expected_cents"].is_monotonic_decreasing
    assert (listed["expected_cents"] == (listed["chance"] * listed["most_cents"]).round()).all()


def test_lost_parcels_are_those_of_the_truth(newest, sample_of_size_s):
    """Month by month, with the money that carriers are liable for; the list reads no truth."""
    listed = claims.rows(newest, "claimable")
    lost = listed[listed["event"] == "lost"]
    month = pd.to_datetime(lost["happened_on"]).dt.strftime("%Y-%m")
    most = lost[["value_cents", "limit_cents"]].min(axis=1)
    truth = pd.read_csv(sample_of_size_s / "truth" / "claims.csv").query("type == 'lost'")
    true = truth.groupby("month")[["events", "filed", "liable_cents"]].sum()
    whole = [f"2026-{number:02}" for number in range(5, 11)]

    assert lost.groupby(month).size()[whole].sum() == pytest.approx(true["events"][whole].sum(), rel=0.03)
    # A claim or two name no parcel.
    filed = (lost["claims_n"] > 0).groupby(month).sum()[whole].sum()
    assert filed == pytest.approx(true["filed"][whole].sum(), abs=3)
    assert most.groupby(month).sum()[whole].sum() == pytest.approx(
        true["liable_cents"][whole].sum(), rel=0.03
    )


def test_each_line_of_last_week_is_followed(week):
    """What is still open stands on this week's list; what is not claimed and over stands on none."""
    before, came = claims.unclaimed(week, weeks_before=1), claims.came_of(week)
    now = set(claims.unclaimed(week)["shipment_id"])

    assert came["shipment_id"].to_list() == before["shipment_id"].to_list()
    open_now = set(came.loc[came["became"] == "open", "shipment_id"])
    assert open_now <= now
    assert not now & set(came.loc[came["became"] != "open", "shipment_id"])
    filed = set(week.sql("SELECT DISTINCT shipment_id FROM claims")["shipment_id"])
    assert set(came.loc[came["became"] == "claimed", "shipment_id"]) <= filed


def test_a_small_carrier_is_drawn_towards_its_kind(newest):
    """By thirty claims of the kind; a carrier with many keeps its own share."""
    found = claims.chances(newest)
    lost = found[found["claim_type"] == "lost"].set_index("carrier")
    own_n = lost["opened_n"] * lost["own"]
    usual = (lost["chance"] * (lost["opened_n"] + 30) - own_n) / 30

    assert usual.max() - usual.min() < 1e-9
    assert lost["own"].min() < usual.iloc[0] < lost["own"].max()


def test_a_list_of_today_has_one_price_whatever_week_the_page_is_of(sample_of_size_s):
    """A parcel was worth more on the page of an earlier week than on the newest one, of the same day."""
    lists = [claims.unclaimed(ts.open_week(name, data=sample_of_size_s)) for name in ("2026-W38", "2026-W46")]

    pd.testing.assert_frame_equal(*lists)


def test_decisions_alone_look_too_fast(newest):
    """The median with open claims is longer than that of the decided, which leaves out what takes long."""
    total = claims.speed(newest).iloc[-1]

    assert total["carrier"] == ""
    assert total["open_n"] > 0
    assert 14 < total["decided_only_days"] < total["median_days"] < 26  # 19 days to a decision, and filing


@pytest.mark.parametrize("days", [59.9, 60.1])
def test_what_is_accepted_after_sixty_days_is_not_in_time(monkeypatch, days):
    """Of four claims one is accepted near the sixtieth day, the others are refused later."""
    lengths = [int(days), 80, 80, 80]
    counts = pd.DataFrame({"carrier": "BRV", "days_bin": lengths, "opened_n": 1, "decided_n": 1})
    counts["won_n"] = [1, 0, 0, 0]
    monkeypatch.setattr(claims, "_outcomes", lambda *_: counts)

    assert claims.speed(None)["won"].to_list() == [0.25 if days < 60 else 0.0] * 2


@pytest.mark.parametrize("then", ["2025-W30", "2025-W46", "2026-W12"])
def test_what_came_of_all_claims_lies_in_the_interval_of_their_median(sample_of_size_s, then):
    """Half a year of claims as known at its end, against the same claims when all have been decided."""
    early = opened(sample_of_size_s, then)
    total = claims.speed(early).iloc[-1]
    last = early.week.sunday + dt.timedelta(days=1)
    came = ts.open_week("2026-W46", data=sample_of_size_s).sql(
        "SELECT date_diff('minute', opened_at, decided_at) / 1440.0 AS days FROM claims "
        f"WHERE opened_at >= DATE '{last}' - INTERVAL 182 DAY AND opened_at < DATE '{last}'"
    )["days"]

    assert came.notna().mean() > 0.97
    assert total["low_days"] <= came.fillna(999).median() <= total["high_days"]
    assert total["decided_only_days"] < total["median_days"]


def test_refusals_add_up_and_name_their_reasons(newest):
    """Shares make one; incomplete documents come first, as nearly half of refusals are injected so."""
    found = claims.refusals(newest)

    assert found["share"].sum() == pytest.approx(1)
    assert found["reason"].iloc[0] == "incomplete_documents"


def test_refusals_are_those_of_the_thirteen_weeks(sample_of_size_s, newest):
    """Not what was refused after the week, nor by when it was opened."""
    earlier = ts.open_week("2026-W20", data=sample_of_size_s, as_of="2026-06-15T07:00")
    for week in (earlier, newest):
        last = pd.Timestamp(week.week.sunday)
        filed = week.sql("SELECT * FROM claims WHERE decision = 'rejected'")
        age = (last - filed["decided_at"].dt.normalize()).dt.days
        refused = filed[(age >= 0) & (age < 13 * 7)]
        found = claims.refusals(week).set_index("reason")
        assert found["refused_n"].to_dict() == refused["reject_reason"].value_counts().to_dict()
        assert found["refused_n"].sum() > 20


def test_what_a_claim_asked_for_may_not_be_known(newest, monkeypatch):
    """Without a currency: of the incomplete ones two are not, of those that came too late none is."""
    before = claims.refusals(newest).set_index("reason")
    listed = claims.rows(newest, "claims_on_hand")
    refused = listed[listed["decided_on"] > pd.Timestamp(newest.week.sunday) - pd.Timedelta(weeks=13)]
    first = refused[refused["reject_reason"] == "incomplete_documents"].head(2)
    late = refused[refused["reject_reason"] == "late"]
    unknown = listed.index.isin([*first.index, *late.index])
    listed = listed.assign(claimed_cents=listed["claimed_cents"].mask(unknown))
    monkeypatch.setattr(claims, "rows", lambda *_: listed)
    found = claims.refusals(newest).set_index("reason")
    shown = claims_page.refusals(newest).html
    of_late = next(row for row in shown.split("<tr") if "filed too late" in row)

    incomplete, of_late_n = before.loc["incomplete_documents"], before.loc["late", "refused_n"]
    known = incomplete["claimed_cents"] - first["claimed_cents"].sum()
    assert found.loc["incomplete_documents", ["refused_n", "unknown_n", "claimed_cents"]].to_list() == [
        *(incomplete["refused_n"], 2, known)
    ]
    assert found.loc["late", ["refused_n", "unknown_n"]].to_list() == [of_late_n, of_late_n]
    assert pd.isna(found.loc["late", "claimed_cents"])
    assert "€0" not in of_late
    assert "no value" in of_late
    assert "Of some it is not known what they asked for" in shown
    assert re.findall(r"<td[^>]*>([0-9,]+)</td>", of_late)[-1] == f"{of_late_n:.0f}"


def test_open_claims_that_lack_evidence_or_are_old(newest):
    """They are open; with all evidence more were won, as it is in the sample (22 points)."""
    found = claims.waiting(newest)
    undecided = set(newest.sql("SELECT claim_id FROM claims WHERE decision IS NULL")["claim_id"])

    assert set(found.incomplete["claim_id"]) | set(found.old["claim_id"]) <= undecided
    assert (found.old["age_days"] > 60).all()
    assert 0.05 < found.evidence.complete - found.evidence.lacking < 0.4


@pytest.mark.parametrize("week", WEEKS, indirect=True)
def test_no_claim_has_its_money_on_two_lines(week):
    """One that is old and without its evidence is completed first, and it is not asked about."""
    found = claims.waiting(week)
    both = pd.concat([found.incomplete, found.old])

    assert len(both)
    assert both["claim_id"].is_unique
    assert (both["expected_cents"] == (both["chance"] * both["most_cents"]).round()).all()


def test_evidence_is_told_as_what_it_is(newest):
    """How often claims with all evidence were won, and others: that is no effect."""
    shown, known = claims_page.to_do(newest).html, claims.evidence(newest)

    complete, lacking = (newest.language.value(one, "share") for one in (known.complete, known.lacking))
    assert f"of {known.complete_n} decided claims with all evidence {complete} were won" in shown
    assert f"of {known.lacking_n} others {lacking}" in shown
    assert "points" not in shown


@pytest.mark.parametrize("complete", [float("nan"), 0.25])
def test_evidence_that_helps_nobody_is_not_asked_for(newest, monkeypatch, complete):
    """Where no claim was decided yet, or complete ones fared no better; what is old is asked about still."""
    then = claims.waiting(newest)
    assert "Complete the evidence" in claims_page.to_do(newest).html

    evidence = claims.Evidence(complete_n=40, complete=complete, lacking_n=20, lacking=0.3)
    monkeypatch.setattr(claims, "evidence", lambda _: evidence)
    found = claims.waiting(newest)

    assert "Complete the evidence" not in claims_page.to_do(newest).html
    assert found.incomplete.empty
    lacks = then.incomplete[then.incomplete["age_days"] > 60]
    assert set(found.old["claim_id"]) == {*then.old["claim_id"], *lacks["claim_id"]}


def test_a_parcel_without_an_order_has_empty_cells_in_the_list_of_files(newest, monkeypatch):
    """Neither its worth is known nor, of a carrier without any decided claim, a chance."""
    listed = claims.unclaimed(newest)
    unknown = ["value_cents", "most_cents", "chance", "expected_cents"]
    kinds = {**dict.fromkeys(unknown, "Int64"), "chance": "Float64"}
    listed = listed.astype(object).assign(**{name: listed[name].astype(kinds[name]) for name in unknown})
    listed.loc[0, unknown] = pd.NA
    monkeypatch.setattr(claims, "unclaimed", lambda week: listed)

    table = work_lists.unclaimed(newest, newest.language)

    assert list(table.rows[0][4:8]) == [None] * 4
    assert None not in table.rows[1][4:8]


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_the_page_tells_the_sum_of_its_list(sample_of_size_s, lang):
    """The headline's euros and parcels are those of the table below."""
    week = ts.open_week(WEEKS[-1], data=sample_of_size_s, lang=lang)
    listed = claims.unclaimed(week)
    euros = week.language.value(listed["expected_cents"].sum() / 100, "euro", 0)

    assert f"{euros}" in claims_page.opening(week).html
    assert euros in claims_page.deadlines(week).html
    for piece in (claims_page.to_do, claims_page.work_list, claims_page.speed, claims_page.refusals):
        assert "<table" in piece(week).html


def test_the_rates_of_this_test_are_the_samples(sample_of_size_s):
    """Else the sums above would be about other money."""
    assert read_settings(sample_of_size_s).rules.euro_rates == RATES
