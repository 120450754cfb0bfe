"""How many jobs run at once, how long they may take, and how long what they leave behind is kept."""

from __future__ import annotations

from dataclasses import dataclass

from app.settings.environment import Environment
from app.settings.values import number, whole


@dataclass(frozen=True, slots=True)
class JobSettings:
    debounce_seconds: float
    """So long a push waits for another one."""
    reviews_at_once: int
    """In one worker process."""
    review_minutes: float
    """The time limit of one attempt at a review."""
    per_repository: int
    """At most so many jobs of one repository run at once, over all workers."""
    per_installation: int
    keep_deliveries_hours: float
    keep_runs_days: float
    keep_rows_days: float
    transcripts_mb: int
    """Of all transcripts of fixes together, as they are kept."""


def read_jobs(env: Environment) -> JobSettings:
    """What is wrong becomes a problem of `env`; its value is then of no use."""

    def decimal(name: str, low: float, high: float) -> float:
        return env.read(name, number(low, high)) or 0.0

    def count(name: str, high: int, *, low: int = 1) -> int:
        return env.read(name, whole(low, high)) or low

    return JobSettings(
        debounce_seconds=decimal("REVWRIGHT_DEBOUNCE_SECONDS", 0, 300),
        reviews_at_once=count("REVWRIGHT_REVIEWS_AT_ONCE", 200),
        review_minutes=decimal("REVWRIGHT_REVIEW_MINUTES", 1, 240),
        per_repository=count("REVWRIGHT_RUNNING_PER_REPOSITORY", 10_000),
        per_installation=count("REVWRIGHT_RUNNING_PER_INSTALLATION", 10_000),
        keep_deliveries_hours=decimal("REVWRIGHT_KEEP_DELIVERIES_HOURS", 1, 720),
        keep_runs_days=decimal("REVWRIGHT_KEEP_RUNS_DAYS", 1, 3650),
        keep_rows_days=decimal("REVWRIGHT_KEEP_ROWS_DAYS", 1, 3650),
        transcripts_mb=count("REVWRIGHT_TRANSCRIPTS_MB", 100_000, low=16),
    )
