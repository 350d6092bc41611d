"""How final a week is: how much of it is known at its age, and what it will be once all is known.

A KPI whose numerator still grows (losses, returns, claims) is read from its triangle: one row a week, one
column an age, what was known then.

References
----------
Mack 1993, ASTIN Bulletin 23 (2): the chain ladder and its standard error.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from tallysheet.intervals import NORMAL_95
from tallysheet.limits import Numbers

USUAL_WEEKS = 26
"""Weeks that tell how much of a week is usually known."""

_WEEK = dt.timedelta(weeks=1)
_SIGMAS = 3.0
"""Standard errors below the usual share, within which a lower one is chance."""


@dataclass(frozen=True)
class Projection:
    """What weeks will be once all is known.

    Parameters
    ----------
    factors : array, shape (ages - 1,)
        By how much a week grows from an age to the next.
    ultimate : array, shape (weeks,)
    error : array, shape (weeks,)
        Mack's standard error of the ultimate, in the same unit; NaN where there are too few weeks.
    completeness : array, shape (ages,)
        Share of the ultimate that is known at each age.
    """

    factors: Numbers
    ultimate: Numbers
    error: Numbers
    completeness: Numbers


def chain_ladder(triangle: ArrayLike) -> Projection:
    """Project each week of a triangle to its end.

    Parameters
    ----------
    triangle : array of float, shape (weeks, ages)
        What was known of each week at each age, added up; NaN where a week is not that old yet. Oldest
        week first.

    Returns
    -------
    Projection

    Notes
    -----
    f_j = sum C_(i,j+1) / sum C_(i,j) over the weeks that have both; ultimate = latest x the factors
    still to come; completeness at age j = 1 / (f_j f_(j+1) ...). An age that no week has reached, and
    one at which nothing was known of any, has factor 1 and is not projected; the latter's completeness is 0.

    Examples
    --------
    >>> nan = float("nan")
    >>> found = chain_ladder([[1000, 1200, 1400], [500, 700, nan], [200, nan, nan]])
    >>> found.factors.round(3), found.ultimate.round(0)
    (array([1.267, 1.167]), array([1400.,  817.,  296.]))
    """
    known = np.asarray(triangle, dtype=float)
    both = ~np.isnan(known[:, 1:]) & ~np.isnan(known[:, :-1])
    now = np.where(both, known[:, :-1], 0.0)
    later = np.where(both, known[:, 1:], 0.0)
    total = now.sum(axis=0)
    factors = np.divide(later.sum(axis=0), total, out=np.ones_like(total), where=total > 0)
    ahead = np.append(np.cumprod(factors[::-1])[::-1], 1.0)
    is_blank = np.append((total == 0) & (later.sum(axis=0) > 0), False)
    knows_nothing = np.logical_or.accumulate(is_blank[::-1])[::-1]
    latest = _latest(known)
    last = np.take_along_axis(known, latest[:, None], axis=1)[:, 0]
    return Projection(
        factors=factors,
        ultimate=last * ahead[latest],
        error=_mack(known, both, factors, latest),
        completeness=np.divide(1.0, ahead, out=np.zeros_like(ahead), where=(ahead > 0) & ~knows_nothing),
    )


def known_by_age(*triangles: ArrayLike) -> Numbers:
    """Give the share of the final value that is known at each age: of the first triangle that holds anything.

    Parameters
    ----------
    *triangles : array of float, shape (weeks, ages)
        As `chain_ladder` takes them.

    Returns
    -------
    array, shape (ages,)
        NaN where no triangle holds anything: nothing shows when it would be known.

    Examples
    --------
    >>> used, due = [[0, 0], [0, float("nan")]], [[0, 4], [0, float("nan")]]
    >>> known_by_age(used, due)
    array([0., 1.])
    """
    held = next((one for one in triangles if np.nan_to_num(one).any()), None)
    return np.full(np.shape(triangles[0])[1], np.nan) if held is None else chain_ladder(held).completeness


def _latest(known: Numbers) -> NDArray[np.int64]:
    ages = np.arange(known.shape[1])
    return np.where(~np.isnan(known), ages, 0).max(axis=1)


def _mack(known: Numbers, both: NDArray[np.bool_], factors: Numbers, latest: NDArray[np.int64]) -> Numbers:
    """Give Mack's standard error: process and parameter, age by age."""
    ratios = np.divide(
        known[:, 1:],
        known[:, :-1],
        out=np.full_like(both, np.nan, dtype=float),
        where=both & (known[:, :-1] > 0),
    )
    weight = np.where(np.isnan(ratios), 0.0, known[:, :-1])
    seen = (weight > 0).sum(axis=0)
    spread = np.nansum(weight * (ratios - factors) ** 2, axis=0)
    variance = np.divide(spread, seen - 1, out=np.full_like(spread, np.nan), where=seen > 1)
    # The last age has one week alone: as small as Mack's extrapolation allows.
    for age in range(2, len(variance)):
        if np.isnan(variance[age]) and variance[age - 2] > 0:
            one, two = variance[age - 1], variance[age - 2]
            variance[age] = min(one**2 / two, one, two)
    total = weight.sum(axis=0)
    errors = np.zeros(len(known))
    for place, start in enumerate(latest):
        value, square = known[place, start], 0.0
        for age in range(start, len(factors)):
            if factors[age] <= 0 or value <= 0:
                continue
            square = square + variance[age] / factors[age] ** 2 * (1 / value + _inverse(total[age]))
            value = value * factors[age]
        errors[place] = value * np.sqrt(square)
    return errors


def _inverse(number: float) -> float:
    return 1 / number if number > 0 else float("nan")


@dataclass(frozen=True)
class Maturity:
    """How far a week is.

    Parameters
    ----------
    age_days : float
        Since the end of the week.
    completeness : float
        Share of the final value, or of its evidence, that is known; 1 once the week is final.
    is_final : bool
        Whether the KPI's days of maturity are over.
    reason : str
        Why the week is not judged: ``young`` (weeks of that age never know enough), ``gap`` (weeks of
        that age usually know more: part of the data is missing), ``missing`` (the data covers the week
        in part), ``nothing`` (there is no case to wait for); empty: it is judged.
    projected, low, high : float
        What it will be once final, with a 95 % range; NaN where that is not known.
    """

    age_days: float
    completeness: float
    is_final: bool
    reason: str
    projected: float = float("nan")
    low: float = float("nan")
    high: float = float("nan")


def band(value: float, error: float) -> tuple[float, float]:
    """Give the 95 % range of a projection; it does not go below 0."""
    spread = NORMAL_95 * error
    return max(value - spread, 0.0), value + spread


def why_unjudged(completeness: float, usual: float, floor: float) -> str:
    """Say why a week is not judged: weeks of that age never know enough, or this one knows less.

    Examples
    --------
    >>> [why_unjudged(0.8, usual, 0.9) for usual in (0.85, 0.97)], why_unjudged(0.95, 0.97, 0.9)
    (['young', 'gap'], '')
    """
    if np.isnan(completeness) or completeness >= floor:
        return ""
    return "young" if usual < floor else "gap"


def thin_weeks(known: pd.Series, cases: pd.Series, floor: float) -> list[str]:
    """List the weeks of whose cases less is known than a share of what is usual, and than chance leaves.

    Parameters
    ----------
    known, cases : Series
        By week, the oldest first: how many cases are known to the end, and how many there are.
    floor : float
        Share of the usual.

    Examples
    --------
    >>> known = pd.Series({"2026-W01": 42, "2026-W02": 43, "2026-W03": 42, "2026-W04": 38, "2026-W05": 20})
    >>> thin_weeks(known, known * 0 + 45, 0.95)
    ['2026-W05']
    """
    share = known / cases.where(cases > 0)
    usual = share.iloc[-USUAL_WEEKS:].median()
    chance = _SIGMAS * (usual * (1 - usual) / cases) ** 0.5
    return list(share.index[(share < floor * usual) & (share < usual - chance)])


def ages_read(maturity_days: int, age: dt.timedelta) -> list[int]:
    """Give the weeks after an age at which a triangle is read: the older, the less there is to see.

    Examples
    --------
    >>> ages_read(60, dt.timedelta(days=8))
    [0, 1, 2, 3, 4, 6, 9]
    """
    last = max(math.ceil((dt.timedelta(days=maturity_days) - age) / _WEEK), 0)
    ages = [0]
    while ages[-1] < last:
        ages.append(ages[-1] + max(ages[-1] // 2, 1))
    return ages
