"""The whole transcript of a fix: what it holds, who can read it, and what is left of it when a worker dies."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from arq.connections import RedisSettings

from app.cli.main import run as revwright
from app.domain.jobs import JobKind
from app.domain.runs import RunRecord
from app.ports import Runs
from app.settings import Settings
from app.wiring.runs import open_runs_redis
from tests.dying import Station
from tests.fakes.github import FakeGitHub
from tests.fakes.model import FakeModel
from tests.stories.fixing import asked, told
from tests.stories.refusing import MEND, NEW_TEST, WISH, adds, does, opened, patch, run, small_world
from tests.stories.test_fix_crashes import PATCHING, Stage
from tests.stories.test_fix_crashes import place as place  # noqa: PLC0414 - the fixture
from tests.stories.test_fix_crashes import runner as runner  # noqa: PLC0414 - the fixture
from tests.stories.test_fix_crashes import stage as stage  # noqa: PLC0414 - the fixture
from tests.world import World, assert_nothing_leaked, environment

LONG = "seq 1 900"
KEY = "ghp_" + "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8"


@pytest.fixture
async def world(
    github: FakeGitHub, redis_settings: RedisSettings, model: FakeModel, tmp_path: Path
) -> AsyncIterator[World]:
    async with small_world(github, redis_settings, model, tmp_path) as opening:
        yield opening


async def fix_of(runs: Runs) -> RunRecord:
    (record,) = [one for one in await runs.recent(100) if one.start.key.kind is JobKind.FIX]
    return record


def env_of(world: World) -> dict[str, str]:
    url = f"unix://{world.redis_settings.unix_socket_path}"
    return environment(world.github, world.settings.data_dir, None, REVWRIGHT_REDIS_URL=url)


async def printed(env: Mapping[str, str], run_id: str, capsys: pytest.CaptureFixture[str], *more: str) -> str:
    capsys.readouterr()
    assert await asyncio.to_thread(revwright, ["runs", "logs", run_id, *more], env) == 0
    return capsys.readouterr().out


async def entries(env: Mapping[str, str], run_id: str, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(await printed(env, run_id, capsys, "--full", "--json"))["entries"]
    return found


def made_again(git_dir: Path, head: str, change: str, folder: Path) -> Path:
    """A workspace of the head and a patch, as the documentation says."""
    subprocess.run(["git", "clone", "-q", git_dir, folder], check=True)
    subprocess.run(["git", "checkout", "-q", head], cwd=folder, check=True)
    subprocess.run(["git", "apply", "-"], input=change.encode(), cwd=folder, check=True)
    return folder


async def test_a_fix_is_kept_word_for_word_from_what_was_asked_to_its_report(
    world: World, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    does(world, run(f"{LONG}; echo '\033[2J' {KEY}"), patch(MEND), patch(NEW_TEST))
    pull = opened(world)
    await world.settle()
    head = pull.head_sha
    await asked(world, pull, WISH)
    record = await fix_of(world.services.runs)
    assert f"`revwright runs logs {record.start.id} --full`" in told(pull)

    text = await printed(env_of(world), record.start.id, capsys, "--full")
    assert "".join(f"    {number}\n" for number in range(1, 901)) in text
    assert "+    return sum(prices)\n" in text
    assert "    Ran 3 tests in " in text
    assert "\x1b" not in text
    assert KEY not in text
    short = await printed(env_of(world), record.start.id, capsys)
    assert short.splitlines()[-1] == f"(all that was said and done: revwright runs logs {record.start.id} --full)"

    kept = await entries(env_of(world), record.start.id, capsys)
    kinds = [one["kind"] for one in kept]
    assert kinds == [
        *("asked", "check", "told"),
        *("reply", "tool") * 3,
        *("reply", "patch", "check", "check", "report"),
    ]
    assert kept[0]["text"].startswith("wish ")
    assert head in kept[0]["text"]
    assert "the total of no prices" in kept[2]["text"]
    assert "**Fixed in " in kept[-1]["text"]
    (change,) = [one["text"] for one in kept if one["kind"] == "patch"]
    again = made_again(world.repo.git_dir, head, change, tmp_path / "again")
    assert (again / "shop.py").read_text() == world.repo.store.run("show", f"{pull.head_sha}:shop.py").decode()
    assert KEY not in str(kept)
    await assert_nothing_leaked(world)


async def test_a_refused_fix_has_its_refused_patches_and_why(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    does(world, patch(adds("link.py", "x = 1")), run("rm link.py; ln -s /etc/passwd link.py"), patch(MEND))
    pull = opened(world)
    await asked(world, pull, WISH)

    kept = await entries(env_of(world), (await fix_of(world.services.runs)).start.id, capsys)
    first, *_ = [one for one in kept if one["kind"] == "patch"]
    assert first["note"] == "refused:\nlink.py: would be a symbolic link, and those are never made"
    assert "+    return sum(prices)\n" in first["text"]
    assert "**Nothing was pushed.**" in kept[-1]["text"]


async def test_a_guarded_patch_that_git_made_a_commit_of_is_kept_as_well(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    weaker = "*** Begin Patch\n*** Delete File: test_shop.py\n*** End Patch\n"
    does(world, patch(weaker))
    pull = opened(world)
    await asked(world, pull, WISH)

    kept = await entries(env_of(world), (await fix_of(world.services.runs)).start.id, capsys)
    patches = [one for one in kept if one["kind"] == "patch"]
    assert [one["step"] for one in patches] == ["try 1", "try 2", "try 3"]
    why = "refused:\ntest_shop.py: is a test or belongs to tests, and would be deleted or renamed"
    assert [one["note"] for one in patches] == [why] * 3
    assert "-    def test_two(self):\n" in patches[0]["text"]
    assert sum("what stands in the way" in one["text"] for one in kept if one["kind"] == "told") == 2


async def test_where_redis_does_not_take_it_the_fix_is_made_all_the_same(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    does(world, patch(MEND), patch(NEW_TEST))
    pull = opened(world)
    await world.settle()
    later = world.redis.hset("revwright:transcripts", "x", "no sorted set")  # every entry fails from now on
    await later  # type: ignore[misc]
    await asked(world, pull, WISH)

    assert "**Fixed in " in told(pull)
    record = await fix_of(world.services.runs)
    log = await world.services.runs.logs(record.start.id)
    assert any("lacks an entry (patch)" in line for line in log.lines)


async def test_a_killed_worker_leaves_what_there_was_and_the_next_one_goes_on_there(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    stage.start(**Station("after", f"{PATCHING}.call").told())
    await stage.deployment.deliver("opened")
    await stage.ask()
    await stage.dead()
    env = stage.deployment.env
    async with open_runs_redis(Settings.from_environment(env)) as (_, runs):
        run_id = (await fix_of(runs)).start.id
    left = await entries(env, run_id, capsys)
    assert [one["kind"] for one in left] == ["asked", "check", "told", "reply"]
    assert "[calls apply_patch]" in left[-1]["text"]

    stage.start()
    await stage.assert_fixed_once()
    kept = await entries(env, run_id, capsys)
    assert kept[:4] == left
    assert (kept[4]["kind"], kept[4]["step"]) == ("asked", "attempt 2")
    assert kept[4]["note"].startswith("another attempt begins: ")
    assert [one["kind"] for one in kept[5:9]] == ["check", "told", "reply", "tool"]
    assert kept[7]["text"] == left[3]["text"]
    assert kept[-1]["kind"] == "report"
