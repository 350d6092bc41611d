"""The chart of the carrier mix: what more service costs a week."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tallysheet.carrier_mix import Solution
from tallysheet.language import Language
from tallysheet.svg import BLUE, INK, MUTED, ORANGE, RULE, Chart, canvas, drawing_style, sizes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDE, _NARROW = (600, 300, 62, 24, 18, 44), (354, 280, 62, 18, 18, 44)


def frontier_chart(found: pd.DataFrame, today: Solution, end: Solution, language: Language) -> Chart:
    """Draw least cost by share on time, with today's mix and the proposed one.

    Parameters
    ----------
    found : DataFrame
        As `tallysheet.carrier_mix.frontier` gives it.
    today, end : Solution
    language : Language
    """
    with drawing_style():
        drawings = [_drawn(found, today, end, language, size) for size in sizes(_WIDE, _NARROW)]
    first, last = found.iloc[0], found.iloc[-1]
    alt = language.text(
        "mix.frontier_alt",
        first=language.value(float(first["on_time"]), "share"),
        first_euros=language.value(float(first["euros"]), "euro", 0),
        last=language.value(float(last["on_time"]), "share"),
        last_euros=language.value(float(last["euros"]), "euro", 0),
        today=language.value(today.on_time, "share"),
        today_euros=language.value(today.euros, "euro", 0),
    )
    return Chart(alt, *drawings)


def _drawn(
    found: pd.DataFrame,
    today: Solution,
    end: Solution,
    language: Language,
    size: tuple[int, int, int, int, int, int],
) -> Figure:
    drawing, axes = canvas(*size)
    axes.plot(found["on_time"], found["euros"], "-o", color=INK, ms=5, mew=0)
    for one, key, colour, below in ((today, "today", ORANGE, False), (end, "proposed", BLUE, True)):
        axes.plot(one.on_time, one.euros, "o", color=colour, ms=9, mew=0)
        axes.annotate(
            language.text(f"mix.{key}"),
            (one.on_time, one.euros),
            (0, -16 if below else 14),
            textcoords="offset points",
            ha="center",
            va="center",
            fontsize=12,
            fontweight="bold",
            color=colour,
        )
    across = [*found["on_time"], today.on_time, end.on_time]
    up = [*found["euros"], today.euros, end.euros]
    axes.set(xlim=_span(across, 0.06), ylim=_span(up, 0.16))
    _label(axes, language)
    return drawing


def _span(values: list[float], room: float) -> tuple[float, float]:
    low, high = min(values), max(values)
    beside = room * max(high - low, 1e-3)
    return low - beside, high + beside


def _label(axes: Axes, language: Language) -> None:
    from matplotlib.ticker import MaxNLocator

    for axis, unit, count in ((axes.xaxis, "share", 5), (axes.yaxis, "euro", 5)):
        low, high = axes.get_xlim() if axis is axes.xaxis else axes.get_ylim()
        ticks = [one for one in MaxNLocator(nbins=count).tick_values(low, high) if low <= one <= high]
        decimals = 1 if unit == "share" and np.ptp(ticks) < 0.05 else 0
        axis.set_ticks(ticks, [language.value(float(one), unit, decimals) for one in ticks])
    axes.grid(axis="y", color=RULE, linewidth=1)
    axes.set_axisbelow(True)
    axes.set_xlabel(language.text("mix.on_time"), color=MUTED, fontsize=12, loc="right")
