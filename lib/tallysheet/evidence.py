"""Evidence: the tables that gates look at, each of the weeks around the judged one, as known then."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import cached_property

import numpy as np
import pandas as pd

from tallysheet import schema
from tallysheet.calendar_effects import came_true, peak_week
from tallysheet.cube import Cube
from tallysheet.engine import connect, literal
from tallysheet.facts import columns_of, fact_tables, show_known, show_table, tables_of
from tallysheet.findings import PLACES
from tallysheet.judgement import MIN_EARLIER_WEEKS
from tallysheet.kpi import Kpi
from tallysheet.kpis import kpi
from tallysheet.review import Review
from tallysheet.seasons import calendar_by_country
from tallysheet.values import pairs
from tallysheet.weeks import IsoWeek

_WEEKS_BEFORE = 34
_WEEKS_AFTER = 3
_NEARLY_ALL = 0.9
"""Share of a file's rows that are repeated, from which on the file came twice."""

_MOSTLY = 0.5
"""Share that its source's files usually repeat, from which on they overlap: there it is no fault."""

_LEAST_ROWS = 50

Weekly = pd.DataFrame
"""A table with a column ``week``, and ``is_usual`` and ``is_judged`` of that week."""


def event_log(cube: Cube) -> pd.DataFrame:
    """Read the event log as known then: kind, starts_on, ends_on, country, carrier, flow, note."""
    columns = ["kind", "starts_on", "ends_on", "country", "carrier", "flow", "note"]
    if "event_log" not in tables_of(cube.ledger):
        return pd.DataFrame(columns=columns)
    with connect() as connection:
        show_known(connection, cube.ledger, cube.as_of, ["event_log"])
        found = connection.execute(f"SELECT {', '.join(columns)} FROM event_log ORDER BY ALL").df()
    return found.fillna({"country": "", "carrier": "", "flow": "", "note": ""})


def entries_of(log: pd.DataFrame, week: IsoWeek) -> pd.DataFrame:
    """Give the entries of the event log that have a day in a week; without a last day the first is all."""
    ends = log["ends_on"].fillna(log["starts_on"])
    return log[(log["starts_on"] <= pd.Timestamp(week.sunday)) & (ends >= pd.Timestamp(week.monday))]


class Evidence:
    """What is known of the weeks around the judged one.

    Parameters
    ----------
    review : Review
    """

    def __init__(self, review: Review) -> None:
        self.review, self.week = review, str(review.week)
        first, last = review.week.shift(-_WEEKS_BEFORE), review.week.shift(_WEEKS_AFTER)
        self.weeks = [
            one
            for one in review.whole_weeks
            if first <= one <= last and (one.ended_at <= review.cube.as_of or one == review.week)
        ]
        self.names = [str(one) for one in self.weeks]
        self._tables: dict[tuple[str, ...], pd.DataFrame] = {}

    @cached_property
    def calm(self) -> pd.DataFrame:
        """Weeks, and which of them may serve as base and history: those outside the peak."""
        calm = [peak_week(one) == "" for one in self.weeks]
        judged = [one == self.review.week for one in self.weeks]
        return pd.DataFrame({"week": self.names, "is_usual": calm, "is_judged": judged})

    @property
    def knows_enough(self) -> bool:
        """Whether earlier weeks are many enough to say that a week is like them."""
        return sum(one < self.review.week for one in self.weeks) >= MIN_EARLIER_WEEKS

    def has(self, *facts: str) -> bool:
        """Tell whether the tables of facts were loaded."""
        return not any(self.review.cube.missing[fact] for fact in facts)

    @cached_property
    def log(self) -> pd.DataFrame:
        """The event log as known then, see `event_log`."""
        return event_log(self.review.cube)

    def dimensions(self, one: Kpi) -> list[str]:
        """List the dimensions that a finding may name; sellers only where they lead."""
        among = one.dimensions or columns_of(one.fact)
        names = [name for name in among if name in PLACES]
        return [name for name in names if name != "seller" or one.dimensions[:1] == ("seller",)]

    def once(self, key: tuple[str, ...], make: Callable[[], pd.DataFrame]) -> pd.DataFrame:
        """Make a table when it is first asked for."""
        if key not in self._tables:
            self._tables[key] = make()
        return self._tables[key]

    def leaves(self, slug: str, by: tuple[str, ...]) -> Weekly:
        """Give a KPI's two sides by week and leaf, each week as old as the judged one."""
        return self.once(("leaves", slug, *by), lambda: self._leaves(slug, by))

    def _leaves(self, slug: str, by: tuple[str, ...]) -> Weekly:
        one = kpi(slug)
        series = self.review.series(slug, self.review.age(slug))
        whole = tuple(self.dimensions(one))
        if one.is_additive and set(by) < set(whole):  # adding up once more is cheaper than asking again
            keys = [*by, "week", "is_usual", "is_judged"]
            return (
                self.leaves(slug, whole).groupby(keys, as_index=False)[["x", "n", "ended"]].sum(min_count=1)
            )
        if one.is_additive or (one.histogram and len(by) > 1):
            found = pairs(series.cells(by, self._old_enough(one)), one, [*by, "week"]).reset_index()
            found[["x", "n"]] = found[["x", "n"]].where(found["x"].notna(), 0.0)  # of what is not known yet
        else:
            found = self._of_parts(slug, by[0])
        return found.merge(self.calm, on="week")

    def _old_enough(self, one: Kpi) -> list[str]:
        """Leave out later weeks of which less is known than of the judged one, unless its KPI tells that."""
        needed = self.review.age(one.slug) or dt.timedelta(days=one.maturity_days)
        until = self.review.known_until(one.slug)
        return [
            str(week)
            for week in self.weeks
            if week <= self.review.week
            or until - week.ended_at >= (dt.timedelta() if one.has_evidence else needed)
        ]

    def _of_parts(self, slug: str, dimension: str) -> pd.DataFrame:
        """Lay out the parts of what does not add up."""
        names = self._old_enough(kpi(slug))
        parts = self.review.series(slug, self.review.age(slug)).by(dimension).at(names)
        size = len(parts.segments), len(names)
        return pd.DataFrame(
            {
                dimension: np.repeat(np.array(parts.segments, dtype=object), size[1]),
                "week": np.tile(np.array(names, dtype=object), size[0]),
                "x": np.nan_to_num(parts.x).ravel(),
                "n": np.where(np.isnan(parts.x), 0.0, parts.n).ravel(),
                "ended": parts.ended.ravel(),
            }
        )

    def holidays(self, slug: str) -> pd.DataFrame:
        """Give what holidays and peaks usually do to a KPI, country by country, up to the last week known."""
        return self.once(("holidays", slug), lambda: calendar_by_country(self.review, slug, self.weeks[-1]))

    def calm_leaves(self, slug: str, by: tuple[str, ...]) -> Weekly:
        """Give `leaves` without what holidays usually do in their country, as far as it came.

        A peak is everybody's: what one year's showed of a country is mostly chance. At Christmas days off may
        take less than as many others do: no more is theirs than the week lost.
        """
        table = self.leaves(slug, by)
        if not kpi(slug).follows_calendar:
            return table
        effects = self.holidays(slug)
        if effects.empty or effects["by"].iloc[0] not in by:
            return table
        name, beside = effects["by"].iloc[0], effects["expected"] - effects["holidays"]
        peak = beside.where(beside * effects["holidays"] > 0, 0.0)
        adds = pd.DataFrame(
            {
                name: effects["country"],
                "week": effects["week"].astype(str),
                "holidays": came_true(effects["holidays"], effects["deviation"] - peak),
            }
        )
        found = table.merge(adds[adds["holidays"] != 0], on=[name, "week"], how="left")
        return found.assign(x=found["x"] - found.pop("holidays").fillna(0.0) * found["n"])

    def fact(self, name: str, by: tuple[str, ...]) -> Weekly:
        """Add a fact up by week and some dimensions, as known now."""
        return self.once(("fact", name, *by), lambda: self._fact(name, by))

    def _fact(self, name: str, by: tuple[str, ...]) -> Weekly:
        cube = self.review.cube
        looks = [look for look in cube.looks() if look[0] in set(self.names)]
        return cube.joint(name, looks, by).drop(columns="seen_at").merge(self.calm, on="week")

    @cached_property
    def repeated(self) -> pd.DataFrame:
        """Files that came twice, and what they repeat: table, file, carrier, week, repeated, whole."""
        files = self.review.cube.ledger.files
        known = files[pd.to_datetime(files["loaded_at"]) <= pd.Timestamp(self.review.cube.as_of)]
        columns = ["table", "file", "carrier", "week", "repeated", "whole"]
        found = [self._repeated_in(row) for _, row in came_twice(known).iterrows()]
        told = [frame for frame in found if frame is not None]
        return pd.concat(told, ignore_index=True) if told else pd.DataFrame(columns=columns)

    def _repeated_in(self, file: pd.Series) -> pd.DataFrame | None:
        ledger = self.review.cube.ledger
        table = schema.table(file["table"])
        names = [column.name for column in table.columns]
        if not table.week_of or "carrier" not in names:
            return None
        folder = self.review.cube.settings.data / "quarantine" / ledger.state
        kept = folder / f"{file['source']}.parquet"
        amount = "amount_cents" if "amount_cents" in names else "1"
        key = " || '/' || ".join(f"CAST({name} AS VARCHAR)" for name in table.key)
        moment = f"TIMESTAMP {literal(self.review.cube.as_of.isoformat(sep=' '))}"
        with connect() as connection:
            show_table(connection, ledger, table.name)
            return connection.execute(
                "WITH again AS ("
                f"SELECT DISTINCT value FROM read_parquet({literal(str(kept))}) "
                f"WHERE reason = 'duplicate' AND file = {literal(file['file'])}"
                "), days AS ("
                f"SELECT carrier, CAST({table.week_of} AS DATE) AS day, sum({amount}) AS amount, "
                f"sum(CASE WHEN {key} IN (SELECT value FROM again) THEN {amount} ELSE 0 END) AS repeated "
                f"FROM {table.name} WHERE known_at <= {moment} AND replaced_at > {moment} GROUP BY ALL) "
                f'SELECT {literal(table.name)} AS "table", {literal(file["file"])} AS file, carrier, '
                "strftime(day, '%G-W%V') AS week, sum(repeated) AS repeated, sum(amount) AS whole "
                "FROM days GROUP BY ALL HAVING sum(repeated) > 0 ORDER BY ALL"
            ).df()


def came_twice(files: pd.DataFrame) -> pd.DataFrame:
    """Give the files of which nearly all rows had come before, from sources whose files do not overlap.

    Weekly extracts of the last 28 days repeat most of each other: that is how they are made. The first file
    of a source says nothing of that, as it has none to repeat.

    Parameters
    ----------
    files : DataFrame
        As a ledger's: source, loaded_at, rows, duplicates.
    """
    share = files["duplicates"] / files["rows"].where(files["rows"] > 0)
    again = files[(files["duplicates"] >= _LEAST_ROWS) & (share >= _NEARLY_ALL)]
    in_order = files.sort_values("loaded_at", kind="stable")
    later = in_order[in_order["source"].duplicated()]
    usual = pd.Series(
        [
            share[later.index[(later["source"] == source) & (later.index != at)]].median()
            for at, source in again["source"].items()
        ],
        index=again.index,
        dtype=float,
    )
    return again[~(usual >= _MOSTLY)]  # NaN where there is no other


def reads(one: Kpi, table: str) -> bool:
    """Tell whether a KPI's own fact reads a table."""
    return table in fact_tables(one.fact)


def day_of(name: str) -> dt.date:
    """Give the Monday of a week."""
    return dt.date.fromisocalendar(int(name[:4]), int(name[6:]), 1)
