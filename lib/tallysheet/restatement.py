"""What was first said of a week, what is known now, and why they differ."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from tallysheet.comparison import Explanation, compare
from tallysheet.cube import end_of
from tallysheet.files import write_whole
from tallysheet.review import Review
from tallysheet.weeks import IsoWeek

COLUMNS = ["kpi", "week", "as_of", "value", "lower", "upper", "variation"]
_SAME = 1e-12
_EXPLAINS = 0.005
"""From which relative change on a side of a ratio is told as the reason."""


def published(explanations: Sequence[Explanation], as_of: dt.datetime) -> pd.DataFrame:
    """Lay out what is said of a week: kpi, week, as_of, value, lower, upper, variation."""
    rows = [
        (
            one.kpi.slug,
            str(one.week),
            as_of,
            one.value_now,
            one.judgement.lower,
            one.judgement.upper,
            one.variation,
        )
        for one in explanations
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def keep(folder: Path, rows: pd.DataFrame) -> None:
    """Keep what was published of a week, one file a moment; what was kept is never written over."""
    week, as_of = rows["week"].iloc[0], rows["as_of"].iloc[0]
    path = folder / str(week) / f"{as_of:%Y%m%dT%H%M%S}.parquet"
    if not path.is_file():
        write_whole(path, lambda part: pq.write_table(pa.Table.from_pandas(rows, preserve_index=False), part))


def read_kept(folder: Path) -> pd.DataFrame:
    """Read all that was published, earliest first."""
    paths = sorted(folder.glob("*/*.parquet"))
    frames = [pq.read_table(path).to_pandas() for path in paths]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=COLUMNS)


def restated(
    review: Review, slugs: Sequence[str], weeks: Sequence[IsoWeek], kept: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Compare what was first said of weeks with what is known now.

    Parameters
    ----------
    review : Review
    slugs : sequence of str
    weeks : sequence of IsoWeek
    kept : DataFrame, optional
        What was published (`read_kept`). A week that was not published is looked at as it stood at the
        age at which the latest complete week is looked at now.

    Returns
    -------
    DataFrame
        kpi, week, unit, direction, first_as_of, source (``published`` or ``replayed``), first, now,
        change, first_variation, variation, held (whether a flag was the same), because: ``late_rows``
        (the denominator has grown or shrunk), ``late_evidence`` (more of it is known to the end),
        ``late_ends`` (the numerator has moved), ``same``.
    """
    age = review.cube.as_of - end_of(review.cube.weeks[-1])
    known = {} if kept is None or kept.empty else _first(kept)
    rows = []
    for slug in slugs:
        series = review.series(slug, age)
        then, now = series.total, review.series(slug).total
        for week in weeks:
            if end_of(week) + age >= review.cube.as_of:
                continue
            old = _said(review, slug, week, age)
            new = _said(review, slug, week, None)
            row = known.get((slug, str(week)))
            first = old.value_now if row is None else float(row["value"])
            rows.append(
                {
                    "kpi": slug,
                    "week": str(week),
                    "unit": series.kpi.unit,
                    "direction": series.kpi.direction,
                    "first_as_of": end_of(week) + age if row is None else row["as_of"],
                    "source": "replayed" if row is None else "published",
                    "first": first,
                    "now": new.value_now,
                    "change": new.value_now - first,
                    "first_variation": old.variation if row is None else row["variation"],
                    "variation": new.variation,
                    "because": _because(then.loc[str(week)], now.loc[str(week)], new.value_now - first),
                }
            )
    frame = pd.DataFrame(rows)
    return frame.assign(held=frame["first_variation"] == frame["variation"]) if len(frame) else frame


def _first(kept: pd.DataFrame) -> dict[tuple[str, str], pd.Series]:
    earliest = kept.sort_values("as_of").drop_duplicates(["kpi", "week"])
    return {(row["kpi"], row["week"]): row for _, row in earliest.iterrows()}


def _said(review: Review, slug: str, week: IsoWeek, age: dt.timedelta | None) -> Explanation:
    whole = set(review.cube.weeks)
    return compare(
        review.series(slug, age),
        week,
        base="previous" if week.shift(-1) in review.cube.touched_weeks else str(week.shift(1)),
        by=(),
        unjudged={one: "missing" for one in review.cube.touched_weeks if one not in whole},
    )


def _because(then: pd.Series, now: pd.Series, change: float) -> str:
    if math.isnan(change) or abs(change) < _SAME:
        return "same"
    moves = {
        "late_rows": _moved(then["n"], now["n"]),
        "late_evidence": _moved(then["ended"], now["ended"]),
        "late_ends": _moved(then["x"], now["x"]),
    }
    largest = max(moves, key=lambda name: moves[name])
    return largest if moves[largest] > 0 else "same"


def _moved(then: float, now: float) -> float:
    if np.isnan([then, now]).any():
        return 0.0
    return abs(now - then) / max(abs(then), abs(now), 1e-12)
