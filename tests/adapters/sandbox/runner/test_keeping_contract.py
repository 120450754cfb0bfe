"""What any sandboxes that keep things promise, in memory and with a real runner."""

from __future__ import annotations

import asyncio
import secrets

import pytest

from app.domain.errors import SandboxRefused, SetupFailed
from app.domain.patches import Edit
from app.domain.pull_request import Sha
from app.domain.sandbox import WorkspaceKey
from app.ports import KeepingSandboxes, Prepared
from tests.adapters.sandbox.runner.conftest import Place
from tests.adapters.sandbox.runner.trees import MemoryTree
from tests.fakes.keeping_sandboxes import KeepingSandboxesInMemory

HEAD, OTHER, BASE = Sha("a" * 40), Sha("b" * 40), Sha("d" * 40)
TREE = MemoryTree({"README.md": b"head\n", "src/a.py": b"1\n"}, HEAD)
MOVED = MemoryTree({"README.md": b"moved\n"}, OTHER)
OF_BASE = MemoryTree({"README.md": b"base\n", "lock": b"1\n"}, BASE)
INSTALL = "mkdir -p deps/sub && cp README.md deps/sub/from && echo changed > README.md && echo made > single"
FAILS = "echo why; exit 3"


@pytest.fixture(params=["memory", "runner"])
def keeping(request: pytest.FixtureRequest) -> KeepingSandboxes:
    if request.param == "memory":
        made = {"deps/sub/from": b"base\n", "README.md": b"changed\n", "single": b"made\n"}
        return KeepingSandboxesInMemory({INSTALL: made, "true": {}})
    place: Place = request.getfixturevalue("place")
    return place.sandboxes


def owner() -> str:
    return f"test/{secrets.token_hex(8)}"


def prepared(*setup: str, key: str | None = None) -> Prepared:
    return Prepared(OF_BASE, setup, key or secrets.token_hex(32))


async def test_a_workspace_is_found_as_it_was_left(keeping: KeepingSandboxes) -> None:
    key = WorkspaceKey(owner(), HEAD)
    async with keeping.open(TREE, keep=key) as sandbox:
        assert not sandbox.resumed
        await sandbox.write("README.md", b"edited\n")
        await sandbox.write("notes/new", b"new\n")
        await sandbox.delete("src/a.py")
    async with keeping.open(TREE, keep=key) as sandbox:
        assert sandbox.resumed
        assert await sandbox.read("notes/new", max_bytes=9) == b"new\n"
        collected = await sandbox.collect(["README.md", "src/a.py", "notes/new"])
    assert set(collected.patch.edits) == {
        Edit("README.md", b"edited\n"),
        Edit("src/a.py", None),
        Edit("notes/new", b"new\n"),
    }, "still compared with the commit"
    await keeping.forget(key.owner)


async def test_another_commit_throws_it_away(keeping: KeepingSandboxes) -> None:
    name = owner()
    async with keeping.open(TREE, keep=WorkspaceKey(name, HEAD)) as sandbox:
        await sandbox.write("mine", b"x")
    async with keeping.open(MOVED, keep=WorkspaceKey(name, OTHER)) as sandbox:
        assert not sandbox.resumed
        assert await sandbox.read("README.md", max_bytes=9) == b"moved\n"
        with pytest.raises(SandboxRefused):
            await sandbox.read("mine", max_bytes=1)
    async with keeping.open(TREE, keep=WorkspaceKey(name, HEAD)) as sandbox:
        assert not sandbox.resumed, "the older one is gone for good"
    await keeping.forget(name)


async def test_nothing_of_one_owner_is_there_for_another_or_for_nobody(keeping: KeepingSandboxes) -> None:
    name = owner()
    async with keeping.open(TREE, keep=WorkspaceKey(name, HEAD)) as sandbox:
        await sandbox.write("secret", b"x")
    for key in (WorkspaceKey(owner(), HEAD), WorkspaceKey(f"{name}-", HEAD), None):
        async with keeping.open(TREE, keep=key) as sandbox:
            assert not sandbox.resumed
            with pytest.raises(SandboxRefused):
                await sandbox.read("secret", max_bytes=1)
        if key is not None:
            await keeping.forget(key.owner)
    await keeping.forget(name)


async def test_two_at_once_never_share_a_workspace(keeping: KeepingSandboxes) -> None:
    key = WorkspaceKey(owner(), HEAD)
    async with keeping.open(TREE, keep=key) as sandbox:
        await sandbox.write("mine", b"x")
    async with keeping.open(TREE, keep=key) as one, keeping.open(TREE, keep=key) as other:
        assert (one.resumed, other.resumed) == (True, False)
    await keeping.forget(key.owner)


async def broken(keeping: KeepingSandboxes, key: WorkspaceKey, error: type[BaseException]) -> None:
    async with keeping.open(TREE, keep=key) as sandbox:
        assert sandbox.resumed
        raise error


@pytest.mark.parametrize("error", [RuntimeError, asyncio.CancelledError])
async def test_after_an_error_nothing_is_kept(keeping: KeepingSandboxes, error: type[BaseException]) -> None:
    key = WorkspaceKey(owner(), HEAD)
    async with keeping.open(TREE, keep=key) as sandbox:
        await sandbox.write("mine", b"x")
    with pytest.raises(error):
        await broken(keeping, key, error)
    async with keeping.open(TREE, keep=key) as sandbox:
        assert not sandbox.resumed
    await keeping.forget(key.owner)


async def test_what_is_forgotten_is_gone_also_what_is_open(keeping: KeepingSandboxes) -> None:
    key = WorkspaceKey(owner(), HEAD)
    async with keeping.open(TREE, keep=key):
        pass
    await keeping.forget(key.owner)
    async with keeping.open(TREE, keep=key) as sandbox:
        assert not sandbox.resumed
        await keeping.forget(key.owner)
    async with keeping.open(TREE, keep=key) as sandbox:
        assert not sandbox.resumed
    await keeping.forget(key.owner)


async def test_a_key_of_another_commit_is_a_mistake(keeping: KeepingSandboxes) -> None:
    with pytest.raises(ValueError, match="cannot be filled"):
        async with keeping.open(TREE, keep=WorkspaceKey("x", OTHER)):
            pass


async def test_an_environment_is_made_of_the_base_and_seen_beside_the_head(keeping: KeepingSandboxes) -> None:
    async with keeping.open(TREE, environment=prepared(INSTALL)) as sandbox:
        assert await sandbox.read("deps/sub/from", max_bytes=99) == b"base\n", "never the head's content"
        assert await sandbox.read("single", max_bytes=99) == b"made\n"
        assert await sandbox.read("README.md", max_bytes=99) == b"head\n", "what setup did to files is not kept"
        for path in ("deps/new", "deps/sub/from", "single"):
            with pytest.raises(SandboxRefused, match="read-only"):
                await sandbox.write(path, b"x")
        with pytest.raises(SandboxRefused):
            await sandbox.delete("deps/sub/from")
        collected = await sandbox.collect(["deps/sub/from", "single"])
    assert (collected.patch.edits, collected.extras, collected.refused) == ((), (), ())


async def test_what_the_head_has_itself_wins(keeping: KeepingSandboxes) -> None:
    own = MemoryTree({"deps/own": b"own\n"}, HEAD)
    async with keeping.open(own, environment=prepared(INSTALL)) as sandbox:
        assert await sandbox.read("deps/own", max_bytes=9) == b"own\n"
        with pytest.raises(SandboxRefused):
            await sandbox.read("deps/sub/from", max_bytes=9)


async def test_a_failed_setup_is_told_and_tried_again(keeping: KeepingSandboxes) -> None:
    key = secrets.token_hex(32)
    for _ in range(2):
        with pytest.raises(SetupFailed, match="exit status") as caught:
            async with keeping.open(TREE, environment=prepared("true", FAILS, key=key)):
                pass
        assert caught.value.command == FAILS
        assert not caught.value.ended.succeeded
        assert caught.value.output
    async with keeping.open(TREE, environment=prepared("true", key=key)) as sandbox:
        assert await sandbox.read("README.md", max_bytes=9) == b"head\n"


async def test_a_kept_workspace_has_its_environment_again(keeping: KeepingSandboxes) -> None:
    key, environment = WorkspaceKey(owner(), HEAD), prepared(INSTALL)
    for resumed in (False, True):
        async with keeping.open(TREE, environment=environment, keep=key) as sandbox:
            assert sandbox.resumed is resumed
            assert await sandbox.read("deps/sub/from", max_bytes=9) == b"base\n"
    async with keeping.open(TREE, keep=key) as sandbox:
        assert sandbox.resumed
        assert (await sandbox.collect([])).extras == (), "no places are left of it"
    await keeping.forget(key.owner)
