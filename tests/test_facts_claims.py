"""The facts of claims, on a few of them counted by hand."""

import datetime as dt

from tests.small_ground import add_up, after, ground

WEEK = "2026-W10"  # Monday 2 March to Sunday 8 March
NOW = after(WEEK, 100)
MONDAY = dt.datetime(2026, 3, 2, 9)


def at(days: float) -> dt.datetime:
    """Give a moment, counted from nine on the Monday of the week."""
    return MONDAY + dt.timedelta(days=days)


def parcel(name: str, **more) -> dict:
    """Give a parcel that was promised for the Monday and never arrived."""
    usual = {
        "order_id": name.replace("P", "O"),
        "flow": "outbound",
        "carrier": "A",
        "label_source": "seller_own",
        "seller": "S1",
        "promised_date": MONDAY.date(),
        "promised_at": at(0.5),
        "status": "in_transit",
        "first_scan_at": at(-3),
    }
    return {"shipment_id": name} | usual | more


def claim(name: str, opened: dt.datetime, shipment: str = "P1", **more) -> dict:
    usual = {"shipment_id": shipment, "claim_type": "lost"}
    return {"claim_id": name, "opened_at": opened, "known_at": opened} | usual | more


def terms(carrier: str, days: int, **more) -> dict:
    return {"carrier": carrier, "claim_deadline_days": days, "valid_from": dt.date(2024, 1, 1)} | more


def damage(order: str, opened: dt.datetime, reason: str = "damaged") -> dict:
    names = {"contact_id": f"C{order}", "order_id": order, "contact_reason": reason}
    return names | {"opened_at": opened, "known_at": opened}


def test_lost_parcels_and_their_claims():
    """P1 to P4 never arrived in 15 days: one claimed in time, one too late, one not, one came after 20 days.

    P5 came after two days, P6 was never handed over, and of B nobody knows the terms.
    """
    parcels = [
        *(parcel(name) for name in ("P1", "P2", "P3")),
        parcel("P4", delivered_at=at(20)),
        parcel("P5", first_attempt_at=at(2), delivered_at=at(2)),
        parcel("P6", first_scan_at=None),
        parcel("P7", carrier="B"),
    ]
    claims = [claim("K1", at(9)), claim("K2", at(31), "P2")]
    connection = ground(shipments=parcels, claims=claims, contract_terms=[terms("A", 30)])

    found = add_up(connection, "claimable_events", WEEK, NOW, by="event")
    assert found == {"lost": {"events_n": 4, "claimed_n": 1, "settled_n": 4}}
    assert add_up(connection, "claimable_events", WEEK, at(14))["events_n"] == 0
    assert add_up(connection, "claimable_events", WEEK, at(15)) == {
        "events_n": 4,
        "claimed_n": 1,
        "settled_n": 1,
    }


def test_damaged_parcels_and_their_claims():
    """P1 by a contact and a claim, P2 by a contact, P3 by a claim; P4 has another reason; P5 is a return.

    The contact about P6 came before the parcel.
    """
    arrived = {"first_attempt_at": at(1), "delivered_at": at(1)}
    parcels = [parcel(f"P{number}", **arrived) for number in (1, 2, 3, 4, 6)]
    parcels.append(parcel("P5", flow="return", **arrived))
    contacts = [
        *(damage(order, at(2)) for order in ("O1", "O2")),
        damage("O4", at(2), "WISMO"),
        damage("O6", at(0)),
    ]
    claims = [
        claim("K1", at(3), claim_type="damaged"),
        claim("K1R", at(9), claim_type="damaged"),
        claim("K3", at(4), "P3", claim_type="damaged"),
        claim("K5", at(4), "P5", claim_type="damaged"),
    ]
    connection = ground(
        shipments=parcels, care_contacts=contacts, claims=claims, contract_terms=[terms("A", 21)]
    )

    found = add_up(connection, "claimable_events", WEEK, NOW, by="event")
    assert found == {"damaged": {"events_n": 3, "claimed_n": 2, "settled_n": 3}}
    assert add_up(connection, "claimable_events", WEEK, at(2)) == {
        "events_n": 2,
        "claimed_n": 0,
        "settled_n": 0,
    }


def test_a_parcel_without_a_scan_may_be_damaged():
    """Nobody scanned P1 on its way, but it came and is broken; P2 never came, and nobody saw it leave."""
    parcels = [parcel("P1", first_scan_at=None, delivered_at=at(1)), parcel("P2", first_scan_at=None)]
    connection = ground(
        shipments=parcels, care_contacts=[damage("O1", at(2))], contract_terms=[terms("A", 21)]
    )

    found = add_up(connection, "claimable_events", WEEK, NOW, by="event")
    assert found == {"damaged": {"events_n": 1, "claimed_n": 0, "settled_n": 1}}


def test_the_deadline_is_that_of_the_day():
    """From Wednesday on claims are taken for 60 days; P1 is of the Monday, P2 of the Thursday."""
    parcels = [parcel("P1"), parcel("P2", promised_date=at(3).date())]
    claims = [claim("K1", at(40)), claim("K2", at(40), "P2")]
    deadlines = [
        terms("A", 21, valid_to=at(1).date()),
        terms("A", 60, valid_from=at(2).date(), known_at=at(2)),
    ]
    connection = ground(shipments=parcels, claims=claims, contract_terms=deadlines)

    assert add_up(connection, "claimable_events", WEEK, NOW)["claimed_n"] == 1


def test_evidence_at_the_submission():
    """There before it, with it, after it and never; one is not submitted, one in the week before."""
    claims = [
        claim("K1", at(-1), submitted_at=at(1), docs_complete_at=at(0)),
        claim("K2", at(-1), submitted_at=at(1), docs_complete_at=at(1)),
        claim("K3", at(-1), submitted_at=at(1), docs_complete_at=at(2)),
        claim("K4", at(-1), submitted_at=at(2)),
        claim("K5", at(-1)),
        claim("K6", at(-3), submitted_at=at(-2), docs_complete_at=at(-2)),
    ]
    connection = ground(claims=claims, shipments=[parcel("P1")])

    assert add_up(connection, "claim_submissions", WEEK, NOW) == {"submitted_n": 4, "complete_n": 2}
    assert add_up(connection, "claim_submissions", WEEK, at(1)) == {"submitted_n": 3, "complete_n": 2}
    assert set(add_up(connection, "claim_submissions", WEEK, NOW, by="carrier")) == {"A"}


def test_claims_by_the_week_of_their_opening():
    """Accepted after 10 days, paid in part after 20, withdrawn after 5, rejected after 95, open."""
    claims = [
        claim("K1", at(0), decided_at=at(10), decision="accepted"),
        claim("K2", at(0), decided_at=at(20), decision="partial"),
        claim("K3", at(0), decided_at=at(5), decision="withdrawn"),
        claim("K4", at(0), decided_at=at(95), decision="rejected"),
        claim("K5", at(0)),
    ]
    connection = ground(claims=claims)

    assert add_up(connection, "claim_outcomes", WEEK, NOW, by="days_bin") == {
        5: {"opened_n": 1, "decided_n": 1, "won_n": 0},
        10: {"opened_n": 1, "decided_n": 1, "won_n": 1},
        20: {"opened_n": 1, "decided_n": 1, "won_n": 1},
        90: {"opened_n": 2, "decided_n": 1, "won_n": 0},
    }
    assert add_up(connection, "claim_outcomes", WEEK, at(12), by="days_bin") == {
        5: {"opened_n": 1, "decided_n": 1, "won_n": 0},
        10: {"opened_n": 1, "decided_n": 1, "won_n": 1},
        12: {"opened_n": 3, "decided_n": 0, "won_n": 0},
    }


def test_decisions_by_the_week_of_the_submission():
    """Opened the week before, submitted on Monday: decided after 10 days; another is not submitted."""
    claims = [claim("K1", at(-4), submitted_at=at(0), decided_at=at(10)), claim("K2", at(0))]
    connection = ground(claims=claims)

    assert add_up(connection, "claim_decisions", WEEK, NOW, by="days_bin") == {
        10: {"submitted_n": 1, "decided_n": 1}
    }
    assert add_up(connection, "claim_decisions", WEEK, at(3), by="days_bin") == {
        3: {"submitted_n": 1, "decided_n": 0}
    }


def test_claims_open_at_the_end_of_a_week():
    """Open: since Saturday, for 20 and for 40 days, and one that is decided on the Monday after.

    Not open: decided on Sunday, opened on the Monday after. The week must have ended.
    """
    claims = [
        claim("K1", at(5)),
        claim("K2", at(-14)),
        claim("K3", at(-34)),
        claim("K4", at(-34), decided_at=at(7)),
        claim("K5", at(-34), decided_at=at(6)),
        claim("K6", at(7)),
    ]
    connection = ground(claims=claims)

    assert add_up(connection, "open_claims", WEEK, NOW, by="age_band") == {
        "0-14 days": {"open_n": 1},
        "15-30 days": {"open_n": 1},
        "over 30 days": {"open_n": 2},
    }
    assert add_up(connection, "open_claims", WEEK, after(WEEK))["open_n"] == 4
    assert add_up(connection, "open_claims", WEEK, after(WEEK, -0.1)) == {"open_n": 0}
