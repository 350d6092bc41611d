"""Reverse: returns and trade-ins, from the request to the money."""

from __future__ import annotations

from tallysheet.kpi import Kpi

KPIS: tuple[Kpi, ...] = ()
