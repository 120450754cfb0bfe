"""A worker's own runner: a child process that it starts, starts again when it dies, and hands connections to."""

from __future__ import annotations

import array
import asyncio
import contextlib
import logging
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import app
from app.domain.errors import SandboxUnavailable

_log = logging.getLogger(__name__)

_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 30.0
_STEADY_SECONDS = 60.0
_GRACE_SECONDS = 15.0


class OwnRunner:
    """Connections travel as descriptors over a socket that only the two have, so there is no path to guard.

    When the worker is gone, however it went, that socket ends, and the runner ends everything with itself.
    """

    def __init__(self, settings: Mapping[str, str]) -> None:
        """`settings`: the environment that the runner is to have; no secret is among it."""
        self._settings = dict(settings)
        self._control: socket.socket | None = None

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """See client.Connect."""
        if self._control is None:
            raise SandboxUnavailable("the runner of sandboxes is being started again")
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with theirs:
            rights = array.array("i", [theirs.fileno()])
            try:
                self._control.sendmsg([b"c"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
            except OSError:
                ours.close()
                raise SandboxUnavailable("the runner of sandboxes is gone, and will be started again") from None
        ours.setblocking(False)
        return await asyncio.open_connection(sock=ours)

    async def keep(self) -> None:
        """Keep a runner alive until cancelled."""
        pause = _FIRST_PAUSE_SECONDS
        loop = asyncio.get_running_loop()
        while True:
            started = loop.time()
            async with self._started() as process:
                status = await process.wait()
            _log.error("the runner of sandboxes ended with status %s; starting it again", status)
            pause = _FIRST_PAUSE_SECONDS if loop.time() - started > _STEADY_SECONDS else pause
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)

    @contextlib.asynccontextmanager
    async def _started(self) -> AsyncIterator[asyncio.subprocess.Process]:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        with ours:
            with theirs:
                process = await _start(theirs, self._settings)
            self._control = ours
            try:
                yield process
            finally:
                self._control = None
                ours.close()
                await _ended(process)


async def _start(control: socket.socket, settings: Mapping[str, str]) -> asyncio.subprocess.Process:
    # Nothing of our environment: it has the secrets. -P: the directory we were started in is no place for modules.
    environment = {
        **settings,
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "LC_ALL": "C.UTF-8",
        "PYTHONPATH": _where_we_are(),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    command = ("-P", "-m", "app.cli", "runner", "--control", str(control.fileno()), "--worker-user", str(os.getuid()))
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *command,
        stdin=subprocess.DEVNULL,
        env=environment,
        cwd="/",
        pass_fds=(control.fileno(),),
    )


def _where_we_are() -> str:
    return str(Path(app.__file__).resolve().parent.parent)


async def _ended(process: asyncio.subprocess.Process) -> None:
    """The end of the control socket tells it to end; what does not is made to."""
    try:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_GRACE_SECONDS):
                await process.wait()
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
