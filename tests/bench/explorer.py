"""How long the explorer takes, in the kernel, from a changed control to the redrawn view.

Run ``make bench-explorer [ARGS="--data DIR --limit 1"]``. Without ``--data`` a sample of size S is made and
loaded first. Each control is set to values that were not looked at before: every KPI, weeks, bases,
dimensions, parts two levels deep and back, moments, tabs. Between two changes the kernel is left alone for as
long as a person looks, in which the explorer adds up ahead. Seconds are of the clock; beside them stand those
of all processors, which other work on the machine does not make longer. It ends with 1 where the first view,
or the median of a control, takes longer than its limit.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from figures import tell

if TYPE_CHECKING:
    import ipywidgets as widgets

    from tallysheet.explorer import Explorer

FIRST_VIEW, ON_S, ON_M = 5.0, 0.25, 1.0
WEEKS, MOMENTS = 6, (2, 4)
VIEWS = ("usual", "parts", "over_time", "behind", "compare", "rows", "data")
Change = tuple[str, str, Callable[[], None]]


def taken(act: Callable[[], object]) -> tuple[float, float]:
    """Give the seconds that something takes: by the clock, and of all processors."""
    clock, cpu = time.perf_counter(), time.process_time()
    act()
    return time.perf_counter() - clock, time.process_time() - cpu


def changes(explorer: Explorer) -> Iterator[Change]:
    """Give control, value and what sets it, one after the other."""
    yield from tabs(explorer)
    for value in ("previous", "year-ago", "target", "last-4"):
        yield "base", value, to(explorer.base, value)
    yield from dimensions_and_parts(explorer)
    for _, value in explorer.when.options[1 : WEEKS + 1]:
        yield "week", value, to(explorer.when, value)
    explorer.when.value = explorer.when.options[0][1]
    for _, value in explorer.kpi.options[1:]:
        yield "KPI", value, to(explorer.kpi, value)
    newest = explorer.week.ledger.as_of
    for days in MOMENTS:
        day = f"{newest - dt.timedelta(days=days):%Y-%m-%d}"
        yield "as known on", day, to(explorer.as_of, day)


def tabs(explorer: Explorer) -> Iterator[Change]:
    """Open one tab after the other, and the first again."""
    for name in (*VIEWS[1:], VIEWS[0]):
        yield "tab", name, to(explorer.tabs, VIEWS.index(name), "selected_index")


def dimensions_and_parts(explorer: Explorer) -> Iterator[Change]:
    """Split over each dimension, look inside twice and go back, and compare parts."""
    for _, value in explorer.by.options[1:]:
        yield "dimension", value, to(explorer.by, value)
    explorer.by.value = explorer.by.options[0][1]
    for _ in range(2):
        yield "look inside", str(explorer.into.value), explorer.enter.click
    for value in [value for _, value in explorer.by.options][1:3]:
        yield "dimension inside", value, to(explorer.by, value)
    yield "back", "all", explorer.path.children[0].click
    explorer.tabs.selected_index = VIEWS.index("compare")
    for _, value in explorer.other.options[2:5]:
        yield "compared with", value, to(explorer.other, value)
    explorer.tabs.selected_index = 0


def to(box: widgets.Widget, value: object, name: str = "value") -> Callable[[], None]:
    """Give what sets a box to a value."""
    return lambda: setattr(box, name, value)


def main() -> None:
    """Measure, print, and end with 1 where a limit is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--limit", type=float)
    parser.add_argument("--pause", type=float, default=2.0, help="seconds that a person looks at a view")
    given = parser.parse_args()
    limit = given.limit or (ON_M if given.data else ON_S)
    with tempfile.TemporaryDirectory() as scratch:
        data = given.data or made(Path(scratch))
        sys.exit(measure(data, limit, given.pause))


def made(folder: Path) -> Path:
    """Make and load a sample of size S."""
    for command in (["sample", "--out", str(folder), "--size", "S"], ["load", "--data", str(folder)]):
        subprocess.run(
            [Path(sys.executable).with_name("tallysheet"), *command], check=True, stdout=subprocess.DEVNULL
        )
    return folder


def measure(data: Path, limit: float, pause: float) -> int:
    """Print how long each control takes; give the exit code."""
    found: list[Explorer] = []
    imports, _ = taken(lambda: import_module("tallysheet.explorer"))
    explore = import_module("tallysheet.explorer").explore
    first, cpu = taken(lambda: found.append(explore(data=str(data))))
    explorer = found[0]
    print(f"{data}; load on {os.cpu_count()} processors: {os.getloadavg()[0]:.1f}")
    print(
        f"imports {imports:.2f} s; first view {first:.2f} s ({cpu:.2f} of processors), limit {FIRST_VIEW:.2f}"
    )
    ahead, _ = taken(lambda: explorer.ahead.finish(600))
    print(f"all KPIs of the week added up ahead: {ahead:.1f} s after the first view")
    times: dict[str, list[tuple[float, float, str]]] = {}
    for control, value, change in changes(explorer):
        times.setdefault(control, []).append((*taken(change), value))
        explorer.ahead.finish(pause)
    explorer.ahead.stop()
    print(f"{'control':18}{'changes':>8}{'median':>8}{'min':>7}{'max':>7}{'limit':>7}{'CPU':>7}  slowest")
    everything = [one for listed in times.values() for one in listed]
    missed = not tell("explorer, first view after imports", [first], most=FIRST_VIEW, unit="seconds")
    for control, listed in [*times.items(), ("all", everything)]:
        seconds = [one[0] for one in listed]
        middle, slowest = statistics.median(seconds), max(listed)[2]
        processors = statistics.median(one[1] for one in listed)
        print(
            f"{control:18}{len(listed):>8}{middle:>8.2f}{min(seconds):>7.2f}{max(seconds):>7.2f}{limit:>7.2f}"
            f"{processors:>7.2f}  {slowest}{'  TOO SLOW' if middle > limit else ''}"
        )
        what = f"explorer, {control}: from change to redrawn view"
        missed = not tell(what, seconds, most=limit, unit="seconds") or missed
    within = sum(one[0] <= limit for one in everything)
    print(f"{within} of {len(everything)} changes within the limit")
    return int(missed)


if __name__ == "__main__":
    main()
