"""Adoption: who uses BackShip, who stays, and what it is worth."""

from __future__ import annotations

from tallysheet.kpi import Kpi

KPIS: tuple[Kpi, ...] = ()
