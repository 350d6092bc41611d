"""Strict parameters: papermill only warns, we refuse."""

import subprocess
import sys

import pytest
from nbformat import read, v4, write

from tallysheet.errors import ReportError, UsageError
from tallysheet.execute import check_parameters, declared_parameters, execute


@pytest.fixture
def notebook(tmp_path):
    def make(source='week = ""  # ISO week\nweeks = 4\n', tags=("parameters",)):
        path = tmp_path / "n.ipynb"
        cell = v4.new_code_cell(source, metadata={"tags": list(tags)})
        write(v4.new_notebook(cells=[cell]), path)
        return path

    return make


def test_parameters_are_read_with_type_default_and_comment(notebook):
    """They are literals; nothing is run to read them."""
    declared = declared_parameters(notebook())

    assert {name: (item.type, item.default, item.comment) for name, item in declared.items()} == {
        "week": (str, "", "ISO week"),
        "weeks": (int, 4, ""),
    }


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"wek": "2013-W17"}, "Did you mean 'week'"),
        ({"weeks": "4"}, "a value of type int, found '4'"),
        ({"weeks": True}, "a value of type int, found True"),
        ({"week": None}, "a value of type str"),
    ],
)
def test_an_unknown_name_or_a_wrong_type_is_refused(notebook, given, message):
    """A mistyped parameter never reaches a kernel."""
    with pytest.raises(UsageError, match=message):
        check_parameters(notebook(), given)


def test_right_parameters_pass(notebook):
    """All, some or none may be given."""
    for given in ({}, {"week": "2013-W17"}, {"week": "2013-W17", "weeks": 3}):
        check_parameters(notebook(), given)


def test_a_notebook_needs_exactly_one_cell_of_literals(notebook, tmp_path):
    """Without the tag its own default would win, unseen."""
    with pytest.raises(UsageError, match="one cell tagged parameters, found 0"):
        declared_parameters(notebook(tags=()))
    with pytest.raises(UsageError, match="lines of name = literal"):
        declared_parameters(notebook("import os\nweek = os.getcwd()"))
    with pytest.raises(UsageError, match="Known: n"):
        declared_parameters(tmp_path / "m.ipynb")
    (tmp_path / "broken.ipynb").write_text("{", encoding="utf-8")
    with pytest.raises(UsageError, match="a notebook that reads"):
        declared_parameters(tmp_path / "broken.ipynb")


def test_a_report_compiles_no_grammars():
    """They took a second of every run; notebooks are checked all the same."""
    code = """
import sys
from tallysheet.execute import import_no_grammars
import_no_grammars()
import nbformat, papermill
assert "lark" not in sys.modules
nbformat.validate(nbformat.v4.new_notebook())
try:
    nbformat.validate({"cells": [{"cell_type": "odd"}], "metadata": {}, "nbformat": 4, "nbformat_minor": 4})
except nbformat.ValidationError:
    print("refused")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert done.stdout == "refused\n", done.stderr


@pytest.mark.slow
def test_a_refusal_in_a_notebook_is_one_line(notebook, tmp_path):
    """Whoever asked wrongly reads what to do, and no library; a run fails with the same words."""
    path = notebook()
    (tmp_path / "run").mkdir()
    content = read(path, as_version=4)
    content.cells.append(v4.new_code_cell("from tallysheet.weeks import IsoWeek; IsoWeek.parse('2013-17')"))
    write(content, path)
    line = "week: expected a week such as 2013-W17, found '2013-17'. Write the year, -W and two digits."

    with pytest.raises(ReportError) as failed:
        execute(path, tmp_path / "run" / "n.ipynb", {})

    assert f"found UsageError: {line} See " in str(failed.value)
    assert str(failed.value).endswith("run/n.ipynb.")
    (shown,) = [
        output["traceback"]
        for cell in read(tmp_path / "run" / "n.ipynb", as_version=4).cells
        for output in cell.get("outputs", [])
        if output.output_type == "error"
    ]
    assert shown == [line]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("source", "told"),
    [
        (
            "import os; os.kill(os.getpid(), 9)",
            "expected a kernel that lives until the notebook ends, found Kernel died. See ",
        ),
        ("import time; time.sleep(60)", "expected a cell that ends within 2 s, found"),
    ],
)
def test_a_cell_that_ends_its_kernel_or_takes_too_long_is_named(notebook, tmp_path, source, told):
    """With what went wrong, and where its copy is."""
    path = notebook()
    (tmp_path / "run").mkdir()
    content = read(path, as_version=4)
    content.cells += [v4.new_code_cell(text) for text in ("week", source, "weeks")]
    write(content, path)

    with pytest.raises(ReportError) as failed:
        execute(path, tmp_path / "run" / "n.ipynb", {}, timeout_seconds=2)

    assert f"notebook n.ipynb cell 3: {told}" in str(failed.value)
    assert "run/n.ipynb" in str(failed.value)
