"""The committed example page in a real browser: no request, no error, no sideways scroll, all on paper."""

import shutil
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "reports" / "example" / "weekly_review.html"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: apt-get install chromium"),
]


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture(
    params=[(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")], ids=lambda p: f"{p[0]}-{p[1]}"
)
def opened(browser, request):
    width, scheme = request.param
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme, offline=True)
    page = context.new_page()
    page.seen = []
    page.on("request", lambda asked: page.seen.append(asked.url))
    page.on("console", lambda message: page.seen.append(message.text))
    page.on("pageerror", lambda error: page.seen.append(str(error)))
    page.goto(PAGE.as_uri())
    yield page
    context.close()


def test_nothing_is_loaded_and_nothing_complains(opened):
    """The only request is the page itself; the console stays empty."""
    assert [url for url in opened.seen if not url.startswith("data:")] == [PAGE.as_uri()]


def test_no_sideways_scroll(opened):
    """The page is as wide as the window."""
    assert opened.evaluate("document.documentElement.scrollWidth") <= opened.viewport_size["width"]


def test_every_drawing_is_labelled_or_hidden(opened):
    """A screen reader finds a sentence, or is told to pass."""
    bare = opened.locator("svg:not([aria-label]):not([aria-labelledby]):not([aria-hidden=true])").count()

    assert bare == 0
    assert opened.locator("h1").count() == 1


def test_the_first_screen_holds_headline_exceptions_and_count(browser):
    """At 1280 x 800 the 30-second part needs no scrolling."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.goto(PAGE.as_uri())
    box = page.locator(".count").first.bounding_box()
    context.close()

    assert box["y"] + box["height"] <= 800


def test_paper_shows_what_is_folded_away(browser, tmp_path):
    """Print opens every fold."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(PAGE.as_uri())
    page.emulate_media(media="print")
    heights = page.eval_on_selector_all(
        "details > div", "all => all.map(one => one.getBoundingClientRect().height)"
    )
    context.close()

    assert heights
    assert min(heights) > 0
