"""From a host's name to a connection: resolved once, every address looked at, and the very one connected to."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from ipaddress import ip_address

from app.domain.setup_hosts import Address, may_be_reached

Resolve = Callable[[str], Awaitable[Sequence[Address]]]
"""All addresses of a name. Raises OSError."""

_MOST_ADDRESSES = 4
_RESOLVING = 4
"""Names at once; in threads of their own, since a resolver may be slow and others need the loop's."""


class NotPublic(Exception):
    """A name has addresses, and is allowed to be at none of them."""


class SystemResolver:
    """As this machine resolves names. Close it at the end."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_RESOLVING, thread_name_prefix="resolver")

    async def __call__(self, name: str) -> Sequence[Address]:
        """See Resolve."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, _addresses, name)

    def close(self) -> None:
        """Take no more names."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _addresses(name: str) -> tuple[Address, ...]:
    # As bytes: for text Python loads a codec, and the runner may not be able to read its own files any more.
    found = socket.getaddrinfo(name.encode("ascii"), None, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(ip_address(address[0]) for *_, address in found))


async def connected(resolve: Resolve, name: str, port: int, *, private: bool, seconds: float) -> socket.socket:
    """Raises NotPublic, OSError, TimeoutError. The first of its addresses that answers; `private`: see SetupHost."""
    async with asyncio.timeout(seconds):
        found = await resolve(name)
        allowed = [address for address in found if may_be_reached(address, private=private)][:_MOST_ADDRESSES]
        if found and not allowed:
            raise NotPublic(", ".join(map(str, found[:_MOST_ADDRESSES])))
        trouble = OSError("the name has no address")
        for address in allowed:
            try:
                return await _connected(address, port, seconds / len(allowed))
            except OSError as error:  # of a time-out, too
                trouble = error
        raise trouble


async def _connected(address: Address, port: int, seconds: float) -> socket.socket:
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6  # noqa: PLR2004 - of the Internet Protocol
    with ExitStack() as undo:
        connection = undo.enter_context(socket.socket(family, socket.SOCK_STREAM))
        connection.setblocking(False)
        async with asyncio.timeout(seconds):
            await asyncio.get_running_loop().sock_connect(connection, (str(address), port))
        undo.pop_all()
    return connection
