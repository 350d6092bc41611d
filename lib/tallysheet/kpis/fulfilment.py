"""Fulfilment: whether sellers hand over, partners send out and take in, and scans come, in time."""

from __future__ import annotations

from tallysheet.kpi import Kpi

KPIS: tuple[Kpi, ...] = ()
