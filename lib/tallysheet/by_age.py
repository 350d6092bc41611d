"""A KPI by age: how much of its final value is known when, and how long what it measures lasts."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tallysheet.cells import Look
from tallysheet.comparison import Explanation
from tallysheet.cube import Where
from tallysheet.durations import curve_with_interval, incidence, incidence_interval, survival
from tallysheet.kpi import Kpi
from tallysheet.kpis import kpi
from tallysheet.limits import Numbers
from tallysheet.maturity import known_by_age
from tallysheet.review import Review
from tallysheet.values import Series, pairs
from tallysheet.weeks import IsoWeek

_QUARTER = 13
_MOST_AGES = 15
_ALL = 0.995
_DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Completeness:
    """How much of a KPI's final value, or of its evidence, weeks know at an age.

    Parameters
    ----------
    age_days : array, shape (ages,)
        Since the end of a week, up to the KPI's days of maturity; the week's own age is among them unless
        it is over.
    share : array, shape (ages,)
        What is usual, at most 1.
    floor : float
        What a week must have to be judged.
    week_age_days, week_share : float
        The week's own age, and its own share: NaN where the week does not show it by itself.
    weeks : int
        So many final weeks were looked at.
    """

    age_days: Numbers
    share: Numbers
    floor: float
    week_age_days: float
    week_share: float
    weeks: int

    @property
    def is_known_at_once(self) -> bool:
        """Whether all is known as soon as the week is over."""
        return bool(self.share[0] > _ALL)

    @property
    def enough_days(self) -> float:
        """The first age at which a week usually has enough to be judged; NaN if none has."""
        enough = np.flatnonzero(self.share >= self.floor)
        return float(self.age_days[enough[0]]) if len(enough) else math.nan


def completeness_of(review: Review, slug: str) -> Completeness | None:
    """Look at the last 13 final weeks as they stood at every age; None without such a week.

    A KPI with evidence is as complete as its evidence is, in the middle of these weeks; any other as its
    numerator is by the chain ladder, which of final weeks projects nothing.
    """
    one, maturity = kpi(slug), review.maturity(slug)
    full, until = dt.timedelta(days=one.maturity_days), review.known_until(slug)
    final = [each for each in review.whole_weeks if until - each.ended_at >= full][-_QUARTER:]
    if not final:
        return None
    ages = _ages(one.maturity_days, maturity.age_days)
    looks = [(str(each), each.ended_at + age * _DAY) for each in final for age in ages]
    found = review.cube.remembered("ages", [slug, *map(str, looks)], lambda: _stood(review, one, looks))
    sides = {side: found[side].to_numpy(float).reshape(len(final), -1) for side in found}
    if one.has_evidence:
        share = np.divide(
            sides["ended"], sides["n"], out=np.full_like(sides["n"], np.nan), where=sides["n"] > 0
        )
        last = np.where(share[:, -1:] > 0, share[:, -1:], np.nan)
        known = share[np.isfinite(last[:, 0])] / last[np.isfinite(last[:, 0])]
        usual = np.nanmedian(known, axis=0) if len(known) else np.full(len(ages), np.nan)
    else:
        usual = known_by_age(*(sides[side] for side in one.ripens_by))
    if not np.isfinite(usual).any() or not sides["n"].any():
        return None
    own = maturity.completeness if one.has_evidence and not maturity.reason == "missing" else math.nan
    return Completeness(np.array(ages), np.minimum(usual, 1.0), one.floor, maturity.age_days, own, len(final))


def _ages(maturity_days: int, age_days: float) -> list[float]:
    """List ages in days, the week's own among them, the last when all is known."""
    step = max(math.ceil(maturity_days / _MOST_AGES), 1)
    first = age_days % step
    ages = [first + step * number for number in range(math.ceil(maturity_days / step))]
    return [age for age in ages if age < maturity_days] + [float(maturity_days)]


def _stood(review: Review, one: Kpi, looks: Sequence[Look]) -> pd.DataFrame:
    """Add up x, n and ended at each look, in order."""
    cells = {fact: review.cube.joint(fact, looks, ()) for fact in one.measures()}
    index = pd.MultiIndex.from_tuples(looks, names=["week", "seen_at"])
    return pairs(cells, one, ["week", "seen_at"]).reindex(index, fill_value=0.0).reset_index(drop=True)


@dataclass(frozen=True)
class Lasting:
    """How long what a KPI measures lasts, of several weeks together.

    Parameters
    ----------
    weeks : tuple of str
    curve : DataFrame
        length; share: what has not ended by then, or of a share within a horizon what has ended in its way;
        low, high: 95 % interval, NaN where there is none.
    median, p90 : float
        NaN where fewer have ended, and where ends compete.
    n, open_n : int
        Items, and those of them that have not ended.
    horizon : float
        Length at which a share is read; 0 for a duration.
    """

    weeks: tuple[str, ...]
    curve: pd.DataFrame
    median: float
    p90: float
    n: int
    open_n: int
    horizon: float


def lasting_of(review: Review, slug: str) -> Lasting | None:
    """Take 13 weeks of a duration together, as known now; None for what is none.

    What is still open counts, so the weeks reach up to the review's; where only what has ended is counted,
    up to the judged one, as young weeks hold what ended soon.
    """
    one = kpi(slug)
    last = review.judged_week(slug) if one.method == "quantile" else review.week
    if one.histogram is None or last is None:
        return None
    unjudged = {week for week, reason in review.unjudged(slug, now=True).items() if reason != "young"}
    series = review.series(slug)
    weeks = [each for each in series.weeks if each <= last and each not in unjudged][-_QUARTER:]
    counts = series.lengths(weeks)
    n = counts[["gone", "other", "open"]].to_numpy().sum()
    if not n:
        return None
    median, p90 = (_within(series, weeks, share) for share in (0.5, 0.9))
    return Lasting(
        weeks=tuple(map(str, weeks)),
        curve=_curve(counts, one),
        median=median,
        p90=p90,
        n=int(n),
        open_n=int(counts["open"].sum()),
        horizon=one.horizon_days,
    )


def _within(series: Series, weeks: Sequence[IsoWeek], share: float) -> float:
    if series.kpi.method == "aalen_johansen":
        return math.nan
    pair = series.pooled(weeks, share=share).iloc[0]
    return float(pair["x"] / pair["n"]) if pair["n"] > 0 else math.nan


def _curve(counts: pd.DataFrame, one: Kpi) -> pd.DataFrame:
    """Give the curve at the ends of bins: within one, ends are taken as evenly spread."""
    width = one.histogram.width if one.histogram else 0.0
    gone, other, left = (counts[name].to_numpy() for name in ("gone", "other", "open"))
    ends = counts["length"].to_numpy() + width / 2
    if one.method == "aalen_johansen":
        low, high = incidence_interval(gone, other, left)
        share = incidence(gone, other, left)
        return pd.DataFrame({"length": ends, "share": share, "low": low, "high": high})
    return curve_with_interval(gone, left, ends).rename(columns={"survival": "share"})


@dataclass(frozen=True)
class Spread:
    """How long what a KPI measures lasted in a week and in the weeks that it is compared with.

    Parameters
    ----------
    shares : dict of str to DataFrame
        Of ``now`` and ``base``: length, the middle of a bin, and share, how many ended there.
    median, p90 : dict of str to float
        Of the same; NaN where fewer have ended.
    n : int
        Of how many in the week.
    width : float
        Of a bin.
    """

    shares: dict[str, pd.DataFrame]
    median: dict[str, float]
    p90: dict[str, float]
    n: int
    width: float


def spread_of(review: Review, found: Explanation, where: Where = ()) -> Spread | None:
    """Lay out how long items lasted, all weeks at the same age; None for what is no duration, or not known.

    A median that moved does not tell whether all took longer or a few took much longer.
    """
    one = found.kpi
    if one.histogram is None or not one.is_length or not found.base_weeks:
        return None
    series = review.series(one.slug, found.age, where, min(found.base_weeks))
    sides = {"now": [found.week], "base": list(found.base_weeks)}
    counts = {side: series.lengths(weeks) for side, weeks in sides.items()}
    if not all(rows["gone"].sum() for rows in counts.values()):
        return None
    return Spread(
        {side: _ended(rows, one) for side, rows in counts.items()},
        median={side: _within(series, weeks, 0.5) for side, weeks in sides.items()},
        p90={side: _within(series, weeks, 0.9) for side, weeks in sides.items()},
        n=int(counts["now"][["gone", "open"]].to_numpy().sum()),
        width=one.histogram.width,
    )


def _ended(counts: pd.DataFrame, one: Kpi) -> pd.DataFrame:
    """Give what share ends at each length; where a KPI counts what has ended, of those alone."""
    left = counts["open"] if one.method == "kaplan_meier" else np.zeros(len(counts))
    share = -np.diff(survival(counts["gone"], left), prepend=1.0)
    return pd.DataFrame({"length": counts["length"], "share": share})
