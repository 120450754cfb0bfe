"""Whether a suggested edit may stand as a button: it is applied to the head's file as GitHub would apply it."""

from __future__ import annotations

from dataclasses import dataclass

from app.domain.diff import FileDiff
from app.domain.findings import Location
from app.domain.inert.characters import is_plain


@dataclass(frozen=True, slots=True)
class Applied:
    """`block` is the text that the comment carries, with line feeds alone; `text` is the whole file after the click."""

    block: str
    text: str


@dataclass(frozen=True, slots=True)
class NotApplicable:
    """Why no button is offered, in words for the record of a run."""

    reason: str


def applied(suggestion: str, where: Location, head: str, diff: FileDiff) -> Applied | NotApplicable:
    """The head's file with the lines of `where` replaced by the suggestion.

    A block has lines and no line ends: GitHub commits those that the replaced lines have, and a last line that no
    line feed ends stays so. `head` is the whole file, its line ends as they are.
    """
    block = suggestion.replace("\r\n", "\n").removesuffix("\n")
    if not block.strip():
        return NotApplicable("it would only delete lines")
    if not is_plain(block):
        return NotApplicable("a comment cannot carry its characters unchanged")
    lines = head.split("\n")
    ended = lines[-1] == ""
    if ended:
        lines.pop()
    if not 1 <= where.start_line <= where.end_line <= len(lines):
        return NotApplicable("its lines are not lines of the file")
    if not diff.same_hunk(where.start_line, where.end_line):
        return NotApplicable("its lines do not stand in one hunk of the diff")
    old = lines[where.start_line - 1 : where.end_line]
    carriage = _carriage(old, unended=not ended and where.end_line == len(lines))
    if carriage is None:
        return NotApplicable("the lines it replaces have line ends of both kinds")
    new = [line + carriage for line in block.split("\n")]
    if not ended and where.end_line == len(lines):
        new[-1] = new[-1].removesuffix("\r")
    if new == old:
        return NotApplicable("it changes nothing")
    lines[where.start_line - 1 : where.end_line] = new
    return Applied(block, "\n".join(lines) + ("\n" if ended else ""))


def _carriage(lines: list[str], *, unended: bool) -> str | None:
    """What stands before the line feeds of these lines; None where they differ. An unended line says nothing."""
    ends = {line.endswith("\r") for line in (lines[:-1] if unended else lines)}
    if len(ends) > 1:
        return None
    return "\r" if ends == {True} else ""
