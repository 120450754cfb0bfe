"""Sandboxes in memory, which fixes are made and checked in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field

from app.domain.errors import RevwrightError, SandboxRefused, SetupFailed
from app.domain.patches import Collected, Edit, Patch, Refusal
from app.domain.pull_request import Sha
from app.domain.sandbox import Command, Ended, Isolation, Limit, Mode, Stream, WorkspaceKey
from app.ports import KeptSandbox, Output, Prepared, Tree
from app.usecases.tools.files_in import TELL_KINDS, At
from tests.usecases.fix.doubles import Files

Check = Callable[[str, Files], int | Limit]
"""A command and the files that it runs on -> its exit status, or the limit that it reaches."""


@dataclass
class Boxes:
    """Implements ports.KeepingSandboxes: files in memory, and commands that are functions of them. A workspace is kept,
    what a setup made is lost each time.
    """

    commits: Mapping[Sha, Files]
    check: Check
    opened: int = 0
    broken: RevwrightError | None = None
    refused: tuple[Refusal, ...] = ()
    """Of every patch."""
    kept: dict[WorkspaceKey, dict[str, bytes]] = field(default_factory=dict)

    async def isolation(self) -> Isolation:
        return Isolation(mode=Mode.FULL, reason="a stand-in", remedy="", cgroup="none", own_user=True)

    def open(
        self,
        tree: Tree,
        *,
        git: bool = False,
        environment: Prepared | None = None,
        keep: WorkspaceKey | None = None,
    ) -> AbstractAsyncContextManager[KeptSandbox]:
        return self._open(tree, environment, keep)

    @asynccontextmanager
    async def _open(
        self, tree: Tree, environment: Prepared | None, keep: WorkspaceKey | None
    ) -> AsyncIterator[KeptSandbox]:
        self.opened += 1
        if self.broken is not None:
            raise self.broken
        if environment is not None:
            self._prepare(environment)
        before = self.kept.pop(keep, None) if keep else None
        box = Box(self, tree.commit, before or dict(self.commits[tree.commit]), resumed=before is not None)
        yield box
        if keep is not None:
            self.kept[keep] = box.files

    async def forget(self, owner: str) -> None:
        if self.broken is not None:
            raise self.broken
        self.kept = {key: files for key, files in self.kept.items() if key.owner != owner}

    def _prepare(self, environment: Prepared) -> None:
        for line in environment.setup:
            came = self.check(line, self.commits[environment.tree.commit])
            if came != 0:
                raise SetupFailed(line, ended(came), f"{line} says {came}\n")


def ended(came: int | Limit) -> Ended:
    limit, status = (came, None) if isinstance(came, Limit) else (None, came)
    return Ended(status=status, signal=None, limit=limit, seconds=0.1, output_bytes=20)


@dataclass
class Box:
    """Implements ports.KeptSandbox."""

    boxes: Boxes
    commit: Sha
    files: dict[str, bytes]
    has_git: bool = True
    resumed: bool = False

    async def run(self, command: Command, output: Output | None = None) -> Ended:
        assert output is not None
        if command.argv[2] == TELL_KINDS:
            kinds = "".join((At.FILE if path[2:] in self.files else At.NOTHING).value for path in command.argv[4:])
            await output(Stream.OUT, kinds.encode())
            return Ended(status=0, signal=None, limit=None, seconds=0.1, output_bytes=1)
        came = self.boxes.check(command.argv[-1], self.files)
        await output(Stream.OUT, f"{command.argv[-1]} says {came}\n".encode())
        return ended(came)

    async def read(self, path: str, *, max_bytes: int) -> bytes:
        if path not in self.files:
            raise SandboxRefused(f"cannot read {path!r}: there is no such file")
        return self.files[path][:max_bytes]

    async def write(self, path: str, content: bytes, *, executable: bool = False) -> None:
        self.files[path] = content

    async def delete(self, path: str) -> None:
        if path not in self.files:
            raise SandboxRefused(f"cannot delete {path!r}: there is no such file")
        del self.files[path]

    async def collect(self, declared: Collection[str]) -> Collected:
        before = self.boxes.commits[self.commit]
        changed = [path for path in sorted(declared) if before.get(path) != self.files.get(path)]
        edits = tuple(Edit(path, self.files.get(path)) for path in changed)
        return Collected(Patch(self.commit, edits), (), self.boxes.refused)
