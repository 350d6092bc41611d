"""Facts of delivery, on rows few enough to count by hand."""

import csv
import datetime as dt
import json
from pathlib import Path

import pytest
from small_ground import add_up, after, ground

from tallysheet.engine import fact_sql
from tallysheet.settings import Rules

WEEK = "2026-W10"  # 2 to 8 March
GOLDEN = Path(__file__).parent / "golden" / "maturity.csv"


def at(month: int, day: int, hour: int = 12) -> dt.datetime:
    return dt.datetime(2026, month, day, hour)


def parcel(name: str, promised: tuple[int, int] = (3, 5), **cells) -> dict:
    """Give a parcel from France to France, promised until the evening of a day."""
    usual = {"shipment_id": name, "order_id": f"O{name}", "flow": "outbound", "carrier": "BRV"}
    place = {"origin_country": "FR", "destination_country": "FR", "destination_zone": "Europe/Paris"}
    due = {"promised_date": dt.date(2026, *promised), "promised_at": at(*promised, 22)}
    return usual | place | due | {"service": "home", "status": "in_transit"} | cells


def order(name: str, accepted: dt.datetime | None = None, line: str = "", **cells) -> dict:
    """Give a line of an order, paid on 2 March at 10."""
    names = {"orderline_id": f"L{name}{line}", "order_id": f"O{name}"}
    return names | {"paid_at": at(3, 2, 10), "accepted_at": accepted or at(3, 2, 10)} | cells


def claim(name: str, kind: str, opened: dt.datetime, **cells) -> dict:
    names = {"claim_id": f"K{name}{opened:%j}", "shipment_id": name}
    return names | {"claim_type": kind, "opened_at": opened, "known_at": opened} | cells


def bins(connection, fact: str, seen_at: dt.datetime) -> list[int]:
    """List the bins of a histogram, a row each, in order; rows that have not ended are left out."""
    add_up(connection, fact, WEEK, seen_at)
    rows = connection.execute(fact_sql(fact)).df()
    (column,) = [name for name in rows.columns if name.endswith("_bin")]
    return sorted(int(one) for one in rows[column].dropna())


def test_shipments_due_are_on_time_or_late_seen_or_not():
    """Four are due: on time, a day late, never scanned, lost. A label that nobody used is no parcel.

    Lost is certain 15 days after the promise: on 21 March, for one promised on the 6th.
    """
    connection = ground(
        shipments=[
            parcel("A", hub_scanned=True, first_scan_at=at(3, 3), first_attempt_at=at(3, 5)),
            parcel("B", hub_scanned=True, first_scan_at=at(3, 3), delivered_at=at(3, 6)),
            parcel("C", hub_scanned=False, handover_declared_at=at(3, 3)),
            parcel("D", (3, 6), hub_scanned=True, first_scan_at=at(3, 3), status="lost"),
            parcel("E", (3, 6), hub_scanned=False, status="cancelled"),
            parcel("F", (3, 9), hub_scanned=True, first_scan_at=at(3, 6), first_attempt_at=at(3, 9)),
        ]
    )

    found = add_up(connection, "shipments", WEEK, at(3, 20))
    assert found == {"due_n": 4, "on_time_n": 1, "seen_n": 3, "undelivered_n": 0}
    assert add_up(connection, "shipments", WEEK, at(3, 21))["undelivered_n"] == 1


def test_a_parcel_without_an_origin_is_on_its_way_by_the_clock_of_where_it_goes():
    """Shops that send from one place do not write it down; the scan is on Tuesday in Paris, Monday in UTC."""
    scan, arrival = at(3, 2, 23), at(3, 4)
    connection = ground(
        shipments=[parcel("A", origin_country=None, first_scan_at=scan, first_attempt_at=arrival)]
    )

    assert add_up(connection, "transits", WEEK, at(3, 10))["attempted_n"] == 1
    assert bins(connection, "transits", at(3, 10)) == [1]


def test_a_shipment_is_due_when_its_promise_is_over():
    """On the 5th at noon the promise of the evening still runs, although the parcel is there."""
    connection = ground(shipments=[parcel("A", first_scan_at=at(3, 3), first_attempt_at=at(3, 5, 9))])

    assert add_up(connection, "shipments", WEEK, at(3, 5))["due_n"] == 0
    assert add_up(connection, "shipments", WEEK, at(3, 6))["on_time_n"] == 1


def test_on_time_is_of_what_is_due_not_of_what_has_arrived():
    """Ten are promised; by the evening of the 6th nine are due, and the six on time are 66.7 % of them.

    Of the seven that have arrived they would be 85.7 %, which hides the two that are late and still on their
    way. Whatever becomes of the tenth, the week ends between 60 and 70 %.
    """
    with GOLDEN.open(encoding="utf-8") as file:
        (row,) = (one for one in csv.DictReader(file) if one["kind"] == "on_time")
    counts, expected = json.loads(row["input"]), json.loads(row["expected"])
    kinds = {
        "delivered_on_time": {"delivered_at": at(3, 5)},
        "delivered_late": {"delivered_at": at(3, 6)},
        "undelivered_past_promise": {},
        "undelivered_promise_not_reached": {"promised": (3, 8)},
    }
    parcels = [
        parcel(f"{kind}-{number}", first_scan_at=at(3, 3), **cells)
        for kind, cells in kinds.items()
        for number in range(counts[kind])
    ]
    found = add_up(ground(shipments=parcels), "shipments", WEEK, at(3, 6, 23))
    share = found["on_time_n"] / found["due_n"]

    assert len(parcels) == counts["promised_in_week"]
    assert share == pytest.approx(expected["by_promised_due"], abs=1e-6)
    for tenth, bound in (("lower_bound", at(3, 9)), ("upper_bound", at(3, 8))):
        last = parcel("undelivered_promise_not_reached-0", (3, 8), first_scan_at=at(3, 3), delivered_at=bound)
        whole = add_up(ground(shipments=[*parcels[:-1], last]), "shipments", WEEK, after(WEEK))
        assert whole["on_time_n"] / whole["due_n"] == pytest.approx(expected[tenth])


def test_a_shipment_counts_as_it_was_known():
    """What the carrier tells on the 10th of the 5th was not known on the 9th."""
    first = parcel("A", first_scan_at=at(3, 3), hub_scanned=True, replaced_at=at(3, 10))
    then = first | {"first_attempt_at": at(3, 5), "known_at": at(3, 10), "replaced_at": at(12, 31)}
    connection = ground(shipments=[first, then])

    assert add_up(connection, "shipments", WEEK, at(3, 9))["on_time_n"] == 0
    found = add_up(connection, "shipments", WEEK, at(3, 10))
    assert (found["due_n"], found["on_time_n"]) == (1, 1)


def test_a_flight_is_due_though_nothing_scans_it():
    """It has no scans and no zone: late or cancelled, it is due and seen."""
    flights = [
        parcel("A", delivered_at=at(3, 6), destination_zone=None),
        parcel("B", status="cancelled", destination_zone=None),
    ]

    found = add_up(ground(shipments=flights), "shipments", WEEK, after(WEEK))
    assert found == {"due_n": 2, "on_time_n": 0, "seen_n": 2, "undelivered_n": 1}


@pytest.mark.parametrize(
    ("rules", "on_time"),
    [(Rules(), 2), (Rules(pickup_point_counts=False), 1), (Rules(attempt_counts=False), 0)],
    ids=["the first attempt counts", "a pick-up point does not", "only delivery does"],
)
def test_the_team_decides_what_ends_a_promise(rules, on_time):
    """Both were attempted in time and delivered a day late, one of them at a pick-up point."""
    times = {"first_scan_at": at(3, 3), "first_attempt_at": at(3, 5), "delivered_at": at(3, 6)}
    connection = ground(rules, shipments=[parcel("A", **times), parcel("B", service="pudo", **times)])

    assert add_up(connection, "shipments", WEEK, after(WEEK))["on_time_n"] == on_time
    assert add_up(connection, "perfect_orders", WEEK, after(WEEK))["perfect_n"] == on_time


def test_a_parcel_is_lost_from_a_day_on_and_until_it_is_found():
    """B was promised for the 4th: lost on the 19th, found on the 25th. C is scanned a week later, D never."""
    connection = ground(
        shipments=[
            parcel("A", first_scan_at=at(3, 3), first_attempt_at=at(3, 5)),
            parcel("B", (3, 4), first_scan_at=at(3, 3), delivered_at=at(3, 25)),
            parcel("C", first_scan_at=at(3, 9)),
            parcel("D", handover_declared_at=at(3, 3)),
        ]
    )

    assert add_up(connection, "first_scans", WEEK, at(3, 18)) == {"scanned_n": 2, "lost_n": 0, "claims_n": 0}
    assert add_up(connection, "first_scans", WEEK, at(3, 19))["lost_n"] == 1
    assert add_up(connection, "first_scans", WEEK, at(3, 25, 13))["lost_n"] == 0


def test_claims_are_counted_as_they_are_opened():
    """Two about A, the second one later; B has none, and that about C is of another week's parcel."""
    connection = ground(
        shipments=[
            parcel("A", first_scan_at=at(3, 3)),
            parcel("B", first_scan_at=at(3, 8, 20)),
            parcel("C", first_scan_at=at(3, 9)),
        ],
        claims=[claim("A", "late", at(3, 10)), claim("A", "lost", at(3, 20)), claim("C", "lost", at(3, 10))],
    )

    assert add_up(connection, "first_scans", WEEK, at(3, 12)) == {"scanned_n": 2, "lost_n": 0, "claims_n": 1}
    assert add_up(connection, "first_scans", WEEK, at(3, 20, 13))["claims_n"] == 2
    assert add_up(connection, "first_scans", WEEK, at(3, 5))["scanned_n"] == 1


def test_an_order_of_two_lines_is_one_parcel():
    """Its first line gives the category; a return has none."""
    connection = ground(
        shipments=[
            parcel("A", first_scan_at=at(3, 3)),
            parcel("B", first_scan_at=at(3, 3), order_id="OA", flow="return"),
        ],
        orders=[order("A", category="phone"), order("A", line="-2", category="other")],
    )

    found = add_up(connection, "first_scans", WEEK, after(WEEK), by="category")
    assert {category: one["scanned_n"] for category, one in found.items()} == {"phone": 1}
    for fact in ("first_scans", "transits"):
        for moment, rows in ((at(3, 2), 0), (after(WEEK), 2)):
            add_up(connection, fact, WEEK, moment)
            assert len(connection.execute(fact_sql(fact)).fetchall()) == rows


def test_a_carrier_has_the_days_that_the_promise_leaves_after_the_ship_by_day():
    """Accepted on Monday, to be shipped by Tuesday, promised for Thursday: two working days.

    A took two. B was handed over a day late and took two: the carrier was in time. C was early, took three
    and kept the promise: not in time. D is as A, its order accepted on Saturday, which counts as Monday. E's
    order is not in the data: not judged. F is a return, promised two days after its first scan: it took two.
    G was accepted on Thursday: it had one day after Friday.
    """
    connection = ground(
        shipments=[
            parcel("A", first_scan_at=at(3, 3), first_attempt_at=at(3, 5)),
            parcel("B", first_scan_at=at(3, 4), first_attempt_at=at(3, 6)),
            parcel("C", first_scan_at=at(3, 2), first_attempt_at=at(3, 5)),
            parcel("D", first_scan_at=at(3, 3), first_attempt_at=at(3, 5)),
            parcel("E", first_scan_at=at(3, 3), first_attempt_at=at(3, 5)),
            parcel("F", first_scan_at=at(3, 3), first_attempt_at=at(3, 5), flow="return"),
            parcel("G", (3, 9), first_scan_at=at(3, 6), first_attempt_at=at(3, 9)),
        ],
        orders=[
            *(order(name) for name in "ABCF"),
            *(order("D", accepted=at(2, 28)), order("G", accepted=at(3, 5))),
        ],
    )

    found = add_up(connection, "transits", WEEK, at(3, 10))
    assert found == {"attempted_n": 7, "in_time_n": 5, "judged_n": 6}
    assert bins(connection, "transits", at(3, 10)) == [1, 2, 2, 2, 2, 2, 3]


def test_a_parcel_is_judged_when_its_days_are_over():
    """Of two working days from Tuesday, Thursday is the last: on Friday it is late, whatever comes."""
    connection = ground(
        shipments=[parcel("A", first_scan_at=at(3, 3), first_attempt_at=at(3, 6, 14))], orders=[order("A")]
    )

    assert add_up(connection, "transits", WEEK, at(3, 5))["judged_n"] == 0
    found = add_up(connection, "transits", WEEK, at(3, 6))
    assert found == {"attempted_n": 0, "in_time_n": 0, "judged_n": 1}
    assert add_up(connection, "transits", WEEK, at(3, 7)) == {"attempted_n": 1, "in_time_n": 0, "judged_n": 1}


def test_transit_is_counted_in_working_days_of_the_destination():
    """Friday to Monday is one day. Thursday 2 to Tuesday 7 April is two days in France, in Germany one.

    Easter Monday is a day off in both, Good Friday only in Germany; the day of the scan never counts.
    """
    week = "2026-W14"
    germany = {"destination_country": "DE", "destination_zone": "Europe/Berlin"}
    connection = ground(
        shipments=[
            parcel("A", first_scan_at=at(3, 6), first_attempt_at=at(3, 9)),
            parcel("B", first_scan_at=at(4, 2), first_attempt_at=at(4, 7)),
            parcel("C", first_scan_at=at(4, 2), first_attempt_at=at(4, 7), **germany),
        ]
    )

    assert bins(connection, "transits", after(WEEK, 7)) == [1]
    add_up(connection, "transits", week, after(week, 7))
    rows = connection.execute(f"SELECT destination_country, transit_days_bin FROM ({fact_sql('transits')})")
    assert sorted(rows.fetchall()) == [("DE", 1), ("FR", 2)]


def test_days_from_click_to_door_are_counted_in_quarters():
    """A took 54 hours, 9 quarters of a day; B 20 days, which is in the last bin. C is on its way.

    The second line of A, its return and its unused label count for nothing, nor does an order of Sunday.
    """
    connection = ground(
        shipments=[
            parcel("A", delivered_at=at(3, 4, 16)),
            parcel("A2", order_id="OA"),
            parcel("A3", order_id="OA", flow="return", delivered_at=at(3, 20)),
            parcel("B", delivered_at=at(3, 22)),
            parcel("C"),
            parcel("D", delivered_at=at(3, 4)),
        ],
        orders=[
            *(order("A"), order("A", line="-2", paid_at=at(3, 3)), order("B"), order("C")),
            order("D", paid_at=at(3, 1)),
        ],
    )

    assert bins(connection, "fulfilled_orders", at(3, 30)) == [9, 59]
    assert bins(connection, "fulfilled_orders", at(3, 9)) == [9]


def test_a_first_attempt_has_twelve_hours():
    """A succeeded, B came back a day later. C waits at a pick-up point. D's hours end on Monday at 6."""
    connection = ground(
        shipments=[
            parcel("A", first_attempt_at=at(3, 5), delivered_at=at(3, 5)),
            parcel("B", first_attempt_at=at(3, 5), delivered_at=at(3, 6)),
            parcel("C", first_attempt_at=at(3, 5), delivered_at=at(3, 5), service="pudo"),
            parcel("D", first_attempt_at=at(3, 8, 18), delivered_at=at(3, 8, 18), service="express"),
        ]
    )

    assert add_up(connection, "attempts", WEEK, at(3, 9, 5)) == {"attempted_n": 2, "succeeded_n": 1}
    assert add_up(connection, "attempts", WEEK, at(3, 9, 6)) == {"attempted_n": 3, "succeeded_n": 2}


def test_damage_is_what_is_granted_or_proven():
    """A is granted on the 12th; B is proven, though refused; C is neither; D's claim is of no damage."""
    granted, refused = {"decision": "partial"}, {"decision": "rejected", "decided_at": at(3, 8)}
    connection = ground(
        shipments=[parcel(name, delivered_at=at(3, 5)) for name in "ABCD"],
        claims=[
            claim("A", "damaged", at(3, 6), decided_at=at(3, 12), **granted),
            claim("B", "damaged", at(3, 6), docs_complete_at=at(3, 7), **refused),
            claim("C", "damaged", at(3, 6), **refused),
            claim("D", "late", at(3, 6), docs_complete_at=at(3, 7), decided_at=at(3, 8), **granted),
        ],
    )

    assert add_up(connection, "deliveries", WEEK, at(3, 11)) == {"delivered_n": 4, "damaged_n": 1}
    assert add_up(connection, "deliveries", WEEK, at(3, 13)) == {"delivered_n": 4, "damaged_n": 2}
    assert add_up(connection, "deliveries", WEEK, at(3, 5, 9)) == {"delivered_n": 0, "damaged_n": 0}


def test_damage_is_told_by_what_was_in_the_parcel():
    """The category is that of the order's first line; of an order that is not in the data it is not known."""
    connection = ground(
        shipments=[parcel(name, delivered_at=at(3, 5)) for name in "ABC"],
        orders=[
            order("A", category="laptop"),
            order("A", line="-2", category="other"),
            order("B", category="phone"),
        ],
        claims=[claim("A", "damaged", at(3, 6), docs_complete_at=at(3, 7))],
    )
    found = add_up(connection, "deliveries", WEEK, after(WEEK), by="category")

    assert found == {
        "laptop": {"delivered_n": 1, "damaged_n": 1},
        "phone": {"delivered_n": 1, "damaged_n": 0},
    }
    assert add_up(connection, "deliveries", WEEK, after(WEEK)) == {"delivered_n": 3, "damaged_n": 1}


def test_a_perfect_order_is_on_time_whole_and_right():
    """A is perfect, and so is E, which comes back for another reason. B is late; C and D fall out in time.

    F is a trade-in, G a label that nobody used, and H's promise of Sunday evening still runs on Sunday.
    """
    good = {"first_scan_at": at(3, 3), "first_attempt_at": at(3, 5)}
    back = {"case_type": "return"}
    connection = ground(
        shipments=[
            *(parcel(name, **good) for name in "ACDE"),
            parcel("B", first_scan_at=at(3, 3), first_attempt_at=at(3, 6)),
            parcel("F", flow="trade_in", **good),
            parcel("G"),
            parcel("H", (3, 8), **good),
        ],
        claims=[claim("C", "missing_item", at(3, 12)), claim("A", "late", at(3, 6))],
        reverse_cases=[
            back | {"order_id": "OD", "requested_at": at(3, 15), "case_reason": "not_as_described"},
            back | {"order_id": "OE", "requested_at": at(3, 6), "case_reason": "changed_mind"},
        ],
    )

    assert add_up(connection, "perfect_orders", WEEK, at(3, 8)) == {"due_n": 5, "perfect_n": 4, "seen_n": 5}
    for moment, perfect in ((after(WEEK), 5), (at(3, 13), 4), (at(3, 16), 3)):
        found = add_up(connection, "perfect_orders", WEEK, moment)
        assert found == {"due_n": 6, "perfect_n": perfect, "seen_n": 6}


def test_a_parcel_is_shipped_in_the_week_of_its_first_scan():
    """A is due a week later; B was scanned the week before, C and the label D not in the week either."""
    connection = ground(
        shipments=[
            parcel("A", (3, 10), hub_scanned=True, first_scan_at=at(3, 3)),
            parcel("B", hub_scanned=True, first_scan_at=at(3, 1)),
            parcel("C", hub_scanned=True, first_scan_at=at(3, 9)),
            parcel("D", hub_scanned=False),
        ]
    )

    assert add_up(connection, "shipped", WEEK, at(3, 20)) == {"shipped_n": 1}
    assert add_up(connection, "shipped", WEEK, at(3, 2)) == {"shipped_n": 0}


def test_a_shipment_of_which_no_scans_are_told_is_shipped_in_the_week_of_its_promise():
    """A flight that left on Sunday night is due on Monday; one that was cancelled was due all the same."""
    connection = ground(
        shipments=[
            parcel("A", (3, 2), carrier="A", first_scan_at=at(3, 1, 23), delivered_at=at(3, 2)),
            parcel("B", (3, 8), carrier="B", status="cancelled"),
            parcel("C", (3, 9), carrier="C", first_scan_at=at(3, 8), delivered_at=at(3, 9)),
        ]
    )

    assert set(add_up(connection, "shipped", WEEK, at(3, 20), by="carrier")) == {"A", "B"}


def test_a_shipment_of_which_no_scans_are_told_is_not_shipped_before_its_promise_is_over():
    """It arrived at noon of the 5th; it was promised until the evening."""
    connection = ground(shipments=[parcel("A", first_scan_at=at(3, 4), delivered_at=at(3, 5))])

    assert add_up(connection, "shipped", WEEK, at(3, 5, 21)) == {"shipped_n": 0}
    assert add_up(connection, "shipped", WEEK, at(3, 5, 22)) == {"shipped_n": 1}


def test_a_shipment_of_which_no_scans_are_told_is_not_shipped_before_it_is_known():
    """Its row came on the 10th, five days after the promise."""
    connection = ground(shipments=[parcel("A", delivered_at=at(3, 5), known_at=at(3, 10))])

    assert add_up(connection, "shipped", WEEK, at(3, 9)) == {"shipped_n": 0}
    assert add_up(connection, "shipped", WEEK, at(3, 10)) == {"shipped_n": 1}


def test_what_is_shipped_has_its_lane_and_flow():
    """One goes from France to Spain, one comes back."""
    there, back = {"destination_country": "ES"}, {"origin_country": "ES", "flow": "return"}
    scanned = {"hub_scanned": True, "first_scan_at": at(3, 3)}
    connection = ground(shipments=[parcel("A", **scanned, **there), parcel("B", **scanned, **back)])

    found = add_up(connection, "shipped", WEEK, after(WEEK), by=["lane", "flow"])
    assert found == {("FR-ES", "outbound"): {"shipped_n": 1}, ("ES-FR", "return"): {"shipped_n": 1}}


def promise_days(connection, seen_at: dt.datetime, week: str = WEEK) -> dict[str, tuple[int, int]]:
    """Give by carrier, of which each has one parcel, the days that its promise granted and those to spare."""
    add_up(connection, "promises", week, seen_at)
    rows = connection.execute(
        f"SELECT carrier, granted_days_bin, spare_days_bin, due_n FROM ({fact_sql('promises')})"
    ).fetchall()
    assert len({row[0] for row in rows}) == len(rows) == sum(row[3] for row in rows)
    return {carrier: (granted, spare) for carrier, granted, spare, _ in rows}


def sent(
    name: str, promised: tuple[int, int] = (3, 5), attempted: dt.datetime | None = None, **cells
) -> dict:
    """Give a parcel with a carrier of its own, scanned on Friday 27 February."""
    times = {"first_scan_at": at(2, 27), "first_attempt_at": attempted}
    return parcel(name, promised, carrier=name, **(times | cells))


def test_a_promise_grants_the_working_days_after_the_ship_by_day():
    """A was accepted on Monday, to be shipped by Tuesday; Wednesday and Thursday are left.

    B was accepted on the Thursday before: Monday and Tuesday are left. C, accepted on a Saturday, is as A.
    The promise of D, for Tuesday, grants nothing, nor does that of E, which was over before the ship-by day.
    """
    accepted = {"A": at(3, 2), "B": at(2, 26), "C": at(2, 28), "D": at(3, 2), "E": at(3, 4)}
    connection = ground(
        shipments=[sent("A"), sent("B", (3, 3)), sent("C"), sent("D", (3, 3)), sent("E", (3, 4))],
        orders=[order(name, day) for name, day in accepted.items()],
    )

    granted = {name: days for name, (days, _) in promise_days(connection, after(WEEK)).items()}
    assert granted == {"A": 2, "B": 2, "C": 2, "D": 0, "E": 0}


def test_a_promise_that_begins_on_a_day_off_of_the_destination_grants_the_days_after_the_next_working_day():
    """To be shipped from France on Tuesday, 6 January, when Italy is closed: it begins on Wednesday."""
    days = {name: {"origin_country": "FR", "destination_country": name} for name in ("FR", "IT")}
    connection = ground(
        shipments=[sent(name, (1, 9), first_scan_at=at(1, 6), **where) for name, where in days.items()],
        orders=[order(name, at(1, 5)) for name in days],
    )

    granted = promise_days(connection, after("2026-W02"), "2026-W02")
    assert {name: found for name, (found, _) in granted.items()} == {"FR": 3, "IT": 2}


def test_a_promise_for_what_comes_back_runs_from_the_first_scan():
    """Scanned on Tuesday, promised for Thursday; of its order nothing is known.

    C was scanned at half past eleven on Monday evening by UTC, when it was Tuesday in France.
    """
    connection = ground(
        shipments=[
            sent("A", first_scan_at=at(3, 3), flow="return"),
            sent("B", first_scan_at=at(3, 3), flow="trade_in"),
            sent("C", first_scan_at=dt.datetime(2026, 3, 2, 23, 30), flow="return"),
        ]
    )

    assert promise_days(connection, after(WEEK)) == {"A": (2, -3), "B": (2, -3), "C": (2, -3)}


def test_of_a_promise_for_an_order_that_is_not_in_the_data_nothing_is_said():
    """Nor of one that, so the data say, will be accepted on the 10th only, after the parcel was sent."""
    connection = ground(shipments=[sent("A"), sent("B")], orders=[order("B", at(3, 10))])

    assert promise_days(connection, at(3, 9)) == {}
    assert promise_days(connection, at(3, 10)) == {"B": (0, -3)}


def test_days_to_spare_lie_between_the_first_attempt_and_the_promise():
    """A was attempted on Friday for Monday, which is a day early; C on Monday for Friday, a day late."""
    connection = ground(
        shipments=[
            sent("A", (3, 2), at(2, 27, 15)),
            sent("B", (3, 5), at(3, 5)),
            sent("C", (3, 6), at(3, 9)),
            sent("D", (3, 6), delivered_at=at(3, 4)),
        ],
        orders=[order(name, at(2, 24)) for name in "ABCD"],
    )

    spare = {name: days for name, (_, days) in promise_days(connection, after(WEEK, 7)).items()}
    assert spare == {"A": 1, "B": 0, "C": -1, "D": 2}


def test_days_of_a_promise_are_working_days_of_the_destination():
    """From Thursday 2 to Wednesday 8 April there are three in France, and two in Germany.

    Easter Monday is a day off in both, Good Friday only in Germany. The ship-by day is France's for all: that
    of C, accepted a day later, is Good Friday, so that its promise begins on Tuesday.
    """
    week = "2026-W15"
    germany = {"destination_country": "DE", "destination_zone": "Europe/Berlin"}
    connection = ground(
        shipments=[
            sent("A", (4, 8), at(4, 2)),
            sent("B", (4, 8), at(4, 2), **germany),
            sent("C", (4, 8), at(4, 7), **germany),
        ],
        orders=[order("A", at(4, 1)), order("B", at(4, 1)), order("C", at(4, 2))],
    )

    assert promise_days(connection, after(week), week) == {"A": (3, 3), "B": (2, 2), "C": (1, 1)}


def test_the_day_of_an_attempt_is_that_of_the_clock_at_the_destination():
    """At half past eleven in the evening by UTC it is Friday in France, and still Thursday in Britain."""
    britain = {"destination_country": "GB", "destination_zone": "Europe/London"}
    late = dt.datetime(2026, 3, 5, 23, 30)
    connection = ground(
        shipments=[sent("A", attempted=late), sent("B", attempted=late, **britain)],
        orders=[order("A"), order("B")],
    )

    assert promise_days(connection, after(WEEK)) == {"A": (2, -1), "B": (2, 0)}


def test_local_days_begin_an_hour_earlier_by_utc_in_summer():
    """At half past ten in the evening by UTC it is Friday in France; in Britain only an hour later.

    C was scanned at that time of a Monday: two working days before Thursday, its promise, not three.
    """
    week = "2026-W23"
    britain = {"destination_country": "GB", "destination_zone": "Europe/London"}
    late = dt.datetime(2026, 6, 4, 22, 30)
    connection = ground(
        shipments=[
            sent("A", (6, 4), attempted=late),
            sent("B", (6, 4), attempted=late, **britain),
            sent("C", (6, 4), first_scan_at=dt.datetime(2026, 6, 1, 22, 30), flow="return"),
        ],
        orders=[order("A", at(6, 1)), order("B", at(6, 1))],
    )

    assert promise_days(connection, after(week), week) == {"A": (2, -1), "B": (2, 0), "C": (2, -3)}


def test_days_to_spare_are_at_most_three_either_way():
    """Promised for Friday: A was attempted four days early and C four days late, B and D three days."""
    days = {"A": at(3, 2), "B": at(3, 3), "C": at(3, 12), "D": at(3, 11)}
    connection = ground(
        shipments=[sent(name, (3, 6), day) for name, day in days.items()],
        orders=[order(name) for name in days],
    )

    spare = {name: days for name, (_, days) in promise_days(connection, after(WEEK, 7)).items()}
    assert spare == {"A": 3, "B": 3, "C": -3, "D": -3}


def test_a_parcel_that_is_never_attempted_is_three_days_late():
    """On the evening of its promise already: how late it will be nobody knows."""
    connection = ground(shipments=[sent("A")], orders=[order("A")])

    assert promise_days(connection, at(3, 5, 23)) == {"A": (2, -3)}


def test_an_attempt_after_the_look_is_not_known_yet():
    """Promised for Thursday, attempted at noon on Friday; before Thursday evening nothing is due."""
    connection = ground(shipments=[sent("A", attempted=at(3, 6))], orders=[order("A")])

    assert promise_days(connection, at(3, 5)) == {}
    assert promise_days(connection, at(3, 6, 11)) == {"A": (2, -3)}
    assert promise_days(connection, at(3, 6, 12)) == {"A": (2, -1)}


def test_a_promise_runs_from_the_first_line_of_its_order():
    """The second line was accepted two days later, which would leave no day of the promise."""
    connection = ground(
        shipments=[sent("A", attempted=at(3, 5))], orders=[order("A"), order("A", at(3, 4), line="-2")]
    )

    assert promise_days(connection, after(WEEK)) == {"A": (2, 0)}


def test_promises_of_parcels_that_no_carrier_scanned_are_left_out():
    """A was never scanned, though it came; B on the 10th, which on the 9th nobody knows."""
    connection = ground(
        shipments=[
            sent("A", attempted=at(3, 5), first_scan_at=None),
            sent("B", first_scan_at=at(3, 10)),
        ],
        orders=[order("A"), order("B")],
    )

    assert promise_days(connection, at(3, 9)) == {}
    assert promise_days(connection, at(3, 10)) == {"B": (2, -3)}


@pytest.mark.parametrize(
    "sign", ["handover_declared_at", "first_scan_at", "first_attempt_at", "delivered_at"]
)
def test_any_sign_that_the_carrier_had_it_makes_a_parcel_due(sign):
    """One is enough; on the 6th there was none."""
    connection = ground(shipments=[parcel("A", hub_scanned=False, **{sign: at(3, 7)})])

    for fact in ("shipments", "perfect_orders"):
        assert add_up(connection, fact, WEEK, at(3, 6))["due_n"] == 0
        assert add_up(connection, fact, WEEK, at(3, 8))["due_n"] == 1


SAID_OTHERWISE = {
    "shipments": {"first_scan_at": at(3, 2)},
    "orders": {"orderline_id": "A", "category": "console"},
    "claims": {"shipment_id": "Z"},
    "reverse_cases": {"order_id": "OZ"},
}
"""What other versions of rows say: that Z had the claim and the return, and the order another first line."""


@pytest.mark.parametrize(
    "fact",
    [
        *("shipments", "first_scans", "transits", "fulfilled_orders", "attempts", "deliveries"),
        *("perfect_orders", "promises", "shipped"),
    ],
)
def test_of_all_versions_of_a_row_the_one_known_then_counts(fact):
    """On the 25th, what was replaced in February and what became known in April count for nothing."""
    times = {"first_scan_at": at(3, 3), "first_attempt_at": at(3, 5), "delivered_at": at(3, 5)}
    back = {"case_type": "return", "requested_at": at(3, 10), "case_reason": "wrong_item"}
    tables = {
        "shipments": [parcel("A", **times), parcel("Z", **times)],
        "orders": [order("A", category="phone"), order("Z", category="phone")],
        "claims": [claim("A", "damaged", at(3, 6), docs_complete_at=at(3, 7))],
        "reverse_cases": [back | {"order_id": "OA"}],
    }
    doubled = {
        name: [
            *rows,
            *(row | SAID_OTHERWISE[name] | {"known_at": at(1, 1), "replaced_at": at(2, 1)} for row in rows),
            *(row | SAID_OTHERWISE[name] | {"known_at": at(4, 1)} for row in rows),
        ]
        for name, rows in tables.items()
    }

    assert _rows(ground(**tables), fact) == _rows(ground(**doubled), fact) != []


def _rows(connection, fact: str) -> list[tuple]:
    add_up(connection, fact, WEEK, at(3, 25))
    return connection.execute(f"SELECT * FROM ({fact_sql(fact)}) ORDER BY ALL").fetchall()
