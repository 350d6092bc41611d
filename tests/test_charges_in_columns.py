"""An invoice with a column for each charge: each becomes a row, and no cent of it is lost."""

import re
from pathlib import Path

import pandas as pd
import pytest
from own_files import begin_workbook, list_source, load_source

import tallysheet as ts
from tallysheet.errors import DataError
from tallysheet.suggest import suggest

HEADER = "Invoice number;Invoice date;Carrier;Tracking number;Ship date"


@pytest.fixture
def workbook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    folder = begin_workbook(tmp_path, "50_costs")
    (folder / "data" / "raw").mkdir()
    return folder


def invoice(folder: Path, name: str, parcels: range, charges: str, cells: list[str]) -> Path:
    """Write an invoice of ten parcels a number, with the same charges for each tenth parcel."""
    lines = [
        f"INV{n // 10};2026-05-2{n // 10};BRV;T{n};2026-05-1{n // 10};{cells[n % len(cells)]}"
        for n in parcels
    ]
    path = folder / name
    path.write_text("\n".join([f"{HEADER};{charges}", *lines]) + "\n", encoding="utf-8")
    return path


ENGLISH = "Base charge;Fuel surcharge;Remote area surcharge;Peak surcharge;Total net"
CELLS = ["5.00;0.60;;;5.60", "7.50;0.90;2.50;;10.90", "4.00;0.00;0.00;;4.00"]


def test_each_charge_becomes_a_row(workbook: Path) -> None:
    """Of 30 parcels 10 have all three charges, 10 two, 10 one; a zero is none."""
    file = invoice(workbook, "invoices_20260601.csv", range(30), ENGLISH, CELLS)
    found = suggest(file)
    ledger, rows = load_source(found, file)

    assert found.left == ("Total net",)
    assert "in 100% of the rows they make Total net; check." in found.sql
    assert ledger.files[["rows", "good", "quarantined", "duplicates"]].to_numpy().tolist() == [[60, 60, 0, 0]]
    assert rows.groupby("charge_type")["amount_cents"].agg(["size", "sum"]).to_dict() == {
        "size": {"base": 30, "fuel": 20, "remote": 10},
        "sum": {"base": 16_500, "fuel": 1_500, "remote": 2_500},
    }
    assert rows["line_number"].groupby(rows["invoice_id"]).agg(["min", "max"]).to_numpy().tolist() == [
        [1, 20],  # four parcels with two charges, three with three, three with one
        [1, 21],
        [1, 19],
    ]


def test_a_charge_that_begins_later_is_read_then(workbook: Path) -> None:
    """No parcel of the first file has the peak surcharge; of an invoice in both each charge counts once."""
    file = invoice(workbook, "invoices_20260601.csv", range(20), ENGLISH, CELLS)
    invoice(workbook / "data" / "raw", "invoices_20260608.csv", range(10, 30), ENGLISH, CELLS[:1])
    peak = ["5.00;0.60;;0.40;6.00"]
    invoice(workbook / "data" / "raw", "invoices_20260615.csv", range(30, 40), ENGLISH, peak)
    _, rows = load_source(suggest(file), file)
    current = rows[rows["replaced_at"].isna()]

    assert current.query("charge_type == 'peak'")["amount_cents"].to_list() == [40] * 10
    assert current.query("invoice_id == 'INV2'")["amount_cents"].sum() == 10 * 560


@pytest.mark.parametrize(
    ("charges", "cells", "cents"),
    [
        ("Transport HT;Surcharge carburant HT;Frais de douane HT", "5,00;0,60;", 560),
        ("Freight (EUR);Fuel (EUR);Residential delivery fee (EUR)", "5.00;;1.20", 620),
        ("Freight;Additional handling;Address correction", "€5.00;€2.00;", 700),
        ('"Base\ncharge";"Fuel\nsurcharge"', "5.00;0.60", 560),
    ],
)
def test_charges_are_known_by_their_headers(workbook: Path, charges: str, cells: str, cents: int) -> None:
    file = invoice(workbook, "invoices_20260601.csv", range(10), charges, [cells])
    found = suggest(file)
    _, rows = load_source(found, file)

    assert found.left == ()
    assert rows["amount_cents"].sum() == 10 * cents


@pytest.mark.parametrize("cells", ["5.25;1.10;6.35", "5;1;6"])
def test_transport_may_be_a_charge_and_no_carrier(workbook: Path, cells: str) -> None:
    """Also below a header that the charges share, as merged cells of a spreadsheet give it."""
    bands = "Envoi N° facture;Envoi Date facture;Envoi N° colis;Envoi Date d'expédition"
    bands += ";Montants HT Transport;Montants HT Surcharge carburant;Montants HT Total"
    lines = [f"F{n // 10};2026-05-2{n // 10};T{n};2026-05-1{n // 10};{cells}" for n in range(20)]
    file = workbook / "facture_20260601.csv"
    file.write_text("\n".join([bands, *lines]) + "\n", encoding="utf-8")
    found = suggest(file)

    assert "carrier: the file names no carrier: write the name that its parcels have; check." in found.sql
    assert "Envoi N° facture" in found.matched["invoice_id"]
    assert "a row for each of Montants HT Transport, Montants HT Surcharge carburant; in 100%" in found.sql


def test_a_charge_that_is_not_known_shows_in_the_total(workbook: Path) -> None:
    """Half of the parcels have a discount, whose sign no header tells: a person has to add it."""
    cells = ["5.00;0.60;;5.60", "5.00;0.60;0.50;5.10"]
    file = invoice(workbook, "invoices_20260601.csv", range(20), "Freight;Fuel;Discount;Net total", cells)
    found = suggest(file)

    assert found.left == ("Discount", "Net total")
    assert "in 50% of the rows they make Net total; check." in found.sql


def test_a_line_without_any_charge_is_set_aside_and_not_lost(workbook: Path) -> None:
    file = invoice(workbook, "invoices_20260601.csv", range(20), "Freight;Fuel", ["5.00;0.60", ";"])
    ledger, rows = load_source(suggest(file), file)

    assert len(rows) == 20
    assert ledger.files[["rows", "good", "quarantined"]].to_numpy().tolist() == [[30, 20, 10]]
    aside = pd.read_parquet(workbook / "data" / "quarantine" / ledger.state / "invoices.parquet")
    assert aside["line"].to_list() == list(range(3, 22, 2))


def test_several_rows_of_a_line_have_to_be_asked_for(workbook: Path) -> None:
    """A join that doubles rows would double money."""
    file = invoice(workbook, "invoices_20260601.csv", range(10), "Freight;Fuel", ["5.00;0.60"])
    source = list_source(suggest(file), file) / "source.toml"
    source.write_text(re.sub(r"spread = .*\n", "", source.read_text()), encoding="utf-8")

    with pytest.raises(DataError, match=r"one row for each of the 10 .* 20 rows from 10 .*spread = true"):
        ts.load("data")


def test_a_spread_source_may_not_lose_a_line_either(workbook: Path) -> None:
    file = invoice(workbook, "invoices_20260601.csv", range(20), "Freight;Fuel", ["5.00;0.60", ";"])
    folder = list_source(suggest(file), file)
    select = (folder / "invoices.sql").read_text(encoding="utf-8")
    (folder / "invoices.sql").write_text(re.sub(r" OR NOT .*", "", select), encoding="utf-8")

    with pytest.raises(DataError, match=r"at least one row for each of the 20 .* 20 rows from 10 lines"):
        ts.load("data")
