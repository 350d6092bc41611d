"""The week in a mail: the page's own sentences and numbers as plain HTML and as text."""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from typing import Any

import tallysheet
from tallysheet import opening, say
from tallysheet.comparison import Explanation
from tallysheet.errors import ReportError
from tallysheet.language import Language
from tallysheet.marks import target_word, verdict_of
from tallysheet.publish.checks import check_page
from tallysheet.tables import TEMPLATE
from tallysheet.week import Week

MAX_BYTES = 100_000
"""Mail programs cut what is longer."""
COLUMNS = 72
"""Of the text."""

_NOT_IN_A_MAIL = re.compile(r"<(style|link|img|svg|script)\b|\s(class|id)=|:\s*(inline-)?(flex|grid)\b")
_COLOURS = {
    **dict.fromkeys(("better", "pass", "met_now"), "#0059a8"),
    **dict.fromkeys(("worse", "fail", "missed_now"), "#b34700"),
}
_GREY = "#595959"


@dataclass(frozen=True)
class VerdictWord:
    """A verdict's word, and its colour where there is colour."""

    word: str
    colour: str


@dataclass(frozen=True)
class Exceptional:
    """A KPI that stands out, in words: as the page's opening and its scorecard say it."""

    name: str
    value: str
    line: str
    change: str
    range: str
    verdicts: tuple[VerdictWord, ...]
    sentence: str


@dataclass(frozen=True)
class Digest:
    """What a week's mail says, in the order of its reading.

    Parameters
    ----------
    lang, title, report, heading, dates : str
        Language, the document's title, name of the report, the week in words, its days and the time of the
        data.
    fact, cause : str
        The headline.
    exceptions : tuple of Exceptional
        None in a quiet week.
    count : str
        How many flags there are, and how many were to be expected.
    headers : tuple of str
        Of the scorecard of those that stand out: name, week, change, usual range.
    page_path, page_link : str
        Where the whole page is: a sentence with its path, and its address if there is one, else empty.
    footer : str
    words : dict of str to str
        Titles of the sections (exceptions, flagged) and of the link (page).
    """

    lang: str
    title: str
    report: str
    heading: str
    dates: str
    fact: str
    cause: str
    exceptions: tuple[Exceptional, ...]
    count: str
    headers: tuple[str, str, str, str]
    page_path: str
    page_link: str
    footer: str
    words: dict[str, str]


def digest_of(week: Week, language: Language, page_file: str, base_url: str = "") -> Digest:
    """Gather what a week's mail says.

    Parameters
    ----------
    week : Week
    language : Language
    page_file : str
        Name of the page that people open, in the week's folder.
    base_url : str
        Where the folder of reports can be reached; empty: nowhere.
    """
    text, explanations = language.text, week.explanations
    heading = text("page.heading", number=week.week.number, year=week.week.year)
    fact, cause = opening.first_sentences(week.told, language)
    page = week.settings.reports / str(week.week) / page_file
    path = page.relative_to(week.settings.root / "reports").as_posix()
    return Digest(
        lang=language.code,
        title=text("page.title", report=text("digest.name"), week=heading),
        report=text("digest.name"),
        heading=heading,
        dates=text(
            "page.as_of",
            week=language.week(week.week),
            day=language.day(week.cube.as_of.date(), year=True),
            time=f"{week.cube.as_of:%H:%M}",
        ),
        fact=fact,
        cause=cause,
        exceptions=tuple(
            _exceptional(explanations[item["anchor"]], item, language)
            for item in opening.exceptions(week.told, language)
        ),
        count=" ".join(
            filter(None, [opening.more(week.told, language), opening.count_line(week.told, language)])
        ),
        headers=(
            text("scorecard.kpi"),
            language.week_code(week.week),
            text("scorecard.on_base", base=say.base(week.told.fullest, language, short=True)),
            text("scorecard.range"),
        ),
        page_path=text("digest.page_at", path=f"reports/{path}"),
        page_link=f"{base_url.rstrip('/')}/{path}" if base_url else "",
        footer=text(
            "page.made",
            version=tallysheet.__version__,
            base=say.base(week.told.fullest, language),
            state=week.ledger.state,
        ),
        words={
            "exceptions": text("digest.exceptions"),
            "flagged": text("digest.flagged"),
            "page": text("digest.page"),
        },
    )


def _exceptional(explanation: Explanation, item: dict[str, Any], language: Language) -> Exceptional:
    unit, judgement = explanation.kpi.unit, explanation.judgement
    words = [*item["verdicts"], target_word(explanation)]
    return Exceptional(
        name=item["name"],
        value=item["value"],
        line=language.text(
            "digest.line" if item["change"] else "digest.line_alone",
            **{key: item[key] for key in ("name", "value", "change")},
        ),
        change=language.change(explanation.change, unit),
        range=language.interval(judgement.lower, judgement.upper, unit)
        if judgement.variation != "not_known"
        else language.text(f"verdict.{verdict_of(explanation)}"),
        verdicts=tuple(
            VerdictWord(language.text(f"verdict.{word}"), _COLOURS.get(word, _GREY))
            for word in words
            if word != "none"
        ),
        sentence=item["sentence"],
    )


def as_html(digest: Digest, name: str) -> str:
    """Write a digest for mail programs: tables and inline styles, nothing to load.

    Parameters
    ----------
    digest : Digest
    name : str
        Of the file.

    Raises
    ------
    ReportError
        It holds what a mail program would not show, or is too long.
    """
    from jinja2 import Environment, FileSystemLoader

    loader = FileSystemLoader(str(TEMPLATE))
    template = Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True)
    html = template.get_template("digest.html.j2").render(digest=digest).strip() + "\n"
    check_digest(name, html, digest.page_link)
    return html


def check_digest(name: str, html: str, page_link: str) -> None:
    """Refuse a digest that a mail program would not show whole; the one address it may hold is the page's.

    Raises
    ------
    ReportError
        It does not pass.
    """
    check_page(name, html.replace(f'href="{page_link}"', "") if page_link else html)
    found = _NOT_IN_A_MAIL.search(html)
    size = len(html.encode())
    if found or size > MAX_BYTES:
        raise ReportError(
            f"page {name}",
            f"tables and inline styles only, {MAX_BYTES} bytes at most",
            found.group().strip() if found else f"{size} bytes",
            "The last good digest stays; mend the template.",
        )


def as_text(digest: Digest) -> str:
    """Write a digest as plain text, 72 columns wide; only an address may be longer."""
    blocks = [
        [digest.report, digest.heading, *_folded(digest.dates)],
        _folded(digest.fact),
        _folded(digest.cause),
    ]
    if digest.exceptions:
        blocks.append(_underlined(digest.words["exceptions"]))
        blocks += [_told(one) for one in digest.exceptions]
    blocks.append(_folded(digest.count))
    if digest.exceptions:
        blocks += [_underlined(digest.words["flagged"]), _scorecard(digest)]
    where = [digest.words["page"], digest.page_link] if digest.page_link else _folded(digest.page_path)
    blocks += [where, _folded(digest.footer)]
    return "\n\n".join("\n".join(lines) for lines in blocks if any(lines)) + "\n"


def _told(one: Exceptional) -> list[str]:
    words = ", ".join(verdict.word for verdict in one.verdicts)
    return [
        *_folded(one.line, "* ", "  "),
        *_folded(words, "  ", "  "),
        *_folded(one.sentence, "  ", "  "),
    ]


def _scorecard(digest: Digest) -> list[str]:
    """Set name, value and change in columns, and the usual range below, where any has room."""
    rows = [digest.headers, *((one.name, one.value, one.change, one.range) for one in digest.exceptions)]
    values, changes = (max(len(row[place]) for row in rows) for place in (1, 2))
    room = COLUMNS - values - changes - 4
    lines = []
    for name, value, change, usual in rows:
        first, *others = textwrap.wrap(name, room, break_on_hyphens=False) or [""]
        lines.append(f"{first:<{room}}  {value:>{values}}  {change:>{changes}}")
        lines += [*others, *_folded(usual, "  ", "  ")]
    return lines


def _underlined(title: str) -> list[str]:
    return [title, "-" * len(title)]


def _folded(text: str, first: str = "", other: str = "") -> list[str]:
    return textwrap.wrap(text, COLUMNS, initial_indent=first, subsequent_indent=other, break_on_hyphens=False)
