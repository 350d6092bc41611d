"""The panel: choices at the top, linked views below, each made when it is looked at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import ipywidgets as widgets

from tallysheet import say
from tallysheet.comparison import Explanation
from tallysheet.errors import TallysheetError
from tallysheet.explorer.keep import keep_view
from tallysheet.explorer.pieces import code, compared, explained, in_part, rows, segments, split
from tallysheet.explorer.view import View
from tallysheet.kpis import KPIS
from tallysheet.tables import Html, lab_style, paragraph
from tallysheet.week import Week, open_week

BASES = ("last-4", "previous", "year-ago", "target")
VIEWS = ("usual", "parts", "segments", "compare", "rows", "code", "data")
_WIDE = widgets.Layout(width="20em")


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
        self.view, self.week = view, week
        text = week.language.text
        self._weeks = {(view.week, view.as_of): week}
        self._quiet = False
        names = [
            (say.name(one, week.language), slug)
            for slug, one in KPIS.items()
            if not any(week.cube.missing[fact] for fact in one.measures())
        ]
        self.kpi = _choice(text("explorer.kpi"), names, view.kpi)
        self.when = _choice(text("explorer.week"), _week_names(week), view.week)
        bases = [(text(f"explorer.base.{base}"), base) for base in BASES]
        self.base = _choice(text("explorer.base_label"), bases, view.base)
        self.by = _choice(text("explorer.by"), [], None)
        self.as_of = widgets.Text(
            view.as_of,
            description=text("explorer.as_of"),
            placeholder="2026-10-05",
            continuous_update=False,
            style={"description_width": "initial"},
        )
        self.path = widgets.HBox()
        self.into = _choice(text("explorer.inside"), [], None)
        self.enter = widgets.Button(description=text("explorer.enter"), tooltip=text("explorer.enter_tip"))
        self.message = widgets.HTML()
        self.views = {name: widgets.HTML() for name in VIEWS}
        self.tabs = widgets.Tab(
            list(self.views.values()), titles=[text(f"explorer.view.{name}") for name in VIEWS]
        )
        self.other = _choice(text("explorer.other"), [], None)
        self.name = widgets.Text(
            "",
            description=text("explorer.save_as"),
            placeholder="61_late_parcels",
            style={"description_width": "initial"},
        )
        self.save = widgets.Button(description=text("explorer.save"), tooltip=text("explorer.save_tip"))
        self.panel = widgets.VBox(
            [
                widgets.HTML(lab_style().html),
                widgets.HBox([self.kpi, self.when, self.base], layout=_ROW),
                widgets.HBox([self.by, self.into, self.enter, self.other, self.as_of], layout=_ROW),
                self.path,
                self.message,
                self.tabs,
                widgets.HBox([self.name, self.save], layout=_ROW),
            ]
        )
        for name, box in (("kpi", self.kpi), ("week", self.when), ("base", self.base), ("by", self.by)):
            box.observe(self._chosen(name), "value")
        self.as_of.observe(self._chosen("as_of"), "value")
        self.other.observe(lambda _: self._draw(), "value")
        self.tabs.observe(lambda _: self._draw(), "selected_index")
        self.enter.on_click(lambda _: self._entered())
        self.save.on_click(lambda _: self._saved())
        self.look(view)

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        """Be shown as the panel."""
        return self.panel._repr_mimebundle_(**kwargs)

    def look(self, view: View) -> None:
        """Show a view; one that cannot be shown is told, and the one before stays."""
        before = self.view
        self.message.value = ""
        try:
            self._open(view)
            self.view = view if view.by else replace(view, by=next(iter(self._dimensions(view)), ""))
            self._found = self._explained(self.view)
        except TallysheetError as error:
            self.view = before
            self._open(before)
            self.message.value = _shown(paragraph(str(error)))
        self._made: set[str] = set()
        self._fill()
        self._draw()

    def _open(self, view: View) -> None:
        key = (view.week, view.as_of)
        if key not in self._weeks:
            self._weeks[key] = open_week(
                view.week,
                data=self.week.settings.data,
                base=view.base if view.base != "target" else "last-4",
                as_of=view.as_of or None,
                lang=self.week.language.code,
                audience="stakeholders" if self.week.language.hidden else "internal",
            )
        self.week = self._weeks[key]

    def _explained(self, view: View) -> Explanation:
        return explained(self.week, view.kpi, dict(view.where), view.by, view.base)

    def explained(self) -> Explanation:
        """Give what is looked at as numbers: now, before, whether it is unusual, and its parts."""
        return self._found

    def _dimensions(self, view: View) -> list[str]:
        """List what a view may still be split by: first what a page would show."""
        entered = {name for name, _ in view.where}
        first = [*self.week.dimensions(view.kpi), *view.definition.dimensions]
        return [name for name in dict.fromkeys(first) if name not in entered]

    def _chosen(self, what: str) -> Callable[[dict[str, object]], None]:
        def changed(change: dict[str, object]) -> None:
            if self._quiet:
                return
            value, view = str(change["new"]).strip(), self.view
            chosen = {
                "kpi": replace(view, kpi=value, by="", where=()),
                "week": replace(view, week=value),
                "base": replace(view, base=value),
                "by": replace(view, by=value),
                "as_of": replace(view, as_of=value),
            }
            self.look(chosen[what])

        return changed

    def _entered(self) -> None:
        if self.into.value is not None:
            inner = [name for name in self._dimensions(self.view) if name != self.view.by]
            self.look(self.view.inside(str(self.into.value), next(iter(inner), "")))

    def _saved(self) -> None:
        language = self.week.language
        try:
            path = keep_view(self.name.value, self.view, language)
        except TallysheetError as error:
            self.message.value = _shown(paragraph(str(error)))
            return
        told = language.text("explorer.saved", path=f"{path.parent.name}/{path.name}", name=path.stem)
        self.message.value = _shown(paragraph(told))

    def _fill(self) -> None:
        """Let the choices say what is shown."""
        language, view = self.week.language, self.view
        self._quiet = True
        self.kpi.value, self.when.value, self.base.value = view.kpi, view.week, view.base
        self.as_of.value = view.as_of
        self.by.options = [(say.dimension_name(name, language), name) for name in self._dimensions(view)]
        self.by.value = view.by or None
        found = self._found.parts.get(view.by)
        values = [] if found is None else [str(one) for one in found["segment"]]
        named = [(language.name(view.by, value) or "-", value) for value in values]
        self.into.options, self.other.options = named, named
        self.into.value = values[0] if values else None
        self.other.value = values[1] if len(values) > 1 else None
        self._quiet = False
        steps = [self._step(language.text("explorer.all"), 0 if view.where else None)]
        for depth, (name, value) in enumerate(view.where, start=1):
            label = f"{say.dimension_name(name, language)}: {language.name(name, value) or '-'}"
            steps.append(self._step(label, depth if depth < len(view.where) else None))
        self.path.children = steps

    def _step(self, label: str, depth: int | None) -> widgets.Button:
        step = widgets.Button(description=label, disabled=depth is None, layout={"width": "auto"})
        if depth is not None:
            step.on_click(lambda _: self.look(self.view.outside(depth)))
        return step

    def _draw(self) -> None:
        """Make what the open tab shows, unless it is made."""
        if self._quiet:
            return
        name = VIEWS[self.tabs.selected_index or 0]
        if name in self._made and name != "compare":
            return
        try:
            shown = self._piece(name)
        except TallysheetError as error:
            shown = paragraph(str(error))
        self.views[name].value = _shown(shown)
        self._made.add(name)

    def _piece(self, name: str) -> Html:
        week, view, language = self.week, self.view, self.week.language
        if name == "usual":
            return in_part(self._found, language)
        if name == "parts":
            return split(self._found, language)
        if name == "segments":
            return segments(self._found, language)
        if name == "compare":
            if self.into.value is None or self.other.value is None:
                return paragraph(language.text("explorer.no_parts"))
            return compared(week, view, (str(self.into.value), str(self.other.value)))
        if name == "rows":
            return rows(week, view)
        if name == "code":
            return code(view.code())
        return Html.join(week.files(), week.refused(), week.notes())


_ROW = widgets.Layout(flex_flow="row wrap")


def _choice(label: str, options: list[tuple[str, str]], value: str | None) -> widgets.Dropdown:
    return widgets.Dropdown(
        options=options, value=value, description=label, style={"description_width": "initial"}, layout=_WIDE
    )


def _week_names(week: Week) -> list[tuple[str, str]]:
    return [(week.language.week_code(one), str(one)) for one in reversed(week.cube.weeks)]


def _shown(html: Html) -> str:
    return html._repr_html_()


def explore(
    week: str | None = None,
    *,
    kpi: str = "",
    data: str = "data",
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
        JupyterLab shows it; ``.view.code()`` is what it shows, as code.

    Raises
    ------
    UsageError
        An unknown week, base or KPI.
    """
    opened = open_week(week, data=data, base=base, as_of=as_of, lang=lang, audience=audience)
    slug = kpi or opened.settings.headline
    return Explorer(View(slug, str(opened.week), base, as_of=as_of or "", data=data), opened)
