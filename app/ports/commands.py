"""What commands need from GitHub: comments as they stand now, signs that they were seen, and our own name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from app.domain.commands.remembering import Proposal
from app.domain.commits import Person
from app.ports.github import Place

FirstParagraph = Callable[[str], str | None]
"""Markdown -> the source of the plain top-level paragraph that it begins with; None when it begins otherwise."""


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment on a pull request, as GitHub shows it now. `body` is somebody's words."""

    id: int
    number: int
    """Of its pull request."""
    author_id: int | None
    """None when the account is gone."""
    author: str
    person: bool
    """Whether GitHub calls the author a user."""
    by_app: bool
    created_at: datetime
    edited: bool
    body: str


class Reaction(StrEnum):
    """In GitHub's words."""

    SEEN = "eyes"
    DONE = "rocket"
    REFUSED = "confused"


class Comments(Protocol):
    """Comments by number. `line`: it is one on a line, which GitHub numbers apart."""

    async def read(self, place: Place, comment: int, *, line: bool) -> Comment | None:
        """None when it is gone."""
        ...

    async def react(self, place: Place, comment: int, reaction: Reaction, *, line: bool) -> bool:
        """A sign of ours on it, however often it is given; False when GitHub takes none."""
        ...


class OwnName(Protocol):
    """Who we are."""

    async def slug(self) -> str:
        """The name by which people address us."""
        ...

    async def person(self, place: Place) -> Person:
        """As whom we commit: GitHub shows our account beside such commits."""
        ...


class Proposals(Protocol):
    """Pull requests of our own. Writes raise WriteUncertain, and GitHubRefused where the App may not write contents."""

    async def propose(self, place: Place, proposal: Proposal) -> int:
        """Makes the branch with one commit, and the pull request; returns its number. A branch that an earlier attempt
        made is used as it is.
        """
        ...

    async def find(self, place: Place, branch: str) -> int | None:
        """The number of the pull request from that branch of the repository itself."""
        ...
