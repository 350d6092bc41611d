"""What the carrier mix takes each carrier for, and where too little is known to recommend it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tallysheet.duties.mix import grounded
from tallysheet.week import Week


def estimates(week: Week) -> pd.DataFrame:
    """Say what is thought of each carrier that may have parcels of a lane, and on how many parcels it rests.

    Returns
    -------
    DataFrame
        way, carrier, parcels (of the way, a week), seen_n, weight (of these; the rest is that of what carrier
        and way say elsewhere), on_time, lost (share lost or damaged).
    """
    base = grounded(week)
    problem, found = base.problem, []
    for cell, column in problem.pairs:
        found.append(
            {
                "way": base.kinds.cells["way"][cell],
                "carrier": problem.carriers[column].name,
                "parcels": float(base.kinds.today[cell].sum()),
                "seen_n": float(base.on_time.parcels[cell, column]),
                "weight": float(base.on_time.weight[cell, column]),
                "on_time": float(base.on_time.share[cell, column]),
                "lost": float(base.losses.share[cell, column]),
            }
        )
    whole = pd.DataFrame(found)
    summed = whole.groupby(["way", "carrier"], as_index=False).agg(
        {"parcels": "sum", "seen_n": "first", "weight": "first", "on_time": "first", "lost": "first"}
    )
    summed["parcels"] = summed.groupby("way")["parcels"].transform("max")
    order = ["parcels", "way", "seen_n", "carrier"]
    return summed.sort_values(order, ascending=[False, True, False, True]).reset_index(drop=True)


def untried(week: Week) -> pd.DataFrame:
    """List carriers that might be cheaper where too little is known of them, the most promising first.

    Returns
    -------
    DataFrame
        way, carrier, seen_n (parcels on the way in 12 weeks, of all weights), weight (of what was seen of its
        service), euros (a week, if it were as good as others say and got all).
    """
    base = grounded(week)
    problem, now = base.problem, base.kinds.today
    found = []
    for cell, way in enumerate(base.kinds.cells["way"]):
        parcels = float(now[cell].sum())
        paid = float(np.nansum(now[cell] * problem.cost[cell])) / parcels
        for column, one in enumerate(problem.carriers):
            if not problem.is_trial(cell, column) or not np.isfinite(problem.cost[cell, column]):
                continue
            less = parcels * (paid - float(problem.cost[cell, column]))
            seen = float(base.on_time.parcels[cell, column])
            found.append((way, one.name, seen, float(base.on_time.weight[cell, column]), less))
    listed = pd.DataFrame(found, columns=["way", "carrier", "seen_n", "weight", "euros"])
    summed = (
        listed[listed["euros"] > 0]
        .groupby(["way", "carrier"], as_index=False)
        .agg(seen_n=("seen_n", "max"), weight=("weight", "max"), euros=("euros", "sum"))
    )
    return summed.sort_values(["euros", "way", "carrier"], ascending=[False, True, True]).reset_index(
        drop=True
    )
