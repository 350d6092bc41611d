"""What stands over and under the weeks of a KPI: what the band is, and how the usual range was made."""

from __future__ import annotations

import pandas as pd

from tallysheet.comparison import Explanation
from tallysheet.language import Language


def banded(subtitle: str, rows: pd.DataFrame, language: Language) -> str:
    """Say also what the band is, where a chart of these weeks draws one."""
    return language.text("card.banded", subtitle=subtitle) if rows["lower"].notna().any() else subtitle


def limits(explanation: Explanation, language: Language) -> str:
    """Say at which age all weeks are seen, how the usual range was made, and what began it anew."""
    judgement, rebase, text = explanation.judgement, explanation.rebase, language.text
    told = text("say.no_limits" if judgement.reason == "few_weeks" else "say.not_judged")
    if judgement.variation != "not_known":
        told = text(
            "say.limits_count" if explanation.kpi.chart == "xmr" else "say.limits_share",
            chart=explanation.kpi.chart.replace("'", "′"),
            n=judgement.earlier_weeks,
            week=language.week_code(explanation.week),
            scatter=text(
                "say.scattered" if round(judgement.limits.sigma_z, 1) > 1 else "say.not_scattered",
                sigma_z=language.decimal(judgement.limits.sigma_z, 1),
            ),
            widening=text(
                "say.widened" if round(judgement.widening, 2) > 1 else "say.not_widened",
                autocorrelation=language.decimal(judgement.autocorrelation, 2),
                times=language.decimal(judgement.widening, 2),
            ),
        )
    if rebase:
        week = language.week_code(rebase.week)
        told += " " + text("say.rebased", week=week, reason=rebase.reason, author=rebase.author)
    if explanation.age is not None:
        told = f"{text('say.at_age', n=explanation.age.days)} {told}"
    return told
