"""The transcript of a fix: what its model was told and said, what tools, checks and guards answered, word for word."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.domain.static_checks import redact_secrets
from app.domain.tool_text import cut_middle

MOST_TEXT = 256 * 1024
"""Characters of one entry; the middle of more is left out."""
MOST_BYTES = 8 * 1024 * 1024
"""Of all texts of one run, in UTF-8."""

_MOST_NOTE, _MOST_STEP = 4_000, 400
_LOOKED_THROUGH = 2 * MOST_TEXT


class EntryKind(StrEnum):
    """What an entry is."""

    ASKED = "asked"
    """An attempt at a wish begins."""
    TOLD = "told"
    """What a model is told, but for the answers of tools that ran."""
    REPLY = "reply"
    """What a model said, with the calls that it wants."""
    TOOL = "tool"
    """What a tool answered."""
    CHECK = "check"
    """One command of the checks, how it ended and what it printed."""
    PATCH = "patch"
    """A patch on the head, as `git apply` takes it."""
    REPORT = "report"
    """What the comment says in the end."""

    @property
    def rank(self) -> int:
        """Where a transcript is too long, entries of the lowest rank go first, of these the oldest."""
        if self is EntryKind.TOOL:
            return 0
        return 1 if self in {EntryKind.REPLY, EntryKind.CHECK} else 2


@dataclass(frozen=True, slots=True)
class TranscriptEntry:
    """Something that was said at that time (UTC), without secrets. The texts are untrusted, and hold what they held."""

    at: datetime
    kind: EntryKind
    step: str
    """Where in the run it belongs, in one line."""
    text: str
    note: str = ""
    """What there is to say of it, in lines; nothing where nothing is."""


class Missing(StrEnum):
    """Why entries are not there."""

    ROOM = "taken out, for there is a limit to the length of a transcript"
    FOREIGN = "not shown: they are not sealed with this deployment's key, or another version wrote them"


@dataclass(frozen=True, slots=True)
class Gap:
    """So many entries are not there."""

    count: int
    why: Missing


@dataclass(frozen=True, slots=True)
class Transcript:
    """What is kept, in the order in which it was written."""

    parts: tuple[TranscriptEntry | Gap, ...]

    @property
    def entries(self) -> tuple[TranscriptEntry, ...]:
        return tuple(part for part in self.parts if isinstance(part, TranscriptEntry))


def entry_of(at: datetime, kind: EntryKind, step: str, text: str, *, note: str = "") -> TranscriptEntry:
    """An entry that is fit to be kept: without secrets of a known form, and of bounded length. Lines of a secret stay
    lines, so that the rest of a patch has its places.
    """
    return TranscriptEntry(at, kind, _bounded(step, _MOST_STEP), _bounded(text, MOST_TEXT), _bounded(note, _MOST_NOTE))


def joined(parts: Iterable[TranscriptEntry | Gap]) -> tuple[TranscriptEntry | Gap, ...]:
    """The same with one gap in place of those that follow one another for the same reason."""
    told: list[TranscriptEntry | Gap] = []
    for part in parts:
        last = told[-1] if told else None
        if isinstance(part, Gap) and isinstance(last, Gap) and last.why is part.why:
            told[-1] = Gap(last.count + part.count, part.why)
        else:
            told.append(part)
    return tuple(told)


def _bounded(text: str, most: int) -> str:
    """Secrets go first: one that is cut in half is not recognised any more. Of what is very long only the ends are
    looked through, far beyond what is kept of them.
    """
    if len(text) <= 2 * _LOOKED_THROUGH:
        return cut_middle(redact_secrets(text, keep_lines=True), most)
    head = redact_secrets(text[:_LOOKED_THROUGH], keep_lines=True)[: most // 2]
    tail = redact_secrets(text[-_LOOKED_THROUGH:], keep_lines=True)[-(most // 2) :]
    return f"{head}\n[... {len(text) - len(head) - len(tail):,} characters left out ...]\n{tail}"
