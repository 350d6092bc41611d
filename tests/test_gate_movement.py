"""Who moved: a part beyond the rest and beyond its usual wobble, with its weeks and its size."""

import numpy as np
import pandas as pd
import pytest
from gate_tables import CARRIERS, JUDGED, WEEKS, moved, shares, weekly, wobble

from tallysheet import suspects
from tallysheet.gates import movement


def test_a_carrier_that_fell_beyond_the_rest_is_named_with_its_weeks_and_its_size():
    """Ten points for two weeks, of which the rest knows nothing."""
    found = moved(shares(CARRIERS, 0.95, 2000, {"CDR": -0.10}, last=JUDGED + 1), ["carrier"])

    assert [(one.code, one.by, one.scope) for one in found] == [("REAL", "carrier", {"carrier": ("CDR",)})]
    assert (found[0].since, found[0].until) == (WEEKS[JUDGED], WEEKS[JUDGED + 1])
    assert found[0].effect == pytest.approx(-0.10, abs=0.01)
    assert found[0].low < -0.10 < found[0].high


def test_what_has_no_chance_proves_nothing(monkeypatch):
    """Neither large nor small: where it could not be reckoned, nobody is named."""
    monkeypatch.setattr(suspects, "factors_of", lambda _, looked_at: [np.nan] * len(looked_at))

    assert moved(shares(CARRIERS, 0.95, 2000, {"CDR": -0.10}), ["carrier"]) == []


def test_how_much_a_part_moves_the_total_is_known():
    """Ten points of a fifth of the volume are two, of seven that are late; of a tiny part nearly none."""
    large = moved(shares(CARRIERS, 0.95, 2000, {"CDR": -0.10}), ["carrier"])
    rest, tiny = shares(CARRIERS, 0.95, 40_000, {}), shares(["TNY"], 0.95, 2000, {"TNY": -0.08})
    small = moved(pd.concat([rest, tiny], ignore_index=True), ["carrier"])

    assert large[0].weight == pytest.approx(0.02 / 0.07, rel=0.1)
    assert small[0].scope == {"carrier": ("TNY",)}
    assert small[0].weight == pytest.approx(0.08 / 101 / 0.05, rel=0.1)
    assert small[0].weight < 0.02 < large[0].weight


def test_what_trails_off_in_the_week_after_does_not_dilute_the_size():
    """Twenty points in the week itself, eleven in the next: twenty it was, and not fifteen for two."""
    table = shares(CARRIERS, 0.95, 2000, {"CDR": -0.20})
    trails = (table["carrier"] == "CDR") & (table["week"] == WEEKS[JUDGED + 1])
    table.loc[trails, "x"] -= 0.11 * 2000
    found = moved(table, ["carrier"])

    assert (found[0].since, found[0].until) == (WEEKS[JUDGED], WEEKS[JUDGED])
    assert found[0].effect == pytest.approx(-0.20, abs=0.01)


@pytest.mark.parametrize("stepped", [0, 9, 13])
def test_a_level_that_changed_for_good_months_ago_hides_no_later_move(stepped):
    """A depot gained 8 points by a longer promise; weeks later it loses 15 of its own, and is named."""
    table = shares(["Barcelona"], 0.85, 260, {"Barcelona": -0.15}, key="destination")
    places = table["week"].map(WEEKS.index)
    table["x"] += np.where(places >= stepped, 0.08 * 260, 0.0).round()
    rest = shares(["Lyon", "Kassel", "Bologna"], 0.93, 4000, {}, key="destination")

    found = moved(pd.concat([table, rest], ignore_index=True), ["destination"])

    assert [(one.scope, one.since) for one in found] == [({"depot": ("Barcelona",)}, WEEKS[JUDGED])]
    assert found[0].effect == pytest.approx(-0.15, abs=0.02)


@pytest.mark.parametrize("lasted", [1, 3])
@pytest.mark.parametrize("ago", [6, 12, 18])
def test_what_befell_a_part_months_ago_hides_no_later_move(lasted, ago):
    """Ten points less for a week or three, then as before; months later five points less: named again."""
    table = shares(CARRIERS, 0.93, 2500, {"CDR": -0.05})
    places = table["week"].map(WEEKS.index)
    befell = (table["carrier"] == "CDR") & places.between(JUDGED - ago, JUDGED - ago + lasted - 1)
    table.loc[befell, "x"] -= 250

    (found,) = moved(table, ["carrier"])

    assert (found.scope, found.since) == ({"carrier": ("CDR",)}, WEEKS[JUDGED])
    assert found.effect == pytest.approx(-0.05, abs=0.01)


@pytest.mark.parametrize("size", [0.06, 0.10])
def test_a_part_that_often_changes_its_level_is_not_named_when_it_does_once_more(size):
    """Up for three weeks, down for three: that is its usual scatter."""
    table = shares(["Barcelona"], 0.85, 260, {"Barcelona": -size}, key="destination")
    up = (table["week"].map(WEEKS.index) // 3) % 2 == 0
    table["x"] += np.where(up, size * 260, 0.0).round()
    rest = shares(["Lyon", "Kassel", "Bologna"], 0.93, 4000, {}, key="destination")

    assert moved(pd.concat([table, rest], ignore_index=True), ["destination"]) == []


@pytest.mark.parametrize(("size", "names_at_peak"), [(0.034, []), (0.06, [{"carrier": ("CDR",)}])])
def test_at_a_peak_ten_times_the_proof_is_asked_for(size, names_at_peak):
    """Few weeks show how networks scatter then: what is just proven elsewhere names nobody at Christmas."""
    table = shares(CARRIERS, 0.95, 2000, {"CDR": -size})
    at_peak = table.assign(is_usual=~table["is_judged"])

    assert [one.scope for one in moved(table, ["carrier"])] == [{"carrier": ("CDR",)}]
    assert [one.scope for one in moved(at_peak, ["carrier"])] == names_at_peak


def test_what_all_share_names_nobody():
    """Every carrier falls by ten points: no one fell beyond the rest, nor did the only way that all go."""
    table = shares(CARRIERS, 0.95, 2000, dict.fromkeys(CARRIERS, -0.10))

    assert moved(table, ["carrier"]) == []
    assert moved(table.assign(flow="outbound"), ["carrier", "flow"]) == []


def test_a_usual_week_names_nobody():
    """Nothing but wobble."""
    assert moved(shares(CARRIERS, 0.95, 2000, {}), ["carrier"]) == []


def test_what_goes_on_since_last_week_began_then():
    """It is not news of the judged week."""
    table = shares(CARRIERS, 0.95, 2000, {"CDR": -0.10}, last=JUDGED + 1)
    table["is_judged"] = table["week"] == WEEKS[JUDGED + 1]

    assert [one.since for one in moved(table, ["carrier"])] == [WEEKS[JUDGED]]


def test_a_country_in_which_all_carriers_fell_is_named_without_a_carrier():
    """The control is the same carriers elsewhere."""
    tables = [
        shares(CARRIERS, 0.95, 1000, dict.fromkeys(CARRIERS, change)).assign(destination_country=country)
        for country, change in (("FR", -0.2), ("DE", 0.0), ("ES", 0.0), ("IT", 0.0))
    ]
    found = moved(pd.concat(tables, ignore_index=True), ["carrier", "destination_country"])

    assert [(one.by, one.scope) for one in found] == [("external", {"country": ("FR",)})]


def test_sellers_that_moved_alike_are_one_cause():
    """Three of forty."""
    names = [f"S{number:03}" for number in range(40)]
    moving = dict.fromkeys(names[:3], -0.25)
    found = moved(shares(names, 0.95, 600, moving, last=JUDGED + 2, key="seller"), ["seller"])

    assert [(one.by, one.scope) for one in found] == [("seller", {"seller": ("S000", "S001", "S002")})]


def test_two_sellers_of_a_country_are_named_and_not_their_country():
    """A seller in France and two of four in Germany, whose other two stood still."""
    home = {"S000": "FR", "S001": "DE", "S002": "DE", "S003": "DE", "S004": "DE"}
    names = [*home, *(f"S1{number:02}" for number in range(20))]
    moving = dict.fromkeys(["S000", "S001", "S002"], -0.2)
    table = shares(names, 0.95, 650, moving, last=JUDGED + 2, key="seller")
    table["origin_country"] = table["seller"].map(home).fillna("FR")
    found = moved(table, ["seller", "origin_country"])

    assert [one.scope for one in found] == [{"seller": ("S000", "S001", "S002")}]


def test_a_seller_is_not_named_for_the_partner_through_which_others_moved_alike():
    """One large seller of a warehouse fell the most surely; five small ones there fell too.

    Lines of it that were never sent name no partner.
    """
    names = [f"S00{number}" for number in range(1, 6)]
    large = shares(["S000"], 0.95, 650, {"S000": -0.2}, last=JUDGED + 2, key="seller")
    small = shares(names, 0.93, 60, dict.fromkeys(names, -0.12), last=JUDGED + 2, key="seller")
    small["x"] += small["week"].map({week: 1.8 * (-1) ** place for place, week in enumerate(WEEKS)})
    rest = shares([f"S1{number:02}" for number in range(12)], 0.95, 650, {}, key="seller")
    unsent = shares(["S000"], 0.0, 4, {}, key="seller")
    there = pd.concat([large, small]).assign(partner="FP-Main")
    table = pd.concat([there, pd.concat([unsent, rest]).assign(partner="")], ignore_index=True)

    assert [(one.by, one.scope) for one in moved(table, ["seller", "partner"])] == [
        ("fulfilment", {"partner": ("FP-Main",)})
    ]


def test_a_country_is_told_by_the_one_seller_of_it_that_moved():
    """Of six Spanish sellers one left and a small one began; one of sixty French ones left: no news."""
    spanish, french = [f"S0{number:02}" for number in range(6)], [f"S1{number:02}" for number in range(60)]
    tables = [
        shares(names, level, units, moving, last=JUDGED + 2, key="seller").assign(country=country)
        for country, names, level, units, moving in (
            ("ES", spanish, 0.8, 200, {"S000": -0.6}),
            ("ES", ["S900"], 0.05, 30, {"S900": 0.94}),
            ("FR", french, 0.8, 100, {"S100": -0.7}),
        )
    ]
    (found,) = moved(pd.concat(tables, ignore_index=True), ["country"])

    assert (found.by, found.scope, found.perhaps) == ("seller", {"seller": ("S000",)}, ())


def test_a_seller_that_moved_alike_but_holds_too_little_is_told_as_perhaps():
    """Two of 600 parcels a week are proven; of the third there are 40, and no other moved."""
    names = [f"S{number:03}" for number in range(20)]
    sure = shares(names, 0.95, 600, dict.fromkeys(names[:2], -0.2), last=JUDGED + 2, key="seller")
    small = shares(["S100"], 0.95, 40, {"S100": -0.13}, last=JUDGED + 2, key="seller")
    found = moved(pd.concat([sure, small], ignore_index=True), ["seller"])

    assert [(one.scope, one.perhaps) for one in found] == [({"seller": ("S000", "S001")}, ("S100",))]


def test_the_interval_of_a_share_near_one_has_room_below():
    """Two late of eighty a week before, thirteen of eighty in three weeks."""
    table = shares(["FP-Main"], 0.98, 80, {"FP-Main": -0.14}, last=JUDGED + 2, key="partner")
    rest = shares(["FP-Loire", "FP-Tajo"], 0.98, 2000, {}, key="partner")
    found = moved(pd.concat([table, rest], ignore_index=True), ["partner"])

    assert [one.scope for one in found] == [{"partner": ("FP-Main",)}]
    assert found[0].effect - found[0].low > 1.2 * (found[0].high - found[0].effect)
    assert found[0].high < 0


def test_hardly_any_late_is_held_against_what_was_usual():
    """Of 82 eight were late a week, and one now: so few come by chance one time in a hundred."""
    table = shares(["S028"], 0.91, 82, {"S028": 0.08}, key="seller")
    rest = shares(["S100", "S101"], 0.95, 6000, {}, key="seller")

    assert moved(pd.concat([table, rest], ignore_index=True), ["seller"], [{"seller": ("S028",)}]) == []


def test_a_place_in_the_log_does_not_make_its_sellers_suspect():
    """Six points of a seller's 600 parcels: that duties changed where it lives proves nothing."""
    table = shares([f"S00{number}" for number in range(5)], 0.95, 600, {"S003": -0.06}, key="seller")
    table["origin_country"] = table["seller"].map({"S003": "US"}).fillna("FR")
    by, there = ["seller", "origin_country"], {"origin_country": ("US",)}

    assert moved(table.copy(), ["seller"], [{"seller": ("S003",)}]) != []
    assert all("seller" not in one.scope for one in moved(table, by, [there]))


def test_what_the_log_names_needs_less_proof():
    """Five points of 600 parcels a week are named only because somebody wrote down where to look."""
    table = shares(CARRIERS, 0.95, 600, {"ESK": -0.05})

    assert [one.scope for one in moved(table.copy(), ["carrier"], [{"carrier": ("ESK",)}])] == [
        {"carrier": ("ESK",)}
    ]
    assert moved(table.copy(), ["carrier"], [{"carrier": ("ALT",)}]) == []
    assert moved(table, ["carrier"]) == []


@pytest.mark.parametrize(
    ("slower", "named"),
    [
        ({"Loire": 11.0}, [{"partner": ("Loire",)}]),
        ({"Main": -2.0, "Tajo": -2.0}, [{"partner": ("Main", "Tajo")}]),
    ],
)
def test_a_partner_that_holds_most_is_named_where_it_moved_itself_and_not_where_the_rest_did(slower, named):
    """Beside two that were quicker the third, through which most goes, seems slower."""
    sized = [shares(list(_PARTNERS), 9.0, n, slower, key="partner") for n in _PARTNERS.values()]
    partners = [table[table["partner"] == name] for table, name in zip(sized, _PARTNERS, strict=True)]
    table = pd.concat(partners, ignore_index=True)
    table.attrs = {"by": ["partner"], "kind": "amount", "hints": [], "week": WEEKS[JUDGED]}

    assert [one.scope for one in movement.moved(table)] == named


@pytest.mark.parametrize("later", [0, 1])
def test_a_lane_on_which_one_carrier_took_what_another_lost_is_not_said_to_have_grown(later):
    """On two lanes FNH keeps four in ten of what it had: without FNH they grew, without DVP they shrank."""
    parcels = {"DE-DE": 2200, "DE-IT": 400, "FR-FR": 4200, "ES-ES": 1500, "IT-IT": 1000}
    usual = {"FNH": 0.62, "DVP": 0.28, "ALT": 0.10}
    swapped = {"FNH": 0.25, "DVP": 0.65, "ALT": 0.10}
    table = weekly(
        [
            {"lane": lane, "carrier": carrier, "week": week, "x": x}
            for order, (lane, n) in enumerate(parcels.items())
            for place, week in enumerate(WEEKS)
            for number, carrier in enumerate(usual)
            for share in [(swapped if lane[:2] == "DE" and place >= JUDGED else usual)[carrier]]
            for x in [share * n * (1 + wobble(place + 3 * order + number, 0.02))]
        ]
    )
    table = table.assign(n=table["x"], ended=table["x"], is_judged=table["week"] == WEEKS[JUDGED + later])
    table.attrs = {"by": ["carrier", "lane"], "kind": "sum", "hints": []}
    found = movement.moved(table)

    assert later or {name for one in found for name in one.scope["carrier"]} == {"DVP", "FNH"}
    assert all("carrier" in one.scope for one in found), [one.scope for one in found]


@pytest.mark.parametrize(
    ("grown", "scope"),
    [
        (("DE-IT", "FR-IT", "IT-IT"), {"country": ("IT",)}),
        (("FR-IT", "IT-IT"), {"lane": ("FR-IT", "IT-IT")}),
        (("ES-ES",), {"lane": ("ES-ES",)}),
    ],
)
def test_all_lanes_to_a_country_are_told_as_that_country(grown, scope):
    """Half as many parcels again; where one of three lanes stood still, the lanes are named."""
    parcels = {"FR-FR": 4000, "DE-DE": 3000, "ES-ES": 1500, "IT-IT": 900, "FR-IT": 800, "DE-IT": 700}
    rows = [
        {"lane": lane, "week": week, "x": times * n + wobble(place + 3 * order, 0.02 * n)}
        for order, (lane, n) in enumerate(parcels.items())
        for place, week in enumerate(WEEKS)
        for times in [1.5 if lane in grown and place == JUDGED else 1.0]
    ]
    table = weekly(rows).assign(n=lambda table: table["x"], ended=lambda table: table["x"])
    table.attrs = {"by": ["lane"], "kind": "sum", "hints": []}

    assert [one.scope for one in movement.moved(table)] == [scope]


@pytest.mark.parametrize(("claims", "named"), [(1, []), (30, [{"carrier": ("ALT",)}])])
def test_one_claim_that_took_long_names_no_carrier(claims, named):
    """A claim a week, which one week took 90 days; thirty of them are no chance."""
    table = shares(CARRIERS, 17.0, 40, {})
    own = table["carrier"] == "ALT"
    days = [(13.5, 3.5, 2.5, 1.5, 6.5, 4.0, 15.5, 11.5)[place % 8] for place in range(len(WEEKS))]
    days[JUDGED] = 90
    table.loc[own, "n"] = claims
    table.loc[own, "x"] = [claims * one for one in days]
    table.attrs = {"by": ["carrier"], "kind": "amount", "hints": [], "week": WEEKS[JUDGED]}

    assert [one.scope for one in movement.moved(table)] == named


_PARTNERS = {"Loire": 1500, "Main": 600, "Tajo": 400}


def test_who_stood_still_beside_a_large_part_that_moved_is_not_named():
    """The largest country, which wobbles most, rose step by step; the others fell only beside it."""
    table = shares(["DE", "ES", "FR", "IT"], 0.1, 1500, {}, key="country")
    is_large = table["country"] == "DE"
    table.loc[is_large, "x"] = [150 + 1500 * wobble(3 * place // 2, 0.02) for place in range(len(WEEKS))]
    for after, rise in {-1: 0.06, 0: 0.2, 1: 0.3, 2: 0.38}.items():
        table.loc[is_large & (table["week"] == WEEKS[JUDGED + after]), "x"] += 1500 * rise
    table.loc[is_large, ["x", "n"]] *= 3

    assert [one.scope for one in moved(table, ["country"])] == [{"country": ("DE",)}]


def test_a_service_that_one_carrier_alone_runs_is_told_by_the_carrier():
    """Relay parcels are all one carrier's, and all of that lane go through one depot."""
    tables = []
    for carrier, service, depot in (
        ("CDR", "pudo", "Bologna"),
        ("BRV", "home", "Bologna"),
        ("ALT", "home", "Lyon"),
    ):
        table = shares(["FR-IT", "FR-FR"], 0.95, 900, {"FR-IT": -0.2 * (carrier == "CDR")}, key="lane")
        tables.append(table.assign(carrier=carrier, service=service, destination=depot))
    found = moved(pd.concat(tables, ignore_index=True), ["service", "lane", "carrier", "destination"])

    assert [one.by for one in found] == ["carrier"]
    assert found[0].scope["carrier"] == ("CDR",)
    assert "service" not in found[0].scope
