"""Small stand-ins for what a fix works with: GitHub, git, sandboxes and memory, which a test can change at any step."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from app.domain.anchors import Anchor
from app.domain.branches import HeadBranch
from app.domain.commits import CommitText, Person
from app.domain.errors import GitHubError, RevwrightError, WriteUncertain
from app.domain.fix.ci import FailedCheck
from app.domain.fix.memory import FixMemory
from app.domain.jobs import RowKey
from app.domain.memory import FindingState, KnownFinding, PastReview
from app.domain.messages.comments import InlineComment
from app.domain.patches import Edit, Patch
from app.domain.pull_request import PullRequest, PullRequestRef, RepositoryName, Sha
from app.domain.pushing import Drafted, PushOutcome, PushState
from app.domain.report import ModelUse
from app.domain.row import KeptNote, Note
from app.domain.threads import Permission
from app.ports import Begun, Comment, Place, Reaction
from tests.build import BASE, HEAD, REPOSITORY, entry, finding, pull_request
from tests.fakes.repository import FakeRepository
from tests.usecases.review.scene import NOW

DRAFT, NEXT, AGAIN, SIGNED = Sha("d" * 40), Sha("e" * 40), Sha("f" * 40), Sha("5" * 40)
KNOWN = KnownFinding(finding("F012345678"), Anchor("", "x", 0, (), ()), FindingState.OPEN, HEAD)
PAST = PastReview(HEAD, BASE, BASE, "s", (), (KNOWN,), 1, asked=False)

Files = Mapping[str, bytes]


@dataclass
class GitHub:
    """Implements ports.PullRequests, Permissions, Conversation and OwnName."""

    pull: PullRequest = field(default_factory=pull_request)
    branch: HeadBranch | None = field(
        default_factory=lambda: HeadBranch(REPOSITORY, 22, "topic", False, True, False, False)
    )
    permission: Permission = Permission.WRITE
    comment_there: Comment | None = None
    said: list[str] = field(default_factory=list)
    refuses: GitHubError | None = None
    """What a comment is answered."""

    async def read(self, ref: PullRequestRef, hint: RepositoryName) -> PullRequest:
        return self.pull

    async def of(self, place: Place, login: str, *, id_: int | None = None) -> Permission:
        return self.permission

    async def slug(self) -> str:
        return "revwright"

    async def person(self, place: Place) -> Person:
        return Person("revwright[bot]", "bot@example.com")

    async def comment(self, place: Place, body: str) -> int:
        if self.refuses is not None:
            raise self.refuses
        self.said.append(body)
        return 1

    async def edit(self, place: Place, comment: int, body: str) -> bool:
        await self.comment(place, body)
        return True

    async def find_comment(self, place: Place, marker: str) -> int | None:
        return None

    async def review(self, place: Place, *, head: Sha, body: str, comments: tuple[InlineComment, ...]) -> int:
        raise NotImplementedError

    async def find_review(self, place: Place, marker: str) -> int | None:
        raise NotImplementedError

    async def reply(self, place: Place, *, comment_id: int, body: str) -> int:
        raise NotImplementedError

    async def find_reply(self, place: Place, marker: str) -> int | None:
        raise NotImplementedError


@dataclass
class Branches:
    """Implements ports.HeadBranches."""

    github: GitHub

    async def read(self, place: Place) -> HeadBranch | None:
        return self.github.branch


@dataclass
class SaidComments:
    """Implements ports.Comments."""

    github: GitHub

    async def read(self, place: Place, comment: int, *, line: bool) -> Comment | None:
        return self.github.comment_there

    async def react(self, place: Place, comment: int, reaction: Reaction, *, line: bool) -> bool:
        return True


@dataclass
class Memory:
    """Implements ports.Fixes and ports.Outbox; notes and reviews are read through Wishes and Past."""

    fixes: FixMemory = field(default_factory=FixMemory)
    written: dict[str, int] = field(default_factory=dict)
    past: PastReview | None = PAST
    notes: list[Note] = field(default_factory=list)

    async def recall(self, ref: PullRequestRef) -> FixMemory:
        return self.fixes

    async def keep(self, ref: PullRequestRef, memory: FixMemory) -> None:
        self.fixes = memory

    async def begin(self, ref: PullRequestRef, write: str) -> Begun:
        return Begun(self.written.get(write), uncertain=False)

    async def finish(self, ref: PullRequestRef, write: str, id_: int) -> None:
        self.written[write] = id_

    async def forget(self, ref: PullRequestRef, write: str) -> None:
        self.written.pop(write, None)

    async def open(self, ref: PullRequestRef, prefix: str) -> tuple[str, ...]:
        return ()

    async def finished(self, ref: PullRequestRef, prefix: str) -> dict[str, int]:
        return {key: id_ for key, id_ in self.written.items() if key.startswith(prefix)}


@dataclass
class Past:
    """Implements ports.PastReviews."""

    memory: Memory

    async def recall(self, ref: PullRequestRef) -> PastReview | None:
        return self.memory.past

    async def keep(self, ref: PullRequestRef, past: PastReview) -> None:
        self.memory.past = past


@dataclass
class Wishes:
    """Implements ports.Notes."""

    memory: Memory

    async def of(self, row: RowKey) -> tuple[KeptNote, ...]:
        return tuple(KeptNote(note, HEAD, NOW, NOW) for note in self.memory.notes)

    async def done(self, row: RowKey, note: Note) -> None:
        self.memory.notes.remove(note)


@dataclass
class Git:
    """Implements ports.Mirrors and ports.Repairs over a repository in memory."""

    repository: FakeRepository
    commits: dict[Sha, dict[str, bytes]]
    clean: bool = True
    """Whether the head merges."""
    fits: bool = True
    """Whether a patch applies to another head."""
    refuses: RevwrightError | None = None
    outcomes: list[PushOutcome | RevwrightError] = field(default_factory=list)
    """Of pushes, one after the other; then they are taken."""
    pushed: list[Sha] = field(default_factory=list)
    made: list[str] = field(default_factory=list)
    """The branches that were new."""
    before_push: Callable[[], Awaitable[None]] | None = None
    known: bool = True
    """Whether the mirror has what was drafted before."""
    inside: set[Sha] = field(default_factory=set)
    """What is in the history of the head."""
    undone: set[Sha] = field(default_factory=set)
    """What a later commit says it reverts."""

    async def fetch(
        self, ref: PullRequestRef, repository: RepositoryName, *, head: Sha, base: Sha, floor: Sha | None = None
    ) -> FakeRepository:
        return self.repository

    async def branch_head(self, ref: PullRequestRef, repository: RepositoryName, branch: str) -> Sha | None:
        return BASE

    async def pull_request_head(self, ref: PullRequestRef, repository: RepositoryName) -> Sha | None:
        return HEAD

    async def merges(self, ref: PullRequestRef, repository: RepositoryName, *, base: Sha, head: Sha) -> bool:
        return self.clean

    async def keeps(self, ref: PullRequestRef, repository: RepositoryName, commit: Sha) -> bool:
        return self.known

    async def contains(self, ref: PullRequestRef, repository: RepositoryName, commit: Sha, *, head: Sha) -> bool:
        return commit in self.inside

    async def reverted(
        self, ref: PullRequestRef, repository: RepositoryName, commits: Collection[Sha], *, base: Sha, head: Sha
    ) -> Sha | None:
        return next((one for one in commits if one in self.undone), None)

    async def commit(
        self, ref: PullRequestRef, repository: RepositoryName, patch: Patch, text: CommitText, *, head: Sha
    ) -> Drafted:
        if self.refuses is not None:
            raise self.refuses
        self.commits[DRAFT] = with_edits(self.commits[head], patch.edits)
        return Drafted(DRAFT, head, Sha("1" * 40), tuple(entry(edit.path) for edit in patch.edits))

    async def rebased(
        self, ref: PullRequestRef, repository: RepositoryName, commit: Sha, text: CommitText, *, onto: Sha
    ) -> Drafted | None:
        if self.refuses is not None:
            raise self.refuses
        if not self.fits:
            return None
        self.commits[AGAIN] = {**self.commits[onto], "shop.py": self.commits[commit]["shop.py"]}
        return Drafted(AGAIN, onto, Sha("2" * 40), (entry("shop.py"),))

    async def push(
        self, place: Place, *, repository: RepositoryName, branch: str, old: Sha | None, new: Sha
    ) -> PushOutcome:
        if self.before_push is not None:
            await self.before_push()
        if self.outcomes:
            outcome = self.outcomes.pop(0)
            if isinstance(outcome, PushOutcome):
                return outcome
            raise outcome
        self.pushed.append(new)
        self.made += [branch] if old is None else []
        return PushOutcome(PushState.PUSHED)


def with_edits(files: Files, edits: Collection[Edit]) -> dict[str, bytes]:
    changed: dict[str, bytes | None] = {**files, **{edit.path: edit.content for edit in edits}}
    return {path: content for path, content in changed.items() if content is not None}


@dataclass
class Signed:
    """Implements ports.SignedCommits: the branch that a commit is made on, and what is there."""

    made: Sha | None = None
    """What the branch is at, if that is the commit."""
    holds: Sha = field(default=Sha("1" * 40))
    """The tree of what is made."""
    refuses: GitHubError | None = None
    arrives: bool = True
    """Whether what GitHub did not confirm was done."""
    files: dict[str, bytes | None] = field(default_factory=dict)

    async def create_commit(
        self,
        place: Place,
        *,
        repository: RepositoryName,
        branch: str,
        expected_head: Sha,
        additions: Mapping[str, bytes],
        deletions: Sequence[str],
        headline: str,
        body: str,
    ) -> Sha:
        if self.refuses is not None and not isinstance(self.refuses, WriteUncertain):
            raise self.refuses
        if self.arrives:
            self.made, self.files = SIGNED, {**additions, **dict.fromkeys(deletions)}
        if self.refuses is not None:
            raise self.refuses
        return SIGNED

    async def find(
        self, place: Place, *, repository: RepositoryName, branch: str, expected_head: Sha, headline: str, body: str
    ) -> Sha | None:
        return self.made

    async def tree(self, place: Place, *, repository: RepositoryName, commit: Sha) -> Sha | None:
        return self.holds


@dataclass
class Proposals:
    """Implements ports.Stacking."""

    refuses: GitHubError | None = None
    opened: dict[str, str] = field(default_factory=dict)
    """Branch -> what it is to go to."""

    async def open(self, place: Place, *, branch: str, onto: str, title: str, body: str) -> int:
        if self.refuses is not None:
            raise self.refuses
        self.opened[branch] = onto
        return 70

    async def find(self, place: Place, branch: str) -> int | None:
        return 70 if branch in self.opened else None


@dataclass
class Failing:
    """Implements ports.FailingChecks."""

    checks: tuple[FailedCheck, ...] = ()

    async def read(self, place: Place, head: Sha) -> tuple[FailedCheck, ...]:
        return self.checks


@dataclass
class Heard:
    """Implements usecases.job.Progress."""

    notes: list[str] = field(default_factory=list)
    uses: list[ModelUse] = field(default_factory=list)

    async def note(self, text: str) -> None:
        self.notes.append(text)

    async def spent(self, uses: tuple[ModelUse, ...]) -> None:
        self.uses += uses
