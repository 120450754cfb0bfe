"""The web process against those who only want to hold it: silent connections, half heads, bodies that never end."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn
from arq.connections import RedisSettings
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from app.cli.serve import listen, server_config
from app.web.patience import PatientProtocol
from tests.cli.test_up import ROOT, free_port
from tests.fakes.github import FakeGitHub
from tests.web.harness import payload
from tests.world import WEBHOOK_SECRET, environment

FORGED = b"X-Hub-Signature-256: sha256=" + b"0" * 64 + b"\r\n"
BODY_BYTES = 25 * 1024 * 1024
SLACK_MB = 60
BUDGET_MB = 128


@dataclass
class Serving:
    process: subprocess.Popen[bytes]
    port: int
    log: Path

    def until_ready(self) -> None:
        deadline = time.monotonic() + 20
        while True:
            with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz"):
                return
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.02)

    def peak_mb(self) -> int:
        """The most memory it had since the last call of `forget_peak`."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) // 1024

    def forget_peak(self) -> None:
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    def hold(self, count: int, headers: bytes) -> list[bytes]:
        """Opens `count` deliveries, sends each all but the last byte, and returns what was answered meanwhile."""
        head = b"POST /webhooks/github HTTP/1.1\r\nHost: x\r\n" + headers
        head += b"Content-Length: %d\r\n\r\n" % BODY_BYTES
        with contextlib.ExitStack() as stack:
            peers = [stack.enter_context(socket.create_connection(("127.0.0.1", self.port))) for _ in range(count)]
            for peer in peers:
                peer.sendall(head)
            left = dict.fromkeys(peers, BODY_BYTES - 1)
            for peer in peers:
                peer.setblocking(False)
            deadline = time.monotonic() + 5
            while left and time.monotonic() < deadline:
                _, writable, _ = select.select([], list(left), [], 0.2)
                for peer in writable:
                    try:
                        left[peer] -= peer.send(ZEROS[: left[peer]])
                    except OSError:
                        left[peer] = 0  # refused, and closed
                    if left[peer] == 0:
                        del left[peer]
            assert not left
            return [first_line(peer) for peer in peers]

    def deliver(self) -> int:
        body = json.dumps(payload()).encode()
        headers = {
            "Content-Type": "application/json",
            "X-GitHub-Event": "pull_request",
            "X-GitHub-Delivery": f"delivery-{time.monotonic_ns()}",
            "X-Hub-Signature-256": "sha256=" + hmac.new(WEBHOOK_SECRET.encode(), body, hashlib.sha256).hexdigest(),
        }
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/webhooks/github", body, headers)
        with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310 - loopback
            return int(answer.status)


ZEROS = bytes(1024 * 1024)


def first_line(peer: socket.socket) -> bytes:
    """What stands there to be read: b"held" while it is, b"reset" when the answer was lost with the rest."""
    peer.settimeout(0.05)
    try:
        return peer.recv(4096).partition(b"\r\n")[0]
    except TimeoutError:
        return b"held"
    except OSError:
        return b"reset"


@pytest.fixture
def serving(github: FakeGitHub, redis_settings: RedisSettings, tmp_path: Path) -> Iterator[Serving]:
    port = free_port()
    env = environment(github, tmp_path / "data", None) | {"PATH": os.environ["PATH"]}
    env["REVWRIGHT_REDIS_URL"] = f"unix://{redis_settings.unix_socket_path}"
    command = [sys.executable, "-m", "app.cli", "web", "--port", str(port)]
    with (tmp_path / "web.log").open("wb") as log:
        process = subprocess.Popen(command, env=env, cwd=ROOT, stdout=log, stderr=log)
        try:
            started = Serving(process, port, tmp_path / "web.log")
            started.until_ready()
            yield started
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)


def test_held_bodies_take_little_memory_and_deliveries_go_on(serving: Serving) -> None:
    serving.deliver()
    serving.forget_peak()
    before = serving.peak_mb()

    unsigned = serving.hold(40, b"")
    after_unsigned = serving.peak_mb()
    forged = serving.hold(12, FORGED)  # 300 MB, each of which could be right until its last byte
    after_forged = serving.peak_mb()

    assert set(unsigned) <= {b"HTTP/1.1 401 Unauthorized", b"reset"}
    assert after_unsigned - before < SLACK_MB
    assert {b"held"} < set(forged) <= {b"held", b"HTTP/1.1 503 Service Unavailable", b"reset"}
    assert after_forged - before < BUDGET_MB + SLACK_MB
    assert serving.deliver() == 202
    assert "Traceback" not in serving.log.read_text()


# The clock of connections, with a short limit and in this process.


class Hasty(PatientProtocol):
    wait_seconds = 0.3


LONG_ANSWER = "x" * 40_000


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers at once, but for /slow, which takes longer than a connection may be silent."""
    assert scope["type"] == "http"
    request = Request(scope, receive)
    if request.url.path == "/unread":
        await asyncio.sleep(1)
    if request.url.path == "/slow":
        await asyncio.sleep(2 * Hasty.wait_seconds)
    await PlainTextResponse(LONG_ANSWER if request.url.path == "/long" else "ok")(scope, receive, send)


async def until(what: Callable[[], bool]) -> None:
    for _ in range(500):
        if what():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it does not come to that")


@asynccontextmanager
async def served(protocol: type[PatientProtocol] = Hasty) -> AsyncIterator[tuple[uvicorn.Server, int]]:
    config = server_config(application, protocol)
    config.lifespan = "off"
    server = uvicorn.Server(config)
    with listen("127.0.0.1", 0) as listener:
        task = asyncio.create_task(server.serve(sockets=[listener]))
        await until(lambda: server.started)
        yield server, listener.getsockname()[1]
        server.should_exit = True
        await task


async def seconds_open(port: int, *sent: bytes, every: float = 0.0) -> tuple[float, bytes]:
    """How long the server keeps a connection on which this is sent, and what it answers."""
    started = time.monotonic()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)

    async def send() -> None:
        with contextlib.suppress(ConnectionError):
            for piece in sent:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(every)

    sending = asyncio.create_task(send())
    answer = b""
    with contextlib.suppress(ConnectionError):  # a reset would take what was not read piece by piece
        async with asyncio.timeout(4):
            while piece := await reader.read(4096):
                answer += piece
    took = time.monotonic() - started
    sending.cancel()
    await asyncio.wait([sending])
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()
    return took, answer


GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
DRIP = [b"X-A: b\r\n"] * 100  # for longer than `seconds_open` waits

WAITING: dict[str, tuple[list[bytes], int]] = {
    "silent": ([], 0),
    "half a head": ([b"POST /webhooks/github HTTP/1.1\r\nHost:"], 0),
    "a dripping head": ([b"GET / HTTP/1.1\r\n", *DRIP], 0),
    "kept after an answer": ([GET], 1),
    "a dripping second head": ([GET, b"GET / HTTP/1.1\r\n", *DRIP], 1),
    "pipelined": ([GET + GET], 2),
    "a dripping body that was answered": ([b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n", *DRIP], 1),
}


async def test_a_connection_that_says_nothing_whole_is_closed() -> None:
    """All at a time, and each waits for its own clock."""
    async with served() as (_, port):
        seen = await asyncio.gather(*(seconds_open(port, *sent, every=0.05) for sent, _ in WAITING.values()))

    for (name, (_, answers)), (took, answer) in zip(WAITING.items(), seen, strict=True):
        assert answer.count(b"HTTP/1.1 200 OK") == answers, name
        assert took > 0.9 * Hasty.wait_seconds, name


ENDLESS = {
    "a header": b"GET / HTTP/1.1\r\nHost: x\r\nX-A: ",
    "a target": b"GET /",
    "headers": b"GET / HTTP/1.1\r\nHost: x\r\n",
    "a trailer": b"POST /unread HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nX-A: ",
    "an extension of a chunk": b"POST /unread HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1;",
}


@pytest.mark.parametrize("name", ENDLESS)
async def test_what_is_kept_of_a_request_besides_its_body_is_bounded(name: str) -> None:
    piece = b"X-A: b\r\n" * 4_096 if name == "headers" else b"a" * 32_768
    sent = 0
    async with served(PatientProtocol) as (_, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(ENDLESS[name])
        answer = b""
        with contextlib.suppress(ConnectionError):
            async with asyncio.timeout(5):
                while not reader.at_eof() and sent < 64 * 1024 * 1024:
                    writer.write(piece)
                    await writer.drain()
                    sent += len(piece)
                    await asyncio.sleep(0)
                answer = await reader.read(12)
        writer.close()

    # What the kernel holds between the two is some megabytes.
    assert sent < 32 * 1024 * 1024
    assert answer in {b"HTTP/1.1 400", b""}


async def test_a_body_in_many_small_chunks_is_no_long_head() -> None:
    chunks = b"1\r\nx\r\n" * 100_000
    async with served() as (_, port):
        head = b"POST /slow HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        _, answer = await seconds_open(port, head + chunks + b"0\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 200 OK")


async def test_an_answer_may_take_longer_than_a_head() -> None:
    async with served() as (_, port):
        took, answer = await seconds_open(port, b"GET /slow HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert took >= 2 * Hasty.wait_seconds


async def test_a_connection_whose_answers_nobody_reads_is_closed() -> None:
    async with served() as (server, port):
        with socket.socket() as peer:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            peer.connect(("127.0.0.1", port))
            peer.sendall(b"GET /long HTTP/1.1\r\nHost: x\r\n\r\n" * 400)
            await until(lambda: bool(server.server_state.connections))
            await until(lambda: not server.server_state.connections)


async def test_the_limit_of_the_product() -> None:
    assert PatientProtocol.wait_seconds == 10.0
    assert server_config(application).http is PatientProtocol
