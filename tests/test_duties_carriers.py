"""Carriers: the comparison is fair, its intervals hold the truth, and what is said of them adds up."""

import dataclasses
import datetime as dt
import re

import numpy as np
import pandas as pd
import pytest
from small_ground import ground
from small_workbook import make_workbook

import tallysheet as ts
from tallysheet.duties import (
    carriers,
    carriers_briefs_page,
    carriers_page,
    carriers_proof_page,
    fulfilment,
    fulfilment_page,
)
from tallysheet.duties.carriers_arguments import Argument, arguments, best_argument
from tallysheet.duties.known import list_sql
from tallysheet.duties.standardised import against_others, lane_by_lane
from tallysheet.publish.numbers import PAGE, check_numbers, known_of_page
from tallysheet.settings import Rules

SELECT = """
SELECT line, parcel AS shipment_id, 'outbound' AS flow, carrier,
    CASE "from" WHEN 'PAR' THEN 'FR' ELSE 'DE' END AS destination_country, promised AS promised_date,
    promised || ' 20:00:00' AS promised_at, delivered AS delivered_at, 'delivered' AS status
FROM parcels
"""


def counted(*rows: tuple[str, str, str, int, int]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["carrier", "lane", "week", "x", "n"])


def test_a_mix_of_harder_lanes_is_no_fault():
    """Both are as good on each lane; the one that has the hard lane looks worse, and is not."""
    found = against_others(
        counted(
            *(("A", "easy", week, 90, 100) for week in ("W1", "W2")),
            *(("A", "hard", week, 240, 400) for week in ("W1", "W2")),
            *(("B", "easy", week, 360, 400) for week in ("W1", "W2")),
            *(("B", "hard", week, 60, 100) for week in ("W1", "W2")),
        )
    ).set_index("carrier")

    assert found["raw"].to_dict() == pytest.approx({"A": 0.66, "B": 0.84})
    assert found["gap"].to_list() == pytest.approx([0, 0])
    assert found["level"].to_list() == pytest.approx([0.75, 0.75])
    assert found["excess"].to_list() == pytest.approx([0, 0])


def test_the_gap_is_weighted_by_the_lanes_of_all():
    """By hand: three quarters of all is on lane X (gap -10 points), one quarter on Y (gap +2 points)."""
    found = against_others(
        counted(
            ("A", "X", "W1", 80, 100),
            ("B", "X", "W1", 180, 200),
            ("A", "Y", "W1", 47, 50),
            ("B", "Y", "W1", 46, 50),
            ("A", "alone", "W1", 100, 100),
        )
    ).set_index("carrier")

    row = found.loc["A"]
    assert row["gap"] == pytest.approx(0.75 * -0.10 + 0.25 * 0.02)
    assert row["coverage"] == pytest.approx(400 / 500)
    assert row["excess"] == pytest.approx(100 * 0.10 - 50 * 0.02)


def test_where_origins_are_not_in_the_data_carriers_are_compared_by_country(tmp_path):
    """All parcels were one lane, called "-", whatever country they went to."""
    data = make_workbook(tmp_path)
    (data / "sources" / "parcels" / "parcels.sql").write_text(SELECT, encoding="utf-8")

    found = carriers.counts(ts.open_week("2026-W21", data=data))

    assert set(found["lane"]) == {"DE", "FR"}
    assert found["n"].sum() > 0


def test_a_lane_with_few_is_not_compared():
    """Where either side has fewer than 30, nothing is said; a carrier without any other lane has no gap."""
    counts = counted(("A", "X", "W1", 29, 29), ("B", "X", "W1", 300, 400), ("C", "Z", "W1", 50, 60))
    found = against_others(counts)

    assert found["gap"].isna().all()
    assert (found["coverage"] == 0).all()
    assert lane_by_lane(counts).empty


def world(rng: np.random.Generator, weeks: int = 13) -> tuple[pd.DataFrame, dict[tuple[str, str], float]]:
    """Make 4 carriers on 15 lanes, whose parcels of a week share their fate, and what is true of them."""
    rows, true = [], {}
    for carrier, own in (("A", 0.96), ("B", 0.94), ("C", 0.90), ("D", 0.975)):
        shared = rng.normal(0, 0.25, weeks)
        for place in range(15):
            level = min(own - 0.002 * place, 0.995)
            true[carrier, f"L{place:02}"] = level
            daily = shared + rng.normal(0, 0.2, weeks)
            logit = np.log(level / (1 - level)) * (1 + 0.346 * (0.25**2 + 0.2**2)) ** 0.5 + daily
            n = rng.poisson(20 + 15 * place, weeks)
            x = rng.binomial(n, 1 / (1 + np.exp(-logit)))
            rows += [(carrier, f"L{place:02}", f"W{w:02}", x[w], n[w]) for w in range(weeks)]
    return counted(*rows), true


@pytest.mark.slow
def test_the_intervals_hold_the_truth():
    """Of lanes as of carriers, in at least nine of ten; and they are no wider than they must be."""
    rng, lanes, wholes, widths = np.random.default_rng(7), [], [], []
    for _ in range(40):
        counts, true = world(rng)
        n = counts.pivot_table(index="lane", columns="carrier", values="n", aggfunc="sum")
        level = pd.DataFrame({one: {lane: true[one, lane] for lane in n.index} for one in n})
        others = pd.DataFrame(
            {one: (level * n).drop(columns=one).sum(axis=1) / n.drop(columns=one).sum(axis=1) for one in n}
        )
        gap = level - others
        for row in lane_by_lane(counts).to_dict("records"):
            lanes.append(row["low"] <= gap.loc[row["lane"], row["carrier"]] <= row["high"])
        weight = n.sum(axis=1) / n.to_numpy().sum()
        for row in against_others(counts).to_dict("records"):
            wholes.append(row["low"] <= float(weight @ gap[row["carrier"]]) <= row["high"])
            widths.append(row["high"] - row["low"])

    assert 0.90 <= np.mean(lanes) <= 0.99
    assert 0.90 <= np.mean(wholes) <= 0.99
    assert np.mean(widths) < 0.03


def test_a_lane_where_none_is_late_is_not_certain():
    """33 of 33 says little: the truth may be some points lower."""
    counts = counted(("A", "X", "W1", 33, 33), ("B", "X", "W1", 380, 400))
    row = lane_by_lane(counts).set_index("carrier").loc["A"]

    assert row["low"] < 0 < row["gap"]


PARCEL = {
    "flow": "outbound",
    "carrier": "BRV",
    "service": "home",
    "origin_country": "DE",
    "destination_country": "DE",
    "destination_zone": "Europe/Berlin",
    "status": "delivered",
    "handover_declared_at": "2026-06-02 14:00",
    "first_scan_at": "2026-06-02 16:00",
    "promised_date": "2026-06-05",
    "promised_at": "2026-06-05 21:59",
}
"""Accepted on Monday 1 June: to be handed over by Wednesday, and there on Friday."""


@pytest.mark.parametrize(
    ("leg", "change"),
    [
        ("in_time", {"first_attempt_at": "2026-06-05 10:00", "delivered_at": "2026-06-05 10:00"}),
        ("last_mile", {"first_attempt_at": "2026-06-05 10:00", "delivered_at": "2026-06-06 10:00"}),
        (
            "in_time",
            {"first_attempt_at": "2026-06-05 10:00", "delivered_at": "2026-06-09 10:00", "service": "pudo"},
        ),
        ("transit", {"first_attempt_at": "2026-06-08 10:00", "delivered_at": "2026-06-08 10:00"}),
        ("transit", {"status": "in_transit"}),
        (
            "handover",
            {
                "first_scan_at": "2026-06-05 16:00",
                "first_attempt_at": "2026-06-08 10:00",
                "delivered_at": "2026-06-08 10:00",
            },
        ),
        (
            "both",
            {
                "first_scan_at": "2026-06-05 16:00",
                "first_attempt_at": "2026-06-15 10:00",
                "delivered_at": "2026-06-15 10:00",
            },
        ),
        ("unknown", {"first_scan_at": None, "status": "in_transit"}),
        ("unknown", {"order_id": "another", "status": "in_transit"}),
    ],
)
def test_a_late_parcel_has_the_leg_that_made_it_late(leg, change):
    """Each by hand, against a promise that leaves two working days after the day of handover."""
    order = {
        "order_id": "O",
        "orderline_id": "O-1",
        "accepted_at": "2026-06-01 09:00",
        "seller": "S",
    }
    parcel = {"shipment_id": "P", "order_id": "O"} | PARCEL | change
    connection = ground(Rules(), orders=[order], shipments=[parcel])
    connection.execute(
        "CREATE TABLE look AS SELECT TIMESTAMP '2026-07-01 07:00' AS seen_at, DATE '2026-07-01' AS seen_on, "
        "DATE '2026-06-08' AS first_day, DATE '2026-06-14' AS last_day"
    )
    found = connection.execute(list_sql("late_legs")).df()

    assert found[["carrier", "leg", "parcels_n"]].to_dict("records") == [
        {"carrier": "BRV", "leg": leg, "parcels_n": 1}
    ]


def test_the_best_argument_is_about_most_parcels():
    """A small one is none."""
    assert best_argument([Argument("mix", 2.0), Argument("events", 5.0)]) == Argument("events", 5.0)
    assert best_argument([Argument("mix", 0.4)]) is None
    assert best_argument([]) is None


@pytest.fixture(scope="module")
def week(sample_of_size_s):
    return ts.open_week("2026-W46", data=sample_of_size_s, base="last-4")


@pytest.mark.slow
def test_only_weeks_that_are_final_are_compared(week):
    """On a young week what is late is not known yet, and all would look too good."""
    weeks = carriers.final_weeks(week, "carrier_otd")

    assert len(weeks) == 13
    assert week.cube.as_of - weeks[-1].ended_at >= dt.timedelta(days=10)
    assert str(carriers.final_weeks(week, "carrier_otd", weeks_before=1)[-1]) == str(weeks[-1].shift(-1))


@pytest.mark.slow
def test_all_that_is_judged_is_counted(week):
    """What carriers have adds up to the KPI's own denominator in those weeks."""
    names = [str(one) for one in carriers.final_weeks(week, "carrier_otd")]
    total = week.review.series("carrier_otd").total.loc[names]

    assert carriers.compared(week)["n"].sum() == total["n"].sum()
    assert carriers.counts(week)["x"].sum() == total["x"].sum()


@pytest.mark.slow
def test_of_late_parcels_without_a_scan_it_is_not_said_where_lateness_began(week, monkeypatch):
    """Neither that none was handed over late, nor that none starts at a partner."""
    parcels = {"carrier": "BRV", "flow": "outbound", "partner": "", "leg": ["in_time", "unknown"]}
    for module in (carriers, fulfilment):
        monkeypatch.setattr(module, "rows", lambda *_: pd.DataFrame(parcels | {"parcels_n": [900, 130]}))

    for page in (carriers_proof_page.legs, fulfilment_page.starts):
        html = page(week).html
        assert "Of none of the late parcels it is known where its lateness began" in html
        check_numbers("carriers.html", html, {PAGE: known_of_page(html)}, PAGE)


@pytest.mark.slow
def test_one_lane_is_not_drawn_beside_itself(week, monkeypatch):
    """As where no parcel names its countries: of one dot on the middle line there is nothing to see."""
    counted = carriers.counts(week)
    assert "By lane, 13 weeks together" in carriers_page.lanes(week).html

    monkeypatch.setattr(carriers, "counts", lambda _: counted[counted["way"] == "FR-FR"])
    assert "By lane, 13 weeks together" not in carriers_page.lanes(week).html


@pytest.mark.slow
def test_the_legs_add_up_to_the_late(week):
    """Each late parcel has one leg; so many are late as another count finds."""
    found = carriers.legs(week)
    parcels = week.sql(
        "SELECT carrier, CASE WHEN service = 'pudo' THEN coalesce(first_attempt_at, delivered_at) "
        "ELSE delivered_at END AS there_at, promised_at FROM shipments "
        "WHERE promised_date BETWEEN DATE '2026-10-19' AND DATE '2026-11-15' "
        "AND (handover_declared_at IS NOT NULL OR first_scan_at IS NOT NULL)"
    )
    parcels = parcels[parcels["promised_at"] <= week.cube.as_of]
    late = parcels["there_at"].isna() | (parcels["there_at"] > parcels["promised_at"])

    assert (found[list(carriers_proof_page.LEGS)].sum(axis=1) == found["late"]).all()
    assert found.set_index("carrier")["late"].to_dict() == late.groupby(parcels["carrier"]).sum().to_dict()


@pytest.mark.slow
def test_what_strikes_touch_is_left_out(sample_of_size_s):
    """The Italian strike of Tuesday 21 April takes Italian lanes out of its week and the one before."""
    week = ts.open_week("2026-W24", data=sample_of_size_s)
    counts = carriers.counts(week)
    touched = counts["way"].str.contains("IT") & counts["week"].isin(["2026-W16", "2026-W17"])

    assert carriers.events(week)["country"].to_list() == ["IT"]
    assert touched.any()
    assert carriers.spared(week)["n"].sum() == counts.loc[~touched, "n"].sum()


@pytest.mark.slow
def test_losses_are_those_of_the_fact(week):
    """Money by carrier adds up to the fact of all weeks, and shares of the dearest part are shares."""
    found = carriers.losses(week)
    looks = [(str(one), week.cube.as_of) for one in carriers.final_weeks(week, "loss_rate")]
    whole = week.cube.total("loss_values", looks)

    assert found["net_loss_cents"].sum() == whole["net_loss_cents"].sum()
    assert (found["value_cents"] - found["paid_cents"] == found["net_loss_cents"]).all()
    assert found[["lane_share", "category_share"]].dropna().map(lambda share: 0 < share <= 1).all(axis=None)
    lost_after = f"no sign of it {week.settings.rules.lost_after_days} days after its promise"
    assert lost_after in carriers_proof_page.losses(week).html


@pytest.mark.slow
def test_what_came_by_the_promise_is_of_the_weeks_of_the_caption(week):
    """2026-W32 to W44, which are final for the carriers' own days."""
    parcels = week.sql(
        "SELECT coalesce(first_attempt_at, delivered_at) AS there_at, promised_at FROM shipments "
        "WHERE carrier = 'DVP' AND promised_date BETWEEN DATE '2026-08-03' AND DATE '2026-11-01' "
        "AND coalesce(handover_declared_at, first_scan_at, first_attempt_at, delivered_at) IS NOT NULL"
    )
    is_kept = parcels["there_at"] <= parcels["promised_at"]

    assert "2026-W32 to 2026-W44" in carriers_page.scorecard(week).html
    assert carriers.promise_kept(week)["DVP"] == pytest.approx(is_kept.mean())


@pytest.mark.slow
def test_a_target_stands_beside_the_parcels_that_it_is_for(week):
    """BRV's and CDR's are for outbound parcels, which are not shown alone; the others go by that of all."""
    of_all = {name: 0.94 for name in ("ALT", "DVP", "ESK", "FNH", "HLV")}

    assert {name: carriers.goal(week, name) for name in of_all} == of_all
    assert all(np.isnan(carriers.goal(week, name)) for name in ("BRV", "CDR"))
    assert "none where it has one for some of its parcels only" in carriers_page.scorecard(week).html


@pytest.mark.slow
def test_a_carriers_own_target_goes_before_that_of_all(week, monkeypatch):
    """For all its parcels; without any target there is no column."""
    own = [one for one in week.review.targets if not one.where]
    own.append(dataclasses.replace(own[-1], kpi="otd", where={"carrier": "DVP"}, target=0.91))
    monkeypatch.setitem(week.review.__dict__, "targets", own)
    assert (carriers.goal(week, "DVP"), carriers.goal(week, "CDR")) == (0.91, 0.94)

    monkeypatch.setitem(week.review.__dict__, "targets", [])
    assert "Target" not in carriers_page.scorecard(week).html


def losses_of() -> pd.DataFrame:
    """Give losses as the fact does: BRV's one known and one not, ALT's not known at all."""
    about = {"week": "2026-W40", "lane": "FR-FR", "category": "phone", "losses_n": 1}
    money = {"value_cents": 30_000, "paid_cents": 5_000, "net_loss_cents": 25_000}
    nothing = dict.fromkeys(money, 0)
    return pd.DataFrame(
        [
            about | {"carrier": "BRV", "valued_n": 1} | money,
            about | {"carrier": "BRV", "valued_n": 0} | nothing,
            about | {"carrier": "ALT", "valued_n": 0} | nothing,
        ]
    )


@pytest.mark.slow
def test_a_loss_of_unknown_worth_is_not_worth_nothing(week, monkeypatch):
    """ALT's one and one of BRV's two are without a worth: not available and left out, and that is said."""
    known = carriers._of_weeks
    monkeypatch.setattr(
        carriers,
        "_of_weeks",
        lambda opened, fact, *rest: losses_of() if fact == "loss_values" else known(opened, fact, *rest),
    )
    found = carriers.losses(week).set_index("carrier")
    shown = carriers_proof_page.losses(week).html
    of_alt = next(row for row in shown.split("<tr") if "ALT" in row)

    assert found["losses_n"].to_dict() == dict.fromkeys(found.index, 0) | {"ALT": 1, "BRV": 2}
    assert found.loc["BRV", ["value_cents", "net_loss_cents"]].to_list() == [30_000, 25_000]
    assert found.loc["ALT", ["value_cents", "paid_cents", "net_loss_cents"]].isna().all()
    assert found.loc["CDR", "value_cents"] == 0
    assert "€0" not in of_alt
    assert of_alt.count("no value") >= 2
    assert "Of some no price or currency is known: they stand in no amount." in shown
    total = next(row for row in shown.split("<tr") if ">All<" in row)
    # Lost or damaged, and of these without a price.
    assert re.findall(r"<td[^>]*>([0-9,]+)</td>", total)[-2:] == ["3", "2"]
    assert "worth n/a; not recovered: n/a" in carriers_briefs_page.briefs(week).html


@pytest.mark.slow
def test_nothing_is_said_of_unknown_worth_where_all_is_known(week):
    """As in the sample."""
    assert "in no amount" not in carriers_proof_page.losses(week).html


@pytest.mark.slow
def test_the_page_names_the_worst_and_briefs_each(week):
    """The headline is about the carrier with most late beyond the others; each carrier has its brief."""
    found = carriers.compared(week)
    worst = found[found["high"] < 0].sort_values("excess").iloc[-1]
    shown, briefs = carriers_page.opening(week).html, carriers_briefs_page.briefs(week).html

    assert f"{worst['carrier']}: {week.language.value(worst['excess'], 'count', 1)}" in shown
    assert briefs.count("<details>") == len(found)
    assert all(one in arguments(week) for one in found["carrier"])


@pytest.mark.slow
def test_a_carrier_alone_is_compared_with_nobody(week, monkeypatch):
    """Of BRV's parcels alone no verdict follows, neither a good nor a bad one."""
    counts = carriers.counts
    monkeypatch.setattr(
        carriers, "counts", lambda *args, **options: counts(*args, **options).query("carrier == 'BRV'")
    )
    shown = "".join(
        piece(week).html
        for piece in (carriers_page.opening, carriers_page.lanes, carriers_briefs_page.briefs)
    )

    assert "No carrier has a lane with enough of the others, so none is compared." in shown
    assert "No lane has enough of two carriers to compare them." in shown
    assert "Nothing yet: without others on its lanes nothing is compared." in shown
    for verdict in ("None is later than the others", "In none of the", "sets it apart from the others"):
        assert verdict not in shown


@pytest.mark.slow
def test_an_action_about_a_carrier_is_followed_up(week):
    """It stands under last week's list; one about something else does not."""
    path = week.settings.data / "actions.csv"
    path.write_text(
        "kpi;segment;owner;action;status;expected_effect;due_week;entered_on;author\n"
        "otd;carrier=DVP;Ada;Meet them;open;0.02;2026-W48;2026-11-02;Bo\n"
        "wismo_rate;;Cy;Write earlier;open;-0.01;2026-W48;2026-11-02;Bo\n",
        encoding="utf-8",
    )
    try:
        shown = carriers_page.followed_up(week).html
    finally:
        path.unlink()

    assert "Meet them" in shown
    assert "Write earlier" not in shown


@pytest.mark.slow
def test_flights_are_compared_as_well():
    """A stranger's data without orders, scans and claims: airlines on the same routes."""
    week = ts.open_week("2013-W17", data="data/flights")
    found = carriers.compared(week).set_index("carrier")

    assert carriers.measured(week).slug == "otd"
    # ExpressJet flies the hard routes: half of its gap at first sight is theirs.
    assert found.loc["EV", "raw"] - found.loc["EV", "raw_others"] < found.loc["EV", "gap"] < 0
    assert found.loc["HA", "coverage"] == 0  # alone on its route to Honolulu
    for piece in (carriers_proof_page.legs, carriers_proof_page.losses, carriers_proof_page.events):
        assert "Left out: this needs extracts" in piece(week).html
    assert "JetBlue (B6)" in carriers_page.opening(week).html
