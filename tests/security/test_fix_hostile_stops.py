"""`stop`, in every phase of a fix: how soon after its delivery the model's call is cut and nothing runs any more.

The worker, its queues and the runner have the patience that they have in operation. The bound is generous, for machines
that do other things; `--log-cli-level=INFO` tells the times themselves.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from arq.connections import RedisSettings

from tests.adapters.sandbox.runner.conftest import Place
from tests.fakes.github import FakeGitHub, PullRequest
from tests.fakes.model import Answer, FakeModel, Hang, Reply, Seen, Slow
from tests.fakes.model.behaviours import nothing
from tests.security.fixing import ASK, FILES, REPAIR, RIGHT, RUN, VERIFY, patching, pushed, running
from tests.stories.fixing import FIXED, later, policy, told, writer
from tests.stories.sandboxed import processes_with
from tests.stories.saying import signs
from tests.stories.test_fix import world as world  # noqa: PLC0414 - the fixture
from tests.stories.test_proof import place as place  # noqa: PLC0414 - the fixture
from tests.stories.test_proof import runner as runner  # noqa: PLC0414 - the fixture
from tests.world import World, open_world
from workers.main import run_worker
from workers.options import WorkerOptions

_log = logging.getLogger(__name__)

MOST_SECONDS = 5.0
"""On an idle machine it is one."""
STAYS = f"sleep 7127.{os.getpid()}"
"""Of this process alone: the suite runs in several."""
_HELD_SECONDS = 20.0


@dataclass(slots=True)
class Phase:
    """What holds a fix up in one phase: a command that stays, a model that does not answer, or GitHub."""

    files: Mapping[str, str] = field(default_factory=dict)
    """On the base."""
    head: Mapping[str, str] = field(default_factory=dict)
    more: Mapping[str, str] = field(default_factory=dict)
    """Of the policy."""
    steps: tuple[Reply, ...] = ()
    github: bool = False
    """Whether GitHub is slow to say, at the end, whether the person still may."""

    @property
    def model(self) -> bool:
        return Hang() in self.steps


def _then(command: str) -> str:
    """The checks, which stay once the fix is in."""
    return f'test "$(sh price.sh 150)" = 2 && {command}\n{RUN}'


REPAIRS = Answer(tool_calls=(patching(REPAIR),))
PHASES = {
    "setup": Phase(more={"setup": f"['{STAYS}']"}),
    "checks before": Phase(head={"tests/run.sh": f"{STAYS}\n"}),
    "call of the model": Phase(steps=(Hang(),)),
    "command of the model": Phase(steps=(Answer(tool_calls=(running(STAYS),)),)),
    "processes that hide": Phase(
        steps=(Answer(tool_calls=(running(f"trap '' TERM INT HUP; (setsid {STAYS} &) ; setsid {STAYS} & wait"),)),)
    ),
    "checks after": Phase(files={"tests/run.sh": _then(STAYS)}, steps=(REPAIRS, Answer(dict(FIXED)))),
    "before the push": Phase(steps=(REPAIRS, Answer(dict(FIXED))), github=True),
}


@asynccontextmanager
async def in_operation(world: World) -> AsyncIterator[None]:
    """A worker with the pauses of a real one."""
    ends = asyncio.Event()
    worker = asyncio.create_task(run_worker(world.redis_settings, world.services, WorkerOptions(), ends))
    try:
        yield
        assert not worker.done()
    finally:
        ends.set()
        await worker


async def after(start: float, holds: Callable[[], bool], what: str) -> float:
    """Seconds from the start until it holds."""
    async with asyncio.timeout(60):
        while not holds():  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.01)
    took = time.monotonic() - start
    assert took < MOST_SECONDS, f"{what} took {took:.2f} s"
    return took


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not holds():  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.02)


def going(world: World, phase: Phase, slow: list[object]) -> bool:
    """Whether the fix has come to what holds it up."""
    assert world.model is not None
    if phase.github:
        return bool(slow) and any(getattr(one, "hits", 0) for one in slow)
    if phase.model:
        return any(seen.task == "fix" for seen in world.model.requests)
    return bool(processes_with(STAYS))


@pytest.mark.parametrize("name", PHASES)
async def test_a_stop_is_obeyed_at_once_in_every_phase(world: World, name: str) -> None:
    phase = PHASES[name]
    pull, slow = begun(world, phase)
    await world.settle()
    before = pull.head_sha
    later(world)
    pull.comment(writer(world), ASK)
    async with in_operation(world):
        await world.deliver_new()
        await until(lambda: going(world, phase, slow))
        pull.comment(writer(world, "sam"), "@revwright stop")
        start = time.monotonic()
        await world.deliver_new()
        assert world.model is not None
        asked = [seen for seen in world.model.requests if seen.task == "fix"]
        if phase.model:
            await after(start, lambda: all(seen.ended_at is not None for seen in asked), f"{name}: the call's end")
            assert [seen.disconnected for seen in asked] == [True]
            _log.info("%s: call cut after %.2f s", name, max(seen.ended_at or 0.0 for seen in asked) - start)
        elif not phase.github:
            gone = await after(start, lambda: processes_with(STAYS) == [], f"{name}: the death of all processes")
            _log.info("%s: no process after %.2f s", name, gone)
        said = await after(start, lambda: "Somebody stopped it." in told(pull), f"{name}: the last word")
        _log.info("%s: told after %.2f s", name, said)

    assert "Nothing was pushed" in told(pull)
    assert pull.head_sha == before
    assert [call for call in world.github.git_calls if "receive-pack" in call.path] == []


def begun(world: World, phase: Phase) -> tuple[PullRequest, list[object]]:
    """A pull request, and a model that goes through its steps; what GitHub is slow with is in the list by then."""
    assert world.model is not None
    slow: list[object] = []
    turn = 0

    def behaves(seen: Seen) -> Reply:
        nonlocal turn
        if seen.task != "fix" or not phase.steps:
            return nothing(seen)
        step = phase.steps[min(turn, len(phase.steps) - 1)]
        turn += 1
        if phase.github and turn == len(phase.steps):
            path = "/collaborators/wanda/permission"
            slow.append(world.github.faults.add(path=path, delay=_HELD_SECONDS, status=None))
        return step

    world.model.behaviour = behaves
    world.repo.commit("main", {**FILES, **phase.files, ".github/revwright.yml": policy(VERIFY, **phase.more)})
    world.repo.commit("feature", dict(phase.head) or {"NOTES.md": "Read me.\n"})
    return world.repo.open_pull_request(head="feature", title="Something else"), slow


@pytest.fixture
async def narrow(
    github: FakeGitHub, redis_settings: RedisSettings, model: FakeModel, place: Place, tmp_path: Path
) -> AsyncIterator[World]:
    """With sandboxes for one fix at a time."""
    boxes, data = place.sandboxes, tmp_path / "data"
    opening = open_world(github, redis_settings, data, model=model, sandboxes=boxes, REVWRIGHT_SANDBOXES_AT_ONCE="2")
    async with opening as opened:
        yield opened


async def test_a_fix_that_waits_for_its_turn_is_stopped_at_once_and_the_other_one_goes_on(narrow: World) -> None:
    world = narrow
    phase = PHASES["command of the model"]
    pull, slow = begun(world, phase)
    world.repo.commit("side", {"SIDE.md": "Read me.\n"})
    waiting = world.repo.open_pull_request(head="side", title="Another")
    await world.settle()
    later(world)
    pull.comment(writer(world), ASK)
    async with in_operation(world):
        await world.deliver_new()
        await until(lambda: going(world, phase, slow))
        waiting.comment(writer(world), ASK)
        await world.deliver_new()
        await until(lambda: any("it waits until other fixes are done" in one.body for one in waiting.comments))
        waiting.comment(writer(world, "sam"), "@revwright stop")
        start = time.monotonic()
        await world.deliver_new()
        said = await after(start, lambda: "Somebody stopped it." in told(waiting), "the last word of what waits")
        _log.info("waiting: told after %.2f s", said)
        assert processes_with(STAYS) != []
        pull.comment(writer(world, "sam"), "@revwright stop")
        await world.deliver_new()
        await until(lambda: "Somebody stopped it." in told(pull))


async def test_a_reader_stops_nothing_and_neither_does_a_stop_on_another_pull_request(world: World) -> None:
    phase = Phase(steps=(Slow(4.0, REPAIRS), Answer(dict(FIXED))))
    pull, _ = begun(world, phase)
    world.repo.commit("side", {"SIDE.md": "Read me.\n"})
    other = world.repo.open_pull_request(head="side", title="Another")
    await world.settle()
    later(world)
    eve = world.github.add_user("eve")
    world.repo.permissions[eve.id] = "triage"
    pull.comment(writer(world), ASK)
    async with in_operation(world):
        await world.deliver_new()
        await until(lambda: bool(world.model and [seen for seen in world.model.requests if seen.task == "fix"]))
        vain, elsewhere = pull.comment(eve, "@revwright stop"), other.comment(writer(world), "@revwright stop")
        await world.deliver_new()
        await until(lambda: (signs(vain), signs(elsewhere)) == (["confused"], ["eyes", "rocket"]))
        await until(lambda: "Fixed in" in told(pull))

    assert pushed(world, pull) == {"price.sh": RIGHT}


async def test_a_github_that_takes_no_sign_keeps_nothing_from_being_stopped(world: World) -> None:
    """What is to end ends before GitHub is told that the comment was seen."""
    phase = PHASES["call of the model"]
    pull, slow = begun(world, phase)
    await world.settle()
    later(world)
    pull.comment(writer(world), ASK)
    assert world.model is not None
    async with in_operation(world):
        await world.deliver_new()
        await until(lambda: going(world, phase, slow))
        (asked,) = [seen for seen in world.model.requests if seen.task == "fix"]
        world.github.faults.add(method="POST", path="/reactions$", delay=2 * MOST_SECONDS, status=None)
        comment = pull.comment(writer(world, "sam"), "@revwright stop")
        start = time.monotonic()
        await world.deliver_new()
        await after(start, lambda: asked.ended_at is not None, "the call's end")
        assert signs(comment) == []
        await until(lambda: signs(comment) == ["eyes", "rocket"])

    assert asked.disconnected
    assert "Somebody stopped it." in told(pull)
