"""A sandbox that is a plain directory: files are read and written there, and commands really run, with no isolation."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from app.domain.errors import RevwrightError, SandboxRefused
from app.domain.patches import Collected
from app.domain.sandbox import Command, Ended, Stream
from app.ports import Output


@dataclass(slots=True)
class DirectorySandbox:
    """Implements ports.Sandbox for commands of our own. What is in `failing`, such as `write a.py`, is answered so,
    once for each error that is listed there.
    """

    root: Path
    failing: dict[str, list[RevwrightError]] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)
    has_git: bool = False
    printed: bytes | None = None
    """What every command prints instead of being run."""

    def put(self, files: dict[str, bytes | str]) -> None:
        for path, content in files.items():
            (self.root / path).parent.mkdir(parents=True, exist_ok=True)
            (self.root / path).write_bytes(content if isinstance(content, bytes) else content.encode())

    def files(self) -> dict[str, str]:
        """Of each regular file its text, with an x before it when it is executable."""
        found = sorted(path for path in self.root.rglob("*") if path.is_file() and not path.is_symlink())
        marks = {path: "x " if path.stat().st_mode & 0o100 else "" for path in found}
        return {str(path.relative_to(self.root)): marks[path] + path.read_bytes().decode() for path in found}

    async def run(self, command: Command, output: Output | None = None) -> Ended:
        self._begin("run")
        assert output is not None
        if self.printed is not None:
            await output(Stream.OUT, self.printed)
            return Ended(status=0, signal=None, limit=None, seconds=0.1, output_bytes=len(self.printed))
        process = await asyncio.create_subprocess_exec(
            *command.argv, cwd=self.root, stdout=asyncio.subprocess.PIPE, env={"PATH": os.defpath}
        )
        printed, _ = await process.communicate()
        await output(Stream.OUT, printed)
        return Ended(status=process.returncode, signal=None, limit=None, seconds=0.1, output_bytes=len(printed))

    async def read(self, path: str, *, max_bytes: int) -> bytes:
        self._begin(f"read {path}")
        if (self.root / path).is_symlink() or not (self.root / path).is_file():
            raise SandboxRefused(f"cannot read {path!r}: there is no such file")
        return (self.root / path).read_bytes()[:max_bytes]

    async def write(self, path: str, content: bytes, *, executable: bool = False) -> None:
        self._begin(f"write {path}")
        self.put({path: content})
        (self.root / path).chmod(0o755 if executable else 0o644)

    async def delete(self, path: str) -> None:
        self._begin(f"delete {path}")
        (self.root / path).unlink()

    async def collect(self, declared: Collection[str]) -> Collected:
        raise FileNotFoundError(str(declared))

    def _begin(self, what: str) -> None:
        self.done.append(what)
        if errors := self.failing.get(what):
            raise errors.pop(0)
