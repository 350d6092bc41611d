"""What a KPI is: a numerator, a denominator, a rule for the week, a direction of good."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Direction = Literal["up", "down", "neutral"]
Unit = Literal["share", "count", "number"]


@dataclass(frozen=True)
class Kpi:
    """A KPI's definition.

    Parameters
    ----------
    slug : str
        Stable short name; words/*.toml hold its title, unit and definition.
    fact : str
        File of sql/facts whose rows are added up.
    numerator : str
        Integer column of the fact.
    denominator : str or None
        Integer column; None for a sum.
    unit : {"share", "count", "number"}
        A share is part of its denominator, so it lies between 0 and 1; a number is any other ratio or sum.
    direction : {"up", "down", "neutral"}
        Which way is good.
    cohort : str
        Date column that decides a row's week.
    maturity_days : int
        Days after the week's end until the value hardly moves any more.
    dimensions : tuple of str
        Columns it is cut by, in the order of the page.
    source : str
        Where the definition comes from.
    witnesses : tuple of str
        Slugs of KPIs that would have moved too under a given cause, named on the page.
    version : int
        Raised when the definition changes.
    """

    slug: str
    fact: str
    numerator: str
    denominator: str | None
    unit: Unit
    direction: Direction
    cohort: str
    maturity_days: int
    dimensions: tuple[str, ...]
    source: str
    witnesses: tuple[str, ...] = ()
    version: int = 1

    @property
    def chart(self) -> Literal["xmr", "p'"]:
        """Chart of its limits: p' for shares, XmR for everything else."""
        return "p'" if self.unit == "share" else "xmr"
