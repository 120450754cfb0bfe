"""One writer per mirror, across tasks and processes."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
from collections.abc import AsyncIterator
from pathlib import Path

from app.domain.errors import GitFailed

_FIRST_WAIT_SECONDS = 0.01
_LONGEST_WAIT_SECONDS = 0.25


@contextlib.asynccontextmanager
async def locked(path: Path, *, seconds: float) -> AsyncIterator[int]:
    """Hold the lock file, waiting up to `seconds` without blocking the loop.

    Yields its descriptor. A process that inherits it keeps the lock as long as it lives, so a git that outlives a
    killed worker is never joined by a second writer. The file itself stays: removing it would let two in.
    """
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            async with asyncio.timeout(seconds):
                await _acquired(fd)
        except TimeoutError as late:
            raise GitFailed(f"another job holds {path.name} for over {seconds:g} s", retry=True) from late
        yield fd
    finally:
        os.close(fd)


async def _acquired(fd: int) -> None:
    wait = _FIRST_WAIT_SECONDS
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            await asyncio.sleep(wait)
            wait = min(2 * wait, _LONGEST_WAIT_SECONDS)
        else:
            return
