"""Judge one week against earlier ones: signal, routine, or not known yet.

The limits come from *earlier* weeks only, so that a week never widens its own.

References
----------
Montgomery, Statistical Quality Control, ch. 7 (the normal approximation needs counts of 5);
NHSRplotthedots (13 points, below which limits are trial limits).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tallysheet.limits import (
    Chart,
    Limits,
    Numbers,
    checked,
    lag1_autocorrelation,
    lag1_autocorrelations,
    limits_around,
    process_limits,
    standard_error,
    standardised,
)

MIN_EARLIER_WEEKS = 13
"""Fewer points give trial limits only (NHSRplotthedots' short_group_warning)."""

FALSE_FLAG_SHARE = 0.013
"""Share of unchanged series that are flagged all the same, an upper figure.

Simulated: 20,000 normal series each with 13, 15, 26, 52 and 104 earlier weeks and lag-1
autocorrelation 0, .3 and .5; `judge` flagged .4 to 1.3 % of them (13 weeks and .5: the most).
"""

_RUN_OF_JUDGEMENT = 8
MIN_EXPECTED = 5
"""With fewer of the rarer outcome expected, limits say little."""
_RUNS_UP_TO = 0.2
_NOT_KNOWN = ("missing", "few_weeks", "small", "collapsed", "young", "gap", "nothing", "unvalued")


@dataclass(frozen=True)
class Judgement:
    """One week against earlier ones.

    Parameters
    ----------
    variation : {"signal", "routine", "not_known"}
    reason : str
        Why, as a key of words: ``above``, ``below``, ``run_above``, ``run_below``, ``inside``,
        ``few_weeks`` (fewer than 13 earlier), ``small`` (an expected count below 5, or a range that one
        case leaves), ``collapsed``, ``missing``; of `tallysheet.comparison` also what a review says
        (see `tallysheet.maturity.Maturity`), ``nothing``: there was no case, and ``unvalued``: none, or the
        money of too many is not known.
    limits : Limits
        Usual range of every week given, from the earlier ones, widened; NaN where there is none.
    widening, autocorrelation : float
    earlier_weeks : int
    """

    variation: Literal["signal", "routine", "not_known"]
    reason: str
    limits: Limits
    widening: float
    autocorrelation: float
    earlier_weeks: int

    @property
    def centre(self) -> float:
        """Centre of the judged week."""
        return float(self.limits.centre[-1])

    @property
    def lower(self) -> float:
        """Lower limit of the judged week."""
        return float(self.limits.lower[-1])

    @property
    def upper(self) -> float:
        """Upper limit of the judged week."""
        return float(self.limits.upper[-1])


def judge(
    values: ArrayLike,
    n: ArrayLike | None = None,
    chart: Chart = "xmr",
    *,
    is_count: bool = False,
    one_case: float = 0.0,
) -> Judgement:
    """Judge the last point against limits from the points before it.

    Parameters
    ----------
    values, n, chart
        As for `process_limits`; the last point is the judged week.
    is_count : bool
        Whether the values of an XmR chart count something: fewer than 5 expected are then too few.
    one_case : float
        What one case adds to the last value of an XmR chart, as 1/9 to a share of nine sellers: of shares
        too fewer than 5 expected cases are too few, and a range that a single case leaves says little.

    Notes
    -----
    Signal: outside the limits, or the eighth in a row on one side of the centre. The moving range
    underestimates sigma by about sqrt(1 - rho) when neighbours are alike, so limits are widened by
    1 / sqrt(1 - rho) where the lag-1 autocorrelation rho is positive; above .2 runs are not used.

    Examples
    --------
    >>> judge([10, 12, 11, 9, 10, 11, 12, 10, 9, 11, 10, 12, 11, 20]).reason
    'above'
    """
    y = checked(values, "values")
    denominators = np.ones_like(y) if chart == "xmr" or n is None else checked(n, "n")
    present = ~np.isnan(y) & (denominators > 0)
    earlier = int(present[:-1].sum())
    limits = process_limits(y, n, chart, fix_after=max(y.size - 1, 1))
    rate = np.divide(y, denominators, out=np.full_like(y, np.nan), where=denominators > 0)
    series = rate if chart == "xmr" else standardised(y, denominators, chart, float(limits.centre[-1]))
    rho = lag1_autocorrelation(series[:-1]) if earlier else 0.0
    widening = 1 / float(np.sqrt(1 - max(rho, 0.0)))
    centre, halves = float(limits.centre[-1]), _halves(limits, denominators, chart) * widening
    wide = limits_around(rate, centre, halves, limits.sigma_z, chart)
    found = _reasons(
        *(
            np.array([one])
            for one in (earlier, denominators[-1], rho, centre, wide.lower[-1], wide.upper[-1])
        ),
        rate=rate[None, :],
        chart=chart,
        is_count=is_count,
        one_case=np.array([one_case]),
    )
    reason = str(found[0])
    if reason in _NOT_KNOWN:
        none = limits_around(rate, centre, np.full_like(y, np.nan), limits.sigma_z, chart)
        return Judgement("not_known", reason, none, widening, rho, earlier)
    return Judgement("routine" if reason == "inside" else "signal", reason, wide, widening, rho, earlier)


@dataclass(frozen=True)
class Judgements:
    """The last week of many series: one entry a series, as `Judgement` has them."""

    reason: NDArray[np.str_]
    centre: Numbers
    lower: Numbers
    upper: Numbers

    @property
    def variation(self) -> NDArray[np.str_]:
        """``signal``, ``routine`` or ``not_known``."""
        known = np.where(self.reason == "inside", "routine", "signal")
        return np.where(np.isin(self.reason, _NOT_KNOWN), "not_known", known)

    @property
    def variation_of_parts(self) -> NDArray[np.str_]:
        """The same without runs: a run on one side of its centre is no news of a part."""
        return np.where(np.char.startswith(self.reason, "run"), "routine", self.variation)


def judge_many(
    values: ArrayLike,
    n: ArrayLike | None = None,
    chart: Chart = "xmr",
    *,
    is_count: bool = False,
    one_case: ArrayLike = 0.0,
) -> Judgements:
    """Judge the last point of many series at once; each comes out as `judge` would have it.

    Parameters
    ----------
    values, n : array of float, shape (series, weeks)
    chart : {"xmr", "p'", "u'"}
    is_count : bool
    one_case : float or array of float, shape (series,)
        As for `judge`.

    Examples
    --------
    >>> judge_many([[10, 12, 11, 9, 10, 11, 12, 10, 9, 11, 10, 12, 11, 20]]).reason.tolist()
    ['above']
    """
    y = np.asarray(values, dtype=float)
    counts = np.ones_like(y) if chart == "xmr" or n is None else np.asarray(n, dtype=float)
    present = ~np.isnan(y) & (counts > 0)
    rate = np.divide(y, counts, out=np.full_like(y, np.nan), where=counts > 0)
    earlier = present[:, :-1].sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        if chart == "xmr":
            centre = _nanmean(rate[:, :-1])
            series, spread = rate, 2.66 * _mean_move(rate[:, :-1])
        else:
            total = np.where(present, counts, 0.0)[:, :-1].sum(axis=1)
            centre = np.where(present, y, 0.0)[:, :-1].sum(axis=1) / np.where(total > 0, total, np.nan)
            variance = centre * (1 - centre) if chart == "p'" else centre
            error = np.sqrt(np.clip(variance, 0, None)[:, None] / np.where(counts > 0, counts, np.nan))
            series = np.where(error > 0, (rate - centre[:, None]) / error, np.nan)
            moves = np.nan_to_num(_mean_move(series[:, :-1]))
            spread = 3 * np.maximum(1.0, moves / 1.128) * error[:, -1]
        rho = lag1_autocorrelations(series[:, :-1])
        half = spread / np.sqrt(1 - np.clip(rho, 0.0, None))
        half = np.where(half > 0, half, np.nan)
        least, most = (-np.inf, np.inf) if chart == "xmr" else (0.0, 1.0 if chart == "p'" else np.inf)
        lower, upper = np.clip(centre - half, least, most), np.clip(centre + half, least, most)
        reason = _reasons(
            earlier,
            counts[:, -1],
            rho,
            centre,
            lower,
            upper,
            rate=rate,
            chart=chart,
            is_count=is_count,
            one_case=np.asarray(one_case, dtype=float),
        )
    known = ~np.isin(reason, _NOT_KNOWN)
    return Judgements(reason, centre, np.where(known, lower, np.nan), np.where(known, upper, np.nan))


def _nanmean(rows: Numbers) -> Numbers:
    count = (~np.isnan(rows)).sum(axis=1)
    return np.nansum(rows, axis=1) / np.where(count > 0, count, np.nan)


def _mean_move(rows: Numbers) -> Numbers:
    """Give the mean of the moving ranges of each row, NaN where there is none or all are 0."""
    mean = _nanmean(np.abs(np.diff(rows, axis=1)))
    return np.where(mean > 0, mean, np.nan)


def _reasons(
    earlier: NDArray[np.int64],
    n: Numbers,
    rho: Numbers,
    centre: Numbers,
    lower: Numbers,
    upper: Numbers,
    *,
    rate: Numbers,
    chart: Chart,
    is_count: bool,
    one_case: Numbers,
) -> NDArray[np.str_]:
    """Say of the last week of each series why it is what it is: the first reason that holds."""
    last = rate[:, -1]
    sides = np.nan_to_num(np.sign(rate[:, -_RUN_OF_JUDGEMENT:] - centre[:, None])).sum(axis=1)
    is_share = (one_case > 0) if chart == "xmr" else chart in ("p", "p'")
    rarer = np.where(is_share, np.minimum(centre, 1 - centre), centre)
    tests = [
        (np.isnan(last), "missing"),
        (earlier < MIN_EARLIER_WEEKS, "few_weeks"),
        ((n * rarer < MIN_EXPECTED) & (is_count or chart != "xmr"), "small"),
        ((one_case > 0) & (rarer < MIN_EXPECTED * one_case), "small"),
        ((one_case > 0) & (centre + one_case > upper), "small"),
        (~(upper > lower), "collapsed"),
        (last > upper, "above"),
        (last < lower, "below"),
        ((rho <= _RUNS_UP_TO) & (sides == _RUN_OF_JUDGEMENT), "run_above"),
        ((rho <= _RUNS_UP_TO) & (sides == -_RUN_OF_JUDGEMENT), "run_below"),
    ]
    return np.select([test for test, _ in tests], [name for _, name in tests], "inside")


def _halves(limits: Limits, n: Numbers, chart: Chart) -> Numbers:
    """Give the distance from the centre to the limits; those of counts anew, as they may be cut off."""
    if chart == "xmr":
        return limits.upper - limits.centre
    return 3 * limits.sigma_z * standard_error(float(limits.centre[-1]), n, chart)
