"""What a workspace holds, as one number of bytes and one of files, and who can tell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Usage:
    """What is in a workspace."""

    bytes: int
    """On the disk, not what the files claim to be long."""
    files: int
    """Files, directories and links."""


Measure = Callable[[], Usage]
"""Walks a workspace while a command changes it. Called from a thread of its own; may stop once it has seen more than
the workspace may hold. What it raises ends the command and is raised to who runs it."""
