"""What holds for every table that is read or loaded."""

import csv
import io

import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from small_workbook import make_workbook

import tallysheet as ts
from tallysheet import records, text_file
from tallysheet.engine import connect
from tallysheet.extract import scan

pytestmark = pytest.mark.slow

few = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

ANY_WORD = st.text("abcxyz ,;|'\"\n01.-é", max_size=8)
ONE_LINE = st.text("abcxyz ,;|01.-é", max_size=8)
NUMBER = st.integers(-999, 99_999).map(str)
DIALECTS = st.tuples(st.sampled_from(",;\t|"), st.sampled_from(["\n", "\r\n"]))


@st.composite
def tables(draw, words):
    """Give rows with names above and numbers in the first column."""
    width = draw(st.integers(2, 5))
    header = [f"column {number}" for number in range(width)]
    row = st.tuples(NUMBER, *[words] * (width - 1)).map(list)
    return [header, *draw(st.lists(row, min_size=8, max_size=25))]


def written(rows, dialect, quoting):
    """Write rows as Python's csv does."""
    delimiter, line_end = dialect
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator=line_end, quoting=quoting).writerows(rows)
    return text.getvalue()


@few
@given(tables(ANY_WORD), DIALECTS)
def test_a_table_that_is_written_is_read_again_cell_by_cell(tmp_path, rows, dialect):
    """All cells quoted, in any dialect, with delimiters, quotes and line ends inside."""
    path = tmp_path / "table.csv"
    path.write_text(written(rows, dialect, csv.QUOTE_ALL), encoding="utf-8", newline="")

    frame = ts.read_text_table(path)

    assert [list(frame.columns), *frame.to_numpy().tolist()] == rows


@few
@given(tables(ONE_LINE), DIALECTS)
def test_duckdb_and_our_own_reader_read_alike(tmp_path, rows, dialect):
    """Where a text is even enough for DuckDB, it gives the same cells on the same lines."""
    path = tmp_path / "table.csv"
    path.write_text(written(rows, dialect, csv.QUOTE_MINIMAL), encoding="utf-8", newline="")

    def cells(stream):
        with connect() as connection, scan(connection, path, "extract", stream=stream) as table:
            found = connection.execute("SELECT * FROM extract").fetchall()
            return table.names, table.lines is not None, found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_file, "STREAM_BYTES", 0)
        names, by_duckdb, fast = cells("checked")
        slow_names, _, slow = cells("never")

    assume(by_duckdb)
    assert (names, fast) == (slow_names, slow)


@settings(max_examples=2_000, deadline=None)
@given(st.text('"""\';;, a\\', max_size=12), st.sampled_from(";, '"), st.sampled_from(['"', "\\", ""]))
def test_a_line_that_is_cut_fast_is_cut_as_any_other(body, delimiter, escape):
    """The short cut takes only lines whose quotes all stand beside delimiters, or leaves them."""
    dialect = records.Dialect(delimiter, '"', escape)

    cells = records._well_quoted(body, dialect)

    assert cells is None or records._Cut(cells) == records._cut(body, dialect)


@few
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["P1", "P2", "P3", ""]),
            st.sampled_from(["BRV", "-", ""]),
            st.sampled_from(["PAR", "LYS"]),
            st.sampled_from(["2026-01-05", "2026-13-01", "soon", ""]),
            st.sampled_from(["2026-01-05 12:00:00", "later", ""]),
        ).map(list),
        max_size=12,
    )
)
def test_no_row_is_lost_and_none_made(tmp_path_factory, rows):
    """Rows in = good + quarantined + duplicates, and each of them can be found."""
    good = ["P0", "BRV", "PAR", "2026-01-05", "2026-01-05 12:00:00"]
    data = make_workbook(tmp_path_factory.mktemp("law"), [good, *rows])

    ledger = ts.load(data)

    counts = ledger.files.iloc[0]
    assert counts["rows"] == len(rows) + 1
    assert counts["rows"] == counts["good"] + counts["quarantined"] + counts["duplicates"]
    clean = pd.read_parquet(ledger.folder / "shipments" / "parcels")
    assert len(clean) == counts["good"]
    aside = pd.read_parquet(data / "quarantine" / ledger.state / "parcels.parquet")
    assert aside.loc[~aside["row_kept"], "line"].nunique() == counts["quarantined"] + counts["duplicates"]
