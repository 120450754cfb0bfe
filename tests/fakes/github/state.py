"""A GitHub to test against: accounts, installations, repositories, events and a log of all calls."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import RLock
from typing import Final

from tests.fakes.github.auth import generate_private_key, public_key_of
from tests.fakes.github.deliveries import Deliveries, Delivery, Sender, installation_payload, is_organization
from tests.fakes.github.faults import Faults
from tests.fakes.github.job_logs import JobLogs
from tests.fakes.github.openapi import ContractViolation, OpenAPI
from tests.fakes.github.records import App, Call, GitCall, Installation, JsonObject, Team, Token, User
from tests.fakes.github.render.accounts import organization_simple, simple_user
from tests.fakes.github.render.apps import app_hook, installation_event
from tests.fakes.github.render.repositories import repository_full
from tests.fakes.github.repository import Repository
from tests.fakes.github.server import Server

PERMISSIONS: Final = {
    "metadata": "read",
    "contents": "write",
    "pull_requests": "write",
    "issues": "write",
    "checks": "write",
    "statuses": "write",
    "actions": "read",
    "members": "read",
    "administration": "read",
}
EVENTS: Final = [
    "check_run",
    "check_suite",
    "issue_comment",
    "merge_group",
    "pull_request",
    "pull_request_review",
    "pull_request_review_comment",
    "push",
    "status",
]
_FIRST_IDS: Final = {
    "user": 1000,
    "installation": 70_000,
    "repository": 500_000,
    "pull request": 2_000_000,
    "issue": 3_000_000,
    "issue comment": 4_000_000,
    "review": 5_000_000,
    "review comment": 6_000_000,
    "check run": 7_000_000,
    "check suite": 8_000_000,
    "delivery": 90_000_000,
}


class Ids:
    """Numbers for new things; each kind has its own range, so mixing two kinds up is noticed."""

    def __init__(self) -> None:
        """Start each kind at its first number."""
        self._used: Counter[str] = Counter()

    def next(self, kind: str) -> int:
        """The next number of a kind."""
        self._used[kind] += 1
        return _FIRST_IDS.get(kind, 0) + self._used[kind]


class FakeGitHub:
    """A stateful stand-in for GitHub over real git repositories."""

    def __init__(
        self,
        root: Path,
        *,
        app_id: int = 424242,
        app_slug: str = "revwright",
        private_key_pem: str | None = None,
        webhook_secret: str = "a secret for tests",  # noqa: S107
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        permissions: Mapping[str, str] | None = None,
        long_tokens: bool = False,
    ) -> None:
        """Register one App; give ``private_key_pem`` or take ``app_private_key``, which the stand-in then made."""
        self.root = root
        self.clock = clock
        self.lock = RLock()
        self.ids = Ids()
        self.app_private_key = private_key_pem or generate_private_key()
        self.app_public_key = public_key_of(self.app_private_key)
        self.webhook_secret = webhook_secret
        self.long_tokens = long_tokens
        self.max_patch_bytes = 100_000
        self.users: dict[str, User] = {}
        self.apps: dict[int, App] = {}
        self.installations: dict[int, Installation] = {}
        self.repositories: dict[int, Repository] = {}
        self.tokens: dict[str, Token] = {}
        self.user_tokens: dict[str, User] = {}
        self.teams: dict[tuple[int, str], Team] = {}
        self.organization_roles: dict[tuple[int, int], str] = {}
        self.deliveries = Deliveries(self)
        self.on_delivery: Sender | None = None
        self.calls: list[Call] = []
        self.git_calls: list[GitCall] = []
        self.violations: list[ContractViolation] = []
        self.unprocessable: list[str] = []
        self.faults = Faults(self)
        self.job_logs = JobLogs(self)
        self.openapi = OpenAPI.load()
        self.app = self.add_app(app_slug, app_id=app_id, permissions=permissions)
        self._server = Server(self)

    def now(self) -> datetime:
        """The time on GitHub's clock."""
        return self.clock()

    # -- serving -------------------------------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """Where the git and web pages are."""
        return self._server.url

    @property
    def api_url(self) -> str:
        """Where the REST root is, as on a GitHub Enterprise Server."""
        return f"{self.url}/api/v3"

    def start(self) -> str:
        """Serve on a loopback port, from a thread; returns the URL."""
        return self._server.start()

    def stop(self) -> None:
        """Stop serving."""
        self._server.stop()
        self.deliveries.close()

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[str]:
        """Serve while in the block."""
        url = self.start()
        try:
            yield url
        finally:
            self.stop()

    # -- accounts ------------------------------------------------------------------------------------------------------

    def add_user(self, login: str, type: str = "User") -> User:  # noqa: A002 - GitHub's word
        """Register an account: User, Organization or Bot."""
        user = User(self.ids.next("user"), login, type, self.now())
        self.users[login.lower()] = user
        return user

    def account(self, login: str, *, type: str = "User") -> User:  # noqa: A002 - GitHub's word
        """The account with this login; registered if there is none."""
        return self.users.get(login.lower()) or self.add_user(login, type)

    def person_of(self, account: User) -> User:
        """Somebody who acts for an account: the account itself, or an admin of the organization."""
        if not is_organization(account):
            return account
        admin = self.account(f"{account.login}-admin")
        self.organization_roles[account.id, admin.id] = "admin"
        return admin

    def add_user_token(self, user: User) -> str:
        """A personal access token with which a person calls the API or pushes."""
        token = f"ghp_{len(self.user_tokens):036d}"
        self.user_tokens[token] = user
        return token

    def add_member(self, organization: User | str, user: User, *, role: str = "member") -> None:
        """Make somebody a member or admin of an organization."""
        account = organization if isinstance(organization, User) else self.account(organization, type="Organization")
        self.organization_roles[account.id, user.id] = role

    def add_team(self, organization: User | str, slug: str, members: list[User]) -> Team:
        """Make a team of members of an organization."""
        account = organization if isinstance(organization, User) else self.account(organization, type="Organization")
        team = Team(self.ids.next("team"), account, slug, {member.id: "member" for member in members})
        for member in members:
            self.organization_roles.setdefault((account.id, member.id), "member")
        self.teams[account.id, slug] = team
        return team

    def add_app(self, slug: str, *, app_id: int | None = None, permissions: Mapping[str, str] | None = None) -> App:
        """Register an App: ours is there from the start, others make check runs we must not touch."""
        number = app_id or self.ids.next("app")
        bot = self.add_user(f"{slug}[bot]", "Bot")
        owner = self.account(f"{slug}-owner")
        app = App(number, slug, owner, bot, dict(permissions or PERMISSIONS), list(EVENTS), self.now())
        self.apps[number] = app
        return app

    def add_installation(
        self,
        account: User | str,
        *,
        permissions: Mapping[str, str] | None = None,
        repository_selection: str = "selected",
    ) -> Installation:
        """Install our App on an account."""
        with self.lock:
            owner = account if isinstance(account, User) else self.account(account, type="Organization")
            granted = dict(permissions or self.app.permissions)
            number = self.ids.next("installation")
            installation = Installation(number, owner, self.app, granted, repository_selection, self.now())
            self.installations[number] = installation
            payload = installation_event(self, installation, "created")
            self.announce("installation", payload, installation=installation, sender=self.person_of(owner))
            return installation

    def create_repository(
        self,
        full_name: str,
        *,
        installation: Installation | None = None,
        private: bool = True,
        seed: Path | None = None,
        default_branch: str = "main",
    ) -> Repository:
        """Make a repository, optionally with all refs of another one or of a bundle."""
        with self.lock:
            owner, name = full_name.split("/")
            account = self.account(owner, type="Organization")
            repository = Repository(self, account, name, private=private, default_branch=default_branch)
            self.repositories[repository.id] = repository
            if seed is not None:
                repository.store.fetch(seed.absolute(), "+refs/*:refs/*")
                repository.branches = repository.store.branches()
            repository.installation = installation
            return repository

    def repository(self, full_name: str) -> Repository:
        """The repository with this name, in any case."""
        found = self.find_repository(full_name)
        if found is None:
            raise KeyError(full_name)
        return found

    def find_repository(self, full_name: str) -> Repository | None:
        """The repository with this name, if there is one."""
        wanted = full_name.lower()
        return next((one for one in self.repositories.values() if one.full_name.lower() == wanted), None)

    # -- events --------------------------------------------------------------------------------------------------------

    def ping(self) -> Delivery:
        """The event GitHub sends when a webhook is set up."""
        return self.deliveries.announce("ping", app_hook(self), action=None, installation=None, repository=None)

    def hears(self, repository: Repository) -> bool:
        """Whether our App is told what happens in a repository."""
        return repository.installation is not None and repository.installation.suspended_at is None

    def announce(
        self,
        event: str,
        payload: JsonObject,
        *,
        sender: User,
        repository: Repository | None = None,
        installation: Installation | None = None,
    ) -> Delivery | None:
        """Send an event to our App, if it is installed where that happened."""
        installation = installation or (repository.installation if repository else None)
        if installation is None or installation.suspended_at is not None:
            return None
        whole: JsonObject = dict(payload)
        if repository is not None:
            whole.setdefault("repository", repository_full(repository))
            if is_organization(repository.owner):
                whole["organization"] = organization_simple(self, repository.owner)
        whole["sender"] = simple_user(self, sender)
        whole.setdefault("installation", installation_payload(installation))
        action = payload.get("action")
        return self.deliveries.announce(event, whole, action=action, installation=installation, repository=repository)
