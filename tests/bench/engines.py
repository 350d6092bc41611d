"""Add every fact up on PostgreSQL and Spark beside DuckDB: whether numbers agree, and what it takes.

``python tests/bench/engines.py [--data DIR]`` pushes the clean tables of a sample of size S, or of a loaded
workbook, to a PostgreSQL of its own on loopback and to Spark in local mode, each where it is installed, and
adds all facts up by all their dimensions in three weeks; then it publishes the weekly review in both
languages and compares every file. Wall seconds, as the engines are other processes; when facts are added
up, the start of Spark's Java is not counted.
"""

import argparse
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
from figures import tell

import tallysheet as ts
from tallysheet.cube import Cube
from tallysheet.engine import fact_names
from tallysheet.facts import columns_of
from tallysheet.grids import is_measure
from tallysheet.settings import read_settings
from tallysheet.warehouse.publishing import push

sys.path.insert(0, str(Path(__file__).parents[1]))

from postgres_cluster import ESCAPED, postgres_cluster, postgres_programs

ROOT = Path(__file__).parents[2]
PROGRAM = Path(sys.executable).with_name("tallysheet")
WEEKS = 3


def connected(data: Path, url: str, schema: str) -> Path:
    """Write a connection into a workbook."""
    path = data / "workbook.toml"
    others = [line for line in path.read_text(encoding="utf-8").splitlines() if "connection =" not in line]
    more = f', schema = "{schema}"' if schema else ""
    line = f'connection = {{ url = "{url}"{more} }}'
    path.write_text("\n".join([line, *others]), encoding="utf-8")
    return data


def added_up(data: Path) -> tuple[dict[str, pd.DataFrame], float]:
    """Give all facts by all dimensions, and the seconds that they take once the engine has started."""
    shutil.rmtree(data / "cube", ignore_errors=True)
    ledger = ts.load(data)
    cube = Cube(ledger, read_settings(data), ledger.as_of)
    looks = cube.looks()[-WEEKS:]
    names = [name for name in fact_names() if not cube.missing[name]]
    by = {name: [one for one in columns_of(name) if not is_measure(one)] for name in names}
    cube.total("shipments", looks[:1])
    started = time.perf_counter()
    found = {name: cube.joint(name, looks, by[name]) for name in names}
    return found, time.perf_counter() - started


def published(data: Path) -> tuple[dict[str, bytes], float]:
    """Publish the weekly review beside a data folder: give its files by name, and the seconds."""
    reports = data.with_name("reports")
    for made in (data / "cube", data / "history", reports):
        shutil.rmtree(made, ignore_errors=True)
    command = [PROGRAM, "report", "--data", data, "--only", "10_weekly_review", "--lang", "en,fr"]
    started = time.perf_counter()
    subprocess.run([*command, "--jobs", "1"], cwd=data.parent, check=True, capture_output=True)
    seconds = time.perf_counter() - started
    (week,) = (path for path in reports.iterdir() if path.is_dir())
    files = [path for path in week.iterdir() if path.is_file() and path.name != "manifest.json"]
    return {path.name: path.read_bytes() for path in files}, seconds


@contextmanager
def engines() -> Iterator[dict[str, tuple[str, str]]]:
    """Give address and schema of the engines that are installed."""
    found = {}
    if importlib.util.find_spec("pyspark") and shutil.which("java"):
        found["Spark, local"] = ("local[2]", "")
    else:
        print("Spark: not measured, pyspark or Java is not installed (make test-engines brings the first)")
    if not postgres_programs():
        print("PostgreSQL: not measured, it is not installed (Debian package postgresql)")
        yield found
        return
    with postgres_cluster() as port:
        os.environ["BENCH_PASSWORD"] = ESCAPED
        address = f"postgresql+psycopg://reader:${{BENCH_PASSWORD}}@127.0.0.1:{port}/postgres"
        yield {"PostgreSQL": (address, "bench"), **found}


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--data", type=Path)
    given = parser.parse_args().data
    with tempfile.TemporaryDirectory(prefix="bench-engines-") as folder, engines() as installed:
        data = Path(folder) / "data"
        if given:
            shutil.copytree(given, data, ignore=shutil.ignore_patterns("cube", "raw"))
        else:
            subprocess.run([PROGRAM, "sample", "--out", data, "--size", "S"], check=True, capture_output=True)
            subprocess.run([PROGRAM, "load", "--data", data], check=True, capture_output=True)
        shutil.copytree(ROOT / "notebooks", Path(folder) / "notebooks")
        here, base = added_up(data)
        pages, own = published(data)
        for engine, (url, schema) in installed.items():
            connected(data, url, schema)
            started = time.perf_counter()
            rows = sum(push(data).values())
            pushed = time.perf_counter() - started
            there, seconds = added_up(data)
            other = sum(not there[name].equals(here[name]) for name in here)
            tell(f"facts of {len(here)} with another number on {engine}", [other], most=0, unit="facts")
            tell(f"{rows:,} rows pushed to {engine}, wall", [pushed], unit="seconds")
            what = f"{len(here)} facts added up on {engine}, by all dimensions in {WEEKS} weeks, wall"
            tell(what, [seconds / base], peer="DuckDB")
            theirs, seconds = published(data)
            other = len({*pages.items()} ^ {*theirs.items()})
            what = f"files of {len(pages)} of the weekly review that differ from {engine}"
            tell(what, [other], most=0, unit="files")
            tell(f"the weekly review from {engine}, wall", [seconds / own], peer="DuckDB")


if __name__ == "__main__":
    main()
