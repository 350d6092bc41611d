"""Pages can be printed: A4 landscape, all that is folded away, no table cut, no heading left alone."""

import re

import pandas as pd
import pypdfium2
import pytest

from browser.readers import Reader
from tallysheet.language import read_language
from tallysheet.tables import TEMPLATE, Column, Html, details, paragraph, render_table, section

pytestmark = pytest.mark.browser

MILLIMETRE = 72 / 25.4
MARGIN = 12 * MILLIMETRE
# What is between the margins of A4 landscape, in CSS pixels.
PAPER_WIDTH = 1032
HEADINGS = "all => all.map(one => one.textContent.trim())"
FOLDED = "all => all.map(one => one.getBoundingClientRect().height)"
CORNERS = """all => all
    .flatMap(one => [one.tHead.rows[0].lastElementChild, one.rows[one.rows.length - 1].cells[0]])
    .map(one => one.textContent.trim())"""


def squeezed(text: str) -> str:
    """Leave out blanks, as paper breaks lines where it likes, and letters that paper has in another order."""
    return re.sub(r"[\s\u0590-\u05ff\u2066-\u2069]", "", text)


def prints(page) -> list[tuple[str, float, tuple[float, float]]]:
    """Give of each sheet its text, how far to the right it goes, and the sheet's size, in points."""
    document = pypdfium2.PdfDocument(page.pdf(prefer_css_page_size=True, print_background=True))
    sheets = []
    for sheet in document:
        letters = sheet.get_textpage()
        text = letters.get_text_range()
        right = max(
            letters.get_charbox(place)[2] for place, letter in enumerate(text) if not letter.isspace()
        )
        sheets.append((text, right, sheet.get_size()))
    document.close()
    return sheets


@pytest.fixture(scope="module")
def printed(site, browser):
    """Give of each page the words of its headings, those of its tables' corners, and its sheets."""
    reader, found = Reader(browser), {}
    for name, path in site.items():
        page = reader.open(path, media="print")
        headings = page.eval_on_selector_all("h1, h2, h3, h4, dt", HEADINGS)
        found[name] = headings, page.eval_on_selector_all("table", CORNERS), prints(page)
    reader.close()
    return found


def test_paper_holds_the_whole_page(printed):
    """Every heading, and the last column and the last row of every table, also of those folded away."""
    for name, (headings, corners, sheets) in printed.items():
        paper = squeezed("".join(text for text, *_ in sheets))

        assert headings, name
        assert corners, name
        assert [text for text in headings + corners if squeezed(text) not in paper] == [], name


def test_nothing_is_cut_at_the_right_edge(printed):
    """A4 landscape; every letter is between the margins."""
    for name, (_, _, sheets) in printed.items():
        for number, (_, right, (width, height)) in enumerate(sheets, start=1):
            assert (round(width), round(height)) == (842, 595), name
            assert right <= width - MARGIN + 1, f"{name}, sheet {number}"


def test_the_first_sheet_of_a_review_goes_on_below_its_opening(printed):
    """The table of all KPIs begins there, and is not kept for a sheet that would hold it whole."""
    whole = [sheets for *_, sheets in printed.values() if len(sheets) > 1]
    heads = [squeezed(read_language(code).words["scorecard"]["history"]) for code in ("en", "fr")]
    begun = [sheets for sheets in whole if any(head in squeezed(sheets[1][0]) for head in heads)]

    assert begun
    for sheets in begun:
        assert any(head in squeezed(sheets[0][0]) for head in heads)


def test_a_table_on_several_sheets_has_its_whole_head_on_each(printed):
    """Headers that sort by a click are printed on the second sheet too, beside those that do not."""
    heads = [read_language(code).words["scorecard"] for code in ("en", "fr")]
    pairs = [(squeezed(head["history"]), squeezed(head["maturity"])) for head in heads]
    texts = [squeezed(text) for *_, sheets in printed.values() for text, *_ in sheets]
    found = [(text, last) for text in texts for plain, last in pairs if plain in text]

    assert len(found) > 1
    assert all(last in text for text, last in found)


def test_no_heading_stands_alone_at_the_end_of_a_sheet(printed):
    """What it announces follows on the same sheet."""
    for name, (headings, _, sheets) in printed.items():
        announced = {squeezed(text) for text in headings}
        ends = [text.strip().splitlines()[-1] for text, *_ in sheets]

        assert [end for end in ends if squeezed(end) in announced] == [], name


def test_a_section_too_tall_for_a_sheet_begins_below_what_is_above_it(browser, tmp_path):
    """Its chart and 53 weeks fit on no sheet: a sheet of two lines was left before it."""
    weeks = pd.DataFrame({"week": [f"Week {number}" for number in range(1, 54)]})
    data = render_table(
        weeks, [Column("week", "Week")], caption="", language=read_language("en"), name="weeks"
    )
    folded = details("Data", data).html.replace("<details", '<details class="data"', 1)
    chart = '<svg class="chart wide" viewBox="0 0 1000 300" width="1000" height="300"></svg>'
    drawn = Html(f'<figure><h4>Drawn</h4><p class="note">By week</p>{chart}{folded}</figure>')
    tall = section("Transit", paragraph("Known."), drawn, name="transit", level=3)
    style = "".join((TEMPLATE / name).read_text(encoding="utf-8") for name in ("style.css", "page.css"))
    path = tmp_path / "tall.html"
    path.write_text(
        f'<style>{style}</style><div class="page">{paragraph("Nothing is proven.").html}{tall.html}</div>',
        encoding="utf-8",
    )
    reader = Reader(browser)
    first, *others = (text for text, *_ in prints(reader.open(path, media="print")))
    reader.close()

    assert all(text in first for text in ("Nothing is proven.", "Transit", "Known.", "Drawn", "By week"))
    assert any("Week 53" in text for text in others)


def test_paper_shows_what_is_folded_away_and_shrinks_nothing(site, reader):
    """Folds are open, links to other pages left out, black is on white, all fits the paper's width."""
    for name, path in site.items():
        page = reader.open(path, width=PAPER_WIDTH, media="print", scheme="dark")
        heights = page.eval_on_selector_all("details > div", FOLDED)
        paper = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")

        assert all(height > 0 for height in heights), name
        assert paper == "rgb(255, 255, 255)", name
        assert page.locator("nav:visible").count() == 0, name
        # Chromium makes everything smaller when one thing is too wide.
        assert page.evaluate("document.documentElement.scrollWidth") <= PAPER_WIDTH, name
        assert page.evaluate("getComputedStyle(document.documentElement).fontSize") == "12.8px", name
