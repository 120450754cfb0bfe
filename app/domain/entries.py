"""The changed entries between two trees, read from git's raw output, and how to print a path."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from app.domain.visible import visible

_ABSENT_MODE = b"000000"
_FILE_TYPE_BITS = 0o170000
_REGULAR = 0o100000
_SYMLINK = 0o120000
_EXECUTABLE_BY_OWNER = 0o100

# The second range is how surrogateescape keeps the bytes 0x80 to 0xff.
_ESCAPED = re.compile("[\x00-\x1f\x7f\udc80-\udcff]")

_HEADER = re.compile(rb":([0-7]{6}) ([0-7]{6}) ([0-9a-f]{40}) ([0-9a-f]{40}) ([A-Z])")


class Status(StrEnum):
    """What happened to an entry. A rename is a deletion and an addition: neither path hides the other."""

    ADDED = "added"
    MODIFIED = "modified"
    DELETED = "deleted"
    TYPE_CHANGED = "type_changed"


_STATUS_BY_LETTER = {
    b"A": Status.ADDED,
    b"M": Status.MODIFIED,
    b"D": Status.DELETED,
    b"T": Status.TYPE_CHANGED,
}


class Kind(StrEnum):
    """What an entry is, decided by its mode."""

    FILE = "file"
    EXECUTABLE = "executable"
    SYMLINK = "symlink"
    SUBMODULE = "submodule"

    @staticmethod
    def of_mode(mode: str) -> Kind:
        """As git itself reads modes: odd regular modes (100664) are files, and what is neither a file nor a link
        counts as a submodule, so that nobody takes it for text that was looked at.
        """
        bits = int(mode, 8)
        if bits & _FILE_TYPE_BITS == _SYMLINK:
            return Kind.SYMLINK
        if bits & _FILE_TYPE_BITS != _REGULAR:
            return Kind.SUBMODULE
        return Kind.EXECUTABLE if bits & _EXECUTABLE_BY_OWNER else Kind.FILE


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a changed entry: `mode` in six octal digits, `sha` of the blob (of the commit, for a submodule)."""

    mode: str
    sha: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Entry:
    """One changed path. `old` is absent when it was added, `new` when it was deleted.

    The path holds undecodable bytes as surrogates; print it with `display_path`.
    """

    path: str
    status: Status
    old: Side | None
    new: Side | None

    @property
    def sides(self) -> tuple[Side, ...]:
        """The sides there are: one, or old and new."""
        return tuple(side for side in (self.old, self.new) if side is not None)


def parse_raw(output: bytes) -> tuple[Entry, ...]:
    """Read what `git diff-tree -r -z --raw --no-renames` prints; ValueError says what is malformed."""
    if not output:
        return ()
    if not output.endswith(b"\0"):
        raise ValueError("raw diff does not end in NUL: it was cut off")
    fields = output[:-1].split(b"\0")
    if len(fields) % 2:
        raise ValueError(f"raw diff ends after {fields[-1]!r}: its path is missing")
    return tuple(_entry(header, path) for header, path in zip(fields[::2], fields[1::2], strict=True))


def _entry(header: bytes, path: bytes) -> Entry:
    match = _HEADER.fullmatch(header)
    if match is None:
        raise ValueError(f"raw diff has a malformed entry {header!r}")
    if not path:
        raise ValueError(f"raw diff has an empty path after {header!r}")
    old_mode, new_mode, old_sha, new_sha, letter = match.groups()
    status = _STATUS_BY_LETTER.get(letter)
    if status is None:
        raise ValueError(f"raw diff has a status we did not ask for: {header!r}")
    entry = Entry(
        path=path.decode("utf-8", "surrogateescape"),
        status=status,
        old=_side(old_mode, old_sha),
        new=_side(new_mode, new_sha),
    )
    if (entry.old is None) != (status is Status.ADDED) or (entry.new is None) != (status is Status.DELETED):
        raise ValueError(f"raw diff has modes that contradict its status: {header!r}")
    return entry


def _side(mode: bytes, sha: bytes) -> Side | None:
    if mode == _ABSENT_MODE:
        return None
    text = mode.decode("ascii")
    return Side(mode=text, sha=sha.decode("ascii"), kind=Kind.of_mode(text))


def display_path(path: str) -> str:
    r"""The path for people: ASCII control characters and undecodable bytes as `\x1b`, other hidden characters as
    `<U+202E>`, the rest as it is. It cannot be turned back into a path.
    """
    return visible(_ESCAPED.sub(lambda match: f"\\x{ord(match[0]) & 0xFF:02x}", path))
