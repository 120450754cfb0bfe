"""Applies one file's edit to its content: where the lines are said to be exactly one place, or not at all.

Line ends, a missing one at the end and a byte order mark stay as they are: lines that come in end as the line above.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import assert_never

from app.domain.fix.file_edits import Action, FileEdit, Hunk, Mark
from app.domain.fix.places import DoesNotApply, Likeness, Place, Places

_BOM = "\ufeff"

__all__ = ["Applied", "DoesNotApply", "applied", "apply_to"]


@dataclass(frozen=True, slots=True)
class Applied:
    """What an edit makes of a file. `content` is None for one that is gone."""

    content: str | None
    added: int = 0
    removed: int = 0
    """Lines."""
    notes: tuple[str, ...] = ()
    """What is worth looking at: hunks that fit only without regard to white space."""


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    end: str


def apply_to(content: str | None, edit: FileEdit) -> str | None:
    """The content that the edit makes of this one; None is no file. Raises DoesNotApply."""
    return applied(content, edit).content


def applied(content: str | None, edit: FileEdit) -> Applied:
    """The same with what is worth telling. Raises DoesNotApply, in words that begin with what is wrong."""
    match edit.action:
        case Action.ADD:
            if content is not None:
                raise DoesNotApply("it is there already: use `*** Update File`, or another name")
            return Applied(edit.content, added=len(_lines(edit.content)))
        case Action.DELETE:
            if content is None:
                raise DoesNotApply("it is to be deleted, but it is not there")
            return _deleted(content, edit)
        case Action.UPDATE:
            if content is None:
                raise DoesNotApply("there is no such file: look for it, or use `*** Add File`")
            return _updated(content, edit.hunks)
    assert_never(edit.action)


def _deleted(content: str, edit: FileEdit) -> Applied:
    """A unified diff says what it deletes, and is held to it."""
    lines = _lines(content.removeprefix(_BOM))
    said = [line.text for hunk in edit.hunks for line in hunk.lines if line.mark is Mark.REMOVED]
    if edit.hunks and said != [line.text for line in lines]:
        raise DoesNotApply("it is to be deleted, but it holds other lines than the patch says: read it again")
    return Applied(None, removed=len(lines))


def _updated(content: str, hunks: Sequence[Hunk]) -> Applied:
    bom = _BOM if content.startswith(_BOM) else ""
    lines = _lines(content.removeprefix(_BOM))
    places = Places([line.text for line in lines])
    found = sorted(((places.of(hunk), hunk) for hunk in hunks), key=lambda one: (one[0].start, one[0].end))
    _refuse_overlaps(found)
    made: list[_Line] = []
    done = 0
    for place, hunk in found:
        made += lines[done : place.start]
        made += _replaced(lines, place, hunk)
        done = place.end
    made += lines[done:]
    # A file that was empty has no line end to do without.
    as_before = bool(lines) and not content.endswith("\n")
    unended = next((hunk.unended for hunk in hunks if hunk.unended is not None), as_before)
    return Applied(
        bom + _joined(made, unended=unended),
        added=sum(hunk.count(Mark.ADDED) for hunk in hunks),
        removed=sum(hunk.count(Mark.REMOVED) for hunk in hunks),
        notes=tuple(_note(place) for place, _ in found if place.likeness is not Likeness.EXACT),
    )


def _note(place: Place) -> str:
    return (
        f"the lines at {place.start + 1} to {place.end} were found only without regard to white space "
        f"{place.likeness}: look at the result"
    )


def _refuse_overlaps(found: Sequence[tuple[Place, Hunk]]) -> None:
    for (place, hunk), (after, other) in pairwise(found):
        if after.start < place.end:
            raise DoesNotApply(
                f"the hunks at lines {hunk.line} and {other.line} of the patch both have line {after.start + 1} of the "
                "file: make one of them"
            )


def _replaced(lines: Sequence[_Line], place: Place, hunk: Hunk) -> Iterable[_Line]:
    """Kept lines stay as the file has them, whatever the patch makes of their white space."""
    at = place.start
    end = _end_near(lines, at)
    for line in hunk.lines:
        if line.mark is Mark.ADDED:
            yield _Line(line.text, end)
            continue
        end = lines[at].end
        if line.mark is Mark.KEPT:
            yield lines[at]
        at += 1


def _end_near(lines: Sequence[_Line], at: int) -> str:
    """How a line ends that comes in before line `at`."""
    return lines[max(at - 1, 0)].end if lines else "\n"


def _lines(content: str) -> list[_Line]:
    """A last line without an end is given that of the line above, so that lines may follow it."""
    texts = content.split("\n")
    last = texts.pop()
    lines = [_Line(text.removesuffix("\r"), "\r\n" if text.endswith("\r") else "\n") for text in texts]
    if last:
        lines.append(_Line(last, lines[-1].end if lines else "\n"))
    return lines


def _joined(made: Sequence[_Line], *, unended: bool) -> str:
    text = "".join(line.text + line.end for line in made)
    return text.removesuffix(made[-1].end) if made and unended else text
