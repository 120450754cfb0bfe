"""What worker and runner say to each other of what outlives a sandbox; the rest is in `messages`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OpenWith:
    """As `Open`, with things that outlive a sandbox; what is not wanted is empty. Answered by `Made`."""

    owner: str
    """A digest of whose workspace it is."""
    state: str
    """A digest of what the workspace is filled with."""
    environment: str
    """Key of one that was prepared."""


@dataclass(frozen=True, slots=True)
class Made:
    """There is a workspace."""

    resumed: bool
    """Whether it is a kept one: then nothing is put, and there is no `Filled`."""
    git: bool
    """Whether a kept one has a repository."""
    things: tuple[str, ...]
    """Paths of what the environment has."""


@dataclass(frozen=True, slots=True)
class Bind:
    """Give these things of the environment their places. Answered by `Done`."""

    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Keep:
    """The sandbox ended well: keep its workspace, if it is within these limits. Answered by `Done`; it is over then."""

    max_bytes: int
    max_files: int


@dataclass(frozen=True, slots=True)
class Forget:
    """Instead of `Open`: remove what is kept of an owner. Answered by `Done`."""

    owner: str


@dataclass(frozen=True, slots=True)
class Prepare:
    """Instead of `Open`: an environment is wanted. Answered by `Preparing`, once nobody else is preparing it."""

    key: str


@dataclass(frozen=True, slots=True)
class Preparing:
    """Whether the environment is there. If not, there is a workspace in which this connection is to make it: files of
    the base commit are put, commands run, and `Save` said.
    """

    there: bool


@dataclass(frozen=True, slots=True)
class AskReach:
    """Setup failed: what did it ask of the network in vain? Answered by `Reach`."""


@dataclass(frozen=True, slots=True)
class Reach:
    """What setup could reach."""

    network: bool
    """Whether the operator allows it any host."""
    refused: tuple[str, ...]
    """What it asked for in vain, in words."""


@dataclass(frozen=True, slots=True)
class Save:
    """Setup succeeded: keep what it made. Answered by `Done`; the sandbox is over then."""
