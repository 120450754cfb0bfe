"""What the tests of the sandbox's probes share: a copy that a user without rights can start, and runs made once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.adapters.sandbox.isolation import launching
from tests.probes.started import Probing, probing
from tests.security.probing import Results, Shared, product, shared_folder


@pytest.fixture(scope="module")
def started() -> Iterator[Probing]:
    with probing() as it:
        yield it


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Shared:
    return Shared(shared_folder(tmp_path_factory.getbasetemp()))


@pytest.fixture(scope="module")
def without_cgroup(started: Probing, shared: Shared) -> Results:
    """Of all probes against the product."""
    launching.bubblewrap()
    return product(started, shared)
