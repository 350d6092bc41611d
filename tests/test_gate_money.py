"""Mix, prices and early tariffs: money is split before anybody is blamed for it."""

import math
from collections.abc import Sequence
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from gate_tables import CARRIERS, JUDGED, WEEKS, weekly, wobble

from tallysheet.gates import bills, money, movement
from tallysheet.kpis import kpi


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


@pytest.mark.slow
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
