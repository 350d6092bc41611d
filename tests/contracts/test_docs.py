"""The documents are complete and true."""

import ast
import re

import click
import pytest
from source_tree import ROOT, modules, paths

import tallysheet as ts
from tallysheet.cli import main

README = (ROOT / "README.md").read_text(encoding="utf-8")
TARGETS = set(
    re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE)
)


def public(tree: ast.Module):
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from (
                    inner
                    for inner in node.body
                    if isinstance(inner, ast.FunctionDef) and not inner.name.startswith("_")
                )


@pytest.mark.parametrize("name", sorted(paths()))
def test_every_public_thing_has_a_docstring(name):
    """Modules, classes, functions and methods say what they are for."""
    tree = modules()[name]
    silent = [node.name for node in public(tree) if not ast.get_docstring(node)]

    assert ast.get_docstring(tree)
    assert [found for found in silent if not found.startswith("handle_")] == []  # html.parser's own names


@pytest.mark.parametrize("name", ts.__all__)
def test_the_public_face_is_documented_in_full(name):
    """Parameters, what comes back, and an example that runs (doctest)."""
    text = getattr(ts, name).__doc__

    for part in ("Parameters\n", "Returns\n", "Examples\n", ">>> "):
        assert part in text


def test_every_command_of_the_readme_exists_and_every_command_is_in_the_readme():
    """What stands there as `tallysheet x` or `make x` is real, and none is hidden."""
    commands = set(re.findall(r"(?:`|bin/)tallysheet ([a-z-]+)", README))
    targets = set(re.findall(r"(?:`|^)make ([a-z-]+)", README, flags=re.MULTILINE))

    assert commands == set(main.commands)
    assert targets == TARGETS


@pytest.mark.parametrize("command", sorted(main.commands))
def test_every_command_explains_itself(command):
    """Each has a help text, and each of its options too."""
    found = main.commands[command]

    assert found.help
    assert [item.name for item in found.params if isinstance(item, click.Option) and not item.help] == []


def test_the_tree_of_the_readme_is_real():
    """Each file or folder that the tree names is there, or is made by sample, load and report."""
    tree = README.split("## Where things are")[1].split("```")[1]
    names = set(re.findall(r"[\w.-]+(?:/[\w.-]+)*/|[\w-]+\.(?:md|toml|yml|lock)", tree))
    made = {"raw/", "truth/", "clean/", "quarantine/", "cube/", "history/", "runs/", "internal/"}
    folders = (
        ".",
        "lib/tallysheet",
        "lib/marketplace",
        "data",
        "data/sample",
        "data/flights/sources/flights",
        "reports",
    )
    places = [ROOT / place for place in folders]
    missing = {name for name in names - made if not any((place / name).exists() for place in places)}

    assert missing == set()


def test_what_the_readme_links_to_exists():
    """Links inside the repository lead somewhere."""
    links = re.findall(r"\]\((?!https?:|#)([^)#\s]+)", README)

    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_change_log_has_the_version_that_is_built():
    """A user finds what the installed version brought."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")

    assert re.search(rf"^## {re.escape(ts.__version__)}\b", text, re.MULTILINE)
