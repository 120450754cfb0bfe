"""What a workspace holds, as one number of bytes and one of files, who can tell, and what was last known of it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import PurePosixPath


@dataclass(frozen=True, slots=True)
class Usage:
    """What is in a workspace; at least so much, where counting stopped early or files came and went meanwhile."""

    bytes: int
    """Allocated on the disk, not what the files claim to be long: a hole takes nothing."""
    files: int
    """Names of files, links, directories and all else: each name of a file that has several."""
    largest: int = field(default=0, compare=False)
    """What the longest regular file claims to be long."""

    def __add__(self, other: Usage) -> Usage:
        return Usage(self.bytes + other.bytes, self.files + other.files, max(self.largest, other.largest))


Measure = Callable[[], Usage]
"""Walks a workspace while a command changes it. Called from a thread of its own; may stop once it has seen more than
the workspace may hold. What it raises ends the command and is raised to who runs it."""


@dataclass(frozen=True, slots=True)
class Room:
    """What a file system can still take."""

    bytes: int
    files: int


def room(directory: PurePosixPath) -> Room:
    """Of the file system that a directory is on."""
    found = os.statvfs(directory)
    return Room(bytes=found.f_bfree * found.f_frsize, files=found.f_ffree)


@dataclass(frozen=True, slots=True)
class Known:
    """A measurement, and when it was made."""

    usage: Usage
    before: Room
    """Of its file system when the measurement began."""
    end: float
    """By `time.monotonic`."""
    seconds: float

    def most(self, now: Room) -> Usage:
        """What the workspace holds now at most, unless others have given room back meanwhile."""
        return Usage(
            bytes=self.usage.bytes + max(0, self.before.bytes - now.bytes),
            files=self.usage.files + max(0, self.before.files - now.files),
        )


class Gauge:
    """Measures one workspace; kept from one command to the next, it spares measurements that would find nothing new."""

    def __init__(self, measure: Measure) -> None:
        self.known: Known | None = None
        self._measure = measure

    def take(self, directory: PurePosixPath) -> Known:
        """Measure now. One at a time."""
        before, begin = room(directory), time.monotonic()
        usage = self._measure()
        end = time.monotonic()
        self.known = Known(usage, before, end, end - begin)
        return self.known
