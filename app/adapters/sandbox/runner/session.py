"""One sandbox on the runner's side: from the first file to the last question."""

from __future__ import annotations

import contextlib
import json
import logging
import re
from collections.abc import Iterator
from functools import partial
from pathlib import PurePosixPath
from typing import Any

from app.adapters.sandbox.files.filling import Filling
from app.adapters.sandbox.isolation.plan import SandboxPlan
from app.adapters.sandbox.network.setup_network import Reaching
from app.adapters.sandbox.runner.believing import MOST_FOUND_AT_ONCE, MOST_FOUND_BYTES
from app.adapters.sandbox.runner.frames import MOST_PAYLOAD, FrameInvalid
from app.adapters.sandbox.runner.keeping_messages import (
    AskReach,
    Bind,
    Keep,
    Made,
    OpenWith,
    Prepare,
    Preparing,
    Reach,
    Save,
)
from app.adapters.sandbox.runner.messages import (
    Content,
    Delete,
    Done,
    Filled,
    Finished,
    Found,
    Message,
    Open,
    Opened,
    Printed,
    Put,
    Read,
    Refused,
    Run,
    Walk,
    Write,
)
from app.adapters.sandbox.runner.records import decode_records
from app.adapters.sandbox.runner.room import Room
from app.adapters.sandbox.runner.serving import Line, Runner, WorkerGone
from app.adapters.sandbox.runner.threads import surely_in_thread
from app.adapters.sandbox.running.launcher import Launcher
from app.adapters.sandbox.running.starting import LaunchFailed
from app.adapters.sandbox.usage import Gauge
from app.domain.errors import SandboxRefused
from app.domain.patches import FoundFile
from app.domain.sandbox import CommandLimits, Ended, Network, Stream
from app.ports import Output

_log = logging.getLogger(__name__)

_SHOWN = 12
"""Of a digest, in the log."""
_FOUND_BYTES = MOST_FOUND_AT_ONCE // 2
_MAKE_REPOSITORY = """
git -c init.defaultBranch=work init --quiet . &&
git add --all --force . &&
git -c user.name=Revwright -c user.email=sandbox@localhost -c commit.gpgSign=false \
    commit --quiet --allow-empty --no-verify --message='The files as they were'
"""
_EXCLUDE = """printf '%s\\n' "$@" >> .git/info/exclude"""


class Session:
    """One connection that has a room."""

    def __init__(self, line: Line, room: Room, runner: Runner, launcher: Launcher) -> None:
        self._line = line
        self._room = room
        self._workspace = room.workspace
        self._runner = runner
        self._launcher = launcher
        self._measured: tuple[tuple[int, int], Gauge | None] = (0, 0), None
        self._key = ""
        self._reaching: Reaching | None = None
        """Only ever of a setup: nothing else has a network."""

    async def run(self, asked: Open | OpenWith | Prepare) -> None:
        """To its end. Raises WorkerGone, FrameInvalid."""
        try:
            await self._run(asked)
        finally:
            if self._reaching is not None:
                self._reaching.tell()

    async def _run(self, asked: Open | OpenWith | Prepare) -> None:
        match asked:
            case Open():
                await self._line.send(Done())
            case OpenWith():
                await self._line.send(Made(self._room.resumed, self._room.git, self._room.things))
            case Prepare():
                self._key = asked.key
                if self._runner.setup_network is not None:
                    self._reaching = self._runner.setup_network.begin(asked.key[:_SHOWN])
                await self._line.send(Preparing(there=False))
        if not self._room.resumed:
            await self._fill()
        while True:
            message, payload = await self._line.receive()
            try:
                await self._answer(message, payload)
            except (SandboxRefused, ValueError) as error:
                await self._line.send(Refused(str(error), over=False, later=False))

    async def _fill(self) -> None:
        """Takes files until the worker says that these were all; the first that is refused ends the sandbox."""
        with self._workspace.filling() as filling:
            while True:
                message, payload = await self._line.receive()
                match message:
                    case Put():
                        await self._put(filling, payload)
                    case Filled():
                        wanted = message.git
                        break
                    case _:
                        raise FrameInvalid(f"{type(message).__name__} while files are put in place")
        self._room.git = wanted and await self._repository_made()
        await self._line.send(Opened(self._room.git))

    async def _put(self, filling: Filling, payload: bytes) -> None:
        def put() -> None:
            for chunk in decode_records(payload):
                filling.take(chunk)
                if self._room.base is not None:
                    self._room.base.add(chunk.entry.path)

        try:
            await surely_in_thread(put)
        except SandboxRefused as error:
            await self._line.leave(Refused(str(error), over=True, later=False))

    async def _repository_made(self) -> bool:
        run = Run(("sh", "-c", _MAKE_REPOSITORY), {}, Network.NONE.value, {}, merged=True)
        said = bytearray()

        async def hear(_stream: Stream, data: bytes) -> None:
            said.extend(data[:1000])

        ended = await self._ran(run, hear)
        if not ended.succeeded:
            _log.warning("no repository in a workspace: status %s, %r", ended.status, bytes(said[-200:]))
        return ended.succeeded

    async def _answer(self, message: Message, payload: bytes) -> None:
        match message:
            case Run():
                ended = await self._ran(message, self._print)
                limit = ended.limit.value if ended.limit is not None else None
                await self._line.send(Finished(ended.status, ended.signal, limit, ended.seconds, ended.output_bytes))
            case Read():
                size = min(max(message.max_bytes, 0), MOST_PAYLOAD)
                await self._line.send(Content(), await surely_in_thread(self._room.read, message.path, max_bytes=size))
            case Write():
                self._room.refuse_to_change(message.path)
                await surely_in_thread(self._workspace.write, message.path, payload, executable=message.executable)
                await self._line.send(Done())
            case Delete():
                self._room.refuse_to_change(message.path)
                await surely_in_thread(self._workspace.delete, message.path)
                await self._line.send(Done())
            case Walk():
                await self._tell_what_is_there()
            case Bind():
                await self._bind(message.paths)
                await self._line.send(Done())
            case AskReach():
                refused = () if self._reaching is None else self._reaching.refused
                await self._line.send(Reach(self._reaching is not None, refused))
            case Keep() | Save():
                await self._leave(message)
            case _:
                raise FrameInvalid(f"{type(message).__name__} where a question was expected")

    async def _bind(self, paths: tuple[str, ...]) -> None:
        self._room.bind(paths)
        if self._room.git and not self._room.resumed and paths:
            run = Run(("sh", "-c", _EXCLUDE, "sh", *map(_pattern, paths)), {}, Network.NONE.value, {}, merged=True)
            await self._ran(run, _ignore)

    async def _leave(self, last: Keep | Save) -> None:
        """Keep what is to be kept; the sandbox is over then."""
        match last:
            case Keep():
                await surely_in_thread(self._room.keep, self._runner, last)
            case Save():
                if self._room.base is None:
                    raise FrameInvalid("Save where no environment is prepared")
                await surely_in_thread(self._room.save, self._runner, self._key)
        await self._line.send(Done())
        raise WorkerGone

    async def _print(self, stream: Stream, data: bytes) -> None:
        await self._line.send(Printed(stream.value), data)

    async def _ran(self, run: Run, output: Output) -> Ended:
        """Runs a command; the worker says nothing meanwhile, and its end is the command's end."""
        limits = _limits(run)
        mounts = await surely_in_thread(self._room.mounts)
        plan = SandboxPlan(
            argv=run.argv,
            workspace=PurePosixPath(self._workspace.path),
            toolchain=self._runner.toolchain,
            network=Network(run.network),
            environment=run.environment
            if self._reaching is None
            else {**run.environment, **self._reaching.environment},
            mounts=mounts,
        )
        start = partial(self._launcher.run, plan, limits, output, merged=run.merged, measure=self._gauge(limits))
        try:
            if self._reaching is None:
                return await self._line.while_there(start())
            async with self._reaching.beside() as before:
                return await self._line.while_there(start(before=before))
        except LaunchFailed as error:
            raise SandboxRefused(str(error)) from error

    def _gauge(self, limits: CommandLimits) -> Gauge:
        """The same one while the limits are the same: it remembers."""
        for_limits, gauge = self._measured
        if gauge is None or for_limits != (limits.disk_bytes, limits.files):
            measure = partial(self._workspace.measure, max_bytes=limits.disk_bytes, max_files=limits.files)
            gauge = Gauge(measure)
            self._measured = (limits.disk_bytes, limits.files), gauge
        return gauge

    async def _tell_what_is_there(self) -> None:
        with contextlib.closing(self._workspace.walk()) as found:
            ours = filter(self._room.is_ours, found)
            left = MOST_FOUND_BYTES
            while files := await surely_in_thread(batch, ours):
                left -= len(files)
                if left < 0:
                    raise SandboxRefused(f"the list of what is in the workspace has over {MOST_FOUND_BYTES} bytes")
                await self._line.send(Found(), files)
        await self._line.send(Done())


def _limits(run: Run) -> CommandLimits:
    given: dict[str, Any] = dict(run.limits)
    try:
        return CommandLimits(**given)
    except TypeError as error:
        raise FrameInvalid(f"Run has limits that this version does not know: {error}") from None


def batch(found: Iterator[FoundFile]) -> bytes:
    """The next files; at most a few more bytes than `_FOUND_BYTES`, and nothing where there are no more."""
    items: list[str] = []
    size = 0
    for file in found:
        items.append(json.dumps((file.path, file.kind.value, file.size, file.sha)))
        size += len(items[-1]) + 1
        if size >= _FOUND_BYTES:
            break
    return f"[{','.join(items)}]".encode("ascii") if items else b""


def _pattern(path: str) -> str:
    """A path as a line of `.git/info/exclude`; one that a line cannot hold becomes a comment (gitignore(5))."""
    return "#" if any(character < " " for character in path) else "/" + re.sub(r"([\\*?\[ ])", r"\\\1", path)


async def _ignore(_stream: Stream, _data: bytes) -> None:
    return
