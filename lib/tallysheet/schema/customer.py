"""Buyers: what they order, claim, ask and send back."""

from __future__ import annotations

from dataclasses import replace

from tallysheet.schema.types import CURRENCY, KNOWN_AT, Column, Rule, Table, cents_column

ORDERS = Table(
    name="orders",
    grain="one line of an order that was paid",
    key=("orderline_id",),
    week_of="paid_at",
    columns=(
        Column("orderline_id", "VARCHAR", "name of the line", required=True),
        Column("order_id", "VARCHAR", "order that it belongs to; one parcel may hold several lines"),
        Column("seller", "VARCHAR", "seller's code"),
        Column("buyer_country", "VARCHAR", "country of the buyer, ISO 3166"),
        Column(
            "category", "VARCHAR", "kind of device", allowed=("phone", "tablet", "laptop", "console", "other")
        ),
        cents_column("item_value_cents", "price of the item", usual=(1_000, 500_000)),
        replace(CURRENCY, meaning="currency of item_value_cents, ISO 4217"),
        Column("paid_at", "TIMESTAMP", "buyer paid, UTC", required=True),
        Column("accepted_at", "TIMESTAMP", "seller accepted, UTC"),
        Column(
            "state",
            "VARCHAR",
            "state of the line, in the order of the seller API's 0 to 8; "
            "handed_to_carrier (3) is what the seller says",
            allowed=(
                *("new", "paid", "accepted", "handed_to_carrier", "cancelled", "refunded_before_shipping"),
                *("refunded_after_shipping", "not_paid", "pending"),
            ),
        ),
        Column("promised_from", "DATE", "first local day of delivery that was promised at the sale"),
        Column("promised_to", "DATE", "last local day of delivery that was promised at the sale"),
        Column("promise_rule_version", "VARCHAR", "version of the rule that made the promise"),
        Column("backship_eligible", "BOOLEAN", "whether BackShip was open to it on the day of the order"),
        KNOWN_AT,
    ),
)

CLAIMS = Table(
    name="claims",
    grain="one claim against a carrier or another party; one that is opened again is a new claim",
    key=("claim_id",),
    week_of="opened_at",
    columns=(
        Column("claim_id", "VARCHAR", "name of the claim", required=True),
        Column("shipment_id", "VARCHAR", "shipment that it is about"),
        Column(
            "claim_type",
            "VARCHAR",
            "what went wrong",
            allowed=("lost", "damaged", "late", "not_received", "missing_item"),
        ),
        Column("opened_at", "TIMESTAMP", "claim opened, UTC", required=True),
        Column("docs_complete_at", "TIMESTAMP", "all evidence there, UTC"),
        Column("submitted_at", "TIMESTAMP", "sent to the party that decides, UTC"),
        Column("decided_at", "TIMESTAMP", "decision received, UTC; empty: open"),
        Column("paid_at", "TIMESTAMP", "money received, UTC"),
        cents_column("amount_claimed_cents", "amount asked for", usual=(500, 500_000)),
        cents_column("amount_accepted_cents", "amount granted", since="decided_at"),
        cents_column("amount_paid_cents", "amount received", since="paid_at"),
        CURRENCY,
        Column(
            "decision",
            "VARCHAR",
            "how it ended; empty: open",
            allowed=("accepted", "partial", "rejected", "withdrawn"),
            since="decided_at",
        ),
        Column("reject_reason", "VARCHAR", "why it was rejected, as the carrier says", since="decided_at"),
        Column(
            "party_at_fault",
            "VARCHAR",
            "who is held to be at fault",
            allowed=("carrier", "seller", "fulfilment", "customer", "unknown"),
            since="decided_at",
        ),
        Column("handled_by", "VARCHAR", "agent who handles it", personal="hash"),
        KNOWN_AT,
    ),
    rules=(
        Rule(
            "decided_before_opened",
            "decided_at >= opened_at",
            "decided_at at or after opened_at",
            ("decided_at", "opened_at"),
        ),
        # It would count as open for ever and as decided at once.
        Rule(
            "decided_without_date",
            "decision IS NULL OR decided_at IS NOT NULL",
            "decided_at where there is a decision",
            ("decision", "decided_at"),
        ),
    ),
)

CARE_CONTACTS = Table(
    name="care_contacts",
    grain="one contact of a customer with Customer Care or with the seller",
    key=("contact_id",),
    week_of="opened_at",
    columns=(
        Column("contact_id", "VARCHAR", "name of the contact", required=True),
        Column("order_id", "VARCHAR", "order that it is about; empty for about one in ten"),
        Column("seller", "VARCHAR", "seller's code"),
        Column("channel", "VARCHAR", "how the customer came, such as chat or mail"),
        Column(
            "contact_reason",
            "VARCHAR",
            "reason in the words of Customer Care's own list, which changes; WISMO: where is my order, "
            "WISMR: where is my refund",
        ),
        Column("opened_at", "TIMESTAMP", "contact opened, UTC", required=True),
        Column("first_reply_at", "TIMESTAMP", "first reply by a human, UTC"),
        Column("resolved_at", "TIMESTAMP", "solved, UTC; empty: open"),
        Column("reopened", "BOOLEAN", "whether it was opened again"),
        Column("touches", "BIGINT", "messages and calls that it took"),
        Column("subject", "VARCHAR", "subject in the customer's own words", personal="text"),
        # Another scale, or 0 for no answer, would move the share of satisfied customers unseen.
        Column(
            "csat",
            "BIGINT",
            "satisfaction; empty: not answered, as for most",
            least=1,
            most=5,
            since="resolved_at",
        ),
        Column("handled_by", "VARCHAR", "who handles it", allowed=("bm_care", "seller")),
        KNOWN_AT,
    ),
    rules=(
        Rule(
            "replied_before_opened",
            "first_reply_at >= opened_at",
            "first_reply_at at or after opened_at",
            ("first_reply_at", "opened_at"),
        ),
    ),
)

REVERSE_CASES = Table(
    name="reverse_cases",
    grain="one return or one trade-in",
    key=("case_id",),
    week_of="requested_at",
    columns=(
        Column("case_id", "VARCHAR", "name of the case", required=True),
        Column("case_type", "VARCHAR", "what is sent back", required=True, allowed=("return", "trade_in")),
        Column("order_id", "VARCHAR", "order that is returned"),
        Column("case_reason", "VARCHAR", "why it is returned, or why the offer was lowered"),
        cents_column("offer_value_cents", "trade-in: price offered at first", usual=(500, 500_000)),
        replace(CURRENCY, meaning="currency of offer_value_cents, ISO 4217"),
        Column("requested_at", "TIMESTAMP", "return asked for, or offer accepted, UTC", required=True),
        Column("label_issued_at", "TIMESTAMP", "label sent to the customer, UTC"),
        Column("dropped_off_at", "TIMESTAMP", "parcel handed to the carrier, UTC"),
        Column("received_at", "TIMESTAMP", "parcel at the warehouse, UTC"),
        Column("graded_at", "TIMESTAMP", "device examined, UTC"),
        Column("counter_offer_at", "TIMESTAMP", "trade-in: lower offer made, UTC; empty: none"),
        Column("closed_at", "TIMESTAMP", "case closed, UTC; empty: open, or expired and never closed"),
        Column(
            "outcome",
            "VARCHAR",
            "how it ended, such as refunded, paid out, sent back or expired",
            since="closed_at",
        ),
        Column("paid_out_at", "TIMESTAMP", "refund or payout sent, UTC"),
        cents_column("payout_cents", "refund or payout", usual=(500, 500_000), since="paid_out_at"),
        replace(CURRENCY, name="payout_currency", meaning="currency of payout_cents, ISO 4217"),
        KNOWN_AT,
    ),
    rules=(
        Rule(
            "received_before_dropped",
            "received_at >= dropped_off_at",
            "received_at at or after dropped_off_at",
            ("received_at", "dropped_off_at"),
        ),
    ),
)
