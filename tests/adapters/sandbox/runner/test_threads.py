"""What runs in a thread is over before anything that it uses is: a cancellation waits for it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.adapters.sandbox.files.workspaces import Workspaces
from app.adapters.sandbox.isolation.plan import Toolchain
from app.adapters.sandbox.runner.connection import serve
from app.adapters.sandbox.runner.messages import VERSION, Filled, Hello, Open, Walk
from app.adapters.sandbox.runner.serving import Runner
from app.adapters.sandbox.runner.threads import surely_in_thread
from app.domain.patches import FoundFile, FoundKind
from app.domain.sandbox import Isolation, Mode
from tests.adapters.sandbox.runner.lying import said
from tests.adapters.sandbox.runner.shelves import environments_in, kept_in

FULL = Isolation(mode=Mode.FULL, reason="", remedy="", cgroup="none", own_user=True)


class Slow:
    """Something that a thread does until it is let."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.begun = asyncio.Event()
        self.go_on = threading.Event()

    def do(self) -> None:
        self._loop.call_soon_threadsafe(self.begun.set)
        assert self.go_on.wait(30)


async def cancelled_while(slow: Slow, doing: asyncio.Task[Any]) -> None:
    """However often it is cancelled, it is not over before the thread."""
    await asyncio.wait_for(slow.begun.wait(), 30)
    for _ in range(3):
        doing.cancel()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    assert not doing.done()
    slow.go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await doing


async def test_a_cancellation_waits_for_the_thread() -> None:
    slow = Slow()
    await cancelled_while(slow, asyncio.create_task(surely_in_thread(slow.do)))


async def test_result_and_error_come_as_they_are() -> None:
    assert await surely_in_thread(divmod, 7, 2) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        await surely_in_thread(divmod, 7, 0)


@contextlib.contextmanager
def session(directory: Path, hold: Slow, monkeypatch: pytest.MonkeyPatch, what: str) -> Iterator[asyncio.Task[None]]:
    """A session whose workspace is slow in one thing; the worker has asked for everything and is gone."""
    launcher: Any = object()
    with (
        contextlib.closing(Workspaces(directory).claim()) as claim,
        kept_in(claim) as kept,
        environments_in(claim) as environments,
    ):
        made = claim.create()

        def walk() -> Iterator[FoundFile]:
            yield FoundFile("a", FoundKind.FILE, 0, None)
            hold.do()

        remove = made.remove

        def removed() -> str | None:
            hold.do()
            return remove()

        monkeypatch.setattr(made, what, {"walk": walk, "remove": removed}[what])
        claims: Any = claim
        monkeypatch.setattr(type(claim), "create", lambda _: made)
        runner = Runner(
            isolation=FULL,
            launcher=launcher,
            workspaces=claims,
            kept=kept,
            environments=environments,
            toolchain=Toolchain(),
            at_once=asyncio.Semaphore(1),
        )
        ours, theirs = socket.socketpair()
        theirs.sendall(said(Hello(VERSION), Open(), Filled(git=False), Walk()))

        async def served() -> None:
            await serve(*await asyncio.open_connection(sock=ours), runner)

        with theirs:
            if what == "remove":
                theirs.shutdown(socket.SHUT_WR)
            yield asyncio.create_task(served())


@pytest.mark.parametrize("what", ["walk", "remove"])
async def test_a_session_that_is_cancelled_ends_after_its_threads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    slow = Slow()
    with session(tmp_path / "workspaces", slow, monkeypatch, what) as serving:
        await cancelled_while(slow, serving)
        assert [entry for part in (tmp_path / "workspaces").iterdir() for entry in part.iterdir()] == []
