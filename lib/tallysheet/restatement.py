"""What was first said of a week, what is known now, and why they differ."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Container, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from tallysheet.cells import TOTAL
from tallysheet.comparison import Explanation
from tallysheet.files import write_whole
from tallysheet.judged_rows import judge_parts
from tallysheet.kpis import kpi
from tallysheet.limits import Numbers
from tallysheet.review import Review
from tallysheet.unpack import sha256
from tallysheet.values import Parts, Series, weekly_values
from tallysheet.weeks import IsoWeek, week_folders

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


def kept_files(folder: Path, week: IsoWeek, as_of: dt.datetime) -> list[Path]:
    """List what was published before a moment of a week and those before it, a file a week and moment."""
    stamp = f"{as_of:%Y%m%dT%H%M%S}.parquet"
    found = (path for one, path in week_folders(folder).items() if one <= week)
    return sorted(
        path for week_folder in found for path in week_folder.glob("*.parquet") if path.name < stamp
    )


def read_kept(files: Sequence[Path]) -> pd.DataFrame:
    """Read what was published, from its files."""
    frames = [pq.read_table(path).to_pandas() for path in files]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=COLUMNS)


def last_restated(review: Review, slugs: Sequence[str], weeks: int) -> pd.DataFrame:
    """Give `restated` of the review's week and those before it, once for the same data and publications."""
    cube, week = review.cube, review.week
    chosen = [one for one in cube.weeks if week.shift(-weeks) < one <= week]
    files = kept_files(cube.settings.data / "history", week, cube.as_of)
    about = [*map(str, chosen), *map(sha256, files)]
    return review.remembered("restated", about, lambda: restated(review, slugs, chosen, read_kept(files)))


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
        change, first_variation, variation (what the page of that week would say today), held (``same`` or
        ``other`` verdict; ``not_final``: it is not judged yet), because: ``late_rows`` (the denominator
        has grown or shrunk), ``late_evidence`` (more of it is known to the end), ``late_ends`` (the
        numerator has moved), ``corrected`` (it has fallen, of what can only grow by itself), ``same``.
    """
    age = review.cube.as_of - review.cube.weeks[-1].ended_at
    shown = [week for week in weeks if week.ended_at + age < review.cube.as_of]
    if not (shown and slugs):
        return pd.DataFrame(columns=["kpi", "week"])
    known = {} if kept is None or kept.empty else _first(kept)
    pages = [Review(review.cube, week) for week in shown]
    since = min(page.weeks[0] for page in pages)
    _add_up(review, slugs, age, since)
    frames = [_of_kpi(review, slug, pages, age, since, known) for slug in slugs]
    return pd.concat(frames, ignore_index=True)


def _add_up(review: Review, slugs: Sequence[str], age: dt.timedelta, since: IsoWeek) -> None:
    """Add weeks up at their first age and as known now, all of a fact at once; KPI by KPI it takes longer."""
    cube = review.cube
    looks = [look for looks in (cube.looks(age), cube.looks()) for look in looks if look[0] >= str(since)]
    for fact in sorted({fact for slug in slugs for fact in kpi(slug).measures()}):
        cube.add_up(fact, looks, (TOTAL,))


def _of_kpi(
    review: Review,
    slug: str,
    pages: Sequence[Review],
    age: dt.timedelta,
    since: IsoWeek,
    known: dict[tuple[str, str], pd.Series],
) -> pd.DataFrame:
    then, now = review.series(slug, age, since=since), review.series(slug, since=since)
    weeks = [page.week for page in pages]
    names = [str(week) for week in weeks]
    full = dt.timedelta(days=then.kpi.maturity_days)
    is_final = np.array([review.known_until(slug) - week.ended_at >= full for week in weeks])
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
        }
    )
    at_first = {} if _is_young(review, then, now) else _at_first(then, pages, review)
    today = _today(now, pages, is_final)
    rows["first_variation"] = [at_first.get(name, "not_known") for name in names]
    rows["variation"] = [today.get(name, "not_known") for name in names]
    for place, name in enumerate(names):
        if (slug, name) in known:
            row = known[slug, name]
            published_then = [row["as_of"], "published", row["value"], row["variation"]]
            rows.loc[place, ["first_as_of", "source", "first", "first_variation"]] = published_then
    rows["change"] = rows["now"] - rows["first"]
    same = rows["first_variation"] == rows["variation"]
    rows["held"] = np.select([~is_final, same], ["not_final", "same"], "other")
    rows["because"] = [
        because(old, new, change, is_ratio=then.kpi.method in ("ratio", "sum"))
        for (_, old), (_, new), change in zip(
            then.total.loc[names].iterrows(), now.total.loc[names].iterrows(), rows["change"], strict=True
        )
    ]
    return rows


def _is_young(review: Review, then: Series, now: Series) -> bool:
    """Tell whether weeks of that age know too little to be judged, by the latest that are final now."""
    one, full = then.kpi, dt.timedelta(days=then.kpi.maturity_days)
    until = review.known_until(one.slug)
    old = [str(week) for week in review.whole_weeks if until - week.ended_at >= full]
    first, last = (series.total.loc[old[-_LEARNT_WEEKS:]].sum() for series in (then, now))
    side = "ended" if one.has_evidence else "x" if one.method in ("ratio", "sum") else "n"
    known, final = first[side], last[side]
    if one.has_evidence:
        known, final = known / max(first["n"], 1), final / max(last["n"], 1)
    return bool(known < one.floor * final)


def _at_first(then: Series, pages: Sequence[Review], review: Review) -> dict[str, str]:
    """Give the verdict on each week at that age, beside the weeks that are judged at it."""
    return _verdicts(then, pages, [review.unjudged(then.kpi.slug)] * len(pages))


def _today(now: Series, pages: Sequence[Review], is_final: Numbers) -> dict[str, str]:
    """Give the verdict that the page of each final week would have today, where it has one."""
    slug = now.kpi.slug
    final = {page: page.unjudged(slug) for page, old in zip(pages, is_final, strict=True) if old}
    judged = {page: left_out for page, left_out in final.items() if page.week not in left_out}
    return _verdicts(now, list(judged), list(judged.values()))


def _verdicts(
    series: Series, pages: Sequence[Review], unjudged: Sequence[Container[IsoWeek]]
) -> dict[str, str]:
    """Judge each page's week against the weeks that it compares with, of which some are not judged."""
    if not pages:
        return {}
    usual = [_usual(page, series.kpi.slug, left_out) for page, left_out in zip(pages, unjudged, strict=True)]
    columns = [str(number) for number in range(max(map(len, usual)))]
    x, n = np.full((len(pages), len(columns)), np.nan), np.zeros((len(pages), len(columns)))
    # Each row ends with its own week, so that the last column is the one that is judged.
    for row, weeks in enumerate(usual):
        x[row, -len(weeks) :], n[row, -len(weeks) :] = series.total.loc[weeks, ["x", "n"]].to_numpy().T
    names = [str(page.week) for page in pages]
    # Whether enough is known of a week is known already, so none is taken for a gap.
    rows = Parts(names, columns, x, n, ended=n)
    return dict(zip(names, judge_parts(rows, columns, series.kpi, None).variation, strict=True))


def _usual(page: Review, slug: str, unjudged: Container[IsoWeek]) -> list[str]:
    """List the weeks that a page learns a KPI's usual range from, and its own."""
    rebase = page.rebase(slug)
    since = [week for week in page.weeks if week <= page.week and (not rebase or week >= rebase.week)]
    return [str(week) for week in since if week == page.week or week not in unjudged]


def _first(kept: pd.DataFrame) -> dict[tuple[str, str], pd.Series]:
    earliest = kept.sort_values("as_of").drop_duplicates(["kpi", "week"])
    return {(row["kpi"], row["week"]): row for _, row in earliest.iterrows()}


def because(then: pd.Series, now: pd.Series, change: float, *, is_ratio: bool) -> str:
    """Say why a value reads differently now, by the side that has moved most.

    Parameters
    ----------
    then, now : Series
        x, n and ended.
    change : float
    is_ratio : bool
        Whether x counts or adds up, so that it falls by corrections alone.
    """
    if math.isnan(change) or abs(change) < _SAME:
        return "same"
    moves = {
        "late_rows": _moved(then["n"], now["n"]),
        "late_evidence": _moved(then["ended"], now["ended"]),
        "late_ends": _moved(then["x"], now["x"]),
    }
    largest = max(moves, key=lambda name: moves[name])
    if largest == "late_ends" and is_ratio and now["x"] < then["x"]:
        return "corrected"
    return largest if moves[largest] > 0 else "same"


def _moved(then: float, now: float) -> float:
    if np.isnan([then, now]).any():
        return 0.0
    return abs(now - then) / max(abs(then), abs(now), 1e-12)
