"""What the contract tests read: the library's modules, as syntax trees."""

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
LIBRARY = ROOT / "lib" / "tallysheet"
MARKETPLACE = ROOT / "lib" / "marketplace"


def paths(package: Path = LIBRARY) -> dict[str, Path]:
    """List the files of a package by the modules' dotted names below it; the package itself is ''."""
    return {
        ".".join(path.relative_to(package).with_suffix("").parts).removesuffix("__init__").rstrip("."): path
        for path in sorted(package.rglob("*.py"))
    }


@cache
def modules(package: Path = LIBRARY) -> dict[str, ast.Module]:
    """Read every module of a package."""
    return {
        name: ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
        for name, path in paths(package).items()
    }


def imported(tree: ast.Module) -> set[str]:
    """List what a module imports, anywhere in it, as dotted names."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names
