"""The deployment of the chaos suite: one for each process that runs tests."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.deployment import Deployment, open_deployment


@pytest.fixture(scope="session")
def deployment(private_key: str) -> Iterator[Deployment]:
    with tempfile.TemporaryDirectory(prefix="rw-") as folder, open_deployment(Path(folder), private_key) as opened:
        yield opened
