"""How heavy published pages are, and how long Chromium takes to open them.

Run ``make bench-pages [ARGS="FOLDER"]``: all pages below a folder, ``reports/`` if none is named. A page is
opened five times in a new window, from the disk, without a network; the median is given.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
from pathlib import Path

from figures import tell
from playwright.sync_api import Browser, sync_playwright

BUDGET_KB = 250
BUDGET_SECONDS = 0.5
TIMES = 5
LOADED = "performance.getEntriesByType('navigation')[0].loadEventEnd / 1000"


def seconds_to_load(browser: Browser, path: Path) -> float:
    """Give the time from the start of the navigation to the end of the load event."""
    taken = []
    for _ in range(TIMES):
        window = browser.new_context(viewport={"width": 1280, "height": 800}, offline=True)
        page = window.new_page()
        page.goto(path.as_uri())
        page.wait_for_function(f"{LOADED} > 0")
        taken.append(page.evaluate(LOADED))
        window.close()
    return statistics.median(taken)


def main() -> None:
    """Print a table of all pages, with the budgets."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", default="reports", type=Path)
    folder = parser.parse_args().folder.resolve()
    pages = [path for path in sorted(folder.rglob("*.html")) if "runs" not in path.parts]
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if not pages or chromium is None:
        sys.exit(
            f"{folder}: {len(pages)} pages; Chromium: {chromium or 'not found, apt-get install chromium'}"
        )
    print(f"{'page':44}{'KB':>8}{'seconds':>10}")
    sizes, times = [], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        seconds_to_load(browser, pages[0])  # the first opening warms the browser up
        for path in pages:
            sizes.append(path.stat().st_size / 1000)
            times.append(seconds_to_load(browser, path))
            print(f"{path.relative_to(folder)!s:44}{sizes[-1]:>8.0f}{times[-1]:>10.2f}")
        browser.close()
    tell("size of a page, mean", [statistics.mean(sizes)], most=BUDGET_KB, unit="KB")
    tell("time to open a page, median of each", times, most=BUDGET_SECONDS, unit="seconds")


if __name__ == "__main__":
    main()
