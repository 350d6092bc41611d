"""What the library never does, found in its syntax tree."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

LIBRARY = Path(__file__).parents[2] / "lib" / "tallysheet"
MODULES = sorted(LIBRARY.rglob("*.py"))

# Today enters once, as a parameter: only the command line reads a clock, and the load, once, for
# extracts of which nobody says when they were taken; and a digest, whether its file is at rest.
MAY_READ_THE_CLOCK = {"cli.py", "clean.py", "digests.py"}
CLOCKS = {"now", "utcnow", "today", "gmtime", "localtime", "time_ns"}
UNSAFE_MODULES = {"pickle", "cPickle", "dill", "joblib", "shelve", "marshal"}
UNSAFE_CALLS = {"eval", "exec", "compile", "print", "__import__", "yaml.load"}


def name_of(function: ast.expr) -> str:
    """Give the dotted name of what is called, as far as it is one."""
    if isinstance(function, ast.Attribute):
        return f"{name_of(function.value)}.{function.attr}".lstrip(".")
    return function.id if isinstance(function, ast.Name) else ""


def is_clock(name: str) -> bool:
    """Tell clocks from `dt.time(6, 30)`, which is a time of day."""
    first, last = name.split(".")[0], name.rsplit(".", 1)[-1]
    on_a_module = first in ("dt", "datetime", "date", "time", "pd", "pandas") and "." in name
    return name == "time.time" or (on_a_module and last in CLOCKS)


def names(node: ast.AST) -> list[str]:
    """Give what a node imports or calls, or what kind of statement it is, as one would write it."""
    if isinstance(node, ast.Import):
        return [f"import {alias.name.split('.')[0]}" for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        module = (node.module or "").split(".")[0]
        return [f"import {module}", *(f"import {module}.{alias.name}" for alias in node.names)]
    if isinstance(node, ast.Call):
        return [name_of(node.func)]
    if isinstance(node, ast.ExceptHandler) and node.type is None:
        return ["bare except"]
    return ["assert"] if isinstance(node, ast.Assert) else []


def banned(tree: ast.AST, *, may_read_the_clock: bool = False) -> Iterator[tuple[int, str]]:
    """Give line and name of everything that is banned."""
    unsafe = {f"import {module}" for module in UNSAFE_MODULES} | UNSAFE_CALLS | {"assert", "bare except"}
    for node in ast.walk(tree):
        for name in names(node):
            clock = name in ("import time.time", "import time.time_ns") or is_clock(name)
            pickled = name.endswith((".read_pickle", ".to_pickle"))
            if name in unsafe or pickled or (clock and not may_read_the_clock):
                yield node.lineno, name


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(LIBRARY)))
def test_the_library_keeps_off(path):
    """No pickle, no unsafe YAML, no eval, no print, no bare except, no assert on data, no clock."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    may_read = str(path.relative_to(LIBRARY)) in MAY_READ_THE_CLOCK

    assert list(banned(tree, may_read_the_clock=may_read)) == []


@pytest.mark.parametrize(
    "text",
    [
        "import pickle",
        "from pickle import loads",
        "pd.read_pickle(path)",
        "yaml.load(text)",
        "eval(text)",
        "exec(text)",
        "print(1)",
        "assert rows",
        "try:\n    pass\nexcept:\n    pass",
        "dt.datetime.now(dt.UTC)",
        "datetime.now()",
        "dt.date.today()",
        "pd.Timestamp.now()",
        "time.time()",
        "from time import time",
    ],
)
def test_each_is_recognised(text):
    """The rule sees every spelling that it forbids."""
    assert list(banned(ast.parse(text)))


def test_innocent_names_pass():
    """A method of the same name on something else is no clock, and other YAML loaders are safe."""
    text = "explanation.now()\ndt.time(6, 30)\nyaml.safe_load(x)\nconnection.execute(sql)\nre.compile(x)"

    assert list(banned(ast.parse(text))) == []
