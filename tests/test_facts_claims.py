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


def decided(name: str, seconds: int = 0, shipment: str = "P1", **more) -> dict:
    """Give a claim that was opened on the Monday and decided at ten on the Tuesday, or seconds later."""
    moment = at(1) + dt.timedelta(hours=1, seconds=seconds)
    return claim(name, at(0), shipment) | {"decided_at": moment, "decision": "rejected"} | more


TUESDAY_NOON = at(1) + dt.timedelta(hours=3)
OF_A_AND_B = [parcel("P1"), parcel("P2", carrier="B")]


def closings(*claims: dict, seen_at: dt.datetime = NOW, week: str = WEEK) -> dict[str, tuple[int, int]]:
    """Give by carrier the claims that waited, and those of them that were decided at once."""
    connection = ground(shipments=OF_A_AND_B, claims=list(claims))
    found = add_up(connection, "claim_closings", week, seen_at, by="carrier")
    return {carrier: (one["waiting_n"], one["at_once_n"]) for carrier, one in found.items()}


def test_three_claims_decided_in_a_minute_were_decided_at_once():
    """Whatever the seconds; a fourth one in the next minute was decided by itself."""
    assert closings(decided("K1"), decided("K2"), decided("K3")) == {"A": (3, 3)}
    assert closings(decided("K1"), decided("K2", 30), decided("K3", 59)) == {"A": (3, 3)}
    assert closings(decided("K1"), decided("K2"), decided("K3"), decided("K4", 60)) == {"A": (4, 3)}


def test_one_claim_decided_in_a_minute_was_decided_by_itself():
    """So were three in three minutes, or at that time of three days; two in one minute were not."""
    assert closings(decided("K1")) == {}
    assert closings(decided("K1"), decided("K2", 60), decided("K3", 120)) == {}
    assert closings(decided("K1"), decided("K2", 86_400), decided("K3", 2 * 86_400)) == {}
    assert closings(decided("K1"), decided("K2"), decided("K3", 60)) == {"A": (3, 2)}


def test_claims_waited_that_were_open_when_others_were_decided_at_once():
    """K4 is open for good, K5 until the Thursday. K6 was decided an hour before, K7 opened an hour after."""
    three = [decided(name) for name in ("K1", "K2", "K3")]
    others = [
        claim("K4", at(-30)),
        claim("K5", at(0), decided_at=at(3)),
        claim("K6", at(0), decided_at=at(1)),
        claim("K7", at(1.1), decided_at=at(3)),
    ]

    assert closings(*three, *others) == {"A": (5, 3)}


def test_claims_of_other_carriers_neither_close_nor_wait():
    """One of A and one of B make no two; when A decides two, what waits at B does not count."""
    one_each = [decided("K1"), decided("K3", shipment="P2")]

    assert closings(*one_each) == {}
    assert closings(*one_each, decided("K5")) == {"A": (2, 2)}


def test_of_several_such_minutes_the_one_with_most_counts():
    """Five wait, and two of them are decided; an hour later the other three. Of equals the first counts."""
    early = [decided(name) for name in ("K1", "K2")]
    late = [decided(name, 3_600) for name in ("K4", "K5", "K6")]

    assert closings(*early, *late) == {"A": (3, 3)}
    assert closings(*early, *late[1:]) == {"A": (4, 2)}


def test_claims_are_decided_at_once_when_that_is_known():
    """At ten sharp one is decided, another half a minute later; its row comes on Thursday."""
    one = [decided("K1")]
    other, then = decided("K3", 30), decided("K3", 30, known_at=at(3))
    still_open = claim("K3", at(0), replaced_at=at(3))
    ten = at(1) + dt.timedelta(hours=1)

    assert closings(*one, other, seen_at=ten) == {}
    assert closings(*one, other, seen_at=TUESDAY_NOON) == {"A": (2, 2)}
    assert closings(*one, still_open, then, seen_at=TUESDAY_NOON) == {}
    assert closings(*one, still_open, then, seen_at=at(3)) == {"A": (2, 2)}


def test_of_all_versions_of_claims_and_parcels_those_known_then_count():
    """What was replaced before and what becomes known later would make two of one, and eight of four."""

    def again(*rows: dict) -> list[dict]:
        earlier = {"known_at": at(-20), "replaced_at": at(-10)}
        return [row | version for row in rows for version in ({}, earlier, {"known_at": at(20)})]

    one, waiting = [decided("K1")], claim("K4", at(-1))
    for claims, found in ((one, {}), ([*one, decided("K2"), decided("K3"), waiting], {"A": (4, 3)})):
        connections = [
            ground(shipments=again(*OF_A_AND_B), claims=claims),
            ground(shipments=OF_A_AND_B, claims=again(*claims)),
        ]
        for connection in connections:
            rows = add_up(connection, "claim_closings", WEEK, at(10), by="carrier")
            assert {name: (one["waiting_n"], one["at_once_n"]) for name, one in rows.items()} == found


def test_a_decision_after_the_look_was_not_at_once():
    """Three are decided at ten sharp; K4 of that minute waits as yet, and so does K5 of the Thursday."""
    claims = [*(decided(name) for name in ("K1", "K2", "K3")), decided("K4", 30)]
    claims.append(claim("K5", at(0), decided_at=at(3)))
    ten = at(1) + dt.timedelta(hours=1)

    assert closings(*claims, seen_at=ten) == {"A": (5, 3)}
    assert closings(*claims, seen_at=TUESDAY_NOON) == {"A": (5, 4)}


def test_claims_decided_at_once_count_in_the_week_of_the_decision():
    """They were opened in the week before, and count by their kind."""
    lost = [decided(name, opened_at=at(-4)) for name in ("K1", "K2", "K3")]
    damaged = claim("K4", at(-4), claim_type="damaged")
    connection = ground(shipments=OF_A_AND_B, claims=[*lost, damaged])

    assert closings(*lost, damaged, week="2026-W09") == {}
    assert add_up(connection, "claim_closings", WEEK, NOW, by="claim_type") == {
        "lost": {"waiting_n": 3, "at_once_n": 3},
        "damaged": {"waiting_n": 1, "at_once_n": 0},
    }
