"""The pull request and the names of things on GitHub that a job carries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NewType

Sha = NewType("Sha", str)
"""A full git object id: 40 lower-case hexadecimal digits."""


@dataclass(frozen=True, slots=True, order=True)
class PullRequestRef:
    """Which pull request, by numbers that survive renames. The installation is part of the identity,
    so that nothing kept under this key can ever be read through another installation.
    """

    installation_id: int
    repository_id: int
    number: int

    def __str__(self) -> str:
        return f"{self.installation_id}:{self.repository_id}:{self.number}"

    @staticmethod
    def parse(text: str) -> PullRequestRef:
        """The reverse of `str()`; ValueError on anything else."""
        installation, repository, number = text.split(":")
        return PullRequestRef(int(installation), int(repository), int(number))


@dataclass(frozen=True, slots=True)
class RepositoryName:
    """`owner/name`, as GitHub writes it now; it may change, so it is never a key."""

    owner: str
    name: str

    def __str__(self) -> str:
        return f"{self.owner}/{self.name}"

    @staticmethod
    def parse(full_name: str) -> RepositoryName:
        owner, slash, name = full_name.partition("/")
        if not slash or not owner or not name or "/" in name:
            raise ValueError(f"not owner/name: {full_name!r}")
        return RepositoryName(owner, name)


@dataclass(frozen=True, slots=True)
class PullRequest:
    """What GitHub says of a pull request at one moment. Title, body and branch names are the author's words."""

    ref: PullRequestRef
    repository: RepositoryName
    title: str
    body: str
    author_id: int | None
    open: bool
    draft: bool
    head_sha: Sha
    head_ref: str
    head_repository_id: int | None
    base_sha: Sha
    base_ref: str
    default_branch: str
    """Of the base repository."""
    author: str | None = None
    """The author's login as it is now."""
    review_comments: int = 0
    """Comments on lines, everybody's."""

    @property
    def ready(self) -> bool:
        """Open, and no draft: its required checks are waited for."""
        return self.open and not self.draft
