"""A workbook small enough to count by hand, for tests: 20 weeks of parcels of two carriers."""

import csv
import datetime as dt
from pathlib import Path

import nbformat

FIRST_MONDAY = dt.date(2026, 1, 5)  # 2026-W02
WEEKS = 20
HEADER = ["parcel", "carrier", "from", "promised", "delivered"]

SOURCE = """
table = "shipments"
as_of = 2026-06-15T07:00:00
known_at = "coalesce(delivered_at, promised_at)"
select = "parcels.sql"

[[file]]
name = "parcels"
path = "raw/parcels.csv"
missing = ["-"]
"""

SELECT = """
SELECT
    line,
    parcel AS shipment_id,
    'outbound' AS flow,
    carrier,
    "from" AS origin,
    CAST(promised AS VARCHAR) AS promised_date,
    promised || ' 20:00:00' AS promised_at,
    delivered AS delivered_at,
    CASE WHEN delivered IS NULL THEN 'lost' ELSE 'delivered' END AS status
FROM parcels
"""

WORKBOOK = """
sources = ["parcels"]
notebooks = ["10_weekly_review"]
countries = ["FR", "DE"]
headline = "otd"
"""


def rows(weeks: int = WEEKS) -> list[list[str]]:
    """Ten parcels a day and carrier; one a day late, and in the last week half of BRV's."""
    made = []
    for day in (FIRST_MONDAY + dt.timedelta(days=step) for step in range(7 * weeks)):
        last_week = (day - FIRST_MONDAY).days // 7 == weeks - 1
        for carrier in ("BRV", "DVP"):
            late = (day.toordinal() % 3) + (4 if last_week and carrier == "BRV" else 0)
            for number in range(10):
                delivered = f"{day + dt.timedelta(days=number < late)} 12:00:00"
                made.append(
                    [
                        f"{day}-{carrier}-{number}",
                        carrier,
                        "PAR" if number % 2 else "LYS",
                        str(day),
                        delivered,
                    ]
                )
    return made


def write_csv(path: Path, lines: list[list[str]], header: list[str] = HEADER) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *lines])


def make_workbook(root: Path, lines: list[list[str]] | None = None) -> Path:
    """Write a workbook into an empty folder; give its data folder."""
    source = root / "data" / "sources" / "parcels"
    source.mkdir(parents=True)
    (root / "data" / "workbook.toml").write_text(WORKBOOK, encoding="utf-8")
    (source / "source.toml").write_text(SOURCE, encoding="utf-8")
    (source / "parcels.sql").write_text(SELECT, encoding="utf-8")
    write_csv(root / "data" / "raw" / "parcels.csv", rows() if lines is None else lines)
    return root / "data"


def small_notebook(title: str, *code: str) -> nbformat.NotebookNode:
    """Give a notebook of a few lines with the parameters of the real ones, and these cells at its end."""
    real = nbformat.read(Path(__file__).parents[1] / "notebooks" / "10_weekly_review.ipynb", as_version=4)
    cells = [nbformat.v4.new_markdown_cell(f"## {title}\n\nFor a test.", id="question"), *real.cells[1:4]]
    cells += [nbformat.v4.new_code_cell(text, id=f"more-{n}") for n, text in enumerate(code)]
    return nbformat.v4.new_notebook(cells=cells, metadata=real.metadata)


def put_notebooks(root: Path, title: str, *code: str) -> None:
    """Write two small notebooks into a workbook, of which the second has these cells; name them in it."""
    settings = root / "data" / "workbook.toml"
    listed = settings.read_text(encoding="utf-8")
    if "20_other" not in listed:
        both = listed.replace('"10_weekly_review"', '"10_weekly_review", "20_other"')
        settings.write_text(both, encoding="utf-8")
    (root / "notebooks").mkdir(exist_ok=True)
    nbformat.write(small_notebook(f"{title} review?"), root / "notebooks" / "10_weekly_review.ipynb")
    nbformat.write(small_notebook(f"{title} other?", *code), root / "notebooks" / "20_other.ipynb")
