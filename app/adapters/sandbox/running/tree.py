"""The processes of one sandbox: bubblewrap, which we started, and below it a namespace with a process 1 of its own.

Both are held by pidfd, so that a number that was given to somebody else is never killed. When the namespace's
process 1 has ended, the kernel has killed and reaped everything in the namespace: nothing can have left it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import time
from pathlib import Path

from app.adapters.sandbox.running.waiting import is_readable, readable, surely_done, surely_readable

_STOP_SECONDS = 5.0
_MOST_STATUS_BYTES = 4096


class Tree:
    """A bubblewrap that has just been started, and what it starts. Call `end` before `close`, whatever happens."""

    def __init__(self, process: subprocess.Popen[bytes], status: int) -> None:
        """`status` is our end of the pipe of `Descriptors.status`, which is closed by us."""
        self.pid: int | None = None
        """Of the namespace's process 1, once `find` has returned."""
        self.bwrap = os.pidfd_open(process.pid)
        self._process = process
        self._status = status
        self._said = b""
        self._first: int | None = None
        self._orphans: list[int] = []
        self._sought = False
        """Whether children were looked for that bubblewrap has not told of."""
        os.set_blocking(status, False)

    async def find(self) -> bool:
        """Wait until bubblewrap has made the namespace; False when it has ended without."""
        while b"\n" not in self._said:
            await readable(self._status)
            if not self._listen():
                return False
        pid = json.loads(self._said.partition(b"\n")[0])["child-pid"]
        try:
            self._first = os.pidfd_open(pid)
        except ProcessLookupError:
            return False  # bubblewrap has seen it end, and reaped it
        self.pid = pid
        return True

    def _listen(self) -> bool:
        """False at the end of what bubblewrap says."""
        try:
            said = os.read(self._status, _MOST_STATUS_BYTES)
        except BlockingIOError:
            return True
        self._said += said
        return said != b""

    @property
    def ended(self) -> bool:
        """Whether bubblewrap has, as it does when the command has."""
        return is_readable(self.bwrap)

    def kill(self) -> None:
        """Kill everything, at once and without a chance to object; can be repeated."""
        if self._first is None and not self._sought:
            self._find_children()
        for descriptor in (self._first, *self._orphans, self.bwrap):
            if descriptor is not None:
                with contextlib.suppress(ProcessLookupError):
                    signal.pidfd_send_signal(descriptor, signal.SIGKILL)

    def _find_children(self) -> None:
        """Its child waits for a word from bubblewrap, and would for ever if that was killed before it could give it."""
        self._sought = True
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.bwrap, signal.SIGSTOP)
        process = Path(f"/proc/{self._process.pid}")
        by = time.monotonic() + _STOP_SECONDS
        while not self.ended and _state(process) not in {"T", "Z"} and time.monotonic() < by:
            time.sleep(0.0005)  # until the next time it is scheduled; it starts nothing after that
        with contextlib.suppress(OSError):  # nothing keeps us from killing bubblewrap, at whose end its child ends
            children = (process / "task" / process.name / "children").read_text().split()
            self._orphans += [os.pidfd_open(int(child)) for child in children]

    async def end(self) -> None:
        """Kill everything and wait until it is dead. A cancellation is raised when it is."""
        cancelled: asyncio.CancelledError | None = None
        if self._first is None and not self.ended:
            try:  # what waits for bubblewrap to stand still must not hold up other commands
                await surely_done([asyncio.create_task(asyncio.to_thread(self._find_children))])
            except asyncio.CancelledError as error:
                cancelled = error
        self.kill()
        for descriptor in (self.bwrap, self._first, *self._orphans):
            if descriptor is not None:
                try:
                    await surely_readable(descriptor)
                except asyncio.CancelledError as error:
                    cancelled = error
        self._reap()
        if cancelled is not None:
            raise cancelled

    def _reap(self) -> None:
        self._process.wait()
        for descriptor in (self._first, *self._orphans):
            # Where we are the process 1 of a container, the namespace's is ours to reap when bubblewrap ended first.
            if descriptor is not None:
                with contextlib.suppress(ChildProcessError):
                    os.waitid(os.P_PIDFD, descriptor, os.WEXITED | os.WNOHANG)

    def result(self) -> tuple[int | None, int]:
        """After `end`: the command's status as bubblewrap told it, None if it never began; bubblewrap's own."""
        while self._listen() and len(self._said) < _MOST_STATUS_BYTES:
            continue
        codes = [json.loads(line).get("exit-code") for line in self._said.splitlines()]
        return next((code for code in codes if code is not None), None), self._process.returncode

    def close(self) -> None:
        """Close what `Tree` has opened."""
        for descriptor in (self.bwrap, self._first, *self._orphans):
            if descriptor is not None:
                os.close(descriptor)


def _state(process: Path) -> str:
    try:
        return (process / "stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return "Z"
