"""A new notebook: from one command to a page."""

import shutil
from pathlib import Path

import nbformat
import pytest
from commands import command, report
from small_workbook import make_workbook, put_notebooks, rows

from tallysheet.errors import DataError, UsageError
from tallysheet.new_notebook import TEMPLATE, new_notebook

ROOT = Path(__file__).parents[1]


@pytest.fixture
def workbook(tmp_path, monkeypatch):
    make_workbook(tmp_path, rows(20))
    put_notebooks(tmp_path, "Which")
    shutil.copy(ROOT / "notebooks" / TEMPLATE, tmp_path / "notebooks")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.slow
def test_a_new_notebook_is_published_as_it_stands(workbook):
    """Two commands; the template itself is no notebook that is published."""
    made = command(workbook, "new-notebook", "61_late_parcels")
    published = report(workbook, "--only", "late_parcels", "--week", "2026-W21")

    assert (made.returncode, made.stdout) == (0, "notebooks/61_late_parcels.ipynb\n")
    assert "report --only 61_late_parcels" in made.stderr
    assert (published.returncode, published.stdout) == (0, "reports/2026-W21/late_parcels.html\n"), (
        published.stderr
    )
    page = (workbook / "reports/2026-W21/late_parcels.html").read_text(encoding="utf-8")
    assert "What do you want to know?" in page
    assert page.count("<table") >= 2
    assert command(workbook, "report", "--only", "_template").returncode == 2


def test_a_new_notebook_is_the_template(workbook):
    """Cell by cell, and it reads."""
    path = new_notebook("late_parcels", workbook / "data")

    assert nbformat.read(path, as_version=4) == nbformat.read(workbook / "notebooks" / TEMPLATE, as_version=4)


@pytest.mark.parametrize("name", ["Late", "late parcels", "../late", "61", "61_", "late.ipynb", "_late", ""])
def test_a_name_that_makes_no_page(workbook, name):
    """Pages are named by it."""
    with pytest.raises(UsageError, match="expected a name such as 61_late_parcels"):
        new_notebook(name, workbook / "data")


@pytest.mark.parametrize("name", ["20_other", "other", "99_other"])
def test_nothing_is_overwritten(workbook, name):
    """Neither a notebook nor, under another number, its page."""
    before = (workbook / "notebooks" / "20_other.ipynb").read_bytes()

    with pytest.raises(UsageError, match=r"expected a new name, found 20_other\.ipynb"):
        new_notebook(name, workbook / "data")
    assert (workbook / "notebooks" / "20_other.ipynb").read_bytes() == before


def test_the_template_is_gone(workbook):
    """The error says what to do."""
    (workbook / "notebooks" / TEMPLATE).unlink()

    with pytest.raises(DataError, match="expected the template of notebooks, found none"):
        new_notebook("late_parcels", workbook / "data")
