"""A ledger row as a value: what is wanted for a pull request, and how far its job has come."""

from __future__ import annotations

from dataclasses import dataclass

from app.domain.jobs import RowKey
from app.domain.pull_request import RepositoryName, Sha


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the newest delivery told of the pull request: hints for the worker, which asks GitHub itself."""

    repository: RepositoryName
    head: Sha
    trigger: str
    draft: bool


@dataclass(frozen=True, slots=True)
class Row:
    """`generation` is the newest one wanted; `triggers` are all since the last finished one."""

    key: RowKey
    generation: int
    done: int
    wanted: Wanted
    triggers: frozenset[str]
    attempts: int
    error: str
