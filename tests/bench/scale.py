"""Measure the weekly cube over many shipments against SQL written by hand over the same files.

``python tests/bench/scale.py [--rows N] [--rounds 3] [--folder DIR]`` writes two years of shipments as
clean tables are written, Parquet, a file a week; then the ways take turns, each in a process of its own:
``hand`` (the SELECT that an analyst would write), ``cube`` (all weeks from nothing, by carrier, country,
flow and service), ``week`` (one more week beside those that ``before`` kept). It prints wall and CPU
seconds, ratios and peak memory, also for a tenth and a hundredth of the rows, so that one sees how cost
grows.
"""

import argparse
import datetime as dt
import itertools
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path

import duckdb
from figures import tell

WEEKS = 104
LARGE = 100_000_000
FIRST = dt.date(2024, 11, 4)
BY = ("carrier", "destination_country", "flow", "service")
ROW = """
SELECT
    'S' || CAST(i AS VARCHAR) AS shipment_id,
    ['outbound', 'return', 'trade_in'][1 + (h % 20 > 15)::INT + (h % 20 > 18)::INT] AS flow,
    'CARRIER ' || CAST(h // 20 % 9 AS VARCHAR) AS carrier,
    ['home', 'pudo', 'express'][1 + h // 180 % 3] AS service,
    ['FR', 'DE', 'ES', 'IT', 'GB', 'NL', 'BE', 'PL', 'AT', 'PT', 'CZ', 'SE'][1 + h // 540 % 12]
        AS destination_country,
    ['FR', 'DE', 'ES'][1 + h // 6480 % 3] AS origin_country,
    'D' || CAST(h // 20_000 % 60 AS VARCHAR) AS destination,
    'S' || CAST(h // 2_000_000 % 2000 AS VARCHAR) AS seller,
    true AS hub_scanned,
    due AS promised_date,
    CAST(due AS TIMESTAMP) + INTERVAL 20 HOUR AS promised_at,
    CAST(due AS TIMESTAMP) - to_minutes(CAST(2000 + h % 3000 AS INT)) AS first_scan_at,
    CAST(due AS TIMESTAMP) + to_minutes(CAST(h % 1300 AS INT)) AS first_attempt_at,
    CAST(due AS TIMESTAMP) + to_minutes(CAST(h % 1300 + h // 7 % 2000 AS INT)) AS delivered_at,
    'delivered' AS status,
    CAST(due AS TIMESTAMP) - INTERVAL 3 DAY AS known_at,
    TIMESTAMP '{monday}' + INTERVAL 7 DAY AS loaded_at,
    CAST(NULL AS TIMESTAMP) AS replaced_at
FROM (
    SELECT
        i,
        CAST(hash(i) % 4_000_000_000 AS BIGINT) AS h,
        DATE '{monday}' + CAST(i * 7 // {rows} AS INT) AS due
    FROM range({rows}) AS t(i)
)
"""
HAND = """
SELECT
    strftime(promised_date, '%G-W%V') AS week, {by},
    count(*) AS due_n,
    sum(CASE WHEN coalesce(first_attempt_at, delivered_at) <= promised_at THEN 1 ELSE 0 END) AS on_time_n,
    sum(CASE WHEN hub_scanned IS NULL OR first_scan_at <= {seen} THEN 1 ELSE 0 END) AS seen_n,
    sum(CASE WHEN status IN ('cancelled', 'diverted', 'lost') THEN 1 ELSE 0 END) AS undelivered_n
FROM read_parquet('{files}')
WHERE known_at <= {seen} AND (replaced_at IS NULL OR replaced_at > {seen}) AND promised_at <= {seen}
    AND (first_scan_at <= {seen} OR first_attempt_at <= {seen} OR delivered_at <= {seen})
GROUP BY ALL
"""


def make(folder: Path, rows: int) -> None:
    """Write clean folders, a file a week: rows known three days before they are due; all, and all but one."""
    target, before = (_clean(folder, weeks) / "shipments" / "parcels" for weeks in (WEEKS, WEEKS - 1))
    target.mkdir(parents=True)
    before.mkdir(parents=True)
    connection = duckdb.connect(config={"memory_limit": "3GB"})
    for number in range(WEEKS):
        monday = _monday(number)
        select = ROW.format(rows=rows // WEEKS, monday=monday)
        connection.execute(f"COPY ({select}) TO '{target}/{monday}.parquet' (COMPRESSION zstd)")
        if number < WEEKS - 1:
            os.link(target / f"{monday}.parquet", before / f"{monday}.parquet")


def _monday(number: int) -> dt.date:
    return FIRST + dt.timedelta(weeks=number)


def _clean(folder: Path, weeks: int) -> Path:
    return folder / "data" / "clean" / str(weeks)


def hand(folder: Path) -> int:
    """Add up as an analyst would: one SELECT, all weeks as they stand now."""
    connection = duckdb.connect(config={"preserve_insertion_order": False})
    seen = f"TIMESTAMP '{_as_of()}'"
    files = f"{_clean(folder, WEEKS)}/shipments/parcels/*.parquet"
    found = connection.execute(HAND.format(by=", ".join(BY), seen=seen, files=files)).df()
    return int(found["on_time_n"].sum())


def cube(folder: Path) -> int:
    """Add up all weeks from nothing, as a report does."""
    shutil.rmtree(folder / "data" / "cube", ignore_errors=True)
    return _added(folder, WEEKS)


def week(folder: Path) -> int:
    """Add up what a load of the last week's file changes; the rest is kept from `before`."""
    return _added(folder, WEEKS)


def before(folder: Path) -> int:
    """Add up all weeks but the last, whose file is not there yet, for `week`."""
    shutil.rmtree(folder / "data" / "cube", ignore_errors=True)
    return _added(folder, WEEKS - 1)


def _as_of() -> dt.datetime:
    return dt.datetime.combine(FIRST + dt.timedelta(weeks=WEEKS, days=7), dt.time(7))


def _opened(folder: Path, weeks: int):
    import pandas as pd

    from tallysheet.cube import Cube
    from tallysheet.ledger import FILE_COLUMNS, NOTE_COLUMNS, REASON_COLUMNS, Ledger
    from tallysheet.settings import Settings

    loaded = [(str(_monday(number)), f"{_monday(number + 1)}T00:00:00") for number in range(weeks)]
    rows = [["parcels", "shipments", name, name, 0, loaded_at, *[0] * 6] for name, loaded_at in loaded]
    files = pd.DataFrame(rows, columns=FILE_COLUMNS)
    ledger = Ledger(
        files=files,
        reasons=pd.DataFrame(columns=REASON_COLUMNS),
        notes=pd.DataFrame(columns=NOTE_COLUMNS),
        as_of=_as_of(),
        state=str(weeks),
        folder=_clean(folder, weeks),
    )
    (folder / "data" / "sources").mkdir(exist_ok=True)
    settings = Settings(data=folder / "data", sources=(), notebooks=(), countries=("FR",), headline="otd")
    return Cube(ledger, settings, _as_of())


def _added(folder: Path, weeks: int) -> int:
    opened = _opened(folder, weeks)
    # As they stood a week after their end: so are weeks compared, and so they are kept.
    looks = opened.looks(dt.timedelta(days=7))[:weeks]
    opened.add_up("shipments", looks, ("", *BY), BY)
    if weeks < WEEKS or len(looks) < WEEKS:
        return 0
    return int(opened.total("shipments", looks)["on_time_n"].sum())


WAYS = {"hand": hand, "cube": cube, "before": before, "week": week}


def measured(way: str, folder: Path) -> dict[str, float]:
    """Run a way in a process of its own: wall and CPU seconds, peak memory in MB, and what it found."""
    started = time.perf_counter()
    command = [sys.executable, __file__, "--way", way, "--folder", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return {**json.loads(done.stdout.splitlines()[-1]), "wall": time.perf_counter() - started}


def _used_by(way: str, folder: Path) -> dict[str, float]:
    """Go a way in this process: CPU seconds of all and without imports, peak memory in MB, what it found."""
    if way != "hand":
        import_module("tallysheet.cube")
    imported_s = time.process_time()
    found = WAYS[way](folder)
    cpu_s, peak_mb = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"cpu": cpu_s, "work": cpu_s - imported_s, "peak_mb": peak_mb, "found": found}


def compare(rows: int, rounds: int, folder: Path) -> dict[str, float]:
    """Let the ways take turns; give the median processor seconds of each."""
    started = time.perf_counter()
    make(folder, rows)
    size = sum(path.stat().st_size for path in folder.rglob("*.parquet")) >> 20
    print(f"\n{rows:,} shipments, {size:,} MB of Parquet, made in {time.perf_counter() - started:.0f} s")
    found: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
    for _ in range(rounds):
        for way, own in found.items():
            own.append(measured(way, folder))
            print(way, {key: round(value, 2) for key, value in own[-1].items()}, flush=True)
    assert len({one["found"] for way in ("hand", "cube", "week") for one in found[way]}) == 1
    size = f"{rows / 1e6:,.3g} M shipments"
    # The limits are set for the largest.
    is_large = rows >= LARGE
    for unit in ("cpu", "wall"):
        ratios = [one[unit] / its[unit] for one, its in zip(found["cube"], found["hand"], strict=True)]
        words = "CPU" if unit == "cpu" else "wall"
        tell(
            f"{size}, weekly cube, {words}",
            ratios,
            peer="DuckDB, SQL by hand",
            most=1.1 if is_large else None,
        )
    more = [one["work"] / its["work"] for one, its in zip(found["week"], found["cube"], strict=True)]
    tell(
        f"{size}, one more week, CPU without imports", more, peer="all weeks", most=0.05 if is_large else None
    )
    tell(f"{size}, peak memory of the cube", [one["peak_mb"] for one in found["cube"]], most=1000, unit="MB")
    tell(f"{size}, peak memory by hand", [one["peak_mb"] for one in found["hand"]], peer="", unit="MB")
    return {way: statistics.median(one["cpu"] for one in found[way]) for way in ("cube", "hand", "week")}


def draw(growth: dict[int, dict[str, float]]) -> None:
    """Draw processor seconds by shipments into growth.svg, both axes logarithmic."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    for way, words in {"hand": "SQL by hand", "cube": "weekly cube", "week": "one more week"}.items():
        axes.plot(list(growth), [one[way] for one in growth.values()], marker="o", label=words)
    axes.set(xscale="log", yscale="log", xlabel="shipments", ylabel="processor seconds, imports included")
    axes.legend()
    figure.savefig(Path(__file__).with_name("growth.svg"), metadata={"Date": None})


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--way", choices=WAYS)
    parser.add_argument("--rows", type=int, nargs="*", default=[1_000_000, 10_000_000, LARGE])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path)
    asked = parser.parse_args()
    if asked.way:
        print(json.dumps(_used_by(asked.way, asked.folder)))
        return
    print(f"DuckDB {duckdb.__version__}, {os.cpu_count()} cores")
    growth = {}
    for rows in asked.rows:
        with tempfile.TemporaryDirectory(prefix="bench-scale-", dir=asked.folder) as name:
            growth[rows] = compare(rows, asked.rounds, Path(name))
    for fewer, more in itertools.pairwise(growth):
        cost = [(growth[more][way] - growth[fewer][way]) / (more - fewer) * 1e6 for way in ("cube", "hand")]
        what = f"each million from {fewer / 1e6:,.3g} to {more / 1e6:,.3g} M, CPU"
        tell(what, [cost[0]], unit="seconds")
        tell(what, [cost[0] / cost[1]], peer="DuckDB, SQL by hand")
    if len(growth) > 1:
        draw(growth)


if __name__ == "__main__":
    main()
