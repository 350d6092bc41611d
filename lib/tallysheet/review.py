"""A KPI in its week: as old as the weeks it is compared with, judged or not, final or not."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from functools import cached_property

import numpy as np
import pandas as pd

from tallysheet.comparison import Explanation, compare
from tallysheet.cube import Cube, Where, end_of
from tallysheet.engine import connect
from tallysheet.facts import show_known, tables_of
from tallysheet.kpi import Kpi
from tallysheet.kpis import KPIS, kpi
from tallysheet.maturity import Maturity, band, chain_ladder
from tallysheet.targets import Target, read_targets, target_of
from tallysheet.values import Series
from tallysheet.weeks import IsoWeek

_WEEK = dt.timedelta(weeks=1)
_TRIANGLE_WEEKS = 13
"""Weeks of full age that a triangle learns from, beside the younger ones."""


class Review:
    """All KPIs that a workbook's data allows, in any week, as known at the cube's moment.

    On a Monday hardly a KPI of last week is final. So a week is compared with earlier ones as they stood at
    the same age; once its days of maturity are over, all are compared as known now. A week of which too
    little is known at its age is not judged.

    Parameters
    ----------
    cube : Cube
    """

    def __init__(self, cube: Cube) -> None:
        self.cube = cube
        self._series: dict[tuple[str, dt.timedelta | None, Where], Series] = {}
        self._explanations: dict[tuple[str, IsoWeek, str, tuple[str, ...], Where], Explanation] = {}
        self._maturities: dict[tuple[str, IsoWeek], Maturity] = {}

    def kpis(self) -> dict[str, Kpi]:
        """Give the KPIs whose tables were loaded and of which there is anything, in order."""
        return {
            slug: one
            for slug, one in KPIS.items()
            if not self.lacking(one) and self.series(slug).total["n"].ne(0).any()
        }

    def lacking(self, one: Kpi) -> list[str]:
        """List the tables that a KPI lacks."""
        return sorted({table for fact in one.measures() for table in self.cube.missing[fact]})

    def age(self, slug: str, week: IsoWeek) -> dt.timedelta | None:
        """Give the age at which a week is compared; None: it is old enough to be compared as known now."""
        age = self.cube.as_of - end_of(week)
        return age if dt.timedelta() < age < dt.timedelta(days=kpi(slug).maturity_days) else None

    def series(self, slug: str, age: dt.timedelta | None = None, where: Where = ()) -> Series:
        """Give a KPI by week and part, each week as known now or at an age.

        Parameters
        ----------
        slug : str
        age : timedelta, optional
            After the end of each week.
        where : tuple of (str, str)
            Dimensions and their values: of this part alone.
        """
        key = (slug, age, where)
        if key not in self._series:
            one, looks = kpi(slug), self.cube.looks(age)
            self._series[key] = Series(
                one,
                self.cube.touched_weeks,
                {fact: self.cube.total(fact, looks, where) for fact in one.measures()},
                lambda: {fact: self.cube.parts(fact, looks, where) for fact in one.measures()},
            )
        return self._series[key]

    def maturity(self, slug: str, week: IsoWeek) -> Maturity:
        """Tell how far a KPI's week is, and why it is not judged."""
        if (slug, week) not in self._maturities:
            self._maturities[slug, week] = self._maturity(slug, week)
        return self._maturities[slug, week]

    def _maturity(self, slug: str, week: IsoWeek) -> Maturity:
        one, age = kpi(slug), self.cube.as_of - end_of(week)
        days = age / dt.timedelta(days=1)
        is_final = days >= one.maturity_days
        if week not in self.cube.weeks:
            return Maturity(days, math.nan, False, "missing")
        usual, final = 1.0, 1.0
        if one.evidence:
            own = self._evidence(slug, self.age(slug, week))
            usual, final = self._usual_evidence(slug, week)
            known = float(own.get(str(week), math.nan))
            completeness = min(known / final, 1.0) if final > 0 else math.nan
            reason = _why(completeness, usual / final if final > 0 else math.nan, one.floor)
            return Maturity(days, completeness, is_final, reason)
        if is_final:
            return Maturity(days, 1.0, True, "")
        return self._projected(slug, week, days)

    def _evidence(self, slug: str, age: dt.timedelta | None) -> pd.Series:
        total = self.series(slug, age).total
        return total["ended"] / total["n"].where(total["n"] > 0)

    def _usual_evidence(self, slug: str, week: IsoWeek) -> tuple[float, float]:
        """Give the usual share of evidence at the week's age, and that of weeks that are final."""
        earlier = [str(one) for one in self.cube.weeks if one < week][-2 * _TRIANGLE_WEEKS :]
        old = [
            str(one)
            for one in self.cube.weeks
            if self.cube.as_of - end_of(one) >= dt.timedelta(days=kpi(slug).maturity_days)
        ][-2 * _TRIANGLE_WEEKS :]
        at_age = self._evidence(slug, self.age(slug, week)).reindex(earlier).median()
        final = self._evidence(slug, None).reindex(old).median()
        return float(at_age), float(final if not math.isnan(final) else at_age)

    def _projected(self, slug: str, week: IsoWeek, days: float) -> Maturity:
        """Read a growing numerator's completeness from its triangle, and project the week to its end."""
        one = kpi(slug)
        weeks, steps = self._corner(slug, week)
        triangle = self.triangle(slug, week)
        found = chain_ladder(triangle)
        place = weeks.index(week)
        completeness = float(found.completeness[0]) if steps else 1.0
        reason = _why(completeness, completeness, one.floor)
        n = self.series(slug, self.age(slug, week)).total.loc[str(week), "n"] if one.denominator else 1.0
        if not n > 0 or one.method not in ("ratio", "sum"):
            return Maturity(days, completeness, False, reason)
        low, high = band(float(found.ultimate[place]), float(found.error[place]))
        return Maturity(
            days, completeness, False, reason, float(found.ultimate[place]) / n, low / n, high / n
        )

    def _corner(self, slug: str, week: IsoWeek) -> tuple[list[IsoWeek], int]:
        """Give the weeks of a triangle that ends in a week, and its steps of a week up to full age."""
        age = self.cube.as_of - end_of(week)
        left = dt.timedelta(days=kpi(slug).maturity_days) - age
        steps = max(math.ceil(left / _WEEK), 0)
        return [one for one in self.cube.weeks if one <= week][-(_TRIANGLE_WEEKS + steps) :], steps

    def triangle(self, slug: str, week: IsoWeek) -> np.ndarray:
        """Give a KPI's numerator, week by week as it stood at the week's age, a week later and so on.

        Returns
        -------
        array, shape (weeks, ages)
            NaN where a week is not that old; the last row is the week's own.
        """
        weeks, steps = self._corner(slug, week)
        age = self.cube.as_of - end_of(week)
        ages = [age + step * _WEEK for step in range(steps + 1)]
        columns = []
        for one_age in ages:
            total = self.series(slug, one_age).total["x"]
            reached = np.array([end_of(one) + one_age <= self.cube.as_of for one in weeks])
            columns.append(np.where(reached, total.reindex([str(one) for one in weeks]), np.nan))
        return np.array(columns).T

    def unjudged(self, slug: str, week: IsoWeek) -> dict[IsoWeek, str]:
        """Give the weeks up to a week that are not judged, and why (see `Maturity`)."""
        whole = set(self.cube.weeks)
        found = {one: "missing" for one in self.cube.touched_weeks if one not in whole}
        one = kpi(slug)
        if one.evidence:
            share = self._evidence(slug, self.age(slug, week))
            usual, _ = self._usual_evidence(slug, week)
            found |= {
                earlier: "gap"
                for earlier in self.cube.weeks
                if earlier < week and share[str(earlier)] < one.floor * usual
            }
        reason = self.maturity(slug, week).reason
        return found | ({week: reason} if reason else {})

    def judged_week(self, slug: str, week: IsoWeek) -> IsoWeek | None:
        """Find the latest week up to this one of which enough is known to judge it."""
        candidates = [one for one in self.cube.weeks if one <= week]
        return next((one for one in reversed(candidates) if not self.maturity(slug, one).reason), None)

    def dimensions(self, slug: str, week: IsoWeek, most: int) -> tuple[str, ...]:
        """Give the dimensions of a KPI that have from two up to so many values in the data."""
        series = self.series(slug, self.age(slug, week))
        return tuple(name for name in kpi(slug).dimensions if 2 <= len(series.by(name)) <= most)

    def p90(self, slug: str, week: IsoWeek) -> float:
        """Give the length within which nine of ten have ended; NaN for what is no duration."""
        if kpi(slug).method not in ("quantile", "kaplan_meier"):
            return math.nan
        pair = self.series(slug, self.age(slug, week)).pooled([week], share=0.9).iloc[0]
        return float(pair["x"] / pair["n"]) if pair["n"] > 0 else math.nan

    def explanation(
        self, slug: str, week: IsoWeek, base: str, by: Sequence[str], where: Where = ()
    ) -> Explanation:
        """Compare a KPI's week with a base; asked again, it is the same object."""
        key = (slug, week, base, tuple(by), where)
        if key not in self._explanations:
            series = self.series(slug, self.age(slug, week), where)
            target = self.target(slug, week, where)
            self._explanations[key] = compare(
                series,
                week,
                base=base,
                by=by,
                unjudged=self.unjudged(slug, week),
                target=target.target if target else None,
            )
        return self._explanations[key]

    @cached_property
    def targets(self) -> list[Target]:
        """All targets that were known."""
        if "targets" not in tables_of(self.cube.ledger):
            return []
        with connect() as connection:
            show_known(connection, self.cube.ledger, self.cube.as_of, ["targets"])
            return read_targets(connection)

    def target(self, slug: str, week: IsoWeek, where: Where = ()) -> Target | None:
        """Give the target of a KPI, or of a part of it, in a week."""
        return target_of(self.targets, kpi(slug), week, dict(where))


def _why(completeness: float, usual: float, floor: float) -> str:
    """Say why a week is not judged: weeks of that age never know enough, or this one knows less."""
    if math.isnan(completeness) or completeness >= floor:
        return ""
    return "young" if usual < floor else "gap"
