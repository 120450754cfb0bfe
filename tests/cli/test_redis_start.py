"""Processes that meet a Redis which they cannot use: a wrong one ends them, with what to do; an absent one does not."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from tests.fakes.github import FakeGitHub
from tests.redis_server import free_port, redis_server, until
from tests.world import environment

ROOT = Path(__file__).parents[2]
CLUSTER = "REVWRIGHT_REDIS_URL: it names a server in cluster mode, which is not supported"


@asynccontextmanager
async def revwright(
    *arguments: str, github: FakeGitHub, folder: Path, redis: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    env = environment(github, folder, None, REVWRIGHT_REDIS_URL=redis) | {"PATH": os.environ["PATH"]}
    command = (sys.executable, "-m", "app.cli", *arguments)
    process = await asyncio.create_subprocess_exec(
        *command, env=env, cwd=ROOT, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            await process.communicate()


async def ended(process: asyncio.subprocess.Process) -> tuple[int | None, str]:
    async with asyncio.timeout(40):
        _, errors = await process.communicate()
    return process.returncode, errors.decode()


async def test_a_wrong_password_ends_everything_at_once(github: FakeGitHub, tmp_path: Path) -> None:
    async with redis_server("--requirepass", "right") as server:
        url = f"redis://:canary@127.0.0.1:{server.port}"
        up = ("up", "--port", str(free_port()))
        async with revwright(*up, github=github, folder=tmp_path, redis=url) as process:
            status, errors = await ended(process)
    assert status == 2
    assert "revwright: REVWRIGHT_REDIS_URL: the server refuses the user or the password in it" in errors
    assert "canary" not in errors
    assert "Traceback" not in errors


@pytest.mark.parametrize("part", ["web", "worker"])
async def test_a_redis_that_is_absent_is_waited_for_and_looked_at_when_it_is_there(
    github: FakeGitHub, tmp_path: Path, part: str
) -> None:
    port, redis_port = free_port(), free_port()
    arguments = (part, "--port", str(port)) if part == "web" else (part,)
    redis = f"redis://127.0.0.1:{redis_port}"
    async with revwright(*arguments, github=github, folder=tmp_path, redis=redis) as process:
        assert process.stderr is not None
        while b"cannot be used yet; trying again" not in await process.stderr.readline():
            assert process.returncode is None
        if part == "web":
            assert await not_ready(port) == "the job ledger cannot be written: Redis cannot be reached"
        cluster = ("--cluster-enabled", "yes", "--cluster-port", str(free_port()))
        async with redis_server(*cluster, port=redis_port):
            status, errors = await ended(process)
    assert (status, errors.count(f"revwright: {CLUSTER}")) == (2, 1)
    assert "Traceback" not in errors


async def not_ready(port: int) -> str:
    reasons: list[str] = []

    async def answers() -> bool:
        try:
            answer = await client.get(f"http://127.0.0.1:{port}/readyz")
        except httpx.TransportError:
            return False
        assert answer.status_code == 503
        reasons.append(answer.json()["reason"])
        return True

    async with httpx.AsyncClient(trust_env=False) as client:
        await until(answers)
    return reasons[0]
