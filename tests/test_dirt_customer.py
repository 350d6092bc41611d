"""Dirt in what buyers order, claim, ask and send back: repaired, refused or told, never silent."""

import xlsxwriter
from dirt import load

ORDERS = """
table = "orders"

[[file]]
name = "orders"
path = "raw/orders_%Y-%m-%d.csv"
"""

CLAIMS = """
table = "claims"
decimal = ","
dates = "dmy"

[[file]]
name = "claims"
path = "raw/reclamations.csv"

[columns]
claim_id = "Dossier"
shipment_id = "Colis"
opened_at = "Ouvert le"
decided_at = "Décision le"
paid_at = "Payé le"
amount_accepted_cents = { header = "Accordé", unit = "euro" }
amount_paid_cents = { header = "Versé", unit = "euro" }
decision = "Décision"

[values.decision]
accepted = ["accepté"]
partial = ["partiel"]
rejected = ["refusé"]
"""

CLAIM_HEAD = "Dossier;Colis;Ouvert le;Décision le;Payé le;Décision;Accordé;Versé"

CONTACTS = """
table = "care_contacts"
[[file]]
name = "contacts"
path = "raw/contacts.csv"
missing = ["-", "n/a"]
"""

CASES = """
table = "reverse_cases"
[[file]]
name = "cases"
path = "raw/cases.csv"
"""


def test_an_eligibility_that_was_overwritten_is_still_known_as_it_was(tmp_path):
    """The order was not eligible on its day; that today's extract says it is counts as a correction."""
    head = "orderline_id,order_id,seller,paid_at,backship_eligible\n"
    files = {
        "orders_2026-01-06.csv": head + "L1,O1,S7,2026-01-05 09:12:00,no\nL2,O2,S8,2026-01-05 10:00:00,yes\n",
        "orders_2026-03-03.csv": head
        + "L1,O1,S7,2026-01-05 09:12:00,yes\nL2,O2,S8,2026-01-05 10:00:00,perhaps\n",
    }
    loaded = load(tmp_path, files, orders=ORDERS)

    assert loaded.counts == {"orders_2026-01-06.csv": (2, 2, 0, 0), "orders_2026-03-03.csv": (2, 2, 0, 0)}
    assert loaded.corrections == {"orders_2026-01-06.csv": 0, "orders_2026-03-03.csv": 2}
    seen = "SELECT orderline_id, backship_eligible, known_at, replaced_at FROM orders"
    assert loaded.select(seen, known="2026-01-31") == [
        ("L1", False, "2026-01-06 00:00:00", "2026-03-03 00:00:00"),
        ("L2", True, "2026-01-06 00:00:00", "2026-03-03 00:00:00"),
    ]
    assert loaded.select(seen, known="2026-03-31") == [
        ("L1", True, "2026-03-03 00:00:00", None),
        ("L2", None, "2026-03-03 00:00:00", None),
    ]
    assert loaded.refused == [("orders_2026-03-03.csv", 3, "backship_eligible", "perhaps", "type", True)]


def test_the_lines_of_an_order_are_rows_of_their_own(tmp_path):
    """Two lines of one order both stay; a line that stands twice with another price counts once, the last."""
    text = """orderline_id;order_id;category;item_value_cents;currency;paid_at
L1;O1;phone;249,00;EUR;2026-01-05 09:12:00
L2;O1;other;19,90;EUR;2026-01-05 09:12:00
L3;O2;laptop;1 149,00;EUR;2026-01-05 11:00:00
L3;O2;laptop;1 129,00;EUR;2026-01-05 11:00:00
L4;O3;watch;99,00;EUR;2026-01-05 12:00:00
L5;O4;phone;99,00;EUR;
"""
    source = ORDERS + '[columns]\nitem_value_cents = { header = "item_value_cents", unit = "euro" }\n'
    loaded = load(tmp_path, {"orders_2026-01-06.csv": text}, orders='decimal = ","\n' + source)

    assert loaded.counts == {"orders_2026-01-06.csv": (6, 4, 1, 1)}
    assert loaded.select("SELECT orderline_id, order_id, category, item_value_cents FROM orders") == [
        ("L1", "O1", "phone", 24900),
        ("L2", "O1", "other", 1990),
        ("L3", "O2", "laptop", 112900),
        ("L4", "O3", None, 9900),
    ]
    assert loaded.refused == [
        ("orders_2026-01-06.csv", 4, "orderline_id", "L3", "replaced", False),
        ("orders_2026-01-06.csv", 6, "category", "watch", "not_allowed", True),
        ("orders_2026-01-06.csv", 7, "paid_at", None, "missing", False),
    ]


def test_a_promise_that_was_moved_after_a_delay_keeps_the_one_made_at_the_sale(tmp_path):
    """The later promise is a correction; the first stays known; told a third time it is a duplicate."""
    head = "orderline_id,paid_at,promised_from,promised_to,promise_rule_version\n"
    sold = "L1,2026-01-05 09:12:00,2026-01-07,2026-01-08,v3\n"
    moved = "L1,2026-01-05 09:12:00,2026-01-07,2026-01-12,v3\n"
    other = "L2,2026-01-19 10:00:00,2026-01-21,2026-01-22,v4\n"
    files = {
        "orders_2026-01-06.csv": head + sold,
        "orders_2026-01-13.csv": head + moved,
        "orders_2026-01-20.csv": head + moved + other,
    }
    loaded = load(tmp_path, files, orders=ORDERS)

    assert list(loaded.counts.values()) == [(1, 1, 0, 0), (1, 1, 0, 0), (2, 1, 0, 1)]
    assert list(loaded.corrections.values()) == [0, 1, 0]
    promised = "SELECT promised_to FROM orders WHERE orderline_id = 'L1'"
    assert loaded.select(promised) == [("2026-01-08",), ("2026-01-12",)]
    assert loaded.select(promised, known="2026-01-10") == [("2026-01-08",)]
    assert loaded.select(promised, known="2026-01-14") == [("2026-01-12",)]
    assert loaded.select(promised, known="2026-01-21") == [("2026-01-12",)]
    assert loaded.refused == [("orders_2026-01-20.csv", 2, "orderline_id", "L1", "duplicate", False)]


def test_a_claim_that_is_opened_again_is_another_claim(tmp_path):
    """Both stay, joined by their shipment; the accepted one that was paid 0 stays, and the 0 is a 0."""
    text = f"""{CLAIM_HEAD}
R-100;P1;20/01/2026;10/02/2026;;refusé;;
R-131;P1;16/02/2026;02/03/2026;31/03/2026;accepté;249,00;249,00
R-140;P2;17/02/2026;03/03/2026;;accepté;100,00;0,00
R-141;P3;17/02/2026;;;;;
"""
    loaded = load(tmp_path, {"reclamations.csv": text.encode("cp1252")}, claims=CLAIMS)

    assert loaded.counts == {"reclamations.csv": (4, 4, 0, 0)}
    kept = "SELECT claim_id, shipment_id, decision, amount_accepted_cents, amount_paid_cents FROM claims"
    assert loaded.select(kept) == [
        ("R-100", "P1", "rejected", None, None),
        ("R-131", "P1", "accepted", 24900, 24900),
        ("R-140", "P2", "accepted", 10000, 0),
        ("R-141", "P3", None, None, None),
    ]
    assert loaded.refused == []


def test_a_decision_without_its_date_is_set_aside(tmp_path):
    """It would be open and decided at once; so is one that was decided before it was opened."""
    text = f"""{CLAIM_HEAD}
R-100;P1;20/01/2026;;;refusé;;
R-101;P2;20/01/2026;19/01/2026;;partiel;50,00;
R-102;P3;20/01/2026;20/01/2026;;partiel;50,00;
R-103;P4;20/01/2026;s.d.;;accepté;50,00;
R-104;P5;20/01/2026;;;;;
"""
    loaded = load(tmp_path, {"reclamations.csv": text}, claims=CLAIMS)

    assert loaded.counts == {"reclamations.csv": (5, 2, 3, 0)}
    assert loaded.select("SELECT claim_id, decision FROM claims") == [("R-102", "partial"), ("R-104", None)]
    told = "decided_at 2026-01-19 00:00:00, opened_at 2026-01-20 00:00:00"
    assert loaded.refused == [
        ("reclamations.csv", 2, "decision", "decision rejected", "decided_without_date", False),
        ("reclamations.csv", 3, "decided_at", told, "decided_before_opened", False),
        ("reclamations.csv", 5, "decided_at", "s.d.", "type", False),
        ("reclamations.csv", 5, "decision", "decision accepted", "decided_without_date", False),
    ]


def test_claims_that_are_paid_in_bulk_each_keep_their_own_amount(tmp_path):
    """The total that stands below the claims is told as a footnote and is no claim."""
    text = f"""{CLAIM_HEAD}
R-200;P1;20/01/2026;10/02/2026;31/03/2026;accepté;249,00;249,00
R-201;P2;21/01/2026;10/02/2026;31/03/2026;accepté;120,50;120,50
R-202;P3;22/01/2026;11/02/2026;31/03/2026;partiel;80,00;40,00

Total versé le 31/03/2026 : 409,50 EUR
"""
    loaded = load(tmp_path, {"reclamations.csv": text}, claims=CLAIMS)

    assert loaded.counts == {"reclamations.csv": (3, 3, 0, 0)}
    paid = "SELECT paid_at, count(*), sum(amount_paid_cents)::BIGINT FROM claims GROUP BY ALL"
    assert loaded.select(paid) == [("2026-03-31 00:00:00", 3, 40950)]
    told = ("reclamations.csv", "footnote", "Total versé le 31/03/2026 : 409,50 EUR")
    assert told in loaded.notes


def test_contacts_without_an_order_and_the_same_issue_by_chat_and_mail_stay(tmp_path):
    """A contact is a contact; what has no answer to the survey is empty, and 0 for none is refused."""
    text = """contact_id,order_id,channel,contact_reason,opened_at,subject,csat
K1,O1,chat,WISMO,2026-01-09 09:00:00,"Where is my parcel?",-
K2,O1,mail,WISMO,2026-01-09 09:04:00,"Where is my parcel? My number: 06 12 34 56 78",4
K3,n/a,mail,damaged,2026-01-09 10:00:00,"Broken screen, see picture",0
K4,,chat,WISMO,2026-01-09 11:00:00,,9
K5,-,phone,WISMR,2026-01-09 11:30:00,,5
K5,-,phone,WISMR,2026-01-09 11:30:00,,5
"""
    loaded = load(tmp_path, {"contacts.csv": text}, contacts=CONTACTS)

    assert loaded.counts == {"contacts.csv": (6, 5, 0, 1)}
    assert loaded.select("SELECT contact_id, order_id, channel, csat FROM care_contacts") == [
        ("K1", "O1", "chat", None),
        ("K2", "O1", "mail", 4),
        ("K3", None, "mail", None),
        ("K4", None, "chat", None),
        ("K5", None, "phone", 5),
    ]
    subject = "SELECT subject FROM care_contacts WHERE contact_id = 'K2'"
    assert loaded.select(subject) == [("Where is my parcel? My number: (number)",)]
    assert loaded.refused == [
        ("contacts.csv", 4, "csat", "0", "out_of_range", True),
        ("contacts.csv", 5, "csat", "9", "out_of_range", True),
        ("contacts.csv", 7, "contact_id", "K5", "duplicate", False),
    ]


def test_reasons_that_were_relabelled_become_one_list_again(tmp_path):
    """Old and new names stand under [values]; a name of neither list is refused, and its row is kept."""
    text = """contact_id;opened_at;contact_reason
K1;2026-06-30 09:00:00;Where is my order
K2;2026-07-01 09:00:00;Delivery > Late
K3;2026-07-01 09:30:00;WISMR
K4;2026-07-02 09:30:00;Delivery > Other
"""
    source = (
        CONTACTS
        + """
[values.contact_reason]
WISMO = ["Where is my order", "Delivery > Late"]
WISMR = ["Where is my refund", "Refund > Late"]
"""
    )
    loaded = load(tmp_path, {"contacts.csv": text}, contacts=source)

    assert loaded.counts == {"contacts.csv": (4, 4, 0, 0)}
    reasons = loaded.select("SELECT contact_id, contact_reason FROM care_contacts")
    assert reasons == [("K1", "WISMO"), ("K2", "WISMO"), ("K3", "WISMR"), ("K4", None)]
    told = ("contacts.csv", 5, "contact_reason", "Delivery > Other", "unknown_value", True)
    assert loaded.refused == [told]


def test_replies_of_a_bot_are_left_out_by_the_select_of_their_source(tmp_path):
    """A first reply is one by a human; a reply before the contact was opened is set aside."""
    text = """contact_id,opened_at,reply_at,reply_by
K1,2026-01-09 09:00:00,2026-01-09 09:00:02,autobot
K2,2026-01-09 09:00:00,2026-01-09 13:10:00,agent 7
K3,2026-01-09 09:00:00,2026-01-09 08:10:00,agent 7
"""
    select = """SELECT line, contact_id, opened_at,
    CASE WHEN reply_by <> 'autobot' THEN reply_at END AS first_reply_at FROM contacts"""
    (tmp_path / "data" / "sources" / "contacts").mkdir(parents=True)
    (tmp_path / "data" / "sources" / "contacts" / "human.sql").write_text(select)
    loaded = load(tmp_path, {"contacts.csv": text}, contacts='select = "human.sql"\n' + CONTACTS)

    assert loaded.counts == {"contacts.csv": (3, 2, 1, 0)}
    replies = loaded.select("SELECT contact_id, first_reply_at FROM care_contacts")
    assert replies == [("K1", None), ("K2", "2026-01-09 13:10:00")]
    told = "first_reply_at 2026-01-09 08:10:00, opened_at 2026-01-09 09:00:00"
    assert loaded.refused == [("contacts.csv", 4, "first_reply_at", told, "replied_before_opened", False)]


def test_a_case_that_was_received_before_it_was_dropped_off_is_set_aside(tmp_path):
    """Cases that were never closed or never graded stay, with nothing where nothing is known."""
    text = """case_id,case_type,requested_at,dropped_off_at,received_at,graded_at,closed_at,outcome
R1,trade_in,2026-01-05 09:00,2026-01-08 09:00,2026-01-11 09:00,2026-01-12 15:00,2026-01-14 17:00,paid
R2,trade_in,2026-01-05 09:30,2026-01-08 09:00,2026-01-07 16:00,2026-01-12 15:00,2026-01-14 17:00,paid
R3,trade_in,2026-01-05 10:00,,,,,
R4,return,2026-01-05 11:00,2026-01-08 09:00,2026-01-11 09:00,,2026-01-14 17:00,refunded
R5,exchange,2026-01-05 11:00,2026-01-08 09:00,2026-01-11 09:00,,2026-01-14 17:00,refunded
"""
    loaded = load(tmp_path, {"cases.csv": text}, cases=CASES)

    assert loaded.counts == {"cases.csv": (5, 3, 2, 0)}
    assert loaded.select("SELECT case_id, received_at, graded_at, closed_at FROM reverse_cases") == [
        ("R1", "2026-01-11 09:00:00", "2026-01-12 15:00:00", "2026-01-14 17:00:00"),
        ("R3", None, None, None),
        ("R4", "2026-01-11 09:00:00", None, "2026-01-14 17:00:00"),
    ]
    told = "received_at 2026-01-07 16:00:00, dropped_off_at 2026-01-08 09:00:00"
    assert loaded.refused == [
        ("cases.csv", 3, "received_at", told, "received_before_dropped", False),
        ("cases.csv", 6, "case_type", "exchange", "not_allowed", False),
    ]


def test_a_payout_in_another_currency_has_its_own_currency(tmp_path):
    """Offer in pounds and payout in euro stay apart; a currency that is not known is refused."""
    text = """case_id,case_type,offer_value_cents,currency,requested_at,payout_cents,payout_currency
R1,trade_in,12000,GBP,2026-01-05 09:00:00,14000,EUR
R2,trade_in,12000,GBP,2026-01-05 09:10:00,14000,€
R3,trade_in,12000,GBP,2026-01-05 09:20:00,"140,00",EUR
"""
    loaded = load(tmp_path, {"cases.csv": text}, cases=CASES)

    assert loaded.counts == {"cases.csv": (3, 3, 0, 0)}
    paid = "SELECT case_id, offer_value_cents, currency, payout_cents, payout_currency FROM reverse_cases"
    assert loaded.select(paid) == [
        ("R1", 12000, "GBP", 14000, "EUR"),
        ("R2", 12000, "GBP", 14000, None),
        ("R3", 12000, "GBP", None, "EUR"),
    ]
    assert loaded.refused == [
        ("cases.csv", 3, "payout_currency", "€", "not_allowed", True),
        ("cases.csv", 4, "payout_cents", "140,00", "type", True),
    ]


def test_test_claims_are_left_out_by_name_and_listed(tmp_path):
    """What source.toml excludes is set aside with its reason; a condition that is empty excludes nothing."""
    text = """claim_id,claim_type,opened_at,amount_claimed_cents,currency,reject_reason
K1,lost,2026-01-05 10:00:00,18900,EUR,
TEST-7,lost,2026-01-05 11:00:00,18900,EUR,
K2,damaged,2026-01-06 09:00:00,1,EUR,
K3,damaged,2026-01-06 09:30:00,,EUR,
"""
    exclude = """exclude = "claim_id LIKE 'TEST%' OR amount_claimed_cents < 100"\n"""
    source = """table = "claims"
[[file]]
name = "claims"
path = "raw/claims.csv"
"""
    loaded = load(tmp_path, {"claims.csv": text}, claims=exclude + source)

    assert loaded.counts == {"claims.csv": (4, 2, 2, 0)}
    assert loaded.select("SELECT claim_id FROM claims") == [("K1",), ("K3",)]
    assert loaded.refused == [
        ("claims.csv", 3, "claim_id", "TEST-7", "excluded", False),
        ("claims.csv", 4, "claim_id", "K2", "excluded", False),
    ]


def test_an_error_of_a_spreadsheet_is_no_value(tmp_path):
    """Neither an amount nor a text, from whichever format: a cell is refused, or its row if it needs it."""
    toml = """
table = "claims"
[[file]]
name = "claims"
path = "raw/claims.{}"
"""
    head = ["claim_id", "opened_at", "amount_claimed_cents", "reject_reason", "handled_by"]
    rows = [
        ["C1", "2026-01-05 10:00:00", "#DIV/0!", "late", "Ann"],
        ["C2", "2026-01-05 10:00:00", "500", "#N/A", "#REF!"],
        ["#REF!", "2026-01-05 10:00:00", "500", "  ", "Ann"],
    ]
    with xlsxwriter.Workbook(tmp_path / "claims.xlsx") as book:
        sheet = book.add_worksheet()
        for number, row in enumerate([head, *rows]):
            for column, text in enumerate(row):
                write = sheet.write_formula if text.startswith("#") else sheet.write_string
                write(number, column, *(["=1/0", None, text] if text.startswith("#") else [text]))
    written = "\n".join(",".join(row) for row in [head, *rows]).encode()
    for name, content in {
        "claims.csv": written,
        "claims.xlsx": (tmp_path / "claims.xlsx").read_bytes(),
    }.items():
        suffix = name.partition(".")[2]

        loaded = load(tmp_path / suffix, {name: content}, claims=toml.format(suffix))

        assert loaded.refused == [
            (name, 2, "amount_claimed_cents", "#DIV/0!", "type", True),
            (name, 3, "handled_by", "(hidden)", "type", True),
            (name, 3, "reject_reason", "#N/A", "type", True),
            (name, 4, "claim_id", "#REF!", "type", False),
        ]
        assert loaded.select("SELECT claim_id, amount_claimed_cents, reject_reason FROM claims") == [
            ("C1", None, "late"),
            ("C2", 500, None),
        ]
