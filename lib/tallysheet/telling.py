"""What a comparison alone supports: causes, what stands out and leads, how a change is spread."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from tallysheet.comparison import Explanation
from tallysheet.judgement import FALSE_FLAG_SHARE
from tallysheet.segments import Segment

_EVEN = 1.5

SETTLED_WEEKS = 8
"""After so many weeks outside its usual range a KPI no longer leads a page."""

_BY_CHANCE = 0.01
"""Parts outside their ranges are told where so many happen by chance in fewer of a hundred weeks than one."""
_FELT = 0.1
"""So much of half its usual range they move a total that is told of for their sake."""


@dataclass(frozen=True)
class Cause:
    """A cause that a comparison alone supports: its code and the parts it is confined to."""

    code: str
    scope: dict[str, str]


def causes(explanation: Explanation) -> tuple[Cause, ...]:
    """List the causes that a comparison alone supports, without any other table.

    Returns
    -------
    tuple of Cause
        Nothing while the variation is not known. REAL, once for each segment that was found; without one,
        for each part that moved `beyond` the rest, largest contribution first; REAL without scope where
        only the total is outside its usual range. NOISE where there is none of these.
    """
    if explanation.variation == "not_known":
        return ()
    scopes = tuple(Cause("REAL", one.where) for one in explanation.segments or beyond(explanation))
    return scopes or (Cause(cause_code(explanation), {}),)


def cause_code(explanation: Explanation) -> str:
    """Give the code of the causes without a search for segments; empty while nothing is known."""
    if explanation.variation == "not_known":
        return ""
    return "REAL" if explanation.variation == "signal" or beyond(explanation) else "NOISE"


def beyond(explanation: Explanation) -> tuple[Segment, ...]:
    """Give the parts outside their range that moved otherwise than the rest: no part shares its move."""
    return tuple(one for one in explanation.outside if not one.low <= 0 <= one.high)


def volume_shares(explanation: Explanation, dimension: str, *, before: bool = False) -> pd.Series:
    """Give each part's share of the volume, now or before; of what is a volume itself, its share before."""
    parts = explanation.parts[dimension]
    side = "n_now" if explanation.kpi.denominator and not before else "n_base"
    # Of a standardised value not every part is compared; the total holds all.
    return parts[side] / max(getattr(explanation, side), parts[side].sum())


def is_settled(explanation: Explanation) -> bool:
    """Tell whether a KPI has been outside on one side for so long that it is no news any more."""
    history = explanation.history.iloc[-SETTLED_WEEKS - 1 :]
    above, below = history["value"] > history["upper"], history["value"] < history["lower"]
    return len(history) > SETTLED_WEEKS and bool(above.all() or below.all())


def stands_out(explanation: Explanation) -> bool:
    """Tell whether a KPI is newly outside its range, or more of its parts are than chance puts there."""
    if is_settled(explanation):
        return False
    if explanation.variation == "signal" or not explanation.outside:
        return explanation.variation == "signal"
    chance = special.bdtrc(len(explanation.outside) - 1, judged_parts(explanation), FALSE_FLAG_SHARE)
    return bool(chance < _BY_CHANCE) and _is_felt(explanation)


def _is_felt(explanation: Explanation) -> bool:
    """Tell whether parts outside move the total by what is worth a line; where it has no range they do."""
    half = (explanation.judgement.upper - explanation.judgement.lower) / 2
    return not sum(abs(segment.contribution) for segment in explanation.outside) < _FELT * half


def lead(explanations: Sequence[Explanation], headline: str) -> Explanation:
    """Choose the KPI that leads a page without a cause: a signal, else parts, else the workbook's own.

    Of signals what is outside its range and worse comes first, then what is better, and runs inside it last.
    """
    ranks = [
        lambda item: _is_worse(item) and stands_out(item),
        lambda item: item.judgement.reason in ("below", "above") and stands_out(item),
        lambda item: item.variation == "signal" and stands_out(item),
        stands_out,
        lambda item: item.kpi.slug == headline,
        lambda item: True,
    ]
    return next(item for rank in ranks for item in explanations if rank(item))


def _is_worse(explanation: Explanation) -> bool:
    """Tell whether a KPI is outside its range on the side that is not good."""
    return explanation.judgement.reason == {"up": "below", "down": "above"}.get(explanation.direction)


def is_quiet(explanations: Sequence[Explanation]) -> bool:
    """Tell whether something can be judged, and no KPI stands out."""
    judged = any(item.variation == "routine" for item in explanations)
    return judged and not any(stands_out(item) for item in explanations)


def fullest(explanations: Iterable[Explanation]) -> Explanation:
    """Give the first KPI of those that are compared with most weeks; others miss some of them."""
    return max(explanations, key=lambda one: len(one.base_weeks))


def judged_parts(explanation: Explanation) -> int:
    """Count the parts that are judged, over all dimensions."""
    return sum(int((frame["variation"] != "not_known").sum()) for frame in explanation.parts.values())


@dataclass(frozen=True)
class Spread:
    """How a change is spread over the parts of a dimension.

    Parameters
    ----------
    segment : str
        The part that contributes most in the direction of the change.
    contribution : float
        Its contribution, in the KPI's unit.
    share : float
        Its share of the volume.
    even : bool
        Whether its part of the change is at most 1.5 times its share of the volume.
    """

    segment: str
    contribution: float
    share: float
    even: bool


def spread(explanation: Explanation, dimension: str) -> Spread:
    """Tell whether a change is spread over the parts, or sits in one.

    It describes; it does not test. A volume's part is compared with its volume in the base.
    """
    parts = explanation.parts[dimension]
    along = parts["total"] * np.sign(explanation.change)
    largest = parts.loc[along.idxmax()]
    share = float(volume_shares(explanation, dimension)[along.idxmax()])
    part = float(largest["total"] / explanation.change) if explanation.change else 0.0
    return Spread(str(largest["segment"]), float(largest["total"]), share, part <= _EVEN * share)
