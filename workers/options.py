"""How much a worker process runs at a time, and how soon it does things."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from app.domain.jobs import LIMITS, JobKind, JobLimits, Queue
from app.settings import Settings
from workers.back_off import BackOff
from workers.leases import BEAT_SECONDS
from workers.recovery import RECOVER_SECONDS
from workers.schedule import RING_SECONDS

_ANSWERS_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    slots: Mapping[Queue, int] = field(default_factory=lambda: {Queue.INTERACTIVE: _ANSWERS_AT_ONCE, Queue.REVIEW: 4})
    limits: Mapping[JobKind, JobLimits] = field(default_factory=lambda: LIMITS)
    poll_seconds: float = 0.1
    beat_seconds: float = BEAT_SECONDS
    ring_seconds: float = RING_SECONDS
    recover_seconds: float = RECOVER_SECONDS
    restart_seconds: float = 1.0
    """Before a loop that lost its Redis begins anew; doubled while that does not help."""
    back_off: BackOff = field(default_factory=BackOff)


def worker_options(settings: Settings) -> WorkerOptions:
    jobs = settings.jobs
    review = replace(LIMITS[JobKind.REVIEW], seconds=jobs.review_minutes * 60)
    return WorkerOptions(
        slots={Queue.INTERACTIVE: _ANSWERS_AT_ONCE, Queue.REVIEW: jobs.reviews_at_once},
        limits={**LIMITS, JobKind.REVIEW: review},
    )
