"""Paths from outside as names for system calls, and the words in which one is refused."""

from __future__ import annotations

import errno
import os
import stat

from app.domain.entries import display_path
from app.domain.errors import SandboxRefused
from app.domain.tree_paths import MAX_DEPTH, is_dot_git

_MOST_SHOWN = 120

_REASONS = {
    errno.ENOENT: "there is no such file",
    errno.ENAMETOOLONG: "a part of the path is too long",
    errno.ENOTDIR: "a file stands where the path needs a directory",
    errno.ELOOP: "it is a symbolic link",
    errno.EXDEV: "it is on another file system",
    errno.EEXIST: "something stands there already",
}


def refused(verb: str, path: str, reason: str) -> SandboxRefused:
    """The error in one line, fit for people and for a model. Of a long path the middle is left out."""
    shown = display_path(path)
    if len(shown) > _MOST_SHOWN:
        shown = f"{shown[: _MOST_SHOWN // 2]}…{shown[-_MOST_SHOWN // 2 :]}"
    return SandboxRefused(f"cannot {verb} {shown!r}: {reason}")


def refused_by_system(verb: str, path: str, error: OSError) -> SandboxRefused:
    """The same for what the kernel answered."""
    return refused(verb, path, _REASONS.get(error.errno or 0) or (error.strerror or "it failed").lower())


def parts_of(verb: str, path: str) -> tuple[bytes, ...]:
    """The names between slashes. Raises SandboxRefused for a path that is not plainly one below the workspace.

    Odd names that a commit may have, such as one with a line feed or one that is not UTF-8, are let through.
    """
    if path == "":
        raise refused(verb, path, "the path is empty")
    if path.startswith("/"):
        raise refused(verb, path, "the path is absolute; name it from the top of the workspace")
    parts = path.split("/")
    if len(parts) > MAX_DEPTH:
        raise refused(verb, path, f"the path has more than {MAX_DEPTH} parts")
    for part in parts:
        if part in {"", ".", ".."}:
            raise refused(verb, path, f"the path has the part {part!r}")
        if "\0" in part:
            raise refused(verb, path, "the path has a NUL")
        if is_dot_git(part):
            raise refused(verb, path, "the path has a part that is `.git` on some file system")
    try:
        return tuple(part.encode("utf-8", "surrogateescape") for part in parts)
    except UnicodeEncodeError:
        raise refused(verb, path, "the path is not text") from None


def text_of(name: bytes) -> str:
    """A name as a path outside has it: bytes that are not UTF-8 become surrogates."""
    return name.decode("utf-8", "surrogateescape")


def kind_of(mode: int) -> str:
    """What a file's mode says that it is, for a reason."""
    for test, word in (
        (stat.S_ISREG, "a file"),
        (stat.S_ISLNK, "a symbolic link"),
        (stat.S_ISDIR, "a directory"),
        (stat.S_ISFIFO, "a FIFO"),
        (stat.S_ISSOCK, "a socket"),
    ):
        if test(mode):
            return word
    return "a device"


def kind_at(directory: int, name: bytes) -> str:
    """What stands at a name, for a reason; it may have changed since."""
    try:
        return kind_of(os.stat(name, dir_fd=directory, follow_symlinks=False).st_mode)
    except OSError:
        return "gone"
