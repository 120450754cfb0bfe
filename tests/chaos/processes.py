"""The zygote as its parent sees it: start a process, kill it by its id, learn how it ended."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

ROOT = Path(__file__).parent.parent.parent
_END_SECONDS = 15.0


@dataclass(eq=False)
class Zygote:
    """For one thread: questions and answers alternate."""

    lines: TextIO

    def start(self, what: str, *arguments: str, environ: Mapping[str, str], log: Path) -> Child:
        """`what` is `worker`, `web` (argument: the port) or `program` (arguments: what to execute)."""
        asked = {"run": what, "arguments": arguments, "environ": dict(environ), "log": str(log)}
        return Child(self, self._ask(asked)["pid"])

    def wait(self, pid: int, seconds: float) -> int | None:
        status: int | None = self._ask({"wait": pid, "seconds": seconds})["status"]
        return status

    def _ask(self, command: Mapping[str, object]) -> Any:
        self.lines.write(json.dumps(command) + "\n")
        self.lines.flush()
        return json.loads(self.lines.readline())


@dataclass(eq=False)
class Child:
    """A process that the zygote forked."""

    zygote: Zygote
    pid: int
    status: int | None = None

    def signal(self, number: signal.Signals) -> None:
        """The id is ours even if the process has ended: nobody has waited for it yet."""
        if self.status is None:
            os.kill(self.pid, number)

    def wait(self, seconds: float = _END_SECONDS) -> int:
        status = self.poll(seconds)
        assert status is not None, f"process {self.pid} did not end within {seconds:.0f} s"
        return status

    def poll(self, seconds: float = 0.0) -> int | None:
        """Its status, or None while it runs."""
        if self.status is None:
            self.status = self.zygote.wait(self.pid, seconds)
        return self.status

    def kill(self) -> None:
        self.signal(signal.SIGKILL)
        self.wait()

    def terminate(self) -> int:
        self.signal(signal.SIGTERM)
        return self.wait()


@contextmanager
def open_zygote() -> Iterator[Zygote]:
    """A zygote of one's own; it and all its children end with the context, or with this process."""
    ours, theirs = socket.socketpair()
    command = [sys.executable, "-m", "tests.chaos.zygote", str(theirs.fileno())]
    # A small environment: the settings come with each command, and no coverage measurement starts in there.
    with ours, subprocess.Popen(command, cwd=ROOT, env={"PATH": os.environ["PATH"]}, pass_fds=(theirs.fileno(),)) as it:
        theirs.close()
        try:
            with ours.makefile("rw") as lines:
                yield Zygote(lines)
        finally:
            ours.shutdown(socket.SHUT_RDWR)
            it.wait(_END_SECONDS)
