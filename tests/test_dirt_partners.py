"""Dirt in what carriers charge and fulfilment partners report: repaired, refused or told, never silent."""

from dirt import load

INVOICES = """
table = "carrier_invoice_lines"
decimal = ","
dates = "dmy"

[[file]]
name = "invoice"
path = "raw/facture_%Y-%m-%d.csv"

[columns]
invoice_id = "Facture"
line_number = "Ligne"
invoice_date = "Date facture"
carrier = "Transporteur"
tracking_number = "N° colis"
ship_date = "Expédié le"
charge_type = "Libellé"
amount_cents = { header = "Montant HT", unit = "euro" }
currency = "Devise"
weight_billed_g = { header = "Poids kg", unit = "kg" }

[values.carrier]
BRV = ["Brivane"]

[values.charge_type]
base = ["Transport"]
fuel = ["Gazole"]
remote = ["Zone isolée"]
credit_note = ["Avoir"]
"""

INVOICE_HEAD = (
    "Facture;Ligne;Date facture;Transporteur;N° colis;Expédié le;Libellé;Montant HT;Devise;Poids kg"
)

JOBS = """
table = "fulfilment_jobs"

[[file]]
name = "jobs"
path = "raw/jobs_%Y-%m-%d.csv"
"""


def test_a_parcel_has_several_lines_and_a_credit_note_may_have_none(tmp_path):
    """Decimal commas become cents; a negative base price, decimal points and the total are set aside."""
    text = f"""Brivane Parcel - Facture F-1107
{INVOICE_HEAD}
F-1107;1;31/01/2026;Brivane;T1;14/01/2026;Transport;5,10;EUR;0,4
F-1107;2;31/01/2026;Brivane;T1;14/01/2026;Gazole;0,61;EUR;
F-1107;3;31/01/2026;Brivane;T1;14/01/2026;Zone isolée;2,00;EUR;
F-1107;4;31/01/2026;Brivane;T2;15/01/2026;Transport;1 204,50 €;EUR;
F-1107;5;31/01/2026;Brivane;;;Avoir;-12,40;EUR;
F-1107;6;31/01/2026;Brivane;T3;15/01/2026;Transport;-5,10;EUR;0,4
F-1107;7;31/01/2026;Brivane;T4;15/01/2026;Transport;5.10;EUR;0,4
F-1107;8;31/01/2026;Brivane;T4;15/01/2026;Gazole;0.610;EUR;
F-1107;9;31/01/2026;Brivane;T4;15/01/2026;Zone isolée;2 00;EUR;
Total HT;;;;;;;1 199,81;EUR;
"""
    loaded = load(tmp_path, {"facture_2026-02-03.csv": text.encode("cp1252")}, invoices=INVOICES)

    assert loaded.counts == {"facture_2026-02-03.csv": (10, 5, 5, 0)}
    lines = "SELECT line_number, tracking_number, charge_type, amount_cents, weight_billed_g"
    assert loaded.select(f"{lines} FROM carrier_invoice_lines") == [
        (1, "T1", "base", 510, 400),
        (2, "T1", "fuel", 61, None),
        (3, "T1", "remote", 200, None),
        (4, "T2", "base", 120450, None),
        (5, None, "credit_note", -1240, None),
    ]
    assert loaded.refused == [
        (
            "facture_2026-02-03.csv",
            8,
            "charge_type",
            "charge_type base, amount_cents -510",
            "negative_base",
            False,
        ),
        ("facture_2026-02-03.csv", 9, "amount_cents", "5.10", "type", False),
        ("facture_2026-02-03.csv", 10, "amount_cents", "0.610", "type", False),
        ("facture_2026-02-03.csv", 11, "amount_cents", "2 00", "type", False),
        ("facture_2026-02-03.csv", 12, "carrier", None, "missing", False),
        ("facture_2026-02-03.csv", 12, "invoice_date", None, "missing", False),
        ("facture_2026-02-03.csv", 12, "line_number", None, "missing", False),
    ]
    assert ("facture_2026-02-03.csv", "preamble", "Brivane Parcel - Facture F-1107") in loaded.notes


def test_an_amount_that_no_parcel_costs_is_refused(tmp_path):
    """Two cells of 6e16 euro each fit into a number, and their sum did not: the week's costs failed."""
    text = f"""{INVOICE_HEAD}
F-1;1;31/01/2026;Brivane;T1;14/01/2026;Transport;60000000000000000,00;EUR;1
F-1;2;31/01/2026;Brivane;T1;14/01/2026;Gazole;1000000000,01;EUR;1
F-1;3;31/01/2026;Brivane;T1;14/01/2026;Avoir;-1000000000,01;EUR;1
F-1;4;31/01/2026;Brivane;T2;14/01/2026;Transport;1000000000,00;EUR;1
"""
    loaded = load(tmp_path, {"facture_2026-02-03.csv": text.encode("cp1252")}, invoices=INVOICES)

    assert loaded.select("SELECT amount_cents FROM carrier_invoice_lines") == [(10**11,)]
    file, column, reason = "facture_2026-02-03.csv", "amount_cents", "out_of_range"
    assert loaded.refused == [
        (file, 2, column, "60000000000000000,00", reason, False),
        (file, 3, column, "1000000000,01", reason, False),
        (file, 4, column, "-1000000000,01", reason, False),
    ]


def test_an_invoice_that_is_billed_again_keeps_both_amounts(tmp_path):
    """The re-bill counts from its day on; before, the first amount; a line repeated as it was counts once."""
    first = f"""{INVOICE_HEAD}
F-1107;1;31/01/2026;Brivane;T1;14/01/2026;Transport;5,10;EUR;0,4
F-1107;2;31/01/2026;Brivane;T2;14/01/2026;Transport;5,10;EUR;0,4
"""
    again = f"""{INVOICE_HEAD}
F-1107;1;31/01/2026;Brivane;T1;14/01/2026;Transport;4,80;EUR;0,4
F-1107;2;31/01/2026;Brivane;T2;14/01/2026;Transport;5,10;EUR;0,4
"""
    files = {"facture_2026-02-03.csv": first, "facture_2026-03-03.csv": again}
    loaded = load(tmp_path, files, invoices=INVOICES)

    assert loaded.counts == {"facture_2026-02-03.csv": (2, 2, 0, 0), "facture_2026-03-03.csv": (2, 1, 0, 1)}
    assert loaded.corrections == {"facture_2026-02-03.csv": 0, "facture_2026-03-03.csv": 1}
    lines = "SELECT line_number, amount_cents, known_at, replaced_at FROM carrier_invoice_lines"
    assert loaded.select(lines) == [
        (1, 480, "2026-03-03 00:00:00", None),
        (1, 510, "2026-02-03 00:00:00", "2026-03-03 00:00:00"),
        (2, 510, "2026-02-03 00:00:00", None),
    ]
    cost = "SELECT sum(amount_cents)::BIGINT FROM carrier_invoice_lines"
    assert loaded.select(cost, known="2026-03-02") == [(1020,)]
    assert loaded.select(cost, known="2026-03-04") == [(990,)]
    repeated = ("facture_2026-03-03.csv", 3, "invoice_id, line_number", "F-1107/2", "duplicate", False)
    assert loaded.refused == [repeated]


def test_an_invoice_that_comes_weeks_late_is_not_known_before(tmp_path):
    """Costs belong to the week of shipping, and show from the day that the invoice came."""
    first = f"{INVOICE_HEAD}\nF-1;1;31/01/2026;Brivane;T1;14/01/2026;Transport;5,10;EUR;1\n"
    late = f"{INVOICE_HEAD}\nF-9;1;31/01/2026;Brivane;T1;14/01/2026;Zone isolée;2,00;EUR;1\n"
    files = {"facture_2026-02-03.csv": first, "facture_2026-03-15.csv": late}
    loaded = load(tmp_path, files, invoices=INVOICES)

    assert set(loaded.counts.values()) == {(1, 1, 0, 0)}
    cost = "SELECT ship_date, sum(amount_cents)::BIGINT FROM carrier_invoice_lines GROUP BY ALL"
    assert loaded.select(cost, known="2026-02-10") == [("2026-01-14", 510)]
    assert loaded.select(cost, known="2026-03-15") == [("2026-01-14", 710)]


def test_amounts_without_vat_are_taken_and_the_column_with_vat_is_told(tmp_path):
    """The table has amounts without VAT alone; that the other column is left out stands in the notes."""
    text = """invoice_id;line_number;invoice_date;carrier;amount_cents;currency;Total TTC
F-1;1;2026-01-31;DVP;5,10;EUR;6,12
F-1;2;2026-01-31;DVP;0,61;EUR;0,73
"""
    source = """
table = "carrier_invoice_lines"
decimal = ","
[[file]]
name = "invoice"
path = "raw/poste.csv"
[columns]
amount_cents = { header = "amount_cents", unit = "euro" }
"""
    loaded = load(tmp_path, {"poste.csv": text}, invoices=source)

    assert loaded.counts == {"poste.csv": (2, 2, 0, 0)}
    assert loaded.select("SELECT amount_cents FROM carrier_invoice_lines") == [(61,), (510,)]
    assert loaded.notes == [("poste.csv", "column not loaded", "'Total TTC'")]


def test_amounts_with_vat_are_made_net_by_the_select_of_their_source(tmp_path):
    """A carrier that only states amounts with VAT is divided by its rate, line by line, in the open."""
    text = """bill,no,day,gross,rate
G-1,1,2026-01-31,6.12,20
G-1,2,2026-01-31,6.12,0
"""
    select = """SELECT line, bill AS invoice_id, no AS line_number, day AS invoice_date, 'HLV' AS carrier,
    CAST(round(CAST(gross AS DECIMAL(18, 2)) * 10000 / (100 + CAST(rate AS DECIMAL(18, 2)))) AS BIGINT)
        AS amount_cents, 'GBP' AS currency FROM bills"""
    source = """
table = "carrier_invoice_lines"
select = "bills.sql"
[[file]]
name = "bills"
path = "raw/bills.csv"
"""
    (tmp_path / "data" / "sources" / "bills").mkdir(parents=True)
    (tmp_path / "data" / "sources" / "bills" / "bills.sql").write_text(select)
    loaded = load(tmp_path, {"bills.csv": text}, bills=source)

    assert loaded.counts == {"bills.csv": (2, 2, 0, 0)}
    kept = loaded.select("SELECT line_number, amount_cents, currency FROM carrier_invoice_lines")
    assert kept == [(1, 510, "GBP"), (2, 612, "GBP")]


def test_a_clock_that_is_an_hour_behind_is_caught_where_it_shows(tmp_path):
    """A dispatch before its release is set aside; a few minutes of drift are kept."""
    text = """job_id,partner,kind,released_at,dispatched_at,lines,lines_wrong
J1,FP-Loire,outbound,2026-01-05 09:00:00,2026-01-05 08:20:00,3,0
J2,FP-Loire,outbound,2026-01-05 09:00:00,2026-01-05 08:50:00,2,0
J3,FP-Loire,outbound,2026-01-05 09:00:00,2026-01-05 13:00:00,2,3
"""
    loaded = load(tmp_path, {"jobs_2026-01-06.csv": text}, jobs=JOBS)

    assert loaded.counts == {"jobs_2026-01-06.csv": (3, 1, 2, 0)}
    early = "dispatched_at 2026-01-05 08:20:00, released_at 2026-01-05 09:00:00"
    assert loaded.refused == [
        ("jobs_2026-01-06.csv", 2, "dispatched_at", early, "dispatched_before_release", False),
        (
            "jobs_2026-01-06.csv",
            4,
            "lines_wrong",
            "lines_wrong 3, lines 2",
            "lines_wrong_out_of_range",
            False,
        ),
    ]


def test_a_clock_that_is_known_to_be_an_hour_behind_is_set_right(tmp_path):
    """The partner's column is declared as UTC-1, which TZ names Etc/GMT+1; the others stay UTC."""
    text = """job_id,partner,kind,released_at,dispatched_at
J1,FP-Loire,outbound,2026-01-05 09:00:00,2026-01-05 08:20:00
J2,FP-Loire,outbound,2026-01-05 09:00:00,2026-01-05 13:00:00
"""
    source = JOBS + '[columns]\ndispatched_at = { header = "dispatched_at", zone = "Etc/GMT+1" }\n'
    loaded = load(tmp_path, {"jobs_2026-01-06.csv": text}, jobs=source)

    assert loaded.counts == {"jobs_2026-01-06.csv": (2, 2, 0, 0)}
    assert loaded.select("SELECT job_id, released_at, dispatched_at FROM fulfilment_jobs") == [
        ("J1", "2026-01-05 09:00:00", "2026-01-05 09:20:00"),
        ("J2", "2026-01-05 09:00:00", "2026-01-05 14:00:00"),
    ]


def test_a_cut_off_that_was_out_of_date_is_corrected_by_the_next_extract(tmp_path):
    """Until then the old one is what was known; both rows stay, and the ledger counts a correction."""
    head = "job_id,partner,kind,released_at,cut_off_at,dispatched_at\n"
    job = "J1,FP-Main,outbound,2026-01-05 09:00:00,2026-01-05 {}:00:00,2026-01-05 16:30:00\n"
    files = {"jobs_2026-01-06.csv": head + job.format(17), "jobs_2026-01-13.csv": head + job.format(16)}
    loaded = load(tmp_path, files, jobs=JOBS)

    assert set(loaded.counts.values()) == {(1, 1, 0, 0)}
    assert loaded.corrections == {"jobs_2026-01-06.csv": 0, "jobs_2026-01-13.csv": 1}
    punctual = "SELECT dispatched_at <= cut_off_at FROM fulfilment_jobs"
    assert loaded.select(punctual, known="2026-01-12") == [(True,)]
    assert loaded.select(punctual, known="2026-01-14") == [(False,)]


def test_a_sign_that_contradicts_the_currency_of_its_row_is_set_aside(tmp_path):
    """A pound sign in a row of euros leaves open which is right; without a sign the row's currency counts."""
    text = """invoice_id;line_number;invoice_date;carrier;amount_cents;currency
F-1;1;2026-01-31;HLV;5,10 £;GBP
F-1;2;2026-01-31;HLV;£ 6,20;EUR
F-1;3;2026-01-31;HLV;7,30;GBP
F-1;4;2026-01-31;HLV;EUR 8,40;EUR
F-1;5;2026-01-31;HLV;8,40 USD;GBP
"""
    source = """
table = "carrier_invoice_lines"
decimal = ","
[[file]]
name = "invoice"
path = "raw/invoice.csv"
[columns]
amount_cents = { header = "amount_cents", unit = "currency" }
"""
    loaded = load(tmp_path, {"invoice.csv": text}, invoices=source)

    assert loaded.counts == {"invoice.csv": (5, 3, 2, 0)}
    kept = loaded.select("SELECT line_number, amount_cents, currency FROM carrier_invoice_lines")
    assert kept == [(1, 510, "GBP"), (3, 730, "GBP"), (4, 840, "EUR")]
    assert loaded.refused == [
        ("invoice.csv", 3, "amount_cents", "£ 6,20", "other_currency", False),
        ("invoice.csv", 6, "amount_cents", "8,40 USD", "other_currency", False),
    ]


def test_amounts_that_are_said_to_be_euro_may_not_be_pounds(tmp_path):
    """Without a column of currencies unit = "euro" says it for all rows."""
    text = """job_id,partner,kind,released_at,Fee
J1,FP-Loire,outbound,2026-01-05 09:00:00,2.40 €
J2,FP-Loire,outbound,2026-01-05 09:00:00,£2.40
"""
    source = JOBS + """[columns]\nfee_cents = { header = "Fee", unit = "euro" }\n"""
    loaded = load(tmp_path, {"jobs_2026-01-06.csv": text}, jobs=source)

    assert loaded.counts == {"jobs_2026-01-06.csv": (2, 1, 1, 0)}
    assert loaded.select("SELECT job_id, fee_cents FROM fulfilment_jobs") == [("J1", 240)]
    assert loaded.refused == [("jobs_2026-01-06.csv", 3, "fee_cents", "£2.40", "other_currency", False)]


def test_a_payout_is_compared_with_its_own_currency(tmp_path):
    """An offer in euro paid out in pounds is in order; a payout in euro by its sign is not."""
    text = """case_id,case_type,requested_at,offer_value_cents,currency,payout_cents,payout_currency
C1,trade_in,2026-01-05 09:00:00,150.00 €,EUR,£131.00,GBP
C2,trade_in,2026-01-05 09:00:00,150.00 €,EUR,€131.00,GBP
"""
    source = """
table = "reverse_cases"
[[file]]
name = "cases"
path = "raw/cases.csv"
[columns]
offer_value_cents = { header = "offer_value_cents", unit = "currency" }
payout_cents = { header = "payout_cents", unit = "currency" }
"""
    loaded = load(tmp_path, {"cases.csv": text}, cases=source)

    assert loaded.counts == {"cases.csv": (2, 1, 1, 0)}
    assert loaded.refused == [("cases.csv", 3, "payout_cents", "€131.00", "other_currency", False)]
