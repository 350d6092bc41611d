"""Kernels of notebooks for jupyter_client: forked if there is a server, started if not, bound in any case."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import time
from pathlib import Path
from queue import Empty
from typing import Any

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.channels import AsyncZMQSocketChannel
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from traitlets import Integer, Type, Unicode

from tallysheet.warm_kernel.bound import bound

PROVISIONER = "tallysheet-warm"
"""As pyproject.toml enters it."""

PATIENCE_S = 60
"""A server that is still importing is waited for; with a cold disk that takes its time."""

LOOK_S = 0.5
"""How often to look whether a cell's reply has come."""


class ForkedKernel:
    """A kernel that the server forked; to be used as a `subprocess.Popen`."""

    stdin = stdout = stderr = None

    def __init__(self, server: socket.socket, pid: int) -> None:
        server.setblocking(False)
        self.server = server
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Give the exit code as soon as the server has told it; without a server the kernel is gone too."""
        if self.returncode is None:
            try:
                told = self.server.recv(32)
            except BlockingIOError:
                return None
            except ConnectionError:
                told = b""
            self.returncode = int(told or -signal.SIGKILL)
            self.server.close()
        return self.returncode

    def wait(self) -> int | None:
        """Wait for its end."""
        if self.returncode is None:
            self.server.setblocking(True)
        return self.poll()

    def send_signal(self, number: int) -> None:
        """Send a signal to it alone."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """Kill it."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)


def fork_kernel(
    control: int, command: list[str], folder: str | Path | None, environment: dict[str, str], stderr: str = ""
) -> ForkedKernel | None:
    """Ask the server for a kernel.

    Parameters
    ----------
    control : int
        Descriptor of the socket to the server; negative: there is none.
    command : list of str
        What would start the kernel.
    folder : str, Path or None
        Where it runs; None: here.
    environment : dict
    stderr : str
        File for what it writes to its standard error; empty: to ours.

    Returns
    -------
    ForkedKernel or None
        None if the server is gone or refuses, or if the command is not that of a kernel of this Python.

    Examples
    --------
    >>> fork_kernel(-1, ["python", "-m", "ipykernel_launcher"], None, {})
    """
    if control < 0 or command[:3] != [sys.executable, "-m", "ipykernel_launcher"]:
        return None
    asked = {"arguments": command[3:], "cwd": str(folder or Path.cwd()), "env": environment, "stderr": stderr}
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        with theirs, socket.socket(fileno=os.dup(control)) as server:
            socket.send_fds(server, [json.dumps(asked).encode()], [theirs.fileno()])
        ours.settimeout(PATIENCE_S)
        told = ours.recv(32)
    except OSError:
        told = b""
    if told:
        return ForkedKernel(ours, int(told))
    ours.close()
    return None


class WarmProvisioner(LocalProvisioner):
    """Has kernels forked by the server that ``control`` leads to, and starts those that it has not."""

    control = Integer(-1).tag(config=True)
    stderr = Unicode().tag(config=True)
    """File for what the process of a kernel says beside its notebook, as when it crashes; empty: our own."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Fork or start a kernel.

        Parameters
        ----------
        cmd : list of str
        **kwargs
            Folder, environment and what else `subprocess.Popen` takes.

        Returns
        -------
        dict
            How to connect to it.
        """
        folder = kwargs.get("cwd") or Path.cwd()
        forked = fork_kernel(self.control, cmd, folder, kwargs["env"], self.stderr)
        if forked is None and self.stderr:
            with Path(self.stderr).open("ab") as told:
                return await super().launch_kernel(bound(cmd), **kwargs, stderr=told)
        if forked is None:
            return await super().launch_kernel(bound(cmd), **kwargs)
        self.process: Any = forked
        self.cwd = folder
        self.pid = self.pgid = forked.pid  # it leads a session
        return self.connection_info

    async def send_signal(self, signum: int) -> None:
        """Send a signal to the kernel and what it started, unless its number may be another's by now."""
        if await self.poll() is None:
            await super().send_signal(signum)


class ShellChannel(AsyncZMQSocketChannel):
    """Looks for a cell's reply again and again.

    Where a cell fills an output widget, nbclient sends to the kernel on the socket on which it awaits the
    reply; one that comes just then wakes nobody until the time of the cell is over (nbclient #312).
    """

    async def get_msg(self, timeout: float | None = None) -> dict[str, Any]:  # type: ignore[override]
        """Wait for a message, so many seconds at most."""
        until = float("inf") if timeout is None else time.monotonic() + timeout
        while not await self.socket.poll(1000 * max(0, min(LOOK_S, until - time.monotonic()))):
            if time.monotonic() >= until:
                raise Empty
        return await self._recv()


class KernelClient(AsyncKernelClient):
    """Reads replies from such a channel."""

    shell_channel_class = Type(ShellChannel)


class WarmKernelManager(AsyncKernelManager):
    """Manages kernels of our provisioner under the name of the kernel that Jupyter knows."""

    client_factory = Type(KernelClient)

    @property
    def kernel_spec(self) -> KernelSpec | None:
        """Give what Jupyter knows of the kernel, but for who provides it."""
        spec = super().kernel_spec
        if spec is not None:
            spec.metadata["kernel_provisioner"] = {"provisioner_name": PROVISIONER}
        return spec
