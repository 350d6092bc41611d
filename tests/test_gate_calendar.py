"""The calendar: a peak, and days off where parcels go, are nobody's doing."""

import pandas as pd
import pytest
from gate_tables import CARRIERS, JUDGED, WEEKS, ending_in, shares, wobble

from tallysheet.evidence import Evidence
from tallysheet.findings import Finding
from tallysheet.gates import context, movement
from tallysheet.verdict import news
from tallysheet.weeks import IsoWeek


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
