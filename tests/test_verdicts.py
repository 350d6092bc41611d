"""Verdicts of whole weeks of the small sample: what is plain even there, and what must not be said."""

import pandas as pd
import pytest

import tallysheet as ts

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def opened(sample_of_size_s):
    """Give a function that opens a week as known on a day."""
    return lambda week, as_of: ts.open_week(week, data=sample_of_size_s, base="last-4", as_of=as_of)


def causes(week, slug: str) -> list[tuple[str, str, dict]]:
    rows = week.verdicts_of(slug)
    return [(row["code"], row["by"], row["scope"]) for _, row in rows.iterrows()]


def test_a_national_strike_is_external_and_no_carriers_fault(opened):
    """All carriers fall in France and none elsewhere; the log's entry fits."""
    found = opened("2025-W41", "2025-10-20").verdicts_of("otd")

    assert found[["code", "by"]].to_numpy().tolist() == [["REAL", "external"]]
    assert found["scope"].iloc[0] in ({"country": ["FR"]}, {"lane": ["FR-FR"]})
    assert found["event"].iloc[0] == "National strike, parcel networks slow"
    assert isinstance(found["proof"].iloc[0], pd.DataFrame)


def test_scans_that_are_missing_are_data_and_no_lateness(opened):
    """On that Monday; two weeks later, when they are there, nothing is said of the carrier."""
    then = causes(opened("2026-W27", "2026-07-06"), "otd")
    later = causes(opened("2026-W27", "2026-07-20"), "otd")

    assert ("DATA", "missing", {"carrier": ["FNH"]}) in then
    assert not [one for one in then if one[0] == "REAL"]
    assert not [one for one in later if "FNH" in one[2].get("carrier", [])]


def test_a_longer_promise_is_a_definition(opened):
    """On time rises on the lane whose promise is a day longer, and on no other."""
    found = causes(opened("2026-W23", "2026-06-15"), "otd")

    assert ("DEFINITION", "", {"lane": ["FR-FR"], "flow": ["outbound"]}) in found


def test_a_file_that_came_twice_is_a_duplicate(opened):
    """The invoices of one day were sent again ten minutes later."""
    found = causes(opened("2026-W33", "2026-08-17"), "cost_per_parcel")

    assert ("DATA", "duplicate", {"carrier": ["BRV"]}) in found


def test_pounds_tagged_as_euros_are_a_unit_and_no_price(opened):
    """British lanes are no cheaper; fuel is, as after three dear months it is back at 12 % of base prices."""
    found = causes(opened("2026-W36", "2026-10-26"), "cost_per_parcel")

    assert ("DATA", "unit", {"country": ["GB"]}) in found
    assert [one for one in found if one[0] == "PRICE"] == [("PRICE", "fuel", {})]


def test_a_partner_whose_dock_is_slow_is_named(opened):
    """The hours of one partner more than triple."""
    found = causes(opened("2026-W40", "2026-10-26"), "dock_to_stock_h")

    assert found == [("REAL", "fulfilment", {"partner": ["FP-Main"]})]


@pytest.mark.parametrize("slug", ["otd", "loss_rate", "handover_on_time", "cost_per_parcel", "wismo_rate"])
def test_a_quiet_week_names_nobody(opened, slug):
    """Nothing is injected in 2025-W28."""
    found = causes(opened("2025-W28", "2025-07-28"), slug)

    assert {code for code, _, _ in found} <= {"NOISE", "IMMATURE"}
    assert all(scope == {} for _, _, scope in found)


def test_no_chance_is_told_where_none_was_reckoned(opened):
    """A p of 0 beside NOISE would read as certain."""
    verdicts = opened("2025-W28", "2025-07-28").verdicts
    quiet = verdicts[verdicts["code"].isin(["NOISE", "IMMATURE"])]

    assert len(quiet) > 40
    assert quiet["p"].isna().all()
