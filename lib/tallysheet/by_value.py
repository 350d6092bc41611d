"""A KPI value by value of a dimension: week by week in its usual range, and over a quarter against all.

References
----------
Spiegelhalter 2005, Statistics in Medicine 24 (8): funnel plots, with a multiplicative factor of
overdispersion from winsorised z-scores.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tallysheet.comparison import Explanation, compare
from tallysheet.cube import Where
from tallysheet.judged_rows import judge_parts
from tallysheet.judgement import MIN_EXPECTED
from tallysheet.kpi import Kpi
from tallysheet.kpis import kpi
from tallysheet.limits import Chart, Numbers, standard_error
from tallysheet.review import Review
from tallysheet.values import Series, pairs, weekly_values
from tallysheet.weeks import IsoWeek

MOST_LINES = 12
"""Values of a dimension that are drawn line by line; more would not be read."""
MANY = ("lane", "depot", "destination", "seller")
"""Dimensions of many small values."""
LIMITS = (0.95, 0.998)
"""Shares of a funnel's values that lie inside its two pairs of limits where none differs."""

_FOUR = 4
_QUARTER = 13
_LINE_WEEKS = 26
_LEAST_KNOWN = 0.75  # of the weeks: what is counted now and then makes no line
_WINSORISED = 0.1
_LEAST_VALUES = 5


@dataclass(frozen=True)
class Lines:
    """A KPI week by week, a row a value of a dimension, the largest volume first.

    Parameters
    ----------
    dimension : str
    weeks : tuple of str
        The last is judged.
    values : tuple of str
    level : array, shape (values, weeks)
        NaN where nothing is counted.
    lower, upper, centre : array, shape (values,)
        Usual range of the last week; NaN where it is not judged.
    variation : array of str, shape (values,)
    left_out : int
        Values with less volume, or in few weeks only, that are not among them.
    """

    dimension: str
    weeks: tuple[str, ...]
    values: tuple[str, ...]
    level: Numbers
    lower: Numbers
    upper: Numbers
    centre: Numbers
    variation: NDArray[np.str_]
    left_out: int


def told_weeks(review: Review, slug: str, where: Where = ()) -> tuple[Series, list[IsoWeek]]:
    """Give the series of a KPI, or of a part of it, and the weeks to tell of, the last one judged.

    That is the review's week beside weeks as they stood at its age; where it is not judged, the latest of
    which enough is known, all as known now. No week where none is.
    """
    is_judged = review.week not in review.unjudged(slug, where)
    unjudged = review.unjudged(slug, where, now=not is_judged)
    series = review.series(slug, review.age(slug) if is_judged else None, where)
    last = review.week if is_judged else review.judged_week(slug)
    return series, [one for one in series.weeks if last and one <= last and one not in unjudged]


def latest_judged(review: Review, slug: str, explanation: Explanation) -> Explanation:
    """Give an explanation itself where its week is judged, else that of the latest week that can be.

    That one is as known now, and its history goes on with the younger weeks, which are not final.
    """
    series, weeks = told_weeks(review, slug)
    if len(weeks) <= _FOUR or weeks[-1] == review.week:
        return explanation
    found = compare(
        series,
        weeks[-1],
        base=f"last-{_FOUR}",
        by=(),
        unjudged=review.unjudged(slug, now=True),
        rebase=review.rebase(slug),
    )
    younger = [str(one) for one in series.weeks if weeks[-1] < one <= review.week]
    rows = series.total.loc[younger]
    young = pd.DataFrame(
        {"week": younger, "value": weekly_values(rows, series.kpi).to_numpy(), "n": rows["n"].to_numpy()}
    ).assign(
        **dict.fromkeys(("centre", "lower", "upper"), np.nan),
        **dict.fromkeys(("outside", "is_final", "judged", "base", "rebased"), False),
    )
    return replace(found, history=pd.concat([found.history, young], ignore_index=True))


def lines_of(review: Review, slug: str, dimension: str, where: Where = ()) -> Lines | None:
    """Give the last 26 weeks of a KPI, or of a part, value by value; None where there is nothing to tell.

    What is usual is learnt from the weeks before, as for the parts of a card.
    """
    series, weeks = told_weeks(review, slug, where)
    names, one, rebase = [str(week) for week in weeks], kpi(slug), review.rebase(slug)
    parts = series.by(dimension)
    if not names or not parts.segments:
        return None
    usual = [str(week) for week in weeks if rebase is None or week >= rebase.week]
    verdicts = judge_parts(parts, usual or names[-1:], one, None)
    shown = parts.at(names[-_LINE_WEEKS:])
    volume = shown.n.sum(axis=1)
    order = np.argsort(-volume, kind="stable")
    order = order[volume[order] > 0]
    # What is outside its range has a line, however rare: else all that can be judged would seem inside.
    is_outside = verdicts.variation_of_parts[order] == "signal"
    is_line = is_outside | ((shown.n[order] > 0).mean(axis=1) >= _LEAST_KNOWN)
    chosen = np.argsort(~is_outside[is_line], kind="stable")[:MOST_LINES]
    kept = order[is_line][np.sort(chosen)]
    over = shown.n if one.denominator else np.ones_like(shown.n)
    level = np.divide(shown.x, over, out=np.full_like(shown.x, np.nan), where=over > 0)
    return Lines(
        dimension=dimension,
        weeks=tuple(shown.weeks),
        values=tuple(shown.segments[place] for place in kept),
        level=level[kept],
        lower=verdicts.lower[kept],
        upper=verdicts.upper[kept],
        centre=verdicts.centre[kept],
        variation=verdicts.variation_of_parts[kept],
        left_out=len(order) - len(kept),
    )


@dataclass(frozen=True)
class Funnel:
    """Values of a dimension against their total, over several weeks together.

    Parameters
    ----------
    dimension : str
    weeks : tuple of str
    points : DataFrame
        One row a value that can be judged, the largest volume first: value, n, level, lower and upper (the
        outer limits), side: -1 below them, 1 above them, else 0.
    centre : float
        Level of all values together.
    factor : float
        Overdispersion: so many times as wide as by chance alone, squared; at least 1.
    too_few : int
        Values that are too small to judge.
    """

    dimension: str
    weeks: tuple[str, ...]
    points: pd.DataFrame
    centre: float
    factor: float
    too_few: int


def funnel_of(review: Review, slug: str) -> Funnel | None:
    """Compare the many small values of a KPI's dimension over the 13 weeks up to the judged one.

    Of several such dimensions it is the one of whose volume most can be judged. None for what is no ratio of
    counts, and where fewer than 5 values can be judged.
    """
    one, last = kpi(slug), review.judged_week(slug)
    dimensions = [name for name in one.dimensions if name in MANY]
    if one.chart == "xmr" or one.is_money or last is None:
        return None
    series, unjudged = review.series(slug), review.unjudged(slug, now=True)
    weeks = [str(each) for each in series.weeks if each <= last and each not in unjudged][-_QUARTER:]
    found = [funnel(_sides(review, series, name, weeks), one, name, weeks) for name in dimensions]
    told = [each for each in found if len(each.points) >= _LEAST_VALUES]
    return max(told, key=lambda each: each.points["n"].sum(), default=None)


def _sides(review: Review, series: Series, dimension: str, weeks: Sequence[str]) -> pd.DataFrame:
    """Add weeks up value by value: x and n."""
    return review.cube.remembered(
        "funnel",
        [series.kpi.slug, dimension, *weeks],
        lambda: (
            pairs(series.cells([dimension], weeks), series.kpi, [dimension])
            .rename_axis("value")
            .reset_index()
        ),
    )


def funnel(sides: pd.DataFrame, one: Kpi, dimension: str, weeks: Sequence[str]) -> Funnel:
    """Lay limits round the total that are the wider, the smaller a value is.

    Parameters
    ----------
    sides : DataFrame
        value, x and n.
    one : Kpi
    dimension : str
    weeks : sequence of str
        What was added up.

    Notes
    -----
    z_i = (x_i / n_i - c) / s_i with the standard error s_i of a share or rate c; factor = mean z_i^2, the
    outer tenths pulled in to their borders, floored at 1; limits c +/- z s_i sqrt(factor). A value is judged
    where at least 5 of the rarer outcome are expected.
    """
    chart: Chart = "p" if one.chart == "p'" else "u"
    x, n = (sides[side].to_numpy(float) for side in ("x", "n"))
    centre = float(x.sum() / n.sum()) if n.sum() > 0 else float("nan")
    rarer = min(centre, 1 - centre) if chart == "p" else centre
    is_judged = n * rarer >= MIN_EXPECTED
    x, n = x[is_judged], n[is_judged]
    error = standard_error(centre, n, chart)
    level = x / n
    factor = overdispersion((level - centre) / error) if n.size else 1.0
    lower, upper = funnel_limits(n, centre, factor, chart, LIMITS[1])
    points = pd.DataFrame(
        {
            "value": sides["value"].to_numpy()[is_judged],
            "n": n,
            "level": level,
            "lower": lower,
            "upper": upper,
            "side": (level > upper).astype(int) - (level < lower),
        }
    ).sort_values("n", ascending=False, kind="stable", ignore_index=True)
    too_few = int((sides["n"] > 0).sum()) - len(points)
    return Funnel(dimension, tuple(weeks), points, centre, factor, too_few)


def overdispersion(z: Numbers) -> float:
    """Estimate how much more z-scores scatter than by chance: their mean square, winsorised, at least 1.

    Examples
    --------
    >>> overdispersion(np.array([-2.0, 2.0, -2.0, 2.0])), overdispersion(np.array([0.1, -0.1]))
    (4.0, 1.0)
    """
    ends = np.quantile(z, [_WINSORISED, 1 - _WINSORISED])
    return max(1.0, float(np.mean(np.clip(z, *ends) ** 2)))


def funnel_limits(
    n: Numbers, centre: float, factor: float, chart: Chart, share: float
) -> tuple[Numbers, Numbers]:
    """Give the limits at volumes between which such a share of values lies where none differs."""
    half = NormalDist().inv_cdf((1 + share) / 2) * np.sqrt(factor) * standard_error(centre, n, chart)
    most = 1.0 if chart == "p" else np.inf
    return np.clip(centre - half, 0.0, most), np.clip(centre + half, 0.0, most)
