"""The harness of the stories: deliver a signed webhook, run workers until idle, read what GitHub shows.

Everything is the product's own code and wiring, over real HTTP, real git and a real Redis-protocol server; only GitHub
and the model's provider are stand-ins.
"""

from __future__ import annotations

import asyncio
import base64
import time
import zlib
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from arq.connections import ArqRedis, RedisSettings

from app.adapters.signing.directory import CURRENT, DIRECTORY
from app.adapters.store.bells import queue_name
from app.adapters.store.ledger import LedgerOptions
from app.adapters.store.scripts import hgetall
from app.domain.jobs import Queue
from app.domain.messages.check import REVIEW_CHECK
from app.domain.messages.gate import GATE_CHECK
from app.ports import KeepingSandboxes
from app.settings import Settings
from app.web.main import create_app
from app.wiring.cancelling import end
from app.wiring.redis import open_redis
from app.wiring.web import open_web_services
from app.wiring.worker import WorkerServices, open_worker_services
from tests.examining import shipped_rules
from tests.fakes.github import CheckRun, Delivery, FakeGitHub, PullRequest, Repository
from tests.fakes.model import FakeModel
from tests.review_alone import open_without_gate
from workers.back_off import BackOff
from workers.main import arq_worker
from workers.options import WorkerOptions

WEBHOOK_SECRET = "canary-webhook-secret-0123456789abcdef"
MODEL_KEY = "canary-model-key-0123456789abcdef"
OPTIONS = WorkerOptions(poll_seconds=0.02, back_off=BackOff(base_seconds=0.0))
AT_ONCE = LedgerOptions(debounce_ms=0)
_ROUNDS = 50


def environment(github: FakeGitHub, data_dir: Path, model_url: str | None, **extra: str) -> dict[str, str]:
    """The environment that an operator would set for these stand-ins."""
    env = {
        "REVWRIGHT_GITHUB_APP_ID": str(github.app.id),
        "REVWRIGHT_GITHUB_PRIVATE_KEY": github.app_private_key,
        "REVWRIGHT_GITHUB_WEBHOOK_SECRET": WEBHOOK_SECRET,
        "REVWRIGHT_GITHUB_API_URL": github.api_url,
        "REVWRIGHT_GITHUB_URL": github.url,
        "REVWRIGHT_DATA_DIR": str(data_dir),
        "REVWRIGHT_SANDBOX": "off",  # the tests that want one have a directory for it
    }
    if model_url is not None:
        env |= {"OPENAI_API_KEY": MODEL_KEY, "OPENAI_BASE_URL": model_url, "REVWRIGHT_MODEL_API": "responses"}
    return env | extra


@dataclass
class World:
    """One deployment and its surroundings."""

    github: FakeGitHub
    model: FakeModel | None
    settings: Settings
    redis_settings: RedisSettings
    redis: ArqRedis
    web: httpx.AsyncClient
    services: WorkerServices
    repo: Repository
    taken: int = field(default=0)

    async def deliver(self, delivery: Delivery, **headers: str) -> httpx.Response:
        """One delivery as GitHub sends it; keyword arguments replace headers (`x_github_event=...`)."""
        changed = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {name.lower(): value for name, value in delivery.headers.items()} | changed
        return await self.web.post("/webhooks/github", content=delivery.body, headers=sent)

    async def deliver_new(self) -> list[httpx.Response]:
        """Every delivery that GitHub made since the last time, in order."""
        new = list(self.github.deliveries)[self.taken :]
        self.taken += len(new)
        return [await self.deliver(delivery) for delivery in new]

    async def work(self) -> None:
        """Runs both queues until nothing is queued and nothing is due. Rows that may not run yet are left in line."""
        rung = False
        for _ in range(_ROUNDS):
            for queue in Queue:
                await self.work_queue(queue)
            waiting = await self.services.bells.due()
            if await self.due_bells(*Queue):
                rung = False
                continue
            if rung or not waiting:
                return
            for queue in waiting:
                await self.services.bells.ring(queue, 1)
            rung = True
        raise AssertionError("the workers do not come to rest")

    async def work_queue(self, queue: Queue) -> None:
        """Runs one queue until no bell is due and nothing runs. Bells for later stay where they are."""
        async with arq_worker(self.redis_settings, self.services, OPTIONS, queue) as worker:
            running = asyncio.create_task(worker.async_run())
            while await self.due_bells(queue) or worker.job_counter:
                await asyncio.sleep(0.01)
                assert not running.done(), running
            worker.allow_pick_jobs = False
            await asyncio.sleep(3 * OPTIONS.poll_seconds)  # arq leaves a warning behind when it is cancelled in a call
            await end((running,))

    async def queued(self) -> int:
        """All bells, those for later included."""
        return sum([int(await self.redis.zcard(queue_name(queue))) for queue in Queue])

    async def due_bells(self, *queues: Queue) -> int:
        now = time.time() * 1000
        return sum([int(await self.redis.zcount(queue_name(queue), 0, now)) for queue in queues])

    async def settle(self) -> None:
        """Delivers what is new and works until idle."""
        await self.deliver_new()
        await self.work()

    # What GitHub shows.

    def checks(self, sha: str, name: str = REVIEW_CHECK) -> list[CheckRun]:
        return [run for run in self.repo.check_runs.values() if run.head_sha == sha and run.name == name]

    def check(self, sha: str, name: str = REVIEW_CHECK) -> CheckRun:
        (run,) = self.checks(sha, name)
        return run

    def gate(self, pull: PullRequest) -> CheckRun:
        """The gate's newest check on the head, which is the one that GitHub counts."""
        return self.checks(pull.head_sha, GATE_CHECK)[-1]

    def summary(self, pull: PullRequest) -> str:
        """Of the review, which is told from the gate's comment by its marker."""
        (body,) = [comment.body for comment in pull.comments if "<!-- revwright:gate:" not in comment.body]
        return body

    def written(self) -> list[str]:
        """Method and path of every REST call that writes, in order."""
        return [f"{call.method} {call.path}" for call in self.github.calls if call.method != "GET"]


@asynccontextmanager
async def open_world(
    github: FakeGitHub,
    redis_settings: RedisSettings,
    data_dir: Path,
    *,
    model: FakeModel | None,
    ledger: LedgerOptions = AT_ONCE,
    sandboxes: KeepingSandboxes | None = None,
    gate: bool = False,
    **extra: str,
) -> AsyncIterator[World]:
    """A deployment with one installation and one repository, `acme/web`, whose branch `main` has one commit.

    Pushes do not wait for more of them here, unless `ledger` says so; nothing is executed without `sandboxes`, and
    nothing is told to the gate without `gate`.
    """
    installation = github.add_installation(github.add_user("acme", type="Organization"))
    repo = github.create_repository("acme/web", installation=installation)
    repo.commit("main", {"README.md": "# web\n", "app/main.py": "def main():\n    return 0\n"}, message="first")
    settings = Settings.from_environment(
        environment(github, data_dir, model.base_url if model is not None else None, **extra)
    )
    async with AsyncExitStack() as stack:
        redis = await stack.enter_async_context(open_redis(redis_settings))
        await redis.flushall()
        services = await stack.enter_async_context(
            open_worker_services(
                settings, redis_settings, ledger, sandboxes=sandboxes, pace_ms=0, rules=shipped_rules()
            )
        )
        opening = open_web_services if gate else open_without_gate
        app = create_app(lambda: opening(settings, redis_settings, ledger))
        await stack.enter_async_context(app.router.lifespan_context(app))
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        web = await stack.enter_async_context(httpx.AsyncClient(transport=transport, base_url="http://revwright.test"))
        world = World(github, model, settings, redis_settings, redis, web, services, repo, len(github.deliveries))
        yield world
        await assert_nothing_leaked(world)


async def assert_nothing_leaked(world: World, more: Mapping[str, str] | None = None) -> None:
    """No secret of this deployment, and none of `more`, stands in anything that left it or that it keeps, in any of the
    usual disguises.
    """
    assert world.github.violations == []
    assert world.github.unprocessable == []
    canaries = {
        "webhook secret": WEBHOOK_SECRET,
        "model key": MODEL_KEY,
        "private key": "".join(world.github.app_private_key.split("\n")[2:4]),
        "receipt key": (world.settings.data_dir / DIRECTORY / CURRENT).read_text().split("\n")[1],
    } | {f"token {n}": value for n, value in enumerate(world.github.tokens)}
    canaries |= more or {}
    places = dict(_places(world))
    for key in await world.redis.keys("*"):
        places[f"redis {key!r}"] = repr(await _value(world.redis, key))
    for name, secret in canaries.items():
        for disguise in (secret, base64.b64encode(secret.encode()).decode(), secret.encode().hex(), secret[::-1]):
            for place, text in places.items():
                assert disguise not in text, f"{name} stands in {place}"


def _places(world: World) -> Iterator[tuple[str, str]]:
    for number, call in enumerate(world.github.calls):
        yield f"GitHub call {number} {call.method} {call.path}", f"{call.path}{call.query!r}{call.body!r}"
    for number, git_call in enumerate(world.github.git_calls):
        yield f"git call {number}", git_call.path
    for number, seen in enumerate(world.model.requests if world.model else ()):
        yield f"model request {number}", repr(seen.messages)


async def _value(redis: ArqRedis, key: bytes) -> object:
    kind = await redis.type(key)
    match kind:
        case b"hash":
            fields = await hgetall(redis, key.decode())
            if key.endswith(b":transcript"):
                return [zlib.decompress(value.partition(b" ")[2]) for name, value in fields.items() if name.isdigit()]
            return fields
        case b"zset":
            return await redis.zrange(key, 0, -1)
        case b"list":
            items: Any = redis.lrange(key.decode(), 0, -1)
            return await items
        case b"string":
            return await redis.get(key)
        case b"none":
            return None  # a sign of life that ran out since the keys were listed
        case other:
            raise AssertionError(f"{key!r} is a {other!r}, which nobody looks into")
