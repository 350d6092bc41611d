"""A workbook whose carriers and origins are named to break a page."""

from pathlib import Path

from small_workbook import HEADER, make_workbook, rows, write_csv

SCRIPT = "<script>alert(1)</script>"
LONG = SCRIPT + "W" * (200 - len(SCRIPT))
BACKWARDS = "\u202eשליח מהיר"  # an override that nothing ends, and letters that run from right to left
TEMPLATE = """O'Brien "Fast" {{ 7 * 7 }} {% raise %} ${x}"""
IMAGE = '"><img src=x onerror=alert(2)>'
LINK = "javascript:alert(3)"
COLUMN = "<svg onload=alert(4)>"

# The week's causes, which are named in the headline, sentences, headings and labels, are BRV and LYS.
CARRIERS = {"BRV": [LONG], "DVP": [SCRIPT, TEMPLATE, IMAGE]}
ORIGINS = {"LYS": BACKWARDS, "PAR": LINK}
NAMES = [SCRIPT, LONG, BACKWARDS, TEMPLATE, IMAGE, LINK]


def lines() -> list[list[str]]:
    """Give the parcels of the small workbook with other names, and a row that has to be set aside."""
    renamed = []
    for position, (parcel, carrier, origin, *times) in enumerate(rows()):
        carriers = CARRIERS[carrier]
        names = [carriers[position % len(carriers)], ORIGINS[origin]]
        renamed.append([parcel, *names, *times, SCRIPT])
    return [*renamed, [IMAGE, LONG, BACKWARDS, SCRIPT, LINK, TEMPLATE]]


def make(root: Path) -> None:
    """Write the workbook, with both notebooks, into an empty folder."""
    data = make_workbook(root)
    write_csv(data / "raw" / "parcels.csv", lines(), [*HEADER, COLUMN])
    workbook = data / "workbook.toml"
    both = '["10_weekly_review", "00_data_health"]'
    workbook.write_text(workbook.read_text().replace('["10_weekly_review"]', both), encoding="utf-8")
