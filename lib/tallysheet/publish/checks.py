"""Checks that a page must pass before anybody sees it."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from tallysheet.errors import ReportError
from tallysheet.publish.script import policy, script

MAX_BYTES = 500_000
"""A page that is heavier is refused; the budget on average is half of it."""

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
"""Elements that have no end."""
_LOADS = {"src", "srcset", "href", "xlink:href", "data", "poster", "action", "formaction"}
_ACTIVE = {"iframe", "object", "embed", "form", "base", "foreignobject"}
_OUTSIDE = re.compile(r"^\s*(?:[a-z][a-z0-9+.-]*:)?//|^\s*(?!data:|mailto:)[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_STYLE_OUTSIDE = re.compile(r"@import|url\(\s*['\"]?(?!data:|#)", re.IGNORECASE)


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.faults: list[str] = []
        self.lang = ""
        self.h1 = 0
        self.open: list[str] = []
        self.ids: set[str] = set()
        self.scripts: list[str] = []
        self.policies: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "html":
            self.lang = given.get("lang", "")
        self.h1 += tag == "h1"
        if tag in _ACTIVE:
            self.faults.append(f"active content <{tag}>")
        if tag == "script":
            self.scripts.append("")
            self.faults += [f"a script with {name}" for name in given]
        if given.get("http-equiv", "").lower() == "content-security-policy":
            self.policies.append(given.get("content", ""))
        self._look_at(tag, given)
        if given.get("id") in self.ids:
            self.faults.append(f"the id {given['id']} twice")
        self.ids |= {given["id"]} if "id" in given else set()
        if tag not in VOID:
            self.open.append(tag)

    handle_startendtag = handle_starttag

    def _look_at(self, tag: str, given: dict[str, str]) -> None:
        for name, value in given.items():
            if name.startswith("on"):
                self.faults.append(f"an event handler {name}")
            if name in _LOADS and _OUTSIDE.match(value):
                self.faults.append(f"the address {value[:60]}")
            if name == "style" and _STYLE_OUTSIDE.search(value):
                self.faults.append("a style that loads something")
        labelled = (
            given.get("aria-label") or given.get("aria-labelledby") or given.get("aria-hidden") == "true"
        )
        if tag == "svg" and not labelled:
            self.faults.append("a drawing without a label")
        alt = given.get("alt", "")
        # nbconvert writes that phrase where a picture has no alt text.
        if tag == "img" and (" " not in alt or alt.startswith("No description")):
            self.faults.append("a picture without a sentence as its alt text")

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not self.open:
            return
        if self.open[-1] == "style" and _STYLE_OUTSIDE.search(data):
            self.faults.append("a style that loads something")
        if self.open[-1] == "script":
            self.scripts[-1] += data

    def faults_of_scripts(self) -> list[str]:
        """Look for any script but ours, once, and for a policy that would let another run or not let ours."""
        if not self.scripts:
            return []
        faults = ["active content <script>"] if any(one != script() for one in self.scripts) else []
        faults += ["the script twice"] if len(self.scripts) > 1 else []
        return faults + (["a script without its policy"] if self.policies != [policy()] else [])


def check_page(name: str, html: str) -> None:
    """Refuse a page that is not whole, safe, self-contained and labelled.

    Raises
    ------
    ReportError
        It has no lang, not one h1, active content but for its own script, an address outside, an
        unlabelled figure, an id twice, or is too heavy.

    Examples
    --------
    >>> check_page("x.html", "<html lang='en'><h1>Week</h1></html>")
    """
    page = _Page()
    page.feed(html)
    page.close()
    faults = page.faults + page.faults_of_scripts()
    if not page.lang:
        faults.append("no lang")
    if page.h1 != 1:
        faults.append(f"{page.h1} h1 headings")
    if len(html.encode()) > MAX_BYTES:
        faults.append(f"{len(html.encode())} bytes")
    if faults:
        raise ReportError(
            f"page {name}",
            f"one h1, a lang, labelled figures, nothing from outside, {MAX_BYTES} bytes at most",
            "; ".join(dict.fromkeys(faults)),
            "The last good page stays; mend the notebook or the template.",
        )
