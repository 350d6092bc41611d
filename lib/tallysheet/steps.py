"""Steps of a level from one week to the next: a tariff, a promise, a rule that changed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from tallysheet.limits import Numbers
from tallysheet.spells import BASE_WEEKS, LONGEST


@dataclass(frozen=True)
class Step:
    """A level that changed from one week to the next.

    Parameters
    ----------
    effect, low, high : float
        New level less old, with a 95 % interval.
    before : float
        The old level.
    last : int
        Position of the last week that is known to have the new one.
    p : float
        Chance of such a step among weeks that scatter as those before.
    """

    effect: float
    low: float
    high: float
    before: float
    last: int
    p: float

    @property
    def sides(self) -> tuple[float, float, float]:
        """The effect, and the ends of its interval."""
        return self.effect, self.low, self.high


_REACH = 16
"""Weeks back at which the old level is looked for."""

_MOSTLY = 0.75
"""A week that has so much of a step has taken it."""


def step_at(levels: Numbers, week: int, *, in_part: bool = False) -> Step | None:
    """Measure the step that a level takes in a week: a tariff, a promise, a rule.

    Parameters
    ----------
    levels : array of float
        One number a week, NaN where it is not known.
    week : int
        Position of the week.
    in_part : bool
        Whether a week in the middle of which a step was taken, so that the next one shows it whole, counts
        with the part of it that it has.

    Returns
    -------
    Step or None
        None where the step was taken before, has yet to be taken, or cannot be told.

    Examples
    --------
    >>> found = step_at(np.array([4.0, 4.1, 4.0, 3.9, 4.0, 4.1, 4.0, 3.9, 5.0, 5.1]), 8)
    >>> round(found.effect, 2), found.last
    (1.05, 9)
    """
    earlier = levels[max(week - _REACH, 0) : week]
    earlier = _since_last_step(earlier[~np.isnan(earlier)][-BASE_WEEKS:])
    if len(earlier) < BASE_WEEKS // 2 or np.isnan(levels[week]):
        return None
    before = float(np.median(earlier))
    lasting = _lasting(levels, week, before)
    if not _is_taken(levels, lasting, before):
        if not (in_part and len(lasting) > 1 and _is_taken(levels, lasting[1:], before)):
            return None
        lasting = [week]
    earlier_too = _lasting(levels, week - 1, before)
    if week in earlier_too and _is_taken(levels, earlier_too, before):
        return None
    effect = float(levels[lasting].mean()) - before
    spread = float(earlier.std(ddof=1)) + 1e-9 * abs(before)
    error = spread * float(np.sqrt(1 / len(lasting) + 1 / len(earlier)))
    p = 2 * float(special.stdtr(len(earlier) - 1, -abs(effect) / error)) if error else 0.0
    half = float(special.stdtrit(len(earlier) - 1, 0.975)) * error
    return Step(effect, effect - half, effect + half, before, lasting[-1], p)


def _lasting(levels: Numbers, week: int, before: float) -> list[int]:
    """List the weeks from one on that are off the old level on the same side."""
    found = [week]
    for at in range(week + 1, min(week + LONGEST, len(levels))):
        if not (levels[at] - before) * (levels[week] - before) > 0:
            break
        found.append(at)
    return found


def _is_taken(levels: Numbers, lasting: list[int], before: float) -> bool:
    """Tell whether the first of these weeks has most of the step that all of them show."""
    effect = float(levels[lasting].mean()) - before
    return bool(effect != 0 and (levels[lasting[0]] - before) / effect >= _MOSTLY)


_PLAIN = 10.0
"""Times the usual distance from its own level by which an earlier step is too plain to be scatter."""


def _since_last_step(levels: Numbers) -> Numbers:
    """Leave out what was before an earlier step: two levels in the base would hide a third."""
    least = BASE_WEEKS // 2
    for cut in range(len(levels) - least, 1, -1):
        before, after = levels[:cut], levels[cut:]
        off = np.concatenate([np.abs(side - np.median(side)) for side in (before, after)])
        if abs(np.median(after) - np.median(before)) > _PLAIN * max(np.median(off), off.mean()):
            return after
    return levels
