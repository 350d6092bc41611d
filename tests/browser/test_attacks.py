"""Names from extracts may hold anything: they are shown as they are, and do nothing."""

import pytest

from browser import hostile
from tallysheet.publish.script import script

pytestmark = pytest.mark.browser

ACTIVE = """[...document.querySelectorAll('*')].filter(one =>
    one.matches('script, iframe, object, embed, form, base, foreignObject, [src=x], [href^="javascript:" i]')
    || [...one.attributes].some(attribute => attribute.name.startsWith('on')))
    .map(one => one.outerHTML.slice(0, 80))"""
# Letters that stand left of the one before, in a line that runs from left to right: its direction was turned.
TURNED = r"""() => {
    const turned = [], main = document.querySelector('main');
    const walker = document.createTreeWalker(main, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const node = walker.currentNode, text = node.textContent;
        if (!/[\u0590-\u05ff]/.test(text) || !node.parentElement.getClientRects().length) continue;
        const place = at => {
            const range = document.createRange();
            range.setStart(node, at);
            range.setEnd(node, at + 1);
            return range.getBoundingClientRect();
        };
        for (let at = 1; at < text.length; at++) {
            if (!/[ -~][ -~]/.test(text.slice(at - 1, at + 1))) continue;
            const [before, after] = [place(at - 1), place(at)];
            if (before.top === after.top && after.left < before.left) turned.push(text.slice(at - 1));
        }
        // On one line: a full stop may well begin the last of several.
        const [first, last] = [place(0), place(text.length - 1)];
        if (/[.]$/.test(text) && last.top === first.top && last.left < first.left) turned.push(text);
    }
    return turned;
}"""


@pytest.fixture(scope="module")
def attacked(fresh):
    return {name: path for name, path in fresh.items() if name.startswith("hostile")}


@pytest.fixture(scope="module")
def review(attacked):
    (path,) = (path for name, path in attacked.items() if path.name == "weekly_review.html")
    return path


def test_no_name_becomes_active(attacked, reader):
    """No element, no handler, no address, no dialogue, no request comes of a name."""
    for name, path in attacked.items():
        page = reader.open(path, unfold=True)
        own = [] if path.name.startswith("digest") else [f"<script>{script()}"[:80]]

        assert page.evaluate(ACTIVE) == own, name
        assert page.seen == [path.as_uri()], name


def test_every_name_is_shown_as_it_is(review, reader):
    """As text, in tables and in the words of drawings; only what would turn the line is left out."""
    page = reader.open(review)
    text = page.locator("main").text_content()
    labels = " ".join(page.eval_on_selector_all("svg[aria-label]", "all => all.map(one => one.ariaLabel)"))

    for shown in hostile.NAMES:
        plain = shown.replace("\u202e", "")
        assert plain in text
        assert plain in labels
    assert "\u202e" not in text + labels + page.title()


def test_headline_and_archive_name_the_cause_as_text(attacked, reader):
    """The culprit is called like a script: the page says so, and the page of all weeks stays whole."""
    headlines = [reader.open(path).locator(".headline").all_text_contents() for path in attacked.values()]
    (index,) = (path for path in attacked.values() if path.name == "index.html")

    assert any(hostile.LONG in text for texts in headlines for text in texts)
    assert reader.open(index).locator(".archive tbody tr").count() == 1


def test_a_name_from_right_to_left_leaves_the_sentence_as_it_is(review, reader):
    """What stands after the name stays after it."""
    page = reader.open(review)

    assert page.locator("main p", has_text="שליח").count() > 0
    assert page.evaluate(TURNED) == []


def test_a_turned_sentence_is_seen(reader, tmp_path):
    """The test above would fail on a name that is shown as it came."""
    path = tmp_path / "page.html"
    path.write_text(
        f"<meta charset=utf-8><main><p>By {hostile.BACKWARDS} in week 17.</p></main>", encoding="utf-8"
    )

    assert reader.open(path).evaluate(TURNED) != []


@pytest.mark.parametrize(("width", "media"), [(390, "screen"), (1280, "screen"), (1032, "print")])
def test_a_name_of_200_characters_widens_nothing(attacked, reader, width, media):
    """It is broken, on a phone, a screen and paper, in sentences and in tables."""
    for name, path in attacked.items():
        page = reader.open(path, width=width, media=media, unfold=True)
        wide = "[document.documentElement, ...document.querySelectorAll('.scroll')]"

        assert page.evaluate(f"{wide}.every(one => one.scrollWidth <= one.clientWidth)"), name
