"""Jobs as they travel through Redis: ids only, in JSON, safe to run twice; and what each kind may take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from app.domain.pull_request import PullRequestRef


class JobKind(StrEnum):
    REVIEW = "review"
    GATE = "gate"
    FIX = "fix"
    COMMAND = "command"
    QUEUE = "queue"
    """Of a repository's merge queue: the number of its pull request is 0."""
    FOREIGN = "foreign"
    """Checks under our names that others set; of a repository, with the number 0."""


class Queue(StrEnum):
    """Two, so that a long job never delays an answer."""

    INTERACTIVE = "interactive"
    REVIEW = "review"


OUTAGE_ATTEMPTS = 100
"""What the trouble of GitHub, of a model or of the sandboxes may cost: with the longest pause between them, the better
part of a day.
"""


@dataclass(frozen=True, slots=True)
class JobLimits:
    """What one kind of job may take."""

    queue: Queue
    seconds: float
    """The time limit of one attempt."""
    attempts: int
    """How many may fail before the job is given up; what GitHub's own trouble ends is not among them."""
    newer_ends_it: bool = True
    """Whether what is wanted anew ends the attempt under way. False where each thing asked for is done by itself."""


LIMITS: Mapping[JobKind, JobLimits] = MappingProxyType(
    {
        JobKind.REVIEW: JobLimits(Queue.REVIEW, seconds=25 * 60, attempts=5),
        JobKind.FIX: JobLimits(Queue.REVIEW, seconds=60 * 60, attempts=3, newer_ends_it=False),
        JobKind.GATE: JobLimits(Queue.INTERACTIVE, seconds=2 * 60, attempts=8),
        JobKind.COMMAND: JobLimits(Queue.INTERACTIVE, seconds=2 * 60, attempts=5, newer_ends_it=False),
        JobKind.QUEUE: JobLimits(Queue.INTERACTIVE, seconds=5 * 60, attempts=5, newer_ends_it=False),
        JobKind.FOREIGN: JobLimits(Queue.INTERACTIVE, seconds=60, attempts=8, newer_ends_it=False),
    }
)


@dataclass(frozen=True, slots=True)
class RowKey:
    """Names one ledger row: one kind of job for one pull request."""

    kind: JobKind
    ref: PullRequestRef

    def __str__(self) -> str:
        return f"{self.kind}:{self.ref}"

    @staticmethod
    def parse(text: str) -> RowKey:
        """The reverse of `str()`; ValueError on anything else."""
        kind, _, ref = text.partition(":")
        return RowKey(JobKind(kind), PullRequestRef.parse(ref))
