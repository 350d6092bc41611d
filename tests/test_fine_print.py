"""What a page tells of a load: every file or source counted, what was refused, and what no row shows."""

import re

import pandas as pd
import pytest
from dirt import load

from tallysheet.fine_print import (
    kpi_definitions,
    ledger_table,
    notes_table,
    reasons_table,
    restatement_table,
    rules,
)
from tallysheet.kpis import kpi
from tallysheet.language import read_language
from tallysheet.ledger import Ledger
from tallysheet.settings import Rules

ENGLISH = read_language("en")
HEAD = "seller,valid_from,valid_to,backship_status\n"
SELLERS = """
table = "sellers"
[[file]]
name = "sellers"
path = "raw/sellers_%Y-%m-%d.csv"
"""


def rows(html: str) -> list[list[str]]:
    """Texts of the rows of a table's body and foot, cell by cell."""
    found = re.findall(r"<tr[^>]*>(.*?)</tr>", html.split("</thead>")[1], re.S)
    cells = [re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.S) for row in found]
    return [[" ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in row] for row in cells]


def sellers(tmp_path, days: int) -> Ledger:
    """Load as many daily extracts: the first with a bad row and a bad cell, each later one repeats a row."""
    first = HEAD + "S1,2025-01-01,2025-06-30,eligible\nS1,2025-08-01,,never\n,2025-01-01,,eligible\n"
    again = HEAD + "S1,2025-01-01,2025-06-30,eligible\n"
    files = {f"sellers_2026-01-{day:02}.csv": again for day in range(2, days + 1)}
    return load(tmp_path, {"sellers_2026-01-01.csv": first, **files}, sellers=SELLERS).ledger


def test_each_file_is_counted_with_its_total(tmp_path):
    """Two files, two lines and their sum."""
    assert rows(ledger_table(sellers(tmp_path, 2), ENGLISH).html) == [
        ["sellers_2026-01-01.csv sellers", "3", "2", "1", "0", "0"],
        ["sellers_2026-01-02.csv sellers", "1", "0", "0", "1", "0"],
        ["Total", "4", "2", "1", "1", "0"],
    ]


def test_many_files_are_counted_by_source(tmp_path):
    """A thousand daily files would hide the total."""
    assert rows(ledger_table(sellers(tmp_path, 21), ENGLISH).html) == [
        ["21 files sellers", "23", "2", "1", "20", "0"],
        ["Total", "23", "2", "1", "20", "0"],
    ]


def test_reasons_say_whether_the_row_is_kept(tmp_path):
    """A refused cell costs its row only where it is needed."""
    found = rows(reasons_table(sellers(tmp_path, 1), ENGLISH).html)
    assert found == [
        ["backship_status sellers", "not one of the values allowed", "kept", "1"],
        ["seller sellers", "empty, where a value is needed", "set aside", "1"],
    ]


def test_notes_are_named_with_their_file_or_source(tmp_path):
    """July 2025 has no row of S1; without notes a sentence says so."""
    ledger = sellers(tmp_path, 1)
    (note,) = rows(notes_table(ledger, ENGLISH).html)
    assert note[0] == "A gap between rows sellers"
    assert note[1].startswith("After line 2 of sellers_2026-01-01.csv the next valid_from, 2025-08-01,")
    (told,) = rows(notes_table(ledger, read_language("fr")).html)
    assert told[0] == "Un trou entre des lignes sellers"
    assert told[1].startswith("Après la ligne 2 de sellers_2026-01-01.csv, la valeur suivante de valid_from,")
    none = Ledger(**{**vars(ledger), "notes": ledger.notes.head(0)})
    assert "Nothing." in notes_table(none, ENGLISH).html


def test_a_kpi_that_is_final_a_day_after_its_week_says_so_in_the_singular():
    """One day, two days."""
    html = kpi_definitions([kpi("dispatch_on_time"), kpi("shipments")], ENGLISH).html

    assert "Final 1 day after the week." in html
    assert "Final 2 days after the week." in html


def test_what_a_contact_costs_is_said_in_euros():
    """Cents are how it is reckoned, not how it is read."""
    told = [rules(Rules(), read_language(code)).html for code in ("en", "fr")]

    assert "A contact costs €4.00." in told[0]
    assert "Un contact coûte 4,00\u00a0€." in told[1]


@pytest.mark.parametrize(
    ("then", "now", "told"),
    [("signal", "routine", "unusual then, usual now"), ("routine", "signal", "usual then, unusual now")],
)
def test_a_verdict_that_would_differ_says_from_what_to_what(then, now, told):
    """Whoever acted on last week's headline must see that it fell."""
    row = {"kpi": "otd", "week": "2026-W10", "unit": "share", "direction": "up", "source": "published"}
    row |= {"first": 0.9, "now": 0.95, "change": 0.05, "because": "late_ends", "held": "other"}
    rows = pd.DataFrame([row | {"first_variation": then, "variation": now}])

    assert told in restatement_table(rows, ENGLISH).html


def test_changes_that_rounded_values_do_not_give_are_explained():
    """0.8 h, then 0.9 h, and a change of 0.0 h."""
    row = {"kpi": "first_reply_hours", "week": "2026-W10", "unit": "hours", "source": "published"}
    row |= {"first": 0.849, "now": 0.851, "change": 0.002, "because": "late_ends", "held": "same"}
    table = restatement_table(
        pd.DataFrame([row | {"first_variation": "routine", "variation": "routine"}]), ENGLISH
    )

    assert rows(table.html)[0][1:4] == ["0.8 h", "0.9 h", "0.0 h"]
    assert "Changes are worked out before rounding." in table.html
