"""The product's own runner of sandboxes, started as a worker starts it, in a directory that is gone afterwards."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

from app.adapters.sandbox.runner.client import RunnerSandboxes
from app.adapters.sandbox.runner.names import may_be_alive
from app.adapters.sandbox.runner.own import OwnRunner
from app.adapters.sandbox.running.cgroup_detection import detect
from app.domain.errors import SandboxUnavailable
from app.domain.sandbox import Mode
from app.wiring.cancelling import end

_START_SECONDS = 60.0


class NoSandbox(Exception):
    """Nothing is executed on this host; the text says why."""


@dataclass(frozen=True, slots=True)
class Place:
    """A directory on the file system of the workspaces, in which the runner's user can reach what is its own."""

    directory: Path

    @property
    def workspaces(self) -> Path:
        return self.directory / "workspaces"


@contextlib.contextmanager
def place() -> Iterator[Place]:
    # Not the usual place for temporary files, which may be in memory: workspaces are not.
    directory = Path(tempfile.mkdtemp(prefix="rw-bench-", dir="/var/tmp"))
    directory.chmod(0o711)
    try:
        yield Place(directory)
    finally:
        sweep()
        shutil.rmtree(directory)


def sweep() -> None:
    """A runner that has dropped its rights leaves empty cgroups, which the next one removes: here there is no next."""
    cgroups = detect()
    if cgroups is not None:
        with contextlib.suppress(OSError):
            cgroups.sweep(may_be_alive)


@contextlib.asynccontextmanager
async def open_runner(where: Place, *, at_once: int) -> AsyncIterator[RunnerSandboxes]:
    """Raises NoSandbox."""
    settings = {"REVWRIGHT_WORKSPACES_DIR": str(where.workspaces), "REVWRIGHT_SANDBOXES_AT_ONCE": str(at_once)}
    own = OwnRunner(settings)
    keeping = asyncio.create_task(own.keep())
    try:
        sandboxes = RunnerSandboxes(own.connect)
        await _answering(sandboxes)
        yield sandboxes
    finally:
        await end((keeping,))


async def _answering(sandboxes: RunnerSandboxes) -> None:
    async with asyncio.timeout(_START_SECONDS):
        while True:
            try:
                isolation = await sandboxes.isolation()
            except SandboxUnavailable:
                await asyncio.sleep(0.02)
                continue
            if isolation.mode is Mode.REFUSED:
                raise NoSandbox(isolation.reason)
            return
