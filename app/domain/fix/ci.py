"""What CI says of a head, as data for a model: which checks failed, on which lines, and what their logs show of it.

All of it was written by others, mostly by code of the pull request. A log is printed by what it tests, so nothing here
is more than a hint: that a check failed is GitHub's word, why it failed is the log's.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Protocol

from app.domain.command_output import Cleaner
from app.domain.fix.log_excerpt import LogLines
from app.domain.static_checks import redact_secrets
from app.domain.tool_text import cut_middle

MOST_CHARACTERS = 40_000
MOST_CHECKS = 20
MOST_LOOKED_AT = 2_000_000
"""Characters of all logs together, the ends of them: cleaning takes a second for so many, and some for hostile ones."""
UNREAD = "unread"
"""The conclusion of what could not be read: `note` says what and why, and nobody knows whether a check failed there."""

_BAR = "| "
_LONGEST = {"name": 200, "app": 100, "conclusion": 40, "title": 300, "note": 600}
_LONGEST_MESSAGE = 1_500
_CUT_NOTE = 60
"""Room for the words that say how much was cut."""
_LEVELS = {"failure": 0, "warning": 1}
_TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z ?", re.MULTILINE)
"""What GitHub puts before each line of a job's log."""


@dataclass(frozen=True, slots=True)
class Annotation:
    """What a check says of lines. `level` is GitHub's: failure, warning or notice."""

    path: str
    start_line: int
    end_line: int
    level: str
    title: str
    message: str


@dataclass(frozen=True, slots=True)
class FailedCheck:
    """A check run or commit status that failed. All texts are as their authors wrote them, and none is to be believed.

    `app` is the slug of the App that made it, empty for a commit status. `note` is ours: what could not be read of it.
    """

    name: str
    app: str
    conclusion: str
    title: str
    summary: str
    annotations: tuple[Annotation, ...]
    log: str
    note: str

    @property
    def known(self) -> bool:
        """False: no failed check, but a place where one may be that could not be looked at."""
        return self.conclusion != UNREAD

    @classmethod
    def unread(cls, name: str, note: str) -> FailedCheck:
        """What could not be looked at, and why."""
        return cls(name, "", UNREAD, "", "", (), "", note)


def ci_words(checks: Iterable[FailedCheck]) -> str:
    """The text for a model, at most `MOST_CHARACTERS`: no check is cut shorter for another that has more to say.

    It is clean and without secrets, and to be put between marks of data by whoever sends it. What others wrote in more
    than one line stands behind a bar, so that none of it looks like the beginning of another check. It takes up to
    some seconds where logs are hostile: call it in a thread.
    """
    given = tuple(checks)
    looked_at = MOST_LOOKED_AT // max(len(given[:MOST_CHECKS]), 1)
    told = [_Told(check, looked_at) for check in given[:MOST_CHECKS]]
    rest = f"\n[... {len(given) - len(told)} more checks left out ...]" if len(given) > len(told) else ""
    room = MOST_CHARACTERS - len(rest) - len(told)
    given_room = shares([one.size for one in told], room)
    return "\n".join(one.words(share) for one, share in zip(told, given_room, strict=True)) + rest


def shares(wanted: Sequence[int], room: int) -> list[int]:
    """`room` divided fairly: nobody gets more than wanted, and what the modest leave goes to the others."""
    given = [0] * len(wanted)
    order = sorted(range(len(wanted)), key=lambda index: wanted[index])
    for done, index in enumerate(order):
        given[index] = min(wanted[index], room // (len(order) - done))
        room -= given[index]
    return given


def _clean_annotation(one: Annotation) -> Annotation:
    title, message = _line(one.title, 200), cut_middle(_clean(one.message).strip("\n"), _LONGEST_MESSAGE)
    return replace(one, path=_line(one.path, 400), level=_line(one.level, 40), title=title, message=message)


def _by_level(one: Annotation) -> int:
    return _LEVELS.get(one.level, len(_LEVELS))


def _clean(text: str) -> str:
    return redact_secrets(_unsafe_clean(text))


def _unsafe_clean(text: str) -> str:
    """Clean to look at, but with its secrets. Lone surrogates, which JSON may have, are no UTF-8."""
    cleaner = Cleaner()
    return cleaner.feed(text.removeprefix("\ufeff").encode("utf-8", "surrogatepass")) + cleaner.finish()


def _line(text: str, most: int) -> str:
    """One line of at most so many characters."""
    line = " ".join(_clean(text).split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


class _Told:
    """A check, cleaned once. Secrets are looked for in whole texts: a cut could leave a part that no pattern knows."""

    def __init__(self, check: FailedCheck, looked_at: int) -> None:
        said = {name: _line(getattr(check, name), most) for name, most in _LONGEST.items()}
        by = f" by {said['app']}" if said["app"] else ""
        lines = [f"--- {said['name']}{by}: {said['conclusion']}"]
        lines += [f"{label}: {said[label]}" for label in ("title", "note") if said[label]]
        self._head = "\n".join(lines) + "\n"
        self._parts: list[_Part] = []
        if check.annotations:
            self._parts.append(_Annotations(check.annotations))
        if summary := _clean(check.summary).strip():
            self._parts.append(_Summary(summary))
        log = LogLines(redact_secrets(_TIME.sub("", _unsafe_clean(_end(check.log, looked_at)))), bar=_BAR)
        if log.any:
            self._parts.append(_Log(log))
        self.size = len(self._head) + sum(part.size for part in self._parts)

    def words(self, room: int) -> str:
        """At most `room` characters, but all of the head, which is short."""
        left = max(room - len(self._head), 0)
        given = shares([part.size for part in self._parts], left)
        return self._head + "".join(part.words(share) for part, share in zip(self._parts, given, strict=True))


def _end(log: str, most: int) -> str:
    """The last lines in at most so many characters; of a single long line the last part."""
    end = log[-most:]
    whole_lines = end if len(end) == len(log) else end.partition("\n")[2]
    return whole_lines or end


class _Part(Protocol):
    size: int
    """Characters, when all of it is told."""

    def words(self, room: int) -> str:
        """At most `room` characters; empty when nothing fits."""
        ...


class _Annotations:
    """The failures first."""

    def __init__(self, annotations: Iterable[Annotation]) -> None:
        cleaned = sorted(map(_clean_annotation, annotations), key=_by_level)
        self._blocks = [_barred(_annotation(one)) for one in cleaned]
        self.size = len("annotations:\n") + sum(map(len, self._blocks))

    def words(self, room: int) -> str:
        """As many as there is room for, whole."""
        if self.size <= room:
            return "annotations:\n" + "".join(self._blocks)
        ends = accumulate(map(len, self._blocks))
        told = bisect_right(list(ends), room - len("annotations:\n") - _CUT_NOTE)
        rest = f"[... {len(self._blocks) - told} annotations left out ...]\n"
        text = f"annotations:\n{''.join(self._blocks[:told])}{rest}"
        return text if len(text) <= room else ""


class _Summary:
    def __init__(self, text: str) -> None:
        self._text = text
        self._whole = f"summary:\n{_barred(text)}"
        self.size = len(self._whole)

    def words(self, room: int) -> str:
        """Its beginning and its end."""
        told, most = self._whole, room
        while len(told) > room and most > _CUT_NOTE:
            most = most * 3 // 4  # bars take more where lines are short
            told = f"summary:\n{_barred(cut_middle(self._text, most))}"
        return told if len(told) <= room else ""


class _Log:
    def __init__(self, lines: LogLines) -> None:
        self._lines = lines
        self.size = len("log:\n") + lines.size

    def words(self, room: int) -> str:
        """The lines around errors, and the end."""
        lines = self._lines.excerpt(room - len("log:\n"))
        return f"log:\n{lines}" if lines else ""


def _annotation(one: Annotation) -> str:
    lines = str(one.start_line) if one.end_line == one.start_line else f"{one.start_line}-{one.end_line}"
    said = ": ".join(text for text in (one.title, one.message) if text)
    return f"{one.path}:{lines} {one.level}: {said}"


def _barred(text: str) -> str:
    return "".join(f"{_BAR}{line}\n" for line in text.split("\n"))
