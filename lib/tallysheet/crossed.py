"""A KPI by two dimensions at once: what each pair of values was, and whether that is usual for it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tallysheet.comparison import Explanation
from tallysheet.judged_rows import judge_parts
from tallysheet.kpi import Kpi
from tallysheet.limits import Numbers
from tallysheet.review import Review
from tallysheet.values import Parts, pairs

MOST = 8
"""Rows and columns of a table, without its totals; more would not be read."""
_SIDES = ("x", "n", "ended")
_UNJUDGED = ("missing", "young", "gap")
"""Why no part of a week is judged."""


@dataclass(frozen=True)
class Crossed:
    """A KPI by two dimensions; the last row and the last column are everything.

    Parameters
    ----------
    by : tuple of str
        The dimensions of rows and columns.
    rows, columns : tuple of str
        Their values by volume, at most eight, without what is pooled and without the total; the last is empty
        where cases name none.
    pooled : tuple of int
        How many values the last row and column before the total pool; 0: there is none.
    now, base : array of float
        Values of the week and of its base; NaN where nothing is counted.
    n : array of float
        Volume of the week.
    variation, reason : array of str
        As of parts: see `tallysheet.comparison.Explanation`.
    """

    by: tuple[str, str]
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    pooled: tuple[int, int]
    now: Numbers
    base: Numbers
    n: Numbers
    variation: NDArray[np.str_]
    reason: NDArray[np.str_]


def crossed(review: Review, explanation: Explanation, by: Sequence[str]) -> Crossed:
    """Cross two dimensions of a KPI whose parts add up, as old as in the explanation.

    What is usual for a pair is learnt from the same weeks as for the total.
    """
    kpi, week = explanation.kpi, str(explanation.week)
    judged = explanation.usual_weeks
    base = [str(one) for one in explanation.base_weeks]
    weeks = sorted({*judged, *base})
    series = review.series(kpi.slug, review.age(kpi.slug), (), explanation.base_weeks[0])
    found = review.cube.remembered(
        "crossed",
        [kpi.slug, week, explanation.base, *by],
        lambda: pairs(series.cells(by, weeks), kpi, [*by, "week"]).reset_index(),
    )
    return cross(found, explanation, (by[0], by[1]), weeks, judged, base)


def cross(
    found: pd.DataFrame,
    explanation: Explanation,
    by: tuple[str, str],
    weeks: Sequence[str],
    judged: list[str],
    base: Sequence[str],
) -> Crossed:
    """Lay out what was added up by two dimensions and week, pool the small, and judge every pair.

    Parameters
    ----------
    found : DataFrame
        The dimensions, ``week``, and ``x``, ``n`` and ``ended`` as of `pairs`.
    explanation : Explanation
    by : tuple of str
    weeks : sequence of str
        All weeks in order; of them ``judged``, the last the week itself, and ``base``.
    """
    kpi = explanation.kpi
    volume = found[found["week"] == judged[-1]]
    named = [_shown(found[name], volume.groupby(name)["n"].sum()) for name in by]
    pooled = [found[name].nunique() - len(values) for name, values in zip(by, named, strict=True)]
    rows, columns = (len(values) + (rest > 0) + 1 for values, rest in zip(named, pooled, strict=True))
    at = [
        np.array([values.index(one) if one in values else len(values) for one in found[name]], dtype=int)
        for name, values in ((by[0], named[0]), (by[1], named[1]), ("week", list(weeks)))
    ]
    sides = {side: _grid(found[side].to_numpy(float), at, (rows, columns, len(weeks))) for side in _SIDES}
    parts = Parts([str(cell) for cell in range(rows * columns)], list(weeks), **sides)
    reason = explanation.judgement.reason
    verdicts = judge_parts(parts, judged, kpi, reason if reason in _UNJUDGED else None)
    shape = rows, columns
    return Crossed(
        by=by,
        rows=tuple(named[0]),
        columns=tuple(named[1]),
        pooled=(pooled[0], pooled[1]),
        now=_values(parts, judged[-1:], kpi).reshape(shape),
        base=_values(parts, base, kpi).reshape(shape),
        n=parts.at(judged[-1:]).n.reshape(shape),
        variation=verdicts.variation_of_parts.reshape(shape),
        reason=verdicts.reason.reshape(shape),
    )


def _grid(numbers: Numbers, at: Sequence[NDArray[np.int_]], shape: tuple[int, int, int]) -> Numbers:
    """Add up by row, column and week: each number in its cell, in both margins and in the total."""
    flat = np.bincount(np.ravel_multi_index(tuple(at), shape), numbers, math.prod(shape))
    grid = flat.astype(np.float64).reshape(shape)
    grid[:, -1] = grid.sum(axis=1)
    grid[-1] = grid.sum(axis=0)
    return grid.reshape(-1, shape[-1])


def _values(parts: Parts, weeks: Sequence[str], kpi: Kpi) -> Numbers:
    """Pool weeks: ratios as such, sums as a mean week; NaN where nothing is counted."""
    chosen = parts.at(weeks)
    x, n = chosen.x.sum(axis=1), chosen.n.sum(axis=1)
    over = n if kpi.denominator else np.where(n != 0, float(len(weeks)), 0.0)
    return np.divide(x, over, out=np.full_like(x, np.nan), where=over > 0)


def _shown(values: pd.Series, volume: pd.Series) -> list[str]:
    """List values by volume, the first seven if there are more than eight; where none is named comes last.

    What names none is not pooled with the small ones: it may have cases and nothing to divide them by.
    """
    sizes = volume.reindex(sorted(values.unique()), fill_value=0.0)
    order = [str(one) for one in sizes.sort_values(ascending=False, kind="stable").index if one]
    named = order if len(order) <= MOST else order[: MOST - 1]
    return [*named, *([""] if "" in sizes.index else [])]
