"""The few segments behind a change."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd

from tallysheet.contrasts import Contrast, Mask
from tallysheet.decomposition import check_columns, check_denominators, split
from tallysheet.errors import UsageError, check_type
from tallysheet.intervals import NORMAL_95
from tallysheet.lattice import Lattice
from tallysheet.leaves import leaves_of
from tallysheet.limits import Numbers
from tallysheet.segment_passes import Found, Passes
from tallysheet.usual_scatter import usual_scatter

_SHRUNK = 0.95  # of the scatter seen beyond chance
_FEW_DIMENSIONS = 5
_MOST_CONDITIONS = 4


@dataclass(frozen=True)
class Segment:
    """A part whose own value moved.

    Parameters
    ----------
    where : dict of str to str
        Dimension to value.
    effect : float
        Change of its own value beyond the change of the rest, in the KPI's unit; against a target, its
        own distance from it.
    low, high : float
        95 % interval of the effect.
    contribution : float
        Its part of the total's change.
    n_now, n_base : float
        Denominators (values, for a sum).
    p : float
        Chance of an effect of that size or more, there or in any other candidate, if nothing had changed.
    """

    where: dict[str, str]
    effect: float
    low: float
    high: float
    contribution: float
    n_now: float
    n_base: float
    p: float


def find_segments(
    frame: pd.DataFrame,
    *,
    by: str | Sequence[str],
    now: str,
    base: str,
    now_n: str | None = None,
    base_n: str | None = None,
    is_count: bool | None = None,
    history: Sequence[pd.DataFrame] = (),
    dispersion: float = 1.0,
    minimum_effect: float = 0.0,
    minimum_size: float = 0.0,
    most_conditions: int | None = None,
) -> list[Segment]:
    """Name the few segments that moved, or none.

    Parameters
    ----------
    frame : DataFrame
        One row a combination of the values of ``by``; finer rows are added up.
    by : str or list of str
        Dimensions.
    now, base : str
        Columns of numerators (of a sum: its values) now and before.
    now_n, base_n : str, optional
        Columns of denominators, both or neither. Without them the KPI is a sum.
    is_count : bool, optional
        Whether a ratio counts units out of units, such as late parcels of parcels; cents of cents do
        not. By default it does where all numbers are whole, no numerator exceeds its denominator, and cells
        do not scatter hundreds of times more than counts do.
    history : sequence of DataFrame
        Earlier comparisons in the form of ``frame``, such as each of the last weeks against its own
        base: how much a cell differed from the rest in those is what it usually does.
    dispersion : float
        How many times the variance by chance weeks are known to have (Laney's sigma z squared), where
        there is no history; what cells are seen to scatter beyond that comes on top.
    minimum_effect : float
        Smallest effect that is named, in the KPI's unit. The default names all that chance does not explain.
    minimum_size : float
        Smallest denominator (value, of a sum), now or before, of a segment that is looked at.
    most_conditions : int, optional
        How many conditions a segment has at most. By default all dimensions up to five, else four.

    Returns
    -------
    list of Segment
        The largest contribution first; empty where nothing moved.

    Raises
    ------
    UsageError
        A column is missing, only one denominator is named, a cell is empty or no finite number, a
        denominator is negative or adds up to 0, a value of a sum is negative, the dimensions are none
        or have too many values, or an option has no meaning.

    Notes
    -----
    1. Each row gives a score with a known mean and variance (`tallysheet.contrasts`): of a ratio the
       change of its numerator net of volume and mix (of the rarer outcome, so that late parcels tell
       what those on time do), of a sum its relative deviation. Scores add up.
    2. They are added up for every conjunction of values (`tallysheet.lattice`). A cell's evidence is
       z = (sum of scores - what the common shift adds) / standard error; the common shift is what most
       cells share, so a total that moves evenly names nobody.
    3. The cell whose z squared exceeds what is required most is taken. If a few of its parts explain it
       better than the whole of it, the search goes down to the strongest. Its rows then leave and the
       rest is judged anew, so that no cell takes another's blame; both directions compete. Inside a
       segment the search goes on, against the segment's own movement.
    4. Required is a chance of 5 % that anything is named where nothing changed: divided evenly over
       depths, then over the cells of a depth that have enough information to tell anything (Bonferroni).
    5. Cells scatter from week to week by more than counting does. How much is estimated robustly, since
       most cells did not change, from the finest combinations to the coarsest (`tallysheet.scatter`),
       and from history for each cell (`tallysheet.usual_scatter`); what has lost its proof by then is
       dropped. Fewer than a hundred cells tell it roughly: where a dozen wobble by far more than chance,
       one table in three may still name something. Give ``history`` then.
    6. Where much of the volume was named, the opposite telling is tried (what moved is the normal), and
       the shorter one counts.

    An effect is measured on the segment's rows that no other one holds, net of mix, less the change of
    the rows that none holds: (r1 - r0) - (m1 - m0) - the same of the rest, r its rate and m the rate
    that the values of its dimensions lead one to expect of its volumes. Of a sum: the value now less
    the value before times the growth of the rest. Its interval has the variance of the counts times
    the cell's scatter; the excess of that is shrunk by a twentieth, as some of it is chance. What has 0
    in its interval is not named.

    It cannot see what no conjunction describes (two values of a dimension are two segments), what fewer
    than a handful of events show, or a wobble shared by a whole value of a dimension: if all rows of a
    carrier rise and fall together from week to week, one week cannot tell that from a cause. Give
    ``history`` then. Which of two values stands out against the other one alone is
    decided by the smaller common shift.

    References
    ----------
    Kalander 2022, arXiv 2205.10004 (RiskLoc, its cases and measure); Cochran 1954, Biometrics 10 (4);
    Laney 2002, Quality Engineering 14 (4) (overdispersion).

    Examples
    --------
    >>> countries, carriers = ["DE", "ES", "FR", "IT"], ["BRV", "CDR", "DVP"]
    >>> frame = pd.DataFrame([{"country": a, "carrier": b} for a in countries for b in carriers])
    >>> frame = frame.assign(late=40, due=500, late_before=40, due_before=500)
    >>> frame.loc[(frame["country"] == "FR") & (frame["carrier"] == "CDR"), "late"] = 120
    >>> found = find_segments(frame, by=["country", "carrier"], now="late", base="late_before",
    ...                       now_n="due", base_n="due_before")
    >>> [(one.where, round(one.effect, 3), round(one.contribution, 4)) for one in found]
    [({'carrier': 'CDR', 'country': 'FR'}, 0.16, 0.0133)]
    """
    check_type("find_segments by", by, (str, Iterable), "names of columns")
    check_type("find_segments history", history, Sequence, "a list of DataFrames")
    keys = sorted([by] if isinstance(by, str) else list(dict.fromkeys(by)))
    _check_numbers(keys, dispersion, most_conditions)
    for name, least in (("minimum_effect", minimum_effect), ("minimum_size", minimum_size)):
        check_type(f"find_segments {name}", least, (int, float), "a number")
    measures = _checked("find_segments", frame, keys, [now, base], [now_n, base_n])
    for one in history:
        _checked("find_segments history", one, keys, [now, base], [now_n, base_n])
    (now_leaves, *earlier), values = leaves_of([frame, *history], keys, measures)
    if not now_leaves.weights.size:
        return []
    contrast, codes = now_leaves.contrast(is_count), now_leaves.codes
    numerators, denominators = now_leaves.numerators, now_leaves.denominators
    default = len(keys) if len(keys) <= _FEW_DIMENSIONS else _MOST_CONDITIONS
    lattice = Lattice(codes, [len(one) for one in values], most_conditions or default)
    seen = [(one.contrast(is_count), one.codes, one.weights) for one in earlier if one.weights.size]
    found = Passes(
        contrast,
        lattice,
        now_leaves.weights,
        minimum_size=minimum_size,
        dispersion=dispersion,
        usual=usual_scatter(lattice, seen) if seen else None,
    ).run()
    held = [np.logical_and.reduce([codes[d] == v for d, v in one.place.items()]) for one in found]
    if held:
        contrast.learn(~np.logical_or.reduce(held))
    segments = [
        Segment(
            where={keys[d]: _named(values[d][v]) for d, v in sorted(one.place.items())},
            contribution=_contribution(held[number], numerators, denominators),
            **_measured(one, held, number, contrast, dispersion),
        )
        for number, one in enumerate(found)
    ]
    named = [one for one in segments if abs(one.effect) >= minimum_effect and one.low * one.high > 0]
    return sorted(named, key=lambda one: -abs(one.contribution))


def _check_numbers(keys: list[str], dispersion: float, most_conditions: int | None) -> None:
    if not keys:
        raise UsageError("find_segments by", "a dimension or more", "none", "Name the columns to search.")
    check_type("find_segments most_conditions", most_conditions, (int, type(None)), "a number, or None")
    check_type("find_segments dispersion", dispersion, (int, float), "a number")
    if most_conditions is not None and most_conditions < 1:
        raise UsageError("find_segments", "most_conditions of 1 or more", str(most_conditions), "Allow more.")
    if not dispersion > 0:
        raise UsageError("find_segments", "a dispersion above 0", str(dispersion), "Chance alone has 1.")


def _checked(
    where: str, frame: pd.DataFrame, keys: list[str], pair: list[str], pair_n: list[str | None]
) -> list[str]:
    given = [one for one in pair_n if one is not None]
    if len(given) == 1:
        raise UsageError(where, "now_n and base_n together, or neither", "one of them", "Name both.")
    check_columns(where, frame, keys, [*pair, *given])
    if given and not frame.empty:
        check_denominators(where, {one: frame[one].to_numpy(float) for one in given})
    for one in pair if not given else []:
        if (frame[one] < 0).any():
            raise UsageError(
                f"{where} {one}",
                "values of 0 or more",
                "negative ones",
                "Search for what was added and what was taken off apart.",
            )
    return [*pair, *given]


def _named(value: Any) -> str:
    return "" if pd.isna(value) else str(value)  # as a part without a value is named everywhere


def _measured(
    one: Found, held: list[Mask], number: int, contrast: Contrast, dispersion: float
) -> dict[str, float]:
    """Measure the effect on rows that no other segment holds, and its interval."""
    mine = held[number]
    within = [other for other in held if other is not mine and not (mine & ~other).any()]
    others = [other for other in held if not any(other is one for one in [mine, *within])]
    own = np.logical_and.reduce([mine, *(~other for other in others)])
    rest = ~np.logical_or.reduce(held)
    effect = contrast.effect(own if own.any() else mine, rest if rest.any() else ~mine)
    scatter = dispersion * (1 + _SHRUNK * (one.scatter * contrast.wobble(mine) - 1))
    spread = NORMAL_95 * math.sqrt(effect.variance * scatter)
    n_now, n_base = contrast.sizes(mine)
    return {
        "effect": effect.value,
        "low": effect.value - spread,
        "high": effect.value + spread,
        "n_now": n_now,
        "n_base": n_base,
        "p": min(1.0, 2 * NormalDist().cdf(-abs(one.z)) * one.candidates),
    }


def _contribution(
    mine: Mask, numerators: tuple[Numbers, Numbers], denominators: tuple[Numbers, Numbers] | None
) -> float:
    """Give the part of the total's change that lies in these rows, split as `decompose` does."""

    def in_and_out(values: tuple[Numbers, Numbers]) -> tuple[Numbers, Numbers]:
        now, base = (np.array([one[mine].sum(), one[~mine].sum()]) for one in values)
        return now, base

    _, _, total = split(in_and_out(numerators), in_and_out(denominators) if denominators else None)
    return float(total[0])
