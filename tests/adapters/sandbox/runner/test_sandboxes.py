"""Sandboxes of a real runner: files in, commands, files out, and nothing left of any of it."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib

import pytest

from app.adapters.sandbox.runner.client import RunnerSandboxes
from app.adapters.sandbox.runner.frames import encode, read_frame
from app.adapters.sandbox.runner.messages import VERSION, Hello, Open, Put, to_frame
from app.adapters.sandbox.runner.records import encode_record
from app.domain.errors import SandboxRefused, SandboxUnavailable
from app.domain.patches import Chunk, Edit, TreeEntry
from app.domain.sandbox import Command, CommandLimits, Limit, Network, Stream
from app.ports import Sandbox
from tests.adapters.sandbox.runner.conftest import Place
from tests.adapters.sandbox.runner.trees import COMMIT, MemoryTree

LARGE = bytes(range(256)) * 4_000
TREE = MemoryTree(
    {
        "README.md": b"# Read me\n",
        "run.sh": ("100755", b"#!/bin/sh\necho ran\n"),
        "src/deep/er/code.py": b"print(1)\n",
        "src/link.py": ("120000", b"deep/er/code.py"),
        "outside": ("120000", b"/etc/passwd"),
        "vendored": ("160000", b""),
        "large.bin": LARGE,
        "empty": b"",
    }
)


class Heard:
    """What a command printed, by stream."""

    def __init__(self) -> None:
        self.pieces: list[tuple[Stream, bytes]] = []

    async def __call__(self, stream: Stream, data: bytes) -> None:
        self.pieces.append((stream, data))

    def text(self, stream: Stream = Stream.OUT) -> str:
        return b"".join(data for of, data in self.pieces if of is stream).decode()


def shell(script: str, **more: object) -> Command:
    return Command(argv=("sh", "-c", script), **more)  # type: ignore[arg-type]


async def printed(sandbox: Sandbox, script: str) -> str:
    heard = Heard()
    ended = await sandbox.run(shell(script), heard)
    assert ended.succeeded, heard.text()
    return heard.text()


async def test_the_files_of_the_commit_are_there(place: Place) -> None:
    async with place.sandboxes.open(TREE) as sandbox:
        listing = await printed(sandbox, "find . -printf '%P %y %m\\n' | sort")
        assert await printed(sandbox, "./run.sh && cat src/link.py") == "ran\nprint(1)\n"
        assert (await printed(sandbox, "sha256sum < large.bin")).split()[0] == hashlib.sha256(LARGE).hexdigest()
        assert await sandbox.read("outside", max_bytes=100) == b"/etc/passwd", "a link that leads out is a file"

    assert [line.split()[0] for line in listing.splitlines() if " f " in line] == [
        *("README.md", "empty", "large.bin", "outside", "run.sh", "src/deep/er/code.py")
    ]
    assert "src/link.py l" in listing
    assert "run.sh f 755" in listing


async def test_both_streams_come_as_they_are_printed(place: Place) -> None:
    heard = Heard()
    async with place.sandboxes.open(TREE) as sandbox:
        await sandbox.run(shell("echo out; echo err >&2", merged=False), heard)
        assert (heard.text(Stream.OUT), heard.text(Stream.ERR)) == ("out\n", "err\n")
        heard = Heard()
        await sandbox.run(shell("echo one; echo two >&2; echo three"), heard)
        assert (heard.text(Stream.OUT), heard.text(Stream.ERR)) == ("one\ntwo\nthree\n", "")


async def test_how_a_command_ended_is_told(place: Place) -> None:
    async with place.sandboxes.open(TREE) as sandbox:
        ended = await sandbox.run(shell("exit 41"))
        assert (ended.status, ended.signal, ended.limit, ended.succeeded) == (41, None, None, False)
        ended = await sandbox.run(shell("kill -9 $$"))
        assert (ended.status, ended.signal, ended.limit) == (None, 9, None)
        ended = await sandbox.run(shell("sleep 60", limits=CommandLimits(seconds=0.2)))
        assert ended.limit is Limit.TIME
        assert (await sandbox.run(shell("true"))).succeeded, "the next one works"


async def test_a_command_that_cannot_be_is_refused_and_the_sandbox_goes_on(place: Place) -> None:
    async with place.sandboxes.open(TREE) as sandbox:
        with pytest.raises(SandboxRefused, match="LD_PRELOAD"):
            await sandbox.run(shell("true", environment={"LD_PRELOAD": "x"}))
        with pytest.raises(SandboxRefused, match="no command"):
            await sandbox.run(Command(argv=()))
        assert await printed(sandbox, "echo on") == "on\n"


async def test_environment_and_network_are_as_asked(place: Place) -> None:
    async with place.sandboxes.open(TREE) as sandbox:
        heard = Heard()
        await sandbox.run(shell("echo $CI; env | wc -l", environment={"CI": "yes"}), heard)
        assert heard.text().splitlines()[0] == "yes"
        heard = Heard()
        script = "cat /proc/net/dev | wc -l"
        await sandbox.run(shell(script, network=Network.NONE), heard)
        assert heard.text() == "3\n", "two lines of heading and loopback"


async def test_files_are_read_written_and_deleted(place: Place) -> None:
    async with place.sandboxes.open(TREE) as sandbox:
        await sandbox.write("new/made.txt", b"made\n", executable=True)
        assert await printed(sandbox, "cat new/made.txt; test -x new/made.txt && echo x") == "made\nx\n"
        assert await sandbox.read("new/made.txt", max_bytes=3) == b"mad"
        await sandbox.delete("README.md")
        assert await printed(sandbox, "ls README.md 2>&1 || true") != "README.md\n"
        big = bytes(5_000_000)
        await sandbox.write("big", big)
        assert await sandbox.read("big", max_bytes=len(big)) == big


@pytest.mark.parametrize(
    "path", ["../x", "/etc/passwd", "src/link.py", "src", ".git/config", "missing", "pipe", "a\0b", ""]
)
async def test_what_is_no_file_of_the_workspace_is_refused(place: Place, path: str) -> None:
    async with place.sandboxes.open(TREE) as sandbox:
        await printed(sandbox, "mkfifo pipe")
        with pytest.raises(SandboxRefused):
            await sandbox.read(path, max_bytes=10)
        assert await printed(sandbox, "echo on") == "on\n"


async def test_declared_changes_become_the_patch_and_the_rest_is_told(place: Place) -> None:
    async with place.sandboxes.open(TREE) as sandbox:
        await printed(
            sandbox,
            "echo more >> README.md; mkdir build; echo o > build/out.o; rm empty; echo y > new.txt; chmod +x new.txt;"
            " mkdir -p .github/workflows; echo w > .github/workflows/x.yml; ln -s /etc/shadow secret",
        )
        declared = ("README.md", "empty", "new.txt", "src/deep/er/code.py")
        collected = await sandbox.collect(declared)
        refusing = await sandbox.collect((*declared, ".github/workflows/x.yml", "secret"))

    assert collected.patch.base == COMMIT
    assert set(collected.patch.edits) == {
        Edit("README.md", b"# Read me\nmore\n"),
        Edit("empty", None),
        Edit("new.txt", b"y\n", executable=True),
    }
    assert set(collected.extras) == {"build/", ".github/", "secret"}
    assert collected.refused == ()
    assert {refusal.path for refusal in refusing.refused} == {".github/workflows/x.yml", "secret"}


async def test_nothing_changed_is_nothing(place: Place) -> None:
    async with place.sandboxes.open(TREE, git=True) as sandbox:
        collected = await sandbox.collect(["README.md", "outside", "src/link.py"])

    assert (collected.patch.edits, collected.extras, collected.refused) == ((), (), ())


async def test_a_throw_away_repository_is_for_those_inside(place: Place) -> None:
    async with place.sandboxes.open(TREE, git=True) as sandbox:
        if not sandbox.has_git:
            pytest.skip("the tool chain of this machine has no git under /usr")
        assert await printed(sandbox, "git status --porcelain; git log --format=%s") == "The files as they were\n"
        await printed(sandbox, "echo 'echo owned > /workspace/owned' > .git/hooks/post-checkout; rm -r .git/objects")
        assert (await sandbox.collect([])).extras == ()


async def test_without_being_asked_there_is_none(place: Place) -> None:
    async with place.sandboxes.open(TREE) as sandbox:
        assert not sandbox.has_git
        assert await printed(sandbox, "ls -d .git 2>/dev/null || echo none") == "none\n"


async def test_nothing_is_left_of_a_workspace(place: Place) -> None:
    async with place.sandboxes.open(TREE) as sandbox:
        assert len(place.workspaces()) == 1
        await printed(sandbox, "mkdir -p a/b; touch a/b/c; chmod 000 a/b; chmod 000 a; mkdir d; chmod 500 d")

    assert place.workspaces() == []


async def test_two_do_not_see_each_other(place: Place) -> None:
    async with place.sandboxes.open(TREE) as one, place.sandboxes.open(TREE) as other:
        await printed(one, "echo secret > mine; echo secret > /tmp/mine; echo secret > /dev/shm/mine")
        assert await printed(other, "ls mine /tmp/mine /dev/shm/mine 2>/dev/null || echo none") == "none\n"


async def test_a_commit_that_is_too_large_is_refused_before_anything_is_written(place: Place) -> None:
    small = RunnerSandboxes(place.sandboxes.connect, CommandLimits(disk_bytes=1_000_000))
    with pytest.raises(SandboxRefused, match="a workspace holds at most"):
        async with small.open(TREE):
            pass

    assert place.workspaces() == []


@pytest.mark.parametrize("path", ["../out", "/etc/x", "a/../../b", ".git/config", "sub/.GIT/hooks/x"])
async def test_a_commit_with_a_hostile_path_is_refused(place: Place, path: str) -> None:
    """No mirror of ours takes such a tree in; should one have it all the same, it goes no further."""
    with pytest.raises(SandboxRefused, match=r"path|\.git|part"):
        async with place.sandboxes.open(MemoryTree({"ok": b"", path: b"x"})):
            pass


async def test_a_link_in_a_commit_is_not_written_through(place: Place) -> None:
    tree = MemoryTree({"a": ("120000", b"b"), "a/x": b"x", "b/y": b"y"})
    with pytest.raises(SandboxRefused):
        async with place.sandboxes.open(tree):
            pass


async def test_a_refusal_is_heard_by_who_is_still_sending(place: Place) -> None:
    """A connection that is closed under a sender loses what was said to him before."""
    bad = encode_record(Chunk(TreeEntry("../out", "100644", "", 0), b"", last=True))
    reader, writer = await place.sandboxes.connect()
    for message, payload in ((Hello(VERSION), b""), (Open(), b""), (Put(), bad)):
        writer.write(encode(to_frame(message, payload)))
    frames = [await asyncio.wait_for(read_frame(reader), 30) for _ in range(3)]
    assert [frame and frame.header[""] for frame in frames] == ["Ready", "Done", "Refused"]

    end = asyncio.create_task(reader.read())
    for _ in range(10):
        writer.write(encode(to_frame(Put(), bytes(1 << 20))))
        await writer.drain()
    done, _ = await asyncio.wait((end,), timeout=0.2)
    assert not done
    writer.write_eof()
    assert await asyncio.wait_for(end, 30) == b""
    writer.close()


async def test_a_third_waits_for_its_place(place: Place) -> None:
    async with contextlib.AsyncExitStack() as two:
        for _ in range(2):
            await two.enter_async_context(place.sandboxes.open(TREE))
        third = asyncio.create_task(opened(place))
        done, _ = await asyncio.wait((third,), timeout=0.3)
        assert not done
    await asyncio.wait_for(third, 30)


async def opened(place: Place) -> None:
    async with place.sandboxes.open(TREE):
        pass


async def test_who_is_cancelled_leaves_nothing_behind(place: Place) -> None:
    started = asyncio.Event()

    async def hear(_stream: Stream, _data: bytes) -> None:
        started.set()

    async def work() -> None:
        async with place.sandboxes.open(TREE) as sandbox:
            await sandbox.run(shell("echo begun; sleep 1000 & sleep 1000"), hear)

    working = asyncio.create_task(work())
    await asyncio.wait_for(started.wait(), 30)
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working
    assert place.workspaces() == []


async def test_a_sandbox_that_is_over_says_so(place: Place) -> None:
    async with place.sandboxes.open(TREE) as sandbox:
        pass
    with pytest.raises(SandboxUnavailable, match="over"):
        await sandbox.run(shell("true"))
