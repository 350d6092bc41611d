"""The gates: their order, and what a finding says."""

import math
from types import SimpleNamespace

from tallysheet.findings import Finding, by_whom, scope_of
from tallysheet.kpis import kpi
from tallysheet.verdict import GATES, cut_together


def test_a_median_is_cut_by_no_country_beside_its_carrier():
    """Days to payout are searched by carrier, then by country: a hub that is shut in Spain fits ESK's."""
    evidence = SimpleNamespace(dimensions=lambda one: ["origin_country", "carrier"])

    assert cut_together(evidence, kpi("trade_in_cycle_days")) == []
    assert cut_together(evidence, kpi("otd")) == ["origin_country", "carrier"]


def test_nobody_is_blamed_before_data_calendar_rules_and_money():
    """The order of the gates is data, and it is the argument."""
    assert [gate.name for gate in GATES] == [
        *("scans", "files", "units", "coverage", "calendar", "definition", "classification", "artefact"),
        *("mix", "price", "bills", "movement"),
    ]


def test_whose_doing_it_is_follows_from_the_scope():
    """A seller before a partner before a carrier; a place alone is nobody's."""
    assert [
        by_whom(scope) for scope in ({"seller": ()}, {"partner": ()}, {"carrier": (), "depot": ()}, {})
    ] == [*("seller", "fulfilment", "carrier", "external")]
    assert scope_of({"destination_country": ("ES",)}) == {"country": ("ES",)}


def test_a_finding_without_a_size_has_none():
    """NaN, not 0."""
    assert math.isnan(Finding("NOISE").effect)
