"""Persons stay out of what is kept: canaries are planted everywhere, and searched in every file written."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from small_workbook import WORKBOOK, make_workbook, rows

import tallysheet as ts
from tallysheet.ledger import Ledger

TALLYSHEET = Path(sys.executable).with_name("tallysheet")

NAMES = ["Quirina Zuckmayer", "Zuckmayer", "Quirina"]
STREETS = ["99 rue des Canaris", "rue des Canaris", "Kanarienweg 7b"]
MAILS = ["quirina.zuckmayer@canary.example", "Agent.Canary+7@Care.Example", "canary@unmapped.example"]
PHONES = ["+33 6 98 76 54 32", "0698765432", "(0)30 987 65 43 21"]
FORMS = [*PHONES, *("".join(letter for letter in phone if letter.isdigit()) for phone in PHONES)]
CANARIES = [*NAMES, *STREETS, *MAILS, *FORMS, "canary.example", "care.example", "unmapped.example"]

SHIPMENTS = """
table = "shipments"

[[file]]
name = "parcels"
path = "raw/parcels_%Y-%m-%d.csv"

[columns]
recipient_email = "Mail"
recipient_name = "Name"
"""
CONTACTS = """
table = "care_contacts"

[[file]]
name = "contacts"
path = "raw/contacts_%Y-%m-%d.csv"
"""
CLAIMS = """
table = "claims"
select = "claims.sql"

[[file]]
name = "claims"
path = "raw/claims_%Y-%m-%d.csv"
"""

PARCELS = [
    *("shipment_id", "flow", "carrier", "promised_date", "promised_at", "delivered_at", "status"),
    *("Mail", "Name", "recipient_address", "recipient_phone", "Customer note", "Backup mail"),
]


def parcel(number: int, mail: str = "") -> list[str]:
    """Give a parcel with persons in every column made for them, and in two that nobody asked for."""
    day = f"2026-01-{5 + number % 20:02d}"
    return [
        *(f"P{number}", "outbound", "BRV", day, f"{day} 20:00:00", f"{day} 12:00:00", "delivered"),
        *(mail or MAILS[0], NAMES[0], STREETS[0], PHONES[0], f"call {PHONES[1]}", MAILS[2]),
    ]


def text(header: list[str], lines: list[list[str]], above: str = "", below: str = "") -> str:
    return above + "".join(";".join(line) + "\n" for line in [header, *lines]) + below


def parcels() -> str:
    """Make parcels with persons in cells of the wrong columns, and in rows whose cells are shifted."""
    lines = [parcel(number) for number in range(30)]
    lines[1][5] = MAILS[0]
    lines[2][3] = f"to {MAILS[1]}"
    lines[3][6] = MAILS[2]
    lines[4] = [*lines[4][:2], *lines[4][7:], "x"]
    lines[5] = [*lines[5][:1], "", *lines[5][1:]]
    lines[6] = lines[6][7:]
    above = f"Extract for {MAILS[0]}, phone {PHONES[0]}\n\n"
    below = f"\nQuestions: {MAILS[1]} or {PHONES[2]}\n"
    return text(PARCELS, lines, above, below)


def contacts() -> str:
    """Make contacts with mails and numbers in what customers wrote."""
    header = ["contact_id", "channel", "opened_at", "first_reply_at", "touches", "subject", "csat", "agent"]
    subjects = [
        f"Where is my parcel? {MAILS[0]}",
        f"call me {PHONES[0]} please",
        f"{PHONES[1]}",
        f"mail {MAILS[1]} or {PHONES[2]}, thanks",
        f"<{MAILS[0]}>",
    ]
    lines = [
        [f"C{number}", "mail", "2026-01-06 08:00:00", "2026-01-06 09:00:00", "2", subject, "5", NAMES[0]]
        for number, subject in enumerate(subjects * 4)
    ]
    lines[6][6] = MAILS[0]
    lines[7][3] = MAILS[1]
    lines[8][2] = MAILS[2]
    lines[9][4] = f"2 {MAILS[0]}"
    return text(header, lines)


def claims() -> str:
    """Make claims of an agent, by a SELECT that brings a mail into other columns."""
    header = ["claim_id", "opened_at", "handled_by", "more"]
    lines = [[f"K{number}", "2026-01-07 10:00:00", MAILS[1], MAILS[0]] for number in range(12)]
    return text(header, lines)


CLAIMS_SQL = (
    "SELECT line, claim_id, opened_at, handled_by, more AS decision, more AS amount_paid_cents FROM claims"
)


@pytest.fixture(autouse=True)
def config(tmp_path, monkeypatch) -> Path:
    """Keep the key of this machine's user out of the tests, and the tests' out of it."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("TALLYSHEET_KEY", raising=False)
    return tmp_path / "config"


@pytest.fixture
def data(tmp_path) -> Path:
    """Make a workbook of three sources that is full of persons."""
    folder = tmp_path / "data"
    sources = {"parcels": SHIPMENTS, "contacts": CONTACTS, "claims": CLAIMS}
    for name, toml in sources.items():
        (folder / "sources" / name).mkdir(parents=True)
        (folder / "sources" / name / "source.toml").write_text(toml, encoding="utf-8")
    (folder / "sources" / "claims" / "claims.sql").write_text(CLAIMS_SQL, encoding="utf-8")
    workbook = WORKBOOK.replace('["parcels"]', json.dumps(list(sources)))
    (folder / "workbook.toml").write_text(workbook, encoding="utf-8")
    (folder / "raw").mkdir()
    for name, content in (("parcels", parcels()), ("contacts", contacts()), ("claims", claims())):
        (folder / "raw" / f"{name}_2026-02-02.csv").write_text(content, encoding="utf-8")
    return folder


def written(data: Path) -> dict[str, str]:
    """Give what can be read in each file that a load wrote: the cells of Parquet, the text of others."""
    found = {}
    for path in sorted([*(data / "clean").rglob("*"), *(data / "quarantine").rglob("*")]):
        if path.is_dir():
            continue
        content = path.read_bytes().decode("latin-1")
        if path.suffix == ".parquet":
            with duckdb.connect() as connection:
                cells = connection.execute(
                    f"SELECT CAST(COLUMNS(*) AS VARCHAR) FROM read_parquet('{path}')"
                ).fetchall()
                told = connection.execute(f"SELECT * FROM parquet_kv_metadata('{path}')").fetchall()
            content += "\n".join(str(cell) for row in [*cells, *told] for cell in row)
        found[path.relative_to(data).as_posix()] = content
    return found


def seen(content: str) -> list[str]:
    """List the canaries in a text, however they are written."""
    lowered = content.lower()
    return [canary for canary in CANARIES if canary.lower() in lowered]


def clean_rows(ledger: Ledger, table: str) -> pd.DataFrame:
    return pd.concat(pd.read_parquet(path) for path in (ledger.folder / table).rglob("*.parquet"))


def test_the_canaries_are_in_the_extracts(data):
    """The search would find them."""
    raw = "".join(path.read_text(encoding="utf-8") for path in (data / "raw").iterdir())
    planted = {*NAMES, *STREETS[:2], *MAILS, *PHONES}
    assert planted <= set(seen(raw))
    assert seen(f"TO {MAILS[1].upper()}") == [MAILS[1], "care.example"]


def test_no_canary_is_in_what_a_load_writes(data):
    """Personal, free, ragged, refused and unmapped cells, and lines above and below the table.

    Not planted: names in the words of customers (``subject``) and in other columns of texts. Nothing
    tells them from other words, so that nothing can mask them.
    """
    ledger = ts.load(data)

    content = written(data)
    assert {name: seen(text) for name, text in content.items() if seen(text)} == {}
    assert sum(name.startswith("clean/checked/") for name in content) == 6
    assert sum(name.startswith("quarantine/") for name in content) == 3
    assert ledger.files.set_index("source")["rows"].to_dict() == {"parcels": 30, "contacts": 20, "claims": 12}
    reasons = ledger.reasons.groupby("source")["reason"].agg(set).to_dict()
    assert reasons["parcels"] >= {"cells", "type", "not_allowed"}
    assert reasons["contacts"] == {"type"}
    assert set(ledger.notes["kind"]) >= {"preamble", "footnote", "column not loaded"}


@pytest.mark.slow
def test_no_canary_is_printed(data):
    """Neither in the ledger that the command prints nor on its error output."""
    result = subprocess.run(
        [TALLYSHEET, "load", "--data", data, "--files"],
        env=os.environ | {"COLUMNS": "500"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert result.returncode == 0, result.stderr
    assert "(mail)" in result.stdout and "(number)" in result.stdout
    assert seen(result.stdout + result.stderr) == []


def test_what_customers_wrote_is_kept_without_mails_and_numbers(data):
    """The words stay."""
    subjects = set(clean_rows(ts.load(data), "care_contacts")["subject"])

    assert subjects == {
        "Where is my parcel? (mail)",
        "call me (number) please",
        "(number)",
        "mail (mail) or ((number), thanks",
        "<(mail)>",
    }


def test_equal_mails_have_equal_hashes_in_all_extracts_and_tables(data, monkeypatch):
    """Whatever their case and blanks; by them persons are counted, and not known."""
    monkeypatch.setenv("TALLYSHEET_KEY", "first")
    lines = [parcel(100, f"  {MAILS[0].upper()} "), parcel(101, MAILS[1]), parcel(102, "")]
    lines[2][7] = ""
    (data / "raw" / "parcels_2026-02-09.csv").write_text(text(PARCELS, lines), encoding="utf-8")

    ledger = ts.load(data)

    hashes = clean_rows(ledger, "shipments").set_index("shipment_id")["recipient_email"]
    agents = clean_rows(ledger, "claims")["handled_by"]
    assert hashes["P100"] == hashes["P0"] == hashlib.sha256(b"first" + MAILS[0].lower().encode()).hexdigest()
    assert hashes["P101"] == agents.iloc[0] != hashes["P100"]
    assert hashes.isna().to_list().count(True) == 1
    assert set(agents) == {agents.iloc[0]}


def test_another_key_hashes_anew(data, monkeypatch):
    """The next load notices, though no extract changed; with the key before it, all is as it was."""
    found = {}
    for key in ("first", "second", "first"):
        monkeypatch.setenv("TALLYSHEET_KEY", key)
        ledger = ts.load(data)
        hashes = clean_rows(ledger, "shipments").set_index("shipment_id")["recipient_email"].dropna()
        assert len(hashes) > 20
        assert found.setdefault(key, hashes.to_dict()) == hashes.to_dict()
    assert not set(found["first"].values()) & set(found["second"].values())
    assert found["first"].keys() == found["second"].keys()


def test_a_key_is_made_once_for_its_user_alone(data, config):
    """Outside the workbook, readable by its owner; and no file tells it."""
    first = clean_rows(ts.load(data), "shipments")["recipient_email"].to_list()
    path = config / "tallysheet" / "key"
    key = path.read_text(encoding="ascii")

    assert len(key) == 64
    assert path.stat().st_mode & 0o777 == 0o600
    assert not [name for name, content in written(data).items() if key in content]
    (data / "clean" / "ledger.json").unlink()
    assert clean_rows(ts.load(data), "shipments")["recipient_email"].to_list() == first
    assert path.read_text(encoding="ascii") == key


def test_no_key_is_made_without_personal_columns(tmp_path, config):
    """Who has no persons in the extracts needs none."""
    ts.load(make_workbook(tmp_path / "other", rows(1)))

    assert not config.exists()


@pytest.mark.parametrize("given", ["", "\n", "\u00e9"])
def test_a_key_file_without_a_key_is_refused(data, config, given):
    """With an empty key anybody could try addresses out."""
    (config / "tallysheet").mkdir(parents=True)
    (config / "tallysheet" / "key").write_text(given, encoding="utf-8")

    with pytest.raises(ts.errors.DataError, match="key: expected a key for personal columns") as caught:
        ts.load(data)
    assert "\n" not in str(caught.value)
