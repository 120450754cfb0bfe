"""Serve the stand-in on a loopback port, from a thread: any kind of test and any process can call it."""

from __future__ import annotations

import asyncio
import socket
import threading
from typing import TYPE_CHECKING, Final

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from tests.fakes.github.asgi import Application

if TYPE_CHECKING:
    from tests.fakes.github.state import FakeGitHub

HOST: Final = "127.0.0.1"
_START_SECONDS: Final = 30
_STOP_SECONDS: Final = 2
_POLL_SECONDS: Final = 0.005
# Shown in links before the stand-in is started for the first time.
_NOWHERE: Final = "http://127.0.0.1:9"


class Server:
    """Uvicorn's HTTP protocol in one thread; started again, it listens on the same port.

    Not ``uvicorn.Server``, which takes 0.2 s to stop: too long for something that every test starts.
    """

    def __init__(self, fake: FakeGitHub) -> None:
        """Do not listen yet."""
        self._application = Application(fake, self._cut)
        self._state = ServerState()
        self._port: int | None = None
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping = asyncio.Event()
        self._listening = threading.Event()

    @property
    def url(self) -> str:
        """Where it listens, or listened last."""
        return _NOWHERE if self._port is None else f"http://{HOST}:{self._port}"

    def start(self) -> str:
        """Listen."""
        if self._thread is not None:
            return self.url
        # Naming the protocol lets asyncio switch Nagle's delay off, which costs 40 ms a request.
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, self._port or 0))
        self._port = listener.getsockname()[1]
        self._listening.clear()
        self._thread = threading.Thread(target=self._run, args=(listener,), name="fake-github", daemon=True)
        self._thread.start()
        if not self._listening.wait(_START_SECONDS):
            raise TimeoutError("the stand-in for GitHub did not start")
        return self.url

    def stop(self) -> None:
        """Finish what is being answered, then stop."""
        if self._thread is None or self._loop is None:
            return
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()
        self._thread = self._loop = None

    def _run(self, listener: socket.socket) -> None:
        with listener:
            asyncio.run(self._serve(listener))

    async def _serve(self, listener: socket.socket) -> None:
        self._loop, self._stopping, self._state = asyncio.get_running_loop(), asyncio.Event(), ServerState()
        config = uvicorn.Config(
            self._application,
            log_config=None,
            access_log=False,
            lifespan="off",
            ws="none",
            proxy_headers=False,
            timeout_keep_alive=60,
        )
        config.load()
        state = self._state
        server = await self._loop.create_server(
            lambda: H11Protocol(config, server_state=state, app_state={}), sock=listener, backlog=config.backlog
        )
        self._listening.set()
        await self._stopping.wait()
        server.close()
        for connection in list(state.connections):
            connection.shutdown()
        await self._drain()

    async def _drain(self) -> None:
        state, loop = self._state, asyncio.get_running_loop()
        deadline = loop.time() + _STOP_SECONDS
        # Uvicorn's protocol announces the end of a connection to nobody.
        while (state.connections or state.tasks) and loop.time() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(_POLL_SECONDS)
        # Whatever a fault still delays now is given up, unanswered.
        for connection in list(state.connections):
            _abort(connection)
        for task in list(state.tasks):
            task.cancel()
        await asyncio.gather(*state.tasks, return_exceptions=True)

    def _cut(self, client: tuple[str, int]) -> None:
        for connection in list(self._state.connections):
            if isinstance(connection, H11Protocol) and connection.client == client:
                _abort(connection)


def _abort(connection: object) -> None:
    # Only this protocol is served; the state's type allows others.
    assert isinstance(connection, H11Protocol)
    connection.transport.abort()
