"""How connections reach a runner: over the socket that its worker gave it, or at a path that only one user may use."""

from __future__ import annotations

import array
import asyncio
import contextlib
import logging
import os
import socket
import stat
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

from app.adapters.sandbox.running.waiting import readable
from app.domain.errors import SandboxUnavailable, SettingsInvalid

_log = logging.getLogger(__name__)

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

_PEER = struct.Struct("3i")
_LONGEST_PATH = 107
_INT_BYTES = array.array("i").itemsize
_PRIVATE = 0o600
_ANYBODY = 0o666
"""Who may connect is then decided by who connects, and by the directory's mode."""
_MOST_WAITING = 64
_PAUSE_SECONDS = 1.0
_WRITABLE_BY_OTHERS = 0o022


class Connections:
    """The connections of a runner, each served by a task of its own until it ends."""

    def __init__(self, serve: Serve) -> None:
        self._serve = serve
        self._tasks: set[asyncio.Task[None]] = set()

    def take(self, connection: socket.socket) -> None:
        """Serve one more."""
        task = asyncio.create_task(self._served(connection))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _served(self, connection: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        try:
            connection.setblocking(False)
            # Tried here, where it can be told: a transport that cannot be waited for would never be served nor closed.
            loop.add_reader(connection, lambda: None)
            loop.remove_reader(connection)
            reader, writer = await asyncio.open_connection(sock=connection)
        except OSError as error:
            connection.close()
            _log.error("a connection cannot be served: %s", error.strerror)
            return
        await self._serve(reader, writer)

    async def end(self, seconds: float) -> None:
        """End all, and wait a while until nothing of their sandboxes is left."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)


async def take_from_worker(control: socket.socket, connections: Connections) -> None:
    """Take the connections that a worker hands over (see own.OwnRunner), until the worker is gone."""
    control.setblocking(False)
    while True:
        await readable(control.fileno())
        with contextlib.suppress(BlockingIOError):
            data, rights, _, _ = control.recvmsg(1, socket.CMSG_SPACE(_INT_BYTES), socket.MSG_CMSG_CLOEXEC)
            for level, kind, content in rights:
                if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                    (descriptor,) = array.array("i", content[:_INT_BYTES])
                    connections.take(socket.socket(fileno=descriptor))
            if not data:
                return


@contextlib.asynccontextmanager
async def listening_at(path: Path, uid: int, connections: Connections) -> AsyncIterator[None]:
    """Take connections at a socket; of others than `uid` (and root) they are closed at once.

    Raises SettingsInvalid for a path that cannot be had.
    """
    with _bound(path, _PRIVATE if os.geteuid() == uid else _ANYBODY) as listener:
        accepting = asyncio.create_task(_accept(listener, uid, connections))
        try:
            yield
        finally:
            accepting.cancel()
            await asyncio.gather(accepting, return_exceptions=True)


@contextlib.contextmanager
def _bound(path: Path, mode: int) -> Iterator[socket.socket]:
    if len(os.fsencode(path)) > _LONGEST_PATH:
        raise SettingsInvalid(
            f"the socket {str(path)!r} has a longer path than the {_LONGEST_PATH} bytes that Linux has"
        )
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        try:
            _remove_stale(path)
            with _mode_of_new_files(mode):  # chmod(2) would follow a link that somebody put there meanwhile
                listener.bind(str(path))
            listener.listen(_MOST_WAITING)
        except OSError as error:
            raise SettingsInvalid(f"no socket can be made at {str(path)!r}: {error.strerror}") from None
        listener.setblocking(False)
        try:
            yield listener
        finally:
            path.unlink(missing_ok=True)


@contextlib.contextmanager
def _mode_of_new_files(mode: int) -> Iterator[None]:
    before = os.umask(0o777 & ~mode)
    try:
        yield
    finally:
        os.umask(before)


def _remove_stale(path: Path) -> None:
    """A socket at which nobody listens is what a runner that was killed left behind."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise SettingsInvalid(f"{str(path)!r} is there already and is no socket: name another path")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as trial:
        try:
            trial.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
        else:
            raise SettingsInvalid(f"another runner listens at {str(path)!r}: name another path, or end it")


async def _accept(listener: socket.socket, uid: int, connections: Connections) -> None:
    loop = asyncio.get_running_loop()
    while True:
        try:
            connection, _ = await loop.sock_accept(listener)
        except OSError as error:  # such as too many open files; the next one may find fewer
            _log.error("no connection can be taken: %s", error.strerror)
            await asyncio.sleep(_PAUSE_SECONDS)
            continue
        peer = peer_uid(connection)
        if peer in {uid, 0}:
            connections.take(connection)
        else:
            _log.warning("a connection of user %d was refused: only user %d may use this runner", peer, uid)
            connection.close()


def peer_uid(connection: socket.socket) -> int:
    """Who is at the other end (unix(7), SO_PEERCRED)."""
    _, uid, _ = _PEER.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size))
    return int(uid)


class RunnerAt:
    """A runner that somebody else started, at a path. Files of a commit are for it only: who listens is looked at."""

    def __init__(self, path: Path, expected: int | None = None) -> None:
        """`expected`: the user that the runner is; None for whoever alone could have put a socket there."""
        self._path = path
        self._expected = expected

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """See client.Connect. Also raises SandboxUnavailable for a listener that is not to be trusted."""
        try:
            reader, writer = await asyncio.open_unix_connection(str(self._path))
        except OSError as error:
            raise SandboxUnavailable(f"no runner of sandboxes at {str(self._path)!r}: {error.strerror}") from None
        try:
            self._check(peer_uid(writer.get_extra_info("socket")))
        except SandboxUnavailable:
            writer.close()
            raise
        return reader, writer

    def _check(self, peer: int) -> None:
        if peer in {0, os.geteuid(), self._expected}:
            return
        where = f"user {peer} listens at {str(self._path)!r}"
        if self._expected is not None:
            raise SandboxUnavailable(f"{where}, and the runner of sandboxes is to be user {self._expected}")
        directory = self._path.absolute().parent
        try:
            status = directory.stat()
        except OSError as error:
            raise SandboxUnavailable(f"{where}, and its directory cannot be looked at: {error.strerror}") from None
        if status.st_uid not in {0, os.geteuid(), peer} or status.st_mode & _WRITABLE_BY_OTHERS:
            raise SandboxUnavailable(
                f"{where}, where others could have put a socket: use a directory for it that belongs to root or to "
                f"that user, with mode 0755 or less; {str(directory)!r} belongs to user {status.st_uid} and has mode "
                f"{stat.S_IMODE(status.st_mode):04o}"
            )
