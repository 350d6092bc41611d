"""The explorer: choices make views, views are code, and a view that is kept is a notebook that publishes."""

import html
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import ipywidgets as widgets
import nbformat
import pytest
from small_workbook import make_workbook, put_notebooks, rows

import tallysheet as ts
from tallysheet.explorer import View, explore
from tallysheet.explorer.panel import VIEWS

ROOT = Path(__file__).parents[1]


@pytest.fixture
def explorer():
    return explore("2013-W17", data="data/flights")


def show(explorer, name: str) -> str:
    """Open a tab and read it."""
    explorer.tabs.selected_index = VIEWS.index(name)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", explorer.views[name].value)).split())


def run(code: str) -> dict:
    """Run the lines that the explorer gives, as a cell would."""
    names: dict = {}
    exec(code, names)
    return names


def test_it_begins_with_the_headline(explorer):
    """Said and drawn; the choices say what is shown."""
    assert explorer.view == View("otd", "2013-W17", by=explorer.by.value, data="data/flights")
    assert (explorer.kpi.value, explorer.when.value, explorer.base.value) == ("otd", "2013-W17", "last-4")
    assert "58.6%" in show(explorer, "usual")
    assert "<svg" in explorer.views["usual"].value
    assert explorer.message.value == ""


def test_a_part_is_looked_into_and_left_again(explorer):
    """Two levels down: the numbers are those of the part, and each step leads back."""
    explorer.by.value = "origin"
    explorer.into.value = "LGA"
    explorer.enter.click()
    assert explorer.view.where == (("origin", "LGA"),)
    assert explorer.view.by != "origin"
    assert "origin" not in [value for _, value in explorer.by.options]

    explorer.by.value = "carrier"
    explorer.into.value = "DL"
    explorer.enter.click()
    assert explorer.view.where == (("origin", "LGA"), ("carrier", "DL"))
    week = ts.open_week("2013-W17", data="data/flights", base="last-4")
    wanted = week.kpi("otd", {"origin": "LGA", "carrier": "DL"}).explain()
    assert explorer.explained().value_now == wanted.value_now
    assert explorer.explained().n_now == wanted.n_now

    assert [step.disabled for step in explorer.path.children] == [False, False, True]
    explorer.path.children[1].click()
    assert (explorer.view.where, explorer.view.by) == ((("origin", "LGA"),), "carrier")
    explorer.path.children[0].click()
    assert (explorer.view.where, explorer.view.by) == ((), "origin")


def test_the_code_gives_the_same_numbers(explorer):
    """What is copied and run is what is seen, in all and of a part."""
    for enter in (False, True):
        if enter:
            explorer.by.value = "origin"
            explorer.into.value = "JFK"
            explorer.enter.click()
        found = run(explorer.view.code())["found"]
        seen = explorer.explained()

        assert (found.value_now, found.value_base, found.variation) == (
            seen.value_now,
            seen.value_base,
            seen.variation,
        )
        assert found.parts[explorer.view.by].equals(seen.parts[explorer.view.by])
        assert show(explorer, "code").startswith("import tallysheet as ts")


def test_the_rows_behind_are_those_that_are_counted(explorer):
    """Flights of JetBlue from JFK that were due in the week, by the SELECT that is shown."""
    explorer.by.value = "origin"
    explorer.into.value = "JFK"
    explorer.enter.click()
    explorer.by.value = "carrier"
    explorer.into.value = "B6"
    explorer.enter.click()
    told = show(explorer, "rows")
    (sql,) = re.findall(r'week\.sql\("""(.+?)"""\)', told)
    week = ts.open_week("2013-W17", data="data/flights")
    found = week.sql(sql.partition("LIMIT")[0])

    assert "There are more: only the first are shown." in told
    assert set(found["carrier"]) == {"B6"}
    assert set(found["origin"]) == {"JFK"}
    assert len(found) == explorer.explained().n_now


def test_another_week_base_and_kpi(explorer):
    """The part stays with the week and goes with the KPI."""
    explorer.by.value = "origin"
    explorer.enter.click()
    where = explorer.view.where
    explorer.when.value = "2013-W20"
    explorer.base.value = "previous"

    assert (explorer.view.week, explorer.view.base, explorer.view.where) == ("2013-W20", "previous", where)
    assert run(explorer.view.code())["found"].value_base == explorer.explained().value_base
    explorer.kpi.value = "shipments"
    assert (explorer.view.kpi, explorer.view.where) == ("shipments", ())


def test_two_values_stand_side_by_side(explorer):
    """Each with its own sentence and range."""
    explorer.by.value = "origin"
    explorer.into.value, explorer.other.value = "LGA", "EWR"
    told = show(explorer, "compare")

    assert explorer.views["compare"].value.count("<svg") >= 2
    assert told.index("LGA") < told.index("EWR")
    explorer.other.value = "JFK"
    assert "EWR" not in show(explorer, "compare")


@pytest.mark.parametrize(
    ("box", "value", "told"),
    [
        ("as_of", "yesterday", "expected a day such as 2013-04-29, found 'yesterday'"),
        ("as_of", "1999-01-01", "expected a moment with data"),
        ("base", "target", "expected a target of otd that holds in the week, found none"),
    ],
)
def test_what_cannot_be_shown_is_told_and_the_view_stays(explorer, box, value, told):
    """As for a command: what was expected, what was found."""
    before = explorer.view
    getattr(explorer, box).value = value

    assert told in html.unescape(explorer.message.value)
    assert explorer.view == before
    assert getattr(explorer, box).value == getattr(before, box)
    explorer.base.value = "previous"
    assert explorer.message.value == ""


def test_a_week_as_it_was_known_then(explorer):
    """On the Wednesday the week was not known enough to be judged."""
    explorer.as_of.value = "2013-04-24"

    assert explorer.explained().variation == "not_known"
    assert run(explorer.view.code())["found"].n_now == explorer.explained().n_now


def test_every_choice_has_a_label_and_can_be_reached(explorer):
    """By keyboard and screen reader: no widget without a description."""
    boxes = [explorer.panel]
    while boxes:
        box = boxes.pop()
        boxes += getattr(box, "children", ())
        if isinstance(box, widgets.Dropdown | widgets.Text | widgets.Button):
            assert box.description
    assert all(explorer.tabs.titles)


def test_it_speaks_french():
    """Labels and sentences."""
    explorer = explore("2013-W17", data="data/flights", lang="fr")

    assert explorer.kpi.description == "Indicateur"
    assert explorer.tabs.titles[0] == "Est-ce habituel\u202f?"
    assert "58,6" in show(explorer, "usual")


def test_other_tabs_say_something(explorer):
    """Segments of an ordinary week, and what was loaded."""
    explorer.by.value = "origin"
    assert "LaGuardia (LGA) moved by −18.1" in show(explorer, "segments")
    explorer.when.value = "2013-W18"
    assert "no parts are searched for" in show(explorer, "segments")
    assert "flights.csv.zip" in show(explorer, "data")


@pytest.fixture
def workbook(tmp_path, monkeypatch):
    make_workbook(tmp_path, rows(20))
    put_notebooks(tmp_path, "Which")
    shutil.copy(ROOT / "notebooks" / "_template.ipynb", tmp_path / "notebooks")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.slow
def test_a_view_that_is_kept_is_published_as_it_stands(workbook):
    """From a click to a page; the notebook's parameters are the view."""
    explorer = explore("2026-W21")
    explorer.by.value = "carrier"
    explorer.into.value = "BRV"
    explorer.enter.click()
    explorer.by.value = "origin"
    explorer.name.value = "61_brv"
    explorer.save.click()

    assert "notebooks/61_brv.ipynb" in explorer.message.value
    made = nbformat.read(workbook / "notebooks" / "61_brv.ipynb", as_version=4)
    nbformat.validate(made)
    assert made.cells[0].source.startswith("## How does On-time delivery (carrier=BRV) stand?")
    command = [sys.executable, "-c", "from tallysheet.cli import main; main()"]
    published = subprocess.run(
        [*command, "report", "--only", "brv", "--week", "2026-W21"],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": str(ROOT / "lib")},
    )
    assert (published.returncode, published.stdout) == (0, "reports/2026-W21/brv.html\n"), published.stderr
    page = html.unescape((workbook / "reports/2026-W21/brv.html").read_text(encoding="utf-8"))
    value = explorer.week.language.value(explorer.explained().value_now, "share")
    assert value in page
    explorer.save.click()
    assert "expected a new name" in explorer.message.value
