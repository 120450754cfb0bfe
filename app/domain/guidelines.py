"""A repository's written guidelines: which files count for a change, in what order, and what was cut."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

MAX_BYTES_PER_FILE = 16_000
MAX_BYTES_IN_ALL = 48_000

MAX_DEPTH = 32
MAX_DIRECTORIES = 2_000
"""A change could name so many directories that looking into each would never end."""

AGENTS = "AGENTS.md"
FALLBACKS = ("CLAUDE.md", "GEMINI.md", ".github/copilot-instructions.md", "CONTRIBUTING.md")

_SECTION = re.compile(r"^(#{1,6})[ \t]+(?:review guidelines|code review rules)[ \t#]*$", re.IGNORECASE)
_HEADING = re.compile(r"^(#{1,6})[ \t]+\S")


@dataclass(frozen=True, slots=True)
class Guideline:
    """One guideline file of the base commit. `cut_bytes` is how much of it did not fit."""

    path: str
    text: str
    cut_bytes: int
    sha256: str = ""
    """Of the first `hashed_bytes` bytes of the file: of all of it, unless it is too large to be read whole."""
    hashed_bytes: int = 0


def candidate_paths(changed: Iterable[str]) -> tuple[str, ...]:
    """AGENTS.md at the root and in every directory above a changed file, root first, then the fallbacks."""
    directories = {""}
    for path in changed:
        if len(directories) > MAX_DIRECTORIES:
            break
        parts = path.split("/")[:-1][:MAX_DEPTH]
        directories.update("/".join(parts[:depth]) + "/" for depth in range(1, len(parts) + 1))
    ordered = sorted(directories, key=lambda d: (d.count("/"), d))
    return tuple(d + AGENTS for d in ordered) + FALLBACKS


def arrange(found: Iterable[tuple[str, str, int]]) -> tuple[Guideline, ...]:
    """Caps files given as (path, text, bytes not read) in the order of `candidate_paths`; the closest come out last.

    Fallback files count only where the root has no AGENTS.md. They have the room that AGENTS.md files leave, and stand
    where the root's would. Review sections of a file come before the rest of it, so that a cap cuts the rest.
    """
    files = tuple(found)
    if any(path == AGENTS for path, _, _ in files):
        files = tuple(f for f in files if f[0] not in FALLBACKS)
    room = MAX_BYTES_IN_ALL
    arranged: list[Guideline] = []
    for path, text, unread in files:
        data = _review_sections_first(text).encode()
        take = min(len(data), MAX_BYTES_PER_FILE, room)
        room -= take
        arranged.append(Guideline(path, data[:take].decode("utf-8", "ignore"), len(data) - take + unread))
    return tuple(sorted(arranged, key=lambda guideline: guideline.path not in FALLBACKS))


def _review_sections_first(text: str) -> str:
    first: list[str] = []
    rest: list[str] = []
    depth = 0
    for line in text.split("\n"):
        section = _SECTION.match(line)
        heading = _HEADING.match(line)
        if section:
            depth = len(section[1])
        elif heading and depth and len(heading[1]) <= depth:
            depth = 0
        (first if depth else rest).append(line)
    return "\n".join(first + rest) if first else text
