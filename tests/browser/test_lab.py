"""The explorer in a real JupyterLab: from the first cell to a page, by mouse and keyboard."""

import html
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from small_workbook import make_workbook, put_notebooks, rows

ROOT = Path(__file__).parents[2]
TOKEN = "for-this-test-alone"
PATIENCE_MS = 120_000
CODE_SAYS = "line => document.querySelector('.explorer-code textarea').value.includes(line)"
OPEN_TAB = ".widget-tab-contents > :not(.lm-mod-hidden)"
LEAST_PIXELS = 11.5
LETTERS = """() => [...document.querySelectorAll('.widget-tab-contents svg text')]
    .filter(one => one.checkVisibility())
    .map(one => parseFloat(getComputedStyle(one).fontSize) * one.getScreenCTM().a)"""
pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def workbook(tmp_path_factory):
    """Make a workbook of 20 weeks with the explorer's notebook."""
    root = tmp_path_factory.mktemp("lab")
    make_workbook(root, rows(20))
    put_notebooks(root, "Which")
    for name in ("explore", "_template"):
        shutil.copy(ROOT / "notebooks" / f"{name}.ipynb", root / "notebooks")
    return root


@pytest.fixture(scope="module")
def lab(workbook, tmp_path_factory):
    """Start JupyterLab on loopback, with a token; it ends with the tests."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = Path(sys.executable).with_name("jupyter-lab")
    options = [f"--port={port}", "--ip=127.0.0.1", f"--IdentityProvider.token={TOKEN}", "--allow-root"]
    options += [
        f"--notebook-dir={workbook}",
        "--no-browser",
        "--LabApp.news_url=",
        "--LabApp.extension_manager=readonly",
    ]
    # A workspace of somebody's own lab would open files that are not here.
    own = tmp_path_factory.mktemp("jupyter")
    places = {f"JUPYTERLAB_{kind}_DIR": str(own / kind) for kind in ("WORKSPACES", "SETTINGS")}
    running = subprocess.Popen(
        [program, *options],
        cwd=workbook,
        env=os.environ | places,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    for _ in range(240):
        try:
            urllib.request.urlopen(f"{address}/api", timeout=2).read()
            break
        except OSError:
            time.sleep(0.5)
    yield address
    running.terminate()
    running.wait(30)


@pytest.fixture(scope="module")
def person(browser, lab):
    """Open the explorer's notebook, and run all its cells."""
    page = browser.new_page(viewport={"width": 1280, "height": 1400})
    page.set_default_timeout(PATIENCE_MS)
    page.faults = []
    page.on("pageerror", lambda error: page.faults.append(str(error)))
    page.on(
        "console",
        lambda said: page.faults.append(f"{said.text} {said.location}") if said.type == "error" else None,
    )
    page.goto(f"{lab}/lab/tree/notebooks/explore.ipynb?token={TOKEN}")
    # The menu is there before the notebook's kernel is.
    page.get_by_text("| Idle").wait_for()
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_text("Run All Cells", exact=True).click()
    page.get_by_label("KPI", exact=True).wait_for()
    page.get_by_text("On-time delivery:").first.wait_for()
    yield page
    page.close()


def shown(page) -> str:
    """Read the tab that is open."""
    text = page.locator(
        ".jp-OutputArea-output .lm-TabPanel-stackedPanel, .widget-tab-contents"
    ).first.inner_text()
    return " ".join(text.split())


def choose(page, label: str, option: str, line: str) -> None:
    """Choose as a person does, and wait until the code of the view says so."""
    page.get_by_label(label, exact=True).select_option(label=option)
    page.wait_for_function(CODE_SAYS, arg=line)


def test_a_person_goes_from_a_number_to_a_page(person, workbook):
    """Choose, look inside twice, copy the code, run it: the same number; keep the view, publish it."""
    choose(person, "KPI", "Shipments", 'week.kpi("shipments"')
    choose(person, "Week", "2026-W20", 'ts.open_week("2026-W20"')
    choose(person, "KPI", "On-time delivery", 'week.kpi("otd"')
    choose(person, "Week", "2026-W21", 'ts.open_week("2026-W21"')
    choose(person, "Against", "the week before", 'base="previous"')
    choose(person, "Split by", "carrier", 'by="carrier"')
    person.get_by_label("Part", exact=True).select_option(label="BRV")
    person.get_by_role("button", name="Look inside").click()
    person.get_by_role("button", name="carrier: BRV").wait_for()
    # A view that is looked into is filled anew: a choice made meanwhile is lost.
    person.wait_for_function(CODE_SAYS, arg='week.kpi("otd", {"carrier": "BRV"})')
    choose(person, "Split by", "origin", 'by="origin"')
    person.get_by_label("Part", exact=True).select_option(label="PAR")
    person.get_by_role("button", name="Look inside").click()
    person.get_by_role("button", name="origin: PAR").wait_for()

    lines = person.get_by_label("Code that makes this view").input_value()
    assert 'week.kpi("otd", {"carrier": "BRV", "origin": "PAR"})' in lines

    person.locator(".jp-CodeCell .cm-content").last.click()
    person.keyboard.press("Escape")
    person.keyboard.press("b")
    person.keyboard.press("Enter")
    person.keyboard.insert_text(f"{lines}\nprint(f'run again: {{100 * found.value_now:.1f}} percent')")
    person.keyboard.press("Shift+Enter")
    told = person.get_by_text(re.compile(r"^run again: [\d.]+ percent"))
    told.wait_for()
    said = told.inner_text().strip()
    # JupyterLab takes out what is scrolled away.
    person.get_by_role("tab", name="Is it usual?", exact=True).click()
    (percent,) = re.findall(r"to (\d+\.\d)%, from", shown(person))[:1]
    assert said == f"run again: {percent} percent"

    person.get_by_label("Save as", exact=True).fill("61_paris")
    person.get_by_label("Save as", exact=True).press("Tab")
    person.get_by_role("button", name="Save as notebook").click()
    person.get_by_text("Saved as notebooks/61_paris.ipynb").wait_for()
    published = subprocess.run(
        [Path(sys.executable).with_name("tallysheet"), "report", "--only", "paris", "--week", "2026-W21"],
        cwd=workbook,
        capture_output=True,
        text=True,
        check=False,
    )
    assert published.returncode == 0, published.stderr
    page = (workbook / "reports" / "2026-W21" / "paris.html").read_text(encoding="utf-8")
    assert f"{percent}%" in html.unescape(page)
    assert person.faults == []


def test_every_tab_is_reached_by_keyboard_and_shows_something(person):
    """With the arrow keys from the first on; each has a sentence, a picture or rows, and its code."""
    person.get_by_role("tab", name="Is it usual?", exact=True).focus()
    for name in ("Parts", "Over time", "Behind it", "Compare", "Rows", "Data"):
        person.keyboard.press("ArrowRight")
        person.keyboard.press("Enter")
        tab = person.get_by_role("tab", name=name, exact=True)
        assert tab.get_attribute("aria-selected") == "true", name
        person.wait_for_function(f"document.querySelector({OPEN_TAB!r})?.innerText.length > 20")
        assert person.get_by_label("Code that makes this view").input_value().startswith("import tallysheet")
    assert person.faults == []


def test_what_charts_say_can_be_read(person):
    """On a small screen, beside the list of files, no letter is smaller than on a page."""
    for name in ("Is it usual?", "Parts"):
        person.get_by_role("tab", name=name, exact=True).click()
        person.wait_for_function(f"({LETTERS})().length > 5")
        assert min(person.evaluate(LETTERS)) >= LEAST_PIXELS, name


def test_the_keyboard_reaches_every_choice(person):
    """By Tab from the first choice on, in the order in which they stand."""
    person.get_by_label("KPI", exact=True).focus()
    seen = []
    for _ in range(12):
        seen.append(
            person.evaluate(
                "document.activeElement.closest('.jupyter-widgets')?.innerText.split('\\n')[0] ?? ''"
            )
        )
        person.keyboard.press("Tab")

    wanted = ["KPI", "Week", "Against", "As known on", "Split by", "Part", "Look inside"]
    assert [name for name in seen if name in wanted] == wanted
