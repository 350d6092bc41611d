"""Judge the last of a KPI's weeks by those before it: of its total, and of each of its parts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tallysheet.judgement import MIN_EXPECTED, Judgement, Judgements, judge, judge_many
from tallysheet.kpi import SHARES, Kpi
from tallysheet.limits import Numbers
from tallysheet.values import Parts, weekly_values

_SIDES = ("lower", "near_lower", "upper", "near_upper")


def judge_rows(rows: pd.DataFrame, kpi: Kpi, why: str | None) -> Judgement:
    """Judge the last of the rows, or say why it is not judged."""
    counts = kpi.chart != "xmr"
    numbers = (rows["x"] if counts else weekly_values(rows, kpi)).to_numpy(copy=True)
    n = rows["n"].to_numpy()
    if why := why or _uncounted(kpi, float(n[-1])):
        numbers[-1] = np.nan
    one_case = float(_one_case(kpi, n[-1:])[0])
    found = judge(numbers, n if counts else None, kpi.chart, is_count=kpi.is_count, one_case=one_case)
    limits = found.limits
    sides = {name: np.clip(getattr(limits, name), *kpi.bounds) for name in _SIDES}
    return replace(found, limits=replace(limits, **sides), reason=why or found.reason)


def judge_parts(parts: Parts, judged: list[str], kpi: Kpi, why: str | None) -> Judgements:
    """Judge the last week of each part, or say why none is."""
    chosen = parts.at(judged)
    x, n = chosen.x.copy(), chosen.n
    if kpi.chart == "xmr" and kpi.denominator is not None:
        x = np.divide(x, n, out=np.full_like(x, np.nan), where=n > 0)
    if why:
        x[:, -1] = np.nan
    counts, one_case = None if kpi.chart == "xmr" else n, _one_case(kpi, n[:, -1])
    found = judge_many(x, counts, kpi.chart, is_count=kpi.is_count, one_case=one_case)
    found = replace(found, lower=np.clip(found.lower, *kpi.bounds), upper=np.clip(found.upper, *kpi.bounds))
    if why:
        return replace(found, reason=np.full_like(found.reason, why, dtype="<U12"))
    if kpi.evidence:
        found = _without_gaps(found, chosen.ended, n, kpi.floor)
    if kpi.is_length:
        found = _without(found, n[:, -1] < MIN_EXPECTED, "small")
    return _without(found, n[:, -1] == 0, "nothing") if kpi.denominator else found


def _uncounted(kpi: Kpi, n: float) -> str | None:
    """Say why there is nothing to judge, or too few to have a middle; None where there is enough."""
    if kpi.denominator and not n:
        return "unvalued" if kpi.known else "nothing"
    return "small" if kpi.is_length and n < MIN_EXPECTED else None


def _one_case(kpi: Kpi, n: Numbers) -> Numbers:
    """Give what one case adds to a share on an XmR chart; the others reckon with small numbers themselves."""
    is_share = kpi.chart == "xmr" and kpi.unit in SHARES
    return np.divide(1.0, n, out=np.zeros(n.shape), where=is_share & (n > 0))


def _without_gaps(found: Judgements, ended: Numbers, n: Numbers, floor: float) -> Judgements:
    """Do not judge a part of which less is known than usual: that would blame it for missing data."""
    share = pd.DataFrame(np.divide(ended, n, out=np.full_like(n, np.nan), where=n > 0))
    return _without(found, (share.iloc[:, -1] < floor * share.iloc[:, :-1].median(axis=1)).to_numpy(), "gap")


def _without(found: Judgements, these: NDArray[np.bool_], reason: str) -> Judgements:
    lower, upper = (np.where(these, np.nan, side) for side in (found.lower, found.upper))
    return replace(found, reason=np.where(these, reason, found.reason), lower=lower, upper=upper)
