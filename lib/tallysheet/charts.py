"""Charts of a page: figures with their caption and data, bridges, and the control charts."""

from __future__ import annotations

import textwrap
from html import escape
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tallysheet.control_charts import control_chart, sparkline
from tallysheet.language import FORMS, Language, finer, plain, rounded
from tallysheet.rounding import largest_remainder
from tallysheet.svg import BLUE, INK, MUTED, ORANGE, PRIOR, Chart, canvas, drawing_style, sizes
from tallysheet.tables import Html, details

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Chart", "bridge_chart", "control_chart", "figure", "sparkline"]

_BARS = 9


def figure(
    chart: Chart,
    title: str,
    subtitle: str,
    caption: str,
    data: Html | None = None,
    *,
    language: Language,
    level: int = 3,
) -> Html:
    """Put a chart under its finding, with what is drawn, a caption and the data behind it."""
    table = (
        details(language.text("chart.data"), data).html.replace("<details", '<details class="data"', 1)
        if data
        else ""
    )
    under = f"<figcaption>{escape(caption)}</figcaption>" if caption else ""
    return Html(
        f'<figure><h{level}>{escape(title)}</h{level}><p class="note">{escape(subtitle)}</p>'
        f"{chart.html.html}{under}{table}</figure>"
    )


def bridge_chart(
    parts: pd.DataFrame,
    *,
    start: float,
    end: float,
    start_label: str,
    end_label: str,
    unit: str,
    language: Language,
    name: str,
    direction: str = "neutral",
) -> Chart:
    """Draw what led from one level to another, a bar a part.

    Parameters
    ----------
    parts : DataFrame
        One row a part, in order: label (text), change (in the unit), emphasis (bool). Of more than
        nine, the smallest are pooled.
    start, end : float
        The levels.
    start_label, end_label : str
        What they are.
    unit : str
        ``share`` or ``count``.
    language : Language
        The reader's language.
    name : str
        What changed.
    direction : str
        What is good: ``up``, ``down`` or ``neutral``. An emphasised part is blue where it is good,
        else orange; all others are grey.

    Notes
    -----
    Levels are dots and changes floating bars, so no bar is cut off. The numbers add up as printed:
    see `largest_remainder`.
    """
    shown = _pooled(parts, language)
    scale, decimals = FORMS[unit].scale, finer(max(abs(start), abs(end)), unit)
    total = rounded(end * scale, decimals) - rounded(start * scale, decimals)
    printed = largest_remainder([change * scale for change in shown["change"]], decimals, total=total)
    levels = [language.decimal(level * scale, decimals) for level in (start, end)]
    numbers = [levels[0], *(language.decimal(part, decimals, signed=True) for part in printed), levels[1]]
    labels = [start_label, *shown["label"], end_label]
    good = {"up": 1, "down": -1}.get(direction, 0)
    colours = [
        (BLUE if change * good > 0 else ORANGE) if emphasis else PRIOR
        for change, emphasis in zip(shown["change"], shown["emphasis"], strict=True)
    ]
    edges = np.append(start + np.concatenate([[0.0], np.cumsum(shown["change"].to_numpy(float))]), end)
    with drawing_style():
        key = f"chart.bridge_{plain(unit)}"
        heading = language.text(key) if language.has(key) else ""
        drawings = [
            _bridge(edges, colours, labels, numbers, heading, size)
            for size in sizes((584, 34, 220, 30), (354, 40, 132, 19))
        ]
    listed = language.listed(
        [f"{label} {number}" for label, number in zip(labels[1:-1], numbers[1:-1], strict=True)]
    )
    ends = {"start": language.value(start, unit, decimals), "end": language.value(end, unit, decimals)}
    texts = {"name": name, "start_label": start_label, "end_label": end_label, "parts": listed, **ends}
    return Chart(language.text("chart.alt_bridge", **texts), *drawings)


def _pooled(parts: pd.DataFrame, language: Language) -> pd.DataFrame:
    if len(parts) <= _BARS:
        return parts
    order = parts.assign(size=parts["change"].abs()).sort_values(
        ["emphasis", "size"], ascending=False, kind="stable"
    )
    kept = parts.loc[parts.index.isin(order.index[: _BARS - 1])]
    rest = parts.drop(kept.index)
    pool = {
        "label": language.text("chart.pooled", n=len(rest)),
        "change": rest["change"].sum(),
        "emphasis": False,
    }
    return pd.concat([kept, pd.DataFrame([pool])], ignore_index=True)


def _bridge(
    edges: np.ndarray,
    colours: list[str],
    labels: list[str],
    numbers: list[str],
    heading: str,
    size: tuple[int, int, int, int],
) -> Figure:
    from matplotlib.patches import Rectangle

    width, row, left, letters = size
    top = 20 if heading else 0
    drawing, axes = canvas(width, row * len(labels) + top, 0, 0, 0, 0)
    axes.set(xlim=(0, width), ylim=(row * len(labels) + top, 0))
    axes.set_axis_off()
    low, high = float(edges.min()), float(edges.max())
    right = width - left - 90
    across = left + (edges - low) / ((high - low) or 1.0) * right
    middle = top + row * (np.arange(len(labels)) + 0.5)
    # From the level before each row down to the row that starts at it.
    for place in range(len(labels) - 1):
        axes.plot([across[place]] * 2, middle[place : place + 2], color=PRIOR, linewidth=1)
    for place, colour in enumerate(colours):
        ends = sorted(across[place : place + 2])
        thick = max(ends[1] - ends[0], 2)
        axes.add_patch(
            Rectangle(
                (ends[0], middle[place + 1] - row * 0.3),
                thick,
                row * 0.6,
                color=colour,
                linewidth=0,
                clip_on=False,
            )
        )
    axes.plot(across[[0, -1]], middle[[0, -1]], "o", color=INK, markersize=9)
    axes.text(width - 4, 8, heading, ha="right", va="center", color=MUTED, fontsize=12)
    emphasised = [True, *(colour != PRIOR for colour in colours), True]
    for place, (label, number) in enumerate(zip(labels, numbers, strict=True)):
        weight = "bold" if emphasised[place] else "normal"
        lines = textwrap.wrap(label, letters, max_lines=2, placeholder="…")
        for line, text in enumerate(lines):
            lower = middle[place] + 15 * (line - (len(lines) - 1) / 2)
            axes.text(0, lower, text, va="center", fontweight=weight)
        axes.text(width - 4, middle[place], number, ha="right", va="center", fontweight=weight)
    return drawing
