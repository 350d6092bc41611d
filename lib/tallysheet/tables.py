"""What a notebook cell shows that is not a chart: tables, chips, sections, all as escaped HTML."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd

from tallysheet.errors import DataError, nearest
from tallysheet.language import FORMS, Language, plain

TEMPLATE = Path(__file__).parent / "report_template"

# The icon of each verdict; a signal shows the direction of the number where the caller knows it.
_SIGNAL = dict.fromkeys(("better", "worse", "changed"), "signal")
_UNJUDGED = dict.fromkeys(("too_few", "not_known"), "unknown")
_VARIATION = _SIGNAL | {"parts_outside": "signal", "routine": "wave"} | _UNJUDGED
_TARGET = {"pass": "tick", "fail": "cross", "hit_or_miss": "half", "none": "dash"}
_ASSURANCE = _TARGET | {"met_now": "tick", "missed_now": "cross"}
_ICONS = _VARIATION | _ASSURANCE
_NUMBERS = (*FORMS, "points", "signed_count", "range", "value", "level", "change")
_OTHERS = ("text", "verdict", "picture")


@dataclass(frozen=True)
class Html:
    """A piece of a page, ready to be shown: its texts are escaped already.

    Parameters
    ----------
    html : str
        Markup that this module made; text from elsewhere goes through `paragraph` and the like.

    Examples
    --------
    >>> Html.join(paragraph("a < b"), Html("<hr>")).html
    '<p>a &lt; b</p><hr>'
    """

    html: str

    def _repr_html_(self) -> str:
        return f'<div class="tallysheet">{self.html}</div>'

    @staticmethod
    def join(*parts: Html) -> Html:
        """Put pieces one after the other."""
        return Html("".join(part.html for part in parts))


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Parameters
    ----------
    key : str
        Column of the frame.
    header : str
        What the reader reads above it.
    unit : str
        ``text``, ``count``, ``share`` (0 to 1), ``points`` (change of a share), ``signed_count``,
        ``range`` (a pair lower, upper), ``value``, ``level`` or ``change`` (in the unit that the row's own
        column ``unit`` names; a table with values is a scorecard, where they stand out), ``verdict`` or
        ``picture`` (an Html or a Chart).
    of : str
        Unit of a range: ``share``, ``count``, or ``row`` for the row's own unit.
    decimals : int, optional
        Decimals where the unit's own are not wanted.
    small, order : str, optional
        Columns of the frame: what stands in small type under the value, and by what rows sort, where what is
        shown has another order (2026-11-20 behind Friday 20 November).

    Raises
    ------
    DataError
        No such unit.
    """

    key: str
    header: str
    unit: str = "text"
    of: str = "share"
    decimals: int | None = None
    small: str | None = None
    order: str | None = None

    def __post_init__(self) -> None:
        if self.unit not in (known := (*_NUMBERS, *_OTHERS)):
            raise DataError(f"column {self.key}", "a known unit", repr(self.unit), nearest(self.unit, known))


@cache
def icon(name: str) -> Html:
    """Give an icon of report_template/icons, hidden from screen readers: a word always stands beside it."""
    return Html((TEMPLATE / "icons" / f"{name}.svg").read_text(encoding="utf-8").strip())


def chip(verdict: str, language: Language, *, rising: bool | None = None) -> Html:
    """Show a verdict as colour, icon and word.

    Parameters
    ----------
    verdict : str
        Variation ``better``, ``worse``, ``changed``, ``routine``, ``too_few``, ``not_known``, or assurance
        ``pass``, ``fail``, ``met_now``, ``missed_now``, ``hit_or_miss``, ``none``.
    language : Language
    rising : bool, optional
        Whether the number rose; a signal then shows a triangle that way.

    Raises
    ------
    DataError
        No such verdict.

    Examples
    --------
    >>> from tallysheet.language import read_language
    >>> chip("routine", read_language("en")).html
    '<span class="chip routine"><svg class="icon"...></svg>Routine</span>'
    """
    if verdict not in _ICONS:
        raise DataError("verdict", "a known verdict", repr(verdict), nearest(str(verdict), _ICONS))
    shape = _ICONS[verdict]
    if shape == "signal" and not _is_missing(rising):
        shape = "rising" if rising else "falling"
    word = escape(language.text(f"verdict.{verdict}"))
    return Html(f'<span class="chip {verdict}">{icon(shape).html}{word}</span>')


def chips(verdicts: Iterable[str], language: Language, *, rising: bool | None = None) -> Html:
    """Put the chips of several verdicts in a line, as under the heading of a KPI."""
    line = Html.join(*(chip(verdict, language, rising=rising) for verdict in verdicts))
    return Html(f'<div class="chips">{line.html}</div>')


def render_table(
    frame: pd.DataFrame,
    columns: Sequence[Column],
    *,
    caption: str,
    language: Language,
    name: str,
    emphasise: pd.Series | None = None,
    total: Mapping[str, Any] | None = None,
    caption_hidden: bool = False,
) -> Html:
    """Render a frame as a table that reads aloud, prints, and becomes a small grid on a phone.

    Parameters
    ----------
    frame : DataFrame
        One row a line of the table; numbers are numbers, missing is NaN and is shown as a dash.
        A column ``unit`` is needed for ``value``, ``level`` and ``change``; a column ``rising`` (bool) turns
        the triangle of verdicts.
    columns : sequence of Column
        Columns from left to right; the first names the row.
    caption : str
        What the table shows.
    language : Language
    name : str
        The table's id on the page.
    emphasise : Series, optional
        By the frame's index: ``worse`` or ``better`` colours the row's value and first change,
        True marks the row, anything else leaves it alone.
    total : mapping, optional
        Values of a last row; a key that is left out stays empty.
    caption_hidden : bool
        Leave the caption to screen readers, where a heading says the same.

    Raises
    ------
    DataError
        A column that the frame has not.
    """
    for column in columns:
        if column.key not in frame.columns:
            known = [str(key) for key in frame.columns]
            raise DataError(f"table {name}", f"a column {column.key}", "none", nearest(column.key, known))
    marks = [_emphasis(emphasise, index) for index in frame.index]
    records = zip(frame.to_dict("records"), marks, strict=True)
    body = "".join(_row(record, columns, language, mark) for record, mark in records)
    foot = f"<tfoot>{_row(total, columns, language, '')}</tfoot>" if total is not None else ""
    head = "".join(_header(column, language) for column in columns)
    kind = "scorecard" if any(column.unit == "value" for column in columns) else "plain"
    hidden = ' class="hidden"' if caption_hidden else ""
    key = escape(name)
    return Html(
        f'<div class="scroll" role="group" tabindex="0" aria-labelledby="{key}-caption">'
        f'<table id="{key}" class="{kind}"><caption id="{key}-caption"{hidden}>{escape(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody>{foot}</table></div>"
    )


def _header(column: Column, language: Language) -> str:
    key = f"table.unit.{plain(column.unit)}"
    unit = f" <small>{escape(language.text(key))}</small>" if language.has(key) else ""
    return f'<th scope="col"{_class(_align(column))}>{escape(column.header)}{unit}</th>'


def _emphasis(emphasise: pd.Series | None, index: Any) -> str:
    mark = emphasise.get(index) if emphasise is not None else None
    if isinstance(mark, str):
        return mark if mark in ("worse", "better") else ""
    return "marked" if not _is_missing(mark) and bool(mark) else ""


def _row(record: Mapping[Any, Any], columns: Sequence[Column], language: Language, emphasis: str) -> str:
    changes = [column for column in columns if column.unit == "change"]
    cells = []
    for place, column in enumerate(columns):
        shown = _cell(record, column, language) if column.key in record else ""
        order = f' data-order="{escape(str(record[column.order]))}"' if column.order in record else ""
        signal = emphasis in ("worse", "better") and (column.unit == "value" or column in changes[:1])
        look = f'{_class(_align(column), "signal" if signal else "")} data-label="{escape(column.header)}"'
        cells.append(f"<td{order}{look}>{shown}</td>" if place else f'<th{order} scope="row">{shown}</th>')
    return f"<tr{_class(emphasis)}>{''.join(cells)}</tr>"


def _align(column: Column) -> str:
    if column.unit in _NUMBERS:
        return "number value" if column.unit == "value" else "number"
    return "" if column.unit == "text" else column.unit


def _class(*names: str) -> str:
    joined = " ".join(name for name in names if name)
    return f' class="{joined}"' if joined else ""


def _cell(record: Mapping[Any, Any], column: Column, language: Language) -> str:
    value = record.get(column.key)
    small = record.get(column.small) if column.small else None
    under = "" if _is_missing(small) or not small else f"<small>{escape(str(small))}</small>"
    ends = value if isinstance(value, tuple) else ()
    if _is_missing(value) or any(_is_missing(end) for end in ends):
        spoken = escape(language.text("table.not_known"))
        return f'<span class="missing" aria-hidden="true">–</span><span class="hidden">{spoken}</span>{under}'
    return _shown(value, record, column, language) + under


def _shown(value: Any, record: Mapping[Any, Any], column: Column, language: Language) -> str:
    if column.unit == "picture":
        return str(value.html.html if isinstance(value.html, Html) else value.html)
    if column.unit == "verdict":
        return chip(str(value), language, rising=record.get("rising")).html
    if column.unit == "text":
        return escape(str(value))
    return escape(_number(value, str(record.get("unit", "count")), column, language))


def _number(value: Any, row_unit: str, column: Column, language: Language) -> str:
    if column.unit == "range":
        lower, upper = value
        return language.interval(lower, upper, row_unit if column.of == "row" else column.of, column.decimals)
    if column.unit == "points":
        return language.change(value, "share", column.decimals)
    if column.unit == "signed_count":
        return language.change(value, "count", column.decimals)
    if column.unit == "change":
        return language.change(value, row_unit, column.decimals)
    return language.value(
        value, row_unit if column.unit in ("value", "level") else column.unit, column.decimals
    )


def _is_missing(value: Any) -> bool:
    return pd.api.types.is_scalar(value) and bool(pd.isna(value))


def exceptions_list(items: Iterable[Any], language: Language) -> Html:
    """List what stands out, one line a KPI: name, value and change, verdicts, the sentence that explains it.

    Parameters
    ----------
    items : iterable of dataclass or mapping
        With anchor (id of its section), name, value, change, verdicts (list of str), sentence,
        scope (str or None), and maybe rising (bool or None).
    language : Language
    """
    return Html(f'<ul class="exceptions">{"".join(_exception(item, language) for item in items)}</ul>')


def _exception(item: Any, language: Language) -> str:
    fields: Mapping[str, Any] = item if isinstance(item, Mapping) else vars(item)
    verdicts = chips(fields["verdicts"], language, rising=fields.get("rising")).html
    scope = fields.get("scope")
    tag = f'<span class="scope">{icon("tag").html}{escape(scope)}</span>' if scope else ""
    return (
        f'<li><a href="#{escape(fields["anchor"])}">{escape(fields["name"])}</a>'
        f'<span class="figure">{escape(fields["value"])}<small>{escape(fields["change"])}</small></span>'
        f'{verdicts}<span class="why">{escape(fields["sentence"])}{tag}</span></li>'
    )


def headline(fact: str, cause: str, language: Language) -> Html:
    """Open the page: the fact in bold, its cause in grey."""
    grey = f" <span>{escape(cause)}</span>" if cause else ""
    return Html(f'<p class="headline" lang="{escape(language.code)}"><b>{escape(fact)}</b>{grey}</p>')


def section(title: str, *parts: Html, name: str, note: str = "", level: int = 2) -> Html:
    """Put pieces under a heading that links can point at.

    Examples
    --------
    >>> section("Why", paragraph("So."), name="why").html
    '<section id="why" aria-labelledby="why-title">...<h2 id="why-title">Why</h2>...<p>So.</p></section>'
    """
    key = escape(name)
    under = f'<p class="note">{escape(note)}</p>' if note else ""
    return Html(
        f'<section id="{key}" aria-labelledby="{key}-title"><div class="opening">'
        f'<h{level} id="{key}-title">{escape(title)}</h{level}>{under}</div>'
        f"{Html.join(*parts).html}</section>"
    )


def side_by_side(*parts: Html) -> Html:
    """Put pieces beside each other; below each other where the page is narrow."""
    return Html(f'<div class="beside">{"".join(f"<div>{part.html}</div>" for part in parts)}</div>')


def details(summary: str, *parts: Html) -> Html:
    """Fold pieces away under a line; paper shows them unfolded."""
    return Html(f"<details><summary>{escape(summary)}</summary><div>{Html.join(*parts).html}</div></details>")


def paragraph(text: str, *, note: bool = False, label: str = "") -> Html:
    """Give a paragraph; a note is small and grey, a label stands before it in bold."""
    bold = f"<b>{escape(label)}</b> " if label else ""
    return Html(f"<p{_class('note' if note else '')}>{bold}{escape(text)}</p>")


def definitions(pairs: Iterable[tuple[str, str]]) -> Html:
    """List terms and what they mean."""
    return Html(
        f"<dl>{''.join(f'<dt>{escape(term)}</dt><dd>{escape(text)}</dd>' for term, text in pairs)}</dl>"
    )


def lab_style() -> Html:
    """Give the page's style to a notebook in JupyterLab, where pieces stand without the page.

    The class is doubled to outweigh JupyterLab's own rules. The published page leaves this piece out.
    """
    rules = (
        (TEMPLATE / "style.css")
        .read_text(encoding="utf-8")
        .replace(":root", "&")
        .replace("\n.tallysheet {", "\n& {")
    )
    return Html(f"<style>.tallysheet.tallysheet{{{rules}}}</style>")
