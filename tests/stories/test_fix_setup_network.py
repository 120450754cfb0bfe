"""`fix.setup` fetches what the checks need from hosts that the operator allows, once; what it may not reach is told."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from arq.connections import RedisSettings

from app.adapters.sandbox.runner.client import RunnerSandboxes
from app.adapters.sandbox.runner.listening import RunnerAt
from tests.adapters.sandbox.isolation import launching
from tests.adapters.sandbox.network.mirror import Mirror, mirror
from tests.adapters.sandbox.runner.conftest import answering, fresh_directory, give_to_runner, parts
from tests.adapters.sandbox.runner.standalone import Standalone
from tests.fakes.github import FakeGitHub, PullRequest
from tests.fakes.model import FakeModel
from tests.stories.fixing import asked, open_task, repairer, told
from tests.stories.test_fix_crashes import CHECK, SCRIPT, WRONG
from tests.world import World, open_world

VERIFY = "grep -q 'a package' deps/it && sh check.sh"
FILES = {"price.sh": WRONG, "check.sh": CHECK, "requirements.txt": "it==1\n"}
WISH = "@revwright fix the price of 150 cents"
ELSEWHERE = "python3 -c 'import urllib.request; urllib.request.urlopen(\"https://x.example.org/\")'"


@pytest.fixture(scope="module")
def packages() -> Iterator[Mirror]:
    if not Path("/usr/bin/python3").exists() and not Path("/usr/local/bin/python3").exists():
        pytest.skip("no python3 under /usr: the setup of these stories needs one inside the sandbox")
    launching.bubblewrap()
    with mirror() as made:
        yield made


@pytest.fixture(scope="module")
def runner(request: pytest.FixtureRequest, packages: Mirror) -> Iterator[Standalone]:
    hosts = packages.entry if request.param == "allowed" else ""
    with fresh_directory() as directory:
        give_to_runner(directory.parent)
        runner = Standalone(directory, REVWRIGHT_SETUP_HOSTS=hosts)
        try:
            yield runner
        finally:
            runner.end()
            assert parts(directory) == []


@pytest.fixture
async def world(
    github: FakeGitHub, redis_settings: RedisSettings, model: FakeModel, runner: Standalone, tmp_path: Path
) -> AsyncIterator[World]:
    sandboxes = RunnerSandboxes(RunnerAt(runner.socket).connect)
    await answering(sandboxes)
    async with open_world(github, redis_settings, tmp_path / "data", model=model, sandboxes=sandboxes) as opened:
        model.behaviour = repairer(SCRIPT)
        yield opened


def project(world: World, setup: str) -> PullRequest:
    return open_task(world, FILES, VERIFY, {"NOTES.md": "Read me.\n"}, setup=f"[{json.dumps(setup)}]")


def other(world: World) -> PullRequest:
    world.repo.commit("other", {"OTHER.md": "Read me, too.\n"})
    return world.repo.open_pull_request(head="other", title="Something else")


@pytest.mark.parametrize("runner", ["allowed"], indirect=True)
async def test_what_setup_fetched_is_there_for_this_fix_and_the_next(world: World, packages: Mirror) -> None:
    packages.asked.clear()
    pull = project(world, f"mkdir deps && {packages.fetch('/it')} > deps/it")
    await world.settle()
    await asked(world, pull, WISH)
    assert "**Fixed in " in told(pull), told(pull)
    assert packages.asked == ["/it"]

    second = other(world)
    await world.settle()
    await asked(world, second, WISH)
    assert "**Fixed in " in told(second), told(second)
    assert packages.asked == ["/it"], "it is kept"


@pytest.mark.parametrize("runner", ["allowed"], indirect=True)
async def test_a_host_that_is_not_allowed_is_named(world: World) -> None:
    pull = project(world, ELSEWHERE)
    await world.settle()
    await asked(world, pull, WISH)
    said = told(pull)
    assert "Nothing was pushed." in said
    assert "a command of `fix.setup`, failed in the sandbox on the base commit." in said
    plain = said.replace("\\", "")
    assert "Setup asked for `x.example.org:443`, which the operator does not allow (REVWRIGHT_SETUP_HOSTS)." in plain


@pytest.mark.parametrize("runner", ["nothing allowed"], indirect=True)
async def test_where_nothing_is_allowed_the_setting_is_named(world: World) -> None:
    pull = project(world, ELSEWHERE)
    await world.settle()
    await asked(world, pull, WISH)
    said = told(pull)
    assert "Nothing was pushed." in said
    assert "It seems to have wanted a network, and setup has none here" in said
    assert "`REVWRIGHT_SETUP_HOSTS`" in said
