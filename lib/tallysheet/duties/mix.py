"""The carrier mix of returns and trade-ins: the mix to end at, the way there, and what it rests on."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import pandas as pd

from tallysheet import carrier_mix
from tallysheet.carrier_mix import Answer, Conflict, Ground, Solution
from tallysheet.carrier_mix.offers import KEY
from tallysheet.carrier_mix.problem import Numbers
from tallysheet.duties.known import rows
from tallysheet.duties.mix_evidence import content_of, evidence
from tallysheet.errors import DataError, UsageError
from tallysheet.week import Week

KINDS = ("out", "dearer", "smaller", "unpromised", "peak")
"""What can be asked."""
STABLE_DRAWS = 100
"""Each move is looked for in so many draws."""
LEAST_MOVE = 0.5
"""Parcels a week from which on a move is one."""
_TENTH, _SMALLER = 0.10, 0.30


@lru_cache(maxsize=2)
def grounded(week: Week) -> Ground:
    """Put the problem of a week together, as known at its as-of."""
    return carrier_mix.ground(evidence(week), week.settings.mix)


@lru_cache(maxsize=2)
def solved(week: Week) -> Solution:
    """Find the mix to end at; a mix that breaks a rule is none."""
    problem = grounded(week).problem
    found = carrier_mix.solve(problem)
    broken = carrier_mix.breaches(problem, found.volumes) if found.is_optimal else []
    if broken:
        first = broken[0]
        what = f"{first.by:.4f} parcels beyond {first.rule} of {first.where or 'all parcels'}"
        raise DataError("carrier mix", "a mix that keeps every rule", what, "Report this as a fault.")
    return found


def is_small(week: Week) -> bool:
    """Tell whether no kind of parcel has enough of them."""
    listed = rows(week, "mix_prices")
    kinds = listed.groupby(KEY)["parcels_n"].max() if len(listed) else pd.Series(dtype=float)
    return bool(kinds.empty or kinds.max() < week.settings.mix.least_parcels)


def is_settled(week: Week) -> bool:
    """Tell whether no kind of parcel has a second carrier that may carry it."""
    allowed = grounded(week).problem.allowed
    return allowed is not None and int(allowed.sum(axis=1).max()) < 2


@lru_cache(maxsize=2)
def of_today(week: Week) -> Solution:
    """Reckon today's mix in the same way as the proposed one; it may break rules."""
    problem, now = grounded(week).problem, grounded(week).kinds.today
    return carrier_mix.reckoned(problem, now)


@lru_cache(maxsize=2)
def conflict(week: Week) -> Conflict | None:
    """Say why there is no mix; None: there is."""
    return None if solved(week).is_optimal else carrier_mix.conflict(grounded(week).problem)


@lru_cache(maxsize=2)
def progress(week: Week) -> Numbers:
    """Go from today's mix to the proposed one, within what the team and contracts allow in a week."""
    base, terms = grounded(week), rows(week, "mix_terms").set_index("carrier")["max_weekly_shift_share"]
    limits = []
    for column, one in enumerate(base.problem.carriers):
        volume = base.beside[one.name] + float(base.kinds.today[:, column].sum())
        limits.append(float(terms[one.name]) * volume if pd.notna(terms[one.name]) else np.inf)
    share = week.settings.mix.shift_share
    return carrier_mix.path(base.problem, solved(week).volumes, shift_share=share, carrier_parcels=limits)


def is_reachable(week: Week) -> bool:
    """Tell whether the proposed mix can be reached within the weeks that a way may take."""
    try:
        progress(week)
    except UsageError as error:
        if error.where != "path":
            raise
        return False
    return True


def savings(week: Week) -> pd.DataFrame:
    """Give what the mix saves a week, by each scenario.

    Of many mixes that is chosen which looks best by the best estimates; by these alone it would save more
    than it will. The mean of the scenarios, each of other weeks, is nearer to what comes.

    Returns
    -------
    DataFrame
        euros; one row a scenario.
    """
    problem, end = grounded(week).problem, solved(week).volumes
    now = grounded(week).kinds.today
    return pd.DataFrame(
        {
            "euros": [
                carrier_mix.week_euros(problem, now, rates=one)
                - carrier_mix.week_euros(problem, end, rates=one)
                for one in problem.draws
            ]
        }
    )


def moves(week: Week) -> pd.DataFrame:
    """List the moves kind by kind: of two kinds of a lane one may take what the other gives.

    Returns
    -------
    DataFrame
        As `carrier_mix.moves`, its way the name of a kind; stable (the share of draws in which it stays).
    """
    base = grounded(week)
    kinds = base.kinds.cells["name"].tolist()

    def make() -> pd.DataFrame:
        listed = carrier_mix.moves(base.problem, solved(week).volumes, progress(week), kinds)
        listed = listed[listed["parcels"] >= LEAST_MOVE].reset_index(drop=True)
        return listed.assign(stable=carrier_mix.stability(base.problem, listed, kinds, STABLE_DRAWS))

    return remembered(week, "mix-moves", make)


def moved(week: Week) -> float:
    """Say how many parcels a week change carrier, those of moves that are too small to be listed too."""
    change = solved(week).volumes - grounded(week).kinds.today
    return float(np.maximum(change, 0.0).sum())


def lanes(week: Week) -> pd.DataFrame:
    """Give today's and the proposed share by way and carrier.

    Returns
    -------
    DataFrame
        way, carrier, parcels (of the way, a week), today, proposed (shares), euros (saved, of the carrier's
        parcels on the way; in all ways they add up to what carrying costs less), in_time (more on time).
    """
    base, end = grounded(week), solved(week).volumes
    problem, now = base.problem, base.kinds.today
    change = np.where(problem.allowed, end - now, 0.0) if problem.allowed is not None else end - now
    cost = np.where(np.isfinite(problem.cost), problem.cost, 0.0)
    found = []
    for column, one in enumerate(problem.carriers):
        part = pd.DataFrame(
            {
                "way": base.kinds.cells["way"],
                "now": now[:, column],
                "end": end[:, column],
                "euros": -(change * cost)[:, column],
                "in_time": (change * problem.on_time)[:, column],
            }
        )
        found.append(part.groupby("way", as_index=False).sum().assign(carrier=one.name))
    whole = pd.concat(found, ignore_index=True)
    parcels = whole.groupby("way")["now"].transform("sum")
    return whole.assign(parcels=parcels, today=whole["now"] / parcels, proposed=whole["end"] / parcels).drop(
        columns=["now", "end"]
    )


def frontier(week: Week) -> pd.DataFrame:
    """Give cost by share on time, as `carrier_mix.frontier` does."""
    return remembered(week, "mix-frontier", lambda: carrier_mix.frontier(grounded(week).problem))


def rule_prices(week: Week) -> pd.DataFrame:
    """Give what rules cost a week, as `carrier_mix.rule_prices` does."""
    return remembered(
        week, "mix-rules", lambda: carrier_mix.rule_prices(grounded(week).problem, solved(week))
    )


def ask(week: Week, kind: str, carrier: str = "", share: float = 0.0) -> Answer:
    """Ask what if.

    Parameters
    ----------
    week : Week
    kind : {"out", "dearer", "smaller", "unpromised", "peak"}
    carrier : str
        Its code; empty: all (not for ``out``).
    share : float
        By how much dearer or smaller; of a peak, by how much more there is.
    """
    base = grounded(week)
    if kind == "out":
        return carrier_mix.carrier_out(base.problem, carrier)
    if kind == "dearer":
        return carrier_mix.dearer(base.problem, carrier, share)
    if kind == "smaller":
        return carrier_mix.smaller(base.problem, carrier, share, base.beside)
    if kind == "unpromised":
        return carrier_mix.unpromised(base.problem, carrier)
    return carrier_mix.peak(base.problem, 1 + share, base.beside)


def what_ifs(week: Week) -> pd.DataFrame:
    """Answer the usual what-ifs.

    Returns
    -------
    DataFrame
        kind, carrier (empty: all), share, status, euros (a week), on_time, moved (parcels a week that change
        carrier against the proposed mix), stranded, rules (that conflict, joined by a comma), excess (parcels
        a week by which they must give).
    """
    return remembered(
        week, "mix-what-ifs", lambda: pd.DataFrame([answered(week, *one) for one in _usual(week)])
    )


def answered(week: Week, kind: str, carrier: str, share: float) -> dict[str, object]:
    """Answer one question, as a row of `what_ifs`."""
    found, proposed = ask(week, kind, carrier, share), solved(week).volumes
    solution, why = found.solution, found.conflict
    is_same = solution.volumes.shape == proposed.shape and kind != "peak"
    moved = float(np.maximum(solution.volumes - proposed, 0.0).sum()) if is_same else np.nan
    return {
        "kind": kind,
        "carrier": carrier,
        "share": share,
        "status": solution.status,
        "euros": solution.euros,
        "on_time": solution.on_time,
        "moved": moved,
        "stranded": found.stranded,
        "rules": ",".join(why.rules) if why else "",
        "excess": sum(one.by for one in why.excesses) if why else 0.0,
    }


def remembered(week: Week, name: str, make: Callable[[], pd.DataFrame]) -> pd.DataFrame:
    """Keep what takes long, by all that it depends on: the evidence, and how it is weighed."""
    about = [str(week.week), repr(week.settings.mix), content_of(evidence(week))]
    return week.cube.remembered(name, about, make, ())


def _usual(week: Week) -> list[tuple[str, str, float]]:
    """List what is asked each week: each carrier out, the largest dearer or smaller, no promises, a peak."""
    problem, now = grounded(week).problem, grounded(week).kinds.today.sum(axis=0)
    names = [one.name for one in problem.carriers]
    largest = names[int(np.argmax(now))]
    asked = [("out", name, 0.0) for name, volume in zip(names, now, strict=True) if volume > 0]
    asked += [("dearer", largest, _TENTH), ("dearer", "", _TENTH)]
    asked += [("smaller", largest, _SMALLER), ("smaller", "", _SMALLER), ("unpromised", "", 0.0)]
    return [*asked, ("peak", "", week.settings.mix.peak_factor - 1)]
