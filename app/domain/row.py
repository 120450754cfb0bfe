"""A ledger row as a value: what is wanted for a pull request, and how far its job has come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.domain.jobs import RowKey
from app.domain.pull_request import RepositoryName, Sha


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the newest delivery told of the pull request: hints for the worker, which asks GitHub itself."""

    repository: RepositoryName
    head: Sha | None
    """None where the delivery did not tell."""
    trigger: str
    draft: bool


@dataclass(frozen=True, slots=True)
class Note:
    """What one delivery asks of a job beyond the row itself; kept until the job has done it. `text` is ours."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class KeptNote:
    """A note as it was taken in: at `taken_at`, when `head` was the newest head that we had heard of."""

    note: Note
    head: Sha | None
    taken_at: datetime
    head_at: datetime | None = None
    """When we first heard of that head, which is never before it was pushed; None where we were never told."""


class Wish(StrEnum):
    """Why a person wants a pull request looked at again; stands among the triggers of its row."""

    AGAIN = "asked"
    IN_FULL = "asked-in-full"
    SETTLED = "settled"
    FIX = "fix-asked"
    """A finding was dismissed, or opened again."""


class Order(StrEnum):
    """What a person may ask of a row."""

    STOP = "stop"
    PAUSE = "pause"
    RESUME = "resume"
    RETRY = "retry"


@dataclass(frozen=True, slots=True)
class Pulse:
    """What a heartbeat brings back: what is wanted of the row at this moment."""

    generation: int
    stop_through: int
    """Every generation up to this one is to be stopped."""
    paused: bool


@dataclass(frozen=True, slots=True)
class Row:
    """`generation` is the newest one wanted; `triggers` are all since the last finished one."""

    key: RowKey
    generation: int
    done: int
    wanted: Wanted
    triggers: frozenset[str]
    attempts: int
    """Of this generation, with this one."""
    error: str
    run: str
    """The id under which people find this generation's job; the same in every attempt."""
    run_before: str = ""
    """The run of an earlier generation; it may have ended without a word."""
    deaths: int = 0
    """How many attempts ended with their worker, without a word."""
    outages: int = 0
    """How many of the attempts GitHub's own trouble ended."""
    stop_through: int = 0
    """Every generation up to this one is to be stopped."""
    paused: bool = False
    dead: bool = False
    """Given up; only a person or a new generation brings it back."""
    reviewed: Sha | None = None
    """The head that was reviewed last."""

    @property
    def pulse(self) -> Pulse:
        """What was wanted when the row was read."""
        return Pulse(self.generation, self.stop_through, self.paused)
