"""Weekly tables as gates look at them: parts at a level, of which some move in the judged week."""

import pandas as pd

from tallysheet.findings import Finding
from tallysheet.gates import movement
from tallysheet.weeks import IsoWeek

WEEKS = [f"2026-W{number:02}" for number in range(1, 31)]


JUDGED = 26
"""Position of the judged week; three more are known."""


def weekly(rows: list[dict]) -> pd.DataFrame:
    """Mark the weeks of a table as gates expect it."""
    table = pd.DataFrame(rows)
    return table.assign(is_usual=True, is_judged=table["week"] == WEEKS[JUDGED])


def wobble(place: int, size: float) -> float:
    """Give a small deterministic noise that averages out."""
    return size * (0, 1, -1, 2, -2, 1, 0, -1)[place % 8]


def shares(
    names: list[str], level: float, n: int, moved: dict[str, float], last: int = JUDGED, key="carrier"
):
    """Lay out parts that stand at a level, of which some move from the judged week to the last."""
    rows = []
    for order, name in enumerate(names):
        for place, week in enumerate(WEEKS):
            change = moved.get(name, 0.0) if JUDGED <= place <= last else 0.0
            x = round(n * (level + change + wobble(place + 3 * order, 0.004)))
            rows.append({key: name, "week": week, "x": float(x), "n": float(n), "ended": float(n)})
    return weekly(rows)


def ending_in(judged: str) -> dict[str, str]:
    """Give other weeks for those of a table, of which the judged one is this."""
    first = IsoWeek.parse(judged).shift(-JUDGED)
    return {week: str(first.shift(place)) for place, week in enumerate(WEEKS)}


CARRIERS = ["ALT", "BRV", "CDR", "DVP", "ESK"]


def moved(table: pd.DataFrame, by: list[str], hints=()) -> list[Finding]:
    table.attrs = {"by": by, "kind": "share", "hints": list(hints)}
    return movement.moved(table)
