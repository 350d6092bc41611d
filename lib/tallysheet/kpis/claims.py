"""Claims: what is filed, how long it takes, and what is won."""

from __future__ import annotations

from tallysheet.kpi import Kpi

KPIS: tuple[Kpi, ...] = ()
