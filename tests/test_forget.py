"""Forgetting: old rows leave the raw extracts and all that is made of them, and nothing else does."""

import datetime as dt
import gzip
import json
import zipfile

import pandas as pd
import pytest
import xlsxwriter
from click.testing import CliRunner
from small_workbook import make_workbook

import tallysheet as ts
from tallysheet.cli import main
from tallysheet.errors import DataError
from tallysheet.forget import forget
from tallysheet.publish.manifest import FORMAT

CUT = dt.date(2026, 3, 1)

SOURCE = """
table = "shipments"
[[file]]
name = "parcels"
path = "raw/parcels_%Y%m%d.*"
[columns]
carrier = "Carrier"
"""

HEADER = "shipment_id;flow;Carrier;origin;promised_date;promised_at;status\n"
OLD = 'S1;outbound;BRV;"Orléans\nGare";2026-02-27;2026-02-27 20:00:00;lost\n'
NEW = "S2;outbound;BRV;Lyon;2026-03-02;2026-03-02 20:00:00;lost\n"
BROKEN = "S3;outbound;BRV;Nantes;soon;2026-03-02 20:00:00;lost\n"


@pytest.fixture
def data(tmp_path):
    """Make a workbook whose extracts say when they were taken."""
    data = make_workbook(tmp_path, [])
    (data / "raw" / "parcels.csv").unlink()
    (data / "sources" / "parcels" / "source.toml").write_text(SOURCE, encoding="utf-8")
    return data


def loaded_at(data, name, moment):
    """Load, and write down that an extract was first loaded at another time."""
    ts.load(data)
    ledger = data / "clean" / "ledger.json"
    record = json.loads(ledger.read_text(encoding="utf-8"))
    for file in record["files"]:
        file["loaded_at"] = moment if file["file"] == name else file["loaded_at"]
    ledger.write_text(json.dumps(record), encoding="utf-8")


def rows_after(data):
    """Load, and give the clean rows."""
    folder = ts.load(data).folder / "shipments"
    return pd.concat([pd.read_parquet(path) for path in sorted(folder.rglob("*.parquet"))])


def test_a_source_that_never_had_an_extract_has_nothing_to_forget(data):
    """As a load does, it leaves out what is still awaited."""
    coming = data / "sources" / "coming"
    coming.mkdir()
    (coming / "source.toml").write_text(SOURCE.replace("raw/parcels", "raw/coming"), encoding="utf-8")
    workbook = data / "workbook.toml"
    listed = workbook.read_text(encoding="utf-8").replace('["parcels"]', '["parcels", "coming"]')
    workbook.write_text(listed, encoding="utf-8")
    (data / "raw" / "parcels_20260303.csv").write_text(f"{HEADER}{OLD}{NEW}", encoding="utf-8")
    ts.load(data)

    (one,) = forget(CUT, data)

    assert (one.what, one.old_rows) == ("cut", 1)
    assert rows_after(data)["shipment_id"].to_list() == ["S2"]


def test_old_rows_are_cut_with_all_their_lines(data):
    """What stands above the table stays, a cell of two lines goes whole, the encoding is kept."""
    path = data / "raw" / "parcels_20260303.csv"
    path.write_bytes(f"Été 2026\n{HEADER}{OLD}{NEW}{OLD.replace('S1', 'S4')}".encode("cp1252"))

    (one,) = forget(CUT, data)

    assert (one.what, one.old_rows, one.rows) == ("cut", 2, 3)
    assert path.read_bytes() == f"Été 2026\n{HEADER}{NEW}".encode("cp1252")
    assert rows_after(data)["shipment_id"].to_list() == ["S2"]


def test_a_row_without_date_has_the_date_of_its_extract(data):
    """A refused date does not keep a row for ever."""
    earlier, later = (data / "raw" / f"parcels_2026{day}.csv" for day in ("0227", "0303"))
    earlier.write_text(HEADER + OLD + BROKEN, encoding="utf-8")
    later.write_text(HEADER + NEW + BROKEN, encoding="utf-8")

    found = {one.path.name: (one.what, one.old_rows) for one in forget(CUT, data)}

    assert found == {"parcels_20260227.csv": ("deleted", 2), "parcels_20260303.csv": ("kept", 0)}
    assert not earlier.exists()
    assert later.read_text(encoding="utf-8") == HEADER + NEW + BROKEN


def test_packed_extracts_and_parquet_are_cut_too(data):
    """They stay what they were, and read as before without the old rows."""
    raw, text = data / "raw", (HEADER + OLD + NEW).encode()
    (raw / "parcels_20260303.csv.gz").write_bytes(gzip.compress(text))
    with zipfile.ZipFile(raw / "parcels_20260304.zip", "w") as archive:
        archive.writestr("parcels.csv", text)
    columns = HEADER.strip().split(";")
    frame = pd.DataFrame([OLD.strip().split(";"), NEW.strip().split(";")], columns=columns)
    frame.to_parquet(raw / "parcels_20260305.parquet")

    found = forget(CUT, data)

    assert [one.what for one in found] == ["cut", "cut", "cut"]
    for one in found:
        assert ts.read_text_table(one.path)["shipment_id"].to_list() == ["S2"]


def test_nothing_old_is_left_in_any_file(data):
    """Clean tables, quarantine and the cache of checked extracts are gone with it."""
    path = data / "raw" / "parcels_20260303.csv"
    path.write_text(HEADER + OLD + BROKEN + NEW, encoding="utf-8")
    ts.load(data)

    forget(CUT, data)

    assert [path for path in data.rglob("*") if path.suffix in (".parquet", ".json")] == []
    assert rows_after(data)["shipment_id"].to_list() == ["S2"]


def test_what_is_left_is_known_since_when_it_was_loaded(data):
    """Of an extract that says no time that is the only witness; what corrected a row still does."""
    settings = data / "sources" / "parcels" / "source.toml"
    settings.write_text(SOURCE.replace("parcels_%Y%m%d.*", "*.csv"), encoding="utf-8")
    first, second = (data / "raw" / name for name in ("a.csv", "b.csv"))
    first.write_text(HEADER + OLD + NEW, encoding="utf-8")
    loaded_at(data, "a.csv", "2026-03-05T07:00:00")
    second.write_text(HEADER + NEW.replace("Lyon", "Nice"), encoding="utf-8")
    loaded_at(data, "b.csv", "2026-03-12T07:00:00")

    forget(CUT, data)

    assert ts.load(data).files["loaded_at"].to_list() == ["2026-03-05T07:00:00", "2026-03-12T07:00:00"]
    assert sorted(rows_after(data)["origin"]) == ["Lyon", "Nice"]


def test_what_is_remembered_of_old_weeks_goes_and_a_copy_of_it_is_no_week(data):
    """A folder that somebody copied stops nothing: the extracts are cut by then."""
    (data / "raw" / "parcels_20260303.csv").write_text(HEADER + OLD + NEW, encoding="utf-8")
    for name in ("2026-W08", "2026-W09", "2026-W08 copy"):
        (data / "history" / name).mkdir(parents=True)

    forget(CUT, data)

    assert sorted(path.name for path in (data / "history").iterdir()) == ["2026-W08 copy", "2026-W09"]


def test_weeks_that_were_published_are_forgotten_too(data, monkeypatch):
    """Pages hold parcels in their lists. What reaches beyond the date stays, and so do others' weeks."""
    monkeypatch.chdir(data.parent)
    (data / "raw" / "parcels_20260303.csv").write_text(HEADER + OLD + NEW, encoding="utf-8")
    owners = {"2026-W08": "data", "2026-W09": "data", "2026-W07": "data/other", "2026-W08 copy": "data"}
    for name, owner in owners.items():
        folder = data.parent / "reports" / name
        folder.mkdir(parents=True)
        manifest = {"format": FORMAT, "week": name[:8], "workbook": owner, "reports": []}
        (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    command = ["forget", "--before", "2026-03-01", "--data", str(data)]

    tried = CliRunner().invoke(main, [*command, "--dry-run"])
    assert "2026-W08 (pages" in tried.output and "2026-W09" not in tried.output
    assert (data.parent / "reports" / "2026-W08").exists()
    done = CliRunner().invoke(main, command)

    assert (done.exit_code, done.output.count("pages of a week")) == (0, 1)
    left = sorted(one.name for one in (data.parent / "reports").iterdir())
    assert left == ["2026-W07", "2026-W08 copy", "2026-W09"]


def test_a_week_whose_manifest_is_damaged_stays_and_is_told(data, monkeypatch):
    """Nothing says whose it is; the exit code says that a part failed."""
    monkeypatch.chdir(data.parent)
    (data / "raw" / "parcels_20260303.csv").write_text(HEADER + OLD + NEW, encoding="utf-8")
    for name in ("2026-W08", "2026-W09"):
        (data.parent / "reports" / name).mkdir(parents=True)
        (data.parent / "reports" / name / "manifest.json").write_text('{"format": 3, "wee', encoding="utf-8")

    done = CliRunner().invoke(main, ["forget", "--before", "2026-03-01", "--data", str(data)])

    assert done.exit_code == 1
    assert (
        "left     reports/2026-W08 (its manifest.json is damaged: look at it, and delete it)" in done.output
    )
    assert "2026-W09" not in done.output
    assert (data.parent / "reports" / "2026-W08").is_dir()


def test_a_dry_run_changes_nothing(data):
    """It says what would be done."""
    path = data / "raw" / "parcels_20260303.csv"
    path.write_text(HEADER + OLD + NEW, encoding="utf-8")
    before = ts.load(data)

    (one,) = forget(CUT, data, dry_run=True)

    assert (one.what, one.old_rows) == ("cut", 1)
    assert path.read_text(encoding="utf-8") == HEADER + OLD + NEW
    assert ts.load(data).state == before.state
    assert before.folder.exists()


def test_an_extract_that_cannot_be_read_stops_it_before_anything_is_removed(data):
    """Old rows of the others stay too."""
    good, bad = (data / "raw" / name for name in ("parcels_20260303.csv", "parcels_20260304.parquet"))
    good.write_text(HEADER + OLD + NEW, encoding="utf-8")
    bad.write_bytes(b"PAR1 cut")

    with pytest.raises(DataError, match="parcels_20260304"):
        forget(CUT, data)

    assert good.read_text(encoding="utf-8") == HEADER + OLD + NEW


def test_what_cannot_be_cut_is_left_and_told(data):
    """The exit code says that a part failed."""
    with xlsxwriter.Workbook(data / "raw" / "parcels_20260303.xlsx") as book:
        sheet = book.add_worksheet()
        for number, line in enumerate((HEADER, OLD, NEW)):
            sheet.write_row(number, 0, line.strip().replace('"', "").split(";"))

    done = CliRunner().invoke(main, ["forget", "--before", "2026-03-01", "--data", str(data)])

    assert done.exit_code == 1
    assert "left" in done.output and "1 of" in done.output and "a workbook cannot be cut" in done.output
    assert len(ts.read_text_table(data / "raw" / "parcels_20260303.xlsx")) == 2
