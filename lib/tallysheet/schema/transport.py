"""Moving parcels: shipments, their scans, what carriers charge, and the work of fulfilment partners."""

from __future__ import annotations

from dataclasses import replace

from tallysheet.schema.types import CURRENCY, FLOWS, KNOWN_AT, SERVICES, Column, Rule, Table, cents_column

# A file in the wrong unit is wrong by a factor of 1000: no parcel weighs 100 kg.
_MOST_G = 99_999
_USUAL_G = (30, 30_000)

SHIPMENTS = Table(
    name="shipments",
    grain="one parcel handed to a carrier, or one flight",
    key=("shipment_id",),
    week_of="promised_date",
    columns=(
        Column("shipment_id", "VARCHAR", "name of the shipment", required=True),
        Column("order_id", "VARCHAR", "order or case that it serves"),
        Column("case_id", "VARCHAR", "return or trade-in case that it serves; order_id then names the order"),
        Column("flow", "VARCHAR", "direction", required=True, allowed=FLOWS),
        Column("carrier", "VARCHAR", "carrier's code", required=True),
        Column("tracking_number", "VARCHAR", "carrier's number; used again after about a year"),
        Column("service", "VARCHAR", "service bought", allowed=SERVICES),
        Column("label_source", "VARCHAR", "who bought the label", allowed=("backship", "seller_own")),
        Column("seller", "VARCHAR", "seller's code"),
        Column("partner", "VARCHAR", "fulfilment partner's code"),
        Column("origin_country", "VARCHAR", "country it leaves, ISO 3166"),
        Column("destination_country", "VARCHAR", "country it goes to, ISO 3166"),
        Column("origin", "VARCHAR", "place it leaves: depot, postcode area or airport"),
        Column("destination", "VARCHAR", "place it goes to: postcode area or airport"),
        Column(
            "destination_zone", "VARCHAR", "IANA time zone of the destination; empty: its times are local"
        ),
        Column("recipient_name", "VARCHAR", "who receives it", personal="drop"),
        Column("recipient_address", "VARCHAR", "street and house of the recipient", personal="drop"),
        Column("recipient_phone", "VARCHAR", "phone number of the recipient", personal="drop"),
        Column("recipient_email", "VARCHAR", "mail address of the recipient", personal="hash"),
        Column(
            "weight_declared_g",
            "BIGINT",
            "weight that the sender declared",
            unit="g",
            usual=_USUAL_G,
            least=1,
            most=_MOST_G,
        ),
        Column(
            "weight_billed_g",
            "BIGINT",
            "weight that the carrier bills",
            unit="g",
            usual=_USUAL_G,
            least=1,
            most=_MOST_G,
        ),
        cents_column(
            "cost_cents", "its cost, where the extract says so; else invoices do", usual=(50, 100_000)
        ),
        CURRENCY,
        Column("label_created_at", "TIMESTAMP", "label made, UTC"),
        Column("handover_declared_at", "TIMESTAMP", "sender says handed over, UTC"),
        Column("first_scan_at", "TIMESTAMP", "first scan by the carrier, UTC"),
        Column("hub_scanned", "BOOLEAN", "whether the label was ever scanned; false: perhaps never used"),
        Column("first_attempt_at", "TIMESTAMP", "first delivery attempt, UTC (local without a zone)"),
        Column("delivered_at", "TIMESTAMP", "delivered, UTC (local without a zone); empty: not delivered"),
        Column("promised_date", "DATE", "local day by which weeks count the shipment as due", required=True),
        Column(
            "promised_at",
            "TIMESTAMP",
            "last moment that is on time, UTC (local without a zone)",
            required=True,
            is_planned=True,
        ),
        Column("promise_rule_version", "VARCHAR", "version of the rule that made the promise"),
        Column(
            "status",
            "VARCHAR",
            "state when the row was known; cancelled, diverted and lost will never be delivered",
            required=True,
            allowed=("in_transit", "delivered", "cancelled", "diverted", "lost"),
            since="coalesce(delivered_at, known_at)",
        ),
        replace(KNOWN_AT, meaning="when this row became known, UTC (local without a zone)"),
    ),
    rules=(
        # Without a zone the delivery is in local time, which cannot be compared with the scan in UTC.
        Rule(
            "delivered_before_scan",
            "destination_zone IS NULL OR delivered_at >= first_scan_at",
            "delivered_at at or after first_scan_at",
            ("delivered_at", "first_scan_at"),
        ),
        # Nothing would say whether it was on time, and it would count as late.
        Rule(
            "delivered_without_date",
            "status <> 'delivered' OR delivered_at IS NOT NULL OR first_attempt_at IS NOT NULL",
            "delivered_at or first_attempt_at of a delivered shipment",
            ("status", "delivered_at"),
        ),
    ),
)

TRACKING_EVENTS = Table(
    name="tracking_events",
    grain="one scan or message of a carrier about a parcel",
    key=("carrier", "tracking_number", "event_at", "raw_code"),
    week_of="event_at",
    columns=(
        Column("carrier", "VARCHAR", "carrier's code", required=True),
        Column("tracking_number", "VARCHAR", "carrier's number of the parcel", required=True),
        Column("event_at", "TIMESTAMP", "when it happened, UTC", required=True),
        Column("raw_code", "VARCHAR", "event code as the carrier writes it", required=True),
        Column("raw_text", "VARCHAR", "event text as the carrier writes it"),
        Column(
            "norm_status",
            "VARCHAR",
            "what the code means, the same for all carriers; empty: code not known",
            allowed=(
                *("info_received", "in_transit", "out_for_delivery", "attempt_fail"),
                *("available_for_pickup", "delivered", "exception", "expired", "pending"),
            ),
        ),
        Column("depot", "VARCHAR", "depot or hub that scanned it"),
        Column("received_at", "TIMESTAMP", "when the carrier sent it, UTC; hours to days after event_at"),
        KNOWN_AT,
    ),
)

CARRIER_INVOICE_LINES = Table(
    name="carrier_invoice_lines",
    grain="one charge or credit on a carrier's invoice; a parcel has several, over several invoices",
    key=("invoice_id", "line_number"),
    week_of="invoice_date",
    columns=(
        Column("invoice_id", "VARCHAR", "number of the invoice", required=True),
        Column("line_number", "BIGINT", "number of the line on it", required=True),
        Column("invoice_date", "DATE", "date of the invoice", required=True),
        Column("carrier", "VARCHAR", "carrier's code", required=True),
        Column("tracking_number", "VARCHAR", "parcel that is charged; empty on some credit notes"),
        Column("ship_date", "DATE", "day the parcel was shipped; costs of a week are counted by it"),
        Column(
            "charge_type",
            "VARCHAR",
            "what is charged",
            allowed=(
                *("base", "fuel", "residential", "remote", "oversize", "peak", "address_correction"),
                *("return_to_sender", "customs", "credit_note"),
            ),
        ),
        cents_column(
            "amount_cents", "amount without VAT; a credit is negative", required=True, usual=(20, 100_000)
        ),
        replace(CURRENCY, required=True),
        Column(
            "weight_billed_g",
            "BIGINT",
            "weight that is charged",
            unit="g",
            usual=_USUAL_G,
            least=1,
            most=_MOST_G,
        ),
        Column("tariff_zone", "VARCHAR", "zone of the carrier's tariff"),
        KNOWN_AT,
    ),
    rules=(
        # A credit is a credit_note; a negative base is a wrong sign and would lower the cost of a parcel.
        Rule(
            "negative_base",
            "charge_type <> 'base' OR amount_cents >= 0",
            "amount_cents of a base charge at or above 0",
            ("charge_type", "amount_cents"),
        ),
    ),
)

FULFILMENT_JOBS = Table(
    name="fulfilment_jobs",
    grain="one job of a fulfilment partner: goods taken in, or an order sent out",
    key=("job_id",),
    week_of="released_at",
    columns=(
        Column("job_id", "VARCHAR", "name of the job", required=True),
        Column("partner", "VARCHAR", "fulfilment partner's code"),
        Column("kind", "VARCHAR", "direction", allowed=("inbound", "outbound")),
        Column(
            "released_at",
            "TIMESTAMP",
            "job given to the partner, UTC; inbound: announced, else docked",
            required=True,
        ),
        Column("cut_off_at", "TIMESTAMP", "last moment for dispatch on the same day, UTC", is_planned=True),
        Column("dispatched_at", "TIMESTAMP", "outbound: handed to the carrier, UTC"),
        Column("dock_in_at", "TIMESTAMP", "inbound: at the dock, UTC"),
        Column("stocked_at", "TIMESTAMP", "inbound: in stock, UTC"),
        Column("lines", "BIGINT", "order lines handled"),
        Column(
            "lines_wrong",
            "BIGINT",
            "of these, lines with a wrong item or number",
            since="coalesce(dispatched_at, stocked_at)",
        ),
        cents_column("fee_cents", "partner's fee without VAT", usual=(20, 100_000)),
        CURRENCY,
        KNOWN_AT,
    ),
    rules=(
        # Clocks drift by minutes; one that is an hour off would turn late dispatches into punctual ones.
        Rule(
            "dispatched_before_release",
            "dispatched_at >= released_at - INTERVAL 15 MINUTE",
            "dispatched_at at or after released_at, or at most 15 minutes before it",
            ("dispatched_at", "released_at"),
        ),
        Rule(
            "lines_wrong_out_of_range",
            "lines_wrong >= 0 AND lines_wrong <= lines",
            "lines_wrong from 0 to lines",
            ("lines_wrong", "lines"),
        ),
    ),
)
