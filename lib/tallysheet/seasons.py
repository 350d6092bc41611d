"""What holidays and peaks usually do to a KPI: in all, and country by country."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from tallysheet.calendar_effects import expected_effects, lost_days, peak_week
from tallysheet.cube import Where
from tallysheet.kpi import Kpi
from tallysheet.kpis import kpi
from tallysheet.review import Review
from tallysheet.values import Series, weekly_values
from tallysheet.weeks import IsoWeek

COUNTRIES = ("destination_country", "country", "origin_country")
"""Dimensions that hold countries; of several, the first that a KPI has tells which holidays count."""


def calendar_adjusted(
    review: Review, slug: str, where: Where = (), until: IsoWeek | None = None
) -> pd.DataFrame:
    """Give a KPI's weeks, up to one (None: the review's), without what holidays and peaks usually do.

    All weeks with data serve, as a peak comes once a year. Holidays weigh as the KPI's volume lies over
    countries; where it has no countries, all that the workbook shows weigh alike. See `expected_effects`.
    """
    series = _all_weeks(review, slug, where)
    weeks = _known(review, until or review.week)
    shares = _country_shares(review, series, weeks[-52:])
    values = weekly_values(series.total, series.kpi)[[str(one) for one in weeks]]
    return expected_effects(
        values.to_numpy(float),
        weeks,
        [lost_days(one, shares) if shares else 0.0 for one in weeks],
        [peak_week(one) for one in weeks],
        multiplicative=series.kpi.unit in ("count", "euro", "number"),
    ).assign(value=values.to_numpy())


def calendar_by_country(review: Review, slug: str, until: IsoWeek) -> pd.DataFrame:
    """Give what holidays and peaks usually do to a KPI, country by country; see `expected_effects`.

    Returns
    -------
    DataFrame
        As `calendar_adjusted`, ``country``, and ``by``, the dimension that holds it; empty for a KPI
        without countries.
    """
    by = _countries_of(kpi(slug))
    if not by:
        return pd.DataFrame()
    parts, weeks = _all_weeks(review, slug, ()).by(by), _known(review, until)
    frames = []
    for country in filter(None, parts.segments):
        values = weekly_values(parts.weekly(country), kpi(slug))[[str(one) for one in weeks]]
        lost = [lost_days(one, {country: 1.0}) for one in weeks]
        effects = expected_effects(values.to_numpy(float), weeks, lost, [peak_week(one) for one in weeks])
        frames.append(effects.assign(value=values.to_numpy(), country=country, by=by))
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()


def _all_weeks(review: Review, slug: str, where: Where) -> Series:
    first = review.cube.touched_weeks[0]
    return review.series(slug, review.age(slug), where, first, by=_countries_of(kpi(slug)))


def _known(review: Review, until: IsoWeek) -> list[IsoWeek]:
    return [one for one in review.cube.weeks if one <= until and one.ended_at <= review.cube.as_of]


def _countries_of(one: Kpi) -> str:
    return next((name for name in COUNTRIES if name in one.dimensions), "")


def _country_shares(review: Review, series: Series, weeks: Sequence[IsoWeek]) -> dict[str, float]:
    by = _countries_of(series.kpi)
    counts = series.pooled(weeks, by)["n"] if by else pd.Series(dtype=float)
    known = {str(name): float(n) for name, n in counts.items() if name and n > 0}
    return known or dict.fromkeys(review.cube.settings.countries, 1.0)
