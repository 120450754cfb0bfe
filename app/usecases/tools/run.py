"""The tool that runs commands in a sandbox, with what they print cleaned and cut."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from app.domain.command_output import Cleaner, Keeper, for_model
from app.domain.errors import SandboxRefused, SandboxUnavailable, ToolRefused
from app.domain.model import ToolSpec
from app.domain.sandbox import Command, CommandLimits, Stream
from app.ports import Sandbox
from app.usecases.tools.specs import string, text_of, tool_spec

MAX_COMMAND = 8_000
"""Characters of a command line."""


@dataclass(frozen=True, slots=True)
class RunLimits:
    """What one task may run."""

    commands: int = 20
    seconds: float = 120.0
    """Of one command."""
    head_bytes: int = 6_000
    """Of its output, kept from the beginning."""
    tail_bytes: int = 12_000


class RunTool:
    """Runs command lines, one at a time, in a sandbox that is open. When the sandbox is gone it stays gone."""

    repeatable: ClassVar[bool] = True
    spec: ClassVar[ToolSpec] = tool_spec(
        "run",
        "Runs a command line with `sh -c` in a copy of the repository, in a sandbox that reaches no network. Shows its "
        "exit status, and the beginning and end of what it prints.",
        command=string("as for sh -c; it starts at the repository's root"),
    )

    def __init__(
        self,
        sandbox: Sandbox,
        limits: RunLimits | None = None,
        command: CommandLimits | None = None,
        *,
        label: str = "",
    ) -> None:
        """`command` bounds each command in all but its time, of which the smaller of the two counts. `label` names the
        task in records.
        """
        self._sandbox = sandbox
        self._limits = limits or RunLimits()
        given = command or CommandLimits()
        self._command = replace(given, seconds=min(given.seconds, self._limits.seconds))
        self._label = label
        self._turn = asyncio.Lock()
        self._ran = 0
        self._gone = False

    async def call(self, arguments: Mapping[str, object]) -> str:
        """Raises ToolRefused when there is no sandbox any more, after too many commands, for what is no command."""
        line = text_of(arguments, "command")
        if not line.strip() or len(line) > MAX_COMMAND:
            raise ToolRefused(f"a command has 1 to {MAX_COMMAND:,} characters; write longer ones into a file")
        async with self._turn:
            if self._gone:
                raise ToolRefused("the sandbox is gone, and no command can be run any more: go on without")
            if self._ran >= self._limits.commands:
                raise ToolRefused(f"{self._ran} commands were run, and no more are: go on with what you know")
            self._ran += 1
            return await self._run(line)

    async def _run(self, line: str) -> str:
        cleaner = Cleaner()
        keeper = Keeper(head_bytes=self._limits.head_bytes, tail_bytes=self._limits.tail_bytes)

        async def take(_stream: Stream, data: bytes) -> None:
            keeper.feed(cleaner.feed(data))

        try:
            command = Command(argv=("sh", "-c", line), limits=self._command, label=self._label)
            ended = await self._sandbox.run(command, take)
        except SandboxUnavailable as error:
            self._gone = True
            raise ToolRefused("the sandbox is gone, and no command can be run any more: go on without") from error
        except SandboxRefused as error:
            raise ToolRefused(f"the sandbox does not run this: {error}") from error
        keeper.feed(cleaner.finish())
        return for_model(ended, self._command, keeper.kept())
