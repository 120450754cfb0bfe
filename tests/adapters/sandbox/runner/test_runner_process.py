"""The runner as a process: it is nobody, it knows nothing, and whoever may not talk to it is turned away."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from pathlib import Path

import pytest

from app.adapters.sandbox.runner.client import RunnerSandboxes
from app.adapters.sandbox.runner.frames import encode
from app.adapters.sandbox.runner.listening import RunnerAt
from app.adapters.sandbox.runner.messages import VERSION, Done, Hello, Open, Run, to_frame
from app.adapters.sandbox.runner.names import may_be_alive, name_of
from app.adapters.sandbox.runner.orphans import end_orphans, mark_of
from app.domain.errors import SandboxUnavailable
from tests.adapters.sandbox.runner.conftest import (
    Place,
    answering,
    fresh_directory,
    give_to_runner,
    kept_runner,
    settings_for,
    user_of_runner,
)
from tests.adapters.sandbox.runner.processes import environment, opened, runners, until
from tests.adapters.sandbox.runner.standalone import Standalone
from tests.adapters.sandbox.runner.trees import MemoryTree

SECRET = "canary-of-the-worker"
WORKER = 23456


def status(pid: int) -> dict[str, str]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


async def test_it_is_nobody_who_can_become_more(own_place: Place) -> None:
    (pid,) = runners(own_place.directory)
    seen = status(pid)

    assert seen["Uid"].split() == [str(user_of_runner())] * 4
    assert int(seen["CapEff"], 16) == int(seen["CapPrm"], 16) == int(seen["CapAmb"], 16) == 0
    assert seen["NoNewPrivs"] == "1"
    if os.geteuid() == 0:
        assert seen["Groups"] == ""


async def test_it_knows_nothing_of_its_worker(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REVWRIGHT_GITHUB_PRIVATE_KEY", SECRET)
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    inherited = os.open("/etc/hostname", os.O_RDONLY)
    os.set_inheritable(inherited, True)
    try:
        async with kept_runner(settings_for(directory)) as own:
            await answering(RunnerSandboxes(own.connect))
            (pid,) = runners(directory)
            seen, files = environment(pid), opened(pid)
    finally:
        os.close(inherited)

    assert not any(SECRET.encode() in pair for pair in seen)
    assert {pair.split(b"=")[0] for pair in seen} == {
        *(b"PATH", b"LC_ALL", b"PYTHONPATH", b"PYTHONDONTWRITEBYTECODE"),
        *(b"REVWRIGHT_WORKSPACES_DIR", b"REVWRIGHT_SANDBOXES_AT_ONCE"),
    }
    assert "/etc/hostname" not in files


async def test_garbage_from_a_worker_ends_its_connection_only(own_place: Place) -> None:
    for garbage in (b"GET / HTTP/1.1\r\n\r\n" * 10, encode(to_frame(Hello(VERSION + 1))), encode(to_frame(Done()))):
        reader, writer = await own_place.sandboxes.connect()
        writer.write(garbage)
        await asyncio.wait_for(reader.read(), 30)
        writer.close()
    reader, writer = await own_place.sandboxes.connect()
    for message in (Hello(VERSION), Open(), Run((), {}, "none", {}, merged=True)):
        writer.write(encode(to_frame(message)))
    await asyncio.wait_for(reader.read(), 30)
    writer.close()

    async with own_place.sandboxes.open(MemoryTree({"a": b""})):
        assert len(own_place.workspaces()) == 1


async def test_one_that_was_started_apart(bubblewrap: None) -> None:
    with fresh_directory() as directory:
        give_to_runner(directory.parent)
        standalone = Standalone(directory)
        try:
            sandboxes = RunnerSandboxes(RunnerAt(standalone.socket).connect)
            await answering(sandboxes)
            async with sandboxes.open(MemoryTree({"a": b"content"})) as sandbox:
                assert await sandbox.read("a", max_bytes=10) == b"content"
            assert (await sandboxes.isolation()).own_user == (os.geteuid() == 0)
        finally:
            said = standalone.end()
        assert standalone.process.returncode == 0, said
        assert not standalone.socket.exists()
        with pytest.raises(SandboxUnavailable, match="no runner of sandboxes at"):
            await sandboxes.isolation()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be several users")
async def test_others_than_its_worker_are_turned_away(bubblewrap: None) -> None:
    with fresh_directory() as directory:
        give_to_runner(directory.parent)
        standalone = Standalone(directory, "--worker-user", str(WORKER))
        try:
            await answering(RunnerSandboxes(RunnerAt(standalone.socket).connect))
            assert await answered_to(WORKER, standalone.socket)
            assert not await answered_to(WORKER + 1, standalone.socket)
        finally:
            said = standalone.end()
        assert f"a connection of user {WORKER + 1} was refused" in said


async def answered_to(uid: int, path: Path) -> bool:
    """Whether a user's greeting is answered. Who a connection is of is decided when it is made."""
    os.seteuid(uid)
    try:
        reader, writer = await asyncio.open_unix_connection(str(path))
    finally:
        os.seteuid(0)
    try:
        writer.write(encode(to_frame(Hello(VERSION))))
        return await asyncio.wait_for(reader.read(1), 30) != b""
    except ConnectionError:
        return False
    finally:
        writer.close()


@pytest.mark.parametrize("name", ["OPENAI_API_KEY", "REVWRIGHT_GITHUB_PRIVATE_KEY", "REVWRIGHT_REDIS_URL"])
def test_it_does_not_start_with_a_secret(name: str) -> None:
    with fresh_directory() as directory:
        standalone = Standalone(directory, **{name: SECRET})
        said = standalone.wait()

    assert standalone.process.returncode == 2
    assert f"{name}: a runner of sandboxes must not know it" in said
    assert SECRET not in said


def test_it_must_not_be_root() -> None:
    with fresh_directory() as directory:
        standalone = Standalone(directory, REVWRIGHT_RUNNER_USER="root")
        said = standalone.wait()

    assert standalone.process.returncode == 2
    assert "must not be root" in said


async def test_a_socket_s_path_is_taken_only_from_a_runner_that_is_dead() -> None:
    with fresh_directory() as directory:
        give_to_runner(directory.parent)
        (directory.parent / "s").write_text("a file")
        standalone = Standalone(directory)
        said = standalone.wait()
        assert (standalone.process.returncode, "is no socket" in said) == (2, True)
        (directory.parent / "s").unlink()
        with socket.socket(socket.AF_UNIX) as left:
            left.bind(str(directory.parent / "s"))
            (directory.parent / "s").chmod(0o666)
        standalone = Standalone(directory)
        try:
            await answering(RunnerSandboxes(RunnerAt(standalone.socket).connect))
        finally:
            standalone.end()


async def test_a_runner_s_name_is_of_one_process_only() -> None:
    process = await asyncio.create_subprocess_exec("sleep", "100")
    name = name_of(process.pid)
    namespace, pid, _ = name.split("-")
    assert may_be_alive(name)
    assert not may_be_alive(f"{namespace}-{pid}-1")
    assert may_be_alive("no name"), "what is unknown is left alone"
    assert may_be_alive(f"1-{pid}-1"), "so is a process of another container"
    process.kill()
    await until(lambda: not may_be_alive(name), "one that is not even reaped is dead")
    await process.wait()
    assert not may_be_alive(name)


async def test_what_waits_for_a_dead_runner_is_ended_and_nothing_else() -> None:
    """As bubblewrap does that has not built its sandbox yet when its runner is killed."""
    runner = await asyncio.create_subprocess_exec("sleep", "100")
    dead = name_of(runner.pid)
    runner.kill()
    await runner.wait()
    orphan = await asyncio.create_subprocess_exec(mark_of(dead), "100", executable="/usr/bin/sleep")
    living = await asyncio.create_subprocess_exec(mark_of(name_of(os.getpid())), "100", executable="/usr/bin/sleep")
    other = await asyncio.create_subprocess_exec(f"x{mark_of(dead)}", "100", executable="/usr/bin/sleep")
    try:
        end_orphans()  # how many there were says nothing: a runner beside us may sweep just now
        assert await asyncio.wait_for(orphan.wait(), 30) == -signal.SIGKILL
        assert (living.returncode, other.returncode) == (None, None)
    finally:
        for process in (living, other):
            process.kill()
            await process.wait()
