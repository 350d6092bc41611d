"""Pages can be read: on a phone, on a small screen, and in the first half minute."""

import pytest

from tallysheet.language import read_language
from tallysheet.publish.pages import export_page, notebook_of
from tallysheet.tables import exceptions_list, headline

pytestmark = pytest.mark.browser

WIDTH = "document.documentElement.scrollWidth"
CUT_TABLES = """[...document.querySelectorAll('.scroll')]
    .filter(one => one.scrollWidth > one.clientWidth)
    .map(one => one.getAttribute('aria-labelledby'))"""
# The size of every text as drawn: a drawing that is scaled down scales its letters too.
SMALL_TEXTS = """() => {
    const small = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const node = walker.currentNode, box = node.parentElement;
        if (!node.textContent.trim() || !box.getClientRects().length) continue;
        const drawing = box.closest('svg');
        const scale = drawing ? drawing.getBoundingClientRect().width / drawing.viewBox.baseVal.width : 1;
        const size = parseFloat(getComputedStyle(box).fontSize) * scale;
        if (size < 11.99) small.push(size + ' ' + node.textContent.slice(0, 40));
    }
    return small;
}"""
CHARTS = """[...document.querySelectorAll('.chart.narrow')].map(one =>
    [one, one.previousElementSibling].map(chart => chart.getClientRects().length > 0))"""


def test_no_sideways_scroll(pages, reader):
    """The page is as wide as the window, from the smallest phone on, with every fold open."""
    for name, path in pages.items():
        page = reader.open(path, unfold=True)
        for width in (1280, 1024, 640, 390, 320):
            page.set_viewport_size({"width": width, "height": 800})

            assert page.evaluate(WIDTH) <= width, name


@pytest.mark.parametrize("width", [390, 1280])
def test_no_table_is_cut_and_no_text_is_smaller_than_12_pixels(pages, reader, width):
    """Nothing of a table has to be scrolled to; letters in drawings count as drawn."""
    for name, path in pages.items():
        page = reader.open(path, width=width, unfold=True)

        assert page.evaluate(CUT_TABLES) == [], name
        assert page.evaluate(SMALL_TEXTS) == [], name


def test_a_digest_fits_the_window_of_a_mail(fresh, reader):
    """Nothing scrolls sideways at 390 or 600 pixels, and no text is smaller than 13 pixels."""
    digests = [path for path in fresh.values() if path.name.startswith("digest")]
    sizes = "[...document.querySelectorAll('p,th')].map(one => parseFloat(getComputedStyle(one).fontSize))"

    assert digests
    for path in digests:
        for width in (390, 600):
            page = reader.open(path, width=width)
            assert page.evaluate(WIDTH) <= width
            assert min(page.evaluate(sizes)) >= 13


def test_each_chart_is_drawn_for_its_width(fresh, reader):
    """A phone shows the narrow drawing, a screen the wide one."""
    reviews = [path for path in fresh.values() if path.name.startswith("weekly_review")]
    for width, drawn in ((390, [True, False]), (1280, [False, True])):
        charts = [reader.open(path, width=width, unfold=True).evaluate(CHARTS) for path in reviews]

        assert all(charts)
        assert all(shown == drawn for page in charts for shown in page)


def test_what_is_too_wide_or_too_small_is_seen(reader, tmp_path):
    """The tests above would fail on such a page."""
    path = tmp_path / "page.html"
    path.write_text(
        "<!doctype html><div style='width: 3000px'>far</div><p style='font-size: 10px'>small</p>"
        "<div class=scroll aria-labelledby=wide style='overflow: auto'>"
        "<p style='width: 4000px'>wide</p></div>"
        "<svg width=50 height=50 viewBox='0 0 100 100'><text y=50 font-size=16>drawn</text></svg>",
        encoding="utf-8",
    )
    page = reader.open(path)

    assert page.evaluate(WIDTH) >= 3000
    assert page.evaluate(CUT_TABLES) == ["wide"]
    assert page.evaluate(SMALL_TEXTS) == ["10 small", "8 drawn"]


def test_the_first_screen_holds_headline_exceptions_and_count(pages, reader):
    """At 1280 x 800 the 30-second part needs no scrolling."""
    reviews = {name: path for name, path in pages.items() if path.name.startswith("weekly_review")}
    for name, path in reviews.items():
        assert _end_of_opening(reader.open(path)) <= 800, name


def test_the_first_screen_has_room_for_five_exceptions(reader, tmp_path):
    """Of two lines each, under a headline of two lines."""
    language = read_language("en")
    exception = {
        "anchor": "kpi",
        "name": "First-attempt success",
        "value": "91.9%",
        "change": "−1.8 pp on four weeks",
        "verdicts": ["worse", "hit_or_miss"],
        "sentence": "One hub was shut from Tuesday to Friday, which is 1.1 points of it; "
        "a public holiday explains 0.4.",
        "scope": None,
        "rising": False,
    }
    pieces = [
        '<div class="introduction"><h2>What moved this week?</h2><p>For whoever answers for it.</p></div>',
        headline("On-time delivery fell 1.8 points to 91.9%. " * 2, "One hub explains most.", language).html,
        exceptions_list([exception] * 5, language).html,
        '<p class="count">4 flags; about 1 expected by chance; 30 routine; 7 not known yet.</p>',
    ]
    page = {
        "lang": "en",
        "title": "Week 14 of 2026",
        "product": "tallysheet",
        "report": "Weekly review",
        "h1": "Week 14 of 2026",
        "subtitle": "Monday 30 March to Sunday 5 April 2026",
        "badges": [("tick", "all rows good")],
        "links": [("#main", "All weeks")],
        "languages": [],
        "footer": [],
        "words": language.words["page"],
    }
    notebook = notebook_of(*pieces)
    path = tmp_path / "page.html"
    path.write_text(export_page(notebook, page), encoding="utf-8")

    assert _end_of_opening(reader.open(path)) <= 800


def _end_of_opening(page) -> float:
    boxes = [page.locator(part).first.bounding_box() for part in (".headline", ".count")]
    assert boxes[0]["y"] >= 0
    return boxes[1]["y"] + boxes[1]["height"]
