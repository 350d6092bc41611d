"""What every notebook keeps to."""

import ast
import re
import tomllib

import nbformat
import pytest
from source_tree import LIBRARY, ROOT

from tallysheet.execute import declared_parameters
from tallysheet.publish.pages import page_name
from tallysheet.settings import read_settings

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
COMMON = ["week", "base", "as_of", "lang", "data"]


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request):
    return nbformat.read(request.param, as_version=4)


def code(notebook) -> list[str]:
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


def test_the_first_cell_asks_a_question_and_names_its_reader(notebook):
    """A heading of the second level with a question mark, then whom it is for."""
    heading, _, rest = notebook.cells[0].source.partition("\n")

    assert notebook.cells[0].cell_type == "markdown"
    assert re.fullmatch(r"## .+\?", heading)
    assert rest.strip().startswith("For ")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_parameters_are_declared_with_a_comment_each(path):
    """The scheduler gives every notebook the same parameters, each a literal that is explained."""
    declared = declared_parameters(path)

    assert set(COMMON) <= set(declared)
    assert all(parameter.comment for parameter in declared.values())


def test_outputs_are_stripped_and_the_kernel_is_plain(notebook):
    """Outputs live in reports/; the kernel is the one every installation has."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]

    assert [cell.outputs for cell in cells] == [[]] * len(cells)
    assert {cell.execution_count for cell in cells} == {None}
    assert notebook.metadata.kernelspec.name == "python3"


def test_kpis_of_a_duty_stand_under_a_question_of_their_own(notebook):
    """They belong to no list that happens to stand above them."""
    places = [place for place, cell in enumerate(notebook.cells) if "cards.cards(" in cell.source]

    assert all(re.fullmatch(r"## Is .+ usual.*\?", notebook.cells[place - 1].source) for place in places)


def test_cells_are_named_by_words(notebook):
    """Ids are words, so that differences between versions can be read."""
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", cell.id) for cell in notebook.cells)
    assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)


def test_code_only_calls(notebook):
    """No magic, no definition, no import of everything, no absolute path, no SQL."""
    for source in code(notebook):
        tree = ast.parse(source)
        assert not any(
            isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Lambda) for node in ast.walk(tree)
        )
        assert "import *" not in source
        assert not re.search(r"""["'](/|~|[A-Z]:\\)""", source)
        assert "SELECT" not in source.upper()


@pytest.mark.parametrize("data", ["data", "data/flights"])
def test_scheduled_notebooks_exist(data):
    """workbook.toml names notebooks that are there."""
    scheduled = read_settings(ROOT / data).notebooks

    assert set(scheduled) <= {path.stem for path in NOTEBOOKS}


@pytest.mark.parametrize(
    "path",
    [path for path in sorted((LIBRARY / "words").glob("*.toml")) if path.stem != "en"],
    ids=lambda path: path.stem,
)
def test_every_text_of_a_notebook_is_there_in_every_language(path):
    """Each markdown cell by its id; a heading stays a heading of its level. English is the notebook's own.

    Of those that are published every week; another has its own texts in any language.
    """
    told = tomllib.loads(path.read_text(encoding="utf-8"))["notebook"]
    scheduled = {name for data in ("data", "data/flights") for name in read_settings(ROOT / data).notebooks}
    cells = {
        page_name(notebook.stem): {
            cell.id: cell.source
            for cell in nbformat.read(notebook, as_version=4).cells
            if cell.cell_type == "markdown"
        }
        for notebook in NOTEBOOKS
        if notebook.stem in scheduled
    }

    assert {page: set(texts) for page, texts in told.items()} == {
        page: set(own) for page, own in cells.items()
    }
    for page, own in cells.items():
        assert {key: _heading(text) for key, text in told[page].items()} == {
            key: _heading(text) for key, text in own.items()
        }


def _heading(text: str) -> str:
    return text.strip().partition(" ")[0] if text.startswith("#") else ""
