"""What a workspace holds, as one number of bytes and one of files, and who can tell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Usage:
    """What is in a workspace; at least so much, where counting stopped early or files came and went meanwhile."""

    bytes: int
    """Allocated on the disk, not what the files claim to be long: a hole takes nothing."""
    files: int
    """Files, links, directories and all else. A file with several names is one."""


Measure = Callable[[], Usage]
"""Walks a workspace while a command changes it. Called from a thread of its own; may stop once it has seen more than
the workspace may hold. What it raises ends the command and is raised to who runs it."""
