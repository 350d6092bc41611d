"""What a KPI is counted out of: its name, and how much of it there is, in pieces or in euros."""

from __future__ import annotations

from tallysheet.kpi import Kpi
from tallysheet.language import Language


def noun(kpi: Kpi, language: Language) -> str:
    """Name what stands under a KPI's line: parcels, orders, the amounts charged.

    Examples
    --------
    >>> from tallysheet.kpis import kpi
    >>> from tallysheet.language import read_language
    >>> [noun(kpi(slug), read_language("en")) for slug in ("otd", "contact_rate", "surcharge_share")]
    ['shipments', 'orders', 'amounts charged']
    """
    if kpi.denominator and language.has(f"noun.of.{kpi.slug}"):
        return language.text(f"noun.of.{kpi.slug}")
    terms = kpi.terms(kpi.denominator) or [(kpi.fact, "")]
    return language.text(f"noun.{terms[0][0]}")


def is_money(kpi: Kpi) -> bool:
    """Tell whether what stands under a KPI's line adds up cents."""
    return any(column.endswith("_cents") for _, column in kpi.terms(kpi.denominator))


def unit(kpi: Kpi) -> str:
    """Give the unit of what stands under a KPI's line."""
    return "euro" if is_money(kpi) else "count"


def scale(kpi: Kpi) -> float:
    """Give what one of the facts' own is in that unit: a cent is a hundredth of a euro."""
    return 0.01 if is_money(kpi) else 1.0
