"""The numbers in a page's sentences, looked up in the week's tables before anybody reads them."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser

from tallysheet.errors import ReportError
from tallysheet.language import Language
from tallysheet.publish.checks import VOID
from tallysheet.publish.sheets import Cell, Figure
from tallysheet.publish.week_tables import WeekTables

_NUMBER = re.compile(
    r"(?<![\w.,:/-])(\d+(?:[,\u202f\u00a0]\d{3})*(?:[.,]\d+)?)(?:[\u202f\u00a0 ]?(%))?(?![\w/-])"
)
_BARE = re.compile(r"\d{1,2}|100|\d{4,}")
"""Numbers that measure nothing: counts of weeks and parts, days, the hundred of rates, and years."""
PAGE = "page"
"""Whom sentences speak of that are in no KPI's section: the page's own tables hold their numbers."""
PART = "part"
"""How the names of sections begin that split a part of a KPI: the page's own tables hold their numbers."""


@dataclass
class Known:
    """What the week's tables hold of one KPI, as printed: its figures, and names with digits in them."""

    figures: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)

    def and_of(self, *others: Known) -> Known:
        """Put what is known of several together."""
        return Known(
            self.figures.union(*(other.figures for other in others)),
            self.names.union(*(other.names for other in others)),
        )


def known_of(
    tables: WeekTables, witnesses: Mapping[str, Iterable[str]], language: Language
) -> dict[str, Known]:
    """Gather what a week's tables hold of each KPI and of its witnesses, which are told beside it.

    Parameters
    ----------
    tables : WeekTables
    witnesses : mapping of str to iterable of str
        By slug.
    language : Language
    """
    own: dict[str, Known] = {}
    for table in tables.results:
        for *cells, slug in table.rows:
            _note(own.setdefault(str(slug), Known()), cells, language)
    return {
        slug: one.and_of(*(own[other] for other in witnesses.get(slug, ()) if other in own))
        for slug, one in own.items()
    }


def known_of_page(html: str) -> Known:
    """Gather what the tables of a page hold, as printed.

    Examples
    --------
    >>> known_of_page("<table><tr><td>€1,200</td><td>14%</td></tr></table>").figures == {"1,200", "14%"}
    True
    """
    page = _Cells()
    page.feed(html)
    page.close()
    return Known(figures=set(_numbers(" ; ".join(page.found))))


def _note(known: Known, cells: Sequence[Cell], language: Language) -> None:
    euros = [one.number for one in cells if isinstance(one, Figure) and one.unit == "euro" and not one.signed]
    for ends in itertools.combinations(euros, 2):
        # One end of a range may be written otherwise than alone.
        known.figures.update(_numbers(language.interval(*ends, "euro")))
    for cell in cells:
        if isinstance(cell, Figure):
            write = language.change if cell.signed else language.value
            for number in (cell.number, cell.number if cell.printed is None else cell.printed):
                known.figures.update(_numbers(write(number, cell.unit)))
                if cell.signed:
                    known.figures.update(_numbers(language.size(number, cell.unit)))
        elif isinstance(cell, str) and any(letter.isdigit() for letter in cell):
            known.names.add(cell)


def _numbers(text: str) -> list[str]:
    return [f"{number}{percent}" for number, percent in _NUMBER.findall(text)]


class _Cells(HTMLParser):
    """Collects the texts of a page's tables."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._depth += tag == "table"

    def handle_endtag(self, tag: str) -> None:
        self._depth -= tag == "table"

    def handle_data(self, data: str) -> None:
        if self._depth:
            self.found.append(data)


class _Sentences(HTMLParser):
    """Collects a page's sentences, each with the KPI that it speaks of."""

    def __init__(self, lead: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, str]] = []
        self._lead, self._linked = lead, ""
        self._open: list[tuple[str, str]] = []  # tags, each with the KPI of its section
        self._sentence = 0  # how many tags are open where the sentence began

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in VOID:
            return
        if tag == "small":  # stands below, not behind
            self.handle_data(" ")
        given = {name: value or "" for name, value in attrs}
        section = self._open[-1][1] if self._open else ""
        if tag == "section":
            section = given.get("id", "").partition("-")[0]
        if tag == "a" and given.get("href", "").startswith("#"):
            self._linked = given["href"][1:]
        self._open.append((tag, section))
        slug = self._slug(tag, given.get("class", ""), section)
        if slug and not self._sentence:
            self._sentence = len(self._open)
            self.found.append((slug, ""))

    def _slug(self, tag: str, kind: str, section: str) -> str:
        """Give the KPI of a sentence that begins; none where no sentence does."""
        inside = {name for name, _ in self._open}
        if tag == "p" and kind == "headline":
            return self._lead
        if tag == "p" and kind == "" and not inside & {"figure", "figcaption", "table", "footer"}:
            return section or ("" if "details" in inside else PAGE)
        return self._linked if tag == "span" and kind in ("figure", "why") and "li" in inside else ""

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass
        if len(self._open) < self._sentence:
            self._sentence = 0

    def handle_data(self, data: str) -> None:
        if self._sentence:
            slug, text = self.found[-1]
            self.found[-1] = slug, f"{text}{data}"


def check_numbers(name: str, html: str, known: Mapping[str, Known], lead: str) -> None:
    """Refuse a page with a number in a sentence that no table of the week holds.

    Looked at are the headline, the lines of what stands out, and the paragraphs of cards and parts; each
    number must be printed so in the scorecard, the parts, the segments or the causes of the KPI that the
    sentence speaks of, or of its witnesses: these tables are in tables.xlsx beside the page. A sentence in no
    KPI's section is held against ``known[PAGE]``, where that is given. A percentage must be one there.

    Not looked at are the line that counts flags, notes and captions (how limits were made, rounded closures),
    and whole numbers that measure nothing: up to 99 without a unit (counts of weeks and parts, days of a
    month), 100 (rates are for a hundred), and four digits without a separator (years). Digits inside names
    and codes are none.

    Raises
    ------
    ReportError
        A number is in no table.
    """
    page = _Sentences(lead)
    page.feed(html)
    page.close()
    for slug, sentence in page.found:
        if slug in known:
            _check_sentence(name, slug, sentence, known[slug])


def _check_sentence(name: str, slug: str, sentence: str, known: Known) -> None:
    for one in sorted(known.names, key=len, reverse=True):
        sentence = re.sub(rf"(?<![\w.,]){re.escape(one)}(?![\w%]|[.,]\d)", "", sentence)
    wrong = [
        number for number in _numbers(sentence) if number not in known.figures and not _BARE.fullmatch(number)
    ]
    if wrong:
        raise ReportError(
            f"page {name}",
            f"numbers that the week's tables hold of {slug}",
            f"{', '.join(wrong)} in: {sentence.strip().rstrip('.')}",
            "The last good page stays; say it with a number of the result that the tables show.",
        )
