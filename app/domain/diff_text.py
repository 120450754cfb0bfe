"""What a unified diff says of itself, before git applies it: the files it names, and shapes that are never applied."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from app.domain.entries import Entry
from app.domain.patches import Refusal

_HEADER = b"diff --git "
_QUOTED = re.compile(rb'"(?P<old>(?:[^"\\]|\\.)*)" "(?P<new>(?:[^"\\]|\\.)*)"')
_ESCAPE = re.compile(rb"\\([0-7]{3}|.)", re.DOTALL)
_LETTERS = {b"a": b"\a", b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}
_LARGEST_BYTE = 0o377


def named(diff: bytes) -> tuple[str, ...]:
    """The paths of its `diff --git a/PATH b/PATH` lines; ValueError for one that is not of this shape.

    No line of a hunk begins so, but the words before the first file may: then a path too many is named.
    """
    return tuple(_path(line) for line in _lines(diff) if line.startswith(_HEADER))


def whole_refusals(diff: bytes) -> Iterator[Refusal]:
    """Why it is not applied at all, whatever it changes."""
    if b"\0" in diff:
        yield Refusal("", "it has a NUL byte, so it is no text")
    if any(line.rstrip(b"\r") == b"GIT binary patch" for line in _lines(diff)):
        yield Refusal("", "it has a binary patch, whose content nobody can read")


def change_refusals(changes: Iterable[Entry], names: Iterable[str]) -> Iterator[Refusal]:
    """What it changed and did not announce, and changes of mode, which a diff is not trusted with."""
    announced = frozenset(names)
    for entry in changes:
        if entry.path not in announced:
            yield Refusal(entry.path, "has no line `diff --git a/PATH b/PATH` of its own")
        elif entry.old is not None and entry.new is not None and entry.old.mode != entry.new.mode:
            yield Refusal(entry.path, f"changes its mode from {entry.old.mode} to {entry.new.mode}")


def _lines(diff: bytes) -> list[bytes]:
    return diff.split(b"\n")


def _path(line: bytes) -> str:
    names = line.removeprefix(_HEADER).rstrip(b"\r")
    quoted = _QUOTED.fullmatch(names)
    if quoted is not None:
        old, new = _unquoted(quoted["old"]), _unquoted(quoted["new"])
    else:
        half = len(names) // 2
        old, new = names[:half], names[half + 1 :]
    if (
        old[:2] != b"a/"
        or new[:2] != b"b/"
        or old[2:] != new[2:]
        or (quoted is None and names[half : half + 1] != b" ")
    ):
        raise ValueError(f"it has {line[:200]!r} where `diff --git a/PATH b/PATH` must stand, with one path twice")
    return new[2:].decode("utf-8", "surrogateescape")


def _unquoted(text: bytes) -> bytes:
    """Without the escapes of a C string (https://git-scm.com/docs/git-config, core.quotePath)."""

    def meant(match: re.Match[bytes]) -> bytes:
        code = match[1]
        if len(code) > 1:
            return bytes((int(code, 8) & _LARGEST_BYTE,))
        return _LETTERS.get(code, code)

    return _ESCAPE.sub(meant, text)
