"""Measure the search of segments: speed, quality, coverage of its intervals, and wise-pizza beside it.

``python tests/bench/segments.py [--cases N] [--skip-wise-pizza] ...`` prints each figure beside its goal.
Cases are drawn by ``tests/segment_cases.py`` from seeds that the method was not tuned on. What is timed runs
in a process of its own. wise-pizza has an environment of its own, which is made on the first run.
"""

from __future__ import annotations

import argparse
import itertools
import json
import multiprocessing
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from figures import tell
from peers import ROOT, peer_python, run

sys.path.insert(0, str(Path(__file__).parents[1]))

from segment_cases import FINAL, Case, Where, additive, logistics, score, volumes

from tallysheet.segments import Segment, find_segments

WISE_PIZZA_PINS = ("wise-pizza==0.2.9", "scikit-learn==1.9.1")
WISE_PIZZA_CONDITIONS = (2, 3)
"""Its default, and as many as were planted at most."""

PROCESSES = 2
MOST_NAMED = 18 / 200
COVERED = (0.93, 0.97)


# --- frames that are timed -----------------------------------------------------------------------------


def drawn(sizes: Sequence[int], rows: int | None, rng: np.random.Generator) -> tuple[pd.DataFrame, list]:
    """Give every combination of values once, or so many drawn rows, in which some values are frequent."""
    if rows is None:
        codes = [axis.ravel() for axis in np.indices(sizes)]
    else:
        shares = [rng.dirichlet(np.full(size, 1.0)) for size in sizes]
        some = {tuple(row) for row in np.column_stack([rng.choice(len(s), rows, p=s) for s in shares])}
        codes = list(np.array(sorted(some)).T)
    names = "abcdefgh"[: len(sizes)]
    values = {
        name: pd.array([f"{name}{i}" for i in range(size)], dtype="str").take(code)
        for name, size, code in zip(names, sizes, codes, strict=True)
    }
    return pd.DataFrame(values), codes


def planted(codes: list, causes: Sequence[dict[int, int]]) -> tuple[list, frozenset[Where]]:
    """Give the rows of each cause, and the causes by name."""
    rows = [np.logical_and.reduce([codes[d] == v for d, v in cause.items()]) for cause in causes]
    named = [frozenset(("abcdefgh"[d], f"{'abcdefgh'[d]}{v}") for d, v in one.items()) for one in causes]
    return rows, frozenset(named)


def a_million(seed: int, kind: str) -> Case:
    """Draw a frame of 1,024,000 leaf cells with two planted causes, of two and of three conditions."""
    rng = np.random.default_rng(seed)
    frame, codes = drawn((20, 20, 16, 16, 10), None, rng)
    rows, causes = planted(codes, [{0: 3, 2: 5}, {1: 7, 3: 2, 4: 1}])
    n = len(frame)
    if kind == "ratio":
        return parcels(frame, 6 * rng.gamma(2, 0.5, n), rows, causes, rng)
    predict = 100 * rng.weibull(0.7, n) * (rng.random(n) > 0.1)
    real = predict * (1 + rng.normal(0, 0.1, n)).clip(0)
    for mine in rows:
        real[mine] *= 0.6
    columns = {"now": "real", "base": "predict"}
    return Case(frame.assign(real=real, predict=predict), tuple("abcde"), columns, causes)


def sparse(seed: int) -> Case:
    """Draw about 200,000 of the many combinations of eight dimensions, with one planted cause."""
    rng = np.random.default_rng(seed)
    frame, codes = drawn((30, 25, 20, 12, 10, 8, 6, 4), 220_000, rng)
    largest = [int(np.bincount(code).argmax()) for code in codes]
    rows, causes = planted(codes, [{1: largest[1], 4: largest[4]}])
    return parcels(frame, np.full(len(frame), 3.0), rows, causes, rng)


def parcels(
    frame: pd.DataFrame, volume: np.ndarray, rows: list, causes: frozenset[Where], rng: np.random.Generator
) -> Case:
    """Draw parcels late of parcels due, 8 % and 18 % where a cause was planted."""
    due_before, due = rng.poisson(volume), rng.poisson(volume)
    rate = np.where(np.logical_or.reduce(rows), 0.18, 0.08)
    late, late_before = rng.binomial(due, rate), rng.binomial(due_before, 0.08)
    frame = frame.assign(late=late, due=due, late_before=late_before, due_before=due_before)
    columns = {"now": "late", "base": "late_before", "now_n": "due", "base_n": "due_before"}
    seen = frame[(due > 0) | (due_before > 0)].reset_index(drop=True)
    return Case(seen, tuple(frame.columns[:-4]), columns, causes)


@dataclass(frozen=True)
class Timed:
    """A kind of frame that is timed: how it is drawn, from how many seeds, and the limit of a search."""

    title: str
    draw: Callable[[int], Case]
    seeds: int
    limit: float | None


TIMED = {
    "S": Timed("an S case", partial(additive, kind="S"), 50, 0.1),
    "logistics": Timed("a logistics cube", partial(logistics, kind="causes"), 50, 0.1),
    "sum": Timed("a large sum", partial(a_million, kind="sum"), 1, 1.0),
    "ratio": Timed("a large ratio", partial(a_million, kind="ratio"), 1, 1.0),
    "sparse": Timed("a sparse ratio", sparse, 1, None),
}


# --- 1. speed ------------------------------------------------------------------------------------------


def search(case: Case) -> list[Segment]:
    """Search a case."""
    return find_segments(case.frame, by=case.by, **case.columns)


def names(found: list[Segment]) -> frozenset[Where]:
    """Give segments as cases name theirs."""
    return frozenset(frozenset(one.where.items()) for one in found)


def seconds(work: Callable[[], Any]) -> tuple[float, float, Any]:
    """Give wall and CPU seconds, and what came out."""
    started, used = time.perf_counter(), time.process_time()
    out = work()
    return time.perf_counter() - started, time.process_time() - used, out


def time_frame(name: str, repeats: int) -> dict[str, Any]:
    """Search frames of a kind; the first search is for memory only, as tracing it makes it slow."""
    timed = TIMED[name]
    case = timed.draw(FINAL)
    tracemalloc.start()
    search(case)
    traced_mb = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    rows, walls, cpus, found = [], [], [], []
    for seed in range(FINAL, FINAL + timed.seeds):
        case = timed.draw(seed)
        runs = [seconds(partial(search, case)) for _ in range(repeats)]
        rows.append(len(case.frame))
        walls.append(statistics.median(wall for wall, _, _ in runs))
        cpus.append(statistics.median(cpu for _, cpu, _ in runs))
        found.append((names(runs[0][2]), case.causes))
    return {
        "rows": round(statistics.median(rows)),
        "wall": statistics.median(walls),
        "cpu": statistics.median(cpus),
        "slowest": max(walls),
        "slowest_seed": FINAL + walls.index(max(walls)),
        "above": sum(wall > timed.limit for wall in walls) if timed.limit else 0,
        "traced_mb": traced_mb,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        **score(found),
    }


def child(*arguments: str) -> dict[str, Any]:
    """Run this file in a process of its own, and read the JSON of its last line."""
    done = subprocess.run([sys.executable, __file__, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(arguments)}: expected to run to its end, failed with\n{done.stderr.strip()}")
    return json.loads(done.stdout.splitlines()[-1])


def print_speed(repeats: int) -> None:
    print("speed: median seconds of one search; memory on top of the frame, and of the whole process")
    for name, timed in TIMED.items():
        found = child("--time", name, "--repeats", str(repeats))
        limit, many = timed.limit, ""
        ratios = "no limit"
        if limit:
            ratios = f"{found['wall'] / limit:.2f} and {found['cpu'] / limit:.2f} of the limit {limit} s"
        if timed.seeds > 1:
            many = (
                f"{found['above']} of {timed.seeds} frames above it, slowest {found['slowest']:.3f} "
                f"(seed {found['slowest_seed']}); "
            )
        print(
            f"  {timed.title}, {found['rows']:,} rows: wall {found['wall']:.3f}, CPU {found['cpu']:.3f} "
            f"({ratios}); {many}{found['traced_mb']:.0f} MB, {found['peak_mb']:.0f} MB; "
            f"{found['tp']} named rightly, {found['fp']} wrongly, {found['fn']} missed",
            flush=True,
        )
        tell(f"search, {timed.title}, wall", [found["wall"]], most=limit, unit="seconds")


# --- 2. and 3. quality and coverage --------------------------------------------------------------------

FAMILIES: dict[str, Callable[[int], Case]] = {
    "S": partial(additive, kind="S"),
    "L": partial(additive, kind="L"),
    "volumes": volumes,
    "opposite": partial(logistics, kind="opposite"),
    **{
        f"{kind} {dispersed}".strip(): partial(logistics, kind=kind, dispersed=dispersed)
        for kind in ("causes", "mix", "unchanged", "single")
        for dispersed in ("", "leaf", "lane")
    },
}

F1_GOALS = {
    "S": 0.90,
    "L": 0.93,
    "causes": None,
    "causes leaf": 0.95,
    "causes lane": 0.95,
    "opposite": 0.80,
}


def look(job: tuple[str, int]) -> tuple[frozenset[Where], frozenset[Where], bool | None]:
    """Draw a case and search it: what was named, what was planted, and if the interval holds its effect.

    The last is empty where there is not one effect, or the segment was not named.
    """
    family, seed = job
    try:
        case = FAMILIES[family](seed)
        found = search(case)
    except Exception as error:
        raise RuntimeError(f"{family}, seed {seed}: expected segments, found {error!r}") from error
    mine = [one for one in found if frozenset(one.where.items()) in case.causes]
    if len(case.effects) != 1 or not mine:
        return names(found), case.causes, None
    return names(found), case.causes, bool(mine[0].low <= case.effects[0] <= mine[0].high)


def looked(pool: ProcessPoolExecutor, family: str, cases: int) -> list:
    """Search so many fresh cases of a family."""
    return list(pool.map(look, [(family, FINAL + i) for i in range(cases)], chunksize=5))


def print_quality(pool: ProcessPoolExecutor, cases: int) -> None:
    print(f"quality: {cases} cases each; a segment counts only if it is named exactly")
    for family, goal in F1_GOALS.items():
        found = score((named, causes) for named, causes, _ in looked(pool, family, cases))
        print(f"  {found['tp']} named rightly, {found['fp']} wrongly, {found['fn']} missed", flush=True)
        tell(f"F1, {family}", [found["f1"]], least=goal, unit="of 1")
    for dispersed in ("", "leaf", "lane"):
        each = {
            kind: sum(bool(named) for named, _, _ in looked(pool, f"{kind} {dispersed}".strip(), cases))
            for kind in ("mix", "unchanged")
        }
        print(f"  mix {each['mix']}, unchanged {each['unchanged']}", flush=True)
        what = f"something named where only the mix moved or nothing {dispersed}".rstrip()
        most = None if dispersed else MOST_NAMED * 2 * cases
        tell(what, [sum(each.values())], most=most, unit=f"of {2 * cases} cases")


def print_coverage(pool: ProcessPoolExecutor, cases: int) -> None:
    low, high = COVERED
    print(f"coverage: {cases} cases each; goal {low:.0%} to {high:.0%} of the segments that were named")
    for family in ("single", "volumes", "single leaf", "single lane"):
        inside = [one for _, _, one in looked(pool, family, cases) if one is not None]
        share = statistics.mean(inside) if inside else float("nan")
        chance = (0.95 * 0.05 / len(inside)) ** 0.5 if inside else float("nan")
        print(
            f"  {len(inside)} intervals (standard error at 95% {chance:.1%}), {cases - len(inside)} unnamed",
            flush=True,
        )
        tell(f"intervals that hold the effect, {family}", [share], least=low, most=high, unit="of 1")


# --- 4. wise-pizza -------------------------------------------------------------------------------------


def print_wise_pizza() -> None:
    print("beside wise-pizza: one logistics cube, the first with three causes; seconds of the call alone")
    case = next(
        case for seed in itertools.count(FINAL) if len((case := logistics(seed, "causes")).causes) == 3
    )
    planted_ = ", ".join(sorted(map(told, case.causes)))
    print(f"  {len(case.frame):,} rows; planted: {planted_}", flush=True)
    with tempfile.TemporaryDirectory(prefix="bench-segments-") as folder:
        path = Path(folder) / "frame.parquet"
        case.frame.to_parquet(path)
        ours = child("--search", str(path), *case.by)
        print(f"  tallysheet: {result(ours, case)}", flush=True)
        try:
            for most, its in wise_pizza_results(path, case.by):
                print(f"  wise-pizza, at most {most} conditions: {result(its, case)}", flush=True)
                peer, planted = f"wise-pizza, at most {most} conditions", f"of {len(case.causes)}"
                tell("one search, wall", [ours["wall"] / its["wall"]], peer=peer)
                tell("planted segments named", [hits(ours, case)], unit=planted)
                tell(f"planted segments named by {peer}", [hits(its, case)], unit=planted)
        except OSError as error:
            print(f"  wise-pizza: not compared, as it could not be installed or run: {error}")


def wise_pizza_results(path: Path, by: Sequence[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Let wise-pizza search the same file, with its own number of conditions and with as many as ours."""
    python = peer_python("wise-pizza", "-c", ROOT / "requirements.lock", *WISE_PIZZA_PINS)
    runner = Path(__file__).with_name("wise_pizza_run.py")
    for most in WISE_PIZZA_CONDITIONS:
        yield most, json.loads(run([python, "-I", runner, path, str(most), *by]).splitlines()[-1])


def told(where: Where) -> str:
    """Write a segment."""
    return " & ".join(f"{value}" for _, value in sorted(where))


def hits(found: dict[str, Any], case: Case) -> int:
    """Count the planted segments that were named."""
    return len({frozenset(one.items()) for one in found["named"]} & case.causes)


def result(found: dict[str, Any], case: Case) -> str:
    """Write what was named, and how fast."""
    named = {frozenset(one.items()) for one in found["named"]}
    others = f", and {len(named - case.causes)} others" if named - case.causes else ""
    exact = ", ".join(sorted(map(told, named & case.causes))) or "none"
    return f"wall {found['wall']:.3f}, CPU {found['cpu']:.3f}; planted and named: {exact}{others}"


def search_file(path: str, by: Sequence[str]) -> dict[str, Any]:
    """Search a file, as `wise_pizza_run.py` does."""
    columns = {"now": "late", "base": "late_before", "now_n": "due", "base_n": "due_before"}
    frame = pd.read_parquet(path)
    wall, cpu, found = seconds(partial(find_segments, frame, by=by, **columns))
    return {"wall": wall, "cpu": cpu, "named": [one.where for one in found]}


# -------------------------------------------------------------------------------------------------------


def count(text: str) -> int:
    """Read a number of cases or repeats."""
    if not text.isascii() or not text.isdigit() or not int(text):
        raise argparse.ArgumentTypeError(f"expected a whole number of 1 or more, found {text!r}")
    return int(text)


def options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--cases", type=count, default=100, help="cases of each kind (default 100)")
    parser.add_argument(
        "--coverage-cases", type=count, help="cases of each kind for coverage (default 10 times --cases)"
    )
    parser.add_argument("--repeats", type=count, default=5, help="searches of a timed frame (default 5)")
    for part in ("speed", "quality", "coverage", "wise-pizza"):
        parser.add_argument(f"--skip-{part}", action="store_true", help=f"leave out the {part} part")
    parser.add_argument("--time", choices=TIMED, help=argparse.SUPPRESS)
    parser.add_argument("--search", nargs="+", help=argparse.SUPPRESS)
    return parser


def main() -> None:
    given = options().parse_args()
    packages = ", ".join(f"{name} {version(name)}" for name in ("numpy", "pandas"))
    print(f"{os.cpu_count()} cores, Python {platform.python_version()}, {packages}; seeds from {FINAL:,}")
    if not given.skip_speed:
        print_speed(given.repeats)
    if not (given.skip_quality and given.skip_coverage):
        os.environ["OMP_NUM_THREADS"] = "1"  # two processes share the cores; heeded by those that start anew
        with ProcessPoolExecutor(PROCESSES, multiprocessing.get_context("spawn")) as pool:
            if not given.skip_quality:
                print_quality(pool, given.cases)
            if not given.skip_coverage:
                print_coverage(pool, given.coverage_cases or 10 * given.cases)
        del os.environ["OMP_NUM_THREADS"]
    if not given.skip_wise_pizza:
        print_wise_pizza()


if __name__ == "__main__":
    hidden = options().parse_args()
    if hidden.time:
        print(json.dumps(time_frame(hidden.time, hidden.repeats)))
    elif hidden.search:
        print(json.dumps(search_file(hidden.search[0], hidden.search[1:])))
    else:
        main()
