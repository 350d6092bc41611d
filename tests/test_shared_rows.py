"""Two sources that give the same rows: each key counts once, as the later extract has it."""

import shutil

import pytest
from small_workbook import make_workbook, rows, write_csv

import tallysheet as ts
from tallysheet import merge

COUNTED = "SELECT count(*) AS n, count(DISTINCT shipment_id) AS keys FROM shipments"


def add_source(data, lines, taken):
    """Add a second source of shipments, whose extract is taken at a time."""
    shutil.copytree(data / "sources" / "parcels", data / "sources" / "others")
    settings = data / "sources" / "others" / "source.toml"
    text = settings.read_text(encoding="utf-8").replace("raw/parcels.csv", "raw/others.csv")
    settings.write_text(text.replace("2026-06-15T07:00:00", taken), encoding="utf-8")
    write_csv(data / "raw" / "others.csv", lines)
    workbook = data / "workbook.toml"
    listed = workbook.read_text(encoding="utf-8").replace('["parcels"]', '["parcels", "others"]')
    workbook.write_text(listed, encoding="utf-8")


def known(data, as_of):
    week = ts.open_week("2026-W03", data=data, as_of=as_of)
    found = week.sql("SELECT carrier, count(*) AS n FROM shipments GROUP BY carrier ORDER BY carrier")
    return dict(zip(found["carrier"], found["n"], strict=True))


@pytest.mark.parametrize("many", [1_000_000, 1])
def test_a_row_that_two_sources_give_counts_once(tmp_path, monkeypatch, many):
    """Rows in are still good, quarantined or duplicates; the ledger says how many both give."""
    monkeypatch.setattr(merge, "_MANY_ROWS", many)
    data = make_workbook(tmp_path, rows(4))
    add_source(data, rows(6)[140:], "2026-06-16T07:00:00")

    ledger = ts.load(data)

    assert ts.open_week("2026-W03", data=data).sql(COUNTED).iloc[0].tolist() == [840, 840]
    assert ledger.files["good"].tolist() == [560, 700]
    told = ledger.notes[ledger.notes["kind"] == "shared rows"].to_dict("records")
    assert [(one["source"], one["named"]) for one in told] == [("parcels", {"n": 420, "name": "others"})]


def test_the_later_extract_counts_from_when_it_was_taken(tmp_path):
    """Whichever source is listed first; before that the row is as the other had it."""
    lines = rows(2)
    data = make_workbook(tmp_path, lines)
    add_source(data, [[one[0], "ESK", *one[2:]] for one in lines[:40]], "2026-06-18T07:00:00")

    assert known(data, None) == {"BRV": 120, "DVP": 120, "ESK": 40}
    assert known(data, "2026-06-17") == {"BRV": 140, "DVP": 140}


def test_sources_without_a_row_in_common_are_left_as_they_are(tmp_path):
    """Nothing is told, and no file is written anew."""
    data = make_workbook(tmp_path, rows(2))
    add_source(data, rows(4)[280:], "2026-06-16T07:00:00")

    assert ts.load(data).notes.empty
    assert ts.open_week("2026-W03", data=data).sql(COUNTED).iloc[0].tolist() == [560, 560]
