"""The child process: one request after the other from standard input, until its end. Started by path, never imported.

    python -I child.py PARENT DIRECTORY

PARENT is the process that it ends with; DIRECTORY is where `ast_grep_py` lies, wherever the parent found it.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
from pathlib import Path
from typing import BinaryIO

_MEMORY_BYTES = 512 << 20
_CPU_SECONDS = 5
_FILES = 16
_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Answers until nobody asks any more."""
    parent, directory = sys.argv[1:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != int(parent):
        sys.exit("the parent is gone")
    # The package that this file belongs to comes first, whatever else is installed under its name.
    sys.path.insert(0, str(Path(__file__).resolve().parents[3]))
    sys.path.append(directory)
    from app.adapters.parsing.answers import answer, reason  # noqa: PLC0415 - found only now
    from app.adapters.parsing.frames import PREFIX_BYTES, frame, length, message  # noqa: PLC0415

    _confine()
    requests, replies = sys.stdin.buffer, sys.stdout.buffer
    # An error is the end of this process, and its reason the last that it says.
    sys.excepthook = lambda _kind, error, _trace: _send(replies, frame({"refused": reason(error)}))
    _send(replies, frame({"ready": True}))
    while len(prefix := requests.read(PREFIX_BYTES)) == PREFIX_BYTES:
        request = message(requests.read(length(prefix)))
        _allow_cpu()
        _send(replies, frame(answer(request)))


def _confine() -> None:
    """No more memory, files or processes than reading text takes."""
    for kind, most in (
        (resource.RLIMIT_AS, _MEMORY_BYTES),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, _FILES),
        (resource.RLIMIT_NPROC, 0),
    ):
        allowed = _within(kind, most)
        resource.setrlimit(kind, (allowed, allowed))


def _allow_cpu() -> None:
    """A few more seconds: should nobody be there to end a request that hangs, the kernel does."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = _within(resource.RLIMIT_CPU, int(used.ru_utime + used.ru_stime) + _CPU_SECONDS)
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def _within(kind: int, most: int) -> int:
    """A limit that was set from outside stays: only root could raise it."""
    hard = resource.getrlimit(kind)[1]
    return most if hard == resource.RLIM_INFINITY else min(most, hard)


def _send(pipe: BinaryIO, data: bytes) -> None:
    pipe.write(data)
    pipe.flush()


if __name__ == "__main__":
    main()
