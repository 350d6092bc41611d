"""Load hand-made files as a team would, and count every row of them through."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd

import tallysheet as ts
from tallysheet.ledger import Ledger

_WORKBOOK = 'sources = {}\nnotebooks = []\ncountries = []\nheadline = "otd"\n'


@dataclass(frozen=True)
class Loaded:
    """What a load kept, refused and told."""

    data: Path
    ledger: Ledger

    @property
    def counts(self) -> dict[str, tuple[int, ...]]:
        """Give for each file its rows, and of these the good, the quarantined and the duplicates."""
        counted = self.ledger.files[["rows", "good", "quarantined", "duplicates"]].to_numpy().tolist()
        return dict(zip(self.ledger.files["file"], map(tuple, counted), strict=True))

    @property
    def corrections(self) -> dict[str, int]:
        """Give for each file the rows that change what an earlier one said."""
        return dict(zip(self.ledger.files["file"], self.ledger.files["corrections"].tolist(), strict=True))

    @property
    def refused(self) -> list[tuple[str, int, str, str | None, str, bool]]:
        """List what is in quarantine: file, line, column, value, reason, and whether the row is kept."""
        shown = ["file", "line", "column", "value", "reason", "row_kept"]
        return [
            tuple(row)
            for source in dict.fromkeys(self.ledger.files["source"])
            for row in self.quarantine(source)[shown].to_numpy().tolist()
        ]

    @property
    def notes(self) -> list[tuple[str, str, str]]:
        """List what was told of the files: file, kind, text."""
        return [tuple(row) for row in self.ledger.notes[["file", "kind", "text"]].to_numpy().tolist()]

    def quarantine(self, source: str) -> pd.DataFrame:
        """Read the quarantine of a source."""
        found = pd.read_parquet(self.data / "quarantine" / self.ledger.state / f"{source}.parquet")
        return found.astype(object).where(found.notna(), None)

    def select(self, sql: str, known: str = "") -> list[tuple[object, ...]]:
        """Ask the clean tables, sorted; ``known``: as they were known at that moment."""
        seen = f"WHERE known_at <= '{known}' AND (replaced_at IS NULL OR replaced_at > '{known}')"
        with duckdb.connect() as connection:
            for table in dict.fromkeys(self.ledger.files["table"]):
                files = (
                    f"read_parquet('{self.ledger.folder / table}/**/*.parquet', hive_partitioning = false)"
                )
                connection.execute(f"CREATE VIEW {table} AS SELECT * FROM {files} {seen if known else ''}")
            rows = connection.execute(f"SELECT * FROM ({sql}) ORDER BY ALL").fetchall()
        return [tuple(str(cell) if isinstance(cell, dt.date) else cell for cell in row) for row in rows]


def load(root: Path, files: Mapping[str, str | bytes], shared: str = "", **sources: str) -> Loaded:
    """Load a workbook made of raw files and of one source.toml a source; check that no row is lost."""
    data = root / "data"
    (data / "raw").mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        written = content.encode() if isinstance(content, str) else content
        (data / "raw" / name).write_bytes(written)
    for name, toml in sources.items():
        (data / "sources" / name).mkdir(parents=True, exist_ok=True)
        (data / "sources" / name / "source.toml").write_text(toml, encoding="utf-8")
    if shared:
        (data / "sources" / "values.toml").write_text(shared, encoding="utf-8")
    (data / "workbook.toml").write_text(_WORKBOOK.format(list(sources)), encoding="utf-8")
    loaded = Loaded(data, ts.load(data))
    for source in sources:
        _assert_each_row_is_found(loaded, source)
    return loaded


def _assert_each_row_is_found(loaded: Loaded, source: str) -> None:
    """Rows in = good + quarantined + duplicates; good rows are in the table, the others in quarantine."""
    files = loaded.ledger.files[loaded.ledger.files["source"] == source]
    assert (files["rows"] == files["good"] + files["quarantined"] + files["duplicates"]).all()
    kept = (loaded.ledger.folder / files["table"].iloc[0] / source).rglob("*.parquet")
    assert sum(len(pd.read_parquet(path)) for path in kept) == files["good"].sum()
    refused = loaded.quarantine(source)
    assert refused[["file", "line", "column", "reason", "message", "row_kept"]].notna().all(axis=None)
    assert refused.loc[refused["reason"] != "missing", "value"].notna().all()
    is_kept = refused["row_kept"].astype(bool)
    is_repeat = refused["reason"].isin(["duplicate", "replaced"])
    for file in files.itertuples():
        is_here = refused["file"] == file.file
        repeats = {*refused.loc[is_here & is_repeat, "line"]}
        assert len(repeats) == file.duplicates
        # A repeat may have refused cells of its own.
        assert len({*refused.loc[is_here & ~is_kept, "line"]} - repeats) == file.quarantined
        assert (is_here & is_kept).sum() == file.cells
