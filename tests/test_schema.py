"""The declarations of the tables hold together, and each rule refuses what it is there for."""

from typing import get_args

import duckdb
import pandas as pd
import pytest
from small_workbook import write_csv

import tallysheet as ts
from tallysheet.errors import DataError
from tallysheet.schema import TABLES, Table, table
from tallysheet.schema.types import MOST_CENTS, Personal
from tallysheet.source_columns import UNITS

every_table = pytest.mark.parametrize("of", TABLES.values(), ids=list(TABLES))

GOOD = {
    "orders": {
        "orderline_id": "L1",
        "order_id": "O1",
        "category": "phone",
        "item_value_cents": "24900",
        "currency": "EUR",
        "paid_at": "2026-01-05 09:00:00",
        "state": "handed_to_carrier",
        "promised_from": "2026-01-07",
        "promised_to": "2026-01-08",
        "backship_eligible": "true",
    },
    "shipments": {
        "shipment_id": "S1",
        "flow": "outbound",
        "carrier": "BRV",
        "destination_zone": "Europe/Paris",
        "recipient_name": "A. Martin",
        "recipient_email": "a.martin@example.org",
        "weight_declared_g": "400",
        "weight_billed_g": "1000",
        "first_scan_at": "2026-01-06 18:00:00",
        "first_attempt_at": "2026-01-07 10:00:00",
        "delivered_at": "2026-01-07 10:00:00",
        "promised_date": "2026-01-08",
        "promised_at": "2026-01-08 19:00:00",
        "hub_scanned": "true",
        "status": "delivered",
    },
    "tracking_events": {
        "carrier": "BRV",
        "tracking_number": "T1",
        "event_at": "2026-01-07 10:00:00",
        "raw_code": "LIV",
        "norm_status": "delivered",
        "received_at": "2026-01-07 13:00:00",
    },
    "carrier_invoice_lines": {
        "invoice_id": "I1",
        "line_number": "1",
        "invoice_date": "2026-01-31",
        "carrier": "BRV",
        "charge_type": "base",
        "amount_cents": "510",
        "currency": "EUR",
    },
    "claims": {
        "claim_id": "C1",
        "claim_type": "lost",
        "opened_at": "2026-01-20 09:00:00",
        "decided_at": "2026-02-10 09:00:00",
        "amount_accepted_cents": "24900",
        "amount_paid_cents": "0",
        "currency": "EUR",
        "decision": "accepted",
        "handled_by": "agent 7",
    },
    "care_contacts": {
        "contact_id": "K1",
        "contact_reason": "WISMO",
        "opened_at": "2026-01-09 09:00:00",
        "first_reply_at": "2026-01-09 13:00:00",
        "subject": "Where is my parcel?",
        "csat": "5",
        "handled_by": "bm_care",
    },
    "sellers": {
        "seller": "SEL1",
        "valid_from": "2026-01-01",
        "valid_to": "2026-03-31",
        "backship_status": "activated",
        "account_manager": "B. Durand",
    },
    "reverse_cases": {
        "case_id": "R1",
        "case_type": "trade_in",
        "offer_value_cents": "12000",
        "currency": "GBP",
        "requested_at": "2026-01-05 09:00:00",
        "dropped_off_at": "2026-01-08 09:00:00",
        "received_at": "2026-01-11 09:00:00",
        "case_reason": "functional",
        "payout_cents": "14000",
        "payout_currency": "EUR",
    },
    "fulfilment_jobs": {
        "job_id": "J1",
        "kind": "outbound",
        "released_at": "2026-01-05 09:00:00",
        "dispatched_at": "2026-01-05 15:00:00",
        "lines": "3",
        "lines_wrong": "0",
        "fee_cents": "180",
        "currency": "EUR",
    },
    "contract_rates": {
        "carrier": "BRV",
        "service": "home",
        "origin_country": "FR",
        "destination_country": "FR",
        "weight_from_g": "0",
        "weight_to_g": "1000",
        "price_cents": "510",
        "currency": "EUR",
        "valid_from": "2026-01-01",
        "valid_to": "2026-12-31",
    },
    "contract_terms": {
        "carrier": "BRV",
        "valid_from": "2026-01-01",
        "valid_to": "2026-12-31",
        "weekly_capacity": "7000",
        "liability_limit_cents": "25000",
        "currency": "EUR",
        "fuel_share": "0.12",
    },
    "targets": {
        "kpi": "otd",
        "segment": "",
        "valid_from": "2026-01-01",
        "valid_to": "2026-12-31",
        "target": "0.95",
        "floor": "0.93",
    },
    "event_log": {
        "kind": "strike",
        "starts_on": "2026-01-05",
        "ends_on": "2026-01-05",
        "country": "FR",
        "carrier": "",
        "flow": "",
        "note": "called off",
    },
}

BAD = {
    ("shipments", "delivered_before_scan"): {"delivered_at": "2026-01-06 17:59:59"},
    ("shipments", "delivered_without_date"): {"delivered_at": None, "first_attempt_at": None},
    ("carrier_invoice_lines", "negative_base"): {"amount_cents": "-510"},
    ("claims", "decided_before_opened"): {"decided_at": "2026-01-19 09:00:00"},
    ("claims", "decided_without_date"): {"decided_at": None, "decision": "withdrawn"},
    ("care_contacts", "replied_before_opened"): {"first_reply_at": "2026-01-09 08:00:00"},
    ("sellers", "valid_to_before_valid_from"): {"valid_to": "2025-12-31"},
    ("reverse_cases", "received_before_dropped"): {"received_at": "2026-01-07 09:00:00"},
    ("fulfilment_jobs", "dispatched_before_release"): {"dispatched_at": "2026-01-05 08:00:00"},
    ("fulfilment_jobs", "lines_wrong_out_of_range"): {"lines_wrong": "4"},
    ("contract_rates", "valid_to_before_valid_from"): {"valid_to": "2025-12-31"},
    ("contract_rates", "empty_weight_band"): {"weight_from_g": "1000"},
    ("contract_terms", "valid_to_before_valid_from"): {"valid_to": "2025-12-31"},
    ("targets", "valid_to_before_valid_from"): {"valid_to": "2025-12-31"},
    ("event_log", "ends_before_start"): {"ends_on": "2026-01-04"},
}

KEPT = {
    "local time of a flight's arrival": (
        "shipments",
        {"destination_zone": None, "delivered_at": "2026-01-06 17:00:00"},
    ),
    "delivered, the attempt is all that is known": ("shipments", {"delivered_at": None}),
    "never arrived": ("shipments", {"status": "lost", "delivered_at": None, "first_attempt_at": None}),
    "credit": ("carrier_invoice_lines", {"charge_type": "credit_note", "amount_cents": "-510"}),
    "charge without a type": ("carrier_invoice_lines", {"charge_type": None, "amount_cents": "-510"}),
    "open claim": ("claims", {"decision": None, "decided_at": None}),
    "no answer": ("care_contacts", {"csat": None, "first_reply_at": None}),
    "clock a few minutes off": ("fulfilment_jobs", {"dispatched_at": "2026-01-05 08:50:00"}),
    "last weight band": ("contract_rates", {"weight_from_g": "30000", "weight_to_g": None}),
}


def broken(of: Table, row: dict[str, str | None]) -> list[str]:
    """Name the rules that a row breaks, as the loader asks: over typed columns, NULL where not given."""
    typed = ", ".join(f"CAST(${column.name} AS {column.type}) AS {column.name}" for column in of.columns)
    values = {column.name: row.get(column.name) for column in of.columns}
    asked = ", ".join(f"coalesce(NOT ({rule.holds}), false)" for rule in of.rules) or "false"
    with duckdb.connect() as connection:
        answers = connection.execute(f"SELECT {asked} FROM (SELECT {typed})", values).fetchall()[0]
    return [rule.name for rule, answer in zip(of.rules, answers, strict=False) if answer]


def test_all_extracts_are_declared():
    """Thirteen tables; an unknown name is answered with the nearest."""
    assert list(TABLES) == list(GOOD)
    with pytest.raises(DataError, match="Did you mean 'tracking_events'"):
        table("tracking_event")
    with pytest.raises(DataError, match="Did you mean 'carrier'"):
        table("shipments").column("carier")


@every_table
def test_names_of_columns_and_rules_are_one_each(of):
    """Keys and rules name columns of the table; a rule shows columns that it asks about."""
    names = [column.name for column in of.columns]

    assert len(names) == len(set(names))
    assert len({rule.name for rule in of.rules}) == len(of.rules)
    assert of.key and set(of.key) <= set(names)
    for rule in of.rules:
        assert rule.columns and set(rule.columns) <= set(names)
        assert [name for name in rule.columns if name not in rule.holds] == []


@every_table
def test_weeks_are_counted_by_a_column_that_is_always_filled(of):
    """Reference tables have no week."""
    if of.week_of:
        assert of.column(of.week_of).required
        assert of.column(of.week_of).type in ("DATE", "TIMESTAMP")


@every_table
def test_when_a_row_became_known_stands_last(of):
    """The load fills it where a source does not."""
    last = of.columns[-1]

    assert (last.name, last.type, last.required) == ("known_at", "TIMESTAMP", True)


@every_table
def test_units_stand_in_names_and_are_known_to_sources(of):
    """Money and weights are integers; money has a currency beside it, and no amount that spoils sums."""
    endings = {"_cents": ("BIGINT", "cents"), "_g": ("BIGINT", "g"), "_share": ("DOUBLE", "share")}
    by_unit = {unit: (kind, ending) for ending, (kind, unit) in endings.items()}
    for column in of.columns:
        assert column.unit in ("", *UNITS)
        for ending, declared in endings.items():
            if column.name.endswith(ending):
                assert (column.type, column.unit) == declared
        if column.unit == "cents":
            assert (column.least, column.most) == (-MOST_CENTS, MOST_CENTS)
        if column.unit:
            kind, ending = by_unit[column.unit]
            assert column.type == kind and column.name.endswith(ending)
        assert column.name.endswith("_at") == (column.type == "TIMESTAMP")
    if any(column.unit == "cents" for column in of.columns):
        assert "EUR" in of.column("currency").allowed


@every_table
def test_what_is_personal_is_text_that_nothing_depends_on(of):
    """It may be dropped, hashed or masked, so no key, rule or list of values rests on it."""
    personal = [column for column in of.columns if column.personal]

    for column in personal:
        assert column.personal in get_args(Personal)
        assert column.type == "VARCHAR" and not column.required and not column.allowed
    used = {*of.key, of.week_of, *(name for rule in of.rules for name in rule.columns)}
    assert used.isdisjoint(column.name for column in personal)


@every_table
def test_an_empty_row_breaks_no_rule(of):
    """What is missing is told by its own column."""
    assert broken(of, {}) == []


def test_each_rule_has_its_bad_row():
    """A new rule finds its bad row first."""
    assert list(BAD) == [(of.name, rule.name) for of in TABLES.values() for rule in of.rules]


@pytest.mark.parametrize(("name", "rule"), BAD, ids=".".join)
def test_a_rule_refuses_its_bad_row_and_passes_the_good_one(name, rule):
    """A bad row breaks its own rule and no other."""
    assert broken(TABLES[name], GOOD[name]) == []
    assert broken(TABLES[name], GOOD[name] | BAD[name, rule]) == [rule]


@pytest.mark.parametrize("case", KEPT)
def test_what_a_kpi_can_use_is_kept(case):
    """Rows at the edge of a rule pass it."""
    name, changes = KEPT[case]

    assert broken(TABLES[name], GOOD[name] | changes) == []


def test_every_table_can_be_loaded(tmp_path, monkeypatch):
    """From a file a table: its good row is kept whole, its bad rows are set aside by the name of the rule."""
    monkeypatch.setenv("TALLYSHEET_KEY", "a key for tests")
    data = tmp_path / "data"
    for name, good in GOOD.items():
        bad = [good | BAD[of, rule] for of, rule in BAD if of == name]
        (data / "sources" / name).mkdir(parents=True)
        (data / "sources" / name / "source.toml").write_text(
            f'table = "{name}"\nas_of = 2026-06-15T07:00:00\n'
            f'[[file]]\nname = "rows"\npath = "raw/{name}.csv"\n'
        )
        write_csv(data / "raw" / f"{name}.csv", [list(row.values()) for row in (good, *bad)], list(good))
    (data / "workbook.toml").write_text(
        f'sources = {list(GOOD)}\nnotebooks = []\ncountries = []\nheadline = "otd"\n'
    )

    ledger = ts.load(data)

    assert dict(zip(ledger.files["source"], ledger.files["good"], strict=True)) == dict.fromkeys(GOOD, 1)
    set_aside = {
        (name, reason)
        for name in GOOD
        for reason in pd.read_parquet(data / "quarantine" / ledger.state / f"{name}.parquet")["reason"]
    }
    assert set_aside == set(BAD)
    kept = pd.concat(pd.read_parquet(path) for path in (ledger.folder / "shipments").rglob("*.parquet"))
    assert "recipient_name" not in kept and "a.martin@example.org" not in kept.to_csv()
