"""From an executed notebook to one self-contained page, and the page of all weeks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from copy import deepcopy
from functools import cache
from typing import Any

from tallysheet.language import Language
from tallysheet.publish.script import policy, script
from tallysheet.tables import TEMPLATE


@cache
def _exporter() -> Any:
    from nbconvert.exporters import HTMLExporter, TemplateExporter
    from traitlets.config import Config

    class PageExporter(HTMLExporter):
        """HTML without a second look at it, which costs most: `check_page` sees to alternative texts."""

        def from_notebook_node(self, nb: Any, resources: Any = None, **kw: Any) -> Any:
            return TemplateExporter.from_notebook_node(self, nb, resources, **kw)

    # Nothing on the page may come from a CDN: the template asks for none, and no preprocessor runs code.
    config = Config(
        {"HTMLExporter": {"template_name": TEMPLATE.name, "embed_images": True, "exclude_anchor_links": True}}
    )
    return PageExporter(config=config, extra_template_basedirs=[str(TEMPLATE.parent)])


def page_name(notebook: str) -> str:
    """Name a notebook's page: its own name without the number in front.

    Examples
    --------
    >>> page_name("10_weekly_review")
    'weekly_review'
    """
    return notebook.lstrip("0123456789").lstrip("_")


def file_name(page: str, language: Language, first: Language) -> str:
    """Name a page's file: its language stands in it unless it is the workbook's first.

    Examples
    --------
    >>> from tallysheet.language import read_language
    >>> english, french = read_language("en"), read_language("fr")
    >>> file_name("index", english, english), file_name("index", french, english)
    ('index.html', 'index.fr.html')
    """
    return f"{page}.html" if language.code == first.code else f"{page}.{language.code}.html"


def other_languages(
    page: str, language: Language, languages: Sequence[Language], first: Language
) -> list[tuple[str, str, str]]:
    """List a page in its other languages: file, code and the language's own name."""
    return [
        (file_name(page, other, first), other.code, other.text("page.language"))
        for other in languages
        if other.code != language.code
    ]


def translated(notebook: Any, page: str, language: Language) -> Any:
    """Put a language's own texts in the place of a notebook's markdown cells, by the cells' ids.

    A cell without a text of that language keeps its own.
    """
    copy = deepcopy(notebook)
    for cell in copy.cells:
        if cell.cell_type == "markdown":
            cell.source = language.translated(f"notebook.{page}", cell.id, cell.source)
    return copy


def title_of(page: str, language: Language) -> str:
    """Name a report; one without words of its own is named by its notebook."""
    key = f"report.{page}"
    return language.text(key) if language.has(key) else page.replace("_", " ").capitalize()


def export_page(notebook: Any, page: dict[str, Any]) -> str:
    """Make a page of a notebook.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        Executed.
    page : dict
        What stands round it: lang, title, product, report, h1, subtitle, badges, links, languages (file,
        code and name of the same page in other languages), footer, words.
    """
    html, _ = _exporter().from_notebook_node(notebook, resources={"page": _scripted(page)})
    return _joined(str(html).strip()) + "\n"


def _joined(html: str) -> str:
    """Keep a sign and the currency sign behind it in one line, as U+2060 does where a line may break."""
    return re.sub("([+−])(?=€)", "\\1\u2060", html)


def _scripted(page: dict[str, Any]) -> dict[str, Any]:
    """Add the script and the policy that lets a browser run no other."""
    return page | {"script": script(), "policy": policy()}


def notebook_of(*pieces: str) -> Any:
    """Make a notebook in memory whose cells show pieces of HTML, for a page without a notebook."""
    from nbformat import v4

    cells = []
    for position, piece in enumerate(pieces):
        output = v4.new_output("display_data", data={"text/html": piece})
        cells.append(v4.new_code_cell(source="", outputs=[output], id=f"piece-{position}"))
    return v4.new_notebook(cells=cells)


def archive_page(page: dict[str, Any], latest: dict[str, Any] | None, weeks: Sequence[dict[str, Any]]) -> str:
    """Make the page of all weeks.

    Parameters
    ----------
    page : dict
        As for `export_page`.
    latest : dict or None
        week, headline, note, lang (of these two), href and hreflang of the newest.
    weeks : sequence of dict
        week, dates, headline, lang, href, hreflang, reports (name, href, hreflang, failed).
    """
    from jinja2 import Environment, FileSystemLoader

    loader = FileSystemLoader(str(TEMPLATE))
    template = Environment(loader=loader, autoescape=True).get_template("archive.html.j2")
    html = template.render(page=_scripted(page), latest=latest, weeks=weeks)
    return _joined(html.strip()) + "\n"
