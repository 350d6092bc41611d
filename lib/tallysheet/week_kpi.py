"""One KPI of an open week: explained, how far it is, without the calendar, on its way to a target."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import pandas as pd

from tallysheet.by_age import Spread, spread_of
from tallysheet.by_value import Lines, lines_of
from tallysheet.comparison import Explanation
from tallysheet.cube import Where
from tallysheet.errors import UsageError, nearest
from tallysheet.kpi import Kpi
from tallysheet.maturity import Maturity
from tallysheet.review import Review
from tallysheet.seasons import calendar_adjusted
from tallysheet.targets import Pace, conditions_of, pace


class WeekKpi:
    """A KPI in its week, in all or of a part.

    Parameters
    ----------
    review : Review
    definition : Kpi
    where : tuple of (str, str)
        Dimensions and their values; empty: the total.
    explanation : callable
        The week's own: of a slug, a base, dimensions and a part.
    """

    def __init__(
        self,
        review: Review,
        definition: Kpi,
        where: Where,
        explanation: Callable[[str, str | None, str | Sequence[str] | None, Where], Explanation],
    ) -> None:
        self._review, self.definition, self.where, self._explanation = review, definition, where, explanation

    def __repr__(self) -> str:
        part = "".join(f", {name} {value}" for name, value in self.where)
        return f"<{self.definition.slug} {self._review.week}{part}>"

    def explain(self, base: str | None = None, by: str | Sequence[str] | None = None) -> Explanation:
        """Compare the week with a base and split the change.

        Parameters
        ----------
        base : str, optional
            As for `open_week`; None is the week's own.
        by : str or sequence of str, optional
            Dimensions; None is those of the KPI's that hold 2 to 30 values.

        Raises
        ------
        UsageError
            An unknown dimension, or a base outside the data.
        """
        found = self._explanation(self.definition.slug, base, by, self.where)
        # Pages are made of the same explanation: what is done to these frames must not reach them.
        parts = {name: frame.copy(deep=False) for name, frame in found.parts.items()}
        return replace(found, history=found.history.copy(deep=False), parts=parts, search=lambda: found.found)

    def maturity(self) -> Maturity:
        """Tell how far the week is: what is known of it, whether it is final, what it may become."""
        return self._review.maturity(self.definition.slug, self.where)

    def calendar_adjusted(self) -> pd.DataFrame:
        """Give the weeks without what holidays and peaks usually do."""
        return calendar_adjusted(self._review, self.definition.slug, self.where)

    def lines(self, by: str) -> Lines | None:
        """Give its last 26 weeks, value by value of a dimension; None where there is nothing to tell."""
        self.definition.check_dimension(by, "by")
        return lines_of(self._review, self.definition.slug, by, self.where)

    def spread(self, base: str | None = None) -> Spread | None:
        """Lay out how long its items lasted, in the week and in its base, as a median cannot tell.

        Parameters
        ----------
        base : str, optional
            As for `open_week`; None is the week's own.

        Returns
        -------
        Spread or None
            Shares by length, median and nine tenths of both; None of what is no duration, of a target as
            base, and where nothing has ended.
        """
        found = self._explanation(self.definition.slug, base, (), self.where)
        return spread_of(self._review, found, self.where)

    def lay_out(self) -> None:
        """Add it up by all its dimensions at once: whatever is then asked of its parts is quick."""
        for fact in self.definition.measures():
            self._review.lay_out(fact)

    def pace(self) -> Pace | None:
        """Tell how far the quarter is on its way to the target; None without one, or for a duration.

        Weeks whose values still grow, and weeks of which data is missing, are not counted as done.
        """
        review, slug = self._review, self.definition.slug
        target = review.target(slug, self.where)
        if target is None or not self.definition.is_additive:
            return None
        full = dt.timedelta(days=self.definition.maturity_days)
        unjudged = review.unjudged(slug, self.where, now=True)
        known = {
            one
            for one in review.whole_weeks
            if one not in unjudged and review.known_until(slug) - one.ended_at >= full
        }
        return pace(review.series(slug, where=self.where), target, review.week, known)


def read_part(text: str) -> dict[str, str]:
    """Read a part as actions, targets and explorers name it; a value may be empty: rows that have none.

    Raises
    ------
    UsageError
        A condition without ``=``, or no text at all.

    Examples
    --------
    >>> read_part("carrier=BRV;partner="), read_part("")
    ({'carrier': 'BRV', 'partner': ''}, {})
    """
    where = conditions_of(text) if isinstance(text, str) else None
    if where is None:
        advice = "Write the dimension, = and the value."
        raise UsageError("where", "a part such as carrier=BRV;flow=return", repr(text), advice)
    return where


def part_of(review: Review, definition: Kpi, where: Mapping[str, str] | str) -> Where:
    """Give a part, named in either way, as a KPI's parts are asked for.

    Raises
    ------
    UsageError
        A dimension that the KPI has not, or a value that the data has not; it names the nearest.
    """
    where = where if isinstance(where, Mapping) else read_part(where)
    for name, value in where.items():
        definition.check_dimension(name, "where")
        if not isinstance(value, str):
            raise UsageError(name, "one value", repr(value), "Ask for each by itself.")
        if review.lacking(definition):
            continue
        known = sorted(review.series(definition.slug, review.age(definition.slug)).by(name).segments)
        if value not in known:
            raise UsageError(name, "a value of it in the data", repr(value), nearest(value, known))
    return tuple(sorted(where.items()))
