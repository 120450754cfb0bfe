"""One stand-in server for all tests of the model adapter, as new for each of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes.model import FakeModel


@pytest.fixture(scope="session")
def model_server() -> Iterator[FakeModel]:
    model = FakeModel()
    with model.serving():
        yield model


@pytest.fixture
def fake(model_server: FakeModel) -> FakeModel:
    model_server.reset()
    return model_server
