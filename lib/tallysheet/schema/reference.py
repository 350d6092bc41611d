"""What changes rarely: sellers, contracts, targets, and events that may explain a week."""

from __future__ import annotations

from dataclasses import replace

from tallysheet.schema.types import (
    CURRENCY,
    FLOWS,
    KNOWN_AT,
    SERVICES,
    Column,
    Range,
    Rule,
    Table,
    cents_column,
)

_VALID_FROM = Column("valid_from", "DATE", "first day that it holds", required=True)
_VALID_TO = Column("valid_to", "DATE", "last day that it holds; empty: until further notice")
# Such a row would hold on no day, and the days it was meant for would have none.
_VALID = Rule(
    "valid_to_before_valid_from",
    "valid_to >= valid_from",
    "valid_to at or after valid_from",
    ("valid_to", "valid_from"),
)
_VALIDITY = Range("valid_from", "valid_to", next_start="valid_to + 1")

SELLERS = Table(
    name="sellers",
    grain="one seller as it was over some days",
    key=("seller", "valid_from"),
    columns=(
        Column("seller", "VARCHAR", "seller's code", required=True),
        _VALID_FROM,
        _VALID_TO,
        Column("country", "VARCHAR", "country the seller sends from, ISO 3166"),
        Column("onboarded_at", "TIMESTAMP", "seller joined, UTC"),
        Column("size_band", "VARCHAR", "size by orders, as the team bands it"),
        Column(
            "backship_status",
            "VARCHAR",
            "how far the seller is with BackShip",
            allowed=("not_eligible", "eligible", "invited", "activated", "paused"),
        ),
        Column("invited_by", "VARCHAR", "campaign by which the seller was invited to BackShip"),
        Column("first_backship_at", "TIMESTAMP", "first BackShip label, UTC"),
        Column("last_backship_at", "TIMESTAMP", "latest BackShip label, UTC"),
        Column("own_carriers", "VARCHAR", "codes of carriers that the seller books itself, with commas"),
        Column("account_manager", "VARCHAR", "who looks after the seller", personal="hash"),
        KNOWN_AT,
    ),
    rules=(_VALID,),
    ranges=(_VALIDITY,),
)

CONTRACT_RATES = Table(
    name="contract_rates",
    grain="one price of a carrier's contract",
    key=("carrier", "service", "origin_country", "destination_country", "weight_from_g", "valid_from"),
    columns=(
        Column("carrier", "VARCHAR", "carrier's code", required=True),
        Column("service", "VARCHAR", "service", required=True, allowed=SERVICES),
        Column("origin_country", "VARCHAR", "country it leaves, ISO 3166", required=True),
        Column("destination_country", "VARCHAR", "country it goes to, ISO 3166", required=True),
        Column("weight_from_g", "BIGINT", "weight above which it holds", required=True, unit="g"),
        Column("weight_to_g", "BIGINT", "weight up to which it holds, included; empty: no end", unit="g"),
        cents_column(
            "price_cents", "price of a parcel without VAT and surcharges", required=True, usual=(50, 100_000)
        ),
        replace(CURRENCY, required=True),
        _VALID_FROM,
        _VALID_TO,
        KNOWN_AT,
    ),
    rules=(
        _VALID,
        Rule(
            "empty_weight_band",
            "weight_to_g > weight_from_g",
            "weight_to_g above weight_from_g",
            ("weight_to_g", "weight_from_g"),
        ),
    ),
    ranges=(_VALIDITY, Range("weight_from_g", "weight_to_g", next_start="weight_to_g")),
)

CONTRACT_TERMS = Table(
    name="contract_terms",
    grain="the terms of a carrier's contract over some days",
    key=("carrier", "valid_from"),
    columns=(
        Column("carrier", "VARCHAR", "carrier's code", required=True),
        _VALID_FROM,
        _VALID_TO,
        Column("weekly_capacity", "BIGINT", "parcels a week that the carrier takes at most"),
        Column("min_volume", "BIGINT", "parcels a week that are promised to the carrier (MVC)"),
        cents_column("shortfall_fee_cents", "fee for each parcel below min_volume"),
        cents_column("liability_limit_cents", "most that is paid for a lost parcel", usual=(500, 5_000_000)),
        CURRENCY,
        Column("claim_deadline_days", "BIGINT", "calendar days within which a claim must be submitted"),
        Column("fuel_share", "DOUBLE", "fuel surcharge as a share of the base price", unit="share"),
        Column(
            "max_weekly_shift_share",
            "DOUBLE",
            "most of the volume that may move to or from the carrier in a week",
            unit="share",
        ),
        KNOWN_AT,
    ),
    rules=(_VALID,),
    ranges=(_VALIDITY,),
)

TARGETS = Table(
    name="targets",
    grain="the target of a KPI for a segment over some days",
    key=("kpi", "segment", "valid_from"),
    columns=(
        Column("kpi", "VARCHAR", "short name of the KPI", required=True),
        Column("segment", "VARCHAR", "part it is for, such as carrier=BRV;flow=return; empty: the total"),
        _VALID_FROM,
        _VALID_TO,
        Column(
            "target",
            "DOUBLE",
            "target in the KPI's unit; a share is between 0 and 1, or has a % sign",
            required=True,
        ),
        Column("floor", "DOUBLE", "value that must not be missed, in the same unit"),
        Column("owner", "VARCHAR", "team that answers for it"),
        KNOWN_AT,
    ),
    rules=(_VALID,),
    ranges=(_VALIDITY,),
    # A target of 93 among others of 0.93 is a percentage.
    alike=(("target", "kpi"),),
)

EVENT_LOG = Table(
    name="event_log",
    grain="one event that may explain a week, typed by hand",
    key=("kind", "starts_on", "country", "carrier", "flow"),
    columns=(
        Column(
            "kind",
            "VARCHAR",
            "what kind of event",
            required=True,
            allowed=(
                *("bank_holiday", "strike", "closure", "weather", "tariff", "promise_rule", "definition"),
                *("data_incident", "campaign", "price", "wms"),
            ),
        ),
        Column("starts_on", "DATE", "first day", required=True),
        Column("ends_on", "DATE", "last day; empty: the first day alone"),
        Column("country", "VARCHAR", "country it touches, ISO 3166; empty: all"),
        Column("carrier", "VARCHAR", "code of the carrier it touches; empty: all"),
        Column("flow", "VARCHAR", "direction it touches; empty: all", allowed=FLOWS),
        Column("note", "VARCHAR", "what happened, in a few words", personal="text"),
        KNOWN_AT,
    ),
    rules=(
        Rule(
            "ends_before_start",
            "ends_on >= starts_on",
            "ends_on at or after starts_on",
            ("ends_on", "starts_on"),
        ),
    ),
)
