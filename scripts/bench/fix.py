"""Benchmark `fix`: from a comment to the model's first call and to the push, sandboxes and checkout included."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from app.adapters.store.embedded import open_embedded_server
from scripts.bench import change
from scripts.bench.results import Section
from scripts.bench.review import concluded, idle, working
from scripts.bench.runner import NoSandbox, open_runner, place
from tests.fakes.github import Delivery, FakeGitHub, PullRequest, User
from tests.fakes.model import Answer, FakeModel, Reviewer, Steps, ToolCall
from tests.world import MODEL_KEY, WEBHOOK_SECRET, World, open_world

NAME = "fix"
ASKED = "fix of one line"
FIRST, PUSHED = "s from the comment to the model's first call", "s from the comment to the push"

_POLICY = "version: 1\nreview: {triggers: [opened]}\nfix: {verify: [python3 check.py]}\n"
_CHECK = 'import runpy\nrunpy.run_path("src/fresh.py")\n'
_PATCH = "*** Begin Patch\n*** Update File: src/fresh.py\n@@\n-VALUE = 1\n+VALUE = 2\n*** End Patch\n"
_FIXED = [{"what": "the value", "how": "It is 2."}]
_ANSWER = {"summary": "The value is 2.", "fixed": _FIXED, "not_fixed": [], "test": "none"}
_WAIT_SECONDS = 60.0
_POLL_SECONDS = 0.002


@dataclass(frozen=True, slots=True)
class Plan:
    rounds: int


FULL, QUICK = Plan(5), Plan(2)


async def measure(plan: Plan) -> Section:
    """Each round opens a pull request in a repository of medium size, lets it be reviewed, and asks for a fix."""
    values: dict[str, dict[str, list[float]]] = {ASKED: defaultdict(list)}
    title = f"Fix: one line in a repository of 300 modules, a model that answers at once, {plan.rounds} rounds"
    try:
        async with _open_world() as world, working(world):
            asker = world.github.add_user("wanda")
            world.repo.permissions[asker.id] = "write"
            for number in range(plan.rounds + 1):
                observed = await _observe(world, await _opened(world, number), asker)
                if number:  # the first one fetches, and warms what is read once
                    for name, value in observed.items():
                        values[ASKED][name].append(value)
    except NoSandbox as error:
        return Section(NAME, title, {}, (str(error),))
    return Section(NAME, title, values)


async def _opened(world: World, number: int) -> PullRequest:
    branch = f"fix-{number}"
    world.repo.commit(branch, {"src/fresh.py": "VALUE = 1\n", "src/number.txt": f"{number}\n"})
    pull = world.repo.open_pull_request(head=branch, title=f"Change {number}")
    await _sent(world, "pull_request")
    await concluded(world, pull)
    await idle(world)
    return pull


async def _observe(world: World, pull: PullRequest, asker: User) -> dict[str, float]:
    assert world.model is not None
    head, asked = pull.head_sha, len(world.model.requests)
    world.github.clock = lambda: datetime.now(UTC) + timedelta(seconds=5)  # said after the push was seen
    pull.comment(asker, "@revwright fix the value, which must be 2")
    began = time.monotonic()
    await _sent(world, "issue_comment")
    async with asyncio.timeout(_WAIT_SECONDS):
        while pull.head_sha == head:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(_POLL_SECONDS)
    pushed = time.monotonic()
    first = next(one for one in world.model.requests[asked:] if one.task == "fix")
    await _sent(world, "pull_request")
    await idle(world)
    return {FIRST: first.started_at - began, PUSHED: pushed - began}


async def _sent(world: World, event: str) -> None:
    """Hands over what GitHub made of this event since the last time; the rest nobody acts on."""
    new: list[Delivery] = list(world.github.deliveries)[world.taken :]
    world.taken += len(new)
    for delivery in new:
        if delivery.event == event:
            await world.deliver(delivery)


@asynccontextmanager
async def _open_world() -> AsyncIterator[World]:
    steps = (
        (ToolCall("apply_patch", {"patch": _PATCH}),),
        Answer(_ANSWER),
    )
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rw-bench-")))
        where = stack.enter_context(place())
        sandboxes = await stack.enter_async_context(open_runner(where, at_once=4))
        model = FakeModel(Steps({"fix": steps}, otherwise=Reviewer({})), api_key=MODEL_KEY)
        stack.enter_context(model.serving())
        github = FakeGitHub(folder / "github", webhook_secret=WEBHOOK_SECRET)
        github.start()
        stack.callback(github.stop)
        redis = await stack.enter_async_context(open_embedded_server(folder))
        world = await stack.enter_async_context(
            open_world(github, redis.settings, folder / "data", model=model, sandboxes=sandboxes)
        )
        world.repo.commit("main", {**change.repository(), ".github/revwright.yml": _POLICY, "check.py": _CHECK})
        yield world
