"""Rules that changed: a longer promise, reasons by another name, claims decided in bulk."""

import pandas as pd
import pytest
from gate_tables import JUDGED, WEEKS, weekly, wobble

from tallysheet.gates import context


def promised(began: int, *, under_way: float = 0.0) -> pd.DataFrame:
    """Promise four days for three on one lane, where a tenth arrives on the added day."""
    spares = {3: {0: 850, -1: 150}, 4: {1: 850, 0: 100, -1: 50}}
    rows = []
    for place, week in enumerate(WEEKS):
        share = 1.0 if place >= began else under_way * (place == began - 1)
        for lane, granted, weight in (("DE-DE", 3, 1), ("FR-FR", 3, 1 - share), ("FR-FR", 4, share)):
            row = {"lane": lane, "flow": "outbound", "week": week, "granted_days_bin": granted}
            rows += [
                row | {"spare_days_bin": spare, "due_n": round(n * weight)}
                for spare, n in spares[granted].items()
                if weight
            ]
    return weekly(rows)


def test_a_longer_promise_is_told_by_what_on_time_would_be_without_it():
    """From three days to four on one lane; a tenth arrives on the added day."""
    found = context.definition(promised(JUDGED))

    assert [(one.code, one.scope) for one in found] == [("DEFINITION", {"lane": ("FR-FR",)})]
    assert found[0].effect == pytest.approx(0.10)
    assert dict(found[0].ruled_out)["by_old_promise"] == pytest.approx(0.85)


@pytest.mark.parametrize(("ago", "told"), [(0, True), (1, True), (4, True), (5, False)])
def test_a_longer_promise_is_still_told_in_the_weeks_after(ago, told):
    """Else the lane would be praised for it: it is better than the weeks before, and than all others."""
    found = context.definition(promised(JUDGED - ago))

    assert [one.since for one in found] == [WEEKS[JUDGED - ago]] * told
    assert all(one.effect == pytest.approx(0.10) and one.until >= WEEKS[JUDGED] for one in found)


@pytest.mark.parametrize("by_scan", [False, True])
@pytest.mark.parametrize("under_way", [0.0, 0.4])
def test_by_their_first_scan_parcels_show_a_promise_a_week_before(by_scan, under_way):
    """Where some of those promised for the week have it already; by the promised day it comes next."""
    table = promised(JUDGED + 1, under_way=under_way)
    table.attrs = {"is_by_scan": by_scan}

    assert [one.since for one in context.definition(table)] == [WEEKS[JUDGED]] * (by_scan and under_way > 0)


def reasons(wismo: float, other: float) -> pd.DataFrame:
    rows = []
    for place, week in enumerate(WEEKS):
        after = place >= JUDGED
        counts = {"WISMO": 400 - wismo * after, "other": 300 + other * after, "damaged": 300.0}
        counts = {name: count + wobble(place + len(name), 4) for name, count in counts.items()}
        rows += [
            {"reason": name, "week": week, "x": count, "n": sum(counts.values()), "counted": "WISMO"}
            for name, count in counts.items()
        ]
    return weekly(rows)


def test_a_reason_that_loses_to_another_is_named_otherwise():
    """Two fifths of one reason are now another; the sum of both is what it was."""
    found = context.classification(reasons(160, 160))

    assert [(one.code, one.scope) for one in found] == [("CLASSIFICATION", {})]
    assert found[0].effect == pytest.approx(-0.4, abs=0.03)


def test_a_change_of_reasons_is_told_in_the_weeks_after_it_too():
    """Two weeks later fewer contacts still go by the old name: neither country nor carrier is behind it."""
    table = reasons(160, 160)
    later = table.assign(is_judged=table["week"] == WEEKS[JUDGED + 2])

    assert [one.since for one in context.classification(later)] == [WEEKS[JUDGED]]


def test_a_reason_that_only_falls_is_not_named_otherwise():
    """Nobody gained what it lost."""
    assert context.classification(reasons(160, 0)) == []


def test_claims_decided_at_once_are_an_artefact():
    """Three of eight that were open."""
    table = weekly([{"carrier": "ALT", "week": WEEKS[JUDGED], "waiting_n": 8, "at_once_n": 3}])
    found = context.artefact(table)

    assert [(one.code, one.scope, one.effect) for one in found] == [
        ("ARTEFACT", {"carrier": ("ALT",)}, 0.375)
    ]
    assert found[0].low == pytest.approx(0.137, abs=0.001)  # Wilson
    assert found[0].high == pytest.approx(0.694, abs=0.001)


def test_two_claims_decided_in_a_minute_are_chance():
    """Two of a hundred, and two of ten: of ten decided in 2,400 minutes two meet in one week of 50."""
    for waiting in (100, 10):
        rows = [{"carrier": "ALT", "week": WEEKS[JUDGED], "waiting_n": waiting, "at_once_n": 2}]

        assert context.artefact(weekly(rows)) == []


def test_a_carrier_that_always_decides_at_once_is_no_artefact():
    """Its claims have days of decision only; one in five that wait is decided on the same day, every week."""
    rows = [{"carrier": "ALT", "week": week, "waiting_n": 40, "at_once_n": 8} for week in WEEKS[: JUDGED + 1]]
    assert context.artefact(weekly(rows)) == []

    rows[JUDGED]["at_once_n"] = 24
    assert [one.effect for one in context.artefact(weekly(rows))] == [0.6]


def test_two_that_met_by_chance_are_no_habit_of_deciding_at_once():
    """Two of eight in a minute the week before, and four of six now: the four are no habit."""
    counts = [(JUDGED - 1, 8, 2), (JUDGED, 6, 4)]
    rows = [{"carrier": "ALT", "week": WEEKS[at], "waiting_n": n, "at_once_n": k} for at, n, k in counts]

    assert [one.effect for one in context.artefact(weekly(rows))] == [pytest.approx(4 / 6)]
