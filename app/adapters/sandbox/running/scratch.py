"""The sandbox's own file systems in memory, held from outside, so that they can be asked until after the end."""

from __future__ import annotations

import os
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

PLACES = ("tmp", "dev/shm")
MOST_INODES = 65_536
"""A file system in memory is bounded by the bytes of its files; empty files take a kilobyte of the kernel's memory."""
_FULL_BYTES = 64 << 10


@dataclass(frozen=True, slots=True)
class Space:
    """What the file systems hold together."""

    bytes: int = 0
    inodes: int = 0
    full: bool = False
    """Whether one of them cannot take any more."""


class Scratch:
    """Descriptors of the file systems of one sandbox."""

    def __init__(self, descriptors: tuple[int, ...]) -> None:
        self._descriptors = descriptors

    def space(self) -> Space:
        """What they hold now."""
        found = [os.fstatvfs(descriptor) for descriptor in self._descriptors]
        return Space(
            bytes=sum((one.f_blocks - one.f_bfree) * one.f_frsize for one in found),
            inodes=sum(one.f_files - one.f_ffree for one in found),
            full=any(one.f_bfree * one.f_frsize < min(_FULL_BYTES, one.f_blocks * one.f_frsize // 2) for one in found),
        )


def hold(pid: int, kept: ExitStack) -> Scratch | None:
    """None while bubblewrap has not yet put its process `pid` into the finished sandbox; `kept` closes what is held."""
    descriptors = []
    with ExitStack() as opened:
        for place in PLACES:
            try:
                descriptor = os.open(f"/proc/{pid}/root/{place}", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
            except (FileNotFoundError, NotADirectoryError, ProcessLookupError, PermissionError):
                return None  # the last one also of a process that is about to end
            opened.callback(os.close, descriptor)
            # Until the last step of its making, the process stands in the root that we stand in.
            if os.fstat(descriptor).st_dev == _device(f"/{place}"):
                return None
            descriptors.append(descriptor)
        kept.push(opened.pop_all())
    return Scratch(tuple(descriptors))


def _device(path: str) -> int | None:
    try:
        return Path(path).stat().st_dev
    except FileNotFoundError:
        return None
