"""A real runner, as a worker starts it, with its workspaces in a directory of the test's own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.adapters.sandbox.runner.client import RunnerSandboxes
from app.adapters.sandbox.runner.listening import RunnerAt
from app.adapters.sandbox.runner.own import OwnRunner
from app.adapters.sandbox.runner.privileges import runner_user
from app.domain.errors import SandboxUnavailable
from app.domain.sandbox import Mode
from app.wiring.cancelling import end
from tests.adapters.sandbox.isolation import launching
from tests.adapters.sandbox.runner.standalone import Standalone


@dataclass(frozen=True, slots=True)
class Place:
    """A runner's sandboxes, and the directory in which their workspaces lie."""

    sandboxes: RunnerSandboxes
    directory: Path

    def workspaces(self) -> list[Path]:
        return [entry for part in parts(self.directory) for entry in part.iterdir() if entry.is_dir()]


def parts(directory: Path) -> list[Path]:
    """What each runner has for itself."""
    return list(directory.glob("runner-*"))


def settings_for(directory: Path, **more: str) -> dict[str, str]:
    return {"REVWRIGHT_WORKSPACES_DIR": str(directory), "REVWRIGHT_SANDBOXES_AT_ONCE": "2", **more}


@contextlib.contextmanager
def fresh_directory() -> Iterator[Path]:
    """Not below pytest's own: those are closed to the user that root's runner becomes."""
    parent = Path(tempfile.mkdtemp(dir="/var/tmp"))
    parent.chmod(0o711)
    try:
        yield parent / "workspaces"
    finally:
        shutil.rmtree(parent, ignore_errors=True)


@pytest.fixture(scope="session")
def bubblewrap() -> None:
    launching.bubblewrap()


@pytest.fixture
def directory(bubblewrap: None) -> Iterator[Path]:
    with fresh_directory() as path:
        yield path


@contextlib.asynccontextmanager
async def kept_runner(settings: dict[str, str]) -> AsyncIterator[OwnRunner]:
    """Started again when it dies, until the context ends."""
    own = OwnRunner(settings)
    keeping = asyncio.create_task(own.keep())
    try:
        await asyncio.sleep(0)
        yield own
    finally:
        await end((keeping,))


@pytest.fixture(scope="session")
def standalone(bubblewrap: None) -> Iterator[Standalone]:
    """One for all tests that leave it as it was."""
    with fresh_directory() as directory:
        give_to_runner(directory.parent)
        runner = Standalone(directory)
        try:
            yield runner
        finally:
            runner.end()
            assert parts(directory) == [], "nothing is left of a runner that was ended"


@pytest.fixture
async def place(standalone: Standalone) -> AsyncIterator[Place]:
    """Sandboxes of a runner that other tests use before and after."""
    sandboxes = RunnerSandboxes(RunnerAt(standalone.socket).connect)
    await answering(sandboxes)
    place = Place(sandboxes, standalone.directory)
    yield place
    assert place.workspaces() == []


@pytest.fixture
async def own_place(directory: Path) -> AsyncIterator[Place]:
    """Sandboxes of a runner that a worker started for itself."""
    async with kept_runner(settings_for(directory)) as own:
        sandboxes = RunnerSandboxes(own.connect)
        await answering(sandboxes)
        yield Place(sandboxes, directory)
    assert parts(directory) == [], "nothing is left of a runner that was ended"


async def answering(sandboxes: RunnerSandboxes) -> None:
    """Wait until the runner is there."""
    async with asyncio.timeout(30):
        while True:
            with contextlib.suppress(SandboxUnavailable):
                isolation = await sandboxes.isolation()
                assert isolation.mode is not Mode.REFUSED, isolation.reason
                return
            await asyncio.sleep(0.02)


def give_to_runner(directory: Path) -> None:
    """Its socket is to be made in there, and nobody else's."""
    os.chown(directory, user_of_runner(), -1)
    directory.chmod(0o755)


def user_of_runner() -> int:
    return runner_user(None).uid if os.geteuid() == 0 else os.geteuid()
