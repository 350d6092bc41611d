"""The engine: what does not fit into memory leaves nothing behind, and nothing where a person works."""

import tempfile

import pytest

from tallysheet.engine import connect

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
