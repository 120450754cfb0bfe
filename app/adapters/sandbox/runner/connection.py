"""One connection to a runner, from its greeting to its end: a sandbox, an environment that is wanted, or a farewell."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

from app.adapters.sandbox.runner.frames import FrameInvalid
from app.adapters.sandbox.runner.keeping_messages import Forget, OpenWith, Prepare, Preparing
from app.adapters.sandbox.runner.messages import Done, Open, Refused
from app.adapters.sandbox.runner.room import check_digest, room_for
from app.adapters.sandbox.runner.serving import Line, Runner, WorkerGone, greet, open_line, place
from app.adapters.sandbox.runner.session import Session
from app.adapters.sandbox.runner.threads import surely_in_thread
from app.adapters.sandbox.running.launcher import Launcher
from app.domain.errors import SandboxUnavailable

_log = logging.getLogger(__name__)

_AGAIN_SECONDS = 0.1


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, runner: Runner) -> None:
    """Serve one connection to its end. Nothing of its sandbox is left when the connection is closed, but what was kept
    on purpose.
    """
    async with open_line(reader, writer) as line:
        try:
            await greet(line, runner.isolation)
            match await line.receive():
                case (Open() | OpenWith()) as asked, _:
                    await _serve_sandbox(line, runner, asked)
                case Prepare() as asked, _:
                    await _serve_environment(line, runner, asked)
                case Forget() as asked, _:
                    await _forget(line, runner, asked)
                case message, _:
                    _log.error("a worker's connection was ended: %s before Open", type(message).__name__)
        except WorkerGone:
            return
        except FrameInvalid as error:
            _log.error("a worker's connection was ended: %s", error)


async def _serve_sandbox(line: Line, runner: Runner, asked: Open | OpenWith | Prepare) -> None:
    if runner.launcher is None:
        await line.send(Refused(runner.isolation.reason, over=True, later=False))
        return
    async with place(line, runner.at_once, runner.line_seconds) as taken:
        if taken:
            await _with_room(line, runner, runner.launcher, asked)
        else:
            await line.send(Refused("all places for sandboxes are taken: try again later", over=True, later=True))


async def _with_room(line: Line, runner: Runner, launcher: Launcher, asked: Open | OpenWith | Prepare) -> None:
    try:
        async with room_for(runner, asked) as room:
            await Session(line, room, runner, launcher).run(asked)
    except SandboxUnavailable as error:
        await line.send(Refused(str(error), over=True, later=True))


async def _serve_environment(line: Line, runner: Runner, asked: Prepare) -> None:
    """A place is taken only by who prepares it, not by those that wait."""
    check_digest(asked.key)
    async with _turn(line, runner, asked.key) as there:
        if there is None:
            words = "somebody else has been preparing this environment for too long: try again later"
            await line.send(Refused(words, over=True, later=True))
        elif there:
            await line.send(Preparing(there=True))
        else:
            await _serve_sandbox(line, runner, asked)


@contextlib.asynccontextmanager
async def _turn(line: Line, runner: Runner, key: str) -> AsyncIterator[bool | None]:
    """Whether the environment is there; if not, nobody else prepares it meanwhile. None when it took too long.

    Raises WorkerGone.
    """
    loop = asyncio.get_running_loop()
    end = loop.time() + runner.prepare_seconds
    while loop.time() < end:
        with contextlib.ExitStack() as stack:
            try:
                ours = stack.enter_context(runner.environments.preparing(key))
            except OSError as error:
                _log.error("an environment cannot be prepared: %s", error.strerror)
                break
            there = runner.environments.has(key)
            if there:
                stack.close()
            if there or ours:
                yield there
                return
        await line.while_there(asyncio.sleep(_AGAIN_SECONDS))
    yield None


async def _forget(line: Line, runner: Runner, asked: Forget) -> None:
    for words in await surely_in_thread(runner.kept.forget, check_digest(asked.owner)):
        _log.error("a kept workspace could not be removed: %s", words)
    await line.send(Done())
