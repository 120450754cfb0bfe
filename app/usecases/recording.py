"""Records what models and sandboxes say in a review, so that it can be played back later."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import assert_never

from app.domain.command_output import Cleaner, Keeper
from app.domain.errors import (
    BudgetRefused,
    ModelContextFull,
    ModelRejected,
    ModelUnavailable,
    SandboxRefused,
    SandboxUnavailable,
)
from app.domain.model import Completion, ModelRequest
from app.domain.patches import Collected
from app.domain.sandbox import Command, Ended, Isolation, Stream
from app.domain.session import (
    Failure,
    FailureKind,
    Isolated,
    Printed,
    RecordedCall,
    RecordedCommand,
    Said,
    Session,
    Trouble,
    question_of,
    said_of,
    used,
)
from app.domain.static_checks import redact_secrets
from app.ports import Model, Output, Sandbox, Sandboxes, Tree

_HEAD_BYTES = _TAIL_BYTES = 256 * 1024
"""Of what one command prints."""

_Sandbox = SandboxRefused | SandboxUnavailable


@dataclass(frozen=True, slots=True)
class RecordingModel:
    """Implements ports.Model: asks another one, and writes down what was said.

    It stands above what keeps account: a call that a cap refused is recorded as that.
    """

    model: Model
    session: Session

    async def complete(self, request: ModelRequest) -> Completion:
        try:
            completion = await self.model.complete(request)
        except (ModelUnavailable, ModelRejected, ModelContextFull, BudgetRefused) as error:
            self._note(request, _failure(error))
            raise
        except asyncio.CancelledError:
            self._note(request, Failure(FailureKind.BROKEN_OFF, "broken off before there was an answer"))
            raise
        self._note(request, said_of(completion))
        return completion

    def _note(self, request: ModelRequest, outcome: Said | Failure) -> None:
        self.session.add(RecordedCall(request.label, question_of(request), outcome))


def _failure(error: ModelUnavailable | ModelRejected | ModelContextFull | BudgetRefused) -> Failure:
    words = str(error)
    match error:
        case ModelUnavailable():
            after = error.retry_after_seconds
            return Failure(FailureKind.UNAVAILABLE, words, after, usage=error.usage, tries=used(error.tries))
        case ModelRejected():
            unknown = error.unknown_model
            return Failure(FailureKind.REJECTED, words, unknown_model=unknown, tries=used(error.tries))
        case ModelContextFull():
            return Failure(FailureKind.CONTEXT_FULL, words, tries=used(error.tries))
        case BudgetRefused():
            return Failure(FailureKind.BUDGET, words)
    assert_never(error)


@dataclass(frozen=True, slots=True)
class RecordingSandboxes:
    """Implements ports.Sandboxes over others.

    What a command prints is told at its end, without secrets, and the middle of what is very long is left out: so it
    stands in the recording, and so it was told to the reviewer.
    """

    sandboxes: Sandboxes
    session: Session

    async def isolation(self) -> Isolation:
        try:
            found = await self.sandboxes.isolation()
        except (SandboxRefused, SandboxUnavailable) as error:
            self.session.isolation = _trouble(error)
            raise
        self.session.isolation = Isolated(found.mode, found.reason)
        return found

    @asynccontextmanager
    async def open(self, tree: Tree, *, git: bool = False) -> AsyncIterator[Sandbox]:
        async with AsyncExitStack() as stack:
            try:
                sandbox = await stack.enter_async_context(self.sandboxes.open(tree, git=git))
            except (SandboxRefused, SandboxUnavailable) as error:
                self.session.not_opened.setdefault(tree.commit, _trouble(error))
                raise
            yield _RecordingSandbox(sandbox, tree, self.session)


@dataclass(frozen=True, slots=True)
class _RecordingSandbox:
    sandbox: Sandbox
    tree: Tree
    session: Session

    @property
    def has_git(self) -> bool:
        return self.sandbox.has_git

    async def run(self, command: Command, output: Output | None = None) -> Ended:
        cleaner, keeper = Cleaner(), Keeper(head_bytes=_HEAD_BYTES, tail_bytes=_TAIL_BYTES)

        async def keep(_stream: Stream, chunk: bytes) -> None:
            keeper.feed(cleaner.feed(chunk))

        try:
            ended = await self.sandbox.run(command, keep)
        except (SandboxRefused, SandboxUnavailable) as error:
            self._note(command, _trouble(error))
            raise
        keeper.feed(cleaner.finish())
        text = redact_secrets(str(keeper.kept()))
        self._note(command, Printed(ended, text))
        if output is not None:
            await output(Stream.OUT, text.encode())
        return ended

    async def read(self, path: str, *, max_bytes: int) -> bytes:
        return await self.sandbox.read(path, max_bytes=max_bytes)

    async def write(self, path: str, content: bytes, *, executable: bool = False) -> None:
        await self.sandbox.write(path, content, executable=executable)

    async def delete(self, path: str) -> None:
        await self.sandbox.delete(path)

    async def collect(self, declared: Collection[str]) -> Collected:
        return await self.sandbox.collect(declared)

    def _note(self, command: Command, outcome: Printed | Trouble) -> None:
        self.session.commands.append(RecordedCommand(command.label, self.tree.commit, command.argv, outcome))


def _trouble(error: _Sandbox) -> Trouble:
    return Trouble(isinstance(error, SandboxUnavailable), str(error))
