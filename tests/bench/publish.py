"""A week's publication against plain ``papermill`` and ``jupyter nbconvert`` on the same notebooks.

Run ``make bench-publish [ARGS="--pairs 3"]``. Both ways make the same pages of a small sample, with all that
is computed once and kept (the cube, the verdicts) already there. They take turns, in changing order. Printed:
seconds of wall and CPU, and each as a ratio to the plain run of its turn, least, median and greatest. What is
not cell time: the wall of the run with one notebook at a time, less what papermill has noted for its cells.

The backfill publishes two notebooks of each of eight weeks; the figures for 52 weeks are those of eight, less
what a run costs before its first page, times 52 / 8, and say so.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat
from figures import tell

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
BACKFILLED = ["10_weekly_review", "00_data_health"]
WEEKS = 8
YEAR = 52
BUDGETS = {
    "not cell time": 0.10,
    "wall, two at a time": 0.20,
    "CPU": 0.30,
    "unchanged": 0.05,
    "backfill": 0.20,
}
WORDS = {
    "not cell time": "a week published, what is not cell time, wall",
    "wall, one at a time": "a week published, one notebook at a time, wall",
    "wall, two at a time": "a week published, two notebooks at a time, wall",
    "CPU": "a week published, CPU",
    "unchanged": "nothing changed, wall",
    "backfill": "52 weeks of two notebooks, reckoned from eight, wall",
    "backfill, CPU": "eight weeks of two notebooks, CPU",
}


@dataclass
class Spent:
    """Seconds of wall and CPU."""

    wall: float = 0.0
    cpu: float = 0.0


@contextlib.contextmanager
def measured() -> Iterator[Spent]:
    """Measure what the commands inside take, with the processes that they start and wait for."""
    spent = Spent()
    wall, used = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    yield spent
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent.wall = time.perf_counter() - wall
    spent.cpu = after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime


def run(command: Sequence[str | Path], folder: Path) -> None:
    """Run a command of the environment; what it prints is shown only if it fails."""
    done = subprocess.run(
        [BIN / command[0], *command[1:]],
        cwd=folder,
        env={**os.environ, "TALLYSHEET_NOTIFY": ""},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}: exit {done.returncode}\n{done.stdout}{done.stderr}")


def report(workbook: Path, *options: str) -> None:
    """Publish as a user does."""
    run(["tallysheet", "report", "--data", workbook / "data", *options], workbook)


def reports_of(folder: Path) -> list[dict]:
    """List the pages of a published week: notebook and parameters."""
    return json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["reports"]


def plain(workbook: Path, reports: Sequence[dict]) -> None:
    """Make the same pages with one papermill and one nbconvert command each."""
    with tempfile.TemporaryDirectory() as out:
        for number, one in enumerate(reports):
            copy = Path(out, f"{number}.ipynb")
            parameters = {**one["parameters"], "data": str(workbook / "data")}
            given = [part for name, value in parameters.items() for part in ("-r", name, value)]
            source = workbook / "notebooks" / f"{one['notebook']}.ipynb"
            run(["papermill", source, copy, "--cwd", source.parent, "--no-progress-bar", *given], workbook)
            run(["jupyter", "nbconvert", "--to", "html", "--no-input", copy], workbook)


def cell_seconds(week: Path) -> float:
    """Add up what the cells of a week's last run took, as papermill has noted it."""
    last = max((week / "runs").iterdir())
    notebooks = [nbformat.read(path, as_version=4) for path in last.rglob("*.ipynb")]
    return sum(
        cell.metadata.get("papermill", {}).get("duration") or 0.0
        for notebook in notebooks
        for cell in notebook.cells
    )


def table(rows: Sequence[tuple[str, Sequence[float]]]) -> None:
    """Tell ratios beside their budgets."""
    for name, ratios in rows:
        tell(WORDS[name], ratios, peer="papermill and nbconvert commands", most=BUDGETS.get(name))


def ours(workbook: Path, week: Path) -> dict[str, Spent]:
    """Publish a week three times: made anew with one and with two notebooks at a time, and as it is."""
    spent = {}
    with measured() as spent["one at a time"]:
        report(workbook, "--force", "--jobs", "1")
    spent["its cells"] = Spent(cell_seconds(week))
    with measured() as spent["two at a time"]:
        report(workbook, "--force", "--jobs", "2")
    with measured() as spent["unchanged"]:
        report(workbook)
    return spent


def theirs(workbook: Path, week: Path) -> dict[str, Spent]:
    """Make a week's pages with plain commands."""
    spent = {}
    with measured() as spent["plain"]:
        plain(workbook, reports_of(week))
    return spent


def weekly(workbook: Path, pairs: int) -> None:
    """Compare one week."""
    week = max((workbook / "reports").glob("[0-9]*-W*"))
    reports = reports_of(week)
    print(f"{week.name}: {len(reports)} pages of {len({one['notebook'] for one in reports})} notebooks")
    ratios: dict[str, list[float]] = collections.defaultdict(list)
    for number in range(pairs):
        spent: dict[str, Spent] = {}
        for way in (ours, theirs) if number % 2 else (theirs, ours):
            spent |= way(workbook, week)
        for name, one in spent.items():
            print(f"  pair {number + 1}  {name:16} wall {one.wall:7.1f} s   CPU {one.cpu:7.1f} s", flush=True)
        base, alone, two = spent["plain"], spent["one at a time"], spent["two at a time"]
        ratios["not cell time"].append((alone.wall - spent["its cells"].wall) / base.wall)
        ratios["wall, one at a time"].append(alone.wall / base.wall)
        ratios["wall, two at a time"].append(two.wall / base.wall)
        ratios["CPU"].append(two.cpu / base.cpu)
        ratios["unchanged"].append(spent["unchanged"].wall / base.wall)
    table(list(ratios.items()))


def backfill(workbook: Path) -> None:
    """Compare the weeks before the last, two notebooks each, from 16 runs; nothing is kept on either side."""
    only = [part for name in BACKFILLED for part in ("--only", name)]
    options = [*only, "--lang", "en"]
    last = max((workbook / "reports").glob("[0-9]*-W*")).name
    shutil.rmtree(workbook / "reports")
    year, number = map(int, last.split("-W"))
    report(workbook, "--week", f"{year}-W{number - WEEKS:02}", *options)
    shutil.rmtree(workbook / "data" / "cube")
    with measured() as ours:
        report(workbook, "--catch-up", *options)
    with measured() as start:
        report(workbook, *options)
    weeks = sorted((workbook / "reports").glob("[0-9]*-W*"))[1:]
    reports = [one for week in weeks for one in reports_of(week)]
    shutil.rmtree(workbook / "data" / "cube")
    with measured() as theirs:
        plain(workbook, reports)
    print(
        f"backfill of {len(weeks)} weeks, {len(reports)} runs: {ours.wall:.0f} s, plain {theirs.wall:.0f} s"
    )
    scale = YEAR / len(weeks)
    ours_year, plain_year = (ours.wall - start.wall) * scale + start.wall, theirs.wall * scale
    print(f"extrapolated to {YEAR} weeks: {ours_year:.0f} s, plain {plain_year:.0f} s")
    table([("backfill", [ours_year / plain_year]), ("backfill, CPU", [ours.cpu / theirs.cpu])])


def main() -> None:
    """Make a workbook with a sample in a temporary folder, and compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--size", default="S")
    parser.add_argument("--skip", choices=["weekly", "backfill"])
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        workbook = Path(folder).resolve()
        shutil.copytree(ROOT / "notebooks", workbook / "notebooks")
        run(["tallysheet", "sample", "--out", workbook / "data", "--size", chosen.size], ROOT)
        report(workbook)
        if chosen.skip != "weekly":
            weekly(workbook, chosen.pairs)
        if chosen.skip != "backfill":
            backfill(workbook)


if __name__ == "__main__":
    main()
