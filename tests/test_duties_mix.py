"""Returns, trade-ins and their carrier mix on the sample: by hand from clean tables, and promises."""

import os
import re
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import tallysheet as ts
from tallysheet import carrier_mix
from tallysheet.duties import mix, mix_kept, mix_kept_page, mix_limits_page, mix_page, mix_panel, returns
from tallysheet.duties.mix_evidence import evidence
from tallysheet.errors import DataError
from tallysheet.publish.numbers import PAGE, check_numbers, known_of_page
from tallysheet.settings import read_settings
from tallysheet.week import Week

sys.path.append(str(Path(__file__).parent / "bench"))
from mix import promises

pytestmark = pytest.mark.slow
WEEK = "2026-W46"
SOAK = os.environ.get("TALLYSHEET_SOAK") == "1"
PRICES = """
    SELECT parcels.shipment_id, max(rates.price_cents) * (1 + max(terms.fuel_share)) AS cents
    FROM shipments AS parcels
    JOIN contract_rates AS rates ON rates.carrier = 'DVP' AND rates.service = 'home'
        AND rates.origin_country = 'FR' AND rates.destination_country = 'FR' AND rates.valid_to IS NULL
        AND rates.weight_from_g < parcels.weight_declared_g
    JOIN contract_terms AS terms ON terms.carrier = 'DVP' AND terms.valid_to IS NULL
    WHERE parcels.flow = 'trade_in' AND parcels.service = 'home' AND parcels.origin_country = 'FR'
        AND parcels.weight_declared_g <= 1000
        AND CAST(parcels.first_scan_at AS DATE) BETWEEN DATE '2026-08-24' AND DATE '2026-11-15'
    GROUP BY parcels.shipment_id
"""


@pytest.fixture(scope="module")
def week(sample_of_size_s):
    return ts.open_week(WEEK, data=sample_of_size_s, base="last-4")


@pytest.fixture(scope="module")
def ground(week):
    return mix.grounded(week)


def test_all_parcels_that_came_back_are_in_a_cell_or_left(week, ground):
    """Of twelve weeks of first scans, by carrier."""
    listed = week.sql(
        "SELECT carrier, count(*) / 12.0 AS parcels FROM shipments WHERE flow IN ('return', 'trade_in') "
        "AND CAST(first_scan_at AS DATE) BETWEEN DATE '2026-08-24' AND DATE '2026-11-15' GROUP BY carrier"
    ).set_index("carrier")["parcels"]
    left = ground.kinds.left.groupby("carrier")["parcels"].sum()
    for column, one in enumerate(ground.problem.carriers):
        here = ground.kinds.today[:, column].sum() + left.get(one.name, 0.0)
        assert here == pytest.approx(listed[one.name])


def test_a_price_is_the_contracts_with_fuel_and_usual_surcharges(week, ground):
    """A trade-in inside France, up to a kilogram, by Dovaric to the door, parcel by parcel."""
    cells, names = ground.kinds.cells, [one.name for one in ground.problem.carriers]
    row = cells.index[cells["name"] == "trade_in|FR-FR|0-1 kg|home"][0]
    listed = ground.rates.offered.listed[row, names.index("DVP")]
    by_hand = week.sql(PRICES)["cents"].mean() / 100
    assert listed == pytest.approx(by_hand, abs=0.005)
    # Two of five parcels to the door pay 1.05 euro more, few pay 3.90, 6.50 or 8.
    assert 1.05 < ground.problem.price[row, names.index("DVP")] / listed < 1.25


def test_contracts_leave_what_parcels_to_customers_do_not_take(week, ground):
    """Capacity and promised volume are of all flows."""
    terms = week.sql("SELECT carrier, weekly_capacity, min_volume FROM contract_terms WHERE valid_to IS NULL")
    terms = terms.set_index("carrier")
    sent = week.sql(
        "SELECT carrier, count(*) / 12.0 AS parcels FROM shipments WHERE flow = 'outbound' "
        "AND CAST(first_scan_at AS DATE) BETWEEN DATE '2026-08-24' AND DATE '2026-11-15' GROUP BY carrier"
    ).set_index("carrier")["parcels"]
    left = ground.kinds.left.groupby("carrier")["parcels"].sum()
    for one in ground.problem.carriers:
        beside = sent[one.name] + left.get(one.name, 0.0)
        assert one.capacity == pytest.approx(terms["weekly_capacity"][one.name] - beside)
        assert one.min_volume == pytest.approx(max(0.0, terms["min_volume"][one.name] - beside))


def test_nobody_is_sent_from_the_door_to_a_pick_up_point(ground):
    """Cendril has pick-up points alone."""
    names = [one.name for one in ground.problem.carriers]
    is_door = ground.kinds.cells["needed"] != "pudo"
    assert not ground.problem.allowed[is_door, names.index("CDR")].any()
    assert ground.problem.allowed[~is_door, names.index("CDR")].any()


def test_service_is_estimated_near_what_the_world_is_made_of(ground):
    """Altorel and Fenholt are the most punctual of the sample, Dovaric and Cendril the least."""
    mean = dict(
        zip((one.name for one in ground.problem.carriers), ground.problem.on_time.mean(axis=0), strict=True)
    )
    assert min(mean["ALT"], mean["FNH"]) > max(mean["DVP"], mean["CDR"]) + 0.01


def test_the_mix_keeps_all_rules_saves_and_is_no_less_on_time(week, ground):
    """By the independent check, and beside today's."""
    found, today = mix.solved(week), mix.of_today(week)
    assert carrier_mix.breaches(ground.problem, found.volumes) == []
    assert found.euros < today.euros and found.on_time >= today.on_time - 1e-6
    saved = mix.savings(week)["euros"]
    assert len(saved) == len(ground.problem.draws)
    assert saved.quantile(0.025) < today.euros - found.euros < saved.quantile(0.975)


def test_each_week_of_the_way_moves_no_more_than_is_allowed(week, ground):
    """A tenth of all parcels, and of each carrier the share that its contract names."""
    steps = mix.progress(week)
    change = mix.solved(week).volumes - ground.kinds.today
    before = np.zeros(len(change))
    for step in steps:
        moved = (step - before)[:, None] * change
        assert np.maximum(moved, 0).sum() <= week.settings.mix.shift_share * ground.problem.parcels + 1e-3
        for column, one in enumerate(ground.problem.carriers):
            whole = ground.beside[one.name] + ground.kinds.today[:, column].sum()
            assert abs(moved[:, column].sum()) <= 0.15 * whole + 1e-3
        before = step
    assert steps[-1].tolist() == [1.0] * len(change)


def test_only_what_was_known_makes_an_earlier_mix(sample_of_size_s):
    """Nine weeks earlier no scan, invoice or loss of a later week is in it."""
    then = ts.open_week("2026-W37", data=sample_of_size_s, as_of="2026-09-14T07:00")
    known = evidence(then)
    assert known.parcels["week"].max() == "2026-W37"
    assert known.on_time["week"].max() <= "2026-W36"
    assert known.losses["week"].max() <= "2026-W32"


def test_the_mix_of_nine_weeks_ago_beats_the_others_at_equal_service(week):
    """By the four weeks after it, which it has not seen."""
    found = mix_kept.kept(week).set_index("mix")
    assert found["saved"]["proposed"] > 0
    for other in ("today", "cheapest", "best"):
        assert found["equal_euros"]["proposed"] < found["equal_euros"][other]
    assert "95" in mix_kept_page.kept(week).html


def test_legs_are_those_of_the_cases(week):
    """The median days from the carrier to the partner, of trade-ins asked for from W29 to W41."""
    cases = week.sql("SELECT * FROM reverse_cases WHERE case_type = 'trade_in'")
    day = cases["requested_at"].dt.normalize()
    chosen = cases[(day > "2026-07-12") & (day <= "2026-10-11")]
    days = (chosen["received_at"] - chosen["dropped_off_at"]).dt.total_seconds() / 86_400
    days = days[days >= 0]
    found = returns.legs(week).set_index(["case_type", "leg"]).loc[("trade_in", "carry")]
    assert found["cases_n"] == len(days)
    assert found["median_days"] == pytest.approx(days.median(), abs=0.001)
    assert found["p90_days"] == pytest.approx(days.quantile(0.9), abs=0.001)


def test_the_page_names_moves_rules_and_what_ifs(week):
    """Each piece shows its table; the mix costs more without a carrier, unless parcels strand."""
    for piece in (
        mix_page.opening,
        mix_page.summary,
        mix_page.moves,
        mix_page.lanes,
        mix_limits_page.rules,
        mix_limits_page.unknown,
        mix_limits_page.frontier,
        mix_limits_page.what_ifs,
    ):
        assert len(piece(week).html) > 200
    asked = mix.what_ifs(week)
    assert (asked["status"] == "optimal").all()
    out = asked[(asked["kind"] == "out") & (asked["stranded"] == 0)]
    assert (out["euros"] > mix.solved(week).euros).all()


def test_what_lanes_save_adds_up_as_printed(week):
    """Whole euros of ten lanes made 18, and the line below them 19."""
    column = [cell for cell in re.findall(r">([−⁠]*€\d+)</td>", mix_page.lanes(week).html)]
    *lanes, total = [int(re.sub(r"[€⁠]", "", cell).replace("−", "-")) for cell in column]

    assert len(lanes) > 5
    assert sum(lanes) == total


def test_a_move_is_of_one_kind_so_that_none_goes_against_another(week, ground):
    """Its weight and service stand beside its lane; what is too small to be listed is counted in the note."""
    listed = mix.moves(week)
    back = listed.rename(columns={"from_carrier": "to_carrier", "to_carrier": "from_carrier"})
    assert set(listed["way"]) <= set(ground.kinds.cells["name"])
    assert listed.merge(back, on=["way", "from_carrier", "to_carrier"]).empty

    html, first = mix_page.moves(week).html, listed["way"].iloc[0].split("|")
    weight, service = (
        week.language.name(*one) for one in zip(("weight_band", "service"), first[2:], strict=True)
    )
    assert f"{weight}, {service}" in html
    assert html.count("<tr") == len(listed) + 1
    left = mix.moved(week) - listed["parcels"].sum()
    assert f"fewer than {mix.LEAST_MOVE} parcels a week are not listed, {left:.1f} parcels" in html


def test_a_move_that_costs_is_unsure_too_where_few_draws_keep_it(week, monkeypatch):
    """Who tries it is told so, whether it saves or keeps service."""
    listed = mix.moves(week).head(3).assign(euros=[2.0, 1.0, -0.5], stable=[0.9, 0.3, 0.0])
    monkeypatch.setattr(mix, "moves", lambda week: listed)

    html = mix_page.moves(week).html
    told = [f"{one['from_carrier']} to {one['to_carrier']} (" for one in listed.to_dict("records")]
    unsure = html[html.index("Not sure yet") :]
    assert [one in unsure for one in told] == [told[0] in told[1:], True, True]
    assert "They stay in less than half" in unsure


@pytest.mark.parametrize(
    ("saved", "told"), [(44.0, "more than was"), (3.0, "less than was"), (30.0, "inside what was")]
)
def test_a_promise_that_was_surpassed_is_no_failure(week, monkeypatch, saved, told):
    """Promised were 23 euros, between 7 and 43."""
    found = mix_kept.kept(week)
    is_proposed = found["mix"] == "proposed"
    found.loc[is_proposed, ["promised", "low", "high", "saved"]] = [23.0, 7.0, 43.0, saved]
    monkeypatch.setattr(mix_kept, "kept", lambda week: found)

    assert f"would have saved €{saved:.0f}, {told} promised." in mix_kept_page.kept(week).html


def test_a_mix_of_fewer_parcels_is_not_put_beside_the_proposed_one(week):
    """It would cost less for not carrying what nobody else may carry."""
    asked = mix.what_ifs(week).head(2).assign(stranded=[0.0, 12.0], euros=mix.solved(week).euros - 12)

    html = mix_limits_page.answers(asked, week).html
    assert html.count("−€12") == 1
    assert html.count("no value") == asked["moved"].isna().sum() + 1


def test_the_promise_is_the_mean_of_the_scenarios(week, monkeypatch):
    """Not what the best estimates alone give, by which the mix was chosen as the best."""
    monkeypatch.setattr(mix, "savings", lambda week: pd.DataFrame({"euros": [10.0, 20.0, 30.0, 80.0]}))

    assert "saves €35 a week" in mix_page.opening(week).html


@pytest.mark.parametrize("saved", [(42.5, 8.1, 77.7), (224.77, 80.55, 392.57), (2248.1, 805.5, 3925.7)])
def test_what_the_first_sentence_promises_stands_in_a_table_as_written(week, monkeypatch, saved):
    """Whole euros in both, also where money is mostly written with cents."""
    monkeypatch.setattr(mix, "savings", lambda week: pd.DataFrame({"euros": saved}))
    monkeypatch.setattr(mix_page, "BAND", (0.0, 1.0))
    html = mix_page.opening(week).html + mix_page.summary(week).html + mix_page.moves(week).html

    check_numbers("p.html", html, {PAGE: known_of_page(html)}, PAGE)


def test_a_mix_that_limits_keep_out_of_reach_is_said_so(week):
    """Where hardly anything may move in a week the page says what stands in the way, and is published."""
    tight = replace(week.settings, mix=replace(week.settings.mix, shift_share=1e-5))
    slow = Week(week.week, week.base, week.language, tight, week.ledger, week.cube)

    for piece in (mix_page.opening, mix_page.moves, mix_limits_page.what_ifs):
        assert "cannot be reached within 26 weeks" in piece(slow).html


def test_where_no_kind_has_a_second_carrier_there_is_nothing_to_choose(week, ground, monkeypatch):
    """One carrier alone: nobody is beside it who could take its parcels."""
    allowed = ground.problem.allowed
    alone = np.zeros_like(allowed)
    alone[np.arange(len(alone)), allowed.argmax(axis=1)] = True
    settled = replace(ground, problem=replace(ground.problem, allowed=alone))
    monkeypatch.setattr(mix, "grounded", lambda week: settled)

    for piece in (mix_page.opening, mix_page.moves, mix_limits_page.what_ifs):
        assert "there is nothing to choose" in piece(week).html


def test_the_panel_answers_what_is_asked(week):
    """The newest question first, with the same answer as the page's."""
    panel = mix_panel.panel(week)
    panel.kind.value, panel.carrier.value = "out", "CDR"
    panel.button.click()
    panel.kind.value, panel.share.value = "dearer", 10
    panel.button.click()
    listed = mix.what_ifs(week)
    usual = listed[(listed["kind"] == "out") & (listed["carrier"] == "CDR")]["euros"].iloc[0]
    assert panel.asked["kind"].tolist() == ["dearer", "out"]
    assert panel.asked["euros"].iloc[1] == pytest.approx(usual)
    assert "mix-what-if" in panel.answer.value


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("floor = 90", "a share from 0 to 1"),
        ("flor = 0.9", "Did you mean 'floor'"),
        ('tail = "much"', "a share"),
    ],
)
def test_what_the_team_wants_of_the_mix_is_checked(tmp_path, wrong, told):
    """The message names the setting and what it must be."""
    plain = 'sources = []\nnotebooks = []\ncountries = []\nheadline = "otd"\n'
    (tmp_path / "workbook.toml").write_text(f"{plain}[mix]\n{wrong}\n", encoding="utf-8")
    with pytest.raises(DataError, match=told):
        read_settings(tmp_path)


@pytest.mark.skipif(not SOAK, reason="fifty samples: make soak")
def test_promises_are_kept_in_most_of_fifty_samples():
    """What would have been saved lies inside the promised interval in 85 % of them."""
    found = promises(50, "S", None)
    one = found[found["mix"] == "proposed"]
    assert ((one["saved"] >= one["low"]) & (one["saved"] <= one["high"])).mean() >= 0.85
    equal = found.pivot_table(index="seed", columns="mix", values="equal_euros").mean()
    assert equal["proposed"] == equal.min()
