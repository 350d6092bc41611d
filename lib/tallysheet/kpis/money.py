"""Money: what parcels cost, what is billed too much, and what losses cost."""

from __future__ import annotations

from tallysheet.kpi import Kpi

KPIS: tuple[Kpi, ...] = ()
