"""A server that is absent when a process starts is looked at when it is there, once."""

from __future__ import annotations

import logging

import pytest

from app.adapters.store.redis_url import parse_redis_url
from app.domain.errors import SettingsInvalid
from app.wiring import redis_start
from app.wiring.redis_start import looking_when_there
from tests.redis_server import free_port, redis_server, until


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_start, "_AGAIN_SECONDS", 0.02)


async def test_a_sound_server_is_told_of_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    refusals: list[SettingsInvalid] = []
    port = free_port()
    settings = parse_redis_url(f"redis://127.0.0.1:{port}")

    async def told() -> bool:
        return "Redis is there" in caplog.messages

    async with looking_when_there(settings, refusals.append, works_queues=True), redis_server(port=port):
        await until(told)
    assert refusals == []
    *_, risk, there = caplog.messages
    assert there == "Redis is there"
    assert "set appendonly yes" in risk


async def test_a_wrong_password_is_handed_over() -> None:
    refusals: list[SettingsInvalid] = []
    port = free_port()
    settings = parse_redis_url(f"redis://:canary@127.0.0.1:{port}")

    async def told() -> bool:
        return refusals != []

    async with (
        looking_when_there(settings, refusals.append, works_queues=False),
        redis_server("--requirepass", "right", port=port),
    ):
        await until(told)
    (refusal,) = refusals
    assert "refuses the user or the password" in str(refusal)


async def test_it_ends_with_the_body() -> None:
    refusals: list[SettingsInvalid] = []
    settings = parse_redis_url(f"redis://127.0.0.1:{free_port()}")
    async with looking_when_there(settings, refusals.append, works_queues=False):
        pass
    assert refusals == []
