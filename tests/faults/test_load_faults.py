"""Faults of files, hours, disks and folders: a load tells them, and the last good tables stay."""

import ast
import contextlib
import datetime as dt
import hashlib
import json
import os
import random
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pandas as pd
import pytest
from poor_machine import as_owner, read_only, with_small_files
from small_workbook import SOURCE, make_workbook, rows, write_csv

import tallysheet as ts
from tallysheet import checked, clean, inputs, loading, merge, text_file
from tallysheet.errors import DataError
from tallysheet.ledger import Ledger

pytestmark = pytest.mark.fault

LIB = Path(ts.__file__).parent
TALLYSHEET = Path(sys.executable).with_name("tallysheet")
PLAIN = 'table = "shipments"\n\n[[file]]\nname = "parcels"\npath = "raw/parcels_%Y-%m-%d.csv"\n'
PLAIN_HEADER = ["shipment_id", "flow", "carrier", "promised_date", "promised_at", "delivered_at", "status"]
CONTACTS = """
table = "care_contacts"
zone = "{zone}"

[[file]]
name = "contacts"
path = "raw/contacts_%Y-%m-%d.csv"
"""


def as_text(header: list[str], lines: list[list[str]], delimiter: str = ",") -> str:
    return "".join(delimiter.join(line) + "\n" for line in [header, *lines])


def plain_lines(days: int = 3, first: dt.date = dt.date(2026, 1, 5), mark: str = "") -> list[list[str]]:
    """Give ten parcels a day, under the names of the table itself."""
    return [
        [
            f"{day}{mark}-{number}",
            "outbound",
            "BRV",
            str(day),
            f"{day} 20:00:00",
            f"{day} 12:00:00",
            "delivered",
        ]
        for day in (first + dt.timedelta(days=step) for step in range(days))
        for number in range(10)
    ]


def workbook(root: Path, source: str, files: dict[str, str | bytes]) -> Path:
    """Make a workbook of one source with these raw files."""
    data = make_workbook(root, [])
    (data / "raw" / "parcels.csv").unlink()
    (data / "sources" / "parcels" / "source.toml").write_text(source, encoding="utf-8")
    for name, content in files.items():
        write_raw(data, name, content)
    return data


def write_raw(data: Path, name: str, content: str | bytes) -> Path:
    path = data / "raw" / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def tables(data: Path) -> tuple[list[tuple], list[tuple]]:
    """Read the clean rows and the quarantine of the last load, sorted."""
    state = json.loads((data / "clean" / "ledger.json").read_text(encoding="utf-8"))["state"]
    with duckdb.connect() as connection:
        clean_rows, refused = (
            connection.execute(
                f"SELECT * FROM read_parquet('{data / kind / state}/**/*.parquet', hive_partitioning = true) "
                "ORDER BY ALL"
            ).fetchall()
            for kind in ("clean", "quarantine")
        )
    return clean_rows, refused


def kept(data: Path) -> dict[str, str]:
    """Fingerprint the ledger and what it names; a last good state is unchanged if this is."""
    record = data / "clean" / "ledger.json"
    names = [record, *(data / name for name in json.loads(record.read_text(encoding="utf-8"))["written"])]
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in names}


def leftovers(data: Path) -> list[str]:
    """List temporary files and folders."""
    return [
        str(path)
        for path in data.rglob("*")
        if path.suffix in (".part", ".tmp") or path.name.startswith(("tallysheet-", "duckdb_temp"))
    ]


def set_clock(monkeypatch: pytest.MonkeyPatch, looks: list[dt.datetime]) -> None:
    """Let a load find these times, one at each look at the clock."""

    class Clock(dt.datetime):
        @classmethod
        def now(cls, zone=None):
            return looks.pop(0)

    for module in (clean, loading):
        monkeypatch.setattr(module, "dt", SimpleNamespace(datetime=Clock, UTC=dt.UTC))


def assert_refused(data: Path, match: str) -> None:
    """Check that a load is refused in one line, changes nothing and leaves nothing over."""
    before = kept(data)
    with pytest.raises(DataError, match=match) as caught:
        ts.load(data)
    assert "\n" not in str(caught.value)
    assert kept(data) == before
    assert leftovers(data) == []


def notes(ledger: Ledger, kind: str) -> list[str]:
    return ledger.notes.loc[ledger.notes["kind"] == kind, "text"].to_list()


def command(data: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [TALLYSHEET, "load", "--data", data],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def assert_one_line(result: subprocess.CompletedProcess[str], told: str) -> None:
    assert result.returncode == 2, result.stderr
    assert re.search(told, result.stderr), result.stderr
    assert len(result.stderr.strip().splitlines()) == 1, result.stderr


# ---- 2: A truncated text ----


@pytest.fixture(params=["small", "large"])
def reader(request, monkeypatch):
    """Read as a small text, and as DuckDB reads a large one."""
    if request.param == "large":
        monkeypatch.setattr(text_file, "STREAM_BYTES", 0)


@pytest.mark.parametrize("back", [1, 2, 31, 51, 62, 70])
def test_a_text_cut_in_its_last_line(tmp_path, reader, back):
    """The cut line is told or set aside; what is left of it is no parcel that was delivered.

    Not noticed in a text that was never loaded whole: a cut behind a line, or one after which the last
    cell is still a value.
    """
    whole = as_text(PLAIN_HEADER, plain_lines())
    data = workbook(tmp_path, PLAIN, {"parcels_2026-01-12.csv": whole[:-back]})

    ledger = ts.load(data)
    clean_rows, refused = tables(data)

    last = whole.splitlines()[-1]
    missing = back - 1
    if not missing:
        assert (len(clean_rows), refused) == (30, [])
        return
    assert len(clean_rows) == 29
    assert missing < len(last)
    if not notes(ledger, "footnote"):
        assert {row[0:2] for row in refused} == {("parcels_2026-01-12.csv", 31)}
        is_short = last[:-missing].count(",") < last.count(",")
        assert bool(notes(ledger, "cut")) == is_short


@pytest.mark.parametrize("share", [0.35, 0.99])
def test_a_text_that_shrank_against_the_last_load_is_told(tmp_path, reader, share):
    """Wherever it is cut, also just behind a line, where the text by itself is whole."""
    whole = as_text(PLAIN_HEADER, plain_lines())
    data = workbook(tmp_path, PLAIN, {"parcels_2026-01-12.csv": whole})
    assert notes(ts.load(data), "shrank") == []
    at = int(len(whole) * share)

    for cut in (at, whole.index("\n", at) + 1):
        if cut < len(whole):
            write_raw(data, "parcels_2026-01-12.csv", whole[:cut])
            told = notes(ts.load(data), "shrank")
            assert len(told) == 1 and f"{cut:,} bytes, " in told[0]
        write_raw(data, "parcels_2026-01-12.csv", whole)
        ts.load(data)


@pytest.mark.parametrize("at", [5, 40, 83])
def test_a_text_cut_in_its_header_is_refused(tmp_path, at):
    """A column that every row needs is missing, or there is no row."""
    whole = as_text(PLAIN_HEADER, plain_lines())
    data = workbook(tmp_path, PLAIN, {"parcels_2026-01-12.csv": whole})
    ts.load(data)
    write_raw(data, "parcels_2026-01-12.csv", whole[:at])

    assert_refused(data, "expected")


def test_an_extract_with_far_fewer_rows_than_the_others_is_told(tmp_path):
    """A text that was cut behind a line, and was never loaded whole."""
    week = dt.timedelta(weeks=1)
    days = [dt.date(2026, 1, 5) + week * number for number in range(5)]
    texts = {f"parcels_{day + week}.csv": as_text(PLAIN_HEADER, plain_lines(7, day)) for day in days}
    last = f"parcels_{days[-1] + week}.csv"
    texts[last] = "".join(texts[last].splitlines(keepends=True)[:21])

    ledger = ts.load(workbook(tmp_path, PLAIN, texts))

    assert ledger.notes[["file", "kind"]].to_numpy().tolist() == [[last, "few rows"]]


def test_an_extract_that_knows_what_came_after_it_was_taken_is_told(tmp_path):
    """Reports end with the newest extract: a moment written down once and forgotten stops them."""
    source = PLAIN.replace("_%Y-%m-%d", "")
    text = as_text(PLAIN_HEADER, plain_lines())  # the last is delivered on 7 January at noon
    data = workbook(tmp_path, "as_of = 2026-01-07 06:00:00\n" + source, {"parcels.csv": text})
    assert notes(ts.load(data), "after taken") == []

    written = data / "sources" / "parcels" / "source.toml"
    written.write_text("as_of = 2026-01-05 00:00:00\n" + source, encoding="utf-8")
    (told,) = notes(ts.load(data), "after taken")
    assert "taken on 2026-01-05, and tells of events until 2026-01-07;" in told


def test_a_file_that_is_there_twice_counts_once(tmp_path):
    """The same bytes under another name are an extract of their own, all of it duplicates."""
    text = as_text(PLAIN_HEADER, plain_lines())
    names = ["parcels_2026-01-12.csv", "parcels_2026-01-19.csv", "parcels_2026-01-26.csv"]
    data = workbook(tmp_path, PLAIN, dict.fromkeys(names, text))

    ledger = ts.load(data)

    assert ledger.files["good"].to_list() == [30, 0, 0]
    assert ledger.files["duplicates"].to_list() == [0, 30, 30]
    assert len(tables(data)[0]) == 30


def test_an_extract_that_is_as_it_was_before_the_last_counts_as_the_latest(tmp_path, monkeypatch):
    """Without a time in its name it has the time when it was first loaded under that name."""
    old, new = two_versions()
    set_clock(monkeypatch, [dt.datetime(2026, 2, day, tzinfo=dt.UTC) for day in (1, 8, 15)])
    source = PLAIN.replace("%Y-%m-%d", "*")
    data = workbook(tmp_path, source, {})
    for name, text in (("a", old), ("b", new), ("c", old)):
        write_raw(data, f"parcels_{name}.csv", text)
        ledger = ts.load(data)

    assert ledger.files["corrections"].to_list() == [0, 30, 30]
    now = [row for row in tables(data)[0] if None in row[-3:]]
    assert [row[2] for row in now] == ["BRV"] * 30


# ---- 3: A flipped bit ----


def flip(path: Path, seed: int) -> None:
    data, draw = bytearray(path.read_bytes()), random.Random(seed)
    data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
    path.write_bytes(data)


@pytest.mark.parametrize("kind", ["clean", "quarantine"])
@pytest.mark.parametrize("seed", range(3))
def test_a_flipped_bit_in_what_was_written_is_mended_by_the_next_load(tmp_path, kind, seed):
    """Parquet itself would give a wrong value in one of three cases."""
    lines = plain_lines()
    lines[0][5] = "soon"
    data = workbook(tmp_path, PLAIN, {"parcels_2026-01-12.csv": as_text(PLAIN_HEADER, lines)})
    first = ts.load(data)
    before = tables(data)
    flip(next((data / kind / first.state).rglob("*.parquet")), seed)

    again = ts.load(data)

    assert tables(data) == before
    pd.testing.assert_frame_equal(again.files, first.files)


@pytest.mark.parametrize(
    "change", ["flip", "cut", "gone", "no record", "empty record", "half a record", "another record"]
)
def test_a_damaged_checked_extract_is_made_anew(tmp_path, change):
    """What was kept of an extract is not taken unless it is as it was written."""
    texts = {
        f"parcels_{day}.csv": as_text(PLAIN_HEADER, plain_lines(7, day))
        for day in (dt.date(2026, 1, 5), dt.date(2026, 1, 12))
    }
    later = as_text(PLAIN_HEADER, plain_lines(7, dt.date(2026, 1, 19)))
    whole = workbook(tmp_path / "whole", PLAIN, {**texts, "parcels_2026-01-19.csv": later})
    ts.load(whole)
    data = workbook(tmp_path / "damaged", PLAIN, texts)
    ts.load(data)
    for seed, path in enumerate(sorted((data / "clean" / "checked").glob("*.parquet"))):
        if change == "flip":
            flip(path, seed)
        elif change == "cut":
            path.write_bytes(path.read_bytes()[:-50])
        elif change == "gone":
            path.unlink()
        elif change == "no record":
            path.with_suffix(".json").unlink()
        else:
            record = path.with_suffix(".json")
            half = record.read_bytes()[:50]
            record.write_bytes({"empty record": b"", "half a record": half, "another record": b"[]"}[change])
    write_raw(data, "parcels_2026-01-19.csv", later)

    ledger = ts.load(data)

    assert tables(data) == tables(whole)
    assert ledger.state == ts.load(whole).state


DAMAGED_RECORDS = ["", "{", '{"format": 3', "\xff", "[]", "{}", "null", '{"format": 4}']
DAMAGED_RECORDS += ['{"format": 4, "state": "a", "files": []}', '{"format": 4, "state": "", "files": {}}']


@pytest.mark.parametrize("text", DAMAGED_RECORDS)
def test_a_damaged_record_of_the_last_load_is_one_line(tmp_path, text):
    """It may say when extracts without a time were loaded first, so that it is not simply forgotten."""
    data = workbook(tmp_path, PLAIN, {"parcels_2026-01-12.csv": as_text(PLAIN_HEADER, plain_lines())})
    ts.load(data)
    before = tables(data)
    record = data / "clean" / "ledger.json"
    record.write_bytes(text.encode("latin-1"))

    with pytest.raises(DataError, match=r"ledger\.json: expected the record of the last load") as caught:
        ts.load(data)
    assert "\n" not in str(caught.value)

    record.unlink()
    ts.load(data)
    assert tables(data) == before


# ---- 4: A file that changes while it is read ----


@pytest.fixture
def while_read(monkeypatch) -> Callable[[Callable[[], None]], list[int]]:
    """Do something each time an extract has just been read, before anybody looks at the file again."""

    def given(act: Callable[[], None]) -> list[int]:
        times, written = [], checked._written

        def reading(*arguments):
            found = written(*arguments)
            times.append(1)
            act()
            return found

        monkeypatch.setattr(checked, "_written", reading)
        return times

    return given


def replaced(data: Path, text: str) -> None:
    """Put another file in the place of an extract, of the same time."""
    path = data / "raw" / "parcels_2026-01-12.csv"
    stamp, new = path.stat().st_mtime_ns, path.with_name("incoming")
    new.write_text(text, encoding="utf-8")
    os.utime(new, ns=(stamp, stamp))
    os.replace(new, path)


def two_versions() -> tuple[str, str]:
    """Give two texts of the same size."""
    first = as_text(PLAIN_HEADER, plain_lines())
    return first, first.replace("BRV", "DVP")


def test_a_file_replaced_while_it_is_read_is_read_once_more(tmp_path, while_read):
    """Nothing of the old file is kept under the name of the new one."""
    old, new = two_versions()
    data = workbook(tmp_path, PLAIN, {"parcels_2026-01-12.csv": old})
    versions = [new]
    times = while_read(lambda: replaced(data, versions.pop()) if versions else None)

    ts.load(data)

    assert len(times) == 2
    assert {row[2] for row in tables(data)[0]} == {"DVP"}
    assert leftovers(data) == []


def test_a_file_replaced_again_and_again_is_refused(tmp_path, while_read):
    """Once more, then whoever writes it is told to end; the last good tables stay."""
    old, new = two_versions()
    data = workbook(tmp_path, PLAIN, {"parcels_2026-01-12.csv": old})
    ts.load(data)
    write_raw(data, "parcels_2026-01-12.csv", old + "\n")
    versions = [old, new, old, new]
    times = while_read(lambda: replaced(data, versions.pop()))

    assert_refused(data, "a file at rest, found one that changes")

    assert len(times) == 2


def test_a_file_removed_while_it_is_read_is_refused(tmp_path, while_read):
    """As one that changes, or is not there."""
    data = workbook(tmp_path, PLAIN, {"parcels_2026-01-12.csv": two_versions()[0]})
    ts.load(data)
    path = write_raw(data, "parcels_2026-01-12.csv", two_versions()[1])
    while_read(path.unlink)

    assert_refused(data, "a file of that name, found none")


@contextlib.contextmanager
def writing(act: Callable[[], None]) -> Iterator[None]:
    """Let another thread write as fast as it can."""
    stop = threading.Event()

    def run() -> None:
        while not stop.is_set():
            act()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def test_a_file_that_grows_is_refused_until_it_is_whole(tmp_path):
    """Another process is still writing it."""
    data = workbook(tmp_path, PLAIN, {"parcels_2026-01-12.csv": as_text(PLAIN_HEADER, plain_lines())})
    ts.load(data)
    path = data / "raw" / "parcels_2026-01-19.csv"
    path.write_text(as_text(PLAIN_HEADER, plain_lines(mark="b")), encoding="utf-8")
    line = ",".join(plain_lines(1, mark="c")[0]) + "\n"

    def grow() -> None:
        with path.open("a", encoding="utf-8") as file:
            file.write(line)

    with writing(grow):
        assert_refused(data, "a file at rest, found one that changes")
    ts.load(data)
    assert len(tables(data)[0]) == 61


def test_what_a_killed_load_left_beside_its_record_is_swept_away(tmp_path):
    """It was killed before what it remembers of files was in its place."""
    data = workbook(tmp_path, PLAIN, {"parcels_2026-01-12.csv": two_versions()[0]})
    ts.load(data)
    (data / "clean" / ".digests.json.4711.part").write_text("{}", encoding="utf-8")
    ts.load(data)

    assert leftovers(data) == []


def test_a_file_swapped_by_a_thread_gives_one_version_or_is_refused(tmp_path):
    """Never a mixture, and never the rows of one under the fingerprint of the other."""
    old, new = two_versions()
    data = workbook(tmp_path, PLAIN, {"parcels_2026-01-12.csv": old})
    turns = iter(range(10**9))

    with writing(lambda: replaced(data, (old, new)[next(turns) % 2])):
        for _ in range(5):
            with contextlib.suppress(DataError):
                ts.load(data)
    ledger = ts.load(data)

    content = (data / "raw" / "parcels_2026-01-12.csv").read_bytes()
    assert {row[2] for row in tables(data)[0]} == {"DVP" if content == new.encode() else "BRV"}
    assert ledger.files.loc[0, "sha256"] == hashlib.sha256(content).hexdigest()
    assert leftovers(data) == []


def test_a_second_file_replaced_while_it_is_read_is_noticed(tmp_path, while_read):
    """Of the files that a SELECT joins, too, one version is taken."""
    lines = rows(1)
    data = make_workbook(tmp_path, lines)
    source = data / "sources" / "parcels"
    more = '\n[[file]]\nname = "names"\npath = "raw/names.csv"\n'
    (source / "source.toml").write_text(SOURCE + more, encoding="utf-8")
    select = (source / "parcels.sql").read_text(encoding="utf-8")
    select = (
        select.replace("    carrier,", "    names.name AS carrier,") + "JOIN names ON names.code = carrier"
    )
    (source / "parcels.sql").write_text(select.replace("    line,", "    parcels.line,"), encoding="utf-8")
    names = ["code,name\nBRV,Bravo\nDVP,Delta\n", "code,name\nBRV,Other\nDVP,Other\n"]
    write_raw(data, "names.csv", names[0])
    changes = [names[1]]
    times = while_read(lambda: write_raw(data, "names.csv", changes.pop()) if changes else None)

    ts.load(data)

    assert len(times) == 2
    assert {row[2] for row in tables(data)[0]} == {"Other"}


# ---- 6: Locales, encodings, the zone of the machine ----

MIXED = PLAIN + '\n[columns]\nweight_billed_g = { header = "Poids", unit = "kg", decimal = "," }\n'


def locale_folder(folder: Path, name: str) -> Path:
    """Make a locale that the machine may lack; skip where that cannot be done."""
    if name.isupper():
        return folder
    words = ["localedef", "-i", name.partition(".")[0], "-f", "UTF-8", str(folder / name)]
    if not shutil.which("localedef") or subprocess.run(words, capture_output=True, check=False).returncode:
        pytest.skip(f"the locale {name} cannot be made (Debian package locales)")
    return folder


def mixed_workbook(root: Path) -> Path:
    """Make three extracts with the same columns: cp1252 with semicolons, with a BOM, and UTF-16."""
    texts = {}
    encodings = {"2026-01-05": "cp1252", "2026-01-12": "utf-8-sig", "2026-01-19": "utf-16"}
    for day, encoding in encodings.items():
        lines = [
            [*line, f"{number % 5},{number % 10}25", f"Île I{number}", "CÔTÉ"]
            for number, line in enumerate(plain_lines(2, dt.date.fromisoformat(day)), start=1)
        ]
        lines[3][7] = "1.5.2"
        header = [*PLAIN_HEADER, "Poids", "seller", "origin"]
        texts[f"parcels_{day}.csv"] = as_text(header, lines, ";").encode(encoding)
    return workbook(root, MIXED, texts)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("locale", "zone"),
    [
        ("C", "America/New_York"),
        ("POSIX", "Asia/Kolkata"),
        ("de_DE.UTF-8", "Europe/Berlin"),
        ("tr_TR.UTF-8", "UTC"),
    ],
)
def test_locale_and_zone_of_the_machine_change_nothing(tmp_path, locale, zone):
    """Neither ASCII nor the German comma, the Turkish dotless i or a clock in New York."""
    folder = locale_folder(tmp_path, locale)
    data, same = mixed_workbook(tmp_path / "there"), mixed_workbook(tmp_path / "here")
    plain = {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LOCPATH": str(folder)}

    result = command(data, LC_ALL=locale, TZ=zone, **plain)
    ts.load(same)

    assert result.returncode == 0, result.stderr
    assert tables(data) == tables(same)
    assert len(tables(data)[0]) == 60
    assert record_of(data) == record_of(same)


def record_of(data: Path) -> dict:
    record = json.loads((data / "clean" / "ledger.json").read_text(encoding="utf-8"))
    return record | {"written": sorted(record["written"])}


def test_a_decimal_comma_an_accent_and_a_mark_at_the_beginning(tmp_path):
    """The same values out of cp1252, UTF-8 with a byte-order mark and UTF-16."""
    data = mixed_workbook(tmp_path)
    ledger = ts.load(data)

    files = ledger.folder / "shipments" / "parcels"
    with duckdb.connect() as connection:
        found = connection.execute(
            "SELECT weight_billed_g, seller, origin, count(*) "
            f"FROM read_parquet('{files}/**/*.parquet') GROUP BY ALL ORDER BY ALL"
        ).fetchall()
    assert sum(row[3] for row in found) == 60
    assert (1125, "Île I1", "CÔTÉ", 3) in found
    assert (3325, "Île I13", "CÔTÉ", 3) in found
    assert (None, "Île I4", "CÔTÉ", 3) in found


# ---- 7: The nights when clocks change ----


def contacts(root: Path, zone: str, times: list[str]) -> tuple[list, list, pd.DataFrame]:
    """Load contacts that opened, and others that got a reply, at these local times.

    Give the times of these in the clean table, None where a row or cell was refused, and the quarantine.
    """
    header = ["contact_id", "channel", "opened_at", "first_reply_at"]
    lines = [[f"O{number}", "chat", moment, ""] for number, moment in enumerate(times)]
    lines += [[f"R{number}", "mail", "2026-01-01 00:00:00", moment] for number, moment in enumerate(times)]
    files = {"contacts_2026-12-01.csv": as_text(header, lines)}
    data = workbook(root, CONTACTS.format(zone=zone), files)
    ledger = ts.load(data)
    parts = (ledger.folder / "care_contacts" / "parcels").rglob("*.parquet")
    found = pd.concat(pd.read_parquet(path) for path in parts).set_index("contact_id")
    opened = [found["opened_at"].get(f"O{number}") for number in range(len(times))]
    replied = [found["first_reply_at"].get(f"R{number}", "no row") for number in range(len(times))]
    replied = [None if moment is pd.NaT else moment for moment in replied]
    return opened, replied, pd.read_parquet(data / "quarantine" / ledger.state / "parcels.parquet")


def half_hours(day: str) -> list[str]:
    return [f"{day} {hour:02d}:{minute}:00" for hour in range(24) for minute in ("00", "30")]


NIGHTS = [
    # Zone, day, hour that is refused, reason, UTC of the first half hour and the last, hours of the day.
    ("Europe/Paris", "2026-03-29", 2, "missing_hour", "2026-03-28 23:00", "2026-03-29 21:30", 23),
    ("Europe/Paris", "2026-10-25", 2, "ambiguous_hour", "2026-10-24 22:00", "2026-10-25 22:30", 25),
    ("Europe/London", "2026-03-29", 1, "missing_hour", "2026-03-29 00:00", "2026-03-29 22:30", 23),
    ("Europe/London", "2026-10-25", 1, "ambiguous_hour", "2026-10-24 23:00", "2026-10-25 23:30", 25),
    ("America/New_York", "2026-03-08", 2, "missing_hour", "2026-03-08 05:00", "2026-03-09 03:30", 23),
    ("America/New_York", "2026-11-01", 1, "ambiguous_hour", "2026-11-01 04:00", "2026-11-02 04:30", 25),
]


@pytest.mark.parametrize(("zone", "day", "hour", "reason", "first", "last", "hours"), NIGHTS)
def test_an_hour_that_the_clock_skips_or_shows_twice(tmp_path, zone, day, hour, reason, first, last, hours):
    """It is refused with its text, never guessed; all other hours of the 23 or 25 are converted."""
    times = half_hours(day)
    gone = [f"{day} {hour:02d}:00:00", f"{day} {hour:02d}:30:00"]

    opened, replied, refused = contacts(tmp_path, zone, times)

    begin, end = pd.Timestamp(first), pd.Timestamp(last)
    assert end - begin == pd.Timedelta(hours=hours, minutes=-30)
    half = pd.Timedelta(minutes=30)
    before = [begin + half * step for step in range(2 * hour)]
    after = [end - half * step for step in range(2 * (23 - hour))][::-1]
    assert opened == [*before, None, None, *after]
    assert replied == opened
    told = refused.groupby(["column", "value"])["reason"].agg(set).to_dict()
    expected = {(column, moment) for column in ("opened_at", "first_reply_at") for moment in gone}
    assert told == {cell: {reason} for cell in expected}
    assert refused["row_kept"].sum() == 2


def test_a_time_with_its_offset_is_never_ambiguous(tmp_path):
    """The offset says which of the two hours is meant; an hour that is skipped does not matter to it."""
    times = ["2026-10-25 02:30:00+02:00", "2026-10-25 02:30:00+01:00", "2026-03-29 02:30:00Z"]

    opened, replied, refused = contacts(tmp_path, "Europe/Paris", times)

    expected = ["2026-10-25 00:30", "2026-10-25 01:30", "2026-03-29 02:30"]
    assert opened == replied == [pd.Timestamp(moment) for moment in expected]
    assert len(refused) == 0


# ---- 8: Week 53 ----


def test_the_turn_of_the_year_is_in_the_week_of_its_thursday(tmp_path, monkeypatch):
    """2026 has 53 weeks; 29 December 2025 is in the first of 2026, and 3 January 2027 in the last."""
    weeks = {
        "2025-12-28": "2025-W52",
        "2025-12-29": "2026-W01",
        "2026-01-04": "2026-W01",
        "2026-12-27": "2026-W52",
        "2026-12-28": "2026-W53",
        "2026-12-31": "2026-W53",
        "2027-01-01": "2026-W53",
        "2027-01-03": "2026-W53",
        "2027-01-04": "2027-W01",
    }
    lines = [line for day in weeks for line in plain_lines(1, dt.date.fromisoformat(day))]
    data = workbook(tmp_path, PLAIN, {"parcels_2027-01-05.csv": as_text(PLAIN_HEADER, lines)})

    monkeypatch.setattr(merge, "_MANY_ROWS", 1)
    folder = ts.load(data).folder / "shipments" / "parcels"

    found = {
        (str(day)[:10], path.parent.name)
        for path in folder.rglob("*.parquet")
        for day in pd.read_parquet(path, columns=["promised_date"], partitioning=None)["promised_date"]
    }
    assert found == {(day, f"week={week}") for day, week in weeks.items()}


# ---- 9: The clock ----


def test_a_load_looks_at_the_clock_once(tmp_path, monkeypatch):
    """Two extracts without a time have the same one, though the clock jumps whenever it is looked at."""
    looks = [dt.datetime(2026, 12, 31, 23, 59, 59, tzinfo=dt.UTC), dt.datetime(2019, 1, 1, tzinfo=dt.UTC)]
    set_clock(monkeypatch, looks)
    texts = {
        f"parcels_{name}.csv": as_text(PLAIN_HEADER, plain_lines(2, dt.date(2026, 1, day)))
        for name, day in (("a", 5), ("b", 12))
    }
    data = workbook(tmp_path, PLAIN.replace("%Y-%m-%d", "*"), texts)

    ledger = ts.load(data)

    assert len(looks) == 1
    assert ledger.files["loaded_at"].to_list() == ["2026-12-31T23:59:59"] * 2
    assert ledger.as_of == dt.datetime(2026, 12, 31, 23, 59, 59)
    assert ts.load(data).files["loaded_at"].to_list() == ["2026-12-31T23:59:59"] * 2
    assert len(looks) == 1


def test_no_other_module_of_the_load_looks_at_the_clock():
    """Neither in Python nor in SQL."""
    clocks = {"now", "today", "utcnow", "time", "time_ns", "localtime", "gmtime", "getctime", "getmtime"}
    in_sql = re.compile(r"\b(current_date|current_timestamp|localtimestamp|now\(\)|today\(\))", re.IGNORECASE)
    more = ("clean", "database", "inputs", "ledger", "notes", "settings", "errors")
    looking = []
    for path in [*(LIB / f"{name}.py" for name in (*inputs._CODE, *more)), *LIB.glob("schema/*.py")]:
        text = path.read_text(encoding="utf-8")
        calls = [node.func for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
        looking += [path.name for call in calls if isinstance(call, ast.Attribute) and call.attr in clocks]
        looking += [path.name for _ in in_sql.findall(text)]
    assert looking == ["clean.py"]


# ---- 10: A full disk ----

NO_ROOM = "found .*(No space left|File too large)"


def larger(data: Path) -> None:
    """Add an extract of which no part fits where there is little room; its rows do not compress well."""
    draw = random.Random(1)
    lines = plain_lines(200)
    for line in lines:
        line[0] = f"{draw.getrandbits(200):x}"
    write_raw(data, "parcels_2026-02-02.csv", as_text(PLAIN_HEADER, lines))


@pytest.mark.slow
@pytest.mark.parametrize("limit", [200, 3_000, 60_000])
def test_a_file_that_cannot_grow_further_is_one_line(tmp_path, limit):
    """RLIMIT_FSIZE leaves half a file where a disk is full: nothing of it stays, the last tables do."""
    data = workbook(tmp_path, PLAIN, {"parcels_2026-01-12.csv": as_text(PLAIN_HEADER, plain_lines())})
    ts.load(data)
    before = kept(data)
    larger(data)

    result = with_small_files([TALLYSHEET, "load", "--data", data], limit)

    assert_one_line(result, NO_ROOM)
    assert kept(data) == before
    assert leftovers(data) == []
    assert len(ts.load(data).files) == 2


FULL = """
mount -t tmpfs -o size="$3" full "$1" && cp -r "$2"/. "$1" && "$4" load --data "$1" >&2
code=$?
find "$1" -printf '%P\\n'
sha256sum "$1"/clean/ledger.json
exit $code
"""


@pytest.mark.slow
@pytest.mark.parametrize("room_k", [8, 30, 60])
def test_a_full_disk_is_one_line(tmp_path, room_k):
    """A file system of its own that has room for the last good tables and little more."""
    works = ["unshare", "-Urm", "sh", "-c", 'mount -t tmpfs full "$1"', "sh", str(tmp_path)]
    if not shutil.which("unshare") or subprocess.run(works, capture_output=True, check=False).returncode:
        pytest.skip("unshare -Urm with a tmpfs does not work here")
    data = workbook(tmp_path, PLAIN, {"parcels_2026-01-12.csv": as_text(PLAIN_HEADER, plain_lines())})
    ts.load(data)
    before = hashlib.sha256((data / "clean" / "ledger.json").read_bytes()).hexdigest()
    larger(data)
    entries = list(data.rglob("*"))
    pages = sum(-(-path.stat().st_size // 4096) + 1 for path in entries)
    full = tmp_path / "full"
    full.mkdir()

    result = subprocess.run(
        ["unshare", "-Urm", "sh", "-c", FULL, "sh", full, data, f"{4 * pages + room_k}k", TALLYSHEET],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert_one_line(result, NO_ROOM)
    listed = result.stdout.splitlines()
    assert listed[-1].split()[0] == before
    there = {path.relative_to(data).as_posix() for path in entries} | {"", "clean/.lock"}
    assert set(listed[:-1]) - there <= {name for name in listed[:-1] if name.startswith("clean/checked/")}
    assert there <= set(listed[:-1]) | {"clean/.lock"}
    assert not [name for name in listed if ".part" in name or "tallysheet-" in name or "duckdb_temp" in name]


# ---- 11: A folder that cannot be written to ----


@pytest.mark.slow
@pytest.mark.parametrize("locked", [["."], [".", "clean"], ["clean"], ["quarantine"]])
def test_a_folder_that_cannot_be_written_to_is_refused_before_any_work(tmp_path, locked):
    """One line; no extract is read, and the last good tables stay."""
    data = workbook(tmp_path, PLAIN, {"parcels_2026-01-12.csv": as_text(PLAIN_HEADER, plain_lines())})
    if locked != ["."]:
        ts.load(data)
    before = {
        path: path.stat().st_mtime_ns for path in data.rglob("*") if path.is_file() and path.name != ".lock"
    }
    write_csv(data / "raw" / "parcels_2026-01-19.csv", plain_lines(mark="b"), PLAIN_HEADER)

    with read_only(*(data / name for name in locked)):
        start = time.monotonic()
        result = as_owner([TALLYSHEET, "load", "--data", data])
        assert time.monotonic() - start < 10

    assert_one_line(result, r"the right to read or write it, found .*[Pp]ermission denied")
    assert leftovers(data) == []
    assert before.items() <= {path: path.stat().st_mtime_ns for path in before if path.exists()}.items()
    assert len(list(data.glob("clean/checked/*.parquet"))) == (locked != ["."])
    assert len(ts.load(data).files) == 2
