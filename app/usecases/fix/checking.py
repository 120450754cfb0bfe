"""Runs the project's checks in a fresh sandbox: on the head as it is, and on the head with edits."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass, field

from app.domain.command_output import Cleaner, Keeper, end_words, limit_words
from app.domain.errors import SandboxRefused
from app.domain.fix.reading import read_counts
from app.domain.fix.verifying import Ran
from app.domain.patches import Edit
from app.domain.sandbox import Command, CommandLimits, Ended, Stream, WorkspaceKey
from app.domain.static_checks import redact_secrets
from app.ports import KeepingSandboxes, KeptSandbox, Prepared, Sandbox, Tree
from app.usecases.fix.scribe import Scribe

Hear = Callable[[str], Awaitable[None]]

LIMITS = CommandLimits(seconds=600, output_bytes=16 << 20)
_HEAD_BYTES, _TAIL_BYTES = 20_000, 60_000
_REPORT = ".revwright-junit.xml"
"""What pytest is asked for beside its text; others ignore the variable that asks."""
_REPORT_BYTES = 8 << 20
_ENVIRONMENT = {"PYTEST_ADDOPTS": f"--junitxml={_REPORT}"}


@dataclass(frozen=True, slots=True)
class Checks:
    """What is run: the policy's `setup`, then each command of `verify`. `source` says where `verify` was found."""

    setup: tuple[str, ...]
    verify: tuple[str, ...]
    source: str

    @property
    def all(self) -> tuple[str, ...]:
        """Every command line whose meaning a fix must not change."""
        return (*self.setup, *self.verify)


@dataclass(frozen=True, slots=True)
class Checker:
    """Every run has a sandbox of its own, so that it owes nothing to what ran before."""

    sandboxes: KeepingSandboxes
    checks: Checks
    hear: Hear
    scribe: Scribe
    environment: Prepared | None = None
    """What the policy's `setup` makes; None where it names no command."""
    limits: CommandLimits = field(default=LIMITS)

    async def run(self, tree: Tree, edits: Sequence[Edit] = (), *, when: str) -> tuple[Ran, ...]:
        """How each command ended on the tree with the edits. `when` names it in the transcript.

        Raises SetupFailed, SandboxRefused, SandboxUnavailable.
        """
        async with self.opened(tree) as sandbox:
            for edit in edits:
                await put(sandbox, edit)
            return tuple([await self._ran(sandbox, line, when) for line in self.checks.verify])

    def opened(self, tree: Tree, keep: WorkspaceKey | None = None) -> AbstractAsyncContextManager[KeptSandbox]:
        """A sandbox with what `setup` made, and as it was left before, where it is kept."""
        return self.sandboxes.open(tree, git=True, environment=self.environment, keep=keep)

    async def _ran(self, sandbox: Sandbox, line: str, when: str) -> Ran:
        await _no_report(sandbox)
        ended, told = await self._run(sandbox, line)
        await self.hear(f"ran in the sandbox: {line[:200]}: {end_words(ended, self.limits)}")
        ran = Ran(
            command=line,
            status=ended.status,
            limit=None if ended.limit is None else limit_words(ended.limit, self.limits),
            counts=read_counts(told, await _reports(sandbox)),
            output=told,
            seconds=ended.seconds,
        )
        await self.scribe.checked(when, ran)
        return ran

    async def _run(self, sandbox: Sandbox, line: str) -> tuple[Ended, str]:
        cleaner = Cleaner()
        keeper = Keeper(head_bytes=_HEAD_BYTES, tail_bytes=_TAIL_BYTES)

        async def take(_stream: Stream, data: bytes) -> None:
            keeper.feed(cleaner.feed(data))

        command = Command(argv=("sh", "-c", line), environment=_ENVIRONMENT, limits=self.limits, label="verify")
        ended = await sandbox.run(command, take)
        keeper.feed(cleaner.finish())
        return ended, redact_secrets(str(keeper.kept()), keep_lines=True)


async def put(sandbox: Sandbox, edit: Edit) -> None:
    """One file as it is to be. Raises SandboxRefused, SandboxUnavailable."""
    if edit.content is None:
        await sandbox.delete(edit.path)
    else:
        await sandbox.write(edit.path, edit.content, executable=edit.executable)


async def _no_report(sandbox: Sandbox) -> None:
    """So that what a command reports is its own: the tree may bring a report along, and so may a patch."""
    with suppress(SandboxRefused):
        await sandbox.delete(_REPORT)


async def _reports(sandbox: Sandbox) -> tuple[bytes, ...]:
    """What the command wrote for machines."""
    try:
        report = await sandbox.read(_REPORT, max_bytes=_REPORT_BYTES + 1)
    except SandboxRefused:
        return ()
    return (report,) if len(report) <= _REPORT_BYTES else ()
