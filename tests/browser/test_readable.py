"""Pages can be read: on a phone, on a small screen, and in the first half minute."""

import datetime as dt
import json
from pathlib import Path

import pytest

from tallysheet.language import read_language
from tallysheet.publish.pages import export_page, notebook_of
from tallysheet.tables import exceptions_list, headline
from tallysheet.weeks import IsoWeek

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]

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


def test_the_name_of_the_product_is_in_one_piece_beside_many_links(fresh, reader):
    """A week of all notebooks links twelve pages, which left its name four letters wide on a phone."""
    path = next(path for path in fresh.values() if path.name.startswith("weekly_review"))
    page = reader.open(path, width=390)
    page.evaluate("""() => {
        const nav = document.querySelector('.masthead nav');
        nav.innerHTML += '<a href="#main">Returns and trade-ins</a>'.repeat(12);
    }""")

    assert page.evaluate("document.querySelector('.masthead b').getClientRects().length") == 1


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


TOLD = {
    "en": (
        "On-time delivery fell 0.7 points to 93.3%, from 94.1% in the four weeks before.",
        "The total is still inside its usual range of 90.5% to 98.0%. Carrier ESK, depot Madrid: −20.5 pp "
        "beyond the rest. Event log: “Eskarion: Madrid hub shut, power cut”. Holidays and peaks, Spain (ES): "
        "−3.2 pp, as in earlier years.",
        "The total is still inside its usual range of 90.8% to 99.5%. Seen since 2026-W13. Carrier ESK, "
        "depot Madrid: −14.4 pp beyond the rest. Event log: “Eskarion: Madrid hub shut, power cut”.",
        "That is above the usual range of 5.8 to 7.1 days. Carrier ESK: +1.8 days beyond the rest. "
        "No entry in the event log.",
        "4 KPIs are unlike usual; about 0.4 expected by chance; 30 routine; 24 not judged. "
        "Of 454 parts judged, 38 are outside their own ranges; about 5.9 expected by chance. Outside for "
        "over 8 weeks already: Orders sent with BackShip. 4 causes are named. "
        "Chance alone would name at most 0.04.",
    ),
    "fr": (
        "Livraison à l’heure~: 93,3~%, en baisse de 0,7 point, contre 94,1~% (quatre semaines précédentes).",
        "Le total reste dans sa plage habituelle, de 90,5~% à 98,0~%. Transporteur ESK, agence Madrid~: "
        "−20,5 pts par rapport au reste. Journal~: «~Eskarion: Madrid hub shut, power cut~». "
        "Jours fériés et pics d’activité, Espagne (ES)~: −3,2 pts, comme les années précédentes.",
        "Le total reste dans sa plage habituelle, de 90,8~% à 99,5~%. Visible depuis 2026-S13. "
        "Transporteur ESK, agence Madrid~: −14,4 pts par rapport au reste. Journal~: "
        "«~Eskarion: Madrid hub shut, power cut~».",
        "C’est au-dessus de la plage habituelle, de 5,8 à 7,1 jours. Transporteur ESK~: +1,8 jour "
        "par rapport au reste. Rien au journal des événements.",
        "4 indicateurs inhabituels (environ 0,4 par hasard)~; habituels~: 30~; "
        "pas jugés~: 24. Parties jugées~: 454, dont 38 hors plage (environ 5,9 par hasard). "
        "Hors plage depuis plus de 8 semaines déjà~: Commandes expédiées avec BackShip. "
        "4 causes identifiées. Le hasard seul en désignerait au plus 0,04.",
    ),
}


@pytest.mark.parametrize("code", ["en", "fr"])
def test_the_first_screen_has_room_for_five_exceptions(code, reader, tmp_path):
    """Two of long sentences and three of short ones, under a headline of two lines and links in two."""
    language = read_language(code)
    fact, cause, long, short, count = (text.replace("~", "\u202f") for text in TOLD[code])
    exception = {
        "anchor": "kpi",
        "name": language.text("kpi.first_attempt_success.name"),
        "value": language.value(0.919, "share"),
        "change": language.text(
            "page.on_base",
            change=language.change(-0.018, "share"),
            base=language.text("base_short.last-4"),
        ),
        "verdicts": ["worse", "parts_outside"],
        "sentence": short,
        "scope": language.text("sheet.code.REAL"),
        "rising": False,
    }
    notebook = json.loads((ROOT / "notebooks" / "10_weekly_review.ipynb").read_text(encoding="utf-8"))
    english = "".join(notebook["cells"][0]["source"])
    question = language.translated("notebook.weekly_review", "question", english)
    asked, reader_told = question.strip().removeprefix("## ").split("\n\n")
    opening = [
        headline(fact, cause, language).html,
        exceptions_list([exception] * 3 + [exception | {"sentence": long}] * 2, language).html,
        f'<p class="count">{count}</p>',
    ]
    pieces = [
        f'<div class="introduction"><h2>{asked}</h2><p>{reader_told}</p></div>',
        f'<div class="tallysheet">{"".join(opening)}</div>',
    ]
    reports = ["carriers", "fulfilment", "claims", "costs", "returns_trade_in", "backship_adoption"]
    reports += ["customer_care", "kpis", "data_health", "glossary"]
    page = {
        "lang": code,
        "title": "2026",
        "product": "tallysheet",
        "report": language.text("report.weekly_review"),
        "h1": language.text("page.heading", number=14, year=2026),
        "subtitle": language.text(
            "page.as_of",
            week=language.week(IsoWeek(2026, 14)),
            day=language.day(dt.date(2026, 4, 13), year=True),
            time="23:59",
        ),
        "badges": [
            ("tick", language.text("page.rows", share=language.value(0.997, "share"))),
            ("half", language.text("page.final", final=25, kpis=58)),
        ],
        "links": [("#main", language.text(f"report.{one}")) for one in reports],
        "languages": [("#main", "en", "English")],
        "footer": [],
        "words": language.words["page"],
    }
    path = tmp_path / "page.html"
    path.write_text(export_page(notebook_of(*pieces), page), encoding="utf-8")

    assert _end_of_opening(reader.open(path)) <= 800


def _end_of_opening(page) -> float:
    boxes = [page.locator(part).first.bounding_box() for part in (".headline", ".count")]
    assert boxes[0]["y"] >= 0
    return boxes[1]["y"] + boxes[1]["height"]
