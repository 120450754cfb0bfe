"""Where a pull request's content may be executed, and how files get in and out."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from app.domain.patches import Chunk, Collected, TreeEntry
from app.domain.pull_request import Sha
from app.domain.sandbox import Command, Ended, Isolation, Stream

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
