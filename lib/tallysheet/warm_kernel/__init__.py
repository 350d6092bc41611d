"""Kernels that have already imported what notebooks import, a process of its own for each notebook.

Starting a kernel and importing pandas, matplotlib and seaborn costs more than what most notebooks do. So one
process imports them once a run and forks a kernel for every notebook. papermill and nbclient see an ordinary
kernel. Where that cannot be (another system than Linux, a server that is gone or would fork with threads:
see `tallysheet.warm_kernel.server`), an ordinary kernel is what they get.
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Iterator

INLINE = {"MPLBACKEND": "module://matplotlib_inline.backend_inline"}
"""As ipykernel sets it before a notebook can import matplotlib."""

QUIET = {"JE_ARROW_MALLOC_CONF": "background_thread:false", "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
"""pyarrow's allocator starts no thread, and ipykernel's debugger says nothing of what it cannot do."""

PATIENCE_S = 5


class Kernels:
    """Where notebooks get their kernels from.

    Parameters
    ----------
    warm : bool
        Whether there may be a server that forks them.
    """

    def __init__(self, warm: bool) -> None:
        self.warm = warm and sys.platform == "linux"
        self.server: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    @property
    def control(self) -> int:
        """Descriptor of the socket to the server; negative without one."""
        return -1 if self._control is None else self._control.fileno()

    def warm_up(self) -> None:
        """Start the server, if it may be and is not yet; it is ended when the thread that calls this ends."""
        if not self.warm or self.server is not None:
            return
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        command = [sys.executable, "-m", "tallysheet.warm_kernel.server", str(theirs.fileno())]
        with theirs, contextlib.suppress(OSError):  # without it, notebooks get ordinary kernels
            self.server = subprocess.Popen(
                [*command, str(os.getpid())],
                stdin=subprocess.DEVNULL,
                env=INLINE | os.environ | QUIET,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        self._control = ours

    def close(self) -> None:
        """End the server and the kernels that still run."""
        if self._control is not None:
            self._control.close()
        if self.server is not None:
            try:
                self.server.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                self.server.kill()
                self.server.wait()


@contextlib.contextmanager
def warm_kernels(warm: bool = True) -> Iterator[Kernels]:
    """Give notebooks kernels for the time of a run.

    Parameters
    ----------
    warm : bool
        Whether they may be forked.

    Examples
    --------
    >>> with warm_kernels(False) as kernels:
    ...     kernels.warm_up()
    ...     kernels.control
    -1
    """
    kernels = Kernels(warm)
    try:
        yield kernels
    finally:
        kernels.close()
