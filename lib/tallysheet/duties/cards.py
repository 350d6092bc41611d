"""The KPIs of a duty on its page: whether they are usual, and what they count."""

from __future__ import annotations

from tallysheet import kpi_page, say
from tallysheet.fine_print import kpi_definitions
from tallysheet.kpis import kpi
from tallysheet.tables import Html, paragraph, section
from tallysheet.week import Week


def cards(week: Week, *slugs: str) -> Html:
    """Show whether KPIs are usual, those that the data allows; the others are named.

    Parameters
    ----------
    week : Week
    *slugs : str
        An unknown one is a UsageError that names the nearest.
    """
    wanted = [kpi(slug) for slug in slugs]
    shown = [one.slug for one in wanted if week.has(one.slug)]
    left = [say.name(one, week.language) for one in wanted if one.slug not in shown]
    note = week.language.text("duty.kpis_off", names=week.language.listed(left))
    sections = [
        section(
            say.name(one, week.language),
            *kpi_page.judged(week.review, week.explanation(one.slug), week.language),
            name=one.slug,
            level=3,
        )
        for one in wanted
        if one.slug in shown
    ]
    return Html.join(*sections, *([paragraph(note, note=True)] if left else []))


def definitions(week: Week, *slugs: str) -> Html:
    """Say what KPIs count, those that the data allows."""
    return kpi_definitions([kpi(slug) for slug in slugs if week.has(slug)], week.language)
