"""Dirt in what the team keeps by hand: sellers, contracts, targets, events; never silent."""

import datetime as dt
from io import BytesIO

import xlsxwriter
from dirt import load

SELLERS = """
table = "sellers"
[[file]]
name = "sellers"
path = "raw/sellers_%Y-%m-%d.csv"
"""

RATES = """
table = "contract_rates"
[[file]]
name = "rates"
path = "raw/contract.xlsx"
sheet = "rates"
[columns]
carrier = "Carrier"
service = "Service"
origin_country = "From"
destination_country = "To"
weight_from_g = { header = "above kg", unit = "kg" }
weight_to_g = { header = "up to kg", unit = "kg" }
price_cents = { header = "Price", unit = "euro" }
currency = "Currency"
valid_from = "Valid from"
valid_to = "Valid to"
"""

TERMS = """
table = "contract_terms"
decimal = ","
[[file]]
name = "terms"
path = "raw/contract.xlsx"
sheet = "terms"
[columns]
carrier = "Carrier"
valid_from = "Valid from"
weekly_capacity = "Parcels a week"
liability_limit_cents = { header = "Liability", unit = "euro" }
currency = "Currency"
fuel_share = { header = "Fuel", unit = "%" }
"""

RATE_HEAD = ["Carrier", "Service", "From", "To", "above kg", "up to kg", "Price"]
RATE_HEAD += ["Currency", "Valid from", "Valid to"]

TARGETS = """
table = "targets"
[[file]]
name = "targets"
path = "raw/targets_%Y-%m-%d.csv"
"""

EVENTS = """
table = "event_log"
dates = "dmy"
[[file]]
name = "events"
path = "raw/events.csv"
[columns]
kind = "What"
starts_on = "From"
ends_on = "Until"
country = "Where"
note = "Note"
known_at = "Typed on"
[values.kind]
strike = ["Grève"]
weather = ["Snow", "Storm"]
"""


def contract(rates: list[list[object]]) -> bytes:
    """Write a carrier's workbook: a title over merged cells, the header in row 4, two sheets."""
    content = BytesIO()
    with xlsxwriter.Workbook(content, {"default_date_format": "dd/mm/yyyy"}) as book:
        sheet = book.add_worksheet("rates")
        sheet.merge_range("A1:J1", "Tariff 2026 Brivane Parcel")
        sheet.write("A2", "without VAT and fuel")
        sheet.write_row(3, 0, RATE_HEAD)
        for row, cells in enumerate(rates, start=4):
            sheet.write_row(row, 0, cells)
        if len(rates) > 1:
            sheet.merge_range(4, 0, 3 + len(rates), 0, "BRV")
        terms = book.add_worksheet("terms")
        terms.write_row(0, 0, ["Carrier", "Valid from", "Parcels a week", "Liability", "Currency", "Fuel"])
        terms.write_row(1, 0, ["BRV", dt.date(2026, 1, 1), 7000, "250,00", "EUR", "12,5 %"])
        terms.write_row(2, 0, ["CDR", dt.date(2026, 1, 1), "open", "100,00", "EUR", "9 %"])
        terms.write_row(3, 0, ["DVP", "from spring", 5000, "50,00", "EUR", "9 %"])
    return content.getvalue()


JANUARY, JUNE, JULY, DECEMBER = (
    *(dt.date(2026, 1, 1), dt.date(2026, 6, 30)),
    *(dt.date(2026, 7, 1), dt.date(2026, 12, 31)),
)


def test_a_contract_is_read_from_two_sheets_with_its_header_in_row_4(tmp_path):
    """Merged cells count for each of their rows; kilograms, euro and percent become our units."""
    rates = [
        ["BRV", "home", "FR", "FR", 0, 0.5, 4.6, "EUR", JANUARY, DECEMBER],
        ["", "home", "FR", "FR", 0.5, 1, 5.1, "EUR", JANUARY, DECEMBER],
        ["", "home", "FR", "FR", 1, "", 7.95, "EUR", JANUARY, DECEMBER],
        ["", "home", "FR", "FR", 3, 2, 9.1, "EUR", JANUARY, DECEMBER],
        ["", "home", "FR", "ES", 0, 1, "on request", "EUR", JANUARY, DECEMBER],
        ["", "home", "FR", "IT", 0, 1, 9.1, "EUR", DECEMBER, JANUARY],
    ]
    loaded = load(tmp_path, {"contract.xlsx": contract(rates)}, rates=RATES, terms=TERMS)

    counts = loaded.ledger.files[["source", "rows", "good", "quarantined", "duplicates"]].to_numpy().tolist()
    assert counts == [["rates", 6, 3, 3, 0], ["terms", 3, 2, 1, 0]]
    assert loaded.select("SELECT carrier, weight_from_g, weight_to_g, price_cents FROM contract_rates") == [
        ("BRV", 0, 500, 460),
        ("BRV", 500, 1000, 510),
        ("BRV", 1000, None, 795),
    ]
    terms = "SELECT carrier, weekly_capacity, liability_limit_cents, fuel_share FROM contract_terms"
    assert loaded.select(terms) == [("BRV", 7000, 25000, 0.125), ("CDR", None, 10000, 0.09)]
    band = "weight_to_g 2000, weight_from_g 3000"
    days = "valid_to 2026-01-01, valid_from 2026-12-31"
    assert loaded.refused == [
        ("contract.xlsx", 8, "weight_to_g", band, "empty_weight_band", False),
        ("contract.xlsx", 9, "price_cents", "on request", "type", False),
        ("contract.xlsx", 10, "valid_to", days, "valid_to_before_valid_from", False),
        ("contract.xlsx", 3, "weekly_capacity", "open", "type", True),
        ("contract.xlsx", 4, "valid_from", "from spring", "type", False),
    ]
    assert loaded.notes == [
        ("contract.xlsx", "preamble", "Tariff 2026 Brivane Parcel"),
        ("contract.xlsx", "preamble", "without VAT and fuel"),
    ]


def test_a_price_that_stands_twice_from_the_same_day_counts_once(tmp_path):
    """Of two prices for one lane, weight and first day the last line counts; the other is told."""
    rates = [
        ["BRV", "home", "FR", "FR", 0, 1, 5.1, "EUR", JANUARY, JUNE],
        ["", "home", "FR", "FR", 0, 1, 5.3, "EUR", JANUARY, DECEMBER],
        ["", "home", "FR", "FR", 1, 2, 6.1, "EUR", JANUARY, DECEMBER],
    ]
    loaded = load(tmp_path, {"contract.xlsx": contract(rates)}, rates=RATES)

    assert loaded.counts == {"contract.xlsx": (3, 2, 0, 1)}
    kept = loaded.select("SELECT weight_from_g, price_cents, valid_to FROM contract_rates")
    assert kept == [(0, 530, "2026-12-31"), (1000, 610, "2026-12-31")]
    (told,) = loaded.refused
    assert told[:2] == ("contract.xlsx", 5)
    assert told[3:] == ("BRV/home/FR/FR/0/2026-01-01", "replaced", False)


def test_sellers_without_history_get_it_from_their_weekly_extracts(tmp_path):
    """A list that only says how it is today is valid from joining; each change is a correction."""
    head = "seller,joined,country,backship_status\n"
    files = {
        "sellers_2026-01-05.csv": head + "S1,2025-03-01,FR,eligible\nS2,2025-04-01,ES,invited\n",
        "sellers_2026-01-12.csv": head + "S1,2025-03-01,FR,activated\nS2,2025-04-01,ES,invited\n",
    }
    source = SELLERS + '[columns]\nvalid_from = "joined"\nonboarded_at = "joined"\n'
    loaded = load(tmp_path, files, sellers=source)

    assert loaded.counts == {"sellers_2026-01-05.csv": (2, 2, 0, 0), "sellers_2026-01-12.csv": (2, 1, 0, 1)}
    assert loaded.corrections == {"sellers_2026-01-05.csv": 0, "sellers_2026-01-12.csv": 1}
    status = "SELECT seller, backship_status FROM sellers"
    assert loaded.select(status, known="2026-01-06") == [("S1", "eligible"), ("S2", "invited")]
    assert loaded.select(status, known="2026-01-13") == [("S1", "activated"), ("S2", "invited")]
    told = ("sellers_2026-01-12.csv", 3, "seller, valid_from", "S2/2025-04-01", "duplicate", False)
    assert loaded.refused == [told]


def test_sellers_that_merged_become_one_by_their_spellings(tmp_path):
    """The old code stands for the new; where both hold from one day the last line counts."""
    text = """seller;valid_from;valid_to;backship_status
S1;2025-01-01;2025-12-31;eligible
S1-OLD;2025-01-01;2025-12-31;not_eligible
S1;2026-01-01;;activated
S3;2026-01-01;;invited
S9;2026-01-01;;invited
"""
    source = SELLERS + '[values.seller]\nS1 = ["S1-OLD"]\nS3 = []\n'
    loaded = load(tmp_path, {"sellers_2026-01-05.csv": text}, sellers=source)

    assert loaded.counts == {"sellers_2026-01-05.csv": (5, 3, 1, 1)}
    assert loaded.select("SELECT seller, valid_from, backship_status FROM sellers") == [
        ("S1", "2025-01-01", "not_eligible"),
        ("S1", "2026-01-01", "activated"),
        ("S3", "2026-01-01", "invited"),
    ]
    assert loaded.refused == [
        ("sellers_2026-01-05.csv", 2, "seller, valid_from", "S1/2025-01-01", "replaced", False),
        ("sellers_2026-01-05.csv", 6, "seller", "S9", "unknown_value", False),
    ]


def test_a_seller_that_is_eligible_from_a_day_to_come_is_not_so_yet(tmp_path):
    """The row stays with its first day, so that a view of today does not see it."""
    text = """seller,valid_from,valid_to,backship_status
S1,2025-01-01,2026-02-28,not_eligible
S1,2026-03-01,,eligible
S2,2026-03-01,2026-02-01,eligible
S3,soon,,eligible
"""
    loaded = load(tmp_path, {"sellers_2026-01-05.csv": text}, sellers=SELLERS)

    assert loaded.counts == {"sellers_2026-01-05.csv": (4, 2, 2, 0)}
    today = "SELECT seller, backship_status FROM sellers WHERE DATE '{}' BETWEEN valid_from "
    today += "AND coalesce(valid_to, 'infinity')"
    assert loaded.select(today.format("2026-01-05")) == [("S1", "not_eligible")]
    assert loaded.select(today.format("2026-03-01")) == [("S1", "eligible")]
    days = "valid_to 2026-02-01, valid_from 2026-03-01"
    assert loaded.refused == [
        ("sellers_2026-01-05.csv", 4, "valid_to", days, "valid_to_before_valid_from", False),
        ("sellers_2026-01-05.csv", 5, "valid_from", "soon", "type", False),
    ]


def test_a_target_on_the_total_alone_has_an_empty_segment(tmp_path):
    """An empty segment is part of the key: the same total again is a duplicate, a segment is not."""
    text = """kpi,segment,valid_from,valid_to,target,floor
otd,,2026-01-01,2026-12-31,0.93,0.91
otd,,2026-01-01,2026-12-31,0.93,0.91
otd,carrier=BRV,2026-01-01,2026-12-31,0.94,
first_attempt,,2026-01-01,2026-12-31,93%,
loss,,2026-01-01,2026-12-31,,
"""
    loaded = load(tmp_path, {"targets_2026-01-05.csv": text}, targets=TARGETS)

    assert loaded.counts == {"targets_2026-01-05.csv": (5, 3, 1, 1)}
    kept = loaded.select("SELECT kpi, segment, target FROM targets")
    assert kept == [("first_attempt", None, 0.93), ("otd", "carrier=BRV", 0.94), ("otd", None, 0.93)]
    assert loaded.refused == [
        ("targets_2026-01-05.csv", 3, "kpi, segment, valid_from", "otd//2026-01-01", "duplicate", False),
        ("targets_2026-01-05.csv", 6, "target", None, "missing", False),
    ]


def test_percent_among_decimal_commas_is_a_share(tmp_path):
    """93,0 % is .93 beside numbers without a sign; a sign between figures is none of a number."""
    text = "kpi;valid_from;target\notd;2026-01-01;93,0 %\nloss;2026-01-01;0,0025\nclaims;2026-01-01;9%3\n"
    loaded = load(tmp_path, {"targets_2026-01-05.csv": text}, targets='decimal = ","\n' + TARGETS)

    assert loaded.counts == {"targets_2026-01-05.csv": (3, 2, 1, 0)}
    assert loaded.select("SELECT kpi, target FROM targets") == [("loss", 0.0025), ("otd", 0.93)]
    assert loaded.refused == [("targets_2026-01-05.csv", 4, "target", "9%3", "type", False)]


def test_a_target_that_changed_in_mid_quarter_is_known_from_then_on(tmp_path):
    """Given with its own days it is a row of its own; written over the old one it is a correction."""
    head = "kpi,segment,valid_from,valid_to,target\n"
    files = {
        "targets_2026-01-05.csv": head
        + "otd,,2026-01-01,2026-03-31,0.93\nloss,,2026-01-01,2026-03-31,0.0025\n",
        "targets_2026-02-16.csv": head
        + "otd,,2026-01-01,2026-02-15,0.93\notd,,2026-02-16,2026-03-31,0.95\n"
        + "loss,,2026-01-01,2026-03-31,0.0030\n",
    }
    loaded = load(tmp_path, files, targets=TARGETS)

    assert loaded.counts == {"targets_2026-01-05.csv": (2, 2, 0, 0), "targets_2026-02-16.csv": (3, 3, 0, 0)}
    assert loaded.corrections == {"targets_2026-01-05.csv": 0, "targets_2026-02-16.csv": 2}
    targets = "SELECT kpi, valid_from, valid_to, target FROM targets"
    assert loaded.select(targets, known="2026-02-01") == [
        ("loss", "2026-01-01", "2026-03-31", 0.0025),
        ("otd", "2026-01-01", "2026-03-31", 0.93),
    ]
    assert loaded.select(targets, known="2026-02-17") == [
        ("loss", "2026-01-01", "2026-03-31", 0.0030),
        ("otd", "2026-01-01", "2026-02-15", 0.93),
        ("otd", "2026-02-16", "2026-03-31", 0.95),
    ]


def test_dates_that_are_typed_freely_are_read_in_one_order_or_refused(tmp_path):
    """Day first as the source says, with any of its signs; another order or a word is refused."""
    text = """What,From,Until,Where,Typed on,Note
Grève,05/01/2026,06/01/2026,FR,05/01/2026,SNCF
strike,5.2.26,,ES,03/02/2026,called off?
Storm,12-Feb-26,13 February 2026,DE,12/02/2026,hubs closed
Snow,2026-03-01,,FR,02/03/2026,ISO date
closure,03/28/2026,,US,30/03/2026,month first
campaign,next Monday,,FR,30/03/2026,call ana@example.org
data_incident,10/04/2026,09/04/2026,,10/04/2026,ends before it starts
tariff,01/05/2026,as long as needed,FR,01/05/2026,peak
flood,01/05/2026,,FR,01/05/2026,
"""
    loaded = load(tmp_path, {"events.csv": text}, events=EVENTS)

    assert loaded.counts == {"events.csv": (9, 4, 5, 0)}
    assert loaded.select("SELECT kind, starts_on, ends_on FROM event_log") == [
        ("strike", "2026-01-05", "2026-01-06"),
        ("strike", "2026-02-05", None),
        ("tariff", "2026-05-01", None),
        ("weather", "2026-02-12", "2026-02-13"),
    ]
    days = "ends_on 2026-04-09, starts_on 2026-04-10"
    assert loaded.refused == [
        ("events.csv", 5, "starts_on", "2026-03-01", "type", False),
        ("events.csv", 6, "starts_on", "03/28/2026", "type", False),
        ("events.csv", 7, "starts_on", "next Monday", "type", False),
        ("events.csv", 8, "ends_on", days, "ends_before_start", False),
        ("events.csv", 9, "ends_on", "as long as needed", "type", True),
        ("events.csv", 10, "kind", "flood", "not_allowed", False),
    ]


def test_an_event_that_is_entered_late_is_not_known_before(tmp_path):
    """Reports of the days between do not see it; two events of a day and kind need a place to differ."""
    text = """What;From;Until;Where;Typed on;Note
Storm;12/01/2026;;FR;26/01/2026;typed two weeks later
Storm;12/01/2026;;DE;12/01/2026;
Storm;12/01/2026;;DE;12/01/2026;second of the day
"""
    loaded = load(tmp_path, {"events.csv": text}, events=EVENTS)

    assert loaded.counts == {"events.csv": (3, 2, 0, 1)}
    events = "SELECT starts_on, country, note FROM event_log"
    assert loaded.select(events) == [
        ("2026-01-12", "DE", "second of the day"),
        ("2026-01-12", "FR", "typed two weeks later"),
    ]
    assert ("2026-01-12", "FR", "typed two weeks later") not in loaded.select(events, known="2026-01-20")
    (told,) = loaded.refused
    assert told[:2] == ("events.csv", 3)
    assert told[3:] == ("weather/2026-01-12/DE//", "replaced", False)
