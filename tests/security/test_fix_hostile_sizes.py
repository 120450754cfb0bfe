"""Huge and endless things: each ends at a limit that the report names, the worker lives, and the next fix is made."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
from arq.connections import RedisSettings

from app.domain.sandbox import CommandLimits
from tests.adapters.sandbox.runner.conftest import Place
from tests.fakes.github import FakeGitHub, PullRequest
from tests.fakes.model import Answer, FakeModel, ToolCall
from tests.security.fixing import ASK, FILES, REPAIR, RIGHT, RUN, VERIFY, Attacker, bare, patching, pushed, running
from tests.stories.fixing import FIXED, asked, policy, told
from tests.stories.sandboxed import Impatient
from tests.stories.test_fix import world as world  # noqa: PLC0414 - the fixture
from tests.stories.test_proof import place as place  # noqa: PLC0414 - the fixture
from tests.stories.test_proof import runner as runner  # noqa: PLC0414 - the fixture
from tests.world import World, open_world

MB = 1 << 20
LITTLE = CommandLimits(seconds=5, memory_bytes=400 * MB, file_bytes=8 * MB, disk_bytes=48 * MB, files=3_000)


@pytest.fixture
async def cramped(
    github: FakeGitHub, redis_settings: RedisSettings, model: FakeModel, place: Place, tmp_path: Path
) -> AsyncIterator[World]:
    """With little of everything for each command."""
    boxes = Impatient(place.sandboxes, LITTLE)
    async with open_world(github, redis_settings, tmp_path / "data", model=model, sandboxes=boxes) as opened:
        yield opened


async def fix_on(
    world: World, branch: str, head: Mapping[str, str | bytes | None], *steps: tuple[ToolCall, ...]
) -> PullRequest:
    """A pull request with this head, and a fix that somebody asked for there; the base has the project already."""
    assert world.model is not None
    world.model.behaviour = Attacker((*steps, (patching(REPAIR),), Answer(dict(FIXED))))
    world.repo.commit(branch, head)
    pull = world.repo.open_pull_request(head=branch, title="Something else")
    await world.settle()
    await asked(world, pull, ASK)
    return pull


async def assert_next_is_made(world: World) -> None:
    assert pushed(world, await fix_on(world, "honest", {"NOTES.md": "Read me.\n"})) == {"price.sh": RIGHT}


def project(world: World, **more: str) -> None:
    world.repo.commit("main", {**FILES, **more, ".github/revwright.yml": policy(VERIFY)})


BOMBS = {
    "time": "while :; do :; done",
    "size of a file": "head -c 20M /dev/zero > zeros",
    "bytes in the workspace": "i=0; while head -c 4M /dev/zero > zeros$i; do i=$((i+1)); sleep 0.02; done",
    "space in /tmp": "i=0; while head -c 4M /dev/zero > /tmp/zeros$i; do i=$((i+1)); done; exit 1",
    "files in the workspace": "i=0; while : > f$i; do i=$((i+1)); done",
    "memory": "head -c 900M /dev/zero | tail",
}


@pytest.mark.parametrize("limit", BOMBS)
async def test_a_check_without_an_end_is_told_with_its_limit_and_the_next_fix_is_made(
    cramped: World, limit: str
) -> None:
    project(cramped)
    pull = await fix_on(cramped, "feature", {"tests/run.sh": f"{BOMBS[limit]}\n"})

    assert pushed(cramped, pull) == {}
    assert "The checks cannot be run here:" in told(pull)
    assert "it reached a limit before anything was changed" in told(pull)
    assert limit in told(pull), told(pull)
    await assert_next_is_made(cramped)


DEEP = "i=0; while [ $i -lt 1000 ]; do mkdir d && cd d || exit 1; i=$((i+1)); done; echo deep $i"


async def test_what_commands_leave_that_is_huge_deep_or_oddly_named_is_left_and_told(
    world: World, place: Place
) -> None:
    """200 MB of zeros, a thousand directories in each other, and names that a terminal would obey."""
    names = "touch \"$(printf 'a\\nb')\" \"$(printf 'esc\\033[2Jx')\" \"$(printf 'over\\rwritten')\"; echo named"
    project(world)
    pull = await fix_on(
        world,
        "feature",
        {"NOTES.md": "Read me.\n"},
        (running("head -c 200M /dev/zero > zeros.bin; ls -l zeros.bin"), running(DEEP), running(names)),
    )

    assert world.model is not None
    last = [seen for seen in world.model.requests if seen.task == "fix"][-1]
    first, second, third, _ = [one.result or "" for one in last.exchanges]
    assert "209715200" in first
    assert "deep 1000" in second
    assert "named" in third
    assert pushed(world, pull) == {"price.sh": RIGHT}
    assert "Not part of the patch:" in told(pull)
    assert "\u001b" not in told(pull)
    assert "\r" not in told(pull)
    assert space_of(place) < 20 * MB, "nothing stays on the disk"
    await assert_next_is_made(world)


def space_of(place: Place) -> int:
    """What is left of all sandboxes, kept workspaces included."""
    return sum(path.lstat().st_blocks * 512 for path in place.directory.rglob("*"))


async def test_a_huge_workspace_that_is_kept_goes_with_the_next_fix_that_ends_well(world: World, place: Place) -> None:
    """The model changes nothing the first time, and somebody asks again."""
    project(world)
    assert world.model is not None
    world.model.behaviour = Attacker(((running("head -c 60M /dev/zero > zeros.bin"),), Answer(dict(FIXED))))
    world.repo.commit("feature", {"NOTES.md": "Read me.\n"})
    pull = world.repo.open_pull_request(head="feature", title="Something else")
    await world.settle()
    await asked(world, pull, ASK)
    assert "The model changed nothing." in told(pull)
    assert space_of(place) < 80 * MB, "one workspace for one pull request, at most"

    world.model.behaviour = Attacker(((patching(REPAIR),), Answer(dict(FIXED))))
    await asked(world, pull, f"{ASK} again")

    assert pushed(world, pull) == {"price.sh": RIGHT}
    assert space_of(place) < 20 * MB, "nothing stays on the disk"


LONG = "/".join(["n" * 200] * 50)
ODD = {
    "a\nb.txt": "x\n",
    "esc\x1b[2J.txt": "x\n",
    "over\rwritten.txt": "x\n",
    "tab\t.txt": "x\n",
    '"quoted".txt': "x\n",
    "back\\slash.txt": "x\n",
    "-rf": "x\n",
    "right\u202eleft.txt": "x\n",
    "$(id).txt": "x\n",
    "bad\udcff.txt": "x\n",
}
TREES: dict[str, tuple[Mapping[str, str | bytes | None], str]] = {
    "a thousand levels": ({f"{'d/' * 1_000}x": "x\n"}, "the path has more than 100 parts"),
    "a path of 10,000 bytes": ({f"{LONG}/x": "x\n"}, ""),
    "odd names": (ODD, ""),
}


@pytest.mark.parametrize("tree", TREES)
async def test_a_head_that_is_odd_is_fixed_or_told_why_not(world: World, tree: str) -> None:
    files, why = TREES[tree]
    project(world)
    pull = await fix_on(world, "feature", files)

    body = told(pull)
    if why:
        assert pushed(world, pull) == {}, body
        assert why in body
    else:
        assert pushed(world, pull) == {"price.sh": RIGHT}, body
    assert "\u001b" not in body
    assert "\u202e" not in bare(body)
    await assert_next_is_made(world)


@pytest.mark.timeout(400)
async def test_a_tree_of_sixty_thousand_files_is_worked_on(world: World) -> None:
    project(world, **{f"many/{n // 500}/{n}.txt": "" for n in range(60_000)})
    pull = await fix_on(world, "feature", {"NOTES.md": "Read me.\n"}, (running("find many -type f | wc -l"),))

    assert world.model is not None
    last = [seen for seen in world.model.requests if seen.task == "fix"][-1]
    assert "60000" in (last.exchanges[0].result or "")
    assert pushed(world, pull) == {"price.sh": RIGHT}


async def test_a_check_that_prints_as_much_as_it_may_is_read_to_its_end(world: World) -> None:
    """Fifteen megabytes before its results, and one line of them without an end of line."""
    loud = f"head -c 8M /dev/zero | tr '\\0' x; yes | head -c 7M; {RUN}"
    project(world)
    pull = await fix_on(world, "feature", {"tests/run.sh": loud})

    assert pushed(world, pull) == {"price.sh": RIGHT}
    assert len(told(pull)) < 60_000
