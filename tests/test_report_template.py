"""The published page: one h1, no code, no errors, nothing from elsewhere."""

from __future__ import annotations

import base64
import hashlib
import re

import jinja2
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tallysheet import tables
from tallysheet.language import read_language
from tallysheet.publish.pages import archive_page, export_page
from tallysheet.publish.script import policy, script

HOSTILE = '<script>alert(1)</script>"'
ENGLISH = read_language("en")


def page(**changes) -> dict:
    return {
        "lang": "en",
        "title": "Week 17 of 2013 | tallysheet",
        "product": "tallysheet",
        "report": "Weekly review",
        "h1": "Week 17 of 2013",
        "subtitle": "Monday 22 to Sunday 28 April 2013",
        "badges": [("tick", "100% of rows in")],
        "links": [("../index.html", "All weeks")],
        "languages": [("review.fr.html", "fr", "Français")],
        "footer": ["Made from the extracts."],
        "words": ENGLISH.words["page"],
        **changes,
    }


def published(*cells, **changes) -> str:
    return export_page(new_notebook(cells=list(cells)), page(**changes))


def shows(html: str, **data):
    return new_code_cell("secret = 1", outputs=[new_output("display_data", data={"text/html": html, **data})])


def test_page_has_language_title_and_one_h1():
    """A notebook's own question is an h2 there."""
    html = published(
        new_markdown_cell("# Question\n\nReader."), shows("<p>x</p>"), new_markdown_cell("# More")
    )

    assert re.match(r'<!doctype html>\s*<html lang="en">', html, re.IGNORECASE)
    assert "<title>Week 17 of 2013 | tallysheet</title>" in html
    assert 1 == len(re.findall("<h1", html))
    assert 2 == len(re.findall("<h2", html))
    assert html.rstrip().endswith("</html>")


def test_first_markdown_introduces_and_code_is_left_out():
    """Readers see results, not code, prompts or cell ids."""
    html = published(new_markdown_cell("# Question"), shows("<p>result</p>"), new_markdown_cell("## Later"))

    assert 1 == html.count('class="introduction"')
    assert html.index("introduction") < html.index("<p>result</p>") < html.index("Later")
    assert not re.search(r"secret|In&nbsp;|cell-id|class=\"prompt", html.split("<main")[1])


def test_nothing_comes_from_elsewhere():
    """No address, no font, no script but its own: the page works offline and leaks nothing."""
    html = published(shows("<p>x</p>"))

    assert "default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'sha256-" in html
    assert not re.search(r"https?://|@import|url\(|<script[^>]*\s", html)
    assert html.count("<script") == 1


@pytest.mark.parametrize("made", [lambda: published(shows("<p>x</p>")), lambda: archive()])
def test_the_policy_lets_the_own_script_run_and_no_other(made):
    """The hash is that of the very bytes between the tags, as a browser reckons it."""
    html = made()
    bytes_between = re.search(r"<script>(.*?)</script>", html, re.DOTALL)[1].encode()
    digest = base64.b64encode(hashlib.sha256(bytes_between).digest()).decode()

    assert f"script-src 'sha256-{digest}'\"" in html
    assert bytes_between.decode() == script()
    assert policy().count("script-src") == 1
    assert len(bytes_between) < 3000


def test_the_script_calls_nothing_and_makes_no_markup():
    """It is small enough to be read; what would fetch, write markup or run text is not in it."""
    banned = r"fetch|XMLHttp|import|eval|Function\(|innerHTML|outerHTML|document\.write|https?:|<!--|</|src\b"

    assert re.findall(banned, script()) == []


def test_errors_and_warnings_are_never_shown():
    """The publisher refuses failed notebooks; if one came through, its traceback would still stay out."""
    outputs = [
        new_output("error", ename="ValueError", evalue="secret path", traceback=["secret path"]),
        new_output("stream", name="stderr", text="secret warning"),
        new_output("stream", name="stdout", text="a < b"),
    ]

    html = published(new_code_cell("x", outputs=outputs))

    assert "secret" not in html
    assert "<pre>a &lt; b</pre>" in html


def test_pictures_keep_their_alt_text():
    """Other templates of nbconvert drop it for SVG."""
    output = new_output(
        "display_data", data={"image/png": "AAAA"}, metadata={"image/png": {"alt": 'A "picture".'}}
    )

    html = published(new_code_cell("x", outputs=[output]))

    image = re.search(r"<img [^>]*>", html)[0]
    assert 'src="data:image/png;base64,AAAA"' in image
    assert "alt='A \"picture\".'" in image or 'alt="A &#34;picture&#34;."' in image


def test_words_of_the_page_are_escaped():
    """Title, heading, links, badges and footer may hold anything."""
    html = published(
        lang=HOSTILE,
        title=HOSTILE,
        product=HOSTILE,
        report=HOSTILE,
        h1=HOSTILE,
        subtitle=HOSTILE,
        badges=[("tick", HOSTILE)],
        links=[(HOSTILE, HOSTILE)],
        footer=[HOSTILE],
    )

    assert html.count("<script") == 1
    assert html.count("&lt;script&gt;") == 10


def test_style_stands_once():
    """What a notebook needs in JupyterLab is not repeated on the page."""
    with_lab_style = published(shows(tables.lab_style()._repr_html_()), shows("<p>x</p>"))

    assert published(shows("<p>x</p>")).replace("\n", "") == with_lab_style.replace("\n", "")


def test_unknown_badge_is_an_error():
    """A missing icon must not become an empty place."""
    with pytest.raises(jinja2.TemplateNotFound):
        published(badges=[("nothing", "x")])


def test_every_icon_is_hidden_from_screen_readers():
    """A word always stands beside it."""
    icons = sorted((tables.TEMPLATE / "icons").glob("*.svg"))

    assert icons
    for icon in icons:
        assert 'aria-hidden="true"' in icon.read_text(encoding="utf-8")
        assert tables.icon(icon.stem).html.startswith('<svg class="icon"')


def archive(**changes) -> str:
    weeks = [
        {
            "id": "2013-W17",
            "week": "2013-W17",
            "icon": "cross",
            "status": "Partly failed",
            "detail": "3 of 5 KPIs final",
            "dates": "22 to 28 April",
            "headline": HOSTILE,
            "lang": "en",
            "href": "2013-W17/review.html",
            "hreflang": "en",
            "reports": [
                {"name": "Carriers", "href": None, "hreflang": "en", "failed": True},
                {"name": "Claims", "href": "2013-W17/claims.html", "hreflang": "en", "failed": True},
                {"name": "Data health", "href": "2013-W17/health.html", "hreflang": "en", "failed": False},
            ],
        }
    ]
    return archive_page(page(h1="All weeks"), **{"latest": None, "weeks": weeks, **changes})


def test_archive_lists_weeks_and_what_failed():
    """A failed report is named as failed, with its last good page if there is one; a good one is a link."""
    html = archive()

    assert 1 == html.count("<h1")
    assert "Carriers failed</span></li>" in html
    assert '<tr id="2013-W17">' in html
    assert "Partly failed</span><small>3 of 5 KPIs final</small>" in html
    assert 'Claims failed</span> <a href="2013-W17/claims.html">last good page</a>' in html
    assert '<a href="2013-W17/health.html">Data health</a>' in html
    assert html.count("<script") == 1


def test_archive_opens_with_the_latest_week():
    """People come for this week's page."""
    latest = {"week": "Latest: week 17", "headline": "Late & later", "note": "3 flags", "lang": "en"}
    latest |= {"href": "w17.html", "hreflang": "en", "read": "Read: Claims"}

    html = archive(latest=latest)

    assert "<b>Late &amp; later</b>" in html
    assert '<a href="w17.html">Read: Claims</a> <span>3 flags</span>' in html


def test_the_archive_needs_no_script_to_show_all():
    """The search field waits in a template, which a browser without script leaves alone; no row is hidden."""
    html = archive()

    assert re.search(r"<template><p class=\"search\"><label>Search the weeks <input", html)
    assert " hidden" not in html.partition("<tbody>")[2].partition("</tbody>")[0]


def test_a_week_in_another_language_is_marked_as_such():
    """A screen reader changes its voice, and a link says what it leads to."""
    latest = {"week": "Latest: week 17", "headline": "En retard", "note": "3 signaux", "lang": "fr"}

    html = archive(latest=latest | {"href": "w17.html", "hreflang": "fr", "read": "Read: Claims"})

    assert '<p class="headline" lang="fr"><b>En retard</b>' in html
    assert '<a href="w17.html" hreflang="fr">Read: Claims</a> <span lang="fr">3 signaux' in html


def test_masthead_names_the_other_language_in_its_own_words():
    """Also on a page without any other link."""
    for links in ([], [("../index.html", "All weeks")]):
        html = published(shows("<p>x</p>"), links=links)

        assert '<a href="review.fr.html" hreflang="fr" lang="fr">Français</a></nav>' in html


def test_no_line_ends_between_a_sign_and_a_currency_sign():
    """A word joiner stands between them; what French writes holds together by itself."""
    joined = published(shows("<p>−€3.27, +€1, −3,27 €</p>"))

    assert "<p>−\u2060€3.27, +\u2060€1, −3,27 €</p>" in joined
