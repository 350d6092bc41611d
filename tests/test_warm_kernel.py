"""Forked kernels: a notebook sees no difference, and whatever goes wrong, no process is left behind."""

import asyncio
import contextlib
import gc
import json
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import pytest
from commands import report
from small_workbook import make_workbook

from tallysheet.errors import ReportError
from tallysheet.execute import execute
from tallysheet.warm_kernel import Kernels, warm_kernels
from tallysheet.warm_kernel.provisioner import WarmKernelManager

pytestmark = [
    pytest.mark.slow,
    pytest.mark.fault,
    pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked and bound on Linux only"),
]

ROOT = Path(__file__).parents[1]
SOAK = os.environ.get("TALLYSHEET_SOAK") == "1"
NOTEBOOKS = 200 if SOAK else 20
KILLS = 20 if SOAK else 3
MOST_GROWTH_KB = 4_000
GONE_S = 5
PATIENCE_S = 120
MARK = "TALLYSHEET_TEST_RUN"

PARENT = "import os; print(os.getppid())"

FACTS = """
import gc, json, locale, os, pathlib, signal, sys, threading, time, warnings
import duckdb, holidays, matplotlib.pyplot as plt, numpy as np, pandas as pd, seaborn, tallysheet.week
main = sys.modules["__main__"]
environment = dict(os.environ)
environment.pop("JPY_PARENT_PID")
print(json.dumps({
    "main": [__name__, main.__dict__ is globals(), "__file__" in globals(), type(main).__name__],
    "path": sys.path, "cwd": os.getcwd(), "arguments": [sys.argv[0], sys.argv[1], *sys.argv[3:]],
    "environment": environment, "executable": sys.executable, "flags": list(sys.flags),
    "leads": [os.getsid(0) == os.getpid(), os.getpgid(0) == os.getpid()],
    "signals": {each.name: str(signal.getsignal(each)) for each in signal.Signals},
    "threads": sorted(each.name.rstrip("0123456789") for each in threading.enumerate()),
    "stdin": os.read(0, 1).decode(),
    "collects": [gc.isenabled(), *gc.get_threshold()], "locale": locale.getlocale(), "zone": time.tzname,
    "filters": sorted({str(each) for each in warnings.filters}), "backend": plt.get_backend(),
    "rc": {name: str(value) for name, value in plt.rcParams.items()},
    "options": str(pd.describe_option(_print_desc=False)), "errors": np.geterr(),
}, sort_keys=True))
"""

CELLS = [
    "import sys, os\nprint('out'); print('err', file=sys.stderr); os.system('echo from a process')",
    "import pandas as pd; pd.DataFrame({'late': [1, 2]})",
    "import matplotlib.pyplot as plt\nfig, ax = plt.subplots(); ax.plot([1, 3, 2]); plt.show()",
    "import seaborn; seaborn.lineplot(x=[1, 2], y=[2, 1])",
    "from IPython.display import HTML, display\nshown = display(HTML('<b>1</b>'), display_id='a')",
    "shown.update(HTML('<b>2</b>'))",
    "import ipywidgets; ipywidgets.IntSlider(value=7, description='days')",
    "out = ipywidgets.Output()\nwith out: print('kept')\nout",
    "def half(x):\n    return x / 0\nhalf(1)",
    "get_ipython().kernel.shell.ast_node_interactivity, In[1], Out.keys()",
    "import multiprocessing as mp\nwith mp.get_context('fork').Pool(2) as pool: print(pool.map(abs, [1]))",
    "import duckdb; duckdb.sql('select sum(i) from range(1000000) t(i)').fetchall()",
    "await __import__('asyncio').sleep(0)",
    "input('who? ')",
]


def notebook(folder: Path, *sources: str) -> Path:
    """Write a notebook whose cells may fail, but for the last."""
    cells = [nbformat.v4.new_code_cell("", id="parameters", metadata={"tags": ["parameters"]})]
    for number, source in enumerate(sources):
        tags = [] if number == len(sources) - 1 else ["raises-exception"]
        cells.append(nbformat.v4.new_code_cell(source, id=f"cell{number}", metadata={"tags": tags}))
    path = folder / f"{uuid.uuid4()}.ipynb"
    metadata = {"kernelspec": {"name": "python3", "language": "python", "display_name": "Python 3"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=metadata), path)
    return path


def run(folder: Path, kernels: Kernels | None, *sources: str, timeout_seconds: int = PATIENCE_S):
    """Run a notebook as a report does."""
    path = notebook(folder, *sources)
    with contextlib.chdir(folder):
        return execute(path, path.with_suffix(".out.ipynb"), {}, kernels, timeout_seconds)


def text(made: nbformat.NotebookNode) -> str:
    """Read what the last cell printed."""
    return "".join(output.text for output in made.cells[-1].outputs if output.output_type == "stream").strip()


def children(pid: int) -> str:
    """List the children of a process, the dead ones that nobody waited for among them."""
    return Path(f"/proc/{pid}/task/{pid}/children").read_text()


def resident_kb(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1])


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def marked(mark: str) -> list[int]:
    """List the living processes that bear a mark."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if f"{MARK}={mark}".encode() in path.read_bytes().split(b"\0"):
                found.append(int(path.parent.name))
    return found


def soon(happens: Callable[[], object], seconds: float = GONE_S) -> bool:
    """Wait until something is so."""
    until = time.monotonic() + seconds
    while not happens():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


@pytest.fixture(scope="module")
def warm():
    with warm_kernels() as kernels:
        kernels.warm_up()
        yield kernels
    assert not alive(kernels.server.pid)


def shown(folder: Path, kernels: Kernels | None) -> dict:
    """Give what a notebook with errors shows, whatever its widgets are called."""
    path = notebook(folder, *CELLS)
    with contextlib.chdir(folder), pytest.raises(ReportError, match="a cell that runs"):
        execute(path, path.with_suffix(".out.ipynb"), {}, kernels, PATIENCE_S)
    made = nbformat.read(path.with_suffix(".out.ipynb"), as_version=4)
    made.cells = [cell for cell in made.cells if cell.source in CELLS]
    for cell in made.cells:
        cell.metadata.pop("papermill", None)
        cell.metadata.pop("execution", None)
    made.metadata.pop("papermill", None)
    widgets = made.metadata["widgets"]["application/vnd.jupyter.widget-state+json"]
    widgets["state"] = list(widgets["state"].values())
    told = json.loads(re.sub(r"[0-9a-f]{32}", "model", json.dumps(made)))
    told["metadata"]["widgets"]["application/vnd.jupyter.widget-state+json"]["state"].sort(key=json.dumps)
    return told


def test_a_notebook_shows_the_same_in_a_forked_kernel(warm, tmp_path):
    """Streams, tables, figures, updates, widgets, an error's traceback, a question that nobody answers."""
    forked, started = shown(tmp_path, warm), shown(tmp_path, None)

    for ours, theirs in zip(forked["cells"], started["cells"], strict=True):
        assert ours == theirs, ours["source"]
    assert forked == started
    kinds = {output["output_type"] for cell in forked["cells"] for output in cell.get("outputs", [])}
    assert kinds == {"stream", "display_data", "execute_result", "error"}
    assert "StdinNotImplementedError" in str(forked["cells"][-1]["outputs"])
    assert "kept" in str(forked["metadata"]["widgets"])


def test_a_cell_that_fills_a_widget_ends_when_it_has_run(warm, tmp_path):
    """Its outputs go back to the kernel while its reply comes, which was noticed after the time of a cell."""
    fill = "import ipywidgets\nfor n in range(9):\n    with ipywidgets.Output(): print(n)"

    made = run(tmp_path, warm, *[fill] * 20, timeout_seconds=20)

    assert all(cell.metadata.papermill.duration < 20 for cell in made.cells)


def test_a_notebook_finds_the_same_surroundings_in_a_forked_kernel(warm, tmp_path):
    """Arguments, paths, environment, signals, threads, settings of the libraries."""
    forked = json.loads(text(run(tmp_path, warm, FACTS)))
    started = json.loads(text(run(tmp_path, None, FACTS)))

    for name, value in started.items():
        assert forked[name] == value, name


def test_kernels_are_forked_by_a_server_with_one_thread(warm, tmp_path):
    """Python's count and the system's, after all imports; and each kernel that has ended is waited for."""
    assert text(run(tmp_path, warm, PARENT)) == str(warm.server.pid)

    assert len(list(Path(f"/proc/{warm.server.pid}/task").iterdir())) == 1
    assert soon(lambda: children(warm.server.pid) == "")


def test_forked_kernels_draw_different_numbers(warm, tmp_path):
    """They come from one process, with one state."""
    draw = "import random, numpy as np; print(random.random(), np.random.random())"

    first, second = (text(run(tmp_path, warm, draw)).split() for _ in range(2))

    assert len({*first, *second}) == 4


def test_kernels_know_nothing_of_each_other(warm, tmp_path):
    """What a notebook changes ends with it."""
    run(tmp_path, warm, "import tallysheet, os; tallysheet.changed = 1; os.environ['CHANGED'] = '1'; x = 1")

    check = (
        "import os, tallysheet as ts; print(hasattr(ts, 'changed'), 'CHANGED' in os.environ, 'x' in dir())"
    )

    assert text(run(tmp_path, warm, check)) == "False False False"


def test_what_a_notebook_leaves_for_its_end_happens(warm, tmp_path):
    """Functions registered with atexit, and threads that are not daemons."""
    path = tmp_path / "left"
    source = f"""
import atexit, pathlib, threading, time
left = pathlib.Path({str(path)!r})
atexit.register(lambda: left.write_text(left.read_text() + ' and exit'))
threading.Thread(target=lambda: (time.sleep(1), left.write_text('thread'))).start()
"""
    run(tmp_path, warm, source)

    assert path.read_text() == "thread and exit"


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_two_notebooks_at_once(warm, tmp_path):
    """From two threads, as a report runs them."""
    source = "import os, time; time.sleep(1); print(os.getppid(), {number})"
    with contextlib.chdir(tmp_path), ThreadPoolExecutor(2) as pool:
        running = [
            pool.submit(run, tmp_path, warm, source.replace("{number}", str(number))) for number in range(4)
        ]
        seen = [text(each.result()) for each in running]
    gc.collect()  # jupyter_core leaves a thread's event loop open

    assert seen == [f"{warm.server.pid} {number}" for number in range(4)]


@pytest.mark.parametrize("cell", ["import time; time.sleep(60)", "while True: pass"])
def test_a_cell_that_takes_too_long(warm, tmp_path, cell):
    """The kernel is gone, and what it started."""
    began = time.monotonic()
    starts = """
import os, subprocess
open("pid", "w").write(f"{os.getpid()} {subprocess.Popen(['sleep', '60']).pid}")
"""
    with pytest.raises(ReportError, match="a cell that ends within 2 s"):
        run(tmp_path, warm, starts + cell, timeout_seconds=2)

    assert time.monotonic() - began < 15
    pids = [int(pid) for pid in (tmp_path / "pid").read_text().split()]
    assert soon(lambda: not any(alive(pid) for pid in pids))


@pytest.mark.parametrize(
    "cell", ["os.kill(os.getpid(), 9)", "os._exit(3)", "import ctypes; ctypes.string_at(0)"]
)
def test_a_kernel_that_dies_fails_its_notebook_alone(warm, tmp_path, cell):
    """It is told within seconds; the next notebook gets its kernel."""
    began = time.monotonic()
    with pytest.raises(ReportError, match="Kernel died"):
        run(tmp_path, warm, f"import os; {cell}")

    assert time.monotonic() - began < 10
    assert text(run(tmp_path, warm, PARENT)) == str(warm.server.pid)
    assert soon(lambda: children(warm.server.pid) == "")


@pytest.mark.parametrize("forked", [True, False])
def test_what_a_kernel_says_at_its_end_is_not_for_the_terminal(tmp_path, capfd, forked):
    """As of ipykernel, whose own shutdown now and then ends in a traceback."""
    with warm_kernels(forked) as kernels:
        kernels.warm_up()
        made = run(
            tmp_path,
            kernels,
            "import atexit, os; atexit.register(lambda: os.write(2, b'Traceback of the end'))",
            "print('done')",
        )

    assert text(made) == "done"
    assert capfd.readouterr() == ("", "")
    assert not list(tmp_path.glob("*.txt"))


@pytest.mark.parametrize("forked", [True, False])
def test_what_a_kernel_says_when_it_crashes_is_kept_and_named(tmp_path, forked):
    """The place where C code failed is nowhere else."""
    with warm_kernels(forked) as kernels:
        kernels.warm_up()
        with pytest.raises(ReportError, match=r"Kernel died.*\.out\.ipynb and .*\.stderr\.txt"):
            run(tmp_path, kernels, "import ctypes; ctypes.string_at(0)")

    [told] = tmp_path.glob("*.stderr.txt")
    assert "Segmentation fault" in told.read_text()
    assert "string_at" in told.read_text()


async def interrupted(manager: WarmKernelManager) -> tuple[str, int | None]:
    """Interrupt a cell, then kill the kernel."""
    await manager.start_kernel()
    client = manager.client()
    client.start_channels()
    await client.wait_for_ready(timeout=PATIENCE_S)
    asked = client.execute("import time; time.sleep(60)")
    await asyncio.sleep(1)
    await manager.interrupt_kernel()
    reply = await client.get_shell_msg(timeout=10)
    assert reply["parent_header"]["msg_id"] == asked
    assert await manager.is_alive()
    provisioner = manager.provisioner
    process = provisioner.process
    await manager.shutdown_kernel(now=True)
    client.stop_channels()
    assert not provisioner.has_process
    return reply["content"]["ename"], process.poll()


def test_a_cell_that_is_interrupted(warm):
    """As Jupyter does it: a signal; the kernel stays."""
    from traitlets.config import Config

    manager = WarmKernelManager(
        kernel_name="python3", config=Config(WarmProvisioner={"control": warm.control})
    )

    assert asyncio.run(interrupted(manager)) == ("KeyboardInterrupt", -signal.SIGKILL)


def test_a_server_that_is_killed_takes_its_kernels_along_and_the_next_are_started(tmp_path):
    """The running notebook fails within seconds; the next one runs as if there had never been a server."""
    with warm_kernels() as kernels:
        kernels.warm_up()
        sign = tmp_path / "pid"
        killer = threading.Thread(target=lambda: soon(sign.exists, PATIENCE_S) and kernels.server.kill())
        killer.start()
        with pytest.raises(ReportError, match="Kernel died"):
            run(
                tmp_path, kernels, "import os, time; open('pid', 'w').write(str(os.getpid())); time.sleep(60)"
            )
        killer.join()

        assert soon(lambda: not alive(int(sign.read_text())))
        assert text(run(tmp_path, kernels, PARENT)) == str(os.getpid())


def test_a_server_with_threads_forks_nothing(tmp_path, monkeypatch):
    """Notebooks get kernels that are started."""
    (tmp_path / "sitecustomize.py").write_text(
        "import threading; threading.Thread(target=threading.Event().wait, daemon=True).start()"
    )
    with monkeypatch.context() as patch, warm_kernels() as kernels:
        patch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), str(ROOT / "lib")]))
        kernels.warm_up()

        assert text(run(tmp_path, kernels, PARENT)) == str(os.getpid())
        assert kernels.server.poll() is None


def test_without_a_server_kernels_are_started(tmp_path, monkeypatch):
    """Not wanted, another system, or no process to be had."""
    with monkeypatch.context() as patch:
        patch.setattr(sys, "platform", "darwin")
        other = Kernels(warm=True)
    lacking = Kernels(warm=True)
    with monkeypatch.context() as patch:
        patch.setattr(sys, "executable", str(tmp_path / "none"))
        lacking.warm_up()
    for kernels in (Kernels(warm=False), other):
        kernels.warm_up()
    for kernels in (Kernels(warm=False), other, lacking):
        assert kernels.server is None
        assert text(run(tmp_path, kernels, PARENT)) == str(os.getpid())
        kernels.close()


def test_the_server_does_not_grow(warm, tmp_path):
    """Memory and descriptors over many notebooks, from the third on."""
    pid = warm.server.pid
    for number in range(NOTEBOOKS):
        assert text(run(tmp_path, warm, f"import pandas; x = [0] * 10**6; print({number})")) == str(number)
        if number == 2:
            assert soon(lambda: children(pid) == "")
            memory, descriptors = resident_kb(pid), len(os.listdir(f"/proc/{pid}/fd"))

    assert soon(lambda: children(pid) == "")
    assert resident_kb(pid) - memory < MOST_GROWTH_KB
    assert len(os.listdir(f"/proc/{pid}/fd")) == descriptors


RUNNER = """
import os, sys
from pathlib import Path
from tallysheet.execute import execute
from tallysheet.warm_kernel import warm_kernels

path, warm = Path(sys.argv[1]), sys.argv[2] == "warm"
os.chdir(path.parent)
with warm_kernels(warm) as kernels:
    kernels.warm_up()
    execute(path, path.with_suffix(".out.ipynb"), {}, kernels)
"""

ADOPTS_ORPHANS = """
import ctypes, os, subprocess, sys
PR_SET_CHILD_SUBREAPER = 36
ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
mark = dict([sys.argv[1].split("=")])
print(subprocess.Popen(sys.argv[2:], env=os.environ | mark).pid, flush=True)
sys.stdin.read()
"""
"""Orphans go to it and not to process 1, as they go to a session's manager on a person's computer."""


@pytest.mark.parametrize("moment", ["in a cell", *range(KILLS)])
@pytest.mark.parametrize("how", ["warm", "cold"])
def test_a_runner_that_is_killed_leaves_no_process(tmp_path, how, moment):
    """In a cell that holds the interpreter, and at moments spread over the start."""
    mark, sign = str(uuid.uuid4()), tmp_path / "sign"
    holds = f"open({str(sign)!r}, 'w').close(); sum(range(10**12))"
    command = [sys.executable, "-c", RUNNER, str(notebook(tmp_path, holds)), how]
    with subprocess.Popen(
        [sys.executable, "-c", ADOPTS_ORPHANS, f"{MARK}={mark}", *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as above:
        runner = int(above.stdout.readline())
        if moment == "in a cell":
            assert soon(sign.exists, PATIENCE_S)
            assert len(marked(mark)) == (3 if how == "warm" else 2)
        else:
            started = 3 if how == "warm" else 2
            soon(lambda: len(marked(mark)) >= random.Random(moment).choice([2, started]), PATIENCE_S)
            time.sleep(0.1 * moment)
        os.kill(runner, signal.SIGKILL)

        assert soon(lambda: not marked(mark)), [
            Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ") for pid in marked(mark)
        ]


@pytest.fixture(scope="module")
def workbook(tmp_path_factory):
    """Give a workbook whose notebook notes which process has started its kernel."""
    root = make_workbook(tmp_path_factory.mktemp("warm") / "workbook")
    real = nbformat.read(ROOT / "notebooks" / "10_weekly_review.ipynb", as_version=4)
    noted = nbformat.v4.new_code_cell(
        "from pathlib import Path; import os\n"
        "_ = Path('../parent').write_bytes(Path(f'/proc/{os.getppid()}/cmdline').read_bytes())",
        id="noted",
    )
    (root / "notebooks").mkdir(exist_ok=True)
    real.cells.append(noted)
    nbformat.write(real, root / "notebooks" / "10_weekly_review.ipynb")
    return root


def test_pages_are_the_same_bytes(workbook):
    """Of a report with forked kernels, and of one with --no-warm."""
    pages, parents = {}, {}
    for option in ("--warm", "--no-warm"):
        done = report(workbook, "--force", option)
        assert done.returncode == 0, done.stderr
        assert done.stderr.splitlines()[1:] == []  # how long the page took
        folder = workbook / "reports" / "2026-W21"
        found = [path for path in folder.iterdir() if path.is_file() and path.name != "manifest.json"]
        pages[option] = {path.name: path.read_bytes() for path in found}
        parents[option] = (workbook / "parent").read_bytes()

    assert pages["--warm"] == pages["--no-warm"]
    assert b"warm_kernel.server" in parents["--warm"]
    assert b"warm_kernel.server" not in parents["--no-warm"]
