"""What one sandbox has on the runner's side: a new or kept workspace, and in it the things of an environment."""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath

from app.adapters.sandbox.files.additions import BasePaths
from app.adapters.sandbox.files.environments import Environment, Thing, covers
from app.adapters.sandbox.files.kept import Ticket
from app.adapters.sandbox.files.places import clear_place, make_place
from app.adapters.sandbox.files.workspace import Workspace
from app.adapters.sandbox.isolation.plan import Mount
from app.adapters.sandbox.runner.frames import FrameInvalid
from app.adapters.sandbox.runner.keeping_messages import Keep, OpenWith, Prepare
from app.adapters.sandbox.runner.messages import Open
from app.adapters.sandbox.runner.serving import Runner
from app.adapters.sandbox.runner.threads import surely_in_thread
from app.domain.entries import display_path
from app.domain.errors import SandboxRefused, SandboxUnavailable
from app.domain.patches import FoundFile

_log = logging.getLogger(__name__)

_DIGEST = re.compile(r"[0-9a-f]{64}")


def check_digest(text: str) -> str:
    """The same; it may become a name on the disk. Raises FrameInvalid for anything else than SHA-256 in hexadecimal."""
    if not _DIGEST.fullmatch(text):
        raise FrameInvalid("a key that is no digest")
    return text


@dataclass(slots=True, kw_only=True)
class Room:
    """Calls but `bind` block."""

    workspace: Workspace
    resumed: bool = False
    git: bool = False
    """Whether there is a throw-away repository."""
    ticket: Ticket | None = None
    """Where the workspace is to be kept."""
    environment: Environment | None = None
    bound: tuple[Thing, ...] = ()
    """Of the environment, what has its place here."""
    base: BasePaths | None = None
    """Where an environment is made: what it is made from."""

    @property
    def things(self) -> tuple[str, ...]:
        """Paths of what the environment has."""
        return () if self.environment is None else tuple(thing.path for thing in self.environment.things)

    def bind(self, paths: Sequence[str]) -> None:
        """From now on commands see these things of the environment. Raises SandboxRefused for others."""
        wanted = frozenset(paths)
        if not wanted <= frozenset(self.things):
            raise SandboxRefused("the environment has no such thing")
        assert self.environment is not None or not wanted
        things = () if self.environment is None else self.environment.things
        self.bound = tuple(thing for thing in things if thing.path in wanted)

    def mounts(self) -> tuple[Mount, ...]:
        """For the next command, their places made and looked at. Raises SandboxRefused for one that is taken."""
        for thing in self.bound:
            make_place(self.workspace.root, thing.path, directory=thing.directory)
        return tuple(Mount(PurePosixPath(thing.source), thing.path) for thing in self.bound)

    def is_ours(self, file: FoundFile) -> bool:
        """Whether what a walk found is of the workspace, and not the place of something else."""
        return not self._is_bound(file.path)

    def read(self, path: str, *, max_bytes: int) -> bytes:
        """As a command would see it. Raises SandboxRefused."""
        if self.environment is not None and self._is_bound(path):
            content = self.environment.read(path, max_bytes=max_bytes)
            if content is not None:
                return content
        return self.workspace.read(path, max_bytes=max_bytes)

    def refuse_to_change(self, path: str) -> None:
        """SandboxRefused for a path of the environment."""
        if self._is_bound(path):
            raise SandboxRefused(
                f"cannot change {display_path(path)!r}: it belongs to the prepared environment, which is read-only"
            )

    def _is_bound(self, path: str) -> bool:
        return any(covers(thing, path) for thing in self.bound)

    def keep(self, runner: Runner, limits: Keep) -> None:
        """Keep the workspace for its owner. Raises SandboxRefused."""
        if self.ticket is None:
            raise SandboxRefused("this workspace has no owner to be kept for")
        for thing in self.bound:
            clear_place(self.workspace.root, thing.path, directory=thing.directory)
        usage = self.workspace.measure(max_bytes=limits.max_bytes, max_files=limits.max_files)
        if usage.bytes > limits.max_bytes or usage.files > limits.max_files:
            raise SandboxRefused("the workspace is not kept: it is over its limit of bytes or files")
        try:
            runner.kept.put(self.ticket, self.workspace, git=self.git, usage=usage)
        except OSError as error:
            raise SandboxRefused(f"the workspace is not kept: {error.strerror}") from error

    def save(self, runner: Runner, key: str) -> None:
        """Keep what is not of the base as an environment. Raises SandboxRefused."""
        assert self.base is not None
        try:
            runner.environments.save(key, self.workspace, self.base)
        except OSError as error:
            raise SandboxRefused(f"what setup made cannot be kept: {error.strerror}") from error


@asynccontextmanager
async def room_for(runner: Runner, asked: Open | OpenWith | Prepare) -> AsyncIterator[Room]:
    """A room that is gone when the context ends, but for a workspace that was kept. Raises SandboxUnavailable."""
    async with AsyncExitStack() as stack:
        environment = _environment(runner, asked, stack)
        ticket = _ticket(runner, asked, stack)
        taken = None if ticket is None else await surely_in_thread(runner.kept.take, ticket)
        workspace, git = taken or (await _created(runner), False)
        # The connection's end, and with it the worker's certainty, waits for this.
        stack.push_async_callback(partial(surely_in_thread, _remove, workspace))
        yield Room(
            workspace=workspace,
            resumed=taken is not None,
            git=git,
            ticket=ticket,
            environment=environment,
            base=BasePaths() if isinstance(asked, Prepare) else None,
        )


async def _created(runner: Runner) -> Workspace:
    try:
        return await surely_in_thread(runner.workspaces.create)
    except SandboxUnavailable as error:
        _log.error("%s", error)
        raise SandboxUnavailable("the runner's disk cannot take a workspace") from error


def _environment(runner: Runner, asked: Open | OpenWith | Prepare, stack: AsyncExitStack) -> Environment | None:
    if not isinstance(asked, OpenWith) or not asked.environment:
        return None
    environment = runner.environments.use(check_digest(asked.environment))
    if environment is None:
        raise SandboxUnavailable("the environment is not there any more: it has to be prepared again")
    stack.callback(environment.close)
    return environment


def _ticket(runner: Runner, asked: Open | OpenWith | Prepare, stack: AsyncExitStack) -> Ticket | None:
    if not isinstance(asked, OpenWith) or not asked.owner:
        return None
    ticket = runner.kept.begin(check_digest(asked.owner), check_digest(asked.state))
    stack.callback(runner.kept.end, ticket)
    return ticket


def _remove(workspace: Workspace) -> None:
    if not workspace.is_open:
        return  # kept
    left = workspace.remove()
    if left is not None:
        _log.error("a workspace could not be removed now, the next start will try again: %s", left)
