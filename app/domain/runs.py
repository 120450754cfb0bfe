"""A run: one job for one generation of a ledger row, across all its attempts, as it is told to people afterwards."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from app.domain.jobs import RowKey
from app.domain.model import Usage
from app.domain.pull_request import RepositoryName, Sha
from app.domain.report import ModelUse
from app.domain.static_checks import redact_secrets
from app.domain.visible import visible


class RunState(StrEnum):
    RUNNING = "running"
    WAITING = "waiting"
    """Will be tried again, at `next_at`."""
    PAUSED = "paused"
    """A person asked to wait; it goes on when a person says so."""
    DONE = "done"
    FAILED = "failed"
    """Given up for good: nothing is tried again until a person asks for it."""
    STOPPED = "stopped"
    """A person stopped it."""
    SUPERSEDED = "superseded"
    """A newer head or another base made it pointless; a run of its own looks at that."""

    @property
    def over(self) -> bool:
        """Nothing follows by itself."""
        return self not in {RunState.RUNNING, RunState.WAITING, RunState.PAUSED}


@dataclass(frozen=True, slots=True)
class RunStart:
    """What is known of a run before its first attempt. `id` is 16 hexadecimal digits."""

    id: str
    key: RowKey
    repository: RepositoryName
    head: Sha | None
    """None where what began it told of no commit."""
    triggers: frozenset[str]
    generation: int


@dataclass(frozen=True, slots=True)
class RunEvent:
    """Something that happened, in our words; `at` is UTC."""

    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class RunLog:
    """The newest log lines of a run, oldest first; `missing` older ones were not kept."""

    lines: tuple[str, ...]
    missing: int
    transcript: bool = False
    """Whether there is a transcript beside it."""


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A run as it stands. All times are UTC; `started_at` is the start of the first attempt."""

    start: RunStart
    state: RunState
    attempts: int
    started_at: datetime
    ended_at: datetime | None
    """None while it is not over."""
    next_at: datetime | None
    """When it will be tried again, while it is waiting."""
    outcome: str
    """What it came to, in our words; empty until then."""
    error: str
    """Why the last attempt ended without an outcome; may quote others, so it is untrusted text."""
    models: tuple[ModelUse, ...]
    """What all attempts spent, by model."""
    timeline: tuple[RunEvent, ...]
    """The newest events, oldest first."""
    timeline_missing: int
    """How many older events were not kept."""

    def took(self, now: datetime) -> timedelta:
        """From the start of the first attempt to the end, or to `now` while it is not over."""
        return max((self.ended_at or now) - self.started_at, timedelta())

    @property
    def tokens(self) -> int | None:
        """All tokens, in and out, of all attempts; None when any answer came without a report."""
        if not all(use.usage.known for use in self.models):
            return None
        return sum(use.usage.input_tokens + use.usage.output_tokens for use in self.models)

    @property
    def usd(self) -> float | None:
        """The cost of all attempts; None when any part of it is unknown."""
        costs = [use.usd for use in self.models if use.usd is not None]
        return sum(costs) if len(costs) == len(self.models) else None


def added(uses: Iterable[ModelUse]) -> tuple[ModelUse, ...]:
    """The same uses with one sum for each model, by name. An unknown part makes the sum unknown."""
    sums: dict[str, ModelUse] = {}
    for use in uses:
        known = sums.get(use.model, ModelUse(use.model, 0, Usage.none(), 0.0))
        usd = None if known.usd is None or use.usd is None else known.usd + use.usd
        sums[use.model] = ModelUse(use.model, known.calls + use.calls, known.usage + use.usage, usd)
    return tuple(sums[model] for model in sorted(sums))


def ending(state: RunState, outcome: str, error: str, next_at: datetime | None) -> str:
    """The line of the timeline that tells how an attempt ended."""
    told = f"{state}: {outcome or error}" if outcome or error else str(state)
    return f"{told}; next attempt at {utc(next_at)}" if next_at is not None else told


def utc(at: datetime) -> str:
    """As in `2026-11-21 12:56:04 UTC`; `at` is UTC."""
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def kept(text: str, limit: int) -> str:
    """Text fit to be stored: without secrets and hidden characters, and with at most `limit` characters.

    Secrets go first, because a secret that is cut in half is not recognised any more.
    """
    clean = visible(redact_secrets(text))
    return clean if len(clean) <= limit else clean[: limit - 1] + "…"
