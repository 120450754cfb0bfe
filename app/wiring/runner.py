"""The runner process: who it is, where its sandboxes lie, what isolates them, and whom it serves."""

from __future__ import annotations

import asyncio
import concurrent.futures.thread  # noqa: F401 - nothing can be imported once the runner is somebody else
import contextlib
import logging
import os
import selectors
import signal
import socket
from collections.abc import AsyncIterator, Coroutine, Iterable, Iterator
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

from app.adapters.sandbox.files.environments import Environments
from app.adapters.sandbox.files.kept import KeptWorkspaces
from app.adapters.sandbox.files.shelf import Retention, Shelf
from app.adapters.sandbox.files.workspaces import Claim, Workspaces
from app.adapters.sandbox.isolation.plan import SandboxPlan, Toolchain
from app.adapters.sandbox.network.setup_network import SetupNetwork
from app.adapters.sandbox.runner.connection import serve
from app.adapters.sandbox.runner.listening import Connections, listening_at, take_from_worker
from app.adapters.sandbox.runner.names import may_be_alive, name_of
from app.adapters.sandbox.runner.orphans import end_orphans, mark_of
from app.adapters.sandbox.runner.privileges import RunnerUser, become, runner_user
from app.adapters.sandbox.runner.serving import Runner
from app.adapters.sandbox.runner.threads import surely_in_thread
from app.adapters.sandbox.running.cgroup_detection import detect
from app.adapters.sandbox.running.cgroups import Subtree
from app.adapters.sandbox.running.launcher import Launcher
from app.adapters.sandbox.self_test.self_test import SelfTest
from app.adapters.sandbox.self_test.surroundings import look_around
from app.domain.errors import SettingsInvalid
from app.domain.sandbox import CommandLimits, Isolation, Mode
from app.settings import SandboxSettings
from app.wiring.cancelling import end

_log = logging.getLogger(__name__)

T = TypeVar("T")

OF_ROOT = Path("/var/lib/revwright-runner")
"""Where workspaces lie when root starts the runner: the user that it becomes cannot enter root's home."""

_CLOSING_SECONDS = 10.0
_CLEANING_SECONDS = 60.0
_MB = 1 << 20
_FRESH = frozenset({"lost+found"})
"""What a new file system may already hold."""


def run_as_runner(main: Coroutine[Any, Any, T]) -> T:
    """As `asyncio.run`, but with poll(2): what is registered with epoll counts against a limit of the kernel for each
    user (epoll(7), max_user_watches), which commands in sandboxes, being the same user, can use up.
    """
    with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(selectors.PollSelector())) as runner:
        return runner.run(main)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFor:
    """How long what outlives a sandbox is kept, and how much of it."""

    workspaces: Retention
    environments: Retention


@dataclass(frozen=True, slots=True, kw_only=True)
class RunnerOptions:
    """What a runner is told; no secret is among it."""

    workspaces_dir: Path
    root: Path | None
    user: str | None
    at_once: int
    worker_uid: int
    """The user whose connections are taken."""
    cgroups: bool = True
    """Whether cgroups are used where they are to be had."""


def default_workspaces_dir(data_dir: Path) -> Path:
    """Where workspaces lie unless a setting says it."""
    return OF_ROOT if os.geteuid() == 0 else data_dir / "workspaces"


def command_limits(settings: SandboxSettings) -> CommandLimits:
    """The limits of each command, as the settings have them."""
    return CommandLimits(
        seconds=settings.minutes * 60,
        memory_bytes=settings.memory_mb * _MB,
        disk_bytes=settings.disk_mb * _MB,
        file_bytes=min(CommandLimits().file_bytes, settings.disk_mb * _MB),
    )


def retention(settings: SandboxSettings) -> KeptFor:
    """What is kept how long, as the settings have it."""
    return KeptFor(
        workspaces=Retention(seconds=settings.kept_hours * 3600, bytes=settings.kept_mb * _MB),
        environments=Retention(seconds=settings.environment_days * 86_400, bytes=settings.environments_mb * _MB),
    )


def prepare(options: RunnerOptions) -> Subtree | None:
    """Become the runner's user, after what only root can do. The cgroup for sandboxes, where there can be one.

    Raises SettingsInvalid.
    """
    user = runner_user(options.user)
    _toolchain(options)
    _make_directory(options.workspaces_dir, user)
    subtree = _cgroup(user) if options.cgroups else None
    become(user)
    return subtree


def _cgroup(user: RunnerUser) -> Subtree | None:
    cgroups = detect()
    if cgroups is None:
        return None
    with contextlib.suppress(OSError):  # another runner sweeps the same just now
        cgroups.sweep(may_be_alive)
    try:
        return cgroups.prepare(name_of(os.getpid()), user.uid)
    except OSError as error:
        _log.info("runner: no cgroup for sandboxes: %s", error)
        return None


def _make_directory(directory: Path, user: RunnerUser) -> None:
    """A directory that root was given and that has nothing in it, such as a fresh volume, becomes the runner's."""
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if (
            os.geteuid() == 0
            and directory.stat().st_uid == 0
            and {entry.name for entry in directory.iterdir()} <= _FRESH
        ):
            os.chown(directory, user.uid, user.gid, follow_symlinks=False)
            directory.chmod(0o700)
    except OSError as error:
        raise SettingsInvalid(
            f"the directory for workspaces, {str(directory)!r}, cannot be had: {error.strerror}; name another one in "
            "REVWRIGHT_WORKSPACES_DIR"
        ) from None


def _toolchain(options: RunnerOptions) -> Toolchain:
    """Raises SettingsInvalid for a root or a directory for workspaces that no command line of bubblewrap could have."""
    try:
        toolchain = Toolchain() if options.root is None else Toolchain(root=PurePosixPath(options.root))
    except ValueError as error:
        raise SettingsInvalid(f"REVWRIGHT_SANDBOX_ROOT: {error}") from None
    try:
        SandboxPlan(argv=("true",), workspace=PurePosixPath(options.workspaces_dir, "runner", "x"), toolchain=toolchain)
    except ValueError as error:
        raise SettingsInvalid(f"REVWRIGHT_WORKSPACES_DIR: {error}; name another place") from None
    return toolchain


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What sandboxes stand on."""

    isolation: Isolation
    launcher: Launcher | None
    """None where nothing isolates."""
    workspaces: Claim
    toolchain: Toolchain


@contextlib.asynccontextmanager
async def open_ground(options: RunnerOptions, cgroups: Subtree | None) -> AsyncIterator[Ground]:
    """Sweeps what dead runners left and finds out what isolates here. Raises SettingsInvalid, SandboxUnavailable."""
    toolchain = _toolchain(options)
    workspaces = Workspaces(options.workspaces_dir)
    with _claimed(workspaces) as claim:
        test = SelfTest(
            workspaces=claim,
            toolchain=toolchain,
            around=look_around(),
            own_user=os.getuid() != options.worker_uid,
            cgroups=cgroups,
            mark=mark_of(name_of(os.getpid())),
        )
        isolation, launcher = await test.decide()
        yield Ground(isolation=isolation, launcher=launcher, workspaces=claim, toolchain=toolchain)


@contextlib.contextmanager
def _claimed(workspaces: Workspaces) -> Iterator[Claim]:
    if orphans := end_orphans():
        _log.info("runner: ended %d processes of runners that had died", orphans)
    swept = workspaces.sweep()
    if swept.parts:
        _log.info("runner: removed the workspaces of %d runners that had died", swept.parts)
    for words in swept.left:
        _log.error("runner: a workspace could not be removed: %s", words)
    claim = workspaces.claim()
    try:
        yield claim
    finally:
        for words in claim.close():
            _log.error("runner: a workspace could not be removed: %s", words)


async def run_runner(
    options: RunnerOptions,
    cgroups: Subtree | None,
    place: socket.socket | Path,
    keep: KeptFor,
    network: SetupNetwork | None = None,
) -> None:
    """Serve until stopped, or until the worker at the other end of a control socket is gone."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with open_ground(options, cgroups) as ground, AsyncExitStack() as stack:
        tell(ground.isolation)
        kept = stack.enter_context(closing(Shelf(ground.workspaces, "kept", keep.workspaces)))
        made = stack.enter_context(closing(Shelf(ground.workspaces, "environments", keep.environments)))
        cleaning = asyncio.create_task(_keep_clean((kept, made)))
        runner = Runner(
            isolation=ground.isolation,
            launcher=ground.launcher,
            workspaces=ground.workspaces,
            kept=KeptWorkspaces(ground.workspaces, kept),
            environments=Environments(ground.workspaces, made, made_with="" if network is None else str(network.hosts)),
            toolchain=ground.toolchain,
            at_once=asyncio.Semaphore(options.at_once),
            setup_network=network,
        )
        connections = Connections(lambda reader, writer: serve(reader, writer, runner))
        try:
            await _serve(place, options.worker_uid, connections, stop)
        finally:
            await connections.end(_CLOSING_SECONDS)
            await end((cleaning,))
            if cgroups is not None:
                cgroups.close()


async def _keep_clean(shelves: Iterable[Shelf]) -> None:
    """Now and every minute, until cancelled."""
    while True:
        for shelf in shelves:
            try:
                left = await surely_in_thread(shelf.clean)
            except OSError as error:
                _log.error("runner: %s cannot be cleaned: %s", shelf.path, error.strerror)
                continue
            for words in left:
                _log.error("runner: what was kept could not be removed: %s", words)
        await asyncio.sleep(_CLEANING_SECONDS)


async def _serve(place: socket.socket | Path, uid: int, connections: Connections, stop: asyncio.Event) -> None:
    if isinstance(place, Path):
        async with listening_at(place, uid, connections):
            _log.info("runner: listening at %s", place)
            await stop.wait()
        return
    gone = asyncio.create_task(take_from_worker(place, connections))
    stopped = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait((gone, stopped), return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (gone, stopped):
            task.cancel()
        await asyncio.gather(gone, stopped, return_exceptions=True)


def tell(isolation: Isolation) -> None:
    """Say in the log what isolates here, and what to do if it is not everything."""
    user = "another user than the worker" if isolation.own_user else "the same user as the worker"
    words = f"sandbox {isolation.mode.value}: {isolation.reason}; cgroup {isolation.cgroup}; as {user}"
    if isolation.mode is Mode.FULL:
        _log.info("runner: %s", words)
    else:
        _log.warning("runner: %s. %s", words, isolation.remedy)
