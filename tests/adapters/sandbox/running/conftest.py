"""What the tests of running commands share: a host, a workspace, and a user without rights."""

from __future__ import annotations

import os
import platform
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pytest

from app.adapters.sandbox.isolation.plan import SandboxPlan, proc_secrets
from app.adapters.sandbox.isolation.syscalls import Machine
from app.adapters.sandbox.running.cgroup_detection import detect
from app.adapters.sandbox.running.cgroups import Subtree
from app.adapters.sandbox.running.host import Host
from tests.adapters.sandbox.isolation import launching


@pytest.fixture(scope="session")
def bwrap() -> PurePosixPath:
    if sys.platform != "linux" or platform.machine() not in {machine.value for machine in Machine}:
        pytest.skip(f"the sandbox is for Linux on x86_64 and aarch64, this is {sys.platform} on {platform.machine()}")
    return launching.bubblewrap()


@pytest.fixture
def unprivileged() -> Iterator[None]:
    """For this test the process is a user without rights, as the runner is; root comes back at the end."""
    if os.getuid() != 0:
        yield
        return
    groups = os.getgroups()
    os.setgroups([])
    os.setresgid(launching.UNPRIVILEGED, launching.UNPRIVILEGED, 0)
    os.setresuid(launching.UNPRIVILEGED, launching.UNPRIVILEGED, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)
        os.setresgid(0, 0, 0)
        os.setgroups(groups)


@pytest.fixture(params=["watched", "in a cgroup"])
def cgroups(request: pytest.FixtureRequest) -> Iterator[Subtree | None]:
    """Made by root before `unprivileged`, as a runner's is; None where memory and processes are only watched."""
    if request.param == "watched":
        yield None
        return
    found = detect()
    if found is None:
        pytest.skip("this process may not make cgroups for memory and processes below its own")
    try:
        subtree = found.prepare(f"test-{uuid.uuid4()}", launching.UNPRIVILEGED if os.getuid() == 0 else None)
    except OSError as error:
        pytest.skip(f"no cgroup can be made here: {error}")
    yield subtree
    subtree.close()
    assert not any(directory.exists() for directory in subtree.directories)


@pytest.fixture
def host(bwrap: PurePosixPath, cgroups: Subtree | None, unprivileged: None) -> Host:
    masked = proc_secrets(entry.name for entry in Path("/proc").iterdir())
    return Host(bwrap=bwrap, machine=Machine(platform.machine()), masked=masked, cgroups=cgroups)


@pytest.fixture
def directory() -> Iterator[PurePosixPath]:
    """A workspace; asked for before `host`, for root to make it."""
    with launching.workspace() as made:
        yield made


@pytest.fixture
def plan(directory: PurePosixPath, host: Host) -> SandboxPlan:
    return SandboxPlan(argv=("true",), workspace=directory)


@pytest.fixture
def python() -> str:
    """An interpreter that is inside too: /usr is all that there is."""
    for path in ("/usr/local/bin/python3", "/usr/bin/python3"):
        if Path(path).exists() and Path(path).resolve().is_relative_to("/usr"):
            return path
    pytest.skip("no python3 under /usr: this test needs one inside the sandbox")
