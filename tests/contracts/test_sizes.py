"""Small enough to read."""

import json

import pytest
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
