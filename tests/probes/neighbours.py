"""What else is on a worker's host that a sandbox must not reach: listeners, a process, a key, shared memory."""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import secrets
import select
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.probes import running

_VICTIM = """
import os, signal, sys, time
parent = os.getppid()
signal.signal(signal.SIGTERM, lambda *_: (print("hit", flush=True)))
print("ready", flush=True)
while os.getppid() == parent: time.sleep(1)  # however its parent ends, it does not stay
"""

_NUMBERS = {"x86_64": {"keyctl": 250, "add_key": 248, "shmget": 29, "shmat": 30, "shmctl": 31, "shmdt": 67}}
_NUMBERS["aarch64"] = {"keyctl": 219, "add_key": 217, "shmget": 194, "shmat": 196, "shmctl": 195, "shmdt": 197}
_IPC_CREAT, _IPC_RMID = 0o1000, 0
_JOIN_SESSION, _SESSION = 1, -3
_SHM_BYTES = 4096


@dataclass
class Listeners:
    """Servers on the host's loopback; they write down who came, and answer with `canary`."""

    canary: str
    tcp: socket.socket
    udp: socket.socket
    path: socket.socket
    abstract: socket.socket
    abstract_name: str
    heard: list[bytes] = field(default_factory=list)

    @property
    def tcp_port(self) -> int:
        return int(self.tcp.getsockname()[1])

    @property
    def udp_port(self) -> int:
        return int(self.udp.getsockname()[1])

    def serve(self, stop: int) -> None:
        """Until there is something to read from `stop`."""
        sources = [self.tcp, self.udp, self.path, self.abstract]
        while True:
            ready, _, _ = select.select([stop, *(source.fileno() for source in sources)], [], [])
            if stop in ready:
                return
            for source in sources:
                if source.fileno() in ready:
                    with contextlib.suppress(OSError):
                        self._answer(source)

    def _answer(self, source: socket.socket) -> None:
        if source is self.udp:
            data, address = source.recvfrom(4096)
            self.heard.append(data)
            source.sendto(self.canary.encode(), address)
            return
        connection, _ = source.accept()
        with connection:
            connection.settimeout(2)
            self.heard.append(connection.recv(4096))
            connection.sendall(self.canary.encode())


@dataclass(frozen=True, slots=True)
class Victim:
    """Another process of the worker's user, with a secret on its command line and in its memory."""

    process: subprocess.Popen[bytes]

    @property
    def pid(self) -> int:
        return self.process.pid

    def was_hit(self) -> bool:
        """Whether it received SIGTERM or is no more."""
        assert self.process.stdout is not None
        readable, _, _ = select.select([self.process.stdout], [], [], 0)
        return bool(readable) or self.process.poll() is not None


@dataclass(frozen=True, slots=True)
class Neighbours:
    """All of them. `key` and `shm_key` are None where the kernel has no such thing for us, with the reason."""

    listeners: Listeners
    socket_path: Path
    victim: Victim
    key: int | None
    shm_key: int | None
    why_no_key: str
    why_no_shm: str


@contextlib.contextmanager
def open_neighbours(directory: Path, canary: str) -> Iterator[Neighbours]:
    """Start them; they end with the context."""
    with contextlib.ExitStack() as stack:
        path = directory / "agent"
        listeners = stack.enter_context(_listeners(path, canary))
        victim = stack.enter_context(_victim(directory, canary))
        key, why_no_key = _key(canary)
        shm_key, why_no_shm = stack.enter_context(_shared_memory(canary))
        yield Neighbours(listeners, path, victim, key, shm_key, why_no_key, why_no_shm)


@contextlib.contextmanager
def _listeners(path: Path, canary: str) -> Iterator[Listeners]:
    name = f"rw-{secrets.token_hex(6)}"
    with (
        socket.create_server(("127.0.0.1", 0)) as tcp,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
        socket.socket(socket.AF_UNIX) as unix,
        socket.socket(socket.AF_UNIX) as abstract,
    ):
        udp.bind(("127.0.0.1", 0))
        unix.bind(str(path))
        abstract.bind(f"\0{name}")
        for server in (unix, abstract):
            server.listen()
        listeners = Listeners(canary, tcp, udp, unix, abstract, name)
        wake, stop = os.pipe()
        thread = threading.Thread(target=listeners.serve, args=(wake,))
        thread.start()
        try:
            yield listeners
        finally:
            os.write(stop, b"x")
            thread.join()
            os.close(wake)
            os.close(stop)


@contextlib.contextmanager
def _victim(directory: Path, canary: str) -> Iterator[Victim]:
    argv = [sys.executable, "-IS", "-c", _VICTIM, canary]
    process = running.start(argv, environment={"VICTIM": canary}, cwd=directory)
    with process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield Victim(process)
        finally:
            process.kill()


def _call(name: str, *arguments: object) -> int:
    numbers = _NUMBERS.get(platform.machine())
    if numbers is None:
        return -1
    library = ctypes.CDLL(None, use_errno=True)
    library.syscall.restype = ctypes.c_long
    wide = [ctypes.c_long(argument) if isinstance(argument, int) else argument for argument in arguments]
    return int(library.syscall(ctypes.c_long(numbers[name]), *wide))


def _key(canary: str) -> tuple[int | None, str]:
    """A key in a session keyring of our own, which every process that we start inherits."""
    if _call("keyctl", _JOIN_SESSION, 0) < 0:
        return None, f"keyctl: {os.strerror(ctypes.get_errno())}"
    payload = canary.encode()
    name = f"token-{canary}".encode()
    key = _call("add_key", b"user\0", name + b"\0", payload, len(payload), _SESSION)
    return (key, "") if key >= 0 else (None, f"add_key: {os.strerror(ctypes.get_errno())}")


@contextlib.contextmanager
def _shared_memory(canary: str) -> Iterator[tuple[int | None, str]]:
    """A System V segment with the canary in it."""
    key = secrets.randbelow(1 << 30) + 1
    segment = _call("shmget", key, _SHM_BYTES, _IPC_CREAT | 0o600)
    if segment < 0:
        yield None, f"shmget: {os.strerror(ctypes.get_errno())}"
        return
    try:
        address = _call("shmat", segment, 0, 0)
        ctypes.memmove(address, canary.encode(), len(canary))
        _call("shmdt", address)
        yield key, ""
    finally:
        _call("shmctl", segment, _IPC_RMID, 0)
