"""Makes a listening socket inside the network namespace of a sandbox, for a proxy that runs outside of it.

A socket belongs for its life to the namespace in which it was made (network_namespaces(7)), and only a process with a
single thread may enter the user namespace that owns it (setns(2)). So a small process is forked before the runner has a
thread, and forks again for each socket: that child enters the sandbox's namespaces, makes the socket, hands it back and
is gone. It never executes anything, and the sandbox, which has process ids of its own, cannot see it.
"""

from __future__ import annotations

import array  # noqa: F401 - `socket` imports it late, when the runner may not be able to read it any more
import asyncio
import contextlib
import ctypes
import fcntl
import os
import signal
import socket
from typing import NoReturn

from app.adapters.sandbox.running.waiting import readable

ADDRESS = "127.0.0.1"
PORT = 3128
"""Inside there is nobody else; known to those who have to configure a tool by hand."""

_NS_GET_USERNS = 0xB701  # linux/nsfs.h
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000  # linux/sched.h
_BACKLOG = 128
_SECONDS = 10.0
_FIRST_FREE = 4
_DOOR, _NO_DOOR = b"+", b"-"
_LONGEST_WORDS = 200
_GONE = "no network for setup can be made: the process that makes sockets is gone; start the runner again"


class NoDoor(Exception):
    """No socket can be made in a sandbox; the text says why."""


class Doors:
    """What the runner has of the process that makes sockets. Close it at the end."""

    def __init__(self, requests: socket.socket, pid: int) -> None:
        self._requests = requests
        self._pid = pid

    @classmethod
    def start(cls) -> Doors:
        """Call it before this process has a second thread, as the user that sandboxes run as. Raises OSError."""
        libc = ctypes.CDLL(None, use_errno=True)
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        pid = os.fork()
        if pid == 0:
            _serve(theirs, libc)
        theirs.close()
        ours.setblocking(False)
        return cls(ours, pid)

    async def open(self, first: int) -> socket.socket:
        """A socket that listens at `ADDRESS` and `PORT` in the sandbox of a process. Raises NoDoor."""
        try:
            async with asyncio.timeout(_SECONDS):
                return await self._opened(first)
        except ConnectionError:
            raise NoDoor(_GONE) from None
        except OSError as error:  # of a time-out, too
            raise NoDoor(f"no network for setup can be made: {error.strerror or 'it takes too long'}") from error

    async def _opened(self, first: int) -> socket.socket:
        namespace = os.open(f"/proc/{first}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        try:
            if os.path.samestat(os.fstat(namespace), os.stat("/proc/self/ns/net")):  # noqa: PTH116 - of the same kind
                raise NoDoor("no network for setup can be made: the sandbox has the host's")
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with ours:
                with theirs:
                    socket.send_fds(self._requests, [b"?"], [namespace, theirs.fileno()])
                ours.setblocking(False)
                await readable(ours.fileno())
                return _received(ours)
        finally:
            os.close(namespace)

    def close(self) -> None:
        """Its process ends with this."""
        self._requests.close()
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self._pid, 0)


def _received(answers: socket.socket) -> socket.socket:
    said, descriptors, _, _ = socket.recv_fds(answers, 1 + _LONGEST_WORDS, 1, socket.MSG_CMSG_CLOEXEC)
    if not descriptors:
        why = said.removeprefix(_NO_DOOR).decode(errors="replace")
        raise NoDoor(f"no network for setup can be made: {why}" if why else _GONE)
    listener = socket.socket(fileno=descriptors[0])
    listener.setblocking(False)
    return listener


def _serve(requests: socket.socket, libc: ctypes.CDLL) -> NoReturn:
    """Until the runner is gone, however it went; of what it had, nothing is kept open but standard streams."""
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # of a terminal; the runner decides
        os.dup2(requests.fileno(), _FIRST_FREE - 1)
        os.closerange(_FIRST_FREE, os.sysconf("SC_OPEN_MAX"))
        own = socket.socket(fileno=_FIRST_FREE - 1)
        while True:
            said, descriptors, _, _ = socket.recv_fds(own, 1, 2, socket.MSG_CMSG_CLOEXEC)
            if not said:
                os._exit(0)
            pid = os.fork()
            if pid == 0:
                _answer(libc, *descriptors)
            for descriptor in descriptors:
                os.close(descriptor)
            os.waitpid(pid, 0)
    finally:
        os._exit(0)


def _answer(libc: ctypes.CDLL, namespace: int, answers: int) -> NoReturn:
    try:
        to = socket.socket(fileno=answers)
        try:
            listener = _listening_in(libc, namespace)
        except OSError as error:
            to.send(_NO_DOOR + str(error).encode()[:_LONGEST_WORDS])
        else:
            socket.send_fds(to, [_DOOR], [listener.fileno()])
    finally:
        os._exit(0)


def _listening_in(libc: ctypes.CDLL, namespace: int) -> socket.socket:
    """Raises OSError."""
    # ioctl_ns(2): the user namespace in which the network belongs to us; bubblewrap puts the command into one below it.
    owner = fcntl.ioctl(namespace, _NS_GET_USERNS)
    for descriptor, kind in ((owner, _CLONE_NEWUSER), (namespace, _CLONE_NEWNET)):
        if libc.setns(descriptor, kind) != 0:
            raise OSError(ctypes.get_errno(), f"setns: {os.strerror(ctypes.get_errno())}")
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.bind((ADDRESS, PORT))
    listener.listen(_BACKLOG)
    return listener
