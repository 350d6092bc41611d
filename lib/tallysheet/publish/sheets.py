"""Tables of plain values: what a spreadsheet holds."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Figure:
    """A number with its unit, as a value or as a signed change.

    Parameters
    ----------
    number : float
        As computed: a share is 0 to 1.
    unit : str
        One of `tallysheet.language.FORMS`.
    signed : bool
        Whether it is a change; one of a share is in percentage points.
    printed : float, optional
        What pages print where that is rounded otherwise, so that parts add up.
    """

    number: float
    unit: str
    signed: bool = False
    printed: float | None = field(default=None, repr=False)


Cell = str | Figure | dt.date | None
"""Text, a number, a day, or nothing where it is not known."""


@dataclass(frozen=True)
class Table:
    """A table for a spreadsheet: what it is called, its headers, its rows."""

    name: str
    headers: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


def figure(
    number: float | None, unit: str, *, signed: bool = False, printed: float | None = None
) -> Figure | None:
    """Give a number as a cell; an empty cell where it is missing or without bounds.

    Examples
    --------
    >>> figure(0.5, "share"), figure(float("nan"), "share")
    (Figure(number=0.5, unit='share', signed=False), None)
    """
    if number is None or not math.isfinite(number):
        return None
    return Figure(float(number), unit, signed, printed)
