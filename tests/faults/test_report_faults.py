"""Faults while a report is made: the last good pages stay, and what can be published is."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from commands import report
from poor_machine import as_owner, read_only, with_small_files
from small_workbook import make_workbook, put_notebooks

import tallysheet as ts
from tallysheet.files import read_sealed, write_sealed

pytestmark = [pytest.mark.fault, pytest.mark.slow]

LIB = Path(ts.__file__).parent
TALLYSHEET = Path(sys.executable).with_name("tallysheet")
WEEK = "2026-W21"


def opened(root: Path) -> dict[str, bytes]:
    """Read what people open."""
    week = root / "reports" / WEEK
    pages = [path for path in week.iterdir() if path.is_file()]
    return {path.name: path.read_bytes() for path in [*pages, root / "reports" / "index.html"]}


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """Publish a week of two notebooks."""
    root = tmp_path_factory.mktemp("published")
    make_workbook(root)
    put_notebooks(root, "Old")
    assert report(root).returncode == 0
    return root


@pytest.fixture
def workbook(published, tmp_path):
    """Copy it, with pages that are to be made anew."""
    root = Path(shutil.copytree(published, tmp_path / "workbook"))
    put_notebooks(root, "New")
    return root


# ---- 4: An extract that arrives while a report is made ----

ARRIVES = """
raw = opened.settings.data / "raw" / "parcels.csv"
with raw.open("a", newline="") as file:
    file.write("2026-05-20-XYZ-1,XYZ,PAR,2026-05-20,2026-05-20 12:00:00\\r\\n")
assert ts.open_week(week, data=data).ledger.state == opened.ledger.state, "another state"
assert ts.load(data).state != opened.ledger.state, "the same state"
counted = ts.open_week(week, data=data).sql("SELECT count(*) AS n FROM shipments").n[0]
assert counted == opened.ledger.files["good"].sum(), f"{counted} rows"
"""


@pytest.mark.parametrize("warm", ["--warm", "--no-warm"])
def test_pages_of_a_run_are_of_one_state_of_the_data(workbook, warm):
    """What arrives while it runs, and what another load makes of it, is the next run's."""
    put_notebooks(workbook, "New", ARRIVES)
    first = report(workbook, warm)
    told = json.loads((workbook / "reports" / WEEK / "manifest.json").read_text(encoding="utf-8"))
    put_notebooks(workbook, "New")
    second = report(workbook, warm)
    later = json.loads((workbook / "reports" / WEEK / "manifest.json").read_text(encoding="utf-8"))

    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert later["inputs"][0]["rows"] == told["inputs"][0]["rows"] + 1
    folders = {path.name for path in (workbook / "data" / "clean").iterdir() if path.is_dir()}
    assert folders == {"checked", later["state"]}


# ---- 9: The clock ----


def test_only_commands_look_at_the_clock():
    """What is computed comes from the data's own time: a jump of the clock moves no figure."""
    clocks = {"now", "today", "utcnow", "time_ns", "localtime", "gmtime"}
    in_sql = re.compile(r"\b(current_date|current_timestamp|localtimestamp|now\(\)|today\(\))", re.IGNORECASE)
    # digests.py only asks whether a file is so new that it may still change.
    looking = set()
    for path in sorted([*LIB.rglob("*.py"), *LIB.rglob("*.sql")]):
        text = path.read_text(encoding="utf-8")
        if in_sql.search(text):
            looking.add(path.name)
        if path.suffix == ".py":
            calls = [node.func for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
            if any(isinstance(call, ast.Attribute) and call.attr in clocks for call in calls):
                looking.add(path.name)

    assert looking == {"clean.py", "cli.py", "digests.py"}


# ---- 10: A full disk ----


@pytest.mark.parametrize("limit", [1_000, 20_000])
def test_a_disk_that_is_full_leaves_the_pages_as_they_were(workbook, limit):
    """Whichever file does not fit: one line, no page torn; with room the next run ends."""
    before = opened(workbook)

    result = with_small_files([TALLYSHEET, "report"], limit, cwd=workbook)

    assert result.returncode in (1, 2), result.stderr
    assert re.search("No space left|File too large", result.stdout + result.stderr), result.stderr
    assert "Traceback" not in result.stderr
    pages = {name: content for name, content in opened(workbook).items() if name.endswith(".html")}
    assert {name: before[name] for name in pages if name != "index.html"} == {
        name: content for name, content in pages.items() if name != "index.html"
    }
    json.loads((workbook / "reports" / WEEK / "manifest.json").read_text(encoding="utf-8"))
    assert not list(workbook.rglob("*.part"))

    assert report(workbook).returncode == 0
    assert b"New review" in opened(workbook)["weekly_review.html"]


# ---- 11: A folder that cannot be written to ----


def test_reports_that_cannot_be_written_to_are_refused_before_any_work(workbook):
    """One line; no notebook runs, and no extract is read."""
    before = opened(workbook)
    (workbook / "data" / "raw" / "parcels.csv").write_text("not a table that loads", encoding="utf-8")

    with read_only(workbook / "reports"):
        result = as_owner([TALLYSHEET, "report"], cwd=workbook)

    assert result.returncode == 2
    assert "expected a folder that can be written to" in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert opened(workbook) == before


# ---- 12 to 14: A notebook that takes too much, hangs or dies ----

TOO_MUCH = """
import resource

used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 2**26, used + 2**26))
held = bytearray(2**30)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize(
    ("warm", "cell", "told"),
    [
        ("--warm", TOO_MUCH, r"20_other\.ipynb cell \d+: .*MemoryError"),
        ("--no-warm", TOO_MUCH, r"20_other\.ipynb cell \d+: .*MemoryError"),
        ("--warm", "import os; os.kill(os.getpid(), 9)", "died"),
    ],
)
def test_a_notebook_that_fails_leaves_the_others(workbook, warm, cell, told):
    """Its last good page stays, its copy tells where; the other page is the new one."""
    before = opened(workbook)
    put_notebooks(workbook, "New", cell)

    result = report(workbook, warm)

    assert result.returncode == 1
    assert re.search(told, " ".join(result.stderr.split())), result.stderr
    after = opened(workbook)
    assert b"New review" in after["weekly_review.html"]
    assert after["other.html"] == before["other.html"]
    assert b"failed" in after["index.html"]
    assert list((workbook / "reports" / WEEK / "runs").glob("*/20_other.ipynb"))


# ---- 18: A cube that is read while it is written ----

ENDLESS = """
import sys
from pathlib import Path
from tallysheet.files import write_sealed

number = 0
while True:
    number += 1
    write_sealed(Path(sys.argv[1]), lambda part: part.write_text(str(number % 10) * 100_000))
    print(number, flush=True)
"""


def test_a_reader_sees_a_kept_file_whole_or_none_whatever_happens_to_its_writer(tmp_path):
    """It is read while another process writes it, which is then killed; what is read is never half."""
    path = tmp_path / "cube.parquet"
    for _ in range(12):
        writer = subprocess.Popen([sys.executable, "-c", ENDLESS, path], stdout=subprocess.PIPE)
        writer.stdout.readline()
        stop = threading.Timer(0.3, writer.kill)
        stop.start()
        while writer.poll() is None:
            content = read_sealed(path)
            assert content is None or (len(content) == 100_000 and len(set(content)) == 1)
        stop.join()
        writer.stdout.close()
        write_sealed(path, lambda part: part.write_text("whole"))
        assert read_sealed(path) == b"whole"
    assert os.listdir(tmp_path)
