"""One connection from the worker's side: questions, answers, and what is believed of a runner that was broken into."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from app.adapters.sandbox.runner.believing import isolation_of, one_line
from app.adapters.sandbox.runner.frames import FrameInvalid, encode, read_frame
from app.adapters.sandbox.runner.messages import VERSION, Hello, Message, Ready, Refused, from_frame, to_frame
from app.domain.errors import SandboxRefused, SandboxUnavailable
from app.domain.sandbox import Isolation

Connect = Callable[[], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]
"""A new connection to the runner. Raises SandboxUnavailable."""

ANSWER_SECONDS = 180.0
_CLOSE_SECONDS = 30.0
_MOMENT_SECONDS = 5.0
"""So long the end is waited for by who is cancelled meanwhile."""

Kind = TypeVar("Kind", bound=Message)


@dataclass(slots=True)
class Talk:
    """Questions are asked by one at a time. After an error of the connection there is none any more."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    over: bool = False
    _garbage: bool = False
    """Then its end is nothing to wait for."""
    _refusal: SandboxRefused | None = None
    _ending: asyncio.Task[None] | None = None

    async def ask(
        self, message: Message, answer: type[Kind], payload: bytes = b"", *, seconds: float = ANSWER_SECONDS
    ) -> tuple[Kind, bytes]:
        """What the runner answers. Raises SandboxRefused, SandboxUnavailable."""
        async with self.whole():
            await self.send(message, payload)
            return await self.answer(answer, seconds=seconds)

    async def send(self, message: Message, payload: bytes = b"", *, seconds: float = ANSWER_SECONDS) -> None:
        """Say something. Raises SandboxUnavailable when nobody listens."""
        self._check()
        with self._ending_at_errors():
            try:
                self.writer.write(encode(to_frame(message, payload)))
                async with asyncio.timeout(seconds):
                    await self.writer.drain()
            except ValueError as error:
                raise self._refused(str(error)) from None
            except TimeoutError:
                raise SandboxUnavailable(f"the runner of sandboxes did not listen for {seconds:g} s") from None
            except OSError:
                raise SandboxUnavailable("the runner of sandboxes is gone") from None

    async def answer(self, kind: type[Kind], *, seconds: float = ANSWER_SECONDS) -> tuple[Kind, bytes]:
        """The next message, which has to be of this kind."""
        message, payload = await self.hear(seconds=seconds)
        if not isinstance(message, kind):
            raise self.astray(message)
        return message, payload

    async def hear(self, *, seconds: float = ANSWER_SECONDS) -> tuple[Message, bytes]:
        """The next message but a refusal, which is raised."""
        self._check()
        with self._ending_at_errors():
            try:
                async with asyncio.timeout(seconds):
                    frame = await read_frame(self.reader)
                message = None if frame is None else from_frame(frame)
            except TimeoutError:
                raise SandboxUnavailable(f"the runner of sandboxes did not answer for {seconds:g} s") from None
            except FrameInvalid as error:
                raise SandboxUnavailable(f"the runner of sandboxes talks garbage: {error}") from None
            if frame is None or message is None:
                raise SandboxUnavailable("the runner of sandboxes is gone")
        if isinstance(message, Refused):
            words = one_line(message.message)
            self.over = message.over
            raise SandboxUnavailable(words) if message.later else self._refused(words)
        return message, frame.payload

    def astray(self, message: Message) -> SandboxUnavailable:
        """The error for an answer to another question."""
        return self.garbage(f"{type(message).__name__} out of turn")

    def garbage(self, what: str) -> SandboxUnavailable:
        """The error for what no runner of ours would say; the sandbox is over."""
        self.over = self._garbage = True
        return SandboxUnavailable(f"the runner of sandboxes talks garbage: {what}")

    @contextlib.contextmanager
    def judging(self) -> Iterator[None]:
        """FrameInvalid, of what was said, becomes `garbage`."""
        try:
            yield
        except FrameInvalid as error:
            raise self.garbage(str(error)) from None

    @contextlib.asynccontextmanager
    async def whole(self) -> AsyncIterator[None]:
        """Around a question and all of its answer. Who leaves it early, but for the runner's refusal, has no sandbox
        any more: what is still to come would be taken for the next answer. It is left once the runner has ended all.
        """
        answered = False
        try:
            yield
            answered = True
        except SandboxRefused as error:
            answered = error is self._refusal
            raise
        finally:
            if not answered:
                await self.close()

    @contextlib.asynccontextmanager
    async def within(self, seconds: float, what: str) -> AsyncIterator[None]:
        """Whoever sends for ever is not waited for. A TimeoutError that is not of this time-out stays what it is."""
        try:
            async with asyncio.timeout(seconds) as deadline:
                yield
        except TimeoutError:
            if not deadline.expired():
                raise
            self.over = True
            raise SandboxUnavailable(f"the runner of sandboxes did not {what} in time") from None

    def _check(self) -> None:
        if self.over:
            raise SandboxUnavailable("this sandbox is over: open another one")

    @contextlib.contextmanager
    def _ending_at_errors(self) -> Iterator[None]:
        """Whoever was cancelled in the middle of an answer cannot be given the next one."""
        done = False
        try:
            yield
            done = True
        except SandboxRefused:
            done = True
            raise
        finally:
            self.over = self.over or not done

    def _refused(self, words: str) -> SandboxRefused:
        self._refusal = SandboxRefused(words)
        return self._refusal

    async def close(self) -> None:
        """End the sandbox, and wait until the runner has killed and deleted what it had.

        Who is cancelled meanwhile waits a moment more: what was started is to be dead by then.
        """
        self.over = True
        if self._ending is None:
            self._ending = asyncio.create_task(self._end())
        cancelled: asyncio.CancelledError | None = None
        while not self._ending.done():
            try:
                await asyncio.wait((self._ending,))
            except asyncio.CancelledError as error:
                cancelled = error
                asyncio.get_running_loop().call_later(_MOMENT_SECONDS, self._ending.cancel)
        if cancelled is not None:
            raise cancelled

    async def _end(self) -> None:
        try:
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(_CLOSE_SECONDS):
                    self.writer.write_eof()
                    while not self._garbage and await self.reader.read(1 << 16):  # what it still had to say
                        pass
        finally:
            self.writer.close()


@contextlib.asynccontextmanager
async def talking(connect: Connect) -> AsyncIterator[tuple[Talk, Isolation]]:
    """A connection that has begun, and what the runner says of its host."""
    talk = Talk(*await connect())
    try:
        ready, _ = await talk.ask(Hello(VERSION), Ready)
        with talk.judging():
            isolation = isolation_of(ready)
        yield talk, isolation
    finally:
        await talk.close()
