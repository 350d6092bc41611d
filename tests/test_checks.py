"""What a page must not hold is found before anybody sees it."""

import pytest

from tallysheet.errors import ReportError
from tallysheet.publish.checks import MAX_BYTES, check_page
from tallysheet.publish.script import policy, script

WHOLE = '<html lang="en"><head><style>a{color:red}</style></head><body><h1>Week</h1>{}</body></html>'


@pytest.mark.parametrize(
    "piece",
    [
        "<p>Numbers from http://example.org are quoted.</p>",
        '<img src="data:image/png;base64,AA" alt="On-time fell to 58.6%.">',
        '<svg aria-hidden="true"></svg><svg role="img" aria-label="A chart of weeks"></svg>',
        '<a href="#otd">x</a><a href="../index.html">y</a><a href="data:,">z</a>',
    ],
)
def test_a_whole_page_passes(piece):
    """Text, labelled figures and links inside are fine."""
    check_page("p.html", WHOLE.replace("{}", piece))


@pytest.mark.parametrize(
    ("piece", "fault"),
    [
        ("<script>alert(1)</script>", "active content <script>"),
        ("<iframe></iframe>", "active content <iframe>"),
        ('<img src="https://x.org/a.png" alt="a b">', "the address https://x.org/a.png"),
        ('<img src="//x.org/a.png" alt="a b">', "the address //x.org"),
        ('<a href="javascript:alert(1)">x</a>', "the address javascript:"),
        ('<a href=" JavaScript:alert(1)">x</a>', "the address"),
        ('<p onclick="x()">x</p>', "an event handler onclick"),
        ('<img src="data:," alt="">', "a picture without a sentence"),
        ('<img src="data:,">', "a picture without a sentence"),
        (
            '<img src="data:," alt="No description has been provided for this image">',
            "a picture without a sentence",
        ),
        ("<svg></svg>", "a drawing without a label"),
        ("<style>@import 'x.css';</style>", "a style that loads something"),
        ("<style>p{background:url(http://x.org)}</style>", "a style that loads something"),
        ('<p style="background:url(//x.org)">', "a style that loads something"),
        ("<h1>Again</h1>", "2 h1 headings"),
        ('<p id="a"></p><p id="a"></p>', "the id a twice"),
        ("x" * MAX_BYTES, "bytes"),
    ],
)
def test_a_fault_is_named(piece, fault):
    """Active content, addresses outside, unlabelled figures, double ids and weight are refused."""
    with pytest.raises(ReportError) as caught:
        check_page("p.html", WHOLE.replace("{}", piece))
    assert fault in str(caught.value)


META = f'<meta http-equiv="Content-Security-Policy" content="{policy()}">'
OWN = f"<script>{script()}</script>"


def test_the_own_script_passes_with_its_policy():
    """It stands once, as it was made."""
    check_page("p.html", WHOLE.replace("{}", META + OWN))


@pytest.mark.parametrize(
    ("piece", "fault"),
    [
        (OWN, "a script without its policy"),
        (META.replace("script-src", "script-src 'unsafe-inline'") + OWN, "a script without its policy"),
        (META + META + OWN, "a script without its policy"),
        (META + OWN + OWN, "the script twice"),
        (META + OWN + "<SCRIPT>alert(1)</SCRIPT>", "active content <script>"),
        (META + OWN.replace("</", " </"), "active content <script>"),
        (META + OWN.replace("<script", '<script src="x.js"'), "a script with src"),
        (META + OWN.replace("<script", "<script type=module"), "a script with type"),
    ],
)
def test_any_other_script_is_refused(piece, fault):
    """Changed by one blank, twice, with an attribute, or under a policy that lets others run."""
    with pytest.raises(ReportError) as caught:
        check_page("p.html", WHOLE.replace("{}", piece))
    assert fault in str(caught.value)


def test_lang_is_asked_for():
    """A page without a language is refused."""
    with pytest.raises(ReportError, match="no lang"):
        check_page("p.html", "<html><h1>x</h1></html>")
