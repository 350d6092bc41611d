"""The facts of Customer Care, on a few contacts counted by hand."""

import datetime as dt

import pytest
from tests.small_ground import add_up, after, ground

from tallysheet.settings import Rules

WEEK = "2026-W10"  # Monday 2 March to Sunday 8 March
NOW = after(WEEK, 30)
MONDAY = dt.datetime(2026, 3, 2, 9)


def at(days: float, hours: float = 0.0) -> dt.datetime:
    """Give a moment, counted from nine on the Monday of the week."""
    return MONDAY + dt.timedelta(days=days, hours=hours)


def contact(name: str, opened: dt.datetime, order: str | None = "O1", **more) -> dict:
    usual = {"contact_reason": "WISMO", "channel": "mail", "handled_by": "bm_care", "seller": "S1"}
    return {"contact_id": name, "order_id": order, "opened_at": opened, "known_at": opened} | usual | more


def line(name: str, paid: dt.datetime, **more) -> dict:
    usual = {"order_id": "O1", "seller": "S1", "buyer_country": "FR", "backship_eligible": True}
    return {"orderline_id": name, "paid_at": paid, "known_at": paid} | usual | more


def parcel(name: str, scanned: dt.datetime | None, **more) -> dict:
    usual = {
        "order_id": "O1",
        "flow": "outbound",
        "carrier": "A",
        "label_source": "seller_own",
        "seller": "S1",
        "destination_country": "FR",
        "promised_date": at(3).date(),
        "promised_at": at(3),
        "status": "in_transit",
        "label_created_at": at(-1),
    }
    return {"shipment_id": name, "first_scan_at": scanned, "hub_scanned": bool(scanned)} | usual | more


def test_an_order_of_two_lines_counts_once():
    """Two lines of one order, one order of the week before: one order, eligible by one of its lines."""
    orders = [
        line("L1", at(0), backship_eligible=False),
        line("L1-2", at(0)),
        line("L2", at(-7), order_id="O2"),
    ]

    found = add_up(ground(orders=orders), "orders", WEEK, NOW)

    assert (found["orders_n"], found["eligible_n"], found["backship_n"]) == (1, 1, 0)


def test_an_order_without_a_number_is_an_order_of_its_own():
    """Two lines that name no order are two orders."""
    orders = [line("L1", at(0), order_id=None), line("L2", at(1), order_id=None)]

    assert add_up(ground(orders=orders), "orders", WEEK, NOW)["orders_n"] == 2


def test_contacts_count_in_the_week_in_which_their_order_was_paid():
    """Two count: one opened two weeks later, one without order; not of an unknown order or another week's."""
    orders = [line("L1", at(0)), line("L1-2", at(0)), line("L2", at(-7), order_id="O2")]
    contacts = [
        contact("C1", at(15)),
        contact("C2", at(2), order=None),
        contact("C3", at(2), order="O9"),
        contact("C4", at(2), order="O2"),
    ]
    connection = ground(orders=orders, care_contacts=contacts)

    assert add_up(connection, "contacts", WEEK, NOW)["contacts_n"] == 2
    assert add_up(connection, "contacts", WEEK, after(WEEK))["contacts_n"] == 1
    assert add_up(connection, "contacts", WEEK, NOW, by="country") == {
        "FR": {"contacts_n": 1, "care_cents": 400}
    }


def test_parcels_are_shipped_once_they_are_scanned():
    """One is scanned on Monday, one on the Monday after, one never."""
    parcels = [parcel("P1", at(0)), parcel("P2", at(7)), parcel("P3", None)]
    connection = ground(shipments=parcels)

    assert add_up(connection, "shipped", WEEK, NOW)["shipped_n"] == 1
    assert add_up(connection, "shipped", WEEK, at(0, -1)) == {"shipped_n": 0}


def test_who_asks_where_a_parcel_is_counts_in_the_week_of_its_first_scan():
    """The parcel is scanned on Monday, the return a week later; a contact is about the last one before it.

    Of six contacts two ask in the week by their reason, one by its words; one came before any scan.
    """
    parcels = [
        parcel("P1", at(0)),
        parcel("P2", at(7), flow="return", carrier="B"),
        parcel("P3", None, carrier="C"),
    ]
    contacts = [
        contact("C1", at(3)),
        contact("C2", at(9)),
        contact("C3", at(2), order=None),
        contact("C4", at(4), contact_reason="damaged", subject="Where is my parcel?"),
        contact("C5", at(4), contact_reason="damaged", subject="It is broken"),
        contact("C6", at(-2)),
    ]
    connection = ground(shipments=parcels, care_contacts=contacts)

    assert add_up(connection, "wismo", WEEK, NOW) == {"wismo_n": 2, "asks_where_n": 1}
    assert add_up(connection, "wismo", WEEK, NOW, by="carrier") == {"A": {"wismo_n": 1, "asks_where_n": 1}}
    assert add_up(connection, "wismo", "2026-W11", NOW, by="carrier")["B"]["wismo_n"] == 1
    assert add_up(connection, "wismo", WEEK, at(2, 1))["wismo_n"] == 1


@pytest.mark.parametrize(
    ("subject", "asks"),
    [
        *(("Where is my parcel?", 1), ("Package not here yet", 1), ("Tracking has not moved", 1)),
        *(("Where is my order #17?", 1), ("Colis non reçu", 1), ("Où est ma commande ?", 1)),
        *(("Question about my order", 0), ("Where is my refund?", 0), (None, 0)),
    ],
)
def test_who_asks_where_a_parcel_is_in_words_of_his_own(subject, asks):
    """In English and French, also of an order: customers do not think in parcels."""
    contacts = [contact("C1", at(3), contact_reason="delivery_other", subject=subject)]
    connection = ground(shipments=[parcel("P1", at(0))], care_contacts=contacts)

    assert add_up(connection, "wismo", WEEK, NOW)["asks_where_n"] == asks


def test_a_parcel_that_becomes_known_later_takes_its_contact_then():
    """The scan of the return is known from Sunday on; until then the contact is about the first parcel."""
    parcels = [parcel("P1", at(-7)), parcel("P2", at(0), carrier="B", known_at=at(6))]
    connection = ground(shipments=parcels, care_contacts=[contact("C1", at(2))])

    assert add_up(connection, "wismo", "2026-W09", at(5))["wismo_n"] == 1
    assert add_up(connection, "wismo", "2026-W09", NOW)["wismo_n"] == 0
    assert add_up(connection, "wismo", WEEK, NOW)["wismo_n"] == 1


def test_hours_to_the_first_reply():
    """Replies after 30 minutes, 5 hours and 10 days; one has waited for two hours."""
    contacts = [
        contact("C1", at(0), first_reply_at=at(0, 0.5)),
        contact("C2", at(0), first_reply_at=at(0, 5)),
        contact("C3", at(0), first_reply_at=at(10)),
        contact("C4", at(0)),
    ]
    connection = ground(care_contacts=contacts)
    early = add_up(connection, "contact_openings", WEEK, at(0, 2), by="reply_tenths_bin")
    late = add_up(connection, "contact_openings", WEEK, NOW, by="reply_tenths_bin")

    assert early == {5: {"opened_n": 1, "replied_n": 1}, 20: {"opened_n": 3, "replied_n": 0}}
    assert late == {
        5: {"opened_n": 1, "replied_n": 1},
        50: {"opened_n": 1, "replied_n": 1},
        999: {"opened_n": 2, "replied_n": 1},
    }


def test_quarters_of_a_day_until_a_contact_is_solved():
    """Solved after seven hours, and after two days; two days are not over on Tuesday at noon."""
    contacts = [contact("C1", at(0), resolved_at=at(0, 7)), contact("C2", at(0), resolved_at=at(2))]
    connection = ground(care_contacts=contacts)

    assert add_up(connection, "contact_solving", WEEK, NOW, by="quarter_days_bin") == {
        1: {"opened_n": 1, "solved_n": 1},
        8: {"opened_n": 1, "solved_n": 1},
    }
    assert add_up(connection, "contact_solving", WEEK, at(1, 3), by="quarter_days_bin") == {
        1: {"opened_n": 1, "solved_n": 1},
        4: {"opened_n": 1, "solved_n": 0},
    }


def test_once_is_enough_if_nobody_comes_back_in_seven_days():
    """O1 comes back after two days, O2 after nine, O3 is opened again, O4 not; one names no order."""
    contacts = [
        contact("C1", at(0), resolved_at=at(0, 2), csat=5),
        contact("C2", at(2), resolved_at=at(20)),
        contact("C3", at(0), "O2", resolved_at=at(1), csat=3),
        contact("C4", at(10), "O2", resolved_at=at(20)),
        contact("C5", at(0), "O3", resolved_at=at(1), reopened=True),
        contact("C6", at(0), "O4", resolved_at=at(1), reopened=False),
        contact("C7", at(0), None, resolved_at=at(1), csat=4),
        contact("C8", at(0), "O5", resolved_at=at(9)),
    ]
    connection = ground(care_contacts=contacts)

    assert add_up(connection, "contact_resolutions", WEEK, NOW) == {
        "solved_n": 5,
        "answers_n": 3,
        "satisfied_n": 2,
        "followed_n": 4,
        "once_n": 2,
    }


def test_seven_days_must_be_over_before_once_is_enough():
    """Solved on Monday and on Tuesday: on the Tuesday a week later only the first can be told."""
    contacts = [
        contact("C1", at(0), resolved_at=at(0, 2), csat=5),
        contact("C2", at(0), "O2", resolved_at=at(1), csat=5),
    ]
    connection = ground(care_contacts=contacts)

    found = add_up(connection, "contact_resolutions", WEEK, at(8))
    assert (found["solved_n"], found["followed_n"], found["once_n"]) == (2, 1, 1)
    found = add_up(connection, "contact_resolutions", WEEK, at(0, 3))
    assert (found["solved_n"], found["answers_n"], found["followed_n"]) == (1, 1, 0)
    sooner = ground(Rules(repeat_days=2), care_contacts=contacts)
    assert add_up(sooner, "contact_resolutions", WEEK, at(4))["followed_n"] == 2


def test_what_tracking_could_have_answered():
    """Of three one: before the promise and scanned; another was not scanned, another came after the promise.

    One names no order, one has another reason.
    """
    parcels = [parcel("P1", at(0)), parcel("P2", at(2), order_id="O2"), parcel("P3", at(0), order_id="O3")]
    contacts = [
        contact("C1", at(2)),
        contact("C2", at(1), "O2"),
        contact("C3", at(4), "O3"),
        contact("C4", at(2), None),
        contact("C5", at(2), contact_reason="damaged"),
    ]
    connection = ground(shipments=parcels, care_contacts=contacts)

    assert add_up(connection, "wismo_openings", WEEK, NOW) == {"wismo_n": 3, "avoidable_n": 1}
    assert add_up(connection, "wismo_openings", WEEK, at(1, 1)) == {"wismo_n": 1, "avoidable_n": 0}


def test_an_order_that_both_sides_handle():
    """O1: seller, then Care after two days. O2: Care twice. O3: seller after nine days. O4: a week before."""
    contacts = [
        contact("C1", at(0), handled_by="seller"),
        contact("C2", at(2)),
        contact("C3", at(0), "O2"),
        contact("C4", at(1), "O2"),
        contact("C5", at(0), "O3"),
        contact("C6", at(9), "O3", handled_by="seller"),
        contact("C7", at(-7), "O4"),
        contact("C8", at(0), "O4", handled_by="seller"),
        contact("C9", at(0), None),
    ]
    connection = ground(care_contacts=contacts)

    assert add_up(connection, "contacted_orders", WEEK, NOW) == {"contacted_n": 3, "double_n": 1}
    assert add_up(connection, "contacted_orders", WEEK, at(7)) == {"contacted_n": 0, "double_n": 0}
    assert add_up(connection, "contacted_orders", "2026-W09", NOW) == {"contacted_n": 1, "double_n": 1}
