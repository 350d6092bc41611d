"""What all tests share: the profile of the laws, and one sample for all that read it."""

import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import settings

from tallysheet.execute import import_no_grammars

import_no_grammars()  # as `report` does; each worker would compile them for its own

settings.register_profile("ci", derandomize=True, database=None, deadline=None)
settings.load_profile("ci")

ROOT = Path(__file__).parents[1]
# Files of a minute and more; begun late, one of them keeps a worker busy after all others are done.
LONGEST = (
    "test_warm_kernel.py",
    "test_accessible.py",
    "test_duties_missing.py",
    "test_segment_cases.py",
    "test_pollution.py",
    "test_kpis.py",
    "test_publish.py",
    "test_killed_report.py",
    "test_report_faults.py",
    "test_suggest.py",
    "test_load_faults.py",
    "test_duties_costs.py",
    "test_attacks.py",
    "test_readable.py",
)


def make_sample(out: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Start the command as a person does, in the workbook's folder."""
    command = [Path(sys.executable).with_name("tallysheet"), "sample", "--out", out, *options]
    return subprocess.run(
        [str(part) for part in command], cwd=ROOT, capture_output=True, text=True, check=False
    )


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Call slow what reads the sample, and mark what lays files out; begin with what takes longest.

    The sample takes half a minute to make.
    """
    for item in items:
        fixtures = {*getattr(item, "fixturenames", ())}
        if {"sample_of_size_s", "small_sample"} & fixtures:
            item.add_marker("slow")
        if {"tmp_path", "tmp_path_factory"} & fixtures:
            item.add_marker("files")
    long = {
        item.path
        for item in items
        if {"slow", "browser", "fault"} & {mark.name for mark in item.iter_markers()}
    }
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: (places.get(item.path.name, len(LONGEST)), item.path not in long))


def _loaded(shared: Path, *options: str) -> Path:
    """Give the data folder of a sample, loaded; whoever comes first makes it for all workers."""
    import tallysheet as ts

    with FileLock(f"{shared}.lock"):
        if not (shared / "clean" / "ledger.json").is_file():
            done = make_sample(shared, *options)
            assert done.returncode == 0, done.stderr
            ts.load(shared)
    return shared


@pytest.fixture(scope="session")
def sample_of_size_s(tmp_path_factory):
    """Give the S sample: three years, in which causes and limits can be looked at."""
    return _loaded(tmp_path_factory.getbasetemp().parent / "sample", "--size", "S")


@pytest.fixture(scope="session")
def small_sample(tmp_path_factory):
    """Give a tenth of it, for what has to hold of any workbook with all its tables."""
    weeks = ("--weeks", "2025-W40:2026-W46")
    return _loaded(tmp_path_factory.getbasetemp().parent / "small-sample", "--size", "500", *weeks)


@pytest.fixture(scope="session")
def cluster():
    """Give the port of a PostgreSQL of our own; it ends with the session."""
    from postgres_cluster import postgres_cluster

    with postgres_cluster() as port:
        yield port
