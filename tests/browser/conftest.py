"""What the browser tests share: Chromium, two published workbooks, and readers who open their pages."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock
from playwright.sync_api import sync_playwright

from browser import hostile
from browser.readers import Reader

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "reports" / "example" / "weekly_review.html"
TALLYSHEET = Path(sys.executable).with_name("tallysheet")
# All KPIs, with the 13 earlier weeks that a judgement needs; read in French, whose words are longer.
SAMPLE = ["sample", "--size", "200", "--weeks", "2026-W20:2026-W46"]


@pytest.fixture(scope="session")
def chromium() -> str:
    """Give the path of the browser; without one the tests are skipped."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    return path or pytest.skip("no Chromium here: apt-get install chromium")


@pytest.fixture(scope="module")
def browser(chromium):
    # Not for the whole session: while Playwright runs, no other test of this process can use asyncio.
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture
def reader(browser):
    someone = Reader(browser)
    yield someone
    someone.close()


@pytest.fixture(scope="session")
def published(chromium, tmp_path_factory, worker_id) -> Path:
    """Publish a small sample and hostile names; whoever comes first does it for all workers."""
    base = tmp_path_factory.getbasetemp()
    shared = (base if worker_id == "master" else base.parent) / "published"
    with FileLock(f"{shared}.lock"):
        if not shared.is_dir():
            making = shared.with_name("publishing")
            sample = [TALLYSHEET, *SAMPLE, "--out", making / "sample" / "data"]
            subprocess.run([str(part) for part in sample], cwd=ROOT, check=True, capture_output=True)
            hostile.make(making / "hostile")
            runs = [
                _start(making / "sample", "--lang", "fr", "--only", "weekly_review"),
                _start(making / "hostile"),
            ]
            for run in runs:
                told, _ = run.communicate(timeout=300)
                assert run.returncode == 0, told
            making.rename(shared)
    return shared


def _start(workbook: Path, *options: str) -> subprocess.Popen[str]:
    shutil.copytree(ROOT / "notebooks", workbook / "notebooks")
    command = [str(TALLYSHEET), "report", *options]
    return subprocess.Popen(
        command, cwd=workbook, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


@pytest.fixture(scope="session")
def fresh(published) -> dict[str, Path]:
    """Give every page that was published for these tests, by its name; of two copies the internal one.

    It is what stakeholders read, and says besides whom it is for.
    """
    found = [path for path in published.glob("*/reports/**/*.html") if "runs" not in path.parts]
    assert {path.name for path in found} >= {
        "weekly_review.html",
        "data_health.html",
        "index.html",
        "digest.html",
    }
    found.sort(key=lambda path: ("internal" in path.parts, path))
    return {str(path.relative_to(published)).replace("internal/", ""): path for path in found}


@pytest.fixture(scope="session")
def pages(fresh) -> dict[str, Path]:
    """Give every page: those published now, and the committed example."""
    return {**fresh, "example": EXAMPLE}


@pytest.fixture(scope="session")
def site(pages) -> dict[str, Path]:
    """Give the pages that people open in a browser: all but the mail of the week."""
    return {name: path for name, path in pages.items() if not path.name.startswith("digest")}
