"""A runner's part to make workspaces in, as whoever runs the tests and as a user without rights."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.adapters.sandbox.files.workspace import Workspace
from app.adapters.sandbox.files.workspaces import Claim, Workspaces

UNPRIVILEGED = 20001
"""Root may do everything whatever the modes say, so what modes forbid is tried as this user."""


def open_descriptors() -> int:
    with os.scandir("/proc/self/fd") as listing:
        return sum(1 for _ in listing)


@contextlib.contextmanager
def without_rights() -> Iterator[None]:
    """As a user without rights, where root runs the tests; whoever else runs them is one already."""
    if os.geteuid() != 0:
        yield
        return
    groups, group = os.getgroups(), os.getegid()
    os.setgroups([])
    os.setegid(UNPRIVILEGED)
    os.seteuid(UNPRIVILEGED)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(group)
        os.setgroups(groups)


@pytest.fixture(params=["whoever", "unprivileged"])
def place(request: pytest.FixtureRequest) -> Iterator[Path]:
    """A directory, and the user that the test runs as."""
    with contextlib.ExitStack() as stack:
        if request.param == "unprivileged":
            if os.geteuid() != 0:
                pytest.skip("the tests run as a user without rights as it is")
            stack.enter_context(without_rights())
        yield Path(stack.enter_context(tempfile.TemporaryDirectory(dir="/var/tmp")))


@pytest.fixture
def claim(place: Path) -> Iterator[Claim]:
    """A part that must be gone with everything in it, and with every descriptor, after the test."""
    before = open_descriptors()
    claim = Workspaces(place / "workspaces").claim()
    yield claim
    assert claim.close() == ()
    assert not any((place / "workspaces").iterdir())
    assert open_descriptors() == before


@pytest.fixture
def workspace(claim: Claim) -> Iterator[Workspace]:
    with claim.create() as workspace:
        yield workspace
