"""One child process at a time: started when needed, ended for whatever goes wrong, never left behind."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Coroutine, Mapping
from pathlib import Path
from typing import Any

from app.adapters.parsing.frames import PREFIX_BYTES, frame, length, message

_START_SECONDS = 10.0
_LONGEST_REASON = 300
_PROGRAM = Path(__file__).with_name("child.py")


class ChildLost(Exception):
    """The child died, took too long or answered nonsense; it has been ended. Says which."""


class ChildRefused(ChildLost):
    """The library took offence at the request, and the child has been ended; the text is the library's reason."""


class Child:
    """`library` is the directory in which `ast_grep_py` lies. Requests come one after the other."""

    def __init__(self, library: Path, *, program: Path = _PROGRAM) -> None:
        self._library = library
        self._program = program
        self._process: Process | None = None

    @property
    def pid(self) -> int | None:
        """Of the process, while it runs."""
        running = self._process is not None and self._process.returncode is None
        return self._process.pid if self._process is not None and running else None

    async def ask(self, request: Mapping[str, object], *, seconds: float) -> dict[str, object]:
        """The reply. Raises ChildLost; who is cancelled meanwhile leaves no child behind that still works on it."""
        done = False
        try:
            process = await self._running()
            async with asyncio.timeout(seconds):
                reply = await _exchange(process, frame(request))
            if "refused" in reply:  # these were its last words
                raise ChildRefused(str(reply["refused"])[:_LONGEST_REASON])
            done = True
        except TimeoutError as late:
            raise ChildLost(f"it took over {seconds:g} s") from late
        except (EOFError, OSError) as error:
            raise ChildLost("it died") from error
        except ValueError as error:
            raise ChildLost(f"it answered nonsense: {error}") from error
        finally:
            if not done:
                await self.end()
        return reply

    async def end(self) -> None:
        """Kill it, if it runs."""
        process, self._process = self._process, None
        if process is not None:
            await _end(process)

    async def _running(self) -> Process:
        if self._process is not None and self._process.returncode is not None:
            await self.end()  # by itself, or by the kernel, while nobody asked
        if self._process is None:
            self._process = await _whole(self._started())
            async with asyncio.timeout(_START_SECONDS):
                if await _read(self._process) != {"ready": True}:
                    raise ValueError("it is not ready")
        return self._process

    async def _started(self) -> Process:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", str(self._program), str(os.getpid()), str(self._library)),
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            cwd="/",
            env={},
            start_new_session=True,
        )


async def _exchange(process: Process, data: bytes) -> dict[str, object]:
    assert process.stdin is not None
    process.stdin.write(data)
    await process.stdin.drain()
    return await _read(process)


async def _read(process: Process) -> dict[str, object]:
    assert process.stdout is not None
    announced = length(await process.stdout.readexactly(PREFIX_BYTES))
    return message(await process.stdout.readexactly(announced))


async def _whole(starting: Coroutine[Any, Any, Process]) -> Process:
    """Starts to the end even if cancelled meanwhile, for else nobody would know the process to end it."""
    task = asyncio.ensure_future(starting)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await _end(await task)
        raise


async def _end(process: Process) -> None:
    """Its session with it, and its pipes closed."""
    assert process.stdin is not None
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.stdin.close()
    await process.communicate()
