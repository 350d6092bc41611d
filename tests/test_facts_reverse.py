"""Facts of returns and trade-ins, on rows few enough to count by hand."""

import datetime as dt

from small_ground import add_up, after, ground

from tallysheet.engine import fact_sql

WEEK = "2026-W10"  # 2 to 8 March


def at(month: int, day: int, hour: int = 12) -> dt.datetime:
    return dt.datetime(2026, month, day, hour)


def parcel(name: str, **cells) -> dict:
    """Give a parcel of one order or case, from France to France."""
    usual = {"shipment_id": name, "carrier": "BRV", "service": "home", "status": "in_transit"}
    place = {"origin_country": "FR", "destination_country": "FR"}
    due = {"promised_date": dt.date(2026, 3, 9), "promised_at": at(3, 9)}
    return usual | place | due | cells


def sale(name: str, delivered: dt.datetime, **cells) -> dict:
    return parcel(name, flow="outbound", order_id=f"O{name}", delivered_at=delivered, **cells)


def case(name: str, kind: str, requested: dt.datetime, **cells) -> dict:
    times = {"requested_at": requested, "label_issued_at": requested, "known_at": requested}
    return {"case_id": name, "case_type": kind} | times | cells


def returned(order: str, requested: dt.datetime, **cells) -> dict:
    return case(f"C{order}{requested:%j}", "return", requested, order_id=f"O{order}", **cells)


def bins(connection, fact: str, seen_at: dt.datetime) -> list[tuple]:
    """Give bin and measures of each row, in order; the measures are the last two columns."""
    add_up(connection, fact, WEEK, seen_at)
    rows = connection.execute(f"SELECT days_bin, * FROM ({fact_sql(fact)}) ORDER BY ALL").fetchall()
    return [(row[0], *row[-2:]) for row in rows]


DELIVERED = {
    "shipments": [
        sale("a", at(3, 2)),
        sale("b", at(3, 3)),
        sale("c", at(3, 8)),
        sale("d", at(3, 9)),  # the week after
        sale("e", at(3, 4)) | {"flow": "return"},
    ],
    "orders": [
        {"orderline_id": "La", "order_id": "Oa", "category": "phone", "paid_at": at(2, 20)},
        {"orderline_id": "La-2", "order_id": "Oa", "category": "phone", "paid_at": at(2, 20)},
        {"orderline_id": "Lb", "order_id": "Ob", "category": "laptop", "paid_at": at(2, 20)},
    ],
    "reverse_cases": [
        returned("a", at(3, 12)),
        returned("a", at(3, 20)),  # again: one order is returned once
        returned("b", at(4, 2, 20)),  # 30 days later
        returned("c", at(4, 8)),  # 31 days later
    ],
}


def test_return_rate_counts_orders_returned_within_30_days():
    """Three delivered; a comes back twice, which is once, b on its last day, c too late."""
    connection = ground(**DELIVERED)

    assert add_up(connection, "delivered_orders", WEEK, at(5, 1)) == {"delivered_n": 3, "returned_n": 2}
    assert add_up(connection, "delivered_orders", WEEK, at(5, 1), by="category") == {
        "phone": {"delivered_n": 1, "returned_n": 1},
        "laptop": {"delivered_n": 1, "returned_n": 1},
    }


def test_return_rate_seen_earlier_knows_no_later_return():
    """A week after the week's end only a's first return was asked for; on the Friday c was not delivered."""
    connection = ground(**DELIVERED)

    assert add_up(connection, "delivered_orders", WEEK, after(WEEK, 7)) == {
        "delivered_n": 3,
        "returned_n": 1,
    }
    assert add_up(connection, "delivered_orders", WEEK, at(3, 6)) == {"delivered_n": 2, "returned_n": 0}


CYCLE = {
    "reverse_cases": [
        returned("a", at(3, 2), dropped_off_at=at(3, 4), paid_out_at=at(3, 9), closed_at=at(3, 9)),
        returned("b", at(3, 3), dropped_off_at=at(3, 10)),  # never refunded
        returned("c", at(3, 4), closed_at=at(3, 18)),  # never sent
        returned("d", at(3, 5)),  # never sent, never closed
        case("T", "trade_in", at(3, 2), dropped_off_at=at(3, 3), paid_out_at=at(3, 5)),
    ],
    "shipments": [parcel("Pa", flow="return", case_id="Ca061"), parcel("Po", flow="outbound", order_id="Oa")],
}


def test_return_cycle_counts_days_until_the_refund():
    """Order a waits 7 days; b is open after 28.5 days; c and d lapsed; what is traded in is no return."""
    connection = ground(**CYCLE)

    assert bins(connection, "return_cycle", at(4, 1, 0)) == [(7, 1, 1), (28, 1, 0)]
    assert add_up(connection, "return_cycle", WEEK, at(4, 1), by="carrier") == {
        "BRV": {"asked_n": 1, "refunded_n": 1}
    }


def test_return_cycle_seen_earlier_holds_all_as_open():
    """On the Sunday all four are open, the last one asked 3 days before, as their labels are still good."""
    connection = ground(**CYCLE)

    assert bins(connection, "return_cycle", at(3, 8)) == [(3, 1, 0), (4, 1, 0), (5, 1, 0), (6, 1, 0)]


def test_days_are_held_at_59():
    """A return that is open for a year stands in the last bin."""
    connection = ground(reverse_cases=[returned("b", at(3, 3), dropped_off_at=at(3, 10))])

    assert bins(connection, "return_cycle", at(12, 1)) == [(59, 1, 0)]


LABELS = {
    "reverse_cases": [
        returned("a", at(3, 2), dropped_off_at=at(3, 4)),
        returned("b", at(3, 3), dropped_off_at=at(3, 17, 20)),  # 14 days later
        returned("c", at(3, 4), dropped_off_at=at(3, 19)),  # 15 days later
        returned("d", at(3, 8)),
        returned("e", at(3, 8, 23)) | {"label_issued_at": at(3, 9, 1)},  # label of the week after
        case("T", "trade_in", at(3, 2), dropped_off_at=at(3, 4)),
    ],
    "shipments": [
        parcel("Pa", flow="return", case_id="Ca061", service="pudo"),
        parcel("Pa2", flow="return", case_id="Ca061", service="pudo"),  # a second label of the same case
    ],
}


def test_return_labels_count_what_is_dropped_off_in_time():
    """Of four labels a and b are dropped off within 14 days; a second label makes no second case."""
    connection = ground(**LABELS)

    assert add_up(connection, "return_labels", WEEK, at(4, 1)) == {
        "labels_n": 4,
        "dropped_n": 2,
        "ended_n": 4,
    }
    assert add_up(connection, "return_labels", WEEK, at(4, 1), by="service")["pudo"]["labels_n"] == 1


def test_return_labels_seen_earlier_have_not_ended():
    """On Monday only a is dropped off, and no label has run out."""
    connection = ground(**LABELS)

    assert add_up(connection, "return_labels", WEEK, after(WEEK)) == {
        "labels_n": 4,
        "dropped_n": 1,
        "ended_n": 1,
    }


OFFERS = {
    "reverse_cases": [
        case("a", "trade_in", at(3, 2), dropped_off_at=at(3, 4)),
        case("b", "trade_in", at(3, 3), dropped_off_at=at(3, 24, 20)),  # 21 days later
        case("c", "trade_in", at(3, 3), dropped_off_at=at(3, 25)),  # 22 days later
        case("d", "trade_in", at(3, 9)),  # the week after
        returned("e", at(3, 2), dropped_off_at=at(3, 4)),
    ],
}


def test_trade_in_offers_count_what_is_dropped_off_in_time():
    """Of three offers a and b are dropped off within 21 days."""
    connection = ground(**OFFERS)

    assert add_up(connection, "trade_in_offers", WEEK, at(4, 1)) == {
        "offers_n": 3,
        "dropped_n": 2,
        "ended_n": 3,
    }


def test_trade_in_offers_seen_earlier_have_not_ended():
    """On Monday a is dropped off; a case that was not known then is not there."""
    connection = ground(
        reverse_cases=[*OFFERS["reverse_cases"], case("f", "trade_in", at(3, 3)) | {"known_at": at(3, 10)}]
    )

    assert add_up(connection, "trade_in_offers", WEEK, after(WEEK)) == {
        "offers_n": 3,
        "dropped_n": 1,
        "ended_n": 1,
    }


PAID = {
    "reverse_cases": [
        case(
            "a", "trade_in", at(2, 25), dropped_off_at=at(3, 2), paid_out_at=at(3, 7, 11), closed_at=at(3, 7)
        ),
        case("b", "trade_in", at(2, 25), dropped_off_at=at(3, 3)),
        case("c", "trade_in", at(2, 25), dropped_off_at=at(3, 4), closed_at=at(3, 12)),  # sent back
        case("d", "trade_in", at(3, 3)),
        returned("e", at(3, 2), dropped_off_at=at(3, 4), paid_out_at=at(3, 9)),
    ],
}


def test_trade_in_cycle_counts_days_until_the_payout():
    """Case a waits an hour less than 5 days; b is open after 17; c went back unpaid."""
    connection = ground(**PAID)

    assert bins(connection, "trade_in_cycle", at(3, 20)) == [(4, 1, 1), (17, 1, 0)]


def test_trade_in_cycle_seen_earlier_holds_all_as_open():
    """On the Thursday a, b and c wait since 3, 2 and 1 days."""
    connection = ground(**PAID)

    assert bins(connection, "trade_in_cycle", at(3, 5)) == [(1, 1, 0), (2, 1, 0), (3, 1, 0)]


GRADED = {
    "reverse_cases": [
        case("a", "trade_in", at(2, 25), graded_at=at(3, 2), counter_offer_at=at(3, 2, 14)),
        case("b", "trade_in", at(2, 25), graded_at=at(3, 8), counter_offer_at=at(3, 10)),
        case("c", "trade_in", at(2, 25), graded_at=at(3, 3)),
        case("d", "trade_in", at(2, 25), counter_offer_at=at(3, 3)),  # nobody noted when
        returned("e", at(2, 25), graded_at=at(3, 3)),
    ],
    "shipments": [parcel("Pa", flow="trade_in", case_id="a", partner="FP-Loire")],
}


def test_counter_offers_of_what_was_graded():
    """Three were examined, two of them got a lower offer."""
    connection = ground(**GRADED)

    assert add_up(connection, "graded_trade_ins", WEEK, at(4, 1)) == {"graded_n": 3, "counter_offer_n": 2}
    assert add_up(connection, "graded_trade_ins", WEEK, at(4, 1), by="partner") == {
        "FP-Loire": {"graded_n": 1, "counter_offer_n": 1}
    }


def test_counter_offers_seen_earlier():
    """On Monday b's lower offer was still to come."""
    connection = ground(**GRADED)

    assert add_up(connection, "graded_trade_ins", WEEK, after(WEEK)) == {"graded_n": 3, "counter_offer_n": 1}
