"""Jobs as they travel through Redis: ids only, in JSON, safe to run twice."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from app.domain.pull_request import PullRequestRef


class JobKind(StrEnum):
    REVIEW = "review"


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


@dataclass(frozen=True, slots=True)
class Bell:
    """Wakes a worker: look at this row. It carries no facts, so a lost or repeated bell does no harm."""

    function: str
    row: RowKey
