"""Control charts and sparklines: the weeks of a KPI in their usual range."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tallysheet.axis_labels import label_levels, name_levels
from tallysheet.errors import DataError
from tallysheet.judgement import MIN_EARLIER_WEEKS
from tallysheet.language import Language
from tallysheet.svg import BAND, BLUE, INK, MUTED, ORANGE, PAPER, PRIOR, Chart, canvas, drawing_style, sizes
from tallysheet.weeks import IsoWeek, weeks_between

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_LETTER, _LINE = 7, 14  # of text, in pixels


@dataclass(frozen=True)
class _History:
    """The weeks of a chart as arrays; ``judged`` is the place of the page's week."""

    weeks: list[IsoWeek]
    value: np.ndarray
    centre: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    outside: np.ndarray
    is_final: np.ndarray
    base: np.ndarray
    rebased: np.ndarray
    judged: int

    @classmethod
    def of(cls, history: pd.DataFrame, last: int) -> _History:
        shown = _with_gaps(history).tail(last)
        judged = np.flatnonzero(shown["judged"].to_numpy(bool))
        if len(judged) != 1:
            raise DataError(
                "history", f"one judged week among the last {last}", str(len(judged)), "Mark the page's week."
            )
        numbers = {key: shown[key].to_numpy(float) for key in ("value", "centre", "lower", "upper")}
        states = {key: shown[key].to_numpy(bool) for key in ("outside", "is_final", "base", "rebased")}
        return cls(
            [IsoWeek.parse(week) for week in shown["week"]], judged=int(judged[0]), **numbers, **states
        )

    @property
    def places(self) -> np.ndarray:
        return np.arange(len(self.weeks))

    @property
    def has_limits(self) -> bool:
        return bool(np.isfinite(self.lower[self.judged]) and np.isfinite(self.upper[self.judged]))

    @property
    def earlier(self) -> int:
        """How many weeks before the judged one are known."""
        return int(np.isfinite(self.value[: self.judged]).sum())

    def bounds(self, *others: float) -> tuple[float, float]:
        """Lowest and highest level drawn: one peak may not flatten all other weeks."""
        everything = np.concatenate([self.value, self.lower, self.upper, others])
        if not np.isfinite(everything).any():
            return 0.0, 1.0
        low, high = float(np.nanmin(everything)), float(np.nanmax(everything))
        if np.isfinite(self.lower).any():
            bottom, top = float(np.nanmin(self.lower)), float(np.nanmax(self.upper))
            kept = np.array([self.value[self.judged], *others, bottom, top])
            low = max(low, min(bottom - (top - bottom), float(np.nanmin(kept))))
            high = min(high, max(top + (top - bottom), float(np.nanmax(kept))))
        room = 0.08 * (high - low or abs(high) or 1.0)
        return (low - room if low < 0 else max(0.0, low - room)), high + room


def _with_gaps(history: pd.DataFrame) -> pd.DataFrame:
    """Give weeks that are left out a place of their own: their neighbours are not next to each other."""
    first, last = (IsoWeek.parse(week) for week in history["week"].iloc[[0, -1]])
    weeks = [str(week) for week in weeks_between(first, last)]
    if len(weeks) == len(history):
        return history
    flags = ["outside", "is_final", "judged", "base", "rebased"]
    shown = history.set_index("week").reindex(weeks).rename_axis("week").reset_index()
    return shown.assign(**{name: shown[name].eq(True) for name in flags})


def control_chart(
    history: pd.DataFrame,
    *,
    unit: str,
    language: Language,
    name: str,
    target: float = math.nan,
    direction: str = "neutral",
    half: bool = False,
) -> Chart:
    """Draw the weeks of a KPI in their usual range.

    Parameters
    ----------
    history : DataFrame
        One row a week, in order: week (text), value, centre, lower, upper (NaN where not known),
        outside, is_final, judged (True once), base (weeks compared with), rebased (the first week of a new
        usual range), all bool. The last 53 are drawn.
    unit : str
        ``share`` or ``count``.
    language : Language
        The reader's language.
    name : str
        The KPI's name.
    target : float
        Drawn as blue dashes; NaN: there is none.
    direction : str
        What is good: ``up``, ``down`` or ``neutral``. A week outside on the good side is blue, else orange.
    half : bool
        Fit half the page's width, to stand beside another figure.

    Raises
    ------
    DataError
        Not exactly one week is judged.

    Notes
    -----
    The axis reaches one width of the usual range beyond it at most, or as far as the judged week;
    an earlier week farther out stands at the edge with its value beside it.
    """
    shown = _History.of(history, 53)
    wide, screen = ((584, 300, 110, 4), None) if half else ((1216, 320, 130, 6), (800, 320, 130, 5))
    with drawing_style():
        drawings = [
            _control(shown, size, unit, language, target, direction)
            for size in sizes(wide, (354, 280, 100, 3), screen)
        ]
    alt = [_control_alt(shown, unit, language, name)]
    if not math.isnan(target):
        alt.append(language.text("chart.alt_target", value=language.value(target, unit)))
    return Chart(" ".join(alt), *drawings)


def _control(
    shown: _History,
    size: tuple[int, int, int, int],
    unit: str,
    language: Language,
    target: float,
    direction: str,
) -> Figure:
    width, height, right, ticks = size
    named = _levels(shown, unit, language, target, direction, short=width < 600)
    longest = max((len(text) for _, text, _, _ in named), default=0)
    right = max(right, _LETTER * longest + 10)
    drawing, axes = canvas(width, height, 46, right, 14, 28)
    low, high = shown.bounds(*([] if math.isnan(target) else [target]))
    below = 24 if shown.base.any() else 0
    pixel = (high - low) / (height - 42 - below)
    floor = low - below * pixel
    axes.set(xlim=(-0.6, len(shown.weeks) - 0.4), ylim=(floor, high))
    _band(axes, shown, low, high)
    if not math.isnan(target):
        axes.plot(axes.get_xlim(), [target, target], color=BLUE, linewidth=1.75, linestyle=(0, (8, 16)))
    _weeks(axes, shown, np.clip(shown.value, low, high), direction)
    _far_out(axes, shown, (low, high), (width - 46 - right) / len(shown.weeks), unit, language)
    if shown.base.any():
        compared = np.flatnonzero(shown.base)
        axes.plot([compared[0] - 0.3, compared[-1] + 0.3], [floor + 4 * pixel] * 2, color=MUTED, linewidth=2)
        middle, text = (compared[0] + compared[-1]) / 2, language.text("chart.base")
        axes.text(middle, floor + 9 * pixel, text, ha="center", color=MUTED, fontsize=12)
    for place in np.flatnonzero(shown.rebased):
        axes.plot([place - 0.5] * 2, [low, high], color=MUTED, linewidth=1, linestyle=(0, (2, 3)))
        side = ("left", 4) if place < len(shown.weeks) / 2 else ("right", -4)
        axes.annotate(
            language.text("chart.rebased"),
            (place - 0.5, high),
            (side[1], -2),
            textcoords="offset points",
            ha=side[0],
            va="top",
            color=MUTED,
        )
    _axis(axes, shown, low, unit, language, ticks)
    name_levels(axes, named, pixel)
    return drawing


def _far_out(
    axes: Axes, shown: _History, ends: tuple[float, float], step: float, unit: str, language: Language
) -> None:
    """Write what weeks beyond an end of the axis are; of neighbours each a line nearer to the middle."""
    low, high = ends
    for side, edge, out in ((1, low, shown.value < low), (-1, high, shown.value > high)):
        end, lines = -1.0, 0
        for place in np.flatnonzero(out):
            text = language.value(shown.value[place], unit)
            lines = lines + 1 if place * step < end else 0
            end = max(end, place * step + _LETTER * len(text) + 8)
            axes.annotate(
                text, (place, edge), (8, side * lines * _LINE), textcoords="offset points", va="center"
            )


def _band(axes: Axes, shown: _History, low: float, high: float) -> None:
    """Draw the usual range and its centre as steps, one a week, broken where there are none."""
    for known, run in itertools.groupby(
        shown.places, key=lambda place: bool(np.isfinite(shown.lower[place]))
    ):
        weeks = np.array(list(run))
        if not known:
            continue
        edges = np.repeat(np.append(weeks - 0.5, weeks[-1] + 0.5), 2)[1:-1]
        upper, lower = (
            np.clip(np.repeat(limit[weeks], 2), low, high) for limit in (shown.upper, shown.lower)
        )
        axes.fill(np.append(edges, edges[::-1]), np.append(upper, lower[::-1]), color=BAND, linewidth=0)
        axes.plot(edges, np.repeat(shown.centre[weeks], 2), color=PRIOR, linewidth=1)


def _signal(shown: _History, place: int, direction: str) -> str:
    """Give the colour of a week outside: blue on the good side, orange on the other or where none is good."""
    good = {"up": shown.value[place] > shown.centre[place], "down": shown.value[place] < shown.centre[place]}
    return BLUE if good.get(direction, False) else ORANGE


def _weeks(axes: Axes, shown: _History, level: np.ndarray, direction: str, *, dots: bool = True) -> None:
    """Draw the line, dotted where weeks are not final, and a dot a week."""
    final = np.where(shown.is_final, level, np.nan)
    axes.plot(shown.places, final, color=MUTED, linewidth=1.5)
    open_weeks = ~shown.is_final | np.append(~shown.is_final[1:], False)
    dotted = np.where(open_weeks, level, np.nan)
    axes.plot(shown.places, dotted, color=MUTED, linestyle=(0, (1.5, 3)))
    judged = shown.places == shown.judged
    older = shown.outside & ~judged
    last = shown.places == shown.places[-1]
    looks: list[tuple[np.ndarray, str, str, float]] = [(last & ~judged & ~shown.is_final, PAPER, INK, 5)]
    if dots:
        looks = [
            (shown.is_final & ~judged & ~older, MUTED, MUTED, 4),
            (~shown.is_final & ~judged & ~older, PAPER, INK, 6.5),
            *(
                (older & (shown.places == place), PAPER, _signal(shown, place, direction), 6.5)
                for place in shown.places[older]
            ),
        ]
    colour = _signal(shown, shown.judged, direction) if shown.outside[shown.judged] else INK
    looks.append((judged, colour, colour, 10 if dots else 6))
    for which, fill, edge, across in looks:
        hollow = 1.6 if fill == PAPER else 0
        axes.plot(
            shown.places[which], level[which], "o", mfc=fill, mec=edge, ms=across, mew=hollow, clip_on=False
        )


def _axis(axes: Axes, shown: _History, low: float, unit: str, language: Language, ticks: int) -> None:
    """Label levels, and a few weeks, the year where it is new."""
    label_levels(axes, low, unit, language)
    places = sorted({round(place) for place in np.linspace(0, len(shown.weeks) - 1, ticks)})
    labels, year = [], None
    for place in places:
        week = shown.weeks[place]
        key = "chart.week" if week.year == year else "chart.week_year"
        labels.append(language.text(key, number=f"{week.number:02d}", year=week.year))
        year = week.year
    axes.set_xticks(places, labels)


def _levels(
    shown: _History, unit: str, language: Language, target: float, direction: str, *, short: bool
) -> list[tuple[float, str, str, str]]:
    """Say what the levels at the right are: level, text, colour and weight of those that are known."""
    judged, form = shown.judged, "_short" if short else ""
    named = {"upper": shown.upper[judged], "centre": shown.centre[judged], "lower": shown.lower[judged]}
    found = [
        (
            float(level),
            language.text(f"chart.{key}{form}", value=language.value(level, unit)),
            MUTED,
            "normal",
        )
        for key, level in named.items()
    ]
    if not math.isnan(target):
        text = language.text(f"chart.target{form}", value=language.value(target, unit))
        found.append((target, text, BLUE, "normal"))
    value, week = (
        float(shown.value[judged]),
        language.text("chart.week", number=f"{shown.weeks[judged].number:02d}"),
    )
    colour = _signal(shown, judged, direction) if shown.outside[judged] else INK
    found.append(
        (value, language.text("chart.judged", value=language.value(value, unit), week=week), colour, "bold")
    )
    return sorted(entry for entry in found if np.isfinite(entry[0]))


def _week_name(week: IsoWeek, language: Language) -> str:
    return language.text("chart.week_long", number=week.number, year=week.year)


def _control_alt(shown: _History, unit: str, language: Language, name: str) -> str:
    judged = shown.judged
    value, week = float(shown.value[judged]), _week_name(shown.weeks[judged], language)
    if np.isnan(value):
        return language.text("chart.alt_missing", name=name, week=week)
    known = {"name": name, "week": week, "value": language.value(value, unit)}
    if not shown.has_limits and shown.earlier >= MIN_EARLIER_WEEKS:
        return language.text("chart.alt_not_judged", **known)
    if not shown.has_limits:
        return language.text("chart.alt_unjudged", n=shown.earlier, **known)
    lower, upper = float(shown.lower[judged]), float(shown.upper[judged])
    where = "below" if value < lower else "above" if value > upper else "inside"
    finding = language.text(f"chart.alt_{where}", range=language.interval(lower, upper, unit), **known)
    earlier = int(shown.outside[:judged].sum())
    if not earlier:
        return f"{finding} {language.text('chart.alt_earlier_none', n=shown.earlier)}"
    return f"{finding} {language.text('chart.alt_earlier', n=earlier, weeks=shown.earlier)}"


def sparkline(
    history: pd.DataFrame, *, language: Language, unit: str, name: str, direction: str = "neutral"
) -> Chart:
    """Draw the last 26 weeks small enough for a table row.

    Parameters
    ----------
    history : DataFrame
        As for `control_chart`.
    language : Language
        The reader's language.
    unit : str
        ``share`` or ``count``.
    name : str
        The KPI's name.
    direction : str
        What is good: ``up``, ``down`` or ``neutral``.
    """
    shown = _History.of(history, 26)
    with drawing_style():
        drawing, axes = canvas(150, 40, 2, 8, 6, 6)
        low, high = shown.bounds()
        axes.set(xlim=(-0.5, len(shown.weeks) - 0.5), ylim=(low, high))
        axes.set_axis_off()
        _band(axes, shown, low, high)
        _weeks(axes, shown, np.clip(shown.value, low, high), direction, dots=False)
    value, week = float(shown.value[shown.judged]), _week_name(shown.weeks[shown.judged], language)
    if np.isnan(value):
        return Chart(language.text("chart.alt_missing", name=name, week=week), drawing)
    ends = [language.value(float(end), unit) for end in (np.nanmin(shown.value), np.nanmax(shown.value))]
    texts = {
        "name": name,
        "week": week,
        "value": language.value(value, unit),
        "low": ends[0],
        "high": ends[1],
    }
    return Chart(language.text("chart.alt_sparkline", n=len(shown.weeks), **texts), drawing)
