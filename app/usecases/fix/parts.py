"""What a fix works with, and the one fix that is under way."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from app.domain.branches import HeadBranch
from app.domain.errors import RevwrightError
from app.domain.findings import Finding
from app.domain.fix.answer import FixTexts
from app.domain.fix.memory import digest_of
from app.domain.fix.order import FixOrder
from app.domain.messages.fix import Speaker
from app.domain.money import Caps
from app.domain.policy import Policy
from app.domain.pull_request import PullRequest
from app.domain.row import Row
from app.ports import (
    Answers,
    Clock,
    Comments,
    Conversation,
    FailingChecks,
    FirstParagraph,
    Fixes,
    HeadBranches,
    KeepingSandboxes,
    Mirrors,
    Notes,
    Outbox,
    OwnName,
    PastReviews,
    Permissions,
    Place,
    PullRequests,
    Purse,
    Repairs,
    Repository,
    SignedCommits,
    Stacking,
    Transcripts,
)
from app.usecases.fix.scribe import Scribe
from app.usecases.fix.telling import FixTelling
from app.usecases.job import Guard, Progress
from app.usecases.policies import Ceilings
from app.usecases.review.engine import Engine


class NotFixed(RevwrightError):
    """Nothing is pushed, and why. `details`, like the reason, are inert words for people."""

    def __init__(self, reason: str, details: str = "") -> None:
        super().__init__(reason)
        self.reason, self.details = reason, details


@dataclass(frozen=True, slots=True)
class FixParts:
    pull_requests: PullRequests
    head_branches: HeadBranches
    permissions: Permissions
    comments: Comments
    conversation: Conversation
    own_name: OwnName
    first_paragraph: FirstParagraph
    mirrors: Mirrors
    repairs: Repairs
    stacking: Stacking
    signed: SignedCommits
    ci: FailingChecks
    notes: Notes
    outbox: Outbox
    past: PastReviews
    fixes: Fixes
    purse: Purse
    answers: Answers
    transcripts: Transcripts
    ceilings: Ceilings
    engine: Engine
    """Its models do the work."""
    sandboxes: KeepingSandboxes | None
    """None where nothing may be executed."""
    tool_chain: str
    """Names what commands run with: another one makes other environments."""
    texts: FixTexts
    deployment_caps: Caps
    github_commits: bool
    """Whether GitHub makes the commits, and so signs them; else git pushes them."""
    now: Clock
    marker_key: bytes
    github_url: str
    turns: asyncio.Semaphore | None = field(default_factory=lambda: asyncio.Semaphore(1))
    """Whoever has one may have two sandboxes open; None where there are not so many. Without turns, each of two fixes
    would have one and wait for the other's.
    """

    def scribe(self, row: Row) -> Scribe:
        """Of the run that the row is at."""
        return Scribe(self.transcripts, row.run, self.now)


@dataclass(frozen=True, slots=True)
class Work:
    """One fix under way: everything that was settled before a model is asked."""

    parts: FixParts
    order: FixOrder
    row: Row
    pull: PullRequest
    branch: HeadBranch
    repository: Repository
    policy: Policy
    findings: tuple[Finding, ...]
    words: str
    """What a person asked for in words; data for the model."""
    ci: str
    """What failing checks say, or nothing; data for the model."""
    failing: tuple[str, ...]
    """Names of the checks of others that are to be fixed, as others wrote them."""
    speaker: Speaker
    telling: FixTelling
    guard: Guard
    progress: Progress

    @property
    def place(self) -> Place:
        return Place(self.pull.ref, self.pull.repository)

    @property
    def wanted(self) -> str:
        """The digest of what is wanted."""
        return digest_of(self.order.findings, self.words)

    @property
    def ids(self) -> tuple[str, ...]:
        """Of the findings that are to be fixed."""
        return tuple(finding.id for finding in self.findings)

    @property
    def scribe(self) -> Scribe:
        return self.parts.scribe(self.row)

    async def report(self, text: str) -> None:
        """The last word of the comment; where GitHub refuses that, the record of the run tells. Raises GitHubError."""
        if untold := await self.telling.end(text, self.scribe):
            await self.progress.note(untold)
