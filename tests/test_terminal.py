"""The ledger in a terminal: what is refused is seen, and what is left out is told."""

import datetime as dt
import io
import re
from pathlib import Path

import pandas as pd
import pytest
from rich.console import Console

from tallysheet.ledger import FILE_COLUMNS, REASON_COLUMNS, Ledger
from tallysheet.terminal import print_ledger


def printed(counts: list[tuple[str, int, int]], all_files: bool = False) -> str:
    """Print a ledger of files of 100 rows: source, quarantined, duplicates."""
    files = [
        (source, "claims", f"{source}_{number:03}.csv", "", 0, "", 100, 100 - bad - twice, bad, twice, 0, 0)
        for number, (source, bad, twice) in enumerate(counts)
    ]
    ledger = Ledger(
        pd.DataFrame(files, columns=FILE_COLUMNS),
        pd.DataFrame([], columns=REASON_COLUMNS),
        pd.DataFrame([], columns=["source", "file", "kind", "named", "wording", "text"]),
        dt.datetime(2026, 6, 15),
        "state",
        Path("clean"),
    )
    told = io.StringIO()
    print_ledger(ledger, Console(file=told, width=200), all_files)
    return told.getvalue()


MANY = [*[("shipments", 7, 0)] * 30, *[("invoices", 0, 0)] * 40, *[("jobs", 0, 5)] * 50, ("log", 1, 0)]


def test_of_many_files_the_worst_are_listed_whichever_source_is_the_last():
    """Those with refused rows come before those that only repeat some; the others are counted."""
    told = printed(MANY)
    listed = re.findall(r"(\w+)_\d+\.csv", told)

    assert listed == ["shipments"] * 30 + ["log"] + ["jobs"] * 9
    assert "and 81 more files: tallysheet load --files" in told
    assert re.search(r"shipments\W+30 files\W+3,000\W+2,790\W+210", told)
    assert re.search(r"log\W+1 file\W", told)


@pytest.mark.parametrize(("counts", "all_files"), [(MANY, True), (MANY[:3], False)])
def test_of_few_files_and_where_all_are_wanted_none_is_left_out(counts, all_files):
    """In the order of the workbook, and nothing says that there are more."""
    told = printed(counts, all_files)

    assert re.findall(r"(\w+)_\d+\.csv", told) == [source for source, _, _ in counts]
    assert "more files" not in told
