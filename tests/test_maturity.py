"""How final a week is: triangles against published figures, and by hand."""

import csv
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tallysheet.maturity import band, chain_ladder, known_by_age, thin_weeks

GOLDEN = Path(__file__).parent / "golden" / "maturity.csv"
NAN = float("nan")


def golden(kind: str) -> list[dict[str, str]]:
    with GOLDEN.open(encoding="utf-8") as file:
        return [row for row in csv.DictReader(file) if row["kind"] == kind]


def triangle(rows: list[list[float]]) -> np.ndarray:
    """Lay a triangle out: what is not known yet is NaN."""
    return np.array([row + [NAN] * (len(rows[0]) - len(row)) for row in rows], dtype=float)


@pytest.mark.parametrize("row", golden("chain_ladder"), ids=lambda row: row["case"])
def test_chain_ladders_are_as_published(row):
    """Factors and ultimates of worked examples."""
    found, expected = chain_ladder(triangle(json.loads(row["input"]))), json.loads(row["expected"])

    np.testing.assert_allclose(found.factors, expected["factors"], rtol=1e-6)
    np.testing.assert_allclose(found.ultimate, expected["ultimate"], rtol=1e-6)


def test_the_standard_error_is_macks():
    """Reserves and standard errors of Taylor and Ashe's triangle, as Mack printed them."""
    (row,) = golden("mack")
    known, expected = json.loads(row["input"]), json.loads(row["expected"])
    found = chain_ladder(triangle(known))

    reserves = found.ultimate - [of_year[-1] for of_year in known]
    np.testing.assert_allclose(reserves[1:], expected["reserves"], atol=1)
    np.testing.assert_allclose(found.error[1:], expected["errors"], atol=1)


def test_completeness_is_what_is_left_to_grow():
    """Ten at first, twenty in the end: half is known at first, all at last."""
    found = chain_ladder(triangle([[10, 20], [5, 10], [7]]))

    assert found.completeness.tolist() == [0.5, 1.0]
    assert found.ultimate.tolist() == [20.0, 10.0, 14.0]


def test_nothing_known_is_nothing_projected():
    """A numerator that is still zero everywhere has no factor to grow by."""
    found = chain_ladder(triangle([[0, 0], [0]]))

    assert found.ultimate.tolist() == [0.0, 0.0]
    assert found.factors.tolist() == [1.0]


def test_an_age_at_which_nothing_is_ever_known_knows_nothing():
    """Who is never delivered is known two weeks on: until then no week says anything."""
    found = chain_ladder(triangle([[0, 0, 27, 27], [0, 0, 28], [0, 0], [0]]))

    assert found.completeness.tolist() == [0, 0, 1, 1]
    assert found.ultimate.tolist() == [27, 28, 0, 0]


def test_nothing_known_does_not_tell_when_it_is():
    """None of the sellers stayed: how many can be counted tells when; of none at all nothing does."""
    used, due = triangle([[0, 0, 0], [0, 0], [0]]), triangle([[0, 0, 3], [0, 0], [0]])

    assert known_by_age(used, due).tolist() == [0, 0, 1]
    assert np.isnan(known_by_age(used, used)).all()


def test_a_band_does_not_go_below_zero():
    """A rate of losses is never negative."""
    low, high = band(0.002, 0.002)

    assert low == 0.0
    assert high == pytest.approx(0.002 + 1.96 * 0.002, abs=1e-4)


@pytest.mark.parametrize(("cases", "thin"), [(45, []), (4500, ["2026-W05"])])
def test_a_share_that_chance_explains_is_no_gap(cases, thin):
    """.85 beside the usual .93: of 45 claims that is 2.1 standard errors, of 4500 it is 21."""
    share = pd.Series({f"2026-W{week:02}": 0.85 if week == 5 else 0.93 for week in range(1, 11)})

    assert thin_weeks(share * cases, share * 0 + cases, 0.95) == thin
