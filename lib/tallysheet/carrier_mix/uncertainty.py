"""What few parcels say of a carrier on a way: shares drawn to carrier and way, and what may come."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tallysheet.carrier_mix.problem import Numbers

DRAWN_WEEKS = 3
"""Weeks in a scenario. The mean of the next 4 weeks differs from that of 12 past ones by a variance of
s2 (1/12 + 1/4) = s2 / 3, s2 being that of a week: the mean of 3 weeks drawn from the 12 varies as much."""
_SPREAD = 0.5
"""Usual difference of carriers, and of ways, on the logit: what the data does not say stays within it."""
_STEPS = 25
_LEAST, _MOST = 10.0, 10_000.0


@dataclass(frozen=True)
class Shares:
    """Shares by way and carrier, arrays ways x carriers.

    Parameters
    ----------
    share : array
        Drawn towards what carrier and way have in common with the others.
    parcels : array
        So many were seen.
    weight : array
        Of what was seen, between 0 and 1; the rest is that of ``expected``.
    expected : array
        What carrier and way alone say.
    strength : float
        Parcels that the expected share is worth.
    scatter : float
        By what factor weeks vary more than chance would: days share their causes.
    """

    share: Numbers
    parcels: Numbers
    weight: Numbers
    expected: Numbers
    strength: float
    scatter: float


def shrunk_shares(hits: Numbers, parcels: Numbers) -> Shares:
    """Estimate shares, those seen on few parcels drawn towards carrier and way (empirical Bayes).

    The expected share is additive on the logit: a carrier's effect and a way's effect, each drawn towards
    none by a normal prior. Around it shares are beta distributed, of a strength found by moments; what is
    seen counts by its parcels over the scatter of weeks.

    Parameters
    ----------
    hits, parcels : array, weeks x ways x carriers

    Examples
    --------
    >>> parcels = np.full((12, 4, 2), 50.0)
    >>> parcels[:, 3, 1] = 0
    >>> found = shrunk_shares(parcels * [0.94, 0.86], parcels)
    >>> found.share[3].round(2).tolist(), found.weight[3].round(2).tolist()
    ([0.94, 0.86], [0.06, 0.0])
    """
    scatter = _scatter(hits, parcels)
    return _shrunk(hits.sum(axis=0), parcels.sum(axis=0), scatter, None)


def drawn_shares(
    hits: Numbers, parcels: Numbers, known: Shares, draws: int, random: np.random.Generator
) -> Numbers:
    """Draw what the shares of the next four weeks may be: those of three of the weeks, estimated alike.

    Parameters
    ----------
    hits, parcels : array, weeks x ways x carriers
    known : Shares
        As `shrunk_shares` estimates them of the same weeks.
    draws : int
    random : Generator

    Returns
    -------
    array, draws x ways x carriers
    """
    weeks = random.integers(0, len(hits), (draws, DRAWN_WEEKS))
    return np.array(
        [
            _shrunk(hits[drawn].sum(axis=0), parcels[drawn].sum(axis=0), known.scatter, known.strength).share
            for drawn in weeks
        ]
    )


def shares_like(hits: Numbers, parcels: Numbers, known: Shares) -> Shares:
    """Estimate shares of other weeks as those before: with their scatter, and the same strength."""
    return _shrunk(hits.sum(axis=0), parcels.sum(axis=0), known.scatter, known.strength)


def _shrunk(hits: Numbers, parcels: Numbers, scatter: float, strength: float | None) -> Shares:
    expected, freedom = _additive(hits, parcels, scatter)
    if strength is None:
        strength = _strength(hits, parcels, expected, scatter, freedom)
    seen = parcels / scatter
    weight = seen / (seen + strength)
    own = np.divide(hits, parcels, out=expected.copy(), where=parcels > 0)
    return Shares(weight * own + (1 - weight) * expected, parcels, weight, expected, strength, scatter)


def _additive(hits: Numbers, parcels: Numbers, scatter: float) -> tuple[Numbers, float]:
    """Fit share = logistic(level + way + carrier), effects drawn towards 0; and how many are free."""
    ways, carriers = parcels.shape
    level = np.log((hits.sum() + 0.5) / (parcels.sum() - hits.sum() + 0.5))
    effects = np.zeros(1 + ways + carriers)
    effects[0] = level
    prior = np.full(len(effects), 1 / _SPREAD**2)
    prior[0] = 1e-6
    middle = np.zeros(len(effects))
    middle[0] = level
    for _ in range(_STEPS):
        share = _logistic(effects, ways)
        miss, sure = (hits - parcels * share) / scatter, parcels * share * (1 - share) / scatter
        slope = np.concatenate([[miss.sum()], miss.sum(axis=1), miss.sum(axis=0)]) - prior * (
            effects - middle
        )
        curve = np.diag(np.concatenate([[sure.sum()], sure.sum(axis=1), sure.sum(axis=0)]) + prior)
        curve[0, 1:] = curve[1:, 0] = np.concatenate([sure.sum(axis=1), sure.sum(axis=0)])
        curve[1 : 1 + ways, 1 + ways :] = sure
        curve[1 + ways :, 1 : 1 + ways] = sure.T
        step = np.linalg.solve(curve, slope)
        # A long step may jump over the top.
        effects = effects + step * min(1.0, 2.0 / max(float(np.abs(step).max()), 1e-12))
        if np.abs(step).max() < 1e-9:
            break
    # Numbers that the data moves freely count as one, those that the prior holds as less.
    freedom = float(len(effects) - np.trace(np.linalg.solve(curve, np.diag(prior))))
    return _logistic(effects, ways), freedom


def _logistic(effects: Numbers, ways: int) -> Numbers:
    return 1 / (1 + np.exp(-(effects[0] + effects[1 : 1 + ways, None] + effects[None, 1 + ways :])))


def _scatter(hits: Numbers, parcels: Numbers) -> float:
    """Give by what factor the weeks of a pair vary more than chance, over all pairs; at least 1."""
    pooled = np.divide(
        hits.sum(axis=0), parcels.sum(axis=0), where=parcels.sum(axis=0) > 0, out=np.zeros(hits.shape[1:])
    )
    varies = pooled * (1 - pooled)
    is_used = (parcels > 0) & (varies > 0)
    chance = np.where(is_used, parcels * varies, 1.0)
    squares = np.where(is_used, (hits - parcels * pooled) ** 2 / chance, 0.0).sum()
    freedom = is_used.sum() - is_used.any(axis=0).sum()
    return max(1.0, float(squares / freedom)) if freedom > 0 else 1.0


def _strength(hits: Numbers, parcels: Numbers, expected: Numbers, scatter: float, freedom: float) -> float:
    """Give how many parcels the expected share is worth, by how far pairs lie from it beyond chance."""
    seen = parcels / scatter
    is_used = seen > 1
    if not is_used.any():
        return _MOST
    chance = seen[is_used] * expected[is_used] * (1 - expected[is_used])
    squares = ((hits[is_used] / scatter - seen[is_used] * expected[is_used]) ** 2 / chance).sum()
    beyond = (squares - (is_used.sum() - freedom)) / (seen[is_used] - 1).sum()
    return float(np.clip(1 / beyond - 1, _LEAST, _MOST)) if beyond > 0 else _MOST
