"""How far the quarter is on its way to its targets: what is known so far, and what the weeks left must be."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pandas as pd

from tallysheet import say
from tallysheet.comparison import Explanation
from tallysheet.judgement import Judgement
from tallysheet.language import Language
from tallysheet.tables import Column, Html, details, paragraph, render_table
from tallysheet.targets import Pace


def pace_table(
    found: Mapping[str, Pace | None], explanations: Mapping[str, Explanation], language: Language
) -> Html:
    """Show each target's pace, folded away; nothing where no KPI has one.

    Parameters
    ----------
    found : mapping of str to Pace or None
        By slug.
    explanations : mapping of str to Explanation
    language : Language
    """
    known = {slug: pace for slug, pace in found.items() if pace}
    if not known:
        return Html("")
    text = language.text
    rows = pd.DataFrame([_row(pace, explanations[slug], language) for slug, pace in known.items()])
    columns = [
        Column("name", text("scorecard.kpi")),
        Column("done", text("pace.done")),
        Column("to_date", text("pace.to_date"), "level"),
        Column("target", text("scorecard.target"), "level"),
        Column("needed", text("pace.needed"), "level"),
        Column("range", text("pace.range"), "range", of="row"),
        Column("course", text("pace.course_head")),
    ]
    first = min(pace.first for pace in known.values())
    last = max(pace.last for pace in known.values())
    caption = text("pace.caption", first=language.week_code(first), last=language.week_code(last))
    table = render_table(rows, columns, caption=caption, language=language, name="pace")
    return details(text("pace.summary"), table, paragraph(text("pace.note"), note=True))


def _row(pace: Pace, item: Explanation, language: Language) -> dict[str, object]:
    weeks = pace.weeks_done + pace.weeks_left
    return {
        "name": say.name(item.kpi, language),
        "unit": item.kpi.unit,
        "done": language.text("pace.weeks", done=pace.weeks_done, all=weeks),
        "to_date": pace.to_date,
        "target": item.target,
        "needed": pace.needed,
        "range": usual_average(item.judgement, pace.weeks_left),
        "course": language.text(f"pace.course.{course(pace, item)}"),
    }


def usual_average(judgement: Judgement, weeks: int) -> tuple[float, float]:
    """Give the usual range of the average of several weeks.

    Notes
    -----
    The variance of the mean of n values of which each resembles the one before by rho is that of one times
    (1 + rho) / (1 - rho) / n, for large n; it is never taken for more than that of one week.

    References
    ----------
    Wilks, Statistical Methods in the Atmospheric Sciences, ch. 5.2.4 (effective sample size).
    """
    rho = max(judgement.autocorrelation, 0.0)
    share = min(1.0, math.sqrt((1 + rho) / (1 - rho) / max(weeks, 1)))
    centre = judgement.centre
    return centre - share * (centre - judgement.lower), centre + share * (judgement.upper - centre)


def course(pace: Pace, item: Explanation) -> str:
    """Tell whether the quarter meets its target if the weeks left are as weeks usually are.

    Returns
    -------
    str
        ``enough``: all that they usually are together would do; ``beyond``: nothing of it; ``open``: some.
        ``met`` or ``missed`` once the quarter is over; ``unknown`` where no week is final, or none is usual.
    """
    is_up = item.kpi.direction == "up"
    if not pace.weeks_done:
        return "unknown"
    if not pace.weeks_left:
        return "met" if (pace.to_date >= item.target) == is_up or pace.to_date == item.target else "missed"
    ends = usual_average(item.judgement, pace.weeks_left)
    if any(math.isnan(end) for end in ends):
        return "unknown"
    does = [end >= pace.needed if is_up else end <= pace.needed for end in ends]
    return "enough" if all(does) else "open" if any(does) else "beyond"
