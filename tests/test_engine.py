"""The engine: what does not fit into memory leaves nothing behind, and what our SELECTs read."""

import tempfile
from importlib import resources

import duckdb
import pytest

from tallysheet.engine import connect, tables_in

ROWS = "CREATE TABLE large AS SELECT range AS n, md5(CAST(range AS VARCHAR)) AS text FROM range(2000000)"


@pytest.mark.parametrize("has_scratch", [False, True], ids=["the system's folder", "a scratch folder"])
def test_what_does_not_fit_into_memory_goes_elsewhere_and_is_removed(tmp_path, monkeypatch, has_scratch):
    """Two million rows with room for a few: the working folder stays as it was, the other is empty again."""
    here, spill = tmp_path / "here", tmp_path / "spill"
    here.mkdir()
    spill.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setattr(tempfile, "tempdir", str(spill))
    with connect(spill if has_scratch else None) as connection:
        connection.execute("SET memory_limit = '40MB'")
        connection.execute(ROWS)
        assert list(spill.rglob("duckdb_temp*"))
        assert connection.execute("SELECT count(*), sum(n) FROM large").fetchone() == (
            2_000_000,
            2_000_000 * 1_999_999 // 2,
        )

    assert list(here.iterdir()) == []
    assert list(spill.rglob("*")) == []


@pytest.mark.parametrize("kind", ["facts", "lists"])
def test_tables_that_a_select_reads_are_those_that_duckdb_finds(kind):
    """Of each of our SELECTs, though it is looked through and not parsed."""
    paths = sorted((resources.files("tallysheet") / "sql" / kind).iterdir(), key=str)
    selects = {path.name: path.read_text(encoding="utf-8") for path in paths if path.name.endswith(".sql")}

    assert {name: tables_in(text) for name, text in selects.items()} == {
        name: duckdb.get_table_names(text) for name, text in selects.items()
    }
