"""`revwright sandbox exec`: one command in exactly the sandbox that jobs use, on a directory that is there already."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import select
import signal
import sys
from argparse import Namespace
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import TextIO

from app.adapters.sandbox.running.cgroups import Subtree
from app.adapters.sandbox.running.waiting import writable
from app.cli.sandbox_limits import LIMITS
from app.domain.command_output import Cleaner, limit_words
from app.domain.errors import RevwrightError, SandboxRefused
from app.domain.sandbox import Command, CommandLimits, Ended, Limit, Network, Stream
from app.settings import sandbox_settings
from app.wiring.runner import RunnerOptions, command_limits, run_as_runner
from app.wiring.sandbox_exec import execute, prepared

EXIT_TIME = 124
EXIT_NOT_STARTED = 125
EXIT_LIMIT = 137
_BY_SIGNAL = 128


def sandbox_exec(arguments: Namespace, environ: Mapping[str, str]) -> int:
    """Runs it; see DESCRIPTION for what is returned."""
    try:
        settings = sandbox_settings(environ)
        if settings.kind == "off":
            raise SandboxRefused("REVWRIGHT_SANDBOX is off: nothing is executed; unset it for this command")
        command = _command(arguments, command_limits(settings))
        directory = _directory(arguments.workspace)
        if arguments.root is not None:
            settings = replace(settings, root=Path(arguments.root).resolve())
        with contextlib.ExitStack() as stack:
            report = arguments.json and stack.enter_context(Path(arguments.json).open("w", encoding="utf-8"))
            options, cgroups = stack.enter_context(prepared(settings, cgroups=not arguments.no_cgroup))
            ended = _reported(report, lambda: run_as_runner(_execute(options, cgroups, directory, command)))
    except BrokenPipeError:  # whoever read has seen enough: for `main`
        raise
    except (RevwrightError, ValueError, OSError) as error:
        print(f"revwright: {error}", file=sys.stderr)
        return EXIT_NOT_STARTED
    except _Stopped as stopped:
        return _BY_SIGNAL + stopped.signal
    return _status(ended, command.limits)


def _reported(report: TextIO | None, run: Callable[[], Ended]) -> Ended:
    """Also writes how it ended, or why it did not begin, where that is wanted."""
    if report is None:
        return run()
    try:
        ended = run()
    except (RevwrightError, ValueError) as error:
        json.dump({"error": str(error)}, report)
        raise
    json.dump(_as_json(ended), report)
    return ended


async def _execute(options: RunnerOptions, cgroups: Subtree | None, directory: Path, command: Command) -> Ended:
    this = asyncio.current_task()
    assert this is not None
    got: list[int] = []

    def stop(number: int) -> None:
        got.append(number)
        this.cancel()

    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:  # not under nohup
            asyncio.get_running_loop().add_signal_handler(number, stop, number)
    screen = _Screen()
    try:
        ended = await execute(options, cgroups, directory, command, screen.show)
    except asyncio.CancelledError:
        if got:
            raise _Stopped(got[0]) from None
        raise
    await screen.finish()
    return ended


class _Stopped(Exception):
    """By a signal to us."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.signal = number


class _Screen:
    """Both streams, each cleaned by itself; one that was closed when we started takes nothing."""

    def __init__(self) -> None:
        self._streams: dict[Stream, tuple[Cleaner, TextIO | None]] = {
            Stream.OUT: (Cleaner(), sys.stdout),
            Stream.ERR: (Cleaner(), sys.stderr),
        }

    async def show(self, stream: Stream, data: bytes) -> None:
        cleaner, file = self._streams[stream]
        await _print(cleaner.feed(data), file)

    async def finish(self) -> None:
        for cleaner, file in self._streams.values():
            await _print(cleaner.finish(), file)


async def _print(text: str, file: TextIO | None) -> None:
    """Waits while nobody reads, and lets everything else go on meanwhile."""
    if file is None:
        return
    data = text.encode("utf-8", "backslashreplace")
    for at in range(0, len(data), select.PIPE_BUF):
        await writable(file.fileno())
        _write(data[at : at + select.PIPE_BUF], file)  # so much a pipe takes that takes anything (pipe(7))


def _write(data: bytes, file: TextIO) -> None:
    try:
        while data:
            data = data[os.write(file.fileno(), data) :]
    except BrokenPipeError:
        raise
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), file.fileno())  # else Python tries again at its end
        raise SandboxRefused(f"what the command prints cannot be written: {error.strerror}") from error


def _directory(text: str) -> Path:
    """Resolved now: who becomes the runner's user leaves the current directory. Raises SandboxRefused."""
    if not text:
        raise SandboxRefused("--workspace is empty: name a directory")
    try:
        directory = Path(text).resolve(strict=True)
        if not directory.is_dir():
            raise SandboxRefused(f"the workspace {text!r} is not a directory")
    except RuntimeError:
        raise SandboxRefused(f"the workspace {text!r} is a link that leads to itself") from None
    except OSError as error:
        raise SandboxRefused(f"the workspace {text!r} cannot be used: {error.strerror}") from None
    return directory


def _command(arguments: Namespace, limits: CommandLimits) -> Command:
    argv = arguments.argv[1:] if arguments.argv[:1] == ["--"] else arguments.argv
    if not argv:
        raise SandboxRefused("no command was given: write it at the end, after --")
    environment = {}
    for pair in arguments.env:
        name, equals, value = pair.partition("=")
        if not equals:
            raise SandboxRefused(f"--env {pair!r} has no `=`: write NAME=VALUE")
        environment[name] = value
    return Command(
        argv=tuple(argv),
        environment=environment,
        network=Network(arguments.network),
        limits=_limits(arguments, limits),
        merged=False,
    )


def _limits(arguments: Namespace, limits: CommandLimits) -> CommandLimits:
    given = {limit.field: getattr(arguments, limit.option.replace("-", "_")) for limit in LIMITS}
    values = {name: value for name, value in given.items() if value is not None}
    return replace(limits, **values)


def _status(ended: Ended, limits: CommandLimits) -> int:
    if ended.limit is not None:
        print(f"revwright: stopped: {limit_words(ended.limit, limits)}", file=sys.stderr)
        if ended.status is None:
            return EXIT_TIME if ended.limit is Limit.TIME else EXIT_LIMIT
    if ended.status is not None:
        return ended.status
    return _BY_SIGNAL + (ended.signal or signal.SIGKILL)


def _as_json(ended: Ended) -> dict[str, object]:
    return {item.name: getattr(ended, item.name) for item in fields(ended)}
