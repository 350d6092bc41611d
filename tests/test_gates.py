"""Each gate by hand: one table in, what it finds out."""

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from tallysheet.evidence import Evidence, came_twice
from tallysheet.findings import Finding, by_whom, scope_of
from tallysheet.gates import bills, context, legs, money, movement, quality
from tallysheet.kpis import kpi
from tallysheet.lineup import lineup_of
from tallysheet.scopes import narrowed
from tallysheet.verdict import GATES, Verdict, as_frame, cut_together, event_of, news
from tallysheet.weeks import IsoWeek

WEEKS = [f"2026-W{number:02}" for number in range(1, 31)]
JUDGED = 26
"""Position of the judged week; three more are known."""


def weekly(rows: list[dict]) -> pd.DataFrame:
    """Mark the weeks of a table as gates expect it."""
    table = pd.DataFrame(rows)
    return table.assign(is_usual=True, is_judged=table["week"] == WEEKS[JUDGED])


def wobble(place: int, size: float) -> float:
    """Give a small deterministic noise that averages out."""
    return size * (0, 1, -1, 2, -2, 1, 0, -1)[place % 8]


def shares(
    names: list[str], level: float, n: int, moved: dict[str, float], last: int = JUDGED, key="carrier"
):
    """Lay out parts that stand at a level, of which some move from the judged week to the last."""
    rows = []
    for order, name in enumerate(names):
        for place, week in enumerate(WEEKS):
            change = moved.get(name, 0.0) if JUDGED <= place <= last else 0.0
            x = round(n * (level + change + wobble(place + 3 * order, 0.004)))
            rows.append({key: name, "week": week, "x": float(x), "n": float(n), "ended": float(n)})
    return weekly(rows)


def ending_in(judged: str) -> dict[str, str]:
    """Give other weeks for those of a table, of which the judged one is this."""
    first = IsoWeek.parse(judged).shift(-JUDGED)
    return {week: str(first.shift(place)) for place, week in enumerate(WEEKS)}


CARRIERS = ["ALT", "BRV", "CDR", "DVP", "ESK"]


def moved(table: pd.DataFrame, by: list[str], hints=()) -> list[Finding]:
    table.attrs = {"by": by, "kind": "share", "hints": list(hints)}
    return movement.moved(table)


def test_a_carrier_that_fell_beyond_the_rest_is_named_with_its_weeks_and_its_size():
    """Ten points for two weeks, of which the rest knows nothing."""
    found = moved(shares(CARRIERS, 0.95, 2000, {"CDR": -0.10}, last=JUDGED + 1), ["carrier"])

    assert [(one.code, one.by, one.scope) for one in found] == [("REAL", "carrier", {"carrier": ("CDR",)})]
    assert (found[0].since, found[0].until) == (WEEKS[JUDGED], WEEKS[JUDGED + 1])
    assert found[0].effect == pytest.approx(-0.10, abs=0.01)
    assert found[0].low < -0.10 < found[0].high


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


def around_black_friday(came: float) -> pd.DataFrame:
    """Two weeks of which an earlier year led to expect four points less, and what came."""
    weeks = [f"2025-W{number:02}" for number in range(20, 50)]
    rows = []
    for place, week in enumerate(weeks):
        is_peak = place >= 28
        deviation = came if is_peak else wobble(place, 0.002)
        rows.append(
            {
                **{"week": week, "value": 0.95 + deviation, "deviation": deviation, "country": ""},
                **{"expected": -0.04 if is_peak else 0.0, "known": "history" if is_peak else "ordinary"},
                **{"peak": "black friday" if is_peak else "", "limit": 0.01, "is_usual": not is_peak},
                **{"adjusted": 0.95 + deviation + 0.04 * is_peak, "is_judged": place == 28},
            }
        )
    return pd.DataFrame(rows)


def test_this_peak_and_the_earlier_ones_are_two_looks_at_what_a_peak_does():
    """Four points were to come and six came: five, give or take twice the point between."""
    (found,) = context.calendar(around_black_friday(-0.06))

    assert (found.code, found.scope, found.until) == ("CALENDAR", {}, "2025-W49")
    assert found.effect == pytest.approx(-0.05)
    assert (found.low, found.high) == pytest.approx((-0.05 - 0.01959964, -0.05 + 0.01959964))


def test_a_peak_goes_on_in_its_second_week():
    """The week after Black Friday is no news, and no riddle either."""
    table = around_black_friday(-0.06)
    (first,) = context.calendar(table)
    table["is_judged"] = table["week"] == "2025-W49"
    (second,) = context.calendar(table)

    assert second == first
    assert (second.since, second.until) == ("2025-W48", "2025-W49")


def test_what_a_peak_brought_beyond_twice_the_expected_is_not_the_calendars():
    """Four points were to come, ten came: four are the calendar's, six are left over."""
    (found,) = context.calendar(around_black_friday(-0.10))

    assert found.effect == pytest.approx(-0.04)
    assert dict(found.ruled_out)["left_over"] == pytest.approx(-0.06)


def days_of_carriers_and_lanes(rise: float, lane: str = "FR-FR") -> pd.DataFrame:
    """Lay out days of which those of a lane rose, and with them a part of its carrier's."""
    tables = []
    for key, names, moving in (
        ("carrier", CARRIERS, {"BRV": 0.6 * rise}),
        ("lane", ["FR-FR", "DE-DE", "ES-ES", "IT-IT", "GB-GB"], {lane: rise}),
    ):
        tables.append(shares(names, 2.3, 1500, moving, key=key))
    table = pd.concat(tables, ignore_index=True)
    table.attrs = {"by": ["carrier", "lane"], "kind": "amount", "hints": [], "week": WEEKS[JUDGED]}
    return table


def test_a_carrier_is_not_blamed_for_the_lane_that_it_serves_most():
    """Days of a lane rose by 0.7; its carrier, which has other lanes too, shows a part of it."""
    (found,) = movement.moved(days_of_carriers_and_lanes(0.7))

    assert (found.code, found.by, found.scope) == ("REAL", "external", {"lane": ("FR-FR",)})


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
    ("week", "rise", "code"),
    [("2026-W14", 0.7, "CALENDAR"), ("2026-W14", -0.7, "REAL"), ("2026-W11", 0.7, "REAL")],
)
def test_days_that_rose_where_there_were_holidays_are_the_calendars(week, rise, code):
    """Round Easter parcels take longer in France; shorter they are for another reason."""
    table = days_of_carriers_and_lanes(rise)
    table.attrs["week"] = week
    (found,) = movement.moved(table)

    assert (found.code, found.scope) == (code, {"lane": ("FR-FR",)})
    assert found.by == ("workdays" if code == "CALENDAR" else "external")


@pytest.mark.parametrize("is_routine", [True, False])
def test_days_off_are_told_where_they_took_a_kpi_out_of_its_range_or_lie_beside_somebodys_doing(is_routine):
    """In the week before 14 July parcels to France take a day longer, every year: by itself no news."""
    off = Finding("CALENDAR", {"lane": ("FR-FR",)}, "workdays", 1.0)
    strike = Finding("REAL", {"lane": ("FR-FR", "DE-FR")}, "external", 2.0)
    peak = Finding("CALENDAR", {}, "", -0.05)

    assert news([off], lambda: is_routine) == ([] if is_routine else [off])
    assert news([off, strike, peak], lambda: is_routine) == [off, strike, peak]


@pytest.mark.parametrize(("week", "named"), [("2026-W14", []), ("2026-W11", [{"carrier": ("BRV",)}])])
def test_a_carrier_is_not_slow_because_most_of_its_parcels_went_where_there_were_holidays(week, named):
    """France has most of all parcels, so that nothing is usual beside it; BRV delivers there alone."""
    lanes = [
        shares(["FR-FR"], 2.3, 6000, {"FR-FR": 0.6}, key="lane"),
        shares(["DE-DE"], 2.3, 1500, {}, key="lane"),
    ]
    carriers = shares(CARRIERS, 2.3, 1500, {"BRV": 0.5}, key="carrier")
    table = pd.concat([carriers, *lanes], ignore_index=True)
    table.attrs = {"by": ["carrier", "lane"], "kind": "amount", "hints": [], "week": week}

    assert [one.scope for one in movement.moved(table)] == named


@pytest.mark.parametrize(("week", "named"), [("2026-W14", []), ("2026-W11", [{"partner": ("Main",)}])])
def test_a_partner_is_not_slow_because_all_that_it_sends_to_has_holidays(week, named):
    """Round Easter parcels to Germany, Great Britain and the Netherlands take a day longer."""
    lanes = {"DE-DE": 1.1, "GB-GB": 1.0, "NL-NL": 1.1, "US-US": 0.0, "CN-CN": 0.0}
    tables = [
        shares(["Main", "Loire", "Tajo"], 2.3, 1000, {"Main": 0.9}, key="partner"),
        shares([*lanes], 2.3, 300, lanes, key="lane"),
    ]
    table = pd.concat(tables, ignore_index=True)
    table.attrs = {"by": ["partner", "lane"], "kind": "amount", "hints": [], "week": week}
    table["week"] = table["week"].map(ending_in(week))

    assert [one.scope for one in movement.moved(table) if "partner" in one.scope] == named


@pytest.mark.parametrize(("judged", "named"), [("2026-W28", []), ("2026-W11", [{"carrier": ("FNH",)}])])
def test_a_carrier_is_not_quick_because_others_have_holidays_and_its_country_had_some(judged, named):
    """Before 14 July all but FNH are slow, who delivers in Germany, which is as quick as before Ascension."""
    tables = [
        shares([*CARRIERS, "FNH"], 2.3, 1500, dict.fromkeys(CARRIERS, 0.3) | {"FNH": -0.35}),
        shares(["FR-FR"], 2.3, 6000, {"FR-FR": 0.2}, key="lane"),
        shares(["DE-DE"], 2.3, 1600, {"DE-DE": -0.34}, key="lane"),
    ]
    table = pd.concat(tables, ignore_index=True)
    table["week"] = table["week"].map(ending_in(judged))
    table.attrs = {"by": ["carrier", "lane"], "kind": "amount", "hints": [], "week": judged}

    assert [one.scope for one in movement.moved(table) if "carrier" in one.scope] == named


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


@pytest.mark.parametrize(("week", "named"), [("2026-W20", []), ("2026-W11", [{"lane": ("ES-ES",)}])])
def test_a_lane_without_holidays_is_not_quicker_because_others_had_some(week, named):
    """Round Ascension parcels take longer in France, Germany and Great Britain, not in Spain and Italy."""
    table = days_of_carriers_and_lanes(-0.7, "ES-ES")
    table.attrs["week"] = week

    assert [one.scope for one in movement.moved(table)] == named


@pytest.mark.parametrize(
    ("week", "arrived", "named"),
    [
        ("2026-W20", 0.55, []),
        ("2026-W20", 1.0, [{"lane": ("FR-FR",)}]),
        ("2026-W11", 0.55, [{"lane": ("FR-FR",)}]),
    ],
)
def test_a_place_is_not_quick_where_days_off_kept_what_is_slow_from_arriving(week, arrived, named):
    """Of the week of Ascension half has arrived by Sunday: the quick half."""
    table = days_of_carriers_and_lanes(-0.7)
    table.loc[(table["lane"] == "FR-FR") & table["is_judged"], ["x", "n"]] *= arrived
    table["week"] = table["week"].map(ending_in(week))
    table.attrs["week"] = week

    assert [one.scope for one in movement.moved(table)] == named


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


def without_holidays(table: pd.DataFrame, week: str, **effects: float) -> pd.DataFrame:
    """Give both sides by week of what is left without a holiday in the only country there is."""
    evidence = Evidence.__new__(Evidence)
    evidence.leaves = lambda slug, by: table
    evidence.holidays = lambda slug: pd.DataFrame(
        {"week": [IsoWeek.parse(week)], "country": table["destination_country"].iloc[0]} | effects
    ).assign(by="destination_country")
    return evidence.calm_leaves("otd", ("carrier", "destination_country")).groupby("week")[["x", "n"]].sum()


def test_a_holiday_that_took_less_than_usual_makes_nobody_better():
    """2 points less on time where 3.5 were to be expected: nothing is left that somebody made better."""
    table = shares(CARRIERS, 0.95, 1000, {}).assign(destination_country="DE")
    week = WEEKS[JUDGED]
    table.loc[table["week"] == week, "x"] -= 20
    calm = without_holidays(table, week, expected=-0.035, holidays=-0.035, deviation=-0.02)

    assert calm["x"][week] == pytest.approx(table["x"][table["week"] == week].sum() + 0.02 * calm["n"][week])


@pytest.mark.parametrize(("came", "taken_off"), [(-0.11, 0.04), (-0.06, 0.01), (-0.03, 0.0)])
def test_a_holiday_in_the_week_of_black_friday_is_nobodys_doing(came, taken_off):
    """Thanksgiving: of 9 points, 5 are the peak's, which is everybody's, and 4 at most are the holiday's."""
    table = shares(CARRIERS, 0.95, 1000, {}).assign(destination_country="US")
    week = str(IsoWeek.parse("2025-W48"))
    table["week"] = table["week"].replace({WEEKS[JUDGED]: week})
    calm = without_holidays(table, week, expected=-0.09, holidays=-0.04, deviation=came)

    assert calm["x"][week] == pytest.approx(
        table["x"][table["week"] == week].sum() + taken_off * calm["n"][week]
    )


def test_days_off_at_christmas_that_took_less_than_as_many_others_make_nobody_better():
    """Two days take 7 points, but at Christmas 3 in all: where 3 were lost, 3 are put down to them, not 7."""
    table = shares(CARRIERS, 0.95, 1000, {}).assign(destination_country="DE")
    week = str(IsoWeek.parse("2025-W52"))
    table["week"] = table["week"].replace({WEEKS[JUDGED]: week})
    table.loc[table["week"] == week, "x"] -= 30
    calm = without_holidays(table, week, expected=-0.03, holidays=-0.07, deviation=-0.03)

    assert calm["x"][week] == pytest.approx(0.95 * calm["n"][week], rel=0.002)


def test_what_moves_between_carriers_is_no_more_and_no_less_that_is_shipped():
    """Three in ten go from one carrier to the other on a lane: the mix tells it, and of shipments nothing."""
    rows = exchanged(0.3).assign(flow="outbound", x=lambda table: table["shipped_n"])
    rows = rows.assign(n=rows["x"], ended=rows["x"])

    def leaves(slug: str, by: Sequence[str]) -> pd.DataFrame:
        return rows.groupby([*by, "week", "is_usual", "is_judged"], as_index=False)[["x", "n", "ended"]].sum()

    evidence = SimpleNamespace(
        dimensions=lambda one: ["lane", "carrier", "flow"],
        leaves=leaves,
        calm_leaves=leaves,
        log=pd.DataFrame(),
        week=WEEKS[JUDGED],
    )
    assert movement.moved(movement.parts(evidence, kpi("shipments"))) == []


def test_volume_that_is_not_seen_has_not_moved(monkeypatch):
    """A carrier whose scans are missing is left out of the mix: the other did not gain its parcels."""
    rows = exchanged(0.3).assign(flow="outbound", is_usual=True)
    columns = ["lane", "carrier", "week", "flow", "is_usual", "is_judged"]
    evidence = SimpleNamespace(
        has=lambda *facts: True,
        fact=lambda name, by: rows[[*columns, "shipped_n"]],
        leaves=lambda slug, by: rows[[*columns, "x", "n"]],
        calm=rows[["week", "is_usual", "is_judged"]].drop_duplicates(),
    )
    for hidden in ([], ["CDR"]):
        monkeypatch.setattr(money, "unseen", lambda evidence, hidden=hidden: hidden)
        found = money.mix(money.volumes(evidence, kpi("otd")))
        assert bool(found) is not bool(hidden)


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


def exchanged(moving: float) -> pd.DataFrame:
    """Two carriers of a lane, one better than the other, between which volume moves."""
    rows = []
    for lane, moves in (("FR-FR", moving), ("DE-DE", 0.0)):
        for place, week in enumerate(WEEKS):
            share = 0.75 - moves * (place >= JUDGED) + wobble(place, 0.003)
            for carrier, part, rate in (("BRV", share, 0.95), ("CDR", 1 - share, 0.88)):
                n = round(2000 * part)
                row = {"lane": lane, "carrier": carrier, "week": week, "shipped_n": n, "n": float(n)}
                rows.append({**row, "x": n * rate, "limit": 0.0015})
    return weekly(rows)


def test_volume_that_moves_to_a_worse_carrier_is_mix_and_nobodys_fault():
    """19 points of the volume times seven points between the two."""
    found = money.mix(exchanged(0.19))

    assert [(one.code, one.scope) for one in found] == [
        ("MIX", {"lane": ("FR-FR",), "carrier": ("BRV", "CDR")})
    ]
    assert found[0].effect == pytest.approx(-0.19 * 0.07, abs=0.0005)


@pytest.mark.parametrize(("points", "parcels"), [(0.12, 120), (0.10, 60)])
def test_a_small_lane_on_which_the_same_carriers_gained_and_lost_is_told_too(points, parcels):
    """Beside 2,000 parcels a week of the lane that proves it; a small one that stood still is not."""
    tables = [exchanged(0.19)]
    for lane, moves in (("FR-BE", points), ("DE-AT", 0.0)):
        small = exchanged(moves)
        small = small[small["lane"] == "FR-FR"].assign(lane=lane)
        for name in ("shipped_n", "x", "n"):
            small[name] = (small[name] * parcels / 2000).round()
        tables.append(small)

    (found,) = money.mix(pd.concat(tables, ignore_index=True))
    assert found.scope["lane"] == ("FR-BE", "FR-FR")
    assert found.perhaps == ()


def test_a_first_week_under_way_does_not_end_the_move_with_it():
    """In the first of three weeks two others still take half of what one loses and another gains then."""
    lost, gained = (0.14, 0.19, 0.19), (0.07, 0.19, 0.19)
    rows = []
    for place, week in enumerate(WEEKS):
        now = place - JUDGED if 0 <= place - JUDGED < 3 else None
        less, more = (0.0, 0.0) if now is None else (lost[now], gained[now])
        shares = {"BRV": 0.55 - less + wobble(place, 0.003), "CDR": 0.20 + more}
        shares |= dict.fromkeys(("ALT", "FNH"), (1 - sum(shares.values())) / 2)
        for carrier, rate in (("BRV", 0.95), ("CDR", 0.88), ("ALT", 0.92), ("FNH", 0.92)):
            n = float(round(2000 * shares[carrier]))
            row = {"lane": "FR-FR", "carrier": carrier, "week": week, "shipped_n": n, "n": n}
            rows.append({**row, "x": n * rate, "limit": 0.0015})

    (found,) = money.mix(weekly(rows))
    assert (found.scope["carrier"], found.until) == (("BRV", "CDR"), WEEKS[JUDGED + 2])
    assert found.effect == pytest.approx(-0.19 / 0.75 * 0.07, abs=0.001)  # of what the two carry


def test_the_interval_of_a_mix_is_as_wide_as_the_weeks_scatter():
    """One parcel in fifty lost, 400 euro each: what the dearer carrier costs is known from few parcels."""
    held = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        table = exchanged(0.19).assign(limit=0.05)
        lost = rng.poisson(table["n"] * table["carrier"].map({"BRV": 0.002, "CDR": 0.02}))
        (found,) = money.mix(table.assign(x=400.0 * lost))
        held += found.low <= 0.19 * 400 * (0.02 - 0.002) <= found.high

    assert 85 <= held < 100  # twelve weeks tell their own scatter a little too small


def test_a_mix_that_may_as_well_have_done_nothing_is_not_told():
    """Both carriers lose as much, with luck: the weeks of one of them say nothing of it."""
    table = exchanged(0.19).assign(limit=0.05)
    lost = np.random.default_rng(1).poisson(table["n"] * 0.004)

    assert money.mix(table.assign(x=400.0 * lost)) == []


def test_a_carrier_of_which_one_week_is_known_scatters_as_the_others():
    """Two weeks of 3 and 5 in 10 lie one from their 4: twice one tenth, and one week less to spare."""
    rows = pd.DataFrame(
        {"carrier": ["BRV", "BRV", "ESK"], "week": WEEKS[:3], "x": [3.0, 5.0, 9.0], "n": [10.0, 10.0, 10.0]}
    )

    variances = money._unit_variances(rows, ["carrier"], "carrier")
    assert variances.to_dict() == pytest.approx({"BRV": 0.2, "ESK": 0.2})


def test_where_no_week_tells_its_scatter_no_mix_is_sure():
    rows = pd.DataFrame({"carrier": ["BRV", "CDR"], "week": WEEKS[:2], "x": 1.0, "n": 2.0})
    (nothing,) = money._unit_variances(rows, ["carrier"], "carrier").unique()

    assert math.isnan(nothing)
    assert not money._is_sure(-1.0, nothing, pd.DataFrame({"limit": [0.05]}))


def test_volume_that_stays_is_no_mix():
    """Shares wobble by less than a point."""
    assert money.mix(exchanged(0.0)) == []


def charged(changes: dict[str, dict[str, float]]) -> pd.DataFrame:
    """Carriers at 5 euro with 10 % fuel and 20 cents of surcharges; some change from the judged week on."""
    rows = []
    for carrier in CARRIERS:
        for place, week in enumerate(WEEKS):
            change = changes.get(carrier, {}) if place >= JUDGED else {}
            base = 500 * (1 + change.get("base", 0.0)) + wobble(place, 0.2)
            fuel = base * (0.10 + change.get("fuel", 0.0))
            extra = 20 + 100 * change.get("surcharge", 0.0) + wobble(place, 0.1)
            cents = {"base_cents": base * 400, "fuel_cents": fuel * 400, "extra_cents": extra * 400}
            rows.append(
                {
                    **{"carrier": carrier, "lane": "FR-FR", "flow": "outbound", "service": "home"},
                    "is_share": False,
                    **{"weight_band": "0-1 kg", "label_source": "backship", "week": week},
                    **{"parcels_n": 400, "invoiced_n": 400, "cost_cents": sum(cents.values())},
                    **cents,
                }
            )
    return weekly(rows)


def test_a_dearer_base_is_a_price_of_that_carrier():
    """4.9 % of 5 euro; the fuel on it grows with it and is no price of its own."""
    found = money.price(charged({"BRV": {"base": 0.049}}))

    assert [(one.by, one.scope) for one in found] == [("base", {"carrier": ("BRV",)})]
    assert found[0].effect == pytest.approx(0.245, abs=0.005)


@pytest.mark.parametrize(("later", "since"), [(0, [JUDGED]), (1, [JUDGED]), (3, [JUDGED]), (4, [])])
def test_a_price_is_told_in_the_three_weeks_after_too(later, since):
    """The week after must not say that nobody knows why parcels are dearer; later it is what is usual."""
    table = charged({"BRV": {"base": 0.049}})
    weeks = [*WEEKS, *(f"2026-W{number}" for number in range(31, 36))]
    table = pd.concat([table, *(table[table["week"] == WEEKS[-1]].assign(week=week) for week in weeks[30:])])
    found = money.price(table.assign(is_judged=table["week"] == weeks[JUDGED + later]))

    assert [one.since for one in found] == [weeks[place] for place in since]
    assert all(one.effect == pytest.approx(0.245, abs=0.005) for one in found)


def test_a_fee_of_a_peak_of_two_weeks_is_told_once():
    """Weeks of a peak are no base for others; the second has the fee of the first."""
    table = charged({name: {"surcharge": 0.5} for name in CARRIERS})
    peak = WEEKS[JUDGED : JUDGED + 2]
    table = table.assign(is_usual=~table["week"].isin(peak), is_judged=table["week"] == peak[1])
    table = table[table["week"] <= peak[1]]

    assert [(one.by, one.since, one.until) for one in money.price(table)] == [("surcharge", *peak)]


def test_one_parcel_that_is_billed_first_is_no_price_of_its_carrier():
    """In the judged week only one of BRV's 401 parcels has a bill, a heavy one with a surcharge of 6.50."""
    table = charged({})
    heavy = table[table["carrier"] == "BRV"].assign(weight_band="5-10 kg", parcels_n=1, invoiced_n=1)
    heavy = heavy.assign(base_cents=1466, fuel_cents=147, extra_cents=20, cost_cents=1633)
    heavy.loc[heavy["week"] == WEEKS[JUDGED], "extra_cents"] = 650
    cents = ["base_cents", "fuel_cents", "extra_cents", "invoiced_n"]
    table.loc[(table["carrier"] == "BRV") & (table["week"] == WEEKS[JUDGED]), cents] = 0

    assert money.price(pd.concat([table, heavy], ignore_index=True)) == []


def test_fuel_of_nearly_all_carriers_is_everybodys():
    """Five points of 5 euro."""
    found = money.price(charged({name: {"fuel": 0.05} for name in CARRIERS[1:]}))

    assert [(one.by, one.scope) for one in found] == [("fuel", {})]
    assert found[0].effect == pytest.approx(0.8 * 0.25, abs=0.01)


@pytest.mark.parametrize(("later", "size"), [(0, 0.44), (1, 1.0), (2, 1.0)])
def test_fuel_that_is_dearer_from_a_wednesday_on_is_told_in_that_week_and_whole_in_the_next(later, size):
    """Of the first week 44 in 100 parcels paid it: that week named nobody once the next was known."""
    table = charged({name: {"fuel": 0.05} for name in CARRIERS})
    first = table["week"] == WEEKS[JUDGED]
    table.loc[first, "fuel_cents"] -= 0.56 * 0.05 * table.loc[first, "base_cents"]
    found = money.price(table.assign(is_judged=table["week"] == WEEKS[JUDGED + later]))

    assert [(one.by, one.scope, one.since) for one in found] == [("fuel", {}, WEEKS[JUDGED + min(later, 1)])]
    assert found[0].effect == pytest.approx(size * 0.25, abs=0.01)


def test_fuel_of_all_carriers_is_one_cause_where_one_of_them_proves_it_less():
    """BRV's fuel wobbles by a tenth; it is told with all others, but not beside two carriers alone."""

    def wobbling(names: list[str]) -> pd.DataFrame:
        table = charged({name: {"fuel": 0.05} for name in names})
        times = 1 + table["week"].map({week: wobble(place, 0.08) for place, week in enumerate(WEEKS)})
        fuel = table["fuel_cents"] * times
        return table.assign(fuel_cents=table["fuel_cents"].where(table["carrier"] != "BRV", fuel))

    assert [one.scope for one in money.price(wobbling(CARRIERS[1:]))] == [{}]
    assert [one.scope for one in money.price(wobbling(CARRIERS[1:4]))] == [
        {"carrier": ("CDR",)},
        {"carrier": ("DVP",)},
    ]


def test_dearer_fuel_makes_surcharges_a_larger_share():
    """From 50 and 20 cents on 500 to 75 and 20: from 70 of 570 to 95 of 595, for four of five carriers."""
    found = money.price(charged({name: {"fuel": 0.05} for name in CARRIERS[1:]}).assign(is_share=True))

    assert [(one.by, one.scope) for one in found] == [("fuel", {})]
    assert found[0].effect == pytest.approx(90 / 590 - 70 / 570, abs=0.002)
    assert found[0].low <= found[0].effect <= found[0].high


def test_a_tariff_that_is_charged_before_it_holds_is_overbilling():
    """Twenty parcels at 24 cents too much, own labels with their usual 85 on top among them."""
    rows = [
        {
            "carrier": "BRV",
            "label_source": source,
            "week": week,
            "excess_bin": usual,
            "step_bin": 24,
            "billed_n": 900,
        }
        for source, usual in (("backship", 0), ("seller_own", 85))
        for week in WEEKS
    ]
    rows += [
        {**rows[0], "week": WEEKS[JUDGED], "excess_bin": 24, "billed_n": 15},
        {**rows[-1], "week": WEEKS[JUDGED], "excess_bin": 109, "billed_n": 5},
    ]
    found = bills.overbilling(weekly(rows))

    assert [(one.code, one.scope) for one in found] == [("OVERBILLING", {"carrier": ("BRV",)})]
    assert found[0].effect == pytest.approx(20 * 0.24)


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
    ],
)
def test_a_carrier_does_not_answer_for_the_site_that_it_brings_its_parcels_to(slower, scope):
    """What another carrier brings there takes as much longer, and what that one brings elsewhere does not."""
    since, until = WEEKS[JUDGED], WEEKS[JUDGED + 1]
    found = Finding("REAL", {"carrier": ("FNH",)}, "carrier", 1.0, 0.9, 1.1, since, until, 1e-7)
    told = legs.at_its_site(days_by_carrier_and_site(slower), found)

    assert told.scope == scope
    assert told.by == by_whom(scope)
    assert told.effect == pytest.approx(1.0, abs=0.1)


def test_a_carrier_that_is_slower_to_each_site_answers_for_it():
    """Its parcels take a day longer to both."""
    found = Finding(
        "REAL", {"carrier": ("DVP",)}, "carrier", 1.0, 0.9, 1.1, WEEKS[JUDGED], WEEKS[JUDGED], 1e-7
    )
    table = days_by_carrier_and_site({("DVP", "Main"): 1.0, ("DVP", "Loire"): 1.0, ("BRV", "Loire"): 0.9})

    assert legs.at_its_site(table, found).scope == {"carrier": ("DVP",)}
    assert legs.at_its_site(table.assign(partner=""), found) == found


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
