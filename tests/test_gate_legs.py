"""Legs: what set out late, or is slow at a site, is no carrier's doing."""

from dataclasses import replace

import pandas as pd
import pytest
from gate_tables import CARRIERS, JUDGED, WEEKS, shares, weekly, wobble

from tallysheet.findings import Finding, by_whom
from tallysheet.gates import legs, movement


@pytest.mark.parametrize(("beside", "named"), [(0.0, {"partner": ("Tajo",)}), (1.5, {"origin": ("ES",)})])
def test_a_hub_answers_for_the_place_of_which_it_has_all_parcels(beside, named):
    """All that comes from Spain goes through Tajo; where others' parcels do too, it is slower by less."""
    slow, usual = 2.3 + 0.9, 2.3
    hub = (slow + beside * usual) / (1 + beside) - usual - 0.01
    tables = [
        shares(["ES", "FR", "DE", "IT"], usual, 1500, {"ES": 0.9}, key="origin_country"),
        shares(["Tajo", "Loire", "Main"], usual, 2000, {"Tajo": hub}, key="partner"),
    ]
    table = pd.concat(tables, ignore_index=True)
    by = ["origin_country", "partner"]
    table.attrs = {"by": by, "kind": "amount", "hints": [], "week": WEEKS[JUDGED]}

    assert [one.scope for one in movement.moved(table)] == [named]


@pytest.mark.parametrize("by", [["carrier", "partner"], ["partner", "carrier"]])
def test_a_hub_does_not_answer_for_a_carrier_that_brings_it_its_parcels(by):
    """A carrier that is slower makes its hub slower, by a little less."""
    tables = [
        shares(CARRIERS, 2.3, 1500, {"ESK": 0.9}),
        shares(["Tajo", "Loire", "Main"], 2.3, 2000, {"Tajo": 0.89}, key="partner"),
    ]
    table = pd.concat(tables, ignore_index=True)
    table.attrs = {"by": by, "kind": "amount", "hints": [], "week": WEEKS[JUDGED]}

    assert [one.scope for one in movement.moved(table)] == [{"carrier": ("ESK",)}]


@pytest.mark.parametrize(
    ("carried", "is_still"), [(0.0, True), (-0.01, True), (-0.05, False), (-0.08, False)]
)
def test_what_set_out_late_is_neither_a_places_nor_a_carriers_doing(carried, is_still):
    """Of a lane 8 points fewer parcels come as promised; from the first scan on as many as ever, or not."""
    table = shares(["ES-ES", "FR-FR", "DE-DE", "IT-IT"], 0.95, 1500, {"ES-ES": carried}, key="lane")
    found = Finding(
        "REAL", {"lane": ("ES-ES",)}, "external", -0.08, -0.1, -0.06, WEEKS[JUDGED], WEEKS[JUDGED + 1]
    )

    assert legs.stood_still(table, found) is is_still


def test_where_too_few_are_carried_nobody_says_that_they_set_out_late():
    table = shares(["ES-ES", "FR-FR"], 0.95, 60, {}, key="lane")
    found = Finding(
        "REAL", {"lane": ("ES-ES",)}, "external", -0.08, -0.1, -0.06, WEEKS[JUDGED], WEEKS[JUDGED]
    )

    assert not legs.stood_still(table, found)
    assert not legs.stood_still(table, replace(found, scope={"origin": ("ES",)}))
    assert not legs.stood_still(table[~table["is_judged"]], found)
    assert not legs.stood_still(table, replace(found, until="2026-W40"))


def days_by_carrier_and_site(slower: dict[tuple[str, str], float]) -> pd.DataFrame:
    """Lay out days that three carriers take to two sites, some slower from the judged week on."""
    rows = [
        {"carrier": carrier, "partner": site, "week": week, "x": n * days, "n": float(n), "ended": float(n)}
        for order, (carrier, site, n) in enumerate(
            [("FNH", "Main", 380), ("DVP", "Main", 280), ("DVP", "Loire", 450), ("BRV", "Loire", 700)]
        )
        for place, week in enumerate(WEEKS)
        for after in [slower.get((carrier, site), 0.0) * (place >= JUDGED)]
        for days in [6.0 + after + wobble(place + 3 * order, 0.05)]
    ]
    return weekly(rows)


@pytest.mark.parametrize(
    ("slower", "scope"),
    [
        ({("FNH", "Main"): 1.0, ("DVP", "Main"): 0.9}, {"partner": ("Main",)}),
        ({("FNH", "Main"): 1.0}, {"carrier": ("FNH",)}),
        ({("FNH", "Main"): 1.0, ("DVP", "Main"): 0.2}, {"carrier": ("FNH",)}),
        ({("FNH", "Main"): 1.8, ("DVP", "Main"): 1.0}, {"carrier": ("FNH",)}),
    ],
)
def test_a_carrier_does_not_answer_for_the_site_that_it_brings_its_parcels_to(slower, scope):
    """What another carrier brings there takes as much longer, and what that one brings elsewhere does not.

    Where its own takes far longer than the other's, the site is no excuse.
    """
    since, until, by = WEEKS[JUDGED], WEEKS[JUDGED + 1], slower["FNH", "Main"]
    found = Finding("REAL", {"carrier": ("FNH",)}, "carrier", by, by - 0.1, by + 0.1, since, until, 1e-7)
    told = legs.at_its_site(days_by_carrier_and_site(slower), found)

    assert told.scope == scope
    assert told.by == by_whom(scope)
    assert told.effect == pytest.approx(by, abs=0.1)


def test_a_carrier_that_is_slower_to_each_site_answers_for_it():
    """Its parcels take a day longer to both."""
    found = Finding(
        "REAL", {"carrier": ("DVP",)}, "carrier", 1.0, 0.9, 1.1, WEEKS[JUDGED], WEEKS[JUDGED], 1e-7
    )
    table = days_by_carrier_and_site({("DVP", "Main"): 1.0, ("DVP", "Loire"): 1.0, ("BRV", "Loire"): 0.9})

    assert legs.at_its_site(table, found).scope == {"carrier": ("DVP",)}
    assert legs.at_its_site(table.assign(partner=""), found) == found
