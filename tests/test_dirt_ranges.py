"""Rows that are each in order and do not go together: overlaps, gaps, odd sizes; told, never silent."""

from dirt import load

RATES = """
table = "contract_rates"
[[file]]
name = "rates"
path = "raw/rates.csv"
"""

SELLERS = """
table = "sellers"
[[file]]
name = "sellers"
path = "raw/sellers.csv"
"""

TARGETS = """
table = "targets"
[[file]]
name = "targets"
path = "raw/targets.csv"
"""

INVOICES = """
table = "carrier_invoice_lines"
[[file]]
name = "invoices"
path = "raw/invoice_%Y-%m-%d.csv"
[columns]
amount_cents = { header = "amount", unit = "euro" }
"""

PARCELS = """
table = "shipments"
[[file]]
name = "parcels"
path = "raw/parcels.csv"
"""

RATE_HEAD = "carrier,service,origin_country,destination_country,weight_from_g,weight_to_g,price_cents,"
RATE_HEAD += "currency,valid_from,valid_to\n"


def rates(*rows: str) -> str:
    """Write prices of one lane: weight from and to, price, first and last day."""
    lines = [",".join(["BRV,home,FR,ES", *row.split()[:3], "EUR", *row.split()[3:]]) for row in rows]
    return RATE_HEAD + "\n".join(lines) + "\n"


def test_prices_whose_days_overlap_are_told(tmp_path):
    """On the days of June two prices hold; the rows stay, for a person must say which."""
    text = rates("0 1000 510 2026-01-01 2026-06-30", "0 1000 540 2026-06-01 2026-12-31")
    loaded = load(tmp_path, {"rates.csv": text}, rates=RATES)

    assert loaded.counts == {"rates.csv": (2, 2, 0, 0)}
    told = "After line 2 of rates.csv the next valid_from, 2026-06-01, begins before 2026-07-01. 1 in all."
    assert loaded.notes == [("", "overlap", told)]


def test_days_without_a_price_are_told(tmp_path):
    """No price holds in July; a lane whose last price has no end is in order."""
    text = rates(
        "0 1000 510 2026-01-01 2026-06-30", "0 1000 540 2026-08-01 2026-09-30", "0 1000 550 2026-10-01 "
    )
    loaded = load(tmp_path, {"rates.csv": text}, rates=RATES)

    told = "After line 2 of rates.csv the next valid_from, 2026-08-01, begins after 2026-07-01. 1 in all."
    assert loaded.notes == [("", "gap", told)]


def test_gaps_and_overlaps_of_weights_are_told(tmp_path):
    """A parcel of 700 g has no price, one of 1,500 g two; bands that meet at their ends are in order."""
    bands = ("0 500 460", "600 1000 510", "1000 2000 590", "1400 3000 640")
    loaded = load(
        tmp_path, {"rates.csv": rates(*(f"{band} 2026-01-01 2026-12-31" for band in bands))}, rates=RATES
    )

    overlap = "After line 4 of rates.csv the next weight_from_g, 1400, begins before 2000. 1 in all."
    gap = "After line 2 of rates.csv the next weight_from_g, 600, begins after 500. 1 in all."
    assert loaded.notes == [("", "overlap", overlap), ("", "gap", gap)]


def test_a_seller_whose_days_overlap_is_told_and_other_sellers_do_not_count(tmp_path):
    """Each seller has days of its own."""
    text = """seller,valid_from,valid_to,backship_status
S1,2025-01-01,2025-12-31,eligible
S2,2025-06-01,2025-12-31,eligible
S1,2026-01-01,,activated
S2,2025-12-01,,activated
"""
    loaded = load(tmp_path, {"sellers.csv": text}, sellers=SELLERS)

    told = "After line 3 of sellers.csv the next valid_from, 2025-12-01, begins before 2026-01-01. 1 in all."
    assert loaded.notes == [("", "overlap", told)]


def test_a_target_in_percent_among_shares_is_told(tmp_path):
    """93 and 0.94 for one KPI cannot both be in its unit; the days of a KPI are compared by segment.

    That a share cannot be 93 is told too.
    """
    text = """kpi,segment,valid_from,valid_to,target
otd,,2026-01-01,2026-03-31,0.93
otd,,2026-04-01,2026-06-30,93
otd,carrier=BRV,2026-01-01,2026-12-31,0.94
loss_rate,,2026-01-01,2026-12-31,0.0025
"""
    loaded = load(tmp_path, {"targets.csv": text}, targets=TARGETS)

    assert loaded.notes == [
        ("", "other unit", "Column target of otd goes from 0.93 to 93. Check its unit."),
        (
            "",
            "share beyond",
            "a target of 93 is set for otd, which is at most 1; it counts for nothing. "
            "Write it with a % sign, or as a fraction of 1",
        ),
    ]


def invoice(number: int, *amounts: str) -> str:
    lines = [
        f"F-{number},{line},2026-01-05,DVP,base,{amount},EUR\n"
        for line, amount in enumerate(amounts, start=1)
    ]
    return "invoice_id,line_number,invoice_date,carrier,charge_type,amount,currency\n" + "".join(lines)


def test_one_invoice_of_four_with_vat_is_noticed(tmp_path):
    """Its prices are 1.20 times those of the others, which lie close together."""
    files = {
        "invoice_2026-01-05.csv": invoice(1, "5.10", "5.10", "7.95"),
        "invoice_2026-01-12.csv": invoice(2, "5.05", "5.10", "7.95"),
        "invoice_2026-01-19.csv": invoice(3, "6.12", "6.12", "9.54"),
        "invoice_2026-01-26.csv": invoice(4, "5.10", "5.10", "8.20"),
    }
    loaded = load(tmp_path, files, invoices=INVOICES)

    told = "Column amount_cents is 1.2 times what the extracts around it have. Check unit and VAT."
    assert loaded.notes == [("invoice_2026-01-19.csv", "other level", told)]


def test_vat_is_noticed_among_prices_that_drift(tmp_path):
    """Over two years of extracts prices grow by a fifth; only those around an extract tell its level."""
    prices = [f"{5.10 * 1.008**month * (1.2 if month == 4 else 1):.2f}" for month in range(24)]
    files = {
        f"invoice_2026-01-{1 + month:02}.csv": invoice(month, price, price)
        for month, price in enumerate(prices)
    }

    assert [note[:2] for note in load(tmp_path, files, invoices=INVOICES).notes] == [
        ("invoice_2026-01-05.csv", "other level")
    ]


def test_invoices_that_always_vary_as_much_are_not_told(tmp_path):
    """Where the middle moves by a fifth each week, a fifth says nothing."""
    files = {
        f"invoice_2026-01-{5 + week:02}.csv": invoice(week, amount, amount)
        for week, amount in enumerate(("5.10", "6.12", "4.40", "5.60"))
    }
    assert load(tmp_path, files, invoices=INVOICES).notes == []


def test_a_single_extract_in_kilograms_or_euro_is_noticed(tmp_path):
    """With nothing to compare it by, what is usual for the column tells that grams and cents are neither."""
    text = """shipment_id,flow,carrier,weight_declared_g,cost_cents,promised_date,promised_at,status
P1,outbound,DVP,1,5,2026-01-07,2026-01-07 20:00,in_transit
P2,outbound,DVP,2,7,2026-01-07,2026-01-07 20:00,in_transit
P3,outbound,DVP,2,6,2026-01-07,2026-01-07 20:00,in_transit
"""
    loaded = load(tmp_path, {"parcels.csv": text}, parcels=PARCELS)

    assert loaded.counts == {"parcels.csv": (3, 3, 0, 0)}
    weight = "Column weight_declared_g is 2 in the middle; 30 to 30,000 is usual. Check its unit."
    cost = "Column cost_cents is 6 in the middle; 50 to 100,000 is usual. Check its unit."
    assert loaded.notes == [("parcels.csv", "other unit", weight), ("parcels.csv", "other unit", cost)]
