"""`revwright sandbox exec`: one command in exactly the sandbox that jobs use, on a directory that is there already."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import sys
from argparse import Namespace
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path

from app.adapters.sandbox.running.cgroups import Subtree
from app.cli.sandbox_limits import LIMITS
from app.domain.command_output import Cleaner, limit_words
from app.domain.errors import RevwrightError, SandboxRefused
from app.domain.sandbox import Command, CommandLimits, Ended, Limit, Network, Stream
from app.settings import sandbox_settings
from app.wiring.runner import RunnerOptions
from app.wiring.sandbox_exec import execute, prepared

EXIT_TIME = 124
EXIT_NOT_STARTED = 125
EXIT_LIMIT = 137
_BY_SIGNAL = 128


def sandbox_exec(arguments: Namespace, environ: Mapping[str, str]) -> int:
    """Runs it; see DESCRIPTION for what is returned."""
    try:
        command = _command(arguments)
        settings = sandbox_settings(environ)
        if arguments.root is not None:
            settings = replace(settings, root=Path(arguments.root).resolve())
        with contextlib.ExitStack() as stack:
            report = arguments.json and stack.enter_context(Path(arguments.json).open("w", encoding="utf-8"))
            options, cgroups = stack.enter_context(prepared(settings, cgroups=not arguments.no_cgroup))
            ended = asyncio.run(_execute(options, cgroups, Path(arguments.workspace).resolve(), command))
            if report:
                json.dump(_as_json(ended), report)
    except (RevwrightError, ValueError, OSError) as error:
        print(f"revwright: {error}", file=sys.stderr)
        return EXIT_NOT_STARTED
    except asyncio.CancelledError:
        return _BY_SIGNAL + signal.SIGTERM
    return _status(ended, command.limits)


async def _execute(options: RunnerOptions, cgroups: Subtree | None, directory: Path, command: Command) -> Ended:
    this = asyncio.current_task()
    assert this is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, this.cancel)
    screen = _Screen()
    ended = await execute(options, cgroups, directory, command, screen.show)
    screen.finish()
    return ended


class _Screen:
    """Both streams, each cleaned by itself."""

    def __init__(self) -> None:
        self._streams = {
            Stream.OUT: (Cleaner(), sys.stdout),
            Stream.ERR: (Cleaner(), sys.stderr),
        }

    async def show(self, stream: Stream, data: bytes) -> None:
        cleaner, file = self._streams[stream]
        file.write(cleaner.feed(data))
        file.flush()

    def finish(self) -> None:
        for cleaner, file in self._streams.values():
            file.write(cleaner.finish())
            file.flush()


def _command(arguments: Namespace) -> Command:
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
        limits=_limits(arguments),
        merged=False,
    )


def _limits(arguments: Namespace) -> CommandLimits:
    given = {limit.field: getattr(arguments, limit.option.replace("-", "_")) for limit in LIMITS}
    values = {name: value for name, value in given.items() if value is not None}
    return CommandLimits(**values)


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
