"""Explain any table: one file, one expression, one week, through the same comparison as every KPI."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from tallysheet import say
from tallysheet.comparison import Explanation, compare
from tallysheet.engine import close_to_outside, connect, first_line, identifier
from tallysheet.errors import UsageError, nearest
from tallysheet.expressions import Expression, check
from tallysheet.extract import scan, typed_table
from tallysheet.kpi import Kpi
from tallysheet.language import Language
from tallysheet.telling import causes
from tallysheet.values import series_of
from tallysheet.weeks import IsoWeek, complete_weeks, weeks_between


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
        Columns to split over, one by one.

    Returns
    -------
    FileExplanation

    Raises
    ------
    UsageError
        A week or base of wrong form or outside the data, an unknown column, an expression that
        DuckDB refuses.
    DataError
        The file cannot be read.

    Notes
    -----
    A ratio whose parts all lie between 0 and their denominator is a share (p' chart); any other ratio,
    and a sum, has an XmR chart.
    """
    wanted = IsoWeek.parse(week)
    cells, rows, without_week = _cells(Path(path), week_of, numerator, denominator, by)
    if cells.empty:
        raise UsageError("--week-of", "a date in some row", "none", "Choose the column that dates a row.")
    days = cells["day"].dt.date
    first, last = min(days), max(days)
    weeks = weeks_between(IsoWeek.of(first), IsoWeek.of(last))
    whole = complete_weeks(first, last)
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
        series_of(cells.assign(week=[str(IsoWeek.of(day)) for day in days]), kpi, weeks),
        wanted,
        base=base,
        by=by,
        unjudged={week: "missing" for week in weeks if week not in whole},
    )
    if math.isnan(explanation.change):
        compared = ", ".join(str(week) for week in explanation.base_weeks)
        raise UsageError(
            "week and base", f"rows to divide by in {wanted} and in {compared}", "none", "Choose others."
        )
    return FileExplanation(explanation, rows, without_week)


def _unit(cells: pd.DataFrame, denominator: str | None) -> Any:
    if denominator is None:
        return "count" if (cells["numerator"] % 1 == 0).all() else "number"
    return "share" if cells["numerator"].between(0, cells["denominator"]).all() else "number"


def _cells(
    path: Path, week_of: str, numerator: str, denominator: str | None, by: Sequence[str]
) -> tuple[pd.DataFrame, int, int]:
    """Add the file up by day and by the columns; also its rows, and those of them without a day."""
    with connect() as connection, scan(connection, path, "text_rows") as table:
        for name in by:
            if name not in table.columns:
                raise UsageError("--by", f"a column of {path.name}", repr(name), nearest(name, table.columns))
        typed_table(connection, table, "rows")
        close_to_outside(connection)
        typed = [Expression("--week-of", week_of, "DATE"), Expression("--numerator", numerator, "DOUBLE")]
        if denominator:
            typed.append(Expression("--denominator", denominator, "DOUBLE"))
        for one in typed:
            check(connection, one)
        day, *sides = (one.sql for one in typed)
        sums = [
            f"coalesce(sum({side}), 0) AS {name}"
            for name, side in zip(("numerator", "denominator"), sides, strict=False)
        ]
        names = [
            f"coalesce(CAST({identifier(name)} AS VARCHAR), '') AS {identifier(name)}"
            for name in dict.fromkeys(by)
        ]
        select = f"SELECT {', '.join([f'{day} AS day', *names, *sums])} FROM rows GROUP BY ALL ORDER BY ALL"
        try:
            cells = connection.execute(select).df()
            rows, without = connection.execute(
                f"SELECT count(*), count(*) FILTER (({day}) IS NULL) FROM rows"
            ).fetchall()[0]
        except duckdb.Error as error:
            raise UsageError(
                "explain", "expressions over one row", first_line(error), "Correct them."
            ) from None
    return cells[cells["day"].notna()], rows, without


def as_text(found: FileExplanation, language: Language) -> str:
    """Tell an explanation in sentences and tables, for a terminal."""
    explanation = found.explanation
    told = [f(explanation, language) for f in (say.change, say.story, say.moved)]
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
        blocks.append(say.closure(explanation, language))
    return "\n\n".join(blocks)


def as_json(found: FileExplanation, language: Language) -> dict[str, Any]:
    """Lay an explanation out as plain values; what is not a number is None."""
    explanation = found.explanation
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
                "reason": say.usual(explanation, language),
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
