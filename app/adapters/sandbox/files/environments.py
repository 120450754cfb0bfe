"""Environments that a project's setup made: what it added to the base commit's files, kept to be mounted read-only."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from app.adapters.sandbox.files.access import read_at
from app.adapters.sandbox.files.additions import BasePaths, additions
from app.adapters.sandbox.files.directories import Root, open_directory
from app.adapters.sandbox.files.names import parts_of
from app.adapters.sandbox.files.shelf import Shelf, read_told
from app.adapters.sandbox.files.usage import measure
from app.adapters.sandbox.files.workspace import Workspace
from app.adapters.sandbox.files.workspaces import Claim
from app.domain.errors import SandboxRefused

_THINGS = b"things"
_MOST_FILES = 1_000_000
_LOCKS = ".locks"


@dataclass(frozen=True, slots=True)
class Thing:
    """A directory or file of an environment."""

    path: str
    """Where it has its place in a workspace."""
    source: Path
    """Where it is; only names of ours are in it."""
    directory: bool


@dataclass(frozen=True, slots=True)
class Environment:
    """One that is there, and stays there until it is closed."""

    things: tuple[Thing, ...]
    _entry: int
    _root: Root

    def read(self, path: str, *, max_bytes: int) -> bytes | None:
        """The first bytes of the regular file that has its place at a path; None for a path that is none of the
        environment's. Raises SandboxRefused for anything else than a regular file.
        """
        number = next((n for n, thing in enumerate(self.things) if covers(thing, path)), None)
        if number is None:
            return None
        parts = parts_of("read", path)[self.things[number].path.count("/") + 1 :]
        return read_at(self._root, (str(number).encode(), *parts), path, max_bytes=max_bytes)

    def close(self) -> None:
        """Others may remove it now."""
        os.close(self._root.fd)
        os.close(self._entry)


def covers(thing: Thing, path: str) -> bool:
    """Whether a path of the workspace is the thing's, or below it."""
    return path == thing.path or path.startswith(f"{thing.path}/")


class Environments:
    """Calls block.

    One that was made with a network is another one than without, or with other hosts: what is not allowed any more
    must not be used any more, and what failed quietly for want of a host must be tried again. The worker that makes the
    key may not know what its runner allows.
    """

    def __init__(self, claim: Claim, shelf: Shelf, *, made_with: str = "") -> None:
        """`made_with`: the network that setup has."""
        self._claim = claim
        self._shelf = shelf
        self._made_with = made_with

    def _name(self, key: str) -> str:
        if not self._made_with:
            return key
        return hashlib.sha256(f"{key} {self._made_with}".encode()).hexdigest()

    def use(self, key: str) -> Environment | None:
        """None when there is none for this key."""
        name = self._name(key)
        entry = self._shelf.open(name)
        if entry is None:
            return None
        try:
            told = read_told(entry)
            things = None if told is None else self._things(name, told.get("things"))
            if things is None:
                os.close(entry)
                return None
            self._shelf.used(entry)
            return Environment(things, entry, Root.of(open_directory(entry, _THINGS)))
        except OSError:
            os.close(entry)
            return None

    def _things(self, name: str, told: object) -> tuple[Thing, ...] | None:
        if not isinstance(told, list):
            return None
        top = self._shelf.path / name / os.fsdecode(_THINGS)
        return tuple(Thing(path, top / str(number), kind == "directory") for number, (path, kind) in enumerate(told))

    def has(self, key: str) -> bool:
        """Whether there is one for this key."""
        environment = self.use(key)
        if environment is None:
            return False
        environment.close()
        return True

    @contextlib.contextmanager
    def preparing(self, key: str) -> Iterator[bool]:
        """Whether nobody else prepares the key, in any process; while the context lasts nobody else does. OSError."""
        fd = os.open(self._lock_file(key), os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True
        finally:
            os.close(fd)

    def _lock_file(self, key: str) -> Path:
        """One of 256: two keys that share one only wait for each other, and none has ever to be removed."""
        directory = self._shelf.path / _LOCKS
        directory.mkdir(mode=0o700, exist_ok=True)
        return directory / key[:2]

    def save(self, key: str, workspace: Workspace, base: BasePaths) -> None:
        """Take out of a workspace what is not of the base, and keep it under a key. Raises SandboxRefused, OSError."""
        draft = self._claim.draft()
        try:
            os.mkdir(_THINGS, 0o700, dir_fd=draft.fd)
            fd = open_directory(draft.fd, _THINGS)
            try:
                taken = additions(workspace.root, base, fd)
                usage = measure(Root.of(fd), max_bytes=self._shelf.retention.bytes, max_files=_MOST_FILES)
            finally:
                os.close(fd)
            if usage.bytes > self._shelf.retention.bytes or usage.files > _MOST_FILES:
                raise SandboxRefused(
                    f"what setup made is over {self._shelf.retention.bytes} bytes or {_MOST_FILES} files, and all "
                    "environments together may not be (REVWRIGHT_ENVIRONMENTS_MB)"
                )
            told = [(path, "directory" if directory else "file") for path, directory in taken]
            self._shelf.put(draft, self._name(key), {"bytes": usage.bytes, "things": told})
        finally:
            draft.close()
            self._claim.discard(draft.parent, os.fsdecode(draft.name))  # of one that was not put away

    def clean(self) -> tuple[str, ...]:
        """See Shelf.clean."""
        return self._shelf.clean()
