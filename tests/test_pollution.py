"""Files with one fault each are read as they are meant, told nothing."""

import functools
import tempfile
from pathlib import Path

import pandas as pd
import pytest
from pollution import (
    BELOW,
    KINDS,
    MEASURES,
    PERFECT,
    Polluted,
    first_difference,
    lost_text,
    polluted,
    read,
    score,
)

from tallysheet.errors import DataError

ATTRIBUTES = {"header", "preamble", "footnotes", "tables", "dialect", "ragged"}
LEAST_MEAN = 9.95

pytestmark = pytest.mark.slow

by_kind = pytest.mark.parametrize("kind", KINDS)


@functools.cache
def results(kind: str) -> list[tuple[Polluted, pd.DataFrame | Exception]]:
    """Read all files of a kind, once."""
    with tempfile.TemporaryDirectory() as folder:
        return [(file, read(file, Path(folder))) for file in polluted(kind)]


def frame_of(file: Polluted) -> pd.DataFrame:
    """Give what a perfect reader gives."""
    if file.header is None and not file.rows:
        return pd.DataFrame()
    width = max(map(len, [file.header or [], *file.rows]))
    header, *rows = [
        [*cells, *[""] * (width - len(cells))] for cells in [file.header, *file.rows] if cells is not None
    ]
    frame = pd.DataFrame(rows, columns=header, dtype="str")
    frame.attrs["header"] = file.header is not None
    return frame


@by_kind
def test_every_file_of_a_kind_is_read_without_fault(kind):
    """Header, rows and cells are all there, and nothing else."""
    wrong = [
        f"{file.name}: {first_difference(file, found)[:300]}"
        for file, found in results(kind)
        if score(file, found)["score"] < PERFECT
    ]

    assert not wrong, f"{len(wrong)} of {len(results(kind))}\n" + "\n".join(wrong)


@by_kind
def test_no_text_of_a_file_is_lost(kind):
    """What is not in the table is in the preamble, the footnotes or another table."""
    read_files = [(file, found) for file, found in results(kind) if isinstance(found, pd.DataFrame)]
    lost = {file.name: missing for file, found in read_files if (missing := lost_text(file.data, found))}

    assert lost == {}


def test_the_mean_over_all_files_is_near_ten():
    """It is the figure that published readers are measured by."""
    scores = [score(file, found)["score"] for kind in KINDS for file, found in results(kind)]

    assert sum(scores) / len(scores) >= LEAST_MEAN


@pytest.mark.parametrize("name", BELOW)
def test_a_table_below_is_kept_apart_whole(name):
    """Its names and rows are in attrs, also where it has the same columns."""
    columns, rows = BELOW[name]
    files = [result for result in results("second_table") if f"-{name}/" in result[0].name]
    tables = {file.name: getattr(found, "attrs", {}).get("tables") for file, found in files}

    assert tables == {file: [{"columns": columns, "rows": rows}] for file in tables}


def test_what_was_found_beside_the_table_is_told():
    """The same attributes are there for every table."""
    files = results("few_rows") + results("preambles")
    missing = {file.name: ATTRIBUTES - set(getattr(found, "attrs", {})) for file, found in files}

    assert {file: names for file, names in missing.items() if names} == {}


@by_kind
def test_a_perfect_reading_scores_ten(kind):
    """The truth of every file agrees with itself."""
    for file in polluted(kind):
        assert score(file, frame_of(file))["score"] == pytest.approx(10), file.name


def test_a_reading_with_faults_scores_as_counted_by_hand():
    """Half of the header, one of two rows, two of three cells."""
    file = Polluted("x", "x", b"", ["a", "b"], [["1", "2"], ["3", ""]])

    found = score(file, pd.DataFrame([["1", "2"]], columns=["a", "x"]))

    assert [found[measure] for measure in MEASURES] == pytest.approx(
        [1, 1 / 2, 1 / 2, 1 / 2, 1, 1 / 2, 2 / 3, 1, 2 / 3, 4 / 5]
    )


def test_an_error_scores_nothing_and_an_empty_table_ten_for_an_empty_file():
    """To refuse a file is to lose it; to find rows where there are none is wrong."""
    table, void = Polluted("x", "x", b"", ["a"], [["1"]]), Polluted("x", "x", b"", None, [])
    refusal = DataError("file", "rows", "none", "Extract it again.")

    assert score(table, refusal)["score"] == 0
    assert score(void, refusal)["score"] == 0
    assert score(void, pd.DataFrame())["score"] == 10
    assert score(void, pd.DataFrame({"a": ["1"]}))["score"] < 10
