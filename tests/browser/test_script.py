"""What the page's own script adds: tables that sort, a search for weeks; and nothing else runs."""

import datetime as dt
import re

import pandas as pd
import pytest

from tallysheet.language import read_language
from tallysheet.publish.pages import export_page, notebook_of
from tallysheet.tables import Column, render_table

pytestmark = pytest.mark.browser

ROWS = "all => all.map(one => one.cells[0].textContent)"
SIZES = "[...document.querySelectorAll('th')].map(one => [one.offsetWidth, one.offsetHeight])"
STATES = "all => all.map(one => one.getAttribute('aria-sort'))"


def page_of(tmp_path, lang):
    """Publish a table whose order is known by hand: by name, by value, and by a change in another unit."""
    language = read_language(lang)
    frame = pd.DataFrame(
        [
            ("Zürich", 1234.5, 0.021, (0.5, 0.9)),
            ("Évry", float("nan"), -0.021, (0.1, 0.2)),
            ("depot 10", -2.0, 0.0, (float("nan"), float("nan"))),
            ("depot 9", 12.25, -0.3, (0.098, 0.1)),
            ("Éole", 12345678.0, 0.0, (0.6, 0.7)),
        ],
        columns=["name", "cost", "change", "range"],
    )
    days = ["2026-11-30", "2026-12-01", "2026-11-27", "2027-01-04", "2026-11-02"]
    frame = frame.assign(day=days, told=[language.day(dt.date.fromisoformat(day)) for day in days])
    columns = [
        Column("name", "Name"),
        Column("cost", "Cost", "euro"),
        Column("change", "Change", "points"),
        Column("range", "Range", "range"),
        Column("told", "Until", order="day"),
    ]
    total = {"name": "Total", "cost": 0.0}
    table = render_table(frame, columns, caption="Costs", language=language, name="costs", total=total)
    page = {
        **{"lang": lang, "title": "x", "product": "x", "report": "x", "h1": "x", "subtitle": ""},
        **{"badges": [], "links": [], "languages": [], "footer": [], "words": language.words["page"]},
    }
    path = tmp_path / f"page.{lang}.html"
    path.write_text(export_page(notebook_of(table.html), page), encoding="utf-8")
    return path


PAGE = ["Zürich", "Évry", "depot 10", "depot 9", "Éole"]


@pytest.fixture(scope="session")
def reports(fresh):
    """Give the pages of reports; the page of all weeks holds one week here, which nothing can sort."""
    return {name: path for name, path in fresh.items() if not path.name.startswith(("index", "digest"))}


@pytest.mark.parametrize("lang", ["en", "fr"])
@pytest.mark.parametrize(
    ("column", "up", "down"),
    [
        (
            "Name",
            ["depot 9", "depot 10", "Éole", "Évry", "Zürich"],
            ["Zürich", "Évry", "Éole", "depot 10", "depot 9"],
        ),
        (
            "Cost",
            ["depot 10", "depot 9", "Zürich", "Éole", "Évry"],
            ["Éole", "Zürich", "depot 9", "depot 10", "Évry"],
        ),
        (
            "Change",
            ["depot 9", "Évry", "depot 10", "Éole", "Zürich"],
            ["Zürich", "depot 10", "Éole", "Évry", "depot 9"],
        ),
        (
            "Range",
            ["depot 9", "Évry", "Zürich", "Éole", "depot 10"],
            ["Éole", "Zürich", "Évry", "depot 9", "depot 10"],
        ),
        (
            "Until",
            ["Éole", "depot 10", "Zürich", "Évry", "depot 9"],
            ["depot 9", "Évry", "Zürich", "depot 10", "Éole"],
        ),
    ],
)
def test_a_header_sorts_up_then_down_then_as_it_was(reader, tmp_path, lang, column, up, down):
    """By keyboard; numbers as numbers in either language, what is missing last, the total below."""
    page = reader.open(page_of(tmp_path, lang))
    button = page.get_by_role("button", name=re.compile(column))
    button.focus()
    told = []
    for _ in range(3):
        page.keyboard.press("Enter")
        header = button.locator("xpath=..").get_attribute("aria-sort")
        told.append((header, page.eval_on_selector_all("#costs tbody tr", ROWS)))

    assert told == [("ascending", up), ("descending", down), (None, PAGE)]
    assert page.eval_on_selector_all("#costs tr:last-child", ROWS)[-1] == "Total"
    assert page.seen == [page.url]


def test_the_mouse_sorts_and_only_one_column_is_marked(reader, tmp_path):
    """Another column takes over."""
    page = reader.open(page_of(tmp_path, "en"))
    page.get_by_role("button", name="Cost").click()
    page.get_by_role("button", name="Name").click()

    assert page.eval_on_selector_all("#costs th[scope=col]", STATES) == ["ascending", None, None, None, None]


def test_paper_has_the_order_of_the_page(reader, tmp_path):
    """However it was sorted before."""
    page = reader.open(page_of(tmp_path, "en"))
    page.get_by_role("button", name="Cost").click()
    page.pdf()

    assert page.eval_on_selector_all("#costs tbody tr", ROWS) == PAGE


def test_every_table_of_a_page_sorts_and_none_is_moved_by_it(reports, reader):
    """A button in each header but those of drawings, where there is something to sort; no row moves."""
    headers = """[...document.querySelectorAll('.scroll > table')]
        .filter(one => one.tBodies[0].rows.length > 1)
        .flatMap(one => [...one.tHead.rows[0].cells]).filter(one => !one.matches('.picture'))
        .filter(one => one.querySelectorAll('button').length !== 1).map(one => one.textContent)"""
    cells = "all => all.map(one => one.textContent)"
    for name, path in reports.items():
        page, still = reader.open(path), reader.open(path, java_script_enabled=False)

        assert page.evaluate(headers) == [], name
        assert page.locator("th button").count() > 0, name
        assert still.locator("button, input").count() == 0, name
        for kind in ("thead th", "tbody th"):
            assert page.eval_on_selector_all(kind, cells) == still.eval_on_selector_all(kind, cells), name
        assert page.evaluate(SIZES) == still.evaluate(SIZES), name


def test_headers_come_up_on_a_phone_when_the_keyboard_is_in_them(reports, reader):
    """Rows are a grid there and the headers are read only; a button with the focus can be seen."""
    for name, path in reports.items():
        page = reader.open(path, width=390, unfold=True)
        page.locator("th button").first.focus()
        box = page.locator(":focus").bounding_box()

        assert box["width"] > 20, name
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, name


def test_words_find_weeks(fresh, reader):
    """Each word anywhere in a row, in any case and without its accents; the count is said."""
    indices = [path for path in fresh.values() if path.name == "index.html"]
    assert indices
    for path in indices:
        page = reader.open(path)
        rows, count, field = (
            page.locator("#weeks tbody tr:visible"),
            page.locator("output"),
            page.get_by_role("searchbox"),
        )
        row = rows.first.text_content()
        code = re.search(r"\d{4}-[A-Z]\d\d", row)[0]

        assert "1" in count.text_content()
        field.fill(f"{code[-2:]} {code.lower()}  ")
        assert rows.count() == 1
        field.fill("no such week")
        assert rows.count() == 0
        assert "0" in count.text_content()
        page.emulate_media(media="print")
        assert (rows.count(), page.locator(".search:visible").count()) == (1, 0)
        assert page.seen == [path.as_uri()]


def test_a_page_that_was_mailed_alone_offers_no_dead_links(reader, tmp_path):
    """In the folder of its week it links to its neighbours; taken out of it, to places on itself alone."""
    html = page_of(tmp_path, "en").read_text(encoding="utf-8")
    links = '<a href="#costs">costs</a> <nav><a href="../index.html">All weeks</a></nav>'
    html = html.replace("<body>", '<body data-folder="2026-W23">').replace("</main>", f"{links}</main>")
    (tmp_path / "2026-W23").mkdir()
    seen = {}
    for place in ("2026-W23/page.html", "page.html"):
        (tmp_path / place).write_text(html, encoding="utf-8")
        page = reader.open(tmp_path / place)
        seen[place] = page.locator("main a[href]:visible").all_text_contents()

    assert seen == {"2026-W23/page.html": ["costs", "All weeks"], "page.html": ["costs"]}


def test_no_other_script_runs(reader, tmp_path):
    """Were one to come through every check, the browser would still not run it."""
    path = page_of(tmp_path, "en")
    html = path.read_text(encoding="utf-8")
    more = "<script>document.title = 'run'</script><img src=x onerror=\"document.title = 'run'\">"
    path.write_text(html.replace("</main>", f"{more}</main>"), encoding="utf-8")
    page = reader.open(path)

    assert page.title() == "x"
    assert page.locator("th button").count() == 5
    assert sum("Content Security Policy" in one for one in page.seen) >= 2
