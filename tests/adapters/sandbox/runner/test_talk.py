"""A runner that was broken into: whatever it answers, a worker ends with a typed error and in time."""

from __future__ import annotations

import asyncio
import struct

import pytest

from app.adapters.sandbox.runner.frames import encode
from app.adapters.sandbox.runner.messages import (
    VERSION,
    Content,
    Done,
    Message,
    Printed,
    Read,
    Ready,
    Refused,
    to_frame,
)
from app.adapters.sandbox.runner.talk import talking
from app.domain.errors import SandboxRefused, SandboxUnavailable
from tests.adapters.sandbox.runner.lying import READY, runner, saying


async def test_what_isolates_is_told() -> None:
    async with runner(saying(READY)) as connect, talking(connect) as (_, isolation):
        assert (isolation.mode.value, isolation.reason, isolation.own_user) == ("full", "all is well", True)
        assert isolation.probes == (("a", True), ("b", False))


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "talks garbage"),
        (struct.pack(">II", 0xFFFFFFFF, 1), "talks garbage"),
        (Done(), "Done out of turn"),
        (Ready(VERSION, "bare", "", "", "none", own_user=True, probes=(), failed=()), "a mode that there is not"),
        (Refused("too old", over=True, later=True), "too old"),
    ],
)
async def test_a_greeting_that_is_none(said: Message | bytes, words: str) -> None:
    async with runner(saying(said)) as connect:
        with pytest.raises(SandboxUnavailable, match=words):
            async with talking(connect):
                pass


async def test_a_runner_that_is_gone() -> None:
    async def behave(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with runner(behave) as connect:
        with pytest.raises(SandboxUnavailable, match="is gone"):
            async with talking(connect):
                pass


async def test_a_runner_that_says_nothing_is_not_waited_for() -> None:
    async with runner(saying(READY)) as connect, talking(connect) as (talk, _):
        with pytest.raises(SandboxUnavailable, match=r"did not answer for 0\.05 s"):
            await talk.ask(Read("a", 1), Content, seconds=0.05)
        with pytest.raises(SandboxUnavailable, match="this sandbox is over"):
            await talk.ask(Read("a", 1), Content)


async def test_an_answer_to_another_question_ends_the_sandbox() -> None:
    async with runner(saying(READY, Printed("out"))) as connect, talking(connect) as (talk, _):
        with pytest.raises(SandboxUnavailable, match="Printed out of turn"):
            await talk.ask(Read("a", 1), Content)
        assert talk.over


async def test_a_refusal_is_told_and_the_sandbox_goes_on() -> None:
    refused = Refused("`a` is a link \u202e\x1b[31m", over=False, later=False)
    async with runner(saying(READY, refused, Content())) as connect, talking(connect) as (talk, _):
        with pytest.raises(SandboxRefused) as caught:
            await talk.ask(Read("a", 1), Content)
        assert "\u202e" not in str(caught.value)
        assert "\x1b" not in str(caught.value)
        assert await talk.ask(Read("b", 1), Content) == (Content(), b"")


async def test_a_refusal_without_end_is_cut() -> None:
    refused = Refused("x" * 1_000_000, over=False, later=False)
    async with runner(saying(READY, refused)) as connect, talking(connect) as (talk, _):
        with pytest.raises(SandboxRefused) as caught:
            await talk.ask(Read("a", 1), Content)
        assert len(str(caught.value)) < 10_000


async def test_who_was_cancelled_in_the_middle_of_an_answer_is_not_given_the_next_one() -> None:
    async with runner(saying(READY)) as connect, talking(connect) as (talk, _):
        asking = asyncio.create_task(talk.ask(Read("a", 1), Content))
        await asyncio.sleep(0)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert talk.over


async def test_the_end_waits_for_the_runner_s() -> None:
    """When the context is over, so is everything that was in the sandbox."""
    cleaned = asyncio.Event()

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(encode(to_frame(READY)))
        while await reader.read(1 << 16):
            pass
        await asyncio.sleep(0.05)
        cleaned.set()
        writer.close()

    async with runner(behave) as connect:
        async with talking(connect):
            pass
        assert cleaned.is_set()


async def test_nothing_is_sent_that_is_too_large() -> None:
    async with runner(saying(READY)) as connect, talking(connect) as (talk, _):
        with pytest.raises(SandboxRefused, match="too large"):
            await talk.send(Read("a" * (3 << 20), 1))
        assert not talk.over
