"""A sandbox in memory that prints what it is told to, for what runs commands."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from app.domain.patches import Collected
from app.domain.sandbox import Command, Ended, Stream
from app.ports import Output


def ended(status: int = 0) -> Ended:
    return Ended(status=status, signal=None, limit=None, seconds=0.1, output_bytes=1)


@dataclass(slots=True)
class ScriptedSandbox:
    """Implements `ports.Sandbox` for commands; there are no files in it. One outcome for each command, in turn."""

    outcomes: list[tuple[Sequence[bytes], Ended] | Exception]
    has_git: bool = False
    commands: list[Command] = field(default_factory=list)
    running: int = 0

    async def run(self, command: Command, output: Output | None = None) -> Ended:
        assert self.running == 0, "one command at a time"
        self.commands.append(command)
        outcome = self.outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        self.running += 1
        await asyncio.sleep(0)  # another one would begin here
        for piece in outcome[0]:
            assert output is not None
            await output(Stream.OUT, piece)
        self.running -= 1
        return outcome[1]

    async def read(self, path: str, *, max_bytes: int) -> bytes:
        raise FileNotFoundError(path)

    async def write(self, path: str, content: bytes, *, executable: bool = False) -> None:
        raise PermissionError(path)

    async def delete(self, path: str) -> None:
        raise FileNotFoundError(path)

    async def collect(self, declared: Collection[str]) -> Collected:
        raise FileNotFoundError(str(declared))
