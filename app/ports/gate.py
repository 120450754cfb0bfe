"""What the gate asks of GitHub: reviews, who had a hand in the commits, and what people may do, all of it live."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from app.domain.gate.reviews import Person, Review
from app.domain.threads import Permission
from app.ports.github import Place


class Reviews(Protocol):
    """Reviews of a pull request, for what they weigh."""

    async def all(self, place: Place) -> tuple[Review, ...]:
        """Everybody's, oldest first. Raises GitHubUnavailable when there are more than can be read."""
        ...


@dataclass(frozen=True, slots=True)
class History:
    """Who made a pull request what it is. People are told by id."""

    committers: frozenset[int]
    """Authors, committers and co-authors of its commits, as far as GitHub knows an account of theirs."""
    requesters: frozenset[int]
    """Whom a commit of the bot names as the one who asked for it."""
    complete: bool
    """Whether all commits and all their authors were read."""
    retargeted_at: datetime | None
    """When its base branch was last exchanged for another one."""


class Histories(Protocol):
    async def of(self, place: Place) -> History: ...


@dataclass(frozen=True, slots=True)
class Collaborator:
    person: Person
    permission: Permission


class RequiredChecks(Protocol):
    """What a branch asks of a merge."""

    async def sources(self, place: Place, branch: str) -> Mapping[str, frozenset[int | None]]:
        """For each check that the branch requires, the ids of the Apps of which it is; None stands for any source."""
        ...


class People(Protocol):
    """Accounts, teams, and what they may do in a repository."""

    async def collaborator(self, place: Place, login: str) -> Collaborator | None:
        """Who has the login now, and what they may do; None when nobody has it."""
        ...

    async def writers(self, place: Place, *, most: int) -> tuple[Collaborator, ...]:
        """At most so many people who may write."""
        ...

    async def team(self, place: Place, name: str) -> tuple[Person, ...] | None:
        """The members of `organisation/slug`; None when the team is not there or may not be read."""
        ...

    async def open_requests(self, place: Place) -> Mapping[str, int]:
        """How many open pull requests of the repository wait for a review of each person (by login) and team (by
        `organisation/slug`), in small letters.
        """
        ...
