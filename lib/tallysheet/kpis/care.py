"""Care: why customers write, how soon they are answered, and how well."""

from __future__ import annotations

from tallysheet.kpi import Kpi

KPIS: tuple[Kpi, ...] = ()
