"""A view kept: a notebook with parameters that shows the same, and that a report can run every week."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from tallysheet import say
from tallysheet.explorer.view import View
from tallysheet.files import write_text
from tallysheet.kpis import kpi
from tallysheet.language import Language
from tallysheet.new_notebook import new_notebook

_MORE = (
    'by = ""  # dimension over which its change is split; empty: none',
    'part = ""  # such as carrier=BRV;flow=return; empty: all',
    'against = ""  # what it is compared with, target too; empty: the base of the run',
)
"""Parameters beside those of the template."""


def keep_view(name: str, view: View, language: Language) -> Path:
    """Write a notebook that shows a view, of any week; it is published by ``tallysheet report --only NAME``.

    Parameters
    ----------
    name : str
        As for `new_notebook`.
    view : View
    language : Language
        Of its headings.

    Raises
    ------
    UsageError
        Not such a name, or a notebook or page of that name is there already.
    """
    path = new_notebook(name, view.data)
    content = json.loads(path.read_text(encoding="utf-8"))
    cells = [
        _cell("markdown", "question", _question(view, language)),
        _cell("code", "parameters", _parameters(content, view), ["parameters"]),
        _cell("code", "open", _OPEN),
        _cell("markdown", "unusual", f"## {language.text('explorer.is_usual')}"),
        _cell("code", "usual", "pieces.usual(opened, kpi, by, part, against)"),
        _cell("markdown", "parts-question", f"## {language.text('explorer.which_parts')}"),
        _cell("code", "parts", "pieces.parts(opened, kpi, by, part, against)"),
        _cell("markdown", "meaning", f"## {language.text('explorer.meaning')}"),
        _cell("code", "definitions", "cards.definitions(opened, kpi)"),
    ]
    write_text(path, json.dumps({**content, "cells": cells}, indent=1, ensure_ascii=False) + "\n")
    return path


_OPEN = """import tallysheet as ts
from tallysheet.duties import cards
from tallysheet.explorer import pieces

opened = ts.open_week(week or None, data=data, base=base, as_of=as_of or None, lang=lang, audience=audience)
opened.style()"""


def _question(view: View, language: Language) -> str:
    name = say.name(kpi(view.kpi), language)
    part = f" ({view.segment})" if view.where else ""
    return (
        f"## {language.text('explorer.question', name=name, part=part)}\n\n{language.text('explorer.reader')}"
    )


def _parameters(template: dict[str, Any], view: View) -> str:
    """Give the template's parameters the values of the view."""
    own = next(cell for cell in template["cells"] if cell["id"] == "parameters")
    given = {"against": view.base, "data": view.data, "kpi": view.kpi, "by": view.by, "part": view.segment}
    lines = ["".join(own["source"]), *_MORE]
    return re.sub(
        r'^(\w+) = "[^"]*"',
        lambda line: (
            f"{line[1]} = {json.dumps(given[line[1]], ensure_ascii=False)}" if line[1] in given else line[0]
        ),
        "\n".join(lines),
        flags=re.MULTILINE,
    )


def _cell(kind: str, name: str, source: str, tags: list[str] | None = None) -> dict[str, object]:
    cell: dict[str, object] = {
        "cell_type": kind,
        "id": name,
        "metadata": {"tags": tags} if tags else {},
        "source": source.splitlines(keepends=True),
    }
    return cell | ({"execution_count": None, "outputs": []} if kind == "code" else {})
