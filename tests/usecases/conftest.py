"""The deployment in which deliveries go missing."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from arq.connections import ArqRedis

from tests.fakes.github import FakeGitHub
from tests.usecases.missing import Missing, open_missing


@pytest.fixture
async def missing(github: FakeGitHub, redis: ArqRedis) -> AsyncIterator[Missing]:
    async with open_missing(github, redis) as opened:
        yield opened
