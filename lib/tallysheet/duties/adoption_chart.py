"""The charts of BackShip: what sellers were like around their first label, and how soon it comes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tallysheet.language import Language
from tallysheet.svg import BAND, INK, MUTED, PRIOR, RULE, Chart, canvas, drawing_style, sizes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDE, _NARROW = (600, 280, 62, 18, 18, 44), (354, 260, 62, 18, 18, 44)
_HALF_A_YEAR = 182
_READ = (28, 84)
"""Days at which the table tells the share that has begun."""


def ages_chart(ages: pd.DataFrame, language: Language) -> Chart:
    """Draw by months since the first label how far the share on time is from what it would have been.

    Parameters
    ----------
    ages : DataFrame
        age, value, low, high, in order; months before the first label are negative.
    language : Language
    """
    with drawing_style():
        drawings = [_ages(ages, language, size) for size in sizes(_WIDE, _NARROW)]
    after = ages[ages["age"] >= 0]
    first, last = (language.change(float(after["value"].iloc[place]), "gap") for place in (0, -1))
    before = ages[ages["age"] < 0]
    alt = language.text(
        "adoption.ages_alt",
        n=len(before),
        clear=int(_is_clear(before).sum()),
        first=first,
        last=last,
        age=language.decimal(int(after["age"].iloc[-1])),
    )
    return Chart(alt, *drawings)


def _is_clear(ages: pd.DataFrame) -> pd.Series:
    """Tell the months whose interval leaves out zero."""
    return (ages["low"] > 0) | (ages["high"] < 0)


def _ages(ages: pd.DataFrame, language: Language, size: tuple[int, int, int, int, int, int]) -> Figure:
    drawing, axes = canvas(*size)
    axes.axhline(0, color=MUTED, linewidth=1)
    axes.axvline(-0.5, color=PRIOR, linewidth=1, linestyle=(0, (4, 4)))
    for is_after, colour in ((False, MUTED), (True, INK)):
        shown = ages[(ages["age"] >= 0) == is_after]
        axes.vlines(shown["age"], shown["low"], shown["high"], color=colour, linewidth=1.75)
        axes.plot(shown["age"], shown["value"], "o", color=colour, ms=7, mew=0)
    low, high = min(0.0, float(ages["low"].min())), max(0.0, float(ages["high"].max()))
    room = 0.08 * (high - low)
    axes.set(xlim=(ages["age"].min() - 0.7, ages["age"].max() + 0.7), ylim=(low - room, high + room))
    _label_levels(axes, language.change, "gap")
    ticks = [age for age in range(int(ages["age"].min()), int(ages["age"].max()) + 1) if age % 3 == 0]
    axes.set_xticks(ticks, [language.decimal(age, signed=age != 0) for age in ticks])
    axes.set_xlabel(language.text("adoption.months"), color=MUTED, fontsize=12, loc="right")
    return drawing


def _label_levels(axes: Axes, written: Callable[[float, str, int], str], unit: str) -> None:
    from matplotlib.ticker import MaxNLocator

    low, high = axes.get_ylim()
    ticks = [tick for tick in MaxNLocator(nbins=5).tick_values(low, high) if low <= tick <= high]
    decimals = 0 if all(abs(100 * tick - round(100 * tick)) < 1e-6 for tick in ticks) else 1
    axes.set_yticks(ticks, [written(float(tick), unit, decimals) for tick in ticks])
    axes.grid(axis="y", color=RULE, linewidth=1)
    axes.set_axisbelow(True)


def times_chart(curve: pd.DataFrame, language: Language) -> Chart:
    """Draw which share of the invited has made a first label by each day, with its 95 % interval.

    Parameters
    ----------
    curve : DataFrame
        As `tallysheet.duties.adoption_steps.times` gives it: length, survival, low, high.
    language : Language
    """
    with drawing_style():
        drawings = [_times(curve, language, size) for size in sizes(_WIDE, _NARROW)]
    read = {f"by_{days}": language.value(_begun(curve, days), "share", 0) for days in _READ}
    return Chart(language.text("adoption.times_alt", **read), *drawings)


def _begun(curve: pd.DataFrame, days: int) -> float:
    known = curve[curve["length"] <= days]["survival"]
    return 1 - float(known.iloc[-1]) if len(known) else math.nan


def _times(curve: pd.DataFrame, language: Language, size: tuple[int, int, int, int, int, int]) -> Figure:
    drawing, axes = canvas(*size)
    shown = curve[curve["length"] <= _HALF_A_YEAR]
    days = np.append(0.0, shown["length"])
    share, high, low = (np.append(0.0, 1 - shown[side]) for side in ("survival", "low", "high"))
    known = np.isfinite(low) & np.isfinite(high)
    axes.fill_between(days[known], low[known], high[known], color=BAND, linewidth=0, step="post")
    axes.step(days, share, where="post", color=INK, linewidth=1.75)
    for at in _READ:
        begun = _begun(curve, at)
        axes.plot(at, begun, "o", color=INK, ms=7, mew=0)
        axes.annotate(
            language.value(begun, "share", 0),
            (at, begun),
            (8, -12),
            textcoords="offset points",
            fontsize=12,
            fontweight="bold",
        )
    top = min(1.0, 1.15 * float(np.nanmax(high)))
    axes.set(xlim=(0, days[-1]), ylim=(0, top))
    _label_levels(axes, language.value, "share")
    ticks = [tick for tick in (0, 28, 56, 84, 112, 140, 168) if tick <= days[-1]]
    axes.set_xticks(ticks, [language.decimal(tick) for tick in ticks])
    axes.set_xlabel(language.text("adoption.times_days"), color=MUTED, fontsize=12, loc="right")
    return drawing
