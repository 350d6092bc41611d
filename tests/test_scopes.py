"""In which words a part is told: the depot where the others stood still, the country where they did not."""

import numpy as np
import pandas as pd
import pytest

from tallysheet import suspects
from tallysheet.lineup import lineup_of
from tallysheet.scopes import broadened, narrowed
from tallysheet.weeks import IsoWeek, weeks_between

WEEKS = [str(week) for week in weeks_between(IsoWeek(2026, 1), IsoWeek(2026, 30))]
DEPOTS = {"Madrid": "ES", "Sevilla": "ES", "Vigo": "ES", "Lyon": "FR", "Paris": "FR"}
BY = ("carrier", "destination", "destination_country")
COUNTRY = {"carrier": ("ESK",), "destination_country": ("ES",)}
MADRID = {"carrier": ("ESK",), "destination": ("Madrid",)}


def lineup(*hit: str, parcels: int = 300, few: int | None = None, hints=(), **others: float):
    """Line up two carriers in five depots: 300 parcels a week, 90 % on time; in the last week ESK's 60 %.

    In Sevilla and Vigo there may be fewer; of other depots the share on time of ESK's then is given.
    """
    draw, levels = np.random.default_rng(5), dict.fromkeys(hit, 0.6) | others
    rows = [
        (carrier, depot, country, week, draw.binomial(n, level), n, True, week == WEEKS[-1])
        for carrier in ("ESK", "BRV")
        for depot, country in DEPOTS.items()
        for week in WEEKS
        for n in [few if few and depot in ("Sevilla", "Vigo") else parcels]
        for level in [levels.get(depot, 0.9) if (carrier, week) == ("ESK", WEEKS[-1]) else 0.9]
    ]
    columns = [*BY, "week", "x", "n", "is_usual", "is_judged"]
    return lineup_of(pd.DataFrame(rows, columns=columns), BY, "share", 0.01, hints)


def told(found, where):
    nothing = np.zeros(len(found.panel.x), dtype=bool)
    narrow, spell = narrowed(found, where, found.spell(where), nothing)
    return narrow, broadened(found, narrow, spell, nothing), spell.effect


def test_one_depot_is_named_where_the_others_of_its_country_stood_still():
    """Its own size, not that of the country."""
    narrow, broad, effect = told(lineup("Madrid"), COUNTRY)

    assert narrow == broad == MADRID
    assert effect == pytest.approx(-0.3, abs=0.05)


def test_the_country_is_named_where_its_depots_moved_alike():
    """Also if one of them alone is proven."""
    found = lineup("Madrid", "Sevilla", "Vigo")

    assert told(found, COUNTRY)[0] == COUNTRY
    assert told(found, MADRID)[1] == {"carrier": ("ESK",), "destination_country": ("ES",)}


def test_the_country_is_named_where_a_small_depot_only_moved_furthest():
    """None of Vigo's 30 parcels is on time; of Madrid's 300 three in ten more are late than usual."""
    everywhere = lineup("Madrid", "Sevilla", few=30, Vigo=0.0)

    assert told(everywhere, COUNTRY)[0] == COUNTRY
    assert told(lineup(few=30, Vigo=0.0), COUNTRY)[0] == {**MADRID, "destination": ("Vigo",)}


def test_few_parcels_beside_a_depot_are_told_with_it_unless_they_stood_still():
    """Three a week say nothing by themselves; 140 that stood still say otherwise."""
    assert told(lineup("Madrid", "Sevilla", "Vigo", few=3), MADRID)[1] == COUNTRY
    assert told(lineup("Madrid", few=3), MADRID)[1] == COUNTRY
    assert told(lineup("Madrid", parcels=3000, few=140), MADRID)[1] == MADRID


def test_the_country_that_somebody_wrote_down_is_told_with_less_proof():
    """Sixty parcels beside Madrid's moved a quarter as far, which chance does in one week of 20."""
    moved = {"few": 30, "Sevilla": 0.82, "Vigo": 0.82}

    assert told(lineup("Madrid", **moved), MADRID)[1] == MADRID
    assert told(lineup("Madrid", **moved, hints=[COUNTRY]), MADRID)[1] == COUNTRY
    assert told(lineup("Madrid", few=30, hints=[COUNTRY]), MADRID)[1] == MADRID


def test_two_of_three_depots_are_no_single_one():
    """What is left would not have stood still."""
    assert told(lineup("Madrid", "Sevilla"), COUNTRY)[0] == COUNTRY


def test_a_carrier_is_told_by_its_one_depot():
    """As a country is; where all its depots fell, by its name alone."""
    carrier = {"carrier": ("ESK",)}

    assert told(lineup("Madrid"), carrier)[0] == MADRID
    assert told(lineup(*DEPOTS), carrier)[:2] == (carrier, carrier)


def test_a_depot_is_told_by_its_one_carrier():
    """BRV's parcels come there too, as punctually as ever."""
    assert told(lineup("Madrid"), {"destination": ("Madrid",)})[:2] == (MADRID, MADRID)


def test_of_what_is_rare_the_depot_is_named_where_nearly_all_happened():
    """Eighteen of nineteen lost in Madrid; the few that go elsewhere prove nothing."""
    cells = {"Madrid": 900, "Sevilla": 210, "Lyon": 1000, "Paris": 1000}
    rows = [
        (depot, DEPOTS[depot], week, float(lost), n, True, week == WEEKS[-1])
        for order, (depot, n) in enumerate(cells.items())
        for place, week in enumerate(WEEKS)
        for lost in [
            {"Madrid": 18, "Sevilla": 1}.get(depot, 4)
            if week == WEEKS[-1]
            else round(n / 250 + (place + order) % 3 - 1)
        ]
    ]
    columns = [*BY[1:], "week", "x", "n", "is_usual", "is_judged"]
    found = lineup_of(pd.DataFrame(rows, columns=columns), BY[1:], "share", 0.01)

    assert told(found, {"destination_country": ("ES",)})[0] == {"destination": ("Madrid",)}


def test_of_what_is_rare_the_carrier_is_named_where_nearly_all_happened_at_a_depot():
    """Ten of ten lost in Madrid were ESK's; of the 54 that BRV brought there too few are lost to show it."""
    rows = [
        (carrier, depot, DEPOTS[depot], week, float(lost), n, True, week == WEEKS[-1])
        for carrier, n in (("ESK", 91), ("BRV", 54))
        for depot in DEPOTS
        for place, week in enumerate(WEEKS)
        for lost in [10 if (carrier, depot, week) == ("ESK", "Madrid", WEEKS[-1]) else place % 9 == 0]
    ]
    columns = [*BY, "week", "x", "n", "is_usual", "is_judged"]
    found = lineup_of(pd.DataFrame(rows, columns=columns), BY, "share", 0.01)

    assert told(found, {"destination": ("Madrid",)})[:2] == (MADRID, MADRID)


def test_of_what_is_rare_the_depot_stays_named_although_the_lane_holds_the_same_parcels():
    """All that ESK takes from France ends in Madrid, where its parcels from Spain were not touched."""
    cells = [("ESK", "FR-ES", "Madrid", 200), ("ESK", "ES-ES", "Madrid", 400), ("ESK", "ES-ES", "Vigo", 300)]
    cells += [("BRV", "FR-ES", depot, 150) for depot in ("Madrid", "Vigo")]
    rows = [
        (carrier, lane, depot, week, float(lost), n, True, week == WEEKS[-1])
        for order, (carrier, lane, depot, n) in enumerate(cells)
        for place, week in enumerate(WEEKS)
        for lost in [12 if (order, week) == (0, WEEKS[-1]) else (place + order) % 3 == 0]
    ]
    by = ("carrier", "lane", "destination")
    columns = [*by, "week", "x", "n", "is_usual", "is_judged"]
    found = lineup_of(pd.DataFrame(rows, columns=columns), by, "share", 0.01)
    whole = {"carrier": ("ESK",), "lane": ("FR-ES",), "destination": ("Madrid",)}

    assert told(found, whole)[1] == whole


def test_parcels_without_any_history_are_told_with_a_part():
    """One parcel of a seller without a known label says nothing: the seller is told by his name alone."""
    draw = np.random.default_rng(3)
    rows = [
        (
            seller,
            source,
            week,
            draw.binomial(n, 0.5 if (seller, week) == ("S1", WEEKS[-1]) else 0.9),
            n,
            True,
            week == WEEKS[-1],
        )
        for seller in ("S1", "S2", "S3")
        for source in ("backship", "seller_own", "")
        for week in WEEKS
        for n in [
            {"": 1 if week == WEEKS[-1] else 0, "backship": 0 if seller == "S1" else 60}.get(source, 60)
        ]
        if n
    ]
    columns = ["seller", "label_source", "week", "x", "n", "is_usual", "is_judged"]
    found = lineup_of(pd.DataFrame(rows, columns=columns), ["seller", "label_source"], "share", 0.01)

    assert told(found, {"seller": ("S1",), "label_source": ("seller_own",)})[1] == {"seller": ("S1",)}


def test_a_country_is_told_by_the_seller_that_makes_its_move():
    """The largest of 40, which tried now and then, begins; a small one, plainer by itself, did before."""
    draw = np.random.default_rng(7)
    large = {week: 0.10 if place % 5 == 0 else 0.03 for place, week in enumerate(WEEKS)} | {WEEKS[-1]: 0.65}
    small = dict.fromkeys(WEEKS, 0.03) | dict.fromkeys(WEEKS[-3:], 0.65)
    others = dict.fromkeys(WEEKS, 0.03)
    rows = [
        (seller, country, week, draw.binomial(n, levels[week]), n, True, week == WEEKS[-1])
        for country in ("DE", "FR")
        for number in range(40)
        for seller in [f"{country}{number}"]
        for n in [400 if number == 0 else 30]
        for levels in [{"DE0": large, "DE1": small}.get(seller, others)]
        for week in WEEKS
    ]
    columns = ["seller", "country", "week", "x", "n", "is_usual", "is_judged"]
    found = lineup_of(pd.DataFrame(rows, columns=columns), ["country", "seller"], "share", 0.01)

    assert told(found, {"country": ("DE",)})[0] == {"seller": ("DE0",)}


def test_nobody_is_told_more_broadly_by_what_went_the_other_way(monkeypatch):
    """Madrid fell; all of ESK together rose, as its other depots gained more."""
    found = lineup("Madrid", Sevilla=0.999, Vigo=0.999, Lyon=0.999, Paris=0.999)
    assert found.spell({"carrier": ("ESK",)}).effect > 0
    monkeypatch.setattr(suspects, "broadened", lambda *_: {"carrier": ("ESK",)})
    fell = [one for one in suspects.suspects(found, BY) if one.where == MADRID]

    assert [one.spell.effect < -0.2 for one in fell] == [True]


@pytest.mark.parametrize(("own", "by_label"), [(0.80, False), (0.90, True)])
def test_a_carrier_is_told_by_its_labels_only_where_others_of_it_stood_still(own, by_label):
    """Of backship labels 30 points more are late; of sellers' own, which have more days, ten or none."""
    draw, now = np.random.default_rng(11), {"backship": 0.6, "seller_own": own}
    rows = [
        (carrier, label, week, draw.binomial(300, level), 300, True, week == WEEKS[-1])
        for carrier in ("ESK", "BRV", "CDR")
        for label in now
        for week in WEEKS
        for level in [now[label] if (carrier, week) == ("ESK", WEEKS[-1]) else 0.9]
    ]
    columns = ["carrier", "label_source", "week", "x", "n", "is_usual", "is_judged"]
    found = lineup_of(pd.DataFrame(rows, columns=columns), columns[:2], "share", 0.01)
    where = {"carrier": ("ESK",), "label_source": ("backship",)}

    assert told(found, where)[1] == (where if by_label else {"carrier": ("ESK",)})
