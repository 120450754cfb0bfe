"""What use cases need from the outside world, in the words of the domain."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from app.domain.events import Delivery, Event
from app.domain.jobs import Queue, RowKey
from app.domain.messages.check import CheckOutput, Conclusion
from app.domain.messages.comments import InlineComment
from app.domain.missed import HookDelivery, KnownRepository, OpenPullRequest
from app.domain.model import Completion, ModelRequest
from app.domain.objects import Blob, Change
from app.domain.policy import Policy
from app.domain.pull_request import PullRequest, PullRequestRef, RepositoryName, Sha
from app.domain.report import ModelUse
from app.domain.row import Pulse, Row, Wanted
from app.domain.runs import RunLog, RunRecord, RunStart, RunState

Clock = Callable[[], datetime]
"""The time now, in UTC."""

PolicyParser = Callable[[bytes, str], Policy]
"""Bytes and path of a policy file -> Policy; raises PolicyInvalid with every mistake in it."""

ParseEvent = Callable[[str, bytes], Event]
"""Name and body of a webhook -> Event; raises EventMalformed."""


class Model(Protocol):
    """A language model behind any OpenAI-compatible endpoint."""

    async def complete(self, request: ModelRequest) -> Completion:
        """Answer one request.

        Raises ModelUnavailable (try later) or ModelRejected (a setting must change).
        """
        ...


class Repository(Protocol):
    """A git object database at hand. Nothing here touches a work tree."""

    async def merge_base(self, a: Sha, b: Sha) -> Sha | None:
        """The best common ancestor, or None for unrelated histories."""
        ...

    async def changes(self, old: Sha, new: Sha) -> tuple[Change, ...]:
        """Every changed entry between two commits, in git's order, each with its diff or the reason for none."""
        ...

    async def blobs(self, commit: Sha, paths: tuple[str, ...], *, max_bytes: int) -> dict[str, Blob]:
        """The files among `paths` that exist at `commit`; what is a directory or a submodule is left out."""
        ...


class Mirrors(Protocol):
    """Local mirrors of repositories on GitHub."""

    async def fetch(self, ref: PullRequestRef, repository: RepositoryName, *, head: Sha, base: Sha) -> Repository:
        """A database that holds both commits with their history. Raises GitFailed."""
        ...

    async def pull_request_head(self, ref: PullRequestRef, repository: RepositoryName) -> Sha | None:
        """Where `refs/pull/N/head` points now, asked over git; None when it is gone."""
        ...


class PullRequests(Protocol):
    """Reading pull requests."""

    async def read(self, ref: PullRequestRef, hint: RepositoryName) -> PullRequest:
        """The pull request as it is now. `hint` is the name last heard; a rename does no harm."""
        ...


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is written: the pull request, and its repository's present name."""

    ref: PullRequestRef
    repository: RepositoryName


class Checks(Protocol):
    """Check runs of our App. Writes raise WriteUncertain when it is unknown whether they were applied."""

    async def create(self, place: Place, *, head: Sha, name: str, external_id: str, output: CheckOutput | None) -> int:
        """A new check run in state `queued`; returns its id."""
        ...

    async def start(self, place: Place, check_run: int, output: CheckOutput) -> None:
        """State `in_progress`."""
        ...

    async def conclude(self, place: Place, check_run: int, conclusion: Conclusion, output: CheckOutput) -> None:
        """State `completed` with annotations, however many."""
        ...

    async def find(self, place: Place, *, head: Sha, name: str, external_id: str) -> int | None:
        """Our check run on this head with this external id, after an uncertain create."""
        ...


class Conversation(Protocol):
    """Reviews and comments on a pull request. Writes raise WriteUncertain like those of Checks."""

    async def review(self, place: Place, *, head: Sha, body: str, comments: tuple[InlineComment, ...]) -> int:
        """Post one review with event COMMENT; returns its id."""
        ...

    async def comment(self, place: Place, body: str) -> int:
        """Post one comment on the pull request; returns its id."""
        ...

    async def edit(self, place: Place, comment: int, body: str) -> bool:
        """Replace a comment's text; False when the comment is gone."""
        ...

    async def find_review(self, place: Place, marker: str) -> int | None:
        """Our own review that carries the marker, after an uncertain write."""
        ...

    async def find_comment(self, place: Place, marker: str) -> int | None:
        """Our own comment that carries the marker, after an uncertain write."""
        ...

    async def reply(self, place: Place, *, comment_id: int, body: str) -> int:
        """Answer the first comment of a thread on a line; returns the answer's id."""
        ...

    async def find_reply(self, place: Place, marker: str) -> int | None:
        """Our own answer in any thread that carries the marker, after an uncertain write."""
        ...


class Intake(Protocol):
    """The one call that makes an accepted delivery durable."""

    async def accept(self, delivery: Delivery, row: RowKey, wanted: Wanted) -> bool:
        """In one step: remember the delivery, raise the row's generation, put it in line, ring the bell.

        False when the delivery was seen before (by id or body). Raises LedgerUnavailable.
        """
        ...


class Ledger(Protocol):
    """The truth about jobs. Every call raises LedgerUnavailable when Redis can not answer.

    What an owner asks of a row that it has lost does nothing.
    """

    async def next(self, queue: Queue, owner: str, *, run: str) -> Row | None:
        """The row whose turn it is, now leased to `owner`; None when none may run. `run`: an id for a new run."""
        ...

    async def take(self, row: RowKey, owner: str) -> Row | None:
        """This row, leased to `owner` out of turn; None when nothing is wanted of it or another owner is at work.

        It does not count as an attempt: give it back with hand_back(counted=False).
        """
        ...

    async def beat(self, row: RowKey, owner: str) -> Pulse | None:
        """Extends the lease and says what is wanted now; None when `owner` has lost the row."""
        ...

    async def done(self, row: RowKey, owner: str, generation: int, *, reviewed: Sha | None = None) -> None:
        """Generation finished; if a newer one is wanted, the row is in line for it. `reviewed`: at which head."""
        ...

    async def bury(self, row: RowKey, owner: str, generation: int, *, error: str) -> None:
        """Generation given up: the row is dead until a person or a new generation brings it back."""
        ...

    async def retry_later(self, row: RowKey, owner: str, *, seconds: float, error: str) -> None:
        """Gives the row back; it is due again after `seconds`."""
        ...

    async def hand_back(self, row: RowKey, owner: str, *, counted: bool) -> None:
        """Gives the row back, due at once. `counted`: it was an attempt and shall not be one."""
        ...

    async def hold(self, installation_id: int, *, until: datetime) -> None:
        """No row of the installation is handed out before `until`: GitHub asked for a pause."""
        ...

    async def read(self, row: RowKey) -> Row | None:
        """The row as it stands, without taking it."""
        ...


class Orders(Protocol):
    """What people ask of a row. False: there was nothing to do. Raises LedgerUnavailable."""

    async def stop(self, row: RowKey) -> bool:
        """Ends what runs or waits; the next push starts anew."""
        ...

    async def pause(self, row: RowKey) -> bool:
        """Nothing runs for this pull request until `resume`."""
        ...

    async def resume(self, row: RowKey) -> bool:
        """Ends a pause; the pull request is looked at."""
        ...

    async def retry(self, row: RowKey) -> bool:
        """Runs a dead or finished row again, and one that waits for a later attempt now."""
        ...


class Bells(Protocol):
    """What wakes workers. A bell carries no work: who hears it asks for the next row."""

    async def due(self) -> frozenset[Queue]:
        """Puts rows in line whose time has come or whose worker died; the queues in which any row waits."""
        ...

    async def ring(self, queue: Queue, times: int) -> None:
        """Wakes so many workers of the queue."""
        ...


class Heads(Protocol):
    """What became of a commit in each pull request that has it as its head: GitHub keeps checks by commit, so one
    pull request's green would stand for all of them.
    """

    async def note(self, ref: PullRequestRef, head: Sha, state: str) -> None:
        """The pull request's state at this head: `pending`, or the conclusion that its own verdict asks for."""
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


class HookDeliveries(Protocol):
    """GitHub's log of the App's webhook deliveries; GitHub keeps it for three days."""

    def list(self, since: datetime) -> AsyncIterator[HookDelivery]:
        """Attempts made at `since` or later, newest first, as many as the adapter's limit allows.

        Raises GitHubRefused with status 404 where there is no such log.
        """
        ...

    async def payload(self, id_: int) -> bytes | None:
        """What the attempt carried, as canonical JSON; None when GitHub does not have it any more."""
        ...


class Marks(Protocol):
    """How far the log of deliveries was read. Every call raises LedgerUnavailable when Redis can not answer."""

    async def scanned_until(self) -> datetime | None:
        """Everything before this time was read; None when nothing is known."""
        ...

    async def scanned(self, until: datetime) -> None:
        """Remembers that everything before `until` was read."""
        ...

    async def claim(self, turn: timedelta) -> bool:
        """True for one caller only until `turn` has passed."""
        ...


class KnownRepositories(Protocol):
    """The repositories of which a delivery was ever accepted, and when each is to be compared with GitHub next.

    Every call raises LedgerUnavailable when Redis can not answer.
    """

    async def claim(self, most: int) -> tuple[KnownRepository, ...]:
        """At most `most` repositories that are due. Each is handed out once: its next turn is set in the same step."""
        ...

    async def put_off(self, repository: KnownRepository, until: datetime) -> None:
        """Sets the next turn, unless the repository was forgotten meanwhile."""
        ...

    async def forget(self, repository: KnownRepository) -> None:
        """The repository is not ours any more; the next accepted delivery brings it back."""
        ...


class OpenPullRequests(Protocol):
    """Which pull requests of a repository are open."""

    def list(self, repository: KnownRepository) -> AsyncIterator[OpenPullRequest]:
        """Most recently updated first, as many as the adapter's limit allows."""


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
class Pace(Protocol):
    """Turns for writes that notify people, one line for each installation across all processes."""

    async def turn(self, installation_id: int, *, longest_seconds: float) -> float:
        """Seconds to wait before this write may be sent: its turn is taken.

        More than `longest_seconds` says that the line is too long, and that no turn was taken. All callers should give
        the same longest wait. Raises LedgerUnavailable.
        """
        ...


class Labels(Protocol):
    """Labels of a pull request; GitHub does not tell `Bug` from `bug`. Writes raise WriteUncertain."""

    async def find(self, place: Place, name: str) -> int | None:
        """The id of the label if the pull request bears it."""
        ...

    async def add(self, place: Place, name: str) -> int:
        """Put the label on; GitHub makes it in the repository if there is none. Returns its id."""
        ...

    async def remove(self, place: Place, name: str) -> bool:
        """Take the label off; False when it was not on."""
        ...


@dataclass(frozen=True, slots=True)
class Reviewers:
    """People by login and teams by slug, in small letters."""

    users: frozenset[str] = frozenset()
    teams: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Reviewing:
    """How the reviews of a pull request stand: who wrote it, who is asked, and who has reviewed it already."""

    author: str | None
    asked: Reviewers
    reviewed: frozenset[str]


class ReviewRequests(Protocol):
    """Asking people and teams for a review. Writes raise WriteUncertain."""

    async def standing(self, place: Place) -> Reviewing:
        """Who is asked and who has reviewed, now."""
        ...

    async def ask(self, place: Place, reviewers: Reviewers) -> None:
        """Ask them; GitHub refuses all (422) if one is the author or has no access."""
        ...
