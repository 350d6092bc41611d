"""The boxes of an explorer: each has a label beside it, and the keyboard reaches it."""

from __future__ import annotations

from collections.abc import Sequence

import ipywidgets as widgets

ROW = widgets.Layout(flex_flow="row wrap")
STYLE = """<style>
.tallysheet.tallysheet .rows { max-height: 30em; overflow: auto }
.tallysheet.tallysheet .rows th { position: sticky; top: 0; background: white }
.tallysheet.tallysheet .rows :is(th, td) {
    white-space: nowrap; font-size: 13px; line-height: 1.3; padding: 4px 12px 4px 0
}
.widget-tab-contents .tallysheet > :is(section, figure):first-child { margin-top: 0; padding-top: 0 }
.explorer-told { min-height: 1.5em; margin: 0 }
.explorer-code textarea { font-family: var(--jp-code-font-family, monospace); font-size: 13px }
</style>"""
"""What the panel has beside the page's style: rows that do not wrap, and code in a code's letters."""

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
    box = widgets.Textarea("", description=label, style=_LABELLED, layout={"width": "99%"})
    box.add_class("explorer-code")
    return box


def show_code(box: widgets.Textarea, code: str) -> None:
    """Put code into its box, which is as high as the code."""
    box.value, box.rows = code, min(code.count("\n") + 2, _MOST_LINES)
