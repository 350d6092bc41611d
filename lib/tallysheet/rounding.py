"""Rounding by which what is printed adds up: parts to their total, and a table's rows and columns both."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import pandas as pd

from tallysheet.comparison import Explanation
from tallysheet.errors import DataError
from tallysheet.language import FORMS, decimals_of, rounded

_CLOSED = 1e-9
_DIGITS = 12  # They hide the noise of binary fractions: 0.29 * 100 is 28.999999999999996.


def largest_remainder(parts: Sequence[float], decimals: int, *, total: float | None = None) -> list[float]:
    """Round parts so that, as printed, they add up to their rounded sum.

    Every part is rounded down; the units still missing go one each to the parts that lost most,
    the earlier one first where two lost the same. No part is off by a whole unit of the last place,
    unless ``total`` itself is.

    Parameters
    ----------
    parts : sequence of float
        The parts; none may be missing.
    decimals : int
        Decimals that are printed.
    total : float, optional
        What the printed parts must add up to, where that is not their own rounded sum.

    Raises
    ------
    DataError
        A part is missing.

    References
    ----------
    Hamilton's method of apportionment, with floors for negative parts too.

    Examples
    --------
    >>> largest_remainder([1.04, 1.04, 1.04], 1)
    [1.1, 1.0, 1.0]
    """
    if any(math.isnan(part) for part in parts):
        raise DataError("parts", "numbers", "a missing one", "Say not known instead of rounding.")
    if not parts:
        return []
    scale = 10**decimals
    scaled = [round(part * scale, _DIGITS) for part in parts]
    floors = [math.floor(part) for part in scaled]
    wanted = round((math.fsum(parts) if total is None else total) * scale)
    each, over = divmod(wanted - sum(floors), len(parts))
    lost_most = sorted(range(len(parts)), key=lambda place: floors[place] - scaled[place])[:over]
    return [(floor + each + (place in lost_most)) / scale for place, floor in enumerate(floors)]


def summands(
    first: Sequence[float], second: Sequence[float], sums: Sequence[float], decimals: int
) -> tuple[list[float], list[float]]:
    """Round two columns so that, as printed, each row adds up to its rounded sum.

    Where a row's sum lets either of the two be rounded up, so many firsts are as their column asks for.

    Parameters
    ----------
    first, second : sequence of float
    sums : sequence of float
        As they are printed: of each row one of the two whole units beside first + second.
    decimals : int

    Returns
    -------
    first, second : list of float
        None is off by a whole unit of the last place, unless its sum is.

    References
    ----------
    Cox 1987, A constructive procedure for unbiased controlled rounding, JASA 82 (398): what is rounded
    must be the whole number below or above it, and rows keep their sums.

    Examples
    --------
    >>> summands([0.04, 0.04], [0.11, 0.03], [0.2, 0.0], 1)
    ([0.1, 0.0], [0.1, 0.0])
    """
    scale = 10**decimals
    ones, others = ([round(part * scale, _DIGITS) for part in side] for side in (first, second))
    wholes = [round(one * scale) for one in sums]
    lows, gains = [], {}
    for place, (one, other, whole) in enumerate(zip(ones, others, wholes, strict=True)):
        low = max(math.floor(one), whole - math.ceil(other))
        if low < min(math.ceil(one), whole - math.floor(other)):
            gains[place] = (one - low) - (other - (whole - low - 1))
        lows.append(low)
    ups = min(max(round(math.fsum(ones)) - sum(lows), 0), len(gains))
    raised = sorted(gains, key=lambda place: -gains[place])[:ups]
    found = [low + (place in raised) for place, low in enumerate(lows)]
    return [one / scale for one in found], [(a - b) / scale for a, b in zip(wholes, found, strict=True)]


def left_over(explanation: Explanation, dimension: str) -> float:
    """Give what the parts of a dimension leave over of the change; 0 where they make all of it."""
    left = explanation.change - explanation.parts[dimension]["total"].sum()
    return float(left) if abs(left) > _CLOSED else 0.0


def printed_parts(explanation: Explanation, dimension: str) -> pd.DataFrame:
    """Give what parts contribute as their table prints it: mix and rate make the total, totals the change.

    Returns
    -------
    DataFrame
        mix, rate, total (in the KPI's unit, rounded; NaN of a change that is not known); one row a part,
        in their order.
    """
    unit, frame = explanation.kpi.unit, explanation.parts[dimension]
    if math.isnan(explanation.change):
        return frame[["mix", "rate", "total"]] * math.nan
    decimals, scale = printed_decimals(explanation), FORMS[unit].scale
    closes = not left_over(explanation, dimension)
    whole = rounded(explanation.change * scale, decimals) if closes else None
    mix, rate, total = (list(frame[name] * scale) for name in ("mix", "rate", "total"))
    totals = largest_remainder(total, decimals, total=whole)
    own = summands(mix, rate, totals, decimals)
    columns = dict(zip(("mix", "rate", "total"), (*own, totals), strict=True))
    return pd.DataFrame(columns, index=frame.index) / scale


def printed_total(explanation: Explanation, where: Mapping[str, str], contribution: float) -> float:
    """Give a contribution as the table of parts prints it; as it is where none does, or texts are finer."""
    (dimension, segment), *further = where.items()
    frame = explanation.parts.get(dimension, pd.DataFrame({"segment": [], "total": []}))
    rows = (frame["segment"] == segment) & ((frame["total"] - contribution).abs() <= _CLOSED)
    is_finer = decimals_of(contribution, explanation.kpi.unit) != printed_decimals(explanation)
    if further or is_finer or not rows.any():
        return contribution
    return float(printed_parts(explanation, dimension).loc[rows, "total"].iloc[0])


def printed_decimals(explanation: Explanation) -> int:
    """Give the decimals of a table of parts: those of the KPI's levels."""
    level = max(abs(explanation.value_now), abs(explanation.value_base))
    return decimals_of(level, explanation.kpi.unit)
