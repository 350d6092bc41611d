"""The explorer: choices make views, views are code, and a view that is kept is a notebook that publishes."""

import html
import re
import shutil
import threading
import time
from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

import ipywidgets as widgets
import nbformat
import pytest
from commands import report
from small_workbook import make_workbook, put_notebooks, rows

import tallysheet as ts
from tallysheet.explorer import View, explore, recipes
from tallysheet.explorer.ahead import Ahead
from tallysheet.explorer.panel import VIEWS
from tallysheet.explorer.pieces import segments
from tallysheet.kpis import KPIS
from tallysheet.svg import for_screens

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.slow


@pytest.fixture
def explorer():
    return explore("2013-W17", data="data/flights")


def show(explorer, name: str) -> str:
    """Open a tab and read it."""
    explorer.tabs.selected_index = VIEWS.index(name)
    return plain(explorer.views[name].value)


def plain(markup: str) -> str:
    """Read what is written, without its tags."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", markup)).split())


def run(code: str) -> dict:
    """Run the lines that the explorer gives, as a cell would."""
    names: dict = {}
    exec(code, names)
    return names


@pytest.mark.parametrize("slug", KPIS)
def test_the_sql_below_a_tab_adds_each_column_up_once(slug):
    """Of a duration that counts what has ended, both sides are one column."""
    names = re.findall(r"AS (\w+)", recipes.by_week(View(slug, "2026-W46")).partition("\n\n")[0])

    assert len(names) == len({*names})
    assert names


def test_it_begins_with_the_headline(explorer):
    """Said and drawn; the choices say what is shown."""
    assert explorer.view == View("otd", "2013-W17", by=explorer.by.value, data="data/flights")
    assert (explorer.kpi.value, explorer.when.value, explorer.base.value) == ("otd", "2013-W17", "last-4")
    assert "58.6%" in show(explorer, "usual")
    assert "<svg" in explorer.views["usual"].value
    assert plain(explorer.message.value) == ""


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
        found = run(explorer.code.value)["found"]
        seen = explorer.explained()

        assert (found.value_now, found.value_base, found.variation) == (
            seen.value_now,
            seen.value_base,
            seen.variation,
        )
        assert found.parts[explorer.view.by].equals(seen.parts[explorer.view.by])
        assert explorer.code.value.startswith("import tallysheet as ts")


@pytest.mark.parametrize("name", ["usual", "parts", "over_time", "behind", "compare", "rows", "data"])
def test_the_code_below_each_tab_runs_and_shows_the_same(explorer, name):
    """The box follows the open tab and its choices; what its last lines give is what is seen."""
    explorer.by.value = "origin"
    explorer.into.value = "LGA"
    explorer.enter.click()
    explorer.by.value = "carrier"
    show(explorer, name)
    lines = explorer.code.value

    assert lines.startswith("import tallysheet as ts")
    assert 'ts.open_week("2013-W17", data="data/flights", base="last-4")' in lines
    drawn = re.search(r"^pieces\..+$", lines, re.MULTILINE)
    if drawn:
        names = run(lines)
        again = eval(drawn[0], names)  # the line that a cell would show
        with for_screens():
            assert eval(drawn[0], names)._repr_html_() == explorer.views[name].value
        assert plain(again.html)
    else:
        run(lines.replace('ts.to_excel(rows, "rows.xlsx")', ""))


def test_a_name_with_quotation_marks_leaves_the_code_whole(tmp_path):
    """A carrier may be called anything: what is copied still runs, and shows the same."""
    lines = [[*row[:1], 'Bob "Fast" O\'Neil' if row[1] == "BRV" else row[1], *row[2:]] for row in rows(20)]
    explorer = explore(data=str(make_workbook(tmp_path, lines)))
    explorer.by.value = "carrier"
    explorer.into.value = 'Bob "Fast" O\'Neil'
    for name in ("compare", "rows"):
        show(explorer, name)
        run(explorer.code.value.replace('ts.to_excel(rows, "rows.xlsx")', ""))
    explorer.enter.click()
    for name in ("usual", "parts"):
        show(explorer, name)
        found = run(explorer.code.value)["found"]

        assert found.n_now == explorer.explained().n_now == 70


def test_the_sql_below_a_tab_counts_what_is_seen(explorer):
    """The part's sums by week, and each part's of the week."""
    explorer.by.value = "origin"
    explorer.into.value = "LGA"
    explorer.enter.click()
    explorer.by.value = "carrier"
    week, found = ts.open_week("2013-W17", data="data/flights"), explorer.explained()

    show(explorer, "usual")
    (sql,) = re.findall(r'week\.sql\("""(.+?)"""\)', explorer.code.value, re.DOTALL)
    now = week.sql(sql).set_index("week").loc["2013-W17"]
    assert (now["due_n"], now["on_time_n"] / now["due_n"]) == (found.n_now, found.value_now)

    show(explorer, "parts")
    (sql,) = re.findall(r'week\.sql\("""(.+?)"""\)', explorer.code.value, re.DOTALL)
    counted = week.sql(sql).set_index("carrier")["due_n"].to_dict()
    assert counted == found.parts["carrier"].set_index("segment")["n_now"].to_dict()


def test_the_rows_behind_are_those_that_are_counted(explorer, tmp_path, monkeypatch):
    """Flights of JetBlue from JFK that were due in the week, by the SELECT that is shown; Excel gets them."""
    explorer.by.value = "origin"
    explorer.into.value = "JFK"
    explorer.enter.click()
    explorer.by.value = "carrier"
    show(explorer, "rows")
    explorer.rows_of.value = "B6"
    told = show(explorer, "rows")
    (sql,) = re.findall(r'week\.sql\("""(.+?)"""\)', explorer.code.value, re.DOTALL)
    week = ts.open_week("2013-W17", data="data/flights")
    found = week.sql(sql.partition("LIMIT")[0])

    assert "The first 100 rows of shipments; there are more." in told
    assert set(found["carrier"]) == {"B6"}
    assert set(found["origin"]) == {"JFK"}
    counted = explorer.explained().parts["carrier"].set_index("segment")["n_now"]
    assert len(found) == counted["B6"]
    there = Path("data/flights").resolve()
    monkeypatch.chdir(tmp_path)
    assert len(run(explorer.code.value.replace("data/flights", str(there)))["rows"]) == 100
    assert (tmp_path / "rows.xlsx").is_file()


def test_another_week_base_and_kpi(explorer):
    """The part stays with the week, and with a KPI that is cut alike."""
    explorer.by.value = "origin"
    explorer.enter.click()
    where = explorer.view.where
    explorer.when.value = "2013-W20"
    explorer.base.value = "previous"

    assert (explorer.view.week, explorer.view.base, explorer.view.where) == ("2013-W20", "previous", where)
    assert run(explorer.code.value)["found"].value_base == explorer.explained().value_base
    explorer.kpi.value = "undelivered"
    assert (explorer.view.kpi, explorer.view.where) == ("undelivered", where)
    explorer.kpi.value = "shipments"
    assert (explorer.view.kpi, explorer.view.where) == ("shipments", ())


def test_a_part_that_another_kpi_has_no_row_of_is_left(tmp_path):
    """No parcel of GLX was scanned: times in transit know no such carrier, and the panel is not stuck."""
    lines = rows()
    lines += [[f"{line[0]}-x", "GLX", line[2], line[3], ""] for line in lines if line[1] == "BRV"]
    explorer = explore(data=str(make_workbook(tmp_path, lines)))
    explorer.by.value = "carrier"
    explorer.into.value = "GLX"
    explorer.enter.click()
    assert explorer.view.where == (("carrier", "GLX"),)

    explorer.kpi.value = "transit_days"
    assert (explorer.view.kpi, explorer.view.where) == ("transit_days", ())
    assert plain(explorer.message.value) == ""


def test_two_parts_two_weeks_and_the_target_are_compared(explorer):
    """Each part with its own sentence and range; two weeks split over the parts; no target is said so."""
    explorer.by.value = "origin"
    explorer.into.value = "LGA"
    show(explorer, "compare")
    explorer.other.value = "EWR"
    told = show(explorer, "compare")

    assert explorer.views["compare"].value.count("<svg") >= 2
    assert told.index("LGA") < told.index("EWR")
    explorer.other.value = "JFK"
    assert "EWR" not in show(explorer, "compare")

    explorer.compare.value = "weeks"
    explorer.other.value = "2013-W12"
    week = ts.open_week("2013-W17", data="data/flights", base="2013-W12")
    before = week.language.value(week.kpi("otd").explain().value_base, "share")
    assert f"from {before} in week 12 of 2013." in show(explorer, "compare")
    assert explorer.views["compare"].value.count("<table") == 1

    explorer.compare.value = "target"
    assert show(explorer, "compare") == "Nobody has set a target for On-time arrivals in this week."
    assert explorer.other.disabled


@pytest.mark.parametrize(
    ("box", "value", "told"),
    [
        ("as_of", "yesterday", "expected a day such as 2013-04-29, found 'yesterday'"),
        ("as_of", "1999-01-01", "expected a moment with data"),
        ("base", "target", "Nobody has set a target for On-time arrivals in this week."),
    ],
)
def test_what_cannot_be_shown_is_told_and_the_view_stays(explorer, box, value, told):
    """As for a command: what was expected, what was found; a KPI without target is named as it is chosen."""
    before = explorer.view
    getattr(explorer, box).value = value

    assert told in html.unescape(explorer.message.value)
    assert explorer.view == before
    assert getattr(explorer, box).value == getattr(before, box)
    explorer.base.value = "previous"
    assert plain(explorer.message.value) == ""


def test_a_week_as_it_was_known_then(explorer):
    """On the Wednesday the week was not known enough to be judged."""
    explorer.as_of.value = "2013-04-24"

    assert explorer.explained().variation == "not_known"
    assert run(explorer.code.value)["found"].n_now == explorer.explained().n_now


def test_one_thread_at_most_adds_up_ahead(monkeypatch):
    """One that found nothing to do and one that was begun since would hold up whoever asks."""
    monkeypatch.setattr("tallysheet.explorer.ahead._SOON", 0.1)
    of_others = set(threading.enumerate())
    is_slow, week, working = threading.Event(), Mock(), Ahead()
    working.begin([(week, "first")])
    while working._thread is not None:
        time.sleep(0.01)
    week.kpi().lay_out.side_effect = lambda: is_slow.wait(5)
    working.begin([(week, "second")])
    time.sleep(0.3)
    begun = [one for one in threading.enumerate() if one.name == "adding up ahead" and one not in of_others]
    is_slow.set()
    working.stop()
    assert len(begun) == 1


def test_every_choice_has_a_label_and_can_be_reached(explorer):
    """By keyboard and screen reader: no widget without a description."""
    boxes = [explorer.panel]
    while boxes:
        box = boxes.pop()
        boxes += getattr(box, "children", ())
        if isinstance(box, widgets.Dropdown | widgets.Text | widgets.Textarea | widgets.Button):
            assert box.description
    assert all(explorer.tabs.titles)


def test_it_speaks_french():
    """Labels and sentences."""
    explorer = explore("2013-W17", data="data/flights", lang="fr")

    assert explorer.kpi.description == "Indicateur"
    assert explorer.tabs.titles[0] == "Est-ce habituel\u202f?"
    assert "58,6" in show(explorer, "usual")


def test_all_lengths_of_a_duration_are_drawn_below_its_median(small_sample):
    """In all and in a part, and nothing of the kind for a share."""
    explorer = explore("2026-W40", data=small_sample, kpi="transit_days")
    explorer.by.value = "carrier"
    assert "nine of ten within" in show(explorer, "usual")
    explorer.enter.click()
    assert "nine of ten within" in show(explorer, "usual")
    explorer.kpi.value = "otd"
    assert "nine of ten within" not in show(explorer, "usual")


def test_parts_over_time_and_what_is_behind(explorer):
    """A line a part, also within a part; segments of an unusual week, none of a usual one."""
    explorer.by.value = "origin"
    assert "LaGuardia (LGA) moved by −18.1" in show(explorer, "behind")
    assert "16 weeks up to 2013-W17" in show(explorer, "over_time")
    assert explorer.views["over_time"].value.count("<svg") == 1
    explorer.enter.click()
    explorer.by.value = "carrier"
    inside = show(explorer, "over_time")
    assert "16 weeks up to 2013-W17" in inside
    explorer.when.value = "2013-W18"
    assert show(explorer, "behind") == "The week is usual, so no parts are searched for behind it."


def test_why_nothing_was_searched_for(explorer):
    """A week that is too young; one that is not usual, of a KPI whose parts cannot be searched: a median."""
    explorer.by.value = "origin"
    unusual = explorer.explained()
    assert unusual.outside
    median = segments(replace(unusual, search=lambda: None), explorer.week.language)
    assert plain(median.html) == "Parts behind On-time arrivals cannot be searched for here."

    explorer.as_of.value = "2013-04-24"
    assert show(explorer, "behind") == "The week is not judged yet, so no parts are searched for behind it."


def test_the_data_tab_tells_of_the_load_the_tables_and_what_is_lacking(explorer):
    """Ledger, refused cells as they were written, tables, columns with units, KPIs without extracts."""
    assert "flights.csv.zip" in show(explorer, "data")
    explorer.what.value = "tables"
    assert "facts.shipments fact a shipment due" in show(explorer, "data")
    explorer.what.value = "columns"
    explorer.of.value = "shipments"
    told = show(explorer, "data")
    assert "One row: one parcel handed to a carrier, or one flight." in told
    assert "promised_date DATE" in told
    explorer.what.value = "lacking"
    assert "Carrier on time orders" in show(explorer, "data")
    explorer.what.value = "refused"
    assert show(explorer, "data") == "No cell was refused."


def test_refused_cells_are_shown_as_they_were_written(tmp_path):
    """With file, line, reason and whether the row counts; of one table where one is chosen."""
    bad = [["odd", "BRV", "PAR", "2026-05-18", "yesterday"], ["even", "BRV", "PAR", "soon", ""]]
    explorer = explore(data=make_workbook(tmp_path, rows() + bad))
    explorer.what.value = "refused"
    for table in ("", "shipments"):
        explorer.of.value = table
        told = show(explorer, "data")
        assert "4 cells, as they were written:" in told
        assert "shipments parcels parcels.csv 2802 delivered_at yesterday type" in told
        assert "soon" in told


@pytest.fixture
def workbook(tmp_path, monkeypatch):
    make_workbook(tmp_path, rows(20))
    put_notebooks(tmp_path, "Which")
    shutil.copy(ROOT / "notebooks" / "_template.ipynb", tmp_path / "notebooks")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_view_that_is_kept_is_published_as_it_stands(workbook):
    """From a click to a page; the notebook's parameters are the view, its base too."""
    explorer = explore("2026-W21")
    explorer.base.value = "previous"
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
    published = report(workbook, "--only", "brv", "--week", "2026-W21")
    assert (published.returncode, published.stdout) == (0, "reports/2026-W21/brv.html\n"), published.stderr
    page = html.unescape((workbook / "reports/2026-W21/brv.html").read_text(encoding="utf-8"))
    value = explorer.week.language.value(explorer.explained().value_now, "share")
    assert value in page
    assert "in the week before" in page and "the four weeks before" not in page
    explorer.save.click()
    assert "expected a new name" in explorer.message.value
