"""Publishing a week: the whole way from a clean table to pages that people open."""

import datetime as dt
import json
import os
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest
from commands import command, report
from small_workbook import make_workbook, rows

from tallysheet.clean import only_load
from tallysheet.files import write_text
from tallysheet.publish.alone import only_run

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def workbook(tmp_path_factory):
    """Make a small workbook with the real notebooks."""
    root = tmp_path_factory.mktemp("workbook")
    make_workbook(root)
    (root / "notebooks").mkdir()
    for name in ("10_weekly_review", "00_data_health"):
        shutil.copy(ROOT / "notebooks" / f"{name}.ipynb", root / "notebooks")
    workbook = root / "data" / "workbook.toml"
    text = workbook.read_text().replace('["10_weekly_review"]', '["10_weekly_review", "00_data_health"]')
    workbook.write_text(text, encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def published(workbook):
    first = report(workbook)
    pages = {path.name: path.read_bytes() for path in (workbook / "reports" / "2026-W21").glob("*.html")}
    second = report(workbook, "--force", "--jobs", "4")
    return first, pages, second


def test_the_page_is_published_and_its_path_printed(workbook, published):
    """The latest complete week, one line on standard output; on standard error a line a page."""
    first, pages, _ = published

    assert (first.returncode, first.stdout.strip()) == (
        0,
        os.path.join("reports", "2026-W21", "weekly_review.html"),
    )
    assert sorted(line.split(": ")[0] for line in first.stderr.splitlines()) == [
        "data_health.html",
        "weekly_review.html",
    ]
    assert sorted(pages) == ["data_health.html", "digest.html", "weekly_review.html"]


def test_a_second_run_gives_the_same_bytes(workbook, published):
    """Two runs of one week are byte-identical, however many notebooks ran at a time."""
    _, pages, second = published
    again = {path.name: path.read_bytes() for path in (workbook / "reports" / "2026-W21").glob("*.html")}

    assert second.returncode == 0
    assert again == pages
    assert len(list((workbook / "reports" / "2026-W21" / "runs").iterdir())) >= 2


def test_what_has_not_changed_is_not_made_again(workbook, published):
    """Nothing runs, nothing is written; once something a page is made of changes, that page alone runs."""
    week = workbook / "reports" / "2026-W21"
    before = {path: path.stat().st_mtime_ns for path in week.rglob("*") if path.is_file()}
    same = report(workbook)

    assert (same.returncode, same.stderr) == (0, "")
    assert same.stdout == published[0].stdout
    assert {path: path.stat().st_mtime_ns for path in week.rglob("*") if path.is_file()} == before

    notebook = workbook / "notebooks" / "00_data_health.ipynb"
    text = notebook.read_text(encoding="utf-8")
    write_text(notebook, text.replace("Did every row arrive?", "Did all rows arrive?"))
    changed = report(workbook)
    write_text(notebook, text)

    assert [line.split(":")[0] for line in changed.stderr.splitlines()] == ["data_health.html"]
    assert "Did all rows arrive?" in (week / "data_health.html").read_text(encoding="utf-8")
    again = report(workbook)
    assert again.stderr == ""  # as the first run had made it
    assert "Did every row arrive?" in (week / "data_health.html").read_text(encoding="utf-8")


def test_a_page_that_was_tampered_with_is_put_back(workbook, published):
    """From the run's folder, without a notebook; so is one that is gone, and the page of all weeks."""
    week = workbook / "reports" / "2026-W21"
    good = (week / "weekly_review.html").read_bytes()
    (week / "weekly_review.html").write_bytes(good.replace(b"BRV", b"CDR"))
    (week / "data_health.html").unlink()
    (workbook / "reports" / "index.html").unlink()
    result = report(workbook)

    assert (result.returncode, result.stderr) == (0, "")
    assert (week / "weekly_review.html").read_bytes() == good
    assert (week / "data_health.html").is_file()
    assert (workbook / "reports" / "index.html").is_file()


def test_a_damaged_note_of_a_made_page_counts_as_none(workbook, published):
    """The page is made once more; a note that somebody broke stops nothing."""
    week = workbook / "reports" / "2026-W21"
    good = (week / "data_health.html").read_bytes()
    for note in week.glob("runs/*/data_health.html.made.json"):
        note.write_text(note.read_text(encoding="utf-8")[:40], encoding="utf-8")
    result = report(workbook, "--only", "data_health")

    assert result.returncode == 0
    assert [line.split(":")[0] for line in result.stderr.splitlines()] == ["data_health.html"]
    assert (week / "data_health.html").read_bytes() == good


@pytest.mark.parametrize("left", [slice(0, 400), slice(0, 0)])
def test_a_damaged_manifest_is_named_and_written_anew(workbook, published, left):
    """Status and doctor say what to do; no notebook runs again, as the pages are there."""
    path = workbook / "reports" / "2026-W21" / "manifest.json"
    good = path.read_text(encoding="utf-8")
    path.write_text(good[left], encoding="utf-8")
    status, doctor = command(workbook, "status"), command(workbook, "doctor")

    advice = "Run tallysheet report --week 2026-W21 to write it anew."
    assert status.returncode == 1
    assert f"damaged: reports/2026-W21/manifest.json. {advice}" in status.stdout
    assert json.loads(command(workbook, "status", "--json").stdout)["damaged"] == {
        "2026-W21": "reports/2026-W21/manifest.json"
    }
    assert doctor.returncode == 1
    assert f"!!  reports/2026-W21/manifest.json: damaged. {advice}" in doctor.stdout

    result = report(workbook, "--catch-up")
    assert (result.returncode, result.stderr) == (0, "")
    made = [json.loads(text)["reports"] for text in (good, path.read_text(encoding="utf-8"))]
    assert len({tuple(sorted(report["page"] for report in reports)) for reports in made}) == 1
    assert command(workbook, "status").returncode == 0


def test_a_second_run_at_the_same_time_is_told_who_is_at_it(workbook, published):
    """It leaves at once with exit code 1 and touches nothing, also while the first one still loads."""
    with only_run(workbook / "reports", dt.datetime(2026, 6, 15, 7)), only_load(workbook / "data" / "clean"):
        result = report(workbook)

    assert result.returncode == 1
    assert f"process {os.getpid()} on " in result.stderr
    assert "since 2026-06-15 07:00 UTC" in result.stderr
    assert not (workbook / "reports" / ".holder").exists()


def test_weeks_that_were_missed_are_caught_up(workbook, published, tmp_path):
    """Those after the last that is published as a whole, the oldest first; then nothing is due."""
    root = tmp_path / "workbook"
    shutil.copytree(workbook, root)
    shutil.rmtree(root / "reports")
    first = report(root, "--week", "2026-W19", "--only", "data_health")
    caught = report(root, "--catch-up", "--only", "data_health")
    nothing = report(root, "--catch-up", "--only", "data_health")

    assert first.returncode == caught.returncode == nothing.returncode == 0
    assert [line.split(os.sep)[1] for line in caught.stdout.splitlines()] == ["2026-W20", "2026-W21"]
    assert (nothing.stdout, nothing.stderr) == ("", "")
    assert command(root, "report", "--catch-up", "--week", "2026-W20").returncode == 2


def test_the_parameters_of_a_notebook_are_listed(workbook):
    """Name, type, default and what it means, from the notebook itself; nothing runs."""
    result = command(workbook, "report", "--help-notebook", "weekly_review")
    wrong = command(workbook, "report", "--help-notebook", "weekly")

    assert [line.split()[:2] for line in result.stdout.splitlines()] == [
        [name, "str"] for name in ("week", "base", "as_of", "lang", "audience", "data")
    ]
    assert "ISO week such as" in result.stdout
    assert wrong.returncode == 2


def test_the_page_names_the_carrier_and_holds_no_machine_path(workbook, published):
    """BRV fell; the page says so, is in English, has one h1 and is light."""
    _, pages, _ = published
    page = pages["weekly_review.html"].decode()

    assert "BRV" in page
    assert page.count("<h1") == 1
    assert '<html lang="en">' in page
    assert len(page.encode()) < 250_000
    assert str(workbook) not in page
    assert "http" not in page.replace("http-equiv", "")


def test_the_manifest_tells_what_went_in_and_came_out(workbook, published):
    """Inputs with hashes and counts, parameters, state, headline, and each page's hash."""
    manifest = json.loads((workbook / "reports" / "2026-W21" / "manifest.json").read_text(encoding="utf-8"))

    assert manifest["inputs"][0]["rows"] == 2800
    assert manifest["parameters"]["week"] == "2026-W21"
    assert [report["error"] for report in manifest["reports"]] == [None, None]
    assert all(len(report["sha256"]) == 64 for report in manifest["reports"])


def test_a_failed_notebook_keeps_its_last_good_page(workbook, published):
    """The other page is published, the index says failed, the exit code is 1, no traceback is shown."""
    _, pages, _ = published
    path = workbook / "notebooks" / "10_weekly_review.ipynb"
    whole = path.read_bytes()
    broken = nbformat.reads(whole.decode(), as_version=4)
    broken.cells[3].source = "raise RuntimeError('<b>secret</b>')"
    nbformat.write(broken, path)
    try:
        result = report(workbook)
    finally:
        path.write_bytes(whole)
    index = (workbook / "reports" / "index.html").read_text(encoding="utf-8")

    assert result.returncode == 1
    assert "RuntimeError" in result.stderr
    assert (workbook / "reports" / "2026-W21" / "weekly_review.html").read_bytes() == pages[
        "weekly_review.html"
    ]
    assert 'failed</span> <a href="2026-W21/weekly_review.html">last good page</a>' in index
    assert "secret" not in index


def test_one_notebook_alone_keeps_the_other_on_the_index(workbook, published):
    """`--only` makes the same page as a whole run, and the index still lists both."""
    before = (workbook / "reports" / "2026-W21" / "data_health.html").read_bytes()

    result = report(workbook, "--only", "data_health")
    index = (workbook / "reports" / "index.html").read_text(encoding="utf-8")

    assert (result.returncode, result.stdout.strip()) == (
        0,
        os.path.join("reports", "2026-W21", "data_health.html"),
    )
    assert (workbook / "reports" / "2026-W21" / "data_health.html").read_bytes() == before
    assert "weekly_review.html" in index
    assert "data_health.html" in index


def test_a_workbook_inside_the_data_folder_shares_notebooks_and_has_reports_of_its_own(
    workbook, published, tmp_path
):
    """Named by its folder from anywhere; a week that another has published is due, and replaces nothing."""
    second, reports = workbook / "data" / "second", workbook / "reports"
    make_workbook(tmp_path, rows()[:-1])
    shutil.copytree(tmp_path / "data", second)
    before = {path: path.read_bytes() for path in reports.rglob("*") if path.is_file()}

    result = report(tmp_path, "--data", str(second), "--only", "data_health", "--catch-up")
    week = reports / "second" / "2026-W21"
    index = (reports / "second" / "index.html").read_text(encoding="utf-8")
    (run,) = (week / "runs").glob("*/00_data_health.ipynb")

    assert (result.returncode, result.stdout.strip()) == (0, str(week / "data_health.html")), result.stderr
    assert 'data = "data/second"' in nbformat.read(run, as_version=4).cells[2].source
    assert json.loads((week / "manifest.json").read_text(encoding="utf-8"))["workbook"] == "data/second"
    assert "2026-W21/data_health.html" in index
    assert "weekly_review.html" not in index
    assert {path: path.read_bytes() for path in before} == before


def test_two_workbooks_of_one_name_do_not_publish_into_one_folder(workbook, published, tmp_path):
    """The second is refused before any work, while the first is there."""
    other = make_workbook(tmp_path)
    (tmp_path / "notebooks").symlink_to(workbook / "notebooks")

    result = report(workbook, "--data", str(other))

    assert result.returncode == 2
    assert result.stderr.count("\n") == 1
    assert f"expected weeks of {other}, found weeks of data" in result.stderr
    assert not (other / "clean").exists()


class _Page(HTMLParser):
    """A page as a reader's program meets it: its language, its links, its text."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.lang, self.links, self.text, self.style = "", [], [], 0
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.style += tag == "style"
        if tag == "html":
            self.lang = given["lang"]
        if tag == "a":
            self.links.append((given["href"], given.get("hreflang"), given.get("lang")))

    def handle_endtag(self, tag):
        self.style -= tag == "style"

    def handle_data(self, data):
        if not self.style:
            self.text.append(data)


@pytest.fixture(scope="module")
def in_two_languages(tmp_path_factory):
    """Publish a week in English and French, by the workbook's own setting, and again."""
    root = tmp_path_factory.mktemp("languages")
    make_workbook(root)
    shutil.copytree(ROOT / "notebooks", root / "notebooks")
    settings = root / "data" / "workbook.toml"
    text = settings.read_text().replace('["10_weekly_review"]', '["10_weekly_review", "00_data_health"]')
    settings.write_text('languages = ["en", "fr"]\n' + text, encoding="utf-8")
    first = report(root)
    pages = {path.relative_to(root): path.read_bytes() for path in sorted(root.glob("reports/**/*.html"))}
    second = report(root, "--force", "--jobs", "1")
    return root, first, pages, second


def test_languages_are_made_one_after_the_other(in_two_languages):
    """What the first has worked out is there for the second, which would else do it at the same time."""
    *_, second = in_two_languages
    made = re.findall(r"^(\S+\.html): ", second.stderr, flags=re.MULTILINE)

    assert made == ["weekly_review.html", "data_health.html", "weekly_review.fr.html", "data_health.fr.html"]


def test_a_week_is_published_in_each_language(in_two_languages):
    """The first language has the plain names; each page says its language, and is of it throughout."""
    root, first, _, _ = in_two_languages
    week = root / "reports" / "2026-W21"
    names = ["data_health", "weekly_review"]

    assert first.returncode == 0
    assert first.stdout.strip() == os.path.join("reports", "2026-W21", "weekly_review.html")
    assert sorted(path.name for path in week.glob("*.html")) == sorted(
        [f"{name}{ending}" for name in [*names, "digest"] for ending in (".html", ".fr.html")]
    )
    for name in names:
        english, french = _Page(week / f"{name}.html"), _Page(week / f"{name}.fr.html")
        assert (english.lang, french.lang) == ("en", "fr")
        assert "What do the numbers count?" in english.text
        assert "Que comptent les chiffres\u202f?" in french.text
        assert "Semaine 21 de 2026" in french.text
        assert not {"What do the numbers count?", "Week 21 of 2026", "Routine"} & set(french.text)
        assert not re.search(r"\d{4}-W\d\d", " ".join(french.text))


def test_pages_link_to_themselves_in_other_languages_and_else_stay_in_theirs(in_two_languages):
    """The masthead names the other language in its own words; every other link keeps the reader's."""
    root, _, _, _ = in_two_languages
    week = root / "reports" / "2026-W21"
    english, french = (_Page(week / f"weekly_review{ending}") for ending in (".html", ".fr.html"))
    indices = [_Page(root / "reports" / name) for name in ("index.html", "index.fr.html")]
    masthead = [[link for link in page.links if link[0][0] != "#"] for page in (english, french)]

    assert masthead[0] == [
        ("../index.html#2026-W21", None, None),
        ("data_health.html", None, None),
        ("weekly_review.fr.html", "fr", "fr"),
    ]
    assert masthead[1] == [
        ("../index.fr.html#2026-W21", None, None),
        ("data_health.fr.html", None, None),
        ("weekly_review.html", "en", "en"),
    ]
    assert ("index.fr.html", "fr", "fr") in indices[0].links
    assert {href for href, *_ in indices[1].links if href[0] != "#"} == {
        *("2026-W21/weekly_review.fr.html", "2026-W21/data_health.fr.html", "index.html")
    }
    assert "Français" in english.text
    assert "English" in french.text


def test_pages_of_two_languages_are_the_same_bytes_again(in_two_languages):
    """A second run makes every page of every language anew, to the byte."""
    root, _, pages, second = in_two_languages

    assert second.returncode == 0
    assert {path: (root / path).read_bytes() for path in pages if "runs" not in path.parts} == {
        path: html for path, html in pages.items() if "runs" not in path.parts
    }


def test_the_manifest_names_the_language_of_each_page(in_two_languages):
    """One entry a page, the headline in each language."""
    root, _, _, _ = in_two_languages
    manifest = json.loads((root / "reports" / "2026-W21" / "manifest.json").read_text(encoding="utf-8"))

    assert [(entry["page"], entry["language"]) for entry in manifest["reports"]] == [
        ("weekly_review.html", "en"),
        ("weekly_review.fr.html", "fr"),
        ("data_health.html", "en"),
        ("data_health.fr.html", "fr"),
    ]
    assert list(manifest["headline"]) == ["en", "fr"]
    assert "unlike usual" in manifest["count"]["en"]
    assert "inhabituel" in manifest["count"]["fr"]


@pytest.fixture(scope="module")
def in_two_editions(tmp_path_factory):
    """Publish a page for each audience, and another once for each of two bases."""
    root = tmp_path_factory.mktemp("editions")
    settings = make_workbook(root) / "workbook.toml"
    (root / "notebooks").mkdir()
    for name in ("10_weekly_review", "00_data_health"):
        shutil.copy(ROOT / "notebooks" / f"{name}.ipynb", root / "notebooks")
    text = settings.read_text(encoding="utf-8").replace('review"]', 'review", "00_data_health"]')
    more = 'internal = ["10_weekly_review"]\n[repeated.00_data_health]\ndata = ["data", "missing"]\n'
    settings.write_text(text + more, encoding="utf-8")
    return root, report(root)


def test_internal_pages_stand_beside_those_of_stakeholders(in_two_editions):
    """In a folder of their own, with all that goes with a page; their links lead to what there is."""
    root, _ = in_two_editions
    week = root / "reports" / "2026-W21"
    page = _Page(week / "internal" / "weekly_review.html")

    assert {path.name for path in (week / "internal").iterdir()} == {
        *("weekly_review.html", "digest.html", "digest.txt", "tables.xlsx", "scorecard.csv", "parts.csv")
    }
    links = {href for href, _, _ in page.links if not href.startswith("#")}
    assert links == {"../../index.html#2026-W21", "../data_health_data.html"}
    assert all((week / "internal" / href.partition("#")[0]).is_file() for href in links)
    assert "internal" not in (root / "reports" / "index.html").read_text(encoding="utf-8")


def test_a_notebook_that_is_repeated_makes_a_page_a_value(in_two_editions):
    """Each links to the others; where one fails the index says so, and the rest is published."""
    root, result = in_two_editions
    week = root / "reports" / "2026-W21"
    manifest = json.loads((week / "manifest.json").read_text(encoding="utf-8"))

    assert result.returncode == 1
    assert "data_health_missing failed" in result.stderr
    assert ("data_health_missing.html", None, None) in _Page(week / "data_health_data.html").links
    assert not (week / "data_health_missing.html").exists()
    assert [entry["page"] for entry in manifest["reports"] if entry["error"]] == ["data_health_missing.html"]
    assert "Data health failed" in " ".join((root / "reports" / "index.html").read_text().split())


def test_a_later_run_in_one_language_keeps_the_others_on_the_index(in_two_languages):
    """A week of French pages alone: the English index leads there and says that it is French.

    Names go by the workbook's first language, so that no run puts French in the place of English pages.
    """
    root, _, _, _ = in_two_languages
    later = report(root, "--week", "2026-W20", "--lang", "fr", "--only", "data_health")
    indices = {page.lang: page for page in map(_Page, (root / "reports").glob("index*.html"))}

    assert later.returncode == 0, later.stderr
    assert later.stdout.strip() == os.path.join("reports", "2026-W20", "data_health.fr.html")
    assert ("2026-W20/data_health.fr.html", None, None) in indices["fr"].links
    assert ("2026-W20/data_health.fr.html", "fr", None) in indices["en"].links
    assert ("2026-W21/data_health.html", None, None) in indices["en"].links
    assert sorted(path.name for path in (root / "reports").glob("*.html")) == ["index.fr.html", "index.html"]


def test_a_page_that_fails_in_one_language_is_published_in_none(in_two_languages):
    """Two languages never tell of different runs."""
    root, _, _, _ = in_two_languages
    path, week = root / "notebooks" / "00_data_health.ipynb", root / "reports" / "2026-W21"
    before = [(week / name).read_bytes() for name in ("data_health.html", "data_health.fr.html")]
    whole = path.read_text(encoding="utf-8")
    broken = nbformat.reads(whole, as_version=4)
    broken.cells[-1].source = "opened.definitions()\nassert opened.language.code != 'fr', 'no French'"
    broken.cells[0].source = "## Is it new?\n\nFor a test."
    nbformat.write(broken, path)
    try:
        result = report(root, "--only", "data_health")
    finally:
        path.write_text(whole, encoding="utf-8")

    assert result.returncode == 1
    assert "no French" in result.stderr
    assert [(week / name).read_bytes() for name in ("data_health.html", "data_health.fr.html")] == before


@pytest.mark.parametrize("lang", ["xx", "en,xx", "", "en,"])
def test_an_unknown_language_is_wrong_use(in_two_languages, lang):
    """Exit code 2, one line that lists the languages there are, and nothing is written."""
    root, _, _, _ = in_two_languages
    runs = sorted(root.glob("reports/*/runs/*"))
    result = command(root, "report", "--lang", lang)

    assert result.returncode == 2
    assert result.stderr.count("\n") == 1
    assert "one of en, fr" in result.stderr
    assert sorted(root.glob("reports/*/runs/*")) == runs


def test_hostile_names_stay_text(tmp_path):
    """A carrier named like a script is shown as text everywhere on the page."""
    payload = "<script>alert(1)</script>"
    lines = [[cell.replace("BRV", payload) for cell in line] for line in rows()]
    make_workbook(tmp_path, lines)
    (tmp_path / "notebooks").mkdir()
    shutil.copy(ROOT / "notebooks" / "10_weekly_review.ipynb", tmp_path / "notebooks")

    result = report(tmp_path)
    page = (tmp_path / "reports" / "2026-W21" / "weekly_review.html").read_text(encoding="utf-8")

    assert result.returncode == 0
    assert payload not in page
    assert "&lt;script&gt;" in page


def test_a_file_is_replaced_whole(tmp_path):
    """The new text is there, and nothing else is left beside it."""
    target = tmp_path / "new" / "page.html"

    write_text(target, "one\n")
    write_text(target, "two\n")

    assert target.read_bytes() == b"two\n"
    assert [path.name for path in target.parent.iterdir()] == ["page.html"]
