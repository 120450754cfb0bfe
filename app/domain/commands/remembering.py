"""A rule that somebody wants remembered, put into AGENTS.md: one bullet in the section that reviews read."""

from __future__ import annotations

import re
from dataclasses import dataclass

from app.domain.inert import phrase
from app.domain.pull_request import Sha
from app.domain.visible import visible

AGENTS_PATH = "AGENTS.md"
MAX_RULE = 500
MAX_FILE = 64 * 1024
"""Of characters: what is longer is somebody's to shorten first."""

_SECTION = "## Review guidelines"
_HEADING = re.compile(r"(#{1,6})[ \t]+(.*?)[ \t]*#*[ \t]*")
_FENCE = re.compile(r" {0,3}(?:```|~~~)")


@dataclass(frozen=True, slots=True)
class Proposal:
    """A change of one file, on a branch of our own, for people to look at. Title and body are inert."""

    branch: str
    base_ref: str
    base: Sha
    path: str
    text: str
    title: str
    body: str
    message: str
    """Of the commit; it names who asked for it."""


def bullet(rule: str) -> str:
    """The rule as one inert line of Markdown."""
    return f"- {phrase(visible(' '.join(rule.split())), limit=MAX_RULE)}"


def with_rule(text: str, line: str) -> str | None:
    """The text with the line at the end of its section, made where there is none; None when the line stands there."""
    end = "\r\n" if "\r\n" in text else "\n"
    lines = text.replace("\r\n", "\n").split("\n")
    if line in lines:
        return None
    where = _end_of_section(lines)
    if where is None:
        before = "\n".join(lines).rstrip("\n")
        whole = "\n".join([*([before, ""] if before else []), _SECTION, "", line, ""])
    else:
        whole = "\n".join([*lines[:where], *([""] if lines[where - 1].startswith("#") else []), line, *lines[where:]])
        whole = whole if whole.endswith("\n") else whole + "\n"
    return whole.replace("\n", end)


def _end_of_section(lines: list[str]) -> int | None:
    """After its last line that is not empty. Headings in code are none."""
    level, last, fenced = 0, None, False
    for number, line in enumerate(lines):
        fenced ^= _FENCE.match(line) is not None
        heading = None if fenced else _HEADING.fullmatch(line)
        if heading is not None and level and len(heading[1]) <= level:
            break
        if heading is not None and not level and heading[2].casefold() == "review guidelines":
            level = len(heading[1])
        if level and line.strip():
            last = number + 1
    return last
