"""The tools over a small repository."""

from __future__ import annotations

import pytest

from tests.usecases.tools.shop import Bench, open_bench


@pytest.fixture
def bench() -> Bench:
    return open_bench()
