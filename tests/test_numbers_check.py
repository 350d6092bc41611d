"""A number in a sentence that no table holds is found before anybody reads it."""

import json
import os
import re
import shutil
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
from commands import report
from small_workbook import make_workbook

import tallysheet as ts
from tallysheet.errors import ReportError
from tallysheet.language import read_language
from tallysheet.publish.numbers import Known, check_numbers, known_of
from tallysheet.publish.sheets import Figure
from tallysheet.publish.week_tables import week_tables
from tallysheet.sources import workbook_language
from tallysheet.week import Week

ROOT = Path(__file__).parents[1]
KNOWN = {
    "otd": Known({"95.3%", "0.9", "96.2%", "6,560", "34", "93"}, {"0-14 days", "2026-W21", "Depot 7512"})
}
PLACES = {
    "headline": '<p class="headline"><b>{}</b> <span>So.</span></p>',
    "cause": '<p class="headline"><b>So.</b> <span>{}</span></p>',
    "exception": '<ul><li><a href="#otd">On time</a><span class="why">{}</span></li></ul>',
    "figure": '<ul><li><a href="#otd">On time</a><span class="figure">{}<small>x</small></span></li></ul>',
    "card": '<section id="otd"><h3>On time</h3><p>{}</p></section>',
    "parts": '<section id="otd-carrier"><h3>By carrier</h3><div><p>{}</p></div></section>',
}
ELSEWHERE = {
    "note": '<section id="otd"><p class="note">{}</p></section>',
    "count": '<p class="count">{}</p>',
    "caption": '<section id="otd"><figure><figcaption>{}</figcaption></figure></section>',
    "drawing": '<section id="otd"><figure><svg><text>{}</text></svg></figure></section>',
    "table": '<section id="otd"><table><tr><td>{}</td></tr></table></section>',
    "another": '<section id="calendar"><p>{}</p></section>',
}


@pytest.mark.parametrize("place", PLACES)
def test_a_number_that_no_table_holds_is_refused(place):
    """In the headline, what stands out, cards and parts; the message names number and sentence."""
    check_numbers("p.html", PLACES[place].format("It fell 0.9 points to 95.3%, from 96.2%."), KNOWN, "otd")

    with pytest.raises(ReportError, match=r"p\.html: .* hold of otd, found 59\.3% in: .*It fell"):
        check_numbers("p.html", PLACES[place].format("It fell 0.9 points to 59.3%."), KNOWN, "otd")


def test_a_value_and_the_change_below_it_are_two_numbers():
    """A change that is printed as none has no sign to part it from the percent sign above."""
    figure = '<ul><li><a href="#otd">On time</a><span class="figure">{}<small>0.0 pp</small></span></li></ul>'
    known = {"otd": Known({"95.3%", "0.0"}, set())}

    check_numbers("p.html", figure.format("95.3%"), known, "otd")
    with pytest.raises(ReportError, match=r"96\.3%"):
        check_numbers("p.html", figure.format("96.3%"), known, "otd")


@pytest.mark.parametrize("place", ELSEWHERE)
def test_what_is_no_sentence_about_a_kpi_is_left_alone(place):
    """How limits were made, counts of flags, tables themselves."""
    check_numbers("p.html", ELSEWHERE[place].format("0.12 and 59.3%"), KNOWN, "otd")


@pytest.mark.parametrize(
    "sentence",
    [
        "Week 21 of 2026, 12 weeks; the 93 of 6,560 shipments.",
        "In 2026-W21 the age band 0-14 days, Depot 7512.",
        "For 100 orders.",
        "Of B2B and W46.",
        "−0.9 pp, +0.9 pp, €0.9, 0.9\u00a0h.",
    ],
)
def test_what_measures_nothing_passes(sentence):
    """Weeks, years, small counts, and digits inside names and codes."""
    check_numbers("p.html", PLACES["card"].format(sentence), KNOWN, "otd")


@pytest.mark.parametrize(
    "sentence", ["95.3 pp", "0.9%", "5,560", "6,56", "340", "95.30%", "Depot 7512.5", "95.3%0.8 points"]
)
def test_a_number_must_be_printed_as_in_the_table(sentence):
    """Another unit, another digit or another rounding is another number."""
    with pytest.raises(ReportError):
        check_numbers("p.html", PLACES["card"].format(sentence), KNOWN, "otd")


def test_french_numbers_are_read_as_french_writes_them():
    """A comma for decimals, a narrow blank between thousands and before the percent sign."""
    known = {"otd": Known({"95,3%", "6\u202f560"})}
    right = PLACES["card"].format("95,3\u202f% de 6\u202f560 envois en 2026")

    check_numbers("p.html", right, known, "otd")
    for wrong in (right.replace("95", "59"), right.replace("560", "650")):
        with pytest.raises(ReportError):
            check_numbers("p.html", wrong, known, "otd")


@pytest.mark.parametrize("ends", [(391.22, 1563.4), (-2004.1, 507.5), (12.5, 99.25), (999.5, 1000.5)])
def test_both_ends_of_a_range_of_money_are_found(ends):
    """The smaller end is written as the larger one is, without cents from a thousand euros on."""
    language = read_language("en")
    row = (*(Figure(end, "euro") for end in ends), "net_loss_cost")
    known = known_of(SimpleNamespace(results=[SimpleNamespace(rows=[row])]), {}, language)
    told = f"The usual range is {language.interval(*ends, 'euro')}."

    check_numbers(
        "p.html", PLACES["card"].replace("otd", "net_loss_cost").format(told), known, "net_loss_cost"
    )


def test_whole_euros_stand_for_cents_beside_a_thousand_alone():
    """Of a range from €391.22 to €507.50 neither end may be printed without its cents."""
    row = (Figure(391.22, "euro"), Figure(507.5, "euro"), "net_loss_cost")
    known = known_of(SimpleNamespace(results=[SimpleNamespace(rows=[row])]), {}, read_language("en"))
    place = PLACES["card"].replace("otd", "net_loss_cost")

    with pytest.raises(ReportError, match="found 391 in"):
        check_numbers("p.html", place.format("It fell to €391."), known, "net_loss_cost")


def test_a_part_may_be_told_as_the_page_rounds_it_so_that_parts_add_up():
    """2.604 euros are printed as 2.61 in the table of parts; 2.62 are in no table."""
    row = (Figure(2.604, "euro", signed=True, printed=2.61), "overbilling")
    known = known_of(SimpleNamespace(results=[SimpleNamespace(rows=[row])]), {}, read_language("en"))
    place = PLACES["card"].replace("otd", "overbilling")

    check_numbers("p.html", place.format("IT-IT with €2.61."), known, "overbilling")
    with pytest.raises(ReportError, match=r"found 2\.62 in"):
        check_numbers("p.html", place.format("IT-IT with €2.62."), known, "overbilling")


@pytest.fixture(scope="module")
def workbook(tmp_path_factory):
    root = tmp_path_factory.mktemp("workbook")
    make_workbook(root)
    (root / "notebooks").mkdir()
    shutil.copy(ROOT / "notebooks" / "10_weekly_review.ipynb", root / "notebooks")
    path = root / "data" / "workbook.toml"
    path.write_text('languages = ["en", "fr"]\n' + path.read_text(), encoding="utf-8")
    return root


@pytest.mark.slow
@pytest.mark.parametrize("code", ["en", "fr"])
def test_every_sentence_of_a_real_page_passes_and_a_planted_number_does_not(workbook, code):
    """Each decimal number of opening, card and parts in its turn is put wrong."""
    first = ts.open_week("2026-W21", data=str(workbook / "data"), base="last-4")
    language = workbook_language(first.settings, code)
    week = Week(first.week, "last-4", language, first.settings, first.ledger, first.cube)
    witnesses = {slug: one.kpi.witnesses for slug, one in week.explanations.items()}
    known = known_of(week_tables(week, language), witnesses, language)
    lead = week.lead.kpi.slug
    html = "".join(piece.html for piece in (week.opening(), week.card(), week.parts(), week.other_cards()))

    check_numbers("p.html", html, known, lead)

    words = re.sub(r"<svg.*?</svg>", "", html)
    sentences = re.findall(r'<p class="headline".*?</p>|<span class="why">.*?</span>|<p>.*?</p>', words)
    planted = {number for one in sentences for number in re.findall(r"\d+[.,]\d", one)}
    assert len(planted) > 5
    for number in planted:
        wrong = html.replace(number, "777" + number)
        with pytest.raises(ReportError, match=f"777{number}"):
            check_numbers("p.html", wrong, known, lead)


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix not in (".json", "")}


@pytest.mark.slow
def test_a_planted_number_makes_publish_refuse_and_all_of_the_last_good_week_stays(workbook):
    """The page, its tables and its digest in both languages; they are the same bytes on a second run too."""
    week = workbook / "reports" / "2026-W21"
    good, pages = report(workbook), files_of(week)
    again, same = report(workbook), files_of(week)
    manifest = json.loads((week / "manifest.json").read_text(encoding="utf-8"))

    path = workbook / "notebooks" / "10_weekly_review.ipynb"
    broken = nbformat.reads(path.read_text(encoding="utf-8"), as_version=4)
    opening = next(cell for cell in broken.cells if "opened.opening()" in cell.source)
    opening.source = """
import re
from tallysheet.tables import Html
Html(re.sub(r"(\\d)(\\d)([.,]\\d)", r"\\2\\g<1>7\\3", opened.opening().html))
"""
    nbformat.write(broken, path)
    refused = report(workbook)

    assert (good.returncode, again.returncode, refused.returncode) == (0, 0, 1), refused.stderr
    assert good.stdout.strip() == os.path.join("reports", "2026-W21", "weekly_review.html")
    assert sorted(pages) == [
        *("digest.fr.html", "digest.fr.txt", "digest.html", "digest.txt", "parts.csv", "parts.fr.csv"),
        *("scorecard.csv", "scorecard.fr.csv", "tables.fr.xlsx", "tables.xlsx"),
        *("weekly_review.fr.html", "weekly_review.html"),
    ]
    assert same == pages
    assert files_of(week) == pages
    assert "numbers that the week's tables hold of" in refused.stderr
    assert sorted(manifest["files"]) == sorted(set(pages) - {"weekly_review.fr.html", "weekly_review.html"})
