"""Bombs in a job's sandbox: the run says which limit, the runner goes on answering, and the next job works."""

from __future__ import annotations

import asyncio

import pytest

from app.domain.sandbox import Command, CommandLimits, Limit
from tests.adapters.sandbox.runner.conftest import Place
from tests.adapters.sandbox.runner.processes import children, runners, until
from tests.adapters.sandbox.runner.trees import MemoryTree

TREE = MemoryTree({"README.md": b"# bombs\n"})
MB = 1 << 20
SMALL = CommandLimits(
    seconds=20,
    memory_bytes=96 * MB,
    processes=40,
    cpu_seconds=60,
    file_bytes=32 * MB,
    output_bytes=2 * MB,
    disk_bytes=48 * MB,
    files=3_000,
)
MEMORY = "perl -e 'my @all; push @all, q(x) x 1_000_000 while 1'"
FORKS = "perl -e 'while (1) { fork; select undef, undef, undef, 0.01 }'"
DISK = "i=0; while :; do i=$((i+1)); head -c 4000000 /dev/zero > f$i || exit 1; done"
FILES = "perl -e 'for my $i (1 .. 1_000_000) { open my $f, q(>), qq(f$i) }'"
STUBBORN = "trap '' TERM INT HUP; (trap '' TERM; setsid sleep 1000 &); while :; do sleep 1; done"


@pytest.mark.parametrize(
    ("script", "limits", "limit"),
    [
        pytest.param(MEMORY, SMALL, Limit.MEMORY, id="memory"),
        pytest.param(FORKS, SMALL, Limit.PROCESSES, id="forks"),
        pytest.param(DISK, SMALL, Limit.DISK, id="disk"),
        pytest.param(FILES, SMALL, Limit.FILES, id="a million files"),
        pytest.param("cat /dev/zero", SMALL, Limit.OUTPUT, id="endless output"),
        pytest.param("head -c 60000000 /dev/zero > large", SMALL, Limit.FILE_SIZE, id="large file"),
        pytest.param(STUBBORN, CommandLimits(seconds=0.5), Limit.TIME, id="what ignores signals"),
        pytest.param("while :; do :; done", CommandLimits(cpu_seconds=1), Limit.CPU, id="processor"),
    ],
)
async def test_a_bomb(place: Place, script: str, limits: CommandLimits, limit: Limit) -> None:
    (runner,) = runners(place.directory)
    async with place.sandboxes.open(TREE) as sandbox:
        exploding = asyncio.create_task(sandbox.run(Command(argv=("sh", "-c", script), limits=limits)))
        await asyncio.wait_for(place.sandboxes.isolation(), 20)
        ended = await exploding
        assert ended.limit is limit, ended
        assert not ended.succeeded
        await until(lambda: children(runner) == [], "nothing of it is alive")
    assert place.workspaces() == []
    async with place.sandboxes.open(TREE) as following:
        assert (await following.run(Command(argv=("cat", "README.md")))).succeeded


async def test_a_daemon_does_not_outlive_its_command(place: Place) -> None:
    (runner,) = runners(place.directory)
    async with place.sandboxes.open(TREE) as sandbox:
        ended = await sandbox.run(Command(argv=("sh", "-c", "(setsid sleep 1000 &) ; exit 0")))
        assert ended.succeeded
        assert children(runner) == []


async def test_a_bomb_beside_it_does_not_end_another_sandbox(place: Place) -> None:
    async with place.sandboxes.open(TREE) as quiet, place.sandboxes.open(TREE) as loud:
        calm = asyncio.create_task(quiet.run(Command(argv=("sh", "-c", "sleep 2; echo fine > told"))))
        assert (await loud.run(Command(argv=("sh", "-c", MEMORY), limits=SMALL))).limit is Limit.MEMORY
        assert (await calm).succeeded
        assert await quiet.read("told", max_bytes=10) == b"fine\n"
