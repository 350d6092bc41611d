"""A report that is killed: readers see the old page or the new one; the next run makes what is lacking."""

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
from small_workbook import make_workbook, put_notebooks

pytestmark = [pytest.mark.fault, pytest.mark.slow]

SOAK = os.environ.get("TALLYSHEET_SOAK") == "1"
KILLS = 100 if SOAK else 3
PATIENCE_S = 120
KERNELS_S = 20
MARK = "TALLYSHEET_TEST_RUN"
WEEK = "2026-W21"

KILLED_AT = """
import os, signal, sys
from contextlib import redirect_stdout
from tallysheet import notify, publish, terminal
from tallysheet.cli import main
from tallysheet.publish import report

def run(point):
    seen = 0

    def count(event, arguments):
        nonlocal seen
        if event in ("os.rename", "os.remove", "os.mkdir") and "reports" in str(arguments[-2:]):
            seen += 1
            if seen == point:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)
    with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere):
        main(["report"], standalone_mode=False)
    return seen

for line in sys.stdin:
    point, root = line.rstrip().split(" ", 1)
    pid = os.fork()
    if pid == 0:
        os.chdir(root)
        print(run(int(point)), flush=True)
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
"""
"""Forks a report for each line, which kills itself just before the file operation of that number in reports/.

A report that was not killed prints how many there were; then comes how it ended.
"""


def start(root: Path, mark: str = "", *options: str) -> subprocess.Popen[bytes]:
    """Start a report in a process group of its own; whatever it starts bears the mark."""
    command = [sys.executable, "-c", "from tallysheet.cli import main; main()", "report", *options]
    environment = os.environ | {MARK: mark or str(uuid.uuid4())}
    return subprocess.Popen(
        command,
        cwd=root,
        env=environment,
        start_new_session=True,
        # Where tests run in the background the system ignores it, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def published(root: Path) -> dict[str, bytes]:
    """Read what people open: the week's pages and files, and the page of all weeks."""
    reports = root / "reports"
    paths = [path for path in (reports / WEEK).iterdir() if path.is_file() and path.name != "manifest.json"]
    return {path.name: path.read_bytes() for path in [*paths, reports / "index.html"]}


def marked(mark: str) -> list[str]:
    """List the processes that bear a mark."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if f"{MARK}={mark}".encode() in path.read_bytes().split(b"\0"):
                found.append((path.parent / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return [command for command in found if command]


@dataclass(frozen=True)
class Prepared:
    """A workbook whose pages are to be made anew, the old ones, and the new ones of an unkilled run.

    ``made`` is the same with all pages made, and none of them swapped in.
    """

    before: Path
    made: Path
    old: dict[str, bytes]
    new: dict[str, bytes]
    seconds: float
    operations: int


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    root = tmp_path_factory.mktemp("killed")
    before = root / "before"
    make_workbook(before)
    put_notebooks(before, "Old")
    assert start(before).wait(PATIENCE_S) == 0
    put_notebooks(before, "New")
    after = Path(shutil.copytree(before, root / "after"))
    began = time.monotonic()
    assert start(after).wait(PATIENCE_S) == 0
    seconds = time.monotonic() - began
    made = Path(shutil.copytree(before, root / "made"))
    shutil.copytree(after / "reports" / WEEK / "runs", made / "reports" / WEEK / "runs", dirs_exist_ok=True)
    counted = Path(shutil.copytree(made, root / "counted"))
    with killer() as told:
        operations = int(told(counted, 0))
    return Prepared(before, made, published(before), published(after), seconds, operations)


@contextlib.contextmanager
def killer() -> Iterator[Callable[[Path, int], str]]:
    """Give a function that runs a report in a workbook and kills it at a point; it gives what was printed."""
    command = [sys.executable, "-c", KILLED_AT]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:

        def killed_at(root: Path, point: int) -> str:
            process.stdin.write(f"{point} {root}\n")
            process.stdin.flush()
            return process.stdout.readline().strip()

        yield killed_at
        process.stdin.close()


def assert_survived(prepared: Prepared, root: Path) -> None:
    """Check that each file is the old or the new one, and that the next run ends as an unkilled one."""
    seen = published(root)
    assert seen.keys() == prepared.old.keys()
    for name, content in seen.items():
        assert content in (prepared.old[name], prepared.new[name]), name
    json.loads((root / "reports" / WEEK / "manifest.json").read_text(encoding="utf-8"))

    assert start(root).wait(PATIENCE_S) == 0

    assert published(root) == prepared.new
    assert not list((root / "reports").rglob("*.part"))


@pytest.mark.parametrize("kill", range(KILLS))
@pytest.mark.skipif(not hasattr(os, "killpg"), reason="needs process groups")
def test_a_report_killed_at_a_random_moment(prepared, tmp_path, kill):
    """The whole process group, at moments spread over a run: no kernel is left behind."""
    root = Path(shutil.copytree(prepared.before, tmp_path / "workbook"))
    share, mark = (kill + random.Random(kill).random()) / KILLS, str(uuid.uuid4())

    process = start(root, mark)
    time.sleep(share * prepared.seconds)
    os.killpg(process.pid, signal.SIGKILL)
    assert process.wait(PATIENCE_S) in (-9, 0)

    patience = time.monotonic() + KERNELS_S
    while marked(mark) and time.monotonic() < patience:
        time.sleep(0.2)
    assert marked(mark) == []
    assert_survived(prepared, root)


def test_a_report_killed_before_any_file_operation(prepared, tmp_path):
    """Fault points by number, all of them, in a run whose pages were made before it was killed."""
    assert prepared.operations > 8
    root = Path(shutil.copytree(prepared.made, tmp_path / "workbook"))
    with killer() as killed_at:
        for point in range(1, prepared.operations + 1):
            shutil.rmtree(root)
            shutil.copytree(prepared.made, root)

            assert killed_at(root, point) == "-9", point

            seen = published(root)
            assert seen.keys() == prepared.old.keys()
            assert all(seen[name] in (prepared.old[name], prepared.new[name]) for name in seen), point
            if point % 4 == 0 or SOAK:
                assert_survived(prepared, root)


@pytest.mark.parametrize("kernels", ["--warm", "--no-warm"])
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_report_that_is_interrupted_waits_for_no_notebook(prepared, tmp_path, kernels):
    """Control-C while cells sleep for minutes: it ends, its kernels with it, and the old pages stay."""
    root, mark = Path(shutil.copytree(prepared.before, tmp_path / "workbook")), str(uuid.uuid4())
    for path in (root / "notebooks").glob("*.ipynb"):
        asleep = nbformat.read(path, as_version=4)
        asleep.cells.append(nbformat.v4.new_code_cell("import time\n\ntime.sleep(600)", id="asleep"))
        nbformat.write(asleep, path)

    process = start(root, mark, kernels)
    patience = time.monotonic() + PATIENCE_S
    while len(list((root / "reports").rglob("runs/*/20_other.ipynb"))) < 2 and time.monotonic() < patience:
        time.sleep(0.2)
    time.sleep(3)
    process.send_signal(signal.SIGINT)

    assert process.wait(KERNELS_S) == 1
    patience = time.monotonic() + KERNELS_S
    while marked(mark) and time.monotonic() < patience:
        time.sleep(0.2)
    assert marked(mark) == []
    assert published(root) == prepared.old
