"""A KPI's row among all KPIs of a week."""

from __future__ import annotations

from tallysheet.comparison import Explanation
from tallysheet.review import Review
from tallysheet.telling import causes


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
        "cause": ",".join(dict.fromkeys(cause.code for cause in causes(explanation))),
        "mature": maturity.is_final,
        "judged_week": str(judged) if judged else "",
        "number": explanation.kpi.number,
        "completeness": maturity.completeness,
        "projected": maturity.projected,
        "low": maturity.low,
        "high": maturity.high,
        "p90": review.p90(slug),
    }
