"""Small enough to read."""

import json

import pytest
from conftest import LONGEST
from source_tree import LIBRARY, MARKETPLACE, ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize(
    "path", sorted([*LIBRARY.rglob("*.py"), *MARKETPLACE.rglob("*.py")]), ids=lambda path: path.stem
)
def test_a_module_has_at_most_400_lines(path):
    """What is longer holds two ideas."""
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_thin(path):
    """At most 25 cells, at most ten lines of code in each."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]

    assert len(cells) <= 25
    assert max(len(cell["source"]) for cell in cells if cell["cell_type"] == "code") <= 10


def test_the_files_that_are_begun_first_are_there():
    """One that was renamed would begin late, and keep a worker busy after all others are done."""
    assert set(LONGEST) <= {path.name for path in (ROOT / "tests").rglob("test_*.py")}
