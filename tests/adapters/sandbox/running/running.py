"""Runs shell scripts and Python programs in a sandbox, and counts what is left of them afterwards."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath

from app.adapters.sandbox.isolation.plan import SandboxPlan
from app.adapters.sandbox.running.host import Host
from app.adapters.sandbox.running.launcher import Launcher
from app.adapters.sandbox.usage import Measure, Usage
from app.domain.sandbox import CommandLimits, Ended, Stream

LIMITS = CommandLimits(seconds=60)


class Kept:
    """Everything a command printed."""

    def __init__(self) -> None:
        self.parts: list[tuple[Stream, bytes]] = []

    async def __call__(self, stream: Stream, chunk: bytes) -> None:
        self.parts.append((stream, chunk))

    def text(self, stream: Stream = Stream.OUT) -> str:
        return b"".join(chunk for part, chunk in self.parts if part is stream).decode()


def nothing() -> Usage:
    return Usage(0, 0)


def measuring(directory: PurePosixPath) -> Measure:
    """Measures an ordinary workspace."""

    def below(path: Path) -> Iterator[os.stat_result]:
        try:
            with os.scandir(path) as entries:
                for entry in entries:
                    yield entry.stat(follow_symlinks=False)
                    if entry.is_dir(follow_symlinks=False):
                        yield from below(Path(entry.path))
        except (FileNotFoundError, NotADirectoryError):
            return

    def measure() -> Usage:
        found = list(below(Path(directory)))
        inodes = {one.st_ino: one for one in found if not stat.S_ISDIR(one.st_mode)}
        return Usage(
            bytes=sum(one.st_blocks * 512 for one in inodes.values()),
            files=len(found),
            largest=max((one.st_size for one in inodes.values()), default=0),
        )

    return measure


async def run(
    host: Host,
    plan: SandboxPlan,
    *argv: str,
    limits: CommandLimits = LIMITS,
    merged: bool = True,
    measure: Measure = nothing,
) -> tuple[Ended, Kept]:
    kept = Kept()
    ended = await Launcher(host).run(replace(plan, argv=argv), limits, kept, measure=measure, merged=merged)
    return ended, kept


def left() -> set[str]:
    """Descriptors of this process, and children of it."""
    descriptors = {f"{path.name} {path.readlink()}" for path in Path("/proc/self/fd").iterdir() if path.is_symlink()}
    return descriptors | {f"child {child}" for child in children()}


def children() -> set[int]:
    """Numbers of the processes that this one has started and not yet seen the end of."""
    found: set[int] = set()
    for path in Path("/proc/self/task").glob("*/children"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # of a thread that ends
            found |= {int(child) for child in path.read_text().split()}
    return found


def processes_with(mark: str) -> list[str]:
    """Command lines on this machine that contain a text."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if mark in line:
            found.append(line)
    return found
