"""A pull request whose delivery never arrived is reviewed all the same, and none is reviewed twice for it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from app.adapters.github.client import Client
from app.adapters.github.tokens import InstallationTokens
from app.adapters.github.transport import open_transport
from app.adapters.store import keys
from app.adapters.store.ledger import RedisLedger
from app.usecases.recover import Scan
from app.wiring.missed import MissedDeliveries, missed_deliveries
from tests.fakes.github import PullRequest
from tests.world import AT_ONCE, World


@asynccontextmanager
async def finding(world: World, *, ahead: timedelta = timedelta()) -> AsyncIterator[MissedDeliveries]:
    """What a worker has for this, with a clock that may run ahead of GitHub's."""

    def now() -> datetime:
        return datetime.now(UTC)

    async with open_transport(world.github.api_url, now=now) as transport:
        tokens = InstallationTokens(
            transport, app_id=world.github.app.id, private_key_pem=world.github.app_private_key, now=now
        )
        yield missed_deliveries(
            Client(transport, tokens),
            world.redis,
            RedisLedger(world.redis, AT_ONCE),
            allowed_accounts=world.settings.allowed_accounts,
            app_id=world.github.app.id,
            rows_kept=timedelta(days=90),
            now=lambda: now() + ahead,
        )


def opened(world: World) -> PullRequest:
    world.repo.commit("feature", {"app/price.py": "def price():\n    return 1\n"})
    return world.repo.open_pull_request(head="feature")


async def test_a_failed_delivery_is_found_and_reviewed(world: World) -> None:
    pull = opened(world)
    delivery = world.github.deliveries[-1]
    delivery.status_code = 503
    async with finding(world) as missed:
        scan = await missed.recovery.scan()
    await world.work()

    assert scan == Scan(failed=1, recovered=1)
    assert world.check(pull.head_sha).conclusion == "success"
    answer = await world.deliver(world.github.deliveries.redeliver(delivery))
    assert answer.json()["result"] == "duplicate"


async def test_an_answer_that_came_too_late_for_github_is_not_a_second_review(world: World) -> None:
    pull = opened(world)
    delivery = world.github.deliveries[-1]
    assert (await world.deliver(delivery)).json()["result"] == "queued"
    delivery.status_code = 504
    async with finding(world) as missed:
        scan = await missed.recovery.scan()
    await world.work()

    assert scan == Scan(failed=1, recovered=0)
    assert len(world.checks(pull.head_sha)) == 1
    assert len(pull.comments) == 1


async def test_an_old_head_that_is_found_late_leaves_the_newest_one_reviewed(world: World) -> None:
    pull = opened(world)
    old, failed = pull.head_sha, world.github.deliveries[-1]
    failed.status_code = 503
    world.taken = len(world.github.deliveries)
    world.repo.commit("feature", {"app/price.py": "def price():\n    return 2\n"})
    await world.settle()
    async with finding(world, ahead=timedelta(minutes=3)) as missed:
        assert await missed.recovery.scan() == Scan(failed=1, recovered=1)
        await world.work()
        await known(world)
        assert await missed.reconciliation.compare_due() == 1  # the ledger heard of the old head last
        await world.work()
        await known(world)
        assert await missed.reconciliation.compare_due() == 0

    assert {run.conclusion for run in world.checks(pull.head_sha)} == {"success"}
    assert {run.conclusion for run in world.checks(old)} == {"cancelled"}
    assert len(pull.comments) == 1


async def known(world: World) -> None:
    """What an accepted delivery leaves behind of its repository, due now."""
    assert world.repo.installation is not None
    name = f"{world.repo.installation.id}:{world.repo.id}"
    fields = {"name": world.repo.full_name, "since": "0"}
    await world.redis.hset(keys.repository(name), mapping=fields)  # type: ignore[misc]
    await world.redis.zadd(keys.REPOSITORIES, {name: 0})


async def test_a_push_that_left_no_trace_in_githubs_log_is_found_and_reviewed(world: World) -> None:
    pull = opened(world)
    await world.settle()
    await known(world)
    world.repo.commit("feature", {"app/price.py": "def price():\n    return 2\n"})
    del world.github.deliveries[-1]
    async with finding(world, ahead=timedelta(minutes=3)) as missed:
        found = await missed.reconciliation.compare_due()
    await world.work()

    assert found == 1
    assert world.check(pull.head_sha).conclusion == "success"
    assert len(pull.comments) == 1
