"""Ends what a runner that was killed left behind in the moment in which it was starting a command.

Bubblewrap follows its parent into death only once it has built the sandbox. Before that it may stay, and wait for ever.
Where there is a cgroup it is found in there; here it is found by its name, which says whose it is.
"""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

from app.adapters.sandbox.runner.names import may_be_alive

_MARK = "revwright-sandbox-of-"


def mark_of(runner: str) -> str:
    """What a runner of this name calls the processes that build its sandboxes: see `Host.mark`."""
    return f"{_MARK}{runner}"


def end_orphans() -> int:
    """Kill those of runners that are dead, as far as they are ours to kill. How many there were."""
    return sum(_ended(int(entry.name)) for entry in Path("/proc").iterdir() if entry.name.isdigit())


def _ended(pid: int) -> bool:
    try:
        descriptor = os.pidfd_open(pid)
    except OSError:
        return False
    try:
        # Read after the process is held: its number cannot have passed to another one.
        mark = Path(f"/proc/{pid}/cmdline").read_bytes().partition(b"\0")[0].decode(errors="replace")
        if mark.startswith(_MARK) and not may_be_alive(mark.removeprefix(_MARK)):
            with contextlib.suppress(PermissionError):
                signal.pidfd_send_signal(descriptor, signal.SIGKILL)
                return True
    except OSError:
        return False  # it is gone
    finally:
        os.close(descriptor)
    return False
