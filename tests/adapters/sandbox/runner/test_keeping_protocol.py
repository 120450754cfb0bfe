"""What is said of what outlives a sandbox, when it is said wrongly: nothing is named by it, kept or given away."""

from __future__ import annotations

import asyncio

import pytest

from app.adapters.sandbox.runner.client import RunnerSandboxes
from app.adapters.sandbox.runner.frames import read_frame
from app.adapters.sandbox.runner.keeping_messages import Bind, Forget, Keep, OpenWith, Prepare, Save
from app.adapters.sandbox.runner.messages import VERSION, Filled, Hello, Message, Open
from app.domain.errors import SandboxUnavailable
from tests.adapters.sandbox.runner.conftest import Place
from tests.adapters.sandbox.runner.lying import READY, runner, said
from tests.adapters.sandbox.runner.test_keeping import TREE, kept, key, prepared


async def said_to(place: Place, *messages: Message) -> list[str]:
    """What a runner answers, by name, until it ends the connection."""
    reader, writer = await place.sandboxes.connect()
    try:
        writer.write(said(Hello(VERSION), *messages))
        writer.write_eof()
        heard = []
        while (frame := await asyncio.wait_for(read_frame(reader), 30)) is not None:
            heard.append(str(frame.header[""]))
        return heard
    finally:
        writer.close()


@pytest.mark.parametrize(
    "messages",
    [
        pytest.param((OpenWith("../x", "", ""),), id="an owner that is a path"),
        pytest.param((OpenWith("a" * 64, "../x", ""),), id="a state that is a path"),
        pytest.param((OpenWith("", "", "../x"),), id="an environment that is a path"),
        pytest.param((Prepare("../x"),), id="a key that is a path"),
        pytest.param((Forget("../x"),), id="a path that is forgotten"),
    ],
)
async def test_what_would_be_a_name_on_the_disk_has_to_be_a_digest(place: Place, messages: tuple[Message, ...]) -> None:
    assert await said_to(place, *messages) == ["Ready"]


async def test_nothing_is_kept_or_saved_that_was_not_asked_for(place: Place) -> None:
    assert await said_to(place, Open(), Filled(git=False), Keep(1 << 30, 100)) == ["Ready", "Done", "Opened", "Refused"]
    assert await said_to(place, Open(), Filled(git=False), Save()) == ["Ready", "Done", "Opened"]
    assert await said_to(place, Open(), Filled(git=False), Bind(("x",))) == ["Ready", "Done", "Opened", "Refused"]
    assert await said_to(place, OpenWith("", "", "f" * 64)) == ["Ready", "Refused"]
    assert kept(place) == []


async def test_an_older_runner_that_does_not_know_how_is_not_believed_to(place: Place) -> None:
    async def older(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said(READY))
        for _ in range(2):
            await read_frame(reader)

    async with runner(older) as connect:
        for asked in ({"keep": key()}, {"environment": prepared("true")}):
            with pytest.raises(SandboxUnavailable):
                async with RunnerSandboxes(connect).open(TREE, **asked):
                    pass
        with pytest.raises(SandboxUnavailable):
            await RunnerSandboxes(connect).forget("x")
    assert kept(place) == []
