"""Where a pull request's content may be executed, and how files get in and out."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from app.domain.patches import Chunk, Collected, TreeEntry
from app.domain.pull_request import Sha
from app.domain.sandbox import Command, Ended, Isolation, Stream, WorkspaceKey

Output = Callable[[Stream, bytes], Awaitable[None]]
"""Takes what a command prints, raw, as it is printed. A slow one slows the command down."""


class Tree(Protocol):
    """The files of one commit, for a workspace."""

    @property
    def commit(self) -> Sha:
        """Which commit."""
        ...

    async def entries(self) -> tuple[TreeEntry, ...]:
        """Every file, link and submodule, in git's order. Raises GitFailed."""
        ...

    def contents(self, entries: Sequence[TreeEntry]) -> AsyncGenerator[Chunk, None]:
        """The blobs of these files and links, in this order, in pieces of at most 1 MiB. Raises GitFailed.

        Close the generator when leaving it early.
        """
        ...


class Sandbox(Protocol):
    """One workspace and the commands that run in it, one at a time. Its host directory is named to nobody.

    After SandboxUnavailable, and after a call that was cancelled, there is nothing left of it.
    """

    @property
    def has_git(self) -> bool:
        """Whether a throw-away repository is in the workspace."""
        ...

    async def run(self, command: Command, output: Output | None = None) -> Ended:
        """Run to the end. When the caller is cancelled, everything that the command started is killed first.

        A program that is not there, or cannot be executed, is an end with 127 or 126. Raises SandboxRefused for what no
        command line could be, SandboxUnavailable.
        """
        ...

    async def read(self, path: str, *, max_bytes: int) -> bytes:
        """The first bytes of a regular file. Raises SandboxRefused for anything else, SandboxUnavailable."""
        ...

    async def write(self, path: str, content: bytes, *, executable: bool = False) -> None:
        """Put a file in place, with the directories above it. Raises SandboxRefused, SandboxUnavailable."""
        ...

    async def delete(self, path: str) -> None:
        """Take a file or link away. Raises SandboxRefused when there is none, SandboxUnavailable."""
        ...

    async def collect(self, declared: Collection[str]) -> Collected:
        """What differs from the commit; of it, the paths in `declared` become the patch.

        Raises SandboxRefused for a workspace that cannot be read within the limits, SandboxUnavailable.
        """
        ...


class Sandboxes(Protocol):
    """Where sandboxes come from."""

    async def isolation(self) -> Isolation:
        """What the host lets a sandbox be. Raises SandboxUnavailable when there is nobody to ask."""
        ...

    def open(self, tree: Tree, *, git: bool = False) -> AbstractAsyncContextManager[Sandbox]:
        """A workspace with the files of a commit; gone, with everything in it, when the context ends.

        With `git`, a throw-away repository inside has the files as its only commit, if the tool chain has git.
        Raises SandboxRefused when the host cannot isolate or the files are over a limit, SandboxUnavailable, GitFailed.
        """
        ...


@dataclass(frozen=True, slots=True)
class Prepared:
    """An environment that a project's setup makes, once for each key, and that sandboxes then have read-only."""

    tree: Tree
    """The base commit: setup runs on its content, in a sandbox of its own."""
    setup: tuple[str, ...]
    """Command lines for `sh -c`, of the base commit's policy."""
    key: str
    """`domain.fix.environment.environment_key` of these commands and this commit."""


class KeptSandbox(Sandbox, Protocol):
    """A sandbox whose workspace may have been there before."""

    @property
    def resumed(self) -> bool:
        """Whether the workspace is as the same owner's last sandbox of this commit left it."""
        ...


class KeepingSandboxes(Sandboxes, Protocol):
    """Sandboxes that keep what is made with effort: environments that were set up, and workspaces between rounds."""

    def open(
        self,
        tree: Tree,
        *,
        git: bool = False,
        environment: Prepared | None = None,
        keep: WorkspaceKey | None = None,
    ) -> AbstractAsyncContextManager[KeptSandbox]:
        """As Sandboxes.open, and more.

        With an `environment`, what its setup added to the base commit's files stands at the same paths, read-only,
        where the commit of `tree` has nothing; `collect` does not see it and the limits do not count it. The first who
        wants a key prepares it, who wants it meanwhile waits, and a failed setup is not kept. Raises SetupFailed;
        SandboxRefused where a path of it cannot be had.

        With `keep`, the workspace is as the owner's last sandbox left it, if that was of the same commit and with the
        same `git`, and ended without an error; otherwise it is new. ValueError for the key of another commit.
        A kept workspace may be lost at any time, and is found only by who asks the same runner.
        """
        ...

    async def forget(self, owner: str) -> None:
        """Delete what is kept of an owner; what is open now is not kept at its end. Raises SandboxUnavailable."""
        ...
