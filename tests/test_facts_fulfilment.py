"""Facts of fulfilment, on rows few enough to count by hand."""

import datetime as dt

import pytest
from small_ground import add_up, after, ground

from tallysheet.engine import fact_sql
from tallysheet.settings import Rules

WEEK = "2026-W10"  # 2 to 8 March
SELLERS = [
    {"seller": "S1", "country": "FR", "valid_from": dt.date(2025, 1, 1), "valid_to": dt.date(2026, 2, 28)},
    {"seller": "S1", "country": "FR", "valid_from": dt.date(2026, 3, 1)},
]
"""Two rows, as a seller has one for each step that it takes."""


def at(month: int, day: int, hour: int = 12, minute: int = 0) -> dt.datetime:
    return dt.datetime(2026, month, day, hour, minute)


def parcel(name: str, **cells) -> dict:
    """Give a parcel from France to France, labelled on 1 March and promised for the 5th."""
    usual = {"shipment_id": name, "order_id": f"O{name}", "flow": "outbound", "carrier": "BRV"}
    place = {"origin_country": "FR", "destination_country": "FR", "destination_zone": "Europe/Paris"}
    due = {"promised_date": dt.date(2026, 3, 5), "promised_at": at(3, 5, 22), "label_created_at": at(3, 1)}
    labels = {"tracking_number": f"N{name}", "service": "home", "status": "in_transit"}
    return usual | place | due | labels | cells


def line(name: str, accepted: dt.datetime, number: int = 1, seller: str = "S1") -> dict:
    names = {"orderline_id": f"L{name}-{number}", "order_id": f"O{name}", "seller": seller}
    return names | {"paid_at": accepted, "accepted_at": accepted, "known_at": accepted}


def message(name: str, status: str, event: dt.datetime, received: dt.datetime | None = None) -> dict:
    """Give a message of a parcel, an hour after its event if not said otherwise."""
    names = {"carrier": "BRV", "tracking_number": f"N{name}", "raw_code": status, "norm_status": status}
    received = received or event + dt.timedelta(hours=1)
    return names | {"event_at": event, "received_at": received, "known_at": received}


def job(name: str, **cells) -> dict:
    return {"job_id": name, "partner": "FP-Loire", "kind": "outbound", "released_at": at(3, 2)} | cells


def bins(connection, fact: str, seen_at: dt.datetime) -> list[int]:
    add_up(connection, fact, WEEK, seen_at)
    rows = connection.execute(fact_sql(fact)).df()
    (column,) = [name for name in rows.columns if name.endswith("_bin")]
    return sorted(rows[column].tolist())


def test_a_line_is_handed_over_by_its_ship_by_day_or_late():
    """Accepted on Monday, to be shipped by Tuesday: A is in time; B a day late; C, never scanned, is late.

    Both lines of D are in one parcel; that its first label was not used does not matter, nor does a return.
    """
    monday = at(3, 2)
    connection = ground(
        sellers=SELLERS,
        orders=[*(line(name, monday) for name in "ABCD"), line("D", monday, 2)],
        shipments=[
            parcel("A", first_scan_at=at(3, 3, 18)),
            parcel("B", first_scan_at=at(3, 4, 18)),
            parcel("C"),
            parcel("D", first_scan_at=at(3, 3, 18)),
            parcel("D1", order_id="OD"),
            parcel("C1", order_id="OC", flow="return", first_scan_at=at(3, 3)),
        ],
    )

    found = add_up(connection, "handovers", WEEK, after(WEEK))
    assert found == {"due_n": 5, "in_time_n": 3, "seen_n": 4}


def test_a_line_is_due_when_its_ship_by_day_is_over():
    """On Tuesday it is not; on Wednesday it is, and its scan of Wednesday at 18 is still to come."""
    connection = ground(
        sellers=SELLERS,
        orders=[line("A", at(3, 2))],
        shipments=[parcel("A", first_scan_at=at(3, 4, 18))],
    )

    assert add_up(connection, "handovers", WEEK, at(3, 3, 20))["due_n"] == 0
    assert add_up(connection, "handovers", WEEK, at(3, 4)) == {"due_n": 1, "in_time_n": 0, "seen_n": 0}
    assert add_up(connection, "handovers", WEEK, at(3, 5)) == {"due_n": 1, "in_time_n": 0, "seen_n": 1}


def test_days_off_do_not_count_for_the_ship_by_day():
    """Accepted on Saturday or Sunday counts as Monday: due on Tuesday. On Friday: due on Monday of next week.

    With two working days, what is accepted on Friday before is due on Tuesday. What is due on Friday is late
    on Saturday.
    """
    rows = {"sellers": SELLERS, "shipments": [parcel("A", first_scan_at=at(3, 3))]}
    weekend = [line("A", at(2, 28)), line("A", at(3, 1), 2), line("A", at(3, 6), 3)]

    found = add_up(ground(**rows, orders=weekend), "handovers", WEEK, after(WEEK))
    assert (found["due_n"], found["in_time_n"]) == (2, 2)
    slower = ground(Rules(ship_by_workdays=2), **rows, orders=[line("A", at(2, 27))])
    assert add_up(slower, "handovers", WEEK, after(WEEK))["in_time_n"] == 1
    saturday = ground(
        sellers=SELLERS, orders=[line("B", at(3, 5))], shipments=[parcel("B", first_scan_at=at(3, 7))]
    )
    assert add_up(saturday, "handovers", WEEK, after(WEEK)) == {"due_n": 1, "in_time_n": 0, "seen_n": 1}


def test_a_seller_that_moves_has_the_working_days_of_its_country_then():
    """It moves to France on 6 April. A, accepted on the 2nd, is due on Tuesday, after Easter in Germany.

    In France it would have been due on Good Friday. B, of Tuesday, is due on Wednesday.
    """
    moving = [
        {"seller": "S1", "country": "DE", "valid_from": dt.date(2025, 1, 1), "valid_to": dt.date(2026, 4, 5)},
        {"seller": "S1", "country": "FR", "valid_from": dt.date(2026, 4, 6)},
    ]
    germany = {"origin_country": "DE", "destination_country": "DE", "destination_zone": "Europe/Berlin"}
    connection = ground(
        sellers=moving,
        orders=[line("A", at(4, 2)), line("B", at(4, 7))],
        shipments=[parcel("A", **germany), parcel("B")],
    )

    assert add_up(connection, "handovers", "2026-W14", at(4, 20))["due_n"] == 0
    found = add_up(connection, "handovers", "2026-W15", at(4, 20), by="origin_country")
    assert {country: one["due_n"] for country, one in found.items()} == {"DE": 1, "FR": 1}


def test_the_day_of_a_scan_is_that_of_the_country_it_leaves():
    """At 23:30 UTC it is tomorrow in France; at 3 UTC it is yesterday in New York."""
    states = {"origin_country": "US", "destination_country": "US", "destination_zone": "America/New_York"}
    connection = ground(
        sellers=[*SELLERS, {"seller": "S2", "country": "US", "valid_from": dt.date(2025, 1, 1)}],
        orders=[line("A", at(3, 2)), line("B", at(3, 2), seller="S2")],
        shipments=[
            parcel("A", first_scan_at=at(3, 3, 23, 30)),
            parcel("B", first_scan_at=at(3, 4, 3), **states),
        ],
    )

    found = add_up(connection, "handovers", WEEK, after(WEEK), by="seller")
    assert {seller: one["in_time_n"] for seller, one in found.items()} == {"S1": 0, "S2": 1}


def test_a_parcel_is_told_of_in_full_or_not():
    """A has all three messages, B no hub, C no delivery; D lies at a pick-up point, and that is told.

    E and F have not arrived: E counts on the 10th, when a week is over, F on the 13th, after its promise.
    """
    taken = {"handover_declared_at": at(3, 3)}
    there = {"delivered_at": at(3, 5)}
    way = [at(3, 3), at(3, 4)]
    connection = ground(
        shipments=[
            *(parcel(name, **taken, **there) for name in "ABC"),
            parcel("D", service="pudo", first_attempt_at=at(3, 5), **taken),
            parcel("E", **taken),
            parcel("F", promised_at=at(3, 12, 22), **taken),
        ],
        tracking_events=[
            *(message(name, "in_transit", moment) for name in "ACDEF" for moment in way),
            message("B", "in_transit", at(3, 3)),
            *(message(name, "delivered", at(3, 5)) for name in "AB"),
            message("D", "available_for_pickup", at(3, 5)),
        ],
    )

    for moment, due in ((at(3, 10, 11), 4), (at(3, 10), 5), (at(3, 12), 5), (at(3, 13), 6)):
        assert add_up(connection, "handed_over", WEEK, moment) == {"due_n": due, "complete_n": 2}


def test_a_message_counts_once_it_has_come_and_for_its_own_parcel():
    """A's delivery is told on the 20th. B's number had a parcel a year ago, and another carrier has it too.

    C's number is used again in June.
    """
    taken = {"handover_declared_at": at(3, 3), "delivered_at": at(3, 5)}
    a_year_ago = dt.timedelta(days=365)
    connection = ground(
        shipments=[parcel(name, **taken) for name in "ABC"],
        tracking_events=[
            *(message("A", "in_transit", moment) for moment in (at(3, 3), at(3, 4))),
            message("A", "delivered", at(3, 5), received=at(3, 20)),
            *(message("B", "in_transit", moment - a_year_ago) for moment in (at(3, 3), at(3, 4))),
            *(message("B", "in_transit", moment) | {"carrier": "CDR"} for moment in (at(3, 3), at(3, 4))),
            message("B", "delivered", at(3, 5)),
            *(message("C", "in_transit", moment) for moment in (at(3, 3), at(3, 4))),
            message("C", "delivered", at(6, 5)),
        ],
    )

    assert add_up(connection, "handed_over", WEEK, after(WEEK)) == {"due_n": 3, "complete_n": 0}
    assert add_up(connection, "handed_over", WEEK, at(6, 30)) == {"due_n": 3, "complete_n": 1}


def test_a_carrier_counts_from_its_first_message_on():
    """BRV tells of A alone: B is not whole. CDR, of which no message is there, tells nothing, not too little.

    Nor did BRV before its first message, nor is anything known of it on the day before that came.
    """
    taken = {"handover_declared_at": at(3, 4), "delivered_at": at(3, 5)}
    connection = ground(
        shipments=[
            *(parcel(name, **taken) for name in "AB"),
            parcel("C", **taken | {"carrier": "CDR"}),
            parcel("D", handover_declared_at=at(3, 2), delivered_at=at(3, 5)),
        ],
        tracking_events=[
            *(message("A", "in_transit", moment) for moment in (at(3, 3), at(3, 4))),
            message("A", "delivered", at(3, 5)),
        ],
    )

    assert add_up(connection, "handed_over", WEEK, after(WEEK)) == {"due_n": 2, "complete_n": 1}
    assert add_up(connection, "handed_over", WEEK, at(3, 2, 20)) == {"due_n": 0, "complete_n": 0}


def test_latency_is_counted_in_quarters_of_an_hour():
    """20 minutes, an hour, and 30 hours, in the last bin; that came on Tuesday. One came before its event."""
    connection = ground(
        shipments=[parcel("A")],
        tracking_events=[
            message("A", "in_transit", at(3, 3), received=at(3, 3, 12, 20)),
            message("A", "out_for_delivery", at(3, 4)),
            message("A", "delivered", at(3, 8, 20), received=at(3, 10, 2)),
            message("A", "exception", at(3, 5), received=at(3, 5, 11)),
        ],
    )

    assert bins(connection, "scan_messages", after(WEEK)) == [1, 4]
    assert bins(connection, "scan_messages", after(WEEK, 3)) == [1, 4, 59]


def test_an_order_is_sent_out_by_its_cut_off_or_not():
    """A is, B is late, C is not sent yet. D came after its cut-off; E's cut-off lies ahead; F is goods in."""
    noon = {"cut_off_at": at(3, 4)}
    connection = ground(
        fulfilment_jobs=[
            job("A", dispatched_at=at(3, 4), **noon),
            job("B", dispatched_at=at(3, 4, 13), **noon),
            job("C", **noon),
            job("D", released_at=at(3, 4, 13), dispatched_at=at(3, 4, 14), **noon),
            job("E", cut_off_at=at(3, 6), dispatched_at=at(3, 5)),
            job("F", kind="inbound", **noon),
        ]
    )

    assert add_up(connection, "dispatches", WEEK, at(3, 5)) == {"due_n": 3, "in_time_n": 1}
    assert add_up(connection, "dispatches", WEEK, after(WEEK)) == {"due_n": 4, "in_time_n": 2}
    assert add_up(connection, "dispatches", WEEK, at(3, 4, 11))["due_n"] == 0


def test_goods_are_in_stock_after_tenths_of_an_hour():
    """A took 90 minutes, B five days, which is in the last bin. C is not in stock, D not at the dock.

    E was in stock before it came, and F goes out.
    """
    connection = ground(
        fulfilment_jobs=[
            job("A", kind="inbound", dock_in_at=at(3, 3), stocked_at=at(3, 3, 13, 30)),
            job("B", kind="inbound", dock_in_at=at(3, 6), stocked_at=at(3, 11)),
            job("C", kind="inbound", dock_in_at=at(3, 6)),
            job("D", kind="inbound"),
            job("E", kind="inbound", dock_in_at=at(3, 6), stocked_at=at(3, 5)),
            job("F", dock_in_at=at(3, 6), stocked_at=at(3, 6)),
        ]
    )

    assert bins(connection, "dock_ins", at(3, 10)) == [15]
    assert bins(connection, "dock_ins", at(3, 12)) == [15, 999]


def test_lines_are_picked_right_or_wrong():
    """Of the 5 lines of A and B one is wrong. Of C nobody said, D was sent out a week later, E came in."""
    connection = ground(
        fulfilment_jobs=[
            job("A", dispatched_at=at(3, 3), lines=3, lines_wrong=1),
            job("B", dispatched_at=at(3, 6), lines=2, lines_wrong=0),
            job("C", dispatched_at=at(3, 3), lines=2),
            job("D", dispatched_at=at(3, 10), lines=2, lines_wrong=2),
            job("E", kind="inbound", dispatched_at=at(3, 3), lines=1, lines_wrong=0),
        ]
    )

    assert add_up(connection, "picks", WEEK, after(WEEK, 7)) == {"lines_n": 5, "right_n": 4}
    assert add_up(connection, "picks", WEEK, at(3, 5)) == {"lines_n": 3, "right_n": 2}


SAID_OTHERWISE = {
    "sellers": {"country": "DE"},
    "orders": {"orderline_id": "L"},
    "shipments": {"first_scan_at": at(3, 2)},
    "tracking_events": {"tracking_number": "NZ"},
    "fulfilment_jobs": {"partner": "FP-Main"},
}
"""What other versions of rows say: an earlier scan, a line more, messages that Z lacks."""


@pytest.mark.parametrize(
    "fact", ["handovers", "handed_over", "scan_messages", "dispatches", "dock_ins", "picks"]
)
def test_of_all_versions_of_a_row_the_one_known_then_counts(fact):
    """On the 25th, what was replaced in February and what became known in April count for nothing."""
    times = {"handover_declared_at": at(3, 3), "first_scan_at": at(3, 5), "delivered_at": at(3, 6)}
    germany = {"origin_country": "DE", "destination_country": "DE", "destination_zone": "Europe/Berlin"}
    tables = {
        "sellers": SELLERS[:1],
        "orders": [line("A", at(2, 27))],
        "shipments": [parcel("A", **times), parcel("Z", **times, **germany)],
        "tracking_events": [
            *(message("A", "in_transit", at(3, 3)), message("A", "in_transit", at(3, 5))),
            message("A", "delivered", at(3, 6)),
            message("Z", "in_transit", at(3, 5, 9)),
        ],
        "fulfilment_jobs": [
            job("D", cut_off_at=at(3, 3), dispatched_at=at(3, 3), lines=1, lines_wrong=0),
            job("I", kind="inbound", dock_in_at=at(3, 3), stocked_at=at(3, 3, 14)),
        ],
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
