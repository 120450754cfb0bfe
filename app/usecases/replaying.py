"""Plays a recorded review back: models and commands say what they said then, and what is asked otherwise is noted."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import assert_never

from app.domain.errors import (
    BudgetRefused,
    ModelContextFull,
    ModelFailed,
    ModelRejected,
    ModelUnavailable,
    RevwrightError,
    SandboxRefused,
    SandboxUnavailable,
)
from app.domain.model import Completion, ModelRequest
from app.domain.patches import Collected
from app.domain.pull_request import Sha
from app.domain.sandbox import Command, Ended, Isolation, Stream
from app.domain.session import (
    Failure,
    FailureKind,
    Printed,
    RecordedCommand,
    Session,
    Trouble,
    label_key,
    question_of,
    timed,
)
from app.domain.session_diff import Change, State, changes
from app.ports import Model, Output, Sandbox, Tree


@dataclass(frozen=True, slots=True)
class Compared:
    """One call or command: what became of it, and how its question differs."""

    label: str
    state: State
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class RecordedAnswers:
    """Implements ports.Model: answers as was recorded for the call with that label. What keeps account stands above."""

    session: Session

    async def complete(self, request: ModelRequest) -> Completion:
        """Raises what was raised then."""
        outcome = self.session.calls[request.label].outcome
        if isinstance(outcome, Failure):
            raise _error(outcome)
        return outcome.completion()


@dataclass(slots=True)
class ReplayModel:
    """Implements ports.Model: notes what is asked otherwise than in the recording, and has `answers` answer."""

    session: Session
    answers: Model
    _compared: dict[str, Compared] = field(default_factory=dict, init=False)

    async def complete(self, request: ModelRequest) -> Completion:
        """Raises what was raised then, and ModelUnavailable for a call that was not recorded."""
        label = request.label
        recorded = self.session.calls.get(label)
        if recorded is None:
            self._compared[label] = Compared(label, State.NEW)
            raise ModelUnavailable("the call is not in the recording")
        changed = changes(recorded.question, question_of(request))
        self._compared[label] = Compared(label, State.CHANGED if changed else State.SAME, changed)
        if isinstance(recorded.outcome, Failure) and recorded.outcome.kind is FailureKind.BUDGET:
            raise BudgetRefused(recorded.outcome.words)  # before it cost anything, as then
        return await self.answers.complete(request)

    def compared(self) -> tuple[Compared, ...]:
        """All calls, those that were recorded and not made this time among them."""
        missing = {label: Compared(label, State.MISSING) for label in self.session.calls}
        return tuple(sorted((missing | self._compared).values(), key=lambda one: label_key(one.label)))


def _error(failure: Failure) -> RevwrightError:
    match failure.kind:
        case FailureKind.BUDGET:
            return BudgetRefused(failure.words)
        case FailureKind.UNAVAILABLE:
            after = failure.retry_after_seconds
            return _tried(ModelUnavailable(failure.words, retry_after_seconds=after, usage=failure.usage), failure)
        case FailureKind.REJECTED:
            return _tried(ModelRejected(failure.words, unknown_model=failure.unknown_model), failure)
        case FailureKind.CONTEXT_FULL:
            return _tried(ModelContextFull(failure.words), failure)
        case FailureKind.BROKEN_OFF:
            return ModelUnavailable("the call was broken off when the review was recorded")
    assert_never(failure.kind)


def _tried(error: ModelFailed, failure: Failure) -> ModelFailed:
    error.tries = timed(failure.tries)
    return error


@dataclass(slots=True)
class ReplaySandboxes:
    """Implements ports.Sandboxes: nothing is executed; each command prints what was recorded for it, in its turn."""

    session: Session
    _left: list[RecordedCommand] = field(init=False)
    _new: list[Compared] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        self._left = list(self.session.commands)

    async def isolation(self) -> Isolation:
        found = self.session.isolation
        if found is None:
            raise SandboxRefused("what isolates was not asked when the review was recorded")
        if isinstance(found, Trouble):
            raise _refusal(found)
        return Isolation(mode=found.mode, reason=found.reason, remedy="", cgroup="none", own_user=False)

    def open(self, tree: Tree, *, git: bool = False) -> AbstractAsyncContextManager[Sandbox]:  # noqa: ARG002 - the port's
        return self._open(tree.commit)

    def compared(self) -> tuple[Compared, ...]:
        """Commands that only one of the two reviews ran."""
        missing = (Compared(_name(one.label, one.argv), State.MISSING) for one in self._left)
        return (*self._new, *missing)

    @asynccontextmanager
    async def _open(self, commit: Sha) -> AsyncIterator[Sandbox]:
        yield _ReplaySandbox(commit, self._take)

    def _take(self, commit: Sha, command: Command) -> Printed:
        """Raises what was raised then: also when the sandbox for it was not to be had."""
        wanted = (command.label, commit, command.argv)
        for one in self._left:
            if (one.label, one.commit, one.argv) == wanted:
                self._left.remove(one)
                if isinstance(one.outcome, Trouble):
                    raise _refusal(one.outcome)
                return one.outcome
        if trouble := self.session.not_opened.get(commit):
            raise _refusal(trouble)
        self._new.append(Compared(_name(command.label, command.argv), State.NEW))
        raise SandboxRefused("this command is not in the recording")


def _refusal(trouble: Trouble) -> SandboxRefused | SandboxUnavailable:
    return (SandboxUnavailable if trouble.gone else SandboxRefused)(trouble.words)


def _name(label: str, argv: tuple[str, ...]) -> str:
    return f"{label}: {' '.join(argv)}"


@dataclass(frozen=True, slots=True)
class _ReplaySandbox:
    commit: Sha
    take: Callable[[Sha, Command], Printed]
    has_git: bool = False

    async def run(self, command: Command, output: Output | None = None) -> Ended:
        printed = self.take(self.commit, command)
        if output is not None:
            await output(Stream.OUT, printed.output.encode())
        return printed.ended

    async def read(self, path: str, *, max_bytes: int) -> bytes:  # noqa: ARG002 - the port's
        raise SandboxRefused(f"{path!r}: files of a sandbox are not recorded")

    async def write(self, path: str, content: bytes, *, executable: bool = False) -> None:
        """What is written shows in what the next command prints, and that is recorded."""

    async def delete(self, path: str) -> None:
        """As with `write`."""

    async def collect(self, declared: Collection[str]) -> Collected:  # noqa: ARG002 - the port's
        raise SandboxRefused("files of a sandbox are not recorded")
