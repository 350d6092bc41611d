"""A panel that asks the carrier mix what if, in JupyterLab."""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets
import pandas as pd

from tallysheet.duties import mix
from tallysheet.duties.mix_limits_page import answers
from tallysheet.duties.mix_ready import off
from tallysheet.tables import Html
from tallysheet.week import Week

_NEEDS_SHARE = ("dearer", "smaller", "peak")


class Panel:
    """A question and its answer, sought anew whenever the question changes.

    Parameters
    ----------
    week : Week

    Notes
    -----
    ``asked`` holds all questions with their answers, the newest first.
    """

    def __init__(self, week: Week) -> None:
        self.week, self.asked = week, pd.DataFrame()
        language, text = week.language, week.language.text
        problem = mix.grounded(week).problem
        names = [(language.name("carrier", one.name), one.name) for one in problem.carriers]
        kinds = [(text(f"mix.panel_is.{kind}"), kind) for kind in mix.KINDS]
        self.kind = widgets.Dropdown(options=kinds, value="out", description=text("mix.panel"))
        self.carrier = widgets.Dropdown(
            options=[*names, (text("mix.all_carriers"), "")], description=text("mix.panel_carrier")
        )
        self.share = widgets.IntSlider(10, 0, 200, 5, description="%", continuous_update=False)
        self.button = widgets.Button(description=text("mix.panel_ask"), button_style="primary")
        self.answer = widgets.HTML()
        self.box = widgets.VBox(
            [widgets.HBox([self.kind, self.carrier, self.share, self.button]), self.answer]
        )
        self.kind.observe(lambda _: self._enable(), "value")
        self.button.on_click(lambda _: self.ask())
        self._enable()

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        """Be shown as the panel."""
        return self.box._repr_mimebundle_(**kwargs)

    def ask(self) -> pd.DataFrame:
        """Answer the question that is chosen; it is shown above those before."""
        kind = str(self.kind.value)
        carrier = "" if kind == "peak" else str(self.carrier.value)
        if kind == "out" and not carrier:
            return self.asked
        share = self.share.value / 100 if kind in _NEEDS_SHARE else 0.0
        found = pd.DataFrame([mix.answered(self.week, kind, carrier, share)])
        self.asked = pd.concat([found, self.asked], ignore_index=True)
        self.answer.value = answers(self.asked, self.week)._repr_html_()
        return self.asked

    def _enable(self) -> None:
        self.share.disabled = self.kind.value not in _NEEDS_SHARE
        self.carrier.disabled = self.kind.value == "peak"


def panel(week: Week) -> Panel | Html:
    """Give the panel; where there is no mix, say why."""
    shown = off(week)
    return Panel(week) if shown is None else shown
