"""Data health: how fresh and how whole each table is, and until which week each KPI can be trusted."""

from __future__ import annotations

import datetime as dt
import math

import pandas as pd

from tallysheet import schema
from tallysheet.engine import connect
from tallysheet.facts import show_calendar, show_known, tables_of
from tallysheet.kpis import KPIS
from tallysheet.week import Week

_EARLIER_WEEKS = 8


def freshness(week: Week) -> pd.DataFrame:
    """Say of each table with a day in its rows how new it is, and how whole the week is in it.

    Returns
    -------
    DataFrame
        table, newest_at (when its newest row became known), age_days (from then to the as-of), rows_n (of
        the week), usual_n (of the eight weeks before in the middle; NaN without any), share (of the usual),
        latency_hours (half of the rows of those weeks were known so long after what they tell of; NaN where
        they are known before, as promises are).
    """
    return week.cube.remembered("freshness", [str(week.week)], lambda: _freshness(week))


def _freshness(week: Week) -> pd.DataFrame:
    found = []
    for table in tables_of(week.ledger):
        day = schema.table(table).week_of
        if not day:
            continue
        with connect() as connection:
            show_known(connection, week.ledger, week.cube.as_of, [table])
            show_calendar(connection, week.cube.as_of)
            weeks = dict(
                connection.execute(
                    f"SELECT week, count(*) FROM {table} JOIN calendar ON calendar.day = CAST({day} AS DATE) "
                    "GROUP BY week"
                ).fetchall()
            )
            ((newest,),) = connection.execute(f"SELECT max(known_at) FROM {table}").fetchall()
            ((minutes,),) = connection.execute(
                f"SELECT median(date_diff('minute', CAST({day} AS TIMESTAMP), known_at)) "
                f"FROM {table} WHERE CAST({day} AS DATE) BETWEEN ? AND ?",
                [week.week.shift(-_EARLIER_WEEKS).monday, week.week.sunday],
            ).fetchall()
        usual = pd.Series([weeks.get(str(week.week.shift(-n)), 0) for n in range(1, _EARLIER_WEEKS + 1)])
        middle = float(usual.median())
        rows_n = weeks.get(str(week.week), 0)
        found.append(
            {
                "table": table,
                "newest_at": newest,
                "age_days": (week.cube.as_of - newest) / dt.timedelta(days=1) if newest else math.nan,
                "rows_n": rows_n,
                "usual_n": middle or math.nan,
                "share": rows_n / middle if middle else math.nan,
                "latency_hours": minutes / 60 if minutes is not None and minutes >= 0 else math.nan,
            }
        )
    columns = ["table", "newest_at", "age_days", "rows_n", "usual_n", "share", "latency_hours"]
    return pd.DataFrame(found, columns=columns)


def trust(week: Week) -> pd.DataFrame:
    """Say of each KPI until which week it can be judged, and until which it will not change any more.

    Returns
    -------
    DataFrame
        kpi, judged (latest week up to the opened one of which enough is known; empty if none), final (latest
        of these weeks that is as old as the KPI needs; empty if none), completeness (of the opened week),
        lacking (tables or columns that are not there, joined). Of a KPI that lacks some, and of one of which
        there is nothing, nothing else is known.
    """
    found = []
    for slug, one in KPIS.items():
        lacking = week.review.lacking(one)
        if lacking or slug not in week.available:
            found.append((slug, "", "", math.nan, ", ".join(lacking)))
            continue
        full = dt.timedelta(days=one.maturity_days)
        judged = week.review.judged_week(slug)
        known = [each for each in week.cube.weeks if judged and each <= judged]
        final = [each for each in known if week.review.known_until(slug) - each.ended_at >= full]
        complete = week.review.maturity(slug).completeness
        found.append((slug, str(judged or ""), str(final[-1]) if final else "", complete, ""))
    return pd.DataFrame(found, columns=["kpi", "judged", "final", "completeness", "lacking"])
