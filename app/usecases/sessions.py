"""Records what models and sandboxes said in a review, and plays it back: what is asked may then be compared."""

from __future__ import annotations

import difflib
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field

from app.domain.errors import ModelUnavailable, RevwrightError, SandboxRefused
from app.domain.model import Completion, ModelRequest
from app.domain.patches import Collected
from app.domain.sandbox import Command, Ended, Isolation, Mode, Stream
from app.domain.session import Asked, RecordedCall, RecordedCommand, Session, message_text
from app.ports import Model, Output, Sandbox, Sandboxes, Tree


@dataclass(frozen=True, slots=True)
class RecordingModel:
    """Implements ports.Model: asks another one, and writes down what was said."""

    model: Model
    session: Session

    async def complete(self, request: ModelRequest) -> Completion:
        asked = self.session.asked(request)
        try:
            completion = await self.model.complete(request)
        except RevwrightError as error:
            self.session.calls.append(RecordedCall(request.label, asked, None, str(error)))
            raise
        self.session.calls.append(RecordedCall(request.label, asked, completion))
        return completion


@dataclass(frozen=True, slots=True)
class Difference:
    """A call that is asked in other words than were recorded, or that only one of the two reviews makes."""

    label: str
    text: str


@dataclass(slots=True)
class ReplayModel:
    """Implements ports.Model: answers as was recorded for the call of that name, and notes what is asked otherwise."""

    session: Session
    differences: list[Difference] = field(default_factory=list, init=False)
    same: int = field(default=0, init=False)
    _left: dict[str, list[RecordedCall]] = field(init=False)
    _now: Session = field(init=False)

    def __post_init__(self) -> None:
        self._left = {}
        for call in self.session.calls:
            self._left.setdefault(call.label, []).append(call)
        self._now = Session(self.session.header)

    async def complete(self, request: ModelRequest) -> Completion:
        """Raises ModelUnavailable for a call that was not recorded, and for one that had no answer then."""
        asked = self._now.asked(request)
        recorded = self._left.get(request.label)
        if not recorded:
            self.differences.append(Difference(request.label, "this call is not in the recording"))
            raise ModelUnavailable("the call is not in the recording")
        call = recorded.pop(0)
        if call.asked == asked:
            self.same += 1
        else:
            self.differences.append(Difference(request.label, self._diff(call.asked, asked)))
        if call.answer is None:
            raise ModelUnavailable(call.failure)
        return call.answer

    def finish(self) -> tuple[Difference, ...]:
        """All differences, with the calls that were recorded and not asked this time."""
        missing = [
            Difference(label, "this call is not made any more") for label, left in self._left.items() for _ in left
        ]
        return tuple(sorted((*self.differences, *missing), key=lambda one: one.label))

    def _diff(self, before: Asked, now: Asked) -> str:
        parts = [
            f"{what} {old!r} -> {new!r}"
            for what, old, new in (
                ("model", before.model, now.model),
                ("tools", before.tools, now.tools),
                ("answer schema", before.schema, now.schema),
                ("max_output_tokens", before.max_output_tokens, now.max_output_tokens),
            )
            if old != new
        ]
        old_text = "\n".join(message_text(self.session, digest) for digest in before.messages).split("\n")
        new_text = "\n".join(message_text(self._now, digest) for digest in now.messages).split("\n")
        parts += difflib.unified_diff(old_text, new_text, "recorded", "now", lineterm="", n=2)
        return "\n".join(parts)


@dataclass(frozen=True, slots=True)
class RecordingSandboxes:
    """Implements ports.Sandboxes over others."""

    sandboxes: Sandboxes
    session: Session

    async def isolation(self) -> Isolation:
        return await self.sandboxes.isolation()

    @asynccontextmanager
    async def open(self, tree: Tree, *, git: bool = False) -> AsyncIterator[Sandbox]:
        async with self.sandboxes.open(tree, git=git) as sandbox:
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
        printed: list[bytes] = []

        async def keep(stream: Stream, chunk: bytes) -> None:
            printed.append(chunk)
            if output is not None:
                await output(stream, chunk)

        ended = await self.sandbox.run(command, keep)
        self.session.commands.append(RecordedCommand(self.tree.commit, command.argv, ended, b"".join(printed)))
        return ended

    async def read(self, path: str, *, max_bytes: int) -> bytes:
        return await self.sandbox.read(path, max_bytes=max_bytes)

    async def write(self, path: str, content: bytes, *, executable: bool = False) -> None:
        await self.sandbox.write(path, content, executable=executable)

    async def delete(self, path: str) -> None:
        await self.sandbox.delete(path)

    async def collect(self, declared: Collection[str]) -> Collected:
        return await self.sandbox.collect(declared)


@dataclass(slots=True)
class ReplaySandboxes:
    """Implements ports.Sandboxes: nothing is executed; each command prints what was recorded for it, in its turn."""

    session: Session
    _left: list[RecordedCommand] = field(init=False)

    def __post_init__(self) -> None:
        self._left = list(self.session.commands)

    async def isolation(self) -> Isolation:
        return Isolation(mode=Mode.FULL, reason="a recording", remedy="", cgroup="none", own_user=False)

    def open(self, tree: Tree, *, git: bool = False) -> AbstractAsyncContextManager[Sandbox]:  # noqa: ARG002 - the port's
        return self._open(tree)

    @asynccontextmanager
    async def _open(self, tree: Tree) -> AsyncIterator[Sandbox]:
        yield _ReplaySandbox(tree, self._take)

    def _take(self, commit: str, argv: tuple[str, ...]) -> RecordedCommand:
        for command in self._left:
            if (command.commit, command.argv) == (commit, argv):
                self._left.remove(command)
                return command
        raise SandboxRefused("this command is not in the recording")


@dataclass(frozen=True, slots=True)
class _ReplaySandbox:
    tree: Tree
    take: Callable[[str, tuple[str, ...]], RecordedCommand]
    has_git: bool = False

    async def run(self, command: Command, output: Output | None = None) -> Ended:
        recorded = self.take(self.tree.commit, command.argv)
        if output is not None:
            await output(Stream.OUT, recorded.output)
        return recorded.ended

    async def read(self, path: str, *, max_bytes: int) -> bytes:  # noqa: ARG002 - the port's
        raise SandboxRefused(f"{path!r}: files of a sandbox are not recorded")

    async def write(self, path: str, content: bytes, *, executable: bool = False) -> None:
        """What is written shows in what the next command prints, and that is recorded."""

    async def delete(self, path: str) -> None:
        """As with `write`."""

    async def collect(self, declared: Collection[str]) -> Collected:  # noqa: ARG002 - the port's
        raise SandboxRefused("files of a sandbox are not recorded")
