"""A deployment whose worker may execute things: the real runner, with little patience."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

from app.domain.sandbox import Command, CommandLimits, Ended, Isolation, WorkspaceKey
from app.ports import KeepingSandboxes, KeptSandbox, Output, Prepared, Tree

SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Impatient:
    """Implements ports.KeepingSandboxes: others with less of everything for each command, by default with less time."""

    sandboxes: KeepingSandboxes
    most: CommandLimits = field(default=CommandLimits(seconds=SECONDS))

    async def isolation(self) -> Isolation:
        return await self.sandboxes.isolation()

    @asynccontextmanager
    async def open(
        self,
        tree: Tree,
        *,
        git: bool = False,
        environment: Prepared | None = None,
        keep: WorkspaceKey | None = None,
    ) -> AsyncIterator[KeptSandbox]:
        async with self.sandboxes.open(tree, git=git, environment=environment, keep=keep) as sandbox:
            yield _Hurried(sandbox, self.most)

    async def forget(self, owner: str) -> None:
        await self.sandboxes.forget(owner)


class _Hurried:
    """Implements ports.Sandbox; all but `run` is the other one's."""

    def __init__(self, sandbox: KeptSandbox, most: CommandLimits) -> None:
        self._sandbox, self._most = sandbox, most
        self.read, self.write = sandbox.read, sandbox.write
        self.delete, self.collect = sandbox.delete, sandbox.collect

    @property
    def has_git(self) -> bool:
        return self._sandbox.has_git

    @property
    def resumed(self) -> bool:
        return self._sandbox.resumed

    async def run(self, command: Command, output: Output | None = None) -> Ended:
        asked, most = command.limits, self._most
        limits = CommandLimits(
            **{one.name: min(getattr(asked, one.name), getattr(most, one.name)) for one in fields(most)}
        )
        return await self._sandbox.run(replace(command, limits=limits), output)


def processes_with(word: str) -> list[int]:
    """Of this machine, those with the words in their command line; its arguments are set apart by one space."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                line = (entry / "cmdline").read_bytes()
            except OSError:  # it has just ended
                continue
            if word.encode() in line.replace(b"\0", b" "):
                found.append(int(entry.name))
    return found
