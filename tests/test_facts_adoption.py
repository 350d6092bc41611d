"""The facts of BackShip's adoption, on a few sellers, orders and labels counted by hand."""

import datetime as dt

from tests.small_ground import add_up, after, ground

from tallysheet.settings import Rules

WEEK = "2026-W10"  # Monday 2 March to Sunday 8 March
NOW = after(WEEK, 100)
MONDAY = dt.datetime(2026, 3, 2, 9)


def at(days: float) -> dt.datetime:
    """Give a moment, counted from nine on the Monday of the week."""
    return MONDAY + dt.timedelta(days=days)


def step(seller: str, status: str, days: int, **more) -> dict:
    first = at(days).date()
    usual = {"country": "FR", "size_band": "small", "known_at": at(days) - dt.timedelta(hours=9)}
    return {"seller": seller, "backship_status": status, "valid_from": first} | usual | more


def label(name: str, made: dt.datetime, seller: str = "S1", **more) -> dict:
    usual = {
        "order_id": name.replace("P", "O"),
        "flow": "outbound",
        "carrier": "A",
        "service": "home",
        "label_source": "backship",
        "origin_country": "FR",
        "destination_country": "FR",
        "tracking_number": name,
        "weight_declared_g": 400,
        "promised_date": (made + dt.timedelta(days=3)).date(),
        "promised_at": made + dt.timedelta(days=3),
        "status": "in_transit",
        "known_at": made,
    }
    return {"shipment_id": name, "seller": seller, "label_created_at": made} | usual | more


def order(name: str, paid: dt.datetime, seller: str = "S1", **more) -> dict:
    usual = {"buyer_country": "FR", "backship_eligible": True}
    names = {"orderline_id": name, "order_id": name, "seller": seller}
    return names | {"paid_at": paid, "known_at": paid} | usual | more


def test_orders_sent_with_backship():
    """Of two labels one counts; one label is the seller's own, one a return's; one order is not eligible."""
    orders = [
        *(order(f"O{number}", at(0)) for number in (1, 2, 3)),
        order("O4", at(0), backship_eligible=False),
    ]
    labels = [
        label("P1", at(0.5)),
        label("P1b", at(0.5), order_id="O1"),
        label("P2", at(0.5), label_source="seller_own"),
        label("P3", at(0.5), flow="return"),
        label("P4", at(0.5)),
    ]
    connection = ground(orders=orders, shipments=labels)

    found = add_up(connection, "orders", WEEK, NOW)
    assert (found["orders_n"], found["eligible_n"], found["backship_n"]) == (4, 3, 1)
    assert add_up(connection, "orders", WEEK, at(0.2))["backship_n"] == 0


def test_active_sellers_are_those_of_the_day_of_the_order():
    """S1 is activated from Tuesday to Thursday; S2 is only invited; of S3 nothing is known.

    What the table says until when a step holds does not count: the next step ends it.
    """
    steps = [
        step("S1", "invited", -20, valid_to=at(9).date()),
        step("S1", "activated", 1, valid_to=at(9).date()),
        step("S1", "paused", 4),
        step("S2", "invited", -20),
    ]
    orders = [order(f"O{day}", at(day)) for day in (0, 1, 3, 4)]
    orders += [order("O5", at(2), "S2"), order("O6", at(2), "S3")]
    labels = [label("P1", at(1.1)), label("P4", at(4.1))]
    connection = ground(sellers=steps, orders=orders, shipments=labels)

    assert add_up(connection, "orders", WEEK, NOW) == {
        "orders_n": 6,
        "eligible_n": 6,
        "backship_n": 2,
        "active_eligible_n": 2,
        "active_backship_n": 1,
    }


def test_invitations_that_a_label_follows():
    """S1 has a label after 28 days, S2 after 29, S3 one before and its own; S4 was invited before."""
    steps = [
        *(step(seller, "eligible", -90) for seller in ("S1", "S2", "S3", "S4")),
        *(step(seller, "invited", 0) for seller in ("S1", "S2", "S3")),
        step("S4", "invited", -30),
        step("S4", "invited", 1),  # another size, the same invitation
    ]
    labels = [
        label("P1", at(28)),
        label("P2", at(29), "S2"),
        label("P3", at(-1), "S3"),
        label("P3b", at(1), "S3", label_source="seller_own"),
        label("P3c", at(1), "S3", flow="return"),
        label("P4", at(2), "S4"),
    ]
    connection = ground(sellers=steps, shipments=labels)

    assert add_up(connection, "invitations", WEEK, NOW) == {"invited_n": 3, "activated_n": 1, "settled_n": 3}
    assert add_up(connection, "invitations", WEEK, at(28)) == {
        "invited_n": 3,
        "activated_n": 1,
        "settled_n": 1,
    }
    assert add_up(connection, "invitations", WEEK, at(27)) == {
        "invited_n": 3,
        "activated_n": 0,
        "settled_n": 0,
    }
    sooner = ground(Rules(activation_days=7), sellers=steps, shipments=labels)
    assert add_up(sooner, "invitations", WEEK, NOW)["activated_n"] == 0


def test_sellers_that_still_use_it_weeks_later():
    """S1 has labels on days 21 and 83, S2 on days 20 and 84; S3 was activated before, and came back."""
    steps = [
        step("S1", "activated", 0),
        step("S2", "activated", 0),
        step("S3", "activated", -90),
        step("S3", "paused", -9),
        step("S3", "activated", 1),
    ]
    labels = [
        label("P1", at(21)),
        label("P2", at(83)),
        label("P3", at(20), "S2"),
        label("P4", at(84), "S2"),
        label("P5", at(24), "S3"),
    ]
    connection = ground(sellers=steps, shipments=labels)

    assert add_up(connection, "activations", WEEK, NOW) == {
        "due_w4_n": 2,
        "used_w4_n": 1,
        "due_w12_n": 2,
        "used_w12_n": 1,
    }
    found = add_up(connection, "activations", WEEK, at(28))
    assert (found["due_w4_n"], found["used_w4_n"], found["due_w12_n"]) == (2, 1, 0)
    assert add_up(connection, "activations", WEEK, at(27))["due_w4_n"] == 0


def test_sellers_that_lapse():
    """On Sunday S1 has stopped, S2 not, S3 has begun, S4 stopped long ago; one label of S1 is known later."""
    sunday = 6
    labels = [
        label("P1", at(sunday - 28)),
        label("P2", at(sunday - 55), "S2"),
        label("P3", at(sunday), "S2"),
        label("P4", at(sunday), "S3"),
        label("P5", at(sunday - 56), "S4"),
        label("P6", at(sunday - 1), known_at=at(20)),
    ]
    connection = ground(shipments=labels, sellers=[step("S1", "activated", -90)])

    assert add_up(connection, "backship_users", WEEK, after(WEEK)) == {"users_n": 2, "lapsed_n": 1}
    assert add_up(connection, "backship_users", WEEK, NOW) == {"users_n": 2, "lapsed_n": 0}
    assert add_up(connection, "backship_users", WEEK, after(WEEK), by="size_band") == {
        "small": {"users_n": 1, "lapsed_n": 1}
    }
    assert add_up(connection, "backship_users", WEEK, after(WEEK, -0.1)) == {"users_n": 0, "lapsed_n": 0}


def test_labels_that_are_never_scanned():
    """Scanned after 14 days, after 15, never; one is a return's, one of the week before."""
    labels = [
        label("P1", at(0), first_scan_at=at(14)),
        label("P2", at(0), first_scan_at=at(15)),
        label("P3", at(1)),
        label("P4", at(0), flow="return"),
        label("P5", at(-7)),
    ]
    connection = ground(shipments=labels)

    assert add_up(connection, "labels", WEEK, NOW) == {"labels_n": 3, "unused_n": 2}
    assert add_up(connection, "labels", WEEK, at(15)) == {"labels_n": 2, "unused_n": 1}
    assert add_up(connection, "labels", WEEK, at(14)) == {"labels_n": 0, "unused_n": 0}


def invoice_line(number: int, tracking: str | None, cents: int, known_at: dt.datetime, **more) -> dict:
    usual = {"invoice_id": "I1", "carrier": "A", "currency": "EUR", "charge_type": "base"}
    names = {"line_number": number, "tracking_number": tracking, "amount_cents": cents}
    return names | {"ship_date": at(1).date(), "known_at": known_at} | usual | more


def test_what_labels_cost():
    """P1: 500 cents and 60 of fuel, less 100 that are credited later. P2: 8.70 pounds, ten euro.

    P0 had the number of P1 a year ago; P3 is a return; one credit names no parcel.
    """
    labels = [
        label("P0", at(-365), tracking_number="P1"),
        label("P1", at(0)),
        label("P2", at(0), label_source="seller_own", weight_declared_g=None),
        label("P3", at(0), flow="return"),
    ]
    lines = [
        invoice_line(1, "P1", 500, at(14)),
        invoice_line(2, "P1", 60, at(14), charge_type="fuel"),
        invoice_line(3, "P1", -100, at(40), charge_type="credit_note"),
        invoice_line(4, "P2", 870, at(14), currency="GBP", weight_billed_g=1500),
        invoice_line(5, "P3", 700, at(14)),
        invoice_line(6, None, -100, at(14), charge_type="credit_note"),
    ]
    rules = Rules(euro_rates={"EUR": 1.0, "GBP": 0.87})
    connection = ground(rules, shipments=labels, carrier_invoice_lines=lines)

    assert add_up(connection, "label_costs", WEEK, NOW, by="stratum") == {
        "FR-FR, 1 kg": {"backship_n": 1, "backship_cents": 460, "own_n": 0, "own_cents": 0},
        "FR-FR, 2 kg": {"backship_n": 0, "backship_cents": 0, "own_n": 1, "own_cents": 1000},
    }
    assert add_up(connection, "label_costs", WEEK, at(30))["backship_cents"] == 560
    assert add_up(connection, "label_costs", WEEK, at(13)) == {
        "backship_n": 0,
        "backship_cents": 0,
        "own_n": 0,
        "own_cents": 0,
    }


def test_on_time_by_who_bought_the_label():
    """P1 is on time, P2 late, P3 not there yet, P4 the seller's own; P5 was never scanned, P6 is a return.

    S1 was small when it was invited and is large now; of S2 nothing is known.
    """
    scanned = {"first_scan_at": at(0.5)}
    labels = [
        label("P1", at(0), first_attempt_at=at(3), **scanned),
        label("P2", at(0), first_attempt_at=at(4), **scanned),
        label("P3", at(0), **scanned),
        label("P4", at(0), "S2", label_source="seller_own", delivered_at=at(2), **scanned),
        label("P5", at(0)),
        label("P6", at(0), flow="return", first_attempt_at=at(3), **scanned),
    ]
    steps = [step("S1", "invited", -20), step("S1", "activated", -10, size_band="large")]
    connection = ground(shipments=labels, sellers=steps)

    assert add_up(connection, "service_gaps", WEEK, NOW, by="stratum") == {
        "FR-FR, home, large": {
            "backship_due_n": 3,
            "own_due_n": 0,
            "backship_on_time_n": 1,
            "own_on_time_n": 0,
        },
        "FR-FR, home, ": {"backship_due_n": 0, "own_due_n": 1, "backship_on_time_n": 0, "own_on_time_n": 1},
    }
    assert add_up(connection, "service_gaps", WEEK, at(2.9))["backship_due_n"] == 0
