"""Starting git: by list, in a process group of its own, with limits on time, output and file size."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import re
import resource
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.adapters.git.environment import git_environment
from app.adapters.git.failures import is_damage, is_unauthorized, may_pass, telling_line
from app.domain.errors import GitFailed, SettingsInvalid
from app.domain.pull_request import Sha

_CHUNK = 1 << 16
_STDERR_KEPT = 1 << 14
_OLDEST_GIT = (2, 39)
_OVER_FILE_LIMIT = os.strerror(errno.EFBIG).encode()
_SHA = re.compile(r"[0-9a-f]{40}")


class GitDamaged(GitFailed):
    """The object database itself seems broken. A mirror is rebuilt before its next use, so there `retry` is set."""


class GitSlow(GitFailed):
    """The command was killed at its time limit."""


def checked_sha(text: str) -> Sha:
    """The text, if it is a full object id; so it can never be an option, a path or a refspec of another shape."""
    if _SHA.fullmatch(text) is None:
        raise GitFailed(f"not a full git object id: {text[:80]!r}")
    return Sha(text)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one command may take before it is killed."""

    seconds: float = 60
    output_bytes: int = 64 << 20
    memory_bytes: int | None = 512 << 20
    """Of each of its processes: git holds all changed entries in memory, and a few nested trees can name billions."""
    file_bytes: int | None = None
    """The largest file it may write, which bounds a pack."""


@dataclass(frozen=True, slots=True)
class Git:
    """git in one git dir. `label` is what messages call the repository, and `environment` is complete."""

    git_dir: Path
    label: str
    environment: Mapping[str, str] = field(default_factory=git_environment, repr=False)
    limits: Limits = Limits()
    options: tuple[str, ...] = ()
    """Placed before the command; for configuration of single commands."""
    secrets: tuple[str, ...] = field(default=(), repr=False)
    pass_fds: tuple[int, ...] = ()
    damage_mark: Path | None = None
    """Created when the object database turns out to be broken."""

    async def output(
        self,
        command: str,
        *arguments: str | bytes,
        stdin: bytes | None = None,
        accept: tuple[int, ...] = (0,),
    ) -> bytes:
        """Run to the end and answer what git printed; GitFailed on any exit status but those accepted."""
        chunks: list[bytes] = []
        size = 0

        def collect(chunk: bytes) -> bool:
            nonlocal size
            size += len(chunk)
            chunks.append(chunk)
            return size <= self.limits.output_bytes

        if not await self.feed(collect, command, *arguments, stdin=stdin, accept=accept):
            raise GitFailed(f"git {command} of {self.label} printed more than {self.limits.output_bytes} bytes")
        return b"".join(chunks)

    async def feed(
        self,
        sink: Callable[[bytes], bool],
        command: str,
        *arguments: str | bytes,
        stdin: bytes | None = None,
        accept: tuple[int, ...] = (0,),
    ) -> bool:
        """Hand git's output to `sink` in chunks, and answer True; or kill git once `sink` answers False."""
        try:
            async with (
                asyncio.timeout(self.limits.seconds),
                self.printing(command, *arguments, stdin=stdin, accept=accept) as stdout,
            ):
                while chunk := await stdout.read(_CHUNK):
                    if not sink(chunk):
                        return False
        except TimeoutError as late:
            raise self.slow(command) from late
        return True

    @contextlib.asynccontextmanager
    async def printing(
        self,
        command: str,
        *arguments: str | bytes,
        stdin: bytes | None = None,
        accept: tuple[int, ...] = (0,),
    ) -> AsyncIterator[asyncio.StreamReader]:
        """What git prints, to be read at leisure: git waits for the reader. The time limit is the reader's to keep.

        Who leaves before the end has git killed; at the end, GitFailed on any exit status but those accepted.
        """
        async with self._started(command, arguments, stdin) as process:
            assert process.stdout is not None
            stderr = asyncio.create_task(_tail(process.stderr))
            writing = asyncio.create_task(_write(process.stdin, stdin))
            try:
                yield process.stdout
                if not process.stdout.at_eof():
                    return
                async with asyncio.timeout(self.limits.seconds):
                    await process.wait()
                    said = await stderr
            except TimeoutError as late:
                raise self.slow(command) from late
            finally:
                await _ended(stderr, writing)
        if process.returncode not in accept:
            raise self._failure(command, process.returncode, said)

    def slow(self, command: str) -> GitSlow:
        """The error for a command that was killed at its time limit."""
        return GitSlow(f"git {command} of {self.label} took over {self.limits.seconds:g} s", retry=True)

    def damaged(self, message: str) -> GitDamaged:
        """The error for a broken object database; it is also remembered on disk, for who can repair it."""
        if self.damage_mark is not None:
            with contextlib.suppress(OSError):  # the whole mirror is gone: there is nothing left to repair
                self.damage_mark.touch()
        return GitDamaged(message, retry=self.damage_mark is not None)

    def _failure(self, command: str, code: int | None, stderr: bytes) -> GitFailed:
        if _OVER_FILE_LIMIT in stderr:
            return GitFailed(f"git {command} of {self.label} needs a file over {self.limits.file_bytes} bytes")
        if b"out of memory" in stderr.lower():
            return GitFailed(f"git {command} of {self.label} needs over {self.limits.memory_bytes} bytes of memory")
        reason = telling_line(stderr, self.secrets)
        message = f"git {command} of {self.label} failed: {reason}"
        if is_damage(stderr):
            return self.damaged(message)
        killed = code is not None and code < 0
        return GitFailed(message, retry=may_pass(stderr) or killed, unauthorized=is_unauthorized(stderr))

    @contextlib.asynccontextmanager
    async def _started(
        self, command: str, arguments: tuple[str | bytes, ...], stdin: bytes | None
    ) -> AsyncIterator[Process]:
        try:
            process = await _whole(
                asyncio.create_subprocess_exec(
                    "git",
                    f"--git-dir={self.git_dir}",
                    *self.options,
                    command,
                    *arguments,
                    stdin=DEVNULL if stdin is None else PIPE,
                    stdout=PIPE,
                    stderr=PIPE,
                    cwd="/",
                    env=dict(self.environment),
                    start_new_session=True,
                    restore_signals=False,  # SIGXFSZ stays ignored, so git can say that a file grew over its limit
                    pass_fds=self.pass_fds,
                )
            )
        except OSError as error:
            raise GitFailed(f"git cannot be started: {error.strerror}") from error
        try:
            _set_limits(process.pid, self.limits)
            yield process
        finally:
            await _end(process)


async def _whole(starting: Coroutine[Any, Any, Process]) -> Process:
    """Starts to the end even if cancelled meanwhile: asyncio would end git alone then, and leave its helpers behind."""
    task = asyncio.ensure_future(starting)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await _end(await task)
        raise


def _set_limits(pid: int, limits: Limits) -> None:
    # Set from outside right after the start, not in a preexec hook: those are unsafe beside threads. What git starts
    # later inherits them, and only then does a transfer begin.
    if sys.platform != "linux":
        return
    for kind, size in ((resource.RLIMIT_FSIZE, limits.file_bytes), (resource.RLIMIT_DATA, limits.memory_bytes)):
        if size is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                resource.prlimit(pid, kind, (size, size))


async def _end(process: Process) -> None:
    """Leave nothing of the process group behind, nor an open pipe."""
    assert process.stdout is not None
    assert process.stderr is not None
    pipes = (process.stdout, process.stderr)
    # A helper of git that outlives it would still hold the pipes.
    if process.returncode is None or not all(pipe.at_eof() for pipe in pipes):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    for pipe in pipes:
        while await pipe.read(_CHUNK):  # asyncio closes a pipe only when it has been read to its end
            pass
    await process.wait()


async def _write(pipe: asyncio.StreamWriter | None, data: bytes | None) -> None:
    if pipe is None or data is None:
        return
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # git ended early; its exit status says why
        try:
            pipe.write(data)
            await pipe.drain()
        finally:
            pipe.close()
        await pipe.wait_closed()


async def _tail(pipe: asyncio.StreamReader | None) -> bytes:
    assert pipe is not None
    kept = b""
    while chunk := await pipe.read(_CHUNK):
        kept = (kept + chunk)[-_STDERR_KEPT:]
    return kept


async def _ended(*tasks: asyncio.Task[bytes] | asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def check_git_version(environment: Mapping[str, str] | None = None) -> str:
    """The version of the installed git; SettingsInvalid when it is missing or too old for strangers' repositories."""
    wanted = f"git {'.'.join(map(str, _OLDEST_GIT))} or newer must be installed"
    git = Git(Path(os.devnull), "itself", environment or git_environment(), Limits(seconds=10))
    try:
        printed = await git.output("version")
    except GitFailed as error:
        raise SettingsInvalid(f"{wanted}: {error}") from error
    match = re.match(rb"git version ((\d+)\.(\d+)\S*)", printed)
    if match is None:
        raise SettingsInvalid(f"{wanted}: this one does not tell its version")
    version = match[1].decode("ascii", "replace")
    if (int(match[2]), int(match[3])) < _OLDEST_GIT:
        raise SettingsInvalid(f"{wanted}: this one is {version}")
    return version
