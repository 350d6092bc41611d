"""A funnel plot: many small values against their total, instead of a league table."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tallysheet.axis_labels import label_levels
from tallysheet.by_value import LIMITS, Funnel, funnel_limits
from tallysheet.kpi import Kpi
from tallysheet.language import Language
from tallysheet.limits import Chart as Limit
from tallysheet.svg import BAND, BLUE, MUTED, ORANGE, PRIOR, Chart, canvas, drawing_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 354, 280, 46, 10, 14, 44
_STEPS = 16
_NAMED = 6
_LETTERS = 20
_LABEL_GAP = 15


def funnel_plot(found: Funnel, one: Kpi, *, language: Language, name: str) -> Chart:
    """Draw volume against level, with the limits between which values lie that do not differ.

    Parameters
    ----------
    found : Funnel
        As `tallysheet.by_value.funnel_of` gives it.
    one : Kpi
    language : Language
    name : str
        The KPI's name.

    Notes
    -----
    Band: 99.8 % limits, thin lines: 95 % limits. Values outside the band are triangles that point the way,
    blue on the good side, else orange; the six farthest out are named. Dots that overlap are drawn once.
    """
    with drawing_style():
        drawing, axes = canvas(_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM)
        _draw(axes, found, one, language)
    return Chart(_alt(found, one.unit, language, name), drawing)


def _draw(axes: Axes, found: Funnel, one: Kpi, language: Language) -> None:
    values, centre = found.points, found.centre
    ends = float(values["n"].min()) / 1.15, float(values["n"].max()) * 1.15
    volume = np.geomspace(*ends, _STEPS)
    chart: Limit = "p" if one.chart == "p'" else "u"
    inner, outer = (funnel_limits(volume, centre, found.factor, chart, share) for share in LIMITS)
    low = float(min(values["level"].min(), outer[0][len(volume) // 4]))
    high = float(max(values["level"].max(), outer[1][len(volume) // 4]))
    room = 0.06 * (high - low or 1.0)
    low, high = max(low - room, 0.0), min(high + room, one.bounds[1])
    across = np.log(volume)
    axes.set(xlim=tuple(np.log(ends)), ylim=(low, high))
    lower, upper = (np.clip(side, low, high) for side in outer)
    axes.fill(np.append(across, across[::-1]), np.append(upper, lower[::-1]), color=BAND, linewidth=0)
    for line in inner:
        axes.plot(across, np.where((line >= low) & (line <= high), line, np.nan), color=PRIOR, linewidth=1)
    axes.plot(across[[0, -1]], [centre, centre], color=PRIOR, linewidth=1.5)
    pixels = (
        (np.log(values["n"]) - across[0]) / (across[-1] - across[0]) * (_WIDTH - _LEFT - _RIGHT),
        (values["level"] - low) / (high - low) * (_HEIGHT - _TOP - _BOTTOM),
    )
    inside = values[values["side"] == 0]
    spots = pd.DataFrame({"x": pixels[0] // 3, "y": pixels[1] // 3}).loc[inside.index]
    shown = inside[~spots.duplicated()]
    axes.plot(np.log(shown["n"]), shown["level"], "o", color=MUTED, ms=5, mew=0, clip_on=False)
    for side, mark in ((-1, "v"), (1, "^")):
        out = values[values["side"] == side]
        axes.plot(
            np.log(out["n"]),
            out["level"],
            mark,
            color=_colour(side, one.direction),
            ms=9,
            mew=0,
            clip_on=False,
        )
    _name(axes, found, one.direction, (low, high), language)
    _label(axes, found, one, low, ends, language)


def _colour(side: int, direction: str) -> str:
    return BLUE if direction == {1: "up", -1: "down"}[side] else ORANGE


def farthest(found: Funnel) -> pd.DataFrame:
    """Give the values outside the outer limits, farthest beyond them first."""
    outside = found.points[found.points["side"] != 0]
    half = (outside["upper"] - outside["lower"]) / 2
    order = ((outside["level"] - found.centre).abs() / half).sort_values(ascending=False, kind="stable")
    return outside.loc[order.index]


def _name(axes: Axes, found: Funnel, direction: str, bounds: tuple[float, float], language: Language) -> None:
    """Write the names beside their marks, kept apart: to the left of those that lie at the right."""
    low, high = bounds
    gap = _LABEL_GAP * (high - low) / (_HEIGHT - _TOP - _BOTTOM)
    middle = np.mean(axes.get_xlim())
    most = 0 if found.dimension in language.hidden else _NAMED
    named = farthest(found).head(most).sort_values("level", kind="stable")
    taken = {True: -np.inf, False: -np.inf}
    for row in named.to_dict("records"):
        at = float(np.log(row["n"]))
        is_right = bool(at > middle)
        height = max(float(row["level"]), taken[is_right] + gap)
        taken[is_right] = height
        title = textwrap.shorten(language.name(found.dimension, row["value"]), _LETTERS, placeholder="…")
        axes.annotate(
            title,
            (at, height),
            (-8 if is_right else 8, 0),
            textcoords="offset points",
            ha="right" if is_right else "left",
            va="center",
            fontsize=12,
            color=_colour(int(row["side"]), direction),
            fontweight="bold",
        )


def _label(
    axes: Axes, found: Funnel, one: Kpi, low: float, ends: tuple[float, float], language: Language
) -> None:
    """Label the levels, and round volumes within the plot; under them what they count."""
    label_levels(axes, low, one.unit, language)
    first, last = (int(np.floor(np.log10(end))) for end in ends)
    rounds = [digit * 10.0**power for power in range(first, last + 1) for digit in (1, 2, 5)]
    ticks = [tick for tick in rounds if ends[0] * 1.1 <= tick <= ends[1] / 1.1]
    ticks = ticks[:: -(-len(ticks) // 4)] if len(ticks) > 4 else ticks
    axes.set_xticks(np.log(ticks), [language.value(tick, "count") for tick in ticks])
    fact = one.terms(one.denominator)[0][0]
    text = language.text("funnel.volume", noun=language.text(f"noun.{fact}"), weeks=len(found.weeks))
    axes.set_xlabel(text, color=MUTED, fontsize=12, loc="right")


def finding(found: Funnel, language: Language) -> str:
    """Say how many values differ from all together, and name them."""
    outside = farthest(found)
    if outside.empty:
        return language.text("funnel.inside", n=len(found.points))
    named = _counted if found.dimension in language.hidden else _named
    return language.text(
        "funnel.outside",
        n=len(outside),
        judged=len(found.points),
        values=language.listed(named(outside, found.dimension, language)),
    )


def _named(outside: pd.DataFrame, dimension: str, language: Language) -> list[str]:
    rows = outside.head(_NAMED).to_dict("records")
    named = [_beyond(row["side"], language.name(dimension, row["value"]), language) for row in rows]
    left = len(outside) - len(named)
    return [*named, language.text("chart.pooled", n=left)] if left else named


def _counted(outside: pd.DataFrame, dimension: str, language: Language) -> list[str]:
    """Count those above and below, for readers who are not shown their names."""
    counts = outside["side"].value_counts().sort_index(ascending=False)
    return [
        _beyond(side, language.text(f"hidden.{dimension}", n=int(count)), language)
        for side, count in counts.items()
    ]


def _beyond(side: object, value: str, language: Language) -> str:
    return language.text("multiples.above" if side == 1 else "multiples.below", value=value)


def _alt(found: Funnel, unit: str, language: Language, name: str) -> str:
    # Without their names values tell nobody anything.
    named = found.points.head(0) if found.dimension in language.hidden else farthest(found).head(_NAMED)
    levels = [
        f"{language.name(found.dimension, row['value'])} {language.value(row['level'], unit)}"
        for row in named.to_dict("records")
    ]
    return language.text(
        "funnel.alt_outside" if levels else "funnel.alt",
        name=name,
        all=language.value(found.centre, unit),
        finding=finding(found, language),
        levels=language.listed(levels),
    )
