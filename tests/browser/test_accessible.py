"""Pages can be used with a screen reader and a keyboard: axe-core, and what axe cannot see."""

import os

import pytest
from axe_playwright_python.sync_playwright import Axe

pytestmark = pytest.mark.browser

SOAK = os.environ.get("TALLYSHEET_SOAK") == "1"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
ALL = {"runOnly": {"type": "tag", "values": TAGS}, "resultTypes": ["violations"]}
# What alone depends on both, the width and the scheme.
BOTH = {"runOnly": {"type": "rule", "values": ["color-contrast"]}, "resultTypes": ["violations"]}

# Things a page may not have, as an expression that lists them.
FAULTS = {
    "no lang": "document.documentElement.lang ? [] : ['html']",
    "not one h1": "[...document.querySelectorAll('h1')].length === 1 ? [] : ['h1']",
    "a drawing neither labelled nor hidden": """[...document.querySelectorAll('svg')].filter(one =>
        !one.closest('[aria-hidden=true]') && !(one.ariaLabel || one.getAttribute('aria-labelledby')))
        .map(one => one.outerHTML.slice(0, 80))""",
    "a picture without a sentence": """[...document.querySelectorAll('img')]
        .filter(one => !one.alt.includes(' ')).map(one => one.outerHTML.slice(0, 80))""",
    "a table without a name": """[...document.querySelectorAll('table:not([role=presentation])')]
        .filter(one => !(one.caption?.textContent.trim() || one.ariaLabel)).map(one => one.id)""",
    "a header without a scope": """[...document.querySelectorAll('th:not([scope=col], [scope=row])')]
        .map(one => one.textContent)""",
    "a row without a header": """[...document.querySelectorAll('table:not([role=presentation]) tr')]
        .filter(one => !one.querySelector('th')).map(one => one.textContent.slice(0, 80))""",
    "a heading level left out": """[...document.querySelectorAll('h1, h2, h3, h4, h5, h6')]
        .filter((one, at, all) => at && one.tagName[1] - all[at - 1].tagName[1] > 1)
        .map(one => one.textContent)""",
}
# What has the focus, and whether one sees that.
FOCUS = """() => {
    const style = getComputedStyle(document.activeElement);
    const seen = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
    return [document.activeElement.outerHTML.slice(0, 80), seen];
}"""


def found(page) -> dict[str, list[str]]:
    return {fault: places for fault, script in FAULTS.items() if (places := page.evaluate(script))}


def violations(page, options=ALL) -> list[str]:
    results = Axe().run(page, options=options).response["violations"]
    return [f"{one['id']}: {node['html'][:120]}" for one in results for node in one["nodes"]]


@pytest.mark.parametrize(
    ("width", "scheme", "rules"),
    [
        (1280, "light", ALL),
        (390, "dark", ALL),
        *([(1280, "dark", BOTH), (390, "light", BOTH)] if SOAK else []),
    ],
)
def test_axe_finds_nothing(pages, reader, width, scheme, rules):
    """WCAG 2.2 A and AA and best practices, every fold open: reports, mails, the page of all weeks.

    `make soak` looks at colours in all four; what is folded away has those of what is not.
    """
    found_on = {}
    for name, path in pages.items():
        page = reader.open(path, width=width, scheme=scheme, unfold=rules is ALL, bypass_csp=True)
        found_on[name] = violations(page, rules)
    assert {name: faults for name, faults in found_on.items() if faults} == {}


def test_outline_drawings_and_tables_are_named(pages, reader):
    """Language, one h1, no heading level left out, every drawing, picture and table with its words."""
    assert {name: faults for name, path in pages.items() if (faults := found(reader.open(path)))} == {}


def test_a_page_with_every_fault_is_seen(reader, tmp_path):
    """The two tests above would fail on it."""
    path = tmp_path / "page.html"
    path.write_text(
        "<h2>a</h2><h4>b</h4><svg></svg><img alt=x><p style='color: #ddd'>pale</p>"
        "<table><tr><th>d</th></tr><tr><td>e</td></tr></table>",
        encoding="utf-8",
    )
    page = reader.open(path)

    assert found(page).keys() == FAULTS.keys()
    assert {fault.partition(":")[0] for fault in violations(page)} >= {"html-has-lang", "color-contrast"}


def test_the_keyboard_reaches_everything_and_is_seen(site, reader):
    """Tab shows the skip link, Enter moves into the page, and each Tab from there shows where it is."""
    for name, path in site.items():
        page = reader.open(path)
        page.keyboard.press("Tab")
        link = page.locator(":focus")
        assert link.get_attribute("class") == "skip", name
        assert link.bounding_box()["x"] >= 0, name

        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main", name

        page.keyboard.press("Tab")
        assert page.locator("main :focus").count() == 1, name
        for _ in range(20):
            what, seen = page.evaluate(FOCUS)
            assert seen or what.startswith("<body"), f"{name}: {what}"
            page.keyboard.press("Tab")


def test_tables_stay_tables_on_a_phone(fresh, reader):
    """Rows are laid out as a small grid there, and still read as rows with their headers."""
    # Chromium takes seconds to list all that a screen reader finds on a page of all KPIs.
    for name, path in fresh.items():
        if not name.startswith("hostile"):
            continue
        roles = [_roles(reader.open(path, width=width, unfold=True)) for width in (1280, 390)]

        assert roles[0] == roles[1], name
        assert roles[0]["row"] > 0, name


def _roles(page) -> dict[str, int]:
    nodes = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")["nodes"]
    names = [node["role"]["value"] for node in nodes if not node["ignored"]]
    return {role: names.count(role) for role in ("table", "row", "columnheader", "rowheader", "cell")}
