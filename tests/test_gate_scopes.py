"""Who moved, in which words: what is rare, a depot, goods, and what the event log names."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from gate_tables import CARRIERS, JUDGED, WEEKS, moved, shares, weekly

from tallysheet.gates import movement
from tallysheet.lineup import lineup_of
from tallysheet.scopes import narrowed


def test_parcels_are_named_as_the_log_names_them():
    """All of ESK's go to Spain; the log says ESK in Spain, and means the same."""
    table = shares(CARRIERS, 0.95, 1500, {"ESK": -0.2})
    table["destination_country"] = np.where(table["carrier"] == "ESK", "ES", "FR")
    hint = {"carrier": ("ESK",), "destination_country": ("ES",)}

    for hints, scope in (([hint], {"carrier": ("ESK",), "country": ("ES",)}), ([], {"carrier": ("ESK",)})):
        assert [one.scope for one in moved(table, ["carrier", "destination_country"], hints)] == [scope]


def lost_in_madrid() -> pd.DataFrame:
    """Lay out parcels of which one in 1,500 is lost, and for three weeks two in 300 of ESK's in Madrid."""
    cells = [(carrier, depot) for carrier in CARRIERS for depot in ("Madrid", "Sevilla", "Lyon", "Lille")]
    rows = [
        {
            "carrier": carrier,
            "destination": depot,
            "destination_country": "ES" if depot in ("Madrid", "Sevilla") else "FR",
            "week": week,
            "x": 2.0 if is_theft else float((3 * order + place) % 5 == 0),
            "n": 300.0,
            "ended": 300.0,
        }
        for order, (carrier, depot) in enumerate(cells)
        for place, week in enumerate(WEEKS)
        for is_theft in [(carrier, depot) == ("ESK", "Madrid") and JUDGED <= place <= JUDGED + 2]
    ]
    return weekly(rows)


def test_of_what_is_rare_one_depot_is_named_where_the_log_says_in_which_country_to_look():
    """Six lost where one is usual would not be enough among all carriers and depots."""
    by = ["carrier", "destination", "destination_country"]
    hint = {"carrier": ("ESK",), "destination_country": ("ES",)}
    told = moved(lost_in_madrid(), by, [hint])

    assert [one.scope for one in told] == [{"carrier": ("ESK",), "depot": ("Madrid",), "country": ("ES",)}]
    assert moved(lost_in_madrid(), by) == []


def narrowed_to(lost: dict[int, tuple[str, float]]) -> tuple[dict[str, tuple[str, ...]], float]:
    """Give in which words a depot is told at which goods were lost in some weeks, and how many of them."""
    goods = {"phone": 325, "laptop": 110, "other": 105, "": 400}
    rows = [
        {
            "carrier": carrier,
            "destination": depot,
            "category": category,
            "week": week,
            "x": lost[place][1] if is_theft else float((order + 2 * place) % 7 == 0),
            "n": float(n),
            "ended": float(n),
        }
        for order, (carrier, depot, (category, n)) in enumerate(
            product(CARRIERS, ("Kassel", "Berlin", "Ulm"), goods.items())
        )
        for place, week in enumerate(WEEKS)
        for is_theft in [(carrier, depot, category) == ("ESK", "Kassel", lost.get(place, (None, 0))[0])]
    ]
    lineup = lineup_of(weekly(rows), ["carrier", "destination", "category"], "share", movement.LEVEL)
    nobody = np.zeros(len(lineup.panel.x), dtype=bool)
    told, spell = narrowed(lineup, KASSEL, lineup.spell(KASSEL), nobody)
    return told, spell.effect


KASSEL = {"carrier": ("ESK",), "destination": ("Kassel",)}


def test_what_was_stolen_at_a_depot_is_told_by_the_goods_if_no_others_were_lost():
    """One phone in 36 for three weeks; of all else at that depot, which is more, no more than usual."""
    told, effect = narrowed_to({JUDGED + later: ("phone", 9.0) for later in range(3)})

    assert told == {**KASSEL, "category": ("phone",)}
    assert effect == pytest.approx(9 / 325, abs=0.002)


def test_what_was_lost_in_the_first_week_alone_does_not_tell_those_after():
    """Four of other goods in one week, then nine phones in each of three: it is no theft of other goods."""
    phones = {JUDGED + later: ("phone", 9.0) for later in (1, 2, 3)}
    told, _ = narrowed_to({JUDGED: ("other", 4.0), **phones})

    assert told == {**KASSEL, "category": ("phone",)}


def test_a_large_carrier_that_loses_many_is_named_and_none_of_its_depots():
    """One in 400 is usual of all; for two weeks BRV loses one in 100 of 4,000, which are forty."""
    depots = {"Lyon": 1300, "Lille": 1300, "Nantes": 800, "Torino": 600}
    rows = [
        {
            "carrier": carrier,
            "destination": depot,
            "week": week,
            "x": float(round(n / 400 * (4 if is_hit else 1)) + (place * 3 + order) % 3 - 1),
            "n": float(n),
            "ended": float(n),
        }
        for order, (carrier, depot) in enumerate((one, name) for one in CARRIERS for name in depots)
        for n in [depots[depot]]
        for place, week in enumerate(WEEKS)
        for is_hit in [carrier == "BRV" and JUDGED <= place <= JUDGED + 1]
    ]
    found = moved(weekly(rows), ["carrier", "destination"])

    assert [one.scope for one in found] == [{"carrier": ("BRV",)}]
    assert found[0].p < 1e-9


_SERVED = {
    "CDR": {"FR-FR": 900, "ES-ES": 400, "IT-IT": 250},
    "BRV": {"FR-FR": 1900, "ES-ES": 400, "IT-IT": 450},
    "DVP": {"FR-FR": 900, "DE-DE": 500},
    "FNH": {"DE-DE": 1300},
}


def broken_by_one_carrier(seed: int, judged: int) -> pd.DataFrame:
    """Lay out damage: one in 500, of CDR's five in 1,000 in a week and ten times as many in three more."""
    rng = np.random.default_rng(seed)
    often = {JUDGED: 0.005, JUDGED + 1: 0.02, JUDGED + 2: 0.02, JUDGED + 3: 0.016}
    rows = [
        {"carrier": carrier, "lane": lane, "week": week, "x": float(rng.binomial(n, share)), "n": float(n)}
        for carrier, lanes in _SERVED.items()
        for lane, n in lanes.items()
        for place, week in enumerate(WEEKS)
        for share in [often.get(place, 0.002) if carrier == "CDR" else 0.002]
    ]
    return weekly(rows).assign(ended=0.0, is_judged=lambda table: table["week"] == WEEKS[judged])


@pytest.mark.parametrize("seed", range(8))
def test_what_begins_on_a_friday_is_told_of_who_did_it_and_of_no_lane(seed):
    """Its lanes show the three weeks after it more evenly than the carrier itself shows all four."""
    first, second = (
        [one.scope for one in moved(broken_by_one_carrier(seed, judged), ["carrier", "lane"])]
        for judged in (JUDGED, JUDGED + 1)
    )

    assert first in ([], [{"carrier": ("CDR",)}])
    assert second == [{"carrier": ("CDR",)}] or first == [{"carrier": ("CDR",)}]


def test_more_in_time_than_there_are_is_nothing_to_name():
    """Six parcels, all in time, to which the calendar's part is given back."""
    table = shares(["S001"], 0.95, 6, {}, key="seller")
    table.loc[table["week"] == WEEKS[JUDGED], "x"] = 6.2
    rest = shares(["S002", "S003"], 0.95, 900, {}, key="seller")

    assert moved(pd.concat([table, rest], ignore_index=True), ["seller"]) == []
