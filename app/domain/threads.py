"""Conversations on lines of a pull request, as GitHub tells them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Permission(StrEnum):
    """What a person may do in a repository, least first."""

    NONE = "none"
    READ = "read"
    TRIAGE = "triage"
    WRITE = "write"
    MAINTAIN = "maintain"
    ADMIN = "admin"

    def at_least(self, other: Permission) -> bool:
        ranks = tuple(Permission)
        return ranks.index(self) >= ranks.index(other)


@dataclass(frozen=True, slots=True)
class ReviewThread:
    """One thread. `body` is its first comment, somebody's words; `line` is None when GitHub calls it outdated."""

    id: str
    comment_id: int
    path: str
    start_line: int | None
    line: int | None
    resolved: bool
    resolved_by: str | None
    """The login of who resolved it; None when it is open or the account is gone."""
    author: str | None
    ours: bool
    """Whether our own App wrote the first comment."""
    body: str
