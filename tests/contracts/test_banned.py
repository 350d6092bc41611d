"""What the library never does."""

import ast

import pytest
from source_tree import modules

CALLS = {"eval", "exec", "print", "input", "breakpoint"}
CLOCK = {"now", "today", "utcnow", "time", "localtime"}
MODULES = {"pickle", "shelve", "marshal", "yaml"}
CLOCK_READERS = {"cli"}
"""Today enters once, where a person starts a command."""


@pytest.mark.parametrize("name", sorted(modules()))
def test_no_dangerous_or_careless_construct(name):
    """No code from text, no printing, no pickle, no assert on data, no bare except."""
    found = []
    for node in ast.walk(modules()[name]):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS:
            found.append(node.func.id)
        if isinstance(node, ast.Import | ast.ImportFrom):
            roots = {alias.name.split(".")[0] for alias in node.names} | {
                str(getattr(node, "module", "")).split(".")[0]
            }
            found += sorted(roots & MODULES)
        if isinstance(node, ast.Assert) or (isinstance(node, ast.ExceptHandler) and node.type is None):
            found.append(type(node).__name__)

    assert found == []


@pytest.mark.parametrize("name", sorted(set(modules()) - CLOCK_READERS))
def test_only_the_command_line_reads_the_clock(name):
    """Results come from the data's own as-of, so that a run can be repeated."""
    calls = [
        ast.unparse(node.func)
        for node in ast.walk(modules()[name])
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in CLOCK
        and ast.unparse(node.func.value).split(".")[-1] in {"dt", "datetime", "date", "time"}
    ]

    assert [call for call in calls if not call.startswith("dt.time")] == []
