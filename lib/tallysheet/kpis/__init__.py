"""The KPI dictionary: one file a family, one literal a KPI."""

from __future__ import annotations

from tallysheet.errors import UsageError, check_type, closest, nearest
from tallysheet.kpi import Kpi
from tallysheet.kpis import adoption, care, claims, delivery, fulfilment, money, reverse
from tallysheet.language import languages, read_language

FAMILIES: dict[str, tuple[Kpi, ...]] = {
    "delivery": delivery.KPIS,
    "fulfilment": fulfilment.KPIS,
    "reverse": reverse.KPIS,
    "claims": claims.KPIS,
    "care": care.KPIS,
    "money": money.KPIS,
    "adoption": adoption.KPIS,
}
"""KPIs that have a page together, in the order of the page."""

KPIS: dict[str, Kpi] = {kpi.slug: kpi for family in FAMILIES.values() for kpi in family}
"""All of them, in the order of the page: customers first, money last."""

NEEDED_COLUMNS = sorted({column for kpi in KPIS.values() for column in kpi.needs})
"""Columns, as ``table.column``, without any value in which some KPI would count all or none."""


_FIRST = ("Q1", "Q3", "Q6", "Q7", "Q8", "F1", "F4", "F6", "C2", "C13", "R5", "A3")
HEADLINE = tuple(slug for slug, one in KPIS.items() if one.number in _FIRST)
"""The twelve that a team looks at first."""


def kpi(slug: str) -> Kpi:
    """Give a KPI by its slug; a UsageError advises on an unknown one.

    Examples
    --------
    >>> kpi("otd").direction
    'up'
    """
    check_type("kpi", slug, str, "the slug of a KPI")
    if slug not in KPIS:
        raise UsageError("kpi", "a known KPI", repr(slug), _advice(slug))
    return KPIS[slug]


def _advice(name: str) -> str:
    """Name the KPI that is called most like that, by its slug or on a page."""
    if closest(name, KPIS):
        return nearest(name, KPIS)
    called = {read_language(code).text(f"kpi.{slug}.name"): slug for code in languages() for slug in KPIS}
    like = closest(name, called)
    return f"Did you mean {called[like]!r}?" if like else nearest(name, KPIS)


def family_kpis(family: str) -> tuple[Kpi, ...]:
    """Give the KPIs of a family; a UsageError advises on an unknown one.

    Examples
    --------
    >>> [one.slug for one in family_kpis("adoption")][0]
    'eligible_share'
    """
    check_type("family", family, str, "the name of a family of KPIs")
    if family not in FAMILIES:
        raise UsageError("family", "a family of KPIs", repr(family), nearest(family, FAMILIES))
    return FAMILIES[family]
