"""The skills of a repository: which files describe them, and the name and description that a prompt lists.

The format is that of https://agentskills.io/specification: `SKILL.md` in a directory of its own, with a front matter in
YAML. Of it, `name` and `description` are read, each on one line or as an indented block. Where that cannot be done, the
directory names the skill and the first line of plain text describes it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

SKILLS_DIRECTORY = ".agents/skills"
MAX_SKILLS = 50
MAX_BYTES = 20_000
"""How much of a file is read, for its front matter and by a reviewer."""

_MAX_NAME = 64
_MAX_DESCRIPTION = 400
_MAX_FRONT_MATTER_LINES = 60
_FIELD = re.compile(r"(name|description):(?:[ \t]+(.*))?")
_BLOCK = re.compile(r"[|>][+-]?")


@dataclass(frozen=True, slots=True)
class Skill:
    """One skill of the base commit. `path` is that of its SKILL.md."""

    name: str
    description: str
    path: str
    digest: str = ""
    """Of all that a reviewer may read of it, the length of the rest included."""


def skill_paths(directories: Iterable[str]) -> tuple[str, ...]:
    """Where the skills would be described that have these directories; the first ones by name."""
    return tuple(f"{directory}/SKILL.md" for directory in sorted(directories)[:MAX_SKILLS])


def read_skill(path: str, text: str) -> Skill:
    """The skill that a SKILL.md describes; never fails."""
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    end = _end_of_front_matter(lines)
    fields = _fields(lines[1:end])
    name = fields.get("name", "") or path.split("/")[-2]
    description = fields.get("description", "") or _first_words(lines[end + 1 :] if end else lines)
    return Skill(_cut(name, _MAX_NAME), _cut(description, _MAX_DESCRIPTION), path)


def _end_of_front_matter(lines: list[str]) -> int:
    """The line of the second `---`; 0 for none."""
    if lines[0].rstrip() != "---":
        return 0
    marks = (n for n, line in enumerate(lines[1:_MAX_FRONT_MATTER_LINES], 1) if line.rstrip() == "---")
    return next(marks, 0)


def _fields(lines: list[str]) -> Mapping[str, str]:
    """The first of each field; a line that goes on is indented."""
    found: dict[str, str] = {}
    for number, line in enumerate(lines):
        if match := _FIELD.fullmatch(line):
            value = (match[2] or "").strip()
            first = [] if _BLOCK.fullmatch(value) else [value]
            found.setdefault(match[1], _unquoted(" ".join([*first, *_indented(lines[number + 1 :])]).strip()))
    return found


def _indented(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        if line.strip() and not line.startswith((" ", "\t")):
            return
        yield line.strip()


def _unquoted(text: str) -> str:
    for quote in ('"', "'"):
        if len(text) > 1 and text.startswith(quote) and text.endswith(quote):
            return text[1:-1].replace(quote * 2 if quote == "'" else '\\"', quote)
    return text


def _first_words(lines: Iterable[str]) -> str:
    plain = (line.strip() for line in lines)
    return next((line for line in plain if line and not line.startswith(("#", "---"))), "")


def _cut(text: str, length: int) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= length else flat[: length - 2].rstrip() + " …"
