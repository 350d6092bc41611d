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

from tallysheet.comparison import Explanation
from tallysheet.files import write_whole
from tallysheet.judgement import judge_many
from tallysheet.review import Review
from tallysheet.values import Series, weekly_values
from tallysheet.weeks import IsoWeek

COLUMNS = ["kpi", "week", "as_of", "value", "lower", "upper", "variation"]
_SAME = 1e-12
_LEARNT_WEEKS = 13
"""So many final weeks say how much of a week is known at an age."""


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
        change, first_variation, variation, held (``same`` or ``other`` verdict; ``not_final``: it is not
        judged yet), because: ``late_rows``
        (the denominator has grown or shrunk), ``late_evidence`` (more of it is known to the end),
        ``late_ends`` (the numerator has moved), ``same``.
    """
    age = review.cube.as_of - review.cube.weeks[-1].ended_at
    shown = [week for week in weeks if week.ended_at + age < review.cube.as_of]
    known = {} if kept is None or kept.empty else _first(kept)
    frames = [_of_kpi(review, slug, shown, age, known) for slug in slugs] if shown else []
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=["kpi", "week"])


def _of_kpi(
    review: Review,
    slug: str,
    weeks: Sequence[IsoWeek],
    age: dt.timedelta,
    known: dict[tuple[str, str], pd.Series],
) -> pd.DataFrame:
    then, now = review.series(slug, age), review.series(slug)
    names = [str(week) for week in weeks]
    rows = pd.DataFrame(
        {
            "kpi": slug,
            "week": names,
            "unit": then.kpi.unit,
            "direction": then.kpi.direction,
            "first_as_of": [week.ended_at + age for week in weeks],
            "source": "replayed",
            "first": weekly_values(then.total, then.kpi).loc[names].to_numpy(),
            "now": weekly_values(now.total, now.kpi).loc[names].to_numpy(),
            "first_variation": "not_known"
            if _is_young(review, then, now)
            else _variations(review, then, names),
            "variation": _variations(review, now, names),
        }
    )
    for place, name in enumerate(names):
        if (slug, name) in known:
            row = known[slug, name]
            published_then = [row["as_of"], "published", row["value"], row["variation"]]
            rows.loc[place, ["first_as_of", "source", "first", "first_variation"]] = published_then
    rows["change"] = rows["now"] - rows["first"]
    full = dt.timedelta(days=then.kpi.maturity_days)
    is_final = np.array([review.cube.as_of - week.ended_at >= full for week in weeks])
    rows["variation"] = rows["variation"].where(is_final, "not_known")
    same = rows["first_variation"] == rows["variation"]
    rows["held"] = np.select([~is_final, same], ["not_final", "same"], "other")
    rows["because"] = [
        _because(old, new, change)
        for (_, old), (_, new), change in zip(
            then.total.loc[names].iterrows(), now.total.loc[names].iterrows(), rows["change"], strict=True
        )
    ]
    return rows


def _is_young(review: Review, then: Series, now: Series) -> bool:
    """Tell whether weeks of that age know too little to be judged, by the latest that are final now."""
    one, full = then.kpi, dt.timedelta(days=then.kpi.maturity_days)
    old = [str(week) for week in review.whole_weeks if review.cube.as_of - week.ended_at >= full]
    first, last = (series.total.loc[old[-_LEARNT_WEEKS:]].sum() for series in (then, now))
    side = "ended" if one.has_evidence else "x" if one.method in ("ratio", "sum") else "n"
    known, final = first[side], last[side]
    if one.has_evidence:
        known, final = known / max(first["n"], 1), final / max(last["n"], 1)
    return bool(known < one.floor * final)


def _variations(review: Review, series: Series, names: Sequence[str]) -> list[str]:
    """Judge each week against those before it: one row a week, later weeks left empty."""
    whole = [str(week) for week in review.whole_weeks]
    places = np.array([whole.index(name) for name in names])
    length = int(places.max()) + 1
    total = series.total.loc[whole[:length]]
    counts = series.kpi.chart != "xmr"
    values = (total["x"] if counts else weekly_values(total, series.kpi)).to_numpy()
    # Each row ends with its own week, so that the last column is the one that is judged.
    shifts = length - 1 - places
    rows = np.full((len(names), length), np.nan)
    n = np.zeros_like(rows)
    for row, shift in enumerate(shifts):
        rows[row, shift:], n[row, shift:] = values[: length - shift], total["n"].to_numpy()[: length - shift]
    one = series.kpi
    return list(judge_many(rows, n if counts else None, one.chart, is_count=one.is_count).variation)


def _first(kept: pd.DataFrame) -> dict[tuple[str, str], pd.Series]:
    earliest = kept.sort_values("as_of").drop_duplicates(["kpi", "week"])
    return {(row["kpi"], row["week"]): row for _, row in earliest.iterrows()}


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
