"""The sample as files: the ledger of a load against the truth, the same bytes again, other worlds."""

import csv
import hashlib
import json
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner
from conftest import make_sample

import tallysheet as ts
from tallysheet.cli import main

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
EVENTS = ROOT / "data" / "sample" / "events.toml"


@pytest.fixture(scope="module")
def small(sample_of_size_s):
    """Give the S sample's data folder and its ledger."""
    return sample_of_size_s, ts.load(sample_of_size_s)


def truth(out: Path) -> pd.DataFrame:
    return pd.read_csv(out / "truth" / "dirt.csv", sep=";", keep_default_na=False)


def test_what_is_refused_is_what_was_put_in(small):
    """Cell by cell, column and reason: nothing is missed, nothing else is refused."""
    out, ledger = small
    dirt = truth(out)
    dirt = dirt[dirt["outcome"].isin(["quarantined", "cell"]) & (dirt["rows"] > 0)]
    expected = dirt.groupby(["extract", "column", "reason"])["rows"].sum().to_dict()

    reasons = ledger.reasons[~ledger.reasons["reason"].isin(["duplicate", "replaced"])]
    found = reasons.groupby(["source", "column", "reason"])["cells"].sum().to_dict()
    assert found == expected


def test_what_was_sent_twice_is_declared(small):
    """Rows that stand twice in a file, and the file that came twice."""
    out, ledger = small
    dirt = truth(out)
    expected = dirt[dirt["outcome"] == "duplicate"].groupby("extract")["rows"].sum()

    found = ledger.files.groupby("source")["duplicates"].sum()
    assert found[found > 0].to_dict() == expected[expected > 0].to_dict()


def test_what_no_row_shows_is_told(small):
    """An extract with VAT, another unit, ranges that overlap or leave a gap."""
    _, ledger = small
    told = set(ledger.notes[["source", "kind"]].itertuples(index=False, name=None))
    vat = ledger.notes[(ledger.notes["source"] == "invoices") & (ledger.notes["kind"] == "other level")]

    assert {("sellers", "overlap"), ("sellers", "gap"), ("contract_rates", "overlap")} <= told
    assert {("contract_rates", "gap"), ("targets", "other unit"), ("shipments", "other level")} <= told
    assert vat["file"].to_list() == ["invoices_2024-03_20261116T0700.csv"]


def test_the_commonest_reasons_come_first(small):
    """Over all sources, as only the first ten are shown."""
    assert small[1].reasons["cells"].is_monotonic_decreasing


def test_rows_in_are_rows_out(small):
    """Every row of every file that was written is good, quarantined or a duplicate."""
    out, ledger = small
    with (out / "truth" / "files.csv").open() as file:
        written = {row["file"]: int(row["rows"]) for row in csv.DictReader(file, delimiter=";")}
    files = ledger.files

    assert (files["rows"] == files["good"] + files["quarantined"] + files["duplicates"]).all()
    by_file = files.groupby("file")["rows"].sum().to_dict()
    assert {name: by_file[name] for name in written if name.endswith((".csv", ".parquet"))} == {
        name: rows for name, rows in written.items() if name.endswith((".csv", ".parquet"))
    }


def test_five_causes_are_not_in_the_log_and_two_entries_have_no_effect():
    """So an entry is never proof, and no entry is no excuse."""
    from marketplace.scenario import read_scenario

    scenario = read_scenario(EVENTS)

    assert [event.id[:2] for event in scenario.events if event.log is None] == ["02", "06", "08", "13", "14"]
    assert len(scenario.log_only) == 2
    assert len(scenario.events) == 17


def test_parcels_can_be_seen_as_they_were_known_while_scans_were_missing(small):
    """On the Monday after, most of a carrier's parcels of three days have no scan; later all have."""
    out, _ = small
    query = """
        SELECT avg(CAST(coalesce(first_scan_at <= as_of, false) AS INTEGER))
        FROM shipments, (SELECT TIMESTAMP '{0}' AS as_of)
        WHERE carrier = 'FNH' AND flow = 'outbound' AND hub_scanned IS NOT NULL AND status <> 'cancelled'
            AND label_created_at >= '2026-06-30' AND label_created_at < '2026-07-01'
    """
    then = ts.open_week("2026-W26", data=out, as_of="2026-07-06T06:00").sql(query.format("2026-07-06 06:00"))
    later = ts.open_week("2026-W26", data=out, as_of="2026-07-20T06:00").sql(query.format("2026-07-20 06:00"))

    assert then.iloc[0, 0] < 0.6
    assert later.iloc[0, 0] > 0.97


def test_a_week_that_is_too_young_is_not_said_to_have_too_few_before_it(small):
    """The latest week follows 149 others."""
    from tallysheet import captions

    week = ts.open_week(data=small[0])

    told = captions.limits(week.explanations["loss_rate"], week.language)
    seen = "All weeks as they were known the day after their end; what came later is not in it."
    assert told == f"{seen} No usual range is drawn: the week is not judged."


def fingerprints(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_same_seed_gives_the_same_bytes(tmp_path):
    """Also with another hash seed, time zone and language; another seed gives others."""
    options = ("--size", "300", "--weeks", "2026-W25:2026-W34")
    for name, seed in (("one", 5), ("again", 5), ("other", 6)):
        done = make_sample(tmp_path / name, *options, "--seed", str(seed))
        assert done.returncode == 0, done.stderr

    one, again, other = (fingerprints(tmp_path / name) for name in ("one", "again", "other"))
    assert one == again
    assert (
        one["raw/orders/orders_2026-07_20260824T0700.csv"]
        != other["raw/orders/orders_2026-07_20260824T0700.csv"]
    )


OTHER_WORLD = """
[world.carriers]
only = true
[world.carriers.QRT]
name = "Quartane"
spellings = ["QUARTANE", "Quartane SA"]
services = { home = 0.7, pudo = 0.3 }
countries = ["FR", "BE"]
price = 1.0
on_time = 0.90
loss = 0.004
damage = 0.003
liability_cents = 20000
capacity = 9000
min_volume = 0
claim_speed = 1.0
[world.carriers.VSK]
name = "Veskor"
spellings = ["VESKOR", "Veskor NV"]
services = { express = 1.0 }
countries = ["FR", "BE"]
price = 1.3
on_time = 0.97
loss = 0.001
damage = 0.002
liability_cents = 40000
capacity = 9000
min_volume = 100
claim_speed = 0.7

[world.lanes]
only = true
[world.lanes.FR-FR]
share = 0.7
transit = [1.6, 3.0]
price_cents = 500
carriers = { QRT = 0.8, VSK = 0.2 }
[world.lanes.FR-BE]
share = 0.3
transit = [2.9, 5.0]
price_cents = 900
carriers = { QRT = 0.5, VSK = 0.5 }

[world.trade_in]
only = true
[world.trade_in.FR]
share = 1.0
partner = "FP-Loire"
carriers = { QRT = 1.0 }

[world.fuel]
by_air = ["VSK"]

[[event]]
id = "late"
kind = "closure"
start = 2025-03-10
end = 2025-03-14
where = { carrier = "QRT", country = "FR" }
effect = { transit_days = { shift = [2, 2] } }
logged = false
judge_as_of = [2025-03-24]
expect = [{ code = "REAL", by = "carrier", scope = { carrier = "QRT" }, kpi = "otd", week = "2025-W11" }]

[[control]]
week = "2025-W06"
"""


def test_another_world_runs_through(tmp_path):
    """Other carriers, lanes, weeks and sizes, without a change in code: played, loaded, told."""
    (tmp_path / "other.toml").write_text(OTHER_WORLD)
    out = tmp_path / "data"
    done = make_sample(
        out,
        "--events",
        tmp_path / "other.toml",
        "--size",
        "700",
        "--weeks",
        "2024-W40:2025-W14",
        "--seed",
        "9",
    )
    assert done.returncode == 0, done.stderr
    ledger = ts.load(out)

    week = ts.open_week("2025-W11", data=out)
    carriers = week.sql("SELECT DISTINCT carrier FROM shipments ORDER BY carrier")["carrier"].to_list()
    told = json.loads((out / "truth" / "scenario.json").read_text())
    refused = set(ledger.reasons[["source", "column", "reason"]].itertuples(index=False, name=None))
    dirt = truth(out)
    declared = set(dirt[["extract", "column", "reason"]].itertuples(index=False, name=None))
    assert carriers == ["QRT", "VSK"]
    assert [event["id"] for event in told["events"]] == ["late"]
    assert {one for one in refused if one[2] != "duplicate"} <= declared


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[[event]]\nid = "a"\nkind = "x"\nstart = 2026-01-01\nefect = {}', "efect"),
        ('[[event]]\nid = "a"\nkind = "x"\nstart = 2026-01-01\nwhere = { carrier = "ZZZ" }', "ZZZ"),
        ('[[event]]\nid = "a"\nkind = "x"\nstart = 2026-01-09\nend = 2026-01-01', "ends before"),
        ('[[event]]\nid = "a"\nkind = "x"\nstart = 2026-01-01\neffect = { loss = { too = 1 } }', "too"),
        ("[[event]", "TOML"),
    ],
)
def test_a_scenario_that_cannot_be_played_is_refused(tmp_path, text, told):
    """One line that names what is wrong, exit code 2, nothing written."""
    (tmp_path / "events.toml").write_text(text)
    done = CliRunner().invoke(
        main, ["sample", "--out", str(tmp_path / "out"), "--events", str(tmp_path / "events.toml")]
    )

    assert done.exit_code == 2
    assert told in done.output
    assert len(done.output.strip().splitlines()) == 1
    assert not (tmp_path / "out" / "raw").exists()


def test_a_sample_in_the_place_of_a_file_is_refused(tmp_path):
    """The scenario is in order; it is the place that is not."""
    (tmp_path / "plain.txt").write_text("mine")

    done = CliRunner().invoke(main, ["sample", "--out", str(tmp_path / "plain.txt")])

    assert done.exit_code == 2
    assert "expected a folder and a scenario that can be used, found [Errno 20]" in done.output
    assert "plain.txt" in done.output
    assert "Look at --out and --events." in done.output
    assert (tmp_path / "plain.txt").read_text() == "mine"


def test_extracts_that_are_there_are_never_written_over(tmp_path):
    """Whose they are nobody knows."""
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "mine.csv").write_text("a,b\n1,2\n")

    done = CliRunner().invoke(main, ["sample", "--out", str(tmp_path)])

    assert done.exit_code == 2
    assert (tmp_path / "raw" / "mine.csv").read_text() == "a,b\n1,2\n"


@pytest.mark.parametrize("own", [False, True])
def test_a_sample_begins_a_workbook_wherever_one_stands(tmp_path, monkeypatch, own):
    """In an empty folder, or in a workbook of other data: it loads with the sources that belong to it."""
    if own:
        (tmp_path / "data").mkdir()
        (tmp_path / "data" / "workbook.toml").write_text('sources = ["parcels"]')
    monkeypatch.chdir(tmp_path)
    options = ["--size", "40", "--weeks", "2026-W40:2026-W42", "--out", "sample"]

    done = CliRunner().invoke(main, ["sample", *options])

    assert done.exit_code == 0, done.output
    assert len(ts.load(tmp_path / "sample").files) > 10


def test_the_notebook_about_the_sample_runs(small, tmp_path):
    """From top to bottom, on the sample."""
    import papermill

    out, _ = small
    notebook = ROOT / "data" / "sample" / "the_marketplace.ipynb"
    ran = papermill.execute_notebook(notebook, tmp_path / "ran.ipynb", {"data": str(out)}, progress_bar=False)

    code = [cell for cell in ran.cells if cell.cell_type == "code"]
    assert sum(bool(cell.outputs) for cell in code) >= 8
