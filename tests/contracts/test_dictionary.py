"""The data dictionary says what the declarations say."""

import re

from source_tree import ROOT

from tallysheet.schema import TABLES
from tallysheet.schema.dictionary import dictionary

README = (ROOT / "data" / "README.md").read_text(encoding="utf-8")


def test_the_dictionary_is_up_to_date():
    """It is what `python -m tallysheet.schema.dictionary` prints."""
    assert dictionary() + "\n" == README


def test_every_row_of_its_tables_has_all_cells():
    """No text of a declaration breaks the Markdown."""
    widths = {line.count("|") for line in README.splitlines() if line.startswith("|")}

    assert widths == {3, 4, 8}


def test_every_column_stands_in_its_section():
    """A reader finds each table, and in it each column with its meaning."""
    sections = dict(re.findall(r"^### (\w+)\n(.*?)(?=^### |\Z)", README, flags=re.DOTALL | re.MULTILINE))

    assert list(sections) == list(TABLES)
    for name, table in TABLES.items():
        lines = re.findall(r"^\| `(\w+)` \|.*\| (.+) \|$", sections[name], flags=re.MULTILINE)
        columns = [(column.name, column.meaning) for column in table.columns]
        assert lines[: len(columns)] == columns
