"""What tables of several duties share: lists counted by kind with their money, and ends of intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd

from tallysheet.language import Language
from tallysheet.tables import Column, Html, render_table


def euros(cents: pd.Series) -> float:
    """Add cents up, in euros; NaN where something is there and the money of none is known.

    Examples
    --------
    >>> euros(pd.Series([1250, 50]))
    13.0
    >>> euros(pd.Series([None], dtype=float))
    nan
    """
    return float(cents.sum()) / 100 if cents.empty or cents.notna().any() else math.nan


def told_euros(cents: pd.Series, language: Language) -> str:
    """Write a sum of cents in whole euros, or with its cents below one: that is not nothing."""
    found = euros(cents)
    return language.value(found, "euro", 2 if 0 < found < 1 else 0)


def ends(low: pd.Series, high: pd.Series) -> pd.Series:
    """Pair the ends of intervals, as tables want them."""
    return pd.Series(list(zip(low, high, strict=True)), index=low.index, dtype=object)


def tally(
    cents: pd.Series,
    by: pd.Series,
    kinds: Sequence[str],
    language: Language,
    *,
    words: str,
    items: str,
    money: str,
) -> Html:
    """Count a list by kind and in all, with its money.

    Parameters
    ----------
    cents : Series
        One item a row.
    by : Series
        The kind of each.
    kinds : sequence of str
        From top to bottom.
    language : Language
    words : str
        Key of the caption; with ``_head`` that of the kinds' header, with ``_is`` that of their names. Its
        last part is the table's id.
    items, money : str
        Headers of the number and of the money, in the reader's language.
    """
    rows = [
        {"name": language.text(f"{words}_is.{kind}"), "n": len(part), "euros": euros(part)}
        for kind in kinds
        for part in [cents[by == kind]]
    ]
    return render_table(
        pd.DataFrame(rows),
        [
            Column("name", language.text(f"{words}_head")),
            Column("n", items, "count"),
            Column("euros", money, "euro", decimals=0),
        ],
        caption=language.text(words),
        language=language,
        name=words.replace(".", "-"),
        total={"name": language.text("heat.all"), "n": len(cents), "euros": euros(cents)},
    )
