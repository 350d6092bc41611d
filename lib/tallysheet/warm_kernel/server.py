"""The process that has imported what notebooks import, and forks a kernel for each.

It is a process of its own because only one thread survives a fork, and the publishing process has several.
Before each fork it counts its threads, Python's and the system's, and refuses if there is any but the one.
After the imports there are three more: OpenBLAS of NumPy and of SciPy each start one for every further
core, and pyarrow's jemalloc one that gives memory back. The last is switched off in the server's environment.
OpenBLAS ends its own before any fork and starts them anew when it needs them, so one fork for nothing leaves
the server with a single thread, and kernels with as many as they would have. DuckDB, pyarrow and ZeroMQ
start theirs in the kernels. tests/test_warm_kernel.py counts them.

Every request comes with a socket of its own, over which the server answers: first the kernel's process
number, at its end the exit code. A socket that is closed at the other end takes its kernel with it.
"""

from __future__ import annotations

import atexit
import builtins
import contextlib
import gc
import io
import json
import os
import selectors
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from tallysheet.warm_kernel.bound import bind_to_parent, tell_crashes

MOST_BYTES = 1_000_000
PRELOADED = (
    *(
        "ipykernel.kernelapp",
        "ipykernel.debugger",
        "IPython.core.completerlib",
        "IPython.extensions.storemagic",
    ),
    *("pandas", "pyarrow.dataset", "pyarrow.pandas_compat", "duckdb", "scipy.stats", "holidays.countries"),
    *("matplotlib.pyplot", "matplotlib.backends.backend_svg", "seaborn", "tallysheet.week"),
)


@dataclass(frozen=True)
class Kernel:
    """A forked kernel: its process, a descriptor that is readable once it has ended, and who asked for it."""

    pid: int
    ended: int
    asker: socket.socket

    def kill(self) -> None:
        """End it and what it started."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)

    def close(self) -> None:
        """Let go of its descriptors."""
        os.close(self.ended)
        self.asker.close()


class Server:
    """Forks kernels until whoever it listens to is gone."""

    def __init__(self, control: socket.socket) -> None:
        self.control = control
        self.kernels: list[Kernel] = []
        self.selector = selectors.DefaultSelector()
        self.selector.register(control, selectors.EVENT_READ)

    def serve(self) -> dict[str, Any] | None:
        """Answer requests.

        Returns
        -------
        dict or None
            In a kernel, which leaves the server here: what it is to run. In the server, at its end: None.
        """
        while True:
            for key, _ in self.selector.select():
                if key.fileobj is not self.control:
                    self._look_after(key.data, key.fileobj)
                    continue
                message, descriptors, _, _ = socket.recv_fds(self.control, MOST_BYTES, 1)
                if not message:
                    self._close()
                    return None
                request = json.loads(message)
                if self._forked(socket.socket(fileno=descriptors[0])):
                    return dict(request)

    def _forked(self, asker: socket.socket) -> bool:
        """Fork; True in the kernel. A closed socket says that there is none."""
        if threads() != 1:
            asker.close()
            return False
        try:
            pid = os.fork()
        except OSError:  # no memory or no process left
            asker.close()
            return False
        if pid == 0:
            asker.close()
            self._let_go()
            return True
        kernel = Kernel(pid, os.pidfd_open(pid), asker)
        self.kernels.append(kernel)
        for readable in (kernel.ended, kernel.asker):
            self.selector.register(readable, selectors.EVENT_READ, kernel)
        with contextlib.suppress(OSError):  # it hung up meanwhile, which the selector tells
            asker.send(str(pid).encode())
        return False

    def _look_after(self, kernel: Kernel, readable: object) -> None:
        if kernel not in self.kernels:
            return
        if readable is kernel.asker:
            kernel.kill()
        status = os.waitstatus_to_exitcode(os.waitpid(kernel.pid, 0)[1])
        with contextlib.suppress(OSError):
            kernel.asker.send(str(status).encode())
        for each in (kernel.ended, kernel.asker):
            self.selector.unregister(each)
        self.kernels.remove(kernel)
        kernel.close()

    def _close(self) -> None:
        for kernel in list(self.kernels):
            self._look_after(kernel, kernel.asker)
        self._let_go()

    def _let_go(self) -> None:
        """Close what is not a kernel's business."""
        for kernel in self.kernels:
            kernel.close()
        self.selector.close()
        self.control.close()


def threads() -> int:
    """Count the threads of this process, those that Python does not know among them.

    Returns
    -------
    int
    """
    return max(len(os.listdir("/proc/self/task")), threading.active_count())


@contextlib.contextmanager
def as_in_a_kernel() -> Iterator[None]:
    """Let pandas, which remembers how it is shown, find what it finds when a notebook imports it."""
    stdout = cast(io.TextIOWrapper, sys.stdout)
    encoding, errors = stdout.encoding, stdout.errors
    stdout.reconfigure(encoding="UTF-8")
    vars(builtins)["get_ipython"] = partial(SimpleNamespace, kernel=None)
    yield
    del vars(builtins)["get_ipython"]
    stdout.reconfigure(encoding=encoding, errors=errors)


def preload() -> dict[str, str]:
    """Import what notebooks import, and end the threads that imports have started.

    Returns
    -------
    dict
        The environment variables that imports have set.
    """
    before = dict(os.environ)
    with as_in_a_kernel():
        for name in PRELOADED:
            # What cannot be imported fails in the notebook that needs it, with its cell.
            with contextlib.suppress(Exception):
                import_module(name)
    gc.collect()
    gc.freeze()  # kernels share this memory as long as nobody writes to it, and a collection writes
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    return {name: value for name, value in os.environ.items() if name not in before}


def run_kernel(request: dict[str, Any], imported: dict[str, str], server: int) -> None:
    """Become the kernel that ``python -m ipykernel_launcher`` would be.

    Parameters
    ----------
    request : dict
        Its arguments, folder, environment, and file for its standard error (empty: the server's own).
    imported : dict
        What imports add to the environment.
    server : int
        Process number of the server, with which it ends.
    """
    os.setsid()
    bind_to_parent(server)
    os.environ.clear()
    os.environ |= imported | request["env"] | {"JPY_PARENT_PID": str(server)}
    time.tzset()
    os.chdir(request["cwd"])
    if request["stderr"]:
        with open(request["stderr"], "ab") as told:
            os.dup2(told.fileno(), 2)
    tell_crashes()
    launcher = find_spec("ipykernel_launcher")
    sys.argv = [str(launcher and launcher.origin), *request["arguments"]]
    import numpy as np
    from ipykernel.kernelapp import IPKernelApp
    from ipywidgets import register_comm_target

    np.random.seed()  # `random` does so by itself
    kernel = IPKernelApp.instance(parent_handle=server)
    kernel.initialize()
    register_comm_target()  # which ipywidgets does when it is imported in a kernel
    kernel.start()


def leave() -> None:
    """End the process; its modules, most of which the server holds as well, are not taken apart first."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def main() -> None:
    """Serve, or be a kernel, until the end."""
    atexit.register(leave)  # the first one runs last: after threads have ended, and what notebooks register
    descriptor, parent = (int(number) for number in sys.argv[1:])
    bind_to_parent(parent)
    if not sys.flags.safe_path and Path(sys.path[0]) == Path.cwd():
        del sys.path[0]
    imported = preload()
    server = os.getpid()
    request = Server(socket.socket(fileno=descriptor)).serve()
    if request is not None:
        run_kernel(request, imported, server)


if __name__ == "__main__":
    main()
