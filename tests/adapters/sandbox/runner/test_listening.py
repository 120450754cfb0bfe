"""How connections reach a runner, and which listener a worker takes for its runner."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import shutil
import socket
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.adapters.sandbox.runner.listening import Connections, RunnerAt, listening_at
from app.domain.errors import SandboxUnavailable
from tests.adapters.sandbox.runner.processes import until

SOMEBODY = 23457


async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"hello")
    writer.close()


@pytest.fixture
def path() -> Iterator[Path]:
    """Where every user may come."""
    parent = Path(tempfile.mkdtemp(dir="/var/tmp"))
    parent.chmod(0o755)
    yield parent / "s"
    shutil.rmtree(parent)


async def greeting(path: Path) -> bytes:
    reader, writer = await asyncio.open_unix_connection(str(path))
    try:
        return await asyncio.wait_for(reader.read(), 30)
    finally:
        writer.close()


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def failing_once(error: OSError, real: Callable[..., object]) -> Callable[..., object]:
    """As `real`, but for the first call."""
    errors = [error]

    def call(*arguments: object) -> object:
        if errors:
            raise errors.pop()
        return real(*arguments)

    return call


async def test_too_many_open_files_do_not_end_the_listening(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    loop = asyncio.get_running_loop()
    monkeypatch.setattr(loop, "sock_accept", failing_once(OSError(errno.EMFILE, "too many"), loop.sock_accept))
    async with listening_at(path, os.geteuid(), Connections(greet)):
        assert await greeting(path) == b"hello"
    assert "no connection can be taken: too many" in caplog.messages


async def test_a_connection_that_cannot_be_waited_for_is_closed(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    loop = asyncio.get_running_loop()
    connections = Connections(greet)
    ours, theirs = socket.socketpair()
    with ours:
        monkeypatch.setattr(loop, "add_reader", failing_once(OSError(errno.ENOSPC, "no watches"), loop.add_reader))
        connections.take(theirs)
        await until(lambda: caplog.messages, "it is told")
        assert ours.recv(1) == b""
    assert "a connection cannot be served: no watches" in caplog.messages


@pytest.mark.parametrize(("worker", "mode"), [(os.geteuid(), 0o600), (SOMEBODY, 0o666)])
async def test_the_mode_of_a_socket_is_right_from_its_beginning(
    path: Path, monkeypatch: pytest.MonkeyPatch, worker: int, mode: int
) -> None:
    def chmod(*_: object, **__: object) -> None:
        raise AssertionError("a link may have been put there")

    for name in ("chmod", "fchmodat", "lchmod"):
        monkeypatch.setattr(os, name, chmod, raising=False)
    before = os.umask(0o077)
    try:
        async with listening_at(path, worker, Connections(greet)):
            assert mode_of(path) == mode
        assert os.umask(0o077) == 0o077
    finally:
        os.umask(before)


@contextlib.contextmanager
def listener_of(uid: int, path: Path) -> Iterator[None]:
    """Who listens is who called listen(2)."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        os.seteuid(uid)
        try:
            listener.listen()
        finally:
            os.seteuid(os.getuid())
        yield


async def refusal(runner: RunnerAt) -> str | None:
    try:
        _, writer = await runner.connect()
    except SandboxUnavailable as error:
        return str(error)
    writer.close()
    return None


async def test_a_listener_that_we_are_is_taken(path: Path) -> None:
    path.parent.chmod(0o777)
    with listener_of(os.geteuid(), path):
        assert await refusal(RunnerAt(path)) is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be several users")
async def test_a_listener_of_somebody_is_taken_where_nobody_else_could_have_put_it(path: Path) -> None:
    with listener_of(SOMEBODY, path):
        assert await refusal(RunnerAt(path)) is None
        os.chown(path.parent, SOMEBODY, -1)
        assert await refusal(RunnerAt(path)) is None
        for mode in (0o777, 0o1777, 0o775):
            path.parent.chmod(mode)
            refused = await refusal(RunnerAt(path))
            assert refused is not None
            assert f"user {SOMEBODY} listens at" in refused
            assert f"mode {mode:04o}" in refused
        assert await refusal(RunnerAt(path, SOMEBODY)) is None, "it is who was expected"
        path.parent.chmod(0o755)
        assert "is to be user 7" in str(await refusal(RunnerAt(path, 7)))
        os.chown(path.parent, SOMEBODY + 1, -1)
        assert f"belongs to user {SOMEBODY + 1}" in str(await refusal(RunnerAt(path)))
