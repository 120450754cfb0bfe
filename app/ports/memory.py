"""What is remembered between attempts: writes, heads, turns and runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from app.domain.fix.memory import FixMemory
from app.domain.jobs import RowKey
from app.domain.memory import PastReview
from app.domain.model import Completion
from app.domain.money import Caps, NotReserved, Reservation, Spent
from app.domain.pull_request import PullRequestRef, RepositoryName, Sha
from app.domain.receipt_file import Signature, Verify
from app.domain.report import ModelUse
from app.domain.runs import RunLog, RunRecord, RunStart, RunState


class Heads(Protocol):
    """What became of a commit in each pull request that has it as its head: GitHub keeps checks by commit, so one
    pull request's green would stand for all of them.
    """

    async def note(self, ref: PullRequestRef, head: Sha, state: str) -> None:
        """The pull request's state at this head: `pending`, or the conclusion that its own verdict asks for."""
        ...

    async def state(self, ref: PullRequestRef, head: Sha) -> str | None:
        """What was noted last; None when nothing was."""
        ...

    async def others(self, ref: PullRequestRef, head: Sha) -> dict[int, str]:
        """The states of the other pull requests of the repository with this head, by number."""
        ...


@dataclass(frozen=True, slots=True)
class Begun:
    """What the outbox knows of a write: never begun before, done with this id, or begun and left open."""

    id: int | None
    uncertain: bool


class Outbox(Protocol):
    """Remembers, for each pull request, what was written to GitHub, by key."""

    async def begin(self, ref: PullRequestRef, write: str) -> Begun:
        """Marks the write as begun and says what was known of it before."""
        ...

    async def finish(self, ref: PullRequestRef, write: str, id_: int) -> None:
        """The write was applied; GitHub knows it by `id_`."""
        ...

    async def forget(self, ref: PullRequestRef, write: str) -> None:
        """What was written is gone on GitHub, or was surely never applied: the next begin() starts afresh."""
        ...

    async def open(self, ref: PullRequestRef, prefix: str) -> tuple[str, ...]:
        """The keys of all writes that were begun and not finished and that start with `prefix`."""
        ...

    async def finished(self, ref: PullRequestRef, prefix: str) -> dict[str, int]:
        """All finished writes whose key starts with `prefix`."""
        ...


class Pace(Protocol):
    """Turns for writes that notify people, one line for each installation across all processes."""

    async def turn(self, installation_id: int, *, longest_seconds: float) -> float:
        """Seconds to wait before this write may be sent: its turn is taken.

        More than `longest_seconds` says that the line is too long, and that no turn was taken. All callers should give
        the same longest wait. Raises LedgerUnavailable.
        """
        ...


class Runs(Protocol):
    """The record of what ran, kept for people for a while; no decision rests on it.

    Texts are stored without the secrets in them and cut when they are long. A run that is not known (never begun, or
    forgotten since) may be written to; nothing comes of it. Every call raises LedgerUnavailable.
    """

    async def begin(self, start: RunStart) -> None:
        """An attempt begins: makes the record, or goes on with it and counts one more attempt."""
        ...

    async def note(self, run_id: str, text: str) -> None:
        """One more event of the timeline, now."""
        ...

    async def spent(self, run_id: str, uses: tuple[ModelUse, ...]) -> None:
        """Adds to what the run has spent, by model."""
        ...

    async def end(
        self, run_id: str, state: RunState, *, outcome: str = "", error: str = "", next_at: datetime | None = None
    ) -> None:
        """An attempt ended, or a person had a say. To be called only by who holds the row's lease or has changed it:
        the last call wins.
        """
        ...

    async def log(self, run_id: str, lines: Sequence[str]) -> None:
        """More log lines, oldest first."""
        ...

    async def recent(self, limit: int, *, state: RunState | None = None) -> tuple[RunRecord, ...]:
        """The newest runs, newest first; with `state` only those. What cannot be read is left out and logged."""
        ...

    async def read(self, run_id: str) -> RunRecord | None:
        """None when there is no such run, or another version wrote it (which is logged)."""
        ...

    async def logs(self, run_id: str) -> RunLog:
        """What is kept of the run's log."""
        ...

    async def ids(self, prefix: str) -> tuple[str, ...]:
        """The ids of the kept runs that begin with `prefix`, newest first."""
        ...

    async def newest(self, repository: RepositoryName, number: int) -> str | None:
        """The id of the newest run of a pull request, by the name that the repository had then, in any case."""


class Fixes(Protocol):
    """What is remembered of the fixes of a pull request. Who can merely write to Redis makes up nothing of it."""

    async def recall(self, ref: PullRequestRef) -> FixMemory:
        """Nothing, where nothing is kept or what is kept is not ours. Raises LedgerUnavailable."""
        ...

    async def keep(self, ref: PullRequestRef, memory: FixMemory) -> None:
        """In place of what was kept. Raises LedgerUnavailable."""
        ...


class Answers(Protocol):
    """What models answered to a job that is not done yet. Every call raises LedgerUnavailable."""

    async def recall(self, row: RowKey, request: str) -> Completion | None:
        """The answer to the request with this digest, if it is kept."""
        ...

    async def keep(self, row: RowKey, request: str, completion: Completion) -> None:
        """Keeps an answer; one that is very large is not kept."""
        ...

    async def forget(self, row: RowKey) -> None:
        """The job is done: nobody needs them any more."""
        ...


class Purse(Protocol):
    """What may be spent on models, across all processes. Every call raises LedgerUnavailable."""

    async def reserve(self, ref: PullRequestRef, usd: float, caps: Caps) -> Reservation | NotReserved:
        """Puts money aside before a call, if no cap is broken by it; in one step, whoever else reserves."""
        ...

    async def settle(self, ref: PullRequestRef, reservation: Reservation, usd: float | None) -> None:
        """The call is over and cost so much. None: nobody knows, so that what was put aside stays spent."""
        ...

    async def spent(self, ref: PullRequestRef) -> Spent:
        """What was spent so far."""
        ...


class Receipts(Protocol):
    """The receipt of each run, as the bytes of its file. Every call raises LedgerUnavailable."""

    async def recall(self, run_id: str) -> bytes | None:
        """None when there is none, or it is kept no longer."""
        ...

    async def keep(self, run_id: str, receipt: bytes) -> bool:
        """In place of what was kept before. False for one that is too large: then none is kept."""
        ...


class ReceiptSigner(Protocol):
    """The deployment's key for receipts. Every call raises KeyUnavailable."""

    async def sign(self, message: bytes) -> Signature:
        """With the key that is current now."""
        ...

    async def keys(self) -> Mapping[str, Verify]:
        """All keys that ever signed here, by id."""
        ...


class PastReviews(Protocol):
    """What the last review of a pull request came to. Every call raises LedgerUnavailable."""

    async def recall(self, ref: PullRequestRef) -> PastReview | None:
        """None when there was none, or what is kept is not ours or of another version (which is logged)."""
        ...

    async def keep(self, ref: PullRequestRef, past: PastReview) -> None:
        """In place of what was kept before."""
        ...
