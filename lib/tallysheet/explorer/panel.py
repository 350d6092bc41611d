"""The panel: choices at the top, linked views below, each made when it is looked at, and its code."""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from html import escape
from pathlib import Path
from typing import Any

import ipywidgets as widgets

from tallysheet import say
from tallysheet.comparison import Explanation
from tallysheet.errors import TallysheetError, UsageError
from tallysheet.explorer.ahead import Ahead
from tallysheet.explorer.choices import ROW, STYLE, button, choice, code_box, show_code, text_box
from tallysheet.explorer.data_pieces import ALL, BY_TABLE, data_shown, missing_of
from tallysheet.explorer.keep import keep_view
from tallysheet.explorer.opened import OpenedWeeks
from tallysheet.explorer.pieces import (
    explained,
    in_part,
    no_target,
    over_time,
    rows,
    segments,
    split,
    two_parts,
    two_weeks,
    with_target,
)
from tallysheet.explorer.recipes import (
    behind_code,
    data_code,
    over_time_code,
    parts_code,
    rows_code,
    two_parts_code,
    two_weeks_code,
    usual_code,
    with_target_code,
)
from tallysheet.explorer.view import View
from tallysheet.facts import tables_of
from tallysheet.kpis import KPIS
from tallysheet.svg import for_screens
from tallysheet.tables import Html, lab_style, paragraph
from tallysheet.week import Week, open_week

BASES = ("last-4", "previous", "year-ago", "target")
VIEWS = ("usual", "parts", "over_time", "behind", "compare", "rows", "data")
COMPARED = ("parts", "weeks", "target")
DATA = ("loaded", "refused", "tables", "columns", "lacking")
_ALL_ROWS = "\0"
"""Stands among the parts whose rows can be listed for all of them."""


class Explorer:
    """An explorer of a workbook: the view that is looked at, and the widgets that show it.

    Parameters
    ----------
    view : View
        Where it begins.
    week : Week
        The week of that view.

    Notes
    -----
    ``view`` is all there is to remember: each choice makes another one, and each picture is made of it. What
    was made once is kept as long as its view is shown.
    """

    def __init__(self, view: View, week: Week) -> None:
        self.view, self.week, self.ahead = view, week, Ahead()
        self._is_filling = False
        self._weeks, self._text = OpenedWeeks(week), week.language.text
        self._make_choices()
        self.message = widgets.HTML()
        self.path = widgets.HBox(layout=ROW)
        self.views = {name: widgets.HTML() for name in VIEWS}
        beside = {"compare": [self.compare, self.other], "rows": [self.rows_of], "data": [self.what, self.of]}
        tabs = [
            widgets.VBox([widgets.HBox(beside[name], layout=ROW), shown]) if name in beside else shown
            for name, shown in self.views.items()
        ]
        self.tabs = widgets.Tab(tabs, titles=[self._text(f"explorer.view.{name}") for name in VIEWS])
        self.panel = widgets.VBox(
            [
                widgets.HTML(lab_style().html + STYLE),
                widgets.HBox([self.kpi, self.when, self.base, self.as_of], layout=ROW),
                widgets.HBox([self.by, self.into, self.enter], layout=ROW),
                self.path,
                self.message,
                self.tabs,
                self.code,
                widgets.HBox([self.name, self.save], layout=ROW),
            ]
        )
        self._listen()
        self.look(view)

    def _make_choices(self) -> None:
        text, week, view = self._text, self.week, self.view
        names = [
            (say.name(one, week.language), slug) for slug, one in KPIS.items() if not missing_of(week, slug)
        ]
        weeks = [(week.language.week_code(one), str(one)) for one in reversed(week.cube.weeks)]
        tables = [(text("explorer.all"), ALL), *((name, name) for name in tables_of(week.ledger))]
        self.kpi = choice(text("explorer.kpi"), names, view.kpi)
        self.when = choice(text("explorer.week"), weeks, view.week)
        self.base = choice(text("explorer.base_label"), self._named("base", BASES), view.base)
        self.as_of = text_box(text("explorer.as_of"), f"{week.ledger.as_of:%Y-%m-%d}", view.as_of)
        self.by = choice(text("explorer.by"))
        self.into = choice(text("explorer.inside"))
        self.enter = button(text("explorer.enter"), text("explorer.enter_tip"))
        self.compare = choice(text("explorer.compare"), self._named("compared", COMPARED), COMPARED[0])
        self.other = choice(text("explorer.other"))
        self.rows_of = choice(text("explorer.rows_of"))
        self.what = choice(text("explorer.what"), self._named("data", DATA), DATA[0])
        self.of = choice(text("explorer.of"), tables, ALL)
        self.code = code_box(text("explorer.code"))
        self.name = text_box(text("explorer.save_as"), "61_late_parcels")
        self.save = button(text("explorer.save"), text("explorer.save_tip"))

    def _named(self, group: str, keys: tuple[str, ...]) -> list[tuple[str, str]]:
        return [(self._text(f"explorer.{group}.{key}"), key) for key in keys]

    def _listen(self) -> None:
        chosen = {"kpi": self.kpi, "week": self.when, "base": self.base, "by": self.by, "as_of": self.as_of}
        for name, box in chosen.items():
            self._when(box, partial(self._chosen, name))
        # The part that is compared with another one is chosen at the top.
        anew = {"compare": (self.into, self.other), "rows": (self.rows_of,), "data": (self.what, self.of)}
        for name, boxes in anew.items():
            for box in boxes:
                self._when(box, partial(self._drawn_anew, name))
        self._when(self.compare, lambda _: self._compared_otherwise())
        self.tabs.observe(lambda _: self._draw(), "selected_index")
        self.enter.on_click(lambda _: self._entered())
        self.save.on_click(lambda _: self._saved())

    def _when(self, box: widgets.Widget, changed: Callable[[str], None]) -> None:
        """Call with a box's value when a person changes it."""
        box.observe(lambda change: None if self._is_filling else changed(str(change["new"])), "value")

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        """Be shown as the panel."""
        return self.panel._repr_mimebundle_(**kwargs)

    def look(self, view: View) -> None:
        """Show a view; one that cannot be shown is told, and the one before stays."""
        before = self.view
        self._tell(self._text("explorer.working"))
        with self.ahead.held_back():
            try:
                self.week = self._weeks.at(view.week, view.as_of)
                self.view = view if view.by else replace(view, by=self._telling_dimension(view))
                self._found = self._explained(self.view)
                told = ""
            except TallysheetError as error:
                lacks_target = view.base == "target" and error.where == "base"
                self.view = before
                told = no_target(view.kpi, self.week.language) if lacks_target else str(error)
                self.week = self._weeks.at(before.week, before.as_of)
            self._made: set[str] = set()
            self._fill()
            self._draw()
        self._tell(told)
        self.ahead.begin(self._next())

    def _next(self) -> list[tuple[Week, str]]:
        """List what is likely to be asked for next: this KPI's parts, its week before, the other KPIs."""
        slugs = [str(slug) for _, slug in self.kpi.options]
        earlier = [one for one in self.week.cube.weeks if one < self.week.week][-1:]
        before = [(self._weeks.at(str(one), self.view.as_of), self.view.kpi) for one in earlier]
        return [(self.week, self.view.kpi), *before, *((self.week, slug) for slug in slugs)]

    def _tell(self, told: str) -> None:
        # Its line is kept free, so that nothing moves.
        self.message.value = f'<p class="tallysheet explorer-told" role="status">{escape(told)}</p>'

    def _explained(self, view: View) -> Explanation:
        return explained(self.week, view.kpi, dict(view.where), view.by, view.base)

    def _telling_dimension(self, view: View) -> str:
        """Find the first dimension of which the part has several values."""
        names = self._dimensions(view)
        for name in names:
            parted = self._explained(replace(view, by=name)).parts
            if name in parted and len(parted[name]) > 1:
                return name
        return next(iter(names), "")

    def explained(self) -> Explanation:
        """Give what is looked at as numbers: now, before, whether it is unusual, and its parts."""
        return self._found

    def _dimensions(self, view: View) -> list[str]:
        """List what a view may still be split by: first what a page would show."""
        entered = {name for name, _ in view.where}
        first = [*self.week.dimensions(view.kpi), *view.definition.dimensions]
        return [name for name in dict.fromkeys(first) if name not in entered]

    def _chosen(self, what: str, new: str) -> None:
        value = new.strip()
        chosen: dict[str, Any] = {what: value}
        self.look(self._measured_by(value) if what == "kpi" else replace(self.view, **chosen))

    def _measured_by(self, slug: str) -> View:
        """Look at the part by another KPI; at all of it where that has no row of the part."""
        view = self.view.measured_by(slug)
        with self.ahead.held_back():
            try:
                self._explained(view)
            except UsageError:
                return replace(view, where=())
        return view

    def _drawn_anew(self, tab: str, _new: str = "") -> None:
        self._made.discard(tab)
        self._draw()

    def _entered(self) -> None:
        if self.into.value is not None:
            self.look(self.view.inside(str(self.into.value)))

    def _saved(self) -> None:
        try:
            path = keep_view(self.name.value, self.view, self.week.language)
        except TallysheetError as error:
            self._tell(str(error))
            return
        self._tell(self._text("explorer.saved", path=f"{path.parent.name}/{path.name}", name=path.stem))

    def _fill(self) -> None:
        """Let the choices say what is shown."""
        language, view = self.week.language, self.view
        self._is_filling = True
        self.kpi.value, self.when.value, self.base.value = view.kpi, view.week, view.base
        self.as_of.value = view.as_of
        self.by.options = [(say.dimension_name(name, language), name) for name in self._dimensions(view)]
        self.by.value = view.by or None
        named = self._parts()
        self.into.options, self.into.value = named, named[0][1] if named else None
        self.rows_of.options = [(self._text("explorer.all_shown"), _ALL_ROWS), *named]
        self.rows_of.value = _ALL_ROWS
        self._fill_other()
        self._is_filling = False
        steps = [self._step(self._text("explorer.all"), 0 if view.where else None)]
        for depth, (name, value) in enumerate(view.where, start=1):
            label = f"{say.dimension_name(name, language)}: {language.name(name, value) or '-'}"
            steps.append(self._step(label, depth if depth < len(view.where) else None))
        self.path.children = steps

    def _parts(self) -> list[tuple[str, str]]:
        """Name the values of the dimension that is shown, the one that moved the total most first."""
        found = self._found.parts.get(self.view.by)
        values = [] if found is None else [str(one) for one in found["segment"]]
        return [(self.week.language.name(self.view.by, value) or "-", value) for value in values]

    def _fill_other(self) -> None:
        """List what the part, or the week, can be compared with."""
        listed = {
            "parts": self._parts(),
            "weeks": [one for one in self.when.options if one[1] != self.view.week],
            "target": [],
        }
        options = listed[str(self.compare.value)]
        first = 1 if self.compare.value == "parts" else 0  # the first part is the one beside it
        self.other.options = options
        self.other.value = options[first][1] if len(options) > first else None
        self.other.disabled = not options

    def _compared_otherwise(self) -> None:
        self._is_filling = True
        self._fill_other()
        self._is_filling = False
        self._drawn_anew("compare")

    def _step(self, label: str, depth: int | None) -> widgets.Button:
        step = button(label, self._text("explorer.back_tip"))
        step.disabled = depth is None
        if depth is not None:
            step.on_click(lambda _: self.look(self.view.outside(depth)))
        return step

    def _draw(self) -> None:
        """Make what the open tab shows, unless it is made, and write its code."""
        name = VIEWS[self.tabs.selected_index or 0]
        code, piece = self._shown(name)
        show_code(self.code, code)
        if name in self._made:
            return
        with self.ahead.held_back(), for_screens():
            try:
                html = piece()
            except TallysheetError as error:
                html = paragraph(str(error))
        self.views[name].value = html._repr_html_()
        self._made.add(name)

    def _shown(self, name: str) -> tuple[str, Callable[[], Html]]:
        """Give the code of a tab, and what makes it."""
        week, view, found, language = self.week, self.view, self._found, self.week.language
        if name == "usual":
            return usual_code(view), lambda: in_part(week, found, dict(view.where))
        if name == "parts":
            prefix = "part-" if view.where else ""
            return parts_code(view), lambda: split(found, language, prefix=prefix)
        if name == "over_time":
            made = partial(over_time, week, view.kpi, view.by, view.segment)
            return over_time_code(view), made
        if name == "behind":
            return behind_code(view), lambda: segments(found, language)
        if name == "compare":
            return self._compared()
        if name == "rows":
            value = str(self.rows_of.value)
            part = view if value == _ALL_ROWS else view.inside(value)
            return rows_code(part), partial(rows, week, part)
        what, of = str(self.what.value), str(self.of.value)
        self.of.disabled = what not in BY_TABLE
        return data_code(view, what, of), partial(data_shown, week, what, of)

    def _compared(self) -> tuple[str, Callable[[], Html]]:
        week, view, other = self.week, self.view, str(self.other.value)
        if self.compare.value == "target":
            made = partial(with_target, week, view.kpi, view.by, view.segment)
            return with_target_code(view), made
        if self.other.value is None:
            return usual_code(view), lambda: paragraph(self._text("explorer.nothing_to_compare"))
        if self.compare.value == "weeks":
            made = partial(two_weeks, week, view.kpi, other, view.by, view.segment)
            return two_weeks_code(view, other), made
        values = (str(self.into.value), other)
        made = partial(two_parts, week, view.kpi, view.by, values, view.segment)
        return two_parts_code(view, values), made


def explore(
    week: str | None = None,
    *,
    kpi: str = "",
    data: str | Path = "data",
    base: str = "last-4",
    as_of: str | None = None,
    lang: str = "en",
    audience: str = "internal",
) -> Explorer:
    """Explore a week.

    Parameters
    ----------
    week, data, base, as_of, lang, audience
        As for `tallysheet.open_week`.
    kpi : str
        The KPI to begin with; empty: the workbook's headline.

    Returns
    -------
    Explorer
        JupyterLab shows it; ``.code.value`` is the code of what it shows.

    Raises
    ------
    UsageError
        An unknown week, base or KPI, or one that the data does not allow.
    """
    # Modules stay: to look for garbage among them takes longer than a redraw, in which it would happen.
    # Once, so that what a cell leaves behind that is run again is still collected.
    if not gc.get_freeze_count():
        gc.freeze()
    opened = open_week(week, data=data, base=base, as_of=as_of, lang=lang, audience=audience)
    slug = kpi or opened.settings.headline
    lacking = missing_of(opened, opened.kpi(slug).definition.slug)
    if lacking:
        raise UsageError(
            slug, f"extracts of {', '.join(lacking)}", "none", "Load them, or choose another KPI."
        )
    return Explorer(View(slug, str(opened.week), base, as_of=as_of or "", data=str(data)), opened)
