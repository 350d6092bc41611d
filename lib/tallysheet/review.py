"""A KPI in its week: as old as the weeks it is compared with, judged or not, final or not."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache, cached_property
from itertools import islice
from typing import Any

import numpy as np
import pandas as pd

from tallysheet.bases import earlier_weeks
from tallysheet.cells import TOTAL, Look
from tallysheet.comparison import LEARNT_WEEKS, Explanation, compare
from tallysheet.coverage import known_until, lost_weeks
from tallysheet.cube import Cube, Where
from tallysheet.kpi import SHARES, Kpi
from tallysheet.kpis import KPIS, NEEDED_COLUMNS, kpi
from tallysheet.maturity import (
    USUAL_WEEKS,
    Maturity,
    ages_read,
    band,
    chain_ladder,
    known_by_age,
    thin_weeks,
    why_unjudged,
)
from tallysheet.rebases import Rebase, read_rebases, rebase_of
from tallysheet.targets import Target, read_targets, target_of
from tallysheet.values import Series, pairs
from tallysheet.weeks import IsoWeek

_WEEK = dt.timedelta(weeks=1)
_TRIANGLE_WEEKS = 13
"""Weeks of full age that a triangle learns from, beside the younger ones."""
_DIMENSIONS = 2
"""Dimensions whose parts are judged beside the total."""
_SEARCHED = 5
"""Dimensions that are searched together for segments."""
_BY_HAND = ("seller",)
"""Dimensions that a page does not name: sellers are many, and their names are not for everybody."""


class Review:
    """All KPIs that a workbook's data allows, in a week, as known at the cube's moment.

    On a Monday hardly a KPI of last week is final. So the week is compared with earlier ones as they stood
    at the same age; once its days of maturity are over, all are compared as known now. A week of which too
    little is known at its age is not judged. What is usual is learnt from the 60 weeks before: a year and
    some, so that a network of long ago does not widen the range of today's.

    Parameters
    ----------
    cube : Cube
    week : IsoWeek
    """

    def __init__(self, cube: Cube, week: IsoWeek) -> None:
        self.cube, self.week = cube, week
        self.weeks = self._weeks_since(week)
        self.whole_weeks = [one for one in cube.weeks if one in set(self.weeks)]
        self._series: dict[tuple[str, dt.timedelta | None, Where, IsoWeek], Series] = {}
        self._explanations: dict[tuple[Any, ...], Explanation] = {}
        self._maturities: dict[tuple[str, Where], Maturity] = {}
        self._triangles = cache(self._triangle)
        self._completeness = cache(self._share_known)
        self._lost_weeks = cache(self._without_rows)

    def _weeks_since(self, first: IsoWeek) -> list[IsoWeek]:
        """List the weeks with data from 60 before the review's on, or from an earlier one on."""
        return [one for one in self.cube.touched_weeks if one >= min(first, self.week.shift(-LEARNT_WEEKS))]

    def kpis(self) -> dict[str, Kpi]:
        """Give the KPIs whose tables were loaded and of which there is anything, in order."""
        return {slug: one for slug, one in KPIS.items() if self.has(slug)}

    def has(self, slug: str) -> bool:
        """Tell whether there is anything of a KPI: at the week's age, later, or by now."""
        return not self.lacking(kpi(slug)) and bool(
            self.series(slug, self.age(slug)).total["n"].any()
            or (not kpi(slug).has_evidence and np.nansum(self._triangles(slug, self.week, ())["n"]))
            or self.series(slug).total["n"].any()
        )

    def lacking(self, one: Kpi) -> list[str]:
        """List the tables that a KPI lacks, or else the columns without any value."""
        lacked = {table for fact in one.measures() for table in self.cube.missing[fact]}
        lacked |= {name.partition(".")[0] for name in one.needs} - set(self.cube.ledger.files["table"])
        return sorted(lacked) or [name for name in one.needs if name in self._empty_columns]

    @cached_property
    def _empty_columns(self) -> list[str]:
        return self.cube.empty(NEEDED_COLUMNS)

    def age(self, slug: str) -> dt.timedelta | None:
        """Give the age at which the week is compared; None: it is old enough to be compared as known now."""
        age = self.known_until(slug) - self.week.ended_at
        return age if dt.timedelta() < age < dt.timedelta(days=kpi(slug).maturity_days) else None

    def known_until(self, slug: str) -> dt.datetime:
        """Give the moment until which all extracts that a KPI is made of tell what happened."""
        return known_until(self.cube, kpi(slug))

    def series(
        self,
        slug: str,
        age: dt.timedelta | None = None,
        where: Where = (),
        since: IsoWeek | None = None,
        by: str = TOTAL,
    ) -> Series:
        """Give a KPI by week and part, each week as known now or at an age.

        Parameters
        ----------
        slug : str
        age : timedelta, optional
            After the end of each week.
        where : tuple of (str, str)
            Dimensions and their values: of this part alone.
        since : IsoWeek, optional
            The first week, if it is one before those that the review learns from.
        by : str
            A dimension whose parts will be asked for: they are added up with the total.
        """
        weeks = self._weeks_since(since or self.week)
        key = (slug, age, where, weeks[0])
        if key not in self._series:
            one, looks = kpi(slug), self._looks(age, weeks)
            for fact in one.measures() if by and not where else ():
                self.cube.add_up(fact, looks, (TOTAL, by))
            self._series[key] = Series(
                one,
                weeks,
                {fact: self.cube.total(fact, looks, where) for fact in one.measures()},
                lambda by: {fact: self.cube.parts(fact, looks, by, where) for fact in one.measures()},
                lambda by, names: {
                    fact: self.cube.joint(fact, [look for look in looks if look[0] in names], by, where)
                    for fact in one.measures()
                },
                age,
                [str(each) for each in self._lost_weeks(slug, age)],
            )
        return self._series[key]

    def _without_rows(self, slug: str, age: dt.timedelta | None) -> set[IsoWeek]:
        """Give the weeks of which a KPI is not known; of those after the review's the newest alone."""
        looks = self._looks(age, [each for each in self.whole_weeks if each <= self.week])
        return lost_weeks(self.cube, kpi(slug), self.whole_weeks, looks)

    def _looks(self, age: dt.timedelta | None, weeks: Sequence[IsoWeek]) -> list[Look]:
        names = {str(one) for one in weeks}
        return [look for look in self.cube.looks(age) if look[0] in names]

    def maturity(self, slug: str, where: Where = ()) -> Maturity:
        """Tell how far the week's KPI is, in all or of a part, and why it is not judged."""
        if (slug, where) not in self._maturities:
            found, other = self._maturity(slug, where), kpi(slug).known_with
            is_gap = bool(other) and self.maturity(other, where).reason == "gap"
            self._maturities[slug, where] = replace(found, reason="gap") if is_gap else found
        return self._maturities[slug, where]

    def _maturity(self, slug: str, where: Where) -> Maturity:
        one, days = kpi(slug), (self.known_until(slug) - self.week.ended_at) / dt.timedelta(days=1)
        is_final = days >= one.maturity_days
        if self.week not in self.whole_weeks or self.week in self._lost_weeks(slug, self.age(slug)):
            return Maturity(days, math.nan, False, "missing")
        if one.has_evidence:
            completeness = float(self._completeness(slug, where)[str(self.week)])
            if not self.series(slug, where=where).total.loc[str(self.week), "n"]:
                return Maturity(days, 0.0, is_final, "nothing")
            if math.isnan(completeness):
                return Maturity(days, 0.0, is_final, "" if is_final else "young")
            usual = self._usual_completeness(slug, where)
            return Maturity(days, completeness, is_final, why_unjudged(completeness, usual, one.floor))
        if is_final:
            return Maturity(days, 1.0, True, "")
        return self._projected(slug, days, where)

    def judged_week(self, slug: str) -> IsoWeek | None:
        """Find the latest week up to the review's of which enough is known to judge it."""
        one, whole = kpi(slug), set(self.whole_weeks) - self._lost_weeks(slug, None)
        candidates = sorted((each for each in whole if each <= self.week), reverse=True)
        if not candidates:
            return None
        if one.has_evidence:
            known = self._completeness(slug, ())
            return next((each for each in candidates if known[str(each)] >= one.floor), None)
        age = self.known_until(slug) - candidates[0].ended_at
        final = max(math.ceil((dt.timedelta(days=one.maturity_days) - age) / _WEEK), 0)
        if not final:
            return candidates[0]
        sides = self._triangles(slug, candidates[0], ())
        grown = known_by_age(*(sides[side] for side in one.ripens_by))
        steps = ages_read(one.maturity_days, age)
        old_enough = np.flatnonzero(np.interp(range(steps[-1] + 1), steps, grown) >= one.floor)
        place = min([final, *old_enough[:1].tolist()])  # the last step may lie beyond the final week
        if not place and candidates[0] == self.week and self.maturity(slug).reason:
            place = 1  # earlier weeks had grown at this age; of this one there is nothing that could
        return candidates[place] if place < len(candidates) else None

    def _share_known(self, slug: str, where: Where) -> pd.Series:
        """Give for each week the share of its evidence, as a part of what weeks have once they are final."""
        share = self.series(slug, where=where).ended_share
        full = dt.timedelta(days=kpi(slug).maturity_days)
        old = [str(each) for each in self.whole_weeks if self.known_until(slug) - each.ended_at >= full]
        final = share.reindex(old[-USUAL_WEEKS:] or [str(each) for each in self.whole_weeks]).median()
        return (share / (final if final > 0 else math.nan)).clip(upper=1.0)

    def _usual_completeness(self, slug: str, where: Where) -> float:
        """Give what weeks before usually had at the week's age."""
        earlier = [str(each) for each in self.whole_weeks if each < self.week][-USUAL_WEEKS:]
        then = self.series(slug, self.age(slug), where).ended_share.reindex(earlier)
        final = self.series(slug, where=where).ended_share.reindex(earlier)
        usual = float((then / final.where(final > 0)).median())
        return 1.0 if math.isnan(usual) else usual

    def _projected(self, slug: str, days: float, where: Where) -> Maturity:
        """Read from the triangles how much is known at this age, and project the week to its end."""
        one = kpi(slug)
        sides = self._triangles(slug, self.week, where)
        completeness = min(float(known_by_age(*(sides[side] for side in one.ripens_by))[0]), 1.0)
        if not sides["n"][-1, 0] > 0:
            return Maturity(days, 0.0, False, "nothing" if completeness >= one.floor else "young")
        reason = why_unjudged(completeness, completeness, one.floor)
        if "x" not in one.ripens_by or not sides["x"][-1, 0] > 0:
            # Nothing times any factor is nothing: that would not be a projection.
            return Maturity(days, completeness, False, reason)
        x, n = chain_ladder(sides["x"]), chain_ladder(sides["n"])
        over = float(n.ultimate[-1]) if one.denominator else 1.0
        value, error = float(x.ultimate[-1]) / over, float(x.error[-1]) / over
        low, high = band(value, error)
        most = 1.0 if one.unit in (*SHARES, "gap") else math.inf
        return Maturity(days, completeness, False, reason, min(value, most), low, min(high, most))

    def _triangle(self, slug: str, week: IsoWeek, where: Where) -> dict[str, np.ndarray]:
        """Give both sides of a KPI, week by week as they stood at the week's age and later (see `ages_read`).

        Returns
        -------
        dict of str to array, shape (weeks, ages)
            ``x`` and ``n``; NaN where a week is not that old; the last row is the week's own.
        """
        one, until = kpi(slug), self.known_until(slug)
        age = until - week.ended_at
        looks = self._looks_at_ages(one.maturity_days, age, week)
        cells = {fact: self.cube.total(fact, self._corner(fact, age, week), where) for fact in one.measures()}
        index = pd.MultiIndex.from_tuples(looks, names=["week", "seen_at"])
        found = pairs(cells, one, ["week", "seen_at"]).reindex(index, fill_value=0.0)
        is_known = np.array([seen_at <= until for _, seen_at in looks])
        weeks = len({name for name, _ in looks})
        return {side: np.where(is_known, found[side], np.nan).reshape(weeks, -1) for side in ("x", "n")}

    def _looks_at_ages(self, maturity_days: int, age: dt.timedelta, week: IsoWeek) -> list[Look]:
        """Look at weeks up to a week at an age and later, up to full age."""
        steps = ages_read(maturity_days, age)
        weeks = [each for each in self.whole_weeks if each <= week][-(_TRIANGLE_WEEKS + steps[-1]) :]
        return [(str(each), each.ended_at + age + step * _WEEK) for each in weeks for step in steps]

    def _corner(self, fact: str, age: dt.timedelta, week: IsoWeek) -> list[Look]:
        """Give the looks of a triangle that serves all KPIs of a fact, so that it is added up once."""
        days = [one.maturity_days for one in KPIS.values() if fact in one.measures() and not one.has_evidence]
        most = max(days, default=0)
        if age >= dt.timedelta(days=most):
            return []
        return [look for look in self._looks_at_ages(most, age, week) if look[1] <= self.cube.as_of]

    def unjudged(self, slug: str, where: Where = (), *, now: bool = False) -> dict[IsoWeek, str]:
        """Give the weeks that are not judged, and why; now: those of which too little is known still."""
        one, age = kpi(slug), None if now else self.age(slug)
        whole = set(self.cube.weeks) - self._lost_weeks(slug, age)
        found = {each: "missing" for each in self.cube.touched_weeks if each not in whole}
        if one.has_evidence:
            names = [str(each) for each in self.whole_weeks if each < self.week]
            totals = [self.series(slug, at, where).total.loc[names] for at in {self.age(slug), age}]
            thin = (set(thin_weeks(total["ended"], total["n"], one.floor)) for total in totals)
            found |= {IsoWeek.parse(name): "gap" for name in sorted(set.intersection(*thin))}
        if one.known_with:
            others = self.unjudged(one.known_with, where, now=now)
            found |= {each: reason for each, reason in others.items() if reason == "gap"}
        reason = self.maturity(slug, where).reason
        return found | ({self.week: reason} if reason else {})

    def prepare(self) -> None:
        """Add up at once, fact by fact, what all KPIs need."""
        for fact, served in self._served().items():
            self.cube.add_up(fact, self._wanted_looks(fact, served), _first(served), _together(served))

    def lay_out(self, fact: str) -> None:
        """Add a fact up by all dimensions of its KPIs together: all their parts are then quick to tell."""
        if served := self._served().get(fact):
            looks, by = self._wanted_looks(fact, served), {name for one in served for name in one.dimensions}
            self.cube.lay_out(fact, looks, sorted(by))
            self.cube.add_up(fact, looks, _first(served))

    def _served(self) -> dict[str, list[Kpi]]:
        """Give the KPIs of each fact whose tables were loaded; verdicts alone ask for the other facts."""
        served = {
            fact: [one for one in KPIS.values() if fact in one.measures()]
            for fact, lacking in self.cube.missing.items()
            if not lacking
        }
        return {fact: kpis for fact, kpis in served.items() if kpis}

    def _wanted_looks(self, fact: str, served: Sequence[Kpi]) -> list[Look]:
        ages = {self.age(one.slug) for one in served}
        ages |= {None for one in served if one.has_evidence}
        looks = [look for age in ages for look in self._looks(age, self.weeks)]
        first_ages = {self.known_until(one.slug) - self.week.ended_at for one in served}
        return looks + [look for age in first_ages for look in self._corner(fact, age, self.week)]

    def dimensions(self, slug: str, most: int) -> tuple[str, ...]:
        """Give the first two dimensions of a KPI that have from two up to so many values in the data."""
        series = self.series(slug, self.age(slug))
        if not series.total["n"].any():
            return ()
        fit = (name for name in _shown(kpi(slug)) if 2 <= series.size(name) <= most)
        return tuple(islice(fit, _DIMENSIONS))

    def p90(self, slug: str) -> float:
        """Give the length within which nine of ten have ended; NaN for what is no duration, or not known."""
        is_lost = self.week in self._lost_weeks(slug, self.age(slug))
        if is_lost or not kpi(slug).is_length:
            return math.nan
        pair = self.series(slug, self.age(slug)).pooled([self.week], share=0.9).iloc[0]
        return float(pair["x"] / pair["n"]) if pair["n"] > 0 else math.nan

    def searched(self, slug: str) -> tuple[str, ...]:
        """Give the dimensions among whose combinations a page searches for segments."""
        return tuple(islice(_shown(kpi(slug)), _SEARCHED))

    def explanation(
        self,
        slug: str,
        base: str,
        by: Sequence[str],
        where: Where = (),
        among: tuple[str, ...] | None = None,
    ) -> Explanation:
        """Compare a KPI's week with a base; asked again, it is the same object."""
        key = (slug, base, tuple(by), where, among)
        if key not in self._explanations:
            first = min(earlier_weeks(base, self.week, self.cube.touched_weeks))
            target = self.target(slug, where)
            self._explanations[key] = compare(
                self.series(slug, self.age(slug), where, first),
                self.week,
                base=base,
                by=by,
                among=among,
                unjudged=self.unjudged(slug, where),
                target=target.target if target else None,
                rebase=self.rebase(slug),
            )
        return self._explanations[key]

    def remembered(self, name: str, about: Sequence[str], make: Callable[[], pd.DataFrame]) -> pd.DataFrame:
        """Keep a frame that judges, as `Cube.remembered` does: of this week and these usual ranges."""
        return self.cube.remembered(name, [str(self.week), repr(self._rebases), *about], make)

    @cached_property
    def _rebases(self) -> list[Rebase]:
        return read_rebases(self.cube.settings.data / "rebases.csv")

    def rebase(self, slug: str) -> Rebase | None:
        """Give what began a KPI's usual range anew, if anything did."""
        return rebase_of(self._rebases, slug, self.week)

    @cached_property
    def targets(self) -> list[Target]:
        """All targets that were known."""
        return read_targets(self.cube)

    def target(self, slug: str, where: Where = ()) -> Target | None:
        """Give the target of a KPI, or of a part of it, in the week."""
        return target_of(self.targets, kpi(slug), self.week, dict(where))


def _shown(one: Kpi) -> list[str]:
    return [name for name in one.dimensions if name not in _BY_HAND]


def _first(served: Sequence[Kpi]) -> list[str]:
    """Give the total and the dimensions whose parts are judged beside it."""
    return [TOTAL, *sorted({name for one in served for name in _shown(one)[:_DIMENSIONS]})]


def _together(served: Sequence[Kpi]) -> list[str]:
    """Give the dimensions by which verdicts look at a fact's cells all together."""
    among = [one for one in served if one.is_additive]
    names = ((name, number) for one in among for number, name in enumerate(one.dimensions))
    return [name for name, number in names if number == 0 or name not in _BY_HAND]
