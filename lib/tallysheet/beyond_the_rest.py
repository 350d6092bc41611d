"""A part that is outside its own range: how far it moved beyond the rest, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
import pandas as pd

from tallysheet.intervals import NORMAL_95
from tallysheet.judgement import judge
from tallysheet.kpi import Kpi
from tallysheet.segments import Segment
from tallysheet.values import value_of, weekly_values
from tallysheet.weeks import IsoWeek


def beyond_the_rest(
    own: pd.DataFrame,
    totals: pd.DataFrame,
    judged: Sequence[str],
    kpi: Kpi,
    compared: Sequence[IsoWeek],
    dimension: str,
    row: pd.Series,
) -> Segment:
    """Measure how far a part moved beyond the rest.

    Parameters
    ----------
    own, totals : DataFrame
        x and n of the part and of all, by week.
    judged : sequence of str
        Weeks that say what is usual; the last is the one that is judged.
    kpi : Kpi
    compared : sequence of IsoWeek
        The base; none: a target.
    dimension : str
    row : Series
        The part's row of the split: segment, value_base, total, n_now, n_base.

    Notes
    -----
    The weekly difference between the part and the rest (for a sum: the part less its usual share of the
    rest) has its own wobble; its moving range gives the interval, so that shocks which both share do not
    count. Against a target (no weeks compared) it is the part's own distance from it.
    """
    week, rest = judged[-1], totals - own
    base = [str(one) for one in compared]
    if not base:
        differences, before = weekly_values(own, kpi), float(row["value_base"])
    elif (rest.loc[[*base, week], "n"] == 0).any():  # the part is all there is
        differences, before = weekly_values(own, kpi), _over(own, base, kpi)
    elif kpi.denominator is None:
        differences = own["x"] - rest["x"] * own.loc[base, "x"].sum() / rest.loc[base, "x"].sum()
        before = 0.0
    else:
        differences = weekly_values(own, kpi) - weekly_values(rest, kpi)
        before = _over(own, base, kpi) - _over(rest, base, kpi)
    effect = float(differences[week] - before)
    wobble = judge(differences[list(judged)].to_numpy())
    sigma = float((wobble.upper - wobble.centre) / 3 * np.sqrt(1 + (1 / len(base) if base else 0)))
    spread = NORMAL_95 * sigma
    return Segment(
        where={dimension: str(row["segment"])},
        effect=effect,
        low=effect - spread,
        high=effect + spread,
        contribution=float(row["total"]),
        n_now=float(row["n_now"]),
        n_base=float(row["n_base"]),
        p=2 * NormalDist().cdf(-abs(effect) / sigma) if sigma > 0 else float("nan"),
    )


def _over(rows: pd.DataFrame, weeks: list[str], kpi: Kpi) -> float:
    return value_of(rows.loc[weeks].mean() if kpi.denominator is None else rows.loc[weeks].sum(), kpi)
