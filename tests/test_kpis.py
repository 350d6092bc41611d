"""Every KPI of the sample against a second computation, and its parts against its total."""

import datetime as dt
import math
import re

import duckdb
import numpy as np
import pandas as pd
import pytest
from independent import adoption, care, claims, delivery, fulfilment, money, reverse

import tallysheet as ts
from tallysheet import schema
from tallysheet.cells import TOTAL
from tallysheet.comparison import Explanation
from tallysheet.kpis import KPIS
from tallysheet.ledger import Ledger
from tallysheet.review import Review
from tallysheet.settings import read_settings
from tallysheet.week import Week
from tallysheet.weeks import IsoWeek

NEWEST = "2026-11-16T07:00"
LOOKS = [("2026-W46", NEWEST), ("2026-W30", NEWEST), ("2026-W27", "2026-07-06T07:00")]
LONG_BEFORE = pd.Timedelta(days=200)
LARGE = {
    "orders": "paid_at",
    "shipments": "label_created_at",
    "tracking_events": "event_at",
    "carrier_invoice_lines": "ship_date",
    "care_contacts": "opened_at",
}
"""Tables of which rows long before a week are left out, as no KPI of the week counts them; and their time."""

NEW_SELLERS = ("backship_activation", "backship_retention", "backship_retention_w12")
NEW_SELLERS_WEEK = "2025-W45"
"""The weeks above have no new sellers in the sample of size S."""

NUMBERS = {
    *(f"Q{number}" for number in (*range(1, 12), 14, 15, 16)),
    *(f"R{number}" for number in range(1, 7)),
    *(f"F{number}" for number in (1, 2, 4, 5, 6, 7, 8, 10)),
    *(f"C{number}" for number in (*range(1, 9), *range(10, 15))),
    *(f"A{number}" for number in range(1, 10)),
}

CLOSED_WEEKS = ["2024-W02", "2024-W40", "2025-W20", "2026-W10", "2026-W33", "2026-W46"]


def _due(tables: dict, monday: pd.Timestamp, seen_at: pd.Timestamp) -> pd.DataFrame:
    """Give the parcels promised in the week whose promise is over and that somebody says were sent."""
    parcels = tables["shipments"]
    days = (parcels["promised_date"] - monday).dt.days
    signs = ["handover_declared_at", "first_scan_at", "first_attempt_at", "delivered_at"]
    sent = (parcels[signs].min(axis=1) <= seen_at) | parcels["hub_scanned"].isna()
    return parcels[days.between(0, 6) & (parcels["promised_at"] <= seen_at) & sent]


def otd(tables: dict, monday: pd.Timestamp, seen_at: pd.Timestamp) -> float:
    """Take the mean of a yes or no of each parcel due."""
    due = _due(tables, monday, seen_at)
    return float((due["first_attempt_at"].fillna(due["delivered_at"]) <= due["promised_at"]).mean())


def undelivered(tables: dict, monday: pd.Timestamp, seen_at: pd.Timestamp) -> float:
    """Count what came back, and what is said to be lost and long overdue."""
    due = _due(tables, monday, seen_at)
    overdue = (seen_at.normalize() - due["promised_date"]).dt.days >= delivery.RULES.lost_after_days
    gone = due["status"].isin(["cancelled", "diverted"]) | ((due["status"] == "lost") & overdue)
    return float(gone.mean())


def shipments(tables: dict, monday: pd.Timestamp, seen_at: pd.Timestamp) -> float:
    """Count first scans, and beside them the promises of what nobody tells the scans of."""
    parcels = tables["shipments"]
    untold = parcels["hub_scanned"].isna()
    scanned = delivery.in_week(parcels["first_scan_at"], monday, seen_at) & ~untold
    days = (parcels["promised_date"] - monday).dt.days
    due = days.between(0, 6) & (parcels["promised_at"] <= seen_at) & untold
    return float(scanned.sum() + due.sum())


INDEPENDENT = {
    "otd": otd,
    "undelivered": undelivered,
    "shipments": shipments,
    **delivery.INDEPENDENT,
    **fulfilment.INDEPENDENT,
    **reverse.INDEPENDENT,
    **claims.INDEPENDENT,
    **care.INDEPENDENT,
    **money.INDEPENDENT,
    **adoption.INDEPENDENT,
}


def read_known(ledger: Ledger, monday: pd.Timestamp, seen_at: pd.Timestamp) -> dict[str, pd.DataFrame]:
    """Read the clean tables as they were known at a moment: of each row the version that held then."""
    tables = {}
    with duckdb.connect() as connection:
        for name in sorted(set(ledger.files["table"])):
            held = (
                f"known_at <= TIMESTAMP '{seen_at}' "
                f"AND coalesce(replaced_at, TIMESTAMP '9999-12-31') > TIMESTAMP '{seen_at}'"
            )
            if name in LARGE:
                held += f" AND {LARGE[name]} >= TIMESTAMP '{monday - LONG_BEFORE}'"
            files = ledger.folder / name / "**" / "*.parquet"
            table = connection.execute(
                f"SELECT * FROM read_parquet('{files}', union_by_name = true, hive_partitioning = false) "
                f"WHERE {held}"
            ).df()
            never = {one.name for one in schema.table(name).columns} - set(table.columns)
            tables[name] = table.assign(**dict.fromkeys(sorted(never), np.nan))
    return tables


def value_of(week: Week, slug: str) -> float:
    """Give a KPI's value in the week, as old as the weeks it is compared with."""
    series = week.review.series(slug, week.review.age(slug))
    row = series.total.loc[str(week.week)]
    if series.kpi.denominator is None:
        return float(row["x"])
    return float(row["x"] / row["n"]) if row["n"] else math.nan


def tolerance(slug: str, value: float) -> float:
    """Give how far two computations may be apart: rounding, and for a median the width of a bin."""
    one = KPIS[slug]
    if one.histogram and one.method != "aalen_johansen":
        return one.histogram.width
    return 1e-9 * max(1.0, abs(value))


def differing(week: Week, slugs: list[str]) -> dict[str, tuple[float, float]]:
    """Compute KPIs twice; give those that differ."""
    monday, seen_at = pd.Timestamp(week.week.monday), pd.Timestamp(week.cube.as_of)
    tables = read_known(week.ledger, monday, seen_at)
    off = {}
    for slug in slugs:
        ours, theirs = value_of(week, slug), float(INDEPENDENT[slug](tables, monday, seen_at))
        both_unknown = math.isnan(ours) and math.isnan(theirs)
        if not both_unknown and not abs(ours - theirs) <= tolerance(slug, theirs):
            off[slug] = ours, theirs
    return off


def test_every_kpi_has_a_second_computation():
    """None is left out, and none is computed that there is not."""
    assert INDEPENDENT.keys() == KPIS.keys()


def test_every_number_of_the_domain_is_there_once():
    """Fifty in all; a letter behind a number marks a second reading of it."""
    numbers = [one.number for one in KPIS.values() if one.number]

    assert len(NUMBERS) == 50
    assert sorted(number for number in numbers if not number.endswith("b")) == sorted(NUMBERS)
    assert len(set(numbers)) == len(numbers)
    assert {re.sub("b$", "", number) for number in numbers} == NUMBERS


@pytest.mark.slow
@pytest.mark.parametrize(("week", "seen_at"), LOOKS, ids=["newest", "mature", "as known then"])
def test_kpis_are_what_a_second_computation_gives(sample_of_size_s, monkeypatch, week, seen_at):
    """All of them, to the ninth digit; medians within the width of a bin; nothing where nothing is known."""
    # Savings are in euro, at the rates of the workbook.
    monkeypatch.setattr(adoption, "RULES", read_settings(sample_of_size_s).rules)
    opened = ts.open_week(week, data=sample_of_size_s, as_of=seen_at)

    assert opened.cube.as_of == dt.datetime.fromisoformat(seen_at)
    assert differing(opened, list(KPIS)) == {}


@pytest.mark.slow
def test_kpis_of_new_sellers_are_what_a_second_computation_gives(sample_of_size_s):
    """In a week in which some were invited and some began, so long ago that all is known."""
    opened = ts.open_week(NEW_SELLERS_WEEK, data=sample_of_size_s, as_of=NEWEST)

    assert not any(math.isnan(value_of(opened, slug)) for slug in NEW_SELLERS)
    assert differing(opened, list(NEW_SELLERS)) == {}


@pytest.fixture(scope="module")
def cube(sample_of_size_s):
    """Give the newest cube, every fact added up by all dimensions of its KPIs in one go."""
    found = ts.open_week(data=sample_of_size_s, as_of=NEWEST).cube
    for fact in found.missing:
        by = {name for one in KPIS.values() if fact in one.measures() for name in one.dimensions}
        found.add_up(fact, found.looks(), (TOTAL, *sorted(by)))
    return found


@pytest.mark.slow
def test_parts_add_up_to_the_total_in_every_week(cube):
    """Every KPI and dimension: what adds up does to the ninth digit; of durations, what is counted does.

    Of a standardised difference small strata are left out, of a part more than of all.
    """
    off, review = {}, Review(cube, cube.weeks[-1])
    for slug, one in KPIS.items():
        series = review.series(slug, since=cube.touched_weeks[0])
        assert len(series.weeks) == len(cube.touched_weeks)
        for dimension in one.dimensions:
            parts = series.by(dimension)
            for side in ("x", "n") if one.is_additive else ("n",):
                total = series.total[side]
                left = getattr(parts, side).sum(axis=0) - total
                far = left if one.method == "standardised" else left.abs()
                off[slug, dimension, side] = (far / total.abs().clip(lower=1.0)).max()

    assert {key: left for key, left in off.items() if not left <= 1e-9} == {}


def unclosed(explanation: Explanation) -> dict[str, float]:
    """Give what the split over each dimension leaves over, where that is more than rounding."""
    left = {name: parts["total"].sum() - explanation.change for name, parts in explanation.parts.items()}
    return {name: over for name, over in left.items() if not abs(over) <= 1e-9}


@pytest.mark.slow
@pytest.mark.parametrize("place", range(len(CLOSED_WEEKS)), ids=CLOSED_WEEKS)
def test_parts_of_a_change_add_up_to_it(cube, place):
    """Within 1e-9, where both weeks have something to divide by; what does not add up says what is left.

    Each pair of a KPI and a dimension is split in one of the six weeks; that the parts' numerators and
    denominators add up in all of them is told above.
    """
    review = Review(cube, IsoWeek.parse(CLOSED_WEEKS[place]))
    for slug, one in KPIS.items():
        dimensions = [
            name for number, name in enumerate(one.dimensions) if (number - place) % len(CLOSED_WEEKS) == 0
        ]
        found = review.explanation(slug, "previous", dimensions)
        is_split = one.denominator is None or min(found.n_now, found.n_base) > 0

        if one.is_additive:
            assert set(found.parts) == (set(dimensions) if is_split else set()), slug
        if one.is_additive or (one.method == "quantile" and is_split):
            assert unclosed(found) == {}, slug
            assert abs(found.residual) <= 1e-9, slug
        assert not math.isinf(found.residual), slug
