"""Cases with known causes for the search of segments: additive cubes, logistics cubes, and what scores them.

The additive cases follow the description of RiskLoc's generator (Kalander 2022, arXiv 2205.10004): S has
five attributes and up to nine elements of one to five conditions, L has single leaf cells only. The
logistics cubes are ratios: parcels late of parcels due, this week and the week before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

Where = frozenset[tuple[str, str]]

TUNING, FINAL = 1_000, 500_000
"""First seeds: the method was tuned on the first only; figures are reported of the second."""

_LOGISTICS = {"carrier": 8, "country": 12, "seller": 40, "service": 4, "warehouse": 6}
_PARCELS = 200_000
_LATE = 0.08
_PHI = 3.0
_MIN_Z = 6.0


@dataclass(frozen=True)
class Case:
    """A frame with one row a leaf, what is compared in it, and which segments were changed."""

    frame: pd.DataFrame
    by: tuple[str, ...]
    columns: dict[str, str]
    causes: frozenset[Where]
    effects: tuple[float, ...] = ()


def _leaves(sizes: dict[str, int]) -> tuple[pd.DataFrame, dict[str, np.ndarray]]:
    grid = np.meshgrid(*(np.arange(size) for size in sizes.values()), indexing="ij")
    codes = {name: axis.ravel() for name, axis in zip(sizes, grid, strict=True)}
    values = {
        name: pd.array([f"{name}{i}" for i in range(size)], dtype="str").take(codes[name])
        for name, size in sizes.items()
    }
    return pd.DataFrame(values), codes


def additive(seed: int, kind: Literal["S", "L"]) -> Case:
    """Draw an additive case: ``real`` now, ``predict`` before."""
    rng = np.random.default_rng(seed)
    sizes = dict(zip("abcde", (10, 12, 10, 8, 5) if kind == "S" else (10, 24, 10, 15), strict=False))
    frame, codes = _leaves(sizes)
    n = len(frame)
    zero_rate, sigma = rng.uniform(0, 0.25), rng.uniform(0, 0.25 if kind == "S" else 0.1)
    real = 100 * rng.weibull(rng.uniform(0.5, 1), n) * (rng.uniform(size=n) > zero_rate)
    predict = real * (1 + rng.normal(0, sigma, n))
    swapped = rng.random(n) < 0.5
    real, predict = np.where(swapped, predict, real), np.where(swapped, real, predict).clip(0)
    anomalies = _anomalies(rng, sizes, kind, lambda element: bool(real[_rows(codes, element)].any()))
    falls = real.sum() <= predict.sum()
    source, target = (predict, real) if falls else (real, predict)
    for elements in anomalies:
        severity = rng.uniform(0.2 if kind == "S" else 0.5, 1) + sigma
        deviation = rng.uniform(0, 0.1) if kind == "S" else 0.0
        rows = np.logical_or.reduce([_rows(codes, element) for element in elements])
        target[rows] = source[rows] * (1 - rng.normal(severity, deviation, rows.sum())).clip(0)
    causes = frozenset(
        frozenset((str(name), f"{name}{i}") for name, i in element.items())
        for elements in anomalies
        for element in elements
    )
    columns = {"now": "real", "base": "predict"}
    return Case(frame.assign(real=real.clip(0), predict=predict), tuple(sizes), columns, causes)


def _rows(codes: dict[str, np.ndarray], element: dict[str, int]) -> np.ndarray:
    return np.logical_and.reduce([codes[name] == i for name, i in element.items()])


def _anomalies(
    rng: np.random.Generator, sizes: dict[str, int], kind: str, is_seen: Callable[[dict[str, int]], bool]
) -> list[list[dict[str, int]]]:
    """Draw anomalies that share no value in shared attributes and no attribute set but the full one."""
    wanted = [
        (
            rng.integers(1, len(sizes) + 1) if kind == "S" else len(sizes),
            rng.integers(1, 4) if kind == "S" else 1,
        )
        for _ in range(rng.integers(1, 4 if kind == "S" else 6))
    ]
    found: list[list[dict[str, int]]] = []
    for depth, count in wanted:
        while True:
            names = sorted(rng.choice(list(sizes), depth, replace=False))
            if depth < len(sizes) and any(set(other[0]) == set(names) for other in found):
                continue
            free = {
                name: sorted(
                    set(range(sizes[name])) - {e[name] for other in found for e in other if name in e}
                )
                for name in names
            }
            if not all(free.values()):
                continue
            elements = [{name: int(rng.choice(free[name])) for name in names} for _ in range(count)]
            if len({tuple(e.items()) for e in elements}) == count and all(map(is_seen, elements)):
                found.append(elements)
                break
    return found


def logistics(
    seed: int,
    kind: Literal["causes", "opposite", "mix", "unchanged", "single"],
    *,
    dispersed: Literal["", "leaf", "lane"] = "",
) -> Case:
    """Draw parcels late of parcels due, of two weeks.

    ``dispersed``: the late rate wobbles from week to week, by leaf or by carrier, country and
    warehouse, so that the variance of a segment's count is about three times the binomial.
    """
    rng = np.random.default_rng(seed)
    frame, codes = _leaves(_LOGISTICS)
    share = np.ones(len(frame))
    odds = np.full(len(frame), np.log(_LATE / (1 - _LATE)))
    for name, size in _LOGISTICS.items():
        share *= rng.dirichlet(np.full(size, 2.0))[codes[name]]
        odds += rng.normal(0, 0.25, size)[codes[name]]
    share *= rng.gamma(0.7, size=len(frame))
    volume = _PARCELS * share / share.sum()
    rate = 1 / (1 + np.exp(-odds))
    rate *= _LATE / np.average(rate, weights=volume)
    moved = volume.copy()
    if kind == "mix":
        for name in rng.choice(list(_LOGISTICS), 2, replace=False):
            moved *= np.exp(rng.normal(0, 0.5, _LOGISTICS[name]))[codes[name]]
        moved *= _PARCELS / moved.sum()
    due_before, due = rng.poisson(volume), rng.poisson(moved)
    signs = {"causes": rng.integers(1, 4) * [1], "opposite": [1, -1], "single": [1]}.get(kind, [])
    phi = _PHI if dispersed else 1.0
    now, before = rate.copy(), rate.copy()
    causes, effects = [], []
    for sign in signs:
        element, rows, effect = _cause(rng, codes, due, due_before, rate, phi, causes)
        (now if sign > 0 else before)[rows] += effect
        causes.append(element)
        effects.append(sign * effect)
    draw = _drawer(rng, codes, volume, dispersed)
    frame = frame.assign(
        late=draw(due, now), due=due, late_before=draw(due_before, before), due_before=due_before
    )
    named = [frozenset((name, f"{name}{i}") for name, i in element.items()) for element in causes]
    columns = {"now": "late", "base": "late_before", "now_n": "due", "base_n": "due_before"}
    return Case(
        frame[(frame["due"] > 0) | (frame["due_before"] > 0)].reset_index(drop=True),
        tuple(_LOGISTICS),
        columns,
        frozenset(named),
        tuple(effects),
    )


def volumes(seed: int, growth: float = 1.0) -> Case:
    """Draw parcels of two weeks, of which one segment rose or fell; the rest grew by a factor."""
    rng = np.random.default_rng(seed)
    frame, codes = _leaves(_LOGISTICS)
    share = rng.gamma(0.7, size=len(frame))
    for name, size in _LOGISTICS.items():
        share *= rng.dirichlet(np.full(size, 2.0))[codes[name]]
    before = _PARCELS * share / share.sum()
    while True:
        names = rng.choice(list(_LOGISTICS), rng.integers(1, 4), replace=False)
        element = {str(name): int(rng.integers(_LOGISTICS[name])) for name in names}
        rows, part = _rows(codes, element), float(rng.choice([-1, 1]) * rng.uniform(0.2, 0.6))
        size = before[rows].sum()
        if size < _PARCELS / 4 and abs(part) * np.sqrt(size / (2 + part)) >= _MIN_Z:
            break
    now = growth * before * np.where(rows, 1 + part, 1)
    frame = frame.assign(now=rng.poisson(now), base=rng.poisson(before))
    cause = frozenset((name, f"{name}{i}") for name, i in element.items())
    columns = {"now": "now", "base": "base"}
    return Case(frame, tuple(_LOGISTICS), columns, frozenset([cause]), (growth * part * size,))


def _cause(
    rng: np.random.Generator,
    codes: dict[str, np.ndarray],
    due: np.ndarray,
    due_before: np.ndarray,
    rate: np.ndarray,
    phi: float,
    earlier: Sequence[dict[str, int]],
) -> tuple[dict[str, int], np.ndarray, float]:
    """Draw a segment and an effect that stands out by its own counts; no two of them share a row."""
    while True:
        names = rng.choice(list(_LOGISTICS), rng.integers(1, 4), replace=False)
        element = {str(name): int(rng.integers(_LOGISTICS[name])) for name in names}
        effect = float(rng.uniform(0.08, 0.35))
        rows = _rows(codes, element)
        if any((rows & _rows(codes, other)).any() for other in earlier):
            continue
        n1, n0 = due[rows].sum(), due_before[rows].sum()
        if not n1 or not n0:
            continue
        p0 = np.average(rate[rows], weights=due_before[rows])
        p1 = p0 + effect
        if effect / np.sqrt(phi * (p1 * (1 - p1) / n1 + p0 * (1 - p0) / n0)) >= _MIN_Z:
            return element, rows, effect


def _drawer(
    rng: np.random.Generator, codes: dict[str, np.ndarray], volume: np.ndarray, dispersed: str
) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """Draw late parcels; a wobble of the group sizes n has rho = (phi - 1) / (mean n - 1)."""
    if not dispersed:
        return rng.binomial
    group = np.arange(len(volume))
    if dispersed == "lane":
        group = (codes["carrier"] * 12 + codes["country"]) * 6 + codes["warehouse"]
    sums = np.bincount(group, volume)
    size = (sums**2).sum() / sums.sum()
    rho = min((_PHI - 1) / max(size - 1, 1e-9), 0.9)

    def draw(n: np.ndarray, p: np.ndarray) -> np.ndarray:
        if dispersed == "leaf":
            spread = (1 - rho) / rho
            return rng.binomial(n, rng.beta(p * spread, (1 - p) * spread))
        wobble = rng.normal(0, 1, len(sums))[group] * np.sqrt(rho * p * (1 - p))
        return rng.binomial(n, (p + wobble).clip(0.001, 1))

    return draw


def score(found: Iterable[tuple[frozenset[Where], frozenset[Where]]]) -> dict[str, Any]:
    """Pool cases: exact matches only; F1 = 2 TP / (2 TP + FP + FN)."""
    true = false = missed = 0
    for named, causes in found:
        true += len(named & causes)
        false += len(named - causes)
        missed += len(causes - named)
    whole = 2 * true + false + missed
    return {"f1": 2 * true / whole if whole else float("nan"), "tp": true, "fp": false, "fn": missed}
