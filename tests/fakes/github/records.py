"""The plain records GitHub keeps: accounts, Apps, installations, tokens, teams, comments, reviews, checks."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from tests.fakes.github.repository import Repository

# JSON as it goes over the wire; its shape is checked against GitHub's description, not by types.
JsonObject: TypeAlias = dict[str, Any]

LEVELS: Final = {"none": 0, "read": 1, "write": 2, "admin": 3}


def allows(granted: str | None, wanted: str) -> bool:
    """Whether a permission level covers another."""
    return LEVELS[granted or "none"] >= LEVELS[wanted]


@dataclass(slots=True, eq=False)
class User:
    """A person, an organization or a bot."""

    id: int
    login: str
    type: str
    created_at: datetime

    @property
    def email(self) -> str:
        """The address that makes GitHub credit a commit to this account."""
        return f"{self.id}+{self.login}@users.noreply.github.com"


@dataclass(slots=True, eq=False)
class App:
    """A GitHub App: ours, or another one whose check runs we must not touch."""

    id: int
    slug: str
    owner: User
    bot: User
    permissions: dict[str, str]
    events: list[str]
    created_at: datetime

    @property
    def client_id(self) -> str:
        """The App's other name in a JWT."""
        return f"Iv23li{self.id:014d}"


@dataclass(slots=True, eq=False)
class Installation:
    """The App installed on one account."""

    id: int
    account: User
    app: App
    permissions: dict[str, str]
    repository_selection: str
    created_at: datetime
    suspended_at: datetime | None = None

    @property
    def node_id(self) -> str:
        """The id in webhook payloads and GraphQL."""
        return f"MDIzOkludGVncmF0aW9uSW5zdGFsbGF0aW9u{self.id}"


@dataclass(slots=True, eq=False)
class Token:
    """An installation access token."""

    value: str
    installation: Installation
    permissions: dict[str, str]
    expires_at: datetime
    repository_ids: frozenset[int] | None = None
    revoked: bool = False

    def covers(self, repository: Repository) -> bool:
        """Whether the repository is in the installation and was not narrowed away."""
        if repository.installation is not self.installation:
            return False
        return self.repository_ids is None or repository.id in self.repository_ids


@dataclass(slots=True, eq=False)
class Team:
    """A team of an organization; members map to their role."""

    id: int
    organization: User
    slug: str
    members: dict[int, str] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Label:
    """A label of a repository."""

    id: int
    name: str
    color: str = "ededed"


@dataclass(slots=True, eq=False)
class Reaction:
    """One account's reaction to a comment or an issue."""

    id: int
    user: User
    content: str
    created_at: datetime


@dataclass(slots=True, eq=False)
class IssueComment:
    """A comment in the conversation of a pull request."""

    id: int
    issue_number: int
    user: User
    body: str
    created_at: datetime
    updated_at: datetime
    app: App | None = None
    reactions: list[Reaction] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Review:
    """A review of a pull request: pending until submitted."""

    id: int
    pull_number: int
    user: User
    body: str
    state: str
    commit_id: str
    submitted_at: datetime | None


@dataclass(slots=True, eq=False)
class ReviewComment:
    """A comment on a line or a file of a pull request; lines are those of ``original_commit_id``."""

    id: int
    pull_number: int
    review_id: int
    user: User
    body: str
    path: str
    original_commit_id: str
    diff_hunk: str
    subject_type: str
    side: str
    created_at: datetime
    updated_at: datetime
    original_line: int | None = None
    original_start_line: int | None = None
    start_side: str | None = None
    original_position: int = 1
    in_reply_to_id: int | None = None
    app: App | None = None
    reactions: list[Reaction] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class CheckSuite:
    """All check runs of one App on one commit."""

    id: int
    app: App
    head_sha: str
    head_branch: str | None
    created_at: datetime


@dataclass(slots=True, eq=False)
class CheckRun:
    """One check run."""

    id: int
    suite: CheckSuite
    name: str
    head_sha: str
    started_at: datetime
    status: str = "queued"
    conclusion: str | None = None
    completed_at: datetime | None = None
    external_id: str = ""
    details_url: str | None = None
    title: str | None = None
    summary: str | None = None
    text: str | None = None
    annotations: list[JsonObject] = field(default_factory=list)
    actions: list[JsonObject] = field(default_factory=list)

    @property
    def app(self) -> App:
        """The App that made it, the only one that may change it."""
        return self.suite.app


@dataclass(slots=True, eq=False)
class CommitStatus:
    """One status of a commit; the newest of a context counts."""

    id: int
    sha: str
    state: str
    context: str
    description: str | None
    target_url: str | None
    creator: User
    created_at: datetime


@dataclass(slots=True, eq=False)
class Call:
    """One request to the REST or GraphQL root, as tests look at it."""

    method: str
    path: str
    operation_id: str | None
    query: dict[str, str]
    body: Any
    authorization: str | None = None
    token_permissions: dict[str, str] | None = None
    status: int | None = None
    api_version: str | None = None
    user_agent: str | None = None
    installation_id: int | None = None


@dataclass(slots=True, eq=False)
class GitCall:
    """One request to a repository over the git protocol."""

    method: str
    path: str
    service: str
    authorization: str | None = None
    token_permissions: dict[str, str] | None = None
    status: int | None = None
    user_agent: str | None = None
    pushed: list[tuple[str, str, str]] = field(default_factory=list)
    """What a push asked for: old and new commit, and the ref."""
