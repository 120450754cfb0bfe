"""What leaves a sandbox: files found in a workspace, and the edits that may become a commit."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from app.domain.entries import Entry, Kind
from app.domain.pull_request import Sha

_DIRECTORY_MODE = "040000"


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """One entry of a commit's whole tree. The path holds undecodable bytes as surrogates."""

    path: str
    mode: str
    """Six octal digits."""
    sha: str
    """Of the blob; of the commit, for a submodule; of the tree, for a directory."""
    size: int
    """Of the blob in bytes; 0 for a submodule and for a directory."""

    @property
    def kind(self) -> Kind:
        """What it is, decided by its mode. A directory counts as a submodule: as what holds no text of its own."""
        return Kind.of_mode(self.mode)

    @property
    def is_directory(self) -> bool:
        """Only in a listing of one level: a whole tree has the files that are in its directories."""
        return self.mode == _DIRECTORY_MODE


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a blob. Pieces of an entry follow one another; an empty blob is one empty piece."""

    entry: TreeEntry
    data: bytes
    last: bool


class FoundKind(StrEnum):
    """What stands at a path in a workspace."""

    FILE = "file"
    EXECUTABLE = "executable"
    SYMLINK = "symlink"
    OTHER = "neither a file nor a link"
    """A FIFO, a socket, a device, a directory that cannot be read, another file system."""


@dataclass(frozen=True, slots=True)
class FoundFile:
    """What a walk through a workspace saw, without following a link."""

    path: str
    kind: FoundKind
    size: int
    sha: str | None
    """What git would call a blob of this content (of a link: its target); None where there is nothing to read."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One file as it is to be. `content` None deletes it."""

    path: str
    content: bytes | None
    executable: bool = False


@dataclass(frozen=True, slots=True)
class Patch:
    """Edits to the tree of `base`, each of a path of its own and all allowed by the policy on paths."""

    base: Sha
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A path that may not leave the sandbox as it is, and why, in words for people."""

    path: str
    """Empty where the reason is about the patch as a whole."""
    reason: str


@dataclass(frozen=True, slots=True)
class Collected:
    """All that differs from the base, in three parts: nothing is left out in silence."""

    patch: Patch
    """Declared changes that are allowed."""
    extras: tuple[str, ...]
    """What changed although nobody declared it, such as build products; not in the patch. A directory that is new ends
    in a slash, and stands for all that is in it. After very many, the last one says how many more there are.
    """
    refused: tuple[Refusal, ...]
    """Declared changes that are not allowed. With one of these the whole patch must not be used."""


@dataclass(frozen=True, slots=True)
class DraftedTree:
    """The tree that a patch makes of the tree of `base`; what changed is what was asked for and nothing else."""

    base: Sha
    tree: Sha
    changed: tuple[Entry, ...]
    """In git's order; empty when the patch changes nothing."""
