"""What a real runner keeps, and what hostile code can make of it: nothing that reaches the host or anybody else."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from app.adapters.sandbox.runner.client import RunnerSandboxes
from app.domain.errors import SandboxRefused, SandboxUnavailable, SetupFailed
from app.domain.pull_request import Sha
from app.domain.sandbox import CommandLimits, Limit, WorkspaceKey
from app.ports import Prepared
from tests.adapters.sandbox.runner.conftest import Place, answering, kept_runner, parts, settings_for
from tests.adapters.sandbox.runner.test_sandboxes import Heard, printed, shell
from tests.adapters.sandbox.runner.trees import MemoryTree

HEAD, BASE = Sha("a" * 40), Sha("d" * 40)
TREE = MemoryTree({"README.md": b"head\n", "packages/a/index.js": b"1\n"}, HEAD)
OF_BASE = MemoryTree({"README.md": b"base\n", "packages/a/index.js": b"0\n"}, BASE)
INSTALL = "mkdir -p packages/a/node_modules/m && echo dep > packages/a/node_modules/m/x && echo one > single"
MB = 1 << 20


def key() -> WorkspaceKey:
    return WorkspaceKey(f"test/{secrets.token_hex(8)}", HEAD)


def prepared(*setup: str, tree: MemoryTree = OF_BASE) -> Prepared:
    return Prepared(tree, setup, secrets.token_hex(32))


def kept(place: Place) -> list[Path]:
    return list((place.directory / "kept").iterdir())


def environments(place: Place) -> set[str]:
    return {entry.name for entry in (place.directory / "environments").iterdir()} - {".locks"}


def modes(directory: Path) -> dict[str, int]:
    return {entry.name: entry.stat().st_mode & 0o777 for entry in directory.iterdir()}


@contextlib.asynccontextmanager
async def forgetting(place: Place, owner: WorkspaceKey) -> AsyncIterator[None]:
    try:
        yield
    finally:
        await place.sandboxes.forget(owner.owner)
        assert kept(place) == []


async def test_a_repository_and_files_of_commands_are_kept(place: Place) -> None:
    owner = key()
    async with forgetting(place, owner):
        async with place.sandboxes.open(TREE, git=True, keep=owner) as sandbox:
            has_git = sandbox.has_git
            await printed(sandbox, "mkdir build; echo o > build/o; chmod 700 build; echo more >> README.md")
        assert [entry.stat().st_mode & 0o777 for entry in kept(place)] == [0o700]
        assert owner.owner not in str(kept(place))
        async with place.sandboxes.open(TREE, git=True, keep=owner) as sandbox:
            assert (sandbox.resumed, sandbox.has_git) == (True, has_git)
            assert await printed(sandbox, "cat build/o README.md") == "o\nhead\nmore\n"
            assert kept(place) == [], "it is in use"


async def test_it_outlives_its_runner(directory: Path) -> None:
    owner = key()
    for resumed in (False, True):
        async with kept_runner(settings_for(directory)) as own:
            sandboxes = RunnerSandboxes(own.connect)
            await answering(sandboxes)
            async with sandboxes.open(TREE, environment=None, keep=owner) as sandbox:
                assert sandbox.resumed is resumed
        assert parts(directory) == []


HOSTILE = r"""
ln -s /etc/passwd link; ln -s / root; ln -s ../../.. up; mkfifo pipe; rm README.md; ln -s /etc/hostname README.md
mkdir -p deep/er; ln /workspace/packages/a/index.js hard; chmod u+s hard; chmod 000 deep/er; chmod 000 deep
rm -rf packages; ln -s /etc packages; chmod 000 /workspace
"""


@pytest.fixture
def canary(place: Place) -> Iterator[Path]:
    """A directory of the host that the runner could change, were it led there."""
    directory = place.directory.parent / "canary"
    directory.mkdir()
    directory.chmod(0o777)
    (directory / "kept").touch()
    (directory / "kept").chmod(0o666)
    yield directory
    shutil.rmtree(directory)


async def test_what_hostile_code_left_reaches_nothing_when_it_is_opened_again(place: Place, canary: Path) -> None:
    owner = key()
    async with forgetting(place, owner):
        async with place.sandboxes.open(TREE, keep=owner) as sandbox:
            await printed(sandbox, f"ln -s {canary} canary; ln -s {canary}/kept kept; {HOSTILE}")
        async with place.sandboxes.open(TREE, keep=owner) as sandbox:
            assert sandbox.resumed
            for path in (
                "link",
                "root/etc/passwd",
                "up/x",
                "pipe",
                "README.md",
                "packages/passwd",
                "deep/er/x",
                "canary/kept",
                "kept",
            ):
                with pytest.raises(SandboxRefused):
                    await sandbox.read(path, max_bytes=100)
                with pytest.raises(SandboxRefused):
                    await sandbox.write(path, b"x")
            collected = await sandbox.collect(["README.md", "packages/a/index.js", "link"])
            assert collected.patch.edits == ()
            assert {refusal.path for refusal in collected.refused} == {"README.md", "packages/a/index.js", "link"}
            await printed(sandbox, "chmod 000 /workspace")
    assert modes(canary) == {"kept": 0o666}


async def test_a_workspace_that_was_made_large_is_not_kept_and_one_that_is_kept_counts(place: Place) -> None:
    owner = key()
    small = RunnerSandboxes(place.sandboxes.connect, CommandLimits(disk_bytes=20 * MB))
    async with forgetting(place, owner):
        async with place.sandboxes.open(TREE, keep=owner) as sandbox:
            await printed(sandbox, "head -c 15000000 /dev/zero > first")
        limits = CommandLimits(disk_bytes=20 * MB)
        async with small.open(TREE, keep=owner) as sandbox:
            assert sandbox.resumed
            ended = await sandbox.run(shell("head -c 15000000 /dev/zero > second; sleep 5", limits=limits))
            assert ended.limit is Limit.DISK
        assert kept(place) == []
        async with small.open(TREE, keep=owner) as sandbox:
            assert not sandbox.resumed


async def test_who_is_cancelled_in_a_command_keeps_nothing(place: Place) -> None:
    owner = key()
    async with place.sandboxes.open(TREE, keep=owner):
        pass
    begun = asyncio.Event()

    async def hear(_stream: object, _data: bytes) -> None:
        begun.set()

    async def work() -> None:
        async with place.sandboxes.open(TREE, keep=owner) as sandbox:
            assert sandbox.resumed
            await sandbox.run(shell("echo; sleep 1000"), hear)

    working = asyncio.create_task(work())
    await asyncio.wait_for(begun.wait(), 30)
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working
    assert kept(place) == []


async def test_an_environment_is_read_only_and_neither_counted_nor_collected(place: Place) -> None:
    big = "mkdir target && head -c 30000000 /dev/zero > target/big"
    limits = CommandLimits(disk_bytes=20 * MB, files=200)
    async with place.sandboxes.open(TREE, git=True, environment=prepared(INSTALL, big)) as sandbox:
        assert await printed(sandbox, "cat packages/a/node_modules/m/x single README.md") == "dep\none\nhead\n"
        heard = Heard()
        script = (
            "touch packages/a/node_modules/y; echo > single; rm -rf packages/a/node_modules; rm -f single; "
            "mv target t2; chmod 777 target; ls -d target single; git status --porcelain 2>&1; sleep 1.5"
        )
        ended = await sandbox.run(shell(script, limits=limits), heard)
        assert ended.succeeded, ended
        assert heard.text().count("Read-only file system") >= 3
        assert heard.text().endswith("single\ntarget\n"), "git sees nothing of it either"
        assert await printed(sandbox, "cat packages/a/node_modules/m/x single") == "dep\none\n"
        collected = await sandbox.collect(["packages/a/index.js"])
        assert (collected.patch.edits, collected.extras, collected.refused) == ((), (), ())


async def test_a_link_in_the_way_of_an_environment_is_not_followed(place: Place, canary: Path) -> None:
    async with place.sandboxes.open(TREE, environment=prepared(INSTALL)) as sandbox:
        await printed(sandbox, f"mv packages moved; mkdir packages; ln -s {canary} packages/a")
        for _ in range(2):
            with pytest.raises(SandboxRefused, match="a symbolic link stands where the path needs a directory"):
                await sandbox.run(shell("true"))
        await sandbox.delete("packages/a")
        assert await printed(sandbox, "cat packages/a/node_modules/m/x") == "dep\n"
        await printed(sandbox, "mv packages again; echo x > packages")
        with pytest.raises(SandboxRefused, match="a file stands where the path needs a directory"):
            await sandbox.run(shell("true"))
    assert modes(canary) == {"kept": 0o666}


async def test_a_head_with_a_file_in_the_way_is_told_in_words(place: Place) -> None:
    for mode in ("100644", "120000"):
        head = MemoryTree({"packages": (mode, b"x")}, HEAD)
        with pytest.raises(SandboxRefused, match="the commit has a file or link at 'packages'"):
            async with place.sandboxes.open(head, environment=prepared(INSTALL)):
                pass


async def test_one_prepares_and_the_others_wait(place: Place) -> None:
    environment = prepared("mkdir deps; head -c 8 /dev/urandom | od -An -tx1 > deps/mark; sleep 0.5")

    async def mark() -> bytes:
        async with place.sandboxes.open(TREE, environment=environment) as sandbox:
            return await sandbox.read("deps/mark", max_bytes=100)

    marks = await asyncio.gather(*(mark() for _ in range(4)))
    assert len(set(marks)) == 1
    assert marks[0].strip()


async def test_a_failed_setup_says_how_and_leaves_nothing(place: Place) -> None:
    environment = prepared("mkdir deps", "echo \x1b[31mwhy; exit 7")
    with pytest.raises(SetupFailed, match="exit status 7") as caught:
        async with place.sandboxes.open(TREE, environment=environment):
            pass
    assert (caught.value.command, caught.value.ended.status) == ("echo \x1b[31mwhy; exit 7", 7)
    assert caught.value.output.strip() == "why"
    assert environment.key not in environments(place)


async def test_a_preparation_that_is_cut_off_leaves_nothing_and_can_be_begun_again(place: Place) -> None:
    environment = prepared("mkdir deps; echo x > deps/x; test -e README.md && sleep 1000")
    preparing = asyncio.create_task(opened(place, environment))
    while not any((workspace / "deps/x").exists() for workspace in place.workspaces()):
        assert not preparing.done()
        await asyncio.sleep(0.02)
    preparing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await preparing
    assert environment.key not in environments(place)
    again = Prepared(OF_BASE, ("mkdir deps",), environment.key)
    await opened(place, again)
    assert environment.key in environments(place)


async def opened(place: Place, environment: Prepared) -> None:
    async with place.sandboxes.open(TREE, environment=environment):
        pass


async def test_odd_things_that_setup_makes_are_left_or_kept_but_never_followed(place: Place) -> None:
    odd = (
        "ln -s /etc link; mkfifo pipe; mkdir -p closed/x __pycache__ packages/a/.git; echo y > closed/x/y; "
        "chmod 000 closed/x closed; ln -s /etc/passwd packages/a/pw; mkdir 'a b'; echo z > 'a b/*'; chmod 555 packages"
    )
    async with place.sandboxes.open(TREE, environment=prepared(odd)) as sandbox:
        listing = await printed(sandbox, "find . -mindepth 1 -maxdepth 1 | sort; cat 'a b/*'")
    assert listing.splitlines() == ["./README.md", "./a b", "./closed", "./packages", "z"]


async def test_too_many_things_are_refused_in_words(place: Place) -> None:
    environment = prepared("for i in $(seq 100); do echo > f$i; done")
    with pytest.raises(SandboxRefused, match="more than 64 files and directories"):
        await opened(place, environment)
    assert environment.key not in environments(place)


async def test_what_an_environment_s_links_lead_to_is_the_sandbox_s(place: Place) -> None:
    """A worker's read goes by descriptors, and does not follow what setup's downloads planted."""
    async with place.sandboxes.open(TREE, environment=prepared("mkdir deps; ln -s /etc/passwd deps/pw")) as sandbox:
        with pytest.raises(SandboxRefused, match="symbolic link"):
            await sandbox.read("deps/pw", max_bytes=100)
        assert "sandbox" in await printed(sandbox, "cat deps/pw")
        for path in ("deps/../../x", "deps"):
            with pytest.raises(SandboxRefused):
                await sandbox.read(path, max_bytes=100)


async def test_setup_has_no_network(place: Place) -> None:
    environment = prepared("test $(grep -c : /proc/net/dev) = 1 && mkdir deps")
    await opened(place, environment)


async def test_an_environment_that_was_removed_is_to_be_asked_for_again(place: Place) -> None:
    """The runner answers only for keys that are digests, and says which are not there."""
    bad = Prepared(OF_BASE, (), "../../etc")
    with pytest.raises(SandboxUnavailable):
        await opened(place, bad)
    assert not (place.directory.parent / "etc").exists()
