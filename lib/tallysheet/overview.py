"""All KPIs of a week: which there are, and the row of each."""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd

from tallysheet.comparison import Explanation
from tallysheet.errors import DataError
from tallysheet.kpis import KPIS, kpi
from tallysheet.review import Review
from tallysheet.targets import as_frame
from tallysheet.telling import cause_code


def available_kpis(review: Review) -> tuple[str, ...]:
    """Give the slugs of the KPIs that the data allows, in order; looked for once, for all pages of a week.

    Raises
    ------
    DataError
        It allows none.
    """
    return tuple(review.remembered("available", [], lambda: _available(review))["kpi"])


def _available(review: Review) -> pd.DataFrame:
    """Add up at once what all KPIs need, and list those of which there is anything."""
    review.prepare()
    if found := list(review.kpis()):
        return pd.DataFrame({"kpi": found})
    loaded = ", ".join(sorted(set(review.cube.ledger.files["table"])))
    lacking = [review.lacking(one) for one in KPIS.values()]
    fewest = min(lacking, key=len)
    advice = f"Load extracts of {' and '.join(fewest)} too."
    if [] in lacking:
        some = sorted(filter(None, lacking), key=lambda one: (sum("." not in name for name in one), len(one)))
        more = [f", or load extracts of {' and '.join(one)} too" for one in some[:1]]
        advice = f"Choose a week with rows{''.join(more)}."
    raise DataError(f"week {review.week}", "a KPI that the data allows", f"none from {loaded}", advice)


def row_of(review: Review, explanation: Explanation) -> dict[str, object]:
    """Give the row of a KPI; its columns are those of `Week.kpis`."""
    slug = explanation.kpi.slug
    maturity, judged = review.maturity(slug), review.judged_week(slug)
    return {
        "kpi": slug,
        "value": explanation.value_now,
        "base": explanation.value_base,
        "change": explanation.change,
        "unit": explanation.kpi.unit,
        "variation": explanation.variation,
        "assurance": explanation.assurance,
        "cause": cause_code(explanation),
        "mature": maturity.is_final,
        "judged_week": str(judged) if judged else "",
        "number": explanation.kpi.number,
        "completeness": maturity.completeness,
        "projected": maturity.projected,
        "low": maturity.low,
        "high": maturity.high,
        "p90": review.p90(slug),
    }


def targets_of(review: Review, slugs: Collection[str], base: str) -> pd.DataFrame:
    """Give the targets that hold in the week, of these KPIs and their parts, beside their values."""
    rows = []
    for target in review.targets:
        slug, where = target.kpi, tuple(sorted(target.where.items()))
        is_cut_so = slug in slugs and set(target.where) <= set(kpi(slug).dimensions)
        if is_cut_so and review.target(slug, where) is target:
            found = review.explanation(slug, base, (), where)
            rows.append((target, found.value_now, found.assurance))
    return as_frame(rows)
