"""A figure of a bench: told beside its limit, and kept for RESULTS.md where `everything.py` asks for it."""

import json
import os
import statistics
from collections.abc import Sequence
from pathlib import Path

KEPT = "TALLYSHEET_FIGURES"
"""Names the file that figures are added to, one JSON object a line."""


def tell(
    what: str,
    values: Sequence[float],
    *,
    peer: str = "",
    most: float | None = None,
    least: float | None = None,
    unit: str = "times",
) -> bool:
    """Print minimum, median and maximum beside the limit; say whether the median keeps to it.

    Parameters
    ----------
    what : str
    values : sequence of float
        One of each run: of ``times`` ours divided by the peer's in the same run.
    peer : str
        What it is put beside.
    most, least : float, optional
        The limit.
    unit : str
    """
    low, middle, high = (float(pick(values)) for pick in (min, statistics.median, max))
    bounds = (("at least", least), ("at most", most))
    limit = [f"{word} {bound:,g}" for word, bound in bounds if bound is not None]
    holds = (most is None or middle <= most) and (least is None or middle >= least)
    beside = f" against {peer}" if peer else ""
    shown = " / ".join(number(value) for value in (low, middle, high))
    end = f" ({', '.join(limit)}{'' if holds else ': FALLS SHORT'})" if limit else ""
    print(f"{what}{beside}: {shown} {unit}{end}", flush=True)
    if path := os.environ.get(KEPT):
        told = {"what": what, "peer": peer, "unit": unit, "limit": ", ".join(limit), "holds": holds}
        figure = {**told, "values": [low, middle, high], "runs": len(values)}
        with Path(path).open("a", encoding="utf-8") as kept:
            kept.write(json.dumps(figure) + "\n")
    return holds


def number(value: float) -> str:
    """Write a figure with three digits, or as a whole number."""
    return f"{value:,.3g}" if abs(value) < 1000 else f"{value:,.0f}"
