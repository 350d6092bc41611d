"""Curves by age: how much of a KPI is known when, and how long what it measures lasts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tallysheet.axis_labels import label_levels
from tallysheet.by_age import Completeness, Lasting, Spread
from tallysheet.kpi import Kpi
from tallysheet.language import Language
from tallysheet.limits import Numbers
from tallysheet.svg import BAND, BLUE, INK, MUTED, PRIOR, RULE, Chart, canvas, drawing_style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 354, 240, 46, 14, 14, 44
_TAIL = 0.02
_LETTER = 7
_LINE = 0.1  # height of a line of text, as a share
_ACROSS = _WIDTH - _LEFT - _RIGHT
_DOT, _UNDER, _STEPS = 9, 0.08, 24  # pixels beside a dot; share under a point; places to try
_POINTS = 120  # of a curve, at most: it is 294 pixels wide
_BARS = 24
_NEARLY_ALL = 0.95

_Lines = list[tuple[Sequence[float] | Numbers, Sequence[float] | Numbers]]


def completeness_curve(found: Completeness, *, language: Language, name: str) -> Chart:
    """Draw how much of a KPI weeks usually know by their age, the age of the week, and what is needed.

    Parameters
    ----------
    found : Completeness
        As `tallysheet.by_age.completeness_of` gives it.
    language : Language
    name : str
        The KPI's name.
    """
    with drawing_style():
        drawing, axes = canvas(_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM)
        last = float(found.age_days[-1])
        axes.set(xlim=(0, last), ylim=(0, 1.04))
        axes.plot(found.age_days, found.share, color=INK, linewidth=1.75)
        dashes = ([0.0, last], [found.floor] * 2)
        axes.plot(*dashes, color=BLUE, linewidth=1.75, linestyle=(0, (8, 16)))
        lines: _Lines = [(found.age_days, found.share), dashes]
        lines += _mark_week(axes, found, lines, language)
        needed = language.text("completeness.floor", value=language.value(found.floor, "share", 0))
        _write(axes, needed, (last, found.floor), lines, color=BLUE)
        _axes_in_percent(axes, language)
        _label_lengths(axes, last, language.text("completeness.age"), language)
    return Chart(_completeness_alt(found, language, name), drawing)


def _mark_week(axes: Axes, found: Completeness, lines: _Lines, language: Language) -> _Lines:
    """Put a dot where the week is, and give the edges of its text; a final week has none."""
    last = float(found.age_days[-1])
    if found.week_age_days >= last:
        return []
    level = _week_share(found)
    axes.plot(found.week_age_days, level, "o", color=INK, ms=9, mew=0, clip_on=False)
    text = language.text("completeness.now", value=language.value(level, "share", 0))
    gap = _DOT * last / _ACROSS * (1 if found.week_age_days < last / 2 else -1)
    return _write(axes, text, (found.week_age_days + gap, level), lines, fontweight="bold")


def _write(axes: Axes, text: str, point: tuple[float, float], lines: _Lines, **look: Any) -> _Lines:
    """Write under a point, over it or beside it, as near as no line runs through; give the text's edges.

    The text lies towards the middle of the chart.
    """
    last = axes.get_xlim()[1]
    written = axes.text(*point, text, va="center", fontsize=12, **look)
    width = written.get_window_extent().width * last / _ACROSS
    is_left = point[0] < last / 2
    start = point[0] if is_left else point[0] - width
    places = [
        (start + step * (1 if is_left else -1), point[1] + up)
        for step in np.linspace(0, last - width, _STEPS)
        for up in (-_UNDER, _UNDER, 0.0, -2 * _UNDER)
    ]
    at, height = next((place for place in places if _is_free(place, width, lines, last)), places[0])
    written.set(x=at if is_left else at + width, y=height, ha="left" if is_left else "right")
    return [([at, at + width], [height + edge] * 2) for edge in (-_LINE / 2, _LINE / 2)]


def _is_free(place: tuple[float, float], width: float, lines: _Lines, last: float) -> bool:
    """Tell whether a text that begins there lies within the chart, and no line comes near it."""
    at, height = place
    across = np.linspace(at, at + width, _POINTS)
    apart = [np.abs(np.interp(across, *line, left=np.nan, right=np.nan) - height) for line in lines]
    is_within = at >= 0 and at + width <= last and _LINE / 2 <= height <= 1
    return is_within and not any((each < _LINE / 2).any() for each in apart)


def _week_share(found: Completeness) -> float:
    """Give what is known of the week: its own share, else what is usual at its age."""
    if math.isfinite(found.week_share):
        return found.week_share
    return float(np.interp(found.week_age_days, found.age_days, found.share))


def completeness_finding(found: Completeness, language: Language) -> str:
    """Say when a week has enough to be judged."""
    if math.isnan(found.enough_days):
        return language.text("completeness.never")
    if found.enough_days < 1:
        return language.text("completeness.at_once")
    return language.text("completeness.enough", age=language.value(found.enough_days, "days", 0))


def _completeness_alt(found: Completeness, language: Language, name: str) -> str:
    first = language.value(float(found.share[0]), "share", 0)
    return language.text(
        "completeness.alt",
        name=name,
        first=first,
        first_age=language.value(float(found.age_days[0]), "days"),
        floor=language.value(found.floor, "share", 0),
        finding=completeness_finding(found, language),
        age=language.value(found.week_age_days, "days"),
        share=language.value(_week_share(found), "share", 0),
        last_age=language.value(float(found.age_days[-1]), "days", 0),
    )


def survival_curve(found: Lasting, one: Kpi, *, language: Language, name: str) -> Chart:
    """Draw what share has not ended by each length, with its 95 % interval, median and p90.

    Parameters
    ----------
    found : Lasting
        As `tallysheet.by_age.lasting_of` gives it; of a share within a horizon what has ended is drawn.
    one : Kpi
    language : Language
    name : str
        The KPI's name.
    """
    unit = "days" if found.horizon else one.unit
    curve = found.curve
    start = 0.0 if found.horizon else 1.0
    length = np.append(0.0, curve["length"])
    share, low, high = (np.append(start, curve[side]) for side in ("share", "low", "high"))
    with drawing_style():
        drawing, axes = canvas(_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM)
        last = found.horizon or _last(found)
        axes.set(xlim=(0, last), ylim=(0, 1.04))
        within = np.flatnonzero(length <= last)
        shown = within[np.linspace(0, len(within) - 1, min(len(within), _POINTS)).round().astype(int)]
        length, share, low, high = (side[shown] for side in (length, share, low, high))
        known = np.isfinite(low) & np.isfinite(high)
        across, ends = length[known], np.append(high[known], low[known][::-1])
        if len(across) > 1:
            axes.fill(np.append(across, across[::-1]), ends, color=BAND, linewidth=0)
        axes.plot(length, share, color=INK, linewidth=1.75)
        taken = -1.0
        for level, at, key in ((0.1, found.p90, "nine_of_ten"), (0.5, found.median, "median")):
            if at <= last:
                text = language.text(f"survival.{key}", value=language.value(at, unit))
                taken = _mark_length(axes, (at, level), text, (length, share), taken)
        _axes_in_percent(axes, language)
        _label_lengths(axes, last, language.text(f"survival.after_{unit}"), language)
    alt = language.text(
        "survival.alt",
        name=name,
        first=language.week_code(found.weeks[0]),
        last=language.week_code(found.weeks[-1]),
        finding=survival_finding(found, one, language),
        open=open_items(found, one, language),
    )
    return Chart(alt, drawing)


def _last(found: Lasting) -> float:
    """End the axis where hardly anything is left."""
    left = found.curve[found.curve["share"] > _TAIL]["length"]
    ends = [float(left.max()) if len(left) else 0.0, float(found.curve["length"].min())]
    ends += [at * 1.25 for at in (found.median, found.p90) if math.isfinite(at)]
    return max(ends)


def _mark_length(
    axes: Axes, point: tuple[float, float], text: str, curve: tuple[Numbers, Numbers], taken: float
) -> float:
    """Mark where a share has ended; give the height of its text.

    The text is beside the mark, or before the end and above the curve; and above the one that is there.
    """
    at, level = point
    last = axes.get_xlim()[1]
    axes.plot([at, at], [0, level], color=PRIOR, linewidth=1)
    axes.plot(at, level, "o", color=INK, ms=6, mew=0)
    start = last * (1 - _LETTER * len(text) / _ACROSS)
    is_near_end = at > start
    above = max(float(np.interp(max(start, 0.0), *curve)), level) if is_near_end else level
    height = max(above, taken + _LINE) if abs(above - taken) < _LINE else above
    axes.annotate(
        text,
        (last if is_near_end else at, height),
        (0, 10) if is_near_end else (9, 9),
        textcoords="offset points",
        ha="right" if is_near_end else "left",
        va="center",
        fontsize=12,
        fontweight="bold",
    )
    return height


def survival_finding(found: Lasting, one: Kpi, language: Language) -> str:
    """Say within what time half and nine of ten have ended, or what share has within the horizon."""
    if found.horizon:
        return language.text(
            "survival.within",
            share=language.value(_at_horizon(found), "share"),
            horizon=language.value(found.horizon, "days", 0),
        )
    if math.isnan(found.median):
        return language.text("survival.not_half")
    if math.isnan(found.p90):
        return language.text("survival.half", median=language.value(found.median, one.unit))
    ends = {"median": found.median, "p90": found.p90}
    return language.text("survival.both", **{key: language.value(at, one.unit) for key, at in ends.items()})


def _at_horizon(found: Lasting) -> float:
    until = found.curve[found.curve["length"] <= found.horizon + 0.5]["share"]
    return float(until.iloc[-1]) if len(until) else math.nan


def open_items(found: Lasting, one: Kpi, language: Language) -> str:
    """Say how many items are still open; of what counts ended items alone, that it does."""
    if one.method == "quantile":
        return language.text("survival.ended_only", n=found.n - found.open_n)
    return language.text("survival.open", n=found.open_n, of=language.value(found.n, "count"))


def spread_chart(found: Spread, one: Kpi, *, week: str, base: str, language: Language, name: str) -> Chart:
    """Draw how long items lasted in a week, over how long they lasted in the weeks before.

    Parameters
    ----------
    found : Spread
        As `tallysheet.by_age.spread_of` gives it.
    one : Kpi
    week, base : str
        The week and what it is compared with, in words.
    language : Language
    name : str
        The KPI's name.
    """
    import seaborn

    with drawing_style():
        drawing, axes = canvas(_WIDTH, _HEIGHT, _LEFT, _RIGHT, 3 * _TOP, _BOTTOM)
        bins = _bins(found, one)
        looks: dict[str, dict[str, Any]] = {
            "base": {"fill": True, "alpha": 1, "color": BAND, "edgecolor": PRIOR, "linewidth": 1},
            "now": {"fill": False, "color": INK, "linewidth": 1.75},
        }
        for side, look in looks.items():
            rows = found.shares[side]
            seaborn.histplot(
                rows, x="length", weights="share", bins=bins.tolist(), element="step", ax=axes, **look
            )
        axes.set(xlim=(bins[0], bins[-1]), ylim=(0, axes.get_ylim()[1]))
        for line, (text, weight, colour) in enumerate(((base, "normal", MUTED), (week, "bold", INK))):
            axes.annotate(
                text,
                (1, 1),
                (0, _TOP * (0.6 + 1.2 * line)),
                xycoords=axes.transAxes,
                textcoords="offset points",
                ha="right",
                va="center",
                color=colour,
                fontweight=weight,
            )
        label_levels(axes, 0.0, "share", language)
        _label_lengths(axes, float(bins[-1]), language.text(f"survival.after_{one.unit}"), language)
    told = {"name": name, "week": week, "base": base, "finding": spread_finding(found, one, language)}
    return Chart(language.text("spread.alt", **told), drawing)


def _bins(found: Spread, one: Kpi) -> Numbers:
    """Give edges of at most two dozen bars, up to where nearly all have ended.

    Each holds whole bins, and whole days: parcels come by day, so halves of a day go up and down.
    """
    first = min(float(rows["length"].min()) for rows in found.shares.values()) - found.width / 2
    last = max(map(_near_its_end, found.shares.values())) + found.width / 2
    least = max(found.width, 1.0) if one.unit == "days" else found.width
    across = least * math.ceil((last - first) / least / _BARS)
    bars = math.ceil((last - first) / across - 1e-9)
    return np.linspace(first, first + bars * across, bars + 1)


def _near_its_end(rows: pd.DataFrame) -> float:
    ended = rows["share"].cumsum() >= _NEARLY_ALL * rows["share"].sum()
    return float(rows["length"][ended].min())


def spread_finding(found: Spread, one: Kpi, language: Language) -> str:
    """Say within what time half and nine of ten have ended, and within what time they did before."""
    ends = {"median": found.median, "p90": found.p90}
    known = [key for key, sides in ends.items() if np.isfinite(list(sides.values())).all()]
    told = {
        f"{key}_{side}": language.value(end, one.unit) for key in known for side, end in ends[key].items()
    }
    return language.text(f"spread.{known[-1] if known else 'none'}", **told)


def _axes_in_percent(axes: Axes, language: Language) -> None:
    levels = [0.0, 0.25, 0.5, 0.75, 1.0]
    texts = [language.decimal(level * 100) for level in levels[:-1]]
    axes.set_yticks(levels, [*texts, language.value(1.0, "share", 0)])
    axes.grid(axis="y", color=RULE, linewidth=1)
    axes.set_axisbelow(True)


def _label_lengths(axes: Axes, last: float, text: str, language: Language) -> None:
    from matplotlib.ticker import MaxNLocator

    ticks = [
        tick for tick in MaxNLocator(nbins=6, steps=[1, 2, 5, 10]).tick_values(0, last) if 0 <= tick <= last
    ]
    decimals = 0 if all(abs(tick - round(tick)) < 1e-9 for tick in ticks) else 1
    axes.set_xticks(ticks, [language.decimal(tick, decimals) for tick in ticks])
    axes.set_xlabel(text, color=MUTED, fontsize=12, loc="right")
