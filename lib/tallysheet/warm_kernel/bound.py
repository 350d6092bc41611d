"""Run a Python module that the system ends with its parent; a script of its own, without tallysheet.

A kernel is told of its parent's end by a thread of ipykernel, once a second: too late for a parent that
was killed while the kernel started, and not at all while C code holds the interpreter.
"""

from __future__ import annotations

import ctypes
import faulthandler
import os
import runpy
import signal
import sys

PR_SET_PDEATHSIG = 1


def bind_to_parent(parent: int) -> None:
    """Let Linux kill this process as soon as its parent ends, however that ends.

    Parameters
    ----------
    parent : int
        Process number. If it ended before this call, this process ends now.
    """
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def bound(command: list[str]) -> list[str]:
    """Give the command that runs ``python -m module ...`` bound to this process; others stay as they are.

    Examples
    --------
    >>> bound(["kernel", "-f", "connection.json"])
    ['kernel', '-f', 'connection.json']
    """
    if sys.platform != "linux" or command[1:2] != ["-m"]:
        return command
    return [command[0], __file__, str(os.getpid()), *command[2:]]


def tell_crashes() -> None:
    """Have Python say where it was when C code crashed, on what is standard error now.

    ipykernel takes standard error's place later, and what it has not passed on dies with it.
    """
    faulthandler.enable(os.dup(2))


def main() -> None:
    """Run a module as ``python -m`` does: same arguments, ``__main__`` and first place of ``sys.path``."""
    parent, module = sys.argv[1:3]
    del sys.argv[1:3]
    bind_to_parent(int(parent))
    tell_crashes()
    if not sys.flags.safe_path:
        sys.path[0] = os.getcwd()
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
