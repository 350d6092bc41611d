"""The event log: an entry fits a finding by its kind, its days and its place."""

import pandas as pd
import pytest

from tallysheet.findings import Finding
from tallysheet.verdict import event_of

LOG = pd.DataFrame(
    [
        {
            "kind": "strike",
            "starts_on": "2026-06-23",
            "ends_on": "2026-06-25",
            "country": "FR",
            "carrier": "",
            "flow": "",
        }
    ]
).assign(note="national strike")


@pytest.mark.parametrize(
    ("finding", "note"),
    [
        (
            Finding("REAL", {"country": ("FR",)}, "external", since="2026-W26", until="2026-W26"),
            "national strike",
        ),
        (
            Finding("REAL", {"lane": ("ES-FR",)}, "external", since="2026-W26", until="2026-W26"),
            "national strike",
        ),
        (Finding("REAL", {"country": ("IT",)}, "external", since="2026-W26", until="2026-W26"), ""),
        (Finding("REAL", {"country": ("FR",)}, "external", since="2026-W30", until="2026-W30"), ""),
        (
            Finding(
                "REAL",
                {"country": ("FR",), "carrier": ("BRV",)},
                "carrier",
                since="2026-W26",
                until="2026-W26",
            ),
            "",
        ),
        (Finding("PRICE", {}, "fuel", since="2026-W26", until="2026-W26"), ""),
    ],
)
def test_an_entry_of_the_log_fits_by_kind_time_and_place(finding, note):
    """A strike explains what is external, in its weeks and in its country."""
    assert event_of(LOG, finding, ("carrier", "country")) == note


def test_an_entry_about_a_carrier_in_a_country_fits_a_kpi_that_knows_no_countries():
    """A hub that is shut may be behind the carrier's payouts; by country the carrier alone is too broad."""
    entry = dict.fromkeys(LOG.columns, "") | {
        "kind": "closure",
        "starts_on": LOG["starts_on"].iloc[0],
        "ends_on": LOG["ends_on"].iloc[0],
        "country": "ES",
        "carrier": "ESK",
        "note": "hub shut",
    }
    log = pd.DataFrame([entry])
    finding = Finding("REAL", {"carrier": ("ESK",)}, "carrier", since="2026-W26", until="2026-W26")

    assert event_of(log, finding, ("carrier", "category")) == "hub shut"
    assert event_of(log, finding, ("carrier", "lane")) == ""


@pytest.mark.parametrize(
    ("since", "note"),
    [("2026-W10", "new list"), ("2026-W13", "new list"), ("2026-W20", ""), ("2026-W26", "new list")],
)
def test_a_rule_explains_what_begins_with_it_and_nothing_in_its_middle(since, note):
    """A list of reasons that holds from W10 to W26 did not make a carrier decide its claims in W20."""
    entry = dict.fromkeys(LOG.columns, "") | {"kind": "definition", "note": "new list"}
    entry |= {"starts_on": pd.Timestamp("2026-03-02"), "ends_on": pd.Timestamp("2026-06-26")}
    finding = Finding("ARTEFACT", {"carrier": ("BRV",)}, since=since, until=since)

    assert event_of(pd.DataFrame([entry]), finding, ()) == note


@pytest.mark.parametrize(
    ("since", "note"), [("2026-W09", "dearer"), ("2026-W12", ""), ("2026-W13", ""), ("2026-W14", "dearer")]
)
def test_a_price_begins_with_its_entry_or_after_its_last_day(since, note):
    """Fuel from 2 March to Sunday 29 March: a fee at a peak in the month's last week is none of it."""
    entry = dict.fromkeys(LOG.columns, "") | {"kind": "tariff", "note": "dearer"}
    entry |= {"starts_on": pd.Timestamp("2026-03-02"), "ends_on": pd.Timestamp("2026-03-29")}
    finding = Finding("PRICE", {}, "surcharge", since=since, until="2026-W14")

    assert event_of(pd.DataFrame([entry]), finding, ()) == note


@pytest.mark.parametrize(("since", "note"), [("2026-W25", "national strike"), ("2026-W24", "")])
def test_who_set_out_the_week_before_met_the_strike_and_nobody_two_weeks_before(since, note):
    finding = Finding("REAL", {"country": ("FR",)}, "external", since=since, until="2026-W26")

    assert event_of(LOG, finding, ("carrier", "country")) == note


@pytest.mark.parametrize(("until", "note"), [("2026-W27", "national strike"), ("2026-W28", "")])
def test_a_strike_of_three_days_is_worked_off_a_week_later(until, note):
    """Parcels that are lost for a month since its week are not lost by it."""
    finding = Finding("REAL", {"country": ("FR",)}, "external", since="2026-W26", until=until)

    assert event_of(LOG, finding, ("carrier", "country")) == note


def test_nothing_gets_better_by_a_strike():
    finding = Finding("REAL", {"country": ("FR",)}, "external", since="2026-W26", until="2026-W26")

    assert event_of(LOG, finding, ("carrier", "country"), is_better=True) == ""


def test_what_holds_for_all_moves_no_volume():
    """Dearer fuel of all carriers explains no mix; a country's tariff does."""
    entry = dict.fromkeys(LOG.columns, "") | {"kind": "tariff", "note": "dearer"}
    entry |= {"starts_on": LOG["starts_on"].iloc[0], "ends_on": LOG["ends_on"].iloc[0]}
    finding = Finding("MIX", {"lane": ("FR-US",)}, since="2026-W26", until="2026-W26")

    assert event_of(pd.DataFrame([entry]), finding, ()) == ""
    assert event_of(pd.DataFrame([entry | {"country": "US"}]), finding, ()) == "dearer"


@pytest.mark.parametrize(("country", "note"), [("", ""), ("US", "duty")])
def test_a_tariff_holds_up_parcels_only_where_it_says(country, note):
    """Dearer fuel is no reason why claims take longer; a duty of one country is, of its lanes."""
    begins = {"kind": "tariff", "starts_on": LOG["starts_on"].iloc[0], "note": "duty", "country": country}
    log = pd.DataFrame([dict.fromkeys(LOG.columns, "") | begins | {"ends_on": pd.NaT}])
    where = {"lane": ("FR-US",)} if country else {"flow": ("trade_in",)}
    finding = Finding("REAL", where, "external", since="2026-W26", until="2026-W26")

    assert event_of(log, finding, ("flow", "lane")) == note


def test_a_note_that_names_a_partner_is_about_that_partner_alone():
    """The log has no column for partners: FP-Main explains no seller, no other partner."""
    entry = dict.fromkeys(LOG.columns, "") | {"kind": "wms", "note": "FP-Main changes its system"}
    entry |= {"starts_on": LOG["starts_on"].iloc[0], "ends_on": LOG["ends_on"].iloc[0]}
    log, weeks = pd.DataFrame([entry]), {"since": "2026-W26", "until": "2026-W26"}
    findings = [
        Finding("REAL", {"partner": ("FP-Main",)}, "fulfilment", **weeks),
        Finding("REAL", {"partner": ("FP-Tajo",)}, "fulfilment", **weeks),
        Finding("REAL", {"seller": ("S001",)}, "seller", **weeks),
    ]

    def partners():
        return ["FP-Main", "FP-Tajo"]

    assert [bool(event_of(log, one, (), partners)) for one in findings] == [True, False, False]
    plain = log.assign(note="three sellers move to a new warehouse")
    assert event_of(plain, findings[-1], (), partners)
