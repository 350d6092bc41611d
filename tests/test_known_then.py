"""What was said of a week at the time, and what is known of it now: three causes of the sample."""

import datetime as dt

import pandas as pd
import pytest

import tallysheet as ts
from tallysheet.cube import Cube
from tallysheet.evidence import Evidence
from tallysheet.review import Review
from tallysheet.settings import read_settings
from tallysheet.weeks import IsoWeek

pytestmark = pytest.mark.slow

SCANS = IsoWeek(2026, 27)
"""Cause 6: from Tuesday to Thursday most scans of FNH are missing; they come two weeks later."""

INVOICES = IsoWeek(2026, 30)
"""Cause 7: for three weeks most invoices of DVP come five weeks late."""

THEFT = IsoWeek(2026, 18)
"""Cause 13: parcels vanish; a parcel is lost 35 days after it was scanned at the latest."""


@pytest.fixture(scope="module")
def then(sample_of_size_s):
    """Give the week of the missing scans as it was known on its Monday."""
    return ts.open_week(str(SCANS), data=sample_of_size_s, as_of="2026-07-06T07:00")


@pytest.fixture(scope="module")
def later(sample_of_size_s):
    """Give the same week as it is known two weeks later."""
    return ts.open_week(str(SCANS), data=sample_of_size_s, as_of="2026-07-20T07:00")


@pytest.fixture(scope="module")
def known(sample_of_size_s):
    """Give a function that reviews a week as known at a moment."""
    ledger, settings = ts.load(sample_of_size_s), read_settings(sample_of_size_s)
    return lambda week, moment: Review(Cube(ledger, settings, dt.datetime.fromisoformat(moment)), week)


def total(review: Review, slug: str) -> pd.Series:
    """Give a KPI's week at the age at which it is compared: x, n and ended."""
    return review.series(slug, review.age(slug)).total.loc[str(review.week)]


def of_carrier(review: Review, slug: str, carrier: str) -> pd.Series:
    """Give the same of one carrier."""
    where = (("carrier", carrier),)
    return review.series(slug, review.age(slug), where).total.loc[str(review.week)]


def share(pair: pd.Series) -> float:
    return float(pair["x"] / pair["n"])


@pytest.mark.parametrize(
    ("slug", "most_then", "least_later"), [("otd", 0.75, 0.95), ("scan_compliance", 0.3, 0.95)]
)
def test_missing_scans_look_like_late_parcels_until_they_come(then, later, slug, most_then, least_later):
    """A third of FNH's parcels looked late that were not, and hardly one was scanned all the way."""
    seen_then, seen_later = (of_carrier(week.review, slug, "FNH") for week in (then, later))

    assert share(seen_then) < most_then
    assert share(seen_later) > least_later


@pytest.mark.parametrize("carrier", ["ALT", "BRV", "CDR", "DVP", "ESK", "HLV"])
def test_other_carriers_looked_then_as_they_look_now(then, later, carrier):
    """Not a percentage point apart."""
    pairs = [of_carrier(week.review, "otd", carrier) for week in (then, later)]

    assert share(pairs[0]) == pytest.approx(share(pairs[1]), abs=0.01)


def test_how_much_of_a_week_is_seen_says_that_scans_are_missing(then, later):
    """A sixth of FNH's parcels due had no scan at all on that Monday, of others none; now all have one."""
    unseen = {}
    for name, week in (("then", then), ("later", later)):
        fnh, whole = of_carrier(week.review, "otd", "FNH"), total(week.review, "otd")
        unseen[name] = fnh["n"] - fnh["ended"]
        assert whole["n"] - whole["ended"] == unseen[name]

    assert unseen["then"] > 0.1 * of_carrier(then.review, "otd", "FNH")["n"]
    assert unseen["later"] == 0


def test_a_part_of_which_too_little_is_seen_is_not_judged(then):
    """Its scans are missing, which is no lateness: nothing is said of it, and the total does not blame it."""
    part = then.kpi("otd", {"carrier": "FNH"})

    assert part.maturity().reason == "gap"
    assert part.explain(by=()).variation == "not_known"


def test_scan_compliance_falls_by_the_carrier_whose_scans_are_missing(then, later):
    """A signal then, nearly all of it FNH's; as usual later."""
    found, now = (week.kpi("scan_compliance").explain(by="carrier") for week in (then, later))
    largest = found.parts["carrier"].iloc[0]

    assert (found.variation, found.judgement.reason) == ("signal", "below")
    assert largest["segment"] == "FNH"
    assert largest["total"] == pytest.approx(found.change, rel=0.1)
    assert now.variation == "routine"


def test_customers_and_volumes_did_not_notice(then, later):
    """What is due hardly changes; neither contacts nor, once they are known, claims are above the usual."""
    pairs = [
        [total(week.review, "otd")["n"], of_carrier(week.review, "otd", "FNH")["n"]] for week in (then, later)
    ]
    assert pairs[0] == pytest.approx(pairs[1], rel=0.005)
    asked = [(week, slug) for week in (then, later) for slug in ("wismo_rate", "wismo_by_words")]
    for week, slug in [*asked, (later, "claim_rate")]:
        series = week.review.series(slug, week.review.age(slug)).total
        usual = series.loc["2026-W14":"2026-W26"].sum()
        assert share(series.loc[str(SCANS)]) < 1.25 * share(usual), slug


def test_the_restatement_says_what_was_said_and_why_it_changed(sample_of_size_s):
    """Scan compliance of the week was a signal first; two weeks later it is as usual."""
    week = ts.open_week("2026-W28", data=sample_of_size_s, as_of="2026-07-20T07:00")
    found = week.restated()
    row = found[(found["kpi"] == "scan_compliance") & (found["week"] == str(SCANS))].iloc[0]

    assert row["first_as_of"] == dt.datetime(2026, 7, 6, 7)
    assert row["first"] < 0.92
    assert row["now"] > 0.95
    assert row["change"] == pytest.approx(row["now"] - row["first"])
    assert (row["first_variation"], row["variation"], row["held"]) == ("signal", "routine", "other")
    assert row["because"] in ("late_evidence", "late_ends")
    # A claim's loss takes weeks to show: at that age no week had a verdict.
    young = found[found["kpi"].isin(["loss_rate", "cost_to_serve"])]
    assert set(young["first_variation"]) == {"not_known"}


def test_late_invoices_leave_a_week_unjudged_until_they_come(known):
    """A fifth of DVP's parcels is billed after four weeks, of others nine in ten; after eleven all are."""
    then, later = (known(INVOICES, f"2026-{day}T07:00") for day in ("08-24", "10-12"))
    billed = {
        (name, carrier): pair["ended"] / pair["n"]
        for name, review in (("then", then), ("later", later))
        for carrier in ("DVP", "BRV", "CDR")
        for pair in [of_carrier(review, "cost_per_parcel", carrier)]
    }

    assert billed["then", "DVP"] == pytest.approx(0.22, abs=0.05)
    assert min(billed["then", "BRV"], billed["then", "CDR"]) > 0.9
    assert billed["later", "DVP"] > 0.98
    assert (
        then.maturity("cost_per_parcel").reason,
        then.judged_week("cost_per_parcel"),
    ) == (
        "gap",
        IsoWeek(2026, 28),
    )
    assert then.explanation("cost_per_parcel", "last-4", ("carrier",)).outside == ()
    # What else is made of the same bills is not judged either.
    for slug in ("surcharge_share", "transport_cost"):
        assert then.maturity(slug).reason == "gap"
        assert IsoWeek(2026, 29) in then.unjudged(slug)
        assert later.maturity(slug).reason == ""
    assert later.maturity("cost_per_parcel").reason == ""
    assert later.judged_week("cost_per_parcel") == INVOICES


def test_what_is_not_billed_yet_stands_at_the_contracts_price(known):
    """So the cost of DVP is a little low at first, by what no contract foresees, not by four fifths."""
    pairs = [
        of_carrier(known(INVOICES, moment), "cost_per_parcel", "DVP")
        for moment in ("2026-08-24T07:00", "2026-10-12T07:00")
    ]

    assert pairs[0]["n"] == pairs[1]["n"]
    assert 0.75 < share(pairs[0]) / share(pairs[1]) < 1


def test_losses_are_not_judged_before_parcels_can_be_lost(known):
    """After a week none is known, and an earlier week is the one that is judged; after eight it is final."""
    then, later = (known(THEFT, f"2026-{day}T07:00") for day in ("05-11", "06-29"))

    assert then.maturity("loss_rate").reason == "young"
    assert then.judged_week("loss_rate") < THEFT
    assert then.explanation("loss_rate", "last-4", ()).variation == "not_known"
    assert later.maturity("loss_rate").is_final
    assert later.maturity("loss_rate").reason == ""
    assert later.judged_week("loss_rate") == THEFT


def test_losses_of_a_young_week_grow(known):
    """Nothing is lost yet of three weeks that lose seventeen parcels in the end."""
    weeks = [str(THEFT), *(str(THEFT.shift(step)) for step in (1, 2))]
    lost = [
        known(THEFT, moment).series("loss_rate").total["x"].reindex(weeks, fill_value=0).sum()
        for moment in ("2026-05-11T07:00", "2026-06-29T07:00")
    ]

    assert lost == [0, 17]


def test_a_week_is_not_held_against_later_ones_of_which_less_is_known(sample_of_size_s):
    """What is never delivered is known after 20 days: 15 days after W08 nothing can be said beside W09.

    The share on time says itself how much of a week is known.
    """
    week = ts.open_week("2026-W08", data=sample_of_size_s, as_of="2026-03-09")
    evidence = Evidence(week.review)
    latest = {slug: evidence.leaves(slug, ("carrier",))["week"].max() for slug in ("undelivered", "otd")}

    assert latest == {"undelivered": "2026-W08", "otd": "2026-W10"}
