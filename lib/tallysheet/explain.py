"""Explain any table: one file, one expression, one week, through the same comparison as every KPI."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from tallysheet import say
from tallysheet.comparison import Explanation, compare
from tallysheet.drivers import MOST_VALUES
from tallysheet.engine import close_to_outside, connect, first_line, identifier
from tallysheet.errors import UsageError, nearest
from tallysheet.expressions import Expression, check
from tallysheet.extract import scan, typed_table
from tallysheet.kpi import Kpi
from tallysheet.language import Language
from tallysheet.segments import Segment
from tallysheet.telling import causes
from tallysheet.values import series_of
from tallysheet.weeks import IsoWeek, complete_weeks, weeks_between

_YEARS = (1900, 2100)
"""First year of a row, and the first that is none: 9999 stands for no end. A table's history may be long."""


@dataclass(frozen=True)
class FileExplanation:
    """An explanation of a file, and how many of its rows had no week and were left out."""

    explanation: Explanation
    rows: int
    rows_without_week: int


def explain_file(
    path: str | Path,
    *,
    week_of: str,
    week: str,
    numerator: str,
    denominator: str | None = None,
    base: str = "previous",
    by: Sequence[str] = (),
) -> FileExplanation:
    """Explain a week of a file.

    Parameters
    ----------
    path : str or Path
        Anything that `read_text_table` reads.
    week_of : str
        DuckDB expression over one row that gives its date.
    week : str
        ISO week such as ``2013-W17``.
    numerator, denominator : str
        DuckDB expressions over one row, added up; without a denominator the KPI is a sum.
    base : str
        ``previous``, ``last-4``, ``year-ago`` or a week.
    by : sequence of str
        Columns to split over, one by one; a value is the text as it is written.

    Returns
    -------
    FileExplanation

    Raises
    ------
    UsageError
        A week or base of wrong form or outside the data, an unknown column, an expression that
        DuckDB refuses or that adds up to no number, a week whose denominator is below 0.
    DataError
        The file cannot be read.

    Notes
    -----
    A ratio whose parts all lie between 0 and their denominator is a share (p' chart); any other ratio,
    and a sum, has an XmR chart.
    """
    wanted = IsoWeek.parse(week)
    # Within, dimensions have names of ours: a column may have any, such as week, now or segment.
    columns = {f"by_{number:03}": name for number, name in enumerate(sorted(set(by)))}
    cells, rows, without_week = _cells(Path(path), week_of, numerator, denominator, columns)
    if cells.empty:
        raise UsageError("--week-of", "a date in some row", "none", "Choose the column that dates a row.")
    days = cells["day"].dt.date
    cells = cells.assign(week=[str(IsoWeek.of(day)) for day in days])
    _check_sums(cells)
    first, last = min(days), max(days)
    weeks = weeks_between(IsoWeek.of(first), IsoWeek.of(last))
    whole = set(complete_weeks(first, last))
    kpi = Kpi(
        slug="file",
        fact="rows",
        numerator="numerator",
        denominator="denominator" if denominator else None,
        unit=_unit(cells, denominator),
        direction="neutral",
        cohort=week_of,
        maturity_days=0,
        dimensions=tuple(by),
        source=numerator if denominator in (None, "1") else f"{numerator} / {denominator}",
        lowest=-math.inf,
    )
    explanation = compare(
        series_of(cells, kpi, weeks),
        wanted,
        base=base,
        by=sorted(columns, key=lambda one: list(by).index(columns[one])),
        unjudged={week: "missing" for week in weeks if week not in whole},
    )
    if math.isnan(explanation.change):
        compared = ", ".join(str(week) for week in explanation.base_weeks)
        raise UsageError(
            "week and base", f"rows to divide by in {wanted} and in {compared}", "none", "Choose others."
        )
    return FileExplanation(_by_columns(explanation, columns), rows, without_week)


def _unit(cells: pd.DataFrame, denominator: str | None) -> Any:
    if denominator is None:
        return "count" if (cells["numerator"] % 1 == 0).all() else "number"
    return "share" if cells["numerator"].between(0, cells["denominator"]).all() else "number"


def _cells(
    path: Path, week_of: str, numerator: str, denominator: str | None, columns: Mapping[str, str]
) -> tuple[pd.DataFrame, int, int]:
    """Add the file up by day and by dimensions; also its rows, and those of them without a day.

    ``columns`` is the name of a dimension to its column in the file.
    """
    with connect() as connection, scan(connection, path, "text_rows") as table:
        for name in columns.values():
            if name not in table.columns:
                raise UsageError("--by", f"a column of {path.name}", repr(name), nearest(name, table.columns))
        # Columns of files have no blanks around: with one in front a name is ours alone.
        as_written = {f" {ours}": name for ours, name in columns.items()}
        typed_table(connection, table, "rows", as_written)
        close_to_outside(connection)
        made = {"day": Expression("--week-of", week_of, "DATE")}
        made["numerator"] = Expression("--numerator", numerator, "DOUBLE")
        if denominator:
            made["denominator"] = Expression("--denominator", denominator, "DOUBLE")
        for one in made.values():
            check(connection, one)
        parts = [f'{one.sql} AS " {name}"' for name, one in made.items()]
        source = f"(SELECT {', '.join([*parts, *map(identifier, as_written)])} FROM rows)"
        texts = [f"coalesce(\" {ours}\", '') AS {ours}" for ours in columns]
        sums = [f'coalesce(sum(" {name}"), 0) AS {name}' for name in made if name != "day"]
        has_day = f'coalesce(year(" day") BETWEEN {_YEARS[0]} AND {_YEARS[1] - 1}, false)'
        select = ", ".join(['" day" AS day', *texts, *sums])
        try:
            cells = connection.execute(
                f"SELECT {select} FROM {source} WHERE {has_day} GROUP BY ALL ORDER BY ALL"
            ).df()
            rows, without = connection.execute(
                f"SELECT count(*), count(*) FILTER (NOT {has_day}) FROM {source}"
            ).fetchall()[0]
        except duckdb.Error as error:
            raise UsageError(
                "explain", "expressions over one row", first_line(error), "Correct them."
            ) from None
    return cells, rows, without


def _check_sums(cells: pd.DataFrame) -> None:
    """Refuse what adds up to no number, and a week whose denominators add up to less than 0."""
    for side in [name for name in ("numerator", "denominator") if name in cells]:
        odd = cells.loc[~np.isfinite(cells[side]), ["week", side]]
        if not odd.empty:
            week, found = odd.iloc[0]
            advice = "Divide by nullif(x, 0), or write CASE for the rows that are meant."
            raise UsageError(f"--{side}", "a number in every row", f"{found} in {week}", advice)
    if "denominator" in cells:
        sums = cells.groupby("week")["denominator"].sum()
        for week, found in sums[sums < 0].items():
            advice = "Check the rows of that week, or leave out those below 0."
            raise UsageError("--denominator", "0 or more in every week", f"{found:g} in {week}", advice)


def _by_columns(explanation: Explanation, columns: Mapping[str, str]) -> Explanation:
    """Name the dimensions of an explanation as the file does."""

    def named(segments: Sequence[Segment]) -> tuple[Segment, ...]:
        return tuple(
            replace(one, where={columns[ours]: value for ours, value in one.where.items()})
            for one in segments
        )

    def search() -> tuple[Segment, ...] | None:
        found = explanation.search()
        return None if found is None else named(found)

    return replace(
        explanation,
        parts={columns[ours]: frame for ours, frame in explanation.parts.items()},
        close_ups={columns[ours]: found for ours, found in explanation.close_ups.items()},
        outside=named(explanation.outside),
        search=search,
    )


def as_text(found: FileExplanation, language: Language) -> str:
    """Tell an explanation in sentences and tables, for a terminal."""
    explanation = found.explanation
    told = [f(explanation, language) for f in (say.change, say.story, say.moved, _not_searched)]
    blocks = ["\n".join(sentence for sentence in told if sentence)]
    for dimension, parts in explanation.parts.items():
        columns = [
            "segment",
            "value_base",
            "value_now",
            "lower",
            "upper",
            "mix",
            "rate",
            "total",
            "variation",
        ]
        blocks.append(f"{dimension}\n{parts[columns].to_string(index=False, float_format='{:.4f}'.format)}")
    if explanation.parts:
        blocks.append(say.closure(explanation, next(iter(explanation.parts)), language))
    return "\n\n".join(blocks)


def _not_searched(explanation: Explanation, language: Language) -> str:
    """Say which dimensions have too many values to search for segments, where they would be searched."""
    if not explanation.outside and explanation.variation != "signal":
        return ""
    many = [name for name, parts in explanation.parts.items() if len(parts) > MOST_VALUES]
    told = language.listed([say.dimension_name(name, language) for name in many])
    return language.text("say.not_searched", dimensions=told, n=MOST_VALUES) if many else ""


def as_json(found: FileExplanation, language: Language) -> dict[str, Any]:
    """Lay an explanation out as plain values; what is not a number is None."""
    explanation = found.explanation
    left_out = _not_searched(explanation, language)
    return _plain(
        {
            "kpi": explanation.kpi.source,
            "week": str(explanation.week),
            "base": explanation.base,
            "base_weeks": [str(week) for week in explanation.base_weeks],
            "value_now": explanation.value_now,
            "value_base": explanation.value_base,
            "change": explanation.change,
            "lower": explanation.judgement.lower,
            "upper": explanation.judgement.upper,
            "verdict": {
                "variation": explanation.variation,
                "causes": [asdict(cause) for cause in causes(explanation)],
                "reason": " ".join(filter(None, [say.usual(explanation, language), left_out])),
            },
            "contributions": [
                {
                    "dimension": dimension,
                    "segment": {dimension: row.segment},
                    "mix": row.mix,
                    "rate": row.rate,
                    "total": row.total,
                    "lower": row.lower,
                    "upper": row.upper,
                    "value_now": row.value_now,
                    "value_base": row.value_base,
                    "variation": row.variation,
                }
                for dimension, parts in explanation.parts.items()
                for row in parts.itertuples()
            ],
            "outside": [asdict(part) for part in explanation.outside],
            "segments": [asdict(segment) for segment in explanation.segments],
            "residual": explanation.residual,
            "rows": found.rows,
            "rows_without_week": found.rows_without_week,
        }
    )


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    return value
