"""Faults of the data: missing scans, files that came twice, wrong currencies, bills that are late."""

import pandas as pd
import pytest
from gate_tables import CARRIERS, JUDGED, WEEKS, shares, weekly, wobble

from tallysheet.evidence import came_twice
from tallysheet.findings import Finding
from tallysheet.gates import quality
from tallysheet.verdict import Verdict, as_frame


def test_missing_scans_are_no_lateness():
    """A carrier of whose parcels a seventh has no scan, and which looks late for it."""
    table = shares(CARRIERS, 0.0, 1000, {}).assign(x=0.0, kpi_x=950.0, kpi_n=1000.0)
    here = (table["carrier"] == "ESK") & table["is_judged"]
    table.loc[here, ["x", "kpi_x"]] = [140.0, 650.0]
    table["kpi_x"] += [wobble(place, 3) for place in range(len(table))]
    table.attrs = {"kind": "amount"}

    found = quality.missing(table)

    assert [(one.code, one.by, one.scope) for one in found] == [("DATA", "missing", {"carrier": ("ESK",)})]
    assert found[0].effect == pytest.approx(-0.30, abs=0.01)


def test_missing_scans_are_named_in_a_kpi_that_wobbles():
    """An eighth of one carrier's parcels has no scan; its share in time falls by twice its usual scatter."""
    table = shares(CARRIERS, 0.0, 1000, {}).assign(x=0.0, kpi_n=1000.0)
    here = (table["carrier"] == "ESK") & table["is_judged"]
    table["kpi_x"] = [900 + wobble(place, 20) for place in range(len(table))]
    table.loc[here, ["x", "kpi_x"]] = [125.0, 800.0]
    table.attrs = {"kind": "amount"}

    assert [one.scope for one in quality.missing(table)] == [{"carrier": ("ESK",)}]


def test_missing_scans_are_no_volume_that_a_carrier_lost():
    """A third of one carrier's parcels is not seen, in a week in which all send less."""
    table = shares(CARRIERS, 0.0, 1000, {}).assign(x=0.0)
    sent = [1000.0 + 40 * wobble(place, 1) for place in range(len(WEEKS))] * len(CARRIERS)
    table = table.assign(kpi_x=sent)
    table.loc[table["is_judged"], "kpi_x"] *= 0.8
    table.loc[table["carrier"].eq("ESK") & table["is_judged"], "x"] = 330.0
    table.loc[table["carrier"].eq("ESK") & table["is_judged"], "kpi_x"] *= 0.67
    table["kpi_n"] = table["kpi_x"]
    table.attrs = {"kind": "sum"}

    found = quality.missing(table)

    assert [(one.code, one.by, one.scope) for one in found] == [("DATA", "missing", {"carrier": ("ESK",)})]
    assert found[0].effect == pytest.approx(-0.33, abs=0.02)


def test_a_file_came_twice_where_it_repeats_nearly_all_and_its_source_does_not_overlap():
    """Of daily files one is sent again; weekly files of 28 days repeat three weeks of the one before.

    Nor is one told where all nearly repeat the one before.
    """
    counts = {
        "invoices": [(400, 0), (380, 3), (400, 400), (410, 0)],
        "parcels": [(400, 0), (408, 272), (404, 260), (370, 234), (374, 374)],
        "orders": [(900, 0), (910, 895), (918, 907)],
        "claims": [(100, 0), (100, 70), (100, 1)],
        "alone": [(60, 58)],
        "few": [(40, 40), (40, 0)],
        "empty": [(0, 0), (0, 0)],
    }
    rows = [(name, f"{name}-{at}", *pair) for name, pairs in counts.items() for at, pair in enumerate(pairs)]
    files = pd.DataFrame(rows, columns=["source", "file", "rows", "duplicates"])
    files["loaded_at"] = pd.date_range("2026-06-01", periods=len(files)).astype(str)

    assert came_twice(files)["file"].to_list() == ["invoices-2", "alone-0"]


def test_a_file_that_came_twice_is_told_by_what_it_would_have_added():
    """One of five daily files."""
    row = {"carrier": "BRV", "file": "b.csv", "week": WEEKS[JUDGED], "repeated": 20.0, "whole": 100.0}
    found = quality.duplicate(weekly([row]))

    assert [(one.by, one.scope, one.effect) for one in found] == [("duplicate", {"carrier": ("BRV",)}, 0.2)]


def test_a_file_that_came_twice_is_told_after_what_moved_a_total():
    """It is counted once, and moves none: a strike in the same week leads, of whatever KPI it is told."""
    row = {"carrier": "BRV", "file": "b.csv", "week": WEEKS[JUDGED], "repeated": 20.0, "whole": 100.0}
    twice = quality.duplicate(weekly([row]))
    strike = Finding("REAL", {"country": ("FR",)}, "external", -0.25)
    verdicts = [Verdict("cost_per_parcel", tuple(twice), (), ()), Verdict("transit_days", (strike,), (), ())]

    assert as_frame(verdicts)["by"].tolist() == ["external", "duplicate"]


def audits(slipped: int) -> list[dict]:
    """Lay out bills by the week of shipping: those to Great Britain say euro for pounds in one week."""
    rows = []
    for country in ("GB", "FR", "DE"):
        for place, week in enumerate(WEEKS):
            wrong = country == "GB" and place == slipped
            money_of = "GBP" if country == "GB" else "EUR"
            rows.append(
                {
                    "carrier": "HLV",
                    "destination_country": country,
                    "lane": f"{country}-{country}",
                    "currency": "EUR" if wrong else money_of,
                    "contract_currency": money_of,
                    "week": week,
                    "billed_n": 500,
                    "base_cents": 435 * 500 if wrong else 500 * 500,
                    "listed_cents": 500 * 500,
                }
            )
    return rows


def test_pounds_written_as_euros_are_a_unit_and_no_price():
    """The line's currency is not the contract's, and what is billed falls by the rate of the pound."""
    found = quality.unit(weekly(audits(JUDGED)))

    assert [(one.by, one.scope) for one in found] == [("unit", {"country": ("GB",)})]
    assert found[0].effect == pytest.approx(-0.13)


@pytest.mark.parametrize(("abroad", "scope"), [("EUR", {"country": ("GB",)}), ("GBP", {"lane": ("GB-GB",)})])
def test_bills_in_a_wrong_currency_are_told_by_the_country_whose_currency_it_is(abroad, scope):
    """Parcels from France go to Great Britain too, and were billed right: in euro, or in pounds."""
    other = {"lane": "FR-GB", "currency": abroad, "contract_currency": abroad}
    usual = [row for row in audits(-1) if row["destination_country"] == "GB"]
    found = quality.unit(weekly([*audits(JUDGED), *(row | other for row in usual)]))

    assert [(one.by, one.scope) for one in found] == [("unit", scope)]
    assert found[0].effect == pytest.approx(-0.13)


@pytest.mark.parametrize(
    ("right", "billed", "told"),
    [
        (20.0, JUDGED, [WEEKS[JUDGED]]),
        (20.0, JUDGED - 1, [WEEKS[JUDGED - 1]]),
        (480.0, JUDGED, []),
    ],
)
def test_bills_that_come_later_show_the_wrong_currency_when_they_come(right, billed, told):
    """Shipped two weeks before, billed now or last week: of 500 to Great Britain 20 are right, else 480."""
    places = {"GB": "GB-GB", "FR": "FR-FR", "DE": "DE-DE"}
    bills = [
        {
            "carrier": "HLV",
            "destination_country": country,
            "lane": lane,
            "week": week,
            "kpi_x": right if country == "GB" and place == billed else 480.0 + wobble(place, 3),
            "kpi_n": 500.0,
        }
        for country, lane in places.items()
        for place, week in enumerate(WEEKS)
    ]
    empty = {"currency": "", "contract_currency": "", "billed_n": 0, "base_cents": 0, "listed_cents": 0}
    shipped = [row | {"kpi_x": 0.0, "kpi_n": 0.0} for row in audits(JUDGED - 2)]
    table = weekly([*shipped, *(empty | row for row in bills)])
    table.attrs = {"kind": "amount"}
    found = quality.unit(table)

    assert [one.since for one in found] == [one.until for one in found] == told
    assert [one.scope for one in found] == [{"country": ("GB",)}] * len(told)


@pytest.mark.parametrize("later", [0, 1, 3, 5])
def test_bills_of_a_wrong_currency_are_news_when_the_first_come(later):
    """Of 500 bills 430 are right, then 310, 350, 410, 440, and then 480 as ever."""
    began = JUDGED - later
    right = dict(enumerate((430, 310, 350, 410, 440), began))
    places = {"GB": "GB-GB", "FR": "FR-FR", "DE": "DE-DE"}
    empty = {"currency": "", "contract_currency": "", "billed_n": 0, "base_cents": 0, "listed_cents": 0}
    bills = [
        empty
        | {"carrier": "HLV", "destination_country": country, "lane": lane, "week": week, "kpi_n": 500.0}
        | {"kpi_x": (right.get(place, 480.0) if country == "GB" else 480.0) + wobble(place, 3)}
        for country, lane in places.items()
        for place, week in enumerate(WEEKS)
    ]
    shipped = [row | {"kpi_x": 0.0, "kpi_n": 0.0} for row in audits(began)]
    table = weekly([*shipped, *bills])
    table.attrs = {"kind": "amount"}

    (found,) = quality.unit(table)

    assert (found.since, found.until) == (WEEKS[began], WEEKS[min(began + 4, len(WEEKS) - 1)])


def test_invoices_that_are_late_are_not_known_yet():
    """A fifth of one carrier's parcels is billed, of others and of it before nine in ten."""
    table = shares(CARRIERS, 0.9, 800, {"DVP": -0.7}).rename(columns={"carrier": "part"})
    table = table.assign(ended=table["x"], dimension="carrier", floor=0.9)

    found = quality.immature(table)

    assert [(one.code, one.scope) for one in found] == [("IMMATURE", {"carrier": ("DVP",)})]
    assert found[0].effect == pytest.approx(0.2, abs=0.01)
