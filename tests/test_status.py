"""What the status says of a workbook is what its reports are."""

import datetime as dt
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from commands import command, report
from small_workbook import make_workbook, small_notebook

from tallysheet.publish.alone import only_run

ROOT = Path(__file__).parents[1]
CANARY = "ntfys://c4n4ry-51b7/topic"
pytestmark = pytest.mark.slow


def shown_status(root: Path, *options: str, address: str | None = None) -> subprocess.CompletedProcess[str]:
    return command(root, "status", *options, TALLYSHEET_NOTIFY=address)


def status(root: Path) -> tuple[int, dict]:
    done = shown_status(root, "--json")
    return done.returncode, json.loads(done.stdout)


@pytest.fixture
def workbook(tmp_path):
    """Make a workbook of one page, and load it."""
    root = tmp_path
    make_workbook(root)
    settings = root / "data" / "workbook.toml"
    settings.write_text(settings.read_text().replace("10_weekly_review", "00_data_health"), encoding="utf-8")
    (root / "notebooks").mkdir()
    shutil.copy(ROOT / "notebooks" / "00_data_health.ipynb", root / "notebooks")
    assert command(root, "load").returncode == 0
    return root


def test_reports_are_due_made_stale_failed_and_left_off(workbook):
    """One workbook through a week's life; the exit code is 1 while something is due or failed."""
    code, before = status(workbook)
    assert (code, before["due"], before["runs"]) == (1, ["2026-W21"], [])

    assert report(workbook).returncode == 0
    code, made = status(workbook)
    (run,) = made["runs"]
    assert (code, made["due"], made["stale"], made["failed"]) == (0, [], [], {})
    assert (run["week"], run["finished"], run["made"], run["failed"]) == ("2026-W21", True, 1, {})
    assert run["as_of"] == "2026-06-15T07:00:00"
    assert run["seconds"] > 0

    notebook = workbook / "notebooks" / "00_data_health.ipynb"
    cells = nbformat.read(notebook, as_version=4)
    cells.cells.append(nbformat.v4.new_code_cell("raise RuntimeError('no such column')", id="broken"))
    nbformat.write(cells, notebook)
    code, changed = status(workbook)
    assert (code, changed["stale"]) == (0, ["data_health.html"])

    assert report(workbook).returncode == 1
    code, failed = status(workbook)
    assert (code, failed["failed"]) == (1, {"2026-W21": ["data_health.html"]})
    assert "no such column" in failed["runs"][0]["failed"]["data_health.html"]
    assert [run["made"] for run in failed["runs"]] == [0, 1]

    for name in ("2026-W21 backup", "2026-W20"):
        shutil.copytree(workbook / "reports" / "2026-W21", workbook / "reports" / name)
    assert status(workbook) == (code, failed)  # a copy is no week

    (workbook / "reports" / "2026-W21" / "runs" / "20991231T235959Z-3f59e793").mkdir()
    _, killed = status(workbook)
    assert [run["finished"] for run in killed["runs"]] == [False, True, True]

    shown = shown_status(workbook, address=CANARY)
    assert shown.returncode == 1
    assert [
        line for line in shown.stdout.splitlines() if line.startswith(("due:", "failed:", "alerts:"))
    ] == [
        "due:    2026-W21",
        "failed: 2026-W21 data_health.html",
        "alerts: set",
    ]
    assert "2099-12-31 23:59" in shown.stdout
    assert "did not finish" in shown.stdout
    assert "c4n4ry" not in shown.stdout + shown.stderr
    assert "TALLYSHEET_NOTIFY is not set" in shown_status(workbook).stdout


def test_a_run_at_work_is_told_from_one_that_was_killed(workbook):
    """By who holds the reports; what a killed run left of that says nothing."""
    runs = workbook / "reports" / "2026-W21" / "runs"
    for name in ("20260615T070012000000Z", "20260614T070012000000Z"):
        (runs / name).mkdir(parents=True)
    holder = workbook / "reports" / ".holder"

    with only_run(workbook / "reports", dt.datetime(2026, 6, 15, 7)):
        own = holder.read_text(encoding="utf-8")
        at_work, shown = status(workbook)[1]["at_work"], shown_status(workbook).stdout
    holder.write_text(own, encoding="utf-8")
    killed = shown_status(workbook).stdout

    assert at_work == own.strip()
    assert f"at work: {own}" in shown
    assert re.search(r"2026-06-15 07:00\W+at work", shown)
    assert shown.count("did not finish") == 1
    assert killed.count("did not finish") == 2
    assert "at work" not in killed
    assert status(workbook)[1]["at_work"] == ""


def test_why_the_last_run_stopped_until_one_ends_well(workbook):
    """A fault of ours before any page; a wrong option is known to who typed it, and changes nothing."""
    assert report(workbook).returncode == 0
    fault = "import tallysheet.publish.report as r; r.load = lambda data: {}['no such key']; "
    words = [sys.executable, "-c", f"{fault}from tallysheet.cli import main; main()", "report"]
    crashed = subprocess.run(words, cwd=workbook, capture_output=True, text=True, check=False)
    assert "Traceback" in crashed.stderr
    assert command(workbook, "report", "--week", "2026-W60").returncode == 2
    code, told = status(workbook)
    shown = shown_status(workbook).stdout

    assert (code, told["due"], told["failed"]) == (1, [], {})
    assert re.fullmatch(r"20\d\d-\d\d-\d\d \d\d:\d\d UTC: KeyError: 'no such key'", told["stopped"])
    assert f"stopped: {told['stopped']}" in shown

    assert report(workbook).returncode == 0
    assert (status(workbook)[0], status(workbook)[1]["stopped"]) == (0, "")
    assert "stopped:" not in shown_status(workbook).stdout


def test_a_page_outside_the_schedule_is_stale_once_its_notebook_changes(workbook):
    """As new-notebook makes one; without its notebook it cannot be made again."""
    path = workbook / "notebooks" / "62_try_it.ipynb"
    nbformat.write(small_notebook("Try it?"), path)
    assert report(workbook, "--only", "try_it").returncode == 0
    assert status(workbook)[1]["stale"] == []

    nbformat.write(small_notebook("Try that?"), path)
    assert status(workbook)[1]["stale"] == ["try_it.html"]
    path.unlink()
    assert status(workbook)[1]["stale"] == ["try_it.html"]
