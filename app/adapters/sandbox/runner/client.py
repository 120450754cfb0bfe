"""The worker's side: sandboxes that a runner keeps, behind the port."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field

from app.adapters.sandbox.runner.believing import MOST_FOUND_BYTES, ended_of, files_of, stream_of
from app.adapters.sandbox.runner.frames import MOST_PAYLOAD
from app.adapters.sandbox.runner.keeping_messages import Forget, Keep, Made, Prepare, Preparing, Save
from app.adapters.sandbox.runner.messages import (
    Content,
    Delete,
    Done,
    Finished,
    Found,
    Open,
    Printed,
    Read,
    Run,
    Walk,
    Write,
)
from app.adapters.sandbox.runner.opening import bind, check_isolation, filled, open_with, owner_digest, set_up
from app.adapters.sandbox.runner.talk import Connect, Talk, talking
from app.domain.collecting import collected, plan_collection
from app.domain.errors import SandboxRefused, SandboxUnavailable
from app.domain.patch_policy import PatchLimits
from app.domain.patches import Collected, FoundFile, TreeEntry
from app.domain.sandbox import Command, CommandLimits, Ended, Isolation, WorkspaceKey
from app.ports import KeptSandbox, Output, Prepared, Tree

_GRACE_SECONDS = 60.0
"""How much longer than its own time limit a command may take to be over: the runner has to kill and to look."""
_WALK_SECONDS = 600.0
_SAVE_SECONDS = 600.0
_PREPARE_SECONDS = 2_400.0
"""Longer than a runner lets us wait for somebody else's setup."""


@dataclass(frozen=True, slots=True)
class RunnerSandboxes:
    """Implements ports.KeepingSandboxes. The limits on files and bytes also hold for what a commit may bring."""

    connect: Connect
    limits: CommandLimits = field(default_factory=CommandLimits)
    patch_limits: PatchLimits = field(default_factory=PatchLimits)

    async def isolation(self) -> Isolation:
        """See ports.Sandboxes."""
        async with talking(self.connect) as (_, isolation):
            return isolation

    @asynccontextmanager
    async def open(
        self,
        tree: Tree,
        *,
        git: bool = False,
        environment: Prepared | None = None,
        keep: WorkspaceKey | None = None,
    ) -> AsyncIterator[KeptSandbox]:
        """See ports.KeepingSandboxes, and without what is kept ports.Sandboxes."""
        if keep is not None and keep.commit != tree.commit:
            raise ValueError(f"a workspace of {keep.commit} cannot be filled with {tree.commit}")
        entries = await tree.entries()
        self._check(entries)
        if environment is not None:
            await self._prepare(environment)
        async with talking(self.connect) as (talk, isolation):
            check_isolation(isolation)
            if environment is None and keep is None:
                await talk.ask(Open(), Done)
                made = Made(resumed=False, git=False, things=())
            else:
                made, _ = await talk.ask(open_with(environment, keep, git=git), Made)
            has_git = made.git if made.resumed else await filled(talk, tree, entries, git=git)
            if environment is not None:
                await bind(talk, made.things, entries)
            sandbox = RunnerSandbox(talk, tree, entries, self, has_git=has_git, resumed=made.resumed)
            yield sandbox
            if keep is not None:
                await sandbox.keep()

    async def forget(self, owner: str) -> None:
        """See ports.KeepingSandboxes."""
        async with talking(self.connect) as (talk, _):
            await talk.ask(Forget(owner_digest(owner)), Done, seconds=_SAVE_SECONDS)

    async def _prepare(self, environment: Prepared) -> None:
        """See to it that the environment is there. Raises SetupFailed, SandboxRefused, SandboxUnavailable."""
        async with talking(self.connect) as (talk, isolation):
            check_isolation(isolation)
            preparing, _ = await talk.ask(Prepare(environment.key), Preparing, seconds=_PREPARE_SECONDS)
            if preparing.there:
                return
            entries = await environment.tree.entries()
            self._check(entries)
            await filled(talk, environment.tree, entries, git=False)
            sandbox = RunnerSandbox(talk, environment.tree, entries, self, has_git=False, resumed=False)
            for line in environment.setup:
                await set_up(talk, sandbox, line, self.limits)
            await talk.ask(Save(), Done, seconds=_SAVE_SECONDS)

    def _check(self, entries: Sequence[TreeEntry]) -> None:
        size = sum(entry.size for entry in entries)
        if size > self.limits.disk_bytes or len(entries) > self.limits.files:
            raise SandboxRefused(
                f"the commit has {len(entries)} files of {size} bytes, and a workspace holds at most "
                f"{self.limits.files} of {self.limits.disk_bytes} bytes"
            )


class RunnerSandbox:
    """Implements ports.KeptSandbox."""

    def __init__(
        self,
        talk: Talk,
        tree: Tree,
        entries: Sequence[TreeEntry],
        rules: RunnerSandboxes,
        *,
        has_git: bool,
        resumed: bool,
    ) -> None:
        self._talk = talk
        self._tree = tree
        self._entries = entries
        self._rules = rules
        self._has_git = has_git
        self._resumed = resumed
        self._asking = asyncio.Lock()

    @property
    def has_git(self) -> bool:
        """See ports.Sandbox."""
        return self._has_git

    @property
    def resumed(self) -> bool:
        """See ports.KeptSandbox."""
        return self._resumed

    async def keep(self) -> None:
        """Leave the workspace to the next sandbox; this one is over then. That it is not kept is no error."""
        limits = self._rules.limits
        with contextlib.suppress(SandboxRefused, SandboxUnavailable):
            async with self._asking:
                await self._talk.ask(Keep(limits.disk_bytes, limits.files), Done, seconds=_SAVE_SECONDS)

    async def run(self, command: Command, output: Output | None = None) -> Ended:
        """See ports.Sandbox."""
        limits = asdict(command.limits)
        asked = Run(command.argv, dict(command.environment), command.network.value, limits, merged=command.merged)
        async with self._asking, self._talk.whole():
            await self._talk.send(asked)
            async with self._talk.within(command.limits.seconds + _GRACE_SECONDS, "end a command"):
                return await self._heard(command.limits, output)

    async def _heard(self, limits: CommandLimits, output: Output | None) -> Ended:
        size = 0
        while True:
            message, payload = await self._talk.hear(seconds=limits.seconds + _GRACE_SECONDS)
            match message:
                case Printed():
                    size += len(payload)
                    if size > limits.output_bytes + MOST_PAYLOAD:
                        raise self._talk.garbage("more output than its limit")
                    if output is not None:
                        with self._talk.judging():
                            stream = stream_of(message.stream)
                        await output(stream, payload)
                case Finished():
                    with self._talk.judging():
                        return ended_of(message)
                case _:
                    raise self._talk.astray(message)

    async def read(self, path: str, *, max_bytes: int) -> bytes:
        """See ports.Sandbox. At most 16 MiB come at once."""
        async with self._asking:
            return await self._read(path, min(max_bytes, MOST_PAYLOAD))

    async def _read(self, path: str, most: int) -> bytes:
        _, content = await self._talk.ask(Read(path, most), Content)
        if len(content) > most:
            raise self._talk.garbage("more of a file than was asked for")
        return content

    async def write(self, path: str, content: bytes, *, executable: bool = False) -> None:
        """See ports.Sandbox. SandboxRefused also for more than 16 MiB."""
        if len(content) > MOST_PAYLOAD:
            raise SandboxRefused(f"{path!r} would have {len(content)} bytes, and at most {MOST_PAYLOAD} can be written")
        async with self._asking:
            await self._talk.ask(Write(path, executable), Done, content)

    async def delete(self, path: str) -> None:
        """See ports.Sandbox."""
        async with self._asking:
            await self._talk.ask(Delete(path), Done)

    async def collect(self, declared: Collection[str]) -> Collected:
        """See ports.Sandbox. What the runner says is checked here: contents are hashed, paths judged."""
        async with self._asking:
            plan = plan_collection(self._entries, await self._found(), declared, self._rules.patch_limits)
            contents = {wanted.path: await self._read(wanted.path, wanted.size + 1) for wanted in plan.wanted}
        return collected(plan, self._tree.commit, contents)

    async def _found(self) -> list[FoundFile]:
        async with self._talk.whole(), self._talk.within(_WALK_SECONDS, "tell what is in a workspace"):
            await self._talk.send(Walk())
            return await self._told()

    async def _told(self) -> list[FoundFile]:
        found: list[FoundFile] = []
        left = MOST_FOUND_BYTES
        while True:
            message, payload = await self._talk.hear()
            match message:
                case Found():
                    left -= len(payload)
                    if left < 0:
                        raise self._talk.garbage(f"a list of files of over {MOST_FOUND_BYTES} bytes")
                    with self._talk.judging():
                        found += files_of(payload)
                case Done():
                    return found
                case _:
                    raise self._talk.astray(message)
            if len(found) > 2 * self._rules.limits.files:
                raise self._talk.garbage(f"over {len(found)} files in a workspace")
