"""Run the benches one after the other and write what they found to RESULTS.md.

``python tests/bench/everything.py [NAME ...]`` runs all, or those that are named, and leaves what was found
of the others as it is. Figures come from the benches alone (``results.json``); why one falls short is written
by hand (``shortfalls.toml``). It ends with 1 where a bench tells nothing.
"""

import argparse
import datetime as dt
import json
import os
import platform
import shlex
import subprocess
import sys
import tempfile
import time
import tomllib
from importlib.metadata import version
from pathlib import Path
from typing import Any

from figures import KEPT, number

HERE = Path(__file__).parent
RESULTS, PAGE, SHORTFALLS = (HERE / name for name in ("results.json", "RESULTS.md", "shortfalls.toml"))
BENCHES = {
    "publish": ("A week published, against papermill and nbconvert", "publish.py --skip backfill"),
    "backfill": ("A year of two notebooks, against papermill and nbconvert", "publish.py --skip weekly"),
    "pages": ("Pages in Chromium", "pages.py reports/example"),
    "read": ("Files with one fault each, against pandas, polars and DuckDB", "read.py"),
    "load": ("20 M rows loaded, against DuckDB", "load.py"),
    "scale": ("1, 10 and 100 M shipments, against DuckDB", "scale.py"),
    "engines": ("Facts on PostgreSQL and Spark", "engines.py"),
    "split": ("A change split over its segments, against icanexplain", "split.py"),
    "segments": ("The search of segments, against wise-pizza and known causes", "segments.py"),
    "verdicts": ("Verdicts on the marketplace of size M", "verdicts.py"),
    "mix": ("The carrier mix", "mix.py --seeds 50"),
    "adoption": ("BackShip against the truth of the sample", "adoption.py --size M"),
    "explorer": ("The explorer on the sample of size S", "explorer.py"),
}
_PLOTS = {"scale": ["![Processor seconds over 1, 10 and 100 M shipments, all ways](growth.svg)", ""]}
PACKAGES = ("duckdb", "pandas", "numpy", "papermill", "nbconvert", "nbclient", "matplotlib", "highspy")


def run(name: str) -> dict[str, Any]:
    """Run a bench and give what it told."""
    _, command = BENCHES[name]
    print(f"\n== {name}: {command}", flush=True)
    script, *options = shlex.split(command)
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / "figures"
        kept.touch()
        started, load = time.perf_counter(), os.getloadavg()[0]
        done = subprocess.run(
            [sys.executable, HERE / script, *options], env={**os.environ, KEPT: str(kept)}, check=False
        )
        figures = [json.loads(line) for line in kept.read_text(encoding="utf-8").splitlines()]
    return {
        "command": command,
        "on": f"{dt.datetime.now(dt.UTC):%Y-%m-%d}",
        "minutes": round((time.perf_counter() - started) / 60, 1),
        "load_before": round(load, 1),
        "ended_with": done.returncode,
        "machine": f"{os.cpu_count()} cores, {_memory_gb():.0f} GB, Python {platform.python_version()}",
        "packages": {package: version(package) for package in PACKAGES},
        "figures": figures,
    }


def _memory_gb() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


def page(results: dict[str, Any], causes: dict[str, str]) -> str:
    """Write what was found as Markdown."""
    told = [
        "# What was measured",
        "",
        "Written by `make bench`. Each line is minimum / median / maximum of its runs; in the unit `times`, "
        "ours divided by what it is put beside, the ways taking turns in one run. These machines are shared: "
        "ratios tell more than seconds, and CPU more than wall.",
        "",
    ]
    for name, (title, _) in BENCHES.items():
        if name in results:
            told += _section(title, results[name], causes)
            told += _PLOTS.get(name, [])
    lacking = [name for name in BENCHES if name not in results]
    if lacking:
        told += [f"Not measured yet: {', '.join(lacking)}.", ""]
    return "\n".join(told)


def _section(title: str, found: dict[str, Any], causes: dict[str, str]) -> list[str]:
    packages = ", ".join(f"{name} {number}" for name, number in found["packages"].items())
    told = [
        f"## {title}",
        "",
        f"`{found['command']}` on {found['on']}, {found['minutes']} minutes, load before it "
        f"{found['load_before']}. {found['machine']}; {packages}.",
        "",
        "| what | beside | runs | min / median / max | unit | limit | |",
        "|---|---|---|---|---|---|---|",
    ]
    for one in found["figures"]:
        values = " / ".join(number(value) for value in one["values"])
        kept = "" if not one["limit"] else "kept" if one["holds"] else "**short**"
        cells = (one["what"], one["peer"], str(one["runs"]), values, one["unit"], one["limit"], kept)
        told.append(f"| {' | '.join(cells)} |")
    short = [one["what"] for one in found["figures"] if not one["holds"]]
    told += ["", *(f"- {what}: {causes.get(what, 'cause not known yet')}." for what in short)]
    return [*told, *([""] if short else [])]


def main() -> int:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHES)}; none: all")
    asked = parser.parse_args().names or list(BENCHES)
    if unknown := sorted(set(asked) - set(BENCHES)):
        parser.error(f"no bench is called {', '.join(unknown)}; there are {', '.join(BENCHES)}")
    results = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    causes = tomllib.loads(SHORTFALLS.read_text(encoding="utf-8"))
    for name in asked:
        results[name] = run(name)
        RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
        PAGE.write_text(page(results, causes), encoding="utf-8")
    # A limit that is missed is a result; a bench that told nothing is none.
    return int(any(not results[name]["figures"] for name in asked))


if __name__ == "__main__":
    sys.exit(main())
