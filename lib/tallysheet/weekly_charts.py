"""The chart of a weekly business review: six weeks and twelve months beside a year before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tallysheet.axis_labels import label_levels, name_levels
from tallysheet.language import Language
from tallysheet.limits import Numbers
from tallysheet.svg import BLUE, INK, MUTED, PAPER, PRIOR, RULE, Chart, canvas, drawing_style
from tallysheet.weeks import IsoWeek

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class _Run:
    """Periods of one kind: their first days, values, those of a year before, targets, which are final."""

    first_days: pd.DatetimeIndex
    value: Numbers
    year_ago: Numbers
    target: Numbers
    is_final: np.ndarray

    @classmethod
    def of(cls, periods: pd.DataFrame, kind: str, *, is_sum: bool) -> _Run:
        rows = periods.loc[kind]
        days = rows.index.to_frame(index=False)
        # Of a sum a month is drawn as its mean week, beside the weeks.
        count = (days["last_day"] - days["first_day"]).dt.days.to_numpy() + 1
        value, year_ago, target = (rows[name].to_numpy(float) for name in ("value", "year_ago", "target"))
        a_week = 7 / count if is_sum else np.ones(len(count))
        return cls(
            first_days=pd.DatetimeIndex(days["first_day"]),
            value=value * a_week,
            year_ago=year_ago * a_week,
            target=target,
            is_final=rows["final"].to_numpy(float) == 1,
        )


def six_twelve_chart(
    periods: pd.DataFrame,
    *,
    unit: str,
    language: Language,
    name: str,
    is_sum: bool = False,
) -> Chart:
    """Draw six weeks and twelve months of a KPI, and a year before them.

    Parameters
    ----------
    periods : DataFrame
        As `tallysheet.periods.periods_of` gives them.
    unit : str
        ``share``, ``count`` or another of the language's.
    language : Language
    name : str
        The KPI's name.
    is_sum : bool
        Months are drawn as their mean week, so that they can stand beside weeks.

    Notes
    -----
    One level axis serves both; the time axis is broken between the last week and the first month. What is
    not final is hollow, targets are blue dashes over the periods in which they hold.
    """
    weeks, months = (_Run.of(periods, kind, is_sum=is_sum) for kind in ("week", "month"))
    sizes = ((1216, 280, 150, 190), (354, 240, 88, 56))
    with drawing_style():
        drawings = [_six_twelve(weeks, months, size, unit, language) for size in sizes]
    return Chart(_alt(weeks, months, unit, language, name), *drawings)


def _six_twelve(
    weeks: _Run, months: _Run, size: tuple[int, int, int, int], unit: str, language: Language
) -> Figure:
    width, height, right, gap = size
    drawing, axes = canvas(width, height, 46, right, 14, 28)
    inner, is_short = width - 46 - right, width < 600
    step = (inner - gap - 12) / (len(weeks.value) + len(months.value) - 2)
    first: Numbers = 6 + step * np.arange(len(weeks.value), dtype=np.float64)
    places = [first, first[-1] + gap + step * np.arange(len(months.value), dtype=np.float64)]
    drawn = [side for run in (weeks, months) for side in (run.value, run.year_ago, run.target)]
    low, high = _bounds(np.concatenate(drawn))
    axes.set(xlim=(0, inner), ylim=(low, high))
    axes.spines["bottom"].set_visible(False)
    pixel = (high - low) / (height - 42)
    for run, across in zip((weeks, months), places, strict=True):
        axes.plot(across[[0, -1]], [low, low], color=RULE, linewidth=1, clip_on=False)
        _lines(axes, run, across)
    label_levels(axes, low, unit, language)
    _name_periods(axes, weeks, months, places, language, is_short=is_short)
    week = language.text("chart.week", number=f"{_week(weeks).number:02d}")
    month = language.month(months.first_days[-1], short=True)
    named = ("" if is_short else week, month)
    for run, period, across in zip((weeks, months), named, places, strict=True):
        levels = _levels(run, period, unit, language, is_short=is_short)
        if run is weeks and np.isfinite(months.target[-1]):
            levels = [entry for entry in levels if entry[2] != BLUE]
        name_levels(axes, sorted(levels), pixel, across[-1] / inner)
    return drawing


def _bounds(levels: Numbers) -> tuple[float, float]:
    known = levels[np.isfinite(levels)]
    if not known.size:
        return 0.0, 1.0
    low, high = float(known.min()), float(known.max())
    room = 0.1 * (high - low or abs(high) or 1.0)
    return (low - room if low < 0 else max(0.0, low - room)), high + room


def _lines(axes: Axes, run: _Run, across: Numbers) -> None:
    """Draw targets, the year before lighter, and this year over it: hollow and dotted what is not final."""
    edges = np.append(across[0], np.repeat((across[1:] + across[:-1]) / 2, 2))
    axes.plot(
        np.append(edges, across[-1]),
        np.repeat(run.target, 2),
        color=BLUE,
        linewidth=1.75,
        linestyle=(0, (8, 16)),
    )
    # A value between two gaps has no line: its dot shows it.
    axes.plot(across, run.year_ago, "o-", color=PRIOR, linewidth=1.25, ms=3, mew=0)
    axes.plot(across, np.where(run.is_final, run.value, np.nan), color=INK, linewidth=1.75)
    is_open = ~run.is_final | np.append(~run.is_final[1:], False)
    axes.plot(across, np.where(is_open, run.value, np.nan), color=INK, linestyle=(0, (1.5, 3)))
    for which, fill, edge in ((run.is_final, INK, 0.0), (~run.is_final, PAPER, 1.6)):
        axes.plot(across[which], run.value[which], "o", mfc=fill, mec=INK, ms=6, mew=edge, clip_on=False)


def _name_periods(
    axes: Axes, weeks: _Run, months: _Run, places: list[Numbers], language: Language, *, is_short: bool
) -> None:
    """Name the first and last period of either kind, on a wide chart all; the year where it is new."""
    ticks, texts = [], []
    every = slice(None, None, 5) if is_short else slice(None)
    for day, place in list(zip(weeks.first_days, places[0], strict=True))[every]:
        ticks.append(place)
        texts.append(language.text("chart.week", number=f"{IsoWeek.of(day.date()).number:02d}"))
    every = slice(None, None, 11) if is_short else slice(None)
    for count, (day, place) in enumerate(list(zip(months.first_days, places[1], strict=True))[every]):
        ticks.append(place)
        is_new = count == 0 or day.month == 1
        texts.append(language.month(day, short=True, year=is_new and not is_short))
    axes.set_xticks(ticks, texts)


def _levels(
    run: _Run, period: str, unit: str, language: Language, *, is_short: bool
) -> list[tuple[float, str, str, str]]:
    """Say what the last period is, the year before, and its target; without a name only how much."""
    now, before, target = (float(side[-1]) for side in (run.value, run.year_ago, run.target))
    texts = [language.value(level, unit) for level in (now, before, target)]
    if period:
        month, short = "chart.six_twelve.month", "_short" if is_short else ""
        texts = [
            language.text(month, value=texts[0], month=period),
            language.text(month, value=texts[1], month=run.first_days[-1].year - 1)
            if is_short
            else language.text("chart.six_twelve.year_before", value=texts[1]),
            language.text(f"chart.target{short}", value=texts[2]),
        ]
    looks = zip((now, before, target), texts, (INK, MUTED, BLUE), ("bold", "normal", "normal"), strict=True)
    return [entry for entry in looks if np.isfinite(entry[0])]


def _week(weeks: _Run) -> IsoWeek:
    return IsoWeek.of(weeks.first_days[-1].date())


def finding(periods: pd.DataFrame, unit: str, language: Language, *, is_sum: bool = False) -> str:
    """Say how many final months are above the year before; without one, between what values months lie."""
    return _finding(_Run.of(periods, "month", is_sum=is_sum), unit, language)


def _finding(months: _Run, unit: str, language: Language) -> str:
    both = np.isfinite(months.value) & np.isfinite(months.year_ago) & months.is_final
    if both.any():
        higher = int((months.value > months.year_ago)[both].sum())
        return language.text("chart.six_twelve.higher", n=higher, months=int(both.sum()))
    if not np.isfinite(months.value).any():
        return language.text("chart.six_twelve.no_month")
    ends = (np.nanmin(months.value), np.nanmax(months.value))
    low, high = (language.value(float(end), unit) for end in ends)
    return language.text("chart.six_twelve.span", low=low, high=high)


def _alt(weeks: _Run, months: _Run, unit: str, language: Language, name: str) -> str:
    week = _week(weeks)
    values = {}
    for key, run in (("value", weeks), ("month_value", months)):
        written = language.value(float(run.value[-1]), unit)
        is_open = np.isfinite(run.value[-1]) and not run.is_final[-1]
        values[key] = language.text("chart.six_twelve.so_far", value=written) if is_open else written
        values[f"year_{key}"] = language.value(float(run.year_ago[-1]), unit)
    has_year = np.isfinite([weeks.year_ago[-1], months.year_ago[-1]]).any()
    return language.text(
        "chart.six_twelve.alt_year" if has_year else "chart.six_twelve.alt",
        name=name,
        week=language.text("chart.week_long", number=week.number, year=week.year),
        month=language.month(months.first_days[-1], year=True),
        finding=_finding(months, unit, language),
        **values,
    )
