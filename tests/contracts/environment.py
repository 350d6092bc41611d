"""Print environment.yml, made from pyproject.toml; `make lock` writes it."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def environment() -> str:
    """Lay the project's own requirements out for conda; the lock pins them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = [
        "# Made from pyproject.toml by `make lock`. Use: conda env create -f environment.yml",
        f"name: {project['name']}",
        "channels:",
        "  - conda-forge",
        "dependencies:",
        f"  - python{project['requires-python']}",
        "  - pip",
        "  - pip:",
        "      - -c requirements.lock",
        *(f"      - {requirement}" for requirement in project["dependencies"]),
        "      - -e .",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    import sys

    sys.stdout.write(environment())
