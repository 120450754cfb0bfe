"""A deployment without a web process, whose clock the test sets: GitHub over HTTP, the real adapters, a real ledger."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from arq.connections import ArqRedis

from app.adapters.github.client import Client
from app.adapters.github.hook_deliveries import HookDeliveryLog
from app.adapters.github.open_pull_requests import OpenPullRequestLister
from app.adapters.github.tokens import InstallationTokens
from app.adapters.github.transport import open_transport
from app.adapters.github.webhook import parse
from app.adapters.store import keys
from app.adapters.store.ledger import RedisLedger
from app.adapters.store.marks import RedisMarks
from app.adapters.store.repositories import RedisKnownRepositories
from app.domain.jobs import JobKind, RowKey
from app.domain.missed import KnownRepository
from app.domain.pull_request import PullRequestRef, RepositoryName
from app.domain.row import Row
from app.usecases.reconcile import Reconciliation
from app.usecases.recover import Recovery
from tests.fakes.github import Delivery, FakeGitHub, Installation, PullRequest, Repository


@dataclass
class Missing:
    """`now` is the time for GitHub and for us; only Redis goes by the real clock."""

    github: FakeGitHub
    redis: ArqRedis
    installation: Installation
    repo: Repository
    client: Client
    ledger: RedisLedger
    marks: RedisMarks
    known: RedisKnownRepositories
    now: datetime
    branches: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def clock(self) -> datetime:
        return self.now

    def later(self, **time: float) -> None:
        self.now += timedelta(**time)

    def recovery(self, *, most_pages: int = 100, allowed: frozenset[int] = frozenset()) -> Recovery:
        """A worker of its own, which remembers nothing."""
        return Recovery(
            deliveries=HookDeliveryLog(self.client, most_pages=most_pages),
            marks=self.marks,
            intake=self.ledger,
            parse=parse,
            now=self.clock,
            allowed_accounts=allowed,
            app_id=self.github.app.id,
        )

    def reconciliation(self, *, most: int = 50, allowed: frozenset[int] = frozenset()) -> Reconciliation:
        return Reconciliation(
            known=self.known,
            pull_requests=OpenPullRequestLister(self.client),
            ledger=self.ledger,
            intake=self.ledger,
            now=self.clock,
            allowed_accounts=allowed,
            app_id=self.github.app.id,
            most=most,
        )

    def open_pull(self, repo: Repository | None = None, *, draft: bool = False) -> PullRequest:
        """A pull request of one commit on a branch of its own."""
        where, branch = repo or self.repo, f"topic-{next(self.branches)}"
        where.commit(branch, {f"{branch}.txt": "new\n"})
        return where.open_pull_request(head=branch, draft=draft)

    def missed(self, status: int = 502) -> Delivery:
        """GitHub's newest delivery, which never reached us."""
        delivery = self.github.deliveries[-1]
        delivery.status_code = status
        return delivery

    async def row(self, pull: PullRequest) -> Row | None:
        return await self.ledger.read(RowKey(JobKind.REVIEW, self.ref(pull)))

    def ref(self, pull: PullRequest) -> PullRequestRef:
        installation = pull.repository.installation or self.installation
        return PullRequestRef(installation.id, pull.repository.id, pull.number)

    async def know(self, repo: Repository, *, name: str | None = None) -> KnownRepository:
        """What the accept script writes for a repository, here since now and due at once."""
        assert repo.installation is not None
        one = KnownRepository(
            repo.installation.id, repo.id, RepositoryName.parse(name or repo.full_name), whole_ms(self.now)
        )
        fields = {"name": str(one.name), "since": str(int(one.since.timestamp() * 1000))}
        await self.redis.hset(keys.repository(str(one)), mapping=fields)  # type: ignore[misc]
        await self.due(repo)
        return one

    async def due(self, repo: Repository) -> None:
        assert repo.installation is not None
        await self.redis.zadd(keys.REPOSITORIES, {f"{repo.installation.id}:{repo.id}": 0})

    async def turn(self, one: KnownRepository) -> datetime | None:
        """When the repository is to be compared next; None when it is not known."""
        score = await self.redis.zscore(keys.REPOSITORIES, str(one))
        return None if score is None else datetime.fromtimestamp(score / 1000, UTC)

    def asked(self, part: str) -> list[str]:
        """The paths of the calls whose path has `part` in it."""
        return [call.path for call in self.github.calls if part in call.path]


def whole_ms(moment: datetime) -> datetime:
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


@asynccontextmanager
async def open_missing(github: FakeGitHub, redis: ArqRedis) -> AsyncIterator[Missing]:
    """One installation with one repository, `acme/web`, and nothing in the ledger."""

    async def no_sleep(_seconds: float) -> None:
        return

    def clock() -> datetime:
        return missing.now

    start = datetime.now(UTC)
    github.clock = lambda: start
    async with open_transport(github.api_url, now=clock, sleep=no_sleep) as transport:
        tokens = InstallationTokens(transport, app_id=github.app.id, private_key_pem=github.app_private_key, now=clock)
        installation = github.add_installation("acme")
        repo = github.create_repository("acme/web", installation=installation)
        repo.commit("main", {"README.md": "# web\n"})
        missing = Missing(
            github=github,
            redis=redis,
            installation=installation,
            repo=repo,
            client=Client(transport, tokens),
            ledger=RedisLedger(redis),
            marks=RedisMarks(redis),
            known=RedisKnownRepositories(redis),
            now=start,
        )
        github.clock = clock
        yield missing
    assert github.violations == []
