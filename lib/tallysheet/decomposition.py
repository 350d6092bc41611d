"""Split a change exactly: so much because the mix moved, so much because a rate moved."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from tallysheet.errors import UsageError, nearest


def decompose(
    frame: pd.DataFrame,
    *,
    by: str | Sequence[str],
    now: str,
    base: str,
    now_n: str | None = None,
    base_n: str | None = None,
) -> pd.DataFrame:
    """Split the change of a ratio or a sum over segments.

    Parameters
    ----------
    frame : DataFrame
        One row a segment, or finer: rows are added up within ``by``.
    by : str or list of str
        Columns that name a segment.
    now, base : str
        Columns of numerators (of a sum: its values) now and before.
    now_n, base_n : str, optional
        Columns of denominators, both or neither. Without them the KPI is a sum.

    Returns
    -------
    DataFrame
        One row a segment: ``by``…, ``mix``, ``rate``, ``total`` in the unit of the ratio (of the sum);
        the segments' totals add up to the change. ``.attrs["residual"]`` is what is left over
        (rounding of doubles), ``.attrs["now"]`` and ``.attrs["base"]`` are the two values.

    Raises
    ------
    UsageError
        A column is missing, only one denominator is named, a cell is empty or a denominator is
        negative or adds up to 0.

    Notes
    -----
    With shares w of the denominator and rates r of segment k, and rate R of the total, before (0)
    and now (1), midpoint weights leave no joint term:

        rate_k = mean(w0, w1) (r1 - r0)
        mix_k = (w1 - w0) (mean(r0, r1) - mean(R0, R1))

    A segment that is absent on one side has no rate there; it contributes through mix only.
    A sum has no mix: its whole change is ``rate``.

    References
    ----------
    Kitagawa 1955, JASA 50 (272); the midpoint (Marshall-Edgeworth) form.

    Examples
    --------
    >>> frame = pd.DataFrame({"country": ["FR", "DE"], "late_n": [10, 30], "n": [100, 100],
    ...                       "late_n_before": [10, 30], "n_before": [150, 50]})
    >>> parts = decompose(frame, by="country", now="late_n", base="late_n_before",
    ...                   now_n="n", base_n="n_before")
    >>> parts.round(3)
      country    mix   rate  total
    0      FR  0.029  0.021   0.05
    1      DE  0.062 -0.112  -0.05
    >>> abs(parts.attrs["residual"]) < 1e-9
    True
    """
    keys = [by] if isinstance(by, str) else list(by)
    if (now_n is None) != (base_n is None):
        raise UsageError("decompose", "now_n and base_n together, or neither", "one of them", "Name both.")
    measures = [now, base] + [name for name in (now_n, base_n) if name]
    for name in keys + measures:
        if name not in frame.columns:
            raise UsageError(
                "decompose", f"a column {name!r}", "no such column", nearest(name, map(str, frame.columns))
            )
    for name in measures:
        if frame[name].isna().any():
            raise UsageError(
                f"decompose {name}",
                "a number in every row",
                "empty cells",
                "Fill them with 0, or leave the rows out.",
            )
    sums = frame.groupby(keys, sort=False, dropna=False)[measures].sum().reset_index()
    parts = sums[keys].copy()
    if now_n is None or base_n is None:
        parts["mix"] = 0.0
        parts["rate"] = parts["total"] = (sums[now] - sums[base]).astype(float)
        value_now, value_base = float(sums[now].sum()), float(sums[base].sum())
    else:
        value_now, value_base = _split_ratio(parts, sums, now, base, now_n, base_n)
    parts.attrs["now"], parts.attrs["base"] = value_now, value_base
    parts.attrs["residual"] = (value_now - value_base) - float(parts["total"].sum())
    return parts


def _split_ratio(
    parts: pd.DataFrame, sums: pd.DataFrame, now: str, base: str, now_n: str, base_n: str
) -> tuple[float, float]:
    for name in (now_n, base_n):
        if (sums[name] < 0).any() or not sums[name].sum() > 0:
            raise UsageError(
                f"decompose {name}",
                "denominators of 0 or more, not all 0",
                "others",
                "Check the rows compared.",
            )
    n1, n0 = float(sums[now_n].sum()), float(sums[base_n].sum())
    total1, total0 = float(sums[now].sum()) / n1, float(sums[base].sum()) / n0
    share1, share0 = sums[now_n] / n1, sums[base_n] / n0
    present = (sums[now_n] > 0) & (sums[base_n] > 0)
    rate1 = sums[now] / sums[now_n].where(present, np.nan)
    rate0 = sums[base] / sums[base_n].where(present, np.nan)
    shift = (share1 - share0) * (total0 + total1) / 2
    rate = ((share0 + share1) / 2 * (rate1 - rate0)).fillna(0.0)
    total = sums[now] / n1 - sums[base] / n0 - shift
    parts["mix"], parts["rate"], parts["total"] = total - rate, rate, total
    return total1, total0
