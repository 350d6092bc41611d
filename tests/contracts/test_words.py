"""Text is data: no sentence for a reader stands in a .py file, and every key asked for is there."""

import ast
import re
import string

import pytest
from source_tree import modules

from tallysheet.errors import DataError
from tallysheet.language import languages, read_language

SHOWING = ["say", "tables", "svg", "control_charts", "charts", "page", "fine_print", "week", "publish.weekly"]
ERRORS = {"DataError", "UsageError", "ReportError", "ValueError", "AttributeError"}
MARKUP = re.compile(r"[<>{}=;:/_]|\b(SELECT|CREATE|FROM|SHOW) |^DejaVu Sans$")
"""HTML, CSS, SQL, keys and the name of a font are not sentences."""


def flat(words: dict, prefix: str = "") -> dict[str, str]:
    found = {}
    for key, value in words.items():
        found |= flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": value}
    return found


def asked_for(tree: ast.Module) -> set[str]:
    """Give the constant keys of text(...) and language.text(...)."""
    keys = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name == "text" and isinstance(node.args[0].value, str):
                keys.add(node.args[0].value)
    return keys


@pytest.mark.parametrize("code", languages())
def test_every_key_asked_for_is_there(code):
    """A missing key would stop a report."""
    language = read_language(code)
    keys = set().union(*(asked_for(tree) for tree in modules().values()))

    assert keys
    assert [key for key in sorted(keys) if not language.has(key)] == []


@pytest.mark.parametrize("code", languages())
def test_languages_have_the_same_keys_and_placeholders(code):
    """A language is whole: what English says, it says, about the same values."""
    english, other = flat(read_language("en").words), flat(read_language(code).words)
    fields = {
        name: {
            key: {field for _, field, _, _ in string.Formatter().parse(text) if field}
            for key, text in words.items()
        }
        for name, words in (("en", english), (code, other))
    }

    assert fields[code] == fields["en"]


@pytest.mark.parametrize("name", SHOWING)
def test_no_sentence_for_a_reader_stands_in_the_code(name):
    """Docstrings and errors are English and stay; all else comes from words/*.toml."""
    tree = modules()[name]
    inside_errors, docstrings = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in ERRORS:
            inside_errors |= {id(inner) for inner in ast.walk(node)}
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            docstrings.add(id(node.value))
    sentences = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in inside_errors | docstrings
        and re.search(r"[A-Za-z]{2,} [A-Za-z]{2,}", node.value)
        and not MARKUP.search(node.value)
        and not re.fullmatch(r"[a-z-]+ [a-z-]+", node.value)  # two class names of HTML
    ]

    assert sentences == []


def test_a_text_says_what_it_lacks():
    """An unknown key or a placeholder without a value is an error, not a gap on the page."""
    language = read_language("en")

    with pytest.raises(DataError, match=r"no\.such\.key"):
        language.text("no.such.key")
    with pytest.raises(DataError, match="known placeholders"):
        language.text("say.beside")
