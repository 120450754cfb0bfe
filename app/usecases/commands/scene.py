"""One wish under way: who asked what, where, and what the job of commands works with."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from app.domain.asking import AskTexts
from app.domain.commands.asked import Who
from app.domain.events import Delivery
from app.domain.jobs import JobKind, RowKey
from app.domain.money import Caps
from app.domain.policy import Policy
from app.domain.policy_layers import EffectivePolicy
from app.domain.pull_request import PullRequest, Sha
from app.domain.row import Note, Wanted, Wish
from app.ports import (
    Answers,
    Clock,
    Comments,
    Conversation,
    FirstParagraph,
    Fixes,
    Heads,
    Intake,
    Ledger,
    Mirrors,
    Notes,
    Orders,
    Outbox,
    OwnName,
    PastReviews,
    Permissions,
    Place,
    Proposals,
    PullRequests,
    Purse,
    Threads,
)
from app.usecases.job import Progress
from app.usecases.policies import Ceilings
from app.usecases.review.engine import Engine


@dataclass(frozen=True, slots=True)
class Parts:
    """What commands need, of GitHub, of the ledger and of what is remembered."""

    pull_requests: PullRequests
    comments: Comments
    permissions: Permissions
    conversation: Conversation
    threads: Threads
    own_name: OwnName
    mirrors: Mirrors
    proposals: Proposals
    notes: Notes
    ledger: Ledger
    orders: Orders
    intake: Intake
    outbox: Outbox
    heads: Heads
    past: PastReviews
    fixes: Fixes
    purse: Purse
    ceilings: Ceilings
    first_paragraph: FirstParagraph
    now: Clock
    deployment_caps: Caps
    engine: Engine
    """Its models and parser answer questions."""
    answers: Answers
    ask_texts: AskTexts
    marker_key: bytes
    github_url: str
    app_id: int
    can_execute: bool = False
    """Whether there is a sandbox, without which nothing is fixed."""


@dataclass(frozen=True, slots=True)
class Scene:
    """`wish` names this one wish; `thread` is the first comment of the thread in which it was said, or None."""

    parts: Parts
    pull: PullRequest
    who: Who
    wish: str
    effective: EffectivePolicy
    problems: tuple[str, ...]
    """What is wrong with the policy; the built-in one holds then."""
    progress: Progress
    thread: int | None = None
    comment: int = 0
    """The comment in which it was said; 0 for a button."""
    head: Sha | None = None
    """The head to which it is bound: what the person can have seen. None where nobody can tell."""

    @property
    def policy(self) -> Policy:
        return self.effective.policy

    @property
    def place(self) -> Place:
        return Place(self.pull.ref, self.pull.repository)

    @property
    def review(self) -> RowKey:
        """The row of the pull request's reviews."""
        return RowKey(JobKind.REVIEW, self.pull.ref)

    async def look_again(self, why: Wish, note: Note | None = None) -> None:
        """Wants one more look at the newest head, once for this wish, whoever dies meanwhile; it ends one that runs."""
        pull = self.pull
        id_ = f"command:{pull.ref}:{self.wish}"
        delivery = Delivery(id_, "command", hashlib.sha256(id_.encode()).hexdigest())
        wanted = Wanted(pull.repository, pull.head_sha, why, pull.draft)
        await self.parts.intake.accept(delivery, self.review, wanted, note=note)


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said to a command. `text` is inert, and empty where a comment of its own says it; `done`: whether it was
    done, or refused.
    """

    text: str
    done: bool = True
