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
from io import FileIO
from pathlib import Path

import app
from app.adapters.sandbox.runner.relaying import relaying
from app.adapters.sandbox.running.waiting import surely_done
from app.domain.errors import SandboxUnavailable

_log = logging.getLogger(__name__)

_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 30.0
_STEADY_SECONDS = 60.0
_GRACE_SECONDS = 15.0
_WRONG_SETTINGS = 2
"""The exit status of a runner that would end so again."""


class RunnerDoesNotStart(SandboxUnavailable):
    """It ends at once, or cannot be started: the text says why, in its own last words."""


class OwnRunner:
    """Connections travel as descriptors over a socket that only the two have, so there is no path to guard.

    When the worker is gone, however it went, that socket ends, and the runner ends everything with itself.
    """

    def __init__(self, settings: Mapping[str, str]) -> None:
        """`settings`: the environment that the runner is to have; no secret is among it."""
        self._settings = dict(settings)
        self._control: socket.socket | None = None
        self._trouble: str | None = None

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """See client.Connect. Raises RunnerDoesNotStart where that is why."""
        if self._control is None:
            if self._trouble is not None:
                raise RunnerDoesNotStart(f"the runner of sandboxes does not start: {self._trouble}")
            raise SandboxUnavailable("the runner of sandboxes is being started again")
        try:
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        except OSError as error:
            raise SandboxUnavailable(f"no connection to a runner of sandboxes can be made: {error.strerror}") from None
        with theirs:
            try:
                hand_over(self._control, theirs)
            except SandboxUnavailable:
                ours.close()
                raise
        ours.setblocking(False)
        return await asyncio.open_connection(sock=ours)

    async def keep(self) -> None:
        """Keep a runner alive until cancelled; then its end is waited for."""
        pause = _FIRST_PAUSE_SECONDS
        loop = asyncio.get_running_loop()
        while True:
            started = loop.time()
            try:
                await self._live_once()
            except OSError as error:
                self._trouble = str(error.strerror)
                _log.error("the runner of sandboxes cannot be started: %s; trying again", error.strerror)
            pause = _FIRST_PAUSE_SECONDS if loop.time() - started > _STEADY_SECONDS else pause
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)

    async def _live_once(self) -> None:
        """From its start to its end. Raises OSError when it cannot be started."""
        async with relaying() as (relay, output), self._started(output) as process:
            status = await process.wait()
        wrong = status == _WRONG_SETTINGS
        self._trouble = relay.last_words or "its settings are wrong" if wrong else None
        _log.error("the runner of sandboxes ended with status %s; starting it again", status)

    @contextlib.asynccontextmanager
    async def _started(self, output: FileIO) -> AsyncIterator[asyncio.subprocess.Process]:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        with ours:
            with theirs, output:
                process = await _start(theirs, output, self._settings)
            self._control = ours
            try:
                yield process
            finally:
                self._control = None
                ours.close()
                await _ended(process)


def hand_over(control: socket.socket, connection: socket.socket) -> None:
    """Give a runner one end of a connection. Raises SandboxUnavailable."""
    rights = array.array("i", [connection.fileno()])
    try:
        control.sendmsg([b"c"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
    except BlockingIOError:
        raise SandboxUnavailable("the runner of sandboxes is busy: too many connections wait for it") from None
    except ConnectionError:
        raise SandboxUnavailable("the runner of sandboxes is gone, and will be started again") from None
    except OSError as error:
        raise SandboxUnavailable(f"the runner of sandboxes cannot be reached: {error.strerror}") from None


async def _start(control: socket.socket, output: FileIO, settings: Mapping[str, str]) -> asyncio.subprocess.Process:
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
        stdout=output,
        stderr=output,
        env=environment,
        cwd="/",
        pass_fds=(control.fileno(),),
        start_new_session=True,  # our terminal is not for who takes the runner over; it ends with the control socket
    )


def _where_we_are() -> str:
    return str(Path(app.__file__).resolve().parent.parent)


async def _ended(process: asyncio.subprocess.Process) -> None:
    """The end of the control socket tells it to end; what does not in time is made to.

    Cancellations are raised afterwards: a runner that is killed cannot clean up.
    """
    waiting = asyncio.create_task(process.wait())
    killing = asyncio.get_running_loop().call_later(_GRACE_SECONDS, _kill, process)
    try:
        await surely_done((waiting,))
    finally:
        killing.cancel()


def _kill(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.kill()
