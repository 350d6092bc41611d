"""Files of one's own in a workbook of the folder one is in: a source is suggested, listed and loaded."""

from pathlib import Path

import pandas as pd

import tallysheet as ts
from tallysheet.ledger import Ledger
from tallysheet.settings import read_settings
from tallysheet.suggest import Suggestion, write_source

WORKBOOK = """
sources = []
notebooks = ["{notebook}"]
countries = ["FR"]
headline = "otd"
"""


def begin_workbook(folder: Path, notebook: str = "10_weekly_review") -> Path:
    """Begin a workbook without a source."""
    (folder / "data").mkdir()
    (folder / "data" / "workbook.toml").write_text(WORKBOOK.format(notebook=notebook), encoding="utf-8")
    return folder


def list_source(found: Suggestion, file: Path) -> Path:
    """Write a suggested source, name it in workbook.toml, and give its folder."""
    folder = write_source(read_settings("data"), found, file)
    settings = Path("data") / "workbook.toml"
    settings.write_text(settings.read_text().replace("[]", f'["{found.name}"]', 1), encoding="utf-8")
    return folder


def load_source(found: Suggestion, file: Path) -> tuple[Ledger, pd.DataFrame]:
    """Load a suggested source; give the ledger, and the rows that are kept."""
    list_source(found, file)
    ledger = ts.load("data")
    return ledger, pd.read_parquet(next((ledger.folder / found.table).rglob("*.parquet")))
