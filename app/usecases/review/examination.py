"""What a review works with and what comes of it: the values that go into the engine and out of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime

from app.domain.memory import PastReview
from app.domain.progress import Progress
from app.domain.receipt_basis import Basis
from app.domain.report import Report
from app.domain.snapshot import Snapshot
from app.ports import Model, Repository, Sandboxes
from app.usecases.review.around import Around

Tell = Callable[[Progress], Awaitable[None]]
"""Hears how far it is; never fails."""


async def nobody(_: Progress) -> None:
    """Nobody wants to know."""


@dataclass(frozen=True, slots=True)
class Matter:
    """One change to examine, and all that is known of it. `model` is the run's own: it remembers, counts and pays.

    `sandboxes` is None where nothing may be executed.
    """

    snapshot: Snapshot
    repository: Repository
    model: Model | None = None
    sandboxes: Sandboxes | None = None
    around: Around = field(default_factory=Around)
    cache_key: str = ""
    tell: Tell = nobody
    again: bool = True
    """Whether it is looked at again by itself, where that may help; nobody does that for a local range."""


@dataclass(frozen=True, slots=True)
class Examined:
    """The report, and what the next review is to remember. `retry_at`: when looking again may help by itself. `basis`
    is what it rests on, for the receipt.
    """

    report: Report
    past: PastReview
    retry_at: datetime | None = None
    basis: Basis = field(default_factory=Basis)
