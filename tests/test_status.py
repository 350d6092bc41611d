"""What the status says of a workbook is what its reports are."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from small_workbook import make_workbook

ROOT = Path(__file__).parents[1]
CANARY = "ntfys://c4n4ry-51b7/topic"
pytestmark = pytest.mark.slow


def tallysheet(root: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from tallysheet.cli import main; main()", *arguments]
    return subprocess.run(
        command,
        cwd=root,
        env={name: value for name, value in os.environ.items() if name != "TALLYSHEET_NOTIFY"} | environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def status(root: Path) -> tuple[int, dict]:
    done = tallysheet(root, "status", "--json")
    return done.returncode, json.loads(done.stdout)


@pytest.fixture(scope="module")
def workbook(tmp_path_factory):
    root = tmp_path_factory.mktemp("workbook")
    make_workbook(root)
    settings = root / "data" / "workbook.toml"
    settings.write_text(settings.read_text().replace("10_weekly_review", "00_data_health"), encoding="utf-8")
    (root / "notebooks").mkdir()
    shutil.copy(ROOT / "notebooks" / "00_data_health.ipynb", root / "notebooks")
    assert tallysheet(root, "load").returncode == 0
    return root


def test_reports_are_due_made_stale_failed_and_left_off(workbook):
    """One workbook through a week's life; the exit code is 1 while something is due or failed."""
    code, before = status(workbook)
    assert (code, before["due"], before["runs"]) == (1, ["2026-W21"], [])

    assert tallysheet(workbook, "report").returncode == 0
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

    assert tallysheet(workbook, "report").returncode == 1
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

    shown = tallysheet(workbook, "status", TALLYSHEET_NOTIFY=CANARY)
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
    assert "TALLYSHEET_NOTIFY is not set" in tallysheet(workbook, "status").stdout
