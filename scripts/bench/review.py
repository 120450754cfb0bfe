"""Benchmark `review`: from a delivery to the concluded check, with a model that answers at once."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import cycle, pairwise
from pathlib import Path

from app.adapters.store import keys
from app.adapters.store.embedded import open_embedded_server
from scripts.bench import change
from scripts.bench.results import Section
from tests.fakes.github import Call, CheckRun, FakeGitHub, PullRequest
from tests.fakes.model import FakeModel, Reviewer, Seen
from tests.world import MODEL_KEY, WEBHOOK_SECRET, World, open_world
from workers.main import run_worker
from workers.options import WorkerOptions

NAME = "review"
COLD, OPENED, PUSH, PUSH_NEW = "cold process and mirror", "opened", "push", "push, new finding"
SECONDS = "s from delivery to check"
CALLS = "GitHub API calls"

_CHECK = "revwright/review"
_SWEEP = "apps/list-webhook-deliveries"
_WAIT_SECONDS = 60.0
_POLL_SECONDS = 0.002
_MS = 1000
_STATIONS = (
    "ms until acknowledged",
    "ms until announced on GitHub",
    "ms until a worker reads it",
    "ms until the model is asked",
    "ms until the model has answered",
    "ms until the check is concluded",
)
"""Each from the end of the one before."""

_PAUSES = cycle((0.013, 0.089, 0.051, 0.032, 0.074))
"""Seconds before a delivery, so that it meets the worker's polling at another moment each time."""

_REVIEWER = Reviewer(
    {
        change.FLAW: {"title": "Division by zero", "severity": "P1"},
        change.PUSHED_FLAW: {"title": "Division by zero again", "severity": "P1"},
    }
)


@dataclass(frozen=True, slots=True)
class Plan:
    rounds: int


FULL, QUICK = Plan(9), Plan(3)


async def measure(plan: Plan) -> Section:
    """One deployment, in which every round opens a pull request and pushes to it twice."""
    values: dict[str, dict[str, list[float]]] = {name: defaultdict(list) for name in (COLD, OPENED, PUSH, PUSH_NEW)}
    async with _open_world() as world, working(world):
        for number in range(plan.rounds + 1):
            pull = _open(world, number)
            _note(values[OPENED if number else COLD], await _observe(world, pull))
            size = pull.diff()
            for name, flawed in ((PUSH, False), (PUSH_NEW, True)):
                world.repo.commit(pull.head_ref, change.push(number, flawed=flawed))
                observed = await _observe(world, pull)
                if number:
                    _note(values[name], observed)
    title = (
        f"Review: {len(size)} files, {sum(file.additions + file.deletions for file in size)} changed lines, a model "
        f"that answers at once, {plan.rounds} rounds. Stand-ins and product share one process"
    )
    return Section(NAME, title, values)


def _open(world: World, number: int) -> PullRequest:
    branch = f"feature-{number}"
    world.repo.commit(branch, change.medium(number), message=f"Change {number}")
    return world.repo.open_pull_request(head=branch, title=f"Change {number}", body="Made by the benchmark.")


def _note(measures: dict[str, list[float]], observed: dict[str, float]) -> None:
    for name, value in observed.items():
        measures[name].append(value)


async def _observe(world: World, pull: PullRequest) -> dict[str, float]:
    """Sends the newest delivery about the pull request and waits for what comes of it."""
    (delivery,) = [d for d in list(world.github.deliveries)[world.taken :] if d.event == "pull_request"]
    world.taken = len(world.github.deliveries)
    assert world.model is not None
    first_call, asked = len(world.github.calls), len(world.model.requests)
    await asyncio.sleep(next(_PAUSES))
    began = time.monotonic()
    answer = await world.deliver(delivery)
    acknowledged = time.monotonic()
    if answer.json()["result"] != "queued":
        raise RuntimeError(f"the delivery was not queued: {answer.text}")
    run = await concluded(world, pull)
    ended = time.monotonic()
    if run.conclusion != "failure":
        raise RuntimeError(f"the planted flaws were not found: {run.conclusion}, {run.title}")
    calls = calls_since(world, first_call)
    moments = [began, acknowledged, *_moments(world, world.model.requests[asked:], first_call), ended]
    steps = [(after - before) * _MS for before, after in pairwise(moments)]
    await idle(world)
    return {SECONDS: ended - began, CALLS: calls, **dict(zip(_STATIONS, steps, strict=True))}


def _moments(world: World, asked: list[Seen], first_call: int) -> list[float]:
    """What the outside world saw of the stations in the middle, in the order of `_STATIONS`."""
    calls = world.github.calls
    assert isinstance(calls, _TimedCalls)
    return [
        calls.moment("checks/create", first_call),
        calls.moment("pulls/get", first_call),
        asked[0].started_at,
        max(request.ended_at or request.started_at for request in asked),
    ]


def calls_since(world: World, first: int) -> float:
    """GitHub API calls of the review. A worker's look for missed deliveries is none of its, and neither is its question
    once a minute whether the account has a policy.
    """
    calls = list(world.github.calls)[first:]
    return float(sum(call.operation_id != _SWEEP and "repositories" not in (call.body or {}) for call in calls))


async def concluded(world: World, pull: PullRequest) -> CheckRun:
    """Returns within 2 ms of it."""
    async with asyncio.timeout(_WAIT_SECONDS):
        while True:
            run = world.repo.check_run(_CHECK, pull.head_sha)
            if run is not None and run.status == "completed":
                return run
            await asyncio.sleep(_POLL_SECONDS)


async def idle(world: World) -> None:
    """Until the worker has written down that it finished, so that the next review starts from rest."""
    async with asyncio.timeout(_WAIT_SECONDS):
        # Redis tells nobody when a row is done.
        while await world.redis.zcard(keys.DEADLINES) or await world.queued():  # noqa: ASYNC110
            await asyncio.sleep(_POLL_SECONDS)


class _TimedCalls(list[Call]):
    """The stand-in's record of calls, which notes when each began."""

    def __init__(self) -> None:
        super().__init__()
        self._moments: list[float] = []

    def append(self, call: Call) -> None:
        self._moments.append(time.monotonic())
        super().append(call)

    def moment(self, operation: str, start: int) -> float:
        """When the first call of this operation since number `start` began."""
        for number in range(start, len(self)):
            if self[number].operation_id == operation:
                return self._moments[number]
        raise LookupError(f"the product made no call {operation}")


@asynccontextmanager
async def _open_world() -> AsyncIterator[World]:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rw-bench-")))
        model = FakeModel(_REVIEWER, api_key=MODEL_KEY)
        stack.enter_context(model.serving())
        github = FakeGitHub(folder / "github", webhook_secret=WEBHOOK_SECRET)
        github.calls = _TimedCalls()
        github.start()
        stack.callback(github.stop)
        redis = await stack.enter_async_context(open_embedded_server(folder))
        world = await stack.enter_async_context(open_world(github, redis.settings, folder / "data", model=model))
        world.repo.commit("main", change.repository(), message="A repository of medium size")
        yield world


@asynccontextmanager
async def working(world: World) -> AsyncIterator[None]:
    """The product's own worker loop with its own defaults."""
    stop = asyncio.Event()
    worker = asyncio.create_task(run_worker(world.redis_settings, world.services, WorkerOptions(), stop))
    try:
        yield
    finally:
        stop.set()
        await worker
