"""The web process of the webhook tests."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.web.harness import Web, open_web


@pytest.fixture
async def web() -> AsyncIterator[Web]:
    async with open_web() as opened:
        yield opened
