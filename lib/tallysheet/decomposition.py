"""Split a change exactly: so much because the mix moved, so much because a rate moved."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from tallysheet.errors import UsageError, check_type, nearest
from tallysheet.limits import Numbers

_PARTS = ("mix", "rate", "total")


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
        A column is missing, only one denominator is named, a cell is empty, a denominator is negative or
        adds up to 0, or ``by`` names no column, one twice, or one called as the parts are.

    Notes
    -----
    With shares w of the denominator and rates r of segment k, and rate R of the total, before (0)
    and now (1), midpoint weights leave no joint term:

        rate_k = mean(w0, w1) (r1 - r0)
        mix_k = (w1 - w0) (mean(r0, r1) - mean(R0, R1))

    A segment that is absent on one side has no rate there; it contributes through mix only. One whose
    denominator is 0 on both sides has no weight that could change: it contributes through rate only.
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
    check_type("decompose by", by, (str, Iterable), "names of columns")
    keys = [by] if isinstance(by, str) else list(by)
    if (now_n is None) != (base_n is None):
        raise UsageError("decompose", "now_n and base_n together, or neither", "one of them", "Name both.")
    measures = [now, base] + [name for name in (now_n, base_n) if name]
    check_columns("decompose", frame, keys, measures)
    _check_keys(keys)
    numbers = [frame[name].to_numpy(float) for name in measures]
    if now_n is not None and base_n is not None:
        check_denominators("decompose", dict(zip((now_n, base_n), numbers[2:], strict=True)))
    # By number, as a column of the frame may bear any name; as floats, whose sums do not wrap around.
    rows = frame[keys].reset_index(drop=True).set_axis(range(len(keys)), axis=1)
    rows = rows.assign(**{f"x{side}": one for side, one in enumerate(numbers)})
    sums = rows.groupby(list(range(len(keys))), sort=False, dropna=False).sum().reset_index()
    summed = [sums[f"x{side}"].to_numpy() for side in range(len(numbers))]
    numerators = summed[0], summed[1]
    denominators = (summed[2], summed[3]) if len(summed) > 2 else None
    mix, rate, total = split(numerators, denominators)
    value_now, value_base = (
        float(x.sum() / (denominators[side].sum() if denominators else 1.0))
        for side, x in enumerate(numerators)
    )
    parts = sums[list(range(len(keys)))].set_axis(keys, axis=1).assign(mix=mix, rate=rate, total=total)
    parts.attrs["now"], parts.attrs["base"] = value_now, value_base
    parts.attrs["residual"] = (value_now - value_base) - float(parts["total"].sum())
    return parts


def _check_keys(keys: list[str]) -> None:
    for name in keys:
        if name in _PARTS:
            advice = "Rename the column: the parts are called so."
            raise UsageError("decompose by", f"no column called {', '.join(_PARTS)}", repr(name), advice)
    if not keys or len(set(keys)) < len(keys):
        raise UsageError("decompose by", "columns, each once", repr(keys), "Name each once.")


def check_columns(where: str, frame: pd.DataFrame, keys: list[str], measures: list[str]) -> None:
    """Refuse a frame that lacks a column or a number."""
    check_type(where, frame, pd.DataFrame, "a DataFrame")
    for name in keys + measures:
        check_type(where, name, str, "the name of a column")
        if name not in frame.columns:
            raise UsageError(
                where, f"a column {name!r}", "no such column", nearest(name, map(str, frame.columns))
            )
    for name in measures:
        if frame[name].isna().any():
            raise UsageError(
                f"{where} {name}",
                "a number in every row",
                "empty cells",
                "Fill them with 0, or leave the rows out.",
            )
        if not (
            pd.api.types.is_numeric_dtype(frame[name]) and np.isfinite(frame[name].to_numpy(float)).all()
        ):
            raise UsageError(f"{where} {name}", "finite numbers", "others", "Convert the column first.")


def check_denominators(where: str, denominators: dict[str, Numbers]) -> None:
    """Refuse denominators that are negative or add up to 0."""
    for name, n in denominators.items():
        if (n < 0).any() or not n.sum() > 0:
            raise UsageError(
                f"{where} {name}",
                "denominators of 0 or more, not all 0",
                "others",
                "Check the rows compared.",
            )


def split(
    numerators: tuple[Numbers, Numbers], denominators: tuple[Numbers, Numbers] | None
) -> tuple[Numbers, Numbers, Numbers]:
    """Split as `decompose` does: arrays of now and before, one entry a segment; mix, rate and total."""
    x1, x0 = numerators
    if denominators is None:
        return np.zeros_like(x1), x1 - x0, x1 - x0
    n1, n0 = denominators
    share1, share0 = n1 / n1.sum(), n0 / n0.sum()
    present = (n1 > 0) & (n0 > 0)
    rate1, rate0 = (np.divide(x, n, out=np.zeros_like(n), where=present) for x, n in ((x1, n1), (x0, n0)))
    shift = (share1 - share0) * (x0.sum() / n0.sum() + x1.sum() / n1.sum()) / 2
    rate = np.where(present, (share0 + share1) / 2 * (rate1 - rate0), 0.0)
    total = x1 / n1.sum() - x0 / n0.sum() - shift
    # What has no weight in either week, such as contacts that name no order, cannot weigh more.
    rate = np.where((n1 == 0) & (n0 == 0), total, rate)
    return total - rate, rate, total
