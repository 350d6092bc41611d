"""A finding: what kind of cause was found, where, since when, of what size, and by what proof."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import pandas as pd

CODES = (
    *("DATA", "REAL", "OVERBILLING", "PRICE", "MIX", "DEFINITION", "CLASSIFICATION", "ARTEFACT"),
    *("CALENDAR", "IMMATURE", "NOISE"),
)
"""Kinds of causes: first faults of the data, which make the rest worthless, then what asks for most."""

_KEYS = {
    "destination_country": "country",
    "destination": "depot",
    "origin_country": "origin",
    "seller_country": "origin",
}

PLACES = frozenset(
    (
        *("carrier", "destination", "destination_country", "country", "lane", "flow", "service", "seller"),
        *("partner", "category", "origin_country", "label_source"),
    )
)
"""Dimensions that a scope may name."""


@dataclass(frozen=True)
class Finding:
    """One cause of what a KPI did in a week.

    Parameters
    ----------
    code : str
        One of `CODES`.
    by : str
        Of REAL who (carrier, seller, fulfilment, external), of DATA what is wrong (missing, duplicate,
        unit), of PRICE which part of it (base, fuel, surcharge), of CALENDAR workdays where a duration was
        longer for want of them; else empty.
    scope : dict of str to tuple of str
        Carrier, depot, country, lane, flow, service, seller, partner … to the values that are meant;
        empty: everything.
    effect, low, high : float
        Its size with a 95 % interval, NaN where there is none. In the KPI's unit, of its scope; of sums and
        of money that is not whole (DATA) a share of what was to be expected; of CLASSIFICATION and
        ARTEFACT the share of cases that were named or decided otherwise; of IMMATURE the share known; of
        OVERBILLING euro.
    since, until : str
        First and last week so far.
    p : float
        Chance of such a sight while nothing changed; NaN where no chance was reckoned, as of NOISE.
    proof : DataFrame
        A few rows that show it.
    ruled_out : tuple of (str, float)
        What else it might have been, as a key of words, and the figure that speaks against it.
    event : str
        The note of the entry in the event log that fits; empty: none.
    perhaps : tuple of str
        Further values of the scope's first dimension that moved alike, but hold too little to be sure.
    weight : float
        By how much it moves the KPI's total, as a share of its level; of a share, of the smaller of it and
        what is left to the whole. 0 of what is counted once, 1 where it is not known.
    """

    code: str
    scope: Mapping[str, Sequence[str]] = field(default_factory=dict)
    by: str = ""
    effect: float = math.nan
    low: float = math.nan
    high: float = math.nan
    since: str = ""
    until: str = ""
    p: float = math.nan
    proof: pd.DataFrame = field(default_factory=pd.DataFrame, compare=False, repr=False)
    ruled_out: tuple[tuple[str, float], ...] = ()
    event: str = ""
    perhaps: tuple[str, ...] = ()
    weight: float = 1.0

    def with_event(self, note: str) -> Finding:
        """Add the entry of the event log that fits."""
        return replace(self, event=note)


def is_silent(code: str, scope: Mapping[str, Sequence[str]]) -> bool:
    """Tell whether a finding names nothing: chance, or too little known of the whole."""
    return code == "NOISE" or (code == "IMMATURE" and not scope)


def scope_of(where: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """Name dimensions by the keys of scopes.

    Examples
    --------
    >>> scope_of({"carrier": ("ESK",), "destination": ("Madrid",)})
    {'carrier': ('ESK',), 'depot': ('Madrid',)}
    """
    return {key_of(name): tuple(values) for name, values in where.items()}


def key_of(dimension: str) -> str:
    """Give the key by which scopes name a dimension."""
    return _KEYS.get(dimension, dimension)


def by_whom(scope: Mapping[str, Sequence[str]]) -> str:
    """Say whose doing it is, by what the scope names.

    Examples
    --------
    >>> by_whom({"carrier": ("ESK",), "country": ("ES",)}), by_whom({"country": ("FR",)})
    ('carrier', 'external')
    """
    names = {"seller": "seller", "partner": "fulfilment", "carrier": "carrier"}
    return next((who for name, who in names.items() if name in scope), "external")


def places_of(scope: Mapping[str, Sequence[str]]) -> list[str]:
    """Name the countries that a scope names, and those where its lanes end.

    Examples
    --------
    >>> places_of({"country": ("FR",), "lane": ("DE-FR", "DE-IT")})
    ['FR', 'FR', 'IT']
    """
    return [*scope.get("country", ()), *(lane.rpartition("-")[2] for lane in scope.get("lane", ()))]


def may_meet(one: Mapping[str, Sequence[str]], other: Mapping[str, Sequence[str]]) -> bool:
    """Tell whether two scopes may speak of the same parcels: nothing that both name tells them apart.

    Examples
    --------
    >>> [may_meet({"country": ("FR",)}, {"lane": (lane,)}) for lane in ("DE-FR", "FR-DE")]
    [True, False]
    """
    shared = [(one[name], other[name]) for name in one.keys() & other.keys()]
    places = places_of(one), places_of(other)
    return all(set(values) & set(others) for values, others in [*shared, *([places] if all(places) else [])])
