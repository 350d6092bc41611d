"""What a KPI is: its parts, the rule for its week, when it can be judged, and which way is good."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, get_args

from tallysheet.errors import UsageError, check_type, nearest

Direction = Literal["up", "down", "neutral"]
Unit = Literal["share", "rare_share", "gap", "rate", "rare_rate", "count", "number", "euro", "days", "hours"]
Method = Literal["ratio", "sum", "quantile", "kaplan_meier", "aalen_johansen", "snapshot", "standardised"]


SHARES = ("share", "rare_share")
"""Units of what is written in percent."""

RATES = ("rate", "rare_rate")
"""Units of what is written for a hundred."""

CLAIMED_PARCELS = ("claims.shipment_id", "claims.shipment_id = shipments.shipment_id")
"""What a KPI of parcels needs to count claims."""

_IN_TIME = ("on_time_n", "in_time_n", "perfect_n")
_VOLUMES = ("shipped_n", "cost_cents")


@dataclass(frozen=True)
class Histogram:
    """How a fact counts durations: bin b of a column holds those from start + b x width on.

    Parameters
    ----------
    column : str
        Integer column of the fact, ends in ``_bin``.
    width : float
        Of a bin, in the KPI's unit.
    start : float
        Where bin 0 begins; of whole days, half a day before.

    Examples
    --------
    >>> Histogram("transit_days_bin", width=1, start=-0.5).middle(2)
    2.0
    """

    column: str
    width: float = 1.0
    start: float = 0.0

    def middle(self, number: int) -> float:
        """Give the middle of a bin."""
        return self.start + (number + 0.5) * self.width


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
        Integer column of the fact, or ``fact.column`` of another one that shares its dimensions.
        Several are added up, joined by `` + ``.
    denominator : str or None
        The same; None for a sum or a snapshot.
    unit : {"share", "rare_share", "gap", "rate", "rare_rate", "count", "number", "euro", "days", "hours"}
        A share is part of its denominator, so it lies between 0 and 1; a rate is any other ratio of
        counts, shown for a hundred. A rare one is mostly below one in a hundred, and written with a
        decimal more. A number is any other ratio or sum.
    direction : {"up", "down", "neutral"}
        Which way is good.
    cohort : str
        The date that decides a row's week.
    maturity_days : int
        Days after the week's end until the value hardly moves any more.
    dimensions : tuple of str
        Columns it is cut by, in the order of the page.
    source : str
        Where the definition comes from.
    method : str
        ``ratio`` and ``sum`` add up and split exactly. ``quantile``: of the histogram of what has
        ended. ``kaplan_meier``: the same, with what is still open. ``aalen_johansen``: share that has
        ended in the numerator's way, other ends (``evidence``) competing. ``snapshot``: a state at the end
        of the week. ``standardised``: the rate less that of ``against``, stratum by stratum, weighted by
        the denominators of ``against``.
    floor : float
        Completeness from which a week is judged.
    evidence : str
        Column that counts how many of the denominator are known to the end; empty: completeness is
        how much of its final numerator a week of that age has.
    known_with : str
        Slug of a KPI of the same fact: a week of which that one knows less than usual is not judged here
        either.
    known : tuple of str
        Columns that count of how many the money is known, and how many there are. In a week in which it is
        known of fewer than nine in ten a ratio has no value: the rest would tell mostly of what brought
        nothing.
    scale : float
        The value is scale x numerator / denominator; 0.01 makes euros of cents.
    against : tuple of str
        ``standardised``: numerator and denominator of the other rate.
    histogram : Histogram or None
        Of ``quantile``, ``kaplan_meier`` and ``aalen_johansen``.
    horizon_days : float
        ``aalen_johansen``: the age at which the share is read.
    witnesses : tuple of str
        Slugs of KPIs that would have moved too under a given cause, named on the page.
    needs : tuple of str
        Columns, as ``table.column``, without any value in which the KPI would count all or none; and pairs
        joined by `` = `` by which rows find each other: where the first names any, one must be in the second.
        Of columns joined by `` or `` one with a value is enough.
    number : str
        The team's number for it, such as Q1; empty: none.
    lowest : float
        The least that it can be: a usual range does not reach below.
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
    method: Method = "ratio"
    floor: float = 0.95
    evidence: str = ""
    known_with: str = ""
    known: tuple[str, ...] = ()
    scale: float = 1.0
    against: tuple[str, ...] = ()
    histogram: Histogram | None = None
    horizon_days: float = 0.0
    witnesses: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    number: str = ""
    lowest: float = 0.0
    version: int = 1

    def __post_init__(self) -> None:
        """Refuse a slip in a literal, which would count something else.

        Raises
        ------
        UsageError
            An unknown unit, direction or method, dimensions that are no tuple, or a sum with a denominator.
        """
        where = f"KPI {self.slug}"
        for name, known in (("unit", Unit), ("direction", Direction), ("method", Method)):
            value, names = getattr(self, name), get_args(known)
            if value not in names:
                raise UsageError(
                    f"{where} {name}", f"one of {', '.join(names)}", repr(value), nearest(value, names)
                )
        check_type(f"{where} dimensions", self.dimensions, tuple, "a tuple of columns")
        if self.denominator and self.method == "sum":
            advice = "Leave it out, or make it a ratio."
            raise UsageError(where, "no denominator of a sum", repr(self.denominator), advice)

    @property
    def bounds(self) -> tuple[float, float]:
        """The least and the most that it can be."""
        return self.lowest, 1.0 if self.unit in (*SHARES, "gap") else math.inf

    @property
    def chart(self) -> Literal["xmr", "p'", "u'"]:
        """Chart of its limits: p' for shares, u' for rates, XmR for everything else."""
        if self.method != "ratio" or self.unit not in (*SHARES, *RATES):
            return "xmr"
        return "p'" if self.unit in SHARES else "u'"

    @property
    def is_count(self) -> bool:
        """Whether its values count something, so that few of them say little."""
        return self.unit == "count"

    @property
    def is_money(self) -> bool:
        """Whether its numerator adds up cents."""
        return "_cents" in self.numerator

    @property
    def is_additive(self) -> bool:
        """Whether its change splits exactly."""
        return self.method in ("ratio", "sum", "snapshot")

    @property
    def ripens_by(self) -> tuple[str, ...]:
        """Sides that tell how much of a week is known: the numerator, and while that is nothing the other."""
        return ("x", "n") if self.method in ("ratio", "sum") else ("n",)

    @property
    def is_length(self) -> bool:
        """Whether it is how long something lasts: the middle of a week's."""
        return self.method in ("quantile", "kaplan_meier")

    @property
    def follows_calendar(self) -> bool:
        """Whether it is a share of what was in time, which holidays and peaks lower."""
        return self.method == "ratio" and self.numerator in _IN_TIME

    @property
    def follows_peaks(self) -> bool:
        """Whether it is how much there was in a week, which peaks raise."""
        return self.denominator is None and self.numerator in _VOLUMES

    @property
    def has_evidence(self) -> bool:
        """Whether the week itself shows how much of it is known; durations show what has ended."""
        return bool(self.evidence) or self.method in ("kaplan_meier", "aalen_johansen")

    def check_dimension(self, name: str, where: str) -> None:
        """Refuse a name that is none of its dimensions.

        Parameters
        ----------
        name : str
        where : str
            What was asked so: ``by``, ``where``.

        Raises
        ------
        UsageError
            It names the nearest.
        """
        check_type(where, name, str, "the name of a dimension")
        if name not in self.dimensions:
            advice = nearest(name, self.dimensions)
            raise UsageError(where, f"a dimension of {self.slug}", repr(name), advice)

    def measures(self) -> dict[str, tuple[str, ...]]:
        """Give the columns that it needs of each fact.

        Examples
        --------
        >>> from tallysheet.kpis import kpi
        >>> kpi("csat").measures()
        {'contact_resolutions': ('satisfied_n', 'answers_n')}
        """
        return dict(self._measures)

    @cached_property
    def _measures(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, list[str]] = {}
        for side in (self.numerator, self.denominator, self.evidence, *self.known, *self.against):
            for fact, column in self.terms(side):
                found.setdefault(fact, []).append(column)
        return {fact: tuple(dict.fromkeys(columns)) for fact, columns in found.items()}

    def terms(self, side: str | None) -> list[tuple[str, str]]:
        """Read a side of the ratio: fact and column of each of its terms."""
        terms = [term.strip() for term in side.split(" + ")] if side else []
        return [(fact or self.fact, column) for fact, _, column in (term.rpartition(".") for term in terms)]
