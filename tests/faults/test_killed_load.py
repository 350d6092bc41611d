"""A load that is killed: the last good tables stay, and the next load gives what an unkilled one gives."""

import csv
import datetime as dt
import hashlib
import io
import json
import os
import random
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest
from small_workbook import WORKBOOK

import tallysheet as ts

pytestmark = [pytest.mark.fault, pytest.mark.slow]

SOAK = os.environ.get("TALLYSHEET_SOAK") == "1"
KILLS = 50 if SOAK else 5
POINTS = 50 if SOAK else 3
FILES = 12
EARLIER = 5
ROWS = 1_000
PATIENCE_S = 60
TALLYSHEET = Path(sys.executable).with_name("tallysheet")

HEADER = [
    *("shipment_id", "flow", "carrier", "recipient_email", "promised_date", "promised_at", "delivered_at"),
    *("status", "weight_billed_g"),
]
SOURCE = """
table = "shipments"

[[file]]
name = "parcels"
path = "raw/parcels_%Y-%m-%d.*"

[columns]
weight_billed_g = { header = "weight_billed_g", unit = "kg", decimal = "," }
"""

KILLED_AT = """
import os, signal, sys
from tallysheet.cli import main

data, point, seen = sys.argv[1], int(sys.argv[2]), 0

def count(event, arguments):
    global seen
    if event in ("os.rename", "os.remove", "os.rmdir", "os.mkdir") and data in str(arguments[0]):
        seen += 1
        if seen == point:
            os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(count)
main(["load", "--data", data], standalone_mode=False)
print(seen)
"""
"""Kills itself just before the file operation of that number; prints how many there were."""


def line(number: int, changed: str = "") -> list[str]:
    """Give a row; always the same for a number."""
    day = dt.date(2026, 1, 5) + dt.timedelta(days=number * 7 * FILES // (FILES * ROWS))
    mail, weight = f"p{number % 500}@mail.example", f"{1 + number % 7},{number % 10}"
    delivered = changed or f"{day} 12:{number % 60:02d}:00"
    return [
        *(f"P{number}", "outbound", "BRV" if number % 3 else "DVP", mail),
        *(str(day), f"{day} 20:00:00", delivered, "delivered", weight),
    ]


def lines(position: int) -> list[list[str]]:
    """Give an extract: new rows; bad ones; rows of the extract before as they were, and changed."""
    draw = random.Random(position)
    first = position * ROWS
    made = [line(number) for number in range(first, first + ROWS)]
    for row in draw.sample(made, 30):
        row[draw.choice([4, 5, 6, 8])] = "soon"
    for row in draw.sample(made, 10):
        row[draw.choice([1, 2, 7])] = ""
    made += [list(row) for row in draw.sample(made, 10)]
    made += [line(number, "2026-06-01 08:00:00") for number in draw.sample(range(first, first + ROWS), 10)]
    if position:
        before = draw.sample(range(first - ROWS, first), 120)
        made += [line(number) for number in before[:60]]
        made += [line(number, "2026-07-01 09:00:00") for number in before[60:]]
    return made


def write_extract(raw: Path, position: int) -> None:
    """Write an extract as a text, every third in a zip."""
    text = io.StringIO()
    csv.writer(text, delimiter=";").writerows([HEADER, *lines(position)])
    name = f"parcels_{dt.date(2026, 1, 12) + dt.timedelta(weeks=position):%Y-%m-%d}"
    if position % 3:
        (raw / f"{name}.csv").write_text(text.getvalue(), encoding="utf-8")
        return
    with zipfile.ZipFile(raw / f"{name}.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("parcels.csv", text.getvalue())


def record_of(data: Path) -> dict:
    return json.loads((data / "clean" / "ledger.json").read_text(encoding="utf-8"))


def contents(data: Path) -> dict[str, object]:
    """Read what a load left: the record without the bytes of its files, and the sorted rows of each table."""
    record = record_of(data)
    folders = [data / "clean" / record["state"], data / "quarantine" / record["state"]]
    with duckdb.connect() as connection:
        rows = [
            connection.execute(
                f"SELECT * FROM read_parquet('{folder}/**/*.parquet', hive_partitioning = true) ORDER BY ALL"
            ).fetchall()
            for folder in folders
        ]
    return {"record": record | {"written": sorted(record["written"])}, "rows": rows}


def assert_whole(data: Path) -> None:
    """Check that each file that the record names has the bytes that were written."""
    record = record_of(data)
    assert record["written"]
    for name, digest in record["written"].items():
        assert hashlib.sha256((data / name).read_bytes()).hexdigest() == digest, name


def names(data: Path) -> set[str]:
    """List all files and folders."""
    return {path.relative_to(data).as_posix() for path in data.rglob("*")}


@dataclass(frozen=True)
class Prepared:
    """A workbook with extracts that are not loaded yet, and the same loaded without a kill."""

    before: Path
    after: Path
    began_s: float
    ended_s: float
    operations: int
    earlier: dict[str, object]
    expected: dict[str, object]

    def copy(self, root: Path) -> Path:
        """Copy the workbook whose extracts are not loaded yet."""
        return Path(shutil.copytree(self.before, root / "data"))


@pytest.fixture(autouse=True)
def key(monkeypatch):
    monkeypatch.setenv("TALLYSHEET_KEY", "a key for tests")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """Load five extracts, add seven, and time a load of these."""
    root = tmp_path_factory.mktemp("prepared")
    before = root / "before"
    (before / "sources" / "parcels").mkdir(parents=True)
    (before / "raw").mkdir()
    (before / "workbook.toml").write_text(WORKBOOK, encoding="utf-8")
    (before / "sources" / "parcels" / "source.toml").write_text(SOURCE, encoding="utf-8")
    for position in range(EARLIER):
        write_extract(before / "raw", position)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TALLYSHEET_KEY", "a key for tests")
        ts.load(before)
        for position in range(EARLIER, FILES):
            write_extract(before / "raw", position)
        after = Path(shutil.copytree(before, root / "after"))
        counted = Path(shutil.copytree(before, root / "counted"))
        checked = after / "clean" / "checked"
        known, start = set(os.listdir(checked)), time.monotonic()
        process = start_load(after)
        until(lambda: set(os.listdir(checked)) - known, process)
        began = time.monotonic() - start
        assert process.wait(PATIENCE_S) == 0
        ended = time.monotonic() - start
        operations = int(killed_at(counted, 0).stdout.split()[-1])
    return Prepared(before, after, began, ended, operations, contents(before), contents(after))


def start_load(data: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [TALLYSHEET, "load", "--data", data], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def killed_at(data: Path, point: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", KILLED_AT, str(data), str(point)]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)


def until(happens: Callable[[], object], process: subprocess.Popen[bytes]) -> None:
    while not happens() and process.poll() is None:
        time.sleep(0.001)


def assert_survived(prepared: Prepared, data: Path) -> None:
    """Check that the old tables or the new are there, and that the next load ends as if nothing had been."""
    assert_whole(data)
    assert contents(data) in (prepared.earlier, prepared.expected)

    ts.load(data)

    assert contents(data) == prepared.expected
    assert_whole(data)
    assert names(data) == names(prepared.after)


def test_the_extracts_have_all_that_can_be_in_them(prepared):
    """Good, refused and repeated rows and corrections, in each extract that is not yet loaded."""
    record = record_of(prepared.after)
    for file in record["files"][EARLIER:]:
        assert all(file[count] > 0 for count in ("good", "quarantined", "duplicates", "corrections", "cells"))
    assert len(record["files"]) == FILES
    assert len(record_of(prepared.before)["files"]) == EARLIER
    assert not [name for name in names(prepared.after) if name.endswith(".part") or "tallysheet-" in name]


@pytest.mark.parametrize("kill", range(KILLS))
def test_a_load_killed_at_a_random_moment(prepared, tmp_path, kill):
    """The moments are spread over the time from the first extract to the end."""
    data = prepared.copy(tmp_path)
    share = (kill + random.Random(kill).random()) / KILLS
    moment = prepared.began_s + share * (prepared.ended_s - prepared.began_s)

    process = start_load(data)
    time.sleep(moment)
    process.kill()
    assert process.wait(PATIENCE_S) in (-9, 0)

    assert_survived(prepared, data)


@pytest.mark.parametrize(
    "stage",
    [
        "clean/checked/tallysheet-*",
        "clean/checked/*.part",
        "clean/*.part/shipments/parcels/*",
        "quarantine/*.part/parcels.parquet",
    ],
)
def test_a_load_killed_inside_a_stage(prepared, tmp_path, stage):
    """While an extract is unpacked, is checked, while the clean table or the quarantine is written."""
    data = prepared.copy(tmp_path)

    process = start_load(data)
    until(lambda: any(data.glob(stage)), process)
    process.kill()
    assert process.wait(PATIENCE_S) == -9

    assert_survived(prepared, data)


@pytest.mark.parametrize("number", range(POINTS))
def test_a_load_killed_before_a_file_operation(prepared, tmp_path, number):
    """Fault points by number, spread over all: before a file or folder is made, renamed or removed."""
    point = max(1, prepared.operations * (number + 1) // POINTS)
    data = prepared.copy(tmp_path)

    assert killed_at(data, point).returncode == -9

    assert_survived(prepared, data)
