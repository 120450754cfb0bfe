"""A worker's own runner: it is let end in peace, its start is tried again, and what it says is told."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import sys
from pathlib import Path

import pytest

from app.adapters.sandbox.runner.own import OwnRunner, RunnerDoesNotStart, hand_over
from app.domain.errors import SandboxUnavailable
from app.wiring.cancelling import end
from tests.adapters.sandbox.runner.conftest import fresh_directory, kept_runner, settings_for
from tests.adapters.sandbox.runner.processes import until

STAND_IN = """#!{python}
import os, socket, sys, time
from pathlib import Path
control = socket.socket(fileno=int(sys.argv[6]))
print("one", file=sys.stderr)
os.write(1, b"tw\\x1b[31mo")
Path({begun!r}).write_text(f"{{os.getsid(0)}} {{os.getpid()}}")
while control.recv(1):
    pass
time.sleep(1.5)
Path({cleaned!r}).touch()
"""


class StandIn:
    """A runner that takes its time to clean up."""

    def __init__(self, directory: Path) -> None:
        self.begun, self.cleaned = directory / "begun", directory / "cleaned"
        self.program = directory / "program"
        self.program.write_text(
            STAND_IN.format(python=sys.executable, begun=str(self.begun), cleaned=str(self.cleaned))
        )
        self.program.chmod(0o755)

    async def is_there(self) -> None:
        await until(lambda: self.begun.exists() and self.begun.read_text(), "it is started")


@pytest.fixture
def stand_in(tmp_path: Path) -> StandIn:
    return StandIn(tmp_path)


async def test_it_is_let_clean_up_however_often_its_keeper_is_cancelled(
    stand_in: StandIn, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "runner")
    monkeypatch.setattr(sys, "executable", str(stand_in.program))
    keeping = asyncio.create_task(OwnRunner({}).keep())
    await stand_in.is_there()
    await end((keeping,))
    assert stand_in.cleaned.exists(), "`end` cancels every half second, and this one took longer"

    session, pid = stand_in.begun.read_text().split()
    assert session == pid, "our terminal is not for it"
    told = [record.getMessage() for record in caplog.records if record.name == "runner"]
    assert told == ["one", "tw<U+001B>[31mo"]


async def test_a_start_that_fails_is_tried_again(stand_in: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(stand_in.program.parent / "missing"))
    own = OwnRunner({})
    keeping = asyncio.create_task(own.keep())
    try:
        assert "No such file" in await refused_words(own)
        monkeypatch.setattr(sys, "executable", str(stand_in.program))
        await stand_in.is_there()
    finally:
        await end((keeping,))


async def test_wrong_settings_are_told_to_who_wants_a_sandbox() -> None:
    with fresh_directory() as directory:
        async with kept_runner(settings_for(directory, REVWRIGHT_RUNNER_USER="root")) as own:
            assert "must not be root" in await refused_words(own)


async def refused_words(own: OwnRunner) -> str:
    """Why it does not start."""
    async with asyncio.timeout(30):
        while True:
            try:
                _, writer = await own.connect()
                writer.close()
            except RunnerDoesNotStart as error:
                return str(error)
            except SandboxUnavailable:
                pass
            await asyncio.sleep(0.02)


async def test_busy_is_not_gone() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs, socket.socket() as other:
        ours.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                ours.send(b"c")
        with pytest.raises(SandboxUnavailable, match="is busy"):
            hand_over(ours, other)
        theirs.close()
        with pytest.raises(SandboxUnavailable, match="is gone"):
            hand_over(ours, other)
