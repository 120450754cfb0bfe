"""What a runner that was taken over may write into its worker's log: little, and nothing that is not seen."""

from __future__ import annotations

import json
import logging

import pytest

from app.adapters.sandbox.runner.relaying import Relay, relaying


@pytest.fixture(autouse=True)
def _heard(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "runner")


def test_lines_come_whole_however_they_are_cut(caplog: pytest.LogCaptureFixture) -> None:
    relay = Relay(lambda: 0.0)
    for piece in (b"on", b"e\ntwo\n\nth", b"", b"ree"):
        relay.take(piece)
    relay.finish()

    assert caplog.messages == ["one", "two", "three"]
    assert relay.last_words == "three"


def test_what_is_hidden_is_shown(caplog: pytest.LogCaptureFixture) -> None:
    Relay(lambda: 0.0).take("\x1b]0;owned\x07 \u202egnp.exe \r12:00 ERROR\tforged\n".encode() + b"\xff\n")

    assert caplog.messages == ["<U+001B>]0;owned<U+0007> <U+202E>gnp.exe 12:00 ERROR forged", "\ufffd"]


def test_a_line_without_end_is_cut(caplog: pytest.LogCaptureFixture) -> None:
    relay = Relay(lambda: 0.0)
    for _ in range(1_000):
        relay.take(b"x" * 10_000)
    relay.take(b"\nnext\n")

    assert caplog.messages == ["x" * 2_000, "next"]


def test_a_flood_is_left_out_until_the_next_minute(caplog: pytest.LogCaptureFixture) -> None:
    now = [0.0]
    relay = Relay(lambda: now[0])
    relay.take(b"x\n" * 10_000)
    assert len(caplog.messages) == 301
    assert "says too much" in caplog.messages[-1]
    now[0] = 61.0
    relay.take(b"later\n")
    assert caplog.messages[-1] == "later"


def test_our_own_log_keeps_its_levels(caplog: pytest.LogCaptureFixture) -> None:
    events = [
        {"level": "error", "message": "runner: a workspace is left", "traceback": "Traceback:\n  File x"},
        {"level": "loud", "message": "of another version"},
        {"level": [], "message": "x"},
        {"level": "info", "message": {"a": 1}},
        [1],
    ]
    relay = Relay(lambda: 0.0)
    for event in events:
        relay.take(json.dumps(event).encode() + b"\n")
    relay.take(b"[" * 50_000 + b"\n")

    assert [(record.levelname, record.getMessage()) for record in caplog.records[:4]] == [
        ("ERROR", "a workspace is left"),
        ("ERROR", "Traceback:"),
        ("ERROR", "File x"),
        ("INFO", "of another version"),
    ]
    assert caplog.messages[4:-1] == [json.dumps(event) for event in events[2:]], "what is no event is told as it is"
    assert caplog.messages[-1] == "[" * 2_000


async def test_a_runner_never_waits_for_its_worker_to_read() -> None:
    async with relaying() as (_, output):
        written = 0
        while (size := output.write(bytes(1 << 16))) is not None:  # the loop does not turn meanwhile
            written += size
        assert 0 < written < 10 << 20
