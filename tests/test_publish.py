"""Publishing a week: the whole way from a clean table to pages that people open."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from small_workbook import make_workbook, rows

from tallysheet.files import write_text

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.slow


def report(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from tallysheet.cli import main; main()", "report", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)


@pytest.fixture(scope="module")
def workbook(tmp_path_factory):
    """Make a small workbook with the real notebooks."""
    root = tmp_path_factory.mktemp("workbook")
    make_workbook(root)
    (root / "notebooks").mkdir()
    for name in ("10_weekly_review", "00_data_health"):
        shutil.copy(ROOT / "notebooks" / f"{name}.ipynb", root / "notebooks")
    workbook = root / "data" / "workbook.toml"
    text = workbook.read_text().replace('["10_weekly_review"]', '["10_weekly_review", "00_data_health"]')
    workbook.write_text(text, encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def published(workbook):
    first = report(workbook)
    pages = {path.name: path.read_bytes() for path in (workbook / "reports" / "2026-W21").glob("*.html")}
    second = report(workbook)
    return first, pages, second


def test_the_page_is_published_and_its_path_printed(workbook, published):
    """The latest complete week, one line on standard output, nothing on standard error."""
    first, pages, _ = published

    assert (first.returncode, first.stdout.strip()) == (
        0,
        os.path.join("reports", "2026-W21", "weekly_review.html"),
    )
    assert first.stderr == ""
    assert sorted(pages) == ["data_health.html", "weekly_review.html"]


def test_a_second_run_gives_the_same_bytes(workbook, published):
    """Two runs of one week are byte-identical; each has a run folder of its own."""
    _, pages, second = published
    again = {path.name: path.read_bytes() for path in (workbook / "reports" / "2026-W21").glob("*.html")}

    assert second.returncode == 0
    assert again == pages
    assert len(list((workbook / "reports" / "2026-W21" / "runs").iterdir())) >= 2


def test_the_page_names_the_carrier_and_holds_no_machine_path(workbook, published):
    """BRV fell; the page says so, is in English, has one h1 and is light."""
    _, pages, _ = published
    page = pages["weekly_review.html"].decode()

    assert "BRV" in page
    assert page.count("<h1") == 1
    assert '<html lang="en">' in page
    assert len(page.encode()) < 250_000
    assert str(workbook) not in page
    assert "http" not in page.replace("http-equiv", "")


def test_the_manifest_tells_what_went_in_and_came_out(workbook, published):
    """Inputs with hashes and counts, parameters, state, headline, and each page's hash."""
    manifest = json.loads((workbook / "reports" / "2026-W21" / "manifest.json").read_text(encoding="utf-8"))

    assert manifest["inputs"][0]["rows"] == 2800
    assert manifest["parameters"]["week"] == "2026-W21"
    assert [report["error"] for report in manifest["reports"]] == [None, None]
    assert all(len(report["sha256"]) == 64 for report in manifest["reports"])


def test_a_failed_notebook_keeps_its_last_good_page(workbook, published):
    """The other page is published, the index says failed, the exit code is 1, no traceback is shown."""
    _, pages, _ = published
    path = workbook / "notebooks" / "10_weekly_review.ipynb"
    whole = path.read_bytes()
    broken = nbformat.reads(whole.decode(), as_version=4)
    broken.cells[3].source = "raise RuntimeError('<b>secret</b>')"
    nbformat.write(broken, path)
    try:
        result = report(workbook)
    finally:
        path.write_bytes(whole)
    index = (workbook / "reports" / "index.html").read_text(encoding="utf-8")

    assert result.returncode == 1
    assert "RuntimeError" in result.stderr
    assert (workbook / "reports" / "2026-W21" / "weekly_review.html").read_bytes() == pages[
        "weekly_review.html"
    ]
    assert 'failed</span> <a href="2026-W21/weekly_review.html">last good page</a>' in index
    assert "secret" not in index


def test_one_notebook_alone_keeps_the_other_on_the_index(workbook, published):
    """`--only` makes the same page as a whole run, and the index still lists both."""
    before = (workbook / "reports" / "2026-W21" / "data_health.html").read_bytes()

    result = report(workbook, "--only", "data_health")
    index = (workbook / "reports" / "index.html").read_text(encoding="utf-8")

    assert (result.returncode, result.stdout.strip()) == (
        0,
        os.path.join("reports", "2026-W21", "data_health.html"),
    )
    assert (workbook / "reports" / "2026-W21" / "data_health.html").read_bytes() == before
    assert "weekly_review.html" in index
    assert "data_health.html" in index


def test_a_workbook_inside_the_data_folder_shares_notebooks_and_reports(workbook, published, tmp_path):
    """Named by its folder from anywhere, it is published beside the others."""
    second = workbook / "data" / "second"
    make_workbook(tmp_path, rows(weeks=18))
    shutil.copytree(tmp_path / "data", second)

    result = report(tmp_path, "--data", str(second), "--only", "data_health")
    week = workbook / "reports" / "2026-W19"
    index = (workbook / "reports" / "index.html").read_text(encoding="utf-8")
    (run,) = (week / "runs").glob("*/00_data_health.ipynb")

    assert (result.returncode, result.stdout.strip()) == (0, str(week / "data_health.html"))
    assert 'data = "data/second"' in nbformat.read(run, as_version=4).cells[2].source
    assert "2026-W19/data_health.html" in index
    assert "2026-W21/weekly_review.html" in index


def test_hostile_names_stay_text(tmp_path):
    """A carrier named like a script is shown as text everywhere on the page."""
    payload = "<script>alert(1)</script>"
    lines = [[cell.replace("BRV", payload) for cell in line] for line in rows()]
    make_workbook(tmp_path, lines)
    (tmp_path / "notebooks").mkdir()
    shutil.copy(ROOT / "notebooks" / "10_weekly_review.ipynb", tmp_path / "notebooks")

    result = report(tmp_path)
    page = (tmp_path / "reports" / "2026-W21" / "weekly_review.html").read_text(encoding="utf-8")

    assert result.returncode == 0
    assert payload not in page
    assert "&lt;script&gt;" in page


def test_a_file_is_replaced_whole(tmp_path):
    """The new text is there, and nothing else is left beside it."""
    target = tmp_path / "new" / "page.html"

    write_text(target, "one\n")
    write_text(target, "two\n")

    assert target.read_bytes() == b"two\n"
    assert [path.name for path in target.parent.iterdir()] == ["page.html"]
