"""What stands at the axes of a chart: levels on the left, names of lines where they end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tallysheet.kpi import SHARES
from tallysheet.language import FORMS, Language

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LABEL_GAP = 16


def label_levels(axes: Axes, low: float, unit: str, language: Language) -> None:
    """Label four or five levels of an axis, the unit on the highest, but for rates."""
    from matplotlib.ticker import MaxNLocator

    scale, top = FORMS[unit].scale, 1.0 if unit in SHARES else np.inf
    top = min(top, axes.get_ylim()[1])
    choices = []
    for wanted in range(4, 10):
        locator = MaxNLocator(nbins=wanted, steps=[1, 2, 2.5, 5, 10], integer=unit == "count")
        choices.append([level for level in locator.tick_values(low, top) if low <= level <= top])
    levels = min(choices, key=lambda choice: abs(len(choice) - 4.5))
    exact = (
        d for d in (0, 1) if all(abs(level * scale - round(level * scale, d)) < 1e-9 for level in levels)
    )
    decimals = next(exact, 2)
    texts = [language.decimal(level * scale, decimals) for level in levels]
    # What rates are for stands over the chart; here it would not fit.
    if unit != "rate":
        texts[-1:] = [language.value(level, unit, decimals) for level in levels[-1:]]
    axes.set_yticks(levels, texts)
    axes.set(xlabel="", ylabel="")


def name_levels(
    axes: Axes, levels: list[tuple[float, str, str, str]], pixel: float, across: float = 1.0
) -> None:
    """Write levels (height, text, colour, weight) beside a line that ends at a share of the width.

    They are kept apart: upwards first, then down again from the top.
    """
    low, high = axes.get_ylim()
    heights: list[float] = []
    for level, *_ in levels:
        wanted = min(max(level, low), high)
        heights.append(max(wanted, heights[-1] + _LABEL_GAP * pixel) if heights else wanted)
    ceiling = high
    for place in reversed(range(len(heights))):
        heights[place] = min(heights[place], ceiling)
        ceiling = heights[place] - _LABEL_GAP * pixel
    for height, (_, text, colour, weight) in zip(heights, levels, strict=True):
        axes.annotate(
            text,
            (across, height),
            (10, 0),
            xycoords=axes.get_yaxis_transform(),
            textcoords="offset points",
            va="center",
            color=colour,
            fontweight=weight,
            fontsize=12.5 if weight == "bold" else 12,
        )
