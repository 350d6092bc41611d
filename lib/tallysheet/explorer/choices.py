"""The boxes of an explorer: each has a label beside it, and the keyboard reaches it."""

from __future__ import annotations

from collections.abc import Sequence

import ipywidgets as widgets

ROW = widgets.Layout(flex_flow="row wrap")
_LABELLED = {"description_width": "initial"}
_MOST_LINES = 18


def choice(label: str, options: Sequence[tuple[str, str]] = (), value: str | None = None) -> widgets.Dropdown:
    """Make a list of which one is chosen: names and what they stand for."""
    return widgets.Dropdown(
        options=options, value=value, description=label, style=_LABELLED, layout={"width": "20em"}
    )


def text_box(label: str, example: str, value: str = "") -> widgets.Text:
    """Make a line to type in; what is typed counts once it is left."""
    return widgets.Text(
        value,
        description=label,
        placeholder=example,
        continuous_update=False,
        style=_LABELLED,
        layout={"width": "20em"},
    )


def button(label: str, tip: str) -> widgets.Button:
    """Make a button as wide as its label."""
    return widgets.Button(description=label, tooltip=tip, layout={"width": "auto"})


def code_box(label: str) -> widgets.Textarea:
    """Make a box from which code is copied: by Ctrl+A and Ctrl+C."""
    box = widgets.Textarea("", description=label, style=_LABELLED, layout={"width": "100%"})
    box.add_class("tallysheet-code")
    return box


def show_code(box: widgets.Textarea, code: str) -> None:
    """Put code into its box, which is as high as the code."""
    box.value, box.rows = code, min(code.count("\n") + 2, _MOST_LINES)
