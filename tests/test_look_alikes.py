"""Names that are written in two ways: the load says so, as nothing else would."""

import pytest
from small_workbook import make_workbook, rows

import tallysheet as ts
from tallysheet.look_alikes import plain


def told(data) -> list[tuple[str, str]]:
    notes = ts.load(data).notes
    return notes.loc[notes["kind"] == "look alike", ["source", "text"]].to_numpy().tolist()


def _add_invoices(data, *carriers: str) -> None:
    """Give the workbook a source of invoices, with a line a carrier."""
    listed = (data / "workbook.toml").read_text(encoding="utf-8")
    (data / "workbook.toml").write_text(listed.replace('["parcels"]', '["parcels", "invoices"]'))
    (data / "sources" / "invoices").mkdir()
    (data / "sources" / "invoices" / "source.toml").write_text(
        'table = "carrier_invoice_lines"\n[[file]]\nname = "invoices"\npath = "raw/invoices.csv"\n'
    )
    lines = [
        f"I1,{n},{carrier},T{n},2026-03-02,2026-03-09,base,450,EUR\n"
        for n, carrier in enumerate(carriers, start=1)
    ]
    (data / "raw" / "invoices.csv").write_text(
        "invoice_id,line_number,carrier,tracking_number,ship_date,invoice_date,charge_type,amount_cents,currency\n"
        + "".join(lines)
    )


def test_a_carrier_in_two_spellings_is_told(tmp_path):
    """Seven parcels of `Brv.` beside 1,393 of BRV: two carriers on every page."""
    lines = rows()
    for line in [line for line in lines if line[1] == "BRV"][:7]:
        line[1] = "Brv."

    ((source, text),) = told(make_workbook(tmp_path, lines))
    assert source == "parcels"
    assert text.startswith("carrier 'Brv.', in 7 rows, looks like 'BRV'")
    assert text.endswith("[values.carrier]")


def test_names_of_two_tables_are_compared_too(tmp_path):
    """An invoice of `dvp` finds no parcel of DVP."""
    data = make_workbook(tmp_path)
    _add_invoices(data, "dvp")

    ((source, text),) = told(data)
    assert (source, text[:31]) == ("invoices", "carrier 'dvp', in 1 row, looks ")


def test_names_that_are_different_are_not_told(tmp_path):
    """BRV and DVP, as they are; nor two signs that stand for no name."""
    lines = rows()
    lines[0][1], lines[1][1] = "?", "/"

    assert told(make_workbook(tmp_path, lines)) == []


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("Eskarión", "ESKARION", True),
        ("Fen Holt", "fenholt", True),
        ("DE-01", "DE01", True),
        ("D1-12", "D11-2", False),
        ("DE-1", "DE-11", False),
        ("DHL", "DHL Express", False),
        ("日本郵便", "日本 郵便", True),
    ],
)
def test_what_looks_alike(one, other, alike):
    """Case, accents, blanks and signs make no other name; a number does."""
    assert (plain(one) == plain(other)) is alike


def test_a_carrier_of_no_parcel_is_told(tmp_path):
    """Invoices of Devapost, which parcels call DVP, find none of them; `dvp` is told as looking like it."""
    data = make_workbook(tmp_path)
    _add_invoices(data, "Devapost", "dvp", "Devapost", "BRV")

    notes = ts.load(data).notes
    texts = notes.loc[notes["kind"] == "no parcel", "text"].to_list()
    assert [text[:69] for text in texts] == [
        "carrier_invoice_lines: carrier 'Devapost', in 2 rows, is that of no p"
    ]
