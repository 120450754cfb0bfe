"""Keeps these tests out of ordinary runs, and starts everything once for all of them."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.foreign.deployment import Deployment, deployed
from tests.foreign.emulator import VERSION, RegistryOutOfReach, install, unavailable


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Only `-m emulator` runs them: they start Node and may ask npm's registry, which no ordinary run should."""
    ours = [item for item in items if item.path.is_relative_to(Path(__file__).parent)]
    if not ours:
        return
    asked = re.search(r"\bemulator\b", config.getoption("markexpr")) is not None
    why_not = unavailable() if asked else "needs Node and npm; run them with `make emulator`"
    if why_not is not None:
        for item in ours:
            item.add_marker(pytest.mark.skip(reason=why_not))


@pytest.fixture(scope="session")
def deployment(request: pytest.FixtureRequest, private_key: str) -> Iterator[Deployment]:
    """The running product; each test opens pull requests of its own."""
    try:
        program = install(request.config.cache.mkdir(f"emulate-{VERSION}"))
    except RegistryOutOfReach as error:
        pytest.skip(f"emulate@{VERSION} cannot be installed: {error}")
    with tempfile.TemporaryDirectory(prefix="rw-") as folder, deployed(program, Path(folder), private_key) as running:
        yield running
