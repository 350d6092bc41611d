"""Small multiples: one tiny control line a value of a dimension, all on one scale."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import numpy as np

from tallysheet.by_value import Lines
from tallysheet.kpi import SHARES
from tallysheet.language import Language
from tallysheet.svg import BAND, BLUE, INK, MUTED, ORANGE, Chart, canvas, drawing_style
from tallysheet.weeks import IsoWeek, weeks_between

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# One width fits a phone, and three beside each other fit a page.
_WIDTH, _COLUMNS, _GAP = 354, 2, 18
_NAME, _PLOT, _SPACE = 16, 34, 14
_LETTER, _LETTERS = 7, 22
_PEAKS = 0.02


def small_multiples(lines: Lines, *, unit: str, direction: str, language: Language, name: str) -> Chart:
    """Draw the weeks of each value of a dimension in its usual range.

    Parameters
    ----------
    lines : Lines
        As `tallysheet.by_value.lines_of` gives them.
    unit : str
        The KPI's.
    direction : str
        What is good: ``up``, ``down`` or ``neutral``. A value outside on the good side is blue, else orange.
    language : Language
    name : str
        The KPI's name.

    Notes
    -----
    The band is the usual range of the last week. That week is a dot, outside its range a triangle that
    points the way. All lines share one scale, from which single peaks are cut off.
    """
    rows = -(-len(lines.values) // _COLUMNS)
    row = _NAME + _PLOT + _SPACE
    with drawing_style():
        drawing, axes = canvas(_WIDTH, row * rows, 0, 0, 0, 0)
        axes.set(xlim=(0, _WIDTH), ylim=(row * rows, 0))
        axes.set_axis_off()
        _draw(axes, lines, row, unit, direction, language)
    return Chart(_alt(lines, unit, language, name), drawing)


def _draw(axes: Axes, lines: Lines, row: int, unit: str, direction: str, language: Language) -> None:
    low, high = _bounds(lines)
    width = (_WIDTH - _GAP * (_COLUMNS - 1)) / _COLUMNS
    texts = [language.value(float(level), unit) for level in lines.level[:, -1]]
    room = _LETTER * max(len(text) for text in texts) + 8
    first, last = (IsoWeek.parse(lines.weeks[end]) for end in (0, -1))
    every = [str(week) for week in weeks_between(first, last)]
    weeks = np.linspace(0, width - room, len(every))
    # Weeks that are left out are a gap.
    levels = np.full((len(lines.values), len(every)), np.nan)
    levels[:, np.isin(every, lines.weeks)] = lines.level
    for place, value in enumerate(lines.values):
        left, top = (place % _COLUMNS) * (width + _GAP), (place // _COLUMNS) * row
        floor = top + _NAME + _PLOT
        # From levels to pixels, downwards.
        heights = floor - (np.clip(levels[place], low, high) - low) / (high - low) * _PLOT
        ends = np.clip([lines.lower[place], lines.upper[place]], low, high)
        lower, upper = floor - (ends - low) / (high - low) * _PLOT
        across = left + weeks
        if np.isfinite(ends).all():
            corners = across[[0, -1, -1, 0]], [upper, upper, lower, lower]
            axes.fill(*corners, color=BAND, linewidth=0, zorder=1)
        axes.plot(across, heights, color=MUTED, linewidth=1.25, zorder=2)
        now = float(lines.level[place, -1])
        is_high = now > lines.centre[place]
        is_outside = lines.variation[place] == "signal"
        colour = _signal(is_high, direction) if is_outside else INK
        mark = ("^" if is_high else "v") if is_outside else "o"
        if np.isfinite(now):
            size = 9 if is_outside else 6
            axes.plot(across[-1], heights[-1], mark, color=colour, ms=size, mew=0, zorder=3, clip_on=False)
        weight = "bold" if is_outside else "normal"
        title = textwrap.shorten(language.name(lines.dimension, value), _LETTERS, placeholder="…")
        axes.text(left, top + 12, title, fontsize=12, fontweight=weight, zorder=4)
        # A value may not run into the name above it.
        middle = max(heights[-1], floor - _PLOT + 6) if np.isfinite(now) else floor - _PLOT / 2
        axes.text(
            across[-1] + 8,
            middle,
            texts[place],
            va="center",
            fontsize=12,
            color=colour,
            fontweight=weight,
            zorder=4,
        )


def _bounds(lines: Lines) -> tuple[float, float]:
    """Give the lowest and highest level drawn; the last week is always inside."""
    known = lines.level[np.isfinite(lines.level)]
    last = lines.level[:, -1]
    if not known.size:
        return 0.0, 1.0
    low, high = (float(end) for end in np.quantile(known, [_PEAKS, 1 - _PEAKS]))
    low, high = float(np.nanmin([low, *last])), float(np.nanmax([high, *last]))
    room = 0.05 * (high - low or abs(high) or 1.0)
    return low - room, high + room


def _signal(is_high: bool, direction: str) -> str:
    return BLUE if direction == ("up" if is_high else "down") else ORANGE


def scale(lines: Lines, unit: str, language: Language) -> str:
    """Name the lowest and the highest level of the shared scale."""
    low, high = _bounds(lines)
    most = 1.0 if unit in SHARES else np.inf
    return language.interval(max(low, 0.0) if np.nanmin(lines.level) >= 0 else low, min(high, most), unit)


def finding(lines: Lines, language: Language) -> str:
    """Say which values are outside their usual range, or that none is."""
    outside = np.flatnonzero(lines.variation == "signal")
    judged = int((lines.variation != "not_known").sum())
    if not judged:
        return language.text("multiples.unjudged")
    if not len(outside):
        return language.text("multiples.inside", n=judged)
    named = [
        language.text(
            "multiples.above" if lines.level[place, -1] > lines.centre[place] else "multiples.below",
            value=language.name(lines.dimension, lines.values[place]),
        )
        for place in outside
    ]
    return language.text("multiples.outside", n=len(outside), judged=judged, values=language.listed(named))


def _alt(lines: Lines, unit: str, language: Language, name: str) -> str:
    levels = [
        f"{language.name(lines.dimension, value)} {language.value(float(level), unit)}"
        for value, level in zip(lines.values, lines.level[:, -1], strict=True)
    ]
    return language.text(
        "multiples.alt",
        name=name,
        week=language.week_code(lines.weeks[-1]),
        weeks=len(lines.weeks),
        finding=finding(lines, language),
        levels=language.listed(levels),
    )
