"""The review job, put together from the clients that a worker holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from redis.asyncio import Redis

from app import VERSION
from app.adapters.git.mirror import GitMirrors
from app.adapters.github.checks import CheckWriter
from app.adapters.github.client import Client
from app.adapters.github.conversation import ConversationWriter
from app.adapters.github.graphql import GraphQL
from app.adapters.github.notifying import NotifyingWrites
from app.adapters.github.organisation_policy import OrganisationPolicyReader
from app.adapters.github.permissions import PermissionReader
from app.adapters.github.pull_requests import PullRequestReader
from app.adapters.github.threads import ThreadWriter
from app.adapters.github.tokens import InstallationTokens
from app.adapters.rules.policy_file import parse_policy
from app.adapters.store.answers import RedisAnswers
from app.adapters.store.heads import RedisHeads
from app.adapters.store.notes import RedisNotes
from app.adapters.store.outbox import RedisOutbox
from app.adapters.store.past_reviews import RedisPastReviews
from app.adapters.store.purse import RedisPurse
from app.adapters.store.receipts import RedisReceipts
from app.ports import KeepingSandboxes
from app.settings import Settings
from app.usecases.base_tip import AtBaseTip
from app.usecases.check_runs import CheckRuns
from app.usecases.policies import Ceilings
from app.usecases.review.around import Surroundings
from app.usecases.review.engine import Engine
from app.usecases.review.publish import Publisher
from app.usecases.review.receipts import ReceiptKeeper
from app.usecases.review.run import ReviewRun
from app.wiring.engine import rules_reader
from app.wiring.mirrors import TokenMirrors
from app.wiring.own_key import own_key
from app.wiring.receipts import key_signer


@dataclass(frozen=True, slots=True)
class Clients:
    """What talks to the outside."""

    github: Client
    writes: NotifyingWrites
    tokens: InstallationTokens
    redis: Redis
    sandboxes: KeepingSandboxes | None
    """None where nothing may be executed."""
    now: Callable[[], datetime]


def token_mirrors(settings: Settings, clients: Clients) -> TokenMirrors:
    return TokenMirrors(GitMirrors(settings.data_dir, settings.need_github().url), clients.tokens)


def review_job(settings: Settings, clients: Clients, engine: Engine) -> ReviewRun:
    github = settings.need_github()
    client, redis = clients.github, clients.redis
    threads = ThreadWriter(GraphQL(client, now=clients.now), clients.writes)
    private_key = github.private_key.expose()
    marker_key = own_key(private_key, "marker")
    checks = CheckWriter(client, app_id=github.app_id, now=clients.now)
    check_runs = CheckRuns(checks, RedisOutbox(redis), RedisHeads(redis))
    publisher = Publisher(
        conversation=ConversationWriter(client, clients.writes, app_id=github.app_id),
        threads=threads,
        pull_requests=PullRequestReader(client),
        check_runs=check_runs,
        outbox=check_runs.outbox,
        heads=check_runs.heads,
        rules={rule.id: rule for rule in engine.rules},
        marker_key=marker_key,
    )
    mirrors = token_mirrors(settings, clients)
    receipts = ReceiptKeeper(key_signer(settings), RedisReceipts(redis), clients.now, VERSION)
    return ReviewRun(
        receipts=receipts,
        pull_requests=AtBaseTip(publisher.pull_requests, mirrors),
        mirrors=mirrors,
        check_runs=check_runs,
        engine=engine,
        publisher=publisher,
        surroundings=Surroundings(
            past=RedisPastReviews(redis, key=own_key(private_key, "past reviews")),
            threads=threads,
            permissions=PermissionReader(client),
            outbox=publisher.outbox,
            notes=RedisNotes(redis),
            marker_key=marker_key,
        ),
        answers=RedisAnswers(redis, key=own_key(private_key, "answers")),
        purse=RedisPurse(redis),
        deployment_caps=settings.caps,
        sandboxes=clients.sandboxes,
        ceilings=Ceilings(
            parse=parse_policy,
            deployment=settings.policy.deployment,
            organisations=OrganisationPolicyReader(client, now=clients.now),
            branches=settings.policy.branches,
        ),
        read_rules=rules_reader(engine.rules),
        github_url=github.url,
        public_url=settings.public_url,
    )
