"""Starts command lines, waits for them within bounds, and finds what they left running."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

STOPPED = 137
"""The status of the launcher where a limit other than time ended the command."""
OUT_OF_TIME = 124


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command line ended."""

    status: int | None
    """None when it did not end in time and was killed."""
    out: str
    err: str
    seconds: float

    @property
    def told(self) -> str:
        """For the detail of a finding: its status and its last words."""
        last = self.err.strip().splitlines()[-1:] or [""]
        return f"status {self.status}, {last[0][:120]!r}"


def start(
    argv: Sequence[str],
    *,
    environment: Mapping[str, str],
    cwd: Path,
    pass_fds: Sequence[int] = (),
    stdin: int = subprocess.DEVNULL,
) -> subprocess.Popen[bytes]:
    """A session of its own, so that all of it can be ended."""
    return subprocess.Popen(
        argv,
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=dict(environment),
        cwd=cwd,
        pass_fds=tuple(pass_fds),
        start_new_session=True,
    )


def finish(process: subprocess.Popen[bytes], seconds: float) -> Ran:
    """Wait, and kill its whole session when it takes too long."""
    begun = time.monotonic()
    status: int | None
    try:
        out, err = process.communicate(timeout=seconds)
        status = process.returncode
    except subprocess.TimeoutExpired:
        end_session(process.pid)
        # Whoever still holds the pipes is not waited for.
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=2)
        out, err, status = b"", b"the launcher did not end in time", None
    return Ran(status, out.decode(errors="surrogateescape"), err.decode(errors="replace"), time.monotonic() - begun)


def end_session(leader: int) -> None:
    """Kill a process group that we started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)


def living(token: str) -> list[int]:
    """Processes of ours on whose command line a word stands; zombies have none."""
    return [int(entry.name) for entry in _processes() if token.encode() in _command_line(entry)]


def _processes() -> Iterator[Path]:
    own = str(os.getpid())
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and entry.name != own and entry.stat().st_uid == os.getuid():
                yield entry


def _command_line(entry: Path) -> bytes:
    try:
        return (entry / "cmdline").read_bytes()
    except OSError:
        return b""


def kill_all(token: str) -> None:
    """End what a command that was not contained left behind."""
    for pid in living(token):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Whether it came true within the time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def number_in(file: Path) -> int | None:
    """The number that a command wrote into a file, 0 while it writes; None when there is none."""
    try:
        return int(file.read_text() or "0")
    except FileNotFoundError:
        return None
