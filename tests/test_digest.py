"""The week's mail: what the page says, in a form that every mail program shows."""

import copy
import dataclasses
import re
from html import unescape
from html.parser import HTMLParser

import pytest
from small_workbook import make_workbook, rows

import tallysheet as ts
from tallysheet.errors import DataError, ReportError
from tallysheet.publish.digest import as_html, as_text, check_digest, digest_of
from tallysheet.settings import read_settings
from tallysheet.sources import workbook_language

LINK = "https://reports.example.org/x/2026-W21/weekly_review.html"
ALLOWED = set("html head meta title body table tr td th p h1 h2 b a div".split())


class Seen(HTMLParser):
    """Collects the tags of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []

    def handle_starttag(self, tag, attrs):
        """Note one."""
        self.tags.append((tag, dict(attrs)))


def seen(html):
    parser = Seen()
    parser.feed(html)
    return parser.tags


def plain(html):
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


@pytest.fixture(scope="module")
def week(tmp_path_factory):
    data = make_workbook(tmp_path_factory.mktemp("workbook"))
    return ts.open_week("2026-W21", data=str(data), base="last-4")


@pytest.fixture(params=["en", "fr"])
def digest(week, request):
    return digest_of(week, workbook_language(week.settings, request.param), "weekly_review.html")


def test_the_digest_says_what_the_page_says(week):
    """Headline, lines of what stands out and count line, word for word."""
    told = digest_of(week, week.language, "weekly_review.html")
    page = plain(week.opening().html)
    mail = plain(as_html(told, "digest.html"))

    assert told.exceptions
    for sentence in (told.fact, told.cause, told.count, *(one.sentence for one in told.exceptions)):
        assert " ".join(sentence.split()) in page
        assert " ".join(sentence.split()) in mail
    for one in told.exceptions:
        assert all(verdict.word in page for verdict in one.verdicts)


def test_text_and_html_say_the_same(digest):
    """Only the marks of titles and lists are the text's own."""
    text = " ".join(line.lstrip("* ") for line in as_text(digest).split("\n"))
    mail = plain(as_html(digest, "digest.html"))

    for sentence in (digest.fact, digest.cause, digest.count, digest.footer, digest.dates):
        assert " ".join(sentence.split()) in " ".join(text.split())
        assert " ".join(sentence.split()) in mail


def test_a_mail_program_shows_it(digest):
    """Tables and inline styles, no class, nothing to load, one h1, its language, light."""
    html = as_html(digest, "digest.html")
    tags = seen(html)
    names = [tag for tag, _ in tags]

    assert set(names) <= ALLOWED
    assert names.count("h1") == 1
    assert ("html", {"lang": digest.lang}) in tags
    assert not {"class", "id", "src", "href"} & {name for _, given in tags for name in given}
    assert "http" not in html
    assert len(html.encode()) < 100_000
    assert "max-width:600px" in html


def test_it_says_where_the_page_is(week):
    """A link where the workbook has an address; else the path, and no link."""
    without = digest_of(week, week.language, "weekly_review.html")
    linked = digest_of(week, week.language, "weekly_review.html", "https://reports.example.org/x/")

    assert "reports/2026-W21/weekly_review.html" in as_html(without, "digest.html")
    assert "<a " not in as_html(without, "digest.html")
    assert [given["href"] for tag, given in seen(as_html(linked, "d")) if tag == "a"] == [LINK]
    assert f"\n{LINK}\n" in as_text(linked)


def test_a_workbook_beside_others_names_its_own_folder(week):
    """In the path and in the link."""
    week = copy.copy(week)
    week.settings = dataclasses.replace(week.settings, data=week.settings.data / "mine")
    told = digest_of(week, week.language, "weekly_review.html", "https://reports.example.org/x/")

    assert told.page_link == LINK.replace("/2026", "/mine/2026")
    assert "reports/mine/2026-W21/weekly_review.html" in told.page_path


def test_the_text_is_72_columns_wide(digest):
    """Also where names are long."""
    assert max(map(len, as_text(digest).splitlines())) <= 72
    assert not any(line != line.rstrip() for line in as_text(digest).splitlines())


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "N" * 200, '"><a href="http://x.org">', "{page}"]
)
def test_hostile_names_stay_text(tmp_path, name):
    """A carrier's name is shown as text, and breaks no line."""
    lines = [[cell.replace("BRV", name) for cell in line] for line in rows()]
    opened = ts.open_week("2026-W21", data=str(make_workbook(tmp_path, lines)), base="last-4")
    told = digest_of(opened, opened.language, "weekly_review.html")
    html = as_html(told, "digest.html")

    assert "<script" not in html
    assert "<a " not in html
    assert "".join(name.split()) in "".join(unescape(html).split())
    assert max(map(len, as_text(told).splitlines())) <= 72


def test_a_quiet_week_has_no_lists(tmp_path):
    """Nothing stands out, so there is neither a list nor a table of it."""
    calm = [
        [*line[:4], f"{line[3]} 12:00:00" if index % 10 else line[4]] for index, line in enumerate(rows(19))
    ]
    opened = ts.open_week("2026-W20", data=str(make_workbook(tmp_path, calm)), base="last-4")
    told = digest_of(opened, opened.language, "weekly_review.html")

    assert told.exceptions == ()
    assert "<h2" not in as_html(told, "digest.html")
    assert "<th" not in as_html(told, "digest.html")
    assert told.fact in " ".join(as_text(told).split())


@pytest.mark.parametrize(
    "piece",
    [
        "<style>p{color:red}</style>",
        '<p class="x">x</p>',
        '<div style="display:flex">x</div>',
        '<div style="display: grid">x</div>',
        '<img src="data:," alt="a b">',
        '<a href="https://example.org">x</a>',
        "<script>1</script>",
        "x" * 100_000,
    ],
)
def test_what_a_mail_program_would_not_show_is_refused(piece):
    """Rather than sent."""
    page = '<html lang="en"><body><h1>Week</h1>{}</body></html>'

    check_digest("digest.html", page.replace("{}", f'<a href="{LINK}">page</a>'), LINK)
    with pytest.raises(ReportError, match=r"digest\.html"):
        check_digest("digest.html", page.replace("{}", piece), LINK)


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "reports", 'https://x.org/"onclick', "https://a b"]
)
def test_the_address_of_the_reports_is_one(tmp_path, address):
    """What is no address of the web is refused where it is read."""
    path = make_workbook(tmp_path) / "workbook.toml"
    path.write_text(f"base_url = '{address}'\n{path.read_text()}", encoding="utf-8")

    with pytest.raises(DataError, match="base_url: expected an address"):
        read_settings(tmp_path / "data")
